"""The permutation null of CKA for all pairs of languages at once.

Paper: section 3.4, eq. (2); the paper reports no null. With 66 pairs, thousands of permutations each are needed for a
p-value that survives Holm's correction, and one by one each costs n^2 random reads a pair.

The permutations are drawn as :mod:`gapstudy.stats.orbits` says, n at a time.

References
----------
Phipson, Smyth (2010). Permutation p-values should never be zero. SAGMB 9(1), doi:10.2202/1544-6115.1585.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_resamples
from gapstudy.stats.gram import centred_all, inner_products, normalised, u_centre
from gapstudy.stats.orbits import matched_p_values, pair_matrix
from gapstudy.stats.permutation_moments import moments, pearson3_tail
from gapstudy.stats.significance import holm

__all__ = ["NullMatrix", "cka_null_matrix"]

Float = npt.NDArray[np.float64]

_NO_SPREAD = 1e-12  # a standard deviation of the null below this share of its mean is rounding


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
        Where every alignment gives the same value (one side's sentences are all equally far apart), ``std`` is 0,
        ``p_moment`` 1, and ``skewness`` and ``z`` are NaN; ``method`` says of how many pairs.
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
        spread = np.where(self.std > 0.0, self.std, np.nan)
        return np.asarray((self.value - self.mean) / spread)


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
    value = normalised(products, debiased=debiased, features=stack)
    exact = moments(stack, debiased=debiased)
    grams = [_gram(x, debiased=debiased) for x in stack]
    p_value, total = matched_p_values(grams, n * n * products, n_resamples=n_resamples, rng=rng)
    upper = np.triu_indices(count, 1)
    size = n * n * np.sqrt(np.outer(np.diag(products), np.diag(products)))
    mean, std = exact.mean / size, exact.std / size
    # every alignment of such a pair gives one value; what is left of its variance is rounding
    flat = std <= _NO_SPREAD * np.abs(mean)
    std, skewness = np.where(flat, 0.0, std), np.where(flat, np.nan, exact.skewness)
    p_moment, some = np.ones(len(upper[0])), ~flat[upper]
    p_moment[some] = pearson3_tail(((value - mean)[upper][some]) / std[upper][some], skewness[upper][some])
    kind = "debiased" if debiased else "plain"
    return NullMatrix(
        value=value,
        mean=pair_matrix(mean[upper], count),
        std=pair_matrix(std[upper], count),
        skewness=pair_matrix(skewness[upper], count),
        p_value=p_value,
        p_holm=pair_matrix(holm(p_value[upper]), count),
        p_moment=pair_matrix(p_moment, count),
        n=n,
        n_resamples=total,
        method=f"{kind} CKA, sentences permuted, {(total + 1) // n} orbits of a cyclic group{_degenerate(flat[upper])}",
    )


def _degenerate(flat: npt.NDArray[np.bool_]) -> str:
    """What to say of pairs whose null is one value."""
    return f"; {flat.sum()} of {len(flat)} pairs have one value in every alignment" if flat.any() else ""


def _gram(x: Any, *, debiased: bool) -> Any:
    """The (U-)centred Gram matrix of centred features."""
    K = x @ x.T
    return u_centre(K, (x * x).sum(axis=1), slice(0, len(x))) if debiased else K
