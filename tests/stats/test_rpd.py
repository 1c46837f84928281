"""Tests of the performance gap: eq. (1) of the paper, Tables 1 and 2."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.stats import mean_rpd, pairwise_rpd, rpd, spread

# Table 1: scores in the order eng fra rus ita hun ukr kor tur fin hin, then the printed Std. and Mean RPD.
TABLE1 = {
    "ner-character": ([87.13, 91.27, 91.80, 92.26, 93.14, 93.88, 84.11, 92.92, 90.45, 87.68], 0.0316, 4.02, 4.024),
    "ner-phoneme": ([83.61, 89.42, 89.60, 90.56, 91.89, 92.76, 87.19, 92.35, 89.23, 88.23], 0.0259, 3.52, 3.525),
    "pos-character": ([96.62, 95.54, 87.91, 96.06, 74.57, 85.79, 86.71, 90.49, 91.78, 96.81], 0.0692, 8.77, 8.774),
    "pos-phoneme": ([95.94, 96.35, 86.69, 96.37, 85.87, 91.32, 85.82, 91.11, 93.76, 96.94], 0.0455, 5.80, 5.804),
}

# Table 2: accuracies of eng, swa, urd; printed RPD and absolute difference of eng-swa and eng-urd.
TABLE2 = {
    "subword": (80.80, 62.93, 61.57, 24.87, 17.87, 27.01, 19.23),
    "character": (75.02, 59.72, 56.55, 22.71, 15.30, 28.08, 18.47),
    "phoneme": (71.89, 60.88, 56.10, 16.59, 11.01, 24.67, 15.79),
}

score = st.floats(min_value=0.0, max_value=100.0, allow_subnormal=False)
positive = st.floats(min_value=1e-6, max_value=100.0)


@pytest.mark.parametrize("cell", TABLE1)
def test_mean_rpd_of_table_1(cell: str) -> None:
    """The mean RPDs of Table 1 follow from its scores."""
    scores, _, printed, recomputed = TABLE1[cell]
    assert mean_rpd(scores) == pytest.approx(recomputed, abs=5e-4)
    assert mean_rpd(scores) == pytest.approx(printed, abs=6e-3)


@pytest.mark.parametrize("cell", ["ner-character", "pos-character", "pos-phoneme"])
def test_spread_of_table_1(cell: str) -> None:
    """Three of the four spreads of Table 1 are sample standard deviations of fractions."""
    scores, printed, _, _ = TABLE1[cell]
    assert spread(scores) == pytest.approx(printed, abs=6e-5)


def test_spread_slip_of_table_1() -> None:
    """The spread of NER-phoneme is printed with ddof = 0; with ddof = 1, as the other three, it is 0.0273."""
    scores, printed, _, _ = TABLE1["ner-phoneme"]
    assert spread(scores, ddof=0) == pytest.approx(printed, abs=6e-5)
    assert spread(scores) == pytest.approx(0.0273, abs=6e-5)


@pytest.mark.parametrize("representation", TABLE2)
def test_table_2(representation: str) -> None:
    """All RPDs and absolute differences of Table 2 follow from its accuracies."""
    eng, swa, urd, rpd_swa, points_swa, rpd_urd, points_urd = TABLE2[representation]
    assert rpd(eng, swa) == pytest.approx(rpd_swa, abs=6e-3)
    assert rpd(eng, urd) == pytest.approx(rpd_urd, abs=6e-3)
    assert eng - swa == pytest.approx(points_swa, abs=6e-3)
    assert eng - urd == pytest.approx(points_urd, abs=6e-3)


@given(a=score, b=score)
def test_rpd_is_symmetric_and_in_range(a: float, b: float) -> None:
    """RPD is symmetric, lies in [0, 200], and is 0 only for equal scores."""
    if a == b == 0:
        return
    assert rpd(a, b) == rpd(b, a)
    assert 0.0 <= rpd(a, b) <= 200.0
    assert (rpd(a, b) == 0.0) == (a == b)


@given(a=positive, b=positive, scale=st.floats(min_value=1e-3, max_value=1e3))
def test_rpd_is_scale_free(a: float, b: float, scale: float) -> None:
    """Percent and fractions give the same RPD."""
    assert rpd(a * scale, b * scale) == pytest.approx(rpd(a, b), rel=1e-9, abs=1e-9)


def test_rpd_at_the_edge() -> None:
    """A zero against anything is 200 percent, and neither huge nor tiny scores break the ratio."""
    assert rpd(0.0, 3.0) == 200.0
    assert rpd(1e308, 1.5e308) == pytest.approx(40.0)
    assert rpd(1e-300, 3e-300) == pytest.approx(100.0)


@given(scores=st.lists(positive, min_size=2, max_size=8))
def test_mean_rpd_is_the_mean_over_pairs(scores: list[float]) -> None:
    """The mean is over unordered pairs, each counted once."""
    pairs = [rpd(a, b) for a, b in itertools.combinations(scores, 2)]
    assert mean_rpd(scores) == pytest.approx(sum(pairs) / len(pairs), abs=1e-9)


def test_pairwise_rpd_is_a_symmetric_matrix() -> None:
    """The matrix is symmetric with a zero diagonal and holds the RPD of each pair."""
    scores = np.array([80.0, 60.0, 0.0], dtype=np.float32)
    matrix = pairwise_rpd(scores)
    assert np.array_equal(matrix, matrix.T)
    assert np.array_equal(np.diag(matrix), np.zeros(3))
    assert matrix[0, 1] == pytest.approx(rpd(80.0, 60.0))
    assert matrix[0, 2] == 200.0


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (0.0, 0.0, "a and b are both zero"),
        (-1.0, 2.0, r"a must be a finite score >= 0, got -1"),
        (1.0, math.nan, r"b must be a finite score >= 0, got nan"),
        (math.inf, 1.0, r"a must be a finite score >= 0, got inf"),
    ],
)
def test_rpd_errors(a: float, b: float, message: str) -> None:
    """Undefined, negative and non-finite scores are errors that name the argument and the value."""
    with pytest.raises(ValueError, match=message):
        rpd(a, b)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([1.0], "scores must have at least 2 values, got 1"),
        ([1.0, -2.0], "scores must be >= 0, got -2 at position 1"),
        ([1.0, math.nan], r"scores has 1 NaN or infinite values, the first at position \(1\)"),
        ([0.0, 1.0, 0.0], "scores has 2 zeros"),
        ([[1.0, 2.0]], "scores must be one-dimensional"),
        (["a", "b"], "scores must hold numbers"),
    ],
)
def test_pairwise_errors(scores: list[float], message: str) -> None:
    """Wrong score vectors are errors that name the argument."""
    for function in (pairwise_rpd, mean_rpd):
        with pytest.raises(ValueError, match=message):
            function(scores)


def test_spread_errors() -> None:
    """Scores above 100 percent and other ddof are errors."""
    with pytest.raises(ValueError, match=r"scores must be percentages \(0..100\), got 101"):
        spread([101.0, 50.0])
    with pytest.raises(ValueError, match="ddof must be 0 or 1, got 2"):
        spread([1.0, 2.0], ddof=2)
