"""Tests of means of CKA with intervals by the jackknife over sentences."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gapstudy.stats import (
    Estimate,
    cka,
    cka_intervals,
    cka_jackknife,
    cka_matrix,
    jackknife_interval,
    mean_cka_jackknife,
)

Float = npt.NDArray[np.float64]
both = pytest.mark.parametrize("debiased", [False, True])


def related(n: int = 30, widths: tuple[int, ...] = (4, 50, 7), seed: int = 0, noise: float = 1.0) -> list[Float]:
    """Languages that share three factors, off centre."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 3))
    return [factors @ rng.normal(size=(3, d)) + noise * rng.normal(size=(n, d)) + 2.0 for d in widths]


def mean(data: Float, *, debiased: bool) -> float:
    """Mean CKA of languages that lie side by side."""
    features = np.split(data, [4, 54], axis=1)
    return float(cka_matrix(features, debiased=debiased)[np.triu_indices(3, 1)].mean())


@both
def test_is_the_jackknife_of_the_mean(debiased: bool) -> None:
    """Value, values without a sentence and interval are those of the generic jackknife, which recomputes everything."""
    features = related()
    found = mean_cka_jackknife(features, debiased=debiased).estimate(level=0.9)
    expected = jackknife_interval(lambda data: mean(data, debiased=debiased), np.hstack(features), level=0.9)
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.value, expected.low, expected.high), rel=1e-9
    )
    assert (found.n, found.level) == (30, 0.9)
    assert found.method.startswith(f"mean {'debiased' if debiased else 'plain'} CKA over pairs")


@both
def test_blocks_of_rows_change_nothing(debiased: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers do not depend on how many rows fit into memory."""
    from gapstudy.stats import gram

    before = mean_cka_jackknife(related(), debiased=debiased)
    monkeypatch.setattr(gram.row_blocks, "__kwdefaults__", {"width": 0, "block_floats": 3 * 30 * 7})
    assert np.allclose(mean_cka_jackknife(related(), debiased=debiased).without, before.without, rtol=1e-11)


def test_chosen_pairs() -> None:
    """The mean is over the pairs that are named."""
    features = related()
    found = mean_cka_jackknife(features, pairs=[(0, 2), (2, 1)])
    assert found.value == pytest.approx(
        (cka(features[0], features[2], debiased=True) + cka(features[1], features[2], debiased=True)) / 2
    )


def test_width_is_that_of_the_interval_of_record() -> None:
    """For one pair the jackknife and half-samples give about the same interval."""
    ratios = []
    for seed in range(8):
        features = related(150, (12, 12), seed, noise=2.0)
        record = cka_intervals(features, debiased=True, n_resamples=400, rng=np.random.default_rng(seed)).at(0, 1)
        found = mean_cka_jackknife(features).estimate()
        assert found.value == record.value
        ratios.append((found.high - found.low) / (record.high - record.low))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.12)


def test_covers_the_population() -> None:
    """Nominal 95 % intervals cover the population value of a factor model about that often."""
    rng = np.random.default_rng(3)
    loadings = [rng.normal(size=(3, 12)) for _ in range(3)]

    def sample(n: int) -> list[Float]:
        factors = rng.normal(size=(n, 3))
        return [factors @ a + 2.0 * rng.normal(size=(n, 12)) for a in loadings]

    truth = mean_cka_jackknife(sample(4000)).value
    found = [mean_cka_jackknife(sample(150)).estimate() for _ in range(200)]
    assert np.mean([e.low <= truth <= e.high for e in found]) == pytest.approx(0.95, abs=0.05)


def test_differences_are_paired() -> None:
    """The interval of a difference is that of the paired values: 0 for the same features, and cut to nothing wider."""
    one, other = mean_cka_jackknife(related()), mean_cka_jackknife(related(noise=2.0))
    same = one.above(one)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    found = one.above(other)
    assert isinstance(found, Estimate)
    spread = np.sqrt(29 * (one.without - other.without).var())
    assert found.value == one.value - other.value
    assert (found.high - found.low) / 2 == pytest.approx(2.045 * spread, rel=1e-3)
    with pytest.raises(ValueError, match="the means must be over the same sentences: got 30 and 20"):
        one.above(mean_cka_jackknife(related(20)))


def test_errors() -> None:
    """Wrong features and options are errors that name them."""
    x = related()
    with pytest.raises(ValueError, match=r"features\[0\] must have at least 8 rows"):
        mean_cka_jackknife([y[:7] for y in x])
    with pytest.raises(ValueError, match="pairs must name at least one pair"):
        mean_cka_jackknife(x, pairs=[])
    for pair, printed in (((0, 5), r"\(0, 5\)"), ((1, 1), r"\(1, 1\)"), ((0, -1), r"\(0, -1\)"), ((0,), r"\(0,\)")):
        with pytest.raises(ValueError, match=f"pairs must hold two different numbers from 0 to 2 each, got {printed}"):
            mean_cka_jackknife(x, pairs=[(0, 1), pair])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="level must lie strictly between 0 and 1"):
        mean_cka_jackknife(x).estimate(level=95)
    alone = np.zeros((30, 2))
    alone[4] = 1.0
    with pytest.raises(ValueError, match=r"features\[1\] has no variation left without sentence 4"):
        mean_cka_jackknife([x[0], alone], debiased=False)


@both
def test_blocks_of_sentences_do_not_change_it(debiased: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks of a few sentences the values are the same to the bit."""
    features = related()
    whole = mean_cka_jackknife(features, debiased=debiased)
    monkeypatch.setattr(cka_jackknife, "BLOCK_FLOATS", 8 * 9 * 7)
    assert np.array_equal(mean_cka_jackknife(features, debiased=debiased).without, whole.without)
