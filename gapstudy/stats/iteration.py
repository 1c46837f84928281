"""The accelerated iteration of :mod:`gapstudy.stats.scaling` on one kernel."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gapstudy.stats.kernel import Kernel

__all__ = ["Iteration", "Outcome"]

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.intp]

_MEMORY = 6  # steps that Anderson acceleration combines
_RENEWED = 25  # iterations after which the Hessian is computed anew
_LARGEST_STEP = 2.0  # of Newton's step in a cell, in units of reg
_DRIFT = 40.0  # logarithm of a scaling at which the kernel is to be computed anew
_STALLED = {4: 10, 8: 100}  # iterations without progress after which it ends, by the bytes of a number

Outcome = Literal["converged", "drifted", "stalled", "exhausted"]


class Iteration:
    """The accelerated iteration on one kernel, in the logarithms phi and psi of the scalings."""

    def __init__(self, kernel: Kernel, label: Int, *, symmetric: bool) -> None:
        self.kernel, self.symmetric = kernel, symmetric
        self.a, self.b = kernel.x.weights, kernel.y.weights
        self.bounds = np.searchsorted(label, np.arange(int(label.max()) + 2))
        self.factor: Any = None
        self.age = 0

    def run(self, tol: float, budget: int) -> tuple[Float, Float, int, Outcome]:
        """Logarithms of the best scalings, iterations taken, and why it ended; "drifted": the scalings left their range."""
        phi = np.zeros(len(self.a))
        best, best_error, best_at = (phi, np.zeros(len(self.b))), np.inf, 0
        patience = _STALLED[self.kernel.dtype.itemsize]
        history = _Anderson(self.a)
        for taken in range(1, budget + 1):
            psi, row = self._sums(phi)
            largest = max(float(np.abs(phi).max()), float(np.abs(psi).max()))
            if not largest < _DRIFT or not (row.min() > 0.0 and row.max() < np.inf):  # NaN too
                return *best, taken, "drifted"
            error = float(self.a @ np.abs(1.0 - row)) * (2.0 if self.symmetric else 1.0)
            if error < 0.9 * best_error:
                best_at = taken
            if error < best_error:
                best, best_error = (phi, psi), error
            if error <= tol:
                return *best, taken, "converged"
            if taken - best_at > patience:
                return *best, taken, "stalled"
            away = error > 4.0 * best_error
            step = self._step(row, plain=away)
            if away:
                history = _Anderson(self.a)
            phi = phi + step if away else history.next(phi, step)
        return *best, budget, "exhausted"

    def _sums(self, phi: Float) -> tuple[Float, Float]:
        """Psi that makes the columns' marginals hold, and the rows' sums relative to their weights."""
        if self.symmetric:
            with np.errstate(over="ignore"):
                return phi, np.exp(phi) * self.kernel.times(self.b * np.exp(phi))
        with np.errstate(all="ignore"):
            psi = -np.log(self.kernel.transposed_times(self.a * np.exp(phi)))
            return psi, self._rows(phi, psi)

    def _rows(self, phi: Float, psi: Float) -> Float:
        row = np.exp(phi) * self.kernel.times(self.b * np.exp(psi))
        if self.age % _RENEWED == 0 and np.isfinite(row).all():
            self.factor = self._hessian(phi, psi, row)
        self.age += 1
        return row

    def _hessian(self, phi: Float, psi: Float, row: Float) -> Any:
        """Cholesky factor of the dual's Hessian on functions constant in a cell, the columns' potentials eliminated."""
        from scipy.linalg import LinAlgError, cho_factor

        bounds = self.bounds
        plan = self.kernel.grouped(self.a * np.exp(phi), bounds)
        plan *= (np.sqrt(self.b) * np.exp(psi)).astype(plan.dtype)
        mass = np.add.reduceat(self.a * row, bounds[:-1])
        weight = self.weight = np.add.reduceat(self.a, bounds[:-1])
        hessian = np.diag(mass) - (plan @ plan.T).astype(np.float64)
        hessian += np.outer(weight, weight)  # constants are free: this fixes one
        hessian[np.diag_indices(len(weight))] += 1e-6 * weight
        try:
            return cho_factor(hessian, check_finite=False)
        except LinAlgError:  # rounding, far from the solution: Sinkhorn's own steps until the next one
            return None

    def _step(self, row: Float, *, plain: bool) -> Float:
        """Change of phi: Newton's for the cells, Sinkhorn's within them."""
        local = -np.log(row)
        if self.symmetric:
            return local / 2.0
        if plain or self.factor is None:
            return local
        from scipy.linalg import cho_solve

        starts = self.bounds[:-1]
        newton = cho_solve(self.factor, np.add.reduceat(self.a * (1.0 - row), starts), check_finite=False)
        newton = np.clip(newton, -_LARGEST_STEP, _LARGEST_STEP)
        newton -= np.add.reduceat(self.a * local, starts) / self.weight
        return np.asarray(local + np.repeat(newton, np.diff(self.bounds)))


class _Anderson:
    """Combines the last steps so that the combined one is smallest, in the norm weighted by the masses."""

    def __init__(self, weights: Float) -> None:
        self._weights = weights
        self._points: list[Float] = []
        self._steps: list[Float] = []

    def next(self, point: Float, step: Float) -> Float:
        """The next point, from this one and its step."""
        self._points, self._steps = [*self._points, point][-_MEMORY:], [*self._steps, step][-_MEMORY:]
        if len(self._steps) < 2:
            return point + step
        changes = np.diff(self._steps, axis=0)
        weighted = changes * self._weights
        # minimum norm where steps are nearly dependent
        share = np.linalg.lstsq(weighted @ changes.T, weighted @ step, rcond=1e-12)[0]
        return np.asarray(point + step - share @ (np.diff(self._points, axis=0) + changes))
