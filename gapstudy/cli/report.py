"""``gapstudy report``: statistics from the runs, then PDF and HTML."""

from __future__ import annotations

import click

from gapstudy.cli.options import json_option, load_study, narrow_options, quiet_option, reports_option, study_options

__all__ = ["report"]


@click.command()
@study_options
@reports_option
@narrow_options
@click.option("--format", "formats", default="pdf,html", show_default=True, help="What to render, comma-separated.")
@json_option
@quiet_option
def report(
    *,
    study: str,
    runs: str,
    reports: str,
    tasks: tuple[str, ...],
    representations: tuple[str, ...],
    languages: tuple[str, ...],
    formats: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compute the statistics and write report.pdf, report.html, results.json, tables and figures.

    Works from runs/ alone, on partial studies too: it says what is missing, exhibit by exhibit.
    """
    import json

    from gapstudy import pipeline
    from gapstudy.store import RunStore

    _, part = load_study(study, tasks=tasks, representations=representations, languages=languages)
    wanted = tuple(name.strip() for name in formats.split(",") if name.strip())
    made = pipeline.make_report(part, RunStore(runs), reports, wanted)
    if as_json:
        click.echo(json.dumps({
            "folder": str(made.folder), "files": [str(p) for p in made.paths], "engine": made.engine,
            "missing": made.missing, "excluded": made.excluded,
        }))  # fmt: skip
        return
    for key, lines in made.missing.items():
        click.echo(f"{key} is incomplete: {'; '.join(lines)}", err=True)
    for run_id, why in made.excluded.items():
        click.echo(f"left out {run_id}: {why}", err=True)
    if made.kept:
        click.echo(f"your edited document was kept as {made.kept}", err=True)
    if not quiet:
        click.echo(f"rendered by {made.engine}")
        for path in made.paths:
            click.echo(str(path))
