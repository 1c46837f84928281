"""What the sections on provenance share: what a report rests on, what a run recorded, and tables without a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.text import counted
from gapstudy.store import Run

__all__ = ["NOT_RECORDED", "SHOWN", "Circumstances", "device_of", "kinds", "listed", "made_of"]

NOT_RECORDED = "not recorded"
SHOWN = 12
"""Most kinds or reasons that are printed; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a report rests on beside its evidence.

    Attributes
    ----------
    excluded : run folder -> why a finished run is left out.
    unfinished : id of a planned run that is not finished -> what has become of it.
    engine : what renders the report, with versions; "" where that is not known.
    stamp : SOURCE_DATE_EPOCH that gives the same dates.
    """

    excluded: Mapping[str, str] = field(default_factory=dict)
    unfinished: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    stamp: int = 0


def made_of(run: Run) -> dict[str, Any]:
    """Return what a run recorded of its making; older versions recorded less."""
    return dict(run.record.get("provenance", {}))


def device_of(made: Mapping[str, Any]) -> str:
    """Return kind and name of the device of a run."""
    return " ".join(str(made[key]) for key in ("device", "device_name") if made.get(key))


def kinds(counts: Mapping[str, int]) -> str:
    """Say what there is, with how often where it is not everywhere the same."""
    if len(counts) == 1:
        return next(iter(counts))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{value} ({counted(n, 'run')})" for value, n in ranked[:SHOWN]]
    return "; ".join([*shown, f"and {len(ranked) - SHOWN} others"] if len(ranked) > SHOWN else shown)


def listed(
    key: str,
    title: str,
    header: Sequence[tuple[str]],
    rows: Sequence[tuple[Cell, ...]],
    align: str,
    **more: Any,
) -> Exhibit:
    """Return a table without a number."""
    table = Table(header=(tuple(Head(*text) for text in header),), rows=tuple(rows), align=align, small=len(align) > 3)
    more["records"] = tuple(more.get("records", ()))
    return Exhibit(
        key=key,
        kind="table",
        numbered=False,
        title=title,
        caption="",
        signature="",
        table=table if rows else None,
        **more,
    )
