"""One finished run: its record, scores, sentence vectors and outputs."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.errors import StoreError
from gapstudy.store.files import RunPaths, file_hash, read_json
from gapstudy.study import FORMAT, Cell, settings_hash

__all__ = ["Outputs", "Run"]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a model said of one test set: logits (items, classes) float32 and gold labels (items,) int."""

    logits: npt.NDArray[np.float32]
    gold: npt.NDArray[np.int64]

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """Class probabilities (items, classes): the softmax of the logits, rows summing to 1."""
        shifted = np.exp(self.logits.astype(np.float64) - self.logits.max(axis=1, keepdims=True))
        probabilities: npt.NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
        return probabilities

    @property
    def predictions(self) -> npt.NDArray[np.int64]:
        """Predicted labels (items,)."""
        predictions: npt.NDArray[np.int64] = self.logits.argmax(axis=1)
        return predictions


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run in the store; arrays are read when they are asked for."""

    folder: Path
    record: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Run:
        """Read ``run.json`` of a run folder.

        Raises
        ------
        StoreError
            If it cannot be read or misses what every record has.
        """
        record = read_json(RunPaths(folder).record)
        if not _is_record(record):
            msg = f"{folder / 'run.json'} is not a run record of format {FORMAT}; delete the folder and train again"
            raise StoreError(msg)
        return cls(folder, record)

    @property
    def run_id(self) -> str:
        """Name of the run."""
        return str(self.record["run_id"])

    @property
    def cell(self) -> Cell:
        """Task, representation and training language."""
        return Cell(**self.record["cell"])

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return int(self.record["seed"])

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages the run was tested on."""
        return tuple(self.record["metrics"])

    def score(self, language: str | None = None, *, split: str = "test", metric: str | None = None) -> float:
        """Return a score in percent (default: the primary metric on the test set of the training language)."""
        scores = self.record["metrics"][language or self.cell.language][split]
        return float(scores[metric or self.record["primary"]])

    def embeddings(self, layer: str, language: str | None = None) -> npt.NDArray[np.float32]:
        """Return sentence vectors (sentences, d) of the parallel corpus in ``language``.

        Raises
        ------
        StoreError
            If the file is damaged or holds no such vectors.
        """
        return self._tensor(RunPaths(self.folder).embeddings, f"{language or self.cell.language}/{layer}")

    def outputs(self, language: str | None = None, *, split: str = "test") -> Outputs:
        """Return logits and gold labels of a test set.

        Raises
        ------
        StoreError
            If the file is damaged or holds no such outputs.
        """
        path, key = RunPaths(self.folder).outputs, f"{language or self.cell.language}/{split}"
        return Outputs(self._tensor(path, f"{key}/logits"), self._tensor(path, f"{key}/gold").astype(np.int64))

    def history(self) -> list[dict[str, float]]:
        """Return the rows of ``history.csv`` as numbers.

        Raises
        ------
        StoreError
            If the file is damaged.
        """
        path = RunPaths(self.folder).history
        try:
            with path.open(encoding="utf-8", newline="") as file:
                return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
        except (OSError, ValueError, TypeError) as error:
            msg = f"{path}: {error}; delete {self.folder} and run gapstudy train-seeds again"
            raise StoreError(msg) from None

    def content(self) -> str:
        """Return a hash of all that the run holds.

        The record has the hashes of the arrays. ``run.json`` is written last, so arrays that are not younger than it
        are those that it speaks of; others are hashed again.

        Raises
        ------
        StoreError
            If a file cannot be read.
        """
        paths = RunPaths(self.folder)
        known: dict[str, str] = self.record.get("sha256", {})
        try:
            written = paths.record.stat().st_mtime_ns
            arrays = {
                path.name: known[path.name]
                if path.name in known and path.stat().st_mtime_ns <= written
                else _hash_once(path)
                for path in (paths.embeddings, paths.outputs)
            }
        except OSError as error:
            msg = f"{error.filename}: {error.strerror}; delete {self.folder} and run gapstudy train-seeds again"
            raise StoreError(msg) from None
        record = {key: value for key, value in self.record.items() if key != "sha256"}
        text = json.dumps([record, arrays], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def damage(self) -> str:
        """Return what is wrong with the run's files ("" when all are there and as recorded).

        Sizes are compared, and the hashes of files that are younger than ``run.json``, which is written last.
        """
        if self.folder.name != self.run_id:
            return f"{self.folder} holds run {self.run_id}: a copied or renamed folder"
        paths = RunPaths(self.folder)
        for path in (paths.embeddings, paths.outputs, paths.history):
            size = self.record["files"].get(path.name)
            if not path.is_file():
                return f"{path} is missing"
            if path.stat().st_size != size:
                return f"{path} has {path.stat().st_size} bytes where {size} were written"
        return self._alteration()

    def _alteration(self) -> str:
        """Return which file was changed after the run was finished, as far as times and settings show."""
        paths = RunPaths(self.folder)
        if settings_hash(self.record["settings"]) != self.record["cell_hash"]:
            return f"{paths.record} was changed after the run was finished: its settings are not those of its cell_hash"
        written = paths.record.stat().st_mtime_ns
        for path in (paths.embeddings, paths.outputs, paths.history):
            known = self.record.get("sha256", {}).get(path.name)
            if known is not None and path.stat().st_mtime_ns > written and _hash_once(path) != known:
                return (
                    f"{path} was changed after the run was finished: it is not what {paths.record.name} has the hash of"
                )
        return ""

    def _tensor(self, path: Path, key: str) -> npt.NDArray[np.float32]:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "numpy") as file:
                tensor: npt.NDArray[np.float32] = file.get_tensor(key)
        except (OSError, SafetensorError) as error:
            msg = f"{path}: {error}; delete {self.folder} and run gapstudy train-seeds again"
            raise StoreError(msg) from None
        return tensor


def _hash_once(path: Path) -> str:
    """Return the hash of a file, read once as long as its size and time stay."""
    state = path.stat()
    return _hash_as_of(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4096)
def _hash_as_of(path: Path, _size: int, _time: int) -> str:
    return file_hash(path)


_KINDS = {"run_id": str, "cell": dict, "seed": int, "metrics": dict, "primary": str, "settings": dict, "cell_hash": str,
          "files": dict}  # fmt: skip


def _is_record(record: Any) -> bool:
    """Whether JSON has what every record of this format has."""
    return (
        isinstance(record, dict)
        and record.get("format") == FORMAT
        and all(isinstance(record.get(key), kind) for key, kind in _KINDS.items())
        and set(record["cell"]) == {"task", "representation", "language"}
    )
