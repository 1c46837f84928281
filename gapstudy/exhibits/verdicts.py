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
from gapstudy.exhibits.pairs import pair_points
from gapstudy.exhibits.published import TABLE1, TABLE2, TABLE3
from gapstudy.exhibits.similarity import debiased_by_seed
from gapstudy.exhibits.table1 import TOKEN_TASKS
from gapstudy.exhibits.text import estimate_cell, p_value
from gapstudy.stats import (
    Estimate,
    ResampledCka,
    cka_matrix,
    holm,
    jackknife_interval,
    mean_cka_difference,
    mean_rpd,
    rpd,
    spread,
)

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
    "characters, or where named), over the seeds that both have. Gaps, spread and scores: of the seeds’ mean scores, over all "
    "pairs of languages (XNLI: over pairs with the reference), t by the jackknife over seeds. CKA: over all pairs, for new seeds and new sentences "
    "(half-samples). S-Dist: of given test sets, t over seeds. Correlations: within "
    "pairs of languages, Spearman, seeds resampled and permuted jointly over pairs (the analysis of record of Table 3). *p* is "
    "corrected by Holm’s method for the {tested} claims tested in this report (a report of fewer tasks corrects for fewer); a claim is *supported* or "
    "*contradicted* below {alpha}, otherwise the study *cannot tell*. *Paper* has no intervals: its scores are single runs, its CKA is the plain one, its "
    "correlations are of pooled points; – where it prints no number."
)


# ---- the claims ---------------------------------------------------------------------------------------------
def _claims(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> Iterator[Verdict]:
    for task in TOKEN_TASKS:
        if task in evidence.study.tasks and (names := contrast(evidence, task)):
            yield from _token_claims(evidence, task, names)
    if "xnli" in evidence.study.tasks and (names := contrast(evidence, "xnli")):
        yield from _xnli_claims(evidence, names)
    yield from _correlation_claims(evidence, exhibits["table3"])


def _token_claims(evidence: Evidence, task: str, names: tuple[str, str]) -> Iterator[Verdict]:
    """Smaller gap and spread, higher similarity."""
    languages = [c for c in evidence.spec(task).languages if all(evidence.seeds(task, r, (c,)) for r in names)]
    seeds = _common(evidence, task, names, languages)
    if len(languages) < 2 or not seeds:
        return
    level, label = evidence.study.analysis.level, task.upper()
    sides = [evidence.scores(task, r, languages, seeds) for r in names]
    for what, statistic, key, digits in (
        ("smaller gap (mean RPD, %)", mean_rpd, "mean_rpd", 2),
        ("smaller spread (Std.)", spread, "std", 4),
    ):
        yield Verdict(
            claim=f"{label}: {what}",
            about=_PHONEMES,
            sign=-1,
            printed=_printed(task, key, digits),
            estimate=_difference(sides, statistic, level),
            digits=digits,
            remark=_few(len(seeds)),
        )
    yield _similarity_claim(evidence, task, names, languages, seeds)


def _similarity_claim(
    evidence: Evidence, task: str, names: tuple[str, str], languages: Sequence[str], seeds: Sequence[int]
) -> Verdict:
    """Claim higher CKA: seeds and sentences are both a source of chance."""
    sides = [list(debiased_by_seed(evidence, task, r, languages, seeds)) for r in names]
    printed = _printed(task, "mean_cka", 3) if task in TOKEN_TASKS else "–"
    return Verdict(
        claim=f"{task.upper()}: more similar (debiased CKA)",
        about=_PHONEMES,
        sign=1,
        printed=printed,
        estimate=_difference_of_cka(*sides, level=evidence.study.analysis.level),
        digits=3,
        remark=_before(evidence, task, names, languages),
    )


def _common(evidence: Evidence, task: str, names: Sequence[str], languages: Sequence[str]) -> list[int]:
    """Return the seeds that are finished in every language under every one of some representations."""
    found = [set(evidence.seeds(task, name, languages)) for name in names]
    return sorted(set.intersection(*found))


def _xnli_claims(evidence: Evidence, names: tuple[str, str]) -> Iterator[Verdict]:
    """Smaller gap than each other representation, better scores where there is less data, closer vectors and outputs."""
    reference, level = evidence.study.analysis.reference, evidence.study.analysis.level
    spec = evidence.spec("xnli")
    others = [c for c in spec.languages if c != reference]
    languages = [reference, *others]
    if reference not in spec.languages or not others:
        return
    baselines = [r for r in (names[0], _subword(evidence)) if r and r != names[1]]
    for baseline in dict.fromkeys(baselines):
        if seeds := _common(evidence, "xnli", (baseline, names[1]), languages):
            sides = [evidence.scores("xnli", r, languages, seeds) for r in (baseline, names[1])]
            kind = evidence.study.representations[baseline].kind
            yield Verdict(
                claim=f"XNLI: smaller gap than {kind}s (%)",
                about=_PHONEMES,
                sign=-1,
                printed=_printed_gap(kind),
                estimate=_difference(sides, _gap_to_first, level),
                digits=2,
                remark=_few(len(seeds)),
            )
    if not (seeds := _common(evidence, "xnli", names, languages)):
        return
    sides = [evidence.scores("xnli", r, languages, seeds) for r in names]
    printed = [TABLE2[kind]["scores"] for kind in ("character", "phoneme")]
    higher = sum(printed[1][c] - printed[0][c] for c in ("swa", "urd")) / 2
    yield Verdict(
        claim=f"XNLI: better except in {reference} (points)",
        about=_PHONEMES,
        sign=1,
        printed=f"{higher:+.2f}",
        estimate=_difference(sides, lambda means: float(np.mean(means[1:])), level),
        digits=2,
        remark=_few(len(seeds)),
    )
    yield _similarity_claim(evidence, "xnli", names, languages, seeds)
    distances = [[_mean_distance(evidence, r, s, others) for s in seeds] for r in names]
    yield Verdict(
        claim="XNLI: closer outputs (S-Dist)",
        about=_PHONEMES,
        sign=-1,
        printed="–",
        estimate=_difference([np.array(d)[:, None] for d in distances], lambda means: float(means[0]), level),
        digits=4,
        remark=_few(len(seeds)),
    )


def _gap_to_first(means: Sequence[float]) -> float:
    """Mean RPD of the reference's score and each other one."""
    return sum(rpd(means[0], other) for other in means[1:]) / (len(means) - 1)


def _subword(evidence: Evidence) -> str:
    kinds = ((r, evidence.study.representations[r].kind) for r in evidence.spec("xnli").representations)
    return next((r for r, kind in kinds if kind == "subword"), "")


def _printed_gap(kind: str) -> str:
    """Return the paper's difference of the mean gap to English, phonemes less another kind."""
    mean = {k: sum(TABLE2[k][c][0] for c in ("swa", "urd")) / 2 for k in (kind, "phoneme")}
    return f"{mean['phoneme'] - mean[kind]:+.2f}"


def _mean_distance(evidence: Evidence, representation: str, seed: int, others: Sequence[str]) -> float:
    found = [p.sinkhorn for p in pair_points(evidence, representation) if p.seed == seed and p.language in others]
    return float(np.mean(found))


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


def _difference(sides: Sequence[Any], statistic: Any, level: float) -> Estimate:
    """Return statistic(b) - statistic(a) of the seed means of (seeds, languages) scores, with a t test over seeds."""
    both = np.stack(sides, axis=1)  # (seeds, 2, languages)

    def difference(rows: Any) -> float:
        a, b = rows.mean(axis=0)
        return float(statistic(b) - statistic(a))

    try:
        found = jackknife_interval(difference, both, level=level)
    except ValueError as error:
        return Estimate(_value_or_nan(difference, both), math.nan, math.nan, level, len(both), f"no interval: {error}")
    return replace(found, p_value=_t_test(found))


def _difference_of_cka(a: Sequence[ResampledCka], b: Sequence[ResampledCka], *, level: float) -> Estimate:
    """Return the mean of b - a over seeds, for new seeds and new sentences: both variances added, t with S - 1."""
    from scipy.special import stdtr, stdtrit

    over_sentences = mean_cka_difference(ResampledCka.over_seeds(a), ResampledCka.over_seeds(b), level=level)
    n = len(a)
    if n < 2:
        method = "no interval: 1 seed says nothing of others"
        return Estimate(over_sentences.value, math.nan, math.nan, level, n, method)
    by_seed = np.array([y.value - x.value for x, y in zip(a, b, strict=True)])
    draws = np.mean([y.draws - x.draws for x, y in zip(a, b, strict=True)], axis=0)
    error = math.sqrt(by_seed.var(ddof=1) / n + draws.var(ddof=1))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * error
    p = 2.0 * float(stdtr(n - 1, -abs(over_sentences.value) / error)) if error > 0 else float(over_sentences.value == 0)
    method = f"difference of mean debiased CKA for new seeds and sentences, t with {n - 1} degrees of freedom"
    return Estimate(over_sentences.value, over_sentences.value - half, over_sentences.value + half, level, n, method, p)


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
    if seeds == 1:
        return "1 seed says nothing of others"
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
    return f"{means[1] - means[0]:+.3f} already before fine-tuning, by input units and pre-training"


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
