"""Tests of the t interval and of the cluster bootstrap."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from gapstudy.stats import cluster_bootstrap, mean_interval, mean_rpd
from gapstudy.stats.resample import resampling_interval


def test_mean_interval_is_student_s() -> None:
    """Mean and ends are those of SciPy's one-sample t interval."""
    v = np.random.default_rng(0).normal(size=15)
    ends = scipy_stats.ttest_1samp(v, 0.0).confidence_interval(0.9)
    e = mean_interval(v, level=0.9)
    assert (e.value, e.low, e.high) == pytest.approx((v.mean(), ends.low, ends.high))
    assert (e.n, e.level, e.method) == (15, 0.9, "mean, t interval")


@pytest.mark.parametrize("method", ["bca", "percentile"])
@pytest.mark.filterwarnings("ignore:overflow")
def test_intervals_agree_with_scipy(method: str) -> None:
    """BCa and percentile ends of a skewed mean agree with scipy.stats.bootstrap within resampling error."""
    v = np.random.default_rng(1).exponential(size=25)
    ours = cluster_bootstrap(
        lambda s: float(s.mean()), [v], method=method, n_resamples=9_999, rng=np.random.default_rng(0)
    )
    name: Any = {"bca": "BCa"}.get(method, method)
    options: dict[str, Any] = {"n_resamples": 9_999, "method": name, "rng": np.random.default_rng(9)}
    theirs = scipy_stats.bootstrap([v], np.mean, **options).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.02)
    assert ours.method.startswith("bootstrap over 25 clusters, " + ("BCa" if method == "bca" else "percentile"))


def test_interval_from_given_draws_is_scipy_s_formula() -> None:
    """With the same draws and jackknife the BCa ends equal a direct computation with scipy.scipy_stats.norm."""
    rng = np.random.default_rng(2)
    draws, jackknife, value = rng.gamma(3.0, size=500), rng.gamma(3.0, size=12), 2.5
    z0 = scipy_stats.norm.ppf(np.mean(draws < value))
    u = jackknife.mean() - jackknife
    a = (u**3).sum() / (6 * (u**2).sum() ** 1.5)
    z = scipy_stats.norm.ppf([0.05, 0.95])
    expected = np.quantile(draws, scipy_stats.norm.cdf(z0 + (z0 + z) / (1 - a * (z0 + z))))
    low, high, words = resampling_interval(value, draws, jackknife, level=0.9)
    assert (low, high) == pytest.approx(tuple(expected), rel=1e-12)
    assert words == "BCa interval"


def test_clusters_stay_together() -> None:
    """A statistic of several arrays sees the same clusters of each, whole."""
    scores = np.arange(24.0).reshape(6, 4)
    extra = scores[:, 0] * 10

    def check(s: Any, e: Any) -> float:
        assert np.array_equal(e, s[:, 0] * 10)
        assert len(s) in {5, 6}
        return float(s.mean())

    cluster_bootstrap(check, [scores, extra], n_resamples=30, rng=np.random.default_rng(0))


def test_mean_rpd_over_seeds() -> None:
    """The interval of a mean RPD resamples seeds, not languages."""
    scores = 80.0 + np.random.default_rng(0).normal(size=(15, 1)) + np.array([0.0, 5.0, -10.0])
    e = cluster_bootstrap(lambda s: mean_rpd(s.mean(axis=0)), [scores], n_resamples=200, rng=np.random.default_rng(0))
    assert e.low <= e.value <= e.high
    assert e.high - e.low < 0.2  # languages move together, so their gap hardly varies
    assert e.n == 15


def test_bca_falls_back_and_says_so() -> None:
    """A statistic without variation has no BCa interval; the percentile interval is used and named."""
    e = cluster_bootstrap(lambda s: 1.0 + 0.0 * s.sum(), [np.arange(5.0)], n_resamples=50, rng=np.random.default_rng(0))
    assert (e.low, e.high) == (1.0, 1.0)
    assert "percentile interval (BCa is undefined here)" in e.method
    one_sided = resampling_interval(0.0, np.ones(50), np.arange(5.0), level=0.9)
    assert one_sided[2] == "percentile interval (BCa is undefined here)"
    extreme = resampling_interval(0.0, np.r_[np.full(999, -1.0), 1.0], np.array([0.0] * 30 + [-1.0]), level=1 - 1e-12)
    assert extreme[2].startswith("percentile interval")


def test_undefined_resamples_are_counted() -> None:
    """NaN resamples are left out and counted; if most are NaN, or the value is, that is an error."""
    draws = np.array([math.nan] * 10 + [1.0, 2.0] * 45)
    assert "90 of 100 resamples defined" in resampling_interval(1.5, draws, None, level=0.9)[2]
    with pytest.raises(ValueError, match="the statistic is undefined in 60 of 100 resamples"):
        resampling_interval(1.0, np.array([math.nan] * 60 + [1.0] * 40), None, level=0.9)
    with pytest.raises(ValueError, match="the statistic of the data is nan"):
        resampling_interval(math.nan, draws, None, level=0.9)


def test_determinism() -> None:
    """The same seed gives the same interval, another seed another; 0 is a seed like any other."""
    v = np.random.default_rng(3).normal(size=10)

    def low(seed: int) -> float:
        return cluster_bootstrap(lambda s: float(s.mean()), [v], n_resamples=99, rng=np.random.default_rng(seed)).low

    assert low(0) == low(0)
    assert len({low(0), low(1), low(2)}) == 3


def test_errors() -> None:
    """Wrong data and options are errors that name them."""
    rng = np.random.default_rng(0)

    def mean(s: Any) -> float:
        return float(s.mean())

    with pytest.raises(ValueError, match="values must have at least 2 values, got 1"):
        mean_interval([1.0])
    with pytest.raises(ValueError, match="level must lie strictly between 0 and 1, got 0"):
        mean_interval([1.0, 2.0], level=0)
    with pytest.raises(ValueError, match="method must be one of bca, percentile; got 'basic'"):
        cluster_bootstrap(mean, [np.arange(5.0)], method="basic", rng=rng)
    with pytest.raises(ValueError, match=r"n_resamples must be a whole number >= 19, got 2\.5"):
        cluster_bootstrap(mean, [np.arange(5.0)], n_resamples=2.5, rng=rng)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="data must hold at least one array"):
        cluster_bootstrap(mean, [], rng=rng)
    with pytest.raises(ValueError, match=r"data\[0\] and data\[1\] must be parallel"):
        cluster_bootstrap(mean, [np.arange(5.0), np.arange(4.0)], rng=rng)
    with pytest.raises(ValueError, match="data must hold at least 2 clusters, got 1"):
        cluster_bootstrap(mean, [np.arange(1.0)], rng=rng)


def test_expanded_tails() -> None:
    """Expanded BCa is BCa at the level whose tails are Phi(-sqrt(S / (S - 1)) t), and so is its percentile form."""
    data = np.random.default_rng(3).exponential(size=12)
    jackknife = np.array([np.delete(data, i).mean() for i in range(12)])
    draws = data[np.random.default_rng(4).integers(0, 12, size=(999, 12))].mean(axis=1)
    tail = scipy_stats.norm.cdf(np.sqrt(12 / 11) * scipy_stats.t.ppf(0.025, 11))
    assert 0.005 < tail < 0.025
    low, high, words = resampling_interval(float(data.mean()), draws, jackknife, level=0.95, expanded=True)
    wanted = resampling_interval(float(data.mean()), draws, jackknife, level=1 - 2 * tail)
    assert (low, high) == pytest.approx(wanted[:2])
    assert words == "BCa interval with expanded tails"
    flat = resampling_interval(float(data.mean()), draws, np.ones(12), level=0.95, expanded=True)
    assert flat[:2] == pytest.approx(tuple(np.quantile(draws, [tail, 1 - tail])))
    assert flat[2] == "percentile interval with expanded tails (BCa is undefined here)"
