"""runs/: what training writes and what the statistics read.

``RunStore("runs").select(study="tiny", task="xnli")`` gives the finished runs; ``.to_frame()`` a pandas table.
The format is described in ``runs/README.md``; nothing here imports torch, transformers or epitran.
"""

from __future__ import annotations

from gapstudy.store.claims import Claim
from gapstudy.store.files import RunPaths, StudyPaths, file_hash, read_json, write_arrays, write_atomically, write_json
from gapstudy.store.run import Outputs, Run
from gapstudy.store.store import RunStore, Selection, State

__all__ = [
    "Claim",
    "Outputs",
    "Run",
    "RunPaths",
    "RunStore",
    "Selection",
    "State",
    "StudyPaths",
    "file_hash",
    "read_json",
    "write_arrays",
    "write_atomically",
    "write_json",
]
