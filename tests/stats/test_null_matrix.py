"""Tests of the permutation null of all pairs: orbits of a cyclic group, exact moments, Holm's correction."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import pearson3

from gapstudy.stats import cka_matrix, cka_null, cka_null_matrix, holm
from gapstudy.stats import orbits as module
from gapstudy.stats.gram import centred_all, u_centre
from gapstudy.stats.permutation_moments import moments, pearson3_tail

Float = npt.NDArray[np.float64]
both = pytest.mark.parametrize("debiased", [False, True])
UPPER = np.triu_indices(3, 1)


def languages(n: int, seed: int = 0, shared: float = 0.0) -> list[Float]:
    """Skewed features of three languages, narrow and wide, that may share a factor."""
    rng = np.random.default_rng(seed)
    factor = shared * rng.normal(size=(n, 1))
    return [factor + rng.exponential(size=(n, d)) for d in (3, 2, n + 2)]


def grams(features: list[Float], *, debiased: bool) -> list[Float]:
    """(U-)centred Gram matrices."""
    out = []
    for x in centred_all(features, rows=8):
        K = x @ x.T
        out.append(u_centre(K, np.diag(K).copy(), slice(0, len(K))) if debiased else K)
    return out


@both
def test_moments_are_those_over_all_permutations(debiased: bool) -> None:
    """Mean, standard deviation and skewness equal those over all 8! alignments of the sentences."""
    features = languages(8)
    exact = moments(centred_all(features, rows=8), debiased=debiased)
    G = grams(features, debiased=debiased)
    p = np.array(list(itertools.permutations(range(8))))
    for i, j in zip(*UPPER, strict=True):
        T = np.einsum("ab,kab->k", G[i], G[j][p[:, :, None], p[:, None, :]])
        assert T.mean() == pytest.approx(exact.mean[i, j], rel=1e-9, abs=1e-9)
        assert T.std() == pytest.approx(exact.std[i, j], rel=1e-9)
        assert ((T - T.mean()) ** 3).mean() / T.std() ** 3 == pytest.approx(exact.skewness[i, j], rel=1e-9)


def test_the_null_of_debiased_cka_has_one_width() -> None:
    """The standard deviation of debiased CKA of shuffled sentences is sqrt(2 / (n (n - 3))) for any features."""
    null = cka_null_matrix(languages(31), debiased=True, n_resamples=19, rng=np.random.default_rng(0))
    assert np.allclose(null.std[UPPER], np.sqrt(2 / (31 * 28)), rtol=1e-12)
    assert (null.mean[UPPER] == 0).all()


@both
@pytest.mark.parametrize("n", [9, 10])
def test_an_orbit_is_what_shifts_give(debiased: bool, n: int) -> None:
    """The FFT of circular diagonals gives the inner product after every shift, for odd and for even n."""
    G = grams(languages(n), debiased=debiased)
    rng = np.random.default_rng(1)
    orders = [rng.permutation(n) for _ in G]
    found = module._orbit(G, orders)
    for s, i, j in itertools.product(range(n), range(3), range(3)):
        a, b = orders[i], np.roll(orders[j], -s)
        assert found[s, i, j] == pytest.approx((G[i][np.ix_(a, a)] * G[j][np.ix_(b, b)]).sum(), abs=1e-10)


def test_blocks_of_diagonals_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small block limit changes memory, not numbers."""
    G, orders = grams(languages(12), debiased=True), [np.random.default_rng(1).permutation(12)] * 3
    before = module._orbit(G, orders)
    monkeypatch.setattr(module, "BLOCK_FLOATS", 3 * 12 * 2)
    assert np.allclose(module._orbit(G, orders), before, atol=1e-12)


@both
def test_agrees_with_the_null_of_each_pair(debiased: bool) -> None:
    """Value, mean, spread and p agree with `cka_null`, whose permutations are drawn one by one."""
    features = languages(60, shared=0.35)
    null = cka_null_matrix(features, debiased=debiased, n_resamples=4000, rng=np.random.default_rng(0))
    assert np.array_equal(null.value, cka_matrix(features, debiased=debiased))
    for i, j in zip(*UPPER, strict=True):
        one = cka_null(features[i], features[j], debiased=debiased, n_resamples=4000, rng=np.random.default_rng(1))
        assert null.mean[i, j] == pytest.approx(one.mean, abs=1e-12)
        assert null.std[i, j] == pytest.approx(one.std, rel=0.1)
        assert null.p_value[i, j] == pytest.approx(one.p_value, abs=5 * np.sqrt(0.25 / 4000))
        assert null.p_value[j, i] == null.p_value[i, j]


@both
def test_moment_p_agrees_with_the_drawn_one(debiased: bool) -> None:
    """Pearson III with the exact moments and the permutations agree on p-values of every size above 0.001."""
    for seed in range(6):
        null = cka_null_matrix(
            languages(50, seed, shared=0.06 * seed), debiased=debiased, n_resamples=20_000, rng=np.random.default_rng(0)
        )
        drawn, matched = null.p_value[UPPER], null.p_moment[UPPER]
        large = drawn > 0.001
        assert np.allclose(matched[large], drawn[large], rtol=0.25, atol=0.02)


@both
def test_independent_features_are_rejected_as_often_as_they_should(debiased: bool) -> None:
    """Over 300 pairs of unrelated features p <= 0.1 comes about one time in ten, although n is tiny."""
    found = [
        cka_null_matrix(languages(9, s), debiased=debiased, n_resamples=40, rng=np.random.default_rng(s)).p_value[UPPER]
        for s in range(100)
    ]
    assert np.mean(np.array(found) <= 0.1) == pytest.approx(0.1, abs=0.055)


def test_holm_and_z() -> None:
    """Adjusted p-values are Holm's over the pairs; z is the distance to the mean in exact standard deviations."""
    null = cka_null_matrix(languages(40, shared=0.5), debiased=True, n_resamples=99, rng=np.random.default_rng(0))
    assert np.array_equal(null.p_holm[UPPER], holm(null.p_value[UPPER]))
    assert np.allclose(null.z[UPPER], null.value[UPPER] / np.sqrt(2 / (40 * 37)))
    assert (null.n, null.n_resamples) == (40, 119)
    assert np.isnan(np.diag(null.p_value)).all()
    assert "3 orbits" in null.method


@both
def test_aligned_languages_reach_the_smallest_p(debiased: bool) -> None:
    """Languages that share a strong factor have p = 1 / (R + 1), and a smaller moment p."""
    null = cka_null_matrix(languages(40, shared=5.0), debiased=debiased, n_resamples=99, rng=np.random.default_rng(0))
    assert (null.p_value[UPPER] == 1 / 120).all()
    assert (null.p_moment[UPPER] < 1e-6).all()


def test_determinism() -> None:
    """The same seed gives the same p-values, another seed others."""
    p = [cka_null_matrix(languages(20), n_resamples=200, rng=np.random.default_rng(s)).p_value[0, 1] for s in (0, 0, 1)]
    assert p[0] == p[1] != p[2]


def test_single_precision_keeps_four_digits() -> None:
    """float32 features give the moments and p-values of float64 ones."""
    features = languages(40, shared=0.5)
    a, b = (
        cka_null_matrix([x.astype(t) for x in features], n_resamples=99, rng=np.random.default_rng(0))
        for t in (np.float32, np.float64)
    )
    for name in ("value", "mean", "std", "skewness"):
        assert np.allclose(getattr(a, name)[UPPER], getattr(b, name)[UPPER], rtol=1e-4)
    assert np.allclose(a.p_value[UPPER], b.p_value[UPPER], atol=0.01)


def test_tail_of_pearson_three() -> None:
    """The tail is SciPy's for skewness of either sign, normal at 0, and 0 or 1 outside the range."""
    for z, skew in itertools.product((-4.0, -0.5, 0.0, 1.0, 6.0), (-1.5, -0.2, 0.2, 1.5)):
        assert pearson3_tail(np.array(z), np.array(skew)) == pytest.approx(pearson3.sf(z, skew), abs=1e-12)
    assert pearson3_tail(np.array(1.959964), np.array(0.0)) == pytest.approx(0.025, abs=1e-7)


def test_errors() -> None:
    """Wrong features and options are errors that name them."""
    rng = np.random.default_rng(0)
    x = languages(10)
    with pytest.raises(ValueError, match="n_resamples must be a whole number >= 19, got 3"):
        cka_null_matrix(x, n_resamples=3, rng=rng)
    with pytest.raises(ValueError, match=r"features\[0\] must have at least 8 rows"):
        cka_null_matrix([y[:7] for y in x], rng=rng)
    with pytest.raises(ValueError, match=r"features\[1\] leaves debiased CKA undefined"):
        cka_null_matrix([x[0], np.eye(10)], debiased=True, rng=rng)


@pytest.mark.parametrize("n", [10, 50])
def test_a_null_of_one_value_has_no_spread(n: int) -> None:
    """Where all sentences of a side are equally far apart every alignment gives one value: no z, and a p of 1."""
    x = [np.eye(n), *languages(n)[:2]]
    found = cka_null_matrix(x, n_resamples=19, rng=np.random.default_rng(0))
    assert found.std[0, 1] == 0.0
    assert found.p_moment[0, 1] == found.p_moment[2, 0] == 1.0
    assert np.isnan(found.z[0, 1])
    assert np.isnan(found.skewness[1, 0])
    assert found.std[1, 2] > 0.0
    assert 0.0 < found.p_moment[1, 2] < 1.0
    assert found.method.endswith("; 2 of 3 pairs have one value in every alignment")
