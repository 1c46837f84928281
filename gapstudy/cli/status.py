"""``gapstudy status``: what is done, running, failed, missing; time spent and left."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from gapstudy.cli.choices import shown, told
from gapstudy.cli.options import (
    debug_options,
    json_option,
    load_study,
    narrow_options,
    reports_option,
    study_options,
)

if TYPE_CHECKING:
    from gapstudy.store import RunStore, State
    from gapstudy.study import RunSpec, Study

__all__ = ["status"]


@click.command()
@click.option("--n", "n", type=click.IntRange(min=1), metavar="N", help="Seeds a cell [default: the study's].")
@study_options
@reports_option
@narrow_options
@json_option
@debug_options
def status(
    *,
    n: int | None,
    study: str,
    runs: str,
    reports: str,
    tasks: tuple[str, ...],
    representations: tuple[str, ...],
    languages: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show what is done, running, failed and missing."""
    import json
    from dataclasses import asdict

    from gapstudy import pipeline
    from gapstudy.prepared import prepared
    from gapstudy.store import RunStore

    whole, part = load_study(study, tasks=tasks, representations=representations, languages=languages)
    store = RunStore(runs)
    if not store.study(whole.name).prepared.is_file():
        _nothing_yet(part, n, as_json=as_json)
        return
    ready = prepared(whole, store)
    specs = pipeline.planned(part, ready, n)
    states = pipeline.states(specs, store, whole.name)
    rows = list(_rows(part, n, specs, states))
    problems = {run_id: _why(store, whole.name, run_id) for run_id, state in states.items() if state == "failed"}
    problems |= {run_id: why for run_id, why in store.damaged(whole.name).items() if run_id in states}
    spent = sum(float(r.record["timings"]["fit_seconds"]) for r in store.select(study=whole.name) if r.run_id in states)
    changes = pipeline.report_changes(part, store, reports)
    done, planned = sum(row["done"] for row in rows), sum(row["planned"] for row in rows)
    content = {
        "study": whole.name,
        "planned": planned,
        "done": done,
        "cells": rows,
        "problems": problems,
        "fit_seconds_spent": spent,
        "fit_seconds_left": spent / done * (planned - done) if done else None,
        "changed": ready.changes(whole),
        "since_report": asdict(changes) if changes is not None else None,
        **shown(ready.choices),
    }
    if as_json:
        click.echo(json.dumps(content))
    else:
        _show(content)
        for line in told(ready.choices):
            click.echo(line)
        if changes:
            click.echo(f"{changes}; renew it with: {_renew(study, runs, reports)}")


def _renew(study: str, runs: str, reports: str) -> str:
    """Return the command that makes the report of the runs as they are now."""
    given = {"--study": (study, "tiny"), "--runs": (runs, "runs"), "--reports": (reports, "reports")}
    options = [part for name, (value, default) in given.items() if value != default for part in (name, value)]
    return shlex.join(["gapstudy", "report", *options])


def _nothing_yet(study: Study, n: int | None, *, as_json: bool) -> None:
    import json

    planned = sum(study.seeds_of(cell.task, n) for cell in study.cells())
    if as_json:
        click.echo(json.dumps({"study": study.name, "planned": planned, "done": 0, "cells": [], "problems": {}}))
    else:
        click.echo(f"Study {study.name}: none of {planned} runs is begun; begin with: gapstudy train-seeds")


def _rows(study: Study, n: int | None, specs: list[RunSpec], states: dict[str, State]) -> Iterable[dict[str, Any]]:
    """Count the states of each cell; of a cell that is new in the study file every run is missing."""
    cells = {cell.name: Counter[str]() for cell in study.cells()}
    for spec in specs:
        cells[spec.cell.name][str(states[spec.run_id])] += 1
    for cell in study.cells():
        planned, counts = study.seeds_of(cell.task, n), cells[cell.name]
        found = {state: counts[state] for state in ("done", "running", "interrupted", "failed", "damaged")}
        yield {"cell": cell.name, "planned": planned, **found, "missing": planned - sum(found.values())}


def _by_representation(cells: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Add up the languages of each task and representation, and name those that are not done."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for cell in cells:
        groups.setdefault(cell["cell"].rpartition("-")[0], []).append(cell)
    for name, members in groups.items():
        counts = {key: sum(cell[key] for cell in members) for key in members[0] if key != "cell"}
        unfinished = [cell["cell"].rpartition("-")[2] for cell in members if cell["done"] < cell["planned"]]
        yield {"runs": name, **counts, "not done": " ".join(unfinished)}


def _why(store: RunStore, study: str, run_id: str) -> str:
    text = store.study(study).run(run_id).error.read_text(encoding="utf-8").strip()
    return text.splitlines()[-1] if text else "no reason was recorded"


def _show(content: dict[str, Any]) -> None:
    from gapstudy.cli.progress import print_table

    title = f"Study {content['study']}: {content['done']} of {content['planned']} runs are done"
    rows = list(_by_representation(content["cells"]))
    shown = [key for key in rows[0] if key in {"runs", "planned", "done"} or any(row[key] for row in rows)]
    print_table(title, [{key: row[key] for key in shown} for row in rows])
    for run_id, why in content["problems"].items():
        click.echo(f"{run_id}: {why}")
    if content["changed"]:
        click.echo(
            f"the study file has changed since it was prepared ({', '.join(content['changed'])}); "
            "this is what was prepared, and gapstudy train-seeds begins what is new"
        )
    left = content["fit_seconds_left"]
    eta = "" if not left else f", about {left / 60:.1f} minutes of training left (over all processes)"
    click.echo(f"{content['fit_seconds_spent'] / 60:.1f} minutes of training so far{eta}")
