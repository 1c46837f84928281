"""Every file name of the store, and the one way a file is written: beside, then renamed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.errors import StoreError

__all__ = ["RunPaths", "StudyPaths", "file_hash", "read_json", "write_arrays", "write_atomically", "write_json"]


@dataclass(frozen=True, slots=True)
class StudyPaths:
    """The files of one study in the store."""

    folder: Path

    @property
    def prepared(self) -> Path:
        """What ``prepare`` found: the study, data fingerprints, Table 4, Figure 1, the G2P audit."""
        return self.folder / "prepared.json"

    @property
    def parallel(self) -> Path:
        """Units of the parallel sentences and their vectors before fine-tuning, keys ``representation/language/...``."""
        return self.folder / "parallel.safetensors"

    @property
    def chosen(self) -> Path:
        """What ``gapstudy sweep`` chose: hyper-parameters by cell."""
        return self.folder / "chosen.json"

    def run(self, run_id: str) -> RunPaths:
        """Return the files of one run."""
        return RunPaths(self.folder / run_id)


@dataclass(frozen=True, slots=True)
class RunPaths:
    """The files of one run."""

    folder: Path

    @property
    def record(self) -> Path:
        """``run.json``: written last; its existence means that the run is complete."""
        return self.folder / "run.json"

    @property
    def history(self) -> Path:
        """``history.csv``: a row an epoch."""
        return self.folder / "history.csv"

    @property
    def embeddings(self) -> Path:
        """``embeddings.safetensors``: sentence vectors, keys ``language/layer``."""
        return self.folder / "embeddings.safetensors"

    @property
    def outputs(self) -> Path:
        """``outputs.safetensors``: logits and gold labels, keys ``language/split/logits|gold``."""
        return self.folder / "outputs.safetensors"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint of an unfinished run."""
        return self.folder / "checkpoint" / "state.safetensors"

    @property
    def error(self) -> Path:
        """``error.txt``: why the last try failed."""
        return self.folder / "error.txt"

    @property
    def claim(self) -> Path:
        """``claim.json``: which process works on the run."""
        return self.folder / "claim.json"


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` and rename it on success: no reader ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON with sorted keys, beside and renamed."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    with write_atomically(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8", newline="\n")


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write named arrays as safetensors, beside and renamed, with the permissions that the user's umask gives."""
    from safetensors.numpy import save

    content = save({key: np.asarray(value, order="C") for key, value in arrays.items()})
    with write_atomically(path) as temporary:
        temporary.write_bytes(content)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path, again: str = "gapstudy train-seeds") -> Any:
    """Read JSON.

    Raises
    ------
    StoreError
        If the file cannot be read or is not JSON; the message says what to do: delete it, and run ``again`` again.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read ({error}); delete it and run {again} again"
        raise StoreError(msg) from None
