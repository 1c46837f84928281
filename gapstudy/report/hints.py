"""What the page's script is told about a table, in attributes that pandoc hands on to no other format.

``data-v`` is the number of a cell, ``data-r`` says that it rests on runs (on a set of its own, or, when empty, on those
of its exhibit), ``data-sort`` says how a column is sorted, ``data-under`` that a row belongs to the one above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gapstudy.exhibits.base import Cell, Head, Table
from gapstudy.report.embedded import RunSets

__all__ = ["Hints", "hints", "value"]

_VALUE = re.compile(
    r"[(±<>≤≥≈~\s]*(?P<sign>[-−+]?)(?P<digits>\d[\d,]*(?:\.\d+)?|\.\d+)(?:e(?P<power>[-−+]?\d+))?(?P<unit>[kM]?)(?!\w)"
)
_UNITS = {"": 1.0, "k": 1e3, "M": 1e6}
_COMPANIONS = frozenset({"", "items", "sentences shuffled"})  # such a row says more about the one above it
_PAPER = "paper"  # begins the names of rows and columns whose numbers the paper printed: no run of ours is behind them


@dataclass(frozen=True, slots=True)
class Hints:
    """Attributes, each with a space before it, or nothing.

    Attributes
    ----------
    heads : of the columns' heads in the last header row.
    rows : of the body rows.
    cells : of the body cells, row by row.
    """

    heads: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]


def value(text: str) -> float | None:
    """Return the number that a cell begins with, for sorting; None where there is none.

    >>> [value(text) for text in ("−0.78", "< 0.001", "3.4e-07", "39,632", "±1.43", "(3.30)", "2 of 3", "393k", "–")]
    [-0.78, 0.001, 3.4e-07, 39632.0, 1.43, 3.3, 2.0, 393000.0, None]
    """
    match = _VALUE.match(text)
    if match is None:
        return None
    power = (match["power"] or "0").replace("−", "-")
    size = float(f"{match['digits'].replace(',', '')}e{power}") * _UNITS[match["unit"]]
    return -size if match["sign"] in ("-", "−") and size else size


def hints(table: Table, sets: RunSets | None = None, *, linked: bool = False) -> Hints:
    """Return what is to be known about a table.

    Parameters
    ----------
    table : as it will be printed.
    sets : of the report, for cells that name runs of their own.
    linked : whether the exhibit rests on runs, so that its numbers lead to them.
    """
    under = [len(row) > 1 and row[0].text.strip().casefold() in _COMPANIONS for row in table.rows]
    heads = _sorts(table, under)
    sortable = any(heads)
    printed = _printed_columns(table)
    cells = tuple(
        tuple(_cell(cell, sets, linked=linked and j not in printed and not _is_paper(row[0].text)) for j, cell in enumerate(row))
        for row in table.rows
    )  # fmt: skip
    return Hints(
        heads=tuple(f' data-sort="{kind}"' if kind else "" for kind in heads),
        rows=tuple(" data-under" if below and sortable else "" for below in under),
        cells=cells,
    )


def _cell(cell: Cell, sets: RunSets | None, *, linked: bool) -> str:
    number = None if cell.heading else value(cell.text)
    if number is None:
        return ""
    own = sets.add(cell.runs) if sets is not None and cell.runs else ""
    return f' data-v="{number:.12g}"' + (f' data-r="{own}"' if linked or own != "" else "")


def _is_paper(name: str) -> bool:
    return name.strip().casefold().startswith(_PAPER)


def _printed_columns(table: Table) -> frozenset[int]:
    """Columns that any head over them calls the paper's."""
    return frozenset(j for row in table.header for j, head in _over(row) if _is_paper(head))


def _over(row: tuple[Head, ...]) -> Iterator[tuple[int, str]]:
    column = 0
    for head in row:
        yield from ((column + j, head.text) for j in range(head.span))
        column += head.span


def _sorts(table: Table, under: list[bool]) -> list[str]:
    """``number``, ``text`` or nothing for each column: nothing where no group has two rows to exchange."""
    width = len(table.align)
    none = [""] * width
    last = table.header[-1] if table.header else ()
    if "r" not in table.align or _largest_group(table, under) < 2 or any(head.span > 1 for head in last):
        return none
    rows = [row for row, below in zip(table.rows, under, strict=True) if len(row) == width and not below]
    return [_kind([row[j] for row in rows], named=bool(head.text.strip())) for j, head in enumerate(last)] or none


def _kind(column: list[Cell], *, named: bool) -> str:
    numbers = sum(value(cell.text) is not None for cell in column)
    if not named or len({cell.text for cell in column}) < 2:
        return ""
    return "number" if 2 * numbers >= len(column) else "text"


def _largest_group(table: Table, under: list[bool]) -> int:
    sizes = [0]
    for row, below in zip(table.rows, under, strict=True):
        if len(row) == 1:
            sizes.append(0)
        else:
            sizes[-1] += not below
    return max(sizes)
