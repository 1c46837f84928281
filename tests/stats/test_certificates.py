"""Tests of the certificates and of the gap of two error rates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar

from gapstudy.stats import (
    clopper_pearson,
    disagreement_certificate,
    error_difference,
    error_gap,
    hoeffding_radius,
)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 40))
def test_certificate_bounds_the_gap(seed: int, n: int) -> None:
    """On parallel items with shared labels the gap never exceeds the disagreement, whatever the models."""
    rng = np.random.default_rng(seed)
    gold, a, b = rng.integers(0, 3, size=(3, n))
    gap = error_gap(a == gold, b == gold)
    certificate = disagreement_certificate(a, b)
    assert gap.value <= certificate.value + 1e-12
    assert certificate.value <= certificate.high


def test_certificate_is_clopper_pearson() -> None:
    """The certificate is the exact interval of the share of differing predictions, for labels of any type."""
    a, b = ["x", "y", "z", "x", "y"], ["x", "y", "x", "x", "x"]
    assert disagreement_certificate(a, b, level=0.9) == clopper_pearson(2, 5, level=0.9)


def test_labels_of_one_kind_compare() -> None:
    """Text stays text in an array of objects, and whole numbers compare whatever their width."""
    text = disagreement_certificate(np.array(["a", "b"], dtype=object), ["a", "c"])
    assert text.value == 0.5
    assert disagreement_certificate(np.array([1, 2], dtype=np.int8), [1, 2]).value == 0.0


def test_difference_by_hand() -> None:
    """Value, ends and p of the paired difference follow Bonett and Price and McNemar, computed here by hand."""
    a = np.r_[np.zeros(30), np.ones(70)].astype(bool)
    b = np.r_[np.zeros(20), np.ones(10), np.zeros(4), np.ones(66)].astype(bool)
    e = error_difference(a, b)
    p, q = 11 / 102, 5 / 102
    half = scipy_stats.norm.ppf(0.975) * np.sqrt((p + q - (p - q) ** 2) / 102)
    assert e.value == pytest.approx(0.30 - 0.24)
    assert (e.low, e.high) == pytest.approx((p - q - half, p - q + half))
    assert e.p_value == pytest.approx(float(mcnemar([[66, 4], [10, 20]], exact=True).pvalue))
    assert e.n == 100


def test_unpaired_by_hand() -> None:
    """The unpaired interval adds one error and one success to each side; no p-value is given."""
    e = error_difference([True] * 7 + [False] * 3, [True] * 16 + [False] * 4, paired=False, level=0.9)
    p, q = 4 / 12, 5 / 22
    half = scipy_stats.norm.ppf(0.95) * np.sqrt(p * (1 - p) / 12 + q * (1 - q) / 22)
    assert e.value == pytest.approx(0.1)
    assert (e.low, e.high) == pytest.approx((p - q - half, p - q + half))
    assert e.p_value is None


def test_gap_folds_the_difference() -> None:
    """The gap is the absolute difference: its interval starts at 0 where the signed one holds 0."""
    a, b = np.arange(100) >= 30, np.arange(100) >= 5
    clear, signed, mirrored = error_gap(a, b), error_difference(a, b), error_gap(b, a)
    assert (clear.value, clear.low, clear.high) == (signed.value, signed.low, signed.high)
    assert (mirrored.value, mirrored.low, mirrored.high) == pytest.approx((clear.value, clear.low, clear.high))
    close = error_gap(np.arange(100) >= 30, np.arange(100) < 71)
    assert close.low == 0.0
    assert close.high > close.value


def test_equal_outcomes() -> None:
    """Equal outcomes have a gap of 0 with p = 1 and an interval that is not a point."""
    e = error_gap([1, 0, 1, 1], [1, 0, 1, 1])
    assert (e.value, e.low, e.p_value) == (0.0, 0.0, 1.0)
    assert e.high > 0.0


def test_ends_stay_in_range() -> None:
    """Even for a handful of items the ends stay within the differences that are possible."""
    e = error_difference([False] * 3, [True] * 3, level=0.9999)
    assert (e.value, e.high) == (1.0, 1.0)
    assert e.low >= -1.0


@pytest.mark.slow
@pytest.mark.parametrize("paired", [True, False])
def test_difference_covers(paired: bool) -> None:
    """At 95 % the interval of the difference covers the true one in 93 to 98 % of samples."""
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2000):
        shared = rng.random(150)
        other = shared if paired else rng.random(150)
        e = error_difference(
            shared > 0.30, np.where(rng.random(150) < 0.8, other, rng.random(150)) > 0.22, paired=paired
        )
        hits += e.low <= 0.08 <= e.high
    assert 0.93 <= hits / 2000 <= 0.98


def test_hoeffding() -> None:
    """Two test sets of 5,010 items fix the gap to 0.042 with probability 95 %; more items fix it better."""
    assert hoeffding_radius(5010, 5010) == pytest.approx(0.042, abs=5e-4)
    assert hoeffding_radius(10_000, 5010) < hoeffding_radius(5010, 5010)


def test_errors() -> None:
    """Wrong outcomes are errors that name the argument."""
    with pytest.raises(ValueError, match="predictions_a and predictions_b must be parallel"):
        disagreement_certificate([1, 2], [1])
    with pytest.raises(ValueError, match=r"predictions_a must be a non-empty vector, got shape \(0,\)"):
        disagreement_certificate([], [])
    for missing in (None, float("nan")):
        with pytest.raises(ValueError, match=r"predictions_a has a missing label \(None or NaN\)"):
            disagreement_certificate([missing, 1], [missing, 1])
    with pytest.raises(ValueError, match="must be labels of one kind, got text and numbers"):
        disagreement_certificate(["1", "2"], [1, 2])
    with pytest.raises(ValueError, match="must be labels of one kind, got text and bytes"):
        disagreement_certificate(["1", "2"], [b"1", b"2"])
    with pytest.raises(
        ValueError, match="predictions_b must hold labels that are all text or all numbers, got dtype object"
    ):
        disagreement_certificate(["1", "2"], np.array(["1", 2], dtype=object))
    with pytest.raises(ValueError, match="correct_a and correct_b must be parallel"):
        error_gap([True, False], [True])
    with pytest.raises(ValueError, match=r"correct_b must be booleans \(or 0 and 1\)"):
        error_gap([True, False], [0, 2])
    with pytest.raises(ValueError, match="level must lie strictly between"):
        error_gap([True], [True], level=0)
    with pytest.raises(ValueError, match=r"n_a and n_b must be >= 1 and delta in \(0, 1\), got 0, 5 and 0.05"):
        hoeffding_radius(0, 5)
