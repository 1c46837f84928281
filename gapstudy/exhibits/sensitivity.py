"""Does the answer of Table 3 depend on how it was asked? The same points by other analyses.

Paper: section 4.4 has one analysis. The analysis of record is Table 3's; these stand beside it, one line each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.pairs import PairPoint, lacking, pair_points
from gapstudy.exhibits.table3 import MEASURES, MIN_SEEDS, representation_of, runs_of_points
from gapstudy.exhibits.text import counted, estimate_cell, number, p_value, there_are, words
from gapstudy.stats import (
    Estimate,
    LeftOut,
    clustered_regression,
    combined_correlation,
    compare_dependent,
    correlation,
    holm,
    leave_one_out,
    mixed_model,
    partial_correlation,
    swapped_reference,
    variance_split,
)

__all__ = ["Line", "analyses", "compute"]


@dataclass(frozen=True)
class Line:
    """One analysis: its name, what it found for each measure, why not where it did not, and how to read it."""

    name: str
    reading: str
    found: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def holm(self) -> dict[str, float]:
        """Holm's p over the measures of the line that have one."""
        p = {m: e.p_value for m, e in self.found.items() if isinstance(e, Estimate) and e.p_value is not None}
        p = {m: value for m, value in p.items() if not math.isnan(value)}
        return dict(zip(p, map(float, holm(list(p.values()))), strict=True)) if p else {}


@dataclass(frozen=True)
class _Points:
    """Columns of the points: gap, measures, both scores, seeds and pairs."""

    gap: Any
    measures: dict[str, Any]
    other: Any
    seeds: list[int]
    pairs: list[str]

    @property
    def labels(self) -> dict[str, Any]:
        return {"clusters": self.seeds, "groups": self.pairs}


def compute(evidence: Evidence) -> Exhibit:
    """Compute the companions of Table 3 from the same points."""
    representation, analysis = representation_of(evidence), evidence.study.analysis
    points = [p for p in pair_points(evidence, representation) if not math.isnan(p.gap)]
    seeds, pairs = sorted({p.seed for p in points}), sorted({p.language for p in points})
    absent, enough = lacking(evidence, [representation]), len(seeds) >= MIN_SEEDS
    lines = analyses(evidence, representation, points) if enough else []
    short = () if enough else (f"needs at least {MIN_SEEDS} seeds finished in two languages; {there_are(len(seeds))}",)
    failed = [f"{line.name}, {_short(m)}: {why}" for line in lines for m, why in line.failed.items()]
    return Exhibit(
        key="sensitivity",
        kind="table",
        title="Correlation of the gap, asked in other ways",
        **words(
            _CAPTION,
            _METHOD.format(
                representation=representation,
                points=len(points),
                seeds=counted(len(seeds), "seed"),
                pairs=counted(len(pairs), "pair"),
                level=f"{100 * analysis.level:g}",
                resamples=f"{analysis.resamples:,}",
            ),
            shown=bool(lines),
        ),
        runs=runs_of_points(evidence, points) if lines else (),
        signature=evidence.signature(
            f"resamples:{analysis.resamples}",
            "cka:plain",
            "companions-of:table3",
            runs=evidence.runs_of(["xnli"], [representation]),
        ),
        table=_table(lines, analysis.reference) if lines else None,
        data={line.name: {"found": line.found, "p_holm": line.holm(), "failed": line.failed} for line in lines},
        records=tuple(_records(lines, analysis.level)),
        missing=(*absent, *(short if points or not absent else ()), *failed),
        notes=tuple(f"{line.name}: {line.reading}" for line in lines),
    )


_CAPTION = (
    "What the gap (RPD) of Table 3 is correlated with, by other analyses than that of record; each line is one. Read down a column: an "
    "answer that holds under every analysis is worth more than one that holds under one."
)
_METHOD = (
    "The {points} points of {representation} models on XNLI are {seeds} × {pairs} and **not {points} independent observations**: points of a seed share a "
    "model. Slopes (least squares, mixed model) are of standardised columns; – stands where a line has no test. {level} % intervals; "
    "{resamples} resamples or permutations of whole seeds where the analysis has any. *p* is corrected by Holm's method for the measures of its line, not for "
    "the lines: they are companions of one question. Standard errors clustered by seed after Cameron and Miller [-@cameronmiller2015], the mixed model after Laird "
    "and Ware [-@lairdware1982], differences of dependent correlations after Meng et al. [-@meng1992] and Steiger [-@steiger1980]."
)


def _columns(evidence: Evidence, representation: str, points: Sequence[PairPoint]) -> _Points:
    return _Points(
        gap=np.array([p.gap for p in points]),
        measures={name: np.array([getattr(p, name) for p in points]) for name in (*MEASURES, "debiased_cka")},
        other=np.array([evidence.score("xnli", representation, p.language, p.seed) for p in points]),
        seeds=[p.seed for p in points],
        pairs=[p.language for p in points],
    )


def analyses(evidence: Evidence, representation: str, points: Sequence[PairPoint]) -> list[Line]:
    """Return every companion analysis; what is not defined for a measure is named in its line."""
    analysis, c = evidence.study.analysis, _columns(evidence, representation, points)
    options: dict[str, Any] = {"n_resamples": analysis.resamples, "level": analysis.level}
    level = analysis.level
    several, linguistic = len(set(c.pairs)) > 1, ("sinkhorn", "cka")

    def rng(name: str) -> np.random.Generator:
        return evidence.rng(f"sensitivity/{name}")

    lines = [
        _line("Debiased CKA", "the analysis of record with the unbiased form of CKA, which Table 3, like the paper, does not use.",
              c, lambda _m, _x: correlation(c.measures["debiased_cka"], c.gap, rng=rng("debiased"), **c.labels, **options), ("cka",)),
    ]  # fmt: skip
    lines += [_one_pair(evidence, c, code, options) for code in dict.fromkeys(c.pairs) if several]
    if several:
        lines.append(_line("Pairs combined", "the mean of the pairs' own coefficients (Fisher's z), seeds resampled jointly; near Table 3's unless the pairs disagree.",
                           c, lambda m, x: combined_correlation(x, c.gap, rng=rng(f"combined/{m}"), **c.labels, **options)))  # fmt: skip
    lines += [
        _line("Pearson", "within pairs, linear instead of rank association; far from the ranks' it points to outliers.",
              c, lambda m, x: correlation(x, c.gap, method="pearson", rng=rng(f"pearson/{m}"), **c.labels, **options)),
        _line("Least squares", "the same slope with pairs fixed and standard errors clustered by seed; with few seeds they are too small.",
              c, lambda _m, x: clustered_regression(x, c.gap, level=level, **c.labels)),
    ]  # fmt: skip
    if several:
        lines.append(_mixed(c, level))
    lines += [
        _line(f"Given {analysis.reference} score", f"Spearman once {analysis.reference} performance, a part of the gap, is known; what vanishes here came from it.",
              c, lambda m, x: partial_correlation(x, c.gap, c.measures["performance"], rng=rng(f"partial/{m}"), **c.labels, **options), linguistic),
        _line(f"{analysis.reference} swapped", f"a control: gaps with another seed's {analysis.reference} score (range over swaps, no interval); what vanishes came from the shared {analysis.reference} run.",
              c, lambda m, x: swapped_reference(x, c.measures["performance"], c.other, rng=rng(f"swap/{m}"), **c.labels, n_resamples=_CYCLES, level=level), linguistic),
    ]  # fmt: skip
    lines += _differences(c, analysis.reference, level)
    lines += _left_out(c, several=several)
    return [*lines, _split(c)] if several else lines


_CYCLES = 199


def _one_pair(evidence: Evidence, c: _Points, code: str, options: dict[str, Any]) -> Line:
    """One pair alone: seeds are independent there."""
    here = np.array([pair == code for pair in c.pairs])
    name = f"{evidence.study.analysis.reference}–{code} alone"

    def one(measure: str, x: Any) -> Estimate:
        seeds = [seed for seed, keep in zip(c.seeds, here, strict=True) if keep]
        rng = evidence.rng(f"sensitivity/{code}/{measure}")
        return correlation(x[here], c.gap[here], clusters=seeds, rng=rng, **options)

    return _line(name, f"Spearman over {int(here.sum())} seeds, which are independent within one pair.", c, one)


def _line(
    name: str, reading: str, c: _Points, one: Callable[[str, Any], Any], measures: Sequence[str] = tuple(MEASURES)
) -> Line:
    line = Line(name, reading)
    for measure in measures:
        try:
            line.found[measure] = one(measure, c.measures[measure])
        except ValueError as error:
            line.failed[measure] = str(error)
    return line


def _mixed(c: _Points, level: float) -> Line:
    """The mixed model; what statsmodels warned of is said."""
    problems: dict[str, list[str]] = {}

    def one(measure: str, x: Any) -> Estimate:
        model = mixed_model(x, c.gap, level=level, **c.labels)
        if not model.converged:
            for problem in {_plainly(text) for text in model.problems} or {_UNSOLVED}:
                problems.setdefault(problem, []).append(_short(measure))
        return model.slope

    line = _line("Mixed model", "", c, one)
    trouble = "; ".join(f"{why} ({', '.join(names)})" for why, names in sorted(problems.items()))
    said = f"not to be relied on: {trouble}" if trouble else "statsmodels gave no warning"
    return Line(
        line.name,
        f"slope with the pair fixed and the seed random; {said}; the line above always exists.",
        line.found,
        line.failed,
    )


_UNSOLVED = "the fit did not converge"


def _plainly(problem: str) -> str:
    """What a warning of statsmodels means."""
    return "a variance is estimated as 0" if "boundary" in problem or "singular" in problem.lower() else _UNSOLVED


def _differences(c: _Points, reference: str, level: float) -> Iterator[Line]:
    """Pearson against that of reference performance: the textbook tests, which take points as independent."""
    reading = (
        f"against {reference} performance: the difference of Fisher's z of absolute Pearson correlations within pairs, as if points were independent; "
        "Table 3's bootstrap is the test of record."
    )
    for test, name in (("meng", "Meng et al."), ("steiger", "Steiger")):

        def one(_measure: str, x: Any, test: str = test) -> Estimate:
            return compare_dependent(x, c.measures["performance"], c.gap, groups=c.pairs, test=test, level=level)

        yield _line(name, reading, c, one, ("sinkhorn", "cka"))


def _left_out(c: _Points, *, several: bool) -> Iterator[Line]:
    def without(labels: list[Any]) -> Callable[[str, Any], LeftOut]:
        return lambda _m, x: leave_one_out(x, c.gap, out=labels, groups=c.pairs)

    line = _line("Without a seed", "", c, without(c.seeds))
    yield Line(
        line.name,
        f"range of Table 3's Spearman coefficients when each seed is left out in turn ({_extremes(line)}).",
        line.found,
        line.failed,
    )
    if several:
        line = _line("Without a pair", "", c, without(c.pairs))
        yield Line(line.name, f"the same for each language pair ({_extremes(line)}).", line.found, line.failed)


def _short(measure: str) -> str:
    """Name of a measure in a sentence."""
    return MEASURES[measure].format(reference="reference")


def _extremes(line: Line) -> str:
    """Name what is left out at the ends of the range."""
    parts = [f"{_short(m)}: lowest without {e.low[1]}, highest without {e.high[1]}" for m, e in line.found.items()]
    return "; ".join(parts) or "none is defined"


def _split(c: _Points) -> Line:
    """Variance of each column by pair, seed and the rest."""
    line = _line("Variance, %", "", c, lambda _m, x: variance_split(x, **c.labels).shares)
    try:
        seed, pair, rest = variance_split(c.gap, **c.labels).shares
        of_gap = f"of the gap itself {100 * pair:.0f} / {100 * seed:.0f} / {100 * rest:.0f} %"
    except ValueError as error:
        of_gap = f"of the gap not defined: {error}"
    return Line(
        line.name,
        f"shares of each measure's variance by pair / seed / rest, {of_gap}; where pairs dominate, a pooled correlation compares pairs.",
        line.found,
        line.failed,
    )


def _table(lines: list[Line], reference: str) -> Table:
    label = {name: text.format(reference=reference) for name, text in MEASURES.items()}
    header = (
        (Head(""), *(Head(label[m], 2) for m in MEASURES)),
        (Head("Performance gap ↔"), *(h for _ in MEASURES for h in (Head("coefficient"), Head("p")))),
    )
    rows = [(Cell(line.name, heading=True), *(c for m in MEASURES for c in _cells(line, m))) for line in lines]
    return Table(header=header, rows=tuple(rows), align="l" + "rr" * len(MEASURES))


def _cells(line: Line, measure: str) -> tuple[Cell, Cell]:
    found = line.found.get(measure)
    if isinstance(found, Estimate):
        return estimate_cell(found, 2), Cell(p_value(line.holm().get(measure)))
    if isinstance(found, LeftOut):
        return Cell(f"{number(found.low[0], 2)} … {number(found.high[0], 2)}"), Cell("–")
    if isinstance(found, tuple):
        seed, pair, rest = (number(100 * share, 0) for share in found)
        return Cell(f"{pair} / {seed} / {rest}"), Cell("–")
    return Cell("–"), Cell("–")


def _records(lines: list[Line], level: float) -> Iterator[dict[str, Any]]:
    nothing = float("nan")
    for line in lines:
        adjusted = line.holm()
        for measure, found in line.found.items():
            base = {"analysis": line.name, "measure": measure}
            if isinstance(found, Estimate):
                yield {**base, "value": found.value, "low": found.low, "high": found.high, "level": found.level, "p_value": found.p_value,
                       "p_holm": adjusted.get(measure), "n": found.n, "details": found.method}  # fmt: skip
            elif isinstance(found, LeftOut):
                yield {**base, "value": found.value, "low": found.low[0], "high": found.high[0], "level": nothing, "p_value": None,
                       "p_holm": None, "n": len(found.without), "details": f"range; lowest without {found.low[1]}, highest without {found.high[1]}"}  # fmt: skip
            else:
                for part, share in zip(("seed", "pair", "rest"), found, strict=True):
                    yield {**base, "measure": f"{measure}:{part}", "value": share, "low": nothing, "high": nothing, "level": level,
                           "p_value": None, "p_holm": None, "n": 0, "details": "share of variance, negative components as 0"}  # fmt: skip
