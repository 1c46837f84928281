"""The paper's claims at a glance: what it prints, what this study found, and whether that would survive a statistician.

Paper: abstract, sections 4.1 to 4.4. Each claim is one number with an interval and a p-value that respects how the data
came about (seeds are the units, sentences are shared, points of a seed depend on each other); Holm's method corrects for
the number of claims that could be tested.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.published import TABLE1, TABLE2, TABLE3
from gapstudy.exhibits.similarity import debiased_over_seeds
from gapstudy.exhibits.table1 import TOKEN_TASKS
from gapstudy.exhibits.text import estimate_cell, p_value
from gapstudy.stats import Estimate, cka_matrix, holm, jackknife_interval, mean_cka_difference, mean_rpd, rpd

__all__ = ["Verdict", "compute", "contrast"]

_PHONEMES = "Phonemes, compared with characters"
_CORRELATION = "The performance gap of XNLI and what it goes with, within pairs of languages"
SUPPORTED, CONTRADICTED, OPEN, UNTESTED = "supported", "contradicted", "cannot tell", "not tested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One claim.

    Attributes
    ----------
    claim : in words; ``sign`` : the direction that supports it; ``about`` : the heading that it stands under.
    printed : what the paper's own numbers give, as text.
    estimate : what this study found, NaN without an interval where it could not be computed.
    digits : decimals to print.
    p_holm : corrected for all claims that have a p-value; NaN for none.
    word : one of "supported", "contradicted", "cannot tell", "not tested".
    remark : what to know before believing it.
    """

    claim: str
    about: str
    sign: int
    printed: str
    estimate: Estimate
    digits: int
    p_holm: float = float("nan")
    word: str = UNTESTED
    remark: str = ""


def contrast(evidence: Evidence, task: str) -> tuple[str, str] | None:
    """Return the representations that the paper compares: characters (else subwords) and phonemes, or None."""
    kinds = {r: evidence.study.representations[r].kind for r in evidence.spec(task).representations}
    found = [next((r for r, k in kinds.items() if k == kind), "") for kind in ("phoneme", "character", "subword")]
    phonemes, others = found[0], [name for name in found[1:] if name]
    return (others[0], phonemes) if phonemes and others else None


def compute(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> Exhibit:
    """Judge each claim.

    Parameters
    ----------
    evidence : the runs.
    exhibits : Table 3 and the bound, as they were computed.
    """
    judged = _judged(list(_claims(evidence, exhibits)), evidence.study.analysis.level)
    return Exhibit(
        key="verdicts",
        kind="table",
        numbered=False,
        title="The paper’s claims, and what this study can say of them",
        caption=_CAPTION.format(
            level=f"{100 * evidence.study.analysis.level:g}",
            alpha=f"{1 - evidence.study.analysis.level:.2g}",
            tested=sum(not math.isnan(v.p_holm) for v in judged),
        ),
        signature=evidence.signature(
            f"resamples:{evidence.study.analysis.resamples}", f"level:{evidence.study.analysis.level}", "p:holm"
        ),
        table=_table(judged) if judged else None,
        data={"verdicts": judged},
        records=tuple(_record(v) for v in judged),
        missing=() if judged else ("it needs a phoneme representation beside another, and two languages",),
    )


_CAPTION = (
    "*This study*: estimate and {level} % interval. Differences are phonemes less characters (subwords where there are no "
    "characters). Gaps: mean RPD of the seeds’ mean scores, over pairs of languages (XNLI: over pairs with the reference), "
    "jackknife over common seeds. CKA: debiased, half-samples of shared sentences, seeds averaged. Correlations: within "
    "pairs of languages, Spearman, seeds resampled and permuted jointly over pairs (the analysis of record of Table 3). *p* is "
    "corrected by Holm’s method for the {tested} claims tested; a claim is *supported* or *contradicted* below {alpha}, "
    "otherwise the study *cannot tell*. *Paper* has no intervals: its scores are single runs, its CKA is the plain one, its "
    "correlations are of pooled points."
)


# ---- the claims ---------------------------------------------------------------------------------------------
def _claims(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> Iterator[Verdict]:
    for task in TOKEN_TASKS:
        if task in evidence.study.tasks and (names := contrast(evidence, task)):
            yield from _token_claims(evidence, task, names)
    if "xnli" in evidence.study.tasks and (names := contrast(evidence, "xnli")):
        yield from _xnli_claim(evidence, names)
    yield from _correlation_claims(evidence, exhibits["table3"])


def _token_claims(evidence: Evidence, task: str, names: tuple[str, str]) -> Iterator[Verdict]:
    """Smaller gap, higher similarity."""
    languages = [c for c in evidence.spec(task).languages if all(evidence.seeds(task, r, (c,)) for r in names)]
    seeds = [s for s in evidence.seeds(task, names[0], languages) if s in evidence.seeds(task, names[1], languages)]
    if len(languages) < 2 or not seeds:
        return
    level, label = evidence.study.analysis.level, task.upper()
    a, b = (evidence.scores(task, r, languages, seeds) for r in names)
    yield Verdict(
        claim=f"{label}: smaller gap (mean RPD, %)",
        about=_PHONEMES,
        sign=-1,
        printed=_printed(task, "mean_rpd", 2),
        estimate=_difference_of_gaps([a, b], mean_rpd, level),
        digits=2,
        remark=_few(len(seeds)),
    )
    similar = [debiased_over_seeds(evidence, task, r, languages, seeds) for r in names]
    yield Verdict(
        claim=f"{label}: more similar (debiased CKA)",
        about=_PHONEMES,
        sign=1,
        printed=_printed(task, "mean_cka", 3),
        estimate=mean_cka_difference(*similar, level=level),
        digits=3,
        remark=_before(evidence, task, names, languages),
    )


def _xnli_claim(evidence: Evidence, names: tuple[str, str]) -> Iterator[Verdict]:
    reference, level = evidence.study.analysis.reference, evidence.study.analysis.level
    spec = evidence.spec("xnli")
    others = [c for c in spec.languages if c != reference]
    languages = [reference, *others]
    seeds = [s for s in evidence.seeds("xnli", names[0], languages) if s in evidence.seeds("xnli", names[1], languages)]
    if reference not in spec.languages or not others or not seeds:
        return

    def gap(means: Sequence[float]) -> float:
        return sum(rpd(means[0], other) for other in means[1:]) / (len(means) - 1)

    printed = [TABLE2[kind] for kind in ("character", "phoneme")]
    mean = [sum(row[c][0] for c in ("swa", "urd")) / 2 for row in printed]
    yield Verdict(
        claim=f"XNLI: smaller gap to {reference} (RPD, %)",
        about=_PHONEMES,
        sign=-1,
        printed=f"{mean[1] - mean[0]:+.2f}",
        estimate=_difference_of_gaps([evidence.scores("xnli", r, languages, seeds) for r in names], gap, level),
        digits=2,
        remark=_few(len(seeds)),
    )


def _correlation_claims(evidence: Evidence, table3: Exhibit) -> Iterator[Verdict]:
    """The gap goes with CKA and Sinkhorn distance, more strongly than with reference performance."""
    if not table3.data:
        return
    words = {"cka": ("CKA", -1), "sinkhorn": ("S-Dist", 1)}
    for name, (label, sign) in words.items():
        pooled = table3.data["pooled"][name, "spearman"]
        yield Verdict(
            claim=f"{'Lower' if sign < 0 else 'Higher'} {label} with larger gaps (ρ)",
            about=_CORRELATION,
            sign=sign,
            printed=f"{TABLE3[name][0]:+.3f}",
            estimate=table3.data["within"][name, "spearman"],
            digits=3,
            remark=f"pooled as in the paper: {pooled.value:+.2f}, p {p_value(pooled.p_value)}, which counts dependent points",
        )
    for name, (label, _) in words.items():
        printed = abs(TABLE3[name][0]) - abs(TABLE3["performance"][0])
        yield Verdict(
            claim=f"{label} rather than performance (|ρ|)",
            about=_CORRELATION,
            sign=1,
            printed=f"{printed:+.3f}",
            estimate=table3.data["difference"][name, "spearman"],
            digits=3,
            remark=f"difference of absolute correlations, to that with {evidence.study.analysis.reference} performance, of which the gap is made: that alone makes the two correlate",
        )


# ---- their parts --------------------------------------------------------------------------------------------
def _printed(task: str, what: str, digits: int) -> str:
    """Return the paper's difference, phonemes less characters."""
    return f"{TABLE1[task, 'phoneme'][what] - TABLE1[task, 'character'][what]:+.{digits}f}"


def _difference_of_gaps(sides: Sequence[Any], gap: Any, level: float) -> Estimate:
    """Return gap(b) - gap(a) of (seeds, languages) scores over common seeds, with the t test that fits its interval."""
    both = np.stack(sides, axis=1)  # (seeds, 2, languages)

    def difference(rows: Any) -> float:
        a, b = rows.mean(axis=0)
        return float(gap(b) - gap(a))

    try:
        found = jackknife_interval(difference, both, level=level)
    except ValueError as error:
        return Estimate(_value_or_nan(difference, both), math.nan, math.nan, level, len(both), f"no interval: {error}")
    return replace(found, p_value=_t_test(found))


def _value_or_nan(statistic: Any, data: Any) -> float:
    try:
        return float(statistic(data))
    except ValueError:
        return math.nan


def _t_test(found: Estimate) -> float:
    """Two-sided p of 0, from a t interval over n seeds."""
    from scipy.special import stdtr, stdtrit

    degrees = found.n - 1
    error = (found.high - found.low) / 2.0 / float(stdtrit(degrees, (1 + found.level) / 2))
    return 2.0 * float(stdtr(degrees, -abs(found.value) / error)) if error > 0 else float(found.value == 0.0)


def _few(seeds: int) -> str:
    return f"{seeds} seeds: intervals are wide" if seeds < 5 else ""


def _before(evidence: Evidence, task: str, names: tuple[str, str], languages: Sequence[str]) -> str:
    """Say how much of a difference in CKA was there before any training on the task."""
    layer, means = evidence.spec(task).sentence_layer, []
    for name in names:
        vectors = [evidence.before(name, code, layer) for code in languages]
        if any(v is None for v in vectors):
            return ""
        matrix = cka_matrix([v for v in vectors if v is not None], debiased=True)
        means.append((matrix.sum() - len(matrix)) / (len(matrix) * (len(matrix) - 1)))
    return f"{means[1] - means[0]:+.3f} of it before fine-tuning: input units and pre-training, not the task"


# ---- judging ------------------------------------------------------------------------------------------------
def _judged(claims: Sequence[Verdict], level: float) -> list[Verdict]:
    tested = [i for i, v in enumerate(claims) if v.estimate.p_value is not None and not math.isnan(v.estimate.p_value)]
    corrected = (
        dict(zip(tested, holm([claims[i].estimate.p_value or 0.0 for i in tested]), strict=True)) if tested else {}
    )
    return [_judge(v, float(corrected.get(i, math.nan)), level) for i, v in enumerate(claims)]


def _judge(verdict: Verdict, p_holm: float, level: float) -> Verdict:
    if math.isnan(p_holm):
        return replace(verdict, word=UNTESTED, remark=verdict.remark or verdict.estimate.method)
    if p_holm >= 1 - level:
        return replace(verdict, p_holm=p_holm, word=OPEN)
    word = SUPPORTED if verdict.estimate.value * verdict.sign > 0 else CONTRADICTED
    return replace(verdict, p_holm=p_holm, word=word)


# ---- the table ----------------------------------------------------------------------------------------------
def _table(judged: Sequence[Verdict]) -> Table:
    header = ((Head("Claim"), Head("Paper"), Head("This study"), Head("p (Holm)"), Head("Verdict")),)
    rows: list[tuple[Cell, ...]] = []
    for about in dict.fromkeys(v.about for v in judged):
        rows += [(Cell(about, heading=True),), *_rows([v for v in judged if v.about == about])]
    return Table(header=header, rows=tuple(rows), align="lrrrl")


def _rows(judged: Sequence[Verdict]) -> list[tuple[Cell, ...]]:
    return [
        (
            Cell(v.claim, heading=True, note=v.remark),
            Cell(v.printed),
            estimate_cell(v.estimate, v.digits),
            Cell(p_value(v.p_holm)),
            Cell(v.word, best=v.word in {SUPPORTED, CONTRADICTED}),
        )
        for v in judged
    ]


def _record(verdict: Verdict) -> dict[str, Any]:
    found = asdict(verdict.estimate)
    return {"claim": verdict.claim, "paper": verdict.printed, **found, "p_holm": verdict.p_holm, "verdict": verdict.word,
            "remark": verdict.remark}  # fmt: skip
