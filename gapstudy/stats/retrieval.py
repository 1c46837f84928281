"""Retrieval of parallel sentences: is the nearest vector in the other language that of the same sentence?

Paper: none; a companion of CKA that reads as a percentage. Similarity is the cosine, or CSLS, which takes off what
vectors near to everything ("hubs") have in common:

    CSLS(x, y) = 2 cos(x, y) - mean cos of x and its k nearest y - mean cos of y and its k nearest x.

Mutual nearest neighbours ask instead whether a sentence has the same neighbours within each language.

Similarities of tensors are computed on their device, neighbours on the host.

References
----------
Conneau, Lample, Ranzato, Denoyer, Jegou (2018). Word translation without parallel data. ICLR, arXiv:1710.04087 (CSLS).
Huh, Cheung, Wang, Isola (2024). The Platonic representation hypothesis. ICML, arXiv:2405.07987 (mutual neighbours).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import choice, parallel
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.namespace import namespace, on_host
from gapstudy.stats.proportion import clopper_pearson

__all__ = ["Retrieval", "mutual_neighbours", "retrieval", "retrieval_hits"]

Float = npt.NDArray[np.float64]
METHODS = ("cosine", "csls")
_TIE = 1e-12


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Share of sentences that are found, in both directions; chance is 1 / n.

    Attributes
    ----------
    forward, backward : from x to y and from y to x, with Clopper-Pearson intervals over sentences (which take sentences
        as independent, although they share their candidates).
    mean : of the two.
    """

    forward: Estimate
    backward: Estimate
    mean: float


def retrieval(x: Any, y: Any, *, method: str = "cosine", neighbours: int = 10, level: float = 0.95) -> Retrieval:
    """How often a sentence's nearest vector in the other language is that of the same sentence.

    Parameters
    ----------
    x, y : (n_sentences, d) float arrays or torch tensors with parallel rows and the same d; n_sentences >= 2.
    method : "cosine" or "csls".
    neighbours : k of CSLS, 1..n_sentences.
    level : of the intervals, in (0, 1).

    Returns
    -------
    Retrieval
        Shares in [0, 1]; of k vectors that are equally near, each counts 1 / k. Invariant to a common rotation and to
        scaling of each sentence.

    Raises
    ------
    ValueError
        If an argument is not a finite matrix, shapes differ, a vector is zero, or an option is out of its range.
    """
    hits = retrieval_hits(x, y, method=method, neighbours=neighbours)
    forward, backward = (clopper_pearson(float(found.sum()), len(found), level=level) for found in hits)
    return Retrieval(forward, backward, (forward.value + backward.value) / 2.0)


def retrieval_hits(x: Any, y: Any, *, method: str = "cosine", neighbours: int = 10) -> Float:
    """Which sentences are found, from x to y and from y to x; arguments and errors as for :func:`retrieval`.

    Returns
    -------
    (2, n_sentences) float array
        1 for a sentence that is found, 0 for one that is not, 1 / k for one of k that are equally near.
    """
    choice("method", method, METHODS)
    a, b = _unit(("x", "y"), (x, y))
    if a.shape[1] != b.shape[1]:
        msg = f"x and y must have the same number of columns to be compared: got {a.shape[1]} and {b.shape[1]}"
        raise ValueError(msg)
    similarity = on_host(a @ b.T)
    if method == "csls":
        k = _neighbours(neighbours, len(similarity))
        similarity = 2.0 * similarity - _nearest(similarity, k)[:, None] - _nearest(similarity.T, k)[None, :]
    return np.stack([_found(similarity), _found(similarity.T)])


def mutual_neighbours(x: Any, y: Any, *, neighbours: int = 10) -> float:
    """Share of a sentence's k nearest sentences (cosine, itself left out) that are the same in both languages.

    Parameters
    ----------
    x, y : (n_sentences, d) float arrays or torch tensors with parallel rows; widths may differ.
    neighbours : k, 1..n_sentences - 1.

    Returns
    -------
    float
        Mean over sentences, in [0, 1]; chance is k / (n_sentences - 1).

    Raises
    ------
    ValueError
        As :func:`retrieval`.
    """
    units = _unit(("x", "y"), (x, y))
    n = len(units[0])
    k = _neighbours(neighbours, n - 1)
    near = np.ones((n, n), dtype=bool)
    for unit in units:
        similarity = np.array(on_host(unit @ unit.T))
        np.fill_diagonal(similarity, -np.inf)
        own = np.zeros((n, n), dtype=bool)
        np.put_along_axis(own, np.argpartition(-similarity, k - 1, axis=1)[:, :k], values=True, axis=1)
        near &= own
    return float(near.sum() / (n * k))


def _unit(names: tuple[str, str], features: tuple[Any, Any]) -> list[Any]:
    """Rows of norm 1."""
    out = []
    for name, x in zip(names, parallel(names, features, rows=2), strict=True):
        scaled = x / abs(x).max()
        norms = namespace(scaled).sqrt((scaled * scaled).sum(axis=1))
        if (norms == 0).any():
            where = int(on_host(norms).argmin())
            msg = f"{name} has a row of zeros ({where}), which has no direction"
            raise ValueError(msg)
        out.append(scaled / norms[:, None])
    return out


def _neighbours(k: int, most: int) -> int:
    if k != int(k) or not 1 <= k <= most:
        msg = f"neighbours must be a whole number in 1..{most}, got {k}"
        raise ValueError(msg)
    return int(k)


def _nearest(similarity: Float, k: int) -> Float:
    """Mean of the k largest of each row."""
    return np.asarray(np.partition(similarity, len(similarity) - k, axis=1)[:, -k:].mean(axis=1))


def _found(similarity: Float) -> Float:
    """For each row whether its largest value is on the diagonal, shared among equals."""
    best = similarity.max(axis=1) - _TIE
    return np.asarray((np.diag(similarity) >= best) / (similarity >= best[:, None]).sum(axis=1))
