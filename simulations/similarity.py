"""CKA of several pairs at once, differences of representations, and the companions of CKA."""

from __future__ import annotations

from functools import partial

import numpy as np

from gapstudy.stats import (
    cka_null_matrix,
    draws_of_mean,
    mean_cka_difference,
    mean_cka_jackknife,
    retrieval,
    rsa_p_values,
)
from simulations.cka import Model
from simulations.scenario import AS_CLAIMED, LEVEL, Claim, Outcome, Scenario, interval, rejects

__all__ = ["SCENARIOS"]

PAIRS = ((0, 1), (0, 2), (1, 2))


def jackknife(model: Model, debiased: bool, rng: np.random.Generator) -> list[Outcome]:
    """The jackknife over sentences of one pair."""
    return [interval(mean_cka_jackknife(model.features(rng), debiased=debiased).estimate())]


def difference(one: Model, other: Model, rng: np.random.Generator) -> list[Outcome]:
    """Two representations of the same sentences, each with its mean CKA: half-samples, and the jackknife."""
    f = one.factors(rng)
    a, b = one.features(rng, f), other.features(rng, f)
    state = rng.bit_generator.state
    first = draws_of_mean(a, debiased=True, n_resamples=200, rng=rng)
    rng.bit_generator.state = state  # the same half-samples
    second = draws_of_mean(b, debiased=True, n_resamples=200, rng=rng)
    e = mean_cka_difference(first, second)
    paired = mean_cka_jackknife(b).above(mean_cka_jackknife(a))
    return [interval(e), rejects(e.p_value), interval(paired)]


def independent(model: Model, rng: np.random.Generator) -> list[Outcome]:
    """Languages that share nothing: the null of all pairs, Holm over them, and Mantel's test."""
    features = [model.features(rng)[0] for _ in range(4)]
    null = cka_null_matrix(features, debiased=True, n_resamples=999, rng=rng)
    mantel = [rsa_p_values(features[:2], distance=d, n_resamples=199, rng=rng) for d in ("correlation", "euclidean")]
    return [
        bool(np.nanmin(null.p_holm) <= 0.05),
        rejects(null.p_value[0, 1]),
        rejects(null.p_moment[0, 1]),
        *(rejects(p[0, 1]) for p in mantel),
    ]


def found(model: Model, rng: np.random.Generator) -> list[Outcome]:
    """Share of sentences whose nearest vector in the other language is their own translation's."""
    x = model.features(rng)[0]
    y = x + 3.0 * model.noise * rng.normal(size=x.shape)
    return [interval(retrieval(x, y).forward), interval(retrieval(x, y, method="csls").forward)]


def _mean(model: Model) -> float:
    return float(np.mean([model.population(i, j) for i, j in PAIRS]))


def _jackknifed(name: str, model: Model, *, debiased: bool, remark: str = "", draws: int = 600) -> Scenario:
    kind, what = ("debiased", "the population value") if debiased else ("plain", "its expectation at this n")
    law = ", heavy tails" if model.heavy else ""
    return Scenario(
        name=f"jackknife {name}",
        setting=f"n = {model.n:,}, d = {model.d}, population CKA {model.population():.3f}{law}",
        draw=partial(jackknife, model, debiased),
        claims=(
            Claim(
                what=f"{kind} CKA, jackknife t interval covers {what}",
                share=None if remark else AS_CLAIMED,
                truth=model.population() if debiased else np.nan,
                remark=remark,
            ),
        ),
        draws=draws,
    )


NARROW, WIDE = Model(300, 64, 2.5), Model(300, 768, 5.0)
SAME, OTHER = Model(200, 64, 2.5, languages=3), Model(200, 64, 3.5, languages=3)

SCENARIOS = [
    _jackknifed("debiased", NARROW, debiased=True),
    _jackknifed("debiased wide", WIDE, debiased=True, draws=400),
    _jackknifed(
        "debiased heavy",
        Model(500, 200, 4.0, heavy=True),
        debiased=True,
        remark="fourth moments of heavy tails",
        draws=400,
    ),
    _jackknifed("plain", NARROW, debiased=False),
    _jackknifed("plain wide", WIDE, debiased=False, draws=400),
    _jackknifed(
        "plain n 100", Model(100, 768, 5.0), debiased=False, remark="fewer sentences than a study has", draws=600
    ),
    *(
        Scenario(
            name=f"representations {name}",
            setting=f"3 languages, n = {SAME.n}, d = {SAME.d}, {words}",
            draw=partial(difference, SAME, other),
            claims=(
                Claim(
                    what="difference of mean debiased CKA of two representations, half-samples",
                    share=AS_CLAIMED,
                    truth=_mean(other) - _mean(SAME),
                ),
                Claim(
                    what="difference of mean debiased CKA of two representations, test rejects",
                    share=LEVEL if other == SAME else None,
                    remark="" if other == SAME else "power",
                ),
                Claim(
                    what="difference of mean debiased CKA of two representations, jackknife t interval",
                    share=AS_CLAIMED,
                    truth=_mean(other) - _mean(SAME),
                ),
            ),
            draws=600,
        )
        for name, words, other in (("equal", "equal population CKA", SAME), ("unequal", "one noisier", OTHER))
    ),
    Scenario(
        name="null of all pairs",
        setting="4 independent languages, n = 100, d = 32",
        draw=partial(independent, Model(100, 32, 1.0)),
        claims=(
            Claim(what="debiased CKA of 6 pairs, Holm over pairs rejects any", share=LEVEL),
            Claim(what="debiased CKA of one pair among 6, orbits of permutations, rejects", share=LEVEL),
            Claim(
                what="debiased CKA of one pair among 6, Pearson III with exact moments, rejects",
                share=None,
                remark="an approximation: near 5 %",
            ),
            Claim(what="RSA of correlation distances, Mantel's test rejects", share=LEVEL),
            Claim(what="RSA of Euclidean distances, Mantel's test rejects", share=LEVEL),
        ),
        draws=1000,
    ),
    Scenario(
        name="retrieval",
        setting=f"n = {NARROW.n}, d = {NARROW.d}",
        draw=partial(found, NARROW),
        claims=tuple(
            Claim(
                what=f"retrieval accuracy ({method}), Clopper-Pearson interval covers its expectation at this n",
                share=None,
                remark="sentences share their candidates, which the interval does not know",
            )
            for method in ("cosine", "CSLS")
        ),
        draws=500,
    ),
]
