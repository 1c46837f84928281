"""Tests of the jackknife interval over few clusters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats as scipy_stats

from gapstudy.stats import jackknife_interval, mean_rpd, spread

numbers = st.floats(-100.0, 100.0, allow_subnormal=False)
columns = st.integers(2, 12).flatmap(lambda n: arrays(np.float64, n, elements=numbers))


def mean(values: Any) -> float:
    """Return the mean of all values."""
    return float(np.mean(values))


@given(columns, st.floats(0.5, 0.999))
def test_for_a_mean_it_is_the_t_interval(values: Any, level: float) -> None:
    """The interval of the mean of one column is Student's, as SciPy computes it."""
    e = jackknife_interval(mean, values, level=level)

    standard_error = values.std(ddof=1) / np.sqrt(len(values))
    half = scipy_stats.t.ppf((1 + level) / 2, len(values) - 1) * standard_error
    assert (e.value, e.low, e.high) == pytest.approx(
        (values.mean(), values.mean() - half, values.mean() + half), rel=1e-9, abs=1e-9
    )
    assert (e.n, e.level) == (len(values), level)
    assert e.method == f"t interval by the jackknife over {len(values)} clusters"


def test_for_a_ratio_it_is_the_textbook_jackknife() -> None:
    """The standard error of a ratio of means is that of Efron and Stein's formula with pseudo-values."""
    data = np.random.default_rng(0).gamma(5.0, size=(9, 2))

    def ratio(rows: Any) -> float:
        return float(rows[:, 0].sum() / rows[:, 1].sum())

    e = jackknife_interval(ratio, data, level=0.9)

    without = [ratio(data[[j for j in range(9) if j != i]]) for i in range(9)]
    pseudo = 9 * ratio(data) - 8 * np.array(without)  # Tukey: their t interval has this width
    ends = scipy_stats.ttest_1samp(pseudo, 0.0).confidence_interval(0.9)
    assert e.value == pytest.approx(ratio(data), rel=1e-12)
    assert e.high - e.low == pytest.approx(ends.high - ends.low, rel=1e-12)
    assert e.high + e.low == pytest.approx(2 * e.value, rel=1e-12)  # about the value, not the corrected one


def test_for_a_slope_it_is_the_sandwich_hc3() -> None:
    """The jackknife variance of a slope agrees with statsmodels' HC3, its one-step form, but for a centring term."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    data = np.column_stack([x, 0.5 * x + rng.normal(size=200)])
    fitted = sm.OLS(data[:, 1], sm.add_constant(data[:, 0])).fit(cov_type="HC3")

    e = jackknife_interval(lambda rows: float(np.polyfit(rows[:, 0], rows[:, 1], 1)[0]), data, level=0.95)

    half = scipy_stats.t.ppf(0.975, 199) * float(fitted.bse[1])
    assert e.value == pytest.approx(fitted.params[1], rel=1e-9)
    assert (e.high - e.low) / 2 == pytest.approx(half, rel=0.005)


@given(columns, st.floats(0.1, 10.0), numbers)
def test_follows_shift_and_scale(values: Any, scale: float, shift: float) -> None:
    """A change of unit changes value and ends with it."""
    plain = jackknife_interval(mean, values)
    moved = jackknife_interval(mean, scale * values + shift)

    assert (moved.value, moved.low, moved.high) == pytest.approx(
        tuple(scale * end + shift for end in (plain.value, plain.low, plain.high)), rel=1e-6, abs=1e-6
    )


@given(columns, st.randoms(use_true_random=False))
def test_the_order_of_the_clusters_is_nothing(values: Any, random: Any) -> None:
    """Shuffled clusters give the same interval."""
    order = list(range(len(values)))
    random.shuffle(order)

    a, b = (jackknife_interval(mean, v) for v in (values, values[order]))

    assert (a.low, a.high) == pytest.approx((b.low, b.high), rel=1e-9, abs=1e-9)


@given(columns)
def test_a_higher_level_is_wider(values: Any) -> None:
    """The interval at 99 % holds that at 90 %, which holds the value."""
    narrow, wide = (jackknife_interval(mean, values, level=level) for level in (0.9, 0.99))

    assert wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high


@pytest.mark.parametrize("n", [3, 5, 15])
def test_equal_clusters_have_no_width(n: int) -> None:
    """Seeds that agree leave no doubt about the mean RPD."""
    scores = np.tile([80.0, 60.0, 50.0], (n, 1))

    e = jackknife_interval(lambda rows: mean_rpd(rows.mean(axis=0)), scores)

    assert e.low == pytest.approx(e.value, rel=1e-9)
    assert e.high == pytest.approx(e.value, rel=1e-9)


def test_seeds_are_left_out_whole() -> None:
    """The statistic sees all clusters once, then each set without one of them, rows unbroken."""
    scores = np.arange(12.0).reshape(4, 3)
    seen: list[tuple[float, ...]] = []

    def spy(rows: Any) -> float:
        assert rows.shape[1] == 3
        seen.append(tuple(rows[:, 0]))
        return spread(rows.mean(axis=0))

    jackknife_interval(spy, scores)

    assert seen == [(0, 3, 6, 9), (3, 6, 9), (0, 6, 9), (0, 3, 9), (0, 3, 6)]


def test_stays_within_the_range_of_the_statistic() -> None:
    """Ends beyond the range are cut to it, and only those."""
    scores = np.array([[90.0, 89.0], [50.0, 55.0], [70.0, 69.0]])

    def gap(rows: Any) -> float:
        return float(abs(np.diff(rows.mean(axis=0))[0]))

    free = jackknife_interval(gap, scores)
    cut = jackknife_interval(gap, scores, within=(0.0, 100.0))

    assert free.low < 0 < free.high < 100
    assert (cut.low, cut.high) == (0.0, free.high)


def test_errors() -> None:
    """One cluster, a wrong level and an undefined statistic are errors that say so."""
    with pytest.raises(ValueError, match="data must hold at least 2 clusters, got 1"):
        jackknife_interval(mean, np.ones((1, 3)))
    with pytest.raises(ValueError, match="level must lie strictly between 0 and 1, got 1"):
        jackknife_interval(mean, np.ones(3), level=1)
    with pytest.raises(ValueError, match="must be finite with all clusters and without any one of them"):
        jackknife_interval(lambda rows: float("nan") if 7.0 not in rows else 1.0, np.array([1.0, 7.0, 2.0]))


@pytest.mark.slow
@pytest.mark.parametrize("n_seeds", [3, 5, 15])
def test_covers_the_mean_rpd(n_seeds: int) -> None:
    """A 95 % interval of the mean RPD of ten languages covers its value for infinitely many seeds at least 93 %."""
    rng = np.random.default_rng(11)
    languages = 80.0 + 4.0 * rng.normal(size=10)
    truth = mean_rpd(languages)
    hits = 0
    for _ in range(1000):
        scores = languages + rng.normal(size=(n_seeds, 10))
        e = jackknife_interval(lambda rows: mean_rpd(rows.mean(axis=0)), scores)
        hits += e.low <= truth <= e.high

    assert hits >= 930
