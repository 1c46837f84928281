"""Table 3: does the performance gap go with the linguistic gap, or with English performance?

Paper: section 4.4, Table 3. Row block one repeats the paper's pooled analysis; block two is the analysis of record:
within language pairs, seeds permuted jointly over pairs, intervals over seeds, Holm's correction; block three tests
the claim itself, that CKA and Sinkhorn distance correlate more strongly than English performance does.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from gapstudy.errors import PseudoReplicationWarning
from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.pairs import PairPoint, pair_points
from gapstudy.exhibits.published import TABLE3
from gapstudy.exhibits.text import estimate_cell, number, p_value
from gapstudy.stats import Estimate, correlation, correlation_difference, detectable_correlation, holm

__all__ = ["compute", "representation_of"]

MEASURES = {"performance": "{reference} performance", "sinkhorn": "S-Dist", "cka": "CKA"}
_METHODS = ("spearman", "kendall")


def representation_of(evidence: Evidence) -> str:
    """Return the representation that is correlated: the study's choice, or its first phoneme one, or its first."""
    kinds = {name: r.kind for name, r in evidence.study.used_representations().items()}
    spoken = [name for name, kind in kinds.items() if kind == "phoneme"]
    return evidence.study.analysis.correlate or (spoken or list(kinds))[0]


def compute(evidence: Evidence) -> Exhibit:
    """Compute Table 3 from the XNLI runs of one representation."""
    representation = representation_of(evidence)
    points = pair_points(evidence, representation)
    seeds, pairs = sorted({p.seed for p in points}), sorted({p.language for p in points})
    missing = _too_few(points, seeds, evidence)
    data: dict[str, Any] = {} if missing else _analyses(evidence, points)
    return Exhibit(
        key="table3",
        kind="table",
        title="Correlation of the performance gap with the linguistic gap",
        caption=_CAPTION.format(
            representation=representation,
            n=len(points),
            seeds=len(seeds),
            pairs=", ".join(f"{evidence.study.analysis.reference}–{p}" for p in pairs) or "none",
            detectable=f"{detectable_correlation(len(seeds)):.2f}" if len(seeds) > 4 else "–",
            reg=evidence.study.analysis.sinkhorn_reg,
            space=evidence.study.analysis.sinkhorn_space,
        ),
        signature=evidence.signature(
            f"seeds:{len(seeds)}",
            f"resamples:{evidence.study.analysis.resamples}",
            f"reg:{evidence.study.analysis.sinkhorn_reg}",
            runs=_runs(evidence, representation),
        ),
        table=None if missing else _table(data, evidence.study.analysis.reference),
        data=data,
        records=tuple(_records(data)),
        missing=tuple(missing),
        notes=tuple(sorted({p.unconverged for p in points if p.unconverged})),
    )


_CAPTION = (
    "{representation} models on XNLI: {seeds} seeds, pairs {pairs}, {n} points; gap = RPD, S-Dist on {space} at "
    "reg {reg}. *Pooled, as in the paper*: the points are treated as independent, which they are not (two points of a "
    "seed share a model, and a difference between pairs alone makes a correlation). *Within pairs*: ranks within each "
    "pair, seeds permuted jointly over pairs, intervals by resampling seeds, p-values after Holm within the column. "
    "*Difference*: how much more strongly (in absolute value) than reference performance. With {seeds} seeds a "
    "correlation of {detectable} is detected with 80 % power."
)


def _too_few(points: Sequence[PairPoint], seeds: list[int], evidence: Evidence) -> list[str]:
    if "xnli" not in evidence.study.tasks:
        return ["the study has no task xnli"]
    if len(seeds) < 4:
        return [f"correlations need at least 4 seeds finished in two languages; there are {len(seeds)}"]
    constant = [name for name in ("gap", *MEASURES) if len({getattr(p, name) for p in points}) < 2]
    return [f"{', '.join(constant)} is the same in every run, so nothing can be correlated"] if constant else []


def _runs(evidence: Evidence, representation: str) -> int:
    return sum(r.cell.task == "xnli" and r.cell.representation == representation for r in evidence.runs)


def _analyses(evidence: Evidence, points: Sequence[PairPoint]) -> dict[str, Any]:
    analysis = evidence.study.analysis
    gap = np.array([p.gap for p in points])
    columns = {name: np.array([getattr(p, name) for p in points]) for name in MEASURES}
    seeds, pairs = [p.seed for p in points], [p.language for p in points]
    out: dict[str, Any] = {"pooled": {}, "within": {}, "difference": {}}
    for name, column in columns.items():
        for method in _METHODS:
            rng = evidence.rng(f"table3/{name}/{method}")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", PseudoReplicationWarning)  # the caption says it
                out["pooled"][name, method] = correlation(
                    column, gap, method=method, n_resamples=analysis.resamples, level=analysis.level, rng=rng
                )
            out["within"][name, method] = correlation(
                column,
                gap,
                method=method,
                clusters=seeds,
                groups=pairs,
                n_resamples=analysis.resamples,
                level=analysis.level,
                rng=rng,
            )
    for name in ("sinkhorn", "cka"):
        out["difference"][name, "spearman"] = correlation_difference(
            columns[name],
            columns["performance"],
            gap,
            clusters=seeds,
            groups=pairs,
            n_resamples=analysis.resamples,
            level=analysis.level,
            rng=evidence.rng(f"table3/{name}/difference"),
        )
    for method in _METHODS:
        adjusted = holm([out["within"][name, method].p_value for name in MEASURES])
        out["within"] |= {(f"holm:{name}", method): float(p) for name, p in zip(MEASURES, adjusted, strict=True)}
    return out


def _table(data: dict[str, Any], reference: str) -> Table:
    header = (
        (Head(""), Head("Spearman's ρ", 2), Head("Kendall's τ", 2)),
        (Head("Performance gap ↔"), Head("coefficient"), Head("p"), Head("coefficient"), Head("p")),
    )
    label = {name: text.format(reference=reference) for name, text in MEASURES.items()}
    rows: list[tuple[Cell, ...]] = [(Cell("Pooled, as in the paper", heading=True),)]
    rows += [(Cell(label[n], heading=True), *_pooled(data, n)) for n in MEASURES]
    rows += [(Cell(f"paper: {label[n]}", heading=True), *_paper(n)) for n in MEASURES]
    rows += [(Cell("Within pairs (analysis of record)", heading=True),)]
    rows += [(Cell(label[n], heading=True), *_within(data, n)) for n in MEASURES]
    rows += [(Cell(f"Difference of absolute correlations to {reference} performance, within pairs", heading=True),)]
    rows += [
        (Cell(label[n], heading=True), *_difference(data["difference"][n, "spearman"])) for n in ("sinkhorn", "cka")
    ]
    return Table(header=header, rows=tuple(rows), align="lrrrr")


def _pooled(data: dict[str, Any], name: str) -> list[Cell]:
    return [
        c
        for m in _METHODS
        for c in (Cell(number(data["pooled"][name, m].value, 3)), Cell(p_value(data["pooled"][name, m].p_value)))
    ]


def _paper(name: str) -> list[Cell]:
    rho, rho_p, tau, tau_p = TABLE3[name]
    return [Cell(f"{rho:.3f}"), Cell(p_value(rho_p)), Cell(f"{tau:.3f}"), Cell(p_value(tau_p))]


def _within(data: dict[str, Any], name: str) -> list[Cell]:
    cells = []
    for method in _METHODS:
        cells += [estimate_cell(data["within"][name, method], 3), Cell(p_value(data["within"][f"holm:{name}", method]))]
    return cells


def _difference(estimate: Estimate) -> list[Cell]:
    return [estimate_cell(estimate, 3), Cell(p_value(estimate.p_value)), Cell("–"), Cell("–")]


def _records(data: dict[str, Any]) -> Any:
    for analysis, found in data.items():
        for (name, method), e in found.items():
            if isinstance(e, Estimate):
                yield {
                    "analysis": analysis,
                    "measure": name,
                    "method": method,
                    "value": e.value,
                    "low": e.low,
                    "high": e.high,
                    "p_value": e.p_value,
                    "p_holm": found.get((f"holm:{name}", method)),
                    "n": e.n,
                    "details": e.method,
                }
