"""Tests of the transport solver: against POT on many problems, in every path it can take."""

from __future__ import annotations

import math
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance

from gapstudy.errors import ConvergenceWarning
from gapstudy.stats import cloud as cloud_module
from gapstudy.stats import damped, exact_distance, kernel, plans, scaling, sinkhorn_distance, transport
from gapstudy.stats.cloud import Cloud, cells, distinct
from gapstudy.stats.exact import ground_cost
from gapstudy.stats.kernel import Kernel
from gapstudy.stats.plans import softmin
from gapstudy.stats.pot import pot
from gapstudy.stats.workers import Workers

Float = npt.NDArray[np.float64]


def simplex(n: int, classes: int, seed: int, strength: float = 2.0) -> Float:
    """Class probabilities; the larger ``strength``, the more of them lie in the corners."""
    rng = np.random.default_rng(seed)
    logits = strength * np.eye(classes)[rng.integers(classes, size=n)] + strength / 1.5 * rng.normal(size=(n, classes))
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def by_pot(x: Float, y: Float, reg: float, cost: str = "euclidean", solver: str = "sinkhorn") -> float:
    """POT's transport cost, stopped far below our tolerance."""
    a, b = np.full(len(x), 1 / len(x)), np.full(len(y), 1 / len(y))
    stop = 1e-9 if solver == "sinkhorn" else 1e-10
    return float(pot().sinkhorn2(a, b, ground_cost(x, y, cost), reg, method=solver, numItermax=100_000, stopThr=stop))


@pytest.mark.parametrize("cost", ["euclidean", "sqeuclidean"])
@pytest.mark.parametrize("classes", [2, 3, 5, 17])
@pytest.mark.parametrize(("n", "m", "reg"), [(7, 11, 0.05), (90, 60, 0.1), (300, 290, 0.05), (300, 100, 0.02)])
def test_equals_pot_on_the_simplex(n: int, m: int, reg: float, classes: int, cost: str) -> None:
    """Sizes on both sides of every threshold, few and many classes: within 1e-5 of POT."""
    x, y = simplex(n, classes, 0), simplex(m, classes, 1, 1.5)
    assert sinkhorn_distance(x, y, reg=reg, cost=cost) == pytest.approx(by_pot(x, y, reg, cost), rel=1e-5)


@pytest.mark.parametrize("classes", [3, 17])
def test_equals_pot_where_the_kernel_is_float32(classes: int) -> None:
    """At n = 1,300 the kernel is stored in float32; value and marginal error are as good as in float64."""
    x, y = simplex(1300, classes, 0), simplex(1250, classes, 1, 1.5)
    single, double = transport(x, y), transport(x, y, tol=1e-9)
    assert single.cost == pytest.approx(by_pot(x, y, 0.05), rel=1e-5)
    assert single.cost == pytest.approx(double.cost, rel=1e-5)
    assert single.objective == pytest.approx(double.objective, rel=1e-6)
    assert (single.converged, double.converged) == (True, True)
    assert double.marginal_error <= 1e-9


def test_equals_pot_in_logit_space() -> None:
    """Unbounded coordinates in the log domain's reach."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 3)) * 3, rng.normal(size=(70, 3)) * 3 + 1
    assert sinkhorn_distance(x, y, reg=0.2) == pytest.approx(by_pot(x, y, 0.2, solver="sinkhorn_log"), rel=1e-5)


def test_confident_outputs_and_duplicates() -> None:
    """Thousands of equal points in the corners are a few weighted ones; the value is POT's of all of them."""
    rng = np.random.default_rng(0)
    x, y = np.eye(3)[rng.integers(3, size=400)], np.round(simplex(400, 3, 1, 8.0), 2)
    y /= y.sum(axis=1, keepdims=True)
    assert len(distinct(x)) == 3
    assert sinkhorn_distance(x, y, reg=0.1) == pytest.approx(by_pot(x, y, 0.1), rel=1e-5)


def test_duplicated_points_are_weights() -> None:
    """Writing every point twice changes nothing, bit for bit; nor does another order of rows."""
    x, y = simplex(200, 3, 0), simplex(150, 3, 1)
    shuffled = np.random.default_rng(0).permutation(np.concatenate([x, x]))
    assert transport(shuffled, y) == transport(x, y)


@pytest.mark.parametrize("n", [50, 300, 1100])
def test_a_translated_cloud(n: int) -> None:
    """With squared costs a shift by t adds t't to every form: to the plain distance and the objective alike."""
    x, shift = simplex(n, 3, 0), np.array([0.3, -0.2, 0.1])
    own, moved = (transport(x, x + s, cost="sqeuclidean", tol=1e-8) for s in (0.0, shift))
    assert moved.cost - own.cost == pytest.approx(shift @ shift, abs=1e-6)
    assert sinkhorn_distance(x, x + shift, cost="sqeuclidean", debiased=True) == pytest.approx(shift @ shift, abs=1e-5)


def test_falls_to_sorting_on_a_line() -> None:
    """In one dimension the distance tends to that of the sorted points as reg falls to 0."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 1)), rng.normal(size=(50, 1)) + 0.5
    exact = wasserstein_distance(x[:, 0], y[:, 0])
    assert exact_distance(x, y) == pytest.approx(exact, rel=1e-9)
    values = [sinkhorn_distance(x, y, reg=reg, tol=1e-5) for reg in (0.1, 0.03, 0.01, 0.003)]
    assert values == sorted(values, reverse=True)
    assert exact <= values[-1] <= exact + 1e-3


def test_one_point_against_many() -> None:
    """From a single point the only plan is the mean cost."""
    x, y = np.zeros((1, 3)), simplex(500, 3, 0)
    assert sinkhorn_distance(x, y) == pytest.approx(np.linalg.norm(y, axis=1).mean(), rel=1e-7)
    assert sinkhorn_distance(y, x) == pytest.approx(np.linalg.norm(y, axis=1).mean(), rel=1e-7)


def test_unequal_scales_at_a_small_regularisation() -> None:
    """Two far clusters at costs 10,000 times the regularisation are solved: mass stays in its cluster."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(100, 2)), rng.normal(size=(100, 2)) + 1000.0])
    solved = transport(x, x + 5.0, reg=0.1, tol=1e-4)
    assert solved.converged
    exact = exact_distance(x, x + 5.0)
    assert exact <= solved.cost < exact + 0.1


@settings(deadline=None, max_examples=15)
@given(
    seed=st.integers(0, 10_000), n=st.integers(1, 260), m=st.integers(1, 260), reg=st.sampled_from([0.02, 0.05, 0.3])
)
def test_properties(seed: int, n: int, m: int, reg: float) -> None:
    """Symmetric, blind to order, at least exact; debiased not negative, and exactly 0 for a cloud in another order."""
    x, y = simplex(n, 3, seed), simplex(m, 3, seed + 1)
    rng = np.random.default_rng(seed)
    value = sinkhorn_distance(x, y, reg=reg)
    assert sinkhorn_distance(y, x, reg=reg) == pytest.approx(value, abs=3e-6)
    assert sinkhorn_distance(rng.permutation(x), rng.permutation(y), reg=reg) == value
    assert value >= exact_distance(x, y) - 3e-6
    assert sinkhorn_distance(x, y, reg=reg, debiased=True) >= -3e-6
    assert sinkhorn_distance(x, rng.permutation(x), reg=reg, debiased=True) == 0.0


def test_marginal_error_is_the_whole_problem_s() -> None:
    """The error that is reported is that of the plan over all points, recomputed here; cost and objective too."""
    x, y, reg = simplex(300, 3, 0), simplex(250, 3, 1), 0.05
    X, Y = distinct(x), distinct(y)
    one = Workers(None)
    g = -0.3 * np.arange(250) / 250
    held = Kernel(X, Y, np.zeros(300), g, reg=reg, cost="euclidean", dtype=np.float32, workers=one)
    phi, rows, columns, cost = held.certify(np.zeros(300), np.zeros(250), update=True)

    C = cdist(X.points, Y.points)
    K = np.exp(g - C / reg) / 300 / 250
    P = K / (300 * K.sum(axis=1, keepdims=True))
    assert rows == pytest.approx(P.sum(axis=1), rel=1e-12)
    assert columns == pytest.approx(P.sum(axis=0), rel=1e-12)
    assert cost == pytest.approx((P * C).sum(), rel=1e-12)
    assert phi == pytest.approx(softmin(X, Y, g, reg=reg, cost="euclidean", workers=one), rel=1e-10)


@pytest.mark.filterwarnings("ignore::gapstudy.errors.ConvergenceWarning")
@pytest.mark.parametrize("reg", [0.02, 0.05, 0.3])
@pytest.mark.parametrize(("n", "classes"), [(60, 3), (300, 3), (300, 17), (1100, 3)])
def test_marginal_error_bounds_objective_and_cost(n: int, classes: int, reg: float) -> None:
    """Wherever the solver stops, the objective is at most R e below the solution's and the cost as near as Pinsker says."""
    x, y = simplex(n, classes, 0), simplex(n, classes, 1, 1.0)
    C = cdist(x, y)
    span = C.max() - C.min()
    true = transport(x, y, reg=reg, tol=1e-10)
    for stop in (1, 2, 3, 6):
        found = transport(x, y, reg=reg, tol=1e-9, max_iterations=stop)
        error = found.marginal_error
        assert -1e-9 <= true.objective - found.objective <= span * error + 1e-9
        assert abs(true.cost - found.cost) <= span * math.sqrt(span * error / (2 * reg)) + 1e-9


@pytest.mark.parametrize("n", [300, 1200])
def test_float32_input_keeps_four_digits(n: int) -> None:
    """Outputs stored in float32 give the value of float64 to four digits and more."""
    x, y = simplex(n, 3, 0), simplex(n, 3, 1)
    for debiased in (False, True):
        value = sinkhorn_distance(x, y, debiased=debiased)
        single = sinkhorn_distance(x.astype(np.float32), y.astype(np.float32), debiased=debiased)
        assert single == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("n", [300, 1200])
def test_the_same_to_the_bit_for_any_number_of_threads(n: int) -> None:
    """One, two and three threads give one result, also when the caller has threads of its own."""
    x, y = simplex(n, 3, 0), simplex(n, 3, 1)
    first = transport(x, y, threads=1)
    assert [transport(x, y, threads=t) for t in (2, 3)] == [first, first]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: transport(x, y), range(4))) == [first] * 4


def test_a_kernel_too_large_to_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel over the memory bound is computed block by block each time, with the same result."""
    x, y = simplex(400, 3, 0), simplex(380, 3, 1)
    stored = transport(x, y)
    monkeypatch.setattr(kernel, "STORED_BYTES", 1000)
    again = transport(x, y)
    assert again.cost == pytest.approx(stored.cost, rel=1e-9)
    assert again.iterations == stored.iterations


def test_without_a_coarse_problem_the_scalings_leave_their_range(monkeypatch: pytest.MonkeyPatch) -> None:
    """From potentials of zero at a small regularisation the kernel is computed anew, and the value is the same."""
    x, y = simplex(60, 3, 0) * 10, simplex(50, 3, 1) * 10 + 20
    expected = transport(x, y, reg=0.1, tol=1e-7)
    monkeypatch.setattr(scaling, "_ANNEALED", 0)
    found = transport(x, y, reg=0.1, tol=1e-7)
    assert found.converged
    assert found.cost == pytest.approx(expected.cost, rel=1e-6)


def test_an_unreachable_tolerance_warns_and_stays_close() -> None:
    """Below what doubles resolve the solver stops at its limit, warns, and still has the value."""
    x, y = simplex(150, 3, 0), simplex(140, 3, 1)
    with pytest.warns(ConvergenceWarning, match=r"after 400 iterations at reg 0.05: the value 0\.\d+ is not converged"):
        value = sinkhorn_distance(x, y, tol=1e-18, max_iterations=400)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert value == pytest.approx(sinkhorn_distance(x, y), rel=1e-5)


# ---- where the accelerated iteration gets nowhere ------------------------------------------------------------
def wide(n: int, m: int, sd: float, seed: int = 0) -> tuple[Float, Float]:
    """Two clouds of wide logits: neighbouring points are many regularisations apart."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)) * sd, rng.normal(size=(m, 3)) * sd


@pytest.mark.parametrize(("n", "m", "reg"), [(400, 350, 0.01), (200, 200, 0.1), (700, 650, 0.05)])
def test_wide_logits_converge(n: int, m: int, reg: float) -> None:
    """Where the plan is nearly a matching the tolerance is reached in a few hundred iterations, on both sides of exact."""
    x, y = wide(n, m, 5.0)
    exact = exact_distance(x, y)
    for found in (transport(x, y, reg=reg, max_iterations=2000), transport(y, x, reg=reg, max_iterations=2000)):
        assert found.converged
        assert exact <= found.cost <= exact + 10 * reg
        assert found.objective <= exact + reg * math.log(n * m)


@pytest.mark.filterwarnings("ignore::gapstudy.errors.ConvergenceWarning")
@pytest.mark.parametrize("reg", [0.01, 0.05])
@pytest.mark.parametrize("budget", [100, 400])
def test_never_worse_than_plain_log_domain_iteration(reg: float, budget: int) -> None:
    """At equal iterations the marginal error is at most that of POT's log-domain solver."""
    x, y = wide(150, 130, 5.0)
    a, b = np.full(150, 1 / 150), np.full(130, 1 / 130)
    P = pot().bregman.sinkhorn_log(a, b, cdist(x, y), reg, numItermax=budget, stopThr=0.0, warn=False)
    theirs = np.abs(P.sum(axis=1) - a).sum() + np.abs(P.sum(axis=0) - b).sum()
    assert transport(x, y, reg=reg, max_iterations=budget).marginal_error <= max(theirs, 1e-6)


def test_wide_logits_on_any_number_of_threads() -> None:
    """The damped steps too are the same to the bit on one, two and three threads."""
    x, y = wide(1100, 1000, 6.0)
    first = transport(x, y, threads=1)
    assert first.converged
    assert [transport(x, y, threads=t) for t in (2, 3)] == [first, first]


def test_damped_steps_by_factor_and_by_gradients_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Solved by a factor or by conjugate gradients, Newton's system leads to the same solution."""
    x, y = wide(150, 130, 5.0)
    by_factor = transport(x, y, reg=0.02)
    monkeypatch.setattr(damped, "_FACTORED", 0)
    by_gradients = transport(x, y, reg=0.02)
    assert by_factor.converged
    assert by_gradients.converged
    assert by_gradients.cost == pytest.approx(by_factor.cost, rel=1e-4)
    assert by_gradients.objective == pytest.approx(by_factor.objective, rel=1e-6)


def test_damped_iteration_alone() -> None:
    """From potentials of zero it solves a problem that POT solves; a cloud against itself in a few steps."""
    x, y = (distinct(z) for z in wide(60, 50, 3.0))
    one = Workers(None)
    iteration = damped.Damped(x, y, reg=0.2, cost="euclidean", workers=one)
    f, g, taken = iteration.run(np.zeros(60), 1e-9, 500)
    assert taken < 100
    P = np.exp(f[:, None] + g - cdist(x.points, y.points) / 0.2) / 3000
    assert (P * cdist(x.points, y.points)).sum() == pytest.approx(
        by_pot(x.points, y.points, 0.2, solver="sinkhorn_log")
    )
    own = damped.Damped(x, x, reg=0.2, cost="euclidean", workers=one)
    f, g, taken = own.run_symmetric(np.zeros(60), 1e-9, 500)
    assert taken < 200
    P = np.exp(f[:, None] + g - cdist(x.points, x.points) / 0.2) / 3600
    assert P.sum(axis=1) == pytest.approx(np.full(60, 1 / 60), rel=1e-6)


def test_the_plan_is_held_whole_or_sparse() -> None:
    """Both forms of the plan that Newton's step is made from have its mass."""
    x, y = (distinct(z) for z in wide(40, 30, 3.0))
    one = Workers(None)
    f = np.zeros(40)
    g = softmin(y, x, f, reg=0.5, cost="euclidean", workers=one)
    whole = plans.plan_of(x, y, f, g, reg=0.5, cost="euclidean", workers=one)
    assert whole.sum(axis=0) == pytest.approx(y.weights, rel=1e-12)
    sparse = plans.sparse_plan(x, y, f, g, reg=0.5, cost="euclidean", workers=one)
    assert sparse.toarray() == pytest.approx(whole, abs=1e-9)
    assert sparse.nnz < whole.size


# ---- beyond the range of squares ------------------------------------------------------------------------------
@pytest.mark.parametrize("power", [600, -560])
def test_points_of_any_size(power: int) -> None:
    """Points and regularisation times 2^k give distances times 2^k, where squares leave the range of doubles too."""
    x, y = simplex(60, 3, 0), simplex(50, 3, 1)
    size = 2.0**power
    assert sinkhorn_distance(x * size, y * size, reg=0.05 * size) == sinkhorn_distance(x, y) * size
    assert exact_distance(x * size, y * size) == pytest.approx(exact_distance(x, y) * size, rel=1e-9)


def test_distances_beyond_doubles() -> None:
    """A distance or a scaled regularisation that is no double is an error that names the arguments."""
    x, y = simplex(20, 3, 0) * 1e200, simplex(20, 3, 1) * 1e200
    with pytest.raises(
        ValueError, match=r"reg and the coordinates of x and y are too small: .* is no number in double"
    ):
        sinkhorn_distance(x, y, cost="sqeuclidean")
    with pytest.raises(ValueError, match=r"x and y are too large: .* is no number in double precision"):
        exact_distance(x, y, cost="sqeuclidean")
    with pytest.raises(ValueError, match=r"x and y are too small: .* is no number in double precision"):
        exact_distance(x * 1e-300 * 1e-90, y * 1e-300 * 1e-90, cost="sqeuclidean")


# ---- cells ------------------------------------------------------------------------------------------------
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), n=st.integers(1, 200), d=st.integers(1, 6), limit=st.integers(1, 80))
def test_cells_partition(seed: int, n: int, d: int, limit: int) -> None:
    """Cells are numbered without gaps, no more than the limit, and equal points share one."""
    points = np.random.default_rng(seed).integers(0, 5, size=(n, d)).astype(np.float64)
    label = cells(points, limit)
    assert set(label) == set(range(label.max() + 1))
    assert label.max() < limit
    for row in points:
        assert len(set(label[(points == row).all(axis=1)])) == 1


def test_cells_of_neighbouring_doubles() -> None:
    """Points one double apart, with no midpoint between them, still make two cells with a point each."""
    points = np.array([[1.0], [np.nextafter(1.0, 2.0)]])
    assert sorted(cells(points, 2)) == [0, 1]


def test_coarse_cloud_keeps_mass_and_mean() -> None:
    """Centroids weigh what their cells weigh, so that total mass and mean stay."""
    fine = distinct(simplex(500, 3, 0))
    coarse = fine.coarse
    assert 1 < len(coarse) <= cloud_module._FEW_CELLS
    assert coarse.weights.sum() == pytest.approx(1.0)
    assert coarse.weights @ coarse.points == pytest.approx(fine.weights @ fine.points)


def test_negative_zero_is_zero() -> None:
    """Points that are equal as numbers are one point."""
    assert len(distinct(np.array([[0.0, 1.0], [-0.0, 1.0]]))) == 1
    assert Cloud(np.zeros((1, 2)), np.ones(1)).same(distinct(np.array([[-0.0, 0.0]])))
    assert math.isclose(distinct(np.zeros((3, 1))).weights[0], 1.0)
