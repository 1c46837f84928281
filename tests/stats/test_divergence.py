"""Tests of the witness of the divergence from seeds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gapstudy.stats import witness_divergence


def rng(seed: int = 0) -> np.random.Generator:
    """A generator."""
    return np.random.default_rng(seed)


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
