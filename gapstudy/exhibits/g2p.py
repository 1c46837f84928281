"""What grapheme-to-phoneme conversion covered, by language.

Paper: section 3.6 (Epitran and segments); the paper reports no audit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import number

__all__ = ["compute"]


def compute(evidence: Evidence) -> Exhibit:
    """Compute the audit from what was prepared."""
    audits = evidence.prepared["g2p"]
    units = evidence.prepared["units"]
    rows: list[tuple[Cell, ...]] = []
    names = dict.fromkeys(row["representation"] for row in audits)
    for row in audits:
        if len(names) > 1 and (Cell(row["representation"], heading=True),) not in rows:
            rows.append((Cell(row["representation"], heading=True),))
        rows.append(_row(row, units.get(f"{row['representation']}/{row['language']}", {})))
    header = (
        (Head(""), Head("Words", 2), Head("Unknown (%)", 2), Head(""), Head("", 2)),
        (Head("Language"), Head("Types"), Head("Running"), Head("Phones"), Head("Words"), Head("Phones a sentence"),
         Head("Worst unknown symbols"), Head("Characters no rule mapped")),
    )  # fmt: skip
    backends = sorted({row["backend"] for row in audits})
    return Exhibit(
        key="g2p",
        kind="table",
        title="Grapheme-to-phoneme conversion",
        caption="How many words of each language were converted, and what the encoder does not know of them.",
        method="Every word of the study's text, marks and numbers included. *Unknown* phones are not in the encoder's "
        "vocabulary; *words* are those that hold one. *Phones a sentence* is of the parallel corpus.",
        signature=evidence.prepared_signature(),
        table=Table(header=header, rows=tuple(rows), align="lrrrrrll", small=True) if rows else None,
        data={"audits": audits},
        records=tuple(
            {k: v for k, v in row.items() if isinstance(v, str | int | float) or v is None} for row in audits
        ),
        missing=() if rows else ("the study has no phoneme representation",),
        notes=(*_back_ends(backends), *_replaced(audits)),
    )


def _back_ends(backends: list[str]) -> tuple[str, ...]:
    """Name what converted the words: what all languages share once."""
    if len(backends) < 2:
        return tuple(f"Back end: {backend}." for backend in backends)
    parts = [backend.split("|") for backend in backends]
    shared = [part for part in parts[0] if all(part in other for other in parts)]
    own = dict.fromkeys(part for other in parts for part in other if part not in shared)
    some = f"; for some languages also {', '.join(own)}" if own else ""
    return (f"Back end: {', '.join(shared) or 'none in common'}{some}.",)


def _row(audit: dict[str, Any], facts: dict[str, Any]) -> tuple[Cell, ...]:
    unmapped = sorted(audit["unmapped"].items(), key=lambda item: (-item[1], item[0]))
    offenders = [(symbol, count) for symbol, count, _words in audit.get("offenders", ())]
    return (
        Cell(audit["language"], heading=True),
        Cell(f"{audit['types']:,}"),
        Cell(f"{audit['tokens']:,}"),
        Cell(_percent(audit.get("unknown_segments"))),
        Cell(_percent(audit.get("unknown_words"))),
        Cell(number(facts.get("mean_units", float("nan")), 1)),
        Cell(_counted(offenders)),
        Cell(_counted(unmapped)),
    )


def _replaced(audits: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Say what the mode harmonised put in the place of phones that the encoder lacks."""
    for audit in audits:
        if found := audit.get("replacements"):
            shown = ", ".join(f"{symbol} by {' '.join(by) or 'nothing'} (×{count})" for symbol, by, count in found[:6])
            yield f"Replaced in {audit['language']}: {shown}."


def _percent(value: float | None) -> str:
    return number(float("nan") if value is None else value, 2)


def _counted(signs: Sequence[tuple[str, int]]) -> str:
    """Return the commonest signs with their counts."""
    return " ".join(f"{_legible(sign)}×{count}" for sign, count in signs[:4]) or "none"


def _legible(sign: str) -> str:
    """Return a sign that can stand by itself in a line from left to right: marks and right-to-left letters by number."""
    turns = any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in sign)
    return " ".join(f"U+{ord(char):04X}" for char in sign) if turns or unicodedata.category(sign[0])[0] == "M" else sign
