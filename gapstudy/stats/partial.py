"""Two answers to the part-whole problem of section 4.4: the gap is computed from the reference language's score.

Paper: Table 3. A gap |a - b| holds the reference score a, and a pair's CKA or Sinkhorn distance holds the reference
model. The partial correlation asks what is left once the reference score is known; the swap control computes each
seed's gap with **another** seed's reference score, so that what remains cannot come from one shared reference run.

References
----------
Freedman, Lane (1983). A nonstochastic interpretation of reported significance levels. JBES 1(4),
doi:10.1080/07350015.1983.10509354 (permuting residuals).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gapstudy.stats.association import coefficients, scores
from gapstudy.stats.checks import check_level, check_resamples, choice, same_rows, vector
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.gaps import gap_of, not_negative
from gapstudy.stats.inference import bootstrap, permutation_p
from gapstudy.stats.layout import Labels, Layout, layout

__all__ = ["PARTIAL_METHODS", "partial_correlation", "swapped_reference"]

Values = Sequence[float] | npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]

PARTIAL_METHODS = ("spearman", "pearson")

# What is left of a column after projection counts as nothing below this share of its length.
_ROUNDING = 1e-9


def partial_correlation(
    x: Values,
    y: Values,
    given: Values,
    *,
    method: str = "spearman",
    clusters: Labels | None = None,
    groups: Labels | None = None,
    n_resamples: int = 9_999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Correlation of x and y once ``given`` is known, within groups when they are given.

    Parameters
    ----------
    x, y, given : (n,) float columns, n >= 5.
    method : "spearman" (of ranks within each group) or "pearson".
    clusters, groups, n_resamples, level, rng : as :func:`gapstudy.stats.correlation`.

    Returns
    -------
    Estimate
        In [-1, 1]; BCa interval over clusters (expanded tails for Pearson); p by permuting the residuals of x (Freedman and Lane), whole clusters
        jointly over groups.

    Raises
    ------
    ValueError
        As :func:`gapstudy.stats.correlation`; also if ``given`` determines x or y.
    """
    choice("method", method, PARTIAL_METHODS)
    columns = {name: vector(name, v, at_least=5) for name, v in (("x", x), ("y", y), ("given", given))}
    a, b, c = columns.values()
    for name, column in columns.items():
        same_rows(name, column, "given", c)
    points = layout(len(c), clusters, groups)
    unit = np.ones((1, len(c)))
    centred = {name: scores(method, column, points.group, unit)[0] for name, column in columns.items()}
    known = _unit("given", centred["given"], 0.0)
    left = {
        name: _unit(name, v - (v @ known) * known, float(np.linalg.norm(v)))
        for name, v in centred.items()
        if name != "given"
    }

    def resampled(weights: Float) -> Float:
        one, two, both = (coefficients(method, p, q, points.group, weights) for p, q in ((a, c), (b, c), (a, b)))
        room = np.sqrt(np.maximum((1.0 - one**2) * (1.0 - two**2), 0.0))
        ratio = np.divide(both - one * two, room, out=np.full(len(room), np.nan), where=room > _ROUNDING)
        return np.asarray(np.clip(ratio, -1.0, 1.0))

    def permuted(orders: npt.NDArray[np.intp]) -> Float:
        moved = left["x"][orders]
        moved -= (moved @ known)[:, None] * known
        return np.asarray(moved @ left["y"] / np.maximum(np.linalg.norm(moved, axis=1), _ROUNDING))

    expanded = method == "pearson"
    value, low, high, words = bootstrap(
        resampled, points, n_resamples=n_resamples, level=level, expanded=expanded, rng=rng
    )
    p_value, test = permutation_p(permuted, value, points, n_resamples=n_resamples, rng=rng)
    if not (points.grouped or points.clustered):
        test = "points permuted"
    within = f" within {points.n_groups} groups" if points.grouped else ""
    return Estimate(value, low, high, level, len(c), f"partial {method}{within}, {words}, residuals of {test}", p_value)


def swapped_reference(
    x: Values,
    reference: Values,
    other: Values,
    *,
    clusters: Labels,
    groups: Labels,
    method: str = "spearman",
    n_resamples: int = 999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Correlation of x with gaps whose reference score comes from another seed: a control, not a test.

    Every seed's gap (RPD) is computed anew from its own other-language score and the reference score of the next seed
    in a random cycle, the same cycle for every pair; x stays as measured. If the association lives in the
    reference run that x and the gap share, it goes; what stays comes from the other language's run.

    Parameters
    ----------
    x : (n,) linguistic gap of each point.
    reference, other : (n,) scores in percent of the two languages of each point.
    clusters, groups : (n,) seed and language pair; seeds that lack a pair are left out; at least 4 remain.
    method : "spearman", "kendall" or "pearson".
    n_resamples : number of cycles, >= 19.
    level : share of the cycles between ``low`` and ``high``.
    rng : source of all draws.

    Returns
    -------
    Estimate
        The mean coefficient over cycles, and their quantiles: a range of the control, no confidence interval.

    Raises
    ------
    ValueError
        If lengths differ, labels are wrong, a score is negative, fewer than 4 seeds have every pair, a gap is undefined,
        or an option is out of its range.
    """
    check_resamples(n_resamples)
    check_level(level)
    columns = [vector(name, v, at_least=4) for name, v in (("x", x), ("reference", reference), ("other", other))]
    for name, column in zip(("reference", "other"), columns[1:], strict=True):
        same_rows("x", columns[0], name, column)
        not_negative(name, column)
    points = layout(len(columns[0]), clusters, groups)
    table = _whole(points)
    seeds, pairs = table.shape
    group = np.tile(np.arange(pairs), seeds)
    measured, first, second = (column[table] for column in columns)
    values = np.empty(n_resamples)
    for i in range(n_resamples):
        cycle = rng.permutation(seeds)
        giver = np.empty(seeds, dtype=np.intp)
        giver[cycle] = np.roll(cycle, 1)
        gaps = gap_of(np.stack([first[giver].ravel(), second.ravel()], axis=1))
        defined = np.isfinite(gaps).all()
        unit = np.ones((1, len(gaps)))
        values[i] = coefficients(method, measured.ravel(), gaps, group, unit)[0] if defined else np.nan
    if not np.isfinite(values).all():
        msg = "a swapped gap is undefined or constant: scores of 0, or too few different ones"
        raise ValueError(msg)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    words = f"{method} with the reference seeds swapped, mean and range of {n_resamples} cycles of {seeds} seeds"
    return Estimate(float(values.mean()), float(low), float(high), level, len(group), words)


def _whole(points: Layout) -> npt.NDArray[np.intp]:
    """(n_clusters, n_groups) points of the clusters that have one point in every group."""
    whole = [p for p in points.members() if points.group[p].tolist() == list(range(points.n_groups))]
    if len(whole) < 4:
        msg = f"swapping needs 4 clusters with one point in every group, got {len(whole)}"
        raise ValueError(msg)
    return np.stack(whole)


def _unit(name: str, column: Float, before: float) -> Float:
    """The column at length 1, or an error where nothing is left of it."""
    length = float(np.linalg.norm(column))
    if length <= _ROUNDING * before or length == 0.0:
        msg = f"{name} is determined by given" if before else f"{name} is constant within every group"
        raise ValueError(msg)
    return np.asarray(column / length)
