"""How much of a CKA value a few sentences make: leave-one-out values in closed form.

Paper: none. A few far-off points can decide linear CKA (Davari et al. 2023), so the value without each sentence, and
without the most influential ones together, stands beside it. With K, L the Gram matrices (diagonal of zeros where
debiased), k, l their row sums and M = K o L, what remains without sentence a is

    A = 1'M1 - 2 (M1)_a + M_aa,   C = sum_(b != a) (k_b - K_ba) (l_b - L_ba),   s_K = 1'K1 - 2 k_a + K_aa,

in the formulas of :mod:`gapstudy.stats.cka_resampling` with n - 1 sentences: all n values cost as much as one CKA.

References
----------
Davari, Horoi, Natik, Lajoie, Wolf, Belilovsky (2023). Reliability of CKA as a similarity measure in deep learning. ICLR,
arXiv:2210.16156.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import same_rows
from gapstudy.stats.cka import cka
from gapstudy.stats.gram import centred, zero_diagonal
from gapstudy.stats.namespace import like, on_host

__all__ = ["Influence", "cka_influence"]

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """What sentences make of a CKA value.

    Attributes
    ----------
    value : CKA of all sentences.
    without : (n,) CKA without sentence i, of the other n - 1 (centred anew).
    trimmed : CKA without the most influential sentences, those whose absence lowers it most.
    removed : which sentences these are, the most influential first.
    """

    value: float
    without: Float
    trimmed: float
    removed: tuple[int, ...]


def cka_influence(x: Any, y: Any, *, debiased: bool = False, share: float = 0.01) -> Influence:
    """Leave-one-out values of CKA, and CKA without the most influential sentences.

    Parameters
    ----------
    x, y : (n_sentences, d) float arrays or torch tensors with parallel rows, n_sentences >= 8.
    debiased : which CKA.
    share : which share of the sentences to remove for ``trimmed``, in (0, 0.5]; at least one sentence.

    Raises
    ------
    ValueError
        As :func:`gapstudy.stats.cka`; also for ``share`` out of its range, or where nothing varies without a sentence.
    """
    if not 0.0 < share <= 0.5:
        msg = f"share must lie in (0, 0.5], got {share}"
        raise ValueError(msg)
    a, b = centred("x", x, rows=8), centred("y", y, rows=8)
    same_rows("x", a, "y", b)
    value, without = cka(x, y, debiased=debiased), _without(a, b, debiased=debiased)
    order = np.argsort(without, kind="stable")[: max(1, round(share * len(without)))]
    rest = like(a, np.delete(np.arange(len(without)), order))
    return Influence(value, without, cka(a[rest], b[rest], debiased=debiased), tuple(int(i) for i in order))


def _without(a: Any, b: Any, *, debiased: bool) -> Float:
    n = len(a)
    K, L = a @ a.T, b @ b.T
    if debiased:
        for matrix in (K, L):
            zero_diagonal(matrix, slice(0, n))
    crossed = _products(K, L, n - 1, debiased=debiased)
    norms = [_products(one, one, n - 1, debiased=debiased) for one in (K, L)]
    for name, norm in zip(("x", "y"), norms, strict=True):
        if (norm <= 1e-12 * n * n).any():
            msg = f"{name} has no variation left without sentence {int(np.argmin(norm))}: too few distinct rows"
            raise ValueError(msg)
    return np.asarray(crossed / np.sqrt(norms[0] * norms[1]))


def _products(K: Any, L: Any, m: int, *, debiased: bool) -> Float:
    """HSIC of each set of m = n - 1 sentences up to a factor that cancels: (n,)."""
    k, l, M = K.sum(axis=1), L.sum(axis=1), K * L  # noqa: E741
    d, e = K.diagonal(), L.diagonal()
    hadamard = M.sum() - 2.0 * M.sum(axis=1) + d * e
    cross = k @ l - L @ k - K @ l + M.sum(axis=1) - (k - d) * (l - e)
    outer = (k.sum() - 2.0 * k + d) * (l.sum() - 2.0 * l + e)
    if debiased:
        return on_host(hadamard - 2.0 / (m - 2) * cross + outer / ((m - 1) * (m - 2)))
    return on_host(hadamard - 2.0 / m * cross + outer / m**2)
