"""What a study would still take: its runs by cell, their time and room on disk, from the runs that are finished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from gapstudy.store import Run, State
from gapstudy.study import Cell

__all__ = ["Forecast", "forecast"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the runs of one task and representation would still take.

    Attributes
    ----------
    runs : task and representation.
    planned, finished : numbers of runs.
    seconds, size : of training and in bytes, for what is left; None where no run of the kind is finished.
    """

    runs: str
    planned: int
    finished: int
    seconds: float | None
    size: int | None

    @property
    def left(self) -> int:
        """Number of runs to train."""
        return self.planned - self.finished


def forecast(planned: Sequence[tuple[Cell, State]], finished: Iterable[Run]) -> list[Forecast]:
    """Return a forecast for each task and representation, in the order of ``planned``.

    Parameters
    ----------
    planned : the cell and the state of each run.
    finished : runs to learn from: the mean of a task and representation stands for each of its runs.
    """
    seconds: dict[str, list[float]] = {}
    sizes: dict[str, list[int]] = {}
    for run in finished:
        kind = _kind(run.cell)
        seconds.setdefault(kind, []).append(float(run.record["timings"]["fit_seconds"]))
        sizes.setdefault(kind, []).append(sum(run.record["files"].values()))
    groups: dict[str, list[State]] = {}
    for cell, state in planned:
        groups.setdefault(_kind(cell), []).append(state)
    return [_of(kind, states, seconds, sizes) for kind, states in groups.items()]


def _of(
    kind: str, states: Sequence[State], seconds: Mapping[str, list[float]], sizes: Mapping[str, list[int]]
) -> Forecast:
    done = states.count(State.DONE)
    left = len(states) - done
    return Forecast(
        runs=kind,
        planned=len(states),
        finished=done,
        seconds=left * fmean(seconds[kind]) if kind in seconds else None if left else 0.0,
        size=round(left * fmean(sizes[kind])) if kind in sizes else None if left else 0,
    )


def _kind(cell: Cell) -> str:
    return f"{cell.task}-{cell.representation}"
