"""The permutation null of CKA for all pairs of languages at once.

Paper: section 3.4, eq. (2); the paper reports no null. With 66 pairs, thousands of permutations each are needed for a
p-value that survives Holm's correction, and one by one each costs n^2 random reads a pair.

The permutations here come in **orbits of a cyclic group**. Let pi be a random order of the sentences. Moving one
side's sentences s places round that order, s = 0..n-1, is a group of n permutations, and with K, L in that order

    T(s) = sum_ab K_ab L_(a+s)(b+s) = sum_d [ circular cross-correlation of the d-th circular diagonals of K and L ](s),

so that one FFT of each diagonal gives all n values of T: n^2 log n operations for n permutations instead of n^3. The
first orbit holds the observed alignment (s = 0); in every further one each language's sentences are shuffled first.
Under the null hypothesis the observed value is exchangeable with every other in these orbits (orbits of one group are
uniform in theirs and independent of each other), so the p-value ``(1 + #{T >= observed}) / (1 + R)``, R = all values but
the observed one, is exact: it is at most a with probability at most a.

References
----------
Hemerik, Goeman (2018). Exact testing with random permutations. TEST 27, doi:10.1007/s11749-017-0571-1 (groups).
Phipson, Smyth (2010). Permutation p-values should never be zero. SAGMB 9(1), doi:10.2202/1544-6115.1585.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_resamples
from gapstudy.stats.gram import BLOCK_FLOATS, centred_all, inner_products, normalised, u_centre
from gapstudy.stats.namespace import fft, like, namespace, on_host
from gapstudy.stats.permutation_moments import moments, pearson3_tail
from gapstudy.stats.significance import holm

__all__ = ["NullMatrix", "cka_null_matrix"]

Float = npt.NDArray[np.float64]
Order = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class NullMatrix:
    """Permutation nulls of all pairs of languages.

    Attributes
    ----------
    value : (L, L) observed CKA; the diagonal is 1.
    mean, std, skewness : (L, L) moments of the null, exact (over all n! alignments); the diagonal is NaN from here on.
    p_value : (L, L) one-sided, in (0, 1], from the drawn permutations.
    p_holm : (L, L) ``p_value`` after Holm's correction over the L (L - 1) / 2 pairs.
    p_moment : (L, L) one-sided, of Pearson's type III distribution with the exact moments; can be far below 1 / R, where
        it is an extrapolation.
    n, n_resamples : number of sentences, and of permutations behind ``p_value``.
    method : in words.
    """

    value: Float
    mean: Float
    std: Float
    skewness: Float
    p_value: Float
    p_holm: Float
    p_moment: Float
    n: int
    n_resamples: int
    method: str

    @property
    def z(self) -> Float:
        """How many standard deviations of the null the value is above its mean."""
        return np.asarray((self.value - self.mean) / self.std)


def cka_null_matrix(
    features: Sequence[Any], *, debiased: bool = False, n_resamples: int = 9999, rng: np.random.Generator
) -> NullMatrix:
    """CKA of all pairs of languages against its permutation null: the alignment of sentences shuffled.

    Parameters
    ----------
    features : sequence of (n_sentences, d_i) float arrays or torch tensors with parallel rows; n_sentences >= 8.
    debiased : which CKA.
    n_resamples : at least so many permutations, >= 19; rounded up to whole orbits (a multiple of n_sentences, less 1).
    rng : source of the permutations.

    Returns
    -------
    NullMatrix
        Symmetric NumPy matrices. Two pairs share permutations, so their p-values are dependent; Holm allows for that.

    Raises
    ------
    ValueError
        As :func:`gapstudy.stats.cka_matrix`; also for fewer than 8 sentences or too few resamples.

    Notes
    -----
    An orbit costs O(L n^2 log n + L^2 n^2) and the exact skewness one (n x n)(n x n) product a language. L Gram
    matrices are held, and blocks of diagonals beside them.
    """
    n_resamples = check_resamples(n_resamples)
    stack = centred_all(features, rows=8)
    n, count = len(stack[0]), len(stack)
    products = inner_products(stack, debiased=debiased)
    value = normalised(products, debiased=debiased)
    exact = moments(stack, debiased=debiased)
    observed = n * n * products - 1e-12 * n * n  # what differs by rounding alone counts as equal
    orbits = -(-(n_resamples + 1) // n)
    reached = np.zeros((count, count), dtype=np.int64)
    grams = [_gram(x, debiased=debiased) for x in stack]
    for m, orders in enumerate(_orders(orbits, count, n, rng)):
        drawn = _orbit(grams, orders)[1 if m == 0 else 0 :]
        reached += (drawn >= observed).sum(axis=0)
    total = orbits * n - 1
    upper = np.triu_indices(count, 1)
    p_value = (1.0 + reached[upper]) / (total + 1.0)
    size = n * n * np.sqrt(np.outer(np.diag(products), np.diag(products)))
    mean, std = exact.mean / size, exact.std / size
    p_moment = pearson3_tail(((value - mean) / std)[upper], exact.skewness[upper])
    kind = "debiased" if debiased else "plain"
    return NullMatrix(
        value, *(_pairs(part[upper], count) for part in (mean, std, exact.skewness)),
        *(_pairs(part, count) for part in (p_value, holm(p_value), p_moment)), n, total,
        f"{kind} CKA, sentences permuted, {orbits} orbits of a cyclic group",
    )  # fmt: skip


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


def _gram(x: Any, *, debiased: bool) -> Any:
    """The (U-)centred Gram matrix of centred features."""
    K = x @ x.T
    return u_centre(K, (x * x).sum(axis=1), slice(0, len(x))) if debiased else K


def _pairs(values: Float, count: int) -> Float:
    """A symmetric matrix from the values of its upper triangle, NaN on the diagonal."""
    out = np.full((count, count), np.nan)
    out[np.triu_indices(count, 1)] = values
    out.T[np.triu_indices(count, 1)] = values
    return out
