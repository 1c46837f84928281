"""Orthogonal Procrustes: how well one language's sentence vectors turn into another's by rotation alone.

Paper: none; a companion of CKA. With X, Y column-centred and scaled to Frobenius norm 1,

    similarity = max over orthogonal Q of tr(Q'X'Y) = ||X'Y||_*     (the sum of singular values), in [0, 1],
    distance   = min over orthogonal Q of ||X Q - Y||_F = sqrt(2 - 2 similarity), in [0, sqrt 2], a metric.

Like plain CKA the similarity of unrelated vectors is far from 0 where d is not small against n; hold it against
:func:`gapstudy.stats.shuffled_alignment`. (``scipy.spatial.procrustes`` scales one side freely too: 1 - similarity^2.)

References
----------
Schonemann (1966). A generalized solution of the orthogonal Procrustes problem. Psychometrika 31(1),
doi:10.1007/BF02289451.
Williams, Kunz, Kornblith, Linderman (2021). Generalized shape metrics on neural representations. NeurIPS,
arXiv:2110.14739.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import same_rows
from gapstudy.stats.gram import centred, centred_all
from gapstudy.stats.namespace import is_tensor, namespace

__all__ = ["procrustes_distance", "procrustes_matrix", "procrustes_similarity"]

Float = npt.NDArray[np.float64]


def procrustes_similarity(x: Any, y: Any) -> float:
    """Normalised Procrustes similarity of two sets of features of the same sentences.

    Parameters
    ----------
    x, y : (n_sentences, d_x) and (n_sentences, d_y) float arrays or torch tensors with parallel rows; widths may differ
        (the narrower is taken as padded with zeros).

    Returns
    -------
    float
        In [0, 1]; 1 if and only if one is the other moved, scaled and rotated. Invariant to these on either side.

    Raises
    ------
    ValueError
        If an argument is not a finite matrix of at least 2 rows, not all equal, or the row counts differ.
    """
    a, b = centred("x", x, rows=2), centred("y", y, rows=2)
    same_rows("x", a, "y", b)
    return _similarity(a, b)


def procrustes_distance(x: Any, y: Any) -> float:
    """Procrustes distance ``sqrt(2 - 2 similarity)`` of normalised features; arguments and errors as the similarity's."""
    return float(np.sqrt(max(0.0, 2.0 - 2.0 * procrustes_similarity(x, y))))


def procrustes_matrix(features: Sequence[Any]) -> Float:
    """Procrustes similarity of all pairs of languages.

    Parameters
    ----------
    features : sequence of (n_sentences, d_i) float arrays or torch tensors with parallel rows, at least two.

    Returns
    -------
    (n_languages, n_languages) float array, symmetric, diagonal 1.

    Raises
    ------
    ValueError
        As :func:`procrustes_similarity`, naming the element.
    """
    stack = centred_all(features, rows=2)
    out = np.eye(len(stack))
    for i, j in zip(*np.triu_indices(len(stack), 1), strict=True):
        out[i, j] = out[j, i] = _similarity(stack[i], stack[j])
    return out


def _similarity(a: Any, b: Any) -> float:
    """Of centred features with squared norm n each."""
    n = len(a)
    a, b = (namespace(x).linalg.qr(x.T)[1].T if x.shape[1] > n else x for x in (a, b))  # wide: turned into n columns
    return min(1.0, _nuclear(a.T @ b) / n)


def _nuclear(m: Any) -> float:
    linalg = namespace(m).linalg
    values = linalg.svdvals(m) if is_tensor(m) else linalg.svd(m, compute_uv=False)
    return float(values.sum())
