"""Debiased CKA by layer, before and after fine-tuning: what was there, and what was learnt?

Paper: none; its sections 3.4 and 4.3 show one layer after fine-tuning. A mean over pairs of languages, first common seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.errors import StoreError
from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import NAMES, estimate_cell
from gapstudy.stats import Estimate, MeanCka, mean_cka_jackknife

__all__ = ["METHOD", "LayerRow", "compute", "layer_rows", "runs_behind_layers"]

_ALWAYS = ("input", "last")
_MEASURES = ("before", "after", "change")


@dataclass(frozen=True, slots=True)
class LayerRow:
    """Debiased CKA of one layer; ``before`` and ``change`` are None where nothing was prepared."""

    task: str
    representation: str
    layer: str
    seed: int
    languages: tuple[str, ...]
    before: Estimate | None
    after: Estimate
    change: Estimate | None


def compute(evidence: Evidence) -> Exhibit:
    """Compute one row for each task, representation and layer whose vectors the runs hold."""
    found, missing = layer_rows(evidence)
    rows: list[tuple[Cell, ...]] = []
    for task in dict.fromkeys(row.task for row in found):
        rows.append((Cell(NAMES[task], heading=True),))
        rows += [_cells(row) for row in found if row.task == task]
    names = ("Method", "Layer", "Before", "After", "Change")
    return Exhibit(
        key="layers",
        kind="table",
        title="CKA by layer, before and after fine-tuning",
        caption="Mean debiased CKA over pairs of languages, by task, representation and layer, before and after fine-tuning.",
        method=METHOD.format(level=f"{100 * evidence.study.analysis.level:g}"),
        signature=evidence.signature("cka:debiased", f"level:{evidence.study.analysis.level}", "ci:jackknife"),
        runs=runs_behind_layers(evidence, found),
        table=Table(header=(tuple(map(Head, names)),), rows=tuple(rows), align="llrrr") if rows else None,
        data={f"{row.task}/{row.representation}/{row.layer}": _plain(row) for row in found},
        records=tuple(_records(found)),
        missing=missing,
    )


METHOD = (
    "First common seed alone, with {level} % intervals by the jackknife over sentences (those of the change are paired by "
    "sentence); they hold for these trained models. *Before*: the encoder before fine-tuning, which does not depend on the "
    "task (its languages may differ). *input* is what enters the first transformer block."
)
"""How the values came about; for the table and the figure."""


@lru_cache(maxsize=2)
def layer_rows(evidence: Evidence) -> tuple[tuple[LayerRow, ...], tuple[str, ...]]:
    """Return the rows of all tasks and representations, and what is lacking; computed once for table and figure."""
    study = evidence.study.model_dump(mode="json", by_alias=True)
    return evidence.remember("layer rows", evidence.runs, lambda: _layer_rows(evidence), prepared=True, study=study)


def _layer_rows(evidence: Evidence) -> tuple[tuple[LayerRow, ...], tuple[str, ...]]:
    rows: list[LayerRow] = []
    missing: list[str] = []
    before: dict[tuple[str, tuple[str, ...], str], MeanCka | None] = {}
    for task, spec in evidence.study.tasks.items():
        for representation in spec.representations:
            languages = evidence.languages(task, representation)
            seeds = evidence.seeds(task, representation, languages) if len(languages) > 1 else []
            if not seeds:
                missing.append(f"{task}: {representation} has no seed that is finished in two languages")
                continue
            for layer in _layers(evidence, task, representation, languages[0]):
                key = (representation, languages, layer)
                if key not in before:
                    before[key] = _before(evidence, *key)
                try:
                    rows.append(_row(evidence, task, key, seeds[0], before[key]))
                except StoreError:
                    missing.append(f"{task}: the runs of {representation} hold no vectors of layer {layer}")
            if any(before[representation, languages, layer] is None for layer in _ALWAYS):
                missing.append(f"{task}: {representation} lacks vectors before training")
    return tuple(rows), tuple(missing)


def _layers(evidence: Evidence, task: str, representation: str, language: str) -> list[str]:
    """The layers whose vectors a run saved, from the settings that were prepared for it."""
    cell = evidence.prepared["cells"].get(f"{task}-{representation}-{language}", {})
    saved = cell.get("settings", {}).get("layers", [])
    return list(dict.fromkeys([*_ALWAYS[:1], *sorted(map(str, saved), key=_depth), *_ALWAYS[1:]]))


def _depth(layer: str) -> float:
    return {"input": -1.0, "last": np.inf}.get(layer, float(layer) if layer.isdigit() else 0.0)


def _row(
    evidence: Evidence, task: str, key: tuple[str, tuple[str, ...], str], seed: int, before: MeanCka | None
) -> LayerRow:
    representation, languages, layer = key
    level = evidence.study.analysis.level
    after = mean_cka_jackknife([evidence.vectors(task, representation, c, seed, layer) for c in languages])
    return LayerRow(
        task, representation, layer, seed, languages, before.estimate(level=level) if before else None,
        after.estimate(level=level), after.above(before, level=level) if before else None,
    )  # fmt: skip


def _before(evidence: Evidence, representation: str, languages: tuple[str, ...], layer: str) -> MeanCka | None:
    vectors: list[npt.NDArray[Any] | None] = [evidence.before(representation, c, layer) for c in languages]
    present = [v for v in vectors if v is not None]
    return mean_cka_jackknife(present) if len(present) == len(languages) else None


def _cells(row: LayerRow) -> tuple[Cell, ...]:
    estimates = (getattr(row, name) for name in _MEASURES)
    return (
        Cell(row.representation, heading=True),
        Cell(row.layer),
        *(estimate_cell(e, 3) if e else Cell("–") for e in estimates),
    )


def runs_behind_layers(evidence: Evidence, rows: Sequence[LayerRow]) -> tuple[str, ...]:
    """Return the ids of the runs whose vectors the rows are of."""
    found = (evidence.run_ids(row.task, row.representation, row.languages, [row.seed]) for row in rows)
    return tuple(dict.fromkeys(name for names in found for name in names))


def _plain(row: LayerRow) -> dict[str, Any]:
    return {"seed": row.seed, "languages": list(row.languages), **{name: getattr(row, name) for name in _MEASURES}}


def _records(rows: Sequence[LayerRow]) -> list[dict[str, Any]]:
    return [
        {"task": row.task, "representation": row.representation, "layer": row.layer, "seed": row.seed, "measure": name,
         "value": e.value, "low": e.low, "high": e.high, "level": e.level, "n": e.n, "method": e.method}
        for row in rows for name in _MEASURES if (e := getattr(row, name)) is not None
    ]  # fmt: skip
