"""``results.json``: every number of the report, for machines."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from gapstudy import __version__
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.text import counted
from gapstudy.report.files import replace_text
from gapstudy.store.places import without_places

__all__ = ["Changes", "changes_since", "jsonable", "write_results"]

_HEX = 16


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of the runs since an earlier report.

    Attributes
    ----------
    since : the date of that report.
    added, gone, changed : ids of runs that are new, that it had and are not used any more, and that hold something else.
    """

    since: str
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.added or self.gone or self.changed)

    def __str__(self) -> str:
        """Say how many, with the first names.

        >>> str(Changes("2026-01-01", added=("a", "b"), gone=("c",)))
        'since the report of 2026-01-01: 2 runs added (a, b), 1 run gone (c)'
        """
        kinds = (("added", self.added), ("gone", self.gone), ("changed", self.changed))
        parts = [f"{counted(len(names), 'run')} {word} ({_first(names)})" for word, names in kinds if names]
        return f"since the report of {self.since}: {', '.join(parts) or 'no run added, gone or changed'}"


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def changes_since(folder: Path, runs: Mapping[str, str], cells: Collection[str]) -> Changes | None:
    """Return what became of the runs since the report in ``folder``; None where there is none that says what it had.

    Parameters
    ----------
    runs : id -> hash of all that the run holds, of the runs that a report made now would have.
    cells : names of what such a report shows. It may show less than the earlier one: runs of the rest are not gone.
    """
    try:
        earlier = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        since, had = str(earlier["date"]), dict(earlier["contents"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Changes(
        since,
        added=tuple(run_id for run_id in runs if run_id not in had),
        gone=tuple(run_id for run_id in had if run_id not in runs and run_id.rsplit("-", 2)[0] in cells),
        changed=tuple(run_id for run_id, content in runs.items() if had.get(run_id, content[:_HEX]) != content[:_HEX]),
    )


def write_results(
    folder: Path,
    study: str,
    exhibits: Sequence[Exhibit],
    *,
    made: date,
    excluded: Mapping[str, str],
    runs: Mapping[str, str],
    provenance: Mapping[str, Any] | None = None,
    rendered: bool = True,
) -> Path:
    """Write ``results.json``: each exhibit's data, signature and what it misses; the runs used and excluded.

    Parameters
    ----------
    excluded : run -> why it is left out.
    runs : id -> hash of all that the run holds; by it the next report knows what has changed.
    provenance : what the runs and the report were made with.
    rendered : whether the document beside it is of the same runs; else the file does not claim so.
    """
    content = {
        "study": study,
        "gapstudy": __version__,
        "date": made.isoformat(),
        "runs": list(runs),
        **({"contents": {run_id: content[:_HEX] for run_id, content in runs.items()}} if rendered else {}),
        "excluded": {run_id: without_places(why) for run_id, why in excluded.items()},
        "provenance": jsonable(provenance or {}),
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
