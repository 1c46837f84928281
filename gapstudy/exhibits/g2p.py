"""What grapheme-to-phoneme conversion covered, by language.

Paper: section 3.6 (Epitran and segments); the paper reports no audit.
"""

from __future__ import annotations

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
        facts = units.get(f"{row['representation']}/{row['language']}", {})
        unmapped = sorted(row["unmapped"].items(), key=lambda item: (-item[1], item[0]))
        shown = " ".join(f"{sign}×{count}" for sign, count in unmapped[:6]) or "none"
        rows.append(
            (Cell(row["language"], heading=True), Cell(f"{row['types']:,}"), Cell(f"{row['tokens']:,}"),
             Cell(number(facts.get("mean_units", float("nan")), 1)), Cell(number(facts.get("unknown_percent", float("nan")), 2)),
             Cell(shown))
        )  # fmt: skip
    header = (
        (
            Head("Language"),
            Head("Word types"),
            Head("Tokens"),
            Head("Phones a sentence"),
            Head("Unknown (%)"),
            Head("Characters no rule mapped"),
        ),
    )
    backends = sorted({row["backend"] for row in audits})
    return Exhibit(
        key="g2p",
        kind="table",
        title="Grapheme-to-phoneme conversion",
        caption="Every word type of the study's text. *Phones a sentence* and *Unknown* (units that the encoder does not know) "
        "are of the parallel corpus.",
        signature=evidence.prepared_signature(),
        table=Table(header=header, rows=tuple(rows), align="lrrrrl") if rows else None,
        data={"audits": audits},
        records=tuple({k: v for k, v in row.items() if k != "unmapped"} for row in audits),
        missing=() if rows else ("the study has no phoneme representation",),
        notes=tuple(f"Back end: {backend}." for backend in backends),
    )
