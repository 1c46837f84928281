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
from gapstudy.stats import exact_distance, sinkhorn_distance, sinkhorn_pairs, transport
from gapstudy.stats.pot import pot

Float = npt.NDArray[np.float64]
TOLERANCE = 1e-6  # of the summed marginal error: gapstudy's default
ITERATIONS = 20_000


def rows(quick: bool) -> Iterator[Row]:
    """Regularised transport in three classes (XNLI) and more, many pairs at once, the debiased form, exact transport."""
    n, rounds = (500, 3) if quick else (5010, 3)
    for classes in (3, 5) if quick else (3, 5, 17):
        yield from regularised(*clouds(n, classes), reg=0.05, rounds=rounds)
    yield from regularised(*clouds(n // 5, 3, confidence=3.0), reg=0.05, rounds=rounds, note="confident outputs")
    yield from regularised(*clouds(n // 5, 3), reg=0.05, rounds=rounds, note="a FLORES-sized test set", samples=True)
    yield from many(6 if quick else 90, 450, reg=0.05, rounds=rounds)
    yield from debiased(*clouds(n // 5, 3), reg=0.05, rounds=rounds)
    yield from exact(*clouds(n, 3), rounds=rounds)


def clouds(n: int, classes: int, *, confidence: float = 1.0, seed: int = 0) -> tuple[Float, Float]:
    """Class probabilities of two models on n items with the same labels, the second model a little worse."""
    rng = np.random.default_rng(seed)
    gold = np.eye(classes)[np.arange(n) % classes]
    logits = (strength * gold + 1.5 * rng.normal(size=(n, classes)) for strength in (2.5, 1.5))
    exps = (np.exp(confidence * x) for x in logits)
    first, second = (x / x.sum(axis=1, keepdims=True) for x in exps)
    return first, second


def regularised(x: Float, y: Float, *, reg: float, rounds: int, note: str = "", samples: bool = False) -> Iterator[Row]:
    """``sinkhorn_distance`` against ``ot.sinkhorn2`` stopped at the same error, and against computing the costs once."""
    n, classes = x.shape
    stop = TOLERANCE / math.sqrt(n)

    def ours() -> float:
        return sinkhorn_distance(x, y, reg=reg, tol=TOLERANCE, max_iterations=ITERATIONS)

    solved = transport(x, y, reg=reg, tol=TOLERANCE, max_iterations=ITERATIONS)
    theirs = _sinkhorn2(x, y, reg, stop)
    same(f"Sinkhorn distance in {classes} classes", ours(), theirs(), rtol=1e-3)
    same("marginal error", solved.marginal_error, 0.0, atol=TOLERANCE)
    peers = [
        Peer(
            name="ot.sinkhorn2",
            call=theirs,
            note=f"both stopped at a marginal error of {TOLERANCE:g} (POT's own default stops later); value {ours():.6f}, "
            f"{solved.iterations} iterations of ours",
        ),
        Peer(
            name="floor: costs and kernel once",
            call=lambda: np.exp(_cost(x, y) / -reg),
            note="SciPy's cdist and NumPy's exp in float64 on one thread: what a check of the marginals on all points needs",
        ),
    ]
    if samples:
        peers.append(
            Peer(name="ot.solve_sample", call=_solve_sample(x, y, reg, stop), note="POT's log-domain iteration")
        )
    yield from against("sinkhorn", f"n={n:,}, {classes} classes, reg={reg}", ours, peers, rounds=rounds, note=note)


def _sinkhorn2(x: Float, y: Float, reg: float, stop: float) -> Callable[[], float]:
    ot = pot()
    a, b = (np.full(len(z), 1.0 / len(z)) for z in (x, y))

    def call() -> float:
        return float(ot.sinkhorn2(a, b, _cost(x, y), reg, numItermax=ITERATIONS, stopThr=stop))

    return call


def _solve_sample(x: Float, y: Float, reg: float, stop: float) -> Callable[[], float]:
    ot = pot()

    def call() -> float:
        found = ot.solve_sample(x, y, metric="euclidean", reg=reg, max_iter=ITERATIONS, tol=stop)
        return float(found.value_linear)

    return call


def _cost(x: Float, y: Float) -> Float:
    """Euclidean distances by SciPy for both sides: ``ot.dist`` is slower and less exact."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(x, y))


def many(pairs: int, n: int, *, reg: float, rounds: int) -> Iterator[Row]:
    """``sinkhorn_pairs`` against a loop of ``ot.sinkhorn2`` and against POT's batch solver."""
    ot = pot()
    found = [clouds(n, 3, seed=seed) for seed in range(pairs)]
    names = [((seed, 0), (seed, 1)) for seed in range(pairs)]
    named = {(seed, side): z for seed, both in enumerate(found) for side, z in enumerate(both)}
    stop = TOLERANCE / math.sqrt(n)
    loop = [_sinkhorn2(x, y, reg, stop) for x, y in found]
    some = min(pairs, 10)
    first, second = (np.stack([both[side] for both in found[:some]]) for side in (0, 1))

    def ours() -> list[float]:
        return [p.solved.cost for p in sinkhorn_pairs(named, names, reg=reg, tol=TOLERANCE)]

    def batch() -> Float:
        solved = ot.batch.solve_sample_batch(
            first, second, reg=reg, metric="euclidean", max_iter=ITERATIONS, tol=stop, method="sinkhorn"
        )
        return np.asarray(solved.value_linear)

    same("Sinkhorn distances of a loop", ours(), [call() for call in loop], rtol=1e-3)
    same("Sinkhorn distances of a batch", ours()[:some], batch(), rtol=1e-2)
    peers = (
        Peer(name="loop of ot.sinkhorn2", call=lambda: [call() for call in loop], note="the same stop"),
        Peer(
            name="ot.batch.solve_sample_batch", call=batch, note="its tolerance is of the scalings; all pairs at once"
        ),
    )
    yield from against("sinkhorn-pairs", f"{pairs} pairs, n={n}, 3 classes, reg={reg}", ours, peers, rounds=rounds)


def debiased(x: Float, y: Float, *, reg: float, rounds: int) -> Iterator[Row]:
    """The debiased form against three solutions by ``ot.sinkhorn2``."""
    n, classes = x.shape
    stop = TOLERANCE / math.sqrt(n)
    calls = [_sinkhorn2(p, q, reg, stop) for p, q in ((x, y), (x, x), (y, y))]
    peers = [Peer(name="three of ot.sinkhorn2", call=lambda: [call() for call in calls], note="the same stop")]
    yield from against(
        "sinkhorn-debiased",
        f"n={n:,}, {classes} classes, reg={reg}",
        lambda: sinkhorn_distance(x, y, reg=reg, debiased=True, tol=TOLERANCE),
        peers,
        rounds=rounds,
    )


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
