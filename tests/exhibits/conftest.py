"""Evidence made up with NumPy, whole and in every state of incompleteness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gapstudy.exhibits.base import Cell, Exhibit, Table
from gapstudy.exhibits.every import compute_exhibits
from gapstudy.exhibits.evidence import Evidence
from gapstudy.pipeline import gather
from gapstudy.store import read_json, write_arrays, write_json
from gapstudy.study import Study

Keep = Callable[[Any, int], bool]
Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Full:
    """The wide study, whole: its evidence, its exhibits and where their figures are."""

    evidence: Evidence
    exhibits: dict[str, Exhibit]
    folder: Path


@pytest.fixture(scope="session")
def full(wide: Study, fabricate: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Full:
    """Every exhibit of five seeds of the wide study."""
    folder = tmp_path_factory.mktemp("exhibits")
    evidence = gather(wide, fabricate(wide).store)[0]
    return Full(evidence, compute_exhibits(evidence, folder), folder)


@pytest.fixture(scope="session")
def evidence_of(fabricate: Callable[..., Any]) -> Callable[..., Evidence]:
    """Make up runs and gather them: ``evidence_of(study, seeds=2, keep=lambda cell, seed: ...)``."""

    def make(study: Study, **options: Any) -> Evidence:
        return gather(study, fabricate(study, **options).store)[0]

    return make


@pytest.fixture(scope="session")
def changed() -> Callable[..., Study]:
    """Return a study with other analysis options: ``changed(study, resamples=500)``."""

    def make(study: Study, **options: Any) -> Study:
        return study.model_copy(update={"analysis": study.analysis.model_copy(update=options)})

    return make


@pytest.fixture(scope="session")
def printed() -> Callable[[Exhibit], list[list[str]]]:
    """Return the texts of a table's rows, after checking that they fit its columns."""

    def rows(exhibit: Exhibit) -> list[list[str]]:
        table = exhibit.table
        assert isinstance(table, Table)
        width = len(table.align)
        assert all(sum(head.span for head in line) == width for line in table.header)
        assert all(len(row) == width or (len(row) == 1 and row[0].heading) for row in table.rows)
        return [[cell.text for cell in row] for row in table.rows]

    return rows


@pytest.fixture(scope="session")
def row_of() -> Callable[[Exhibit, str], tuple[Cell, ...]]:
    """Return the first full row of a table that begins with a text, perhaps below a heading."""

    def find(exhibit: Exhibit, name: str, under: str = "") -> tuple[Cell, ...]:
        assert exhibit.table is not None
        rows = list(exhibit.table.rows)
        start = next((i for i, row in enumerate(rows) if len(row) == 1 and row[0].text.startswith(under)), 0)
        return next(row for row in rows[start:] if len(row) > 1 and row[0].text == name)

    return find


@pytest.fixture(scope="session")
def drawn() -> Callable[[Path], Any]:
    """Read the elements of a figure's SVG."""
    from xml.etree import ElementTree as ET

    return lambda path: ET.parse(path).getroot()  # noqa: S314 - gapstudy drew it


@pytest.fixture(scope="session")
def rewrite() -> Callable[..., None]:
    """Change runs on disk: their scores (``score``) or one of their files (``file``, ``arrays``)."""

    def change(runs: Sequence[Any], *, score: float | None = None, outputs: Callable[[Arrays], Arrays] | None = None,
               embeddings: Callable[[Arrays], Arrays] | None = None) -> None:  # fmt: skip
        for run in runs:
            record = read_json(run.folder / "run.json")
            if score is not None:
                for splits in record["metrics"].values():
                    splits["test"] = dict.fromkeys(splits["test"], score)
            for name, edit in (("outputs", outputs), ("embeddings", embeddings)):
                path = run.folder / f"{name}.safetensors"
                if edit is not None:
                    write_arrays(path, edit(_load(path)))
                record["files"][path.name] = path.stat().st_size
            write_json(run.folder / "run.json", record)

    return change


def _load(path: Path) -> Arrays:
    from safetensors.numpy import load_file

    return {key: np.array(value) for key, value in load_file(path).items()}
