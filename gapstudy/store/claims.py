"""A claim says which process works on a run, so that two processes never train the same one.

It is a file made with O_EXCL (atomic on local and on shared file systems) that holds host, process and the
process's start time; its modification time is a heartbeat. A claim whose process is gone, or whose heartbeat is
older than :data:`STALE` on another host, is dead and may be taken over. Whoever buries a dead claim holds a lock on
the run's folder and looks again under it: otherwise a slow process would remove the claim of its quicker successor.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["STALE", "Claim"]

STALE = 600.0
"""Seconds without a heartbeat after which a claim from another host is dead."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one run; release it, or leave it to :meth:`alive` to find that it is dead."""

    path: Path

    @classmethod
    def take(cls, path: Path) -> Claim | None:
        """Claim the run, taking over a dead claim; None if a living process has it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(2):
            try:
                descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            except FileExistsError:
                if cls.alive(path):
                    return None
                _bury(path)
                continue
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(_self(), file)
            return cls(path)
        return None

    @staticmethod
    def alive(path: Path) -> bool:
        """Whether ``path`` is a claim of a process that still works."""
        return _look(path) is True

    def beat(self) -> None:
        """Show that the work goes on."""
        with suppress(FileNotFoundError):  # taken over, or removed with the run's folder
            os.utime(self.path)

    def release(self) -> None:
        """Give the run up, finished or not."""
        self.path.unlink(missing_ok=True)


def _look(path: Path) -> bool | None:
    """Return whether a claim's process still works, None if there is no claim."""
    try:
        age = time.time() - path.stat().st_mtime
        owner = json.loads(path.read_text(encoding="utf-8"))
        host, pid, started = owner["host"], int(owner["pid"]), float(owner["started"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):  # being written this moment, or left half written by a crash
        return age < 10
    return age < STALE if host != socket.gethostname() else started == _started(pid)


def _bury(path: Path) -> None:
    """Remove a dead claim, unless another process has buried it and made its own since."""
    with _locked(path.parent):
        if _look(path) is False:  # None is another matter: a living claim may appear at any moment
            path.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other processes out; the system drops the lock when its holder dies, and no file is left behind."""
    try:
        from fcntl import LOCK_EX, flock
    except ImportError:  # Windows: the second look has to do
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without such locks
            flock(descriptor, LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _self() -> dict[str, Any]:
    pid = os.getpid()
    return {"host": socket.gethostname(), "pid": pid, "started": _started(pid)}


def _started(pid: int) -> float | None:
    """Return when process ``pid`` began (seconds since the epoch, or since boot), None if there is none.

    A process id alone is not enough: it is given again to later processes.
    """
    try:
        # Linux: field 22 of stat, counted after the command in parentheses
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return float(fields[19]) if fields[0] != "Z" else None
    except OSError:
        return _started_elsewhere(pid)


def _started_elsewhere(pid: int) -> float | None:
    """Ask psutil where there is no /proc."""
    if Path("/proc/self/stat").exists():
        return None
    import psutil  # only where it is needed: reading /proc takes a hundredth of the time

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None
