"""Exact optimal transport between two clouds of outputs: what the Sinkhorn distance tends to as reg -> 0.

Paper: section 4.3; the paper reports Sinkhorn distances alone, whose size depends on an unnamed regularisation.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import numpy.typing as npt

from gapstudy.errors import ConvergenceWarning
from gapstudy.stats.checks import choice, matrix
from gapstudy.stats.pot import pot

__all__ = ["COSTS", "costs_between", "exact_distance", "ground_cost", "in_range", "in_unit", "same_width",
           "uniform"]  # fmt: skip

Array = npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]

_SMALLEST = 1e-100  # points within this and its inverse are taken as they are

COSTS = ("euclidean", "sqeuclidean")


def exact_distance(x: Array, y: Array, *, cost: str = "euclidean", max_iterations: int = 10_000_000) -> float:
    """Exact optimal transport cost of two point clouds with uniform weights (the limit reg -> 0).

    It holds the (n, m) matrix of costs in float64 and takes seconds at n = 5,010; its time grows faster than n^2.
    Parameters are those of :func:`sinkhorn_distance`; with "euclidean" it is the Wasserstein-1 distance.

    Returns
    -------
    float
        In the unit of the cost, >= 0, 0 for equal clouds; never above a converged plain :func:`sinkhorn_distance`.

    Raises
    ------
    ValueError
        As :func:`sinkhorn_distance`; also where the distance is beyond the range of double precision.

    Warns
    -----
    ConvergenceWarning
        If the network simplex stopped early.
    """
    points_x, points_y = _checked(x, y, cost)
    points_x, points_y, unit = in_range(points_x, points_y, cost)
    C = costs_between(points_x, points_y, cost)
    a, b = uniform(C)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # POT's own; said again below, with our class
        value, log = pot().emd2(a, b, C, numItermax=max_iterations, log=True)
    if log["warning"] is not None:
        msg = f"exact transport stopped early after {max_iterations} iterations: {log['warning']}; raise max_iterations"
        warnings.warn(msg, ConvergenceWarning, stacklevel=2)
    return in_unit(float(value), unit, "x and y")


def ground_cost(x: Array, y: Array, cost: str) -> Float:
    """(n, m) matrix of costs between rows."""
    return costs_between(*_checked(x, y, cost), cost)


def _checked(x: Array, y: Array, cost: str) -> tuple[Float, Float]:
    choice("cost", cost, COSTS)
    a, b = matrix("x", x), matrix("y", y)
    same_width("x", a, "y", b)
    return a, b


def in_range(a: Float, b: Float, cost: str) -> tuple[Float, Float, int]:
    """Points whose squares are doubles: as they are, or divided by a power of two.

    Returns
    -------
    Both clouds, and the exponent k of the unit 2^k that costs between them are in.
    """
    largest = max(float(np.abs(a).max()), float(np.abs(b).max()))
    if largest == 0.0 or _SMALLEST < largest < 1.0 / _SMALLEST:
        return a, b, 0
    k = math.frexp(largest)[1]
    return np.ldexp(a, -k), np.ldexp(b, -k), 2 * k if cost == "sqeuclidean" else k


def in_unit(value: float, k: int, names: str) -> float:
    """``value * 2^k``, or an error where that is beyond double precision."""
    try:
        out = math.ldexp(value, k)
    except OverflowError:
        out = math.inf
    if math.isinf(out) or (out == 0.0) != (value == 0.0):
        msg = f"{names} are too {'small' if k < 0 else 'large'}: {value:.4g} * 2^{k} is no number in double precision"
        raise ValueError(msg)
    return out


def costs_between(a: Float, b: Float, cost: str) -> Float:
    """(n, m) matrix of costs between the rows of checked arrays."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(a, b, "sqeuclidean" if cost == "sqeuclidean" else "euclidean"))


def same_width(name_a: object, a: Float, name_b: object, b: Float) -> None:
    """Complain unless two clouds have the same number of columns."""
    if a.shape[1] != b.shape[1]:
        msg = f"{name_a} and {name_b} must have the same number of columns, got {a.shape[1]} and {b.shape[1]}"
        raise ValueError(msg)


def uniform(C: Float) -> tuple[Float, Float]:
    """Uniform weights over the rows and the columns."""
    n, m = C.shape
    return np.full(n, 1.0 / n), np.full(m, 1.0 / m)
