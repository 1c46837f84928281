"""What two potentials of a regularised transport problem stand for, in the log domain: softmin and plan."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.cloud import Cloud
from gapstudy.stats.exact import costs_between
from gapstudy.stats.kernel import BLOCK_CELLS
from gapstudy.stats.workers import Workers

__all__ = ["plan_of", "softmin", "sparse_plan"]

Float = npt.NDArray[np.float64]

_SPARSE = 1e-9


def softmin(x: Cloud, y: Cloud, g: Float, *, reg: float, cost: str, workers: Workers) -> Float:
    """``-log(sum_j b_j exp(g_j - C_ij / reg))``, (n,): the potential of x that answers a potential of y.

    In the log domain, where the kernel would underflow; x may be points that the potential of y was not solved for.
    """
    shift = np.log(y.weights) + g
    size = max(1, BLOCK_CELLS // len(y))

    def one(rows: slice) -> Float:
        exponent = costs_between(x.points[rows], y.points, cost) * (-1.0 / reg)
        exponent += shift
        top = exponent.max(axis=1)
        exponent -= top[:, None]
        return np.asarray(-top - np.log(np.exp(exponent, out=exponent).sum(axis=1)))

    return np.concatenate(workers.map(one, [slice(i, min(i + size, len(x))) for i in range(0, len(x), size)]))


def plan_of(x: Cloud, y: Cloud, f: Float, g: Float, *, reg: float, cost: str, workers: Workers) -> Float:
    """The plan of two potentials, (n, m), without a kernel's clipping."""
    out = np.empty((len(x), len(y)))
    shift = np.log(y.weights) + g
    size = max(1, BLOCK_CELLS // len(y))

    def one(rows: slice) -> None:
        np.multiply(costs_between(x.points[rows], y.points, cost), -1.0 / reg, out=out[rows])
        out[rows] += shift
        out[rows] += (np.log(x.weights[rows]) + f[rows])[:, None]
        np.exp(out[rows], out=out[rows])

    workers.map(one, [slice(i, min(i + size, len(x))) for i in range(0, len(x), size)])
    return out


def sparse_plan(x: Cloud, y: Cloud, f: Float, g: Float, *, reg: float, cost: str, workers: Workers) -> Any:
    """The plan of two potentials as a sparse matrix, without entries of a share of at most 1e-9 of their row's weight."""
    from scipy.sparse import csr_array, vstack

    shift, least = np.log(y.weights) + g, math.log(_SPARSE)
    size = max(1, BLOCK_CELLS // len(y))

    def one(rows: slice) -> Any:
        exponent = costs_between(x.points[rows], y.points, cost) * (-1.0 / reg)
        exponent += shift
        exponent += f[rows, None]
        i, j = np.nonzero(exponent > least)
        return csr_array((np.exp(exponent[i, j]) * x.weights[rows][i], (i, j)), shape=exponent.shape)

    return vstack(workers.map(one, [slice(i, min(i + size, len(x))) for i in range(0, len(x), size)]), format="csr")
