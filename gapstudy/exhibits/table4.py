"""Table 4: how many examples there are, as read, beside the paper's printed counts.

Paper: appendix A, Table 4. The paper's UD rows print 11 training sizes for 10 languages and are not repeated.
"""

from __future__ import annotations

from typing import Any

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.published import TABLE4
from gapstudy.exhibits.text import NAMES

__all__ = ["compute"]


def compute(evidence: Evidence) -> Exhibit:
    """Compute Table 4 from what was prepared."""
    counts = [row for row in evidence.prepared["table4"] if row["corpus"] in {*evidence.study.tasks, "parallel"}]
    rows: list[tuple[Cell, ...]] = []
    for corpus in dict.fromkeys(row["corpus"] for row in counts):
        rows.append((Cell(NAMES[corpus], heading=True),))
        rows += _rows([row for row in counts if row["corpus"] == corpus])
    header = (
        (Head(""), Head("This study", 5), Head("Paper", 3)),
        (Head("Language"), Head("Source"), Head("Train"), Head("Used"), Head("Dev"), Head("Test"),
         Head("Train"), Head("Dev"), Head("Test")),
    )  # fmt: skip
    return Exhibit(
        key="table4",
        kind="table",
        title="Examples in each corpus",
        caption="Examples (pairs or sentences) as read; *Used* is what is left after the study's training fraction. The "
        "paper's counts are repeated as printed; it gives 1.2k FLORES+ sentences where its text has 1,012.",
        signature=evidence.prepared_signature(),
        table=Table(header=header, rows=tuple(rows), align="llrrrrrrr"),
        data={"rows": counts},
        records=tuple(counts),
    )


def _rows(counts: list[dict[str, Any]]) -> list[tuple[Cell, ...]]:
    """Print one row for all languages that have the same numbers, here and in the paper."""
    by_numbers: dict[tuple[str, ...], list[str]] = {}
    for row in counts:
        own = tuple(f"{row[key]:,}" if row[key] else "–" for key in ("train", "used", "dev", "test"))
        printed = TABLE4.get((row["corpus"], row["language"]), ("–", "–", "–"))
        numbers = (row["source"], *own, *(text.replace("-", "–") for text in printed))
        by_numbers.setdefault(numbers, []).append(row["language"])
    return [(Cell(" ".join(codes), heading=True), *map(Cell, numbers)) for numbers, codes in by_numbers.items()]
