"""``results.json``: every number of the report, for machines."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from gapstudy import __version__
from gapstudy.exhibits.base import Exhibit
from gapstudy.report.files import replace_text

__all__ = ["jsonable", "write_results"]


def write_results(
    folder: Path,
    study: str,
    exhibits: Sequence[Exhibit],
    *,
    made: date,
    excluded: Mapping[str, str],
    runs: Sequence[str],
) -> Path:
    """Write ``results.json``: each exhibit's data, signature and what it misses; the runs used and excluded."""
    content = {
        "study": study,
        "gapstudy": __version__,
        "date": made.isoformat(),
        "runs": list(runs),
        "excluded": dict(excluded),
        "exhibits": {
            e.key: {"title": e.title, "signature": e.signature, "missing": list(e.missing), "data": jsonable(e.data)}
            for e in exhibits
        },
    }
    path = folder / "results.json"
    replace_text(path, json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    return path


def jsonable(value: Any) -> Any:
    """Return ``value`` with records as objects, tuple keys joined by "/", arrays as lists, NaN and infinity as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: jsonable(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {"/".join(k) if isinstance(k, tuple) else str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return jsonable(value.tolist())
    if isinstance(value, (list, tuple)):
        return [jsonable(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
