"""Tests of the length residual."""

from __future__ import annotations

import numpy as np
import pytest

from gapstudy.stats import cka, length_residual


def test_residual_is_that_of_least_squares() -> None:
    """The residual equals that of ordinary least squares with an intercept."""
    rng = np.random.default_rng(0)
    x, length = rng.normal(size=(30, 4)) + 100.0, rng.integers(5, 50, size=30)
    design = np.column_stack([np.ones(30), length])
    expected = x - design @ np.linalg.lstsq(design, x, rcond=None)[0]
    assert np.allclose(length_residual(x, length), expected, atol=1e-10)


def test_residual_is_uncorrelated_with_length() -> None:
    """Columns have mean 0 and no correlation with length, and a column that is length becomes exactly 0."""
    rng = np.random.default_rng(1)
    length = rng.integers(5, 50, size=40)
    x = np.column_stack([rng.normal(size=40), 3.0 * length + 2.0])
    residual = length_residual(x, length)
    assert np.allclose(residual.mean(axis=0), 0.0, atol=1e-12)
    assert abs(np.corrcoef(residual[:, 0], length)[0, 1]) < 1e-12
    assert np.array_equal(residual[:, 1], np.zeros(40))


def test_cka_that_is_length_alone_vanishes() -> None:
    """Features that share nothing but length look alike to CKA until length is taken out."""
    rng = np.random.default_rng(2)
    length = rng.integers(5, 50, size=300).astype(float)
    x, y = (np.outer(length, rng.normal(size=5)) / 10 + rng.normal(size=(300, 5)) for _ in range(2))
    assert cka(x, y, debiased=True) > 0.5
    assert abs(cka(length_residual(x, length), length_residual(y, length), debiased=True)) < 0.05


def test_errors() -> None:
    """Wrong lengths are errors that name the argument."""
    x = np.arange(12.0).reshape(4, 3)
    with pytest.raises(
        ValueError, match="features and lengths must be parallel: features has 4 rows and lengths has 3"
    ):
        length_residual(x, [1, 2, 3])
    with pytest.raises(ValueError, match="lengths has no variation: all 4 are 7"):
        length_residual(x, [7, 7, 7, 7])
    with pytest.raises(ValueError, match="features must be two-dimensional"):
        length_residual(x[0], [1, 2, 3])
    with pytest.raises(ValueError, match="features must have at least 3 rows"):
        length_residual(x[:2], [1, 2])


@pytest.mark.train
def test_tensors_stay_tensors() -> None:
    """The residual of a tensor is a tensor in float64 on its device, with NumPy's numbers."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    length = rng.integers(5, 50, size=40)
    x = np.column_stack([rng.normal(size=(40, 3)), 3.0 * length + 2.0])
    found = length_residual(torch.from_numpy(x), length)
    assert isinstance(found, torch.Tensor)
    assert found.dtype == torch.float64
    assert np.allclose(found.numpy(), length_residual(x, length), atol=1e-12)
    assert cka(found, found) == pytest.approx(1.0)
