"""The performance gap: seeds are drawn, languages are fixed.

Ten languages with the scores of Table 1's second row (NER, phonemes) as expectations; a seed adds noise of one point
to each model. The statistics are those of the table: of the mean scores over seeds.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.published import TABLE1
from gapstudy.stats import cluster_bootstrap, jackknife_interval, mean_interval, mean_rpd, rpd, spread
from simulations.scenario import AS_CLAIMED, Claim, Outcome, Scenario

__all__ = ["SCENARIOS"]

Float = npt.NDArray[np.float64]

SCORES = np.array(list(TABLE1["ner", "phoneme"]["scores"].values()))
SEED_NOISE = 1.0


def _mean_rpd(rows: Float) -> float:
    return mean_rpd(rows.mean(axis=0))


def _spread(rows: Float) -> float:
    return spread(rows.mean(axis=0))


def _pair(rows: Float) -> float:
    return rpd(*rows.mean(axis=0)[:2])


def seeds(n: int, truth: Float, rng: np.random.Generator) -> list[Outcome]:
    """Jackknife t intervals of three statistics, the t interval of a mean, and a bootstrap beside them."""
    scores = np.clip(truth + SEED_NOISE * rng.normal(size=(n, len(truth))), 0.0, 100.0)
    found = [jackknife_interval(statistic, scores, within=(0.0, 200.0)) for statistic in (_mean_rpd, _spread, _pair)]
    found.append(mean_interval(scores[:, 0]))
    found.append(cluster_bootstrap(_mean_rpd, [scores], n_resamples=299, rng=rng))
    return [(e.value, e.low, e.high) for e in found]


def equal(n: int, rng: np.random.Generator) -> list[Outcome]:
    """Languages that do not differ at all: the kink of the absolute value."""
    scores = 90.0 + SEED_NOISE * rng.normal(size=(n, 10))
    e = jackknife_interval(_mean_rpd, scores, within=(0.0, 200.0))
    return [(e.value, e.low, e.high)]


BOOTSTRAP = "too few seeds for any bootstrap over seeds: the reason for the jackknife with Student's t"

SCENARIOS = [
    *(
        Scenario(
            name=f"seeds {n}",
            setting=f"{n} seeds, 10 languages",
            draw=partial(seeds, n, SCORES),
            claims=(
                Claim(what="mean RPD, jackknife t interval", share=AS_CLAIMED, truth=mean_rpd(SCORES)),
                Claim(what="spread, jackknife t interval", share=AS_CLAIMED, truth=spread(SCORES)),
                Claim(what="RPD of one pair, jackknife t interval", share=AS_CLAIMED, truth=rpd(*SCORES[:2])),
                Claim(what="mean score, t interval", share=AS_CLAIMED, truth=float(SCORES[0])),
                Claim(what="mean RPD, BCa interval over seeds", share=None, truth=mean_rpd(SCORES), remark=BOOTSTRAP),
            ),
            draws=1000,
        )
        for n in (3, 5, 10, 15)
    ),
    Scenario(
        name="equal languages",
        setting="10 seeds, 10 languages with one and the same expectation",
        draw=partial(equal, 10),
        claims=(
            Claim(
                what="mean RPD, jackknife t interval covers 0",
                share=(0.0, 0.5),
                truth=0.0,
                remark="shown to fail: seed noise alone makes absolute differences positive; no interval round them covers 0",
            ),
        ),
        draws=500,
    ),
]
