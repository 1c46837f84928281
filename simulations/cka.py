"""CKA: factor models whose population CKA is known from their covariances alone.

x = f A + noise and y = f B + noise share four factors f of a sentence. The population CKA depends on second moments
only, so that factors with heavy tails (Student's t with 5 degrees of freedom, scaled) have the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from gapstudy.stats import cka_intervals, cka_null, mean_cka
from gapstudy.stats.cka_resampling import draw_weights, resampled_cka
from simulations.scenario import AS_CLAIMED, LEVEL, Claim, Outcome, Scenario

__all__ = ["SCENARIOS"]

Float = npt.NDArray[np.float64]

FACTORS = 4


@dataclass(frozen=True)
class Model:
    """A factor model of some languages: size, dimension, standard deviation of the noise, law of the factors."""

    n: int
    d: int
    noise: float
    heavy: bool = False
    languages: int = 2

    def loadings(self) -> list[Float]:
        """(FACTORS, d) loadings of each language, the same in every draw."""
        rng = np.random.default_rng([self.d, self.languages])
        return [rng.normal(size=(FACTORS, self.d)) for _ in range(self.languages)]

    def population(self, i: int = 0, j: int = 1) -> float:
        """CKA of the covariances of two languages."""
        A, B = self.loadings()[i], self.loadings()[j]

        def norm(M: Float) -> float:  # of M'M + noise^2 I, from the small Gram matrix
            G, s = M @ M.T, self.noise**2
            return float(np.sqrt((G * G).sum() + 2 * s * np.trace(G) + self.d * s * s))

        return float(((A @ A.T) * (B @ B.T)).sum()) / (norm(A) * norm(B))

    def features(self, rng: np.random.Generator, factors: Float | None = None) -> list[Float]:
        """Return (n, d) features of each language."""
        f = self.factors(rng) if factors is None else factors
        return [f @ M + self.noise * rng.normal(size=(self.n, self.d)) for M in self.loadings()]

    def factors(self, rng: np.random.Generator) -> Float:
        """(n, FACTORS) factors of variance 1."""
        size = (self.n, FACTORS)
        return rng.standard_t(5, size=size) * np.sqrt(3 / 5) if self.heavy else rng.normal(size=size)


def debiased(model: Model, rng: np.random.Generator) -> list[Outcome]:
    """The interval of record."""
    e = cka_intervals(model.features(rng), debiased=True, n_resamples=400, rng=rng).at(0, 1)
    return [(e.value, e.low, e.high)]


def plain(model: Model, rng: np.random.Generator) -> list[Outcome]:
    """The centred bootstrap of plain CKA, twice, and the same bootstrap without centring."""
    features = model.features(rng)
    e = cka_intervals(features, n_resamples=400, rng=rng).at(0, 1)
    centred = [x - x.mean(axis=0) for x in features]
    draws = resampled_cka(centred, draw_weights(model.n, 400, debiased=False, rng=rng), debiased=False)[:, 0, 1]
    low, high = np.quantile(draws, [0.025, 0.975])
    return [(e.value, e.low, e.high), (e.value, e.low, e.high), bool(low <= e.value <= high)]


def null(model: Model, rng: np.random.Generator) -> list[Outcome]:
    """Independent languages: the permutation test of plain and of debiased CKA."""
    x, y = (model.features(rng)[0] for _ in range(2))
    return [cka_null(x, y, debiased=form, n_resamples=199, rng=rng).p_value <= 0.05 for form in (False, True)]


def averaged(model: Model, rng: np.random.Generator) -> list[Outcome]:
    """Mean debiased CKA over three pairs of languages and two seeds that see the same sentences."""
    f = model.factors(rng)
    e = mean_cka([model.features(rng, f) for _ in range(2)], debiased=True, n_resamples=400, rng=rng)
    return [(e.value, e.low, e.high)]


def _interval(
    name: str, model: Model, draws: int, *, share: tuple[float, float] | None = AS_CLAIMED, remark: str = ""
) -> Scenario:
    claim = Claim(
        what="debiased CKA, half-sample interval covers the population value",
        share=share,
        truth=model.population(),
        remark=remark,
    )
    law = ", heavy tails" if model.heavy else ""
    return Scenario(
        name=f"debiased {name}",
        setting=f"n = {model.n:,}, d = {model.d}, population CKA {model.population():.3f}{law}",
        draw=partial(debiased, model),
        claims=(claim,),
        draws=draws,
    )


WIDE, AVERAGED = Model(300, 768, 5.0), Model(300, 128, 2.0, languages=3)

SCENARIOS = [
    _interval("small moderate", Model(300, 64, 2.5), 1500),
    _interval("wide moderate", WIDE, 1000),
    _interval("wide high", Model(300, 768, 2.0), 1000),
    _interval(
        "heavy",
        Model(500, 200, 4.0, heavy=True),
        1000,
        share=None,
        remark="Student's t with 5 degrees of freedom: the variance rests on fourth moments, and the interval is a little short",
    ),
    _interval("full moderate", Model(1012, 768, 6.0), 400),
    _interval("full high", Model(1012, 64, 1.0), 600),
    _interval("small n", Model(100, 64, 2.0), 1000, share=None, remark="fewer sentences than a study has"),
    _interval(
        "near independence",
        Model(300, 768, 60.0),
        600,
        share=(0.93, 1.0),
        remark="HSIC_1 is degenerate near 0, where half-samples vary too much: on the safe side",
    ),
    Scenario(
        name="plain",
        setting=f"n = {WIDE.n}, d = {WIDE.d}, population CKA {WIDE.population():.3f}",
        draw=partial(plain, WIDE),
        claims=(
            Claim(
                what="plain CKA, centred bootstrap covers its expectation at this n",
                share=None,
                remark="short where d is large against n: what pulls plain CKA up also pulls its resamples together",
            ),
            Claim(
                what="plain CKA, centred bootstrap covers the population value",
                share=None,
                truth=WIDE.population(),
                remark="plain CKA is biased; its interval is for its expectation at this n",
            ),
            Claim(
                what="plain CKA, ordinary percentile bootstrap contains its own estimate",
                share=(0.0, 0.05),
                remark="shown to fail: a sentence drawn twice adds to the bias",
            ),
        ),
        draws=600,
    ),
    Scenario(
        name="mean of pairs",
        setting=f"3 languages, 2 seeds, n = {AVERAGED.n}, d = {AVERAGED.d}",
        draw=partial(averaged, AVERAGED),
        claims=(
            Claim(
                what="mean debiased CKA, half-sample interval covers the population value",
                share=AS_CLAIMED,
                truth=float(np.mean([AVERAGED.population(i, j) for i, j in ((0, 1), (0, 2), (1, 2))])),
            ),
        ),
        draws=600,
    ),
    *(
        Scenario(
            name=f"null {model.d}",
            setting=f"independent languages, n = {model.n}, d = {model.d}",
            draw=partial(null, model),
            claims=(
                Claim(what="plain CKA, permutation test rejects", share=LEVEL),
                Claim(what="debiased CKA, permutation test rejects", share=LEVEL),
            ),
            draws=2000,
        )
        for model in (Model(100, 32, 1.0), Model(150, 300, 5.0, heavy=True))
    ),
]
