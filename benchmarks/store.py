"""The store: listing, table and arrays of many small runs, against reading the same files and no more."""

from __future__ import annotations

import itertools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fabricated import fabricate, run_of
from benchmarks.harness import Peer, Row, against, run, same
from gapstudy.store import RunStore
from gapstudy.study import RunSpec, Study


def rows(quick: bool) -> Iterator[Row]:
    """Reading and writing a store of runs as small as the embedded study's."""
    count, rounds = (100, 3) if quick else (1000, 5)
    study = Study.load("tiny")
    with tempfile.TemporaryDirectory() as folder:
        plan = itertools.islice(itertools.product(range(count), study.cells()), count)
        store = fabricate(study, Path(folder) / "runs", plan)
        yield from reading(study, store, count, rounds=rounds)
        yield from writing(study, Path(folder) / "written", 20, rounds=rounds)


def reading(study: Study, store: RunStore, count: int, *, rounds: int) -> Iterator[Row]:
    """``select``, ``to_frame`` and every run's sentence vectors."""
    import pandas as pd  # noqa: F401 - its import is no part of to_frame

    folder, size = store.study(study.name).folder, f"{count} runs"
    found = store.select(study=study.name)
    same("runs found", len(found), count)
    frame = store.to_frame(study=study.name)
    test = frame[(frame["split"] == "test") & frame["primary"]]
    scores = {run_id: _scores(text) for run_id, text in _records(folder).items()}
    same("scores", test["score"].to_numpy(), [scores[run_id] for run_id in test["run_id"]])
    records, arrays = _record_floor(folder), _bytes_floor(folder, "embeddings.safetensors")
    said = "records parsed and checked, sizes of the three other files compared"
    yield from against(
        "store-select", size, lambda: store.select(study=study.name), [records], rounds=rounds, note=said
    )
    yield from against("store-to-frame", size, lambda: store.to_frame(study=study.name), [records], rounds=rounds)

    def vectors() -> None:
        for one in found:
            one.embeddings("last")

    yield from against("store-vectors", size, vectors, [arrays], rounds=rounds, note="one of two layers of each file")


def _records(folder: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in folder.glob("*/run.json")}


def _scores(text: bytes) -> float:
    record = json.loads(text)
    return float(record["metrics"][record["cell"]["language"]]["test"][record["primary"]])


def _record_floor(folder: Path) -> Peer:
    """The bytes of every record, and a look at the other three files."""

    def call() -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    Path(entry.path, "run.json").read_bytes()
                    for name in ("embeddings.safetensors", "outputs.safetensors", "history.csv"):
                        Path(entry.path, name).stat()

    size = sum(path.stat().st_size for path in folder.glob("*/run.json"))
    return Peer(name="floor: reading the files", call=call, note=f"{size} bytes of records, in the page cache")


def _bytes_floor(folder: Path, name: str) -> Peer:
    paths = list(folder.glob(f"*/{name}"))

    def call() -> None:
        for path in paths:
            path.read_bytes()

    size = sum(path.stat().st_size for path in paths)
    return Peer(name="floor: reading the files", call=call, note=f"{size} bytes, in the page cache")


def writing(study: Study, root: Path, count: int, *, rounds: int) -> Iterator[Row]:
    """``save`` of runs, against writing the bytes that it leaves."""
    cell, store = study.cells()[0], RunStore(root)
    settings = {"hyper": study.tasks[cell.task].hyper.model_dump(mode="json")}
    specs = [RunSpec(cell=cell, seed=seed, settings=settings) for seed in range(count)]
    parts = [run_of(spec, np.random.default_rng(spec.seed)) for spec in specs]

    def ours() -> None:
        for spec, part in zip(specs, parts, strict=True):
            store.save(study.name, spec, **part)

    ours()
    floor = Peer(name="floor: writing the bytes", call=_written(store.study(study.name).folder, root / "plain"))
    yield from against("store-save", f"{count} runs", ours, [floor], rounds=rounds, note="each file beside and renamed")


def _written(source: Path, target: Path) -> Callable[[], object]:
    contents = {path.relative_to(source): path.read_bytes() for path in source.rglob("*") if path.is_file()}

    def call() -> None:
        for name, content in contents.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    return call


if __name__ == "__main__":
    run(rows)
