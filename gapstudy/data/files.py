"""Bytes of a corpus file as text, with errors that name the file and the line.

A line ends at LF (a CR before it is dropped) and nowhere else: real corpora hold U+001D, U+0085, U+2028 and other
characters that ``str.splitlines`` would take for line ends. A byte order mark at the start is dropped. Files that
gzip compressed are told by their first bytes.
"""

from __future__ import annotations

import gzip
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gapstudy.data.examples import LABELS
from gapstudy.errors import DataError

__all__ = ["Labels", "TextFile", "nfc", "open_text", "read_raw", "require", "shown"]

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_SPELLINGS = {"contradictory": "contradiction"}  # XNLI-MT's training files


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of text: where it is, its extension without ``.gz``, in lower case, and its lines."""

    path: Path
    suffix: str
    lines: tuple[str, ...]

    def place(self, number: int) -> str:
        """Return how errors name a line, counted from 1."""
        return f"{self.path}:{number}"

    def numbered(self) -> Iterator[tuple[int, str]]:
        """Yield (number from 1, line)."""
        return enumerate(self.lines, start=1)

    def first(self) -> str:
        """Return the first line that is not blank, "" where there is none."""
        return next((line for line in self.lines if line.strip()), "")


def read_raw(path: Path) -> bytes:
    """Return the bytes of a file, uncompressed.

    Raises
    ------
    DataError
        If it cannot be read, or its compression is damaged.
    """
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw.startswith(_GZIP) else raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        msg = f"{path}: damaged gzip file: {error}"
        raise DataError(msg) from None
    except OSError as error:
        msg = f"{path}: cannot be read: {error.strerror or error}"
        raise DataError(msg) from None


def open_text(path: Path, raw: bytes) -> TextFile:
    """Decode ``raw``, which was read from ``path``.

    Raises
    ------
    DataError
        At the first byte that is not UTF-8, and at a NUL byte, which no text holds.
    """
    raw = raw.removeprefix(_BOM)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        number, start = _position(raw, error.start)
        msg = f"{path}:{number}: not UTF-8 (byte {raw[error.start]:#04x} at {error.start - start})"
        raise DataError(msg) from None
    if "\0" in text:
        msg = f"{path}:{_position(raw, raw.index(0))[0]}: holds a NUL byte; is it a text file in UTF-8?"
        raise DataError(msg)
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()  # a final line end makes no empty last line
    if "\r" in text:
        lines = [line.removesuffix("\r") for line in lines]
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    return TextFile(path, suffix, tuple(lines))


def _position(raw: bytes, at: int) -> tuple[int, int]:
    """Return the number of the line that holds byte ``at``, and where that line starts."""
    return raw.count(b"\n", 0, at) + 1, raw.rfind(b"\n", 0, at) + 1


class Labels:
    """The labels of a task as indices: by name, or by number where the source numbers them.

    Parameters
    ----------
    task : "xnli", "ner" or "pos".
    names : what a number stands for; None where numbers are no labels.
    """

    def __init__(self, task: str, names: Sequence[str] | None = None) -> None:
        self._index = {label: i for i, label in enumerate(LABELS[task])}
        self._known: dict[object, int] = {label: i for label, i in self._index.items()}  # noqa: C416 - keys of any type
        self._known |= {other: self._index[name] for other, name in _SPELLINGS.items() if name in self._index}
        for number, name in enumerate(names or ()):
            if name in self._known:
                self._known[number] = self._known[str(number)] = self._known[name]

    def index(self, label: object, place: str) -> int:
        """Return the index of ``label``.

        Raises
        ------
        DataError
            If the task has no such label; names the place and the valid ones.
        """
        found = self._known.get(label) if isinstance(label, str | int | float) else None
        if found is None or isinstance(label, bool):
            msg = f"{place}: unknown label {shown(label)}; valid: {', '.join(self._index)}"
            raise DataError(msg)
        return found

    def indices(self, labels: Sequence[object], place: Callable[[int], str]) -> list[int]:
        """Return the index of each label; ``place`` names the row of an unknown one, counted from 0.

        Raises
        ------
        DataError
            As :meth:`index`.
        """
        distinct = {(type(label), label): row for row, label in reversed(list(enumerate(map(_hashable, labels))))}
        known = {key: self.index(key[1], place(row)) for key, row in sorted(distinct.items(), key=lambda item: item[1])}
        return [known[type(label), label] for label in labels]


def _hashable(value: object) -> object:
    return value if isinstance(value, str | int | float) else repr(value)


def require(rows: Sequence[object], path: Path, what: str) -> None:
    """Raise :class:`DataError` where a file holds nothing."""
    if not rows:
        msg = f"{path}: holds no {what}"
        raise DataError(msg)


def shown(value: object) -> str:
    """Return a value for an error message, cut to a line's length."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def nfc(word: str) -> str:
    """Return a word without outer blanks, composed, so that it has one spelling."""
    word = word.strip()
    return word if word.isascii() else unicodedata.normalize("NFC", word)
