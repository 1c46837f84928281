"""The correlation of Table 3 asked in other ways: partial, combined over pairs, as a regression, textbook tests.

Points are those of :mod:`simulations.correlations`; y = rho x + noise, in the shared part of a seed as in the own part of
a pair, so that a regression with any weights has slope rho.
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np

from gapstudy.stats import (
    clustered_regression,
    combined_correlation,
    compare_dependent,
    mixed_model,
    partial_correlation,
)
from simulations.correlations import RESAMPLES, points, population
from simulations.scenario import AS_CLAIMED, LEVEL, Claim, Outcome, Scenario, interval, rejects

__all__ = ["SCENARIOS"]


def given(n: int, rho: float, own: float, rng: np.random.Generator) -> list[Outcome]:
    """Two columns that both follow z with correlation rho, and have partial correlation ``own``."""
    together = own * (1 - rho**2) + rho**2
    (x, y, z), labels = points(n, [[1.0, together, rho], [together, 1.0, rho], [rho, rho, 1.0]], rng)
    out: list[Outcome] = []
    for method in ("spearman", "pearson"):
        e = partial_correlation(x, y, z, method=method, **labels, n_resamples=RESAMPLES, rng=rng)
        out += [interval(e), rejects(e.p_value)]
    return out


def _partial(method: str, rho: float, own: float) -> float:
    """Population partial correlation of :func:`given`."""
    r, s = population(method, own * (1 - rho**2) + rho**2), population(method, rho)
    return (r - s * s) / (1 - s * s)


def slopes(n: int, rho: float, rng: np.random.Generator) -> list[Outcome]:
    """Mean of the pairs' coefficients, mixed model and least squares with clustered errors."""
    (x, y), labels = points(n, [[1.0, rho], [rho, 1.0]], rng)
    out: list[Outcome] = []
    for method in ("spearman", "pearson"):
        e = combined_correlation(x, y, method=method, **labels, n_resamples=RESAMPLES, rng=rng)
        out += [interval(e), rejects(e.p_value)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for e in (mixed_model(x, y, **labels).slope, clustered_regression(x, y, **labels)):
            out += [interval(e), rejects(e.p_value)]
    return out


def dependent(n: int, rho: float, shared: bool, rng: np.random.Generator) -> list[Outcome]:
    """Two equally strong correlations with y: textbook tests of 2 n independent points, or of n seeds of 2 pairs."""
    covariance = np.array([[1.0, 0.0, rho], [0.0, 1.0, rho], [rho, rho, 1.0]])
    if shared:
        columns, labels = points(n, covariance, rng)
        groups = labels["groups"]
    else:
        columns, groups = np.linalg.cholesky(covariance) @ rng.normal(size=(3, 2 * n)), None
    x1, x2, y = columns
    return [rejects(compare_dependent(x1, x2, y, groups=groups, test=t).p_value) for t in ("meng", "steiger")]


def _claims(what: str, null: bool, truth: float, *, remark: str = "") -> list[Claim]:
    """Interval and test of one method; nothing is promised where a remark says why."""
    return [
        Claim(what=f"{what}, interval", share=None if remark else AS_CLAIMED, truth=truth, remark=remark),
        Claim(
            what=f"{what}, test rejects",
            share=LEVEL if null and not remark else None,
            remark=remark if null else "power",
        ),
    ]


WALD = "t with seeds - 2 degrees of freedom, a rule of thumb; the scale of y is taken as known"
CLUSTERED = "clustered errors of 15 clusters are too small: read it as a check"

SCENARIOS = [
    *(
        Scenario(
            name=f"partial {own}",
            setting=f"15 seeds, 2 pairs, partial correlation {own:g}, both 0.6 with what is given",
            draw=partial(given, 15, 0.6, own),
            claims=tuple(
                claim
                for method in ("spearman", "pearson")
                for claim in _claims(
                    f"partial {method.capitalize()}",
                    own == 0,
                    _partial(method, 0.6, own),
                )
            ),
            draws=1000,
        )
        for own in (0.0, 0.6)
    ),
    *(
        Scenario(
            name=f"slopes {rho}",
            setting=f"15 seeds, 2 pairs, rho = {rho:g} within a pair",
            draw=partial(slopes, 15, rho),
            claims=(
                *_claims("Spearman combined by Fisher's z", rho == 0, population("spearman", rho)),
                *_claims("Pearson combined by Fisher's z", rho == 0, rho),
                *_claims("mixed model, slope", rho == 0, rho, remark=WALD),
                *_claims("clustered regression, slope", rho == 0, rho, remark=CLUSTERED),
            ),
            draws=600,
        )
        for rho in (0.0, 0.6)
    ),
    *(
        Scenario(
            name=f"dependent {rho} {'seeds' if shared else 'independent'}",
            setting=("15 seeds, 2 pairs" if shared else "30 independent points") + f", rho = {rho:g} and {rho:g}",
            draw=partial(dependent, 15, rho, shared),
            claims=tuple(
                Claim(
                    what=f"two dependent correlations, {name}, rejects",
                    share=None if shared or rho == 0 else LEVEL,
                    remark="two points of a seed are not independent: above 5 %"
                    if shared
                    else "signs are chosen by the data: below 5 %"
                    if rho == 0
                    else "",
                )
                for name in ("Meng-Rosenthal-Rubin", "Steiger")
            ),
            draws=4000,
        )
        for rho, shared in ((0.6, False), (0.0, False), (0.6, True))
    ),
]
