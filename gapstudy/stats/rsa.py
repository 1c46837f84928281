"""Representational similarity analysis (RSA): do two languages' vectors order pairs of sentences alike?

Paper: none; a companion of CKA. Spearman's correlation of the upper triangles of two matrices of distances between
sentences. Its p-value is Mantel's: the sentences of one matrix are permuted, for the n (n - 1) / 2 distances are not
independent.

Distances of tensors are computed on their device, ranks on the host.

References
----------
Kriegeskorte, Mur, Bandettini (2008). Representational similarity analysis. Frontiers in Systems Neuroscience 2(4),
doi:10.3389/neuro.06.004.2008.
Mantel (1967). The detection of disease clustering and a generalized regression approach. Cancer Research 27(2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_resamples, choice, parallel
from gapstudy.stats.namespace import is_tensor, namespace, on_host
from gapstudy.stats.orbits import matched_p_values

__all__ = ["rsa", "rsa_matrix", "rsa_p_values"]

Float = npt.NDArray[np.float64]
_TIE = 1e-11  # distances closer than this share (of the largest: correlation; of themselves: Euclidean) are equal
_CANCELLED = 1e-3  # squared distances below this share of the two squared norms have lost digits
_DIFFERENCES = 2**21  # entries of differences of rows that are held at once

DISTANCES = ("correlation", "euclidean")


def rsa(x: Any, y: Any, *, distance: str = "correlation") -> float:
    """RSA of two sets of features of the same sentences.

    Parameters
    ----------
    x, y : (n_sentences, d) float arrays or torch tensors with parallel rows; n_sentences >= 4, widths may differ.
    distance : "correlation" (1 - Pearson's r of two sentences' vectors; d >= 2) or "euclidean".

    Returns
    -------
    float
        Spearman's correlation, in [-1, 1], about 0 for unrelated features whatever n and d. Both distances are invariant
        to isotropic scaling; Euclidean ones to orthogonal maps and translation too.

    Raises
    ------
    ValueError
        If an argument is not a finite matrix of at least 4 rows, the row counts differ, all distances are equal, a
        sentence's vector is constant (correlation), or ``distance`` is unknown.
    """
    ranks = _ranks(("x", "y"), (x, y), distance)
    return _product(ranks[0], ranks[1])


def rsa_matrix(features: Sequence[Any], *, distance: str = "correlation") -> Float:
    """RSA of all pairs of languages: (n_languages, n_languages), symmetric, diagonal 1.

    Parameters, range and errors as :func:`rsa`, the errors naming the element (``features[2]``).
    """
    stacked = np.stack(_ranks(_names(features), features, distance))
    out = stacked @ stacked.T
    np.fill_diagonal(out, 1.0)
    return np.asarray(np.clip((out + out.T) / 2.0, -1.0, 1.0))


def rsa_p_values(
    features: Sequence[Any], *, distance: str = "correlation", n_resamples: int = 9999, rng: np.random.Generator
) -> Float:
    """One-sided p-values of RSA by Mantel's test, for all pairs of languages.

    Parameters
    ----------
    features, distance : as for :func:`rsa_matrix`; n_sentences >= 8.
    n_resamples : at least so many permutations, >= 19; see :func:`gapstudy.stats.cka_null_matrix` for how they are drawn.
    rng : source of the permutations.

    Returns
    -------
    (n_languages, n_languages) float array in (0, 1], symmetric, NaN on the diagonal.

    Raises
    ------
    ValueError
        As :func:`rsa_matrix`; also for too few sentences or resamples.
    """
    n_resamples = check_resamples(n_resamples)
    ranks = _ranks(_names(features), features, distance, rows=8)
    squares = [_square(r) for r in ranks]
    stacked = np.stack(ranks)
    return matched_p_values(squares, 2.0 * stacked @ stacked.T, n_resamples=n_resamples, rng=rng)[0]


def _names(features: Sequence[Any]) -> list[str]:
    return [f"features[{i}]" for i in range(len(features))]


def _ranks(names: Sequence[str], features: Sequence[Any], distance: str, *, rows: int = 4) -> list[Float]:
    """Ranks of each language's distances, centred and of norm 1: (n (n - 1) / 2,) each."""
    choice("distance", distance, DISTANCES)
    checked = parallel(names, features, rows=rows)
    upper = np.triu_indices(len(checked[0]), 1)
    out = []
    for name, x in zip(names, checked, strict=True):
        if distance == "correlation":
            values = on_host(_correlation(name, x))[upper]
            # 1 - r is as far off where it is small
            ranks = _tied_ranks(values, absolute=_TIE * float(values.max(initial=0.0)))
        else:
            ranks = _tied_ranks(on_host(_squared(x))[upper], relative=_TIE)
        ranks -= ranks.mean()
        norm = float(np.linalg.norm(ranks))
        if norm == 0.0:
            msg = f"{name} has equal distances between all sentences: RSA is undefined"
            raise ValueError(msg)
        out.append(ranks / norm)
    return out


def _correlation(name: str, x: Any) -> Any:
    """``1 - r`` of all rows."""
    x = x / abs(x).max()
    x = x - x.mean(axis=1)[:, None]
    norms = namespace(x).sqrt((x * x).sum(axis=1))
    if (norms <= 1e-12).any():
        where = int(on_host(norms).argmin())
        msg = f"{name} has a constant row ({where}), which has no correlation; use distance='euclidean'"
        raise ValueError(msg)
    x = x / norms[:, None]
    return 1.0 - x @ x.T


def _squared(x: Any) -> Any:
    """Squared Euclidean distances, which have the ranks of the distances, each to about 12 digits of its own.

    Gram matrices give them to so many digits of the two squared norms; what is small beside those is computed from the
    difference of the two rows. The median as the centre keeps such pairs few where one sentence is far from all others.
    """
    xp = namespace(x)
    x = x * 2.0 ** -math.frexp(float(abs(x).max()))[1]  # exact
    centre = xp.median(x, axis=0)
    z = x - (centre.values if is_tensor(x) else centre)
    q = (z * z).sum(axis=1)
    out = q[:, None] + q[None, :] - 2.0 * (z @ z.T)
    i, j = xp.where(out < _CANCELLED * (q[:, None] + q[None, :]))
    i, j = i[i < j], j[i < j]
    for start in range(0, len(i), step := max(1, _DIFFERENCES // x.shape[1])):
        first, second = i[start : start + step], j[start : start + step]
        difference = x[first] - x[second]
        out[first, second] = (difference * difference).sum(axis=1)
    return out


def _tied_ranks(values: Float, *, absolute: float = 0.0, relative: float = 0.0) -> Float:
    """Ranks from 1, the mean of them where values follow each other more closely than rounding can tell apart."""
    order = np.argsort(values)
    inorder = values[order]
    new = np.concatenate([[True], np.diff(inorder) > absolute + relative * np.abs(inorder[1:])])
    starts = np.flatnonzero(new)
    counts = np.diff(starts, append=len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(starts + (counts + 1) / 2.0, counts)
    return ranks


def _product(a: Float, b: Float) -> float:
    return float(np.clip(a @ b, -1.0, 1.0))


def _square(values: Float) -> Float:
    """The symmetric matrix with these values above its diagonal of zeros."""
    n = round((1.0 + np.sqrt(1.0 + 8.0 * len(values))) / 2.0)
    out = np.zeros((n, n))
    out[np.triu_indices(n, 1)] = values
    return out + out.T
