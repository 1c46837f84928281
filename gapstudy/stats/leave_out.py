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
from gapstudy.stats.checks import choice, labels, same_rows, vector
from gapstudy.stats.layout import Labels

__all__ = ["LeftOut", "leave_one_out"]

Values = Sequence[float] | npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A coefficient without each label in turn.

    Attributes
    ----------
    value : with all points.
    without : label -> the coefficient without its points; NaN where what is left is constant.
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
        If lengths differ, a value is NaN, labels are wrong, or fewer than 2 labels differ.
    """
    choice("method", method, METHODS)
    a, b = vector("x", x, at_least=4), vector("y", y, at_least=4)
    same_rows("x", a, "y", b)
    group = np.zeros(len(a), dtype=np.intp) if groups is None else labels("groups", groups, len(a))
    number = labels("out", out, len(a))
    names = list(dict.fromkeys(item.item() if isinstance(item, np.generic) else item for item in out))
    if len(names) < 2:
        msg = f"out must have at least 2 different labels, got {len(names)}"
        raise ValueError(msg)
    weights = np.vstack([np.ones(len(a)), number[None, :] != np.arange(len(names))[:, None]])
    value, *rest = (float(v) for v in coefficients(method, a, b, group, weights))
    return LeftOut(value, dict(zip(names, rest, strict=True)))
