"""Cells and runs: what is trained, and the identity of each run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

__all__ = ["FORMAT", "Cell", "RunSpec", "settings_hash"]

FORMAT = 1
"""Version of the run format: raised when old runs can no longer be compared with new ones."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cell:
    """One (task, representation, language) of a study; a run is a cell with a seed."""

    task: str
    representation: str
    language: str

    @property
    def name(self) -> str:
        """Readable name, for example ``xnli-phoneme-swa``."""
        return f"{self.task}-{self.representation}-{self.language}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """What one run is: its cell, its seed, and everything else that can change its result.

    ``settings`` holds only JSON values: hyper-parameters, representation, pre-training, protocol, fraction,
    data fingerprints, format version. Paths, device and engine are never in it.
    """

    cell: Cell
    seed: int
    settings: dict[str, Any]

    @property
    def cell_hash(self) -> str:
        """Eight hex digits that identify the settings (the seed apart)."""
        return settings_hash(self.settings)

    @property
    def run_id(self) -> str:
        """Directory name of the run, for example ``xnli-phoneme-swa-s07-3f9a12cd``."""
        return f"{self.cell.name}-s{self.seed:02d}-{self.cell_hash}"


def settings_hash(settings: dict[str, Any]) -> str:
    """Return eight hex digits that change with anything in ``settings``."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]
