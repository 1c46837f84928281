"""Batches: every unit in its place, padding that carries nothing, and orders that depend on the generator alone."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from gapstudy.batches import Batch, Padded
    from gapstudy.encode import Encoded

pytestmark = pytest.mark.train

LENGTHS = st.lists(st.integers(2, 30), min_size=1, max_size=40)
SIZES = st.integers(1, 9)


def _encoded(lengths: list[int], kind: str) -> Encoded:
    """Make sequences of random units; of tagged ones each unit between the ends is a word, the last one is cut."""
    from gapstudy.encode import Encoded

    rng = np.random.default_rng(len(lengths))
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    total, none = int(starts[-1]), np.empty(0, np.int32)
    ids, types = rng.integers(5, 90, total, dtype=np.int32), rng.integers(0, 2, total, dtype=np.int32)
    targets, positions, counts = none, none, none
    if kind == "pairs":
        targets = rng.integers(0, 3, len(lengths), dtype=np.int32)
    if kind == "tagged":
        positions = np.concatenate([[*range(a + 1, b - 1), -1] for a, b in pairwise(starts)])
        positions, counts = positions.astype(np.int32), np.diff(starts).astype(np.int32) - 1
        targets = rng.integers(0, 17, len(positions), dtype=np.int32)
    return Encoded(ids, types, np.full(total, -1, np.int32), starts, targets, positions, counts)


def _padded(encoded: Encoded) -> Padded:
    import torch

    from gapstudy.batches import Padded

    return Padded(encoded, torch.device("cpu"))


def _waste(lengths: npt.NDArray[np.int32], order: list[npt.NDArray[np.int64]]) -> float:
    """Return how much of the batches is padding, beside their units."""
    return float(sum(int(lengths[rows].max()) * len(rows) for rows in order) / lengths.sum() - 1)


def _batches(encoded: Encoded, size: int) -> list[tuple[npt.NDArray[np.int64], Batch]]:
    from gapstudy.batches import epoch_order

    order = epoch_order(len(encoded), size, np.random.default_rng(0))
    return list(zip(order, _padded(encoded).batches(order), strict=True))


@given(LENGTHS, SIZES, st.sampled_from(["pairs", "tagged", "plain"]))
def test_a_batch_holds_its_rows_and_padding_holds_nothing(lengths: list[int], size: int, kind: str) -> None:
    """Units and types of each row are those of the packed arrays; beyond its length everything is 0."""
    encoded = _encoded(lengths, kind)
    for rows, batch in _batches(encoded, size):
        assert batch.ids.shape == batch.types.shape == batch.mask.shape == (len(rows), encoded.lengths[rows].max())
        for row, ids, types, mask in zip(rows, batch.ids, batch.types, batch.mask, strict=True):
            own = slice(encoded.starts[row], encoded.starts[row + 1])
            length = int(encoded.lengths[row])
            assert ids[:length].tolist() == encoded.ids[own].tolist()
            assert types[:length].tolist() == encoded.types[own].tolist()
            assert mask.tolist() == [1] * length + [0] * (len(mask) - length)
            assert not ids[length:].any()
            assert not types[length:].any()


@given(LENGTHS, SIZES)
def test_labels_of_words_stand_on_their_first_units(lengths: list[int], size: int) -> None:
    """A word's label is at its position; everything else, padding included, is ignored, and cut words are nowhere."""
    from gapstudy.encode import IGNORED

    encoded = _encoded(lengths, "tagged")
    label = {int(p): int(t) for p, t in zip(encoded.positions, encoded.targets, strict=True) if p >= 0}
    seen = 0
    for rows, batch in _batches(encoded, size):
        for row, targets in zip(rows, batch.targets, strict=True):
            start, length = int(encoded.starts[row]), int(encoded.lengths[row])
            expected = [label.get(start + i, IGNORED) for i in range(length)]
            assert targets.tolist() == expected + [IGNORED] * (len(targets) - length)
            seen += int((targets != IGNORED).sum())
    assert seen == len(label)


@given(LENGTHS, SIZES)
def test_labels_of_pairs_go_with_their_rows(lengths: list[int], size: int) -> None:
    """Pairs have one label a row, in the order of the rows; plain sentences have none to learn."""
    encoded = _encoded(lengths, "pairs")
    for rows, batch in _batches(encoded, size):
        assert batch.targets.tolist() == encoded.targets[rows].tolist()
    assert _padded(_encoded(lengths, "plain")).targets.tolist() == [0] * len(lengths)


@given(LENGTHS, SIZES, st.integers(0, 99))
def test_an_epoch_holds_every_row_once(lengths: list[int], size: int, seed: int) -> None:
    """Batches are full but for the last, and the generator alone decides what is in them."""
    from gapstudy.batches import epoch_order

    order = epoch_order(len(lengths), size, np.random.default_rng(seed))
    again = epoch_order(len(lengths), size, np.random.default_rng(seed))
    assert sorted(np.concatenate(order).tolist()) == list(range(len(lengths)))
    assert max(map(len, order)) <= size
    assert [len(rows) for rows in order[:-1]] == [size] * (len(order) - 1)
    assert len(order) == -(-len(lengths) // size)
    assert [rows.tolist() for rows in order] == [rows.tolist() for rows in again]


def test_epochs_differ_and_are_drawn_at_random() -> None:
    """A second epoch has other batches, and rows of a batch are no more alike in length than rows drawn at random."""
    from gapstudy.batches import epoch_order

    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 200, 800).astype(np.int32)
    first, second = (epoch_order(800, 16, rng) for _ in range(2))
    assert {frozenset(rows.tolist()) for rows in first}.isdisjoint({frozenset(rows.tolist()) for rows in second})
    assert _waste(lengths, first) == pytest.approx(_waste(lengths, np.array_split(np.arange(800), 50)), rel=0.1)


def _cost(parts: list[Any], lengths: Any, overhead: float) -> float:
    return float(sum(len(rows) * int(lengths[rows].max()) + overhead for rows in parts))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=7), st.floats(0, 100), st.randoms(use_true_random=False))
def test_parts_cost_least(lengths: list[int], overhead: float, random: Any) -> None:
    """Of all ways to cut a batch into parts, none has less padding and overhead; every row is in one part."""
    from itertools import combinations

    from gapstudy.batches import parts_of

    array = np.asarray(lengths, np.int32)
    rows = np.asarray(random.sample(range(len(lengths)), len(lengths)))
    parts = parts_of(rows, array, overhead)
    assert sorted(np.concatenate(parts).tolist()) == sorted(rows.tolist())
    ordered = rows[np.argsort(array[rows], kind="stable")]
    ways = (np.split(ordered, cuts) for k in range(len(rows)) for cuts in combinations(range(1, len(rows)), k))
    assert _cost(parts, array, overhead) == pytest.approx(min(_cost(way, array, overhead) for way in ways))


def test_parts_save_padding_where_it_pays() -> None:
    """With no overhead there is no padding, with a huge one there is one part, and between them padding falls."""
    from gapstudy.batches import parts_of

    lengths = np.random.default_rng(0).integers(5, 200, 128).astype(np.int32)
    rows = np.arange(128)
    free, dear, between = (parts_of(rows, lengths, overhead) for overhead in (0.0, 1e9, 300.0))
    assert _waste(lengths, free) == 0
    assert len(dear) == 1
    assert 2 < len(between) < 20
    assert _waste(lengths, between) < 0.2 * _waste(lengths, dear)


@given(LENGTHS, SIZES)
def test_evaluation_goes_by_length(lengths: list[int], size: int) -> None:
    """Every row once, the shortest first, ties in the order of the corpus."""
    from gapstudy.batches import sorted_order

    found = np.concatenate(sorted_order(np.asarray(lengths, np.int32), size)).tolist()
    assert found == sorted(range(len(lengths)), key=lambda i: (lengths[i], i))


def test_an_empty_corpus_has_no_batches() -> None:
    """Nothing to pad is no error."""
    from gapstudy.batches import sorted_order

    padded = _padded(_encoded([], "plain"))
    assert len(padded) == 0
    assert list(padded.batches(sorted_order(padded.lengths, 4))) == []
