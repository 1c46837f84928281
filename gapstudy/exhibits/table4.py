"""Table 4: how many examples there are, as read, beside the paper's printed counts.

Paper: appendix A, Table 4. What its rows leave unclear is said in footnotes.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.published import TABLE4, TABLE4_NOTES
from gapstudy.exhibits.text import NAMES
from gapstudy.study import DataSource

__all__ = ["compute"]


def compute(evidence: Evidence) -> Exhibit:
    """Compute Table 4 from what was prepared."""
    counts = [
        {**row, "source": _source(evidence.study.source(row["corpus"]), row["language"])}
        for row in evidence.prepared["table4"]
        if row["corpus"] in {*evidence.study.tasks, "parallel"}
    ]
    rows: list[tuple[Cell, ...]] = []
    for corpus in dict.fromkeys(row["corpus"] for row in counts):
        rows.append((Cell(NAMES[corpus], heading=True),))
        rows += _rows([row for row in counts if row["corpus"] == corpus])
    header = (
        (Head(""), Head("This study, examples", 5), Head("Paper, examples", 3)),
        (Head("Language"), Head("Source"), Head("Train"), Head("Used"), Head("Dev"), Head("Test"),
         Head("Train"), Head("Dev"), Head("Test")),
    )  # fmt: skip
    return Exhibit(
        key="table4",
        kind="table",
        title="Examples in each corpus",
        caption="Examples (pairs of sentences, or sentences) of each corpus as this study read them, beside the paper's counts as printed.",
        method="*Source*: the package (builtin), local files of the kinds named, or a data set on the hub at the commit that begins so. *Used* is "
        "what is left of the training set after the study's training fraction. Languages with the same counts share a row.",
        signature=evidence.prepared_signature(),
        table=Table(header=header, rows=tuple(rows), align="llrrrrrrr"),
        data={"rows": counts},
        records=tuple(counts),
    )


def _source(source: DataSource, language: str) -> str:
    """Return where a language's corpus was read: the package, files of a kind, or a data set at a commit."""
    if source.source == "builtin":
        return "builtin"
    if source.source == "hub":
        return f"{source.dataset} @ {source.revision}"
    paths = source.places(language).model_dump().values()
    kinds = dict.fromkeys(PurePath(re.sub(r"(\.gz)?(\[[^\]]*\])?$", "", path)).suffix for path in paths if path)
    return f"local, {', '.join(filter(None, kinds)) or 'files'}"


def _rows(counts: list[dict[str, Any]]) -> list[tuple[Cell, ...]]:
    """Print one row for all languages that have the same numbers, here and in the paper."""
    by_numbers: dict[tuple[str, ...], list[str]] = {}
    corpus = counts[0]["corpus"]
    for row in counts:
        own = tuple(f"{row[key]:,}" if row[key] else "–" for key in ("train", "used", "dev", "test"))
        printed = TABLE4.get((row["corpus"], row["language"]), ("–", "–", "–"))
        source = re.sub(r"(?<=@ )([0-9a-f]{8})[0-9a-f]{32}$", r"\1", row["source"])  # the data have the whole commit
        numbers = (source, *own, *(text.replace("-", "–") for text in printed))
        by_numbers.setdefault(numbers, []).append(row["language"])
    return [
        (
            Cell(" ".join(codes), heading=True),
            *map(Cell, numbers[:-3]),
            *(
                _printed(text, corpus, column)
                for text, column in zip(numbers[-3:], ("train", "dev", "test"), strict=True)
            ),
        )
        for numbers, codes in by_numbers.items()
    ]


def _printed(text: str, corpus: str, column: str) -> Cell:
    """Return a count of the paper, with a footnote where it is not clear; none where the paper has no such language."""
    return Cell(text, note=TABLE4_NOTES.get((corpus, column), "") if text != "–" or column == "train" else "")
