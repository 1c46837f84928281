"""Tests of A against B: paired and unpaired tests, probability of improvement, interquartile means, gaps."""

from __future__ import annotations

import math
import warnings
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from gapstudy.stats import (
    cliffs_delta,
    effect_size,
    gap_difference,
    gap_of,
    improvement,
    interquartile,
    interquartile_difference,
    interquartile_mean,
    paired_comparison,
    probability_of_improvement,
    welch_comparison,
)
from gapstudy.stats.comparison import sign_flip_p

Float = npt.NDArray[np.float64]
seeds = st.integers(0, 60)

# Scores of six seeds in three languages, and what rliable 1.2.0 (with arch 8.0.0) says of them: aggregate_iqm and
# probability_of_improvement, with the 95 % intervals of its stratified bootstrap (50,000 and 20,000 resamples).
A = np.array([[70.3, 69.7, 71.3], [70.2, 68.9, 70.7], [72.6, 71.9, 68.6], [67.5, 68.8, 70.1], [65.3, 69.6, 67.5], [68.5, 68.9, 69.4]])  # fmt: skip
B = np.array([[69.8, 71.1, 68.7], [71.7, 67.7, 69.7], [70.8, 69.2, 67.5], [67.2, 68.1, 69.4], [67.0, 68.6, 68.7], [70.1, 69.4, 69.7]])  # fmt: skip
RLIABLE_IQM = (69.45, 68.75, 70.20)
RLIABLE_IMPROVEMENT = (0.611111111111111, 0.41203704, 0.7962963)


def rng(seed: int = 0) -> np.random.Generator:
    """A generator."""
    return np.random.default_rng(seed)


def scores(seed: int = 0, n: int = 8, languages: int = 3, better: float = 0.5) -> tuple[Float, Float]:
    """Two (seeds, languages) tables of percent that share an effect of the seed."""
    r = rng(seed)
    shared = r.normal(size=(n, 1))
    return tuple(
        np.array([80.0, 76.0, 70.0, 65.0])[:languages] + shared + r.normal(size=(n, languages)) + up
        for up in (better, 0.0)
    )  # type: ignore[return-value]


# ---- paired --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("n", [3, 8, 20])
def test_paired_tests_are_scipys(n: int) -> None:
    """Difference, t interval, t p and Wilcoxon's p are SciPy's."""
    a, b = (x[:, 0] for x in scores(1, n))
    found = paired_comparison(a, b, rng=rng())
    theirs = scipy_stats.ttest_rel(a, b)
    ends = theirs.confidence_interval(0.95)
    assert found.difference.value == pytest.approx(np.mean(a - b))
    assert found.difference.p_value == pytest.approx(theirs.pvalue)
    assert (found.difference.low, found.difference.high) == pytest.approx((ends.low, ends.high))
    assert found.wilcoxon_p == pytest.approx(scipy_stats.wilcoxon(a, b).pvalue)
    assert found.correlation == pytest.approx(scipy_stats.pearsonr(a, b).statistic)


def test_paired_tests_are_pingouins() -> None:
    """p, interval and Wilcoxon's p agree with pingouin."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pingouin = pytest.importorskip("pingouin")
        a, b = (x[:, 1] for x in scores(2, 12))
        row, ranks = pingouin.ttest(a, b, paired=True).iloc[0], pingouin.wilcoxon(a, b).iloc[0]
    found = paired_comparison(a, b, rng=rng())
    p_column = "p_val" if "p_val" in row.index else "p-val"
    assert found.difference.p_value == pytest.approx(float(row[p_column]), rel=1e-6)
    assert found.wilcoxon_p == pytest.approx(float(ranks[p_column]), rel=1e-6)


@given(seeds)
def test_exchanging_a_and_b_flips_signs(seed: int) -> None:
    """Differences and effect sizes change their signs, p-values stay, and P(A > B) becomes its complement."""
    a, b = scores(seed, 6)
    one, other = (paired_comparison(x[:, 0], y[:, 0], rng=rng()) for x, y in ((a, b), (b, a)))
    assert one.difference.value == pytest.approx(-other.difference.value)
    assert (one.dz.low, one.dz.high) == pytest.approx((-other.dz.high, -other.dz.low))
    assert (one.sign_flip_p, one.wilcoxon_p) == pytest.approx((other.sign_flip_p, other.wilcoxon_p))
    for paired in (True, False):
        p, q = (
            probability_of_improvement(x, y, paired=paired, n_resamples=19, rng=rng()).value
            for x, y in ((a, b), (b, a))
        )
        assert p + q == pytest.approx(1.0)
    p, q = (cliffs_delta(x, y, n_resamples=19, rng=rng()).value for x, y in ((a, b), (b, a)))
    assert p == pytest.approx(-q)
    p, q = (gap_difference(x, y).value for x, y in ((a, b), (b, a)))
    assert p == pytest.approx(-q)


@given(seeds)
def test_order_of_seeds_does_not_matter(seed: int) -> None:
    """Permuting the seeds of both alike changes no value."""
    a, b = scores(seed, 7)
    order = rng(seed).permutation(7)
    one, other = (paired_comparison(x[:, 0], y[:, 0], rng=rng()) for x, y in ((a, b), (a[order], b[order])))
    assert one.sign_flip_p == pytest.approx(other.sign_flip_p)
    assert one.dz.value == pytest.approx(other.dz.value)
    assert gap_difference(a, b).low == pytest.approx(gap_difference(a[order], b[order]).low)


@pytest.mark.parametrize("n", [1, 5, 10])
def test_sign_flips_are_all_counted(n: int) -> None:
    """The exact p is the share of all 2^n patterns, written out; ties count."""
    d = np.round(rng(n).normal(0.4, 1.0, n), 1)
    every = [abs(float(np.dot(signs, d))) for signs in product((-1, 1), repeat=n)]
    p, exact = sign_flip_p(d, rng=rng())
    assert exact
    assert p == pytest.approx(np.mean([v >= abs(d.sum()) - 1e-9 for v in every]))


def test_many_seeds_are_drawn() -> None:
    """Above 15 seeds patterns are drawn, and p is near SciPy's permutation test."""
    d = rng(3).normal(0.5, 1.0, 18)
    p, exact = sign_flip_p(d, n_resamples=20_000, rng=rng())
    theirs = scipy_stats.permutation_test(
        (d,), np.mean, permutation_type="samples", n_resamples=20_000, rng=rng(1)
    ).pvalue
    assert not exact
    assert p == pytest.approx(theirs, abs=0.01)


def test_effect_size_inverts_the_noncentral_t() -> None:
    """At the ends of the interval of dz the observed t has probability 2.5 % on either side."""
    d = rng(4).normal(0.7, 1.0, 12)
    e = effect_size(d)
    t = e.value * math.sqrt(12)
    assert e.value == pytest.approx(d.mean() / d.std(ddof=1))
    assert scipy_stats.nct.sf(t, 11, e.low * math.sqrt(12)) == pytest.approx(0.025, abs=1e-6)
    assert scipy_stats.nct.cdf(t, 11, e.high * math.sqrt(12)) == pytest.approx(0.025, abs=1e-6)


def test_no_variation_is_said() -> None:
    """Equal columns differ by 0 with p = 1; a constant difference has no p by t and no dz."""
    equal = paired_comparison([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], rng=rng())
    shifted = paired_comparison([2.0, 3.0, 4.0], [1.0, 2.0, 3.0], rng=rng())
    assert (equal.difference.p_value, equal.wilcoxon_p, equal.sign_flip_p) == (1.0, 1.0, 1.0)
    assert shifted.difference.p_value is None
    assert math.isnan(shifted.dz.value)
    assert shifted.sign_flip_p == 0.25
    assert math.isnan(paired_comparison([1.0, 1.0], [1.0, 2.0], rng=rng()).correlation)


def test_wilcoxon_does_not_rank_rounding() -> None:
    """Scores in tenths have the p of the same scores as whole numbers."""
    whole = np.array([803, 806, 812, 799, 807]), np.array([801, 804, 810, 801, 805])
    one, other = (paired_comparison(a / unit, b / unit, rng=rng()) for unit in (1, 10) for a, b in [whole])
    assert one.wilcoxon_p == pytest.approx(other.wilcoxon_p)
    r = rng(5)
    for _ in range(20):
        a, b = r.integers(700, 760, (2, 8))
        one, other = (paired_comparison(a / unit, b / unit, n_resamples=19, rng=rng()) for unit in (1, 10))
        assert one.wilcoxon_p == pytest.approx(other.wilcoxon_p)


def test_constant_difference_has_no_width() -> None:
    """Differences that are equal but for rounding have an interval without width."""
    e = paired_comparison([80.3, 80.6, 81.2], [80.1, 80.4, 81.0], rng=rng()).difference
    assert (e.low, e.high, e.p_value) == (e.value, e.value, None)


def test_welch_is_scipys() -> None:
    """The unpaired difference has SciPy's Welch interval and p; without variation it has none."""
    a, b = scores(5, 9)
    theirs = scipy_stats.ttest_ind(a[:, 0], b[:6, 0], equal_var=False)
    ends = theirs.confidence_interval(0.95)
    e = welch_comparison(a[:, 0], b[:6, 0])
    assert (e.low, e.high, e.p_value) == pytest.approx((ends.low, ends.high, theirs.pvalue))
    assert e.n == 15
    assert welch_comparison([1.0, 1.0], [2.0, 2.0]).p_value is None
    assert welch_comparison([1.0, 1.0], [1.0, 1.0]).p_value == 1.0


# ---- improvement ---------------------------------------------------------------------------------------------
def test_as_rliable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values are rliable 1.2.0's and the bootstrap's intervals, were it used for six seeds, agree within resampling error."""
    for module in (improvement, interquartile):
        monkeypatch.setattr(module, "BOOTSTRAP_SEEDS", 2)
    found = interquartile_mean(A, n_resamples=20_000, rng=rng())
    assert found.value == pytest.approx(RLIABLE_IQM[0])
    assert (found.low, found.high) == pytest.approx(RLIABLE_IQM[1:], abs=0.04)
    found = probability_of_improvement(A, B, n_resamples=20_000, rng=rng())
    assert found.value == pytest.approx(RLIABLE_IMPROVEMENT[0])
    assert (found.low, found.high) == pytest.approx(RLIABLE_IMPROVEMENT[1:], abs=0.015)


def test_values_from_their_definitions() -> None:
    """P(A > B) is Mann and Whitney's U over the number of pairs, the interquartile mean SciPy's trimmed mean."""
    a, b = np.round(scores(6, 7)[0]), np.round(scores(7, 5)[1])
    u = [scipy_stats.mannwhitneyu(a[:, i], b[:, i]).statistic / 35 for i in range(3)]
    assert probability_of_improvement(a, b, n_resamples=19, rng=rng()).value == pytest.approx(np.mean(u))
    paired = probability_of_improvement(a[:5], b, paired=True, n_resamples=19, rng=rng())
    assert paired.value == pytest.approx(np.mean((a[:5] > b) + 0.5 * (a[:5] == b)))
    assert interquartile_mean(a, n_resamples=19, rng=rng()).value == pytest.approx(
        scipy_stats.trim_mean(a, 0.25, axis=None)
    )
    delta = cliffs_delta(a, b, n_resamples=19, rng=rng())
    assert delta.value == pytest.approx(2 * np.mean(u) - 1)
    assert -1 <= delta.low <= delta.high <= 1


def test_stratified_bootstrap_draws_languages_apart() -> None:
    """Where a seed moves all languages, drawing it with all of them gives the wider interval."""
    a = np.array([80.0, 70.0, 60.0, 50.0]) + 3.0 * rng(8).normal(size=(12, 1))
    apart, joint = (interquartile_mean(a, joint=j, n_resamples=2000, rng=rng()) for j in (False, True))
    assert joint.high - joint.low > 1.3 * (apart.high - apart.low)
    assert "stratified bootstrap (seeds within languages)" in apart.method
    assert "bootstrap over seeds" in joint.method


def test_stratified_bootstrap_from_its_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ends are the quantiles of the statistic of tables whose columns were drawn one by one."""
    for module in (improvement, interquartile):
        monkeypatch.setattr(module, "BOOTSTRAP_SEEDS", 2)
    r = rng(9)
    draws = [
        scipy_stats.trim_mean(np.stack([A[r.integers(0, 6, 6), i] for i in range(3)], axis=1), 0.25, axis=None)
        - scipy_stats.trim_mean(np.stack([B[r.integers(0, 6, 6), i] for i in range(3)], axis=1), 0.25, axis=None)
        for _ in range(4000)
    ]
    e = interquartile_difference(A, B, paired=False, n_resamples=4000, rng=rng())
    assert e.value == pytest.approx(
        scipy_stats.trim_mean(A, 0.25, axis=None) - scipy_stats.trim_mean(B, 0.25, axis=None)
    )
    assert (e.low, e.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=0.08)


def test_pairing_narrows_what_moves_together() -> None:
    """Drawing the same seeds for both narrows the difference where the seed moves both."""
    a, b = scores(10, 12)
    paired, apart = (
        interquartile_difference(a, b, paired=p, joint=True, n_resamples=2000, rng=rng()) for p in (True, False)
    )
    assert paired.value == apart.value
    assert paired.high - paired.low < apart.high - apart.low


@pytest.mark.parametrize("joint", [False, True])
def test_few_seeds_have_t_intervals(joint: bool) -> None:
    """Below ten seeds paired intervals are those of a t test of the seeds' shares, and of Tukey's pseudo-values."""
    e = probability_of_improvement(A, B, paired=True, joint=joint, n_resamples=19, rng=rng())
    expected = scipy_stats.ttest_1samp(np.mean((A > B) + 0.5 * (A == B), axis=1), 0.5).confidence_interval(0.95)
    assert (e.low, e.high) == pytest.approx((expected.low, min(1.0, expected.high)))
    assert "t interval over seeds, 5.0 degrees of freedom" in e.method

    def difference(x: Float, y: Float) -> float:
        return float(scipy_stats.trim_mean(x, 0.25, axis=None) - scipy_stats.trim_mean(y, 0.25, axis=None))

    left_out = [difference(np.delete(A, i, 0), np.delete(B, i, 0)) for i in range(6)]
    half = scipy_stats.t.ppf(0.975, 5) * math.sqrt(5 * np.var(left_out))
    iqm = interquartile_difference(A, B, joint=joint, n_resamples=19, rng=rng())
    assert (iqm.low, iqm.high) == pytest.approx((difference(A, B) - half, difference(A, B) + half))
    assert "t interval by the jackknife over 6 clusters" in iqm.method


def test_unpaired_few_seeds_have_welchs_interval() -> None:
    """For one language and no trimming left the unpaired difference has Welch's interval, and P(A > B) one within [0, 1]."""
    a, b = A[:3, :1], B[:3, :1]  # 3 values: a quarter rounds down to none
    e = interquartile_difference(a, b, paired=False, n_resamples=19, rng=rng())
    expected = scipy_stats.ttest_ind(a[:, 0], b[:, 0], equal_var=False).confidence_interval(0.95)
    assert (e.low, e.high) == pytest.approx((expected.low, expected.high))
    assert "degrees of freedom" in e.method
    p = probability_of_improvement(A[:4], B[:3], n_resamples=19, rng=rng())
    assert 0.0 <= p.low < p.value < p.high <= 1.0


@pytest.mark.parametrize("n", [3, 12])
@pytest.mark.parametrize(("joint", "per_seed"), [(False, 3), (True, 1)])
def test_unanimous_seeds_leave_doubt(n: int, joint: bool, per_seed: int) -> None:
    """Where A always wins the interval is Clopper and Pearson's for the independent comparisons, and never a point."""
    a, b = 80.0 + rng(1).random((n, 3)), rng(2).random((n, 3))
    for paired in (True, False):
        e = probability_of_improvement(a, b, paired=paired, joint=joint, n_resamples=19, rng=rng())
        expected = scipy_stats.binomtest(n * per_seed, n * per_seed).proportion_ci(0.95, "exact")
        assert (e.value, e.low, e.high) == pytest.approx((1.0, expected.low, 1.0))
        assert f"Clopper-Pearson limits of {n * per_seed} comparisons" in e.method
    ties = probability_of_improvement(a, a, paired=True, joint=joint, n_resamples=19, rng=rng())
    assert ties.low < 0.5 < ties.high


def test_intervals_cover_with_three_seeds() -> None:
    """Over 200 pairs of equal methods with 3 seeds the 95 % intervals hold the truth at least 90 times in 100."""
    r, hits = rng(3), np.zeros(3)
    for _ in range(200):
        a, b = (70.0 + r.normal(size=(3, 4)) for _ in range(2))
        found = (
            probability_of_improvement(a, b, paired=True, rng=r),
            probability_of_improvement(a, b, rng=r),
            interquartile_difference(a, b, rng=r),
        )
        hits += [e.low <= truth <= e.high for e, truth in zip(found, (0.5, 0.5, 0.0), strict=True)]
    assert (hits >= 180).all()


@given(seeds)
def test_monotone_changes_leave_the_probability(seed: int) -> None:
    """P(A > B) sees ranks alone."""
    a, b = scores(seed, 5)
    one, other = (probability_of_improvement(f(a), f(b), n_resamples=19, rng=rng()) for f in (np.asarray, np.exp))
    assert one == other


# ---- gaps ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["rpd", "absolute"])
def test_gap_difference_is_a_jackknife(kind: str) -> None:
    """The interval follows from Tukey's pseudo-values of the difference, seeds left out of both at once."""
    a, b = scores(11, 9)

    def difference(x: Float, y: Float) -> float:
        return float(gap_of(x.mean(axis=0)[None], kind)[0] - gap_of(y.mean(axis=0)[None], kind)[0])

    whole = difference(a, b)
    pseudo = [9 * whole - 8 * difference(np.delete(a, i, 0), np.delete(b, i, 0)) for i in range(9)]
    error = np.std(pseudo, ddof=1) / 3
    e = gap_difference(a, b, kind=kind)
    half = scipy_stats.t.ppf(0.975, 8) * error
    assert (e.value, e.low, e.high) == pytest.approx((whole, whole - half, whole + half))
    assert e.p_value == pytest.approx(2 * scipy_stats.t.sf(abs(whole) / error, 8))


@pytest.mark.parametrize("kind", ["rpd", "absolute"])
@pytest.mark.parametrize("n", [3, 6, 7])
def test_rounding_is_no_variance(kind: str, n: int) -> None:
    """Seeds that are all the same give no p, neither a made-up one nor NaN, and an interval without width."""
    a, b = (np.tile([row], (n, 1)) for row in ([80.1, 70.3, 60.7], [81.2, 69.3, 63.7]))
    e = gap_difference(a, b, kind=kind)
    assert e.p_value is None
    assert e.low == e.value == e.high
    assert "no variation" in e.method
    swapped = gap_difference(a, a[:, ::-1], kind=kind)
    assert swapped.p_value == 1.0
    for m in (3, 5, 6):
        assert welch_comparison([81.37] * n, [81.37] * m).p_value == 1.0
        assert welch_comparison([81.37] * n, [72.3] * m).p_value is None


def test_one_side_without_variation_is_welchs() -> None:
    """A constant side adds no variance: the interval is that of the other side's mean."""
    values = [80.1, 80.7, 81.2, 79.5]
    e = welch_comparison(values, [81.37] * 6)
    expected = scipy_stats.ttest_1samp(values, 81.37)
    assert e.p_value == pytest.approx(expected.pvalue)


def test_equal_tables_have_no_difference() -> None:
    """A against itself differs by 0 with p = 1."""
    e = gap_difference(A, A)
    assert (e.value, e.low, e.high, e.p_value) == (0.0, 0.0, 0.0, 1.0)


# ---- errors --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: paired_comparison([1.0], [1.0], rng=rng()), "a must have at least 2 values, got 1"),
        (lambda: paired_comparison([1.0, 2.0], [1.0, 2.0, 3.0], rng=rng()), "a and b must be parallel"),
        (lambda: paired_comparison([1.0, math.nan], [1.0, 2.0], rng=rng()), "a has 1 NaN or infinite values"),
        (lambda: sign_flip_p([], rng=rng()), "differences must have at least 1 values, got 0"),
        (lambda: sign_flip_p([1.0], n_resamples=2, rng=rng()), "n_resamples must be a whole number >= 19, got 2"),
        (lambda: effect_size([1.0, 2.0], level=2.0), "level must lie strictly between 0 and 1, got 2"),
        (lambda: welch_comparison([1.0], [1.0, 2.0]), "a must have at least 2 values, got 1"),
        (
            lambda: probability_of_improvement(A, B[:, :2], rng=rng()),
            "a and b must have the same languages, got 3 and 2",
        ),
        (
            lambda: probability_of_improvement(A, B[:4], paired=True, rng=rng()),
            "paired a and b must have the same seeds, got 6 and 4 rows",
        ),
        (lambda: interquartile_mean(A[:1], rng=rng()), "a must have at least 2 rows"),
        (lambda: gap_difference(A, B[:4]), r"same seeds and languages, got shapes \(6, 3\) and \(4, 3\)"),
        (lambda: gap_difference(A, B, kind="ratio"), "kind must be one of rpd, absolute; got 'ratio'"),
        (lambda: gap_difference(0 * A, B), "the statistic must be finite"),
        (lambda: gap_difference(-A, B), "a must hold scores >= 0 in percent, got -70.3 at 0, 0"),
        (lambda: gap_difference(A, -B), "b must hold scores >= 0 in percent, got -69.8 at 0, 0"),
    ],
)
def test_errors(call: Any, message: str) -> None:
    """Wrong tables and options are errors that name them."""
    with pytest.raises(ValueError, match=message):
        call()
