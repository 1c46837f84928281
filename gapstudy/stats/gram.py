"""Centred Gram matrices of parallel features, in blocks of rows: the common ground of all CKA functions.

Notation: for column-centred features X of shape (n, d), K = X X' is the centred Gram matrix and ``q`` its diagonal.
The rows of K sum to zero, so the row sums of K with its diagonal set to zero are ``-q``. That makes the U-centred
matrix of Szekely and Rizzo (2014), whose inner products are n (n - 3) times HSIC_1 of Song et al. (2012), a
closed form that needs no second pass:

    U_ij = K_ij + (q_i + q_j) / (n - 2) - sum(q) / ((n - 1) (n - 2))   for i != j,   U_ii = 0.

References
----------
Song, Smola, Gretton, Bedo, Borgwardt (2012). Feature selection via dependence maximization. JMLR 13, section 3.
Szekely, Rizzo (2014). Partial distance correlation with methods for dissimilarities. Annals of Statistics 42(6),
doi:10.1214/14-AOS1255.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import features as check_features
from gapstudy.stats.namespace import device_of, is_tensor, like, namespace, on_host, zeros

__all__ = ["BLOCK_FLOATS", "centred", "centred_all", "inner_products", "normalised", "row_blocks",
           "squared_norms", "u_centre", "zero_diagonal"]  # fmt: skip

Float = npt.NDArray[np.float64]

# At most so many float64 values in one stack of Gram rows (128 MB): bounds the memory for any n and any L.
BLOCK_FLOATS = 16 * 1024 * 1024

# HSIC_1 of a language with itself below this share of its squared trace is rounding, not variation.
_NO_VARIATION = 1e-12

# Where the other sentences have at most this share of the variation, the one that has the rest is named.
_ALONE = 1e-6


def centred(name: str, values: Any, *, rows: int) -> Float:
    """Column-centred float64 copy of (n, d) features, scaled to unit mean squared row norm (CKA is scale-free)."""
    x = check_features(name, values, rows=rows)
    x = x / abs(x).max()  # so that neither huge nor tiny features leave the range of floats when squared
    x -= x.mean(axis=0)
    scaled: Float = x / namespace(x).sqrt((x * x).sum() / len(x))
    return scaled


def centred_all(features: Sequence[Any], *, rows: int, name: str = "features") -> list[Float]:
    """Centred copies of parallel features; errors name the element, as in ``features[2]``."""
    if len(features) < 2:
        msg = f"{name} must hold at least 2 arrays, got {len(features)}"
        raise ValueError(msg)
    out = [centred(f"{name}[{i}]", x, rows=rows) for i, x in enumerate(features)]
    sizes = [len(x) for x in out]
    if len(set(sizes)) > 1:
        msg = f"{name} must be parallel (row i means the same in each): got {sizes} rows"
        raise ValueError(msg)
    places = sorted({device_of(x) for x in out})
    if len(places) > 1:
        msg = f"{name} must all be NumPy arrays or all be tensors on one device: got {', '.join(places)}"
        raise ValueError(msg)
    return out


def row_blocks(
    features: Sequence[Float], *, width: int = 0, block_floats: int = BLOCK_FLOATS
) -> Iterator[tuple[slice, Float]]:
    """Rows of all centred Gram matrices, block by block.

    Parameters
    ----------
    features : column-centred (n, d_i) arrays.
    width : how many floats a row and language the caller will hold beside the n of the Gram matrix.
    block_floats : how many floats a block may hold.

    Yields
    ------
    (rows, K) : the slice of rows and a (n_languages, n_rows, n) array.
    """
    n = len(features[0])
    size = max(1, block_floats // (len(features) * max(n, width)))
    for start in range(0, n, size):
        rows = slice(start, min(start + size, n))
        K = zeros(features[0], (len(features), rows.stop - rows.start, n))
        for k, x in zip(K, features, strict=True):
            namespace(x).matmul(x[rows], x.T, out=k)
        yield rows, K


def u_centre(K: Float, q: Float, rows: slice) -> Float:
    """U-centred rows of one or more Gram matrices.

    Parameters
    ----------
    K : (..., n_rows, n) rows of centred Gram matrices.
    q : (..., n) their whole diagonals.
    rows : which rows ``K`` holds.
    """
    n = K.shape[-1]
    total = q.sum(axis=-1)[..., None, None]
    U = K + (q[..., rows, None] + q[..., None, :]) / (n - 2) - total / ((n - 1) * (n - 2))
    zero_diagonal(U, rows)
    centred_rows: Float = U
    return centred_rows


def zero_diagonal(K: Float, rows: slice) -> None:
    """Set to zero, in place, the entries of ``K`` (..., n_rows, n) that lie on the diagonal of the whole matrix."""
    index = like(K, np.arange(rows.start, rows.stop))
    K[..., index - rows.start, index] = 0.0


def inner_products(features: Sequence[Float], *, debiased: bool) -> Float:
    """Inner products of all pairs of centred (or U-centred) Gram matrices.

    Parameters
    ----------
    features : column-centred (n, d_i) arrays.
    debiased : False for ``<K, L>`` = n^2 HSIC_0, True for ``<U_K, U_L>`` = n (n - 3) HSIC_1.

    Returns
    -------
    (n_languages, n_languages) float array, symmetric.
    """
    n, width, count = len(features[0]), sum(x.shape[1] for x in features), len(features)
    cheaper_by_features = width * width < n * (width + count * count)
    return (_by_features if cheaper_by_features else _by_grams)(features, debiased=debiased)


def normalised(products: Float, *, debiased: bool, names: Sequence[str] = (), features: Sequence[Any] = ()) -> Float:
    """CKA from inner products: divided by the norms, with a diagonal of exactly 1.

    Errors name the element and, where the centred ``features`` are given, the sentence that is to blame.
    """
    norms = np.diag(products)
    if debiased and (norms <= _NO_VARIATION).any():
        where = int(np.argmin(norms))
        name = names[where] if names else f"features[{where}]"
        why = (features and _alone(features[where])) or "HSIC_1 of it with itself is 0"
        msg = f"{name} leaves debiased CKA undefined: {why}"
        raise ValueError(msg)
    out = products / np.sqrt(norms[:, None] * norms[None, :])
    np.fill_diagonal(out, 1.0)
    return np.clip(out, -1.0, 1.0)  # by Cauchy-Schwarz only rounding is cut off here


def _alone(x: Any) -> str:
    """Name the row of centred features without which next to no variation is left, if there is one."""
    squares = on_host((x * x).sum(axis=1))
    others = on_host(x)[np.arange(len(squares)) != (row := int(squares.argmax()))]
    left = float(((others - others.mean(axis=0)) ** 2).sum())
    if left > _ALONE * float(squares.sum()):
        return ""
    return f"row {row} alone makes nearly all of its variation; check that sentence, or leave it out"


def _by_grams(features: Sequence[Float], *, debiased: bool) -> Float:
    """Inner products from Gram matrices, stacked as (L, n_rows * n): one GEMM a block gives all pairs."""
    n, count = len(features[0]), len(features)
    q = squared_norms(features)
    total = zeros(features[0], (count, count))
    for rows, K in row_blocks(features):
        flat = (u_centre(K, q, rows) if debiased else K).reshape(count, -1)
        total += flat @ flat.T
    return on_host((total + total.T) / (2.0 * n * n))


def squared_norms(features: Sequence[Float]) -> Float:
    """Diagonals of the Gram matrices: (n_languages, n)."""
    stacked: Float = namespace(features[0]).stack([(x * x).sum(axis=1) for x in features])
    return stacked


def _by_features(features: Sequence[Float], *, debiased: bool) -> Float:
    """Inner products from features: ``<K, L> = ||X'Y||_F^2``, and with it U-centred ones in closed form."""
    n = len(features[0])
    products = (_crossed_tensors if is_tensor(features[0]) else _crossed)(features)
    if debiased:
        q = on_host(squared_norms(features))
        trace = q.sum(axis=1)
        products = products - n / (n - 2) * (q @ q.T) + trace[:, None] * trace[None, :] / ((n - 1) * (n - 2))
    return np.asarray((products + products.T) / (2.0 * n * n))


def _crossed(features: Sequence[Float]) -> Float:
    """``||X'Y||_F^2`` of all pairs by one product of the concatenated features."""
    ends = np.cumsum([0, *(x.shape[1] for x in features)])[:-1]
    stacked = np.concatenate(features, axis=1)
    squared = (stacked.T @ stacked) ** 2
    return np.asarray(np.add.reduceat(np.add.reduceat(squared, ends, axis=0), ends, axis=1))


def _crossed_tensors(features: Sequence[Any]) -> Float:
    """``||X'Y||_F^2`` of all pairs of tensors, one product a pair; nothing leaves the device before it is a number."""
    torch = namespace(features[0])
    return on_host(torch.stack([torch.stack([((x.T @ y) ** 2).sum() for y in features]) for x in features]))
