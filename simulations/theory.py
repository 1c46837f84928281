"""Divergence of two languages: proxy A-distance and the classifier two-sample test."""

from __future__ import annotations

from functools import partial

import numpy as np

from gapstudy.stats import proxy_a_distance
from simulations.scenario import AT_LEAST, LEVEL, Claim, Outcome, Scenario

__all__ = ["SCENARIOS"]


def apart(n: int, d: int, shift: float, rng: np.random.Generator) -> list[Outcome]:
    """Two versions of n sentences with a shared part, moved apart along one direction."""
    sentence = rng.normal(size=(n, d))
    x, y = (sentence + rng.normal(size=(n, d)) for _ in range(2))
    y[:, 0] += shift
    e = proxy_a_distance(x, y, n_resamples=99, rng=rng)
    return [(e.value, e.low, e.high), e.p_value is not None and e.p_value <= 0.05]


SCENARIOS = [
    Scenario(
        name=f"c2st {n} {d} {shift}",
        setting=f"n = {n} sentences, d = {d}, " + (f"means {shift:g} apart" if shift else "equal distributions"),
        draw=partial(apart, n, d, shift),
        claims=(
            Claim(
                what="proxy A-distance, interval covers " + ("its expectation at this n" if shift else "0"),
                share=AT_LEAST,
                truth=np.nan if shift else 0.0,
                remark="the sentence is the unit of two rows: on the safe side",
            ),
            Claim(
                what="classifier two-sample test (C2ST), swaps within sentences, rejects",
                share=None if shift else LEVEL,
                remark="power" if shift else "",
            ),
        ),
        draws=draws,
    )
    for n, d, shift, draws in (
        (200, 10, 0.0, 1000),
        (200, 64, 0.0, 1000),
        (200, 256, 0.0, 300),
        (200, 10, 0.5, 600),
        (200, 64, 1.0, 600),
    )
]
