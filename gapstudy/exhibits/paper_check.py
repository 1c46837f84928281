"""The paper's own numbers: what differs when it is recomputed, what does not hold, and the slips of method.

Paper: Tables 1-5 and its text, as printed; no run of the study has a part in it (:mod:`gapstudy.exhibits.check`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.check import Check, check_paper
from gapstudy.exhibits.evidence import Evidence

__all__ = ["compute"]


def compute(evidence: Evidence) -> Exhibit:
    """Compute the check of the paper's printed numbers; the table has what does not agree, the CSV everything."""
    checks = check_paper()
    rows: list[tuple[Cell, ...]] = []
    for title, chosen in (
        ("Numbers that differ", [c for c in checks if c.kind == "number" and not c.agrees]),
        ("Claims that do not hold on the paper's own numbers", [c for c in checks if c.verdict == "does not hold"]),
        ("Slips of method", [c for c in checks if c.kind == "slip"]),
    ):
        rows.append((Cell(title, heading=True),))
        rows += [_row(c) for c in chosen]
    heads = ("Where", "What", "Finding")
    return Exhibit(
        key="paper-check",
        kind="table",
        title="The paper's printed numbers, recomputed",
        caption=_caption(checks),
        method="Numbers agree within one and a half units of the last printed digit (*p*: within a third). The table has the rest, the CSV all. "
        "Scores themselves cannot be recomputed: Tables 1 to 3 show them beside this study's.",
        signature=evidence.paper_signature(),
        table=Table(header=(tuple(map(Head, heads)),), rows=tuple(rows), align="lll", small=True),
        data={"checks": [asdict(c) | {"verdict": c.verdict} for c in checks]},
        records=tuple({"where": c.where, "what": c.what, "kind": c.kind, "printed": _plain(c.printed),
                       "recomputed": _plain(c.recomputed), "verdict": c.verdict, "remark": c.remark} for c in checks),
    )  # fmt: skip


def _caption(checks: Sequence[Check]) -> str:
    agree = sum(c.verdict == "agrees" for c in checks)
    numbers, claims = (sum(c.kind == kind for c in checks) for kind in ("number", "claim"))
    hold = sum(c.verdict == "holds" for c in checks)
    return (
        f"Of {numbers} printed numbers that can be recomputed from the paper and the sizes of its data sets {agree} agree, "
        f"and {hold} of {claims} claims about them hold. Here are those that do not, and slips of method."
    )


def _row(check: Check) -> tuple[Cell, ...]:
    numbers = (("printed", check.printed), ("margin" if check.kind == "claim" else "recomputed", check.recomputed))
    said = ", ".join(f"{name} {_number(value)}" for name, value in numbers if value is not None)
    finding = f"{said}: {check.remark}" if said and check.remark else said or check.remark
    return (Cell(check.where, heading=True), Cell(check.what), Cell(finding))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _plain(value: float | None) -> float:
    return float("nan") if value is None else value
