"""A claim says which process works on a run, so that two processes never train the same one.

It is a file made with O_EXCL (atomic on local and on shared file systems) that holds host, process and the
process's start time; its modification time is a heartbeat. A claim whose process is gone, or whose heartbeat is
older than :data:`STALE` on another host, is dead and may be taken over.
"""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import suppress
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
                descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
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
        try:
            age = time.time() - path.stat().st_mtime
            owner = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return False
        except ValueError:  # being written this moment, or left empty by a crash
            return age < 10
        if owner.get("host") != socket.gethostname():
            return age < STALE
        return bool(owner.get("started") == _started(int(owner.get("pid", -1))))

    def beat(self) -> None:
        """Show that the work goes on."""
        with suppress(FileNotFoundError):  # taken over, or removed with the run's folder
            os.utime(self.path)

    def release(self) -> None:
        """Give the run up, finished or not."""
        self.path.unlink(missing_ok=True)


def _bury(path: Path) -> None:
    """Remove a dead claim; of several processes that try, one rename wins and the others find it gone."""
    grave = path.with_name(f".{path.name}.{os.getpid()}.dead")
    try:
        path.rename(grave)
    except FileNotFoundError:
        return
    grave.unlink(missing_ok=True)


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
