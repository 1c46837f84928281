"""The power of the analysis of record, by simulating it: seeds x language pairs that share the reference model.

Paper: section 4.4. :mod:`gapstudy.stats.power` has a formula for one pair; with more pairs the points of a seed depend on
each other, more than one pair's worth of seeds and less than as many independent ones.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_resamples
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.power import _check_unit
from gapstudy.stats.proportion import clopper_pearson

__all__ = ["simulated_power", "simulated_seeds"]

Float = npt.NDArray[np.float64]

SHARED = 0.5
"""Correlation over pairs of what two pairs of one seed measure: both rest half on the reference model."""

# At most so many numbers of an array at a time (32 MB): bounds the memory for many seeds, pairs and studies.
_BLOCK_FLOATS = 4 * 1024 * 1024

# Coefficients that differ by less than this are equal but for rounding.
_ROUNDING = 1e-9


def simulated_power(
    rho: float,
    n: int,
    *,
    pairs: int = 1,
    shared: float = SHARED,
    level: float = 0.05,
    n_simulations: int = 2000,
    n_permutations: int = 499,
    rng: np.random.Generator,
) -> Estimate:
    """Share of simulated studies in which the within-pair Spearman test rejects, seeds permuted jointly over pairs.

    Parameters
    ----------
    rho : true Spearman coefficient within each pair, in (-1, 1); 0 gives the false positive rate.
    n : number of seeds, >= 4.
    pairs : number of language pairs, >= 1.
    shared : correlation, in [0, 1], of x between two pairs of a seed, and of y.
    level : **significance level** of the test, in (0, 1).
    n_simulations, n_permutations : >= 19.
    rng : source of all draws.

    Returns
    -------
    Estimate
        Power in [0, 1] with its 95 % Clopper-Pearson interval over simulated studies (``n``); data are normal with
        Pearson correlation 2 sin(pi rho / 6), which has the Spearman coefficient ``rho``.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    _check_unit("level", level)
    check_resamples(n_simulations)
    check_resamples(n_permutations)
    if not -1.0 < rho < 1.0:
        msg = f"rho must lie strictly between -1 and 1, got {rho}"
        raise ValueError(msg)
    if n < 4 or pairs < 1 or not 0.0 <= shared <= 1.0:
        msg = f"n must be at least 4, pairs at least 1 and shared in [0, 1]; got {n}, {pairs} and {shared}"
        raise ValueError(msg)
    # of their own generator, so that the studies do not depend on the number of permutations
    orders = rng.spawn(1)[0].permuted(np.tile(np.arange(n), (n_permutations, 1)), axis=1)
    rejected = 0
    for size in _blocks(n_simulations, max(pairs * n, n * n, n_permutations)):
        x, y = (_ranks(v) for v in _studies(rho, (size, pairs, n), shared, rng))
        extreme = _extreme(np.einsum("rps,rpt->rst", x, y, optimize=True), orders)
        rejected += int(np.count_nonzero((1 + extreme) / (1 + n_permutations) <= level))
    e = clopper_pearson(rejected, n_simulations)
    method = f"{n_simulations} simulated studies, {n_permutations} permutations, {pairs} pairs of one reference"
    return Estimate(e.value, e.low, e.high, e.level, e.n, method)


def simulated_seeds(
    rho: float,
    *,
    power: float,
    most: int,
    pairs: int = 1,
    level: float = 0.05,
    seed: int = 0,
    n_simulations: int = 1000,
) -> int | None:
    """The smallest number of seeds up to ``most`` whose simulated power reaches ``power``, or None.

    Parameters
    ----------
    rho, pairs, level, n_simulations : as :func:`simulated_power`.
    power : in (0, 1).
    most : largest number of seeds to try, >= 4 (a formula for one pair bounds it).
    seed : of every simulation, the same for each number of seeds.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    _check_unit("power", power)

    def enough(n: int) -> bool:
        rng = np.random.default_rng([seed, n])
        found = simulated_power(rho, n, pairs=pairs, level=level, n_simulations=n_simulations, rng=rng)
        return found.value >= power

    if not enough(most):
        return None
    low, high = 3, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _studies(rho: float, shape: tuple[int, int, int], shared: float, rng: np.random.Generator) -> tuple[Float, Float]:
    """Two (studies, pairs, seeds) normal arrays, correlated rho (Spearman) within a pair, ``shared`` between pairs."""
    pearson = 2.0 * math.sin(math.pi * rho / 6.0)

    def columns() -> Float:
        common, own = rng.normal(size=(shape[0], 1, shape[2])), rng.normal(size=shape)
        return np.asarray(math.sqrt(shared) * common + math.sqrt(1.0 - shared) * own)

    x = columns()
    return x, pearson * x + math.sqrt(1.0 - pearson**2) * columns()


def _extreme(products: Float, orders: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """(studies,) permutations as extreme as the data, of (studies, seeds, seeds) products of ranks summed over pairs."""
    studies, n, _ = products.shape
    flat, least = products.reshape(studies, n * n), np.abs(products.trace(axis1=1, axis2=2)) - _ROUNDING * n**3
    out, start = np.zeros(studies, dtype=np.intp), 0
    for size in _blocks(len(orders), n * n):
        chosen = np.zeros((n * n, size))
        chosen[orders[start : start + size] * n + np.arange(n), np.arange(size)[:, None]] = 1.0
        out += (np.abs(flat @ chosen) >= least[:, None]).sum(axis=1)
        start += size
    return out


def _blocks(count: int, floats: int) -> list[int]:
    """Sizes of the fewest blocks of ``count`` things that need so many numbers each."""
    blocks = min(count, max(1, -(-count * floats // _BLOCK_FLOATS)))
    return [count // blocks + (i < count % blocks) for i in range(blocks)]


def _ranks(values: Float) -> Float:
    """Ranks along the last axis, centred; continuous values have no ties."""
    return np.asarray(values.argsort(axis=-1).argsort(axis=-1) - (values.shape[-1] - 1) / 2.0)
