"""How numbers are printed, and intervals over seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from gapstudy.exhibits.evidence import seed_range
from gapstudy.exhibits.text import estimate_cell, interval, number, over_seeds, p_value, seed_mean
from gapstudy.stats import Estimate

NAN = math.nan


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(4.0239, 2, "4.02"), (0.0, 3, "0.000"), (-0.125, 2, "-0.12"), (NAN, 2, "–"), (87.125, 1, "87.1")],
)
def test_number(value: float, digits: int, text: str) -> None:
    """Decimals are fixed; no number is a dash."""
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(None, "–"), (NAN, "–"), (1.0, "1.00"), (0.559, "0.56"), (0.1, "0.10"), (0.0999, "0.100"), (0.0213, "0.021"),
     (0.001, "0.001"), (0.00099, "9.9e-04"), (3.4e-7, "3.4e-07")],
)  # fmt: skip
def test_p_value(p: float | None, text: str) -> None:
    """Large p-values have two decimals, small ones three, tiny ones two digits; none is printed as zero."""
    assert p_value(p) == text


@given(st.floats(1e-300, 1.0))
def test_no_p_value_is_printed_as_zero(p: float) -> None:
    """A permutation p-value is never 0, and never looks like it."""
    assert float(p_value(p)) > 0
    assert float(p_value(p)) == pytest.approx(p, rel=0.51 if p >= 0.001 else 0.06)


@pytest.mark.parametrize(("low", "high"), [(NAN, 1.0), (0.0, NAN), (NAN, NAN)])
def test_half_an_interval_is_none(low: float, high: float) -> None:
    """An interval without one of its ends is not printed."""
    assert interval(Estimate(0.5, low, high, 0.95, 3, ""), 2) == ""


def test_cell_carries_value_and_interval() -> None:
    """A cell has the value, its asymmetric interval, and whether it is the best."""
    cell = estimate_cell(Estimate(0.5, 0.25, 0.625, 0.95, 9, "m"), 3, best=True, note="n")

    assert (cell.text, cell.interval, cell.best, cell.note) == ("0.500", "[0.250, 0.625]", True, "n")


def test_one_seed_says_nothing_of_spread() -> None:
    """One seed gives a mean without interval, and the method says why."""
    e = seed_mean([50.0], level=0.95)

    assert (e.value, e.n, e.method) == (50.0, 1, "no interval: fewer than 2 seeds")
    assert math.isnan(e.low)
    assert math.isnan(e.high)


@pytest.mark.parametrize("values", [[50.0, 53.0], [50.0, 53.0, 61.0]])
def test_seed_mean_is_students(values: list[float]) -> None:
    """From two seeds on the interval is Student's at the level asked for: two give a wide one."""
    e = seed_mean(values, level=0.9)

    ends = scipy_stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert (e.low, e.high) == pytest.approx((ends.low, ends.high))


def test_over_seeds_of_a_mean_is_seed_mean() -> None:
    """The jackknife of one language's mean is its t interval."""
    scores = np.array([[50.0], [53.0], [61.0], [40.0]])

    a = over_seeds(lambda rows: float(rows.mean()), scores, level=0.95, within=(0.0, 100.0))
    b = seed_mean(scores[:, 0].tolist(), level=0.95)

    assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high))


def test_over_seeds_says_what_is_undefined() -> None:
    """A statistic that fails is NaN with the reason; one that fails without a seed has no interval."""

    def fussy(rows: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
        if not rows.any():
            msg = "all scores are zero"
            raise ValueError(msg)
        return float(rows.sum())

    nothing = over_seeds(fussy, np.zeros((4, 2)), level=0.95, within=(0, 1e9))
    one = over_seeds(fussy, np.array([[1.0], [0.0], [0.0]]), level=0.95, within=(0, 1e9))
    alone = over_seeds(fussy, np.array([[3.0]]), level=0.95, within=(0, 1e9))

    assert math.isnan(nothing.value)
    assert nothing.method == "undefined: all scores are zero"
    assert (one.value, one.method) == (1.0, "no interval: all scores are zero")
    assert (alone.value, alone.method) == (3.0, "no interval: fewer than 2 seeds")
    assert math.isnan(one.low)
    assert math.isnan(alone.high)


def test_no_runs_have_no_seeds() -> None:
    """Without runs the range of seeds is 0."""
    assert seed_range([]) == "0"
