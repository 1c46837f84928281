"""How much a correlation rests on one seed or one language pair: computed without each of them.

Paper: Table 3 rests on 15 seeds and two pairs; one diverged seed can carry a coefficient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.association import METHODS, coefficients
from gapstudy.stats.checks import choice, same_rows, vector
from gapstudy.stats.layout import Labels, numbered

__all__ = ["LeftOut", "leave_one_out"]

Values = Sequence[float] | npt.NDArray[np.floating]

MIN_POINTS = 4
"""A coefficient of fewer points says nothing: of three points every third one is 1 or -1."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A coefficient without each label in turn.

    Attributes
    ----------
    value : with all points.
    without : label -> the coefficient without its points; NaN where what is left is constant or fewer than 4 points.
    """

    value: float
    without: dict[Any, float]

    @property
    def low(self) -> tuple[float, Any]:
        """The smallest coefficient, and the label it is without; NaN and None where none is defined."""
        return self._end(min)

    @property
    def high(self) -> tuple[float, Any]:
        """The largest coefficient, and the label it is without."""
        return self._end(max)

    def _end(self, pick: Any) -> tuple[float, Any]:
        defined = {label: value for label, value in self.without.items() if np.isfinite(value)}
        if not defined:
            return float("nan"), None
        label = pick(defined, key=lambda name: defined[name])
        return defined[label], label


def leave_one_out(
    x: Values, y: Values, *, out: Labels, groups: Labels | None = None, method: str = "spearman"
) -> LeftOut:
    """The (within-group) coefficient without each label of ``out``.

    Parameters
    ----------
    x, y : (n,) float columns.
    out : (n,) what is left out in turn: the seed, or the language pair, of each point; at least 2 different.
    groups : (n,) label of each point's group, for the within-group coefficient.
    method : "spearman", "kendall" or "pearson".

    Returns
    -------
    LeftOut

    Raises
    ------
    ValueError
        If lengths differ, a value is NaN, labels are wrong, fewer than 2 labels differ, there are fewer than 4 points,
        or a column is constant (within every group).
    """
    choice("method", method, METHODS)
    a, b = vector("x", x, at_least=MIN_POINTS), vector("y", y, at_least=MIN_POINTS)
    same_rows("x", a, "y", b)
    group = np.zeros(len(a), dtype=np.intp) if groups is None else numbered("groups", groups, len(a))
    for name, column in (("x", a), ("y", b)):
        if all(np.ptp(column[group == g]) == 0 for g in np.unique(group)):
            where = f": all {len(a)} values are {column[0]:g}" if groups is None else " within every group"
            msg = f"{name} is constant{where}"
            raise ValueError(msg)
    number = numbered("out", out, len(a))
    names = list(dict.fromkeys(item.item() if isinstance(item, np.generic) else item for item in out))
    if len(names) < 2:
        msg = f"out must have at least 2 different labels, got {len(names)}"
        raise ValueError(msg)
    weights = np.vstack([np.ones(len(a)), number[None, :] != np.arange(len(names))[:, None]])
    found = coefficients(method, a, b, group, weights)
    found[weights.sum(axis=1) < MIN_POINTS] = np.nan
    value, *rest = (float(v) for v in found)
    return LeftOut(value, dict(zip(names, rest, strict=True)))
