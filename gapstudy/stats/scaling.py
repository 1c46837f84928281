"""The solver of regularised transport: a multilevel, accelerated Sinkhorn iteration with a float64 certificate.

1. **Compress.** Each cloud becomes some 300 cells (:func:`gapstudy.stats.cloud.cells`); the problem of their centroids
   is solved first (itself from some 60), and its potentials are extended to all points by one softmin.
2. **Polish** the full problem. What Sinkhorn's iteration removes slowly are errors that vary slowly over the cloud.
   Each iteration therefore takes Newton's step for the cell sums of the marginal error, with the Hessian of the dual
   restricted to functions that are constant in a cell, and Sinkhorn's step for what is left within cells; Anderson
   acceleration combines the last steps. With one cell a point that is Newton's method, with one cell for all it is
   Sinkhorn's; each fixed point is the solution, so that a poor compression costs iterations and not accuracy.
   Where that leads nowhere, :mod:`gapstudy.stats.damped` goes on.
3. **Certify.** A last half-iteration and the marginal errors, cost and objective are computed in float64 from the
   points, whatever the kernel was stored in. Where that error is above the tolerance the polish goes on in float64.

References
----------
Anderson (1965). Iterative procedures for nonlinear integral equations. J. ACM 12(4).
Schmitzer (2019). Stabilized sparse scaling algorithms for entropy regularized transport problems. SIAM J. Sci. Comput.
41(3), arXiv:1610.06519.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.cloud import Cloud
from gapstudy.stats.damped import Damped
from gapstudy.stats.exact import costs_between
from gapstudy.stats.iteration import Iteration
from gapstudy.stats.kernel import Kernel
from gapstudy.stats.plans import softmin
from gapstudy.stats.workers import Workers

__all__ = ["Problem", "Solution", "solve"]

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.intp]

_SINGLE = 1_000_000  # entries from which on the kernel is stored in float32
_SINGLE_TOL = 5e-7  # marginal errors below this are not reached in float32
_COARSE_TOL = 1e-3
_COARSE_ITERATIONS = 300
_MILD = 16.0  # largest cost over reg from which on a small problem is annealed
_DRIFTS = 2  # times that the scalings may leave their range at one level
_ANNEALED, _ANNEALED_TOL, _ANNEALED_ITERATIONS = 1000, 1e-2, 30


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be solved.

    Attributes
    ----------
    x, y : clouds of distinct points; the same cloud on both sides is solved by half the work.
    reg, cost : regularisation in the unit of the cost.
    tol, max_iterations : summed L1 marginal error at which, or iterations on all points after which, it ends.
    """

    x: Cloud
    y: Cloud
    reg: float
    cost: str
    tol: float
    max_iterations: int


@dataclass(frozen=True, slots=True)
class Solution:
    """What the potentials that were found give, in float64; as :class:`gapstudy.stats.Transport`."""

    cost: float
    objective: float
    marginal_error: float
    iterations: int


@dataclass(frozen=True, slots=True)
class _Level:
    """A problem on its way: ``label`` are the cells of x, whose points are in their order; one each where they are few."""

    problem: Problem
    label: Int
    symmetric: bool
    workers: Workers


def solve(problem: Problem, workers: Workers) -> Solution:
    """Solve to the tolerance, or as far as ``max_iterations`` lead; BLAS should be on one thread."""
    level = _level(problem, workers, symmetric=problem.x.same(problem.y))
    return _refine(level, *_start(level, problem.x, problem.y))


def _level(p: Problem, workers: Workers, *, symmetric: bool) -> _Level:
    x, label = p.x.by_cell
    return _Level(replace(p, x=x, y=x if symmetric else p.y), label, symmetric, workers)


def _start(level: _Level, x: Cloud, y: Cloud) -> tuple[Float, Float]:
    """Potentials of the next coarser problem, extended to all points; x and y are as the caller has them."""
    p = level.problem
    if x.small:
        return _anneal(level)
    coarser = Problem(x.coarse, y.coarse, p.reg, p.cost, max(_COARSE_TOL, p.tol), _COARSE_ITERATIONS)
    coarse = _level(coarser, Workers(None), symmetric=level.symmetric)
    f, g, _, _ = _polish(coarse, *_start(coarse, coarser.x, coarser.y), np.float64)
    # in the coarser level's own order of points
    new = softmin(p.x, coarse.problem.y, g, reg=p.reg, cost=p.cost, workers=level.workers)
    if level.symmetric:
        return new, new
    return new, softmin(p.y, coarse.problem.x, f, reg=p.reg, cost=p.cost, workers=level.workers)


def _anneal(level: _Level) -> tuple[Float, Float]:
    """Potentials from larger regularisations, each a quarter of the one before; zero where reg is large enough."""
    p = level.problem
    f, g = np.zeros(len(p.x)), np.zeros(len(p.y))
    if len(p.y) > _ANNEALED:
        return f, g
    largest = float(costs_between(p.x.points, p.y.points, p.cost).max())
    steps = max(0, math.ceil(math.log(max(largest, p.reg) / (_MILD * p.reg), 4.0)))
    for reg in (p.reg * 4.0**k for k in range(steps, 0, -1)):
        at = replace(p, reg=reg, tol=_ANNEALED_TOL, max_iterations=_ANNEALED_ITERATIONS)
        f, g, _, _ = _polish(replace(level, problem=at), f, g, np.float64)
        f, g = 4.0 * f, 4.0 * g  # in units of the next, smaller reg
    return f, g


def _refine(level: _Level, f: Float, g: Float) -> Solution:
    """Polish and certify, in float32 first where that can do."""
    p, used = level.problem, 0
    a, b = p.x.weights, p.y.weights
    single = len(p.x) * len(p.y) >= _SINGLE and p.tol >= _SINGLE_TOL
    for dtype in (np.float32, np.float64) if single else (np.float64,):
        goal = replace(p, tol=p.tol / 2.0, max_iterations=p.max_iterations - used)
        f, g, taken, kernel = _polish(replace(level, problem=goal), f, g, dtype)
        used += taken
        phi, rows, columns, cost = kernel.certify(f - kernel.f, g - kernel.g, update=not level.symmetric)
        f = kernel.f + phi
        error = float(np.abs(rows - a).sum() + np.abs(columns - b).sum())
        if error <= p.tol or used >= p.max_iterations:
            break
    objective = p.reg * float(a @ f + b @ g - rows.sum() + 1.0)
    return Solution(cost, objective, error, used)


def _polish(level: _Level, f: Float, g: Float, dtype: Any) -> tuple[Float, Float, int, Kernel]:
    """Iterate from potentials f and g; where the scalings leave their range, go on from a new kernel.

    Where they do so again and again, or float64 makes no more progress, the damped iteration goes on.
    """
    p, used, drifts = level.problem, 0, 0
    while True:
        kernel = Kernel(p.x, p.y, f, g, reg=p.reg, cost=p.cost, dtype=dtype, workers=level.workers)
        iteration = Iteration(kernel, level.label, symmetric=level.symmetric)
        phi, psi, taken, outcome = iteration.run(p.tol, p.max_iterations - used)
        used += taken
        f, g = f + phi, g + psi
        drifts += outcome == "drifted"
        stalled = outcome == "stalled" and dtype == np.float64
        if used >= p.max_iterations or not (outcome == "drifted" or stalled):
            return f, g, used, kernel
        if drifts > _DRIFTS or stalled:
            return _damp(level, f, used)
        # one iteration in the log domain
        new = softmin(p.x, p.y, g, reg=p.reg, cost=p.cost, workers=level.workers)
        f = (f + new) / 2.0 if level.symmetric else new
        g = f if level.symmetric else softmin(p.y, p.x, f, reg=p.reg, cost=p.cost, workers=level.workers)


def _damp(level: _Level, f: Float, used: int) -> tuple[Float, Float, int, Kernel]:
    """Go on from f, in the log domain."""
    p = level.problem
    damped = Damped(p.x, p.y, reg=p.reg, cost=p.cost, workers=level.workers)
    run = damped.run_symmetric if level.symmetric else damped.run
    f, g, taken = run(f, p.tol, p.max_iterations - used)
    kernel = Kernel(p.x, p.y, f, g, reg=p.reg, cost=p.cost, dtype=np.float64, workers=level.workers)
    return f, g, used + taken, kernel
