"""The XNLI measures of each (seed, language pair): gap, English performance, CKA and Sinkhorn distance.

Paper: section 4.4. One row a seed and pair is what Table 3 correlates and Figure 3 shows; computed once for both.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy.typing as npt

from gapstudy.errors import ConvergenceWarning
from gapstudy.exhibits.evidence import Evidence
from gapstudy.stats import Estimate, PairTransport, cka_matrix, rpd, sinkhorn_pairs
from gapstudy.store import Run

__all__ = [
    "Name",
    "PairPoint",
    "cloud",
    "flat",
    "lacking",
    "pair_points",
    "pairs",
    "runs_behind",
    "transports",
    "unconverged",
]


Name = tuple[str, int]
"""A language and a seed: one model's outputs."""


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
    others: dict[int, list[str]] = {}
    for name, code, seeds in pairs(evidence):
        if name == representation:
            for seed in seeds:
                others.setdefault(seed, []).append(code)
    points = [p for seed, codes in others.items() for p in _of_seed(evidence, representation, seed, codes)]
    order = evidence.spec("xnli").languages if points else ()
    return tuple(sorted(points, key=lambda p: (order.index(p.language), p.seed)))


def _of_seed(evidence: Evidence, representation: str, seed: int, others: Sequence[str]) -> tuple[PairPoint, ...]:
    """Return the points of a seed, computed unless an earlier report did: added seeds cost their own time alone."""
    analysis = evidence.study.analysis
    codes = (analysis.reference, *others)
    found = {run.run_id: run for code in codes if (run := evidence.run("xnli", representation, code, seed))}
    return evidence.remember(
        "points of a seed",
        list(found.values()),
        lambda: _points(evidence, representation, seed, codes),
        languages=list(codes),
        layer=evidence.spec("xnli").sentence_layer,
        sinkhorn=[analysis.sinkhorn_space, analysis.sinkhorn_reg, analysis.sinkhorn_cost],
    )


def _points(evidence: Evidence, representation: str, seed: int, codes: Sequence[str]) -> tuple[PairPoint, ...]:
    """Compute the points of one seed: the reference language, first of ``codes``, with each other."""
    layer = evidence.spec("xnli").sentence_layer
    scores = [evidence.score("xnli", representation, c, seed) for c in codes]
    vectors = [evidence.vectors("xnli", representation, c, seed, layer) for c in codes]
    plain, debiased = (cka_matrix(vectors, debiased=kind)[0] for kind in (False, True))
    distances = transports(evidence, representation, tuple(((codes[0], seed), (other, seed)) for other in codes[1:]))
    return tuple(
        PairPoint(
            representation, code, seed, rpd(scores[0], scores[k]) if scores[0] or scores[k] else float("nan"),
            abs(scores[0] - scores[k]), scores[0], float(plain[k]), float(debiased[k]), distance.solved.cost, distance.trouble,
        )
        for k, (code, distance) in enumerate(zip(codes[1:], distances, strict=True), start=1)
    )  # fmt: skip


@lru_cache(maxsize=8192)
def transports(
    evidence: Evidence, representation: str, wanted: tuple[tuple[Name, Name], ...]
) -> tuple[PairTransport[Name], ...]:
    """Return the transport between the outputs of pairs of (language, seed), with the debiased divergence.

    What did not converge is said in ``trouble`` and warns nobody. Kept for the exhibits that share it.
    """
    analysis = evidence.study.analysis
    names = list(dict.fromkeys(name for pair in wanted for name in pair))
    runs = {run.run_id: run for code, seed in names if (run := evidence.run("xnli", representation, code, seed))}

    def compute() -> tuple[PairTransport[Name], ...]:
        clouds = {name: cloud(evidence, representation, *name) for name in names}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return sinkhorn_pairs(clouds, wanted, reg=analysis.sinkhorn_reg, cost=analysis.sinkhorn_cost, debiased=True)

    options = [analysis.sinkhorn_space, analysis.sinkhorn_reg, analysis.sinkhorn_cost]
    return evidence.remember("transports", list(runs.values()), compute, pairs=wanted, sinkhorn=options)


def cloud(evidence: Evidence, representation: str, code: str, seed: int) -> npt.NDArray[Any]:
    """Return the outputs on the test set in the study's space."""
    outputs = evidence.outputs("xnli", representation, code, seed)
    return outputs.logits if evidence.study.analysis.sinkhorn_space == "logits" else outputs.probabilities


def lacking(evidence: Evidence, representations: Iterable[str] | None = None) -> tuple[str, ...]:
    """Return why there are no pairs with the reference language, or which there are not (None: every representation)."""
    reference = evidence.study.analysis.reference
    spec = evidence.study.tasks.get("xnli")
    if spec is None:
        return ("it needs XNLI, which is not among the tasks of this report",)
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
