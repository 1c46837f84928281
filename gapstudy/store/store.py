"""The store: which runs there are, in what state, and how a finished one is saved."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from gapstudy.errors import StoreError
from gapstudy.store.claims import Claim
from gapstudy.store.files import RunPaths, StudyPaths, file_hash, write_arrays, write_atomically, write_json
from gapstudy.store.run import Run
from gapstudy.study import FORMAT, RunSpec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RunStore", "Selection", "State"]

Arrays = Mapping[str, npt.NDArray[Any]]


class State(StrEnum):
    """What has become of a planned run."""

    DONE = "done"
    RUNNING = "running"
    FAILED = "failed"
    DAMAGED = "damaged"
    INTERRUPTED = "interrupted"
    MISSING = "missing"


class Selection(tuple[Run, ...]):
    """Finished runs, in the order of their names."""

    __slots__ = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a (run, test language, split, metric): scores in percent, with seed and run id."""
        import pandas as pd

        rows = [
            {"run_id": r.run_id, "task": r.cell.task, "representation": r.cell.representation,
             "language": r.cell.language, "seed": r.seed, "test_language": language, "split": split,
             "metric": metric, "primary": metric == r.record["primary"], "score": score}
            for r in self for language, splits in r.record["metrics"].items()
            for split, scores in splits.items() for metric, score in scores.items()
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(_COLUMNS))


_COLUMNS = ("run_id", "task", "representation", "language", "seed", "test_language", "split", "metric", "primary",
            "score")  # fmt: skip


class RunStore:
    """The runs under one folder.

    Parameters
    ----------
    root : the ``runs/`` folder; it need not exist yet.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def study(self, name: str) -> StudyPaths:
        """Return the files of a study."""
        return StudyPaths(self.root / name)

    def select(
        self,
        *,
        study: str,
        task: str | None = None,
        representation: str | None = None,
        language: str | None = None,
        seed: int | None = None,
    ) -> Selection:
        """Return the finished runs of a study, narrowed by any of the others (a filter left out lets all pass).

        Damaged runs are left out; :meth:`damaged` names them.
        """
        wanted = {"task": task, "representation": representation, "language": language}
        runs = [
            run
            for run in self._finished(study)
            if all(v is None or getattr(run.cell, k) == v for k, v in wanted.items())
            and (seed is None or run.seed == seed)
            and not run.damage()
        ]
        return Selection(runs)

    def damaged(self, study: str) -> dict[str, str]:
        """Return run folder names and what is wrong with them."""
        found: dict[str, str] = {}
        for folder in self._folders(study):
            try:
                problem = Run.read(folder).damage() if RunPaths(folder).record.is_file() else ""
            except StoreError as error:
                problem = str(error)
            if problem:
                found[folder.name] = problem
        return found

    def to_frame(self, *, study: str, **filters: Any) -> pd.DataFrame:
        """Return :meth:`Selection.to_frame` of :meth:`select`."""
        return self.select(study=study, **filters).to_frame()

    def state(self, study: str, run_id: str) -> State:
        """Return what has become of a run."""
        paths = self.study(study).run(run_id)
        if paths.record.is_file():
            return State.DAMAGED if self._damage(paths) else State.DONE
        if Claim.alive(paths.claim):
            return State.RUNNING
        if paths.error.is_file():
            return State.FAILED
        return State.INTERRUPTED if paths.checkpoint.is_file() else State.MISSING

    def save(
        self,
        study: str,
        spec: RunSpec,
        record: Mapping[str, Any],
        *,
        history: Iterable[Mapping[str, float]],
        embeddings: Arrays,
        outputs: Arrays,
    ) -> Run:
        """Write a finished run: arrays and history first, ``run.json`` last; an older ``run.json`` goes first of all.

        ``record`` holds metrics, primary, best_epoch, timings and provenance; identity is added from ``spec``.
        """
        paths = self.study(study).run(spec.run_id)
        paths.record.unlink(missing_ok=True)
        write_arrays(paths.embeddings, embeddings)
        write_arrays(paths.outputs, outputs)
        _save_rows(paths.history, list(history))
        written = (paths.embeddings, paths.outputs, paths.history)
        sizes = {p.name: p.stat().st_size for p in written}
        hashes = {p.name: file_hash(p) for p in written}
        cell = {"task": spec.cell.task, "representation": spec.cell.representation, "language": spec.cell.language}
        identity = {"format": FORMAT, "run_id": spec.run_id, "cell": cell, "seed": spec.seed,
                    "settings": spec.settings, "cell_hash": spec.cell_hash}  # fmt: skip
        write_json(paths.record, {**record, **identity, "files": sizes, "sha256": hashes})
        paths.error.unlink(missing_ok=True)
        shutil.rmtree(paths.checkpoint.parent, ignore_errors=True)
        for half in paths.folder.glob(".*.tmp"):  # of a process that was killed while it wrote
            half.unlink(missing_ok=True)
        return Run.read(paths.folder)

    def fail(self, study: str, run_id: str, reason: str) -> None:
        """Record why a run failed."""
        with write_atomically(self.study(study).run(run_id).error) as temporary:
            temporary.write_text(reason.rstrip() + "\n", encoding="utf-8")

    def _folders(self, study: str) -> list[Path]:
        folder = self.study(study).folder
        return sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []

    def _finished(self, study: str) -> Iterable[Run]:
        for folder in self._folders(study):
            if RunPaths(folder).record.is_file():
                try:
                    yield Run.read(folder)
                except StoreError:
                    continue  # named by damaged()

    @staticmethod
    def _damage(paths: RunPaths) -> str:
        try:
            return Run.read(paths.folder).damage()
        except StoreError as error:
            return str(error)


def _save_rows(path: Path, rows: list[Mapping[str, float]]) -> None:
    with write_atomically(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["epoch"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
