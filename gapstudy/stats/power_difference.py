"""What a number of seeds can tell of a difference between two representations.

Paper: none. Noncentral t, exact for normal differences of paired seeds.

References
----------
Cohen (1988). Statistical power analysis for the behavioral sciences, 2nd ed., chapter 2.
"""

from __future__ import annotations

import math

from gapstudy.stats.power import _check_power, _check_unit

__all__ = ["detectable_difference", "difference_power", "seeds_needed"]

_MAX_SEEDS = 1_000_000
_MAX_EFFECT = 100.0

# Beyond this noncentrality a rejection in the wrong direction has no chance, and SciPy returns NaN for it.
_ONE_SIDED = 6.0

# Beyond this noncentrality the power is 1 to machine precision, and the distribution function is not reliable.
_CERTAIN = 37.0


def difference_power(dz: float, n: int, *, level: float = 0.05) -> float:
    """Power of the two-sided paired t test with n seeds.

    Parameters
    ----------
    dz : true mean difference in standard deviations of the differences; the sign does not matter.
    n : number of seeds, >= 2.
    level : **significance level** of the test, in (0, 1).

    Returns
    -------
    float
        In [level, 1).

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> round(difference_power(0.78, 15), 2)
    0.8
    """
    _check_unit("level", level)
    if not math.isfinite(dz):
        msg = f"dz must be finite, got {dz}"
        raise ValueError(msg)
    if n < 2:
        msg = f"n must be at least 2, got {n}"
        raise ValueError(msg)
    from scipy.special import nctdtr, stdtrit

    centre = abs(dz) * math.sqrt(n)
    critical = float(stdtrit(n - 1, 1.0 - level / 2.0))
    if centre > _CERTAIN and centre > 2.0 * critical:
        return 1.0
    wrong_way = float(nctdtr(n - 1, centre, -critical)) if centre < _ONE_SIDED else 0.0
    return 1.0 - float(nctdtr(n - 1, centre, critical)) + wrong_way


def detectable_difference(n: int, power: float = 0.8, level: float = 0.05) -> float:
    """The smallest true paired difference that n seeds detect with the given power, in standard deviations.

    Parameters
    ----------
    n : number of seeds, >= 2.
    power : in (level, 1).
    level : **significance level**, in (0, 1).

    Raises
    ------
    ValueError
        If an argument is out of its range, or no difference below 100 standard deviations would do.
    """
    _checked(power, level)
    if difference_power(_MAX_EFFECT, n, level=level) < power:
        msg = f"{n} seeds detect no difference below {_MAX_EFFECT:g} standard deviations with power {power}"
        raise ValueError(msg)
    low, high = 0.0, _MAX_EFFECT
    while high - low > 1e-9 * high:
        middle = (low + high) / 2.0
        low, high = (low, middle) if difference_power(middle, n, level=level) >= power else (middle, high)
    return high


def seeds_needed(dz: float, power: float = 0.8, level: float = 0.05) -> int:
    """The smallest number of seeds that detects a paired difference of ``dz`` with the given power.

    Parameters
    ----------
    dz : true mean difference in standard deviations of the differences, not 0.
    power : in (level, 1).
    level : **significance level**, in (0, 1).

    Raises
    ------
    ValueError
        If an argument is out of its range or a million seeds would not do.
    """
    _checked(power, level)
    if difference_power(dz, _MAX_SEEDS, level=level) < power:
        msg = f"a difference of {dz} standard deviations cannot be detected with power {power} by {_MAX_SEEDS} seeds"
        raise ValueError(msg)
    low, high = 1, _MAX_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if difference_power(dz, middle, level=level) >= power else (middle, high)
    return high


def _checked(power: float, level: float) -> None:
    _check_power(power, level)
    if power <= level:
        msg = f"power must be above level = {level:g}, got {power}"
        raise ValueError(msg)
