"""The XNLI measures of each (seed, language pair): gap, English performance, CKA and Sinkhorn distance.

Paper: section 4.4. One row a seed and pair is what Table 3 correlates and Figure 3 shows; computed once for both.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache

from gapstudy.errors import ConvergenceWarning
from gapstudy.exhibits.evidence import Evidence
from gapstudy.stats import cka, rpd, sinkhorn_distance

__all__ = ["PairPoint", "pair_points"]


@dataclass(frozen=True, slots=True)
class PairPoint:
    """One seed and one pair (reference, other).

    Attributes
    ----------
    gap : RPD of the two accuracies, percent.
    difference : their absolute difference, percentage points.
    performance : the reference language's accuracy, percent.
    cka, debiased_cka : of the sentence vectors at the study's layer.
    sinkhorn : Sinkhorn distance of the outputs on the parallel test sets.
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
    spec = evidence.study.tasks.get("xnli")
    if spec is None or reference not in spec.languages:
        return ()
    return tuple(
        _point(evidence, representation, reference, code, seed)
        for code in spec.languages
        if code != reference
        for seed in evidence.seeds("xnli", representation, (reference, code))
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
    return PairPoint(
        representation, code, seed, rpd(a, b), abs(a - b), a, cka(x, y), cka(x, y, debiased=True), distance, trouble
    )
