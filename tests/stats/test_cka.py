"""Tests of linear CKA, plain and debiased: eq. (2) of the paper with the Frobenius norm on centred columns."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.stats import cka, cka_matrix
from gapstudy.stats.gram import centred, inner_products, row_blocks, u_centre

Float = npt.NDArray[np.float64]
both = pytest.mark.parametrize("debiased", [False, True])


def draw(n: int, d: int, seed: int) -> Float:
    """Gaussian features."""
    return np.random.default_rng(seed).normal(size=(n, d))


def related(n: int, widths: tuple[int, ...], seed: int = 0, noise: float = 1.0) -> list[Float]:
    """Features that share three factors."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 3))
    return [factors @ rng.normal(size=(3, d)) + noise * rng.normal(size=(n, d)) + 5.0 for d in widths]


def by_definition(x: Float, y: Float) -> float:
    """Kornblith et al. (2019) in feature space, with explicit Frobenius norms."""
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    cross = np.linalg.norm(a.T @ b, "fro") ** 2
    return float(cross / (np.linalg.norm(a.T @ a, "fro") * np.linalg.norm(b.T @ b, "fro")))


def hsic1_by_song(K: Float, L: Float) -> float:
    """HSIC_1 as Song et al. (2012) print it, from Gram matrices."""
    n = len(K)
    K, L = K - np.diag(np.diag(K)), L - np.diag(np.diag(L))
    one = np.ones(n)
    total = (one @ K @ one) * (one @ L @ one) / ((n - 1) * (n - 2))
    return float((np.trace(K @ L) + total - 2.0 / (n - 2) * (one @ K @ L @ one)) / (n * (n - 3)))


def hsic1_by_tuples(K: Float, L: Float) -> float:
    """HSIC_1 as the U-statistic that it is: the mean over all ordered 4-tuples of distinct sentences."""
    terms = [K[i, j] * (L[i, j] + L[q, r] - 2.0 * L[i, q]) for i, j, q, r in itertools.permutations(range(len(K)), 4)]
    return float(np.mean(terms))


def debiased_by(hsic: Any, x: Float, y: Float) -> float:
    """Debiased CKA from any HSIC of Gram matrices."""
    K, L = x @ x.T, y @ y.T
    return float(hsic(K, L) / np.sqrt(hsic(K, K) * hsic(L, L)))


@pytest.mark.parametrize(("n", "widths"), [(40, (5, 7)), (12, (30, 20)), (10, (3, 40))])
def test_plain_cka_is_kornblith_s(n: int, widths: tuple[int, int]) -> None:
    """Plain CKA equals the feature-space definition, for narrow and for wide features."""
    x, y = related(n, widths)
    assert cka(x, y) == pytest.approx(by_definition(x, y), rel=1e-12)


@pytest.mark.parametrize("widths", [(2, 3), (9, 8)])
def test_debiased_cka_is_the_u_statistic(widths: tuple[int, int]) -> None:
    """Debiased CKA equals the brute-force mean over 4-tuples, whichever way it is computed."""
    x, y = related(7, widths)
    assert cka(x, y, debiased=True) == pytest.approx(debiased_by(hsic1_by_tuples, x, y), rel=1e-9)
    assert debiased_by(hsic1_by_song, x, y) == pytest.approx(debiased_by(hsic1_by_tuples, x, y), rel=1e-9)


@pytest.mark.parametrize(("n", "widths"), [(60, (4, 6)), (25, (60, 50))])
def test_debiased_cka_is_song_s(n: int, widths: tuple[int, int]) -> None:
    """Debiased CKA equals the printed formula of HSIC_1, for narrow and for wide features."""
    x, y = related(n, widths)
    assert cka(x, y, debiased=True) == pytest.approx(debiased_by(hsic1_by_song, x, y), rel=1e-9)


@both
def test_grams_and_features_agree(debiased: bool) -> None:
    """The two ways to all inner products give the same numbers."""
    from gapstudy.stats import gram

    stack = [centred("x", x, rows=4) for x in related(50, (8, 12, 60))]
    a = gram._by_grams(stack, debiased=debiased)
    b = gram._by_features(stack, debiased=debiased)
    assert np.allclose(a, b, rtol=1e-10)
    assert np.array_equal(a, a.T)


def test_blocks_of_rows_add_up() -> None:
    """Gram matrices in blocks of rows are the whole Gram matrices, also when U-centred."""
    stack = [centred("x", x, rows=4) for x in related(23, (5, 31))]
    q = np.stack([(x * x).sum(axis=1) for x in stack])
    blocks = list(row_blocks(stack, block_floats=23 * 2 * 4))
    assert [rows for rows, _ in blocks] == [slice(i, min(i + 4, 23)) for i in range(0, 23, 4)]
    whole = np.stack([x @ x.T for x in stack])
    assert np.allclose(np.concatenate([K for _, K in blocks], axis=1), whole)
    U = np.concatenate([u_centre(K, q, rows) for rows, K in blocks], axis=1)
    assert np.allclose(U.sum(axis=2), 0.0)
    assert np.allclose(np.diagonal(U, axis1=1, axis2=2), 0.0)


def test_inner_products_choose_without_changing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small block limit changes memory, not numbers."""
    from gapstudy.stats import gram

    stack = [centred("x", x, rows=4) for x in related(30, (40, 50))]
    before = inner_products(stack, debiased=True)
    monkeypatch.setattr(gram.row_blocks, "__kwdefaults__", {"width": 0, "block_floats": 100})
    assert np.allclose(inner_products(stack, debiased=True), before, rtol=1e-12)


@both
def test_cka_of_a_rotation_is_one(debiased: bool) -> None:
    """CKA of features with themselves, rotated, scaled and moved, is 1."""
    x = draw(30, 6, 0)
    rotation = np.linalg.qr(draw(6, 6, 1))[0]
    assert cka(x, 3.0 * x @ rotation + 7.0, debiased=debiased) == pytest.approx(1.0, abs=1e-12)


@both
@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3), shift=st.floats(-100.0, 100.0))
def test_invariances(debiased: bool, seed: int, scale: float, shift: float) -> None:
    """CKA is symmetric, in range, and invariant to rotation, isotropic scaling and translation of either side."""
    x, y = related(20, (4, 9), seed=seed)
    value = cka(x, y, debiased=debiased)
    rotation = np.linalg.qr(draw(4, 4, seed + 1))[0]
    assert (-1.0 if debiased else 0.0) <= value <= 1.0
    assert cka(y, x, debiased=debiased) == pytest.approx(value, abs=1e-12)
    assert cka(scale * x @ rotation + shift, y, debiased=debiased) == pytest.approx(value, abs=1e-8)
    order = np.random.default_rng(seed).permutation(20)
    assert cka(x[order], y[order], debiased=debiased) == pytest.approx(value, abs=1e-12)


@both
def test_a_general_linear_map_changes_cka(debiased: bool) -> None:
    """CKA is not invariant to invertible linear maps that are not orthogonal."""
    x, y = related(40, (4, 6))
    stretched = x @ np.diag([10.0, 1.0, 1.0, 0.1])
    assert abs(cka(stretched, y, debiased=debiased) - cka(x, y, debiased=debiased)) > 0.01


def test_bias_of_plain_cka() -> None:
    """Independent features: plain CKA is near d / (n + d), debiased CKA near 0 with either sign kept."""
    n, d = 120, 90
    plain = [cka(draw(n, d, s), draw(n, d, 1000 + s)) for s in range(10)]
    debiased = [cka(draw(n, d, s), draw(n, d, 1000 + s), debiased=True) for s in range(10)]
    assert np.mean(plain) == pytest.approx(d / (n + d), abs=0.02)
    assert abs(np.mean(debiased)) < 0.02
    assert min(debiased) < 0.0 < max(debiased)


@both
def test_matrix_holds_the_pairs(debiased: bool) -> None:
    """The matrix holds the CKA of each pair, is symmetric and has a diagonal of exactly 1."""
    features = related(30, (5, 40, 8))
    matrix = cka_matrix(features, debiased=debiased)
    assert np.array_equal(matrix, matrix.T)
    assert np.array_equal(np.diag(matrix), np.ones(3))
    for i, j in itertools.combinations(range(3), 2):
        assert matrix[i, j] == pytest.approx(cka(features[i], features[j], debiased=debiased), abs=1e-12)


@both
def test_float32_input_is_computed_in_float64(debiased: bool) -> None:
    """Single precision input gives what the same numbers give in double precision."""
    x, y = (z.astype(np.float32) for z in related(30, (5, 6)))
    exact = cka(x.astype(np.float64), y.astype(np.float64), debiased=debiased)
    assert cka(x, y, debiased=debiased) == pytest.approx(exact, abs=1e-12)


@both
@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_extreme_sizes(debiased: bool, size: float) -> None:
    """Features whose squares leave the range of floats are no problem."""
    x, y = related(20, (4, 30))
    assert cka(x * size, y, debiased=debiased) == pytest.approx(cka(x, y, debiased=debiased), rel=1e-9)


@pytest.mark.parametrize(
    ("x", "y", "debiased", "message"),
    [
        (draw(5, 2, 0), draw(6, 2, 0), False, "x and y must be parallel: x has 5 rows and y has 6"),
        (draw(5, 2, 0)[:, 0], draw(5, 2, 0), False, r"x must be two-dimensional \(n, d\), got shape \(5,\)"),
        (draw(5, 2, 0), np.ones((5, 3)), False, "y has no variation: all its 5 rows are equal"),
        (draw(3, 2, 0), draw(3, 2, 1), True, r"x must have at least 4 rows and 1 column, got shape \(3, 2\)"),
        (draw(5, 2, 0), np.full((5, 2), np.nan), False, r"y has 10 NaN or infinite values.*\(0, 0\)"),
        (np.eye(6), draw(6, 2, 0), True, "x leaves debiased CKA undefined: HSIC_1 of it with itself is 0"),
    ],
)
def test_errors(x: Float, y: Float, debiased: bool, message: str) -> None:
    """Wrong features are errors that name the argument."""
    with pytest.raises(ValueError, match=message):
        cka(x, y, debiased=debiased)


def test_matrix_errors() -> None:
    """Errors of the matrix name the element of the sequence."""
    x = draw(6, 3, 0)
    with pytest.raises(ValueError, match="features must hold at least 2 arrays, got 1"):
        cka_matrix([x])
    with pytest.raises(ValueError, match=r"features must be parallel .*got \[6, 6, 5\] rows"):
        cka_matrix([x, x, x[:5]])
    with pytest.raises(ValueError, match=r"features\[1\] has no variation"):
        cka_matrix([x, np.zeros((6, 2))])
    with pytest.raises(ValueError, match=r"features\[1\] leaves debiased CKA undefined"):
        cka_matrix([x, np.eye(6)], debiased=True)


def test_one_far_sentence_is_named() -> None:
    """Where one sentence has all the variation the refusal of debiased CKA says which."""
    x, y = draw(20, 4, 0), draw(20, 4, 1)
    x[7] = 1e9
    with pytest.raises(
        ValueError, match="x leaves debiased CKA undefined: row 7 alone makes nearly all of its variation"
    ):
        cka(x, y, debiased=True)
    with pytest.raises(ValueError, match=r"features\[1\] leaves debiased CKA undefined: row 7 alone"):
        cka_matrix([y, x], debiased=True)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_features(dtype: Any) -> None:
    """Complex numbers are refused, not cut to their real part."""
    x = draw(20, 4, 0)
    with pytest.raises(ValueError, match=rf"x must hold numbers: complex numbers \({np.dtype(dtype)}\) are not real"):
        cka(x.astype(dtype), x)
    with pytest.raises(ValueError, match=r"x must hold numbers: complex numbers \(complex128\) are not real"):
        cka((x + 1j).tolist(), x)


def test_masked_features() -> None:
    """Masked values are refused, as what lies under a mask is no data; a mask of nothing is none."""
    x = draw(20, 4, 0)
    masked = np.ma.masked_array(x, mask=False)
    assert cka(masked, x) == pytest.approx(1.0)
    masked[3, 1] = np.ma.masked
    with pytest.raises(ValueError, match="x must hold numbers: 1 masked values are none; leave those rows out"):
        cka(masked, x)
