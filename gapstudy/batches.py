"""Packed arrays as padded batches, in an order that depends on the seed and the epoch alone.

The examples of a batch are drawn at random, as the paper draws them, and not by length. What is saved on padding is
saved inside the batch: it is done in a few parts of like lengths whose gradients add up to the batch's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gapstudy.encode import BOUNDARY, IGNORED, Encoded

__all__ = ["Batch", "Labelling", "Padded", "Rows", "epoch_order", "in_groups", "parts_of", "sorted_order"]

_NO_WORD = -3  # of padding
Rows = npt.NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Batch:
    """One padded batch.

    Attributes
    ----------
    ids, types, mask : (batch, length) integers; ``mask`` is 1 on real units.
    targets : (batch,) for pairs, (batch, length) for words.
    words : (batch, length) column of the first unit of each unit's word, negative where there is none; None for
        pairs, which are not read by words.
    """

    ids: Tensor
    types: Tensor
    mask: Tensor
    targets: Tensor
    words: Tensor | None


@dataclass(frozen=True, slots=True)
class Labelling:
    """Where the labels of words stand when a model is trained on all their units.

    Attributes
    ----------
    following : label -> label of the word's other units (B-PER: I-PER).
    between : label of what stands between two words, or ``IGNORED``.
    """

    following: tuple[int, ...]
    between: int


class Padded:
    """A corpus part as rectangular tensors on the device, cut to each batch's longest row.

    Parameters
    ----------
    labelling : how to label every unit of a word; None labels the first one alone.

    Attributes
    ----------
    lengths, labels : (n,) units and labels of each sequence.
    """

    def __init__(self, encoded: Encoded, device: torch.device, labelling: Labelling | None = None) -> None:
        lengths = encoded.lengths
        self.lengths: npt.NDArray[np.int32] = lengths
        width = int(lengths.max(initial=1))
        inside = np.arange(width) < lengths[:, None]  # (n, width)

        def spread(flat: npt.NDArray[np.int32], fill: int) -> Tensor:
            rectangle = np.full(inside.shape, fill, np.int64)
            rectangle[inside] = flat
            return torch.from_numpy(rectangle).to(device)

        self.ids, self.types = spread(encoded.ids, encoded.pad), spread(encoded.types, 0)
        pairs = len(encoded.targets) > 0 and len(encoded.counts) == 0
        self.words = None if pairs else spread(_first_columns(encoded), _NO_WORD)
        self.mask = torch.from_numpy(inside).to(device, torch.int64)
        self.targets = _targets(encoded, spread, device, labelling)
        self.labels: npt.NDArray[np.int64] = _count(self.targets)

    def __len__(self) -> int:
        """Count the sequences."""
        return len(self.lengths)

    def batches(self, order: list[Rows]) -> Iterator[Batch]:
        """Yield one padded batch for each group of rows."""
        for rows in order:
            yield self.batch(rows)

    def batch(self, rows: Rows) -> Batch:
        """Return some rows, cut to the longest of them."""
        width = int(self.lengths[rows].max())
        index = torch.from_numpy(rows).to(self.ids.device)
        targets = self.targets[index]
        return Batch(
            ids=self.ids[index, :width],
            types=self.types[index, :width],
            mask=self.mask[index, :width],
            targets=targets if targets.ndim == 1 else targets[:, :width],
            words=None if self.words is None else self.words[index, :width],
        )


def _count(targets: Tensor) -> npt.NDArray[np.int64]:
    """Count the labels of each sequence."""
    labelled = (targets != IGNORED).to(torch.int64)
    counts: npt.NDArray[np.int64] = (labelled if targets.ndim == 1 else labelled.sum(1)).cpu().numpy()
    return counts


def _targets(
    encoded: Encoded, spread: Callable[[npt.NDArray[np.int32], int], Tensor], device: torch.device,
    labelling: Labelling | None,
) -> Tensor:  # fmt: skip
    if len(encoded.targets) == 0:
        return torch.zeros(len(encoded), dtype=torch.int64, device=device)  # plain sentences have none
    if len(encoded.positions) == 0:
        return torch.from_numpy(encoded.targets.astype(np.int64)).to(device)
    flat = _every_unit(encoded, labelling) if labelling else np.full(len(encoded.ids), IGNORED, np.int32)
    kept = encoded.positions >= 0
    flat[encoded.positions[kept]] = encoded.targets[kept]
    return spread(flat, IGNORED)


def _first_columns(encoded: Encoded) -> npt.NDArray[np.int32]:
    """Return for each unit of a word where in its sequence the word begins; what belongs to no word stays negative."""
    units = np.arange(len(encoded.ids))
    begins = np.repeat(encoded.starts[:-1], encoded.lengths)
    new = np.ones(len(units), bool)
    new[1:] = (encoded.words[1:] != encoded.words[:-1]) | (begins[1:] != begins[:-1])
    first = np.maximum.accumulate(np.where(new, units, 0)) - begins
    return np.where(encoded.words >= 0, first, encoded.words).astype(np.int32)


def _every_unit(encoded: Encoded, labelling: Labelling) -> npt.NDArray[np.int32]:
    """Label all units of words as those that follow the first, and what stands between words."""
    offsets = np.concatenate([[0], np.cumsum(encoded.counts)])
    sentence = np.repeat(np.arange(len(encoded)), encoded.lengths)
    of_word = encoded.words >= 0
    flat = np.full(len(encoded.ids), IGNORED, np.int32)
    labels = np.asarray(labelling.following, np.int32)[encoded.targets]
    flat[of_word] = labels[offsets[sentence[of_word]] + encoded.words[of_word]]
    flat[encoded.words == BOUNDARY] = labelling.between
    return flat


def epoch_order(count: int, batch_size: int, rng: np.random.Generator) -> list[Rows]:
    """Return the batches of one epoch over ``count`` examples: each once, in a random order."""
    order = rng.permutation(count)
    return [order[start : start + batch_size] for start in range(0, count, batch_size)]


def parts_of(rows: Rows, lengths: npt.NDArray[np.int32], overhead: float) -> list[Rows]:
    """Cut a batch into parts of like lengths, so that padding and parts together cost least.

    Parameters
    ----------
    rows : of the batch.
    lengths : of all sequences.
    overhead : what one more part costs, in units of padding.

    Returns
    -------
    list of arrays
        The rows by length, shortest first, in parts: each of ``rows`` once. The sum over parts of their rows times
        their longest length plus ``overhead`` is the least there is.
    """
    rows = rows[np.argsort(lengths[rows], kind="stable")]
    own = lengths[rows].astype(np.float64)
    count = len(rows)
    least, begin = np.zeros(count + 1), np.zeros(count + 1, np.int64)
    starts = np.arange(count)
    for end in range(1, count + 1):
        costs = least[:end] + (end - starts[:end]) * own[end - 1]
        begin[end] = int(costs.argmin())
        least[end] = costs[begin[end]] + overhead
    cuts = [count]
    while cuts[-1]:
        cuts.append(int(begin[cuts[-1]]))
    return [rows[start:end] for end, start in pairwise(cuts)][::-1]


def in_groups(order: list[Rows], compute: Callable[[Rows], T]) -> tuple[list[Rows], list[T]]:
    """Compute something of each group of rows without gradients; a group that does not fit the device is halved.

    Returns
    -------
    groups, results
        The groups as they were computed, in the same order of rows.

    Raises
    ------
    torch.OutOfMemoryError
        If a single row does not fit.
    """
    left, groups, results = order[::-1], list[Rows](), list[T]()
    while left:
        rows = left.pop()
        try:
            results.append(compute(rows))
            groups.append(rows)
        except torch.OutOfMemoryError:
            if len(rows) == 1:
                raise
            left += [rows[len(rows) // 2 :], rows[: len(rows) // 2]]
    return groups, results


def sorted_order(lengths: npt.NDArray[np.int32], batch_size: int) -> list[Rows]:
    """Return batches for evaluation: by length, so that padding is least."""
    order = np.argsort(lengths, kind="stable").astype(np.int64)
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
