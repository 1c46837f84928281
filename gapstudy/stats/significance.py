"""P-values of correlation coefficients, and Holm's correction.

Paper: Table 3. Its p-values follow from its coefficients with n = 30 (15 seeds x 2 language pairs): Spearman's from
Student's t with n - 2 degrees of freedom, Kendall's from the exact null distribution.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import vector

__all__ = ["EXACT_KENDALL_LIMIT", "holm", "kendall_p_value", "t_p_value"]

# SciPy switches from the exact distribution to the normal approximation above this many points.
EXACT_KENDALL_LIMIT = 33


def t_p_value(coefficient: float, n: int) -> float:
    """Two-sided p of a Pearson (exact for normal data) or Spearman (approximate) coefficient of n points.

    ``t = r sqrt((n - 2) / (1 - r^2))`` against Student's t with n - 2 degrees of freedom, as SciPy, but never 0: where
    SciPy gives 0, as for a coefficient of 1, it is the smallest normal float (2e-308).

    Parameters
    ----------
    coefficient : in [-1, 1].
    n : number of independent points, >= 3.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> f"{t_p_value(0.681, 30):.1e}"  # Table 3, Sinkhorn distance
    '3.4e-05'
    """
    _check(coefficient, n)
    if abs(coefficient) == 1.0:
        return sys.float_info.min
    from scipy.special import stdtr

    t = abs(coefficient) * math.sqrt((n - 2) / ((1.0 - coefficient) * (1.0 + coefficient)))
    return max(2.0 * float(stdtr(n - 2, -t)), sys.float_info.min)


def kendall_p_value(tau: float, n: int) -> float:
    """Exact two-sided p of Kendall's tau of n points without ties.

    The number of discordant pairs of a random permutation has the inversion (Mahonian) numbers as distribution.
    ``tau`` is rounded to the nearest value that n points can give, so that printed coefficients can be checked.

    Parameters
    ----------
    tau : in [-1, 1].
    n : number of independent points, >= 3.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    References
    ----------
    Kendall, Gibbons (1990). Rank correlation methods, 5th ed., chapter 5. OEIS A008302.

    Examples
    --------
    >>> f"{kendall_p_value(-0.577, 30):.1e}"  # Table 3, CKA
    '2.1e-06'
    """
    _check(tau, n)
    pairs = n * (n - 1) // 2
    discordant = round(pairs * (1.0 - abs(tau)) / 2.0)
    counts = [1]
    for size in range(2, n + 1):  # permutations of `size` items by their inversions
        padded = [*counts, *[0] * (size - 1)]
        running, widened = 0, []
        for i, count in enumerate(padded):
            running += count - (padded[i - size] if i >= size else 0)
            widened.append(running)
        counts = widened
    return min(1.0, 2 * sum(counts[: discordant + 1]) / math.factorial(n))


def holm(p_values: Sequence[float] | npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Holm's step-down correction of the p-values of one family of tests.

    Parameters
    ----------
    p_values : (n_tests,) in [0, 1].

    Returns
    -------
    (n_tests,) float array
        Adjusted p-values in the order given, never below the raw ones, at most 1; controls the family-wise error.

    Raises
    ------
    ValueError
        If there is none, or one is NaN or outside [0, 1].

    References
    ----------
    Holm (1979). A simple sequentially rejective multiple test procedure. Scand. J. Statistics 6(2).
    """
    p = vector("p_values", p_values)
    if p.min() < 0 or p.max() > 1:
        msg = f"p_values must lie in [0, 1], got {p.min():g} to {p.max():g}"
        raise ValueError(msg)
    order = np.argsort(p, kind="stable")  # not statsmodels' multipletests, which collects garbage at every call: 0.2 s
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _check(coefficient: float, n: int) -> None:
    """Ranges shared by the p-value helpers."""
    if not -1.0 <= coefficient <= 1.0:
        msg = f"a correlation coefficient lies in [-1, 1], got {coefficient}"
        raise ValueError(msg)
    if n < 3:
        msg = f"n must be at least 3, got {n}"
        raise ValueError(msg)
