"""Files whose columns have names: CSV, TSV with a header, JSON lines and parquet, read as columns.

A column of our name (``premise``) is found under the name that the study file gives it, or under one of the names
that known corpora use. Nothing is normalised here.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from gapstudy.data.files import TextFile, open_text, read_raw, shown
from gapstudy.errors import DataError, MissingExtraError
from gapstudy.languages import Language

__all__ = ["Names", "Table", "find", "open_any"]

Names = Mapping[str, tuple[str, ...]]  # our name of a column -> the names that corpora give it
_PARQUET = b"PAR1"
_LANGUAGE = ("language", "lang")
_FLORES = ("iso_639_3", "iso_15924")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with named columns.

    Attributes
    ----------
    path : the file.
    columns : name -> values, all of one length; empty for columns that no reader asks for.
    numbers : the line on which each row starts, or its row number in parquet, from 1.
    kind : "csv", "tsv", "jsonl" or "parquet".
    classes : name -> names that the file itself gives to the numbers of a column (the hub's parquet).
    """

    path: Path
    columns: Mapping[str, Sequence[Any]]
    numbers: Sequence[int]
    kind: str
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def place(self, row: int) -> str:
        """Return how errors name a row."""
        return f"{self.path}, row {self.numbers[row]}" if self.kind == "parquet" else f"{self.path}:{self.numbers[row]}"

    def take(self, rows: Sequence[int]) -> Table:
        """Return some of the rows."""
        columns = {name: [values[i] for i in rows] if values else () for name, values in self.columns.items()}
        return Table(self.path, columns, [self.numbers[i] for i in rows], self.kind, self.classes)

    def name_of(self, column: str, names: Names, chosen: Mapping[str, str]) -> str:
        """Return what the file calls our ``column``.

        Raises
        ------
        DataError
            If the file has no such column; lists its columns and how to name one.
        """
        wanted = (chosen[column],) if column in chosen else names[column]
        if (found := find(self.columns, wanted)) is not None:
            return found
        msg = (
            f"{self.path}: no column {' or '.join(map(repr, wanted))}; it has {', '.join(map(repr, self.columns)) or 'none'} "
            f"(say which one with columns.{column})"
        )
        raise DataError(msg)

    def texts(self, column: str, language: Language | None = None) -> list[str]:
        """Return a column of text; of translations ({language: text}) that in ``language``.

        Raises
        ------
        DataError
            If a value is no text, or not valid Unicode.
        """
        values = self.columns[column]
        return [
            value if type(value) is str else self._text(value, column, language, row)
            for row, value in enumerate(values)
        ]

    def _text(self, value: Any, column: str, language: Language | None, row: int) -> str:
        if isinstance(value, dict) and language is not None:
            value = _translation(value, language)
        if isinstance(value, bytes):
            try:
                value = value.decode("utf-8")
            except UnicodeDecodeError:
                msg = f"{self.place(row)}: {column!r} is not UTF-8"
                raise DataError(msg) from None
        if not isinstance(value, str):
            msg = f"{self.place(row)}: {column!r} is {'missing' if value is None else shown(value) + ', not a text'}"
            raise DataError(msg)
        return value.strip()

    def in_language(self, language: Language | None, chosen: Mapping[str, str]) -> Table:
        """Return the rows of ``language`` where the file says of each row which language it is in.

        Raises
        ------
        DataError
            If no row is in that language; lists those that there are.
        """
        if language is None or not (found := self._languages(chosen)):
            return self
        known = (language.iso1, language.code, language.flores, language.name)
        if rows := [row for row, value in enumerate(found) if value in known]:
            return self if len(rows) == len(found) else self.take(rows)
        others = ", ".join(sorted({str(value) for value in found})[:20])
        msg = f"{self.path}: holds nothing in {language.code} ({language.iso1}, {language.flores}); it holds {others}"
        raise DataError(msg)

    def _languages(self, chosen: Mapping[str, str]) -> Sequence[Any]:
        """Return the language of each row, empty where the file does not say."""
        if all(name in self.columns for name in _FLORES):
            return [f"{a}_{b}" for a, b in zip(*(self.columns[name] for name in _FLORES), strict=True)]
        name = find(self.columns, (chosen["language"],) if "language" in chosen else _LANGUAGE)
        return self.columns[name] if name else ()


def _translation(value: dict[str, Any], language: Language) -> Any:
    """Return one language of ``{language: text}`` or ``{"language": [...], "translation": [...]}``."""
    if isinstance(value.get("language"), list) and isinstance(value.get("translation"), list):
        value = dict(zip(value["language"], value["translation"], strict=False))
    return next((value[key] for key in (language.iso1, language.code, language.flores) if key in value), None)


def find(columns: Sequence[str] | Mapping[str, Any], wanted: Sequence[str]) -> str | None:
    """Return the first of the ``wanted`` names that is a column."""
    return next((name for name in wanted if name in columns), None)


def open_any(
    path: Path, names: Names, chosen: Mapping[str, str], needed: Sequence[str], language: Language | None
) -> Table | TextFile:
    """Open a file as what it is: a table where its columns have names, lines of text otherwise.

    Parameters
    ----------
    path : the file; its content decides, and its extension where the content leaves it open.
    names : our columns, and what corpora call them.
    chosen : what the study file says that they are called.
    needed : the columns that a header must name; a first line that does is a header.
    language : the language to keep where rows say which language they are in; None keeps all.

    Raises
    ------
    DataError
        If the file cannot be read, or is not what its content or extension says.
    """
    raw = read_raw(path)
    wanted = {name for known in names.values() for name in known} | {*_LANGUAGE, *_FLORES, *chosen.values()}
    if raw.startswith(_PARQUET):
        table = _parquet(path, raw, wanted, language)
        return table.in_language(language, chosen)
    file = open_text(path, raw)
    kind = _kind(file, names, chosen, needed)
    return _FORMS[kind](file, wanted).in_language(language, chosen) if kind else file


def _kind(file: TextFile, names: Names, chosen: Mapping[str, str], needed: Sequence[str]) -> str:
    """Return which form of table a file of text has, "" where it has no header."""

    def is_header(cells: Sequence[str]) -> bool:
        return all(find(cells, (chosen[c],) if c in chosen else names[c]) is not None for c in needed)

    if file.suffix in {".jsonl", ".ndjson", ".json"} or _is_object(file.first()):
        return "jsonl"
    first = file.lines[0] if file.lines else ""
    sure = len(needed) > 1  # one name alone could be a sentence
    if (sure or file.suffix == ".tsv") and is_header([cell.strip() for cell in first.split("\t")]):
        return "tsv"
    if file.suffix == ".csv" or (sure and "\t" not in first and is_header(_cells(first))):
        return "csv"
    if chosen and file.suffix != ".conllu":
        wanted = ", ".join(repr(chosen.get(c, names[c][0])) for c in needed)
        msg = f"{file.place(1)}: the study file names columns, but this is no header with {wanted}: {shown(first)}"
        raise DataError(msg)
    return ""


def _is_object(line: str) -> bool:
    if not line.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _cells(line: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True), [])]
    except csv.Error:
        return []


def _header(place: str, cells: Sequence[str]) -> list[str]:
    if twice := sorted({cell for cell in cells if cells.count(cell) > 1}):
        msg = f"{place}: the header names {', '.join(map(repr, twice))} twice"
        raise DataError(msg)
    return list(cells)


class _Columns:
    """Collects those columns of a headed file that are wanted; the others cost memory and time for nothing."""

    def __init__(self, header: Sequence[str], wanted: Collection[str]) -> None:
        self.names = header
        self.kept: list[tuple[int, list[str]]] = [(i, []) for i, name in enumerate(header) if name in wanted]

    def add(self, cells: Sequence[str]) -> None:
        for i, column in self.kept:
            column.append(cells[i].strip())

    def values(self) -> dict[str, Sequence[str]]:
        return dict.fromkeys(self.names, ()) | {self.names[i]: column for i, column in self.kept}


def _tsv(file: TextFile, wanted: Collection[str]) -> Table:
    """Read tab-separated lines under a header, without quoting (XNLI, MultiNLI).

    MultiNLI's header has five annotators where its training rows have one: cells may be missing at the end of a row
    where the header says ``label1`` to ``label5``.
    """
    header = _header(file.place(1), [cell.strip() for cell in file.lines[0].split("\t")])
    width = len(header)
    spare = next((i for i in range(width, 0, -1) if not re.fullmatch("label[1-5]", header[i - 1])), 0)
    columns = _Columns(header, wanted)
    for number, line in enumerate(islice(file.lines, 1, None), start=2):
        cells = line.split("\t")
        if len(cells) != width:
            if not spare <= len(cells) < width:
                msg = f"{file.place(number)}: {len(cells)} columns where the header has {width}"
                raise DataError(msg)
            cells += [""] * (width - len(cells))
        columns.add(cells)
    return Table(file.path, columns.values(), range(2, len(file.lines) + 1), "tsv")


def _csv(file: TextFile, wanted: Collection[str]) -> Table:
    """Read RFC 4180: a header, commas, quotation marks that may span lines; blank lines at the end are no rows."""
    lines = list(file.lines)
    while lines and not lines[-1].strip():
        lines.pop()
    reader = csv.reader((f"{line}\n" for line in lines), strict=True)
    header = _header(file.place(1), [cell.strip() for cell in _next(reader, file) or []])
    columns = _Columns(header, wanted)
    numbers: list[int] = []
    while True:
        number = reader.line_num + 1
        if (cells := _next(reader, file)) is None:
            break
        if len(cells) != len(header):
            msg = f"{file.place(number)}: {len(cells)} columns where the header has {len(header)}"
            raise DataError(msg)
        columns.add(cells)
        numbers.append(number)
    return Table(file.path, columns.values(), numbers, "csv")


def _next(reader: Any, file: TextFile) -> list[str] | None:
    number = reader.line_num + 1
    try:
        return next(reader, None)
    except csv.Error as error:
        msg = f"{file.place(number)}: not CSV: {error}"
        raise DataError(msg) from None


def _jsonl(file: TextFile, wanted: Collection[str]) -> Table:
    """Read one JSON object a line; blank lines are no rows."""
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    for number, line in file.numbered():
        if line.strip():
            rows.append(_object(line, file, number))
            numbers.append(number)
    columns: dict[str, Sequence[Any]] = {name: () for row in rows for name in row}
    columns |= {name: [_stripped(row.get(name)) for row in rows] for name in columns if name in wanted}
    return Table(file.path, columns, numbers, "jsonl")


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _object(line: str, file: TextFile, number: int) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            _header(file.place(number), keys)
        return found

    try:
        row = json.loads(line, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        msg = f"{file.place(number)}: not JSON: {error}"
        raise DataError(msg) from None
    if not isinstance(row, dict):
        msg = f"{file.place(number)}: expected one JSON object a line; got {shown(row)}"
        raise DataError(msg)
    if "\\u" in line and not _is_unicode(row):
        msg = f"{file.place(number)}: holds an escape that is no character (half a surrogate pair, or NUL)"
        raise DataError(msg)
    return row


def _is_unicode(value: Any) -> bool:
    """Whether every string in a JSON value can be written as UTF-8, and none holds NUL."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    inner: Iterator[Any] = iter((*value.keys(), *value.values())) if isinstance(value, dict) else iter(())
    return all(map(_is_unicode, value if isinstance(value, list) else inner))


_FORMS = {"tsv": _tsv, "csv": _csv, "jsonl": _jsonl}


# ---- parquet -----------------------------------------------------------------------------------------------
def _parquet(path: Path, raw: bytes, wanted: set[str], language: Language | None) -> Table:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError(error.name or "pyarrow", "train", f"reading {path.name}") from None
    try:
        schema = pq.read_schema(pa.BufferReader(raw))
        _header(str(path), schema.names)
        found = pq.read_table(pa.BufferReader(raw), columns=[name for name in schema.names if name in wanted])
    except (pa.ArrowException, OSError) as error:
        msg = f"{path}: not a parquet file that can be read: {str(error).splitlines()[0]}"
        raise DataError(msg) from None
    columns: dict[str, Sequence[Any]] = dict.fromkeys(schema.names, ())
    columns |= {name: _values(path, name, _narrowed(found.column(name), language)) for name in found.column_names}
    rows = range(1, found.num_rows + 1)
    return Table(path, columns, rows, "parquet", _classes(schema.metadata or {}))


def _narrowed(column: Any, language: Language | None) -> Any:
    """Return one language of a column of translations, before fifteen times the strings become Python objects."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if language is None or not pa.types.is_struct(column.type):
        return column
    fields = {column.type.field(i).name for i in range(column.type.num_fields)}
    if language.iso1 in fields:
        return pc.struct_field(column, language.iso1)
    if fields == {"language", "translation"}:
        codes, texts = (pc.struct_field(column, name) for name in ("language", "translation"))
        ours = pc.equal(pc.list_flatten(codes), language.iso1)
        if pc.sum(ours).as_py() == len(column) and len(pc.list_flatten(texts)) == len(ours):
            rows = pc.filter(pc.list_parent_indices(codes.combine_chunks()), ours.combine_chunks())
            if rows.to_pylist() == list(range(len(column))):
                return pc.filter(pc.list_flatten(texts), ours)
    return column


def _values(path: Path, name: str, column: Any) -> Sequence[Any]:
    """Return a column as Python values; its strings were never checked when they were written."""
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        row = next(i for i, value in enumerate(column, start=1) if _undecodable(value))
        msg = f"{path}, row {row}: {name!r} is not UTF-8"
        raise DataError(msg) from None
    for row, value in enumerate(values, start=1):
        if isinstance(value, str):
            if "\0" in value:
                msg = f"{path}, row {row}: {name!r} holds a NUL character"
                raise DataError(msg)
            values[row - 1] = value.strip()
    return values


def _undecodable(value: Any) -> bool:
    try:
        value.as_py()
    except UnicodeDecodeError:
        return True
    return False


def _classes(metadata: Mapping[bytes, bytes]) -> dict[str, Sequence[str]]:
    """Return the class names that the hub's data sets keep in the schema, by column."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        found = {name: _class_names(feature) for name, feature in features.items()}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}
    return {name: names for name, names in found.items() if names}


def _class_names(feature: Any) -> Sequence[str]:
    """Return the names of a ClassLabel, or of a sequence of them."""
    if isinstance(feature, list):
        return _class_names(feature[0]) if feature else ()
    if not isinstance(feature, dict):
        return ()
    names = feature.get("names")
    if isinstance(names, list):
        return [str(name) for name in names]
    return _class_names(feature.get("feature"))
