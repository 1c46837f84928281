"""Tests of two dependent Pearson correlations that share a variable: Steiger's, and Meng, Rosenthal and Rubin's.

Paper: section 4.4 says that CKA and Sinkhorn distance correlate more strongly with the gap than English performance
does; all three correlations share the gap. These are the textbook tests for n **independent** points; two points of a
seed are not (simulated: 8 % rejected at 5 %), so the cluster bootstrap of
:func:`gapstudy.stats.correlation_difference` is the test of record and these stand beside it.

References
----------
Steiger (1980). Tests for comparing elements of a correlation matrix. Psychological Bulletin 87(2),
doi:10.1037/0033-2909.87.2.245 (equation 14, pooled correlations).
Meng, Rosenthal, Rubin (1992). Comparing correlated correlation coefficients. Psychological Bulletin 111(1),
doi:10.1037/0033-2909.111.1.172.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gapstudy.stats.association import scores
from gapstudy.stats.checks import check_level, choice, same_rows, vector
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.layout import Labels, layout

__all__ = ["DEPENDENT_TESTS", "compare_dependent", "dependent_difference"]

Values = Sequence[float] | npt.NDArray[np.floating]

DEPENDENT_TESTS = ("meng", "steiger")

# Correlations nearer to 1 than this are 1 but for rounding.
_ROUNDING = 1e-12


def dependent_difference(
    r1: float, r2: float, r12: float, n: int, *, test: str = "meng", level: float = 0.95
) -> Estimate:
    """Test whether corr(x1, y) = corr(x2, y), from the three coefficients.

    Parameters
    ----------
    r1, r2 : corr(x1, y) and corr(x2, y), in (-1, 1).
    r12 : corr(x1, x2), in (-1, 1).
    n : number of independent points, >= 4 (with centred groups: minus groups plus 1).
    test : "meng" (Meng, Rosenthal and Rubin) or "steiger" (pooled Z).
    level : nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        The difference of **Fisher's z** of both coefficients; normal interval and two-sided p.

    Raises
    ------
    ValueError
        If a coefficient or option is out of its range, n is below 4, or no data has these three coefficients.

    Examples
    --------
    >>> estimate = dependent_difference(0.63, -0.03, -0.19, 15)  # Meng, Rosenthal and Rubin (1992), p. 173
    >>> round(estimate.low, 3), round(estimate.high, 3)
    (-0.129, 1.672)
    """
    choice("test", test, DEPENDENT_TESTS)
    check_level(level)
    _check(r1, r2, r12, n)
    from scipy.special import ndtr, ndtri

    error = (_meng if test == "meng" else _steiger)(r1, r2, r12, n)
    value = math.atanh(r1) - math.atanh(r2)
    half = float(ndtri((1 + level) / 2)) * error
    p_value = 2.0 * float(ndtr(-abs(value) / error))
    name = "Meng-Rosenthal-Rubin" if test == "meng" else "Steiger"
    method = f"difference of Fisher's z of dependent correlations, {name}, for {n} independent points"
    return Estimate(value, value - half, value + half, level, n, method, p_value)


def compare_dependent(
    x1: Values, x2: Values, y: Values, *, groups: Labels | None = None, test: str = "meng", level: float = 0.95
) -> Estimate:
    """``|corr(x1, y)|`` against ``|corr(x2, y)|``, Pearson, from columns: within groups when they are given.

    Parameters
    ----------
    x1, x2, y : (n,) float columns.
    groups : (n,) label of each point's group (language pair): columns are centred in each, which costs a degree of
        freedom a group beyond the first.
    test, level : as :func:`dependent_difference`.

    Returns
    -------
    Estimate
        The difference of Fisher's z of the absolute coefficients: each x is turned so that it rises with y.

    Raises
    ------
    ValueError
        As :func:`dependent_difference`; also if a column is constant within every group, two are the same up to a line,
        or lengths differ.
    """
    columns = {name: vector(name, v, at_least=4) for name, v in (("x1", x1), ("x2", x2), ("y", y))}
    last = columns["y"]
    for name, column in columns.items():
        same_rows(name, column, "y", last)
    points = layout(len(last), None, groups)
    unit = np.ones((1, len(last)))
    centred = {name: scores("pearson", column, points.group, unit)[0] for name, column in columns.items()}
    for name, column in centred.items():
        if not column.any():
            msg = f"{name} is constant within every group"
            raise ValueError(msg)
    a, b, c = (column / np.linalg.norm(column) for column in centred.values())
    a, b = (column * (-1.0 if column @ c < 0 else 1.0) for column in (a, b))
    r1, r2, r12 = (float(left @ right) for left, right in ((a, c), (b, c), (a, b)))
    for pair, r in (("x1 and y", r1), ("x2 and y", r2), ("x1 and x2", r12)):
        if abs(r) >= 1.0 - _ROUNDING:
            msg = f"{pair} are the same column up to a line (their correlation is {r:.0f}): there is nothing to compare"
            raise ValueError(msg)
    return dependent_difference(r1, r2, r12, len(last) - points.n_groups + 1, test=test, level=level)


def _meng(r1: float, r2: float, r12: float, n: int) -> float:
    """Standard error of the difference of Fisher's z, equation 1 of the paper."""
    square = (r1 * r1 + r2 * r2) / 2.0
    f = min(1.0, (1.0 - r12) / (2.0 * (1.0 - square)))
    h = (1.0 - f * square) / (1.0 - square)
    return math.sqrt(2.0 * (1.0 - r12) * h / (n - 3))


def _steiger(r1: float, r2: float, r12: float, n: int) -> float:
    """Standard error of the difference of Fisher's z with the correlation of both at their mean."""
    mean = (r1 + r2) / 2.0
    square = mean * mean
    psi = r12 * (1.0 - 2.0 * square) - square * (1.0 - 2.0 * square - r12 * r12) / 2.0
    return math.sqrt(max(2.0 - 2.0 * psi / (1.0 - square) ** 2, 1e-300) / (n - 3))


def _check(r1: float, r2: float, r12: float, n: int) -> None:
    for name, r in (("r1", r1), ("r2", r2), ("r12", r12)):
        if not -1.0 < r < 1.0:
            msg = f"{name} must lie strictly between -1 and 1, got {r}"
            raise ValueError(msg)
    if n < 4:
        msg = f"n must be at least 4, got {n}"
        raise ValueError(msg)
    if 1.0 - r1 * r1 - r2 * r2 - r12 * r12 + 2.0 * r1 * r2 * r12 < -1e-9:
        msg = f"no data has r1 = {r1:g}, r2 = {r2:g} and r12 = {r12:g} together"
        raise ValueError(msg)
