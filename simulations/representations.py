"""Representation A against B over seeds and languages: levels of the tests, coverage of the effect sizes."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import numpy.typing as npt

from gapstudy.stats import (
    gap_difference,
    interquartile_difference,
    mean_rpd,
    paired_comparison,
    probability_of_improvement,
)
from simulations.gaps import SCORES, SEED_NOISE
from simulations.scenario import AS_CLAIMED, LEVEL, Claim, Outcome, Scenario, interval, rejects

__all__ = ["SCENARIOS"]

Float = npt.NDArray[np.float64]

LANGUAGES = np.linspace(70.0, 85.0, 4)


def paired(n: int, dz: float, heavy: bool, rng: np.random.Generator) -> list[Outcome]:
    """Two columns of scores that share what their seed decides."""
    shared = rng.normal(size=n)
    a, b = shared + (rng.standard_t(3, size=(2, n)) if heavy else rng.normal(size=(2, n)))
    c = paired_comparison(a + dz * math.sqrt(2.0), b, n_resamples=199, rng=rng)
    tests = [rejects(p) for p in (c.difference.p_value, c.sign_flip_p, c.wilcoxon_p)]
    return [interval(c.difference), *tests, interval(c.dz)]


def improvement(n: int, better: float, rng: np.random.Generator) -> list[Outcome]:
    """P(A > B) and the difference of interquartile means, languages on their own seeds."""
    a, b = LANGUAGES + rng.normal(size=(2, n, len(LANGUAGES)))
    found = [
        statistic(a + better, b, paired=False, n_resamples=400, rng=rng)
        for statistic in (probability_of_improvement, interquartile_difference)
    ]
    return [interval(e) for e in found]


def gaps(n: int, other: Float, rng: np.random.Generator) -> list[Outcome]:
    """Mean RPD of A against that of B."""
    a, b = (truth + SEED_NOISE * rng.normal(size=(n, len(truth))) for truth in (SCORES, other))
    e = gap_difference(a, b)
    return [interval(e), rejects(e.p_value)]


def _paired(n: int, dz: float, heavy: bool) -> Scenario:
    null = LEVEL if dz == 0 else None
    power = "" if dz == 0 else "power"
    return Scenario(
        name=f"paired {n} {dz}" + (" heavy" if heavy else ""),
        setting=f"{n} seeds, difference {dz:g} standard deviations" + (", heavy tails" if heavy else ""),
        draw=partial(paired, n, dz, heavy),
        claims=(
            Claim(
                what="paired difference, t interval",
                share=(0.93, 1.0) if heavy else AS_CLAIMED,
                truth=dz * math.sqrt(2.0),
                remark="heavy tails: on the safe side" if heavy else "",
            ),
            Claim(what="paired difference, t test rejects", share=null, remark=power),
            Claim(what="paired difference, exchange within seeds (sign flips) rejects", share=null, remark=power),
            Claim(what="paired difference, Wilcoxon's signed ranks reject", share=null, remark=power),
            Claim(
                what="dz, noncentral t interval",
                share=None if heavy else AS_CLAIMED,
                truth=dz,
                remark="exact for normal differences only" if heavy else "",
            ),
        ),
        draws=2000,
    )


MANY = "percentiles of a bootstrap over 15 seeds: approximate"


def _improvement(n: int, better: float) -> Scenario:
    few = "a share and a trimmed mean of five seeds: Student's t is approximate" if n < 10 else ""
    kind = "t interval over seeds" if n < 10 else "stratified bootstrap"
    return Scenario(
        name=f"improvement {n} {better}",
        setting=f"{n} seeds, 4 languages, A better by {better:g} standard deviations of a seed",
        draw=partial(improvement, n, better),
        claims=(
            Claim(
                what=f"P(A > B), {kind}",
                share=None,
                truth=0.5 * math.erfc(-better / 2.0),
                remark=few or MANY,
            ),
            Claim(
                what=f"difference of interquartile means, {kind}, covers its expectation at this S",
                share=None,
                truth=math.nan,
                remark=few or MANY,
            ),
        ),
        draws=1000,
    )


NARROWER = SCORES.mean() + 0.7 * (SCORES - SCORES.mean())

SCENARIOS = [
    *(_paired(n, dz, False) for n in (5, 15) for dz in (0.0, 0.8)),
    _paired(15, 0.0, True),
    *(_improvement(n, better) for n in (5, 15) for better in (0.0, 1.0)),
    *(
        Scenario(
            name=f"gap difference {n} {name}",
            setting=f"{n} seeds, 10 languages, {words}",
            draw=partial(gaps, n, other),
            claims=(
                Claim(
                    what="difference of mean RPDs, jackknife t interval over seeds",
                    share=AS_CLAIMED,
                    truth=mean_rpd(SCORES) - mean_rpd(other),
                ),
                Claim(
                    what="difference of mean RPDs, jackknife t test rejects",
                    share=LEVEL if name == "equal" else None,
                    remark="" if name == "equal" else "power",
                ),
            ),
            draws=1500,
        )
        for n in (5, 15)
        for name, words, other in (
            ("equal", "equal gaps", SCORES),
            ("narrower", "B with 0.7 of the gaps", NARROWER),
        )
    ),
]
