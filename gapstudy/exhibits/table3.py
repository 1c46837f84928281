"""Table 3: does the performance gap go with the linguistic gap, or with English performance?

Paper: section 4.4, Table 3. Row block one repeats the paper's pooled analysis; block two is the analysis of record:
within language pairs, seeds permuted jointly over pairs, intervals over seeds, Holm's correction; block three tests
the claim itself, that CKA and Sinkhorn distance correlate more strongly than English performance does.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from gapstudy.errors import PseudoReplicationWarning
from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.pairs import PairPoint, lacking, pair_points, unconverged
from gapstudy.exhibits.published import TABLE3
from gapstudy.exhibits.text import Words, counted, estimate_cell, number, p_value, there_are, words
from gapstudy.stats import Estimate, correlation, correlation_difference, detectable_correlation, holm

__all__ = ["compute", "representation_of", "runs_of_points"]

MEASURES = {"performance": "{reference} performance", "sinkhorn": "S-Dist", "cka": "CKA"}
MIN_SEEDS = 4
_METHODS = ("spearman", "kendall")
_ANALYSES = ("pooled", "within", "difference")


def representation_of(evidence: Evidence) -> str:
    """Return the representation that is correlated: the study's choice, or XNLI's first phoneme one, or its first."""
    spec = evidence.study.tasks.get("xnli")
    names = spec.representations if spec else tuple(evidence.study.used_representations())
    spoken = [name for name in names if evidence.study.representations[name].kind == "phoneme"]
    return evidence.study.analysis.correlate or (*spoken, *names)[0]


def compute(evidence: Evidence) -> Exhibit:
    """Compute Table 3 from the XNLI runs of one representation."""
    representation, analysis = representation_of(evidence), evidence.study.analysis
    every = pair_points(evidence, representation)
    points = [p for p in every if not math.isnan(p.gap)]
    seeds = sorted({p.seed for p in points})
    absent = lacking(evidence, [representation])
    data, trouble = _attempt(evidence, points, seeds)
    return Exhibit(
        key="table3",
        kind="table",
        title="What the performance gap goes with",
        **_words(evidence, representation, points, shown=bool(data)),
        signature=evidence.signature(
            f"resamples:{analysis.resamples}",
            f"reg:{analysis.sinkhorn_reg}",
            f"cost:{analysis.sinkhorn_cost}",
            f"space:{analysis.sinkhorn_space}",
            "cka:plain",
            "ci:bca over seeds",
            runs=evidence.runs_of(["xnli"], [representation]),
        ),
        table=_table(data, analysis.reference) if data else None,
        runs=runs_of_points(evidence, points),
        data=data,
        records=tuple(_records(data)),
        missing=(*absent, *(trouble if points or not absent else ())),
        notes=(*_left_out(analysis.reference, every), *unconverged(analysis.reference, points)),
    )


_CAPTION = (
    "Rank correlation of the performance gap (RPD) of XNLI with {reference} performance, Sinkhorn distance (*S-Dist*) and CKA. First "
    "pooled over language pairs, as the paper prints it; then within pairs, which is the analysis of record; last the difference that the claim is about."
)
_METHOD = (
    "{representation} models: {seeds}, {pairs}, {n} (a seed of a pair); S-Dist on {space}, {cost} cost, reg {reg}; CKA is the plain one of sentence "
    "vectors ({layer} layer). *Pooled*: Spearman's ρ [@spearman1904] and Kendall's τ-b [@kendall1945], the points treated as independent, which they are "
    "not: two points of a seed share a model, and a difference between pairs alone makes a correlation. *Within pairs*: ranks within each pair; {level} % "
    "intervals from {resamples} resamples of whole seeds [@fieldwelsh2007] (BCa [@efron1987] where defined), *p* from as many permutations of seeds, jointly over "
    "pairs [@phipsonsmyth2010], corrected by Holm's method [@holm1979] for the three rows of the column. *Difference*: how much more strongly, in absolute value, than {reference} performance, "
    "with jackknife intervals over seeds and uncorrected bootstrap *p*; the gap is computed from {reference} performance, which alone makes the two "
    "correlate.{power}"
)
_POWER = (
    " With {seeds} a correlation of {rho:.2f} within one pair is detected with 80 % power before correction [@bonettwright2000]; several pairs "
    "together detect smaller ones."
)


def _words(evidence: Evidence, representation: str, points: Sequence[PairPoint], *, shown: bool) -> Words:
    analysis, spec = evidence.study.analysis, evidence.study.tasks.get("xnli")
    count = len({p.seed for p in points})
    pairs = [f"{analysis.reference}–{code}" for code in dict.fromkeys(p.language for p in points)]
    seeds, enough = counted(count, "seed"), count >= MIN_SEEDS
    method = _METHOD.format(
        representation=representation.capitalize(),
        n=counted(len(points), "point"),
        seeds=seeds,
        pairs=f"pair{'s' if len(pairs) > 1 else ''} {', '.join(pairs)}",
        power=_POWER.format(seeds=seeds, rho=detectable_correlation(count, level=1 - analysis.level)) if enough else "",
        reference=analysis.reference,
        reg=analysis.sinkhorn_reg,
        cost=analysis.sinkhorn_cost,
        space=analysis.sinkhorn_space,
        layer=spec.sentence_layer if spec else "last",
        resamples=f"{analysis.resamples:,}",
        level=f"{100 * analysis.level:g}",
    )
    return words(_CAPTION.format(reference=analysis.reference), method, shown=shown)


def runs_of_points(evidence: Evidence, points: Sequence[PairPoint]) -> tuple[str, ...]:
    """Return the ids of the runs behind some points."""
    reference = evidence.study.analysis.reference
    found = (evidence.run_ids("xnli", p.representation, (reference, p.language), [p.seed]) for p in points)
    return tuple(dict.fromkeys(run_id for ids in found for run_id in ids))


def _left_out(reference: str, points: Sequence[PairPoint]) -> list[str]:
    """Name the points without a gap."""
    return [
        f"{reference}–{p.language}, seed {p.seed}: left out, both accuracies are 0 and their RPD is undefined"
        for p in points
        if math.isnan(p.gap)
    ]


def _attempt(
    evidence: Evidence, points: Sequence[PairPoint], seeds: list[int]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the analyses, or nothing and the reason why there are none."""
    if len(seeds) < MIN_SEEDS:
        return {}, (f"correlations need at least {MIN_SEEDS} seeds finished in two languages; {there_are(len(seeds))}",)
    constant = [name for name in ("gap", *MEASURES) if len({getattr(p, name) for p in points}) < 2]
    if constant:
        verb = "is" if len(constant) == 1 else "are"
        return {}, (f"{' and '.join(constant)} {verb} the same in every run, so nothing can be correlated",)
    try:
        return _analyses(evidence, points), ()
    except ValueError as error:  # constant within every pair, too few different seeds
        return {}, (f"the correlations are not defined: {error}",)


def _analyses(evidence: Evidence, points: Sequence[PairPoint]) -> dict[str, Any]:
    analysis = evidence.study.analysis
    gap = np.array([p.gap for p in points])
    columns = {name: np.array([getattr(p, name) for p in points]) for name in MEASURES}
    labels: dict[str, Any] = {"clusters": [p.seed for p in points], "groups": [p.language for p in points]}
    options: dict[str, Any] = {"n_resamples": analysis.resamples, "level": analysis.level}
    out: dict[str, Any] = {name: {} for name in _ANALYSES}
    out["points"] = {"seeds": sorted(set(labels["clusters"])), "pairs": list(dict.fromkeys(labels["groups"]))}
    for name, column in columns.items():
        for method in _METHODS:
            options |= {"method": method, "rng": evidence.rng(f"table3/{name}/{method}")}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", PseudoReplicationWarning)  # the caption says it
                out["pooled"][name, method] = correlation(column, gap, **options)
            out["within"][name, method] = correlation(column, gap, **labels, **options)
    for name in ("sinkhorn", "cka"):
        options |= {"method": "spearman", "rng": evidence.rng(f"table3/{name}/difference")}
        out["difference"][name, "spearman"] = correlation_difference(
            columns[name], columns["performance"], gap, **labels, **options
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
    rows += [(Cell(f"paper: {text.format(reference='eng')}", heading=True), *_paper(n)) for n, text in MEASURES.items()]
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
    for analysis in _ANALYSES if data else ():
        for (name, method), e in data[analysis].items():
            if isinstance(e, Estimate):
                holm_p = data[analysis].get((f"holm:{name}", method))
                yield {"analysis": analysis, "measure": name, "method": method, "value": e.value, "low": e.low, "high": e.high,
                       "level": e.level, "p_value": e.p_value, "p_holm": holm_p, "n": e.n, "details": e.method}  # fmt: skip
