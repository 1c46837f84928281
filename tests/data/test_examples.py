"""Examples: what a corpus is in memory, its fingerprint, and subsets of it."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.data import LABELS, Pairs, Sentences, Tagged, fingerprint, subset
from gapstudy.data.grammar.inference import LABELS as INFERENCE_LABELS
from gapstudy.data.grammar.tokens import UPOS

PAIRS = Pairs(("a", "b", "c"), ("x", "y", "z"), (0, 1, 2))
TAGGED = Tagged((("a", "b"), ("c",)), ((1, 2), (0,)))


def test_labels_are_those_of_the_tasks() -> None:
    """Three relations, seven IOB2 tags of three entity types, seventeen universal parts of speech."""
    assert LABELS["xnli"] == INFERENCE_LABELS
    assert LABELS["ner"] == ("O", *(f"{p}-{kind}" for kind in ("PER", "ORG", "LOC") for p in "BI"))
    assert LABELS["pos"] == UPOS
    assert len(set(UPOS)) == 17


def test_rows_are_taken_in_the_order_asked_for() -> None:
    """Taking rows keeps columns together."""
    assert PAIRS.take([2, 0]) == Pairs(("c", "a"), ("z", "x"), (2, 0))
    assert TAGGED.take([1]) == Tagged((("c",),), ((0,),))
    assert len(PAIRS.take([])) == len(TAGGED.take([])) == 0


def test_texts_are_all_sentences() -> None:
    """Premises come before hypotheses, and words are joined by blanks."""
    assert PAIRS.texts() == ("a", "b", "c", "x", "y", "z")
    assert TAGGED.texts() == ("a b", "c")
    assert Sentences(("a b", "c")).texts() == ("a b", "c")
    assert [len(PAIRS), len(TAGGED), len(Sentences(("a",)))] == [3, 2, 1]


@pytest.mark.parametrize(
    "other",
    [
        Pairs(("a", "b", "d"), ("x", "y", "z"), (0, 1, 2)),
        Pairs(("a", "b", "c"), ("x", "y", "z "), (0, 1, 2)),
        Pairs(("a", "b", "c"), ("x", "y", "z"), (0, 1, 1)),
        Pairs(("b", "a", "c"), ("y", "x", "z"), (1, 0, 2)),
        Pairs(("a", "b"), ("x", "y"), (0, 1)),
        Pairs(("x", "y", "z"), ("a", "b", "c"), (0, 1, 2)),
        TAGGED,
    ],
)
def test_a_fingerprint_changes_with_any_text_label_or_order(other: Pairs | Tagged) -> None:
    """Corpora that differ anywhere have different fingerprints."""
    assert re.fullmatch("[0-9a-f]{16}", fingerprint(PAIRS))
    assert fingerprint(other) != fingerprint(PAIRS)


def test_a_fingerprint_tells_where_words_part() -> None:
    """The same letters cut otherwise are another corpus."""
    assert fingerprint(Tagged((("ab", "c"),), ((0, 0),))) != fingerprint(Tagged((("a", "bc"),), ((0, 0),)))
    assert fingerprint(Sentences(("a", "b"))) != fingerprint(Sentences(("a\nb",)))


def test_a_fingerprint_is_of_the_content_alone() -> None:
    """Equal corpora have one fingerprint, however they came to be; several are hashed in order."""
    assert fingerprint(PAIRS.take([0, 1, 2])) == fingerprint(PAIRS)
    assert fingerprint(PAIRS, TAGGED) != fingerprint(TAGGED, PAIRS)


@given(
    size=st.integers(1, 500),
    fraction=st.floats(0, 1, exclude_min=True, allow_subnormal=False),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_subset_has_the_rows_it_should(size: int, fraction: float, seed: int) -> None:
    """ceil(fraction x size) different rows in ascending order, at least one, the same for the same seed."""
    rows = subset(size, fraction, np.random.default_rng(seed))
    assert len(rows) == math.ceil(fraction * size) >= 1
    assert rows == sorted(set(rows))
    assert set(rows) <= set(range(size))
    assert rows == subset(size, fraction, np.random.default_rng(seed))


def test_another_seed_draws_another_subset() -> None:
    """The rows depend on the generator, and seed 0 is a seed."""
    draws = {tuple(subset(1000, 0.1, np.random.default_rng(seed))) for seed in range(5)}
    assert len(draws) == 5
