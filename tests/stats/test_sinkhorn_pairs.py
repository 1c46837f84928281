"""Tests of many Sinkhorn distances at once, and of the curve over the regularisation."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest

from gapstudy.errors import ConvergenceWarning
from gapstudy.stats import (
    exact_distance,
    reg_curve,
    regcurve,
    regularised,
    sinkhorn_distance,
    sinkhorn_pairs,
    transport,
)
from gapstudy.stats.exact import ground_cost
from gapstudy.stats.scaling import Problem, Solution, solve
from gapstudy.stats.workers import Workers

Float = npt.NDArray[np.float64]
Name = tuple[str, int]


def simplex(n: int, seed: int) -> Float:
    """Class probabilities of three classes."""
    return np.asarray(np.random.default_rng(seed).dirichlet([0.6, 0.5, 0.4], size=n))


def clouds(sizes: tuple[int, ...] = (40, 130, 130, 200)) -> dict[Name, Float]:
    """Clouds named by language and seed, some below and some above the size that is compressed."""
    return {("abcd"[i], i % 2): simplex(n, i) for i, n in enumerate(sizes)}


@pytest.mark.parametrize("threads", [1, 2, 5, None])
def test_equals_one_by_one(threads: int | None) -> None:
    """Whatever the number of threads, each pair is what the single calls give, bit for bit."""
    found = clouds()
    names = list(found)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i:]]
    for pair in sinkhorn_pairs(found, pairs, debiased=True, threads=threads):
        x, y = found[pair.x], found[pair.y]
        assert pair.solved == transport(x, y)
        assert pair.divergence == sinkhorn_distance(x, y, debiased=True)
        assert pair.trouble == ""


def test_equals_one_by_one_where_the_kernel_is_large() -> None:
    """Pairs shared out among threads and blocks shared out within one are the same sums."""
    found = {i: simplex(1100, i) for i in range(3)}
    pairs = [(0, 1), (1, 2)]
    expected = [transport(found[a], found[b], threads=1) for a, b in pairs]
    for threads in (2, 3):
        assert [p.solved for p in sinkhorn_pairs(found, pairs, threads=threads)] == expected


def test_own_terms_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six pairs of four clouds take ten solutions, not eighteen; without the debiased form six."""
    solved: list[Problem] = []

    def counted(problem: Problem, workers: Workers) -> Solution:
        solved.append(problem)
        return solve(problem, workers)

    monkeypatch.setattr(regularised, "solve", counted)
    found = clouds()
    names = list(found)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    sinkhorn_pairs(found, pairs, debiased=True)
    assert len(solved) == 10
    plain = sinkhorn_pairs(found, pairs)
    assert len(solved) == 16
    assert all(math.isnan(p.divergence) for p in plain)


def test_no_pairs() -> None:
    """Nothing asked, nothing given."""
    assert sinkhorn_pairs({}, []) == ()


def test_unconverged_pairs_are_named() -> None:
    """A warning a pair that did not converge names the clouds, the value, the error and the remedy; so does the record."""
    found = clouds()
    pair = (("a", 0), ("b", 1))
    with pytest.warns(
        ConvergenceWarning, match=r"pair \('a', 0\), \('b', 1\): Sinkhorn stopped at a marginal error of .*raise reg"
    ):
        (solved,) = sinkhorn_pairs(found, [pair], reg=0.01, max_iterations=1)
    assert solved.trouble.startswith("Sinkhorn stopped at a marginal error of ")
    assert not solved.solved.converged
    with pytest.warns(ConvergenceWarning, match=r"; Sinkhorn of \('a', 0\) against itself stopped at"):
        sinkhorn_pairs(found, [pair], reg=0.01, max_iterations=1, debiased=True)


def test_errors_of_pairs() -> None:
    """Names that are not there, clouds that do not fit and no threads are errors that say which."""
    found = clouds()
    with pytest.raises(ValueError, match=r"pairs names the cloud \('z', 0\), which is not among \('a', 0\), "):
        sinkhorn_pairs(found, [(("a", 0), ("z", 0))])
    with pytest.raises(ValueError, match=r"cloud \('a', 0\) has 1 NaN or infinite values"):
        sinkhorn_pairs({**found, ("a", 0): np.array([[np.nan, 1.0, 0.0]])}, [(("a", 0), ("b", 1))])
    with pytest.raises(
        ValueError, match=r"\('a', 0\) and \('b', 1\) must have the same number of columns, got 2 and 3"
    ):
        sinkhorn_pairs({**found, ("a", 0): np.zeros((4, 2))}, [(("a", 0), ("b", 1))])
    with pytest.raises(ValueError, match="threads must be >= 1, got 0"):
        sinkhorn_distance(simplex(4, 0), simplex(4, 1), threads=0)


# ---- curve ------------------------------------------------------------------------------------------------
def test_curve_is_the_single_distances() -> None:
    """Relative regularisations are shares of the median cost, absolute ones are in its unit."""
    x, y = simplex(150, 0), simplex(140, 1)
    median = float(np.median(np.linalg.norm(x[:, None] - y, axis=2)))
    curve = reg_curve(x, y, regs=(0.2, 0.05))
    assert curve.median_cost == pytest.approx(median, rel=1e-12)
    assert curve.regs == pytest.approx((0.2 * median, 0.05 * median), rel=1e-12)
    assert curve.costs == tuple(sinkhorn_distance(x, y, reg=reg) for reg in curve.regs)
    absolute = reg_curve(x, y, regs=(0.05,), relative=False)
    assert absolute.regs == (0.05,)
    assert absolute.costs == (sinkhorn_distance(x, y),)


@pytest.mark.parametrize("cost", ["euclidean", "sqeuclidean"])
def test_curve_rises_from_exact_transport(cost: str) -> None:
    """The cost of the plan never falls with reg, and is at least the exact one and at most that of independent mass."""
    x, y = simplex(80, 0), simplex(90, 1)
    curve = reg_curve(x, y, regs=(0.01, 0.03, 0.1, 0.5, 500.0), cost=cost)
    assert list(curve.costs) == sorted(curve.costs)
    assert curve.costs[0] >= exact_distance(x, y, cost=cost) - 1e-6
    apart = np.linalg.norm(x[:, None] - y, axis=2)
    assert curve.costs[-1] == pytest.approx((apart if cost == "euclidean" else apart**2).mean(), rel=1e-2)


def test_curve_warns_of_what_did_not_converge() -> None:
    """Each regularisation that did not converge has its own warning."""
    with pytest.warns(ConvergenceWarning, match=r"after 2 iterations at reg 0.02: the value"):
        curve = reg_curve(simplex(60, 0), simplex(60, 1), regs=(0.02,), relative=False, max_iterations=2)
    assert not curve.solved[0].converged


def test_errors_of_the_curve() -> None:
    """No regularisation, and relative ones without a unit, are errors."""
    with pytest.raises(ValueError, match="regs must name at least one regularisation, got none"):
        reg_curve(simplex(4, 0), simplex(4, 1), regs=())
    with pytest.raises(ValueError, match="which is 0: give relative=False"):
        reg_curve(np.zeros((3, 2)), np.zeros((4, 2)))
    with pytest.raises(ValueError, match="reg must be a finite number > 0, got -"):
        reg_curve(simplex(4, 0), simplex(4, 1), regs=(-1.0,))


@pytest.mark.parametrize("cost", ["euclidean", "sqeuclidean"])
def test_median_cost_is_numpys(cost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The median that is selected block by block is NumPy's of all costs, odd or even in number, and with ties."""
    monkeypatch.setattr(regcurve, "_WHOLE", 100)
    monkeypatch.setattr(regcurve, "_BLOCK", 1000)
    rng = np.random.default_rng(0)
    for n, m in ((120, 130), (121, 131)):
        x, y = rng.normal(size=(n, 3)), rng.normal(size=(m, 3)) + 1.0
        for a, b in ((x, y), (np.sort(x, axis=0), y), (np.eye(3)[rng.integers(3, size=n)], np.eye(3)[:1])):
            assert regcurve._median_cost(a, b, cost) == np.median(ground_cost(a, b, cost))


def test_median_cost_where_the_sample_of_rows_misleads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that repeat at the sample's own stride give the same median."""
    monkeypatch.setattr(regcurve, "_WHOLE", 100)
    monkeypatch.setattr(regcurve, "_SAMPLE", 10)
    x = np.random.default_rng(0).normal(size=(100, 2))
    x[::11] *= 100.0
    assert regcurve._median_cost(x, x + 1.0, "euclidean") == np.median(ground_cost(x, x + 1.0, "euclidean"))


def test_median_cost_is_not_held_whole() -> None:
    """At n = 2,000 the median takes less than half the memory of the matrix of costs."""
    x = np.random.default_rng(0).normal(size=(2000, 3))
    ground_cost(x[:5], x[:5], "euclidean")
    tracemalloc.start()
    regcurve._median_cost(x, x, "euclidean")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16_000_000
