"""``gapstudy train-seeds --dry-run``: which runs would be trained, in what time and room; nothing is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gapstudy.forecast import Forecast
    from gapstudy.store import RunStore, State
    from gapstudy.study import Cell, Study

__all__ = ["dry_run"]


def dry_run(whole: Study, part: Study, store: RunStore, n: int | None, *, workers: int, as_json: bool) -> None:
    """Print the runs that are left, by task and representation, and what they would take.

    Before a study is prepared its runs have no ids: cells and seeds are counted all the same.
    """
    import json
    from dataclasses import asdict

    from gapstudy.forecast import forecast

    named = _planned(whole, part, store, n)
    rows = forecast([(cell, state) for _, cell, state in named], store.select(study=whole.name))
    if as_json:
        left = [name for name, _, state in named if state != "done"]
        kinds = [{**asdict(row), "left": row.left} for row in rows]
        click.echo(json.dumps({"study": whole.name, "planned": len(named), "to_train": left, "kinds": kinds}))
        return
    _show(whole.name, rows, workers)


def _planned(whole: Study, part: Study, store: RunStore, n: int | None) -> list[tuple[str, Cell, State]]:
    """Return name, cell and state of each run; names are cell and seed until there are run ids."""
    from gapstudy import pipeline
    from gapstudy.prepared import prepared
    from gapstudy.store import State

    found: dict[tuple[Cell, int], tuple[str, State]] = {}
    if store.study(whole.name).prepared.is_file():
        specs = pipeline.planned(part, prepared(whole, store), n)
        states = pipeline.states(specs, store, whole.name)
        found = {(s.cell, s.seed): (s.run_id, states[s.run_id]) for s in specs}
    runs = [(cell, seed) for cell in part.cells() for seed in range(part.seeds_of(cell.task, n))]
    unknown = State.MISSING
    return [
        (name, cell, state)
        for cell, seed in runs
        for name, state in [found.get((cell, seed), (f"{cell.name}-s{seed:02}", unknown))]
    ]


def _show(study: str, rows: list[Forecast], workers: int) -> None:
    from gapstudy.cli.progress import print_table

    print_table(f"Study {study}: what train-seeds would do", [_row(row) for row in rows])
    left = sum(row.left for row in rows)
    known = [row for row in rows if row.seconds is not None and row.size is not None]
    minutes = sum(row.seconds or 0.0 for row in known) / 60
    room = sum(row.size or 0 for row in known) / 2**20
    click.echo(f"{left} of {sum(row.planned for row in rows)} runs to train; nothing was done")
    if known and left:
        least = "" if len(known) == len(rows) else "at least "
        click.echo(
            f"{least}{minutes:.1f} minutes of training, {minutes / workers:.1f} with {workers} at a time, and "
            f"{room:.1f} MiB on disk, by the runs that are finished"
        )
    if len(known) < len(rows):
        names = ", ".join(row.runs for row in rows if row.seconds is None)
        click.echo(f"no run of {names} is finished yet to learn time and room from: train one with --n 1")


def _row(row: Forecast) -> dict[str, Any]:
    return {
        "runs": row.runs,
        "planned": row.planned,
        "finished": row.finished,
        "to train": row.left,
        "minutes": "?" if row.seconds is None else f"{row.seconds / 60:.1f}",
        "MiB": "?" if row.size is None else f"{row.size / 2**20:.1f}",
    }
