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
    x, y = (_ranks(v) for v in _studies(rho, (n_simulations, pairs, n), shared, rng))
    products = np.einsum("rps,rpt->rst", x, y, optimize=True).reshape(n_simulations, n * n)
    orders = rng.permuted(np.tile(np.arange(n), (n_permutations, 1)), axis=1)
    chosen = np.zeros((n * n, n_permutations))
    chosen[orders * n + np.arange(n), np.arange(n_permutations)[:, None]] = 1.0
    observed = np.abs(products.reshape(n_simulations, n, n).trace(axis1=1, axis2=2))
    extreme = (np.abs(products @ chosen) >= observed[:, None] - _ROUNDING * n**3).sum(axis=1)
    rejected = int(np.count_nonzero((1 + extreme) / (1 + n_permutations) <= level))
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


def _ranks(values: Float) -> Float:
    """Ranks along the last axis, centred; continuous values have no ties."""
    return np.asarray(values.argsort(axis=-1).argsort(axis=-1) - (values.shape[-1] - 1) / 2.0)
