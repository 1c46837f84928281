"""What was prepared, read back: the identity of every run, the study as it was trained, and what changed since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gapstudy.chosen import Choice, Choices, read_chosen, settle, with_choices
from gapstudy.errors import IncompleteStudyError, StoreError, StudyFileError
from gapstudy.job import Job
from gapstudy.store import RunStore, read_json
from gapstudy.study import FORMAT, Cell, Hyper, RunSpec, Study, settings_hash

__all__ = ["Prepared", "prepared"]

_CONTENT = {"study", "cells", "table4", "figure1", "g2p", "units"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What :func:`prepare` left in the store: the content of ``prepared.json``, and the choices that hold for it."""

    content: dict[str, Any]
    choices: Choices = field(default_factory=Choices)

    def spec(self, cell: Cell, seed: int) -> RunSpec:
        """Return the identity of a run."""
        return RunSpec(cell=cell, seed=seed, settings=self.content["cells"][cell.name]["settings"])

    def has(self, cell: Cell) -> bool:
        """Whether the cell was prepared (a study file can name more than it did then)."""
        return cell.name in self.content["cells"]

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
            model=found.get("model", "small"),
            device=device,
        )

    def trying(self, cell: Cell, hyper: Hyper) -> Prepared:
        """Return the same with other hyper-parameters of ``cell``; what was prepared serves them all.

        They must not be among those that the preparation reads (``max_length``).
        """
        found = self.content["cells"][cell.name]
        tried = {**found, "settings": {**found["settings"], "hyper": hyper.model_dump(mode="json")}}
        return replace(self, content={**self.content, "cells": {**self.content["cells"], cell.name: tried}})

    def chosen_as_trained(self) -> dict[str, Choice]:
        """Return the choices that the cells were prepared with (the sweep may be later than the preparation)."""
        return {
            name: choice
            for name, choice in self.choices.used.items()
            if self.content["cells"][name]["settings"]["hyper"].items() >= choice.values.items()
        }

    def as_trained(self, study: Study) -> Study:
        """Return the study as it was prepared, with the analysis and the narrowing of ``study``.

        Raises
        ------
        StudyFileError
            If nothing that was prepared is left.
        """
        was = self._was()
        kept = {
            name: was.tasks[name].model_copy(
                update={
                    "languages": tuple(c for c in was.tasks[name].languages if c in task.languages),
                    "representations": tuple(r for r in was.tasks[name].representations if r in task.representations),
                }
            )
            for name, task in study.tasks.items()  # in the order of the file: prepared.json sorts its keys
            if name in was.tasks
        }
        kept = {name: task for name, task in kept.items() if task.languages and task.representations}
        if not kept:
            raise StudyFileError(
                study.name, ["nothing that was trained is left in the study; run gapstudy train-seeds"]
            )
        shown = {"tasks": kept, "analysis": study.analysis, "description": study.description}
        return was.model_copy(update=shown)

    def _was(self) -> Study:
        """Return the study as it was prepared; its analysis options are not, for the report follows the file's."""
        return Study.model_validate({**self.content["study"], "analysis": {}})

    def changes(self, study: Study) -> tuple[str, ...]:
        """Return the keys in which ``study`` differs from what was prepared, those aside that training ignores.

        ``study`` is as its file says; what was chosen for it by a sweep is part of it.
        """
        corpora = (*study.tasks, "parallel")
        was, now = self._was(), with_choices(study, self.choices.used)
        found = _differences(_spelt_out(was, corpora), _spelt_out(now, corpora), "")
        named = [self._override(was, now, path) if path.endswith(".override") else path for path in found]
        return tuple(dict.fromkeys(path for path in named if path))

    def _override(self, was: Study, now: Study, path: str) -> str:
        """Return what a change of a task's overrides is put down to: the file, a sweep, or "" if it changes no cell."""
        task = path.split(".")[1]
        before = now.tasks[task].model_copy(update={"override": was.tasks[task].override})
        cells = [name.split("-") for name in self.content["cells"] if name.startswith(f"{task}-")]
        differing = {
            f"{task}-{r}-{language}"
            for _, r, language in cells
            if before.hyper_of(r, language) != now.tasks[task].hyper_of(r, language)
        }
        return "chosen.json" if differing and differing <= set(self.choices.used) else path if differing else ""

    def spec_hash(self, cell: str) -> str:
        """Return the hash of a cell's settings, which its runs bear."""
        return settings_hash(self.content["cells"][cell]["settings"])


_FREE = ("analysis", "description", "demonstration", "seeds")  # what may change without new runs
_NARROWED = ("languages", "representations")  # of a task: fewer are no change, more are
_PATHS = ("train", "dev", "test", "text")  # where a corpus is; what it holds is in the fingerprints


def _spelt_out(study: Study, corpora: Sequence[str]) -> dict[str, Any]:
    """Return the study as JSON, with the source of each corpus: one that the file leaves out is the package's."""
    sources = {name: study.source(name).model_dump(mode="json") for name in corpora}
    return {**study.model_dump(mode="json", by_alias=True), "data": sources}


def _differences(was: Any, now: Any, path: str) -> Iterator[str]:
    """Yield the paths at which two JSON values differ; a task that is left out or narrowed is no difference."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in now:
            inner = f"{path}.{key}" if path else key
            if path.startswith("tasks.") and key in _NARROWED:
                yield from [inner] if set(now[key]) - set(was[key]) else []
            elif not _ignored(path, key, inner):
                yield from _differences(was.get(key), now[key], inner)
    elif was != now:
        yield path


def _ignored(path: str, key: str, inner: str) -> bool:
    """Whether a key can change no number of what was trained."""
    free = path.startswith("tasks.") and key in {"max_seeds", "sweep"}  # a grid changes what is chosen, if anything
    return inner in _FREE or free or (path.startswith("data.") and key in _PATHS)


def prepared(study: Study, store: RunStore) -> Prepared:
    """Read what :func:`prepare` left.

    Raises
    ------
    IncompleteStudyError
        If the study was never prepared.
    StoreError
        If what was prepared, or what a sweep chose, cannot be read, or another version of the format wrote it.
    """
    path = store.study(study.name).prepared
    if not path.is_file():
        msg = f"there are no runs of study {study.name!r} in {store.root}; make them with: gapstudy train-seeds"
        raise IncompleteStudyError(msg)
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT or not set(content) >= _CONTENT:
        msg = f"{path} is not a prepared study of format {FORMAT}; delete it and run gapstudy train-seeds again"
        raise StoreError(msg)
    chosen = read_chosen(store.study(study.name).chosen)
    return Prepared(content, settle(study, chosen, content["cells"]))
