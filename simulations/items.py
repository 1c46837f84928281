"""The performance gap over test items: models are fixed and items drawn, or both are drawn.

An item is predicted right where a language's level plus the item's ease, the seed's luck and noise of the model on the item
are above 0, all normal, so that the expected score is a normal probability.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import numpy.typing as npt

from gapstudy.stats import gap_of, gap_variance, item_interval
from simulations.scenario import AS_CLAIMED, Claim, Outcome, Scenario, interval

__all__ = ["SCENARIOS"]

Float = npt.NDArray[np.float64]

SEED = 0.15


def expected(levels: Float, seed: float) -> Float:
    """(n_languages,) expected score in percent."""
    return np.array([50.0 * math.erfc(-level / math.sqrt(2.0 * (2.0 + seed**2))) for level in levels])


def outcomes(levels: Float, n: int, seeds: int, seed: float, rng: np.random.Generator) -> list[npt.NDArray[np.bool_]]:
    """One (seeds, n) array a language of whether parallel items were predicted right."""
    ease = rng.normal(size=n)
    luck = seed * rng.normal(size=(len(levels), seeds, 1))
    noise = rng.normal(size=(len(levels), seeds, n))
    return list(levels[:, None, None] + ease + luck + noise > 0.0)


def over_items(levels: Float, n: int, rng: np.random.Generator) -> list[Outcome]:
    """Items are drawn, the model of each language is as it is."""
    return [
        interval(
            item_interval(
                gap_of, outcomes(levels, n, 1, 0.0, rng), parallel=True, n_resamples=400, within=(0, 200), rng=rng
            )
        )
    ]


def over_both(levels: Float, n: int, seeds: int, rng: np.random.Generator) -> list[Outcome]:
    """Seeds and items are drawn."""
    return [interval(gap_variance(outcomes(levels, n, seeds, SEED, rng), parallel=True).both)]


def _truth(levels: Float, seed: float) -> float:
    return float(gap_of(expected(levels, seed)[None, :])[0])


FAR, EQUAL = np.array([1.2, 0.6]), np.array([0.8, 0.8])
TEN_FAR, TEN_NEAR = np.linspace(0.2, 2.0, 10), np.linspace(0.79, 0.81, 10)
KINK = "shown to be short: noise alone makes absolute differences positive"

SCENARIOS = [
    *(
        Scenario(
            name=f"items {name}",
            setting=f"n = {n:,} parallel items, {words}",
            draw=partial(over_items, levels, n),
            claims=(
                Claim(
                    what="mean RPD given the models, centred bootstrap over items",
                    share=AS_CLAIMED if not remark else None,
                    truth=_truth(levels, 0.0),
                    remark=remark,
                ),
            ),
            draws=1000,
        )
        for name, levels, n, words, remark in (
            ("far", FAR, 320, "2 languages far apart", ""),
            ("far 5010", FAR, 5010, "2 languages far apart", ""),
            ("ten far", TEN_FAR, 1000, "10 languages far apart", ""),
            ("equal", EQUAL, 320, "2 equal languages", KINK),
            ("ten near", TEN_NEAR, 320, "10 nearly equal languages", KINK),
        )
    ),
    *(
        Scenario(
            name=f"both sources {name} {seeds}",
            setting=f"{seeds} seeds, n = 320 parallel items, {words}",
            draw=partial(over_both, levels, 320, seeds),
            claims=(
                Claim(
                    what="mean RPD, t interval for new seeds and items",
                    share=AS_CLAIMED if not remark else None,
                    truth=_truth(levels, SEED),
                    remark=remark,
                ),
            ),
            draws=1000,
        )
        for name, levels, seeds, words, remark in (
            ("far", FAR, 5, "2 languages far apart", ""),
            ("far", FAR, 15, "2 languages far apart", ""),
            ("ten far", TEN_FAR, 5, "10 languages far apart", ""),
            ("equal", EQUAL, 5, "2 equal languages", "the interval of an absolute difference is cut at 0"),
        )
    ),
]
