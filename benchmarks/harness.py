"""What every benchmark shares: taking turns at the clock, comparing results first, and printing rows.

A benchmark is a function from ``quick`` to :class:`Row` objects; :func:`run` gives it its command line. Ours and a peer
take turns in one process, so that whatever else the machine does falls on both, and medians are reported.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.printing import Row, print_table

__all__ = [
    "MismatchError",
    "Peer",
    "Row",
    "absent",
    "against",
    "alone",
    "alternate",
    "peak_mib",
    "run",
    "same",
]

Call = Callable[[], object]


class MismatchError(RuntimeError):
    """Ours and the peer do not compute the same thing: a comparison of times would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What ours is held against.

    Attributes
    ----------
    name : as printed.
    call : does the work, or a part of it.
    scale : by how much the seconds of ``call`` are multiplied where it does only a part.
    note : what to say of it.
    """

    name: str
    call: Call
    scale: float = 1.0
    note: str = ""


def alternate(rounds: int, *calls: Call) -> list[list[float]]:
    """Return the seconds of each call in each round; the calls take turns."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for taken, call in zip(times, calls, strict=True):
            gc.collect()
            started = time.perf_counter()
            call()
            taken.append(time.perf_counter() - started)
    return times


def against(
    name: str, size: str, ours: Call, peers: Sequence[Peer], *, rounds: int, note: str = "", scale: float = 1.0
) -> Iterator[Row]:
    """Time ours and every peer in turn, and yield a row a peer.

    Parameters
    ----------
    name, size, note : as in :class:`Row`.
    ours : does the work; its results must have been compared with the peers' before (:func:`same`).
    rounds : how often each is timed.
    scale : as in :class:`Peer`, for ours.
    """
    mine, *theirs = alternate(rounds, ours, *(peer.call for peer in peers))
    for peer, taken in zip(peers, theirs, strict=True):
        ratios = [peer.scale * other / (scale * own) for own, other in zip(mine, taken, strict=True)]
        ours_s, peer_s = scale * statistics.median(mine), peer.scale * statistics.median(taken)
        spread = f"{rounds} rounds, ratio {min(ratios):.2f} to {max(ratios):.2f}"
        notes = "; ".join(part for part in (spread, note, peer.note) if part)
        yield Row(name=name, size=size, ours_s=ours_s, peer=peer.name, peer_s=peer_s, ratio=peer_s / ours_s, note=notes)


def alone(name: str, size: str, ours: Call, *, rounds: int, note: str = "") -> Row:
    """Time what has no peer."""
    (mine,) = alternate(rounds, ours)
    spread = f"{rounds} rounds, {min(mine):.3g} to {max(mine):.3g} s"
    notes = f"{spread}; {note}" if note else spread
    return Row(name=name, size=size, ours_s=statistics.median(mine), peer=None, peer_s=None, ratio=None, note=notes)


def absent(name: str, size: str, peer: str | None, why: str) -> Row:
    """Return the row of a comparison that could not be made."""
    return Row(name=name, size=size, ours_s=None, peer=peer, peer_s=None, ratio=None, note=f"not measured: {why}")


def same(what: str, ours: npt.ArrayLike, theirs: npt.ArrayLike, *, rtol: float = 0.0, atol: float = 0.0) -> None:
    """Raise unless two results agree to a tolerance.

    Raises
    ------
    MismatchError
        With the largest difference.
    """
    a, b = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if a.shape != b.shape or not np.allclose(a, b, rtol=rtol, atol=atol):
        gap = float(np.abs(a - b).max()) if a.shape == b.shape else float("nan")
        msg = f"{what}: ours and the peer's results differ by {gap:.3g} (shapes {a.shape} and {b.shape})"
        raise MismatchError(msg)


def peak_mib(call: Call) -> float:
    """Return the most memory that a call held at once beyond what was held before, in MiB (NumPy's arrays included)."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def run(rows: Callable[[bool], Iterator[Row]]) -> None:
    """Read the command line, make the rows and print them; whatever a peer prints goes to standard error."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds: does it run, not how fast")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    options = parser.parse_args()
    out = sys.stdout
    with redirect_stdout(sys.stderr):
        if options.json:
            for row in rows(options.quick):
                print(json.dumps(asdict(row), ensure_ascii=False), file=out, flush=True)
        else:
            print_table(list(rows(options.quick)), out)
