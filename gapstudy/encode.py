"""Examples as packed integer arrays: ids, token types, word indices and targets, made once a corpus.

Paper: sections 3.1-3.2. Sequences are ``[CLS] A [SEP]`` or ``[CLS] A [SEP] B [SEP]``. A word's label stands on its
first unit; every other position has the target -100, which the loss ignores.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.data import Pairs, Sentences, Tagged
from gapstudy.units import Spelling, interleave

__all__ = ["CLS", "IGNORED", "MASK", "PAD", "SEP", "SPECIALS", "UNK", "Encoded", "encode"]

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNK, CLS, SEP, MASK = range(5)
IGNORED = -100
Ints = npt.NDArray[np.int32]
Chunks = tuple[list[int], list[int]]  # unit ids, and the word each belongs to (-1: none)


@dataclass(frozen=True, slots=True)
class Encoded:
    """Packed sequences of one corpus part.

    Attributes
    ----------
    ids : (units,) int32, all sequences end to end.
    types : (units,) int32, 0 for the first sentence of a pair and specials before it, 1 for the second.
    words : (units,) int32, index of the word within its sentence, -1 for special units and word boundaries.
    starts : (sequences + 1,) int32, where each sequence starts; the last entry is the total.
    targets : (sequences,) label a pair; (words,) label a word for tagged text; empty for plain sentences.
    positions : (words,) int32 for tagged text: the packed position of each word's first unit, -1 if it was cut off.
    counts : (sequences,) int32 for tagged text: words a sentence; empty otherwise.
    """

    ids: Ints
    types: Ints
    words: Ints
    starts: Ints
    targets: Ints
    positions: Ints
    counts: Ints

    def __len__(self) -> int:
        """Count the sequences."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> Ints:
        """Units a sequence, special ones included."""
        return np.diff(self.starts)

    @property
    def cut_words(self) -> int:
        """Words of tagged text that fell beyond the maximal length."""
        return int((self.positions < 0).sum())

    def save(self, path: Path) -> None:
        """Write to a safetensors file, beside and renamed."""
        from safetensors.numpy import save

        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        temporary.write_bytes(save({f.name: getattr(self, f.name) for f in fields(self)}))
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Encoded:
        """Read what :meth:`save` wrote."""
        from safetensors.numpy import load_file

        return cls(**load_file(path))


def encode(corpus: Pairs | Tagged | Sentences, spelling: Spelling, tokenizer: Any, *, max_length: int) -> Encoded:
    """Turn a corpus into packed arrays.

    Parameters
    ----------
    corpus : one part (train, dev, test, or parallel sentences) in one language.
    spelling : how its words are spelt (:func:`gapstudy.units.spelling`).
    tokenizer : a ``tokenizers.Tokenizer`` whose first five ids are :data:`SPECIALS`.
    max_length : units a sequence, special ones included; of a pair the longer sentence is cut first.
    """
    chunk = _chunker(spelling, tokenizer)
    if isinstance(corpus, Pairs):
        first, second = chunk(_split(corpus.premises, spelling)), chunk(_split(corpus.hypotheses, spelling))
        rows = [_pair(a, b, max_length) for a, b in zip(first, second, strict=True)]
        return _pack(rows, np.asarray(corpus.labels, np.int32), ())
    if isinstance(corpus, Tagged):
        rows = [_single(c, max_length) for c in chunk(corpus.words)]
        targets = np.asarray([tag for tags in corpus.tags for tag in tags], np.int32)
        return _pack(rows, targets, [len(tags) for tags in corpus.tags])
    return _pack([_single(c, max_length) for c in chunk(_split(corpus.lines, spelling))], np.empty(0, np.int32), ())


def _split(lines: Sequence[str], spelling: Spelling) -> list[tuple[str, ...]]:
    return [tuple(spelling.split(line)) for line in lines]


def _chunker(spelling: Spelling, tokenizer: Any) -> Callable[[Sequence[Sequence[str]]], list[Chunks]]:
    """Return a function from sentences (as words) to unit ids and word indices, converting each word type once."""
    step = 1 if spelling.separator is None else 2
    tokenizer.encode_special_tokens = True  # "[SEP]" in a text is a word like any other

    def chunk(sentences: Sequence[Sequence[str]]) -> list[Chunks]:
        spelt = spelling.spell({word for words in sentences for word in words})
        inputs = [interleave(words, spelt, spelling.separator) for words in sentences]
        encodings = tokenizer.encode_batch(inputs, is_pretokenized=True, add_special_tokens=False)
        return [(e.ids, [-1 if w is None or w % step else w // step for w in e.word_ids]) for e in encodings]

    return chunk


Row = tuple[list[int], list[int], list[int]]  # ids, types, words


def _single(chunk: Chunks, max_length: int) -> Row:
    ids, words = chunk[0][: max_length - 2], chunk[1][: max_length - 2]
    return [CLS, *ids, SEP], [0] * (len(ids) + 2), [-1, *words, -1]


def _pair(first: Chunks, second: Chunks, max_length: int) -> Row:
    a, b = _kept(len(first[0]), len(second[0]), max_length - 3)
    ids = [CLS, *first[0][:a], SEP, *second[0][:b], SEP]
    return ids, [0] * (a + 2) + [1] * (b + 1), [-1, *first[1][:a], -1, *second[1][:b], -1]


def _kept(a: int, b: int, room: int) -> tuple[int, int]:
    """Share ``room`` units between two sentences, cutting the longer one first."""
    if a + b <= room:
        return a, b
    half = room // 2
    if b <= half:
        return room - b, b
    return (a, room - a) if a <= room - half else (room - half, half)


def _pack(rows: list[Row], targets: Ints, word_counts: Sequence[int]) -> Encoded:
    ids, types, words = (np.asarray([v for row in rows for v in row[i]], np.int32) for i in range(3))
    starts = np.concatenate([[0], np.cumsum([len(row[0]) for row in rows])]).astype(np.int32)
    positions = _first_units(words, starts, word_counts)
    return Encoded(ids, types, words, starts, targets, positions, np.asarray(word_counts, np.int32))


def _first_units(words: Ints, starts: Ints, word_counts: Sequence[int]) -> Ints:
    """Find the packed position of the first unit of every word, -1 where it was cut off."""
    offsets = np.concatenate([[0], np.cumsum(word_counts)]).astype(np.int64)
    positions = np.full(int(offsets[-1]), -1, np.int32)
    if not len(word_counts):
        return positions
    sequence = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    at = np.flatnonzero(words >= 0)[::-1]  # backwards, so that the first unit of a word is written last
    positions[offsets[sequence[at]] + words[at]] = at
    return positions
