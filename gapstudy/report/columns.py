"""Widths of columns, in percent of the line.

Pandoc gives columns of one width to a raw HTML table with line breaks or blocks in its cells, and Typst would share the
line evenly among columns of text, so such tables say what they want, from the number of signs in their cells.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from gapstudy.exhibits.base import Cell, Table
from gapstudy.report.markup import CLIP

__all__ = ["column_widths", "is_stacked", "is_text"]

_LINE, _SMALL_LINE = 104.0, 107.0  # signs of table type and of small table type that fit the line of the A4 page
_PADDING, _SMALL_PADDING = 2.5, 1.3  # space between columns, in signs
_GUTTER, _SMALL_GUTTER = 0.44, 0.22  # gap between columns that Typst adds, in percent of the line
_SMALLER = 0.82  # size of an interval beside the size of its value


def is_stacked(table: Table) -> bool:
    """Whether intervals stand below their values: in small tables, and where beside them they would not fit the line."""
    if table.small:
        return True
    beside = tuple(
        tuple(replace(c, text=f"{c.text} {c.interval}", interval="") if c.interval else c for c in row)
        for row in table.rows
    )
    return sum(_wanted(replace(table, rows=beside), _PADDING, whole_heads=True)) > _LINE


def is_text(table: Table) -> bool:
    """Whether the table holds words rather than numbers: nothing is flush right, or something is in a study language."""
    return "r" not in table.align or any(cell.lang for row in table.rows for cell in row)


def column_widths(table: Table) -> tuple[float, ...]:
    """Return a width for each column of a table of text or of stacked intervals, and nothing for other tables."""
    stacked = is_stacked(table) and any(cell.interval for row in table.rows for cell in row)
    if len(table.align) == 1 or not (stacked or is_text(table)):
        return ()
    line, padding = (_SMALL_LINE, _SMALL_PADDING) if table.small else (_LINE, _PADDING)
    wanted = _wanted(table, padding, whole_heads=True)
    if sum(wanted) > line:
        wanted = _wanted(table, padding, whole_heads=False)
    room = 100 - (_SMALL_GUTTER if table.small else _GUTTER) * (len(wanted) - 1)
    return tuple(round(room * width / line, 1) for width in _fitted(wanted, line))


def _wanted(table: Table, padding: float, *, whole_heads: bool) -> list[float]:
    """The widest line of each column, in signs; heads count whole, or with their longest word as they may break."""
    wanted = [0.0] * len(table.align)
    for row in table.rows:
        if len(row) == len(wanted):
            wanted = [max(width, _cell_width(cell)) for width, cell in zip(wanted, row, strict=True)]
    for number, heads in enumerate(table.header):
        column = 0
        for head in heads:
            whole = whole_heads and number == len(table.header) - 1
            if head.span == 1:
                wanted[column] = max(wanted[column], _longest([head.text] if whole else head.text.split()))
            column += head.span
    return [width + padding for width in wanted]


def _cell_width(cell: Cell) -> float:
    return min(CLIP, max(_length(cell.text) + 0.5 * bool(cell.note), _SMALLER * _longest(cell.interval.split())))


def _longest(texts: Iterable[str]) -> float:
    return max(map(_length, texts), default=0.0)


def _length(text: str) -> float:
    """Signs that take room: combining marks take none, Hangul takes two."""
    wide = sum(unicodedata.east_asian_width(sign) in ("W", "F") for sign in text)
    return float(sum(not unicodedata.combining(sign) for sign in text) + wide)


def _fitted(wanted: list[float], room: float) -> list[float]:
    """Cut the widest columns to one common width until all fit.

    >>> _fitted([10.0, 20.0, 90.0, 200.0], 100.0)
    [10.0, 20.0, 35.0, 35.0]
    """
    if sum(wanted) <= room:
        return wanted
    used, share = 0.0, room / len(wanted)
    for number, width in enumerate(sorted(wanted)):
        share = (room - used) / (len(wanted) - number)
        if width > share:
            break
        used += width
    return [min(width, share) for width in wanted]
