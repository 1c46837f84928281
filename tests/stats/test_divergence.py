"""Tests of the estimated divergences: proxy A-distance and the witness from seeds."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from gapstudy.stats import divergence, proxy_a_distance, witness_divergence

Float = npt.NDArray[np.float64]


def rng(seed: int = 0) -> np.random.Generator:
    """A generator."""
    return np.random.default_rng(seed)


def test_identical_distributions_are_zero_apart() -> None:
    """Cross-fitted, two samples of one distribution with d near n are about 0 apart, and the interval holds 0."""
    x, y = rng(0).normal(size=(150, 120)), rng(1).normal(size=(150, 120))
    e = proxy_a_distance(x, y, rng=rng())
    assert abs(e.value) < 0.3
    assert e.low < 0.0 < e.high
    assert e.n == 150


def test_separated_languages_are_two_apart() -> None:
    """Languages that a line separates are 2 apart, with an interval that still allows for errors not seen."""
    x, y = rng(0).normal(size=(100, 4)), rng(1).normal(size=(100, 4)) + 20.0
    e = proxy_a_distance(x, y, rng=rng())
    assert e.value == e.high == 2.0
    assert 1.8 < e.low < 2.0


def test_known_overlap() -> None:
    """Two normal distributions 2 apart in one direction: the best linear error is 15.9 %, so the distance is 1.37."""
    x, y = rng(0).normal(size=(3000, 3)), rng(1).normal(size=(3000, 3)) + np.array([2.0, 0.0, 0.0])
    e = proxy_a_distance(x, y, rng=rng())
    assert e.value == pytest.approx(2 * (1 - 2 * 0.1587), abs=0.05)
    assert e.low < 1.365 < e.high


def test_translations_stay_in_one_fold() -> None:
    """Parallel twins are never split: copies of the same vectors give about 0, not a negative distance.

    With twins in different folds the classifier would recognise the twin of a test sentence under the wrong label.
    """
    x = rng(0).normal(size=(100, 90))
    e = proxy_a_distance(x, x + 1e-6 * rng(1).normal(size=x.shape), rng=rng())
    assert e.value == pytest.approx(0.0, abs=0.25)


def test_invariant_to_scale_and_translation() -> None:
    """Standardising on the training folds makes the distance independent of units and origin of the features."""
    x, y = rng(0).normal(size=(80, 3)), rng(1).normal(size=(80, 3)) + 0.7
    a = proxy_a_distance(x, y, rng=rng())
    b = proxy_a_distance(x * [1.0, 10.0, 0.01] + 5.0, y * [1.0, 10.0, 0.01] + 5.0, rng=rng())
    assert b.value == pytest.approx(a.value, abs=0.03)


def test_constant_columns_are_harmless() -> None:
    """A column without variation is ignored, not divided by zero."""
    x, y = rng(0).normal(size=(40, 2)), rng(1).normal(size=(40, 2)) + 3.0
    one = np.ones((40, 1))
    a, b = proxy_a_distance(x, y, rng=rng()), proxy_a_distance(np.hstack([x, one]), np.hstack([y, one]), rng=rng())
    assert a.value == b.value


def test_pad_determinism() -> None:
    """The same seed gives the same folds, another seed others; 0 is a seed like any other."""
    x, y = rng(0).normal(size=(60, 5)), rng(1).normal(size=(60, 5)) + 0.3
    values = [proxy_a_distance(x, y, rng=rng(seed)).value for seed in (0, 0, 1, 2, 3)]
    assert values[0] == values[1]
    assert len(set(values)) > 1


def test_pad_errors() -> None:
    """Wrong features and options are errors that name them."""
    x = rng(0).normal(size=(20, 3))
    with pytest.raises(ValueError, match="x and y must be parallel: x has 20 rows and y has 19"):
        proxy_a_distance(x, x[:19], rng=rng())
    with pytest.raises(ValueError, match="x and y must have the same number of columns, got 3 and 2"):
        proxy_a_distance(x, x[:, :2], rng=rng())
    with pytest.raises(ValueError, match="x must have at least 10 rows"):
        proxy_a_distance(x[:9], x[:9], rng=rng())
    with pytest.raises(ValueError, match="n_folds must be at least 2, got 1"):
        proxy_a_distance(x, x, rng=rng(), n_folds=1)
    with pytest.raises(ValueError, match="level must lie strictly between"):
        proxy_a_distance(x, x, rng=rng(), level=2)


def test_witness_by_counting() -> None:
    """The witness is the pair of seeds whose disagreement differs most between the languages."""
    a, b = rng(0).integers(0, 3, size=(6, 50)), rng(1).integers(0, 3, size=(6, 70))
    b[2] = b[5]
    w = witness_divergence(a, b)
    by_hand = {
        (i, j): 2 * abs(np.mean(a[i] != a[j]) - np.mean(b[i] != b[j])) for i, j in itertools.combinations(range(6), 2)
    }
    assert w.pair == max(by_hand, key=by_hand.__getitem__) == (2, 5)
    assert w.value == pytest.approx(max(by_hand.values()))
    assert w.value == pytest.approx(2 * abs(w.in_a - w.in_b))
    assert w.n_pairs == 15


def test_witness_ends() -> None:
    """Models that never differ are no witness; models that differ in one language only are the largest."""
    same = np.zeros((3, 10), dtype=int)
    assert witness_divergence(same, same).value == 0.0
    assert witness_divergence(same, same).pair == (0, 1)
    assert witness_divergence(same[:2], [["b"] * 10, ["c"] * 10]).value == 2.0


def test_witness_is_below_the_supremum() -> None:
    """For all thresholds on a line as hypotheses, any seeds' witness is at most the supremum over all pairs."""
    x, y = rng(0).normal(size=40), rng(1).normal(size=40) + 1.0
    thresholds = np.sort(np.r_[x, y, -9.0, 9.0])
    every = [v[None, :] > thresholds[:, None] for v in (x, y)]
    supremum = witness_divergence(*every).value
    some = [v[None, :] > np.array([-0.5, 0.0, 0.4])[:, None] for v in (x, y)]
    assert 0.0 < witness_divergence(*some).value <= supremum <= 2.0


def test_witness_errors() -> None:
    """Wrong predictions are errors that name the argument."""
    good = np.zeros((3, 4), dtype=int)
    with pytest.raises(ValueError, match=r"predictions_a must have shape .*got \(1, 4\)"):
        witness_divergence(good[:1], good)
    with pytest.raises(ValueError, match=r"predictions_b must have shape .*got \(4,\)"):
        witness_divergence(good, good[0])
    with pytest.raises(ValueError, match="predictions_a and predictions_b must be parallel"):
        witness_divergence(good, good[:2])
    with pytest.raises(ValueError, match="predictions_b has NaN or infinite labels"):
        witness_divergence(good, np.full((3, 4), np.nan))


def test_penalty_is_the_documented_one() -> None:
    """The strength of the penalty, on which values depend, is the one that the module documents."""
    assert divergence._INVERSE_PENALTY == 0.01
