"""Tests of the correlation of gaps: section 4.4 of the paper and what its Table 3 leaves out."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats as scipy_stats

from gapstudy.errors import PseudoReplicationWarning
from gapstudy.stats import correlation, correlation_difference, jackknife_interval

Float = npt.NDArray[np.float64]
SEEDS = np.tile(np.arange(15), 2)
PAIRS = np.repeat(["eng-swa", "eng-urd"], 15)
METHODS: dict[str, Any] = {
    "spearman": scipy_stats.spearmanr,
    "kendall": scipy_stats.kendalltau,
    "pearson": scipy_stats.pearsonr,
}
every = pytest.mark.parametrize("method", METHODS)


def rng(seed: int = 0) -> np.random.Generator:
    """A generator."""
    return np.random.default_rng(seed)


def study(seed: int = 0, slope: float = 0.0, shift: float = 0.0) -> tuple[Float, Float]:
    """Columns of 15 seeds x 2 language pairs: a shared effect of the seed, and a difference between the pairs."""
    r = rng(seed)
    eng = np.tile(r.normal(size=15), 2)
    x = r.normal(size=30) + eng + shift * np.repeat([0.0, 1.0], 15)
    y = slope * x + r.normal(size=30) + eng * 0.0 + shift * np.repeat([0.0, 1.0], 15)
    return x, y


@every
@pytest.mark.parametrize("n", [4, 15, 33, 34, 60])
@pytest.mark.parametrize("ties", [False, True])
def test_pooled_is_scipy(method: str, n: int, ties: bool) -> None:
    """Without clusters and groups, coefficient and p-value are SciPy's, with and without ties."""
    x, y = rng(n).normal(size=n), rng(n + 1).normal(size=n)
    if ties and n > 4:
        x = np.round(x)
    theirs = METHODS[method](x, y)
    ours = correlation(x, y, method=method, n_resamples=99, rng=rng())
    assert ours.value == pytest.approx(theirs.statistic, abs=1e-12)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert ours.n == n


def test_pooled_agrees_with_pingouin() -> None:
    """Coefficients and p-values of the pooled analysis are those of pingouin."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pingouin = pytest.importorskip("pingouin")
        x, y = study(3, slope=0.5)
        for method in ("spearman", "pearson"):
            row = pingouin.corr(x, y, method=method).iloc[0]
            ours = correlation(x, y, method=method, n_resamples=99, rng=rng())
            assert ours.value == pytest.approx(float(row["r"]), abs=1e-9)
            p_column = "p_val" if "p_val" in row.index else "p-val"
            assert ours.p_value == pytest.approx(float(row[p_column]), rel=1e-6)


def test_pooled_interval_agrees_with_scipy() -> None:
    """The BCa interval of the pooled coefficient agrees with scipy.stats.bootstrap within resampling error."""
    x, y = study(5, slope=0.7)
    ours = correlation(x, y, rng=rng())

    def statistic(a: Float, b: Float) -> float:
        return float(scipy_stats.spearmanr(a, b).statistic)

    options: dict[str, Any] = {"paired": True, "vectorized": False, "n_resamples": 1500, "rng": rng(1)}
    theirs = scipy_stats.bootstrap([x, y], statistic, **options).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.04)
    assert ours.method == "spearman, bootstrap over points, BCa interval, t p-value for 30 independent points"


@every
def test_a_difference_between_pairs_is_not_association(method: str) -> None:
    """Two separated pairs without association inside: pooled it seems strong, within groups it is not."""
    x, y = study(1, shift=6.0)
    pooled = correlation(x, y, method=method, n_resamples=499, rng=rng())
    within = correlation(x, y, method=method, clusters=SEEDS, groups=PAIRS, n_resamples=499, rng=rng())
    assert pooled.value > 0.4
    assert pooled.p_value is not None
    assert within.p_value is not None
    assert pooled.p_value < 0.001
    assert abs(within.value) < 0.4
    assert within.p_value > 0.05
    assert within.low < 0 < within.high


@every
def test_within_group_association_is_found(method: str) -> None:
    """A strong association inside both pairs is found, with its interval, even against the difference of pairs."""
    x, y = study(2, slope=2.0, shift=-8.0)
    e = correlation(x, y, method=method, clusters=SEEDS, groups=PAIRS, n_resamples=999, rng=rng())
    assert e.p_value == 0.001
    assert 0.3 < e.low < e.value < e.high <= 1.0
    assert e.method.startswith(f"{method} within 2 groups, bootstrap over 15 clusters, BCa interval")
    assert e.method.endswith("clusters permuted jointly over groups")


def test_labels_and_order_do_not_matter() -> None:
    """Renaming labels or shuffling the points leaves the estimate as it is."""
    x, y = study(4, slope=0.5)
    e = correlation(x, y, clusters=SEEDS, groups=PAIRS, n_resamples=99, rng=rng())
    order = rng(9).permutation(30)
    names = np.array([f"seed {s}" for s in SEEDS])
    f = correlation(x[order], y[order], clusters=names[order], groups=PAIRS[order], n_resamples=99, rng=rng())
    assert f.value == pytest.approx(e.value, abs=1e-12)
    assert f.p_value == pytest.approx(e.p_value, abs=0.1)


def test_p_value_is_the_share_of_all_joint_permutations() -> None:
    """With four seeds the permutation p converges to the share among all 24 joint permutations."""
    x, y = rng(7).normal(size=8), rng(8).normal(size=8)
    groups = np.repeat([0, 1], 4)
    e = correlation(x, y, method="pearson", clusters=np.tile(np.arange(4), 2), groups=groups, rng=rng())
    a, b = (v - np.repeat([v[:4].mean(), v[4:].mean()], 4) for v in (x, y))
    sums = [abs(a[[*p, *(4 + i for i in p)]] @ b) for p in itertools.permutations(range(4))]
    assert e.p_value == pytest.approx(np.mean([s >= abs(a @ b) - 1e-12 for s in sums]), abs=0.02)


def test_clusters_alone_warn_where_they_repeat() -> None:
    """Pooling several points of a seed is pseudo-replication and is said; one point a seed is not."""
    x, y = study(1, shift=6.0)
    with pytest.warns(PseudoReplicationWarning, match=r"30 points of 15 clusters are pooled.*pass groups="):
        e = correlation(x, y, clusters=SEEDS, n_resamples=199, rng=rng())
    assert e.value == pytest.approx(scipy_stats.spearmanr(x, y).statistic)
    assert e.p_value is not None
    assert e.p_value > 0.05  # the permuted seeds keep the difference between the pairs
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = correlation(x[:15], y[:15], clusters=SEEDS[:15], n_resamples=99, rng=rng())
    assert "bootstrap over 15 clusters" in one.method


def test_groups_alone_warn_where_they_share_a_column() -> None:
    """English performance, the same in both pairs, shows that the points are not independent."""
    eng = np.tile(rng(0).normal(size=15), 2)
    y = rng(1).normal(size=30)
    with pytest.warns(
        PseudoReplicationWarning,
        match=r"x has the same values in every group: the 30 points in 2 groups are.*pass clusters=",
    ):
        correlation(eng, y, groups=PAIRS, n_resamples=99, rng=rng())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        e = correlation(rng(2).normal(size=30), y, groups=PAIRS, n_resamples=99, rng=rng())
        correlation(eng, y, groups=PAIRS, clusters=SEEDS, n_resamples=99, rng=rng())
    assert e.method.endswith("points permuted within groups")


def test_perfect_correlation_has_no_bca() -> None:
    """Where every resample gives 1 the interval is [1, 1], by percentiles, and says so."""
    e = correlation(np.arange(8.0), np.arange(8.0) ** 2, n_resamples=199, rng=rng())
    assert (e.value, e.low, e.high) == pytest.approx((1.0, 1.0, 1.0))
    assert "percentile interval (BCa is undefined here)" in e.method


def test_undefined_resamples_are_named() -> None:
    """With four seeds some resamples hold one seed alone; they are left out and counted."""
    e = correlation([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0], n_resamples=999, rng=rng())
    assert "of 999 resamples defined" in e.method


@every
def test_determinism(method: str) -> None:
    """The same seed gives the same numbers, another seed another interval; 0 is a seed like any other."""
    x, y = study(6, slope=0.4)

    def run(seed: int) -> Any:
        return correlation(x, y, method=method, clusters=SEEDS, groups=PAIRS, n_resamples=99, rng=rng(seed))

    assert run(0) == run(0)
    assert len({run(seed).low for seed in range(3)}) == 3


def test_difference_of_dependent_correlations() -> None:
    """The difference is |rho1| - |rho2|, found where one column follows y and the other does not."""
    x, y = study(2, slope=2.0)
    noise = rng(11).normal(size=30)
    e = correlation_difference(-x, noise, y, clusters=SEEDS, groups=PAIRS, n_resamples=999, rng=rng())
    one, other = (correlation(v, y, clusters=SEEDS, groups=PAIRS, n_resamples=99, rng=rng()).value for v in (-x, noise))
    assert e.value == pytest.approx(abs(one) - abs(other))
    assert e.low > 0
    assert e.p_value is not None
    assert e.p_value < 0.05
    assert e.method == (
        "difference of absolute spearman, t interval by the jackknife over 15 clusters, percentile bootstrap p"
    )


def test_difference_has_the_interval_of_the_jackknife() -> None:
    """Its interval is that of jackknife_interval over whole seeds, cut to [-1, 1], whatever the draws are."""
    x, y = study(2, slope=2.0)
    z = rng(3).normal(size=30)
    e = correlation_difference(x, z, y, method="pearson", clusters=SEEDS, groups=PAIRS, n_resamples=19, rng=rng())

    def statistic(rows: Float) -> float:
        a, b, c = (v - v.mean(axis=0) for v in np.moveaxis(rows, 1, 0))
        return float(abs(np.corrcoef(a.ravel(), c.ravel())[0, 1]) - abs(np.corrcoef(b.ravel(), c.ravel())[0, 1]))

    table = np.stack([v.reshape(2, 15).T for v in (x, z, y)], axis=1)
    wanted = jackknife_interval(statistic, table, within=(-1.0, 1.0))
    assert (e.value, e.low, e.high) == pytest.approx((wanted.value, wanted.low, wanted.high), abs=1e-12)
    error = (wanted.value - wanted.low) / scipy_stats.t.ppf(0.975, 14)  # the upper end is cut
    assert e.p_value == pytest.approx(2 * scipy_stats.t.sf(abs(wanted.value) / error, 14), rel=1e-9)
    assert e.method.endswith("t interval by the jackknife over 15 clusters, and its t test")


def test_difference_without_a_jackknife() -> None:
    """Where a column is constant without one cluster the interval is the percentile one, and the method says so."""
    e = correlation_difference([0.0, 0.0, 0.0, 0.0, 1.0], [1, 3, 2, 5, 4], [5, 4, 2, 1, 3], n_resamples=199, rng=rng())
    assert "bootstrap over points, percentile interval" in e.method
    assert "(the jackknife is undefined here), percentile bootstrap p" in e.method
    assert -1.0 <= e.low <= e.high <= 1.0


def test_pearson_has_expanded_tails() -> None:
    """Pearson's interval is wider than that of the nominal tails and says so; the rank methods keep theirs."""
    x, y = study(2, slope=2.0)
    found = {
        m: correlation(x, y, method=m, clusters=SEEDS, groups=PAIRS, n_resamples=99, rng=rng()).method
        for m in ("spearman", "kendall", "pearson")
    }
    assert {m for m, words in found.items() if "BCa interval with expanded tails" in words} == {"pearson"}


def test_difference_is_antisymmetric_and_zero_for_equal_columns() -> None:
    """Exchanging the columns changes the sign; a column against itself gives 0 with p = 1."""
    x, y = study(8, slope=0.6)
    z = rng(3).normal(size=30)
    options: dict[str, Any] = {"clusters": SEEDS, "groups": PAIRS, "n_resamples": 199}
    a, b = (correlation_difference(p, q, y, rng=rng(), **options) for p, q in ((x, z), (z, x)))
    assert a.value == pytest.approx(-b.value)
    assert (a.low, a.high) == pytest.approx((-b.high, -b.low))
    same = correlation_difference(x, x, y, rng=rng(), **options)
    assert (same.value, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_difference_is_deterministic_and_warns() -> None:
    """Seeds and pseudo-replication work as for one correlation."""
    x, y = study(8, slope=0.6)
    z = rng(3).normal(size=30)
    found = [
        correlation_difference(x, z, y, clusters=SEEDS, groups=PAIRS, n_resamples=99, rng=rng(s)) for s in (0, 0, 1)
    ]
    assert found[0] == found[1]
    assert found[0].p_value != found[2].p_value
    assert found[0].low == found[2].low  # no draws in the interval
    with pytest.warns(PseudoReplicationWarning, match="30 points of 15 clusters"):
        correlation_difference(x, z, y, clusters=SEEDS, n_resamples=99, rng=rng())


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        ([1, 2, 3], [1, 2, 3], {}, "x must have at least 4 values, got 3"),
        ([1, 2, 3, math.nan], [1, 2, 3, 4], {}, r"x has 1 NaN or infinite values, the first at position \(3\)"),
        ([1, 2, 3, 4], [5, 5, 5, 5], {}, "y is constant: all 4 values are 5"),
        ([1, 2, 3, 4], [1, 2, 3, 4, 5], {}, "x and y must be parallel: x has 4 rows and y has 5"),
        ([1, 1, 2, 2], [1, 2, 3, 4], {"groups": [0, 0, 1, 1]}, "x is constant within every group"),
        ([1, 2, 3, 4], [1, 2, 4, 3], {"method": "rm_corr"}, "method must be one of spearman, kendall, pearson"),
        ([1, 2, 3, 4], [1, 2, 4, 3], {"level": 1.5}, "level must lie strictly between 0 and 1, got 1.5"),
        ([1, 2, 3, 4], [1, 2, 4, 3], {"n_resamples": 1}, "n_resamples must be a whole number >= 19, got 1"),
        ([1, 2, 3, 4], [1, 2, 4, 3], {"clusters": [0, 1]}, r"clusters must have one label a point \(4\), got 2"),
        ([1, 2, 3, 4], [1, 2, 4, 3], {"clusters": [0, 1, 2, 2]}, "clusters must have at least 4 different labels"),
    ],
)
def test_errors(x: list[float], y: list[float], options: dict[str, Any], message: str) -> None:
    """Wrong columns, labels and options are errors that name them."""
    with pytest.raises(ValueError, match=message):
        correlation(x, y, rng=rng(), **options)


def test_difference_errors_name_the_column() -> None:
    """Errors of the difference name x1, x2 or y."""
    good = [1.0, 2.0, 4.0, 3.0]
    with pytest.raises(ValueError, match="x2 is constant"):
        correlation_difference(good, [1, 1, 1, 1], good, rng=rng())
    with pytest.raises(ValueError, match="x1 and y must be parallel"):
        correlation_difference([*good, 1.0], good, good, rng=rng())
