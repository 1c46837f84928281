"""The noise floor of CKA: what remains when the alignment of sentences is shuffled.

Paper: section 3.4, eq. (2); the paper reports no null, although plain CKA of unrelated features is far above 0 when
d is comparable to n.

References
----------
Phipson, Smyth (2010). Permutation p-values should never be zero. SAGMB 9(1), doi:10.2202/1544-6115.1585.
Josse, Pages, Husson (2008). Testing the significance of the RV coefficient. Computational Statistics & Data Analysis
53(1), doi:10.1016/j.csda.2008.06.012 (the RV coefficient is plain linear CKA; its exact permutation mean).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_resamples, same_rows
from gapstudy.stats.gram import centred, centred_all, inner_products, normalised, u_centre
from gapstudy.stats.namespace import is_tensor, like

__all__ = ["NullDistribution", "cka_floor", "cka_null", "shuffled_alignment"]

Array = npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]
Product = Callable[[npt.NDArray[np.intp]], float]

# Gathering one entry of a permuted Gram matrix costs about as much as so many multiply-adds of a GEMM.
_GATHER = 120


@dataclass(frozen=True, slots=True)
class NullDistribution:
    """Permutation null of one pair.

    Attributes
    ----------
    value : observed CKA (or other measure).
    mean : mean of the null: the noise floor of ``value``; for CKA exactly (over all n! permutations).
    std : standard deviation of the null, from the drawn permutations.
    p_value : (1 + number of permutations with CKA >= value) / (1 + n_resamples); one-sided.
    n : number of sentences.
    n_resamples : number of permutations drawn.
    method : in words.
    """

    value: float
    mean: float
    std: float
    p_value: float
    n: int
    n_resamples: int
    method: str


def cka_null(
    x: Array, y: Array, *, debiased: bool = False, n_resamples: int = 1000, rng: np.random.Generator
) -> NullDistribution:
    """CKA of two languages against its permutation null: the alignment of sentences shuffled on one side.

    Parameters
    ----------
    x, y : (n_sentences, d) float arrays or torch tensors with parallel rows, as for :func:`gapstudy.stats.cka`.
    debiased : which CKA.
    n_resamples : number of permutations, >= 19.
    rng : source of the permutations.

    Returns
    -------
    NullDistribution
        ``.value``, the noise floor ``.mean`` (exact: 0 when debiased), ``.std``, ``.p_value`` in (0, 1].

    Raises
    ------
    ValueError
        As :func:`gapstudy.stats.cka`; also for too few resamples.
    """
    n_resamples = check_resamples(n_resamples)
    rows = 4 if debiased else 2
    a, b = centred("x", x, rows=rows), centred("y", y, rows=rows)
    same_rows("x", a, "y", b)
    products = inner_products([a, b], debiased=debiased)
    value = float(normalised(products, debiased=debiased, names=("x", "y"), features=[a, b])[0, 1])
    norm = float(np.sqrt(products[0, 0] * products[1, 1]))
    draws = _permuted_products(a, b, debiased=debiased, n_resamples=n_resamples, rng=rng) / norm
    p_value = (1 + int(np.count_nonzero(draws >= value - 1e-12))) / (n_resamples + 1)
    mean = 0.0 if debiased else _floor(len(a), norm)
    kind = "debiased" if debiased else "plain"
    return NullDistribution(
        value, mean, float(draws.std()), p_value, len(a), n_resamples, f"{kind} CKA, sentences permuted on one side"
    )


def shuffled_alignment(
    measure: Callable[[Any, Any], float], x: Any, y: Any, *, n_resamples: int = 99, rng: np.random.Generator
) -> NullDistribution:
    """Any measure of similarity against what it gives when the alignment of sentences is shuffled.

    Parameters
    ----------
    measure : of two arrays with parallel rows; larger is more alike (:func:`gapstudy.stats.anc`, for example).
    x, y : what it takes: arrays or torch tensors with as many rows.
    n_resamples : number of permutations of the rows of ``y``, >= 19; each costs one ``measure``.
    rng : source of the permutations.

    Returns
    -------
    NullDistribution
        ``.mean`` and ``.std`` are those of the drawn permutations; ``.p_value`` is one-sided, in (0, 1].

    Raises
    ------
    ValueError
        For too few resamples or different numbers of rows; also as ``measure``.
    """
    n_resamples = check_resamples(n_resamples)
    same_rows("x", x, "y", y)
    value = float(measure(x, y))
    draws = np.array([measure(x, y[like(y, rng.permutation(len(y)))]) for _ in range(n_resamples)])
    p_value = (1 + int(np.count_nonzero(draws >= value - 1e-12))) / (n_resamples + 1)
    method = "sentences permuted on one side"
    return NullDistribution(value, float(draws.mean()), float(draws.std()), p_value, len(x), n_resamples, method)


def cka_floor(features: Sequence[Array]) -> Float:
    """Noise floor of plain CKA for all pairs of languages: its exact mean over all alignments of their sentences.

    Parameters
    ----------
    features : L arrays (n_sentences, d_i) with parallel rows, as for :func:`gapstudy.stats.cka_matrix`.

    Returns
    -------
    (L, L) float64 array in (0, 1]; what :func:`cka_null` gives as ``mean``, without drawing permutations. The diagonal
    is the floor of a language with itself.

    Raises
    ------
    ValueError
        As :func:`gapstudy.stats.cka_matrix`.
    """
    rows = centred_all(features, rows=2)
    sizes = np.sqrt(np.diag(inner_products(rows, debiased=False)))
    floors: Float = _floor(len(rows[0]), np.outer(sizes, sizes))
    return floors


def _floor(n: int, norm: Any) -> Any:
    """Over all permutations the mean of X'PY is 0 and that of ||X'PY||^2 is tr(K) tr(L) / (n - 1); here tr(K) = n."""
    return 1.0 / ((n - 1) * norm)


def _permuted_products(a: Float, b: Float, *, debiased: bool, n_resamples: int, rng: np.random.Generator) -> Float:
    """Inner products of the Gram matrices of ``a`` and of row-permuted ``b``, scaled as :func:`inner_products`."""
    n = len(a)
    by_features = a.shape[1] * b.shape[1] < _GATHER * n
    product = (_feature_product if by_features else _gram_product)(a, b, debiased=debiased)
    return np.array([product(rng.permutation(n)) for _ in range(n_resamples)]) / n**2


def _feature_product(a: Float, b: Float, *, debiased: bool) -> Product:
    """``||A'B[p]||_F^2``, with HSIC_1's correction when debiased, as a function of the permutation p."""
    n = len(a)
    q_a, q_b = (a * a).sum(axis=1), (b * b).sum(axis=1)
    constant = float(q_a.sum() * q_b.sum()) / ((n - 1) * (n - 2)) if debiased else 0.0

    def product(p: npt.NDArray[np.intp]) -> float:
        q = like(b, p)
        plain = float(((a.T @ b[q]) ** 2).sum())
        return plain - n / (n - 2) * float(q_a @ q_b[q]) + constant if debiased else plain

    return product


def _gram_product(a: Float, b: Float, *, debiased: bool) -> Product:
    """The inner product of two (U-)centred Gram matrices as a function of the permutation p of one of them."""
    K, L = (_gram(x, debiased=debiased) for x in (a, b))

    def product(p: npt.NDArray[np.intp]) -> float:
        if is_tensor(L):
            q = like(L, p)
            return float((K * L[q][:, q]).sum())
        return float(np.vdot(K, L[p].take(p, axis=1)))

    return product


def _gram(x: Float, *, debiased: bool) -> Float:
    """The (U-)centred Gram matrix of centred features."""
    K = x @ x.T
    return u_centre(K, K.diagonal() * 1.0, slice(0, len(x))) if debiased else K
