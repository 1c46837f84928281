"""CKA: intervals, nulls, point estimates and companions, against other packages, plain NumPy, and bare GEMMs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import cka_peers
from benchmarks.harness import Peer, Row, absent, against, peak_mib, run, same
from gapstudy.stats import (
    anc_matrix,
    cka_intervals,
    cka_matrix,
    cka_null_matrix,
    mean_cka_jackknife,
    procrustes_matrix,
    retrieval,
    rsa_matrix,
)
from gapstudy.stats.cka_resampling import draw_weights, resampled_cka
from gapstudy.stats.gram import centred_all
from gapstudy.stats.orbits import matched_p_values

Float = npt.NDArray[np.float64]
PACKAGES = {"ckatorch": cka_peers.ckatorch, "cka-pytorch": cka_peers.cka_pytorch}


def related(languages: int, n: int, d: int) -> list[Float]:
    """Features of n parallel sentences that share twenty factors."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(n, 20))
    return [factors @ rng.normal(size=(20, d)) + 3.0 * rng.normal(size=(n, d)) for _ in range(languages)]


def rows(quick: bool) -> Iterator[Row]:
    """Intervals, point estimates, and their growth with the number of languages."""
    features = related(4, 300, 96) if quick else related(12, 1012, 768)
    for debiased in (False, True):
        yield from intervals(features, 200 if quick else 1000, debiased=debiased, rounds=3)
    for debiased in (False, True):
        yield from points(features, debiased=debiased, rounds=3 if quick else 5)
    for resamples in (199, 999) if quick else (999, 9999):
        yield from nulls(features, resamples, rounds=3)
    yield from jackknife(features, rounds=3)
    for n in (60, 120) if quick else (506, 1012, 2024):
        yield from companions(related(4, n, 24 if quick else 256), rounds=3)
    for languages in (10, 20, 40) if quick else (50, 100, 200):
        yield from growth(related(languages, *((200, 64) if quick else (1012, 768))), rounds=3)


def _size(features: list[Float]) -> str:
    n, d = features[0].shape
    return f"{len(features) * (len(features) - 1) // 2} pairs of {len(features)} languages, n={n}, d={d}"


# ---- intervals ---------------------------------------------------------------------------------------------
def intervals(features: list[Float], resamples: int, *, debiased: bool, rounds: int) -> Iterator[Row]:
    """Intervals of all pairs, against two ways of resampling features and against the GEMMs alone."""
    n, pairs = len(features[0]), list(combinations(range(len(features)), 2))
    weights = draw_weights(n, resamples, debiased=debiased, rng=np.random.default_rng(1))
    drawn = [np.repeat(np.arange(n), w.astype(int)) for w in weights]
    _check_intervals(features, weights[:3], drawn[:3], debiased=debiased)
    few, shared = 4, 1

    def ours() -> object:
        return cka_intervals(features, debiased=debiased, n_resamples=resamples, rng=np.random.default_rng(1))

    def pair_by_pair() -> None:
        for rows_ in drawn[:few]:
            cka_peers.of_pair(features[0][rows_], features[1][rows_], debiased=debiased)

    def norms_shared() -> None:
        for rows_ in drawn[:shared]:
            cka_peers.of_all([x[rows_] for x in features], debiased=debiased)

    said = "extrapolated from {} and compared on 3 resamples"
    peers = (
        Peer(
            name="NumPy, features resampled pair by pair",
            call=pair_by_pair,
            scale=len(pairs) * resamples / few,
            note=said.format(f"{few} resamples of one pair"),
        ),
        Peer(
            name="NumPy, features resampled, norms shared",
            call=norms_shared,
            scale=resamples / shared,
            note=said.format(f"{shared} resample of all pairs"),
        ),
        Peer(
            name="floor: bare GEMMs of the weighted form",
            call=_resampling_gemms(features, resamples),
            note=f"{_gemm_count(len(features))} products (n x n)(n x {resamples}), float64",
        ),
    )
    name = f"cka-intervals-{'debiased' if debiased else 'plain'}"
    note = f"peak {peak_mib(ours):.0f} MiB"
    yield from against(name, f"{_size(features)}, B={resamples}", ours, peers, rounds=rounds, note=note)


def _check_intervals(
    features: list[Float], weights: Float, drawn: list[npt.NDArray[np.intp]], *, debiased: bool
) -> None:
    ours = resampled_cka(centred_all(features, rows=8), weights, debiased=debiased)
    both = [cka_peers.of_all([x[rows_] for x in features], debiased=debiased) for rows_ in drawn]
    pair = [cka_peers.of_pair(features[0][rows_], features[1][rows_], debiased=debiased) for rows_ in drawn]
    same("CKA of resamples", ours, both, rtol=1e-8, atol=1e-10)
    same("CKA of resamples of a pair", ours[:, 0, 1], pair, rtol=1e-8, atol=1e-10)


def _gemm_count(languages: int) -> int:
    """A product for each pair i <= j and one for each language."""
    return languages * (languages + 1) // 2 + languages


def _resampling_gemms(features: list[Float], resamples: int) -> cka_peers.Call:
    n = len(features[0])
    rng = np.random.default_rng(2)
    K, W, out = rng.normal(size=(n, n)), rng.random((n, resamples)), np.empty((n, resamples))

    def call() -> None:
        for _ in range(_gemm_count(len(features))):
            np.matmul(K, W, out=out)

    return call


# ---- nulls and the jackknife ---------------------------------------------------------------------------------
def nulls(features: list[Float], resamples: int, *, rounds: int) -> Iterator[Row]:
    """The permutation null of all pairs, against permuting Gram matrices one pair and one permutation at a time."""
    n, pairs = len(features[0]), list(combinations(range(len(features)), 2))
    grams = [cka_peers.u_centred(x) for x in features]
    few = np.stack([np.stack([np.vdot(a, b) for b in grams[:3]]) for a in grams[:3]])
    ours_p = matched_p_values(grams[:3], few * 0.01, n_resamples=999, rng=np.random.default_rng(0))[0]
    direct = cka_peers.permuted(grams[0], grams[1], 999, np.random.default_rng(1))
    p = (1 + np.count_nonzero(direct >= 0.01 * few[0, 1])) / 1000
    same("p-values of a pair", ours_p[0, 1], p, atol=0.08)
    drawn, part = -(-(resamples + 1) // n) * n - 1, 8

    def ours() -> object:
        return cka_null_matrix(features, debiased=True, n_resamples=resamples, rng=np.random.default_rng(1))

    peer = Peer(
        name="NumPy, Gram matrices permuted pair by pair",
        call=lambda: cka_peers.permuted(grams[0], grams[1], part, np.random.default_rng(1)),
        scale=len(pairs) * drawn / part,
        note=f"extrapolated from {part} permutations of one pair; Gram matrices given",
    )
    note = f"peak {peak_mib(ours):.0f} MiB; with exact moments"
    yield from against(
        "cka-null-matrix", f"{_size(features)}, {drawn} permutations", ours, [peer], rounds=rounds, note=note
    )


def jackknife(features: list[Float], *, rounds: int) -> Iterator[Row]:
    """The mean over pairs without each sentence in turn, against recomputing it."""

    def ours() -> Float:
        return mean_cka_jackknife(features).without

    upper = np.triu_indices(len(features), 1)

    def without(i: int) -> float:
        return float(cka_matrix([np.delete(x, i, axis=0) for x in features], debiased=True)[upper].mean())

    same("means without a sentence", ours()[:2], [without(0), without(1)], rtol=1e-9)
    n = len(features[0])
    peer = Peer(
        name="our own point estimates of n sets", call=lambda: without(0), scale=n, note="extrapolated from 1 set"
    )
    yield from against("cka-jackknife", _size(features), ours, [peer], rounds=rounds)


# ---- companions ----------------------------------------------------------------------------------------------
def companions(features: list[Float], *, rounds: int) -> Iterator[Row]:
    """Other measures of all pairs, against SciPy and NumPy as one would write them, a pair at a time."""
    pairs = list(combinations(range(len(features)), 2))
    upper = np.triu_indices(len(features), 1)
    calls: dict[str, tuple[Callable[[], object], str]] = {
        "procrustes": (lambda: procrustes_matrix(features)[upper], "scipy.linalg.orthogonal_procrustes"),
        "rsa": (lambda: rsa_matrix(features)[upper], "scipy spearmanr of pdist"),
        "anc": (lambda: anc_matrix(features)[upper], "numpy.corrcoef, neuron by neuron"),
        "retrieval": (lambda: [retrieval(features[i], features[j]).mean for i, j in pairs], "sklearn NearestNeighbors"),
    }
    for name, (ours, peer) in calls.items():
        theirs = cka_peers.COMPANIONS[name]

        def call(theirs: cka_peers.Companion = theirs) -> object:
            return [theirs(features[i], features[j]) for i, j in pairs]

        same(name, np.array(ours()), np.array(call()), rtol=1e-7)
        yield from against(f"companion-{name}", _size(features), ours, [Peer(name=peer, call=call)], rounds=rounds)


# ---- point estimates ---------------------------------------------------------------------------------------
def points(features: list[Float], *, debiased: bool, rounds: int) -> Iterator[Row]:
    """Point estimates of all pairs, against two packages and the GEMMs alone."""
    ours = cka_matrix(features, debiased=debiased)
    name, peers = f"cka-points-{'debiased' if debiased else 'plain'}", [_floor(features)]
    for package, make in PACKAGES.items():
        if package == "cka-pytorch" and not debiased:
            continue  # it has only the debiased form
        try:
            peer = make(features, debiased=debiased)
        except ImportError as error:
            yield absent(name, _size(features), package, f"{error}; see benchmarks/README.md for what to install")
            continue
        same(f"CKA by {peer.name}", ours, peer.result(), rtol=peer.rtol, atol=peer.rtol)
        peers.append(Peer(name=peer.name, call=peer.result, note=peer.note))
    yield from against(name, _size(features), lambda: cka_matrix(features, debiased=debiased), peers, rounds=rounds)


def growth(features: list[Float], *, rounds: int) -> Iterator[Row]:
    """Point estimates of many languages against the GEMMs alone, and the memory they took."""

    def ours() -> object:
        return cka_matrix(features, debiased=True)

    held = sum(x.nbytes for x in features) / 2**20
    note = f"peak {peak_mib(ours):.0f} MiB beside {held:.0f} MiB of features"
    yield from against("cka-growth-debiased", _size(features), ours, [_floor(features)], rounds=rounds, note=note)


def _floor(features: list[Float]) -> Peer:
    """Gram matrices and their inner products in blocks of rows, with nothing else done: the work of the Gram form."""
    n, d = features[0].shape
    count, block = len(features), max(1, 2**24 // (len(features) * n))
    out = np.empty((count, count))

    def call() -> None:
        for start in range(0, n, block):
            height = min(block, n - start)
            rows_ = np.empty((count, height, n))
            for K, x in zip(rows_, features, strict=True):
                np.matmul(x[start : start + height], x.T, out=K)
            flat = rows_.reshape(count, -1)
            np.matmul(flat, flat.T, out=out)

    flops = 2.0 * n * n * (count * d + count * count)
    return Peer(name="floor: bare GEMMs of the Gram form", call=call, note=f"{flops:.2g} floating-point operations")


if __name__ == "__main__":
    run(rows)
