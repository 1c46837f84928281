"""Seeded simulations: intervals cover what they claim to cover, tests keep their level."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from gapstudy.stats import cka_intervals, cka_matrix, correlation

Float = npt.NDArray[np.float64]


def population_cka(a: Float, b: Float, noise: float) -> float:
    """CKA of the population of x = f A + noise, y = f B + noise with standard normal factors f and noise."""
    xx, yy = (m.T @ m + noise**2 * np.eye(m.shape[1]) for m in (a, b))
    cross = np.linalg.norm(a.T @ b) ** 2
    return float(cross / (np.linalg.norm(xx) * np.linalg.norm(yy)))


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "exact"), [(1.0, True), (5.0, True), (50.0, False)])
def test_debiased_intervals_cover_the_population_value(noise: float, exact: bool) -> None:
    """Half-sample intervals of debiased CKA cover the population value as often as they claim.

    Close to independence (noise 50) they cover nearly always. Plain CKA lies above the truth throughout.
    """
    rng = np.random.default_rng(0)
    n, d, draws = 150, 100, 300
    a, b = rng.normal(size=(4, d)), rng.normal(size=(4, d))
    truth = population_cka(a, b, noise)
    hits, plain = 0, []
    for _ in range(draws):
        factors = rng.normal(size=(n, 4))
        features = [factors @ m + noise * rng.normal(size=(n, d)) for m in (a, b)]
        e = cka_intervals(features, debiased=True, n_resamples=300, rng=rng)
        hits += bool(e.low[0, 1] <= truth <= e.high[0, 1])
        plain.append(cka_matrix(features)[0, 1])
    error = 3 * math.sqrt(0.95 * 0.05 / draws)
    assert hits / draws >= 0.95 - error
    assert hits / draws <= (0.95 + error if exact else 1.0)
    assert np.mean(plain) > truth + (0.002 if noise == 1.0 else 0.2)


@pytest.mark.slow
def test_joint_permutation_keeps_its_level_and_the_pooled_test_does_not() -> None:
    """Two separated pairs that share the English model, with no association inside a seed's noise.

    The joint permutation of seeds within pairs rejects about 5 %, the pooled test nearly always.
    """
    rng = np.random.default_rng(1)
    seeds, pairs, draws = np.tile(np.arange(15), 2), np.repeat([0, 1], 15), 400
    joint = pooled = 0
    for _ in range(draws):
        x, y = (np.tile(rng.normal(size=15), 2) + rng.normal(size=30) + 5.0 * pairs for _ in range(2))
        e = correlation(x, y, clusters=seeds, groups=pairs, n_resamples=199, rng=rng)
        naive = correlation(x, y, n_resamples=19, rng=rng)
        joint += bool(e.p_value is not None and e.p_value <= 0.05)
        pooled += bool(naive.p_value is not None and naive.p_value <= 0.05)
    assert joint / draws <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)
    assert joint / draws >= 0.01
    assert pooled / draws > 0.95


@pytest.mark.slow
def test_cluster_intervals_cover_and_point_intervals_do_not() -> None:
    """Intervals over seeds cover a true zero about as often as they claim; intervals over points are too short."""
    rng = np.random.default_rng(2)
    seeds, pairs, draws = np.tile(np.arange(15), 2), np.repeat([0, 1], 15), 400
    clustered = points = 0
    for _ in range(draws):
        x, y = (np.tile(rng.normal(size=15), 2) + 0.3 * rng.normal(size=30) for _ in range(2))
        e = correlation(x, y, clusters=seeds, groups=pairs, n_resamples=299, rng=rng)
        f = correlation(x, y, n_resamples=299, rng=rng)
        clustered += e.low <= 0.0 <= e.high
        points += f.low <= 0.0 <= f.high
    assert clustered / draws >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / draws) - 0.03
    assert points / draws < 0.87
