"""What a reviewer would ask, with the answers that the numbers give; a question the runs cannot answer says so or is left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gapstudy.exhibits.text import counted, number
from gapstudy.exhibits.verdict import OPEN
from gapstudy.report.claims import Claims
from gapstudy.report.markup import literal
from gapstudy.report.wording import PERCENT, listed, one, seen, span
from gapstudy.stats import Estimate
from gapstudy.store.places import is_local, last_part
from gapstudy.study import Study

__all__ = ["power", "questions"]


def questions(claims: Claims, study: Study) -> list[str]:
    """Return a paragraph a question, those that the exhibits can answer."""
    answers = (
        ("Are the representations matched?", _matched(study)),
        ("Were they tuned alike?", _tuned(claims, study)),
        ("Is CKA above chance, and below what one language gives?", _between(claims)),
        ("Does the choice between plain and debiased CKA decide?", _debiased(claims)),
        ("Do seeds matter as much as languages?", _seeds(claims)),
        ("Could a difference have been seen?", power(claims)),
        ("Are the test sets large enough?", _items(claims)),
        ("Is the correlation that of one pair?", _one_pair(claims)),
        ("Is the bound vacuous?", _vacuous(claims)),
    )
    return [f"**{question}** {answer}" for question, answer in answers if answer]


def _matched(study: Study) -> str:
    """Say whether encoders differ in more than their input units."""
    used = study.used_representations()
    if len(used) < 2:
        return ""
    places = {r: last_part(x.model) if is_local(x.model) else x.model for r, x in used.items()}
    if set(places.values()) == {"small"}:
        p = study.pretrain
        return (
            f"Yes, by construction: {listed(map(literal, used))} are read by encoders of one architecture ({counted(p.layers, 'layer')}, "
            f"{p.hidden_size} features, {p.vocabulary_size:,} rows in every embedding table), pre-trained for {p.steps:,} steps on the same "
            "text; they differ in their input units alone. The paper’s three encoders differ in size, training and languages as well."
        )
    models = listed(f"{literal(r)} ({literal(m)})" for r, m in places.items())
    return (
        f"No, or not by this study: the encoders are {models}. They may differ in parameters, pre-training text and languages, so that a "
        "difference between representations is also one between encoders; the paper’s own limitation (its section 6)."
    )


def _tuned(claims: Claims, study: Study) -> str:
    """Say whether hyper-parameters are the same, chosen by equal sweeps, or neither."""
    data = claims.data("table5")
    same: list[str] = []
    swept: list[str] = []
    apart: list[str] = []
    for task, spec in study.tasks.items():
        lines = [data[f"{task}/{r}"] for r in spec.representations if f"{task}/{r}" in data]
        if len(lines) < 2:
            continue
        kept = [{k: v for k, v in line.items() if k != "chosen by sweep"} for line in lines]
        chosen = [line.get("chosen by sweep", "").partition(", dev")[0] for line in lines]
        group = swept if all(chosen) and len(set(chosen)) == 1 else same if all(k == kept[0] for k in kept) else apart
        group.append(task.upper())
    parts = [
        f"{listed(same)}: one setting for all representations, without a sweep" if same else "",
        f"{listed(swept)}: each representation by a sweep of the same size, by development score" if swept else "",
        f"{listed(apart)}: settings differ without an equal sweep for each, so that tuning may explain a difference"
        if apart
        else "",
    ]
    said = "; ".join(filter(None, parts))
    return f"{said} (@tbl-table5)." if said else ""


def _between(claims: Claims) -> str:
    """Say how many pairs are above the null, and how far the values are from two seeds of one language."""
    lines: Mapping[str, Mapping[str, Estimate]] = claims.data("cka-checks")
    if not lines:
        return ""
    above = sum(x["above"].value for x in lines.values())
    pairs = sum(x["above"].n for x in lines.values())
    ceilings = {c: x for c, x in lines.items() if math.isfinite(x["ceiling"].value)}
    beyond = [c for c, x in ceilings.items() if x["debiased"].value >= x["ceiling"].value]
    text = f"{above:g} of {counted(pairs, 'pair')} of languages beat shuffled sentences after Holm’s correction within their row"
    if ceilings:
        text += (
            f"; of {counted(len(ceilings), 'row')} with two seeds of one language, "
            f"{'none' if not beyond else listed(map(_row, beyond))} {'reaches' if len(beyond) < 2 else 'reach'} what these give"
        )
    floors = [x["floor"].value for x in lines.values()]
    return f"{text}. The noise floor of plain CKA is {_range(floors)} (@tbl-cka-checks)."


def _row(cell: str) -> str:
    task, _, representation = cell.partition("/")
    return f"{task.upper()} with {literal(representation)}"


def _range(values: Sequence[float]) -> str:
    low, high = one(min(values), 3), one(max(values), 3)
    return low if low == high else f"{low} to {high}"


def _debiased(claims: Claims) -> str:
    """Say how far plain and debiased CKA lie apart, and whether their order differs."""
    lines: Mapping[str, Mapping[str, Estimate]] = claims.data("cka-checks")
    if not lines:
        return ""
    apart = {c: x["plain"].value - x["debiased"].value for c, x in lines.items()}
    most = max(apart, key=lambda c: abs(apart[c]))
    turned = [task.upper() for task, order in _orders(lines).items() if order[0] != order[1]]
    return (
        f"The two differ by at most {number(abs(apart[most]), 3)} ({_row(most)}), and order the representations "
        f"{f'differently on {listed(turned)}' if turned else 'alike in every task'}. The verdicts use the debiased form. The choice "
        "matters more where there are many features and few sentences; the paper has 768 and 1,012."
    )


def _orders(lines: Mapping[str, Mapping[str, Estimate]]) -> dict[str, tuple[list[str], list[str]]]:
    orders: dict[str, tuple[list[str], list[str]]] = {}
    for task in dict.fromkeys(c.partition("/")[0] for c in lines):
        mine = [c for c in lines if c.startswith(f"{task}/")]
        plain = sorted(mine, key=lambda c: lines[c]["plain"].value)
        debiased = sorted(mine, key=lambda c: lines[c]["debiased"].value)
        orders[task] = (plain, debiased)
    return orders


def _seeds(claims: Claims) -> str:
    """Say how much scores vary over seeds of one language, and over languages."""
    parts = []
    for task, lines in _scores(claims).items():
        for name, scores in lines.items():
            over_seeds = [d for e in scores.values() if math.isfinite(d := _deviation(e))]
            if len(scores) > 1 and over_seeds:
                values = [e.value for e in scores.values()]
                mean = sum(values) / len(values)
                over_languages = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
                typical = math.sqrt(sum(d * d for d in over_seeds) / len(over_seeds))
                parts.append(f"{typical:.1f} and {over_languages:.1f} on {task.upper()} with {literal(name)}")
    if not parts:
        return ""
    return (
        f"The standard deviation of a score over seeds of one language and that of the mean scores over languages are, in points, "
        f"{listed(parts)}. Seed noise makes the second larger than it would be for perfectly measured languages."
    )


def _scores(claims: Claims) -> dict[str, dict[str, dict[str, Estimate]]]:
    found = {task: {r: x["scores"] for r, x in lines.items()} for task, lines in claims.data("table1").items()}
    return found | {"xnli": {r: x["scores"] for r, x in claims.data("table2").items()}}


def _deviation(estimate: Estimate) -> float:
    """Standard deviation over seeds, from the t interval of their mean; NaN without one."""
    from scipy.special import stdtrit

    if estimate.n < 2 or not math.isfinite(estimate.high):
        return math.nan
    half = (estimate.high - estimate.low) / 2.0
    return half / float(stdtrit(estimate.n - 1, (1.0 + estimate.level) / 2.0)) * math.sqrt(estimate.n)


_UNITS = {
    "gap": "points of RPD",
    "spread": "of Std.",
    "scripts": "points in other scripts",
    "resource": "points in languages with less data",
    "cka": "of CKA",
    "outputs": "of Sinkhorn distance",
}


def power(claims: Claims) -> str:
    """Say what so many seeds would have shown of each claim that is left open."""
    parts = []
    for key, unit in _UNITS.items():
        verdicts = [v for v in claims.of(key) if v.word == OPEN and math.isfinite(seen(v))]
        several = {v.task for v in verdicts if sum(x.task == v.task for x in verdicts) > 1}
        said = (
            f"{one(seen(v), v.digits)} on {v.task.upper()}"
            + (f" against {literal(claims.kinds.get(v.names[0], v.names[0]))}" if v.task in several else "")
            for v in verdicts
        )
        if verdicts:
            parts.append(f"{unit}: {listed(said)}")
    if not parts:
        return ""
    return (
        f"Of the claims left open, seeds that vary as these do show with 80{PERCENT} power, before correction, a difference of this size "
        f"({'; '.join(parts)}). Smaller ones would be missed more often than one time in five."
    )


def _items(claims: Claims) -> str:
    """Say in how many gaps another test set would matter more than another seed."""
    lines: Sequence[Mapping[str, Any]] = claims.data("variance").get("gaps", ())
    if not lines:
        return ""
    items = [x for x in lines if max(x["parts"].item, 0.0) > max(x["parts"].seed, 0.0)]
    return (
        f"In {len(items)} of {counted(len(lines), 'gap')} another test set of this size would move the gap of one seed more than another seed "
        "would (@tbl-variance); intervals over seeds are for the given test sets."
    )


def _one_pair(claims: Claims) -> str:
    """Give the correlation with CKA in each pair alone."""
    lines = {
        n: x["found"]["cka"]
        for n, x in claims.data("sensitivity").items()
        if n.endswith(" alone") and "cka" in x["found"]
    }
    if len(lines) < 2:
        return ""
    said = listed(f"{one(e.value, 2)} {span(e, 2)} in {literal(n.removesuffix(' alone'))}" for n, e in lines.items())
    signs = {e.value > 0 for e in lines.values()}
    return (
        f"Alone, the rank correlation of the gap with CKA is {said}: the pairs {'point to different sides' if len(signs) > 1 else 'point to one side'} "
        "(@tbl-sensitivity)."
    )


def _vacuous(claims: Claims) -> str:
    """Count the vacuous bounds, and say what would mend them."""
    lines: Sequence[Mapping[str, Any]] = claims.data("theorem").get("lines", ())
    if not lines:
        return ""
    vacuous = [x for x in lines if x["paper"] >= 1]
    never = sum(x["n_informative"] is None for x in vacuous)
    text = f"In {len(vacuous)} of {len(lines)} combinations of pair, representation and space it is 1 or more, which no gap in error rate can exceed"
    if never:
        text += f"; in {never} of these no sample size would mend it, since half the estimated divergence is 1 already"
    return f"{text} (@tbl-theorem)."
