"""A slow and safe iteration for the transport problems on which :mod:`gapstudy.stats.iteration` gets nowhere.

Where the regularisation is small beside the distances between neighbouring points (wide logits at the default one), the
plan is nearly a matching: the scalings of one kernel leave their range within a few steps, and Anderson acceleration
finds no direction. Here every step is in the log domain, and none lowers the dual: Newton's step, damped as
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

from gapstudy.stats.cloud import Cloud
from gapstudy.stats.plans import plan_of, softmin, sparse_plan
from gapstudy.stats.workers import Workers

__all__ = ["Damped"]

Float = npt.NDArray[np.float64]

_FACTORED = 500  # points up to which Newton's system is solved by a factor
_GRADIENTS, _GRADIENTS_TOL = 1000, 1e-4  # steps, and remaining share, at which conjugate gradients end otherwise
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
        step = (self._by_factor if len(self.x) <= _FACTORED else self._by_gradients)(now, damping)
        if step is None:
            return None
        found = self._state(now.f + step)
        sinkhorn = float(self.x.weights @ now.answer + self.y.weights @ now.g)
        # near the solution the dual is flat to the last digit, and the error tells
        better = found.dual > sinkhorn + 1e-13 * abs(sinkhorn) or found.error < 0.5 * now.error
        return found if better else None

    def _by_factor(self, now: _State, damping: float) -> Float | None:
        """The damped Newton step by a Cholesky factor."""
        from scipy.linalg import LinAlgError, cho_factor, cho_solve

        a = self.x.weights
        plan = plan_of(self.x, self.y, now.f, now.g, reg=self.reg, cost=self.cost, workers=self.workers)
        plan /= np.sqrt(self.y.weights)
        rows = a * np.exp(now.f - now.answer)
        hessian = np.diag(rows) - plan @ plan.T
        hessian += np.outer(a, a)  # constants are free: this fixes one
        hessian[np.diag_indices(len(a))] += damping * a
        try:
            factor = cho_factor(hessian, check_finite=False, overwrite_a=True)
        except LinAlgError:
            return None
        return np.asarray(cho_solve(factor, a - rows, check_finite=False))

    def _by_gradients(self, now: _State, damping: float) -> Float:
        """The same by conjugate gradients, on the plan without its smallest entries."""
        from scipy.sparse.linalg import LinearOperator, cg

        a, b = self.x.weights, self.y.weights
        plan = sparse_plan(self.x, self.y, now.f, now.g, reg=self.reg, cost=self.cost, workers=self.workers)
        transposed = plan.T.tocsr()
        rows = a * np.exp(now.f - now.answer)
        diagonal = rows + damping * a
        scale = 1.0 / np.sqrt(diagonal)

        def product(v: Float) -> Float:
            w = scale * v
            return np.asarray(scale * (diagonal * w - plan @ ((transposed @ w) / b)))

        operator = LinearOperator((len(a), len(a)), matvec=product, dtype=np.float64)
        found, _ = cg(operator, scale * (a - rows), rtol=_GRADIENTS_TOL, maxiter=_GRADIENTS)
        return np.asarray(scale * found)
