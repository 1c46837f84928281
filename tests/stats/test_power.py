"""Tests of what a number of seeds can detect."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from gapstudy.stats import correlation_power, detectable_correlation, points_needed


@pytest.mark.parametrize(("rho", "simulated"), [(0.3, 0.18), (0.5, 0.43), (0.6, 0.63), (0.7, 0.81)])
def test_power_of_fifteen_seeds(rho: float, simulated: float) -> None:
    """The approximation is within 5 points of the simulated power of 15 seeds."""
    assert correlation_power(rho, 15) == pytest.approx(simulated, abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("rho", "n"), [(0.5, 10), (0.6, 15), (0.4, 30)])
def test_power_by_simulation(rho: float, n: int) -> None:
    """The approximation is within 5 points of the rejection rate of SciPy's test on binormal data."""
    rng = np.random.default_rng(0)
    pearson = 2.0 * np.sin(np.pi * rho / 6.0)  # of the normal distribution whose Spearman coefficient is rho
    hits = 0
    for _ in range(1500):
        x, z = rng.normal(size=(2, n))
        y = pearson * x + np.sqrt(1.0 - pearson**2) * z
        hits += bool(scipy_stats.spearmanr(x, y).pvalue < 0.05)
    assert correlation_power(rho, n) == pytest.approx(hits / 1500, abs=0.05)


def test_detectable_correlation_has_the_power() -> None:
    """The detectable coefficient is the one at which the power is reached, and falls with n."""
    values = [detectable_correlation(n) for n in (6, 15, 30, 100)]
    assert values == sorted(values, reverse=True)
    assert correlation_power(values[1], 15) == pytest.approx(0.8, abs=1e-6)
    assert detectable_correlation(15) == pytest.approx(0.69, abs=0.02)
    assert detectable_correlation(15, 0.9, 0.01) > detectable_correlation(15, 0.9) > detectable_correlation(15)


def test_points_needed_is_the_smallest() -> None:
    """The number of points reaches the power, and one fewer does not; signs do not matter."""
    n = points_needed(0.5)
    assert correlation_power(0.5, n) >= 0.8 > correlation_power(0.5, n - 1)
    assert points_needed(-0.5) == n
    assert points_needed(0.999) == 4
    assert correlation_power(0.0, 1000) == pytest.approx(0.025, abs=0.001)


def test_errors() -> None:
    """Values out of range are errors that name them."""
    with pytest.raises(ValueError, match="rho must lie strictly between -1 and 1, got 1"):
        correlation_power(1.0, 10)
    with pytest.raises(ValueError, match="n must be at least 4, got 3"):
        detectable_correlation(3)
    with pytest.raises(ValueError, match="level must lie strictly between 0 and 1, got 0"):
        correlation_power(0.5, 10, level=0.0)
    with pytest.raises(ValueError, match="power must lie strictly between 0 and 1, got 1"):
        detectable_correlation(10, power=1.0)
    with pytest.raises(ValueError, match=r"power must be above level / 2 = 0.025, got 0.01"):
        points_needed(0.5, power=0.01)
    with pytest.raises(ValueError, match=r"rho 0.0 cannot be detected with power 0.8 by 1000000 points"):
        points_needed(0.0)
