"""Table 2: XNLI. Accuracy, and the gap of each language to the reference, relative and absolute.

Paper: Table 2, section 4.2; relative differences are RPD (section 3.3), absolute ones percentage points.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.published import TABLE2
from gapstudy.exhibits.text import MIN_SEEDS, estimate_cell, number, seed_mean
from gapstudy.stats import Estimate, cluster_bootstrap, rpd

__all__ = ["compute", "gap_to_reference"]


def compute(evidence: Evidence) -> Exhibit:
    """Compute Table 2 from the XNLI runs."""
    reference = evidence.study.analysis.reference
    spec = evidence.study.tasks.get("xnli")
    languages = spec.languages if spec else ()
    others = tuple(c for c in languages if c != reference)
    missing = [] if spec else ["the study has no task xnli"]
    if spec and reference not in languages:
        missing.append(f"the reference language {reference} is not among the languages of xnli: {', '.join(languages)}")
        others = ()
    data = {r: _line(evidence, r, languages, others) for r in (spec.representations if spec else ())}
    missing += [f"{r}: {problem}" for r, line in data.items() for problem in line["missing"]]
    return Exhibit(
        key="table2",
        kind="table",
        title=f"XNLI: accuracy and performance gap to {reference}",
        caption=_CAPTION.format(reference=reference, level=100 * evidence.study.analysis.level),
        signature=evidence.signature(f"resamples:{evidence.study.analysis.resamples}", "ci:percentile over seeds"),
        table=_table(data, reference, others) if data and not (reference not in languages) else None,
        data=data,
        records=tuple(_records(data)),
        missing=tuple(missing),
    )


_CAPTION = (
    "Test accuracy (%), mean over seeds, and the gap to {reference}: *Rel.* is RPD in percent of the mean of both scores, "
    "*Abs.* the difference in percentage points. {level:.0f} % intervals over seeds (languages share their seeds). Rows "
    "*paper* repeat the printed values."
)


def gap_to_reference(scores: Any, kind: str) -> float:
    """Return the gap between two languages' mean scores, from (seeds, 2) scores in percent.

    ``kind`` is "rel" (RPD, percent) or "abs" (percentage points).
    """
    a, b = (float(v) for v in scores.mean(axis=0))
    return rpd(a, b) if kind == "rel" else abs(a - b)


def _line(
    evidence: Evidence, representation: str, languages: tuple[str, ...], others: tuple[str, ...]
) -> dict[str, Any]:
    reference = evidence.study.analysis.reference
    level, resamples = evidence.study.analysis.level, evidence.study.analysis.resamples
    line: dict[str, Any] = {"scores": {}, "gaps": {}, "missing": []}
    for code in evidence.languages("xnli", representation):
        seeds = evidence.seeds("xnli", representation, (code,))
        values = [evidence.score("xnli", representation, code, s) for s in seeds]
        line["scores"][code] = seed_mean(values, level=level)
    if absent := evidence.absent("xnli", representation, languages):
        line["missing"].append(f"no finished run in {', '.join(absent)}")
    for code in others:
        seeds = evidence.seeds("xnli", representation, (reference, code))
        if not seeds:
            continue
        scores = evidence.scores("xnli", representation, (reference, code), seeds)
        line["gaps"][code] = {
            kind: _gap(scores, kind, level, resamples, evidence.rng(f"table2/{representation}/{code}/{kind}"))
            for kind in ("rel", "abs")
        }
    return line


def _gap(scores: Any, kind: str, level: float, resamples: int, rng: np.random.Generator) -> Estimate:
    if len(scores) < MIN_SEEDS:
        value = gap_to_reference(scores, kind)
        return Estimate(value, np.nan, np.nan, level, len(scores), "no interval: fewer than 3 seeds")
    return cluster_bootstrap(
        lambda rows: gap_to_reference(rows, kind),
        [scores],
        method="percentile",
        n_resamples=resamples,
        level=level,
        rng=rng,
    )


def _table(data: dict[str, Any], reference: str, others: tuple[str, ...]) -> Table:
    header = (
        (Head(""), Head(reference), *(Head(code, 3) for code in others)),
        (Head("Method"), Head("Acc."), *(h for _ in others for h in (Head("Acc."), Head("Δ Rel."), Head("Δ Abs.")))),
    )
    smallest = {(c, k): _smallest(data, c, k) for c in others for k in ("rel", "abs")}
    rows = [(Cell(r, heading=True), *_cells(line, r, reference, others, smallest)) for r, line in data.items()]
    rows += [(Cell(f"paper: {r}", heading=True), *_paper_cells(TABLE2[r], others)) for r in data if r in TABLE2]
    return Table(header=header, rows=tuple(rows), align="l" + "r" * (1 + 3 * len(others)))


def _cells(
    line: dict[str, Any], name: str, reference: str, others: tuple[str, ...], smallest: dict[Any, str]
) -> list[Cell]:
    cells = [_score_cell(line, reference)]
    for code in others:
        gaps = line["gaps"].get(code)
        cells.append(_score_cell(line, code))
        cells += [
            estimate_cell(gaps[kind], 2, best=smallest[code, kind] == name) if gaps else Cell("–")
            for kind in ("rel", "abs")
        ]
    return cells


def _score_cell(line: dict[str, Any], code: str) -> Cell:
    return estimate_cell(line["scores"][code], 2) if code in line["scores"] else Cell("–")


def _smallest(data: dict[str, Any], code: str, kind: str) -> str:
    values = {r: line["gaps"][code][kind].value for r, line in data.items() if code in line["gaps"]}
    return min(values, key=lambda r: values[r]) if len(values) > 1 else ""


def _paper_cells(printed: dict[str, Any], others: tuple[str, ...]) -> list[Cell]:
    cells = [Cell(number(printed["scores"]["eng"], 2))]
    for code in others:
        relative, absolute = printed.get(code, (float("nan"), float("nan")))
        cells += [Cell(number(v, 2)) for v in (printed["scores"].get(code, float("nan")), relative, absolute)]
    return cells


def _records(data: dict[str, Any]) -> Any:
    for representation, line in data.items():
        named = {f"accuracy:{c}": e for c, e in line["scores"].items()}
        named |= {f"gap_{kind}:{c}": e for c, gaps in line["gaps"].items() for kind, e in gaps.items()}
        for measure, e in named.items():
            yield {"representation": representation, "measure": measure, "value": e.value, "low": e.low,
                   "high": e.high, "level": e.level, "n": e.n, "method": e.method}  # fmt: skip
