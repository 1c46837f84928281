"""What words were once converted to, on disk, shared by processes.

Paper: section 3.1 (no counterpart: gapstudy converts each word type once).

One file holds the words of one (language, mode, back end); a line is a JSON list ``[word, [phone, ...], check]`` in
UTF-8, where ``check`` is the CRC-32 of the rest, so the file can be read and searched by eye. Writers append whole
batches by one ``write`` to a file opened for appending, after an empty line that ends whatever a killed writer left
unfinished. A line that does not parse or whose check is wrong is as if it were not there. Two processes may write the
same word; they write the same phones.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from gapstudy.errors import StoreError

__all__ = ["PhoneCache"]

Phones = tuple[str, ...]


def _check(word: str, phones: Iterable[str]) -> str:
    """CRC-32 of a line's content, in hexadecimal."""
    return f"{zlib.crc32(json.dumps([word, list(phones)]).encode('ascii')):08x}"


def _line(word: str, phones: Phones) -> bytes:
    """One line of the file."""
    text = json.dumps([word, list(phones), _check(word, phones)], ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _parse(line: bytes) -> tuple[str, Phones] | None:
    """The word and phones of one line, or None where the line is damaged."""
    try:
        word, phones, check = json.loads(line.decode("utf-8", "surrogatepass"))
        intact = bool(phones) and all(phones) and check == _check(word, phones)
    except (ValueError, TypeError, RecursionError):
        return None
    return (word, tuple(phones)) if intact else None


class PhoneCache:
    """Phones by word; on disk if it has a path."""

    def __init__(self, path: Path | None, *, note: str = "") -> None:
        """Open, and read what is there; ``note`` is written at the head of a new file.

        Raises
        ------
        StoreError
            If the path cannot be read or its folder cannot be made.
        """
        self._path = path
        self._note = note
        self._words: dict[str, Phones] = {}
        self._offset = 0
        self.refresh()

    def refresh(self) -> None:
        """Take over what other processes have appended since the last look."""
        if self._path is None:
            return
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._failure(error, "read") from error
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        self._words.update(filter(None, map(_parse, filter(None, whole.split(b"\n")))))

    def known(self, words: Iterable[str]) -> dict[str, Phones]:
        """Return those of the words that are known."""
        return {word: phones for word in words if (phones := self._words.get(word)) is not None}

    def add(self, new: Mapping[str, Phones]) -> None:
        """Remember new words, and append them to the file in one write.

        Raises
        ------
        StoreError
            If the file cannot be written.
        """
        self._words.update(new)
        if self._path is None or not new:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            head = b"" if self._path.exists() else f"# {self._note}\n".encode()
            self._append(head + b"\n" + b"".join(_line(word, phones) for word, phones in new.items()))
        except OSError as error:
            raise self._failure(error, "write") from error

    def _append(self, data: bytes) -> None:
        """One write to the end of the file, whoever else writes."""
        descriptor = os.open(
            str(self._path), os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644
        )
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)

    def _failure(self, error: OSError, verb: str) -> StoreError:
        """An error that says which file and what to do."""
        return StoreError(
            f"cannot {verb} the phoneme cache {self._path}: {error.strerror}; choose another cache folder"
        )
