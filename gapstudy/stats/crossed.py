"""Variance of a two-way table split into its rows, its columns and the rest.

Paper: none. Seeds x language pairs, or seeds x test items, are crossed: every seed meets every pair, every model sees
every item. Expected mean squares give each source its own variance, so that none is counted twice.

References
----------
Searle, Casella, McCulloch (1992). Variance components, chapter 4. Wiley, doi:10.1002/9780470316856.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import matrix, same_rows, vector
from gapstudy.stats.layout import Labels, numbered

__all__ = ["Crossed", "crossed_components", "variance_split"]

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crossed:
    """Variance components of a crossed table without replication, by analysis of variance.

    Attributes
    ----------
    rows, columns, rest : variances in squared units of the table. ``rest`` is interaction and noise, which one value a
        cell cannot tell apart. A component may be negative where the truth is near 0: it is not cut.
    row_square, column_square : mean squares of rows and columns.
    n_rows, n_columns : size of the table.
    """

    rows: float
    columns: float
    rest: float
    row_square: float
    column_square: float
    n_rows: int
    n_columns: int

    @property
    def shares(self) -> tuple[float, float, float]:
        """Shares of rows, columns and the rest in their sum, negative components taken as 0; NaN where all are 0."""
        parts = [max(part, 0.0) for part in (self.rows, self.columns, self.rest)]
        total = sum(parts)
        first, second, third = (part / total if total > 0 else float("nan") for part in parts)
        return first, second, third


def crossed_components(table: npt.NDArray[np.floating]) -> Crossed:
    """Variance components of a table of seeds x pairs, or seeds x items.

    Parameters
    ----------
    table : (n_rows, n_columns) float array, both >= 2, one value a cell.

    Returns
    -------
    Crossed

    Raises
    ------
    ValueError
        If the table is not two-dimensional, smaller than 2 x 2, or not finite.
    """
    t = matrix("table", table, rows=2)
    rows, columns = t.shape
    if columns < 2:
        msg = f"table must have at least 2 columns, got shape {t.shape}"
        raise ValueError(msg)
    across, down, mean = t.mean(axis=1), t.mean(axis=0), float(t.mean())
    row_square = columns * float(((across - mean) ** 2).sum()) / (rows - 1)
    column_square = rows * float(((down - mean) ** 2).sum()) / (columns - 1)
    residual = t - across[:, None] - down[None, :] + mean
    rest = float((residual**2).sum()) / ((rows - 1) * (columns - 1))
    return Crossed(
        rows=(row_square - rest) / columns,
        columns=(column_square - rest) / rows,
        rest=rest,
        row_square=row_square,
        column_square=column_square,
        n_rows=rows,
        n_columns=columns,
    )


def variance_split(y: npt.NDArray[np.floating], *, clusters: Labels, groups: Labels) -> Crossed:
    """Variance of points split into clusters (seeds), groups (language pairs) and the rest.

    Parameters
    ----------
    y : (n,) float column.
    clusters, groups : (n,) labels; clusters that lack a group are left out, so that the table is whole.

    Returns
    -------
    Crossed
        Rows are clusters, columns groups.

    Raises
    ------
    ValueError
        If labels are not n, a cluster has two points in one group, or fewer than 2 clusters have every one of at
        least 2 groups.
    """
    values = vector("y", y)
    row, column = (numbered(name, given, len(values)) for name, given in (("clusters", clusters), ("groups", groups)))
    same_rows("clusters", row, "y", values)
    counts = np.zeros((int(row.max()) + 1, int(column.max()) + 1))
    np.add.at(counts, (row, column), 1.0)
    if counts.max() > 1:
        msg = "a cluster has several points in one group: the table must have one value a cell"
        raise ValueError(msg)
    table = np.full(counts.shape, np.nan)
    table[row, column] = values
    whole = table[~np.isnan(table).any(axis=1)]
    if len(whole) < 2 or whole.shape[1] < 2:
        msg = f"a split needs 2 clusters that have every one of 2 groups, got {len(whole)} with {whole.shape[1]}"
        raise ValueError(msg)
    return crossed_components(whole)
