"""``gapstudy train-seeds`` and ``gapstudy prepare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gapstudy.cli.choices import shown, told
from gapstudy.cli.options import compute_options, json_option, load_study, narrow_options, study_options, talk_options

if TYPE_CHECKING:
    from gapstudy.chosen import Choices
    from gapstudy.job import Outcome

__all__ = ["prepare", "train_seeds"]


@click.command("train-seeds")
@click.option(
    "--n", "n", type=click.IntRange(min=1), metavar="N", help="Seeds 0 to N-1 of every cell [default: the study's]."
)
@click.option("--dry-run", is_flag=True, help="List the runs, their time and room on disk, and do nothing.")
@study_options
@narrow_options
@compute_options
@json_option
@talk_options
def train_seeds(
    *,
    n: int | None,
    dry_run: bool,
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
    """Train every (task, representation, language) of the study over seeds.

    Finished runs are skipped and interrupted ones go on, so the same command again does what is left.
    """
    from gapstudy import pipeline
    from gapstudy.cli.progress import Progress
    from gapstudy.engines import start
    from gapstudy.job import Status
    from gapstudy.store import RunStore, State

    whole, part = load_study(study, tasks=tasks, representations=representations, languages=languages)
    store = RunStore(runs)
    if dry_run:
        from gapstudy.cli.dry_run import dry_run as show

        show(whole, part, store, n, workers=start(engine, jobs, device).jobs, as_json=as_json)
        return
    pipeline.require_training()
    with start(engine, jobs, device) as workers, Progress(quiet=quiet or as_json) as progress:
        ready = pipeline.prepare(whole, store, workers.map, progress.stage)
        specs = pipeline.planned(part, ready, n)
        before = pipeline.states(specs, store, whole.name)
        left = [s for s in specs if before[s.run_id] is not State.DONE]
        progress.begin(len(left), skipped=len(specs) - len(left), workers=workers.jobs)
        for run_id, problem in store.damaged(whole.name).items():
            if run_id in before:
                progress.note(f"{run_id} is damaged and will be trained again: {problem}")
        for line in told(ready.choices):
            progress.note(line)
        outcomes = []
        for outcome in workers.run([ready.job(store, whole.name, s, device) for s in left], progress.waiting):
            outcomes.append(outcome)
            progress.done(outcome)
    failed = [o for o in outcomes if o.status is Status.FAILED]
    folder = store.study(whole.name).folder
    if as_json:
        _print_json(outcomes, len(specs), ready.choices)
    elif not quiet:
        click.echo(f"{len(specs) - len(failed)} of {len(specs)} runs are finished in {folder}; now: gapstudy report")
    for outcome in failed:
        click.echo(
            f"failed: {outcome.run_id}: {outcome.message} (see {folder / outcome.run_id / 'error.txt'})", err=True
        )
    if failed:
        raise SystemExit(1)


def _print_json(outcomes: list[Outcome], planned: int, choices: Choices) -> None:
    import json

    from gapstudy.cli.progress import outcome_rows

    click.echo(json.dumps({"planned": planned, "runs": outcome_rows(outcomes), **shown(choices)}))


@click.command()
@study_options
@compute_options
@json_option
@talk_options
def prepare(*, study: str, runs: str, device: str, engine: str, jobs: int, as_json: bool, quiet: bool) -> None:
    """Make what training needs, and print Table 4 and what the phonemes cover."""
    import json

    from gapstudy import pipeline
    from gapstudy.cli.progress import Progress, print_table
    from gapstudy.engines import start
    from gapstudy.store import RunStore

    whole, _ = load_study(study)
    pipeline.require_training()
    with start(engine, jobs, device) as workers, Progress(quiet=quiet or as_json) as progress:
        ready = pipeline.prepare(whole, RunStore(runs), workers.map, progress.stage)
        for line in told(ready.choices):
            progress.note(line)
    content = ready.content
    if as_json:
        found = {key: content[key] for key in ("table4", "g2p", "units")} | shown(ready.choices)
        click.echo(json.dumps(found, ensure_ascii=False))
    elif not quiet:
        print_table("Table 4: examples as read", content["table4"])
        print_table("Phonemes: what the conversion covers", [_covered(row) for row in content["g2p"]])


def _covered(audit: dict[str, Any]) -> dict[str, Any]:
    """Return one language's audit as a row; shares in percent of running phones and words."""
    offenders = [f"{symbol} ({words[0]})" for symbol, _count, words in audit["offenders"][:4]]
    return {
        "language": audit["language"],
        "representation": audit["representation"],
        "mode": audit["mode"],
        "types": audit["types"],
        "words": audit["tokens"],
        "unknown phones %": audit["unknown_segments"],
        "unknown words %": audit["unknown_words"],
        "worst unknown": "; ".join(offenders),
        "unmapped": " ".join(list(audit["unmapped"])[:8]),
    }
