"""Sentences from verdicts: numbers as words, what an interval leaves open, what a study could have seen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from gapstudy.exhibits.contrasts import signed
from gapstudy.exhibits.text import counted, p_value
from gapstudy.exhibits.verdict import CONTRADICTED, OPEN, SUPPORTED, UNTESTED, Verdict
from gapstudy.report.markup import literal
from gapstudy.stats import Estimate, detectable_difference

__all__ = [
    "FEW",
    "PERCENT",
    "against",
    "allowed",
    "found",
    "frame",
    "lead",
    "listed",
    "one",
    "p_text",
    "seen",
    "span",
    "tested",
    "verdict_of",
]

FEW = 5
"""Seeds below which a reader is warned of their number."""

PERCENT = "\u00a0%"
"""The sign after a number, on the number's line."""

_SAID = {
    SUPPORTED: ("Supported{}", ""),
    CONTRADICTED: ("Not supported{}", ": the opposite holds here"),
    OPEN: ("Cannot tell{}", ""),
    UNTESTED: ("Not tested{}", ""),
}


def lead(words: Sequence[tuple[str, str]]) -> str:
    """Return the verdict that opens a paragraph, in bold, from (label, word) of each part of a claim.

    >>> lead([("NER", "supported"), ("POS", "cannot tell"), ("XNLI", "cannot tell")])
    '**Supported for NER; cannot tell for POS and XNLI.**'
    >>> lead([("NER", "contradicted")])
    '**Not supported: the opposite holds here.**'
    >>> lead([])
    '**Not tested.**'
    """
    labels = {word: [label for label, its in words if its == word] for word in _SAID}
    present = {word: names for word, names in labels.items() if names} or {UNTESTED: [""]}
    parts = []
    for word, names in present.items():
        start, end = _SAID[word]
        parts.append(start.format(f" for {listed(names)}" if len(present) > 1 else "") + end)
    text = "; ".join(part if i == 0 else part[0].lower() + part[1:] for i, part in enumerate(parts))
    return f"**{text}.**"


def listed(items: Iterable[str]) -> str:
    """Return items as a list in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    *most, last = list(items) or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def verdict_of(verdicts: Iterable[Verdict], key: str, **wanted: str) -> list[Verdict]:
    """Return the verdicts of one claim, in order; ``wanted`` are further attributes."""
    return [v for v in verdicts if v.key == key and all(getattr(v, k) == value for k, value in wanted.items())]


def one(value: float, digits: int) -> str:
    """Return a number with a minus sign; what rounds to 0 has none.

    >>> one(-0.5, 2), one(0.5, 1), one(-0.001, 2), one(float("nan"), 1)
    ('−0.50', '0.5', '0.00', '–')
    """
    return signed(value, digits).removeprefix("+")


def span(estimate: Estimate, digits: int) -> str:
    """Return the interval in brackets, nothing where there is none.

    >>> span(Estimate(0.0, -1.0, 1.0, 0.95, 3, ""), 1)
    '[−1.0, 1.0]'
    """
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return ""
    return f"[{one(estimate.low, digits)}, {one(estimate.high, digits)}]"


def p_text(verdict: Verdict) -> str:
    """Return the corrected p-value, or that there is none."""
    return "no test" if math.isnan(verdict.p_holm) else f"*p* {p_value(verdict.p_holm)}"


def frame(verdicts: Sequence[Verdict], count: int) -> str:
    """Return how intervals and p-values of a paragraph are to be read; nothing where it has none."""
    level = next((v.estimate.level for v in verdicts if span(v.estimate, v.digits)), math.nan)
    if math.isnan(level) or not count:
        return ""
    return f"Intervals are at {100 * level:g}{PERCENT}; *p* is corrected by Holm’s method [@holm1979] for {counted(count, 'claim')}."


def tested(verdicts: Iterable[Verdict]) -> int:
    """Return the number of claims that Holm's method corrects for."""
    return sum(not math.isnan(v.p_holm) for v in verdicts)


def found(verdict: Verdict, unit: str, kinds: Mapping[str, str]) -> str:
    """Return what both sides have and how they differ, in one clause.

    Parameters
    ----------
    verdict : one that compares two representations.
    unit : what follows each side's value: "", " %" or " points".
    kinds : representation -> what to call it.
    """
    v, e = verdict, verdict.estimate
    if math.isnan(e.value):
        return f"is undefined ({literal(e.method)})"
    sides = f"is {one(v.sides[1], v.digits)}{unit} with {_kind(v, 1, kinds)} and {one(v.sides[0], v.digits)}{unit} with {_kind(v, 0, kinds)}"
    seeds = counted(e.n, "seed") if span(e, v.digits) else f"{counted(e.n, 'seed')}, no interval"
    printed = f"; paper {v.printed}" if v.printed != "–" else ""
    difference = f"{signed(e.value, v.digits)} {span(e, v.digits)}".strip()
    return f"{sides}, a difference of {difference} ({seeds}, {p_text(v)}{printed})"


def against(verdict: Verdict, unit: str, kinds: Mapping[str, str]) -> str:
    """Return how the second side differs from a further baseline, after :func:`found` has said what the second side has."""
    v, e = verdict, verdict.estimate
    if math.isnan(e.value):
        return f"against {_kind(v, 0, kinds)} it is undefined ({literal(e.method)})"
    difference = f"{signed(e.value, v.digits)} {span(e, v.digits)}".strip()
    printed = f"; paper {v.printed}" if v.printed != "–" else ""
    return f"against {_kind(v, 0, kinds)}, with {one(v.sides[0], v.digits)}{unit}, it is {difference} ({p_text(v)}{printed})"


def _kind(verdict: Verdict, side: int, kinds: Mapping[str, str]) -> str:
    return literal(kinds.get(verdict.names[side], verdict.names[side]))


def allowed(verdicts: Sequence[tuple[str, Verdict]], count: int) -> list[str]:
    """Return what open verdicts leave possible, in up to two sentences.

    Parameters
    ----------
    verdicts : (label, verdict); those that are not open, or have no interval, are passed over.
    count : of the claims that p-values are corrected for.
    """
    still = [(label, v) for label, v in verdicts if v.word == OPEN and span(v.estimate, v.digits)]
    wide = [(label, v) for label, v in still if v.estimate.low <= 0 <= v.estimate.high]
    narrow = [label for label, v in still if not v.estimate.low <= 0 <= v.estimate.high]
    found = []
    if wide:
        ranges = (
            f"from {signed(v.estimate.low, v.digits)} to {signed(v.estimate.high, v.digits)}{_on(label)}"
            for label, v in wide
        )
        found.append(f"The data still allow a difference {listed(ranges)}.")
    if narrow:
        which = f"The interval{'s' if len(narrow) > 1 else ''}{_on(listed(narrow))} exclude{'' if len(narrow) > 1 else 's'} 0"
        found.append(
            f"{which.replace('intervals on', 'intervals for').replace('interval on', 'interval for')}, but not after correction for {counted(count, 'claim')}."
        )
    return found


def _on(label: str) -> str:
    return f" on {label}" if label else ""


def seen(verdict: Verdict) -> float:
    """Return the difference that so many seeds that vary as these do would have shown with 80 % power; NaN for none.

    Of the two-sided t test over seeds at the study's level, before correction.
    """
    from scipy.special import stdtrit

    e = verdict.estimate
    if e.n < 2 or not e.high > e.low or not verdict.names:
        return math.nan
    error = (e.high - e.low) / 2.0 / float(stdtrit(e.n - 1, (1.0 + e.level) / 2.0))
    return detectable_difference(e.n, 0.8, 1.0 - e.level) * math.sqrt(e.n) * error
