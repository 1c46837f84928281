"""A cloud of points as the transport solver wants it: distinct points with weights, ordered by the cells of a tree.

Points in any order give the same cloud bit for bit (they are sorted), and equal points are one point with their summed
weight, which changes no transport cost: confident models put thousands of items into the corners of the simplex.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = ["Cloud", "cells", "distinct"]

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.intp]

_SMALL = 120  # points up to which a problem is solved without a coarser one
_MEDIUM, _FEW_CELLS, _CELLS = 1200, 60, 300  # points up to which there are few cells; how many; and otherwise
_DEPTH = 200  # halvings of the widest cell; coordinates are doubles, so that fewer always suffice
_WIDE = 0.7  # cells of at least this share of the widest one are split together


@dataclass(frozen=True)
class Cloud:
    """Weighted points.

    Attributes
    ----------
    points : (n, d).
    weights : (n,), > 0, of sum 1.
    """

    points: Float
    weights: Float

    def __len__(self) -> int:
        """How many points."""
        return len(self.points)

    def same(self, other: Cloud) -> bool:
        """Whether the other cloud has the same points with the same weights."""
        return np.array_equal(self.points, other.points) and np.array_equal(self.weights, other.weights)

    @property
    def small(self) -> bool:
        """Whether there are too few points for a coarser cloud."""
        return len(self) <= _SMALL

    @cached_property
    def by_cell(self) -> tuple[Cloud, Int]:
        """The points ordered by cell, and the cell of each, 0..k-1 (one a point where there are few)."""
        if self.small:
            return self, np.arange(len(self))
        label = cells(self.points, _FEW_CELLS if len(self) <= _MEDIUM else _CELLS)
        order = np.argsort(label, kind="stable")
        return Cloud(np.ascontiguousarray(self.points[order]), self.weights[order]), label[order]

    @cached_property
    def coarse(self) -> Cloud:
        """One point a cell: its centroid, with the weight of the cell."""
        if self.small:
            return self
        ordered, label = self.by_cell
        weights = np.bincount(label, ordered.weights).astype(np.float64)
        sums = [np.bincount(label, ordered.weights * column) for column in ordered.points.T]
        return Cloud(np.ascontiguousarray(np.stack(sums, axis=1) / weights[:, None]), weights)


def distinct(points: Float) -> Cloud:
    """The distinct rows in lexicographic order, weighted by how often each occurs."""
    order = np.lexsort(points.T[::-1])
    rows = points[order] + 0.0  # -0.0 becomes 0.0
    new = np.concatenate([[True], np.any(rows[1:] != rows[:-1], axis=1)])
    starts = np.flatnonzero(new)
    counts = np.diff(starts, append=len(rows))
    return Cloud(np.ascontiguousarray(rows[starts]), counts / len(rows))


def cells(points: Float, limit: int) -> Int:
    """Number of the cell of each point, 0..k-1 with k <= ``limit``: the widest cells are halved while k allows it.

    A cell is a box; it is halved at the middle of its widest side, not at the median, because what bounds the error
    of a coarse problem is the width of its cells and not their weight.
    """
    n = len(points)
    label = np.zeros(n, dtype=np.intp)
    count = 1
    for _ in range(_DEPTH):
        order = np.argsort(label, kind="stable")
        starts = np.searchsorted(label[order], np.arange(count))
        rows = points[order]
        low, high = np.minimum.reduceat(rows, starts), np.maximum.reduceat(rows, starts)
        side = np.argmax(high - low, axis=1)
        each = np.arange(count)
        width = (high - low)[each, side]
        if width.max() <= 0.0:
            break
        split = width >= _WIDE * width.max()
        extra = int(split.sum())
        if count + extra > limit:
            break
        middle = low[each, side] + width / 2.0
        child = np.full(count, -1, dtype=np.intp)
        child[split] = count + np.arange(extra)
        # ">=" the upper end where the width has no midpoint between its ends: both halves keep a point
        upper = split[label] & (
            points[np.arange(n), side[label]] > np.minimum(middle, np.nextafter(high, low)[each, side])[label]
        )
        label = np.where(upper, child[label], label)
        count += extra
    return label
