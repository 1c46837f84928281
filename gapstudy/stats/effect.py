"""How large a difference between two representations is: paired in its own standard deviations, and unpaired.

Paper: none.

References
----------
Cumming, Finch (2001). A primer on confidence intervals based on central and noncentral distributions. Educ. Psychol.
Meas. 61(4), doi:10.1177/0013164401614002 (interval of dz).
Welch (1947). The generalization of Student's problem. Biometrika 34, doi:10.1093/biomet/34.1-2.28.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level, vector
from gapstudy.stats.estimate import Estimate

__all__ = ["effect_size", "welch_comparison"]

Values = Sequence[float] | npt.NDArray[np.floating]

# Deviations below this share of the largest value are rounding.
_ROUNDING = 1e-12


def effect_size(differences: Values, *, level: float = 0.95) -> Estimate:
    """Mean over standard deviation of paired differences (dz), with the interval of the noncentral t distribution.

    Parameters
    ----------
    differences : (n_seeds,) A - B of each seed, n_seeds >= 2.
    level : nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        In standard deviations of the differences; NaN where they do not vary.

    Raises
    ------
    ValueError
        If there are fewer than 2 differences, one is NaN, or ``level`` is out of its range.
    """
    d = vector("differences", differences, at_least=2)
    check_level(level)
    n, deviation = len(d), float(d.std(ddof=1))
    if deviation <= _ROUNDING * float(np.abs(d).max()):
        return Estimate(math.nan, math.nan, math.nan, level, n, "dz is undefined: the differences do not vary")
    from scipy.special import nctdtrinc

    root = math.sqrt(n)
    t = float(d.mean()) / deviation * root
    # nctdtrinc returns the noncentrality at which P(T <= t) has the given value; it is tabled for t >= 0 best
    low, high = (float(nctdtrinc(n - 1, p, abs(t))) for p in ((1 + level) / 2, (1 - level) / 2))
    ends = (low, high) if t >= 0 else (-high, -low)
    return Estimate(t / root, ends[0] / root, ends[1] / root, level, n, "dz, noncentral t interval")


def welch_comparison(a: Values, b: Values, *, level: float = 0.95) -> Estimate:
    """Mean of A minus mean of B where seeds are not paired: Welch's t interval and p.

    Parameters
    ----------
    a, b : (n_a,) and (n_b,) scores, at least 2 each.
    level : nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        In the unit of the scores; ``n`` counts both. Where neither side varies the interval has no width and there is
        no p, or p = 1 where the means are equal too.

    Raises
    ------
    ValueError
        If a side has fewer than 2 scores, one is NaN, or ``level`` is out of its range.
    """
    first, second = vector("a", a, at_least=2), vector("b", b, at_least=2)
    check_level(level)
    from scipy.special import stdtr, stdtrit

    n, value = len(first) + len(second), float(first.mean() - second.mean())
    rounding = _ROUNDING * max(float(np.abs(v).max()) for v in (first, second))
    deviations = [float(v.std(ddof=1)) for v in (first, second)]
    parts = [d**2 / len(v) if d > rounding else 0.0 for d, v in zip(deviations, (first, second), strict=True)]
    variance = sum(parts)
    if variance == 0.0:
        p_value = 1.0 if abs(value) <= rounding else None
        return Estimate(value, value, value, level, n, "difference of means: no variation", p_value)
    freedom = variance**2 / sum(p**2 / (len(v) - 1) for p, v in zip(parts, (first, second), strict=True))
    half = float(stdtrit(freedom, (1 + level) / 2)) * math.sqrt(variance)
    p_value = 2.0 * float(stdtr(freedom, -abs(value) / math.sqrt(variance)))
    return Estimate(value, value - half, value + half, level, n, "difference of means, unpaired, Welch t", p_value)
