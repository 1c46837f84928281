"""How a Sinkhorn distance depends on its regularisation, from much of it down to exact transport.

Paper: section 4.3, which gives no regularisation. The curve shows what another choice would have printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import choice, matrix
from gapstudy.stats.exact import COSTS, costs_between, same_width
from gapstudy.stats.pairs import solve_pairs, warn
from gapstudy.stats.regularised import Options, Transport

__all__ = ["RegCurve", "reg_curve"]

Array = npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]

_WHOLE, _BLOCK = 2**21, 2**18  # costs up to which all are held at once; how many are computed at once otherwise
_SAMPLE = 500  # rows of a side, at most, from which a first idea of the median is had
_SHARE = 0.05  # of the costs to either side of it that are held


@dataclass(frozen=True, slots=True)
class RegCurve:
    """Sinkhorn distances of one pair of clouds over regularisations.

    Attributes
    ----------
    regs : regularisations in the unit of the cost, as asked for.
    median_cost : median of the ground costs between the clouds; ``reg / median_cost`` is the relative one.
    solved : one solution a regularisation.
    """

    regs: tuple[float, ...]
    median_cost: float
    solved: tuple[Transport, ...]

    @property
    def costs(self) -> tuple[float, ...]:
        """Transport costs, which fall with the regularisation; those that converged are never below the exact one."""
        return tuple(s.cost for s in self.solved)


def reg_curve(
    x: Array,
    y: Array,
    *,
    regs: Sequence[float] = (0.01, 0.05, 0.1),
    relative: bool = True,
    cost: str = "euclidean",
    tol: float = 1e-6,
    max_iterations: int = 20_000,
    threads: int | None = None,
) -> RegCurve:
    """Sinkhorn distance of two clouds at several regularisations.

    Each is solved from its own coarse problem: at n = 5,010 that start is a tenth of the work, and one closer to the
    solution than the potentials of a larger regularisation.

    Parameters
    ----------
    x, y, cost, tol, max_iterations, threads : as :func:`gapstudy.stats.sinkhorn_distance`.
    regs : regularisations > 0, at least one.
    relative : whether ``regs`` are shares of the median ground cost (True), or in its unit.

    Returns
    -------
    RegCurve

    Raises
    ------
    ValueError
        As :func:`gapstudy.stats.sinkhorn_distance`, if ``regs`` is empty, or if relative ones have no unit because
        the median cost is 0.

    Warns
    -----
    ConvergenceWarning
        Once a regularisation at which the solver did not converge.
    """
    if not len(regs):
        msg = "regs must name at least one regularisation, got none"
        raise ValueError(msg)
    median = _median_cost(x, y, cost)
    if relative and median == 0.0:
        msg = "relative regs are shares of the median cost between x and y, which is 0: give relative=False"
        raise ValueError(msg)
    found = []
    absolute = tuple(float(reg) * (median if relative else 1.0) for reg in regs)
    for reg in absolute:
        pair = solve_pairs({"x": x, "y": y}, [("x", "y")], Options(reg, cost, tol, max_iterations), False, threads)[0]
        warn(pair.trouble)
        found.append(pair.solved)
    return RegCurve(absolute, median, tuple(found))


def _median_cost(x: Array, y: Array, cost: str) -> float:
    """Median of all costs between rows; a tenth of them, those round the median of a sample of rows, are held at once.

    Where the sample misleads they are all held, once.
    """
    choice("cost", cost, COSTS)
    a, b = matrix("x", x), matrix("y", y)
    same_width("x", a, "y", b)
    ranks = np.array([(len(a) * len(b) - 1) // 2, len(a) * len(b) // 2])
    if len(a) * len(b) > _WHOLE:
        some = costs_between(a[:: 1 + len(a) // _SAMPLE], b[:: 1 + len(b) // _SAMPLE], cost)
        low, high = np.quantile(some, [0.5 - _SHARE, 0.5 + _SHARE])
        below, near = _near(a, b, cost, float(low), float(high))
        if below <= ranks[0] and ranks[1] < below + len(near):
            return float(np.partition(near, ranks - below)[ranks - below].mean())
    return float(np.median(costs_between(a, b, cost), overwrite_input=True))


def _near(a: Float, b: Float, cost: str, low: float, high: float) -> tuple[int, Float]:
    """How many costs are below ``low``, and those from it to ``high``; computed in blocks of rows."""
    below, kept, rows = 0, [], max(1, _BLOCK // len(b))
    for start in range(0, len(a), rows):
        costs = costs_between(a[start : start + rows], b, cost)
        below += int(np.count_nonzero(costs < low))
        kept.append(costs[(costs >= low) & (costs <= high)])
    return below, np.concatenate(kept)
