"""What train-seeds shows: a bar with ETA on a terminal, and one line a finished run everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from gapstudy.job import Outcome

__all__ = ["Progress", "Working", "outcome_rows", "print_table"]


class _Shown:
    """What is on the terminal while a block runs."""

    _bar: Bar

    def __enter__(self) -> Self:
        """Show it."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._bar.stop()


class Progress(_Shown):
    """A rich progress bar on stderr; plain lines where stderr is not a terminal; nothing when quiet."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                   TextColumn("ETA"), TimeRemainingColumn())  # fmt: skip
        self._bar = Bar(*columns, console=self._console, disable=quiet or not self._console.is_terminal)
        self._task = self._bar.add_task("preparing", total=None)
        self._total = self._count = 0

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(text, markup=False)

    def stage(self, text: str) -> None:
        """Say which preparation is under way."""
        self._bar.update(self._task, description=text)
        if not self._console.is_terminal:
            self.note(text)

    def begin(self, total: int, *, skipped: int, workers: int) -> None:
        """Say how many runs there are to do."""
        self._total = total
        self._bar.reset(self._task, total=total, description="training")
        processes = "1 process" if workers == 1 else f"{workers} processes"
        self.note(f"{total} runs to train in {processes}; {skipped} were finished before")

    def done(self, outcome: Outcome) -> None:
        """Count a run and print its line."""
        self._count += 1
        what = (
            f"{outcome.score:6.2f} %  {outcome.seconds:6.1f} s"
            if outcome.score == outcome.score
            else str(outcome.status)
        )
        self.note(f"[{self._count:>{len(str(self._total))}}/{self._total}] {outcome.run_id}  {what}")
        self._bar.advance(self._task)

    def waiting(self, count: int) -> None:
        """Say that another process has the rest."""
        self._bar.update(self._task, description=f"waiting for {count} runs of another process")


class Working(_Shown):
    """A line on stderr that says what is being done and for how long; nothing where stderr is no terminal, or quiet."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bar
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        console = Console(stderr=True, quiet=quiet, highlight=False)
        columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
        self._bar = Bar(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)
        self._task = self._bar.add_task("", total=None)

    def say(self, text: str) -> None:
        """Say what is being done now."""
        self._bar.update(self._task, description=text)


def outcome_rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return what came of each run, for --json."""
    return [{"run_id": o.run_id, "status": o.status, "score": None if o.score != o.score else o.score,
             "seconds": o.seconds, "message": o.message} for o in outcomes]  # fmt: skip


def print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows (same keys in each) as a table on stdout."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False)
    if not console.is_terminal:
        console = Console(markup=False, width=10_000)  # a file or a pipe has no edge
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for key in rows[0] if rows else ():
        justify: Literal["left", "right"] = "left" if isinstance(rows[0][key], str) else "right"
        table.add_column(key, justify=justify, no_wrap=not console.is_terminal)
    for row in rows:
        table.add_row(*(f"{v:.2f}" if isinstance(v, float) else str(v) for v in row.values()))
    console.print(title, style="italic", highlight=False)  # a table's own title is wrapped to its width
    console.print(table)
