"""Interval and p-value of a statistic of points in clusters and groups: the two halves of every correlation.

Paper: section 4.4, Table 3. Which interval a statistic has was decided by simulation (docs/simulations.md).

References
----------
Arvesen (1969). Jackknifing U-statistics. Annals of Mathematical Statistics 40(6), doi:10.1214/aoms/1177697287.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level, check_resamples
from gapstudy.stats.layout import Layout
from gapstudy.stats.resample import resampling_interval, undefined_words
from gapstudy.stats.significance import EXACT_KENDALL_LIMIT, kendall_p_value, t_p_value

__all__ = ["bootstrap", "independent_p", "jackknife", "permutation_p"]

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.intp]

# Coefficients that differ by less than this are equal but for rounding, and count as extreme as the observed one.
_ROUNDING = 1e-12


def bootstrap(
    statistic: Callable[[Float], Float],
    points: Layout,
    *,
    n_resamples: int,
    level: float,
    expanded: bool = False,
    rng: np.random.Generator,
) -> tuple[float, float, float, str]:
    """Value, BCa interval and its description of a statistic of weighted points.

    Parameters
    ----------
    statistic : maps (n_resamples, n) weights to (n_resamples,) values, NaN where undefined.
    points : which points are drawn together.
    n_resamples, level, rng : as :func:`gapstudy.stats.correlation`.
    expanded : whether the tails are expanded: see :func:`gapstudy.stats.resample.resampling_interval`.
    """
    check_resamples(n_resamples)
    check_level(level)
    value = float(statistic(np.ones((1, len(points.cluster))))[0])
    draws = statistic(points.bootstrap_weights(n_resamples, rng))
    left_out = statistic(points.jackknife_weights())
    low, high, words = resampling_interval(value, draws, left_out, level=level, expanded=expanded)
    return value, low, high, f"bootstrap over {_unit(points)}, {words}"


def jackknife(
    statistic: Callable[[Float], Float],
    points: Layout,
    *,
    within: tuple[float, float],
    t_test: bool,
    n_resamples: int,
    level: float,
    rng: np.random.Generator,
) -> tuple[float, float, float, float, str]:
    """Value, t interval by the jackknife, p-value and their description.

    Parameters
    ----------
    statistic, points, n_resamples, level, rng : as :func:`bootstrap`.
    within : range of the statistic; the interval is cut to it.
    t_test : whether the p-value is the jackknife's too; else that of the percentile bootstrap.

    Returns
    -------
    (value, low, high, p_value, words) : both by percentiles where the statistic is undefined without some cluster.
    """
    check_resamples(n_resamples)
    check_level(level)
    from scipy.special import stdtr, stdtrit

    value = float(statistic(np.ones((1, len(points.cluster))))[0])
    draws = statistic(points.bootstrap_weights(n_resamples, rng))
    low, high, words = resampling_interval(value, draws, None, level=level)
    left_out = statistic(points.jackknife_weights())
    n, unit = len(left_out), _unit(points)
    if np.isfinite(left_out).all():
        error = float(np.sqrt((n - 1) * left_out.var()))
        half = float(stdtrit(n - 1, (1 + level) / 2)) * error
        low, high = (min(max(end, within[0]), within[1]) for end in (value - half, value + half))
        words = f"t interval by the jackknife over {unit}"
        if t_test and error > 0:
            return value, low, high, 2.0 * float(stdtr(n - 1, -abs(value) / error)), f"{words}, and its t test"
    else:
        words = f"bootstrap over {unit}, {words} (the jackknife is undefined here)"
    defined = draws[np.isfinite(draws)]
    tail = int(min(np.count_nonzero(defined <= 0), np.count_nonzero(defined >= 0)))
    test = "percentile bootstrap p" + undefined_words(len(defined), len(draws))
    return value, low, high, min(1.0, 2 * (1 + tail) / (1 + len(defined))), f"{words}, {test}"


def _unit(points: Layout) -> str:
    """What is drawn anew, for a caption."""
    return f"{points.n_clusters} clusters" if points.clustered else "points"


def permutation_p(
    statistic: Callable[[Int], Float], value: float, points: Layout, *, n_resamples: int, rng: np.random.Generator
) -> tuple[float, str]:
    """Two-sided p by permuting clusters, and what was permuted.

    Parameters
    ----------
    statistic : maps (n_resamples, n) permutations to (n_resamples,) values.
    value : the statistic of the data.
    points : which points move together.
    n_resamples, rng : as :func:`gapstudy.stats.correlation`.
    """
    draws = statistic(points.permutations(n_resamples, rng))
    # Within groups the null is centred at 0; pooled, at the correlation that differences between points of a
    # cluster make. The observed value is one of the permutations, so it belongs to the mean.
    centre = 0.0 if points.grouped else (float(draws.sum()) + value) / (n_resamples + 1)
    extreme = np.count_nonzero(np.abs(draws - centre) >= abs(value - centre) - _ROUNDING)
    if points.clustered:
        what = "clusters permuted jointly over groups" if points.grouped else "clusters permuted"
    else:
        what = "points permuted within groups"
    return (1 + int(extreme)) / (n_resamples + 1), what


def independent_p(method: str, value: float, x: Float, y: Float) -> tuple[float, str]:
    """The p-value that SciPy gives for independent points, and which one it is."""
    n = len(x)
    if method != "kendall":
        return t_p_value(value, n), f"t p-value for {n} independent points"
    if n <= EXACT_KENDALL_LIMIT and len(np.unique(x)) == len(np.unique(y)) == n:
        return kendall_p_value(value, n), f"exact p-value for {n} independent points"
    from scipy.stats import kendalltau

    return float(kendalltau(x, y).pvalue), f"p-value of SciPy's kendalltau for {n} independent points"
