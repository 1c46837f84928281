"""Which test items a run got right, for what rests on items: intervals over items, their variance, paired tests.

A run's ``outputs.safetensors`` holds logits and gold labels of each test item: pairs of sentences (XNLI) or words in
corpus order (NER, POS). Scores that are means over these items (accuracy) have intervals over items. F1 has none: it is no
mean over words, and sentence boundaries, where entities end, are not stored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.base import Cell
from gapstudy.exhibits.evidence import Evidence
from gapstudy.stats import Estimate, item_blocks
from gapstudy.store import Run
from gapstudy.study import METRICS

__all__ = ["BLOCK", "are_parallel", "correctness", "gold_of", "in_blocks", "item_cell", "why_no_items"]

BLOCK = 20
"""Consecutive words taken as one item of a token task: sentence boundaries are not stored, and the words of a sentence
are not independent."""

Bool = npt.NDArray[np.bool_]


def why_no_items(evidence: Evidence, task: str) -> str:
    """Return why a task's scores have no intervals over items ("" when they have)."""
    metric = evidence.spec(task).primary or METRICS[task][0]
    if metric == "accuracy":
        return ""
    return f"{metric.replace('_', ' ').replace('f1', 'F1')} is no mean over words, and the sentence boundaries it would need are not stored"


def correctness(evidence: Evidence, task: str, representation: str, language: str, seeds: Sequence[int]) -> Bool:
    """Return (seeds, items) booleans: whether each test item was predicted right.

    Raises
    ------
    ValueError
        If the outputs do not give the score that the run recorded, or seeds differ in their number of items.
    StoreError
        If the outputs of a run cannot be read.
    """
    rows = [_right(evidence, task, representation, language, seed) for seed in seeds]
    if len({len(row) for row in rows}) > 1:
        msg = f"{task}-{representation}-{language}: the seeds were tested on different numbers of items"
        raise ValueError(msg)
    return np.stack(rows)


def gold_of(evidence: Evidence, task: str, representation: str, language: str, seed: int) -> npt.NDArray[Any]:
    """Return the gold labels (items,) of a run's test set."""
    run = _run(evidence, task, representation, language, seed)
    return _read(run.folder, language, _stamp(run))[1]


def are_parallel(evidence: Evidence, task: str, representation: str, languages: Sequence[str], seed: int) -> bool:
    """Whether item i is the same in every language: pairs of sentences with the same gold labels row by row."""
    if task != "xnli":
        return False
    first, *others = (gold_of(evidence, task, representation, code, seed) for code in languages)
    return all(np.array_equal(first, other) for other in others)


def in_blocks(task: str, outcomes: Bool) -> npt.NDArray[np.float64]:
    """Return outcomes by the unit that is resampled: pairs of sentences, or blocks of consecutive words."""
    return item_blocks(outcomes, 1 if task == "xnli" else BLOCK)


def item_cell(estimate: Estimate | None, digits: int, runs: tuple[str, ...] = ()) -> Cell:
    """Return a cell with the longer half of an interval over items (0 may cut the other); the ends are in the CSV."""
    if estimate is None or math.isnan(estimate.low):
        return Cell("–")
    half = max(estimate.high - estimate.value, estimate.value - estimate.low)
    return Cell(f"±{half:.{digits}f}", runs=runs)


def _right(evidence: Evidence, task: str, representation: str, language: str, seed: int) -> Bool:
    run = _run(evidence, task, representation, language, seed)
    right, _ = _read(run.folder, language, _stamp(run))
    score = evidence.score(task, representation, language, seed, "accuracy")
    if abs(100.0 * float(right.mean()) - score) > 1e-3:
        msg = (
            f"{task}-{representation}-{language}, seed {seed}: the outputs give {100.0 * right.mean():.2f} % "
            f"where {score:.2f} % is recorded"
        )
        raise ValueError(msg)
    return right


def _run(evidence: Evidence, task: str, representation: str, language: str, seed: int) -> Run:
    run = evidence.run(task, representation, language, seed)
    if run is None:
        msg = f"no finished run of {task}-{representation}-{language} with seed {seed}"
        raise ValueError(msg)
    return run


def _stamp(run: Run) -> float:
    return (run.folder / "run.json").stat().st_mtime


@lru_cache(maxsize=2048)
def _read(folder: Path, language: str, _changed: float) -> tuple[Bool, npt.NDArray[Any]]:
    """Read what a run got right and its gold labels, once for all exhibits."""
    outputs = Run.read(folder).outputs(language)
    return outputs.predictions == outputs.gold, outputs.gold
