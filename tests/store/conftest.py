"""A run of three sentences, and a store that holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gapstudy.store import Run, RunPaths, RunStore
from gapstudy.study import Cell, RunSpec

RECORD: dict[str, Any] = {
    "metrics": {"swa": {"test": {"accuracy": 61.5}, "dev": {"accuracy": 59.0}}},
    "primary": "accuracy",
    "units": {"accuracy": "percent"},
    "best_epoch": 2,
    "cut_words": {"swa": 0},
    "timings": {"fit_seconds": 0.5},
    "provenance": {"gapstudy": "test"},
}


@dataclass(frozen=True)
class Saved:
    """A store with one finished run."""

    store: RunStore
    spec: RunSpec
    run: Run
    paths: RunPaths


def save(store: RunStore, spec: RunSpec) -> Run:
    """Save the run of this folder's tests; its numbers depend on the seed alone."""
    rng = np.random.default_rng(spec.seed)
    return store.save(
        "demo",
        spec,
        RECORD,
        history=[{"epoch": 1.0, "dev_accuracy": 59.0}, {"epoch": 2.0, "dev_accuracy": 1 / 3}],
        embeddings={f"swa/{layer}": rng.normal(size=(3, 4)).astype(np.float32) for layer in ("input", "last")},
        outputs={
            "swa/test/logits": rng.normal(size=(3, 2)).astype(np.float32),
            "swa/test/gold": np.array([0, 1, 1], np.int32),
        },
    )


@pytest.fixture
def spec() -> RunSpec:
    """The identity of the run."""
    return RunSpec(
        cell=Cell(task="xnli", representation="phoneme", language="swa"), seed=3, settings={"hyper": {"epochs": 2}}
    )


@pytest.fixture
def saved(tmp_path: Path, spec: RunSpec) -> Saved:
    """A store of this test's own with the run in it."""
    store = RunStore(tmp_path / "runs")
    run = save(store, spec)
    return Saved(store, spec, run, store.study("demo").run(spec.run_id))


@pytest.fixture
def save_again() -> Callable[[RunStore, RunSpec], Run]:
    """Save the run once more, or into another store."""
    return save
