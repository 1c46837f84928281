"""Cluster bootstrap of any statistic, and of the correlation of record, against ``scipy.stats.bootstrap``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.harness import Peer, Row, against, run, same
from gapstudy.stats import cluster_bootstrap, correlation, mean_rpd

Float = npt.NDArray[np.float64]
SEEDS = 15  # as in the paper


def rows(quick: bool) -> Iterator[Row]:
    """A general statistic, then correlations within language pairs."""
    rounds = 3 if quick else 7
    yield from mean_gap(3, 500 if quick else 9_999, rounds=rounds)
    yield from mean_gap(10, 500 if quick else 9_999, rounds=rounds)
    for method in ("spearman", "kendall"):
        yield from within_pairs(method, 2, 999 if quick else 9_999, rounds=rounds)


def mean_gap(languages: int, resamples: int, *, rounds: int) -> Iterator[Row]:
    """BCa interval over seeds of the mean RPD of average scores: the same draws on both sides."""
    from scipy.stats import bootstrap

    scores = np.random.default_rng(0).normal(70.0, 3.0, size=(SEEDS, languages))

    def ours() -> Float:
        found = cluster_bootstrap(
            lambda s: mean_rpd(s.mean(axis=0)), [scores], n_resamples=resamples, rng=np.random.default_rng(1)
        )
        return np.array([found.low, found.high])

    def theirs() -> Float:
        found = bootstrap(
            (np.arange(SEEDS),),
            lambda index: mean_rpd(scores[index].mean(axis=0)),
            vectorized=False,
            n_resamples=resamples,
            method="BCa",
            rng=np.random.default_rng(1),
        )
        return np.array([found.confidence_interval.low, found.confidence_interval.high])

    same("BCa interval of the mean RPD", ours(), theirs(), rtol=1e-9)
    size = f"{SEEDS} seeds, {languages} languages, B={resamples}"
    note = "the same draws, the same interval to 1e-9; both spend their time in mean_rpd"
    peers = [Peer(name="scipy.stats.bootstrap", call=theirs, note=note)]
    yield from against("cluster-bootstrap-mean-rpd", size, ours, peers, rounds=rounds)


def within_pairs(method: str, pairs: int, resamples: int, *, rounds: int) -> Iterator[Row]:
    """Within-pair rank correlation with whole seeds resampled; ours also permutes seeds as often for the p-value."""
    from scipy.stats import bootstrap

    rng = np.random.default_rng(2)
    x = rng.normal(size=(SEEDS, pairs))
    y = 0.8 * x + rng.normal(size=(SEEDS, pairs)) + np.arange(pairs)
    seeds, groups = np.repeat(np.arange(SEEDS), pairs), np.tile(np.arange(pairs), SEEDS)
    statistic = {"spearman": _spearman, "kendall": _kendall}[method]

    def ours() -> Any:
        return correlation(
            x.ravel(), y.ravel(), method=method, clusters=seeds, groups=groups, n_resamples=resamples,
            rng=np.random.default_rng(3),
        )  # fmt: skip

    def theirs() -> Any:
        return bootstrap(
            (np.arange(SEEDS),),
            lambda index: statistic(x[index], y[index]),
            vectorized=False,
            n_resamples=resamples,
            method="BCa",
            rng=np.random.default_rng(3),
        )

    mine, other = ours(), theirs().confidence_interval
    same("correlation within pairs", mine.value, statistic(x, y), atol=1e-12)
    # other draws on the two sides: the ends agree but for the error of simulation
    same("its BCa interval", [mine.low, mine.high], [other.low, other.high], atol=3.0 / resamples**0.5)
    note = f"other draws: intervals agree to {abs(mine.low - other.low):.3f} and {abs(mine.high - other.high):.3f}"
    peers = [Peer(name="scipy.stats.bootstrap", call=theirs, note=note)]
    size = f"{SEEDS} seeds, {pairs} pairs, B={resamples}"
    said = "ours includes as many permutations for its p-value"
    yield from against(f"correlation-within-pairs-{method}", size, ours, peers, rounds=rounds, note=said)


def _spearman(x: Float, y: Float) -> float:
    """Spearman's coefficient of pair-centred ranks, columns being pairs."""
    from scipy.stats import rankdata

    a, b = (rankdata(v, axis=0) - (len(v) + 1) / 2 for v in (x, y))
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def _kendall(x: Float, y: Float) -> float:
    """Tau-b with only points of the same pair compared, columns being pairs."""
    a, b = (np.sign(v[:, None] - v[None, :]) for v in (x, y))
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


if __name__ == "__main__":
    run(rows)
