"""Tests of mean CKA over pairs of languages and seeds (Table 1, "Mean CKA")."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gapstudy.stats import cka_intervals, cka_matrix
from gapstudy.stats.cka_mean import mean_cka

Float = npt.NDArray[np.float64]
both = pytest.mark.parametrize("debiased", [False, True])


def languages(seed: int, n: int = 40) -> list[Float]:
    """Features of three languages that share three factors."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 3))
    return [factors @ rng.normal(size=(3, d)) + 2.0 * rng.normal(size=(n, d)) for d in (4, 5, 30)]


@both
def test_mean_over_pairs_and_seeds(debiased: bool) -> None:
    """The value is the mean of the upper triangles of the seeds' CKA matrices, inside its interval."""
    runs = [languages(seed) for seed in range(3)]
    e = mean_cka(runs, debiased=debiased, n_resamples=200, rng=np.random.default_rng(0))
    upper = np.triu_indices(3, 1)
    assert e.value == pytest.approx(np.mean([cka_matrix(f, debiased=debiased)[upper] for f in runs]), rel=1e-12)
    assert e.low < e.value < e.high
    assert e.n == 40
    assert "3 seeds" in e.method


@both
def test_one_pair_of_one_seed_is_cka_intervals(debiased: bool) -> None:
    """For one seed and two languages it is the interval of that pair."""
    pair = languages(0)[:2]
    e = mean_cka([pair], debiased=debiased, n_resamples=99, rng=np.random.default_rng(5))
    one = cka_intervals(pair, debiased=debiased, n_resamples=99, rng=np.random.default_rng(5)).at(0, 1)
    assert (e.value, e.low, e.high) == pytest.approx((one.value, one.low, one.high), rel=1e-12)


def test_determinism() -> None:
    """The same seed gives the same interval, another seed another; 0 is a seed like any other."""
    lows = [mean_cka([languages(0)], n_resamples=50, rng=np.random.default_rng(s)).low for s in (0, 0, 1, 2)]
    assert lows[0] == lows[1]
    assert len(set(lows)) == 3


def test_errors() -> None:
    """No seed, one language and wrong options are errors that name the argument."""
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="features_by_seed needs at least one seed"):
        mean_cka([], rng=rng)
    with pytest.raises(ValueError, match="features_by_seed needs at least one seed with at least two languages"):
        mean_cka([languages(0)[:1]], rng=rng)
    with pytest.raises(ValueError, match="n_resamples must be a whole number"):
        mean_cka([languages(0)], n_resamples=3, rng=rng)
