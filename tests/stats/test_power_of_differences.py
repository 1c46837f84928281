"""Tests of the power of paired differences and of the simulated power of the analysis of record."""

from __future__ import annotations

import math
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest

from gapstudy.stats import (
    correlation,
    correlation_power,
    detectable_difference,
    difference_power,
    power_simulation,
    seeds_needed,
    simulated_power,
    simulated_seeds,
)
from gapstudy.stats.power_simulation import _ranks, _studies


def rng(seed: int = 0) -> np.random.Generator:
    """A generator."""
    return np.random.default_rng(seed)


@pytest.mark.parametrize("n", [2, 5, 15])
@pytest.mark.parametrize("dz", [0.0, 0.2, 0.8, 1.5])
def test_power_is_statsmodels(n: int, dz: float) -> None:
    """The power of the paired t test is that of statsmodels, also by its other tail."""
    from statsmodels.stats.power import TTestPower

    assert difference_power(dz, n) == pytest.approx(TTestPower().power(dz, n, 0.05), abs=1e-6)
    assert difference_power(-dz, n) == difference_power(dz, n)


def test_power_is_pingouins() -> None:
    """Power and the detectable difference agree with pingouin."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pingouin = pytest.importorskip("pingouin")
        power = pingouin.power_ttest(d=0.78, n=15, contrast="paired")
        size = pingouin.power_ttest(n=15, power=0.8, contrast="paired")
    assert difference_power(0.78, 15) == pytest.approx(power, abs=1e-6)
    assert detectable_difference(15) == pytest.approx(size, abs=1e-4)


@pytest.mark.parametrize(("n", "dz"), [(5, 1.68), (15, 0.78), (30, 0.53)])
def test_detectable_differences(n: int, dz: float) -> None:
    """5, 15 and 30 seeds detect 1.68, 0.78 and 0.53 standard deviations with 80 % power."""
    assert detectable_difference(n) == pytest.approx(dz, abs=0.005)
    assert difference_power(detectable_difference(n), n) == pytest.approx(0.8, abs=1e-6)


def test_seeds_needed_is_the_smallest() -> None:
    """The number of seeds reaches the power, and one fewer does not."""
    n = seeds_needed(0.5)
    assert difference_power(0.5, n) >= 0.8 > difference_power(0.5, n - 1)
    assert seeds_needed(-0.5) == n
    assert difference_power(2.0, 100) == pytest.approx(1.0)  # where SciPy's and statsmodels' lower tail is NaN
    assert difference_power(50.0, 1000) == 1.0


def test_simulated_power_of_one_pair_is_the_formulas() -> None:
    """For one pair the simulated permutation test has the power of the formula within 5 points: about 43 % at 0.5."""
    for rho, n in ((0.5, 15), (0.6, 15), (0.4, 30)):
        e = simulated_power(rho, n, n_simulations=2000, rng=rng())
        assert e.value == pytest.approx(correlation_power(rho, n), abs=0.05)
        assert e.low < e.value < e.high
    assert simulated_power(0.5, 15, rng=rng()).value == pytest.approx(0.43, abs=0.05)


def test_simulated_test_has_its_level() -> None:
    """Without a correlation it rejects at 5 % within error, whatever pairs share."""
    for shared in (0.0, 0.5, 1.0):
        e = simulated_power(0.0, 12, pairs=3, shared=shared, n_simulations=3000, rng=rng())
        assert e.low <= 0.05 <= e.high


def test_more_pairs_help_unless_they_are_the_same() -> None:
    """Pairs that share half add power; pairs that share everything add none."""
    one, more, same = (
        simulated_power(0.5, 15, pairs=pairs, shared=shared, rng=rng()).value
        for pairs, shared in ((1, 0.5), (4, 0.5), (4, 1.0))
    )
    assert more > one + 0.15
    assert same == pytest.approx(one, abs=0.05)


def test_simulation_is_of_the_analysis_of_record() -> None:
    """Its decision is that of correlation() with seeds as clusters and pairs as groups."""
    x, y = _studies(0.5, (60, 2, 10), 0.5, rng(1))
    labels: dict[str, Any] = {"clusters": np.tile(np.arange(10), 2), "groups": np.repeat([0, 1], 10)}
    p = [
        correlation(a.ravel(), b.ravel(), n_resamples=499, rng=rng(), **labels).p_value
        for a, b in zip(x, y, strict=True)
    ]
    rejected = float(np.mean([value is not None and value <= 0.05 for value in p]))
    e = simulated_power(0.5, 10, pairs=2, n_simulations=60, rng=rng(1))
    assert e.value == pytest.approx(rejected, abs=0.05)
    assert _ranks(x[0]).mean() == pytest.approx(0.0)


def test_blocks_of_studies_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Studies and permutations in many blocks are permuted alike: the power is that of one block within its error."""
    whole = simulated_power(0.5, 12, pairs=2, n_simulations=400, n_permutations=99, rng=rng(4))
    monkeypatch.setattr(power_simulation, "_BLOCK_FLOATS", 3000)
    parts = simulated_power(0.5, 12, pairs=2, n_simulations=400, n_permutations=99, rng=rng(4))
    assert parts.n == whole.n == 400
    assert parts.value == pytest.approx(whole.value, abs=0.08)
    orders = rng(5).permuted(np.tile(np.arange(12), (99, 1)), axis=1)
    products = rng(6).normal(size=(7, 12, 12))
    expected = [sum(abs(p[o, np.arange(12)].sum()) >= abs(np.trace(p)) - 1e-9 for o in orders) for p in products]
    assert power_simulation._extreme(products, orders).tolist() == expected


def test_simulated_power_is_bounded_in_memory() -> None:
    """Many pairs and seeds take blocks of studies: far less memory than the 72 MB a column of all of them."""
    tracemalloc.start()
    try:
        simulated_power(0.2, 100, pairs=45, n_simulations=2000, n_permutations=19, rng=rng())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 256 * 2**20


def test_simulated_seeds_reach_the_power() -> None:
    """The number of seeds has the power in its own simulation, fewer pairs need more, and too few are None."""
    two, one = (simulated_seeds(0.6, power=0.8, most=40, pairs=pairs, n_simulations=500) for pairs in (2, 1))
    assert two is not None
    assert one is not None
    assert 4 <= two < one <= 30
    assert simulated_seeds(0.1, power=0.8, most=10) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: difference_power(math.inf, 5), "dz must be finite, got inf"),
        (lambda: difference_power(0.5, 1), "n must be at least 2, got 1"),
        (lambda: difference_power(0.5, 5, level=0.0), "level must lie strictly between 0 and 1, got 0"),
        (lambda: detectable_difference(5, power=0.03), "power must be above level = 0.05, got 0.03"),
        (lambda: detectable_difference(2, level=1e-6), "2 seeds detect no difference below 100 standard deviations"),
        (lambda: seeds_needed(0.0), "a difference of 0.0 standard deviations cannot be detected with power 0.8"),
        (lambda: simulated_power(1.0, 15, rng=rng()), "rho must lie strictly between -1 and 1, got 1"),
        (
            lambda: simulated_power(0.5, 3, rng=rng()),
            r"n must be at least 4, pairs at least 1 and shared in \[0, 1\]; got 3",
        ),
        (lambda: simulated_power(0.5, 9, shared=2.0, rng=rng()), "got 9, 1 and 2.0"),
        (lambda: simulated_seeds(0.5, power=1.0, most=9), "power must lie strictly between 0 and 1, got 1"),
    ],
)
def test_errors(call: Any, message: str) -> None:
    """Values out of range are errors that name them."""
    with pytest.raises(ValueError, match=message):
        call()
