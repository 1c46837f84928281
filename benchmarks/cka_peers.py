"""Others' CKA: resampling features in NumPy, ckatorch, and cka-pytorch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["COMPANIONS", "Call", "Companion", "Package", "cka_pytorch", "ckatorch", "of_all", "of_pair", "permuted",
           "u_centred"]  # fmt: skip

Float = npt.NDArray[np.float64]
Call = Callable[[], object]
Companion = Callable[[Float, Float], float]


# ---- NumPy, from features ----------------------------------------------------------------------------------
def of_pair(x: Float, y: Float, *, debiased: bool) -> float:
    """CKA of two sets of features as one would write it: three norms for every pair."""
    if debiased:
        k, m = _gram(x), _gram(y)
        return _hsic(k, m) / float(np.sqrt(_hsic(k, k) * _hsic(m, m)))
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    norms = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
    return float(np.linalg.norm(a.T @ b) ** 2 / norms)


def of_all(features: Sequence[Float], *, debiased: bool) -> Float:
    """CKA of all pairs with what belongs to one language computed once: the careful way to resample features."""
    if debiased:
        grams = [_gram(x) for x in features]
        return _matrix(len(grams), lambda i, j: _hsic(grams[i], grams[j]))
    centred = [x - x.mean(axis=0) for x in features]
    return _matrix(len(centred), lambda i, j: float((np.square(centred[i].T @ centred[j])).sum()))


def _matrix(count: int, product: Callable[[int, int], float]) -> Float:
    norms = [product(i, i) for i in range(count)]
    out = np.eye(count)
    for i, j in combinations(range(count), 2):
        out[i, j] = out[j, i] = product(i, j) / np.sqrt(norms[i] * norms[j])
    return out


def _gram(x: Float) -> Float:
    centred = x - x.mean(axis=0)
    gram = centred @ centred.T
    np.fill_diagonal(gram, 0.0)
    return np.asarray(gram)


def _hsic(k: Float, m: Float) -> float:
    """HSIC_1 of Song et al. (2012) up to a factor that cancels; both matrices have a diagonal of zeros."""
    n = len(k)
    rows_k, rows_m = k.sum(axis=1), m.sum(axis=1)
    trace = float(np.vdot(k, m))
    return float(trace + rows_k.sum() * rows_m.sum() / ((n - 1) * (n - 2)) - 2.0 / (n - 2) * (rows_k @ rows_m))


def u_centred(x: Float) -> Float:
    """U-centred Gram matrix, from sums of its rows (Szekely and Rizzo 2014)."""
    gram, n = _gram(x), len(x)
    sums = gram.sum(axis=1)
    out = gram - (sums[:, None] + sums) / (n - 2) + sums.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(out, 0.0)
    return np.asarray(out)


def permuted(k: Float, m: Float, count: int, rng: np.random.Generator) -> Float:
    """Inner products of ``k`` with ``m`` whose sentences are permuted ``count`` times."""
    orders = [rng.permutation(len(m)) for _ in range(count)]
    return np.array([np.vdot(k, m[p].take(p, axis=1)) for p in orders])


# ---- companions --------------------------------------------------------------------------------------------
def _procrustes(x: Float, y: Float) -> float:
    from scipy.linalg import orthogonal_procrustes

    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    return float(orthogonal_procrustes(a, b)[1] / np.linalg.norm(a) / np.linalg.norm(b))


def _rsa(x: Float, y: Float) -> float:
    from scipy.spatial.distance import pdist
    from scipy.stats import spearmanr

    return float(spearmanr(pdist(x, "correlation"), pdist(y, "correlation")).statistic)


def _anc(x: Float, y: Float) -> float:
    return float(np.mean([abs(np.corrcoef(a, b)[0, 1]) for a, b in zip(x.T, y.T, strict=True)]))


def _retrieval(x: Float, y: Float) -> float:
    from sklearn.neighbors import NearestNeighbors

    def found(a: Float, b: Float) -> float:
        nearest = NearestNeighbors(n_neighbors=1, metric="cosine").fit(b).kneighbors(a, return_distance=False)
        return float((nearest[:, 0] == np.arange(len(a))).mean())

    return (found(x, y) + found(y, x)) / 2.0


COMPANIONS: dict[str, Companion] = {"procrustes": _procrustes, "rsa": _rsa, "anc": _anc, "retrieval": _retrieval}


# ---- packages ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Package:
    """A package ready to be timed: its name, what computes the (L, L) matrix, the digits it keeps, and remarks."""

    name: str
    result: Callable[[], Float]
    rtol: float
    note: str


def ckatorch(features: Sequence[Float], *, debiased: bool) -> Package:
    """Prepare ``ckatorch.cka_base`` (float64 inside) on every pair.

    Raises
    ------
    ImportError
        If ckatorch is not installed.
    """
    import torch
    from ckatorch import cka_base

    tensors = [torch.from_numpy(x) for x in features]

    def result() -> Float:
        out = np.eye(len(tensors))
        for i, j in combinations(range(len(tensors)), 2):
            out[i, j] = out[j, i] = float(cka_base(tensors[i], tensors[j], unbiased=debiased))
        return out

    return Package("ckatorch", result, 1e-8, "each pair i < j once, float64")


def cka_pytorch(features: Sequence[Float], *, debiased: bool) -> Package:
    """Prepare ``cka_pytorch.CKACalculator`` on a model whose layers hand out the features, as one batch.

    Raises
    ------
    ImportError
        If cka-pytorch is not installed, or cannot be imported.
    ValueError
        If ``debiased`` is False.
    """
    if not debiased:
        msg = "cka-pytorch has only the debiased form"
        raise ValueError(msg)
    import torch

    package = _cka_pytorch()
    tensors = [torch.from_numpy(x.astype(np.float32)) for x in features]

    class Layers(torch.nn.Module):
        """One layer a language."""

        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList(torch.nn.Identity() for _ in tensors)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            """Hand every language's features to its layer."""
            for layer, values in zip(self.layers, tensors, strict=True):
                layer(values)
            return x

    batch = [(torch.zeros(1), None)]

    def result() -> Float:
        names = [f"layers.{i}" for i in range(len(tensors))]
        calculator = package.CKACalculator(
            Layers(), Layers(), names, names, device=torch.device("cpu"), verbose=False, batched_feature_size=8
        )
        matrix: Float = calculator.calculate_cka_matrix(batch, num_epochs=1, epsilon=0.0).double().numpy()
        return matrix

    return Package("cka-pytorch", result, 2e-3, "float32; it computes all L x L pairs of one batch")


def _cka_pytorch() -> Any:
    """Import it; it loads torchvision, which fails with a RuntimeError where it was built for another torch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the progress bar it imports
        try:
            return import_module("cka_pytorch")
        except RuntimeError as error:
            msg = f"cka-pytorch does not load with this torchvision ({error})"
            raise ImportError(msg) from error
