"""The variance of a gap, split into what another seed and what another test set would change.

Paper: Tables 1 and 2 mean over seeds and print neither. A gap rests on S models a language and n test items that all S
models share: its variance is

    seed / S  +  item  +  rest / S,

where ``seed`` is the variance that training alone makes, ``item`` that of the items (shared by all seeds, so that more
seeds do not lower it), and ``rest`` their interaction: items that one seed gets right and another wrong. An interval
over seeds shows (seed + rest) / S, one over items item + rest / S: their sum would count the rest twice.

The gap is linear in scores to first order, so the split is that of its linearised contributions (delta method).

References
----------
Searle, Casella, McCulloch (1992). Variance components, chapter 4. Wiley, doi:10.1002/9780470316856.
Satterthwaite (1946). An approximate distribution of estimates of variance components. Biometrics Bulletin 2(6).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level, choice
from gapstudy.stats.crossed import Crossed, crossed_components
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.gaps import KINDS, gap_of
from gapstudy.stats.items import outcomes_of

__all__ = ["GapVariance", "gap_variance"]

Float = npt.NDArray[np.float64]

# Standard errors below this, in percent or points, are rounding.
_ROUNDING = 1e-10


@dataclass(frozen=True, slots=True)
class GapVariance:
    """Sources of the variance of a mean gap.

    Attributes
    ----------
    seed, item, rest : variances of the gap of **one** seed on this number of items, in squared units of the gap;
        estimates, and may be negative where the truth is near 0 (not cut).
    both : the gap of the mean over seeds with an interval for other seeds and other items; ``n`` counts seeds.
    n_seeds, n_items : what they rest on (the smallest test set).
    """

    seed: float
    item: float
    rest: float
    both: Estimate
    n_seeds: int
    n_items: int

    def deviation(self, seeds: int) -> float:
        """Standard deviation of the gap of a mean over ``seeds`` seeds, new ones on new items; negative parts as 0."""
        seed, item, rest = (max(part, 0.0) for part in (self.seed, self.item, self.rest))
        return math.sqrt((seed + rest) / seeds + item)


def gap_variance(
    outcomes: Sequence[npt.NDArray[Any]], *, kind: str = "rpd", parallel: bool, level: float = 0.95
) -> GapVariance:
    """Split the variance of the mean gap over pairs of languages into seeds, items and the rest.

    Parameters
    ----------
    outcomes : one (n_seeds, n_items) array of booleans a language, at least 2 languages and 2 seeds; row s of every
        language is seed s. Shares between 0 and 1 are allowed (blocks of items).
    kind : "rpd" (percent) or "absolute" (percentage points).
    parallel : whether item i is the same in every language: then one item moves all scores together.
    level : nominal coverage of the interval over both sources, in (0, 1).

    Returns
    -------
    GapVariance
        The interval is Student's with Satterthwaite's degrees of freedom, never narrower than that of the seeds alone,
        cut at 0; like every interval of an absolute difference it does not cover 0 well where the languages are equal.
        Without ends (NaN) where neither seeds nor items change the gap, as where every item is right.

    Raises
    ------
    ValueError
        If there are fewer than 2 languages or seeds, outcomes are not in [0, 1], arrays that must agree do not, the gap
        is undefined (both scores zero), or an option is out of its range.
    """
    choice("kind", kind, KINDS)
    check_level(level)
    tables = [outcomes_of(f"outcomes[{i}]", o) for i, o in enumerate(outcomes)]
    _check(tables, parallel=parallel)
    scores = np.array([100.0 * t.mean() for t in tables])
    value = float(gap_of(scores[None, :], kind)[0])
    if math.isnan(value):
        msg = "the RPD of two scores of 0 is undefined (0/0), and so is its variance"
        raise ValueError(msg)
    weighted = [100.0 * slope * t for slope, t in zip(_gradient(scores, kind), tables, strict=True)]
    designs = [np.sum(weighted, axis=0)] if parallel else weighted
    parts = [crossed_components(design) for design in designs]
    seeds = len(tables[0])
    between = float(np.sum([design.mean(axis=1) for design in designs], axis=0).var(ddof=1))
    item, rest = (float(sum(column)) for column in zip(*map(_of_items, parts), strict=True))
    both = _interval(value, between / seeds, parts, seeds, kind=kind, level=level)
    return GapVariance(between - rest, item, rest, both, seeds, min(t.shape[1] for t in tables))


def _of_items(part: Crossed) -> tuple[float, float]:
    """What the items and the rest add to the variance of one seed's score, a mean over items."""
    return part.columns / part.n_columns, part.rest / part.n_columns


def _interval(value: float, of_seeds: float, parts: list[Crossed], seeds: int, *, kind: str, level: float) -> Estimate:
    """Interval for new seeds and new items; Satterthwaite's degrees of freedom."""
    from scipy.special import stdtrit

    items = [max(part.columns, 0.0) / part.n_columns for part in parts]
    variance = of_seeds + sum(items)
    squares = of_seeds**2 / (seeds - 1) + sum(i**2 / (p.n_columns - 1) for i, p in zip(items, parts, strict=True))
    if variance <= _ROUNDING**2:
        method = "no interval: to first order neither seeds nor items change the gap"
        return Estimate(value, math.nan, math.nan, level, seeds, method)
    freedom = variance**2 / squares
    # the sum has more degrees of freedom than a part of it, but nobody knows it better than its worse part
    half = max(
        float(stdtrit(freedom, (1 + level) / 2)) * math.sqrt(variance),
        float(stdtrit(seeds - 1, (1 + level) / 2)) * math.sqrt(of_seeds),
    )
    most = 200.0 if kind == "rpd" else 100.0
    method = f"t interval for new seeds and items, {freedom:.1f} degrees of freedom (Satterthwaite)"
    return Estimate(value, max(0.0, value - half), min(most, value + half), level, seeds, method)


def _gradient(scores: Float, kind: str) -> Float:
    """(n_languages,) derivative of the mean gap over pairs by each score."""
    sign = np.sign(scores[:, None] - scores[None, :])
    if kind == "rpd":
        total = scores[:, None] + scores[None, :]
        np.fill_diagonal(total, 1.0)
        sign = sign * 400.0 * scores[None, :] / total**2
    n = len(scores)
    return np.asarray(sign.sum(axis=1) / (n * (n - 1) / 2))


def _check(tables: list[Float], *, parallel: bool) -> None:
    if len(tables) < 2:
        msg = f"outcomes must hold at least 2 languages, got {len(tables)}"
        raise ValueError(msg)
    seeds = {len(t) for t in tables}
    if len(seeds) > 1 or min(seeds) < 2:
        msg = f"every language needs the same seeds, at least 2; got {', '.join(str(len(t)) for t in tables)}"
        raise ValueError(msg)
    if parallel and len({t.shape[1] for t in tables}) > 1:
        msg = f"parallel outcomes must have the same number of items, got {', '.join(str(t.shape[1]) for t in tables)}"
        raise ValueError(msg)
