"""Shared by all tests: the real corpora, a study of seconds, and runs made up without torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from gapstudy.data import LABELS, load_task
from gapstudy.prepared import Prepared
from gapstudy.store import RunStore, write_arrays, write_json
from gapstudy.study import FORMAT, METRICS, Cell, RunSpec, Study, settings_hash

ROOT = Path(__file__).parents[1]
sys.path.append(
    str(ROOT)
)  # processes that a test spawns find its module; last, so that gapstudy stays the installed one

settings.register_profile("untimed", deadline=None)  # no test is about time
settings.load_profile("untimed")

MICRO = """
schema = 1
name = "micro"
description = "A study of seconds, for tests."
demonstration = true
seeds = 2
languages = ["eng", "swa", "kor"]
[tasks.xnli]
languages = ["eng", "swa"]
representations = ["subword", "phoneme"]
train_fraction = 0.1
sentence_layer = "last"
[tasks.xnli.hyper]
epochs = 2
batch_size = 16
learning_rate = 1e-3
max_length = 96
[tasks.ner]
languages = ["eng", "kor"]
representations = ["character"]
max_seeds = 1
train_fraction = 0.1
[tasks.ner.hyper]
epochs = 2
batch_size = 16
learning_rate = 1e-3
max_length = 96
[representations.subword]
kind = "subword"
[representations.character]
kind = "character"
[representations.phoneme]
kind = "phoneme"
[pretrain]
vocabulary_size = 700
hidden_size = 16
intermediate_size = 16
max_length = 96
steps = 2
batch_size = 4
[analysis]
resamples = 60
figure1 = ["eng", "kor"]
tsne = ["eng", "kor"]
"""


WIDE = """
schema = 1
name = "wide"
description = "Every exhibit, from runs that were made up."
demonstration = true
seeds = 5
languages = ["eng", "swa", "urd", "kor", "fin"]
[tasks.xnli]
languages = ["eng", "swa", "urd"]
representations = ["subword", "character", "phoneme"]
sentence_layer = "last"
[[tasks.xnli.override]]
language = "swa"
learning_rate = 3e-6
[tasks.ner]
languages = ["eng", "kor", "fin"]
representations = ["character", "phoneme"]
[tasks.pos]
languages = ["eng", "kor", "fin"]
representations = ["character", "phoneme"]
max_seeds = 2
[representations.subword]
kind = "subword"
[representations.character]
kind = "character"
[representations.phoneme]
kind = "phoneme"
[analysis]
resamples = 60
figure1 = ["eng", "kor"]
tsne = ["eng", "kor"]
"""


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora; without it the test is skipped, or fails where everything is required."""
    folder = Path(os.environ.get("GAPSTUDY_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        message = f"no real corpora at {folder}: set GAPSTUDY_DATA"
        if os.environ.get("GAPSTUDY_REQUIRE_ALL") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="session", autouse=True)
def cache_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of the tests' own, so that nothing depends on what the user has made before."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("GAPSTUDY_CACHE")
    os.environ["GAPSTUDY_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["GAPSTUDY_CACHE"]
    else:
        os.environ["GAPSTUDY_CACHE"] = before


@pytest.fixture(scope="session")
def micro_toml() -> str:
    """The TOML of a study that trains in seconds."""
    return MICRO


@pytest.fixture(scope="session")
def micro() -> Study:
    """A study that trains in seconds."""
    return Study.parse(MICRO, "micro.toml")


@pytest.fixture(scope="session")
def wide() -> Study:
    """A study whose report has every exhibit: three tasks, three representations, two pairs with English."""
    return Study.parse(WIDE, "wide.toml")


@pytest.fixture(scope="session")
def wide_toml() -> str:
    """The TOML of the wide study."""
    return WIDE


@dataclass(frozen=True)
class Fabricated:
    """A store whose runs were made up with NumPy: what the statistics read, without any training."""

    store: RunStore
    study: Study
    content: dict[str, Any]


@pytest.fixture(scope="session")
def fabricate(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Fabricated]:
    """Make up a finished study: ``fabricate(study, seeds=5)``, or only the cells that ``keep(cell, seed)`` allows."""

    def make(
        study: Study, *, seeds: int = 5, keep: Callable[[Cell, int], bool] = lambda _cell, _seed: True, dim: int = 12
    ) -> Fabricated:
        store = RunStore(tmp_path_factory.mktemp("runs"))
        content = _prepared(study)
        paths = store.study(study.name)
        write_json(paths.prepared, content)
        write_arrays(paths.parallel, _parallel(study, dim))
        for cell in study.cells():
            for seed in range(min(seeds, study.seeds_of(cell.task, seeds))):
                if keep(cell, seed):
                    spec = RunSpec(cell=cell, seed=seed, settings=content["cells"][cell.name]["settings"])
                    _save_run(store, study, spec, dim)
        return Fabricated(store, study, content)

    return make


_SENTENCES = 40


def _settings(study: Study, cell: Cell) -> dict[str, Any]:
    task = study.tasks[cell.task]
    hyper = task.hyper_of(cell.representation, cell.language).model_dump(mode="json")
    return {"format": FORMAT, "cell": cell.name, "primary": METRICS[cell.task][0], "hyper": hyper}


def _prepared(study: Study) -> dict[str, Any]:
    names = [f"{r}/{c}" for r in study.used_representations() for c in study.languages]
    spoken = [n for n, r in study.used_representations().items() if r.kind == "phoneme"]
    counts = [("parallel", c, 0, 0, _SENTENCES) for c in study.languages]
    counts += [(t, c, 60, 18, 45) for t, spec in study.tasks.items() for c in spec.languages]
    return {
        "format": FORMAT,
        "study": study.model_dump(mode="json", by_alias=True),
        "cells": {cell.name: {"settings": _settings(study, cell)} for cell in study.cells()},
        "table4": [{"corpus": t, "language": c, "train": n, "used": n, "dev": d, "test": e, "source": "builtin"}
                   for t, c, n, d, e in counts],
        "figure1": {n: {"text": "A sentence.", "units": "ə \u2581 s ɛ n t ə n s \u2581 ."} for n in names},
        "g2p": [{"language": c, "representation": r, "backend": "made up", "types": 7, "tokens": 70, "unmapped": {"ღ": 2}, "mode": "normalised",
                 "unknown_segments": 1.0, "unknown_words": 2.5, "unknown_types": 3.0, "segments": 300, "offenders": [["ʘ", 2, ["ა"]]]}
                for r in spoken for c in study.languages],
        "units": {n: {"sentences": _SENTENCES, "mean_units": 20.0, "unknown_percent": 0.5} for n in names},
    }  # fmt: skip


def _shared(dim: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).normal(size=(_SENTENCES, dim))


def _parallel(study: Study, dim: int) -> dict[str, np.ndarray[Any, Any]]:
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    rng = np.random.default_rng(2)
    for r in study.used_representations():
        for c in study.languages:
            lengths = rng.integers(5, 15, _SENTENCES)
            arrays[f"{r}/{c}/starts"] = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
            arrays[f"{r}/{c}/ids"] = rng.integers(5, 30, int(lengths.sum())).astype(np.int32)
            for layer in ("input", "last"):
                noise = rng.normal(size=(_SENTENCES, dim))
                arrays[f"{r}/{c}/{layer}"] = (_shared(dim) + noise).astype(np.float32)
    return arrays


def _save_run(store: RunStore, study: Study, spec: RunSpec, dim: int) -> None:
    cell, rng = spec.cell, np.random.default_rng([spec.seed, settings_number(spec.cell.name)])
    gold = np.arange(45) % 3 if cell.task == "xnli" else np.arange(90) % len(LABELS[cell.task])
    classes = len(LABELS[cell.task])
    tested = study.evaluated_on(cell.task, cell.language)
    metrics: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    vectors: dict[str, Any] = {}
    for code in tested:
        logits = rng.normal(size=(len(gold), classes)) + 2.0 * np.eye(classes)[gold]
        right = 100.0 * float((logits.argmax(1) == gold).mean())
        names = METRICS[cell.task]
        metrics[code] = {"test": dict.fromkeys(names, right)}
        outputs |= {f"{code}/test/logits": logits.astype(np.float32), f"{code}/test/gold": gold.astype(np.int32)}
        for layer in ("input", "last"):
            noise = rng.normal(size=(_SENTENCES, dim))
            vectors[f"{code}/{layer}"] = (_shared(dim) + 0.7 * noise).astype(np.float32)
    metrics.setdefault(cell.language, {})["dev"] = metrics[tested[0]]["test"]
    record = {"metrics": metrics, "primary": names[0], "units": {}, "best_epoch": 1, "cut_words": {},
              "timings": {"fit_seconds": 1.5}, "provenance": {"gapstudy": "test", "device": "none"}}  # fmt: skip
    store.save(
        study.name,
        spec,
        record,
        history=_history(names[0], metrics[tested[0]]["test"][names[0]]),
        embeddings=vectors,
        outputs=outputs,
    )


def _history(metric: str, score: float) -> list[dict[str, float]]:
    return [{"epoch": float(e), "train_loss": 1.0 / e, f"dev_{metric}": score - 2.0 * (3 - e)} for e in (1, 2, 3)]


def settings_number(text: str) -> int:
    """Turn a name into a number that seeds a generator."""
    return int(settings_hash({"name": text}), 16)


@pytest.fixture(scope="session")
def builtin_task() -> Callable[[str, str], Any]:
    """Load an embedded task: ``builtin_task("xnli", "eng")``."""
    from gapstudy.study import DataSource

    return lambda task, language: load_task(task, language, DataSource())


@pytest.fixture(scope="session")
def prepared_micro(cache_root: Path, micro: Study, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The micro study prepared in this process, with its encoders and arrays in the tests' own cache."""
    pytest.importorskip("torch")
    from gapstudy.pipeline import prepare
    from gapstudy.prepare import serially

    assert cache_root.is_dir()
    return prepare(micro, RunStore(tmp_path_factory.mktemp("prepared")), serially, lambda _text: None)
