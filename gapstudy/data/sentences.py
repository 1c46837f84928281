"""Plain sentences: FLORES, NTREX, and tables with a column of text; paper: section 3.4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gapstudy.data.examples import Sentences
from gapstudy.data.files import TextFile, require
from gapstudy.data.tables import Names, Table, open_any
from gapstudy.errors import DataError
from gapstudy.languages import Language

__all__ = ["SENTENCE_COLUMNS", "read_sentences"]

SENTENCE_COLUMNS: Names = {"text": ("text", "sentence"), "id": ("id",)}


def read_sentences(
    path: Path, *, language: Language | None = None, columns: Mapping[str, str] | None = None
) -> Sentences:
    """Read sentences, from whatever form the file has; outer blanks are dropped, nothing else is normalised.

    - One sentence a line (FLORES-200, NTREX); lines that still stand in CSV quoting are unquoted.
    - CSV (RFC 4180, extension .csv), TSV (.tsv) and JSON lines with a column ``text`` or ``sentence``.
    - Parquet with such a column (FLORES+, or ``sentence_eng_Latn`` of FLORES-200 on the hub).

    Where rows say which language they are in (``iso_639_3`` and ``iso_15924``, or ``language``), those of ``language``
    are taken. Rows of parquet, and of files that name FLORES+'s languages, are put in the order of their ``id``.

    Parameters
    ----------
    path : the file; gzip is undone.
    language : whose rows to take; None takes all.
    columns : our column names (``text``, ``id``) to the file's, where they are others.

    Raises
    ------
    DataError
        If the file is missing, empty, malformed or not UTF-8, a sentence is blank (a parallel corpus may not skip
        rows), or two rows have one id.
    """
    chosen = columns or {}
    names = dict(SENTENCE_COLUMNS)
    if language is not None:
        names["text"] = (*names["text"], f"sentence_{language.flores}")
    file = open_any(path, names, chosen, ("text",), language)
    lines = _of_table(file, names, language, chosen) if isinstance(file, Table) else _of_lines(file)
    require(lines, path, "sentences")
    return Sentences(tuple(lines))


def _of_table(table: Table, names: Names, language: Language | None, chosen: Mapping[str, str]) -> list[str]:
    lines = table.texts(table.name_of("text", names, chosen), language)
    for row, line in enumerate(lines):
        if not line:
            msg = f"{table.place(row)}: blank sentence in a parallel corpus"
            raise DataError(msg)
    number = chosen.get("id", "id")
    if number in table.columns and (table.kind == "parquet" or "iso_639_3" in table.columns or "id" in chosen):
        return [lines[row] for row in _order(table.columns[number], table)]
    return lines


def _order(ids: Sequence[Any], table: Table) -> list[int]:
    """Return the rows in the order of their ids; ids that are no numbers leave them as they are."""
    try:
        numbers = [int(value) for value in ids]
    except (TypeError, ValueError):
        return list(range(len(ids)))
    first: dict[int, int] = {}
    for row, number in enumerate(numbers):
        if first.setdefault(number, row) != row:
            msg = f"{table.place(row)}: id {number} stands at row {table.numbers[first[number]]} already"
            raise DataError(msg)
    return [first[number] for number in sorted(first)]


def _of_lines(file: TextFile) -> list[str]:
    lines = []
    for number, line in file.numbered():
        sentence = _unquoted(line.strip()).strip()
        if not sentence:
            msg = f"{file.place(number)}: blank line in a parallel corpus"
            raise DataError(msg)
        lines.append(sentence)
    return lines


def _unquoted(line: str) -> str:
    if len(line) > 1 and line[0] == line[-1] == '"' and '""' in line[1:-1]:
        return line[1:-1].replace('""', '"')
    return line
