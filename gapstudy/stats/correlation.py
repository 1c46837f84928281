"""Does the performance gap go with the linguistic gap? Correlations whose unit of replication is the seed.

Paper: section 4.4, Table 3. The paper pools 30 points, 15 seeds x the pairs eng-swa and eng-urd, as independent.
They are not: the two points of a seed share the English model, and a difference between the pairs alone makes a
pooled correlation (Simpson's paradox). So with ``groups`` (language pairs) the coefficient is computed within
groups, and with ``clusters`` (seeds) intervals resample and p-values permute whole seeds:

============= ========== ==================== ====================================================================
``clusters``  ``groups`` estimate             p-value (two-sided)
============= ========== ==================== ====================================================================
given         given      within groups        seeds permuted jointly over groups; **the analysis of record**
given         none       pooled               seeds permuted; warns where a seed has several points
none          given      within groups        points permuted within groups; warns where all groups share x or y
none          none       pooled, as SciPy     as SciPy: t for Spearman and Pearson; for Kendall exact without ties
                                              up to n = 33, else normal; **the paper's analysis**
============= ========== ==================== ====================================================================

References
----------
Field, Welsh (2007). Bootstrapping clustered data. JRSS B 69(3), doi:10.1111/j.1467-9868.2007.00593.x.
Hesterberg (2015). What teachers should know about the bootstrap. The American Statistician 69(4),
doi:10.1080/00031305.2015.1089789 (expanded tails).
Phipson, Smyth (2010). Permutation p-values should never be zero. SAGMB 9(1), doi:10.2202/1544-6115.1585.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gapstudy.errors import PseudoReplicationWarning
from gapstudy.stats.association import METHODS, coefficients, permuted_coefficients
from gapstudy.stats.checks import choice, same_rows, vector
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.inference import bootstrap, independent_p, jackknife, permutation_p
from gapstudy.stats.layout import Labels, Layout, layout

__all__ = ["correlation", "correlation_difference"]

Values = Sequence[float] | npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]

MIN_POINTS = 4


def correlation(
    x: Values,
    y: Values,
    *,
    method: str = "spearman",
    clusters: Labels | None = None,
    groups: Labels | None = None,
    n_resamples: int = 9_999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Correlation of two columns, with interval and p-value: which, the table at the head of the module says.

    Parameters
    ----------
    x, y : (n,) float columns, n >= 4; a point is one seed of one language pair.
    method : "spearman", "kendall" (tau-b) or "pearson".
    clusters : (n,) label of the independent unit of each point (seed), at least 4 different.
    groups : (n,) label of the group of each point (language pair).
    n_resamples : number of bootstrap resamples, and of permutations, >= 19.
    level : nominal coverage, in (0, 1).
    rng : source of all draws.

    Returns
    -------
    Estimate
        Value in [-1, 1]; ``n`` counts points; the interval is BCa over clusters (over points without clusters),
        percentile where BCa is undefined: ``method`` says which. Pearson's has expanded tails (Hesterberg 2015), without
        which it is short with 15 clusters; ranks do not need them. Permutation p-values are (1 + r) / (1 + n_resamples).

    Raises
    ------
    ValueError
        If a column is NaN, constant (within every group) or shorter than 4, lengths differ, there are fewer than 4
        clusters, no two clusters can be exchanged, or an option is out of its range.

    Warns
    -----
    PseudoReplicationWarning
        If the labels given leave points that are not independent pooled as though they were.
    """
    columns, points = _checked({"x": x, "y": y}, method, clusters, groups)
    a, b = columns.values()

    def resampled(weights: Float) -> Float:
        return coefficients(method, a, b, points.group, weights)

    def permuted(orders: npt.NDArray[np.intp]) -> Float:
        return permuted_coefficients(method, a, b, points.group, orders)

    moments = method == "pearson"
    value, low, high, words = bootstrap(
        resampled, points, n_resamples=n_resamples, level=level, expanded=moments, rng=rng
    )
    if points.grouped or points.clustered:
        p_value, test = permutation_p(permuted, value, points, n_resamples=n_resamples, rng=rng)
    else:
        p_value, test = independent_p(method, value, a, b)
    within = f" within {points.n_groups} groups" if points.grouped else ""
    return Estimate(value, low, high, level, len(a), f"{method}{within}, {words}, {test}", p_value)


def correlation_difference(
    x1: Values,
    x2: Values,
    y: Values,
    *,
    method: str = "spearman",
    clusters: Labels | None = None,
    groups: Labels | None = None,
    n_resamples: int = 9_999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """``|rho(x1, y)| - |rho(x2, y)|`` of two dependent correlations that share ``y``.

    The paper's claim that CKA and Sinkhorn distance correlate more strongly with the gap "rather than English
    performance" (section 4.4) is a claim about this difference, not about two p-values.

    Parameters
    ----------
    x1, x2, y : (n,) float columns, n >= 4; both correlations are computed without each cluster, and on every resample.
    method, clusters, groups, n_resamples, level, rng : as :func:`correlation`.

    Returns
    -------
    Estimate
        Value in [-1, 1]. The interval is Student's t with the standard error of the jackknife over clusters (percentile
        where that is undefined: ``method`` says so), which covers where BCa is short. The p-value of rank methods is that
        of the percentile bootstrap over clusters, 2 min P(d <= 0), P(d >= 0) with one added, which keeps its level and may
        disagree with the interval at the border; Pearson's is the jackknife's t test (percentiles rejected 9 % at 5 % with
        15 seeds). Where a coefficient is 0 the absolute value has a kink and no theory holds; neither was short, simulated.

    Raises
    ------
    ValueError
        As :func:`correlation`, naming ``x1``, ``x2`` or ``y``.
    """
    columns, points = _checked({"x1": x1, "x2": x2, "y": y}, method, clusters, groups)
    first, second, last = columns.values()

    def difference(weights: Float) -> Float:
        one, other = (np.abs(coefficients(method, column, last, points.group, weights)) for column in (first, second))
        return np.asarray(one - other)

    t_test = method == "pearson"
    value, low, high, p_value, words = jackknife(
        difference, points, within=(-1.0, 1.0), t_test=t_test, n_resamples=n_resamples, level=level, rng=rng
    )
    return Estimate(value, low, high, level, len(last), f"difference of absolute {method}, {words}", p_value)


def _checked(
    columns: dict[str, Values], method: str, clusters: Labels | None, groups: Labels | None
) -> tuple[dict[str, Float], Layout]:
    """The columns as vectors and the layout of the points, or an error that names what is wrong."""
    choice("method", method, METHODS)
    out = {name: vector(name, column, at_least=MIN_POINTS) for name, column in columns.items()}
    last = next(reversed(out))
    for name, column in out.items():
        same_rows(name, column, last, out[last])
    points = layout(len(out[last]), clusters, groups)
    for name, column in out.items():
        if all(np.ptp(column[points.group == g]) == 0 for g in range(points.n_groups)):
            where = " within every group" if points.grouped else f": all {len(column)} values are {column[0]:g}"
            msg = f"{name} is constant{where}"
            raise ValueError(msg)
    _warn_if_pseudo_replicated(out, points)
    return out, points


def _warn_if_pseudo_replicated(columns: dict[str, Float], points: Layout) -> None:
    """Warn where the labels or the values show that points are not independent and nothing accounts for it."""
    n = len(points.cluster)
    if points.clustered and not points.grouped and points.n_clusters < n:
        msg = (
            f"{n} points of {points.n_clusters} clusters are pooled: a difference between the points' groups counts as "
            "association (Simpson's paradox); pass groups= for the within-group estimate"
        )
        warnings.warn(msg, PseudoReplicationWarning, stacklevel=4)
    if points.grouped and not points.clustered and points.n_groups > 1:
        shared = [name for name, column in columns.items() if _same_in_all_groups(column, points)]
        if shared:
            where = f"{n} points in {points.n_groups} groups are not independent"
            msg = f"{shared[0]} has the same values in every group: the {where}; pass clusters="
            warnings.warn(msg, PseudoReplicationWarning, stacklevel=4)


def _same_in_all_groups(column: Float, points: Layout) -> bool:
    """Whether each group holds the same values, in any order."""
    first, *others = (np.sort(column[points.group == g]) for g in range(points.n_groups))
    return all(np.array_equal(first, other) for other in others)
