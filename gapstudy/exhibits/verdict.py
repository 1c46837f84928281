"""One claim of the paper and what became of it: the record, and how it is judged.

A claim is one number with an interval and a p-value that respects how the data came about; Holm's method corrects for the
number of claims that could be tested.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gapstudy.exhibits.evidence import Evidence
from gapstudy.stats import Estimate, holm

__all__ = ["CONTRADICTED", "OPEN", "SUPPORTED", "UNTESTED", "Part", "Verdict", "contrast", "judged"]

SUPPORTED, CONTRADICTED, OPEN, UNTESTED = "supported", "contradicted", "cannot tell", "not tested"
Key = Literal["gap", "spread", "scripts", "resource", "cka", "outputs", "goes-with", "rather", "bound", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a claim is made of: the difference in one language, or over a group that it is held against.

    Attributes
    ----------
    name : of the group, in words; empty for a single language; ``language`` : its code, empty for a group.
    estimate : phonemes less the baseline, not corrected; ``printed`` : the paper's, NaN where it prints none.
    """

    estimate: Estimate
    name: str = ""
    language: str = ""
    printed: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One claim.

    Attributes
    ----------
    claim : in words; ``sign`` : the direction that supports it; ``about`` : the heading that it stands under.
    printed : what the paper's own numbers give, as text; "–" for none.
    estimate : what this study found, NaN without an interval where it could not be computed.
    digits : decimals to print.
    p_holm : corrected for all claims that have a p-value; NaN for none.
    word : one of "supported", "contradicted", "cannot tell", "not tested".
    remark : what to know before believing it.
    key, task : which claim it is, and of which task; what the sentences about it are found by.
    names : representations compared, baseline first; empty where none are.
    sides : what each of them has; NaN where that says nothing.
    measure : "cka" or "sinkhorn" for a correlation.
    parts : the difference by language, then that over other groups.
    before : of a difference in CKA, what was there before fine-tuning; NaN where that is not known.
    """

    claim: str
    about: str
    sign: int
    printed: str
    estimate: Estimate
    digits: int
    p_holm: float = math.nan
    word: str = UNTESTED
    remark: str = ""
    key: Key = ""
    task: str = ""
    names: tuple[str, ...] = ()
    sides: tuple[float, float] = (math.nan, math.nan)
    measure: str = ""
    parts: tuple[Part, ...] = ()
    before: float = math.nan


def contrast(evidence: Evidence, task: str) -> tuple[str, str] | None:
    """Return the representations that the paper compares: characters (else subwords) and phonemes, or None."""
    kinds = {r: evidence.study.representations[r].kind for r in evidence.spec(task).representations}
    found = [next((r for r, k in kinds.items() if k == kind), "") for kind in ("phoneme", "character", "subword")]
    phonemes, others = found[0], [name for name in found[1:] if name]
    return (others[0], phonemes) if phonemes and others else None


def judged(claims: Sequence[Verdict], level: float) -> list[Verdict]:
    """Return the claims with corrected p-values and words.

    A claim is supported or contradicted where its corrected p is below 1 - level. One without a p-value is not tested,
    and keeps the word that it came with.
    """
    tested = [i for i, v in enumerate(claims) if v.estimate.p_value is not None and not math.isnan(v.estimate.p_value)]
    corrected = (
        dict(zip(tested, holm([claims[i].estimate.p_value or 0.0 for i in tested]), strict=True)) if tested else {}
    )
    return [_judge(v, float(corrected.get(i, math.nan)), level) for i, v in enumerate(claims)]


def _judge(verdict: Verdict, p_holm: float, level: float) -> Verdict:
    if math.isnan(p_holm):
        return replace(verdict, remark=verdict.remark or verdict.estimate.method)
    if p_holm >= 1 - level:
        return replace(verdict, p_holm=p_holm, word=OPEN)
    word = SUPPORTED if verdict.estimate.value * verdict.sign > 0 else CONTRADICTED
    return replace(verdict, p_holm=p_holm, word=word)
