"""Outputs on parallel test sets: Sinkhorn distances over seeds, and certificates over items."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from gapstudy.stats import (
    disagreement,
    disagreement_certificate,
    error_gap,
    hoeffding_radius,
    jackknife_interval,
    mean_interval,
    sinkhorn_distance,
)
from simulations.scenario import AS_CLAIMED, AT_LEAST, Claim, Outcome, Scenario, interval

__all__ = ["SCENARIOS"]

Float = npt.NDArray[np.float64]

CLASSES = 3
ITEMS = 40


def _outputs(items: Float, sharpness: float, rng: np.random.Generator) -> Float:
    """Class probabilities of one model: the items' logits, noise of the items and a shift of the seed."""
    logits = sharpness * items + 0.5 * rng.normal(size=items.shape) + 0.4 * rng.normal(size=CLASSES)
    weight = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


ITEM_LOGITS = np.random.default_rng(8).normal(size=(ITEMS, CLASSES))


def sinkhorn(n: int, rng: np.random.Generator) -> list[Outcome]:
    """Mean Sinkhorn distance of two languages over seeds, and its floor: one language, pairs of seeds."""
    a = [_outputs(ITEM_LOGITS, 2.0, rng) for _ in range(n)]
    b = [_outputs(ITEM_LOGITS, 1.0, rng) for _ in range(n)]
    between = mean_interval([sinkhorn_distance(p, q, tol=1e-4) for p, q in zip(a, b, strict=True)])
    table = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            table[i, j] = table[j, i] = sinkhorn_distance(a[i], a[j], tol=1e-4)

    def mean_of_pairs(seeds: Float) -> float:
        chosen = seeds.astype(np.intp)
        return float(table[np.ix_(chosen, chosen)].sum()) / (len(chosen) * (len(chosen) - 1))

    floor = jackknife_interval(mean_of_pairs, np.arange(n, dtype=np.float64))
    pairs = mean_interval(table[np.triu_indices(n, 1)])
    return [(e.value, e.low, e.high) for e in (between, floor, pairs)]


def paired(n: int, rng: np.random.Generator) -> list[Outcome]:
    """Outputs of two given models on n parallel items."""
    items = rng.normal(size=(n, CLASSES))
    p, q = (
        softmax(sharpness * items + 0.5 * rng.normal(size=items.shape) + np.array([bias, 0.0, 0.0]), axis=1)
        for sharpness, bias in ((4.0, 0.0), (2.0, 0.4))
    )
    found = disagreement(p, q)
    return [interval(found.rate), interval(found.jensen_shannon)]


def certificates(n: int, gap: float, shared: float, rng: np.random.Generator) -> list[Outcome]:
    """Two models on n parallel items: error rates 0.3 and 0.3 + gap, a share of the items right or wrong in both."""
    together = rng.random(n) < shared
    easy = rng.random(n)
    u, v = (np.where(together, easy, rng.random(n)) for _ in range(2))
    right = (u >= 0.3), (v >= 0.3 + gap)
    # a wrong model picks one of two wrong labels, so that two wrong ones may still differ
    p, q = (np.where(ok, 0, rng.integers(1, 3, size=n)) for ok in right)
    share, paired = disagreement_certificate(p, q), error_gap(*right)
    other = rng.random(n) >= 0.3 + gap  # another, unrelated test set
    unpaired = error_gap(right[0], other, paired=False)
    radius = hoeffding_radius(n, n)
    return [
        (share.value, share.low, share.high),
        share.high >= gap,
        (paired.value, paired.low, paired.high),
        (unpaired.value, unpaired.low, unpaired.high),
        abs(unpaired.value - gap) <= radius,
    ]


def _differ(gap: float, shared: float) -> float:
    """P(predictions differ) of :func:`certificates`."""
    e, f = 0.3, 0.3 + gap
    one_wrong = shared * (f - e) + (1 - shared) * (e * (1 - f) + f * (1 - e))
    both_wrong = shared * e + (1 - shared) * e * f
    return one_wrong + both_wrong / 2


SCENARIOS = [
    *(
        Scenario(
            name=f"sinkhorn {n}",
            setting=f"{n} seeds, {ITEMS} fixed items, {CLASSES} classes, reg 0.05",
            draw=partial(sinkhorn, n),
            claims=(
                Claim(what="mean Sinkhorn distance over seeds, t interval covers its expectation", share=AS_CLAIMED),
                Claim(
                    what="floor (one language, all pairs of seeds), jackknife t interval over seeds",
                    share=AS_CLAIMED if n > 5 else (0.90, 0.97),
                    remark="" if n > 5 else "a mean of pairs of five seeds",
                ),
                Claim(
                    what="floor, t interval over pairs of seeds as though independent",
                    share=None,
                    remark="too short: pairs of seeds share seeds",
                ),
            ),
            draws=draws,
        )
        for n, draws in ((5, 1000), (10, 400))
    ),
    Scenario(
        name="disagreement",
        setting=f"n = 320 items, {CLASSES} classes, two given models",
        draw=partial(paired, 320),
        claims=(
            Claim(what="P(argmax differs), Clopper-Pearson interval", share=AT_LEAST),
            Claim(what="mean Jensen-Shannon divergence per item, t interval", share=AS_CLAIMED),
        ),
        draws=2000,
    ),
    *(
        Scenario(
            name=f"certificates {n} {gap}",
            setting=f"n = {n:,} items, errors 0.3 and {0.3 + gap:g}",
            draw=partial(certificates, n, gap, 0.8),
            claims=(
                Claim(what="P(predictions differ), Clopper-Pearson interval", share=AT_LEAST, truth=_differ(gap, 0.8)),
                Claim(what="the certificate is not below the true gap", share=(0.975, 1.0)),
                Claim(
                    what="paired gap of error rates, Bonett-Price interval",
                    share=AS_CLAIMED if gap else AT_LEAST,
                    truth=gap,
                    remark="" if gap else "the interval is folded at 0",
                ),
                Claim(
                    what="unpaired gap of error rates, Agresti-Caffo interval",
                    share=AS_CLAIMED if gap > 0.05 else (0.93, 1.0),
                    truth=gap,
                    remark="" if gap > 0.05 else "folded at 0",
                ),
                Claim(what="Hoeffding: the observed gap is within its radius of the true one", share=AT_LEAST),
            ),
            draws=4000,
        )
        for n, gap in ((320, 0.0), (320, 0.1), (5010, 0.1))
    ),
]
