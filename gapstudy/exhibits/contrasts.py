"""Differences between two representations with tests over seeds: what the verdicts on the paper's claims are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import counted, number
from gapstudy.stats import Estimate, ResampledCka, cka_matrix, jackknife_interval, mean_cka_difference, rpd

__all__ = [
    "before_training",
    "common_seeds",
    "difference",
    "difference_of_cka",
    "few",
    "gap_to_first",
    "sides_of",
    "signed",
]

Statistic = Callable[[Sequence[float]], float]


def common_seeds(evidence: Evidence, task: str, names: Sequence[str], languages: Sequence[str]) -> list[int]:
    """Return the seeds that are finished in every language under every one of some representations."""
    found = [set(evidence.seeds(task, name, languages)) for name in names]
    return sorted(set.intersection(*found))


def difference(sides: Sequence[Any], statistic: Statistic, level: float) -> Estimate:
    """Return statistic(b) - statistic(a) of the seed means of (seeds, languages) scores, with a t test over seeds."""
    both = np.stack(sides, axis=1)  # (seeds, 2, languages)

    def of(rows: Any) -> float:
        a, b = rows.mean(axis=0)
        return float(statistic(b) - statistic(a))

    try:
        found = jackknife_interval(of, both, level=level)
    except ValueError as error:
        return Estimate(_value_or_nan(of, both), math.nan, math.nan, level, len(both), _why(error, len(both)))
    return replace(found, p_value=_t_test(found))


def sides_of(sides: Sequence[Any], statistic: Statistic) -> tuple[float, float]:
    """Return the statistic of each side's seed means; NaN where it is undefined."""
    a, b = (_value_or_nan(lambda rows: float(statistic(rows.mean(axis=0))), rows) for rows in sides)
    return a, b


def difference_of_cka(a: Sequence[ResampledCka], b: Sequence[ResampledCka], *, level: float) -> Estimate:
    """Return the mean of b - a over seeds, for new seeds and new sentences: both variances added, t with S - 1."""
    from scipy.special import stdtr, stdtrit

    over_sentences = mean_cka_difference(ResampledCka.over_seeds(a), ResampledCka.over_seeds(b), level=level)
    n = len(a)
    if n < 2:
        return Estimate(over_sentences.value, math.nan, math.nan, level, n, _ONE_SEED)
    by_seed = np.array([y.value - x.value for x, y in zip(a, b, strict=True)])
    draws = np.mean([y.draws - x.draws for x, y in zip(a, b, strict=True)], axis=0)
    error = math.sqrt(by_seed.var(ddof=1) / n + draws.var(ddof=1))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * error
    p = 2.0 * float(stdtr(n - 1, -abs(over_sentences.value) / error)) if error > 0 else float(over_sentences.value == 0)
    method = (
        f"difference of mean debiased CKA for new seeds and sentences, t with {counted(n - 1, 'degree')} of freedom"
    )
    return Estimate(over_sentences.value, over_sentences.value - half, over_sentences.value + half, level, n, method, p)


def gap_to_first(means: Sequence[float]) -> float:
    """Mean RPD of the first score, the reference's, and each other one, in percent."""
    return sum(rpd(means[0], other) for other in means[1:]) / (len(means) - 1)


def before_training(evidence: Evidence, task: str, names: Sequence[str], languages: Sequence[str]) -> float:
    """Return how much of a difference in mean debiased CKA was there before any training on the task, or NaN."""
    layer, means = evidence.spec(task).sentence_layer, []
    for name in names:
        vectors = [evidence.before(name, code, layer) for code in languages]
        if any(v is None for v in vectors):
            return math.nan
        matrix = cka_matrix([v for v in vectors if v is not None], debiased=True)
        means.append((matrix.sum() - len(matrix)) / (len(matrix) * (len(matrix) - 1)))
    return float(means[1] - means[0])


def signed(value: float, digits: int) -> str:
    """Return a difference with its sign; what rounds to 0 has none.

    >>> signed(0.5, 2), signed(-0.5, 2), signed(-0.001, 2), signed(float("nan"), 2)
    ('+0.50', '−0.50', '0.00', '–')
    """
    size = number(abs(value), digits)
    return size if math.isnan(value) or float(size) == 0 else f"{'+' if value > 0 else '−'}{size}"


def few(seeds: int) -> str:
    """Return a warning where there are not many seeds, else nothing.

    >>> few(3), few(5)
    ('3 seeds: intervals are wide', '')
    """
    if seeds == 1:
        return "1 seed says nothing of others"
    return f"{seeds} seeds: intervals are wide" if seeds < 5 else ""


_ONE_SEED = "no interval: 1 seed says nothing of others"


def _why(error: ValueError, seeds: int) -> str:
    return _ONE_SEED if seeds < 2 else f"no interval: {error}"


def _value_or_nan(statistic: Callable[[Any], float], data: Any) -> float:
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
