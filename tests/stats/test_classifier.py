"""Tests of the classifier that tells two languages apart: proxy A-distance and the two-sample test."""

from __future__ import annotations

import numpy as np
import pytest

from gapstudy.stats import classifier, classifier_test, proxy_a_distance


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
    with pytest.raises(ValueError, match="n_resamples must be a whole number >= 19, got 18"):
        classifier_test(x, x, rng=rng(), n_resamples=18)


def test_accuracy_and_swaps_are_those_of_refitted_ridge_classifiers() -> None:
    """Accuracy and p-value equal what scikit-learn's ridge regression gives, fitted again for every swap and fold."""
    from sklearn.linear_model import Ridge

    x, y = rng(0).normal(size=(40, 6)), rng(1).normal(size=(40, 6)) + 0.25
    e = classifier_test(x, y, n_resamples=19, n_folds=4, rng=rng(3))
    again = rng(3)
    fold = again.permutation(40) % 4
    signs = np.concatenate([np.ones((1, 40)), again.choice([-1.0, 1.0], size=(19, 40))])
    accuracy = []
    for own in signs:
        right = 0
        for k in range(4):
            test = fold == k
            train = np.concatenate([x[~test], y[~test]])
            mean, scale = train.mean(axis=0), train.std(axis=0)
            model = Ridge(alpha=classifier._PENALTY).fit((train - mean) / scale, np.r_[own[~test], -own[~test]])
            for side, label in ((x, own), (y, -own)):
                right += int((np.sign(model.predict((side[test] - mean) / scale)) == label[test]).sum())
        accuracy.append(right / 80)
    assert e.value == pytest.approx(accuracy[0])
    assert e.p_value == (1 + sum(a >= accuracy[0] - 1e-12 for a in accuracy[1:])) / 20


def test_the_two_are_one_number() -> None:
    """The proxy A-distance is 4 accuracy - 2 of the same folds, with the same p-value."""
    x, y = rng(0).normal(size=(50, 3)), rng(1).normal(size=(50, 3)) + 0.5
    a, d = classifier_test(x, y, rng=rng()), proxy_a_distance(x, y, rng=rng())
    assert (d.value, d.low, d.high) == tuple(4 * v - 2 for v in (a.value, a.low, a.high))
    assert a.p_value == d.p_value


def test_what_sentences_share_is_no_difference() -> None:
    """Two versions of the same sentences with the same noise law cannot be told apart, whatever they share."""
    sentence = rng(0).normal(size=(80, 5)) * 10
    x, y = (sentence + rng(seed).normal(size=sentence.shape) for seed in (1, 2))
    found = classifier_test(x, y, rng=rng())
    assert found.p_value is not None
    assert found.p_value > 0.05
    assert found.low < 0.5 < found.high


def test_no_variation_is_a_coin() -> None:
    """Languages whose vectors are all one point have accuracy 0.5, distance 0 and p 1."""
    one = np.ones((20, 2))
    assert classifier_test(one, one, rng=rng()).value == 0.5
    assert proxy_a_distance(one, one, rng=rng()).value == 0.0
    assert classifier_test(one, one, rng=rng()).p_value == 1.0


@pytest.mark.parametrize("size", [1e-170, 1e160])
def test_features_of_any_size(size: float) -> None:
    """Separable languages stay so where squares of features leave the range of doubles."""
    x, y = rng(1).normal(size=(60, 4)), rng(2).normal(size=(60, 4)) + 3.0
    found = classifier_test(x * size, y * size, n_resamples=39, rng=rng())
    assert found.value == classifier_test(x, y, n_resamples=39, rng=rng()).value > 0.95
    assert found.p_value == 1 / 40
