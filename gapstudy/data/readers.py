"""Readers of the file formats, each with an error that names the file and the line.

A line ends at LF (a CR before it is dropped) and nowhere else: real corpora hold U+001D and other characters
that ``str.splitlines`` would take for line ends. A byte order mark at the start is dropped.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from gapstudy.data.examples import LABELS, Pairs, Sentences, Tagged
from gapstudy.errors import DataError

__all__ = ["read_pairs", "read_sentences", "read_tagged"]

_LABEL_SPELLINGS = {"contradictory": "contradiction"}  # XNLI-MT's training files
_HEADERS = ({"premise", "hypo", "label"}, {"premise", "hypothesis", "label"})


def read_pairs(path: Path) -> Pairs:
    """Read premise, hypothesis and label, tab-separated, without quoting (XTREME's and XNLI-MT's forms).

    A header line (``premise  hypo|hypothesis  label``) is recognised and skipped.

    Raises
    ------
    DataError
        If the file is missing, empty or not UTF-8, or a line has not three columns or an unknown label.
    """
    rows = []
    index = {label: i for i, label in enumerate(LABELS["xnli"])}
    for number, line in _lines(path):
        columns = [c.strip() for c in line.split("\t")]
        if number == 1 and set(columns) in _HEADERS:
            continue
        if len(columns) != 3:
            msg = f"{path}:{number}: {len(columns)} columns where premise, hypothesis, label were expected"
            raise DataError(msg)
        premise, hypothesis, label = columns
        rows.append((premise, hypothesis, _label_index(_LABEL_SPELLINGS.get(label, label), index, path, number)))
    _require(rows, path, "pairs")
    premises, hypotheses, labels = zip(*rows, strict=True)
    return Pairs(premises, hypotheses, labels)


def read_tagged(path: Path, task: str) -> Tagged:
    """Read ``word<TAB>tag`` lines with a blank line after each sentence (XTREME's form); words become NFC.

    Raises
    ------
    DataError
        If the file is missing, empty or not UTF-8, or a line has not two columns or an unknown tag.
    """
    index = {label: i for i, label in enumerate(LABELS[task])}
    sentences: list[tuple[tuple[str, ...], tuple[int, ...]]] = []
    words: list[str] = []
    tags: list[int] = []
    for number, line in (*_lines(path), (0, "")):
        if not line.strip():
            if words:
                sentences.append((tuple(words), tuple(tags)))
            words, tags = [], []
            continue
        word, tab, tag = line.rpartition("\t")
        if not tab or not word.strip():
            msg = f"{path}:{number}: expected word, tab, tag; got {line[:60]!r}"
            raise DataError(msg)
        words.append(unicodedata.normalize("NFC", word.strip()))
        tags.append(_label_index(tag.strip(), index, path, number))
    _require(sentences, path, "sentences")
    return Tagged(*(tuple(column) for column in zip(*sentences, strict=True)))


def read_sentences(path: Path) -> Sentences:
    """Read one sentence a line (FLORES); lines still in CSV quoting are unquoted, outer blanks dropped.

    Raises
    ------
    DataError
        If the file is missing, empty or not UTF-8, or a line is blank (a parallel corpus may not skip rows).
    """
    lines = []
    for number, line in _lines(path):
        if not line.strip():
            msg = f"{path}:{number}: blank line in a parallel corpus"
            raise DataError(msg)
        lines.append(_unquoted(line.strip()).strip())
    _require(lines, path, "sentences")
    return Sentences(tuple(lines))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line without its end); a final line end makes no empty last line."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read: {error.strerror or error}"
        raise DataError(msg) from None
    parts = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if not parts[-1]:
        parts.pop()
    for number, part in enumerate(parts, start=1):
        try:
            yield number, part.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError as error:
            msg = f"{path}:{number}: not UTF-8 (byte {error.object[error.start]:#04x} at {error.start})"
            raise DataError(msg) from None


def _label_index(label: str, index: dict[str, int], path: Path, number: int) -> int:
    try:
        return index[label]
    except KeyError:
        msg = f"{path}:{number}: unknown label {label!r}; valid: {', '.join(index)}"
        raise DataError(msg) from None


def _require(rows: Sequence[object], path: Path, what: str) -> None:
    if not rows:
        msg = f"{path}: holds no {what}"
        raise DataError(msg)


def _unquoted(line: str) -> str:
    if len(line) > 1 and line[0] == line[-1] == '"' and '""' in line[1:-1]:
        return line[1:-1].replace('""', '"')
    return line
