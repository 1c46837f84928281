"""One paragraph for each claim of the paper, written from the verdicts: what was found, and how far it may be believed.

Paper: abstract, sections 4.1 to 4.4. Each paragraph opens with the verdict, gives estimates with intervals, corrected
p-values and the paper's printed values, and ends with what to know before believing it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.contrasts import signed
from gapstudy.exhibits.text import counted, p_value
from gapstudy.exhibits.verdict import CONTRADICTED, OPEN, SUPPORTED, UNTESTED, Part, Verdict
from gapstudy.languages import language
from gapstudy.report.markup import literal
from gapstudy.report.wording import (
    FEW,
    PERCENT,
    against,
    allowed,
    found,
    lead,
    listed,
    one,
    p_text,
    span,
    tested,
    verdict_of,
)
from gapstudy.stats import Estimate, detectable_correlation

__all__ = ["Claims", "closer_outputs", "correlated", "higher_cka", "other_scripts", "smaller_gap"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the paragraphs are written from.

    Attributes
    ----------
    verdicts : every judged claim.
    exhibits : by key; their data have the numbers beside the verdicts.
    kinds : representation -> plural of its kind ("characters"), or its name where two have one kind.
    reference : name of the reference language.
    zero_shot : whether one model serves every language.
    """

    verdicts: Sequence[Verdict]
    exhibits: Mapping[str, Exhibit]
    kinds: Mapping[str, str]
    reference: str
    zero_shot: bool = False

    def of(self, key: str, **wanted: str) -> list[Verdict]:
        """Return the verdicts of one claim."""
        return verdict_of(self.verdicts, key, **wanted)

    def data(self, key: str) -> Mapping[str, Any]:
        """Return the data of an exhibit, empty where there is none."""
        exhibit = self.exhibits.get(key)
        return exhibit.data if exhibit else {}


# ---- (a) -------------------------------------------------------------------------------------------------------
def smaller_gap(claims: Claims) -> str:
    """Return the paragraph on the claim that phonemes leave a smaller performance gap (section 4.2)."""
    gaps = claims.of("gap")
    if not gaps:
        return _absent("Phonemes leave a smaller gap", claims)
    sentences = [
        f"{_lead(gaps, claims)} The paper’s first claim is that phonemes leave the smallest performance gap.",
    ]
    for task in dict.fromkeys(v.task for v in gaps):
        first, *others = [v for v in gaps if v.task == task]
        what = f"RPD to {claims.reference}" if task == "xnli" else "mean RPD over pairs of languages"
        more = "".join(f"; {against(v, PERCENT, claims.kinds)}" for v in others)
        sentences.append(f"On {_task(first)} the {what} {found(first, PERCENT, claims.kinds)}{more}.")
    if spreads := claims.of("spread"):
        said = (_spread(v) for v in spreads)
        sentences.append(f"The standard deviation of the scores over languages differs by {listed(said)}.")
    sentences += _open(gaps, claims)
    sentences += [_few(gaps), _weaker(claims), _protocol(claims)]
    return _paragraph(sentences)


def _spread(v: Verdict) -> str:
    difference = f"{signed(v.estimate.value, 4)} {span(v.estimate, 4)}".strip()
    return f"{difference} on {_task(v)} ({p_text(v)}{_printed_value(v)})"


def _printed_value(v: Verdict) -> str:
    return f"; paper {v.printed}" if v.printed != "–" else ""


def _weaker(claims: Claims) -> str:
    """Say where phonemes are the weaker model: a small gap among low scores is no merit."""
    behind = [
        f"{signed(line['test'].difference.value, 2)} {span(line['test'].difference, 2)} on {line['task'].upper()}"
        for line in claims.data("comparison").get("comparisons", ())
        if {line["a"], line["b"]} == set(_names(claims, line["task"])) and line["test"].difference.high < 0
    ]
    if not behind:
        return ""
    return (
        f"A small gap among low scores is no merit: the mean score with phonemes is lower, the difference being {listed(behind)}, "
        "in points (@tbl-comparison)."
    )


def _names(claims: Claims, task: str) -> tuple[str, ...]:
    return next((v.names for v in claims.of("gap", task=task)), ())


# ---- (c) -------------------------------------------------------------------------------------------------------
def other_scripts(claims: Claims) -> str:
    """Return the paragraph on better scores in other scripts (section 4.1) and with less data (abstract)."""
    scripts, resource = claims.of("scripts"), claims.of("resource")
    every = [*scripts, *resource]
    if not every:
        return _absent("Phonemes score higher in other scripts", claims)
    sentences = [
        (
            f"{_lead(every, claims)} The paper has phonemes ahead of characters on NER where the script is neither Latin nor Cyrillic "
            "(Korean and Hindi), and in its abstract wherever there is less data (Swahili and Urdu on XNLI)."
        ),
        *(text for v in scripts for text in _script(v, claims)),
    ]
    if any(not p.language for v in scripts if v.task == "ner" for p in v.parts):
        sentences.append("Only what lies between other scripts and those can be due to the script.")
    for v in resource:
        sentences.append(
            f"On XNLI the mean accuracy in {listed(_names_of(v.parts))} {found(v, PERCENT, claims.kinds)}."
        )
        sentences.append(_by_language(v.parts))
    sentences += [*_open(every, claims), _protocol(claims)]
    return _paragraph(sentences)


def _script(v: Verdict, claims: Claims) -> Iterator[str]:
    """Say how phonemes do in other scripts on one task, and in the major ones."""
    inside = [p for p in v.parts if p.language]
    aside = "" if v.task == "ner" else " (not a claim of the paper)"
    yield f"On {_task(v)}{aside} the mean score in {listed(_names_of(inside))} {found(v, PERCENT, claims.kinds)}."
    if v.task != "ner":
        return  # what the paper does not claim needs no details: Table 1 has them
    yield _by_language(inside)
    for p in v.parts:
        if not p.language:
            difference = f"{signed(p.estimate.value, 2)} {span(p.estimate, 2)}".strip()
            yield f"In the languages in {p.name} the difference is {difference} ({_printed_part(p)})."


def _printed_part(part: Part) -> str:
    return f"not corrected; paper {signed(part.printed, 2)}" if math.isfinite(part.printed) else "not corrected"


def _names_of(parts: Iterable[Part]) -> list[str]:
    return [language(p.language).name for p in parts]


def _by_language(parts: Sequence[Part]) -> str:
    """Give the difference in each language, where there are several."""
    if len(parts) < 2:
        return ""
    said = (
        f"{signed(p.estimate.value, 2)} {span(p.estimate, 2)}".strip()
        + f" in {language(p.language).name}"
        + (f" (paper {signed(p.printed, 2)})" if math.isfinite(p.printed) else "")
        for p in parts
    )
    return f"By language, and not corrected, it is {listed(said)}."


# ---- (b) -------------------------------------------------------------------------------------------------------
def higher_cka(claims: Claims) -> str:
    """Return the paragraph on the claim that phonemes make languages more similar (section 4.3)."""
    similar = claims.of("cka")
    if not similar:
        return _absent("Languages are more similar with phonemes", claims)
    sentences = [
        f"{_lead(similar, claims)} The paper’s second claim is that languages are more similar with phonemes.",
    ]
    for v in similar:
        before = f"; before any fine-tuning the difference was {signed(v.before, 3)}" if math.isfinite(v.before) else ""
        sentences.append(f"On {_task(v)} mean debiased CKA {found(v, '', claims.kinds)}{before}.")
    sentences += _open(similar, claims)
    if any(math.isfinite(v.before) for v in similar):
        sentences.append(
            "What was there before fine-tuning is due to input units and pre-training, not to the task: at the input layer the "
            "counts of symbols alone make languages alike (@tbl-cka-checks)."
        )
    if any(v.printed != "–" for v in similar):
        sentences.append(
            "The paper’s differences are of plain CKA, whose bias depends on the numbers of features and sentences."
        )
    sentences.append(_protocol(claims))
    return _paragraph(sentences)


def closer_outputs(claims: Claims) -> str:
    """Return the paragraph on the claim that outputs are closer with phonemes (section 4.3, Figure 3)."""
    outputs = claims.of("outputs")
    if not outputs:
        return ""
    sentences = [
        f"{_lead(outputs, claims)} The paper’s Figure 3 also shows the outputs of languages closer with phonemes.",
    ]
    sentences += [
        f"Here the mean Sinkhorn distance to {claims.reference} {found(v, '', claims.kinds)}." for v in outputs
    ]
    sentences += _open(outputs, claims)
    sentences.append(
        "The distance depends on its regularisation, which the paper does not give, and is above 0 for equal outputs; two seeds of one "
        "language show what chance alone makes (@tbl-transport)."
    )
    return _paragraph(sentences)


# ---- (d) -------------------------------------------------------------------------------------------------------
def correlated(claims: Claims) -> str:
    """Return the paragraph on what the gap goes with (section 4.4, Table 3)."""
    data, goes, rather = claims.data("table3"), claims.of("goes-with"), claims.of("rather")
    if not goes:
        return _absent("The gap goes with CKA and Sinkhorn distance", claims, "table3")
    words = [(_MEASURES[v.measure], v.word) for v in goes] + [
        (f"“{_MEASURES[v.measure]} rather than performance”", v.word) for v in rather
    ]
    within = data["within"]
    sentences = [
        (
            f"{lead(words)} The paper’s third claim is that the gap goes with CKA and Sinkhorn distance rather than with "
            f"{claims.reference} performance."
        ),
        (
            f"Within pairs of languages, over {counted(goes[0].estimate.n, 'point')} of {counted(len(data['points']['seeds']), 'seed')} "
            f"and {counted(len(data['points']['pairs']), 'pair')}, the rank correlation of the gap is "
            f"{listed(_coefficient(v) for v in goes)}, and {_estimate(within['performance', 'spearman'])} with "
            f"{claims.reference} performance."
        ),
        *(
            (
                f"The absolute correlation less that with {claims.reference} performance is "
                f"{listed(_stronger(v) for v in rather)}."
            )
            for _ in rather[:1]
        ),
        _pooled(data, goes),
        _power(len(data["points"]["seeds"]), goes, rather),
        (f"The gap is computed from {claims.reference} performance, so that the two are correlated by construction."),
    ]
    return _paragraph(sentences)


_MEASURES = {"cka": "CKA", "sinkhorn": "S-Dist"}


def _coefficient(v: Verdict) -> str:
    against = {SUPPORTED: "", CONTRADICTED: ", against the claimed direction", OPEN: "", UNTESTED: ""}[v.word]
    return f"{_estimate(v.estimate)} with {_MEASURES[v.measure]} ({p_text(v)}{against}; paper {v.printed}, pooled)"


def _stronger(v: Verdict) -> str:
    difference = f"{signed(v.estimate.value, 3)} {span(v.estimate, 3)}".strip()
    return f"{difference} for {_MEASURES[v.measure]} ({p_text(v)}; paper {v.printed}, untested)"


def _estimate(estimate: Estimate) -> str:
    return f"{one(estimate.value, 3)} {span(estimate, 3)}".strip()


def _pooled(data: Mapping[str, Any], goes: Sequence[Verdict]) -> str:
    """Say what the paper's own analysis gives here, and why it is not believed."""
    found = [(v, data["pooled"][v.measure, "spearman"]) for v in goes]
    said = listed(f"{one(e.value, 3)} with {_MEASURES[v.measure]} (*p* {p_value(e.p_value)})" for v, e in found)
    return (
        f"Pooled over pairs, as in the paper, the coefficients are {said}; these *p* count points that share a model as "
        "independent."
    )


def _power(seeds: int, goes: Sequence[Verdict], rather: Sequence[Verdict]) -> str:
    """Say what could have been seen, where something is open."""
    if seeds < 4 or not any(v.word == OPEN for v in (*goes, *rather)):
        return ""
    level = goes[0].estimate.level
    least = detectable_correlation(seeds, level=1.0 - level)
    return (
        f"The intervals say how strong a correlation is still possible: with {counted(seeds, 'seed')} one of {least:.2f} within "
        f"a single pair would have been found with 80{PERCENT} power, before correction."
    )


# ---- shared ----------------------------------------------------------------------------------------------------
def _lead(verdicts: Sequence[Verdict], claims: Claims) -> str:
    return lead(list(zip(_labels(verdicts, claims), (v.word for v in verdicts), strict=True)))


def _labels(verdicts: Sequence[Verdict], claims: Claims) -> list[str]:
    """Name each verdict of a paragraph: by its task, and by what it is compared with where a task has several."""
    several = {v.task for v in verdicts if len({x.names for x in verdicts if x.task == v.task}) > 1}
    return [
        f"{_task(v)} against {literal(claims.kinds.get(v.names[0], v.names[0]))}" if v.task in several else _task(v)
        for v in verdicts
    ]


def _task(v: Verdict) -> str:
    return v.task.upper()


def _open(verdicts: Sequence[Verdict], claims: Claims) -> list[str]:
    """Say what open verdicts leave possible."""
    several = len(verdicts) > 1
    labels = _labels(verdicts, claims) if several else [""] * len(verdicts)
    return allowed(list(zip(labels, verdicts, strict=True)), tested(claims.verdicts))


def _few(verdicts: Sequence[Verdict]) -> str:
    """Warn of few seeds."""
    counts = sorted({v.estimate.n for v in verdicts if v.estimate.n < FEW})
    if not counts:
        return ""
    tasks = list(dict.fromkeys(_task(v) for v in verdicts if v.estimate.n < FEW))
    if counts == [1]:
        return f"One seed ({listed(tasks)}) says nothing of another: its values are no evidence."
    return (
        f"With {' or '.join(map(str, counts))} seeds ({listed(tasks)}) the intervals rest on "
        f"{' or '.join(str(n - 1) for n in counts)} {'degree' if counts == [2] else 'degrees'} of freedom and are wide."
    )


def _protocol(claims: Claims) -> str:
    if not claims.zero_shot:
        return ""
    return "The paper’s values are of in-language training, this study’s of zero-shot transfer: they answer different questions."


def _absent(what: str, claims: Claims, key: str = "verdicts") -> str:
    """Return the paragraph of a claim that the runs do not allow to judge."""
    exhibit = claims.exhibits.get(key)
    reasons = (
        [claims.data("verdicts").get("why", "")] if key == "verdicts" else list(exhibit.missing if exhibit else ())
    )
    why = "; ".join(literal(reason) for reason in reasons if reason) or "the runs do not allow it"
    return f"**Not tested.** {what}: {why}."


def _paragraph(sentences: Iterable[str]) -> str:
    return " ".join(filter(None, sentences))
