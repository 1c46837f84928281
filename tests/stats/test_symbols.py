"""Tests of bags of symbols."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from gapstudy.stats import symbol_counts


def test_counts_are_those_of_a_counter() -> None:
    """Each sentence's counts are those of its own symbols, empty sentences included; constant columns go."""
    text = ["banana.", "nab.", "", "baa."]
    starts = np.concatenate([[0], np.cumsum([len(t) for t in text])])
    found = symbol_counts(np.array(list("".join(text))), starts)
    kinds = sorted(set("".join(text)))
    assert np.array_equal(found, [[Counter(t)[k] for k in kinds] for t in text])
    assert symbol_counts(np.array([1, 2, 1, 1, 1]), [0, 2, 5]).tolist() == [[1, 1], [3, 0]]
    assert symbol_counts(np.array([9, 2, 9, 9, 2, 2]), [0, 2, 6]).shape == (2, 2)
    assert symbol_counts(np.array([9, 2, 9, 2, 2]), [0, 2, 5]).tolist() == [[1], [2]]


def test_errors() -> None:
    """Starts that do not fit and sentences without a difference are errors that say so."""
    with pytest.raises(
        ValueError, match=r"starts must be whole numbers that rise from 0 to the number of symbols \(3\)"
    ):
        symbol_counts(np.array([1, 2, 3]), [0, 2, 4])
    with pytest.raises(ValueError, match="symbols has no variation: all 2 sentences have the same counts"):
        symbol_counts(np.array([1, 2, 2, 1]), [0, 2, 4])
