"""Tests of mean CKA over pairs of languages and seeds (Table 1, "Mean CKA")."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gapstudy.stats import cka_intervals, cka_matrix
from gapstudy.stats.cka_mean import ResampledCka, draws_of_mean, mean_cka, mean_cka_difference

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
    with pytest.raises(ValueError, match="features must hold at least 2 arrays, got 1"):
        mean_cka([languages(0)[:1]], rng=rng)
    with pytest.raises(ValueError, match="n_resamples must be a whole number"):
        mean_cka([languages(0)], n_resamples=3, rng=rng)
    short = draws_of_mean(languages(0, 30), n_resamples=50, rng=rng)
    with pytest.raises(ValueError, match="seeds must have the same sentences, resamples and kind"):
        ResampledCka.over_seeds([short, draws_of_mean(languages(0), n_resamples=50, rng=rng)])
    with pytest.raises(ValueError, match="a and b must be debiased"):
        mean_cka_difference(short, short)
    a, b = (draws_of_mean(languages(0, n), debiased=True, n_resamples=50, rng=rng) for n in (30, 40))
    with pytest.raises(ValueError, match=r"a and b must have the same sentences and resamples, got 30 and 40"):
        mean_cka_difference(a, b)
    with pytest.raises(ValueError, match="level must lie strictly between 0 and 1"):
        mean_cka_difference(a, a, level=1.0)


def test_an_iterator_of_seeds_is_enough() -> None:
    """Seeds may come one at a time, and each resamples the same sentences as it would in a list."""
    runs = [languages(seed) for seed in range(3)]
    whole = mean_cka(runs, n_resamples=60, rng=np.random.default_rng(3))
    assert mean_cka(iter(runs), n_resamples=60, rng=np.random.default_rng(3)) == whole
    parts = [draws_of_mean(f, n_resamples=60, rng=np.random.default_rng(3)) for f in runs]
    assert ResampledCka.over_seeds(parts).estimate() == whole


def _pair_of(noise: float, n: int, seed: int) -> tuple[ResampledCka, ResampledCka]:
    """Two representations of the same sentences; the second has ``noise`` beside the factors, the first 3."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 5))
    sides = [
        [factors @ np.random.default_rng(9).normal(size=(5, 20)) + level * rng.normal(size=(n, 20)) for _ in range(2)]
        for level in (3.0, noise)
    ]
    a, b = (draws_of_mean(s, debiased=True, n_resamples=300, rng=np.random.default_rng(1)) for s in sides)
    return a, b


def test_a_difference_of_representations() -> None:
    """It is the difference of the values, negated when the sides change places, with a small p where it is real."""
    a, b = _pair_of(0.5, 200, 0)
    found, back = mean_cka_difference(a, b), mean_cka_difference(b, a)
    assert found.value == pytest.approx(b.value - a.value, rel=1e-12)
    assert found.low < found.value < found.high
    assert (back.value, back.low, back.high) == pytest.approx((-found.value, -found.high, -found.low), abs=1e-12)
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert mean_cka_difference(a, a).p_value == 1.0


@pytest.mark.slow
def test_a_difference_that_is_not_there_is_rarely_found() -> None:
    """With two representations alike in distribution p < 0.05 in about one of twenty draws (within binomial error)."""
    found = [mean_cka_difference(*_pair_of(3.0, 150, seed)) for seed in range(300)]
    rejected = sum(e.p_value is not None and e.p_value < 0.05 for e in found)
    covered = sum(e.low <= 0.0 <= e.high for e in found)
    assert rejected <= 15 + 3 * 3.8
    assert covered >= 285 - 3 * 3.8
