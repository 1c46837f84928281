"""Tests of the Sinkhorn distance, its debiased form and exact transport."""

from __future__ import annotations

import math
import warnings

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.errors import ConvergenceWarning
from gapstudy.stats import exact_distance, sinkhorn_distance, transport
from gapstudy.stats.pot import pot

Float = npt.NDArray[np.float64]
costs = pytest.mark.parametrize("cost", ["euclidean", "sqeuclidean"])


def cloud(n: int, seed: int, shift: float = 0.0) -> Float:
    """Class probabilities of three classes."""
    logits = np.random.default_rng(seed).normal(size=(n, 3)) * 2.0 + np.array([shift, 0.0, -shift])
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("reg", [0.1, 0.5, 2.0])
def test_two_points_by_hand(reg: float) -> None:
    """Two equal clouds of two points at distance 1: the plan's off-diagonal mass is known in closed form."""
    x = np.array([[0.0], [1.0]])
    off = math.exp(-1.0 / reg) / (1.0 + math.exp(-1.0 / reg))
    assert sinkhorn_distance(x, x, reg=reg) == pytest.approx(off, abs=1e-6)
    assert sinkhorn_distance(x, x, reg=reg, debiased=True) == pytest.approx(0.0, abs=1e-6)


def test_one_point_against_another() -> None:
    """Between single points every form is the ground cost, whatever the regularisation."""
    x, y = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])
    for reg in (0.1, 1.0):
        assert sinkhorn_distance(x, y, reg=reg) == pytest.approx(5.0)
        assert sinkhorn_distance(x, y, reg=reg, debiased=True) == pytest.approx(5.0)
        assert sinkhorn_distance(x, y, reg=reg, cost="sqeuclidean") == pytest.approx(25.0)
    assert exact_distance(x, y) == pytest.approx(5.0)


@costs
def test_equals_pot(cost: str) -> None:
    """The plain distance is the transport cost of POT's converged plan, not its regularised objective."""
    ot = pot()
    x, y = cloud(40, 0), cloud(30, 1, 0.5)
    C = ot.dist(x, y, metric=cost)
    a, b = np.full(40, 1 / 40), np.full(30, 1 / 30)
    expected = ot.sinkhorn2(a, b, C, 0.05, method="sinkhorn_log", numItermax=50_000, stopThr=1e-12)
    assert sinkhorn_distance(x, y, cost=cost, tol=1e-9) == pytest.approx(float(expected), rel=1e-7)


@costs
def test_debiased_equals_pot_s_regularised_objectives(cost: str) -> None:
    """The debiased form is Feydy's divergence of KL-regularised objectives, as ot.solve computes them."""
    ot = pot()
    x, y = cloud(30, 0), cloud(25, 1, 1.0)

    def objective(p: Float, q: Float) -> float:
        solved = ot.solve(ot.dist(p, q, metric=cost), reg=0.1, reg_type="KL", max_iter=50_000, tol=1e-12)
        return float(solved.value)

    expected = objective(x, y) - (objective(x, x) + objective(y, y)) / 2.0
    value = sinkhorn_distance(x, y, reg=0.1, cost=cost, debiased=True, tol=1e-9)
    assert value == pytest.approx(expected, rel=1e-6)
    assert value > 0.0


@costs
def test_falls_to_exact_transport(cost: str) -> None:
    """The distance falls with the regularisation towards exact optimal transport and never below it."""
    x, y = cloud(25, 0), cloud(25, 1, 0.7)
    exact = exact_distance(x, y, cost=cost)
    values = [sinkhorn_distance(x, y, reg=reg, cost=cost, tol=1e-5) for reg in (0.3, 0.1, 0.03, 0.01)]
    assert values == sorted(values, reverse=True)
    assert exact <= values[-1] < exact + 0.02
    assert values[0] > exact + 0.05


def test_exact_distance_on_a_line() -> None:
    """In one dimension the Wasserstein-1 distance is that of the sorted points."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 1)), rng.normal(size=(20, 1)) + 1.0
    expected = np.abs(np.sort(x[:, 0]) - np.sort(y[:, 0])).mean()
    assert exact_distance(x, y) == pytest.approx(expected, rel=1e-10)
    assert exact_distance(x, x) == 0.0


def test_marginals_hold() -> None:
    """A converged solution says so, keeps its marginal error and counts its iterations."""
    solved = transport(cloud(30, 0), cloud(20, 1), tol=1e-7)
    assert solved.converged
    assert solved.marginal_error <= 1e-7
    assert solved.iterations >= 1
    assert solved.objective >= solved.cost


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1000), n=st.integers(2, 12), m=st.integers(2, 12))
def test_properties(seed: int, n: int, m: int) -> None:
    """Symmetric, invariant to row order, at least exact; the debiased form is not negative and 0 for equal clouds."""
    x, y = cloud(n, seed), cloud(m, seed + 1, 0.5)
    value = sinkhorn_distance(x, y, reg=0.2)
    assert sinkhorn_distance(y, x, reg=0.2) == pytest.approx(value, abs=1e-5)
    assert sinkhorn_distance(x[::-1], y, reg=0.2) == pytest.approx(value, abs=1e-5)
    assert value >= exact_distance(x, y) - 1e-5
    assert sinkhorn_distance(x, y, reg=0.2, debiased=True) >= -1e-5
    assert sinkhorn_distance(x, x[::-1], reg=0.2, debiased=True) == pytest.approx(0.0, abs=1e-5)


def test_far_points_do_not_underflow() -> None:
    """Logits whose costs are ten thousand times the regularisation are solved, not returned as zero or NaN."""
    x, y = np.array([[0.0], [500.0]]), np.array([[10.0], [600.0]])
    assert sinkhorn_distance(x, y) == pytest.approx(55.0, rel=1e-6)


def test_unconverged_is_said() -> None:
    """A solver that stops early warns with error, iterations and remedy; a converged one does not warn."""
    x, y = cloud(20, 0), cloud(20, 1, 1.0)
    with pytest.warns(
        ConvergenceWarning,
        match=r"marginal error of .* \(tol .*, n \d+ and \d+\) after 3 iterations at reg 0.01.*raise reg",
    ):
        value = sinkhorn_distance(x, y, reg=0.01, max_iterations=3)
    assert math.isfinite(value)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sinkhorn_distance(x, y)


def test_exact_unconverged_is_said() -> None:
    """A network simplex that stops early warns with our class."""
    with pytest.warns(ConvergenceWarning, match="exact transport stopped early after 1 iterations"):
        exact_distance(cloud(60, 0), cloud(60, 1), max_iterations=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reg": 0.0}, "reg must be a finite number > 0, got 0"),
        ({"reg": math.nan}, "reg must be a finite number > 0, got nan"),
        ({"tol": -1.0}, "tol must be a finite number > 0, got -1"),
        ({"cost": "cosine"}, "cost must be one of euclidean, sqeuclidean; got 'cosine'"),
        ({"max_iterations": 0}, "max_iterations must be >= 1, got 0"),
    ],
)
def test_option_errors(options: dict[str, object], message: str) -> None:
    """Options out of range are errors that name them."""
    with pytest.raises(ValueError, match=message):
        sinkhorn_distance(cloud(4, 0), cloud(4, 1), **options)  # type: ignore[arg-type]


def test_shape_errors() -> None:
    """Wrong clouds are errors that name the argument."""
    with pytest.raises(ValueError, match="x and y must have the same number of columns, got 3 and 2"):
        sinkhorn_distance(cloud(4, 0), cloud(4, 1)[:, :2])
    with pytest.raises(ValueError, match="y must be two-dimensional"):
        exact_distance(cloud(4, 0), cloud(4, 1)[0])
    with pytest.raises(ValueError, match="x has 12 NaN or infinite values"):
        sinkhorn_distance(cloud(4, 0) * np.nan, cloud(4, 1))
