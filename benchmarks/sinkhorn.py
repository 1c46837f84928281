"""Optimal transport between class probabilities: ``sinkhorn_distance`` and ``exact_distance`` against POT."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.harness import Peer, Row, against, run, same
from gapstudy.stats import exact_distance, sinkhorn_distance, transport
from gapstudy.stats.pot import pot

Float = npt.NDArray[np.float64]
TOLERANCE = 1e-6  # of the summed marginal error: gapstudy's default
ITERATIONS = 20_000


def rows(quick: bool) -> Iterator[Row]:
    """Regularised and exact transport, in three classes (XNLI) and more."""
    n, rounds = (500, 3) if quick else (5010, 3)
    for classes in (3, 5) if quick else (3, 5, 17):
        yield from regularised(*clouds(n, classes), reg=0.05, rounds=rounds)
    yield from exact(*clouds(n, 3), rounds=rounds)


def clouds(n: int, classes: int) -> tuple[Float, Float]:
    """Class probabilities of two models on n items with the same labels, the second model a little worse."""
    rng = np.random.default_rng(0)
    gold = np.eye(classes)[np.arange(n) % classes]
    logits = (strength * gold + 1.5 * rng.normal(size=(n, classes)) for strength in (2.5, 1.5))
    exps = (np.exp(x) for x in logits)
    first, second = (x / x.sum(axis=1, keepdims=True) for x in exps)
    return first, second


def regularised(x: Float, y: Float, *, reg: float, rounds: int) -> Iterator[Row]:
    """``sinkhorn_distance`` against ``ot.sinkhorn2`` stopped at the same error, and against reading the kernel."""
    n, classes = x.shape
    stop = TOLERANCE / math.sqrt(n)

    def ours() -> float:
        return sinkhorn_distance(x, y, reg=reg, tol=TOLERANCE, max_iterations=ITERATIONS)

    solved = transport(x, y, reg=reg, tol=TOLERANCE, max_iterations=ITERATIONS)
    theirs = _sinkhorn2(x, y, reg, stop)
    same(f"Sinkhorn distance in {classes} classes", ours(), theirs(), rtol=1e-3)
    same("marginal error", solved.marginal_error, 0.0, atol=TOLERANCE)
    read = 16.0 * n * n * solved.iterations
    peers = (
        Peer(
            name="ot.sinkhorn2",
            call=theirs,
            note=f"both stopped at a marginal error of {TOLERANCE:g} (POT's own default stops later); value {ours():.6f}",
        ),
        Peer(
            name="floor: reading a dense kernel",
            call=_kernel_products(n),
            scale=solved.iterations / 10,
            note=f"{solved.iterations} iterations, each of which reads the n x n float64 kernel twice: {read:.2g} bytes; "
            "extrapolated from 10; a solver without a dense kernel may pass it",
        ),
    )
    yield from against("sinkhorn", f"n={n}, {classes} classes, reg={reg}", ours, peers, rounds=rounds)


def _sinkhorn2(x: Float, y: Float, reg: float, stop: float) -> Callable[[], float]:
    ot = pot()
    a, b = (np.full(len(z), 1.0 / len(z)) for z in (x, y))

    def call() -> float:
        return float(ot.sinkhorn2(a, b, _cost(x, y), reg, numItermax=ITERATIONS, stopThr=stop))

    return call


def _cost(x: Float, y: Float) -> Float:
    """Euclidean distances by SciPy for both sides: ``ot.dist`` is slower and less exact."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(x, y))


def _kernel_products(n: int) -> Callable[[], object]:
    kernel, u = np.full((n, n), 0.5), np.ones(n)

    def call() -> None:
        for _ in range(10):
            kernel @ u
            u @ kernel

    return call


def exact(x: Float, y: Float, *, rounds: int) -> Iterator[Row]:
    """``exact_distance`` against ``ot.emd2``."""
    n, classes = x.shape
    ot = pot()
    a, b = (np.full(n, 1.0 / n) for _ in "xy")

    def theirs() -> float:
        return float(ot.emd2(a, b, _cost(x, y), numItermax=10_000_000))

    same("exact transport", exact_distance(x, y), theirs(), rtol=1e-6)
    peers = [Peer(name="ot.emd2", call=theirs, note="ours calls it, with checks round it")]
    yield from against(
        "exact-transport", f"n={n}, {classes} classes", lambda: exact_distance(x, y), peers, rounds=rounds
    )


if __name__ == "__main__":
    run(rows)
