"""Intervals whose replication unit is the seed: the t interval of a mean and the cluster bootstrap.

Paper: section 4.4 (15 repeated runs). A *cluster* is what was drawn independently, here a seed with all that hangs
on it; resampling clusters keeps together what is not independent.

References
----------
Efron (1987). Better bootstrap confidence intervals. JASA 82(397), doi:10.1080/01621459.1987.10478410 (BCa).
Field, Welsh (2007). Bootstrapping clustered data. JRSS B 69(3), doi:10.1111/j.1467-9868.2007.00593.x.
Hesterberg (2015). What teachers should know about the bootstrap. The American Statistician 69(4),
doi:10.1080/00031305.2015.1089789 (section 5.3, expanded percentiles).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level, check_resamples, choice, same_rows, vector
from gapstudy.stats.estimate import Estimate

__all__ = ["METHODS", "cluster_bootstrap", "mean_interval", "resampling_interval", "undefined_words"]

Array = npt.NDArray[Any]
Float = npt.NDArray[np.float64]

METHODS = ("bca", "percentile")


def mean_interval(values: Sequence[float] | npt.NDArray[np.floating], *, level: float = 0.95) -> Estimate:
    """Mean over seeds (or items) with its t interval.

    Parameters
    ----------
    values : (n,) one independent value a seed, n >= 2, in any unit.
    level : nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        In the unit of ``values``. With the five to fifteen seeds of a study the t interval covers better than a
        bootstrap of the mean, which is too short by about sqrt((n - 1) / n) and the missing t quantile.

    Raises
    ------
    ValueError
        If there are fewer than 2 values, one is NaN or infinite, or ``level`` is outside (0, 1).
    """
    v = vector("values", values, at_least=2)
    check_level(level)
    from scipy.special import stdtrit

    half = float(stdtrit(len(v) - 1, (1 + level) / 2)) * float(v.std(ddof=1)) / np.sqrt(len(v))
    mean = float(v.mean())
    return Estimate(mean, mean - half, mean + half, level, len(v), "mean, t interval")


def cluster_bootstrap(
    statistic: Callable[..., float],
    data: Sequence[Array],
    *,
    method: str = "bca",
    n_resamples: int = 2000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Any statistic of clustered data with a bootstrap interval over clusters.

    Parameters
    ----------
    statistic : called as ``statistic(*data)``, and with the resampled clusters of each array; returns a float (NaN
        where a resample leaves it undefined).
    data : arrays whose first axis is the cluster (seed), all of the same length >= 2. For example, the mean RPD of
        scores of shape (n_seeds, n_languages): ``cluster_bootstrap(lambda s: mean_rpd(s.mean(axis=0)), [s], rng=rng)``.
    method : "bca" (bias-corrected and accelerated; jackknife over clusters) or "percentile".
    n_resamples : >= 19.
    level : nominal coverage, in (0, 1).
    rng : source of all draws.

    Returns
    -------
    Estimate
        ``n`` counts clusters; ``method`` says which interval it is: where BCa is undefined (all resamples on one
        side of the value, or a jackknife without variation) it is the percentile interval.

    Raises
    ------
    ValueError
        If ``data`` is empty or of unequal lengths, there are fewer than 2 clusters, the statistic of the data
        is not finite, that of more than half of the resamples is not, or an option is out of its range.
    """
    choice("method", method, METHODS)
    check_level(level)
    check_resamples(n_resamples)
    arrays = _clustered(data)
    n = len(arrays[0])

    def at(index: npt.NDArray[np.intp]) -> float:
        return float(statistic(*(a[index] for a in arrays)))

    value = float(statistic(*arrays))
    draws = np.array([at(index) for index in rng.integers(0, n, size=(n_resamples, n))])
    jackknife = np.array([at(np.delete(np.arange(n), i)) for i in range(n)]) if method == "bca" else None
    low, high, words = resampling_interval(value, draws, jackknife, level=level)
    return Estimate(value, low, high, level, n, f"bootstrap over {n} clusters, {words}")


def resampling_interval(
    value: float, draws: Float, jackknife: Float | None, *, level: float, expanded: bool = False
) -> tuple[float, float, str]:
    """Interval from resampled values: BCa when ``jackknife`` is given and it is defined, else percentile.

    Parameters
    ----------
    value : the statistic of the data, finite.
    draws : (n_resamples,) the statistic of each resample; NaN where undefined.
    jackknife : (n_clusters,) the statistic without each cluster, or None for the percentile interval.
    level : nominal coverage.
    expanded : whether BCa starts from the tails Phi(-sqrt(S / (S - 1)) t), t of S - 1 degrees of freedom, in place of
        the nominal ones (Hesterberg 2015; S clusters): a bootstrap of few clusters is too short, for a mean by
        sqrt((S - 1) / S) and by what the t quantile is above the normal one. For moments; not needed for ranks.

    Returns
    -------
    (low, high, words) : ``words`` say which interval it is and how many resamples were undefined, if any were.

    Raises
    ------
    ValueError
        If ``value`` is not finite or fewer than half of the draws are.
    """
    if not np.isfinite(value):
        msg = f"the statistic of the data is {value}: no interval"
        raise ValueError(msg)
    defined = draws[np.isfinite(draws)]
    if 2 * len(defined) < len(draws):
        msg = f"the statistic is undefined in {len(draws) - len(defined)} of {len(draws)} resamples: too few clusters"
        raise ValueError(msg)
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    if expanded and jackknife is not None:
        tails = _expanded(tails, len(jackknife))
    adjusted = None if jackknife is None else _bca_tails(value, defined, jackknife, tails)
    low, high = np.quantile(defined, tails if adjusted is None else adjusted)
    kind = "percentile interval" if adjusted is None else "BCa interval"
    kind += " with expanded tails" if expanded and jackknife is not None else ""
    kind += " (BCa is undefined here)" if adjusted is None and jackknife is not None else ""
    return float(low), float(high), kind + undefined_words(len(defined), len(draws))


def undefined_words(defined: int, drawn: int) -> str:
    """How many resamples were defined, for a caption; nothing where all were."""
    return "" if defined == drawn else f", {defined} of {drawn} resamples defined"


def _expanded(tails: Float, clusters: int) -> Float:
    """Tail probabilities widened for so many clusters (Hesterberg 2015)."""
    from scipy.special import ndtr, stdtrit

    return np.asarray(ndtr(np.sqrt(clusters / (clusters - 1)) * stdtrit(clusters - 1, tails)))


def _bca_tails(value: float, draws: Float, jackknife: Float, tails: Float) -> Float | None:
    """Tail probabilities corrected for bias and acceleration (Efron 1987), or None where undefined."""
    from scipy.special import ndtr, ndtri

    below = (np.count_nonzero(draws < value) + np.count_nonzero(draws <= value)) / (2 * len(draws))
    deviations = jackknife.mean() - jackknife
    spread = float((deviations**2).sum())
    if not 0.0 < below < 1.0 or not np.isfinite(spread) or spread == 0.0:
        return None
    bias = ndtri(below)
    acceleration = float((deviations**3).sum()) / (6.0 * spread**1.5)
    shifted = bias + ndtri(tails)
    if (1.0 - acceleration * shifted <= 0.0).any():
        return None
    return np.asarray(ndtr(bias + shifted / (1.0 - acceleration * shifted)))


def _clustered(data: Sequence[Array]) -> list[Array]:
    """The arrays, checked to have the same number of clusters."""
    arrays = [np.asarray(a) for a in data]
    if not arrays or min(a.ndim for a in arrays) == 0:
        msg = "data must hold at least one array whose first axis is the cluster"
        raise ValueError(msg)
    for i, a in enumerate(arrays):
        same_rows("data[0]", arrays[0], f"data[{i}]", a)
    if len(arrays[0]) < 2:
        msg = f"data must hold at least 2 clusters, got {len(arrays[0])}"
        raise ValueError(msg)
    return arrays
