"""What the paper claims of XNLI: smaller gap, better scores with less data, closer vectors and outputs; correlations; the bound.

Paper: abstract, sections 4.2 to 4.4, Tables 2 and 3, Theorem 4.1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.contrasts import common_seeds, difference, few, gap_to_first, sides_of, signed
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.pairs import pair_points
from gapstudy.exhibits.published import TABLE2, TABLE3
from gapstudy.exhibits.text import p_value
from gapstudy.exhibits.token_claims import PHONEMES, similarity_claim
from gapstudy.exhibits.verdict import OPEN, SUPPORTED, UNTESTED, Part, Verdict
from gapstudy.stats import Estimate

__all__ = ["OUTPUT_SPACE", "bound_claim", "correlation_claims", "xnli_claims"]

_CORRELATION = "The performance gap of XNLI and what it goes with, within pairs of languages"
_THEOREM = "The bound of Theorem 4.1 (XNLI)"
_PRINTED = ("swa", "urd")
OUTPUT_SPACE = "Class probabilities"


def xnli_claims(evidence: Evidence, names: tuple[str, str]) -> Iterator[Verdict]:
    """Yield the claims on XNLI, over the seeds that are finished in every language."""
    reference, spec = evidence.study.analysis.reference, evidence.spec("xnli")
    others = [c for c in spec.languages if c != reference and all(evidence.seeds("xnli", r, (c,)) for r in names)]
    if reference not in spec.languages or not others:
        return
    yield from _gap_claims(evidence, names, [reference, *others])
    seeds = common_seeds(evidence, "xnli", names, [reference, *others])
    if seeds:
        yield _resource_claim(evidence, names, others, seeds)
        yield similarity_claim(evidence, "xnli", names, [reference, *others], seeds)
        yield _output_claim(evidence, names, others, seeds)


def _gap_claims(evidence: Evidence, names: tuple[str, str], languages: Sequence[str]) -> Iterator[Verdict]:
    """Claim a smaller gap than each other kind of representation."""
    baselines = dict.fromkeys(r for r in (names[0], _subword(evidence)) if r and r != names[1])
    for baseline in baselines:
        if seeds := common_seeds(evidence, "xnli", (baseline, names[1]), languages):
            sides = [evidence.scores("xnli", r, languages, seeds) for r in (baseline, names[1])]
            kind = evidence.study.representations[baseline].kind
            yield Verdict(
                claim=f"XNLI: smaller gap than {kind}s (%)",
                about=PHONEMES,
                sign=-1,
                printed=_printed_gap(kind),
                estimate=difference(sides, gap_to_first, evidence.study.analysis.level),
                digits=2,
                remark=few(len(seeds)),
                key="gap",
                task="xnli",
                names=(baseline, names[1]),
                sides=sides_of(sides, gap_to_first),
            )


def _resource_claim(evidence: Evidence, names: tuple[str, str], others: Sequence[str], seeds: Sequence[int]) -> Verdict:
    """Claim better scores in the languages beside the reference: the abstract has them "relatively low-resourced"."""
    level = evidence.study.analysis.level
    kind = evidence.study.representations[names[0]].kind
    ahead = {c: TABLE2["phoneme"]["scores"][c] - TABLE2[kind]["scores"][c] for c in _PRINTED}

    def over(codes: Sequence[str]) -> list[np.ndarray]:
        return [evidence.scores("xnli", r, codes, seeds) for r in names]

    consistently = f"the abstract says consistently, its own urd has {signed(ahead['urd'], 2)}"
    remarks = (consistently if kind == "character" else "", few(len(seeds)))
    return Verdict(
        claim=f"XNLI: better beside {evidence.study.analysis.reference} (points)",
        about=PHONEMES,
        sign=1,
        printed=signed(float(np.mean(list(ahead.values()))), 2),
        estimate=difference(over(others), _mean, level),
        digits=2,
        remark="; ".join(filter(None, (f"in {', '.join(others)}", *remarks))),
        key="resource",
        task="xnli",
        names=names,
        sides=sides_of(over(others), _mean),
        parts=tuple(
            Part(language=c, estimate=difference(over([c]), _mean, level), printed=ahead.get(c, math.nan))
            for c in others
        ),
    )


def _output_claim(evidence: Evidence, names: tuple[str, str], others: Sequence[str], seeds: Sequence[int]) -> Verdict:
    """Claim closer outputs: mean Sinkhorn distance to the reference."""
    distances = [np.array([[_mean_distance(evidence, r, s, others)] for s in seeds]) for r in names]
    return Verdict(
        claim="XNLI: closer outputs (S-Dist)",
        about=PHONEMES,
        sign=-1,
        printed="–",
        estimate=difference(distances, _mean, evidence.study.analysis.level),
        digits=4,
        remark=few(len(seeds)),
        key="outputs",
        task="xnli",
        names=names,
        sides=sides_of(distances, _mean),
    )


def correlation_claims(evidence: Evidence, table3: Exhibit) -> Iterator[Verdict]:
    """Yield: the gap goes with CKA and Sinkhorn distance, more strongly than with reference performance."""
    if not table3.data:
        return
    reference = evidence.study.analysis.reference
    words = {"cka": ("CKA", -1), "sinkhorn": ("S-Dist", 1)}
    for name, (label, sign) in words.items():
        pooled = table3.data["pooled"][name, "spearman"]
        yield Verdict(
            claim=f"{'Lower' if sign < 0 else 'Higher'} {label} with larger gaps (ρ)",
            about=_CORRELATION,
            sign=sign,
            printed=signed(TABLE3[name][0], 3),
            estimate=table3.data["within"][name, "spearman"],
            digits=3,
            remark=f"pooled as in the paper: {signed(pooled.value, 2)}, p {p_value(pooled.p_value)}, which counts dependent points",
            key="goes-with",
            task="xnli",
            measure=name,
        )
    for name, (label, _) in words.items():
        yield Verdict(
            claim=f"{label} rather than performance (|ρ|)",
            about=_CORRELATION,
            sign=1,
            printed=signed(abs(TABLE3[name][0]) - abs(TABLE3["performance"][0]), 3),
            estimate=table3.data["difference"][name, "spearman"],
            digits=3,
            remark=f"difference of absolute correlations, to that with {reference} performance, of which the gap is made: "
            "that alone makes the two correlate",
            key="rather",
            task="xnli",
            measure=name,
        )


def bound_claim(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> Iterator[Verdict]:
    """Yield: the gap in error rate is within the bound. It has no p-value: a theorem is not tested by data.

    The claim is open where the theorem speaks of these models and its bound is vacuous, supported where the gap's
    interval is below a bound under 1 in every pair; the divergence is estimated from below, so that nothing contradicts it.
    """
    lines = [x for x in exhibits["theorem"].data.get("lines", ()) if x["space"].startswith(OUTPUT_SPACE)]
    gaps = {_place(x): x["gap"] for x in exhibits["certificates"].data.get("seeds", ())}
    found = [(gaps[_place(x)], x["paper"]) for x in lines if _place(x) in gaps]
    if not found:
        return
    gap, bound = max(found, key=lambda pair: pair[0].value - pair[1])
    inside = all(gap.high <= bound < 1 for gap, bound in found)
    applies = evidence.study.protocol == "zero-shot"
    word, remark = (
        UNTESTED,
        "largest gap less its bound (class probabilities); the theorem bounds one model on two languages, two are compared here",
    )
    if applies:
        word = SUPPORTED if inside else OPEN
        remark = (
            "class probabilities; no test: the divergence is estimated from below"
            if inside
            else "class probabilities; in some pair vacuous, or not above the gap's interval"
        )
    margin = Estimate(
        gap.value - bound, math.nan, math.nan, gap.level, gap.n, "largest gap less its bound, first seeds"
    )
    yield Verdict(
        claim="Gap below a bound that is not vacuous",
        about=_THEOREM,
        sign=-1,
        printed="–",
        estimate=margin,
        digits=3,
        word=word,
        remark=remark,
        key="bound",
        task="xnli",
    )


def _place(line: dict[str, Any]) -> tuple[str, str, int]:
    return line["representation"], line["language"], line["seed"]


def _mean(means: Sequence[float]) -> float:
    return float(np.mean(means))


def _subword(evidence: Evidence) -> str:
    kinds = ((r, evidence.study.representations[r].kind) for r in evidence.spec("xnli").representations)
    return next((r for r, kind in kinds if kind == "subword"), "")


def _printed_gap(kind: str) -> str:
    """Return the paper's difference of the mean gap to English, phonemes less another kind."""
    mean = {k: sum(TABLE2[k][c][0] for c in _PRINTED) / 2 for k in (kind, "phoneme")}
    return signed(mean["phoneme"] - mean[kind], 2)


def _mean_distance(evidence: Evidence, representation: str, seed: int, others: Sequence[str]) -> float:
    found = [p.sinkhorn for p in pair_points(evidence, representation) if p.seed == seed and p.language in others]
    return float(np.mean(found))
