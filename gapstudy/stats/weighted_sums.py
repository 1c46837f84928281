"""The sums behind resampled CKA as matrix products: see :mod:`gapstudy.stats.cka_resampling` for what they mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gapstudy.stats.gram import row_blocks, zero_diagonal
from gapstudy.stats.namespace import like, namespace, on_host, zeros

__all__ = ["weighted_sums"]

Float = npt.NDArray[np.float64]

# Rows of a symmetric matrix that are multiplied at once.
_STRIP = 128


def weighted_sums(
    features: Sequence[Float], weights: Float, *, debiased: bool, mirrored: bool
) -> tuple[Float, Float, Float]:
    """A and C as (n_resamples, L, L) and s as (n_resamples, L), summed over blocks of rows.

    ``mirrored``: with those of the complements behind those of ``weights``.
    """
    first, count, draws = features[0], len(features), len(weights)
    total = draws * (2 if mirrored else 1)
    cross, sums = zeros(first, (total, count, count)), zeros(first, (total, count))
    hadamard, half = zeros(first, (draws + mirrored, count, count)), zeros(first, (draws + mirrored, count, count))
    # with the row of ones the products give K1 and 1'(K o L)w too
    every = like(first, np.concatenate([weights, np.ones((1, len(first)))]) if mirrored else weights)
    for rows, K in row_blocks(features, width=draws):
        if debiased:
            zero_diagonal(K, rows)
        w = every[:, rows]
        _add_hadamard((hadamard, half if mirrored else None), K, every, rows.start)
        Kw = zeros(first, (len(every), count, len(w[0])))  # (n_resamples, L, n_rows)
        for i, k in enumerate(K):
            Kw[:, i] = every @ k.T
        _add_linear(cross[:draws], sums[:draws], w[:draws], Kw[:draws])
        if mirrored:
            _add_linear(cross[draws:], sums[draws:], 1.0 - w[:draws], Kw[draws:] - Kw[:draws])
    if mirrored:
        hadamard = namespace(first).concatenate([hadamard[:-1], hadamard[-1:] - 2.0 * half[:-1] + hadamard[:-1]])
    lower = np.tril_indices(count, -1)
    hadamard, cross, sums = on_host(hadamard), on_host(cross), on_host(sums)
    hadamard[:, lower[0], lower[1]] = hadamard[:, lower[1], lower[0]]
    return hadamard, cross, sums


def _add_linear(cross: Float, sums: Float, w: Float, Kw: Float) -> None:
    """Add ``sum_a w_a (Kw)_a (Lw)_a`` for every pair and ``w'Kw``, of one block of rows."""
    weighted = w[:, None, :] * Kw
    sums += weighted.sum(axis=2)
    cross += weighted @ Kw.swapaxes(1, 2)


def _add_hadamard(totals: tuple[Float, Float | None], K: Float, weights: Float, start: int) -> None:
    """Add ``w'(K_i o K_j)w`` of one block of rows for every pair i <= j, and ``1'(K_i o K_j)w``; one GEMM a pair and strip.

    Columns right of a strip's diagonal block are left out and those left of it count twice, for the matrix is symmetric.
    With v what a strip's GEMM gives for w, summed over strips ``sum_r v_r(w) + w_r v_r(1)`` is ``2 1'(K_i o K_j)w``.
    """
    quadratic, bilinear = totals
    einsum = namespace(K).einsum  # for matrix times vector too: so short a product is not worth a second thread
    for low in range(0, K.shape[1], _STRIP):
        high = min(low + _STRIP, K.shape[1])
        w, columns = weights[:, start + low : start + high], weights[:, : start + high]
        for i in range(len(K)):
            left = K[i, low:high, : start + high] * 1.0
            left[:, : start + low] *= 2.0
            for j in range(i, len(K)):
                v = columns @ (left * K[j, low:high, : start + high]).T
                quadratic[:, i, j] += einsum("br,br->b", w, v)
                if bilinear is not None:
                    bilinear[:, i, j] += 0.5 * (v.sum(axis=1) + einsum("br,r->b", w, v[-1]))
