"""The abstract: what was run, what came out, which claims hold, and how far to believe it, in a few sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gapstudy.exhibits.evidence import Evidence, seed_range
from gapstudy.exhibits.text import counted
from gapstudy.exhibits.verdict import CONTRADICTED, OPEN, SUPPORTED, UNTESTED, Verdict
from gapstudy.report.claims import Claims
from gapstudy.report.markup import literal
from gapstudy.report.wording import FEW, PERCENT, listed, one, span, tested

__all__ = ["abstract"]


def abstract(evidence: Evidence, claims: Claims) -> str:
    """Return the abstract as one paragraph; every number is read from the runs and the exhibits."""
    sentences = [
        _what(evidence),
        _gaps(claims),
        _similarity(claims),
        _correlations(claims),
        _claims(claims.verdicts),
        _caution(evidence, claims),
    ]
    return " ".join(filter(None, sentences))


_KINDS = ("subword", "character", "phoneme")


def _what(evidence: Evidence) -> str:
    study, counts = evidence.study, Counter(r.cell.task for r in evidence.runs)
    tasks = listed(f"{n} on {task.upper()}" for task, n in counts.items())
    present = {r.cell.representation for r in evidence.runs}
    kinds = {name: r.kind for name, r in study.used_representations().items() if name in present}
    names = sorted(kinds, key=lambda name: _KINDS.index(kinds[name]))
    served = {
        code
        for task in counts
        for name in names
        for code in evidence.languages(task, name)
        if name in evidence.spec(task).representations
    }
    seeds = seed_range(evidence.runs).replace("-", " to ")
    training = (
        "one model of a source language tested on every language (zero-shot)"
        if study.protocol == "zero-shot"
        else "one model for each language (in-language)"
    )
    return (
        f"The analysis of Jung et al. [-@jung2024] is repeated on the study *{literal(study.name)}*: {counted(len(evidence.runs), 'finished run')} "
        f"({tasks}) in {counted(len(served), 'language')} with {listed(map(literal, names))} input, "
        f"{seeds} {'seed' if seeds == '1' else 'seeds'} a cell, {training}."
    )


def _gaps(claims: Claims) -> str:
    """Give the gap of each task by representation."""
    parts = []
    for task in dict.fromkeys(v.task for v in claims.of("gap")):
        sides: dict[str, float] = {}
        for v in claims.of("gap", task=task):
            sides |= dict(zip(v.names, v.sides, strict=True))
        what = f"the RPD to {claims.reference}" if task == "xnli" else "the mean RPD"
        parts.append(
            f"{what} on {task.upper()} is {listed(f'{one(x, 2)}{PERCENT} with {_kind(r, claims)}' for r, x in sides.items())}"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _similarity(claims: Claims) -> str:
    parts = [
        f"{one(v.sides[1], 3)} with {_kind(v.names[1], claims)} and {one(v.sides[0], 3)} with {_kind(v.names[0], claims)} on {v.task.upper()}"
        for v in claims.of("cka")
    ]
    return f"Mean debiased CKA between languages is {'; '.join(parts)}." if parts else ""


def _kind(name: str, claims: Claims) -> str:
    return literal(claims.kinds.get(name, name))


def _correlations(claims: Claims) -> str:
    data: Mapping[str, Any] = claims.data("table3")
    if not data:
        return ""
    words = {"cka": "CKA", "sinkhorn": "Sinkhorn distance", "performance": f"{claims.reference} performance"}
    parts = (
        f"{one(e.value, 2)} {span(e, 2)} with {word}"
        for name, word in words.items()
        for e in [data["within"][name, "spearman"]]
    )
    return f"Within pairs of languages the rank correlation of the XNLI gap is {listed(parts)}."


def _claims(verdicts: Sequence[Verdict]) -> str:
    """Count the verdicts, and name the claims that were decided."""
    if not verdicts:
        return ""
    by_word = {
        word: [v.claim for v in verdicts if v.word == word] for word in (SUPPORTED, CONTRADICTED, OPEN, UNTESTED)
    }
    said = {SUPPORTED: "supported", CONTRADICTED: "contradicted", OPEN: "left open", UNTESTED: "not tested"}
    parts = [
        f"{len(names)} {'is' if len(names) == 1 else 'are'} {said[word]}"
        + (f" ({'; '.join(f'“{literal(name)}”' for name in names)})" if word in {SUPPORTED, CONTRADICTED} else "")
        for word, names in by_word.items()
        if names
    ]
    count = tested(verdicts)
    after = f", after Holm’s correction for {counted(count, 'test')}" if count else ""
    return f"**Of {counted(len(verdicts), 'claim')} of the paper, {listed(parts)}{after}.**"


def _caution(evidence: Evidence, claims: Claims) -> str:
    """Say what the verdicts are good for."""
    made = "The corpora are made up, so that none of this is evidence about languages."
    if not tested(claims.verdicts):
        none = "With these runs no claim of the paper can be judged."
        return f"{none} {made}" if evidence.study.demonstration else none
    fewest = min((v.estimate.n for v in claims.verdicts if v.names), default=FEW)
    few = f", some of them from {counted(fewest, 'seed')} a cell" if fewest < FEW else ""
    hold = (
        f"The verdicts hold for these models, languages and test sets{few}; a claim that is left open is not refuted."
    )
    return f"{hold} {made}" if evidence.study.demonstration else hold
