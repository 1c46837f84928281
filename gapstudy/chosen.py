"""What ``gapstudy sweep`` chose for each cell, and whether it still holds: the content of ``chosen.json``.

A choice was made for a grid, for the hyper-parameters around it, and for data, representation and protocol. When one
of these has changed since, the choice is stale: it is told and not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from gapstudy.errors import StoreError
from gapstudy.store import read_json, write_json
from gapstudy.study import Hyper, Override, Study, Task, settings_hash

__all__ = [
    "SWEPT",
    "Choice",
    "Choices",
    "asked",
    "own_hyper",
    "prepared_for",
    "read_chosen",
    "settle",
    "with_choices",
    "write_chosen",
]

FORMAT = 1
SWEPT = ("learning_rate", "weight_decay", "schedule")
_GRID = "the study's grid or hyper-parameters have changed since"
_DATA = "its data, representation, pre-training or protocol have changed since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The point of the grid that one cell is trained with.

    Attributes
    ----------
    values : the hyper-parameters of :data:`SWEPT` at that point.
    dev : mean over seeds of the primary dev score at the best epoch, in percent.
    metric : what that score is.
    points, seeds : size of the grid, and runs a point.
    grid : every point in the order it was tried: its values, ``dev`` and ``dev_scores`` by seed.
    asked, prepared_for : hashes of what the study asked for, and of what it was prepared from.
    gapstudy : version that chose.
    """

    values: dict[str, Any]
    dev: float
    metric: str
    points: int
    seeds: int
    grid: list[dict[str, Any]]
    asked: str
    prepared_for: str
    gapstudy: str

    def summary(self) -> dict[str, Any]:
        """Return the choice without the grid."""
        return {"values": self.values, **{key: getattr(self, key) for key in ("dev", "metric", "points", "seeds")}}


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices that hold for a prepared study, and why the others do not; both by cell name."""

    used: dict[str, Choice] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)


def asked(task: Task, representation: str, language: str) -> str:
    """Return a hash of what the study file says of a cell's training: its own hyper-parameters and the grid."""
    own = task.hyper_of(representation, language).model_dump(mode="json")
    return settings_hash({"hyper": own, "sweep": task.sweep.model_dump(mode="json") if task.sweep else None})


def prepared_for(settings: Mapping[str, Any]) -> str:
    """Return a hash of a cell's settings without its hyper-parameters."""
    return settings_hash({key: value for key, value in settings.items() if key != "hyper"})


def read_chosen(path: Path) -> dict[str, Choice]:
    """Read ``chosen.json``; no choices where there is no such file.

    Raises
    ------
    StoreError
        If it cannot be read, or is of another format.
    """
    if not path.is_file():
        return {}
    content = read_json(path, "gapstudy sweep")
    if isinstance(content, dict) and content.get("format") == FORMAT and isinstance(content.get("cells"), dict):
        choices = {name: _choice(name, found) for name, found in content["cells"].items()}
        if None not in choices.values():
            return {name: choice for name, choice in choices.items() if choice}
    msg = f"{path} is not what gapstudy sweep writes (format {FORMAT}); delete it and run gapstudy sweep again"
    raise StoreError(msg)


def _choice(name: str, found: Any) -> Choice | None:
    """Return a choice, or None where the file was edited out of shape."""
    try:
        _, representation, language = name.split("-")
        choice = TypeAdapter(Choice).validate_python(found)
        override = Override(representation=representation, language=language, **choice.values)
    except (TypeError, ValueError):
        return None
    return choice if set(override.values()) == set(SWEPT) else None


def write_chosen(path: Path, chosen: Mapping[str, Choice]) -> None:
    """Write ``chosen.json``, beside and renamed."""
    write_json(path, {"format": FORMAT, "cells": {name: asdict(choice) for name, choice in chosen.items()}})


def settle(study: Study, chosen: Mapping[str, Choice], cells: Mapping[str, Any] | None = None) -> Choices:
    """Tell the choices that hold from those that are stale.

    Parameters
    ----------
    study : as its file says, without any choice; perhaps narrowed.
    chosen : content of ``chosen.json``.
    cells : what was prepared, by cell name ("cells" of ``prepared.json``); None before that, when only the file speaks.
    """
    found = {name: _why(study, name, choice, cells) for name, choice in _relevant(study, chosen, cells)}
    used = {name: chosen[name] for name, why in found.items() if not why}
    return Choices(used, {name: why for name, why in found.items() if why})


def _relevant(
    study: Study, chosen: Mapping[str, Choice], cells: Mapping[str, Any] | None
) -> Iterator[tuple[str, Choice]]:
    """Yield the choices of cells that the study has (or had when it was prepared), in an order of their own."""
    known = {cell.name for cell in study.cells()} if cells is None else set(cells)
    for name in sorted(chosen):
        task, representation, _ = name.split("-")
        if name in known and task in study.tasks and representation in study.representations:
            yield name, chosen[name]


def _why(study: Study, name: str, choice: Choice, cells: Mapping[str, Any] | None) -> str:
    task, representation, language = name.split("-")
    if choice.asked != asked(study.tasks[task], representation, language):
        return _GRID
    return "" if cells is None or choice.prepared_for == prepared_for(cells[name]["settings"]) else _DATA


def with_choices(study: Study, used: Mapping[str, Choice]) -> Study:
    """Return the study with each choice as the last override of its task."""
    tasks = dict(study.tasks)
    for name, choice in used.items():
        task, representation, language = name.split("-")
        override = Override(representation=representation, language=language, **choice.values)
        tasks[task] = tasks[task].model_copy(update={"override": (*tasks[task].override, override)})
    return study.model_copy(update={"tasks": tasks})


def own_hyper(study: Study, name: str) -> Hyper:
    """Return the hyper-parameters of a cell, by its name."""
    task, representation, language = name.split("-")
    return study.tasks[task].hyper_of(representation, language)
