"""Tests of weighted correlation coefficients against SciPy on repeated points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from gapstudy.stats import association
from gapstudy.stats.association import METHODS, coefficients, permuted_coefficients

Float = npt.NDArray[np.float64]
every = pytest.mark.parametrize("method", METHODS)


def by_scipy(method: str, x: Float, y: Float) -> float:
    """SciPy's coefficient of two columns."""
    function: Callable[..., object] = getattr(
        scipy_stats, {"spearman": "spearmanr", "kendall": "kendalltau", "pearson": "pearsonr"}[method]
    )
    return float(function(x, y).statistic)  # type: ignore[attr-defined]


@every
def test_weights_are_repeated_points(method: str) -> None:
    """With whole-number weights the coefficient is SciPy's of the points repeated so often, ties included."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 6, size=14).astype(float), rng.normal(size=14)
    weights = rng.multinomial(14, np.full(14, 1 / 14), size=25).astype(float)
    ours = coefficients(method, x, y, np.zeros(14, dtype=np.intp), weights)
    for w, value in zip(weights, ours, strict=True):
        rows = np.repeat(np.arange(14), w.astype(int))
        assert value == pytest.approx(by_scipy(method, x[rows], y[rows]), abs=1e-12)


def test_kendall_within_groups_by_counting() -> None:
    """Within groups, Kendall counts pairs of points of the same group and no others."""
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 5, size=12).astype(float), rng.integers(0, 5, size=12).astype(float)
    group = np.array([0] * 5 + [1] * 7)
    xy = xx = yy = 0.0
    for i in range(12):
        for j in range(i):
            if group[i] == group[j]:
                a, b = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
                xy, xx, yy = xy + a * b, xx + a * a, yy + b * b
    value = coefficients("kendall", x, y, group, np.ones((1, 12)))[0]
    assert value == pytest.approx(xy / np.sqrt(xx * yy), abs=1e-12)


@pytest.mark.parametrize("method", ["spearman", "pearson"])
def test_within_groups_by_centring(method: str) -> None:
    """Within groups, Spearman and Pearson are Pearson's coefficient of group-centred (ranks of) values."""
    rng = np.random.default_rng(2)
    x, y, group = rng.normal(size=15), rng.normal(size=15), np.array([0] * 5 + [1] * 6 + [2] * 4)
    columns = []
    for column in (x, y):
        parts = [column[group == g] for g in range(3)]
        ranked = [scipy_stats.rankdata(part) if method == "spearman" else part for part in parts]
        columns.append(np.concatenate([part - part.mean() for part in ranked]))
    value = coefficients(method, x, y, group, np.ones((1, 15)))[0]
    assert value == pytest.approx(by_scipy("pearson", *columns), abs=1e-12)


@every
def test_permutations_are_coefficients_of_permuted_x(method: str) -> None:
    """A permuted coefficient is the coefficient of the permuted column."""
    rng = np.random.default_rng(3)
    x, y, group = rng.normal(size=10), rng.normal(size=10), np.array([0] * 4 + [1] * 6)
    orders = np.stack([np.r_[rng.permutation(4), 4 + rng.permutation(6)] for _ in range(8)])
    expected = [coefficients(method, x[p], y, group, np.ones((1, 10)))[0] for p in orders]
    assert np.allclose(permuted_coefficients(method, x, y, group, orders), expected, atol=1e-12)


@every
def test_undefined_weightings_are_nan(method: str) -> None:
    """Where only equal values of a column are drawn, the coefficient is NaN; so where a group is not drawn at all."""
    x, y = np.array([0.1, 0.1, 0.3, 0.4]), np.array([1.0, 2.0, 3.0, 4.0])
    weights = np.array([[2.0, 2.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 2.0, 2.0]])
    one_group = coefficients(method, x, y, np.zeros(4, dtype=np.intp), weights)
    assert np.isnan(one_group).tolist() == [True, False, False]
    two_groups = coefficients(method, x, y, np.array([0, 0, 1, 1]), weights)
    assert np.isnan(two_groups).tolist() == [True, False, False]


@every
def test_blocks_change_nothing(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The coefficients do not depend on how many weightings fit into memory."""
    rng = np.random.default_rng(4)
    x, y, group = rng.normal(size=8), rng.normal(size=8), np.zeros(8, dtype=np.intp)
    weights = rng.multinomial(8, np.full(8, 1 / 8), size=11).astype(float)
    before = coefficients(method, x, y, group, weights)
    monkeypatch.setattr(association, "_BLOCK_FLOATS", 20)
    assert np.allclose(coefficients(method, x, y, group, weights), before, rtol=0, atol=1e-14, equal_nan=True)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), method=st.sampled_from(METHODS))
def test_properties(seed: int, method: str) -> None:
    """In [-1, 1], symmetric in x and y, odd in either, unchanged by moving whole groups."""
    rng = np.random.default_rng(seed)
    x, y, group = rng.normal(size=12), rng.normal(size=12), np.repeat([0, 1], 6)

    def value(a: Float, b: Float) -> float:
        return float(coefficients(method, a, b, group, np.ones((1, 12)))[0])

    assert -1.0 <= value(x, y) <= 1.0
    assert value(y, x) == pytest.approx(value(x, y), abs=1e-12)
    assert value(-x, y) == pytest.approx(-value(x, y), abs=1e-12)
    assert value(x + 100.0 * group, y - 50.0 * group) == pytest.approx(value(x, y), abs=1e-10)
