"""Would the CKA values survive a statistician? Noise floor, ceiling, and baselines that need no model.

Paper: section 3.4 reports plain CKA alone. Each row is a mean over pairs of languages, with the first common seed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import NAMES, number
from gapstudy.stats import cka, cka_floor, cka_matrix, length_residual

__all__ = ["compute"]

_COLUMNS = {
    "plain": "plain", "floor": "noise floor", "debiased": "debiased", "ceiling": "two seeds", "before": "before training",
    "symbols": "bag of symbols", "length": "length removed",
}  # fmt: skip


def compute(evidence: Evidence) -> Exhibit:
    """Compute the checks for every task and representation that has runs in two languages."""
    rows: list[tuple[Cell, ...]] = []
    data: dict[str, dict[str, float]] = {}
    missing: list[str] = []
    for task, spec in evidence.study.tasks.items():
        found = {r: line for r in spec.representations if (line := _line(evidence, task, r))}
        missing += [
            f"{task}: {r} has no seed that is finished in all of its languages, and at least two"
            for r in spec.representations
            if r not in found
        ]
        missing += [f"{task}: {r} lacks {', '.join(gaps)}" for r, line in found.items() if (gaps := _undefined(line))]
        if found:
            rows.append((Cell(f"{NAMES[task]} ({spec.sentence_layer} layer)", heading=True),))
        for representation, line in found.items():
            rows.append((Cell(representation, heading=True), *(Cell(number(line[k], 3)) for k in _COLUMNS)))
            data[f"{task}/{representation}"] = line
    header = (
        (Head(""), Head("Plain CKA", 2), Head("Debiased CKA", 5)),
        (Head("Method"), *(Head(label) for label in _COLUMNS.values())),
    )
    return Exhibit(
        key="cka-checks",
        kind="table",
        title="What the CKA values rest on",
        caption=_CAPTION,
        signature=evidence.signature("cka:linear"),
        table=Table(header=header, rows=tuple(rows), align="lrrrrrrr") if rows else None,
        data=data,
        records=tuple({"cell": cell, "measure": k, "value": v} for cell, line in data.items() for k, v in line.items()),
        missing=tuple(missing),
    )


_CAPTION = (
    "Means over pairs of languages, first common seed. *Noise floor*: mean plain CKA over all ways to shuffle the alignment "
    "of sentences; plain CKA near it means nothing. *Two seeds*: the same language under its first two seeds (mean over "
    "languages), the most one could hope for. *Before training*: the encoder before fine-tuning. *Bag of symbols*: counts of the input units, no model at "
    "all. *Length removed*: sentence length regressed out of both sides. Embedding-layer CKA that equals its value before "
    "training, or the bag of symbols, says more about the input units than about what was learnt."
)


def _undefined(line: dict[str, float]) -> list[str]:
    """Name the columns without a value."""
    return [label for key, label in _COLUMNS.items() if math.isnan(line[key])]


def _line(evidence: Evidence, task: str, representation: str) -> dict[str, float] | None:
    languages, layer = evidence.languages(task, representation), evidence.spec(task).sentence_layer
    seeds = evidence.seeds(task, representation, languages) if len(languages) > 1 else []
    if not seeds:
        return None
    vectors = [evidence.vectors(task, representation, c, seeds[0], layer) for c in languages]
    return {
        "plain": _mean(cka_matrix(vectors)),
        "floor": _mean(cka_floor(vectors)),
        "debiased": _mean(cka_matrix(vectors, debiased=True)),
        "ceiling": _ceiling(evidence, task, representation, languages, layer),
        "before": _of([evidence.before(representation, c, layer) for c in languages]),
        "symbols": _of([_symbols(evidence, representation, c) for c in languages]),
        "length": _length_removed(evidence, representation, languages, vectors),
    }


def _mean(matrix: npt.NDArray[np.float64]) -> float:
    return float(matrix[np.triu_indices(len(matrix), 1)].mean())


def _of(features: Sequence[npt.NDArray[Any] | None]) -> float:
    present = [f.astype(np.float64) for f in features if f is not None]
    return _mean(cka_matrix(present, debiased=True)) if len(present) == len(features) else float("nan")


def _ceiling(evidence: Evidence, task: str, representation: str, languages: Sequence[str], layer: str) -> float:
    """Mean over languages of the CKA between its first two seeds."""
    values = []
    for code in languages:
        seeds = evidence.seeds(task, representation, (code,))[:2]
        if len(seeds) == 2:
            x, y = (evidence.vectors(task, representation, code, s, layer) for s in seeds)
            values.append(cka(x, y, debiased=True))
    return float(np.mean(values)) if values else float("nan")


def _symbols(evidence: Evidence, representation: str, language: str) -> npt.NDArray[np.float64] | None:
    """Count each unit in each parallel sentence: (sentences, units that occur)."""
    ids, starts = (evidence.before(representation, language, what) for what in ("ids", "starts"))
    if ids is None or starts is None:
        return None
    units, columns = np.unique(ids, return_inverse=True)
    counts = np.zeros((len(starts) - 1, len(units)))
    np.add.at(counts, (np.repeat(np.arange(len(starts) - 1), np.diff(starts)), columns), 1.0)
    return counts[:, counts.std(axis=0) > 0]


def _length_removed(
    evidence: Evidence, representation: str, languages: Sequence[str], vectors: Sequence[npt.NDArray[Any]]
) -> float:
    starts = [evidence.before(representation, c, "starts") for c in languages]
    if any(s is None for s in starts):
        return float("nan")
    return _of([length_residual(v, np.diff(s)) for v, s in zip(vectors, starts, strict=True) if s is not None])
