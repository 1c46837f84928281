"""A slow and safe iteration for the transport problems on which :mod:`gapstudy.stats.iteration` gets nowhere.

Where the regularisation is small beside the distances between neighbouring points (wide logits at the default one), the
plan is nearly a matching: the scalings of one kernel leave their range within a few steps, and Anderson acceleration
finds no direction. Here every step is in the log domain, and none lowers the dual: Newton's step for the cells, damped as
Levenberg and Marquardt do, is taken where it raises the dual by more than Sinkhorn's own step, which is taken otherwise.
It is thus never worse than plain log-domain Sinkhorn iteration for long, and a few dozen steps do what that needs tens of
thousands for. A cloud against itself takes the mean of a potential and its answer, which converges fast at any
regularisation (Feydy et al. 2019, section 3.3).

References
----------
Brauer, Clason, Lorenz, Wirth (2017). A Sinkhorn-Newton method for entropic optimal transport. arXiv:1710.06635.
Feydy, Sejourne, Vialard, Amari, Trouve, Peyre (2019). Interpolating between optimal transport and MMD using
Sinkhorn divergences. AISTATS, PMLR 89, arXiv:1810.08278.
Marquardt (1963). An algorithm for least-squares estimation of nonlinear parameters. SIAM J. Appl. Math. 11(2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gapstudy.stats.cloud import Cloud, cells
from gapstudy.stats.kernel import plan_by_cell, softmin
from gapstudy.stats.workers import Workers

__all__ = ["Damped"]

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.intp]

_CELLS = 1200  # points up to which the Newton step is that of all points; and how many cells otherwise
_FIRST, _LEAST, _MOST = 1e-2, 1e-9, 1e3  # damping: at first, and its range
_LARGEST = 700.0  # exponent that a double holds
_STALLED = 1000  # iterations without progress after which doubles have no more to give


@dataclass(frozen=True)
class _State:
    """Potentials of x, the answer of y, and the answer of x to that; error of the marginals of the first two."""

    f: Float
    g: Float
    answer: Float
    error: float
    dual: float


class Damped:
    """The iteration on one problem, in units of ``reg``."""

    def __init__(self, x: Cloud, y: Cloud, *, reg: float, cost: str, workers: Workers) -> None:
        self.x, self.y, self.reg, self.cost, self.workers = x, y, reg, cost, workers
        label = np.arange(len(x)) if len(x) <= _CELLS else cells(x.points, _CELLS)
        self.order = np.argsort(label, kind="stable")
        self.bounds = np.searchsorted(label[self.order], np.arange(int(label.max()) + 2))
        self.sorted = Cloud(np.ascontiguousarray(x.points[self.order]), x.weights[self.order])
        self.weight = np.add.reduceat(self.sorted.weights, self.bounds[:-1])

    def run(self, f: Float, tol: float, budget: int) -> tuple[Float, Float, int]:
        """Potentials of both sides, the best that were found from ``f``, and iterations taken."""
        damping, wait, skip = _FIRST, 0, 1
        now = self._state(f)
        best, best_at = now, 1
        for taken in range(1, budget + 1):
            if best.error <= tol or taken - best_at > _STALLED or taken == budget:
                return best.f, best.g, taken
            found = None
            if wait == 0:
                found = self._newton(now, damping)
                damping = min(damping * 8.0, _MOST) if found is None else max(damping / 8.0, _LEAST)
                # each failure in a row at the largest damping is waited for twice as long
                skip = 1 if found is not None or damping < _MOST else 2 * skip
                wait = skip - 1
            else:
                wait -= 1
            now = found if found is not None else self._state(now.answer)
            if now.error < 0.999 * best.error:
                best, best_at = now, taken + 1
        return f, now.g, 0

    def run_symmetric(self, f: Float, tol: float, budget: int) -> tuple[Float, Float, int]:
        """The same for a cloud against itself, whose two potentials are one."""
        best, best_error, best_at = f, np.inf, 0
        for taken in range(1, budget + 1):
            answer = softmin(self.x, self.x, f, reg=self.reg, cost=self.cost, workers=self.workers)
            error = 2.0 * float(self.x.weights @ np.abs(1.0 - np.exp(np.minimum(f - answer, _LARGEST))))
            if error < 0.999 * best_error:
                best_at = taken
            if error < best_error:
                best, best_error = f, error
            if error <= tol or taken - best_at > _STALLED:
                return best, best, taken
            f = (f + answer) / 2.0
        return best, best, budget

    def _state(self, f: Float) -> _State:
        g = softmin(self.y, self.x, f, reg=self.reg, cost=self.cost, workers=self.workers)
        answer = softmin(self.x, self.y, g, reg=self.reg, cost=self.cost, workers=self.workers)
        error = float(self.x.weights @ np.abs(1.0 - np.exp(f - answer)))
        return _State(f, g, answer, error, float(self.x.weights @ f + self.y.weights @ g))

    def _newton(self, now: _State, damping: float) -> _State | None:
        """The state after a damped Newton step, or None where Sinkhorn's step raises the dual by more."""
        from scipy.linalg import LinAlgError, cho_factor, cho_solve

        a, f, starts = self.sorted.weights, now.f[self.order], self.bounds[:-1]
        plan = plan_by_cell(
            self.sorted, self.y, f, now.g, self.bounds, reg=self.reg, cost=self.cost, workers=self.workers
        )
        plan /= np.sqrt(self.y.weights)
        local = now.answer[self.order] - f
        rows = a * np.exp(-local)
        hessian = np.diag(np.add.reduceat(rows, starts)) - plan @ plan.T
        hessian += np.outer(self.weight, self.weight)  # constants are free: this fixes one
        hessian[np.diag_indices(len(hessian))] += damping * self.weight
        try:
            factor = cho_factor(hessian, check_finite=False, overwrite_a=True)
        except LinAlgError:
            return None
        step = cho_solve(factor, np.add.reduceat(a - rows, starts), check_finite=False)
        step -= np.add.reduceat(a * local, starts) / self.weight
        trial = np.empty_like(f)
        trial[self.order] = now.answer[self.order] + np.repeat(step, np.diff(self.bounds))
        found = self._state(trial)
        sinkhorn = float(self.x.weights @ now.answer + self.y.weights @ now.g)
        # near the solution the dual is flat to the last digit, and the error tells
        better = found.dual > sinkhorn + 1e-13 * abs(sinkhorn) or found.error < 0.5 * now.error
        return found if better else None
