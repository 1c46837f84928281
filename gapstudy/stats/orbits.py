"""Permutation p-values of all pairs of symmetric matrices, n permutations for the price of some FFTs.

The permutations here come in **orbits of a cyclic group**. Let pi be a random order of the sentences. Moving one
side's sentences s places round that order, s = 0..n-1, is a group of n permutations, and with symmetric K, L in that order

    T(s) = sum_ab K_ab L_(a+s)(b+s) = sum_d [ circular cross-correlation of the d-th circular diagonals of K and L ](s),

so that one FFT of each diagonal gives all n values of T: n^2 log n operations for n permutations instead of n^3. The
first orbit holds the observed alignment (s = 0); in every further one each language's sentences have a random order of
their own. With c the move by one place, each orbit pairs sentences by the permutations ``u c^s v^-1``, u and v independent
and uniform: of the first one that holds under the null hypothesis, by which the observed alignment is uniform. So the
orbits are alike and independent, and the observed value is exchangeable with every other in them: the p-value
``(1 + #{T >= observed}) / (1 + R)``, R = all values but the observed one, is exact. It is at most a with probability at
most a.

References
----------
Hemerik, Goeman (2018). Exact testing with random permutations. TEST 27, doi:10.1007/s11749-017-0571-1 (groups).
Phipson, Smyth (2010). Permutation p-values should never be zero. SAGMB 9(1), doi:10.2202/1544-6115.1585.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.gram import BLOCK_FLOATS
from gapstudy.stats.namespace import fft, like, namespace, on_host

__all__ = ["matched_p_values", "pair_matrix"]

Float = npt.NDArray[np.float64]
Order = npt.NDArray[np.intp]


def matched_p_values(
    matrices: Sequence[Any], observed: Float, *, n_resamples: int, rng: np.random.Generator
) -> tuple[Float, int]:
    """One-sided p-values of ``<K_i, K_j>`` for symmetric matrices whose sentences are permuted.

    Parameters
    ----------
    matrices : L symmetric (n, n) arrays or tensors.
    observed : (L, L) their inner products.
    n_resamples : at least so many permutations.
    rng : source of the permutations.

    Returns
    -------
    (p_values, n_resamples) : (L, L) symmetric with NaN on the diagonal, and how many permutations there were.
    """
    n, count = len(matrices[0]), len(matrices)
    orbits = -(-(n_resamples + 1) // n)
    norms = np.sqrt(np.diag(observed))
    equal = observed - 1e-12 * np.outer(norms, norms)  # what differs by rounding alone counts as equal
    reached = np.zeros((count, count), dtype=np.int64)
    for m, orders in enumerate(_orders(orbits, count, n, rng)):
        reached += (_orbit(matrices, orders)[1 if m == 0 else 0 :] >= equal).sum(axis=0)
    return pair_matrix((1.0 + reached[np.triu_indices(count, 1)]) / (orbits * n), count), orbits * n - 1


def _orders(orbits: int, count: int, n: int, rng: np.random.Generator) -> Iterator[list[Order]]:
    """For each orbit an order of the sentences a language: the same for all in the first, which is as observed."""
    for m in range(orbits):
        yield [rng.permutation(n)] * count if m == 0 else [rng.permutation(n) for _ in range(count)]


def _orbit(grams: Sequence[Any], orders: Sequence[Order]) -> Float:
    """``<K_i, K_j shifted by s>`` for s = 0..n-1: (n, L, L).

    Of the n circular diagonals those beyond the middle repeat those before it, for Gram matrices are symmetric.
    """
    n, count, half = len(grams[0]), len(grams), len(grams[0]) // 2
    width = max(1, BLOCK_FLOATS // (count * n))
    spectrum: Any = 0.0
    places = [np.concatenate([order, order]) for order in orders]
    for low in range(0, half + 1, width):
        offsets = np.arange(low, min(low + width, half + 1))
        weight = np.where((offsets == 0) | (2 * offsets == n), 1.0, np.sqrt(2.0))
        spectra = [_spectrum(gram, place, offsets, weight) for gram, place in zip(grams, places, strict=True)]
        stacked = namespace(grams[0]).stack(spectra, axis=1)  # (frequencies, languages, diagonals)
        spectrum = spectrum + stacked.conj() @ stacked.swapaxes(1, 2)
    return on_host(fft(grams[0]).irfft(spectrum, n, 0))


def _spectrum(gram: Any, place: Order, offsets: Order, weight: Float) -> Any:
    """Fourier transforms of some circular diagonals of a Gram matrix whose sentences are reordered: (n // 2 + 1, offsets)."""
    n = len(gram)
    rows = place[:n, None] * n
    columns = np.lib.stride_tricks.sliding_window_view(place, len(offsets))[offsets[0] : offsets[0] + n]
    diagonals = gram.reshape(-1)[like(gram, rows + columns)]
    diagonals *= like(gram, weight)
    return fft(gram).rfft(diagonals, n, 0)


def pair_matrix(values: Float, count: int) -> Float:
    """A symmetric matrix from the values of its upper triangle, NaN on the diagonal."""
    out = np.full((count, count), np.nan)
    out[np.triu_indices(count, 1)] = values
    out.T[np.triu_indices(count, 1)] = values
    return out
