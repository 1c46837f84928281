"""A finished study made up with NumPy: what the store and the report read, without any training.

Sentence vectors of a language share factors with every other language's, more so in later seeds; logits are gold
labels with noise. Sizes are those of the embedded study unless others are asked for, so that files and statistics weigh
what they weigh there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.data import LABELS, load_parallel
from gapstudy.g2p import split_words
from gapstudy.store import RunStore, write_arrays, write_json
from gapstudy.study import FORMAT, METRICS, Cell, DataSource, RunSpec, Study

__all__ = ["EMBEDDED", "Sizes", "fabricate", "run_of"]

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a run holds.

    Attributes
    ----------
    dim : features of a sentence vector.
    sentences : of the parallel corpus; None: those of the embedded one.
    items : pairs of the XNLI test set; ``words`` : of the test sets of token tasks.
    layers : whose vectors a run holds.
    """

    dim: int = 64
    sentences: int | None = None
    items: int = 450
    words: int = 900
    layers: tuple[str, ...] = ("input", "last")

    def rows(self) -> int:
        """Return the number of parallel sentences."""
        return self.sentences or len(load_parallel(("eng",), DataSource())["eng"])


EMBEDDED = Sizes()


def fabricate(study: Study, root: Path, plan: Iterable[tuple[int, Cell]], sizes: Sizes = EMBEDDED) -> RunStore:
    """Write a finished run for each (seed, cell) of ``plan``, and what ``prepare`` would have left of ``study``."""
    store = RunStore(root)
    content = _prepared(study, sizes)
    paths = store.study(study.name)
    write_json(paths.prepared, content)
    write_arrays(paths.parallel, _parallel(study, sizes))
    for number, (seed, cell) in enumerate(plan):
        spec = RunSpec(cell=cell, seed=seed, settings=content["cells"][cell.name]["settings"])
        tested = study.evaluated_on(cell.task, cell.language)
        store.save(study.name, spec, **run_of(spec, np.random.default_rng(number), sizes, tested))
    return store


def run_of(
    spec: RunSpec, rng: np.random.Generator, sizes: Sizes = EMBEDDED, tested: Sequence[str] = ()
) -> Mapping[str, Any]:
    """Return what :meth:`RunStore.save` takes beside the spec; ``tested`` are the languages that the model serves (none: its own)."""
    cell = spec.cell
    metrics: dict[str, Any] = {}
    embeddings: Arrays = {}
    outputs: Arrays = {}
    for code in tested or (cell.language,):
        classes = len(LABELS[cell.task])
        gold = np.arange(sizes.items if cell.task == "xnli" else sizes.words) % classes
        logits = rng.normal(size=(len(gold), classes)) + 2.0 * np.eye(classes)[gold]
        scores = dict.fromkeys(METRICS[cell.task], 100.0 * float((logits.argmax(axis=1) == gold).mean()))
        metrics[code] = {"test": scores, "dev": scores} if code == cell.language else {"test": scores}
        shared = 1.0 + 0.05 * spec.seed
        embeddings |= {f"{code}/{layer}": _vectors(rng, sizes, shared) for layer in sizes.layers}
        outputs |= {f"{code}/test/logits": logits.astype(np.float32), f"{code}/test/gold": gold.astype(np.int32)}
    record = {
        "metrics": metrics,
        "primary": METRICS[cell.task][0],
        "units": dict.fromkeys(METRICS[cell.task], "percent"),
        "best_epoch": 3,
        "cut_words": dict.fromkeys(metrics, 0),
        "timings": {"fit_seconds": 1.0},
        "provenance": {"gapstudy": "made up", "device": "none"},
    }
    first = next(iter(metrics.values()))["test"][METRICS[cell.task][0]]
    name = f"dev_{METRICS[cell.task][0]}"
    history = [{"epoch": float(i), "train_loss": 1.0 / i, name: first} for i in range(1, 5)]
    return {"record": record, "history": history, "embeddings": embeddings, "outputs": outputs}


def _vectors(rng: np.random.Generator, sizes: Sizes, shared: float = 1.0) -> npt.NDArray[np.float32]:
    factors, loads = np.random.default_rng(0), np.random.default_rng(1)
    common = (factors.normal(size=(sizes.rows(), 8)) @ loads.normal(size=(8, sizes.dim))).astype(np.float32)
    noise = rng.standard_normal(common.shape, dtype=np.float32)
    return np.float32(shared) * common + np.float32(3.0) * noise


def _parallel(study: Study, sizes: Sizes) -> Arrays:
    """Units and vectors before fine-tuning, as ``parallel.safetensors`` holds them."""
    arrays: Arrays = {}
    rng = np.random.default_rng(2)
    for name in study.used_representations():
        for code in study.languages:
            lengths = rng.integers(20, 60, sizes.rows())
            arrays[f"{name}/{code}/starts"] = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
            arrays[f"{name}/{code}/ids"] = rng.integers(5, 200, int(lengths.sum())).astype(np.int32)
            arrays |= {f"{name}/{code}/{layer}": _vectors(rng, sizes) for layer in sizes.layers}
    return arrays


def _prepared(study: Study, sizes: Sizes) -> dict[str, Any]:
    """``prepared.json``: settings of the cells, counts, examples in the true scripts, and an audit."""
    lines = {code: corpus.lines[0] for code, corpus in load_parallel(study.languages, DataSource()).items()}
    names = [(name, code) for name in study.used_representations() for code in study.languages]
    spoken = [name for name, r in study.used_representations().items() if r.kind == "phoneme"]
    counts = [(task, code, 480, 180, 450) for task, spec in study.tasks.items() for code in spec.languages]
    counts += [("parallel", code, 0, 0, sizes.rows()) for code in study.languages]
    return {
        "format": FORMAT,
        "study": study.model_dump(mode="json", by_alias=True),
        "cells": {cell.name: {"settings": _settings(study, cell)} for cell in study.cells()},
        "table4": [
            {"corpus": t, "language": c, "train": a, "used": a, "dev": d, "test": e, "source": "builtin"}
            for t, c, a, d, e in counts
        ],
        "figure1": {f"{r}/{c}": {"text": lines[c], "units": " ▁ ".join(split_words(lines[c]))} for r, c in names},
        "g2p": [
            {"language": c, "representation": r, "backend": "made up", "types": 7, "tokens": 70, "unmapped": {}}
            for r in spoken for c in study.languages
        ],
        "units": {f"{r}/{c}": {"sentences": sizes.rows(), "mean_units": 40.0, "unknown_percent": 0.5} for r, c in names},
    }  # fmt: skip


def _settings(study: Study, cell: Cell) -> dict[str, Any]:
    """As much as the real settings of a run hold."""
    return {
        "format": FORMAT,
        "cell": cell.name,
        "hyper": study.tasks[cell.task].hyper.model_dump(mode="json"),
        "representation": study.representations[cell.representation].model_dump(mode="json"),
        "pretrain": study.pretrain.model_dump(mode="json"),
        "data": dict.fromkeys(("train", "dev", "test", "parallel"), "0123456789abcdef"),
    }
