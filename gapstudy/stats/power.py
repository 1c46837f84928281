"""What a number of seeds can detect, before anything is trained.

Paper: section 4.4 runs 15 seeds; it gives no power. The numbers here are for independent points and Spearman's
coefficient within one language pair: 15 seeds find a correlation of 0.5 less than half of the time.

References
----------
Bonett, Wright (2000). Sample size requirements for estimating Pearson, Kendall and Spearman correlations.
Psychometrika 65(1), doi:10.1007/BF02294183 (variance (1 + rho^2 / 2) / (n - 3) of Fisher's z of Spearman's rho).
"""

from __future__ import annotations

import math

__all__ = ["correlation_power", "detectable_correlation", "points_needed"]

_MAX_POINTS = 1_000_000


def correlation_power(rho: float, n: int, *, level: float = 0.05) -> float:
    """Power of the two-sided test of Spearman's rho (t approximation) with n independent points.

    Fisher's z is taken as normal with the variance of Bonett and Wright, the critical value from Student's t; the
    chance of rejecting in the wrong direction is left out.

    Parameters
    ----------
    rho : true coefficient, in (-1, 1).
    n : number of independent points (seeds), >= 4.
    level : **significance level** of the test, in (0, 1).

    Returns
    -------
    float
        In (0, 1); about ``level / 2`` at rho = 0.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    _check_unit("level", level)
    if not -1.0 < rho < 1.0:
        msg = f"rho must lie strictly between -1 and 1, got {rho}"
        raise ValueError(msg)
    if n < 4:
        msg = f"n must be at least 4, got {n}"
        raise ValueError(msg)
    from scipy.special import ndtr, stdtrit

    t = float(stdtrit(n - 2, 1.0 - level / 2.0))
    critical = t / math.sqrt(t * t + n - 2)
    error = math.sqrt((1.0 + rho * rho / 2.0) / (n - 3))
    return float(ndtr((math.atanh(abs(rho)) - math.atanh(critical)) / error))


def detectable_correlation(n: int, power: float = 0.8, level: float = 0.05) -> float:
    """The smallest true Spearman correlation that n independent points detect with the given power.

    Parameters
    ----------
    n : number of independent points (seeds), >= 4.
    power : in (level / 2, 1).
    level : **significance level** of the two-sided test, in (0, 1).

    Returns
    -------
    float
        Absolute coefficient, in (0, 1).

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    _check_power(power, level)
    correlation_power(0.0, n, level=level)  # its checks of n and level
    low, high = 0.0, 1.0 - 1e-12
    while high - low > 1e-9:
        middle = (low + high) / 2.0
        low, high = (low, middle) if correlation_power(middle, n, level=level) >= power else (middle, high)
    return high


def points_needed(rho: float, power: float = 0.8, level: float = 0.05) -> int:
    """The smallest number of independent points (seeds) that detects ``rho`` with the given power.

    Parameters
    ----------
    rho : true Spearman coefficient, in (-1, 1), not 0.
    power : in (level / 2, 1).
    level : **significance level** of the two-sided test, in (0, 1).

    Raises
    ------
    ValueError
        If an argument is out of its range or a million points would not do.
    """
    _check_power(power, level)
    if correlation_power(rho, _MAX_POINTS, level=level) < power:
        msg = f"rho {rho} cannot be detected with power {power} by {_MAX_POINTS} points"
        raise ValueError(msg)
    low, high = 3, _MAX_POINTS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if correlation_power(rho, middle, level=level) >= power else (middle, high)
    return high


def _check_unit(name: str, value: float) -> None:
    """Complain unless ``value`` lies strictly between 0 and 1."""
    if not 0.0 < value < 1.0:
        msg = f"{name} must lie strictly between 0 and 1, got {value}"
        raise ValueError(msg)


def _check_power(power: float, level: float) -> None:
    """Complain unless power and level are possible together."""
    _check_unit("level", level)
    _check_unit("power", power)
    if power <= level / 2.0:
        msg = f"power must be above level / 2 = {level / 2.0:g}, got {power}"
        raise ValueError(msg)
