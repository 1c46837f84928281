"""Exact moments of CKA over all n! alignments of the sentences, in closed form.

Paper: none. Let U be the U-centred Gram matrix (zero diagonal, rows that sum to zero) and q the centred diagonal of the
centred Gram matrix. Over all permutations p of one side's sentences the inner products are

    debiased:  T = sum_ij U_ij V_p(i)p(j)
    plain:     T + Q + constant,   Q = n / (n - 2) sum_i q_i r_p(i),   mean  tr(K) tr(L) / (n - 1).

Sums over distinct sentences of products of entries of U reduce, because its rows sum to zero, to few invariants:
``sum U_ij^2``, ``sum U_ij^3``, ``tr U^3``, and with q ``q'Uq``, ``sum_ij U_ij^2 q_i``, ``sum q_i^2``, ``sum q_i^3``. Counting the
ways in which three pairs of sentences can overlap gives the third moment; the second is short:

    E T = 0,   E T^2 = 2 |U|^2 |V|^2 / (n (n - 3)),   E TQ = 0,   E Q^2 = (n / (n - 2))^2 |q|^2 |r|^2 / (n - 1).

So **debiased CKA of shuffled sentences has mean 0 and standard deviation sqrt(2 / (n (n - 3)))**, whatever the features.
With mean, variance and skewness a Pearson type III distribution (a shifted gamma) approximates the tail.

References
----------
Kazi-Aoual, Hitier, Sabatier, Lebreton (1995). Refined approximations to permutation tests for multivariate inference.
Computational Statistics & Data Analysis 20(6), doi:10.1016/0167-9473(94)00064-2 (the moments of plain CKA by other means).
Josse, Pages, Husson (2008). Testing the significance of the RV coefficient. Computational Statistics & Data Analysis
53(1), doi:10.1016/j.csda.2008.06.012 (Pearson III).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import perm
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.gram import u_centre
from gapstudy.stats.namespace import on_host

__all__ = ["Moments", "moments", "pearson3_tail"]

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Mean, standard deviation and skewness of the inner products of Gram matrices, each (n_languages, n_languages)."""

    mean: Float
    std: Float
    skewness: Float


def moments(features: Sequence[Any], *, debiased: bool) -> Moments:
    """Moments of n^2 times :func:`gapstudy.stats.gram.inner_products` over all alignments of each pair.

    Parameters
    ----------
    features : column-centred (n, d_i) arrays or tensors, n >= 8.
    debiased : which inner product.

    Notes
    -----
    One (n x n)(n x n) product a language, for ``tr U^3``; two such matrices are held at once.
    """
    n = len(features[0])
    per_language = np.array([_invariants(x) for x in features])
    u, t = per_language.T[:2]
    trace, a2, x, y, m2, m3 = (np.outer(v, v) for v in per_language.T[2:])
    variance = 2.0 * a2 / (n * (n - 3))
    third = _third(u, t, n)
    if debiased:
        return Moments(np.zeros_like(variance), np.sqrt(variance), third / variance**1.5)
    c = n / (n - 2)
    pair = variance + c**2 * m2 / (n - 1)
    third = third + 3.0 * c * y * _overlaps(n) + 3.0 * c**2 * 2.0 * x / (n * (n - 3))
    third = third + c**3 * m3 * (1 / n + 3 / perm(n, 2) + 4 / perm(n, 3))
    return Moments(trace / (n - 1), np.sqrt(pair), third / pair**1.5)


def _invariants(features: Any) -> tuple[float, ...]:
    """Sum U^3, tr U^3, tr K, |U|^2, q'Uq, sum U^2 q, |q|^2 and sum q^3 of one language."""
    n = len(features)
    diagonal = (features * features).sum(axis=1)
    U = u_centre(features @ features.T, diagonal, slice(0, n))
    q = diagonal - diagonal.mean()
    squared = U * U
    found = ((squared * U).sum(), ((U @ U) * U).sum(), diagonal.sum(), squared.sum(), q @ U @ q,
             squared.sum(axis=1) @ q, q @ q, (q**3).sum())  # fmt: skip
    return tuple(float(on_host(value)) for value in found)


def _third(u: Float, t: Float, n: int) -> Float:
    """E T^3 of all pairs: over the ways in which three edges overlap, (sum for U)(sum for V) / (how many there are).

    The edges of an ordered triple may be: one edge three times; twice one and an adjacent one; twice one and a disjoint
    one; a triangle; a star; a path; two adjacent ones and a disjoint one; three disjoint ones.
    """
    ways = ((0.5 * u, perm(n, 2) / 2), (-3.0 * u, 3 * perm(n, 3)), (1.5 * u, 3 * perm(n, 4) / 4), (t, perm(n, 3)),
            (2.0 * u, perm(n, 4)), (3.0 * (u - t), 3 * perm(n, 4)), (3.0 * (t - 2.0 * u), 1.5 * perm(n, 5)),
            (2.0 * u - t, perm(n, 6) / 8))  # fmt: skip
    return np.asarray(8.0 * sum(np.outer(total, total) / count for total, count in ways))


def _overlaps(n: int) -> float:
    """E T^2 Q is this times the two sums of U_ij^2 q_i: over where the sentence of q lies among those of two edges."""
    return 4 / perm(n, 2) + 20 / perm(n, 3) + 52 / perm(n, 4) + 64 / perm(n, 5)


def pearson3_tail(z: Float, skewness: Float) -> Float:
    """P(Z >= z) of Pearson's type III distribution with mean 0, variance 1 and a skewness; normal at skewness 0."""
    from scipy.special import gammainc, gammaincc, ndtr

    flat = np.abs(skewness) < 1e-4
    safe = np.where(flat, 1.0, skewness)
    shape = 4.0 / safe**2
    at = np.maximum(shape + 2.0 * z / safe, 0.0)
    tail = np.where(safe > 0, gammaincc(shape, at), gammainc(shape, at))
    return np.asarray(np.where(flat, ndtr(-z), tail))
