"""Sinkhorn distances of many pairs of clouds: each cloud prepared once, pairs shared out among threads."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from gapstudy.errors import ConvergenceWarning
from gapstudy.stats.checks import matrix
from gapstudy.stats.cloud import Cloud, distinct
from gapstudy.stats.exact import same_width
from gapstudy.stats.kernel import STORED_BYTES
from gapstudy.stats.regularised import Options, Transport
from gapstudy.stats.workers import Workers, cores, one_blas_thread

__all__ = ["PairTransport", "sinkhorn_pairs", "solve_pairs", "warn"]

Array = npt.NDArray[np.floating]
K = TypeVar("K", bound=Hashable)

_THREADED = 1_000_000  # entries of the kernel from which on threads pay within one problem


@dataclass(frozen=True, slots=True)
class PairTransport(Generic[K]):
    """One pair of :func:`sinkhorn_pairs`.

    Attributes
    ----------
    x, y : names of the two clouds.
    solved : the transport problem between them.
    divergence : debiased form; NaN where it was not asked for.
    trouble : what did not converge, with the pair, the values and the remedy; empty where all did.
    """

    x: K
    y: K
    solved: Transport
    divergence: float
    trouble: str


def sinkhorn_pairs(
    clouds: Mapping[K, Array],
    pairs: Sequence[tuple[K, K]],
    *,
    reg: float = 0.05,
    cost: str = "euclidean",
    debiased: bool = False,
    tol: float = 1e-6,
    max_iterations: int = 20_000,
    threads: int | None = None,
) -> tuple[PairTransport[K], ...]:
    """Sinkhorn distances of many pairs of clouds, such as all languages and seeds of a study.

    Parameters
    ----------
    clouds : float arrays (n, d) by name, such as (language, seed).
    pairs : names of the two clouds of each pair.
    reg, cost, debiased, tol, max_iterations : as :func:`sinkhorn_distance`.
    threads : at most so many; None: as many as there are cores. Pairs are shared out among them as long as their
        kernels fit in 1 GiB together.

    Returns
    -------
    tuple
        One :class:`PairTransport` a pair, in their order; equal, bit for bit, to what :func:`transport` and
        :func:`sinkhorn_distance` give one by one. A cloud's own term of the debiased form is computed once.

    Raises
    ------
    ValueError
        As :func:`sinkhorn_distance`, or if a pair names a cloud that is not there.

    Warns
    -----
    ConvergenceWarning
        Once a pair that did not converge; ``trouble`` has the same words.
    """
    solved = solve_pairs(clouds, pairs, Options(reg, cost, tol, max_iterations), debiased, threads)
    for pair in solved:
        warn(f"pair {pair.x!r}, {pair.y!r}: {pair.trouble}" if pair.trouble else "")
    return solved


def solve_pairs(
    arrays: Mapping[K, Array], pairs: Sequence[tuple[K, K]], options: Options, debiased: bool, threads: int | None
) -> tuple[PairTransport[K], ...]:
    """Solve pairs and, for the debiased form, each of their clouds against itself."""
    options.check()
    clouds = _clouds(arrays, pairs)
    selves = list(dict.fromkeys(name for pair in pairs for name in pair)) if debiased else []
    problems = [*pairs, *((name, name) for name in selves)]

    def one(pair: tuple[K, K], workers: Workers) -> Transport:
        return options.solve(clouds[pair[0]], clouds[pair[1]], workers, f"{pair[0]} and {pair[1]}")

    sizes = [len(clouds[x]) * len(clouds[y]) for x, y in problems]
    solved = _shared_out(one, problems, sizes, cores(threads))
    own = dict(zip(selves, solved[len(pairs) :], strict=True))
    numbers = {name: len(arrays[name]) for name in clouds}
    return tuple(
        _pair(pair, found, own, numbers, options) for pair, found in zip(pairs, solved[: len(pairs)], strict=True)
    )


def _pair(
    pair: tuple[K, K], solved: Transport, own: Mapping[K, Transport], sizes: Mapping[K, int], options: Options
) -> PairTransport[K]:
    x, y = pair
    trouble = [] if solved.converged else [options.trouble(solved, "Sinkhorn", (sizes[x], sizes[y]))]
    divergence = float("nan")
    if own:
        divergence = solved.objective - (own[x].objective + own[y].objective) / 2.0
        trouble += [
            options.trouble(own[name], f"Sinkhorn of {name!r} against itself", (sizes[name], sizes[name]))
            for name in dict.fromkeys(pair)
            if not own[name].converged
        ]
    return PairTransport(x, y, solved, divergence, "; ".join(trouble))


def _clouds(arrays: Mapping[K, Array], pairs: Sequence[tuple[K, K]]) -> dict[K, Cloud]:
    """The clouds that pairs name, checked."""
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    for name in names:
        if name not in arrays:
            msg = f"pairs names the cloud {name!r}, which is not among {', '.join(map(repr, arrays))}"
            raise ValueError(msg)
    checked = {name: matrix(name if isinstance(name, str) else f"cloud {name!r}", arrays[name]) for name in names}
    for x, y in pairs:
        same_width(x, checked[x], y, checked[y])
    return {name: distinct(points) for name, points in checked.items()}


def _shared_out(
    one: Callable[[tuple[K, K], Workers], Transport],
    problems: Sequence[tuple[K, K]],
    sizes: Sequence[int],
    threads: int,
) -> list[Transport]:
    """Solve problems on threads: whole problems each where they fit in memory together, blocks of each otherwise."""
    largest = 8 * max(sizes, default=0)
    with one_blas_thread():
        if threads == 1 or not problems:
            return [one(pair, Workers(None)) for pair in problems]
        apart = len(problems) >= threads and threads * largest <= STORED_BYTES
        if not apart and max(sizes) < _THREADED:
            return [one(pair, Workers(None)) for pair in problems]
        with ThreadPoolExecutor(threads) as pool:
            if apart:
                return list(pool.map(lambda pair: one(pair, Workers(None)), problems))
            return [one(pair, Workers(pool)) for pair in problems]


def warn(trouble: str) -> None:
    """Warn the caller's caller of what did not converge."""
    if trouble:
        warnings.warn(trouble, ConvergenceWarning, stacklevel=3)
