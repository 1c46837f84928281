"""How numbers are printed: the one place that decides decimals, intervals and p-values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypedDict

import numpy as np

from gapstudy.exhibits.base import Cell
from gapstudy.stats import Estimate, jackknife_interval, mean_interval

__all__ = [
    "MIN_SEEDS",
    "NAMES",
    "Words",
    "counted",
    "estimate_cell",
    "interval",
    "number",
    "over_seeds",
    "p_value",
    "seed_mean",
    "there_are",
    "two_seeds",
    "words",
]

MIN_SEEDS = 2
"""Fewest seeds for which an interval over seeds is printed."""

NAMES = {"xnli": "XNLI", "ner": "Named-entity recognition", "pos": "Part-of-speech tagging",
         "parallel": "Parallel corpus"}  # fmt: skip
"""Tasks and corpora as headings."""


def counted(n: int, noun: str) -> str:
    """Return how many there are.

    >>> counted(1, "run"), counted(15, "run")
    ('1 run', '15 runs')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def number(value: float, digits: int) -> str:
    """Return ``value`` with ``digits`` decimals, "–" where there is none.

    >>> number(4.0239, 2), number(float("nan"), 2)
    ('4.02', '–')
    """
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def interval(estimate: Estimate, digits: int) -> str:
    """Return ``[low, high]``, or nothing where the interval is not defined."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return ""
    return f"[{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"


def p_value(p: float | None) -> str:
    """Return a p-value as it is printed.

    >>> p_value(0.559), p_value(0.0004), p_value(3.4e-07)
    ('0.56', '4.0e-04', '3.4e-07')
    """
    if p is None or math.isnan(p):
        return "–"
    if p < 0.001:
        return f"{p:.1e}"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def seed_mean(values: Sequence[float], *, level: float) -> Estimate:
    """Return the mean over seeds with its t interval, or without one where one seed says nothing."""
    if len(values) < MIN_SEEDS:
        return Estimate(float(np.mean(values)), np.nan, np.nan, level, len(values), "no interval: fewer than 2 seeds")
    return mean_interval(values, level=level)


def over_seeds(
    statistic: Callable[[Any], float], scores: Any, *, level: float, within: tuple[float, float]
) -> Estimate:
    """Return a statistic of (seeds, languages) scores with its t interval by the jackknife over seeds.

    Where the statistic is undefined (the RPD of two scores of zero) the value is NaN; where it would be undefined
    without one of the seeds, or there is one alone, the interval is. ``method`` says so.
    """
    try:
        value = float(statistic(scores))
    except ValueError as error:
        return Estimate(np.nan, np.nan, np.nan, level, len(scores), f"undefined: {error}")
    why = "fewer than 2 seeds"
    if len(scores) >= MIN_SEEDS:
        try:
            return jackknife_interval(statistic, scores, level=level, within=within)
        except ValueError as error:
            why = str(error)
    return Estimate(value, np.nan, np.nan, level, len(scores), f"no interval: {why}")


def estimate_cell(
    estimate: Estimate, digits: int, *, best: bool = False, note: str = "", runs: tuple[str, ...] = ()
) -> Cell:
    """Return a table cell with value and interval; ``runs`` are the ids of the runs it rests on."""
    return Cell(number(estimate.value, digits), interval(estimate, digits), best=best, note=note, runs=runs)


class Words(TypedDict):
    """The two texts of an exhibit."""

    caption: str
    method: str


def words(caption: str, method: str, *, shown: bool) -> Words:
    """Return caption and method of an exhibit; of one that is not shown, the first sentence of its caption alone.

    >>> words("What. More.", "How.", shown=False)
    {'caption': 'What.', 'method': ''}
    """
    if shown:
        return {"caption": caption, "method": method}
    first, end, _ = caption.partition(". ")
    return {"caption": first + end.strip(), "method": ""}


def there_are(n: int) -> str:
    """Return how many there are, as a clause.

    >>> there_are(1), there_are(3)
    ('there is 1', 'there are 3')
    """
    return f"there {'is' if n == 1 else 'are'} {n}"


def two_seeds(counts: Iterable[int], *, level: float) -> str:
    """Return what to know of intervals over two seeds, with a blank before it; nothing where there are none.

    >>> two_seeds([2, 15], level=0.95)
    ' Of two seeds an interval has one degree of freedom and reaches 12.7 standard errors to either side.'
    """
    if 2 not in set(counts):
        return ""
    from scipy.special import stdtrit

    reach = float(stdtrit(1, (1.0 + level) / 2.0))
    return (
        f" Of two seeds an interval has one degree of freedom and reaches {reach:.1f} standard errors to either side."
    )
