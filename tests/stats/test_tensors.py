"""Torch tensors: the same numbers as NumPy's, from the device that holds them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gapstudy import stats

pytestmark = pytest.mark.train


def rng() -> np.random.Generator:
    """A generator in the same state every time."""
    return np.random.default_rng(7)


def features(width: int = 6, n: int = 24) -> list[Any]:
    """Languages that share three factors, in single precision."""
    draw = np.random.default_rng(0)
    factors = draw.normal(size=(n, 3))
    return [
        (factors @ draw.normal(size=(3, width)) + draw.normal(size=(n, width))).astype(np.float32) for _ in range(3)
    ]


def parts(found: Any) -> list[Any]:
    """Return the numbers of a result."""
    if isinstance(found, float | np.ndarray):
        return [found]
    names = ("value", "low", "high", "mean", "std", "skewness", "p_value", "p_moment", "without", "trimmed")
    fields = [getattr(found, name) for name in names if getattr(found, name, None) is not None]
    if isinstance(found, stats.Retrieval):
        fields = [found.forward.value, found.backward.value]
    return fields


CALLS: dict[str, Callable[[list[Any]], Any]] = {
    "cka": lambda x: stats.cka(x[0], x[1]),
    "cka_matrix": stats.cka_matrix,
    "cka_matrix debiased": lambda x: stats.cka_matrix(x, debiased=True),
    "cka_intervals": lambda x: stats.cka_intervals(x, n_resamples=30, rng=rng()),
    "cka_intervals debiased": lambda x: stats.cka_intervals(x, debiased=True, n_resamples=31, rng=rng()),
    "mean_cka": lambda x: stats.mean_cka([x, x], debiased=True, n_resamples=30, rng=rng()),
    "cka_floor": stats.cka_floor,
    "cka_null": lambda x: stats.cka_null(x[0], x[1], n_resamples=30, rng=rng()),
    "cka_null debiased": lambda x: stats.cka_null(x[0], x[1], debiased=True, n_resamples=30, rng=rng()),
    "cka_null_matrix": lambda x: stats.cka_null_matrix(x, n_resamples=60, rng=rng()),
    "cka_null_matrix debiased": lambda x: stats.cka_null_matrix(x, debiased=True, n_resamples=60, rng=rng()),
    "cka_influence": lambda x: stats.cka_influence(x[0], x[1], debiased=True),
    "mean_cka_jackknife": stats.mean_cka_jackknife,
    "procrustes": stats.procrustes_matrix,
    "rsa": stats.rsa_matrix,
    "rsa euclidean": lambda x: stats.rsa_matrix(x, distance="euclidean"),
    "anc": stats.anc_matrix,
    "retrieval": lambda x: stats.retrieval(x[0], x[1], method="csls", neighbours=3),
    "mutual_neighbours": lambda x: stats.mutual_neighbours(x[0], x[1], neighbours=3),
    "shuffled": lambda x: stats.shuffled_alignment(stats.anc, x[0], x[1], n_resamples=19, rng=rng()),
}


def check(name: str, device: str, width: int) -> None:
    """Compare a call on tensors with the same call on arrays."""
    torch = pytest.importorskip("torch")
    arrays = features(width)
    tensors = [torch.from_numpy(x).to(device).requires_grad_() for x in arrays]
    for ours, theirs in zip(parts(CALLS[name](tensors)), parts(CALLS[name](arrays)), strict=True):
        assert isinstance(ours, (float, np.ndarray))
        assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-11, equal_nan=True)


@pytest.mark.parametrize("width", [6, 60])
@pytest.mark.parametrize("name", CALLS)
def test_tensors_give_numpys_numbers(name: str, width: int) -> None:
    """Every function gives floats or NumPy arrays equal to those from NumPy, for narrow and for wide features."""
    check(name, "cpu", width)


@pytest.mark.parametrize("name", CALLS)
def test_tensors_on_a_gpu_give_numpys_numbers(name: str) -> None:
    """The same holds on a CUDA device."""
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    check(name, "cuda", 60)


def test_half_precision_is_computed_in_double() -> None:
    """bfloat16 and float16 tensors give what their own numbers give in double precision."""
    torch = pytest.importorskip("torch")
    for kind in (torch.float16, torch.bfloat16):
        x, y = (torch.from_numpy(z).to(kind) for z in features()[:2])
        exact = stats.cka(x.double().numpy(), y.double().numpy(), debiased=True)
        assert stats.cka(x, y, debiased=True) == pytest.approx(exact, rel=1e-12)


def test_errors() -> None:
    """NaN in a tensor, complex numbers, and arrays mixed with tensors are errors that say so."""
    torch = pytest.importorskip("torch")
    x = features()[0]
    t = torch.from_numpy(x)
    with pytest.raises(ValueError, match="x and y must be in one place: x is NumPy and y is torch cpu"):
        stats.cka(x, t)
    with pytest.raises(ValueError, match="features must all be NumPy arrays or all be tensors on one device"):
        stats.cka_matrix([x, t])
    with pytest.raises(ValueError, match="y must hold numbers: complex numbers are not features"):
        stats.cka(t, t.to(torch.complex64))
    bad = t.clone()
    bad[3, 2] = float("nan")
    with pytest.raises(ValueError, match=r"x has 1 NaN or infinite values, the first at position \(3, 2\)"):
        stats.cka(bad, t)


def test_other_statistics_take_tensors_as_arrays() -> None:
    """What has no path for tensors turns them into arrays."""
    torch = pytest.importorskip("torch")
    p = np.random.default_rng(0).dirichlet(np.ones(3), size=20)
    q = np.random.default_rng(1).dirichlet(np.ones(3), size=20)
    expected = stats.sinkhorn_distance(p, q)
    assert stats.sinkhorn_distance(torch.from_numpy(p), torch.from_numpy(q)) == expected


def test_numpy_never_loads_torch() -> None:
    """Arrays are computed without torch being imported."""
    code = "import sys, numpy as np; from gapstudy import stats; x = np.random.default_rng(0).normal(size=(9, 3)); "
    code += "stats.cka_matrix([x, x + 1]); stats.anc(x, x); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
