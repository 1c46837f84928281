"""Interval and p-value of a statistic of points in clusters and groups: the two halves of every correlation.

Paper: section 4.4, Table 3.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level, check_resamples
from gapstudy.stats.layout import Layout
from gapstudy.stats.resample import resampling_interval
from gapstudy.stats.significance import EXACT_KENDALL_LIMIT, kendall_p_value, t_p_value

__all__ = ["bootstrap", "independent_p", "permutation_p"]

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.intp]

# Coefficients that differ by less than this are equal but for rounding, and count as extreme as the observed one.
_ROUNDING = 1e-12


def bootstrap(
    statistic: Callable[[Float], Float], points: Layout, *, n_resamples: int, level: float, rng: np.random.Generator
) -> tuple[float, float, float, str, Float]:
    """Value, interval, its description and the resampled values of a statistic of weighted points.

    Parameters
    ----------
    statistic : maps (n_resamples, n) weights to (n_resamples,) values, NaN where undefined.
    points : which points are drawn together.
    n_resamples, level, rng : as :func:`gapstudy.stats.correlation`.
    """
    check_resamples(n_resamples)
    check_level(level)
    value = float(statistic(np.ones((1, len(points.cluster))))[0])
    draws = statistic(points.bootstrap_weights(n_resamples, rng))
    jackknife = statistic(points.jackknife_weights())
    low, high, words = resampling_interval(value, draws, jackknife, level=level)
    unit = f"{points.n_clusters} clusters" if points.clustered else "points"
    return value, low, high, f"bootstrap over {unit}, {words}", draws


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
