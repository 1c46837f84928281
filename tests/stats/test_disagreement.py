"""Tests of paired disagreement and of exact proportions."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import binomtest

from gapstudy.stats import clopper_pearson, disagreement

Float = npt.NDArray[np.float64]


def simplex(n: int, seed: int) -> Float:
    """Random class probabilities."""
    return np.random.default_rng(seed).dirichlet([0.5, 0.5, 0.5], size=n)


def test_jensen_shannon_is_scipy_s_in_bits() -> None:
    """The mean divergence is the mean squared Jensen-Shannon distance of SciPy in base 2."""
    p, q = simplex(40, 0), simplex(40, 1)
    expected = np.mean([jensenshannon(a, b, base=2) ** 2 for a, b in zip(p, q, strict=True)])
    assert disagreement(p, q).jensen_shannon.value == pytest.approx(expected, rel=1e-9)


def test_ends_of_the_range() -> None:
    """Equal outputs give 0 and 0, opposite certain outputs 1 and 1 bit."""
    p = np.tile([[1.0, 0.0], [0.0, 1.0]], (5, 1))
    same, opposite = disagreement(p, p), disagreement(p, p[:, ::-1])
    assert (same.rate.value, same.jensen_shannon.value) == (0.0, 0.0)
    assert (opposite.rate.value, opposite.jensen_shannon.value) == (1.0, 1.0)


def test_rate_counts_differing_argmax() -> None:
    """The rate is the share of items whose most probable class differs, with Clopper-Pearson ends."""
    p, q = simplex(50, 0), simplex(50, 1)
    count = int((p.argmax(1) != q.argmax(1)).sum())
    rate = disagreement(p, q, level=0.9).rate
    ends = binomtest(count, 50).proportion_ci(0.9, method="exact")
    assert rate.value == count / 50
    assert (rate.low, rate.high) == pytest.approx((ends.low, ends.high))


def test_half_precision_rows_are_accepted() -> None:
    """Probabilities stored as float16 are normalised, not refused."""
    p = simplex(30, 0).astype(np.float16)
    assert disagreement(p, p).jensen_shannon.value == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (10, 10), (3, 10), (1, 5010), (2500, 5010)])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_clopper_pearson_is_scipy_s(successes: int, n: int, level: float) -> None:
    """The interval is SciPy's exact one, ends of the range included."""
    ends = binomtest(successes, n).proportion_ci(level, method="exact")
    e = clopper_pearson(successes, n, level=level)
    assert (e.value, e.low, e.high) == pytest.approx((successes / n, ends.low, ends.high), abs=1e-12)
    assert (e.n, e.level) == (n, level)


def test_errors() -> None:
    """Wrong shapes, rows off the simplex and impossible counts are errors that name them."""
    p = simplex(5, 0)
    with pytest.raises(ValueError, match="p and q must be parallel: p has 5 rows and q has 4"):
        disagreement(p, p[:4])
    with pytest.raises(ValueError, match="p and q must have the same number of classes, got 3 and 2"):
        disagreement(p, np.full((5, 2), 0.5))
    with pytest.raises(ValueError, match=r"q must hold probabilities: row 0 has minimum .* and sum 2"):
        disagreement(p, 2 * p)
    with pytest.raises(ValueError, match="p must hold probabilities: row 0 has minimum -"):
        disagreement(p - np.array([1.0, -1.0, 0.0]), p)
    with pytest.raises(ValueError, match="p has 1 NaN"):
        disagreement(np.where(np.arange(15).reshape(5, 3) == 4, math.nan, p), p)
    with pytest.raises(ValueError, match=r"successes must lie in 0\.\.n with n >= 1, got successes 3 and n 2"):
        clopper_pearson(3, 2)
    with pytest.raises(ValueError, match="level must lie strictly between 0 and 1, got 1"):
        clopper_pearson(1, 2, level=1.0)
