"""Correlations of several language pairs combined by Fisher's z, with an interval over seeds.

Paper: Table 3 pools the points of all pairs. Here each pair has its own coefficient and only the coefficients are
averaged, so that a difference between pairs cannot count as association. Pairs share seeds (and the reference model),
so that the textbook standard error of the mean, for independent samples, would be wrong: seeds are resampled jointly.

References
----------
Fisher (1921). On the "probable error" of a coefficient of correlation. Metron 1.
Hedges, Olkin (1985). Statistical methods for meta-analysis, chapter 11. Academic Press.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gapstudy.stats.association import METHODS, coefficients, permuted_coefficients
from gapstudy.stats.checks import choice, same_rows, vector
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.inference import bootstrap, permutation_p
from gapstudy.stats.layout import Labels, layout

__all__ = ["combined_correlation"]

Values = Sequence[float] | npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]

# Rank coefficients nearer to 1 than this are 1 but for rounding.
_ROUNDING = 1e-12


def combined_correlation(
    x: Values,
    y: Values,
    *,
    groups: Labels,
    clusters: Labels | None = None,
    method: str = "spearman",
    n_resamples: int = 9_999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Mean of the groups' own coefficients on Fisher's z scale, weighted by points minus 3.

    Parameters
    ----------
    x, y : (n,) float columns; each group needs at least 4 points.
    groups : (n,) label of each point's group (language pair).
    clusters : (n,) label of the independent unit (seed), resampled and permuted jointly over groups.
    method, n_resamples, level, rng : as :func:`gapstudy.stats.correlation`.

    Returns
    -------
    Estimate
        In (-1, 1), transformed back; ``n`` counts points. A coefficient of exactly 1 in a group of m points (it happens
        in resamples of few seeds) counts as 1 - 1 / m^3 for ranks, which no coefficient below 1 reaches, and as the
        largest number below 1 for Pearson, because its z is infinite; ``method`` says how many resamples have one.
        BCa interval over clusters, with expanded tails for Pearson.

    Raises
    ------
    ValueError
        As :func:`gapstudy.stats.correlation`; also if a group has fewer than 4 points or a constant column.
    """
    choice("method", method, METHODS)
    a, b = vector("x", x, at_least=4), vector("y", y, at_least=4)
    same_rows("x", a, "y", b)
    points = layout(len(a), clusters, groups)
    members = [np.flatnonzero(points.group == g) for g in range(points.n_groups)]
    for g, m in enumerate(members):
        if len(m) < 4 or np.ptp(a[m]) == 0 or np.ptp(b[m]) == 0:
            msg = f"group {g} (of {len(members)}) needs 4 points and variation in x and y; it has {len(m)} points"
            raise ValueError(msg)
    weight = np.array([len(m) - 3.0 for m in members])

    most = np.array([np.nextafter(1.0, 0.0) if method == "pearson" else 1.0 - len(m) ** -3.0 for m in members])[:, None]
    infinite = 0  # resamples with a coefficient of 1

    def mean(found: Float) -> Float:
        at_end = np.abs(found) >= 1.0 - _ROUNDING if method != "pearson" else np.abs(found) >= 1.0
        z = np.arctanh(np.where(at_end, np.sign(found) * most, found))
        return np.asarray(np.tanh(weight @ z / weight.sum()))

    def resampled(weights: Float) -> Float:
        nonlocal infinite
        found = np.stack([coefficients(method, a[m], b[m], np.zeros_like(m), weights[:, m]) for m in members])
        drawn = weights.max(axis=1) > 1.0  # neither the data nor a jackknife sample
        infinite += int(np.count_nonzero((np.abs(found[:, drawn]) >= 1.0 - _ROUNDING).any(axis=0)))
        return mean(found)

    def permuted(orders: npt.NDArray[np.intp]) -> Float:
        return mean(np.stack([_permuted(method, a, b, m, orders[:, m]) for m in members]))

    expanded = method == "pearson"
    value, low, high, words = bootstrap(
        resampled, points, n_resamples=n_resamples, level=level, expanded=expanded, rng=rng
    )
    p_value, test = permutation_p(permuted, value, points, n_resamples=n_resamples, rng=rng)
    if infinite:
        words += f", a coefficient of 1 or -1 in {infinite} of {n_resamples} resamples"
    text = f"{method} of {len(members)} groups combined by Fisher's z, {words}, {test}"
    return Estimate(value, low, high, level, len(a), text, p_value)


def _permuted(method: str, x: Float, y: Float, member: npt.NDArray[np.intp], orders: npt.NDArray[np.intp]) -> Float:
    """(n_permutations,) coefficients of one group; orders name points of the group by their place in all points."""
    place = np.empty(len(x), dtype=np.intp)
    place[member] = np.arange(len(member))
    return permuted_coefficients(method, x[member], y[member], np.zeros(len(member), dtype=np.intp), place[orders])
