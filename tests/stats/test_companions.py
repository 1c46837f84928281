"""Tests of the companions of CKA: Procrustes, RSA, ANC, retrieval, against others' code, truths and invariances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist
from scipy.stats import binomtest, spearmanr

from gapstudy.stats import (
    anc,
    anc_matrix,
    mutual_neighbours,
    procrustes_distance,
    procrustes_matrix,
    procrustes_similarity,
    retrieval,
    rsa,
    rsa_matrix,
    rsa_p_values,
    shuffled_alignment,
)

Float = npt.NDArray[np.float64]
MEASURES: dict[str, Callable[[Any, Any], float]] = {
    "procrustes": procrustes_similarity,
    "rsa": rsa,
    "euclidean": lambda x, y: rsa(x, y, distance="euclidean"),
    "anc": anc,
    "retrieval": lambda x, y: retrieval(x, y).mean,
    "csls": lambda x, y: retrieval(x, y, method="csls", neighbours=5).mean,
    "neighbours": lambda x, y: mutual_neighbours(x, y, neighbours=5),
}
each = pytest.mark.parametrize("name", MEASURES)
seeds = st.integers(0, 10_000)


def related(n: int = 40, widths: tuple[int, ...] = (6, 6, 6), seed: int = 0, noise: float = 0.7) -> list[Float]:
    """Languages that share three factors, off centre."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 3))
    loadings = rng.normal(size=(3, max(widths)))
    return [factors @ loadings[:, :d] + noise * rng.normal(size=(n, d)) + 0.5 for d in widths]


def rotation(d: int, seed: int) -> Float:
    """A random orthogonal matrix."""
    return np.asarray(np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0])


# ---- against others ---------------------------------------------------------------------------------------
def test_procrustes_is_scipys() -> None:
    """Similarity is SciPy's optimal scale, the distance that of its rotation, its disparity 1 - similarity^2."""
    x, y, _ = related()
    a, b = (z - z.mean(axis=0) for z in (x, y))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    turn, scale = orthogonal_procrustes(a, b)
    assert procrustes_similarity(x, y) == pytest.approx(scale, rel=1e-12)
    assert procrustes_distance(x, y) == pytest.approx(np.linalg.norm(a @ turn - b), rel=1e-10)
    assert 1 - procrustes_similarity(x, y) ** 2 == pytest.approx(procrustes(x, y)[2], rel=1e-10)


def test_procrustes_of_wide_features_is_that_of_padded_ones() -> None:
    """More columns than sentences and unequal widths give what zeros in the missing columns give."""
    x, y, _ = related(20, (6, 70, 6))
    padded = np.hstack([x, np.zeros((20, 64))])
    a, b = (z - z.mean(axis=0) for z in (padded, y))
    expected = orthogonal_procrustes(a, b)[1] / np.linalg.norm(a) / np.linalg.norm(b)
    assert procrustes_similarity(x, y) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("distance", ["correlation", "euclidean"])
def test_rsa_is_spearman_of_pdist(distance: Any) -> None:
    """RSA is SciPy's Spearman correlation of SciPy's distances, widths alike or not."""
    x, y, _ = related(30, (6, 9, 6))
    expected = spearmanr(pdist(x, distance), pdist(y, distance)).statistic
    assert rsa(x, y, distance=distance) == pytest.approx(expected, rel=1e-10)


def test_anc_is_numpys_corrcoef() -> None:
    """ANC is the mean of the absolute correlations that NumPy gives column by column."""
    x, y, _ = related()
    assert anc(x, y) == pytest.approx(np.mean([abs(np.corrcoef(x[:, k], y[:, k])[0, 1]) for k in range(6)]), rel=1e-12)


@pytest.mark.parametrize("method", ["cosine", "csls"])
def test_retrieval_by_brute_force(method: str) -> None:
    """Each direction counts, one sentence at a time, whether its best candidate is its translation."""
    x, y, _ = related(25)
    cos = np.array([[a @ b / np.linalg.norm(a) / np.linalg.norm(b) for b in y] for a in x])
    score = cos
    if method == "csls":
        near = [np.mean(sorted(row)[-4:]) for row in cos], [np.mean(sorted(row)[-4:]) for row in cos.T]
        score = np.array([[2 * cos[i, j] - near[0][i] - near[1][j] for j in range(25)] for i in range(25)])
    found = retrieval(x, y, method=method, neighbours=4, level=0.9)
    for estimate, table in ((found.forward, score), (found.backward, score.T)):
        hits = sum(int(np.argmax(row)) == i for i, row in enumerate(table))
        interval = binomtest(hits, 25).proportion_ci(0.9, "exact")
        assert estimate.value == pytest.approx(hits / 25)
        assert (estimate.low, estimate.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.mean == (found.forward.value + found.backward.value) / 2


def test_mutual_neighbours_by_brute_force() -> None:
    """The overlap is that of the sets of nearest sentences, found by sorting."""
    x, y, _ = related(20, (6, 9, 6))
    sets = []
    for z in (x, y):
        unit = z / np.linalg.norm(z, axis=1)[:, None]
        order = np.argsort(-(unit @ unit.T), axis=1)
        sets.append([[j for j in row if j != i][:3] for i, row in enumerate(order)])
    expected = np.mean([len(set(a) & set(b)) / 3 for a, b in zip(*sets, strict=True)])
    assert mutual_neighbours(x, y, neighbours=3) == pytest.approx(expected)


# ---- truths and invariances --------------------------------------------------------------------------------
@each
def test_a_language_is_like_itself(name: str) -> None:
    """Every measure of a language with itself is 1."""
    x = related()[0]
    assert MEASURES[name](x, x) == pytest.approx(1.0, abs=1e-9)


@each
@settings(max_examples=15)
@given(seed=seeds)
def test_symmetric_and_in_range(name: str, seed: int) -> None:
    """Every measure is symmetric, at most 1, and does not depend on the order of the sentences."""
    x, y, _ = related(seed=seed)
    value = MEASURES[name](x, y)
    assert -1.0 <= value <= 1.0
    assert MEASURES[name](y, x) == pytest.approx(value, abs=1e-9)
    order = np.random.default_rng(seed).permutation(len(x))
    assert MEASURES[name](x[order], y[order]) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("name", ["procrustes", "euclidean"])
@settings(max_examples=15)
@given(seed=seeds, scale=st.floats(1e-3, 1e3), shift=st.floats(-50.0, 50.0))
def test_rotation_scaling_and_translation(name: str, seed: int, scale: float, shift: float) -> None:
    """Procrustes and Euclidean RSA do not change when one side is rotated, scaled and moved."""
    x, y, _ = related(seed=seed)
    moved = scale * x @ rotation(6, seed) + shift
    assert MEASURES[name](moved, y) == pytest.approx(MEASURES[name](x, y), abs=2e-5)


@settings(max_examples=15)
@given(seed=seeds)
def test_anc_per_neuron(seed: int) -> None:
    """ANC does not change when neurons are scaled, mirrored and moved one by one, and does when they are rotated."""
    x, y, _ = related(seed=seed)
    rng = np.random.default_rng(seed)
    scales = rng.uniform(0.1, 10.0, 6) * rng.choice([-1.0, 1.0], 6)
    assert anc(x * scales + rng.normal(size=6), y) == pytest.approx(anc(x, y), abs=1e-9)
    assert abs(anc(x @ rotation(6, seed), y) - anc(x, y)) > 1e-6


@pytest.mark.parametrize("name", ["retrieval", "csls", "neighbours"])
@settings(max_examples=15)
@given(seed=seeds)
def test_common_rotation(name: str, seed: int) -> None:
    """Cosines, and what is found by them, do not change under a common rotation and scaling of sentences."""
    x, y, _ = related(seed=seed)
    turn = rotation(6, seed)
    sizes = np.random.default_rng(seed).uniform(0.5, 2.0, (len(x), 1))
    assert MEASURES[name](sizes * x @ turn, y @ turn) == pytest.approx(MEASURES[name](x, y), abs=1e-9)


def test_equally_near_vectors_share_the_hit() -> None:
    """Of k equally near candidates each counts 1 / k; opposite vectors are never found."""
    x = np.eye(4)
    y = np.eye(4)[[0, 0, 2, 3]]
    found = retrieval(x, y)
    assert found.forward.value == pytest.approx((1 / 2 + 1 / 4 + 1 + 1) / 4)
    assert retrieval(x - 0.1, -(x - 0.1)).mean == 0.0


@each
def test_single_precision_keeps_four_digits(name: str) -> None:
    """float32 features give the same value to four digits."""
    x, y, _ = related(seed=3)
    assert MEASURES[name](x.astype(np.float32), y.astype(np.float32)) == pytest.approx(MEASURES[name](x, y), rel=1e-4)


# ---- matrices and shuffled sentences -----------------------------------------------------------------------
def test_matrices_hold_the_pairs() -> None:
    """Each matrix holds its measure of every pair, with a diagonal of exactly 1."""
    features = related()
    for matrix, name in ((procrustes_matrix, "procrustes"), (rsa_matrix, "rsa"), (anc_matrix, "anc")):
        found = matrix(features)
        assert np.array_equal(np.diag(found), np.ones(3))
        assert np.array_equal(found, found.T)
        assert found[0, 2] == pytest.approx(MEASURES[name](features[0], features[2]), abs=1e-12)


def test_mantel_p_is_that_of_drawn_permutations() -> None:
    """The p-value of RSA agrees with permuting sentences one by one, and is smallest for related languages."""
    features = related(40, noise=6.0)
    p = rsa_p_values(features, n_resamples=4000, rng=np.random.default_rng(0))
    one = shuffled_alignment(rsa, features[0], features[1], n_resamples=500, rng=np.random.default_rng(1))
    assert p[0, 1] == pytest.approx(one.p_value, abs=5 * np.sqrt(0.25 / 500))
    assert np.isnan(np.diag(p)).all()
    assert rsa_p_values(related(), n_resamples=79, rng=np.random.default_rng(0))[0, 1] == 1 / 80


@each
def test_shuffled_sentences_are_the_floor(name: str) -> None:
    """Unrelated languages lie within what shuffled sentences give, related ones above it."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(2, 40, 6))
    unrelated = shuffled_alignment(MEASURES[name], x, y, n_resamples=99, rng=rng)
    assert abs(unrelated.value - unrelated.mean) < 4 * unrelated.std
    a, b, _ = related(noise=0.3)
    assert shuffled_alignment(MEASURES[name], a, b, n_resamples=99, rng=rng).p_value == 0.01


def test_anc_of_shuffled_sentences_is_the_mean_of_small_correlations() -> None:
    """Shuffled sentences have an ANC of about sqrt(2 / (pi (n - 1)))."""
    rng = np.random.default_rng(0)
    null = shuffled_alignment(anc, *rng.normal(size=(2, 60, 200)), n_resamples=19, rng=rng)
    assert null.mean == pytest.approx(np.sqrt(2 / (np.pi * 59)), rel=0.03)


# ---- errors ----------------------------------------------------------------------------------------------
@each
def test_errors_of_all(name: str) -> None:
    """NaN, one dimension, equal rows and rows that do not match are errors that name the argument."""
    x, y, _ = related()
    with pytest.raises(ValueError, match="y has 1 NaN or infinite values"):
        MEASURES[name](x, np.where(np.arange(240).reshape(40, 6) == 7, np.nan, y))
    with pytest.raises(ValueError, match="x must be two-dimensional"):
        MEASURES[name](x[:, 0], y)
    with pytest.raises(ValueError, match="y has no variation: all its 40 rows are equal"):
        MEASURES[name](x, np.ones((40, 6)))
    with pytest.raises(ValueError, match="x and y must be parallel: x has 40 rows and y has 39"):
        MEASURES[name](x, y[1:])


def test_errors_of_each() -> None:
    """What only one of them cannot take is an error that says what to do."""
    x, y, wide = related(40, (6, 6, 7))
    constant = x * np.array([1, 1, 0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"x has 2 constant columns \(the first: 2\).*drop them from both sides"):
        anc(constant, y)
    with pytest.raises(ValueError, match=r"features\[0\] and the others must have the same neurons: got 6, 7 columns"):
        anc_matrix([x, wide])
    with pytest.raises(ValueError, match="x and y must have the same number of columns to be compared: got 6 and 7"):
        retrieval(x, wide)
    flat = x.copy()
    flat[3] = 1.0
    with pytest.raises(ValueError, match=r"y has a constant row \(3\).*use distance='euclidean'"):
        rsa(x, flat)
    flat[3] = 0.0
    with pytest.raises(ValueError, match=r"y has a row of zeros \(3\)"):
        retrieval(x, flat)
    with pytest.raises(ValueError, match="x has equal distances between all sentences"):
        rsa(np.eye(8), y[:8], distance="euclidean")
    with pytest.raises(ValueError, match="distance must be one of correlation, euclidean; got 'cosine'"):
        rsa(x, y, distance="cosine")
    with pytest.raises(ValueError, match="method must be one of cosine, csls"):
        retrieval(x, y, method="dot")
    with pytest.raises(ValueError, match=r"neighbours must be a whole number in 1..40, got 41"):
        retrieval(x, y, method="csls", neighbours=41)
    with pytest.raises(ValueError, match=r"neighbours must be a whole number in 1..39, got 0"):
        mutual_neighbours(x, y, neighbours=0)
    with pytest.raises(ValueError, match="features must hold at least 2 arrays, got 1"):
        rsa_matrix([x])
    with pytest.raises(ValueError, match="n_resamples must be a whole number >= 19, got 2"):
        rsa_p_values([x, y], n_resamples=2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="n_resamples must be a whole number >= 19, got 2"):
        shuffled_alignment(anc, x, y, n_resamples=2, rng=np.random.default_rng(0))


@pytest.mark.parametrize("far", [1.0, 1e4, 1e6, 1e8])
def test_rsa_with_one_far_sentence(far: float) -> None:
    """One sentence far from all others leaves the order of the other distances as SciPy has it."""
    draw = np.random.default_rng(1)
    x = draw.normal(size=(50, 8))
    y = x + 0.5 * draw.normal(size=(50, 8))
    x[0], y[0] = x[0] * far, y[0] * far
    expected = spearmanr(pdist(x), pdist(y))[0]
    assert rsa(x, y, distance="euclidean") == pytest.approx(expected, abs=1e-6)
    assert rsa(x + 1e3, y - 1e3, distance="euclidean") == pytest.approx(expected, abs=1e-6)


def test_rsa_of_repeated_sentences() -> None:
    """Equal rows are at distance 0, and their equal distances to others stay ties."""
    x, y = (np.repeat(np.random.default_rng(seed).normal(size=(20, 8)), 2, axis=0) * 1e3 + 1e6 for seed in (0, 1))
    expected = spearmanr(np.round(pdist(x), 6), np.round(pdist(y), 6))[0]
    assert rsa(x, y, distance="euclidean") == pytest.approx(expected, abs=1e-12)
