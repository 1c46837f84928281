"""Tests of the permutation null of CKA."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest

from gapstudy.stats import alignment_null as module
from gapstudy.stats import cka, cka_floor, cka_null

Float = npt.NDArray[np.float64]
both = pytest.mark.parametrize("debiased", [False, True])


def draw(n: int, d: int, seed: int) -> Float:
    """Gaussian features."""
    return np.random.default_rng(seed).normal(size=(n, d))


@both
def test_mean_is_that_over_all_permutations(debiased: bool) -> None:
    """The mean of the null is exact: it equals the mean of CKA over all n! permutations."""
    x, y = draw(5, 2, 0), draw(5, 3, 1)
    values = [cka(x, y[list(p)], debiased=debiased) for p in itertools.permutations(range(5))]
    assert len(values) == math.factorial(5)
    null = cka_null(x, y, debiased=debiased, n_resamples=19, rng=np.random.default_rng(0))
    assert null.mean == pytest.approx(np.mean(values), abs=1e-12)
    assert null.value == pytest.approx(values[0], abs=1e-12)


@both
@pytest.mark.parametrize("width", [2, 40])
def test_draws_are_cka_of_permuted_sentences(debiased: bool, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mean, spread and p-value follow from CKA recomputed on permuted rows, by features and by Gram matrices."""
    monkeypatch.setattr(module, "_GATHER", 2 * 2)  # at n = 25: by features for width 2, by Gram matrices for width 40
    x, y = draw(25, width, 0), draw(25, width, 1)
    null = cka_null(x, y, debiased=debiased, n_resamples=60, rng=np.random.default_rng(3))
    rng = np.random.default_rng(3)
    direct = np.array([cka(x, y[rng.permutation(25)], debiased=debiased) for _ in range(60)])
    assert null.std == pytest.approx(direct.std(), rel=1e-9)
    assert null.p_value == (1 + np.count_nonzero(direct >= null.value)) / 61
    assert abs(direct.mean() - null.mean) < 5 * direct.std() / math.sqrt(60)


def test_independent_features_sit_on_the_floor() -> None:
    """Unrelated wide features have a high plain CKA that the null explains; related ones are far above it."""
    x, y = draw(60, 100, 0), draw(60, 100, 1)
    null = cka_null(x, y, n_resamples=99, rng=np.random.default_rng(0))
    assert null.value > 0.5
    assert null.value == pytest.approx(null.mean, abs=4 * null.std)
    assert null.p_value > 0.05
    assert cka_null(x, x + y, n_resamples=99, rng=np.random.default_rng(0)).p_value == 0.01


def test_p_values_are_uniform_under_the_null() -> None:
    """Over independent pairs the p-value is at most 0.1 about one time in ten."""
    p = [
        cka_null(draw(15, 3, s), draw(15, 3, 500 + s), n_resamples=39, rng=np.random.default_rng(s)).p_value
        for s in range(200)
    ]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.06)


def test_determinism() -> None:
    """The same seed gives the same null, another seed another; 0 is a seed like any other."""
    x, y = draw(20, 3, 0), draw(20, 3, 1)
    std = [cka_null(x, y, n_resamples=30, rng=np.random.default_rng(seed)).std for seed in (0, 0, 1, 2)]
    assert std[0] == std[1]
    assert len(set(std)) == 3


def test_errors() -> None:
    """Wrong features and options are errors that name them."""
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="x and y must be parallel"):
        cka_null(draw(5, 2, 0), draw(6, 2, 0), rng=rng)
    with pytest.raises(ValueError, match="n_resamples must be a whole number >= 19, got 0"):
        cka_null(draw(5, 2, 0), draw(5, 2, 0), n_resamples=0, rng=rng)
    with pytest.raises(ValueError, match="y leaves debiased CKA undefined"):
        cka_null(draw(6, 2, 0), np.eye(6), debiased=True, rng=rng)


def test_floor_of_all_pairs_is_the_mean_of_each_null() -> None:
    """The matrix of floors holds, for every pair, the exact null mean, without drawing permutations."""
    rng = np.random.default_rng(3)
    features = [rng.normal(size=(30, d)) for d in (3, 8, 40)]
    floors = cka_floor(features)
    assert floors.shape == (3, 3)
    for i, j in ((0, 1), (0, 2), (2, 1)):
        assert floors[i, j] == pytest.approx(cka_null(features[i], features[j], n_resamples=19, rng=rng).mean)
    with pytest.raises(ValueError, match=r"must be parallel.*\[30, 30, 9\] rows"):
        cka_floor([*features[:2], features[2][:9]])
