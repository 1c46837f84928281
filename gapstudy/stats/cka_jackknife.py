"""CKA without each sentence in closed form, and the intervals of means that follow: no resampling, no generator.

Paper: none. With K, L Gram matrices (diagonal of zeros where debiased), k, l their row sums and M = K o L, the sums of
:mod:`gapstudy.stats.cka_resampling` over all sentences but a are

    A = 1'M1 - 2 (M1)_a + M_aa,   C = sum_(b != a) (k_b - K_ba) (l_b - L_ba),   s_K = 1'K1 - 2 k_a + K_aa,

so that all n values together cost about as much as one CKA. Debiased CKA is a smooth function of U-statistics, whose
jackknife estimates its variance (Arvesen 1969). Near 0, where HSIC_1 is degenerate, the interval is too wide, as that of
half-samples is. Plain CKA depends on n: its interval is for the expectation at this n.

References
----------
Arvesen (1969). Jackknifing U-statistics. Annals of Mathematical Statistics 40(6), doi:10.1214/aoms/1177697287.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.gram import BLOCK_FLOATS, centred_all, inner_products, normalised, row_blocks, zero_diagonal
from gapstudy.stats.namespace import namespace, on_host, zeros

__all__ = ["MeanCka", "cka_without_each", "mean_cka_jackknife"]

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MeanCka:
    """A mean of CKA over pairs, and what it is without each sentence.

    Attributes
    ----------
    value : of all n sentences.
    without : (n,) without sentence i.
    debiased : which CKA.
    seeds : how many seeds it averages.
    """

    value: float
    without: Float
    debiased: bool
    seeds: int = 1

    def estimate(self, *, level: float = 0.95) -> Estimate:
        """The mean with its jackknife interval over sentences, cut to the range of CKA."""
        return _interval(self.value, self.without, level, (-1.0 if self.debiased else 0.0, 1.0), self._kind)

    def above(self, other: MeanCka, *, level: float = 0.95) -> Estimate:
        """The difference to another mean over the same sentences, with its (paired) jackknife interval.

        Raises
        ------
        ValueError
            If the numbers of sentences differ.
        """
        if len(self.without) != len(other.without):
            msg = f"the means must be over the same sentences: got {len(self.without)} and {len(other.without)}"
            raise ValueError(msg)
        kind = f"difference of {self._kind}"
        return _interval(self.value - other.value, self.without - other.without, level, (-2.0, 2.0), kind)

    @staticmethod
    def over_seeds(parts: Iterable[MeanCka]) -> MeanCka:
        """The mean over seeds whose sentences are the same; seeds are averaged, not resampled.

        Raises
        ------
        ValueError
            If there is none, or they differ in the number of sentences or in the kind of CKA.
        """
        found = list(parts)
        if not found:
            msg = "parts needs at least one seed"
            raise ValueError(msg)
        if len({(len(p.without), p.debiased) for p in found}) > 1:
            msg = "seeds must have the same sentences and kind of CKA"
            raise ValueError(msg)
        without = np.mean([p.without for p in found], axis=0)
        value = float(np.mean([p.value for p in found]))
        return MeanCka(value, without, found[0].debiased, sum(p.seeds for p in found))

    @property
    def _kind(self) -> str:
        seeds = f" and {self.seeds} seeds" if self.seeds > 1 else ""
        return f"mean {'debiased' if self.debiased else 'plain'} CKA over pairs{seeds}"


def mean_cka_jackknife(
    features: Sequence[Any], *, pairs: Sequence[tuple[int, int]] | None = None, debiased: bool = True
) -> MeanCka:
    """Mean CKA over pairs of languages with what an interval over sentences needs.

    Parameters
    ----------
    features : sequence of (n_sentences, d_i) float arrays or torch tensors with parallel rows; n_sentences >= 8.
    pairs : which pairs (indices into ``features``); None: all unordered ones.
    debiased : which CKA.

    Raises
    ------
    ValueError
        As :func:`gapstudy.stats.cka_matrix`; also for no pairs, a pair that is not of two different languages, or where
        nothing varies without a sentence.
    """
    stack = centred_all(features, rows=8)
    all_pairs = zip(*(part.tolist() for part in np.triu_indices(len(stack), 1)), strict=True)
    chosen = [tuple(pair) for pair in (all_pairs if pairs is None else pairs)]
    if not chosen:
        msg = "pairs must name at least one pair"
        raise ValueError(msg)
    for pair in chosen:
        if len(pair) != 2 or pair[0] == pair[1] or not set(pair) <= set(range(len(stack))):
            msg = f"pairs must hold two different numbers from 0 to {len(stack) - 1} each, got {pair}"
            raise ValueError(msg)
    i, j = np.array(chosen, dtype=np.intp).T
    value = normalised(inner_products(stack, debiased=debiased), debiased=debiased, features=stack)[i, j].mean()
    names = [f"features[{k}]" for k in range(len(stack))]
    return MeanCka(float(value), cka_without_each(stack, names, debiased=debiased)[i, j].mean(axis=0), debiased)


def cka_without_each(stack: Sequence[Any], names: Sequence[str], *, debiased: bool) -> Float:
    """CKA of all pairs without each sentence in turn.

    Parameters
    ----------
    stack : column-centred (n, d_i) arrays or tensors.
    names : what to call them in an error.
    debiased : which CKA.

    Returns
    -------
    (n_languages, n_languages, n) float NumPy array.
    """
    products = _products(stack, debiased=debiased)
    norms = np.diagonal(products).T
    bad = norms <= 1e-12 * len(stack[0]) ** 2
    if bad.any():
        i, a = np.argwhere(bad)[0]
        msg = f"{names[i]} has no variation left without sentence {a}: too few distinct rows"
        raise ValueError(msg)
    root = np.sqrt(norms)  # a copy: what is divided holds the norms
    products /= root[:, None]
    products /= root[None, :]
    return products


def _products(stack: Sequence[Any], *, debiased: bool) -> Float:
    """HSIC of each set of m = n - 1 sentences up to a factor that cancels, summed over blocks of rows."""
    n, count = len(stack[0]), len(stack)
    xp, m = namespace(stack[0]), n - 1
    q = xp.stack([(x * x).sum(axis=1) for x in stack])
    # rows of a centred Gram matrix sum to 0, and to minus its diagonal where that is set to 0
    k, d = (-q, 0.0 * q) if debiased else (0.0 * q, q)
    M, Kl = zeros(stack[0], (count, count, n)), zeros(stack[0], (count, count, n))
    for rows, K in row_blocks(stack):
        if debiased:
            zero_diagonal(K, rows)
        for i in range(count):
            part = xp.einsum("rc,jrc->jr", K[i], K[i:])
            M[i, i:, rows] = part
            M[i:, i, rows] = part
        Kl[:, :, rows] = (K @ k.T).swapaxes(1, 2)  # (K_i k_j)_a
    whole, row_sums = M.sum(axis=2)[:, :, None], (k @ k.T)[:, :, None]
    totals = k.sum(axis=1)[:, None] - 2.0 * k + d
    step = max(1, BLOCK_FLOATS // (8 * count * count))
    for start in range(0, n, step):  # the result takes the place of M
        at = slice(start, start + step)
        m_a, l_a, k_a, d_a, total = M[:, :, at], Kl[:, :, at], k[:, at], d[:, at], totals[:, at]
        hadamard = whole - 2.0 * m_a + d_a[:, None] * d_a[None, :]
        cross = row_sums - l_a - l_a.swapaxes(0, 1) + m_a - (k_a[:, None] - d_a[:, None]) * (k_a - d_a)[None, :]
        outer = total[:, None] * total[None, :]
        if debiased:
            M[:, :, at] = hadamard - 2.0 / (m - 2) * cross + outer / ((m - 1) * (m - 2))
        else:
            M[:, :, at] = hadamard - 2.0 / m * cross + outer / m**2
    return on_host(M)


def _interval(value: float, without: Float, level: float, within: tuple[float, float], kind: str) -> Estimate:
    from scipy.special import stdtrit

    n = len(without)
    half = float(stdtrit(n - 1, (1.0 + check_level(level)) / 2.0)) * float(np.sqrt((n - 1) * without.var()))
    low, high = (min(max(end, within[0]), within[1]) for end in (value - half, value + half))
    return Estimate(value, low, high, level, n, f"{kind}, t interval by the jackknife over sentences")
