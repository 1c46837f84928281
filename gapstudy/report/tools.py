"""Running a program of which only the results and the complaints matter."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from gapstudy.errors import RenderError

__all__ = ["call", "check_references", "timestamp"]


_UNRESOLVED = (
    re.compile(r"gapstudy: unresolved reference @(\S+)"),
    re.compile(r"[Uu]nable to resolve crossref @?([\w:.-]*\w)"),
    re.compile(r"[Cc]iteproc: citation (\S+) not found"),
)
_DUPLICATE = re.compile(r"gapstudy: duplicate reference @(\S+)")


def call(command: Sequence[str], directory: Path, *, stamp: int) -> tuple[str, str]:
    """Run ``command`` in ``directory`` and return its standard output and standard error.

    Raises
    ------
    RenderError
        If it cannot be started or does not end with 0; carries its last lines.
    """
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(stamp), "NO_COLOR": "1"}
    try:
        done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, check=False)
    except OSError as error:
        msg = f"{command[0]}: cannot be started ({error})"
        raise RenderError(msg) from error
    output, complaints = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
    if done.returncode:
        last = " / ".join(line.strip() for line in complaints.strip().splitlines()[-6:])
        msg = f"{Path(command[0]).name} failed on {directory / 'report.qmd'} (exit code {done.returncode}): {last}"
        raise RenderError(msg)
    return output, complaints


def timestamp(source: Path) -> int:
    """Return the seconds since 1970 that the PDF carries: SOURCE_DATE_EPOCH, else the date in the document, else 0."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    if given.isdecimal():
        return int(given)
    with source.open(encoding="utf-8") as lines:
        found = next((line.split(":", 1)[1].strip(" \"'\n\\") for line in lines if line.startswith("date:")), "")
    try:
        day = date.fromisoformat(found.replace("\\", ""))
    except ValueError:
        return 0
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def check_references(source: Path, *complaints: str) -> None:
    """Raise :class:`RenderError` on what the tools only mention: references that lead nowhere or are ambiguous."""
    text = "\n".join(complaints)
    lost = sorted({f"@{name}" for pattern in _UNRESOLVED for name in pattern.findall(text)})
    if lost:
        msg = (
            f"{source}: unresolved reference {', '.join(lost)}; name an exhibit, section, formula or bibliography entry"
        )
        raise RenderError(msg)
    twice = sorted({f"@{name}" for name in _DUPLICATE.findall(text)})
    if twice:
        msg = f"{source}: {', '.join(twice)} is defined more than once"
        raise RenderError(msg)
