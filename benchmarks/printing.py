"""Rows for people: an aligned Markdown table with notes under it, and the machine.

``cat lines.jsonl | python benchmarks/printing.py`` prints the table of what ``--json`` printed.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TextIO

__all__ = ["Row", "machine", "print_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison.

    Attributes
    ----------
    name : what is done, for example ``cka-points``.
    size : on how much.
    ours_s, peer_s : median seconds, None where nothing was run.
    peer : what it is held against: a package, or a floor that nothing can beat; None where there is none.
    ratio : ``peer_s / ours_s``: how many times faster ours is (against a floor: the share of it that is reached).
    note : rounds, spread, and what a reader must know to believe the row.
    """

    name: str
    size: str
    ours_s: float | None
    peer: str | None
    peer_s: float | None
    ratio: float | None
    note: str


def print_table(rows: Sequence[Row], out: TextIO) -> None:
    """Print rows as a Markdown table that is also aligned for the eye, with the notes under it."""
    head = ("", "name", "size", "ours, s", "peer", "peer, s", "ratio")
    cells = [
        (str(i), row.name, row.size, _figure(row.ours_s), row.peer or "-", _figure(row.peer_s), _figure(row.ratio))
        for i, row in enumerate(rows, start=1)
    ]
    widths = [max(len(line[k]) for line in (head, *cells)) for k in range(len(head))]
    for line in (head, tuple("-" * width for width in widths), *cells):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |", file=out)
    print(file=out)
    for i, row in enumerate(rows, start=1):
        print(f"{i}. {row.name}: {row.note}", file=out)


def _figure(value: float | None) -> str:
    """Three figures, without an exponent."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def machine() -> str:
    """Describe the machine and the versions that decide its speed: no names, no paths."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = []
    for package in ("numpy", "scipy", "torch", "transformers", "pot", "epitran", "segments"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"no {package}")
    return f"{cores} cores ({_processor()}), Python {platform.python_version()}, {', '.join(found)}"


def _processor() -> str:
    """Return the model name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").split("\n") if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    print_table([Row(**json.loads(line)) for line in sys.stdin], sys.stdout)
    print(f"\nMachine: {machine()}.")
