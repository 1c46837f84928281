"""``gapstudy report``: statistics from the runs, then PDF, HTML and Word."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gapstudy.cli.options import (
    jobs_option,
    json_option,
    load_study,
    narrow_options,
    reports_option,
    study_options,
    talk_options,
)

if TYPE_CHECKING:
    from gapstudy.pipeline import Made

__all__ = ["report"]


FORMATS = ("pdf", "html", "docx")


def _formats(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    if not wanted or set(wanted) - set(FORMATS):
        message = f"{value!r} is not a comma-separated choice of {', '.join(FORMATS)}"
        raise click.BadParameter(message)
    return wanted


def _open(path: Path) -> None:
    """Hand the file to the system's viewer; a machine without one is no failure of the report."""
    seen = not sys.platform.startswith("linux") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
    if not seen or click.launch(str(path.resolve())) != 0:
        click.echo(f"no viewer could be started for {path}; open it yourself", err=True)


@click.command()
@study_options
@reports_option
@narrow_options
@click.option("--format", "formats", default="pdf,html", show_default=True, callback=_formats, metavar="A,B",
              help=f"What to render, of {', '.join(FORMATS)}; in this order.")  # fmt: skip
@click.option("--open", "open_it", is_flag=True, help="Open the first file that was made with the system's viewer.")
@jobs_option
@json_option
@talk_options
def report(
    *,
    study: str,
    runs: str,
    reports: str,
    tasks: tuple[str, ...],
    representations: tuple[str, ...],
    languages: tuple[str, ...],
    formats: tuple[str, ...],
    open_it: bool,
    jobs: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compute the statistics and write report.pdf, report.html (or .docx), results.json, tables and figures.

    Works from runs/ alone, on partial studies too: it says what is missing, exhibit by exhibit.
    """
    import json
    from dataclasses import asdict

    from gapstudy import pipeline
    from gapstudy.cli.progress import Working
    from gapstudy.store import RunStore

    if not os.environ.get("SOURCE_DATE_EPOCH", "0").strip():
        del os.environ["SOURCE_DATE_EPOCH"]  # empty is unset to us; numpy.f2py, where something imports it, would fail
    _, part = load_study(study, tasks=tasks, representations=representations, languages=languages)
    with Working(quiet=quiet or as_json) as working:
        made = pipeline.make_report(part, RunStore(runs), reports, formats, jobs=jobs, say=working.say)
    if open_it:
        _open(made.paths[0])
    if as_json:
        click.echo(json.dumps({
            "folder": str(made.folder), "files": [str(p) for p in made.paths], "engine": made.engine,
            "missing": made.missing, "excluded": made.excluded, "changed": made.changed, "stale": made.stale,
            "unfinished": made.unfinished, "since": asdict(made.changes) if made.changes is not None else None,
        }))  # fmt: skip
        return
    for line in _remarks(made):
        click.echo(line, err=True)
    if not quiet:
        click.echo(f"rendered by {made.engine}")
        for path in made.paths:
            click.echo(str(path))


def _remarks(made: Made) -> Iterator[str]:
    """Say what is missing, left out, changed or kept."""
    yield from (f"{key} is incomplete: {'; '.join(lines)}" for key, lines in made.missing.items())
    yield from (f"left out {run_id}: {why}" for run_id, why in made.excluded.items())
    yield from (f"what gapstudy sweep chose for {name} is not used: {why}" for name, why in made.stale.items())
    if made.changed:
        keys = ", ".join(made.changed)
        yield f"the study file has changed since it was trained ({keys}); what was trained is shown"
    if made.changes:
        yield str(made.changes)
    if made.kept:
        yield f"your edited document was kept as {made.kept}"
