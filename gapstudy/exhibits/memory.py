"""What was computed before is not computed again: results by the content of all that they rest on.

One SQLite file holds them. A key hashes what a result is of (the content of runs, options, the name of the
computation) and what made it (the code of this package and the versions of the numerical packages), so that a result
that could differ has another key. A memory that cannot be read or written costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, cast

from gapstudy.exhibits.plain import from_text, to_text

__all__ = ["Memory"]

_LOG = logging.getLogger(__name__)
T = TypeVar("T")

_PACKAGES = ("numpy", "scipy", "pot", "scikit-learn", "statsmodels", "pandas", "matplotlib")
_SEAL = 16  # hex digits
_WAIT = 10.0  # seconds for another process to finish writing
_SCHEMA = "CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, code TEXT NOT NULL, value TEXT NOT NULL)"


class Memory:
    """Results of earlier computations.

    Parameters
    ----------
    path : the SQLite file; it need not exist yet. None: nothing is kept.

    Attributes
    ----------
    turns : a file by whose locks the processes of one report take turns: what one of them computes the others wait for.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.turns: Path | None = None
        self._tidy = False

    def result(self, rests_on: Mapping[str, Any], compute: Callable[[], T]) -> T:
        """Return what ``compute`` returns, from memory where it was computed before.

        Parameters
        ----------
        rests_on : JSON-able; everything beside the package's code that could change the result.
        compute : returns plain values (see :func:`gapstudy.exhibits.plain.to_text`) that nobody changes afterwards.
        """
        if self.path is None:
            return compute()
        key = _digest({"code": _code(), "rests_on": rests_on})
        known, found = self._known(key)
        if known:
            return cast("T", found)
        with self._turn(key) as waited:
            known, found = self._known(key) if waited else (False, None)
            if known:
                return cast("T", found)
            text = to_text(compute())
            self._write(key, _sealed(text))
        made: T = from_text(text)  # as it will be read: a second report must not differ in a type
        return made

    def recalled(self, rests_on: Mapping[str, Any]) -> tuple[bool, Any]:
        """Return whether a result is known, and the result; nothing is computed."""
        return self._known(_digest({"code": _code(), "rests_on": rests_on}))

    def _known(self, key: str) -> tuple[bool, Any]:
        text = self._read(key)
        if text is None:
            return False, None
        try:
            return True, from_text(_opened_seal(text))
        except ValueError as error:
            _LOG.warning("%s: a result is damaged (%s) and is computed again", self.path, error)
            return False, None

    @contextmanager
    def _turn(self, key: str) -> Iterator[bool]:
        """Hold other processes of the report back from computing the same; yields whether one was waited for.

        A lock is one byte of the file of turns. The system drops the locks of a process that dies.
        """
        try:
            from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, lockf
        except ImportError:  # Windows: it may be computed twice
            yield False
            return
        if self.turns is None:
            yield False
            return
        # one descriptor a process: closing any would drop all locks of the process
        file, place = _opened(str(self.turns)), int(key[:15], 16)
        waited = False
        try:
            lockf(file, LOCK_EX | LOCK_NB, 1, place)
        except OSError:
            waited = True
            with suppress(OSError):  # no locks here, or a knot of them: computed twice
                lockf(file, LOCK_EX, 1, place)
        try:
            yield waited
        finally:
            with suppress(OSError):
                lockf(file, LOCK_UN, 1, place)

    def _read(self, key: str) -> str | None:
        if self.path is None or not self.path.is_file():
            return None
        try:
            with closing(self._open()) as database:
                row = database.execute("SELECT value FROM results WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._unusable(error)
            return None
        return str(row[0]) if row else None

    def _write(self, key: str, value: str) -> None:
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as database, database:
                if not self._tidy:  # results of other code: nobody will ask for them
                    database.execute("DELETE FROM results WHERE code != ?", (_code(),))
                    self._tidy = True
                database.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", (key, _code(), value))
        except (sqlite3.Error, OSError) as error:
            self._unusable(error)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(str(self.path), timeout=_WAIT)
        database.execute("PRAGMA synchronous = OFF")  # it can all be computed again
        database.execute(_SCHEMA)
        return database

    def _unusable(self, error: Exception) -> None:
        """Say once that results are not kept, and do without from now on."""
        _LOG.warning("results are not kept: %s: %s; delete it if it is damaged", self.path, error)
        self.path = None


def _sealed(text: str) -> str:
    """Return a result with its hash before it: a digit that a disk changed must not reach a report."""
    return f"{hashlib.sha256(text.encode()).hexdigest()[:_SEAL]} {text}"


def _opened_seal(sealed: str) -> str:
    seal, _, text = sealed.partition(" ")
    if seal != hashlib.sha256(text.encode()).hexdigest()[:_SEAL]:
        msg = "its hash is another"
        raise ValueError(msg)
    return text


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=1)
def _opened(path: str) -> int:
    return os.open(path, os.O_CREAT | os.O_RDWR, 0o600)


@cache
def _code() -> str:
    """Hash this package's modules, its figure style, and the versions of what computes for it."""
    from gapstudy.exhibits.drawing import style_file

    content = hashlib.sha256(style_file().read_bytes())
    root = Path(str(files("gapstudy")))
    for path in sorted(root.rglob("*.py")):
        content.update(path.relative_to(root).as_posix().encode())
        content.update(path.read_bytes())
    return _digest([content.hexdigest(), {name: _version(name) for name in _PACKAGES}])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # pragma: no cover - a broken installation fails elsewhere
        return ""
