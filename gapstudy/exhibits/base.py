"""What every exhibit hands to the report: a table or a figure, its caption, its data and its signature.

An exhibit is computed from runs, holds only plain values, and knows nothing of rendering.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["Cell", "Exhibit", "Head", "Table"]


@dataclass(frozen=True, slots=True)
class Head:
    """A header cell: text (plain, escaped when rendered) over ``span`` columns, with an optional unit."""

    text: str
    span: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """A body cell.

    Attributes
    ----------
    text : what is printed (plain, escaped when rendered).
    interval : printed small beside or under ``text``, for example ``[0.41, 0.47]``; empty for none.
    best : whether it is the best of its group (printed bold).
    lang : BCP 47 tag of text in a study language; sets font, direction and hyphenation.
    heading : whether the cell names its row (a group heading spans the row when it is the only cell).
    note : a footnote mark's text; rendered under the table.
    runs : ids of the runs that the number rests on, for the link from it to them; empty: those of its exhibit.
    """

    text: str
    interval: str = ""
    best: bool = False
    lang: str = ""
    heading: bool = False
    note: str = ""
    runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with one or more header rows.

    Attributes
    ----------
    header : rows of :class:`Head`; the spans of each row add up to ``len(align)``.
    rows : rows of :class:`Cell`; a row of one cell with ``heading`` spans all columns.
    align : one of ``l``, ``r``, ``c`` a column.
    small : whether to set the table in smaller type (many columns).
    """

    header: tuple[tuple[Head, ...], ...]
    rows: tuple[tuple[Cell, ...], ...]
    align: str
    small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One table or figure of the report.

    Attributes
    ----------
    key : ``table1`` .. ``table5``, ``figure1`` .. ``figure3``, ``theorem`` and companions: file names and ids.
    kind : "table" or "figure"; decides numbering and the cross-reference prefix (``tbl-`` or ``fig-``).
    title : short, for the contents and alt text.
    caption : what is shown, in one to three sentences (plain text; ``*x*`` emphasis and ``$..$`` mathematics are allowed).
    method : how the numbers came about and how to read them, in the markup of ``caption``; printed small under the exhibit.
    alt : description of a figure for those who cannot see it.
    signature : what could change the numbers: study, runs, seeds, resamples, method, version.
    table, images : content; images are SVG files beside the report. ``table`` may accompany a figure (Figure 1).
    data : JSON-able values for results.json.
    records : flat rows for the CSV (same keys in every row).
    missing : what could not be computed and why, one line each; empty when complete.
    notes : remarks printed under the exhibit.
    runs : ids of the runs that it rests on; empty: no run, or all of the report's.
    numbered : whether it has a number and can be referred to; the paper's tables and figures keep their numbers because
        what stands before them has none.
    """

    key: str
    kind: Literal["table", "figure"]
    title: str
    caption: str
    signature: str
    method: str = ""
    alt: str = ""
    table: Table | None = None
    images: tuple[Path, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    records: tuple[dict[str, Any], ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    numbered: bool = True
