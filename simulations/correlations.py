"""Correlations whose unit is the seed: 2 language pairs that share the English model of each seed.

x and y of a point are a shared part of the seed plus an own part of the pair, each bivariate normal with one
correlation rho, so that x and y have correlation rho within a pair and Spearman's population value is
6 / pi asin(rho / 2). The pairs lie 5 standard deviations apart.
"""

from __future__ import annotations

import math
import warnings
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.errors import PseudoReplicationWarning
from gapstudy.stats import correlation, correlation_difference
from simulations.scenario import AS_CLAIMED, LEVEL, Claim, Outcome, Scenario

__all__ = ["SCENARIOS"]

Float = npt.NDArray[np.float64]

RESAMPLES = 499
APART = 5.0


def points(n: int, covariance: Any, rng: np.random.Generator) -> tuple[Float, dict[str, Any]]:
    """(k, 2 n) columns of two pairs of n seeds, and the labels of their points."""
    root = np.linalg.cholesky(np.asarray(covariance))
    k = len(root)
    shared, own = root @ rng.normal(size=(k, n)), root @ rng.normal(size=(2, k, n))
    pair = np.repeat([0, 1], n)
    columns = np.concatenate([shared + own[0], shared + own[1]], axis=1) / math.sqrt(2.0) + APART * pair
    return columns, {"clusters": np.tile(np.arange(n), 2), "groups": pair}


def population(method: str, rho: float) -> float:
    """Population value of a coefficient of bivariate normal points."""
    return {"spearman": 6 / math.pi * math.asin(rho / 2), "kendall": 2 / math.pi * math.asin(rho), "pearson": rho}[
        method
    ]


def within(n: int, rho: float, method: str, rng: np.random.Generator) -> list[Outcome]:
    """The analysis of record: interval and joint permutation test."""
    (x, y), labels = points(n, [[1.0, rho], [rho, 1.0]], rng)
    e = correlation(x, y, method=method, **labels, n_resamples=RESAMPLES, rng=rng)
    return [(e.value, e.low, e.high), e.p_value is not None and e.p_value <= 0.05]


def others(n: int, rng: np.random.Generator) -> list[Outcome]:
    """What else one might do where nothing correlates within a pair."""
    (x, y), labels = points(n, np.eye(2), rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PseudoReplicationWarning)
        pooled = correlation(x, y, n_resamples=19, rng=rng)
        kendall = correlation(x, y, method="kendall", n_resamples=19, rng=rng)
        alone = correlation(x, y, groups=labels["groups"], n_resamples=RESAMPLES, rng=rng)
    return [e.p_value is not None and e.p_value <= 0.05 for e in (pooled, kendall, alone)]


def difference(n: int, first: float, second: float, method: str, rng: np.random.Generator) -> list[Outcome]:
    """|rho(x1, y)| - |rho(x2, y)| of columns of one set of points."""
    (x1, x2, y), labels = points(n, [[1.0, 0.0, first], [0.0, 1.0, second], [first, second, 1.0]], rng)
    e = correlation_difference(x1, x2, y, method=method, **labels, n_resamples=RESAMPLES, rng=rng)
    return [(e.value, e.low, e.high), e.p_value is not None and e.p_value <= 0.05]


def _within(n: int, rho: float, method: str = "spearman", draws: int = 1000) -> Scenario:
    remark = "a bootstrap of five clusters has no theory to lean on" if n < 10 else ""
    tails = " with expanded tails" if method == "pearson" else ""
    return Scenario(
        name=f"{method} {n} {rho}",
        setting=f"{n} seeds, 2 pairs, rho = {rho:g} within a pair",
        draw=partial(within, n, rho, method),
        claims=(
            Claim(
                what=f"{method.capitalize()} within pairs, BCa interval{tails} over seeds",
                share=None if remark else AS_CLAIMED,
                truth=population(method, rho),
                remark=remark,
            ),
            Claim(
                what=f"{method.capitalize()} within pairs, joint permutation test rejects",
                share=LEVEL if rho == 0 else None,
                remark="" if rho == 0 else "power",
            ),
        ),
        draws=draws,
    )


SCENARIOS = [
    *(_within(15, rho) for rho in (0.0, 0.3, 0.6, 0.85)),
    *(_within(10, rho) for rho in (0.0, 0.6)),
    *(_within(5, rho) for rho in (0.0, 0.6)),
    *(_within(15, rho, method, 500) for method in ("kendall", "pearson") for rho in (0.0, 0.6)),
    Scenario(
        name="pooled",
        setting="15 seeds, 2 pairs, rho = 0 within a pair, the pairs far apart",
        draw=partial(others, 15),
        claims=(
            Claim(
                what="Spearman pooled over pairs, as Table 3, rejects",
                share=(0.95, 1.0),
                remark="shown to fail: a difference between the pairs alone makes it (Simpson)",
            ),
            Claim(
                what="Kendall pooled over pairs, as Table 3, rejects",
                share=(0.95, 1.0),
                remark="shown to fail, likewise",
            ),
            Claim(
                what="Spearman within pairs, points permuted as though independent, rejects",
                share=None,
                remark="the two points of a seed share the English model: above 5 %",
            ),
        ),
        draws=1000,
    ),
    *(
        Scenario(
            name=f"difference {first} {second}" + ("" if method == "spearman" else f" {method}"),
            setting=f"15 seeds, 2 pairs, rho = {first:g} and {second:g} within a pair",
            draw=partial(difference, 15, first, second, method),
            claims=(
                Claim(
                    what=f"difference of two absolute {method.capitalize()} correlations, jackknife t interval over seeds",
                    share=share,
                    truth=population(method, first) - population(method, second),
                    remark=remark,
                ),
                Claim(
                    what=f"difference of two absolute {method.capitalize()} correlations, {'t' if method == 'pearson' else 'bootstrap'} test rejects",
                    share=LEVEL if first == second else None,
                    remark="" if first == second else "power",
                ),
            ),
            draws=1000,
        )
        for first, second, method, share, remark in (
            (0.6, 0.6, "spearman", (0.93, 1.0), "the jackknife's variance errs upwards"),
            (0.7, 0.3, "spearman", (0.93, 1.0), "the jackknife's variance errs upwards"),
            (0.6, 0.0, "spearman", None, "one at the kink of the absolute value: no theory"),
            (0.0, 0.0, "spearman", None, "both at the kink of the absolute value: no theory"),
            (0.6, 0.6, "kendall", (0.93, 1.0), "the jackknife's variance errs upwards"),
            (0.6, 0.6, "pearson", (0.93, 1.0), "the jackknife's variance errs upwards"),
            (0.0, 0.0, "pearson", None, "both at the kink of the absolute value: no theory"),
        )
    ),
]
