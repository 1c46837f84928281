"""The XNLI measures of each (seed, language pair): gap, English performance, CKA and Sinkhorn distance.

Paper: section 4.4. One row a seed and pair is what Table 3 correlates and Figure 3 shows; computed once for both.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gapstudy.errors import ConvergenceWarning
from gapstudy.exhibits.evidence import Evidence
from gapstudy.stats import Estimate, cka, rpd, sinkhorn_distance
from gapstudy.store import Run

__all__ = ["PairPoint", "flat", "lacking", "pair_points", "pairs", "runs_behind", "unconverged"]


@dataclass(frozen=True, slots=True)
class PairPoint:
    """One seed and one pair (reference, other).

    Attributes
    ----------
    gap : RPD of the two accuracies, percent; NaN where both are zero.
    difference : their absolute difference, percentage points.
    performance : the reference language's accuracy, percent.
    cka, debiased_cka : of the sentence vectors at the study's layer.
    sinkhorn : Sinkhorn distance of the outputs on the parallel test sets.
    unconverged : why ``sinkhorn`` is only an estimate; empty when the solver converged.
    """

    representation: str
    language: str
    seed: int
    gap: float
    difference: float
    performance: float
    cka: float
    debiased_cka: float
    sinkhorn: float
    unconverged: str = ""


@lru_cache(maxsize=32)
def pair_points(evidence: Evidence, representation: str) -> tuple[PairPoint, ...]:
    """Return the points of one representation, ordered by language and seed."""
    reference = evidence.study.analysis.reference
    return tuple(
        _remembered(evidence, representation, reference, code, seed)
        for name, code, seeds in pairs(evidence)
        if name == representation
        for seed in seeds
    )


def _remembered(evidence: Evidence, representation: str, reference: str, code: str, seed: int) -> PairPoint:
    """Return a point, computed unless an earlier report did: seeds that were added cost their own time alone."""
    analysis = evidence.study.analysis
    found = (evidence.run("xnli", representation, c, seed) for c in (reference, code))
    return evidence.remember(
        "pair point",
        [run for run in found if run is not None],
        lambda: _point(evidence, representation, reference, code, seed),
        languages=[reference, code],
        layer=evidence.spec("xnli").sentence_layer,
        sinkhorn=[analysis.sinkhorn_space, analysis.sinkhorn_reg, analysis.sinkhorn_cost],
    )


def _point(evidence: Evidence, representation: str, reference: str, code: str, seed: int) -> PairPoint:
    analysis, layer = evidence.study.analysis, evidence.spec("xnli").sentence_layer
    a, b = (evidence.score("xnli", representation, c, seed) for c in (reference, code))
    x, y = (evidence.vectors("xnli", representation, c, seed, layer) for c in (reference, code))
    p, q = (evidence.outputs("xnli", representation, c, seed) for c in (reference, code))
    logits = analysis.sinkhorn_space == "logits"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        distance = sinkhorn_distance(
            p.logits if logits else p.probabilities,
            q.logits if logits else q.probabilities,
            reg=analysis.sinkhorn_reg,
            cost=analysis.sinkhorn_cost,
        )
    trouble = "; ".join(str(w.message) for w in caught if issubclass(w.category, ConvergenceWarning))
    gap = rpd(a, b) if a or b else float("nan")
    return PairPoint(
        representation, code, seed, gap, abs(a - b), a, cka(x, y), cka(x, y, debiased=True), distance, trouble
    )


def lacking(evidence: Evidence, representations: Iterable[str] | None = None) -> tuple[str, ...]:
    """Return why there are no pairs with the reference language, or which there are not (None: every representation)."""
    reference = evidence.study.analysis.reference
    spec = evidence.study.tasks.get("xnli")
    if spec is None:
        return ("the study has no task xnli",)
    if reference not in spec.languages:
        return (f"the reference language {reference} is not among the languages of xnli: {', '.join(spec.languages)}",)
    if len(spec.languages) < 2:
        return (f"xnli has no language beside the reference {reference}",)
    names = spec.representations if representations is None else representations
    return tuple(line for name in names for line in _lacking(evidence, name, spec.languages))


def _lacking(evidence: Evidence, representation: str, languages: tuple[str, ...]) -> Iterator[str]:
    reference = evidence.study.analysis.reference
    if absent := evidence.absent("xnli", representation, languages):
        yield f"{representation} has no finished XNLI run in {', '.join(absent)}"
    present = [c for c in languages if c not in absent and reference not in absent and c != reference]
    if apart := [c for c in present if not evidence.seeds("xnli", representation, (reference, c))]:
        yield f"{representation}: no seed is finished in {reference} and in {' or '.join(apart)}"


def unconverged(reference: str, points: Iterable[PairPoint]) -> tuple[str, ...]:
    """Return one line for each Sinkhorn distance that did not converge, with its pair, seed and value."""
    return tuple(
        f"{p.representation}, {reference}–{p.language}, seed {p.seed}: Sinkhorn distance {p.sinkhorn:.4f}; {p.unconverged}"
        for p in points
        if p.unconverged
    )


def pairs(evidence: Evidence) -> Iterator[tuple[str, str, list[int]]]:
    """Yield (representation, other language, seeds in common with the reference)."""
    spec, reference = evidence.study.tasks.get("xnli"), evidence.study.analysis.reference
    if spec is None or reference not in spec.languages:
        return
    for representation in spec.representations:
        for code in spec.languages:
            seeds = evidence.seeds("xnli", representation, (reference, code)) if code != reference else []
            if seeds:
                yield representation, code, seeds


def runs_behind(evidence: Evidence, lines: Sequence[dict[str, Any]]) -> list[Run]:
    """Return the runs that ``lines`` rest on."""
    reference = evidence.study.analysis.reference
    found = (
        evidence.run("xnli", line["representation"], code, line["seed"])
        for line in lines
        for code in (reference, line["language"])
    )
    return list({run.run_id: run for run in found if run is not None}.values())


def flat(lines: list[dict[str, Any]], estimates: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield lines as rows of a CSV: each estimate as value and ends, NaN where there is no number."""
    for line in lines:
        row = {k: v for k, v in line.items() if k not in estimates}
        for name in estimates:
            e: Estimate = line[name]
            row |= {name: e.value, f"{name}_low": e.low, f"{name}_high": e.high}
        yield {key: float("nan") if value is None else value for key, value in row.items()}
