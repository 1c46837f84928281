"""``gapstudy sweep``: try the grid of Table 5, choose by dev score, and leave the choice where train-seeds reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gapstudy.cli.options import compute_options, json_option, load_study, narrow_options, study_options, talk_options

if TYPE_CHECKING:
    from pathlib import Path

    from gapstudy.chosen import Choice
    from gapstudy.job import Outcome

__all__ = ["sweep"]


@click.command()
@study_options
@narrow_options
@compute_options
@json_option
@talk_options
def sweep(
    *,
    study: str,
    runs: str,
    tasks: tuple[str, ...],
    representations: tuple[str, ...],
    languages: tuple[str, ...],
    device: str,
    engine: str,
    jobs: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train every point of the study's grids, and choose hyper-parameters by dev score.

    The choice of each cell goes to runs/STUDY/chosen.json, which train-seeds reads. Finished runs are skipped and
    interrupted ones go on, so the same command again does what is left.
    """
    from dataclasses import replace

    from gapstudy import pipeline
    from gapstudy.chosen import read_chosen
    from gapstudy.cli.progress import Progress
    from gapstudy.engines import start
    from gapstudy.store import RunStore, State
    from gapstudy.sweep import FOLDER, choose, keep, points, store_of, swept_cells

    whole, part = load_study(study, tasks=tasks, representations=representations, languages=languages)
    cells = swept_cells(part, study)
    pipeline.require_training()
    store = RunStore(runs)
    tried_in = store_of(store, whole.name)
    read_chosen(store.study(whole.name).chosen)  # a file that cannot be read is told before the work
    with start(engine, jobs, device) as workers, Progress(quiet=quiet or as_json) as progress:
        ready = pipeline.prepare(whole, store, workers.map, progress.stage)
        tried = points(whole, ready, cells)
        by_run = {spec.run_id: (point, spec) for point in tried for spec in point.specs}
        left = [name for name in by_run if tried_in.state(FOLDER, name) is not State.DONE]
        progress.begin(len(left), skipped=len(by_run) - len(left), workers=workers.jobs)
        work = [ready.trying(point.cell, point.hyper).job(tried_in, FOLDER, spec, device)
                for point, spec in map(by_run.__getitem__, left)]  # fmt: skip
        outcomes = []
        for outcome in workers.run(work, progress.waiting):
            outcomes.append(replace(outcome, score=float("nan")))  # a test score; nobody should choose by it
            progress.done(outcomes[-1])
    chosen, missing = choose(whole, ready, tried, tried_in)
    keep(store, whole.name, chosen)
    folder = tried_in.study(FOLDER).folder
    if as_json:
        _print_json(len(by_run), outcomes, chosen, missing)
    elif not quiet:
        _print(chosen, store.study(whole.name).chosen)
    _tell_missing(outcomes, missing, folder)
    if missing:
        raise SystemExit(1)


def _print_json(planned: int, outcomes: list[Outcome], chosen: dict[str, Choice], missing: list[str]) -> None:
    import json
    from dataclasses import asdict

    from gapstudy.cli.progress import outcome_rows

    content = {"planned": planned, "runs": outcome_rows(outcomes), "missing": missing,
               "chosen": {name: asdict(choice) for name, choice in chosen.items()}}  # fmt: skip
    click.echo(json.dumps(content))


def _print(chosen: dict[str, Choice], path: Path) -> None:
    from gapstudy.cli.progress import print_table

    if not chosen:
        return
    rows: list[dict[str, Any]] = [
        {"cell": name, **{key.replace("_", " "): _short(value) for key, value in choice.values.items()},
         "points": choice.points, "seeds": choice.seeds, "metric": choice.metric, "dev %": choice.dev}
        for name, choice in chosen.items()
    ]  # fmt: skip
    print_table("Chosen by dev score", rows)
    click.echo(f"the choice is in {path}; now: gapstudy train-seeds")


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _tell_missing(outcomes: list[Outcome], missing: list[str], folder: Path) -> None:
    """Name the runs that a choice lacks, with the reason where they failed."""
    why = {outcome.run_id: outcome.message for outcome in outcomes}
    for run_id in missing:
        reason = why.get(run_id) or "it is not finished"
        click.echo(f"failed: {run_id}: {reason} (see {folder / run_id / 'error.txt'})", err=True)
    if missing:
        cells = ", ".join(dict.fromkeys(run_id.rsplit("-", 2)[0] for run_id in missing))
        click.echo(f"nothing was chosen for {cells}: every point of a grid must be finished", err=True)
