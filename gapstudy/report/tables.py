"""Tables as HTML: the one form that keeps spans, small intervals and languages in the HTML *and* the PDF.

Quarto (from 1.4) and our own filter read a raw HTML table back into the document tree for every other format, with
``data-typst:…`` attributes passed on as Typst properties. What Typst is to know is therefore said here, beside what
the browser is to know; what the page's script is to know comes from :mod:`gapstudy.report.hints`.
"""

from __future__ import annotations

import re
import string
from dataclasses import replace

from gapstudy.exhibits.base import Cell, Head, Table
from gapstudy.report.columns import column_widths, is_stacked, is_text
from gapstudy.report.embedded import RunSets
from gapstudy.report.hints import Hints, hints
from gapstudy.report.markup import Markdown, direction, html_text, typographic_minus

__all__ = ["align_decimals", "footnotes", "table_html"]

_ALIGN = {"l": "left", "r": "right", "c": "center"}
_NUMBER = re.compile(r"[-−+]?\d[\d,]*(?P<decimals>\.\d+)?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, roughly
_INNER_DASH = re.compile(r"(?<=\S)–(?=\S)")
_FIGURE_SPACE, _POINT_SPACE = "\u2007", "\u2008"
_THIN_RULE = "0.4pt + luma(35%)"


def footnotes(table: Table) -> dict[str, str]:
    """Map the text of each note to its mark, a, b, c, …, in the order of reading."""
    notes = dict.fromkeys(cell.note for row in table.rows for cell in row if cell.note)
    letters = string.ascii_lowercase
    marks = (letters[i] if i < len(letters) else str(i + 1) for i in range(len(notes)))
    return dict(zip(notes, marks, strict=True))


def align_decimals(column: list[str]) -> list[str]:
    """Pad numbers with figure spaces so that decimal points stand below each other when set flush right.

    >>> [text.replace(chr(0x2007), "·").replace(chr(0x2008), "_") for text in align_decimals(["1.25", "3.5", "7", "–"])]
    ['1.25', '3.5·', '7_··', '–']
    """
    matches = [_NUMBER.fullmatch(text) for text in column]
    lengths = [len(match["decimals"] or "") for match in matches if match]
    widest = max(lengths, default=0)
    return [
        text + _padding(len(match["decimals"] or ""), widest) if match else text
        for text, match in zip(column, matches, strict=True)
    ]


def _padding(length: int, widest: int) -> str:
    point = _POINT_SPACE if length == 0 < widest else ""
    return point + _FIGURE_SPACE * (widest - max(length, len(point)))


def _aligned(table: Table) -> Table:
    """The same table with minus signs and padded numbers in its flush-right columns."""
    full = [i for i, row in enumerate(table.rows) if len(row) == len(table.align)]
    rows = [[replace(cell, text=typographic_minus(cell.text)) for cell in row] for row in table.rows]
    for j in (j for j, align in enumerate(table.align) if align == "r"):
        for i, text in zip(full, align_decimals([rows[i][j].text for i in full]), strict=True):
            rows[i][j] = replace(rows[i][j], text=text)
    return replace(table, rows=tuple(map(tuple, rows)))


def table_html(table: Table, sets: RunSets | None = None, *, linked: bool = False) -> Markdown:
    """Return the table as one raw HTML block.

    Parameters
    ----------
    table : what to print.
    sets : of the report, for cells that name runs of their own.
    linked : whether the exhibit rests on runs, so that its numbers lead to them.

    Raises
    ------
    ValueError
        If a header or body row does not fill the columns.
    """
    _check(table)
    known = hints(table, sets, linked=linked)
    body = _body(_aligned(table), footnotes(table), known)
    lines = [
        _opening(table, column_widths(table)),
        "<thead>",
        *_head(table, known.heads),
        "</thead>",
        "<tbody>",
        *body,
        "</tbody>",
        "</table>",
    ]
    return Markdown("\n".join(lines))


def _check(table: Table) -> None:
    width = len(table.align)
    wrong = [f"header row {i + 1}" for i, row in enumerate(table.header) if sum(head.span for head in row) != width]
    wrong += [f"row {i + 1}" for i, row in enumerate(table.rows) if len(row) not in (1, width)]
    if wrong or set(table.align) - set(_ALIGN):
        msg = f"table of {width} columns (align {table.align!r}) does not fit {', '.join(wrong) or 'l, r and c'}"
        raise ValueError(msg)


def _opening(table: Table, widths: tuple[float, ...]) -> str:
    size, inset, gutter = (
        ("7.8pt", "(x: 2pt, y: 2.8pt)", "1pt") if table.small else ("8.6pt", "(x: 4pt, y: 3.2pt)", "2pt")
    )
    classes = ["gs-table", *["gs-small"] * table.small, *["gs-text"] * is_text(table), "typst:no-figure"]
    typst = f'data-typst:text:size="{size}" data-typst:inset="{inset}" data-typst:column-gutter="{gutter}"'
    columns = "".join(f'<col style="width: {width:g}%">' for width in widths)
    return f'<table class="{" ".join(classes)}" {typst}>' + (f"<colgroup>{columns}</colgroup>" if widths else "")


def _head(table: Table, known: tuple[str, ...]) -> list[str]:
    last = len(table.header) - 1
    align = "".join("c" if j in _wide_columns(table) else side for j, side in enumerate(table.align))
    none = ("",) * len(align)
    return [_head_row(row, align, known if i == last else none, spanner=i < last) for i, row in enumerate(table.header)]


def _wide_columns(table: Table) -> frozenset[int]:
    """Columns with intervals beside the values: their heads are centred."""
    if is_stacked(table):
        return frozenset()
    return frozenset(j for row in table.rows if len(row) > 1 for j, cell in enumerate(row) if cell.interval)


def _head_row(row: tuple[Head, ...], align: str, known: tuple[str, ...], *, spanner: bool) -> str:
    cells, column = [], 0
    for head in row:
        side = "center" if head.span > 1 else _ALIGN[align[column]]
        ruled = spanner and head.span > 1 and bool(head.text.strip())
        cells.append(_head_cell(head, side, known[column], ruled=ruled))
        column += head.span
    return f"<tr>{''.join(cells)}</tr>"


def _head_cell(head: Head, side: str, known: str, *, ruled: bool) -> str:
    span = f' colspan="{head.span}"' if head.span > 1 else ""
    style = f' style="text-align: {side}"'
    if not head.text.strip():
        return f"<td{span}{style}></td>"
    rule = f' class="gs-span" data-typst:stroke="(bottom: {_THIN_RULE})"' if ruled else ""
    scope = "colgroup" if head.span > 1 else "col"
    return f'<th{span} scope="{scope}"{style}{rule}{known}>{html_text(head.text)}</th>'


def _body(table: Table, marks: dict[str, str], known: Hints) -> list[str]:
    """The rows; a group heading gets a rule above it unless one is there already."""
    stacked = is_stacked(table)
    lines, ruled = [], True
    for row, row_hint, cell_hints in zip(table.rows, known.rows, known.cells, strict=True):
        group = len(row) == 1 < len(table.align)
        if group:
            lines.append(_group(row[0], len(table.align), marks, rule=not ruled))
        else:
            parts = zip(row, table.align, cell_hints, strict=True)
            cells = (_cell(cell, _ALIGN[side], marks, hint, stacked=stacked) for cell, side, hint in parts)
            lines.append(f"<tr{row_hint}>{''.join(cells)}</tr>")
        ruled = group
    return lines


def _group(cell: Cell, width: int, marks: dict[str, str], *, rule: bool) -> str:
    text = f"<em>{_content(cell, marks, stacked=False)}</em>"
    style = 'style="text-align: left" role="rowheader"'
    stroke = f' data-typst:stroke="(top: {_THIN_RULE})"' if rule else ""
    return f'<tr class="gs-group"><td colspan="{width}" {style}{stroke}>{text}</td></tr>'


def _cell(cell: Cell, side: str, marks: dict[str, str], known: str, *, stacked: bool) -> str:
    content = _content(cell, marks, stacked=stacked)
    right_to_left = direction(cell.text) == "rtl"
    if cell.lang:
        content = _in_language(content, cell.lang, right_to_left=right_to_left)
    if side == "left" and right_to_left:
        side = "right"
    tag, scope = ("th", ' scope="row"') if cell.heading else ("td", "")
    return f'<{tag}{scope} style="text-align: {side}"{known}>{content}</{tag}>'


def _in_language(content: str, lang: str, *, right_to_left: bool) -> str:
    """A block of its own, because Typst takes the direction of a paragraph from its block."""
    tag = f' lang="{lang}"' if _LANGUAGE.fullmatch(lang) else ""
    side = "rtl" if right_to_left else "ltr"  # said to Typst too, which would take that of the language
    way = f'dir="{side}" data-typst:text:dir="{side}"'
    return f"<div{tag} {way}>{content}</div>"


def _content(cell: Cell, marks: dict[str, str], *, stacked: bool) -> str:
    text = _INNER_DASH.sub("–\u2060", html_text(cell.text))  # a pair of languages is not broken at its dash
    text = f"<strong>{text}</strong>" if cell.best and text else text
    mark = f"<sup>{marks[cell.note]}</sup>" if cell.note else ""
    return text + mark + (_interval(cell.interval, stacked=stacked) if cell.interval else "")


def _interval(interval: str, *, stacked: bool) -> str:
    """Small type: below the value in wide tables, where it breaks after its comma, else beside the value."""
    text = html_text(typographic_minus(interval))
    if len(interval) < 40:  # else it is no interval, and may break where it likes
        text = text.replace(", ", ", <br>") if stacked else text.replace(" ", "\u00a0")
    before = "<br>" if stacked else "\u2002"
    return f'{before}<span class="gs-ci" data-typst:text:size="0.8em">{text}</span>'
