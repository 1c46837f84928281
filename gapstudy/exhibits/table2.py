"""Table 2: XNLI. Accuracy, and the gap of each language to the reference, relative and absolute.

Paper: Table 2, section 4.2; relative differences are RPD (section 3.3), absolute ones percentage points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from gapstudy.errors import StoreError
from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence, seed_range
from gapstudy.exhibits.outcomes import are_parallel, correctness, item_cell
from gapstudy.exhibits.pairs import lacking
from gapstudy.exhibits.published import TABLE2
from gapstudy.exhibits.text import Words, estimate_cell, number, over_seeds, seed_mean, two_seeds, words
from gapstudy.stats import Estimate, gap_of, item_interval, mean_interval, rpd

__all__ = ["compute", "gap_to_reference"]

PAPER_REFERENCE = "eng"


def compute(evidence: Evidence) -> Exhibit:
    """Compute Table 2 from the XNLI runs."""
    reference = evidence.study.analysis.reference
    spec = evidence.study.tasks.get("xnli")
    languages = spec.languages if spec else ()
    others = tuple(c for c in languages if c != reference) if reference in languages else ()
    data = {r: _line(evidence, r, others) for r in (spec.representations if spec else ())}
    runs = evidence.runs_of(["xnli"])
    return Exhibit(
        key="table2",
        kind="table",
        title=f"XNLI: accuracy and performance gap to {reference}",
        **_words(evidence, data, shown=bool(runs and others)),
        signature=evidence.signature("gap:rpd", "ci:t over seeds, jackknife for gaps", "items:bootstrap", runs=runs),
        table=_table(data, reference, others) if runs and others else None,
        runs=tuple(run.run_id for run in runs),
        data=data,
        records=tuple(_records(data)),
        missing=(*lacking(evidence), *_undefined(data, reference)),
        notes=tuple(
            f"{r}, {code}: no interval over items: {why}"
            for r, line in data.items()
            for code, why in line["no_items"].items()
        ),
    )


_CAPTION = (
    "Test accuracy by language and its gap to {reference}: *Δ Rel.* is the relative percent difference (RPD), *Δ Abs.* the "
    "difference in percentage points. Rows *paper* repeat the printed values: other corpora, other encoders. Bold: the smallest gap of the "
    "column, whatever its uncertainty."
)
_METHOD = (
    "Means over {seeds} a cell; gaps are of such means, over the seeds that both languages have (@fig-figure3 shows the gap of each seed). "
    "{level} % t intervals over seeds, for gaps by the jackknife [@efronstein1981], cut at 0, where that of an absolute difference is not to be "
    "relied on.{two} Rows *items*: half the width of the interval over test items, given these models (t for accuracy, centred bootstrap "
    "for gaps, {resamples} resamples; items drawn jointly where test sets are parallel). The two sources of chance do not simply add "
    "(@tbl-variance). The CSV has the development scores."
)


def _words(evidence: Evidence, data: dict[str, Any], *, shown: bool) -> Words:
    level, seeds = evidence.study.analysis.level, seed_range(evidence.runs_of(["xnli"])).replace("-", " to ")
    method = _METHOD.format(
        level=f"{100 * level:g}",
        seeds=f"{seeds} {'seed' if seeds == '1' else 'seeds'}",
        resamples=f"{evidence.study.analysis.resamples:,}",
        two=two_seeds((e.n for line in data.values() for e in line["scores"].values()), level=level),
    )
    return words(_CAPTION.format(reference=evidence.study.analysis.reference), method, shown=shown)


def _undefined(data: dict[str, Any], reference: str) -> list[str]:
    return [
        f"{r}, {reference}–{code}: RPD is {gaps['rel'].method}"
        for r, line in data.items()
        for code, gaps in line["gaps"].items()
        if math.isnan(gaps["rel"].value)
    ]


def gap_to_reference(scores: Any, kind: str) -> float:
    """Return the gap between two languages' mean scores, from (seeds, 2) scores in percent.

    ``kind`` is "rel" (RPD, percent) or "abs" (percentage points).
    """
    a, b = (float(v) for v in scores.mean(axis=0))
    return rpd(a, b) if kind == "rel" else abs(a - b)


def _line(evidence: Evidence, representation: str, others: tuple[str, ...]) -> dict[str, Any]:
    reference, level = evidence.study.analysis.reference, evidence.study.analysis.level
    line: dict[str, Any] = {"scores": {}, "dev": {}, "gaps": {}, "items": {"scores": {}, "gaps": {}}, "no_items": {},
                            "runs": {}, "gap_runs": {}}  # fmt: skip
    for code in evidence.languages("xnli", representation):
        seeds = evidence.seeds("xnli", representation, (code,))
        values = [evidence.score("xnli", representation, code, s) for s in seeds]
        line["scores"][code] = seed_mean(values, level=level)
        line["runs"][code] = evidence.run_ids("xnli", representation, (code,), seeds)
        if dev := evidence.dev_scores("xnli", representation, code):
            line["dev"][code] = seed_mean(dev, level=level)
        _attempt(line, "scores", code, partial(_score_items, evidence, representation, code, seeds))
    for code in others:
        if seeds := evidence.seeds("xnli", representation, (reference, code)):
            scores = evidence.scores("xnli", representation, (reference, code), seeds)
            line["gap_runs"][code] = evidence.run_ids("xnli", representation, (reference, code), seeds)
            line["gaps"][code] = {kind: _gap(scores, kind, level) for kind in ("rel", "abs")}
            _attempt(line, "gaps", code, partial(_gap_items, evidence, representation, code, seeds))
    return line


def _attempt(line: dict[str, Any], what: str, code: str, compute: Callable[[], Any]) -> None:
    """Add intervals over items, or why there are none: the table stands without them."""
    try:
        line["items"][what][code] = compute()
    except (ValueError, StoreError) as error:
        line["no_items"][code] = str(error)


def _score_items(evidence: Evidence, representation: str, code: str, seeds: Sequence[int]) -> Estimate:
    """Return the accuracy with its interval over items, given the models."""
    right = correctness(evidence, "xnli", representation, code, seeds)
    return mean_interval(100.0 * right.mean(axis=0), level=evidence.study.analysis.level)


def _gap_items(evidence: Evidence, representation: str, code: str, seeds: Sequence[int]) -> dict[str, Estimate]:
    """Return both gaps with their intervals over items, drawn jointly where the test sets are parallel."""
    analysis = evidence.study.analysis
    pair = (analysis.reference, code)
    right = [correctness(evidence, "xnli", representation, c, seeds) for c in pair]
    parallel = are_parallel(evidence, "xnli", representation, pair, seeds[0])
    return {
        name: item_interval(
            partial(gap_of, kind=kind),
            right,
            parallel=parallel,
            n_resamples=analysis.resamples,
            level=analysis.level,
            within=(0.0, most),
            rng=evidence.rng(f"table2/{representation}/{code}"),
        )
        for name, kind, most in (("rel", "rpd", 200.0), ("abs", "absolute", 100.0))
    }


def _gap(scores: Any, kind: str, level: float) -> Estimate:
    within = (0.0, 200.0 if kind == "rel" else 100.0)
    return over_seeds(lambda rows: gap_to_reference(rows, kind), scores, level=level, within=within)


def _table(data: dict[str, Any], reference: str, others: tuple[str, ...]) -> Table:
    header = (
        (Head(""), Head(reference), *(Head(code, 3) for code in others)),
        (
            Head("Method"),
            Head("Acc., %"),
            *(h for _ in others for h in map(Head, ("Acc., %", "Δ Rel., %", "Δ Abs., points"))),
        ),
    )
    smallest = {(c, k): _smallest(data, c, k) for c in others for k in ("rel", "abs")}
    rows = []
    for r, line in data.items():
        rows.append((Cell(r, heading=True), *_cells(line, r, reference, others, smallest)))
        if line["items"]["scores"]:
            rows.append((Cell("items", heading=True), *_item_cells(line, reference, others)))
    if reference == PAPER_REFERENCE:  # the paper prints no gap to another language
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
            estimate_cell(gaps[kind], 2, best=smallest[code, kind] == name, runs=line["gap_runs"][code])
            if gaps
            else Cell("–")
            for kind in ("rel", "abs")
        ]
    return cells


def _item_cells(line: dict[str, Any], reference: str, others: tuple[str, ...]) -> list[Cell]:
    scores, runs = line["items"]["scores"], line["runs"]
    cells = [item_cell(scores.get(reference), 2, runs.get(reference, ()))]
    for code in others:
        gaps, behind = line["items"]["gaps"].get(code, {}), line["gap_runs"].get(code, ())
        cells += [item_cell(scores.get(code), 2, runs.get(code, ()))]
        cells += [item_cell(gaps.get(kind), 2, behind) for kind in ("rel", "abs")]
    return cells


def _score_cell(line: dict[str, Any], code: str) -> Cell:
    return estimate_cell(line["scores"][code], 2, runs=line["runs"][code]) if code in line["scores"] else Cell("–")


def _smallest(data: dict[str, Any], code: str, kind: str) -> str:
    values = {r: line["gaps"][code][kind].value for r, line in data.items() if code in line["gaps"]}
    values = {r: value for r, value in values.items() if not math.isnan(value)}
    return min(values, key=lambda r: values[r]) if len(values) > 1 else ""


def _paper_cells(printed: dict[str, Any], others: tuple[str, ...]) -> list[Cell]:
    cells = [Cell(number(printed["scores"][PAPER_REFERENCE], 2))]
    for code in others:
        relative, absolute = printed.get(code, (float("nan"), float("nan")))
        cells += [Cell(number(v, 2)) for v in (printed["scores"].get(code, float("nan")), relative, absolute)]
    return cells


def _records(data: dict[str, Any]) -> Any:
    for representation, line in data.items():
        named = {f"accuracy:{c}": e for c, e in line["scores"].items()}
        named |= {f"dev:{c}": e for c, e in line["dev"].items()}
        named |= {f"gap_{kind}:{c}": e for c, gaps in line["gaps"].items() for kind, e in gaps.items()}
        items = line["items"]
        named |= {f"accuracy:{c}:items": e for c, e in items["scores"].items()}
        named |= {f"gap_{kind}:{c}:items": e for c, gaps in items["gaps"].items() for kind, e in gaps.items()}
        for measure, e in named.items():
            yield {"representation": representation, "measure": measure, "value": e.value, "low": e.low,
                   "high": e.high, "level": e.level, "n": e.n, "method": e.method}  # fmt: skip
