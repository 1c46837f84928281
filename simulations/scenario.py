"""A scenario: how to draw once, and what the outcomes should do over many draws.

Draw i of a scenario has its own generator, made of the suite's seed, the scenario's name and i. So its numbers depend
neither on how many processes share the work nor on the other scenarios.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from gapstudy.stats import Estimate, clopper_pearson

__all__ = [
    "AS_CLAIMED",
    "AT_LEAST",
    "LEVEL",
    "MODULES",
    "Claim",
    "Outcome",
    "Result",
    "Scenario",
    "every",
    "interval",
    "rejects",
    "run",
]

MODULES = ("cka", "similarity", "gaps", "items", "representations", "correlations", "regressions", "outputs", "theory")
"""The modules of this package that have ``SCENARIOS``, in the order of the summary."""

SEED = 20_240_605

AS_CLAIMED = (0.93, 0.97)
"""A 95 % interval for which theory promises 95 %, no more and no less."""
AT_LEAST = (0.95, 1.0)
"""An interval or a certificate that is on the safe side by construction."""
LEVEL = (0.0, 0.05)
"""A test at 5 %."""

Outcome = bool | tuple[float, float, float]
"""Whether a test rejected (or an event happened), or value and ends of an interval."""


def interval(e: Estimate) -> Outcome:
    """Value and ends."""
    return e.value, e.low, e.high


def rejects(p_value: float | None) -> Outcome:
    """Whether a test at 5 % rejects."""
    return p_value is not None and p_value <= 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one outcome of a scenario should do.

    Attributes
    ----------
    what : as printed.
    share : the lowest and the highest share of draws that is promised; None where theory promises nothing.
    truth : what an interval should cover; NaN for the mean of the values over all draws (the expectation of the
        estimator, where it has no closed form); not used for a test.
    remark : why the promise is what it is; printed.
    """

    what: str
    share: tuple[float, float] | None
    truth: float = math.nan
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Data with a known truth.

    Attributes
    ----------
    name : unique; it seeds the draws.
    setting : what is drawn, as printed.
    draw : makes up data and estimates once; returns one outcome a claim.
    claims : what the outcomes should do.
    draws : how many draws the full suite makes.
    """

    name: str
    setting: str
    draw: Callable[[np.random.Generator], Sequence[Outcome]]
    claims: tuple[Claim, ...]
    draws: int = 1000


@dataclass(frozen=True, slots=True)
class Result:
    """What one claim of a scenario came to.

    Attributes
    ----------
    share : of draws in which the interval covered (or the test rejected), with its exact binomial 95 % interval.
    truth, mean, width : of intervals: what they should cover, mean value, median width; NaN for tests.
    holds : whether the binomial interval of ``share`` meets what is promised; None where nothing is.
    """

    group: str
    scenario: str
    setting: str
    claim: Claim
    share: Estimate
    truth: float
    mean: float
    width: float
    holds: bool | None


def every() -> dict[str, list[Scenario]]:
    """Return the scenarios of each module."""
    return {name: list(import_module(f"simulations.{name}").SCENARIOS) for name in MODULES}


def run(scenarios: Iterable[tuple[str, Scenario]], *, factor: float = 1.0, jobs: int = 2) -> Iterable[list[Result]]:
    """Run scenarios and yield the results of each, in order.

    Parameters
    ----------
    scenarios : (module, scenario) pairs.
    factor : share of the draws to make, at least 4 of each scenario.
    jobs : number of processes; 1 runs in this one.
    """
    todo = [(module, s, max(4, math.ceil(factor * s.draws))) for module, s in scenarios]
    if jobs == 1:
        for module, s, draws in todo:
            yield judge(module, s, [s.draw(_rng(s.name, i)) for i in range(draws)])
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_alone) as pool:
        waiting = [
            (module, s, [pool.submit(_some, module, s.name, i, draws, 4 * jobs) for i in range(4 * jobs)])
            for module, s, draws in todo
        ]
        for module, s, parts in waiting:
            yield judge(module, s, [outcome for part in parts for outcome in part.result()])


def judge(module: str, scenario: Scenario, outcomes: Sequence[Sequence[Outcome]]) -> list[Result]:
    """Count what the outcomes of a scenario did."""
    return [
        _judged(module, scenario, claim, column)
        for claim, column in zip(scenario.claims, zip(*outcomes, strict=True), strict=True)
    ]


def _judged(module: str, scenario: Scenario, claim: Claim, outcomes: Sequence[Any]) -> Result:
    truth = mean = width = math.nan
    if isinstance(outcomes[0], tuple):
        value, low, high = np.array(outcomes, dtype=np.float64).T
        mean, width = float(value.mean()), float(np.median(high - low))
        truth = mean if math.isnan(claim.truth) else claim.truth
        happened: npt.NDArray[np.bool_] = (low <= truth) & (truth <= high)
    else:
        happened = np.array(outcomes, dtype=np.bool_)
    share = clopper_pearson(int(happened.sum()), len(happened))
    holds = None if claim.share is None else share.high >= claim.share[0] and share.low <= claim.share[1]
    return Result(module, scenario.name, scenario.setting, claim, share, truth, mean, width, holds)


def _rng(name: str, i: int) -> np.random.Generator:
    return np.random.default_rng([SEED, crc32(name.encode()), i])


def _some(module: str, name: str, start: int, draws: int, step: int) -> list[Sequence[Outcome]]:
    """Make every ``step``-th draw of a scenario, in a process of its own."""
    scenario = next(s for s in every()[module] if s.name == name)
    return [scenario.draw(_rng(name, i)) for i in range(start, draws, step)]


def _alone() -> None:
    """One thread a process."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
