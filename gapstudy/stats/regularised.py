"""One regularised transport problem: how it is to be solved, and what came out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gapstudy.stats.checks import choice
from gapstudy.stats.cloud import Cloud
from gapstudy.stats.exact import COSTS, in_range, in_unit
from gapstudy.stats.scaling import Problem, solve
from gapstudy.stats.workers import Workers

__all__ = ["Options", "Transport"]


@dataclass(frozen=True, slots=True)
class Transport:
    """One solved regularised transport problem.

    Attributes
    ----------
    cost : ``<P, C>``, in the unit of the ground cost; not below the exact distance where ``converged`` (to the tolerance).
    objective : ``<P, C> + reg KL(P | a b')``, by its dual.
    marginal_error : ``|P 1 - a|_1 + |P' 1 - b|_1``, 0..4, computed in float64 from all points.
    iterations : how many the solver took on the full problem.
    converged : whether ``marginal_error <= tol``.
    """

    cost: float
    objective: float
    marginal_error: float
    iterations: int
    converged: bool


@dataclass(frozen=True, slots=True)
class Options:
    """How every problem of a call is solved."""

    reg: float
    cost: str
    tol: float
    max_iterations: int

    def check(self) -> None:
        """Complain of what is out of range."""
        for name, value in (("reg", self.reg), ("tol", self.tol)):
            if not (math.isfinite(value) and value > 0):
                msg = f"{name} must be a finite number > 0, got {value}"
                raise ValueError(msg)
        if self.max_iterations < 1:
            msg = f"max_iterations must be >= 1, got {self.max_iterations}"
            raise ValueError(msg)
        choice("cost", self.cost, COSTS)

    def solve(self, x: Cloud, y: Cloud, workers: Workers, names: str = "x and y") -> Transport:
        """Solve one problem; BLAS must be on one thread."""
        points_x, points_y, unit = in_range(x.points, y.points, self.cost)
        reg = self.reg
        if unit:
            reg = in_unit(reg, -unit, f"reg and the coordinates of {names}")
            x, y = Cloud(points_x, x.weights), Cloud(points_y, y.weights)
        solved = solve(Problem(x, y, reg, self.cost, self.tol, self.max_iterations), workers)
        error = solved.marginal_error
        cost, objective = (in_unit(value, unit, names) for value in (solved.cost, solved.objective))
        return Transport(cost, objective, error, solved.iterations, error <= self.tol)

    def trouble(self, solved: Transport, what: str, sizes: tuple[int, int]) -> str:
        """Say what did not converge; ``sizes`` are the numbers of points."""
        return (
            f"{what} stopped at a marginal error of {solved.marginal_error:.2g} (tol {self.tol:g}, "
            f"n {sizes[0]} and {sizes[1]}) after "
            f"{solved.iterations} iterations at reg {self.reg:g}: the value {solved.cost:.4g} is not converged; "
            "raise reg, max_iterations or tol"
        )
