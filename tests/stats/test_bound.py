"""Tests of Theorem 4.1 and its relatives."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.stats import Estimate, complexity_term, divergence_bound, points_until_below

forms = pytest.mark.parametrize("form", ["paper", "corrected", "ben_david"])
sizes = st.integers(2, 10**7)
dimensions = st.integers(1, 10_000)
deltas = st.floats(1e-6, 0.5)


def test_complexity_by_hand() -> None:
    """At n = 1,012, d = 769 the paper's term is about 4.8, and in probability space 0.16 to 0.25."""
    assert complexity_term(1012, 769) == pytest.approx(2 * math.sqrt((769 * math.log(2024) + math.log(40)) / 1012))
    assert complexity_term(1012, 769) == pytest.approx(4.8, abs=0.02)
    assert complexity_term(5010, 3) == pytest.approx(0.16, abs=0.005)
    assert complexity_term(5010, 4, form="corrected") == pytest.approx(0.25, abs=0.005)


def test_relations_of_the_forms() -> None:
    """The corrected form is the paper's with 2d for d, and Ben-David's is twice the corrected one."""
    assert complexity_term(500, 10, form="corrected") == pytest.approx(complexity_term(500, 20))
    assert complexity_term(500, 10, form="ben_david") == pytest.approx(2 * complexity_term(500, 10, form="corrected"))


@forms
@given(n=sizes, d=dimensions, delta=deltas)
def test_monotone(form: str, n: int, d: int, delta: float) -> None:
    """The term falls with n and rises with d and with 1 / delta."""
    term = complexity_term(n, d, delta=delta, form=form)
    assert complexity_term(n + 1, d, delta=delta, form=form) < term
    assert complexity_term(n, d + 1, delta=delta, form=form) > term
    assert complexity_term(n, d, delta=delta / 2, form=form) > term


@forms
@pytest.mark.parametrize("d", [3, 769])
@pytest.mark.parametrize("limit", [1.0, 0.3, 100.0])
def test_points_until_below_is_the_smallest(form: str, d: int, limit: float) -> None:
    """The term is below the limit at that n and not at one fewer; a limit of 0 is never reached."""
    n = points_until_below(limit, d, form=form)
    assert n is not None
    assert complexity_term(n, d, form=form) < limit
    if n > 1:
        assert complexity_term(n - 1, d, form=form) >= limit
    assert points_until_below(0.0, d, form=form) is None


def test_parts_add_up() -> None:
    """Each form is half the divergence plus its complexity, Ben-David's also plus the joint error."""
    gap = Estimate(0.1, 0.05, 0.15, 0.95, 5010, "given")
    b = divergence_bound(0.4, n=5010, d=4, delta=0.1, joint_error=0.05, gap=gap)
    assert b.gap is gap
    assert b.divergence_term == 0.2
    assert b.paper.value == pytest.approx(0.2 + b.paper.complexity)
    assert b.corrected.value == pytest.approx(0.2 + b.corrected.complexity)
    assert b.ben_david.value == pytest.approx(0.25 + b.ben_david.complexity)
    assert b.paper.complexity == complexity_term(5010, 4, delta=0.1)
    assert (b.n, b.d, b.delta, b.joint_error, b.divergence) == (5010, 4, 0.1, 0.05, 0.4)
    assert [f.form for f in (b.paper, b.corrected, b.ben_david)] == ["paper", "corrected", "ben_david"]


def test_vacuous() -> None:
    """The paper's own setting (d = 769, n = 1,012) is vacuous in every form; three classes at n = 5,010 are not."""
    embedding = divergence_bound(0.5, n=1012, d=769)
    assert embedding.paper.vacuous
    assert embedding.corrected.vacuous
    assert embedding.ben_david.vacuous
    outputs = divergence_bound(0.5, n=5010, d=3)
    assert not outputs.paper.vacuous
    assert not outputs.ben_david.vacuous


def test_sizes_needed() -> None:
    """The sizes that are named make the term, or the whole bound, fall below 1; a divergence of 2 never does."""
    b = divergence_bound(0.5, n=1012, d=769).paper
    assert complexity_term(b.n_complexity_below_one, 769) < 1.0
    assert b.n_informative is not None
    assert b.n_informative > b.n_complexity_below_one
    assert not divergence_bound(0.5, n=b.n_informative, d=769).paper.vacuous
    assert divergence_bound(0.5, n=b.n_informative - 1, d=769).paper.vacuous
    assert divergence_bound(2.0, n=10, d=1).paper.n_informative is None


def test_negative_divergence_counts_as_zero() -> None:
    """A cross-fitted divergence below 0 is kept as it is and counts as 0 in the bound."""
    b = divergence_bound(-0.05, n=100, d=2)
    assert (b.divergence, b.divergence_term) == (-0.05, 0.0)


@pytest.mark.parametrize(
    ("divergence", "options", "message"),
    [
        (2.5, {}, r"divergence must lie in \[-2, 2\] .*got 2.5"),
        (math.nan, {}, "divergence must lie in"),
        (0.5, {"n": 0}, "n must be at least 1, got 0"),
        (0.5, {"d": 0}, "d must be at least 1, got 0"),
        (0.5, {"delta": 1.0}, "delta must lie strictly between 0 and 1, got 1"),
        (0.5, {"joint_error": -0.1}, r"joint_error must lie in \[0, 2\], got -0.1"),
    ],
)
def test_errors(divergence: float, options: dict[str, Any], message: str) -> None:
    """Arguments out of range are errors that name them."""
    with pytest.raises(ValueError, match=message):
        divergence_bound(divergence, **({"n": 10, "d": 2} | options))


def test_form_error() -> None:
    """An unknown form is an error that lists the forms."""
    with pytest.raises(ValueError, match="form must be one of paper, corrected, ben_david; got 'vapnik'"):
        complexity_term(10, 2, form="vapnik")
