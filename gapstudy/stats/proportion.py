"""Exact intervals for proportions.

Paper: none; used for certificates and disagreement.
"""

from __future__ import annotations

from gapstudy.stats.checks import check_level
from gapstudy.stats.estimate import Estimate

__all__ = ["clopper_pearson"]


def clopper_pearson(successes: float, n: int, *, level: float = 0.95) -> Estimate:
    """A proportion with its two-sided Clopper-Pearson interval; each end alone is a limit at (1 + level) / 2.

    Parameters
    ----------
    successes : how many, 0..n; a fraction is allowed (items that count half) and makes the interval approximate.
    n : number of independent trials, >= 1.
    level : in (0, 1).

    Returns
    -------
    Estimate
        In [0, 1]; the interval covers at least ``level`` at every true proportion.

    Raises
    ------
    ValueError
        If ``n`` < 1, ``successes`` is outside 0..n, or ``level`` is outside (0, 1).

    References
    ----------
    Clopper, Pearson (1934). Biometrika 26(4), doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> estimate = clopper_pearson(0, 100)
    >>> round(estimate.high, 4)
    0.0362
    """
    check_level(level)
    if n < 1 or not 0 <= successes <= n:
        msg = f"successes must lie in 0..n with n >= 1, got successes {successes} and n {n}"
        raise ValueError(msg)
    from scipy.special import betaincinv

    tail = (1.0 - level) / 2.0
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1.0 - tail))
    return Estimate(successes / n, low, high, level, n, "proportion, Clopper-Pearson interval")
