"""The kernel ``exp(f + g - C / reg)`` of a regularised transport problem, in blocks of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.cloud import Cloud
from gapstudy.stats.exact import costs_between
from gapstudy.stats.workers import Workers

__all__ = ["BLOCK_CELLS", "STORED_BYTES", "Kernel"]

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.intp]

BLOCK_CELLS = 160_000  # of a block in double precision: a core's own cache
_WIDE_BLOCKS = 8  # as many at once where a stored kernel is read: bound by memory, not cache
_LEAST, _MOST = -80.0, 80.0  # exponents outside are set to these: exp(-80) is 1.8e-35, and smaller floats are slow
_KEPT = 500_000  # entries up to which the costs are kept beside the kernel
STORED_BYTES = 2**30
"""A larger kernel is computed anew, block by block, each time it is used."""


class Kernel:
    """``K = exp(f_i + g_j - C_ij / reg)`` with the potentials that the scalings start from.

    With potentials near the solution K is near the density of the plan, so that no scaling over- or underflows
    however small ``reg`` is.

    Parameters
    ----------
    x, y : the clouds.
    f, g : (n,) and (m,) potentials in units of ``reg``.
    reg, cost : of the problem.
    dtype : float32 or float64, of the kernel; costs and exponents are computed in float64.
    workers : maps over blocks.
    """

    def __init__(
        self, x: Cloud, y: Cloud, f: Float, g: Float, *, reg: float, cost: str, dtype: Any, workers: Workers
    ) -> None:
        self.x, self.y, self.f, self.g = x, y, f, g
        self.reg, self.cost, self.dtype, self.workers = reg, cost, np.dtype(dtype), workers
        rows = max(1, BLOCK_CELLS // len(y))
        self.blocks = [slice(i, min(i + rows, len(x))) for i in range(0, len(x), rows)]
        # what reads a stored kernel is bound by memory and has fewer calls in larger blocks
        self._wide = [slice(i, min(i + 8 * rows, len(x))) for i in range(0, len(x), 8 * rows)]
        self._stored: npt.NDArray[Any] | None = None
        self._costs: list[Float] | None = [] if len(x) * len(y) <= _KEPT else None  # of a small problem, by block
        if len(x) * len(y) * self.dtype.itemsize <= STORED_BYTES:
            self._stored = np.empty((len(x), len(y)), dtype=self.dtype)
            (Workers(None) if self._costs is not None else workers).map(self._fill, self.blocks)

    def _exponent(self, rows: slice) -> tuple[Float, Float]:
        """Costs of some rows and the exponents of their kernel."""
        costs = costs_between(self.x.points[rows], self.y.points, self.cost)
        exponent = costs * (-1.0 / self.reg)
        exponent += self.g
        exponent += self.f[rows, None]
        return costs, exponent

    def _fill(self, rows: slice) -> None:
        if self._stored is not None:
            self._compute(rows, self._stored[rows])

    def _compute(self, rows: slice, out: npt.NDArray[Any]) -> npt.NDArray[Any]:
        costs, exponent = self._exponent(rows)
        if self._costs is not None:
            self._costs.append(costs)
        np.clip(exponent, _LEAST, _MOST, out=out, casting="unsafe")
        return np.asarray(np.exp(out, out=out))

    def _precise(self, rows: slice) -> tuple[Float, Float]:
        """Costs and kernel of some rows in float64: as they were stored, or from the points."""
        if self._costs and self._stored is not None and self._stored.dtype == np.float64:
            return self._costs[self.blocks.index(rows)].copy(), self._stored[rows]
        costs, kernel = self._exponent(rows)
        return costs, np.exp(kernel, out=kernel)

    def block(self, rows: slice) -> npt.NDArray[Any]:
        """Some rows of the kernel."""
        if self._stored is not None:
            return self._stored[rows]
        return self._compute(rows, np.empty((rows.stop - rows.start, len(self.y)), dtype=self.dtype))

    @property
    def _read(self) -> list[slice]:
        return self.blocks if self._stored is None else self._wide

    def times(self, right: Float) -> Float:
        """``K @ right``, (n,)."""
        vector = right.astype(self.dtype)
        return np.concatenate(self.workers.map(lambda rows: self.block(rows) @ vector, self._read)).astype(np.float64)

    def transposed_times(self, left: Float) -> Float:
        """``K.T @ left``, (m,); blocks are added in float64."""
        vector = left.astype(self.dtype)
        parts = self.workers.map(lambda rows: vector[rows] @ self.block(rows), self._read)
        total = np.zeros(len(self.y))
        for part in parts:
            total += part
        return total

    def grouped(self, left: Float, bounds: Int) -> npt.NDArray[Any]:
        """Sum of ``left_i K_ij`` over the rows ``bounds[c]`` to ``bounds[c + 1]`` of each cell c, (k, m)."""
        vector = left.astype(self.dtype)
        out = np.empty((len(bounds) - 1, len(self.y)), dtype=self.dtype)

        def add(cell: slice) -> None:
            for c in range(cell.start, cell.stop):
                rows = slice(int(bounds[c]), int(bounds[c + 1]))
                out[c] = vector[rows] @ self.block(rows)

        self.workers.map(add, [slice(c, min(c + 16, len(out))) for c in range(0, len(out), 16)])
        return out

    def certify(self, phi: Float, psi: Float, *, update: bool) -> tuple[Float, Float, Float, float]:
        """Hold scalings ``exp(phi)``, ``exp(psi)`` to the whole problem in float64, in one pass over the costs.

        Parameters
        ----------
        phi, psi : (n,) and (m,) corrections to the potentials.
        update : first set ``phi`` so that the rows' marginals hold.

        Returns
        -------
        ``phi``; the plan's row and column sums, (n,) and (m,); its transport cost.
        """
        a, right = self.x.weights, self.y.weights * np.exp(psi)

        def one(rows: slice) -> tuple[Float, Float, Float, float]:
            costs, kernel = self._precise(rows)
            sums = kernel @ right
            scaling = 1.0 / sums if update else np.exp(phi[rows])
            left = a[rows] * scaling
            columns = left @ kernel
            costs *= kernel
            return np.log(scaling), left * sums, columns, float(left @ (costs @ right))

        parts = self.workers.map(one, self.blocks)
        columns, cost = np.zeros(len(self.y)), 0.0
        for part in parts:
            columns += part[2]
            cost += part[3]
        return (
            np.concatenate([p[0] for p in parts]),
            np.concatenate([p[1] for p in parts]),
            columns * right,
            cost,
        )
