"""Examples as packed integer arrays: ids, token types, word indices and targets, made once a corpus.

Paper: sections 3.1-3.2. Sequences are ``[CLS] A [SEP]`` or ``[CLS] A [SEP] B [SEP]``, or what the encoder has in
their place (:class:`Framing`). A word's label stands on its first unit; every other position has the target -100, which
the loss ignores.
"""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gapstudy.data import Pairs, Sentences, Tagged
from gapstudy.units import Spelling

__all__ = [
    "BOUNDARY", "CLS", "IGNORED", "MASK", "PAD", "SEP", "SPECIAL", "SPECIALS", "UNK", "Chunks", "Coder", "Encoded",
    "Framing", "encode",
]  # fmt: skip

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNK, CLS, SEP, MASK = range(5)
IGNORED = -100
_AT_ONCE = 20_000  # examples that are lists of numbers at one time, so that memory does not grow with the corpus
BOUNDARY, SPECIAL = -1, -2  # "words" of units that belong to none: what stands between two words, and special units
Ints = npt.NDArray[np.int32]
Chunks = tuple[list[int], list[int]]  # unit ids, and the word each belongs to (BOUNDARY: none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """What an encoder wants around its units; the default is that of the small encoders, and of BERT.

    Attributes
    ----------
    before, between, after : ids before the first sentence, between the sentences of a pair, and at the end.
    second : token type of the second sentence and of what follows it (models with one type have 0).
    pad, unk : ids of padding and of unknown units; -1 where no unit is unknown.
    limit : longest sequence that the encoder reads, in units, special ones included.
    """

    before: tuple[int, ...] = (CLS,)
    between: tuple[int, ...] = (SEP,)
    after: tuple[int, ...] = (SEP,)
    second: int = 1
    pad: int = PAD
    unk: int = UNK
    limit: int = 1 << 30


class Coder(Protocol):
    """Turns spelt words into the unit ids of one encoder."""

    @property
    def framing(self) -> Framing:
        """What the encoder wants around the units."""
        ...

    def code(self, sentences: Sequence[Sequence[str]], spelling: Spelling) -> list[Chunks]:
        """Return unit ids and word indices of sentences given as words, without special units."""
        ...


@dataclass(frozen=True, slots=True)
class Encoded:
    """Packed sequences of one corpus part.

    Attributes
    ----------
    ids : (units,) int32, all sequences end to end.
    types : (units,) int32, 0 for the first sentence of a pair and specials before it, 1 for the second.
    words : (units,) int32, index of the word within its sentence, -1 for word boundaries, -2 for special units.
    starts : (sequences + 1,) int32, where each sequence starts; the last entry is the total.
    targets : (sequences,) label a pair; (words,) label a word for tagged text; empty for plain sentences.
    positions : (words,) int32 for tagged text: the packed position of each word's first unit, -1 if it was cut off.
    counts : (sequences,) int32 for tagged text: words a sentence; empty otherwise.
    characters : (words,) int32 for tagged text: code points of each written word (NFC); empty otherwise.
    pad : id that fills the rest of a batch.
    """

    ids: Ints
    types: Ints
    words: Ints
    starts: Ints
    targets: Ints
    positions: Ints
    counts: Ints
    characters: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    pad: int = PAD

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
        arrays = {f.name: np.asarray(getattr(self, f.name), np.int32) for f in fields(self)}
        content = hashlib.sha256(b"".join(array.tobytes() for _, array in sorted(arrays.items()))).hexdigest()[:16]
        temporary.write_bytes(save(arrays, {"content": content}))
        temporary.replace(path)

    @staticmethod
    def content_of(path: Path) -> str:
        """Return the hash of what :meth:`save` wrote, from the head of the file: a damaged rest does not change it."""
        with path.open("rb") as file:
            head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return str(head["__metadata__"]["content"])

    def take(self, rows: Sequence[int]) -> Encoded:
        """Return the sequences at ``rows``, in that order."""
        at = np.asarray(rows, np.int64)
        units = _ranges(self.starts[at], self.lengths[at])
        starts = np.concatenate([[0], np.cumsum(self.lengths[at])]).astype(np.int32)
        flat = {name: getattr(self, name)[units] for name in ("ids", "types", "words")}
        if len(self.counts) == 0:
            labels = self.targets[at] if len(self.targets) else self.targets
            return replace(self, **flat, starts=starts, targets=labels)
        offsets = np.concatenate([[0], np.cumsum(self.counts)])
        words = _ranges(offsets[at], self.counts[at])
        shift = np.repeat(starts[:-1] - self.starts[at], self.counts[at])
        positions = self.positions[words]
        moved = np.where(positions < 0, -1, positions + shift).astype(np.int32)
        return replace(self, **flat, starts=starts, targets=self.targets[words], positions=moved,
                       counts=self.counts[at], characters=self.characters[words])  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> Encoded:
        """Read what :meth:`save` wrote."""
        from safetensors.numpy import load_file

        arrays = load_file(path)
        return cls(**{**arrays, "pad": int(arrays["pad"])})


def encode(corpus: Pairs | Tagged | Sentences, spelling: Spelling, coder: Coder, *, max_length: int) -> Encoded:
    """Turn a corpus into packed arrays.

    Parameters
    ----------
    corpus : one part (train, dev, test, or parallel sentences) in one language.
    spelling : how its words are spelt (:func:`gapstudy.units.spelling`).
    coder : the units of an encoder (:mod:`gapstudy.coders`).
    max_length : units a sequence, special ones included; of a pair the longer sentence is cut first.
    """
    step = _AT_ONCE
    parts = [_encode(_rows(corpus, at, at + step), spelling, coder, max_length) for at in range(0, len(corpus), step)]
    return _end_to_end(parts) if parts else _encode(corpus, spelling, coder, max_length)


def _rows(corpus: Pairs | Tagged | Sentences, start: int, stop: int) -> Pairs | Tagged | Sentences:
    columns = [getattr(corpus, column.name)[start:stop] for column in fields(corpus)]
    return type(corpus)(*columns)


def _end_to_end(parts: Sequence[Encoded]) -> Encoded:
    """Return packed parts as one."""
    before = np.cumsum([0, *(len(part.ids) for part in parts)])

    def joined(name: str) -> Ints:
        return np.concatenate([getattr(part, name) for part in parts]).astype(np.int32, copy=False)

    starts = [part.starts[:-1] + offset for part, offset in zip(parts, before, strict=False)]
    moved = [np.where(part.positions < 0, -1, part.positions + n) for part, n in zip(parts, before, strict=False)]
    return Encoded(
        **{name: joined(name) for name in ("ids", "types", "words", "targets", "counts", "characters")},
        starts=np.concatenate([*starts, before[-1:]]).astype(np.int32),
        positions=np.concatenate(moved).astype(np.int32),
        pad=parts[0].pad,
    )


def _encode(corpus: Pairs | Tagged | Sentences, spelling: Spelling, coder: Coder, max_length: int) -> Encoded:
    framing = coder.framing
    if isinstance(corpus, Pairs):
        first, second = (coder.code(_split(side, spelling), spelling) for side in (corpus.premises, corpus.hypotheses))
        rows = [_pair(a, b, framing, max_length) for a, b in zip(first, second, strict=True)]
        return _pack(rows, np.asarray(corpus.labels, np.int32), framing)
    if isinstance(corpus, Tagged):
        rows = [_single(chunk, framing, max_length) for chunk in coder.code(corpus.words, spelling)]
        targets = np.asarray([tag for tags in corpus.tags for tag in tags], np.int32)
        return _pack(rows, targets, framing, corpus.words)
    rows = [_single(chunk, framing, max_length) for chunk in coder.code(_split(corpus.lines, spelling), spelling)]
    return _pack(rows, np.empty(0, np.int32), framing)


def _split(lines: Sequence[str], spelling: Spelling) -> list[tuple[str, ...]]:
    return [tuple(spelling.split(line)) for line in lines]


Row = tuple[list[int], list[int], list[int]]  # ids, types, words


def _single(chunk: Chunks, framing: Framing, max_length: int) -> Row:
    before, after = framing.before, framing.after
    room = max_length - len(before) - len(after)
    ids, words = chunk[0][:room], chunk[1][:room]
    sequence = [*before, *ids, *after]
    return sequence, [0] * len(sequence), [*_special(before), *words, *_special(after)]


def _pair(first: Chunks, second: Chunks, framing: Framing, max_length: int) -> Row:
    before, between, after = framing.before, framing.between, framing.after
    a, b = _kept(len(first[0]), len(second[0]), max_length - len(before) - len(between) - len(after))
    ids = [*before, *first[0][:a], *between, *second[0][:b], *after]
    types = [0] * (len(before) + a + len(between)) + [framing.second] * (b + len(after))
    words = [*_special(before), *first[1][:a], *_special(between), *second[1][:b], *_special(after)]
    return ids, types, words


def _special(units: Sequence[int]) -> list[int]:
    return [SPECIAL] * len(units)


def _kept(a: int, b: int, room: int) -> tuple[int, int]:
    """Share ``room`` units between two sentences, cutting the longer one first."""
    if a + b <= room:
        return a, b
    half = room // 2
    if b <= half:
        return room - b, b
    return (a, room - a) if a <= room - half else (room - half, half)


def _pack(rows: list[Row], targets: Ints, framing: Framing, sentences: Sequence[Sequence[str]] = ()) -> Encoded:
    ids, types, words = (np.asarray([v for row in rows for v in row[i]], np.int32) for i in range(3))
    starts = np.concatenate([[0], np.cumsum([len(row[0]) for row in rows])]).astype(np.int32)
    counts = np.asarray([len(sentence) for sentence in sentences], np.int32)
    characters = [len(unicodedata.normalize("NFC", word)) for sentence in sentences for word in sentence]
    positions = _first_units(words, starts, counts)
    return Encoded(
        ids, types, words, starts, targets, positions, counts, np.asarray(characters, np.int32), pad=framing.pad
    )


def _first_units(words: Ints, starts: Ints, word_counts: Ints) -> Ints:
    """Find the packed position of the first unit of every word, -1 where it was cut off."""
    offsets = np.concatenate([[0], np.cumsum(word_counts)]).astype(np.int64)
    positions = np.full(int(offsets[-1]), -1, np.int32)
    if not len(word_counts):
        return positions
    sequence = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    at = np.flatnonzero(words >= 0)[::-1]  # backwards, so that the first unit of a word is written last
    positions[offsets[sequence[at]] + words[at]] = at
    return positions


def _ranges(starts: npt.NDArray[np.integer], lengths: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return ``starts[0], starts[0] + 1, ...`` for ``lengths[0]`` numbers, and so on."""
    total = int(lengths.sum())
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts.astype(np.int64) - before, lengths) + np.arange(total)
