"""Rank and linear correlation of weighted points, within groups, for all resamples at once.

A bootstrap resample repeats points; with whole-number weights instead of repeated points every coefficient is a few
matrix products over all resamples. With unit weights and one group these are exactly the textbook coefficients:
Spearman with midranks, Kendall's tau-b, Pearson.

Within groups: Spearman ranks inside each group, centres, and pools the sums; Pearson centres and pools; Kendall
counts only pairs of points of the same group, numerators and denominators summed over groups.

References
----------
Kendall (1945). The treatment of ties in ranking problems. Biometrika 33(3), doi:10.1093/biomet/33.3.239.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["METHODS", "coefficients", "concordance", "permuted_coefficients", "scores"]

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.intp]

METHODS = ("spearman", "kendall", "pearson")

# Differences from the mean that are this small a share of the largest are rounding.
_ROUNDING = 1e-14

# At most so many weights at a time (32 MB an array): bounds the memory for many points and resamples.
_BLOCK_FLOATS = 4 * 1024 * 1024


def coefficients(method: str, x: Float, y: Float, group: Int, weights: Float) -> Float:
    """The within-group coefficient of each weighting.

    Parameters
    ----------
    method : one of :data:`METHODS`.
    x, y : (n,) float arrays.
    group : (n,) group numbers.
    weights : (n_resamples, n) non-negative whole numbers.

    Returns
    -------
    (n_resamples,) float array, in [-1, 1]; NaN where a weighting leaves x or y constant within every group.
    """
    blocks = np.array_split(weights, max(1, -(-weights.size // _BLOCK_FLOATS)))
    return np.concatenate([_coefficients(method, x, y, group, block) for block in blocks])


def _coefficients(method: str, x: Float, y: Float, group: Int, weights: Float) -> Float:
    """:func:`coefficients` of one block of weightings."""
    if method == "kendall":
        xy, xx, yy = _pair_sums(x, y, group, weights)
    else:
        a, b = (scores(method, v, group, weights) for v in (x, y))
        xy, xx, yy = ((weights * left * right).sum(axis=1) for left, right in ((a, b), (a, a), (b, b)))
    norm = np.sqrt(xx) * np.sqrt(yy)
    return np.asarray(np.clip(np.divide(xy, norm, out=np.full(len(norm), np.nan), where=norm > 0), -1.0, 1.0))


def permuted_coefficients(method: str, x: Float, y: Float, group: Int, permutations: Int) -> Float:
    """The within-group coefficient of ``x[p]`` and ``y`` for each permutation p that keeps points in their groups."""
    if method == "kendall":
        a, b = (concordance(v, group) for v in (x, y))
        products = np.array([np.vdot(a[np.ix_(p, p)], b) for p in permutations])
    else:
        unit = np.ones((1, len(x)))
        a, b = (scores(method, v, group, unit)[0] for v in (x, y))
        products = a[permutations] @ b
    return np.asarray(products / (np.linalg.norm(a) * np.linalg.norm(b)))


def scores(method: str, values: Float, group: Int, weights: Float) -> Float:
    """(n_resamples, n) values (Pearson) or weighted midranks (Spearman), centred within each group."""
    out = np.zeros(weights.shape)
    for g in np.unique(group):
        member = group == g
        w, v = weights[:, member], values[member]
        if method == "spearman":
            centred = _midranks(v, w) - (w.sum(axis=1, keepdims=True) + 1.0) / 2.0
        else:
            total = np.maximum(w.sum(axis=1, keepdims=True), 1.0)  # 0 where the group was not drawn at all
            v = v - v.mean()
            centred = v - (w @ v)[:, None] / total
            centred[np.abs(centred) <= _ROUNDING * np.abs(v).max()] = 0.0
        out[:, member] = centred
    return out


def concordance(values: Float, group: Int) -> Float:
    """(n, n) sign of the difference of each pair of points of the same group, 0 between groups."""
    return np.asarray(np.sign(values[:, None] - values[None, :]) * (group[:, None] == group[None, :]))


def _midranks(values: Float, weights: Float) -> Float:
    """Ranks 1..N of each value in each resample of size N; tied values share the mean of their ranks."""
    below = (values[None, :] < values[:, None]).astype(np.float64)  # [i, j]: j lies below i
    equal = (values[None, :] == values[:, None]).astype(np.float64)
    return np.asarray(weights @ below.T + (weights @ equal + 1.0) / 2.0)


def _pair_sums(x: Float, y: Float, group: Int, weights: Float) -> tuple[Float, Float, Float]:
    """Concordant minus discordant pairs, pairs not tied in x, pairs not tied in y, for each weighting."""
    a, b = concordance(x, group), concordance(y, group)
    xy, xx, yy = (np.einsum("bi,bi->b", weights @ S, weights) / 2.0 for S in (a * b, a * a, b * b))
    return xy, xx, yy
