"""Tests of the CKA intervals: the weighted form against resampling the features, and what the intervals cover."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gapstudy.stats import EstimateMatrix, cka, cka_intervals, cka_matrix
from gapstudy.stats.cka_resampling import draw_weights, resampled_cka
from gapstudy.stats.gram import centred

Float = npt.NDArray[np.float64]
both = pytest.mark.parametrize("debiased", [False, True])


def related(n: int, widths: tuple[int, ...], seed: int = 0, noise: float = 1.0) -> list[Float]:
    """Features that share three factors, off centre."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 3))
    return [factors @ rng.normal(size=(3, d)) + noise * rng.normal(size=(n, d)) + 3.0 for d in widths]


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_equal_resampling_the_features(debiased: bool, dtype: type) -> None:
    """Every resample agrees with CKA of the resampled features themselves to 1e-9."""
    features: list[npt.NDArray[np.floating]] = [x.astype(dtype) for x in related(41, (4, 60, 9))]
    stack = [centred("x", x, rows=8) for x in features]
    rng = np.random.default_rng(0)
    weights = draw_weights(41, 20, debiased=debiased, rng=rng)
    draws = resampled_cka(stack, weights, debiased=debiased)
    for w, values in zip(weights, draws, strict=True):
        rows = np.repeat(np.arange(41), w.astype(int))
        expected = cka_matrix([x[rows] for x in features], debiased=debiased)
        assert np.allclose(values, expected, rtol=1e-9, atol=1e-12)


def test_complements_come_from_the_same_products() -> None:
    """Resamples whose second half are complements equal the same resamples in another order, computed one by one."""
    stack = [centred("x", x, rows=8) for x in related(33, (4, 60, 9))]
    weights = draw_weights(33, 15, debiased=True, rng=np.random.default_rng(0))
    turned = resampled_cka(stack, weights[::-1], debiased=True)[::-1]
    assert np.allclose(resampled_cka(stack, weights, debiased=True), turned, rtol=1e-10)


@both
def test_strips_change_nothing(debiased: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers do not depend on how many rows of the symmetric products are taken at once."""
    from gapstudy.stats import weighted_sums

    stack = [centred("x", x, rows=8) for x in related(33, (4, 60))]
    weights = draw_weights(33, 12, debiased=debiased, rng=np.random.default_rng(0))
    before = resampled_cka(stack, weights, debiased=debiased)
    monkeypatch.setattr(weighted_sums, "_STRIP", 5)
    assert np.allclose(resampled_cka(stack, weights, debiased=debiased), before, rtol=1e-10)


def test_half_samples_and_counts() -> None:
    """Half-samples take half of the sentences, the later ones what the earlier ones left; bootstrap counts add up to n."""
    half = draw_weights(21, 50, debiased=True, rng=np.random.default_rng(0))
    assert set(np.unique(half)) == {0.0, 1.0}
    assert (half[:25].sum(axis=1) == 10).all()
    assert np.array_equal(half[25:], 1.0 - half[:25])
    assert len(np.unique(half, axis=0)) > 45
    odd = draw_weights(21, 49, debiased=True, rng=np.random.default_rng(0))
    assert np.array_equal(odd, half[:49])
    counts = draw_weights(21, 50, debiased=False, rng=np.random.default_rng(0))
    assert (counts.sum(axis=1) == 21).all()


@both
def test_small_blocks_change_nothing(debiased: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers do not depend on how many rows fit into memory."""
    from gapstudy.stats import gram

    features = related(33, (4, 40))
    before = cka_intervals(features, debiased=debiased, n_resamples=50, rng=np.random.default_rng(0))
    monkeypatch.setattr(gram.row_blocks, "__kwdefaults__", {"width": 0, "block_floats": 700})
    after = cka_intervals(features, debiased=debiased, n_resamples=50, rng=np.random.default_rng(0))
    assert np.allclose(before.low, after.low, rtol=1e-10)
    assert np.allclose(before.high, after.high, rtol=1e-10)


@both
def test_shape_of_the_result(debiased: bool) -> None:
    """Three symmetric matrices with unit diagonals, the value being that of cka_matrix, and the facts beside them."""
    features = related(40, (4, 30, 8))
    e = cka_intervals(features, debiased=debiased, n_resamples=99, level=0.9, rng=np.random.default_rng(0))
    assert isinstance(e, EstimateMatrix)
    assert np.array_equal(e.value, cka_matrix(features, debiased=debiased))
    for part in (e.value, e.low, e.high):
        assert part.shape == (3, 3)
        assert np.allclose(part, part.T, rtol=0, atol=1e-15)
        assert np.array_equal(np.diag(part), np.ones(3))
    off = ~np.eye(3, dtype=bool)
    assert (e.low[off] < e.high[off]).all()
    assert (e.level, e.n, e.n_resamples) == (0.9, 40, 99)
    assert ("half-samples" in e.method) == debiased
    one = e.at(0, 1)
    assert (one.value, one.low, one.high) == (e.value[0, 1], e.low[0, 1], e.high[0, 1])


def test_plain_interval_contains_its_value_when_d_is_near_n() -> None:
    """The centred interval contains plain CKA where ordinary percentiles of the same resamples miss it."""
    features = related(80, (70, 70), noise=4.0)
    e = cka_intervals(features, n_resamples=200, rng=np.random.default_rng(0))
    stack = [centred("x", x, rows=8) for x in features]
    weights = draw_weights(80, 200, debiased=False, rng=np.random.default_rng(0))
    draws = resampled_cka(stack, weights, debiased=False)
    assert np.quantile(draws[:, 0, 1], 0.025) > e.value[0, 1]
    assert e.low[0, 1] < e.value[0, 1] < e.high[0, 1]


def test_half_sample_width_is_that_of_the_full_sample() -> None:
    """Half-samples without replacement vary as much as debiased CKA does over new samples of the full size."""
    rng = np.random.default_rng(5)
    loadings = [rng.normal(size=(3, 12)) for _ in range(2)]

    def sample() -> list[Float]:
        factors = rng.normal(size=(120, 3))
        return [factors @ a + 2.0 * rng.normal(size=(120, 12)) for a in loadings]

    spread = np.std([cka(*sample(), debiased=True) for _ in range(300)])
    widths = [_width(sample(), rng) for _ in range(20)]
    assert np.mean(widths) / (2 * 1.96) == pytest.approx(spread, rel=0.2)


def _width(features: list[Float], rng: np.random.Generator) -> float:
    """Width of the half-sample interval of a pair."""
    e = cka_intervals(features, debiased=True, n_resamples=200, rng=rng)
    return float(e.high[0, 1] - e.low[0, 1])


@both
def test_determinism(debiased: bool) -> None:
    """The same seed gives the same intervals, another seed others; 0 is a seed like any other."""
    features = related(30, (4, 5))

    def low(seed: int) -> float:
        e = cka_intervals(features, debiased=debiased, n_resamples=50, rng=np.random.default_rng(seed))
        return float(e.low[0, 1])

    assert low(0) == low(0)
    assert len({low(0), low(1), low(2)}) == 3


def test_errors() -> None:
    """Wrong options and too few or too equal sentences are errors that name them."""
    x, y = related(30, (4, 5))
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="level must lie strictly between 0 and 1, got 95"):
        cka_intervals([x, y], level=95, rng=rng)
    with pytest.raises(ValueError, match="n_resamples must be a whole number >= 19, got 5"):
        cka_intervals([x, y], n_resamples=5, rng=rng)
    with pytest.raises(ValueError, match=r"features\[0\] must have at least 8 rows"):
        cka_intervals([x[:7], y[:7]], rng=rng)
    nearly_constant = np.zeros((30, 2))
    nearly_constant[0] = 1.0
    with pytest.raises(ValueError, match=r"features\[1\] has no variation in some resamples"):
        cka_intervals([x, nearly_constant], n_resamples=200, rng=rng)
    nearly_constant[1] = 1.0
    with pytest.raises(ValueError, match=r"features\[1\] has no variation in some resamples"):
        cka_intervals([x, nearly_constant], debiased=True, n_resamples=200, rng=rng)
