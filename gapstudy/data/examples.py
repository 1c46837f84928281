"""What a loaded corpus is: pairs of sentences, tagged sentences, or parallel sentences, in one language.

Labels are stored as their names' indices in :data:`LABELS`, so that two sources with different spellings agree.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Generic, TypeVar

import numpy as np

__all__ = ["LABELS", "Pairs", "Sentences", "Splits", "Tagged", "fingerprint", "subset"]

LABELS: dict[str, tuple[str, ...]] = {
    "xnli": ("entailment", "neutral", "contradiction"),
    "ner": ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"),
    "pos": (
        "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT",
        "SCONJ", "SYM", "VERB", "X",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pairs:
    """Premises, hypotheses and label indices, one of each an item (XNLI)."""

    premises: tuple[str, ...]
    hypotheses: tuple[str, ...]
    labels: tuple[int, ...]

    def __len__(self) -> int:
        """Count the items."""
        return len(self.labels)

    def take(self, rows: Sequence[int]) -> Pairs:
        """Return the items at ``rows``, in that order."""
        return Pairs(*(tuple(column[i] for i in rows) for column in (self.premises, self.hypotheses, self.labels)))  # type: ignore[arg-type]

    def texts(self) -> tuple[str, ...]:
        """Return every sentence, premises first."""
        return (*self.premises, *self.hypotheses)


@dataclass(frozen=True, slots=True)
class Tagged:
    """Sentences as words, with a label index a word (NER, POS)."""

    words: tuple[tuple[str, ...], ...]
    tags: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        """Count the sentences."""
        return len(self.words)

    def take(self, rows: Sequence[int]) -> Tagged:
        """Return the sentences at ``rows``, in that order."""
        return Tagged(tuple(self.words[i] for i in rows), tuple(self.tags[i] for i in rows))

    def texts(self) -> tuple[str, ...]:
        """Return every sentence, its words joined by blanks."""
        return tuple(" ".join(words) for words in self.words)


@dataclass(frozen=True, slots=True)
class Sentences:
    """Plain sentences; in a parallel corpus row *i* means the same in every language."""

    lines: tuple[str, ...]

    def __len__(self) -> int:
        """Count the sentences."""
        return len(self.lines)

    def texts(self) -> tuple[str, ...]:
        """Return every sentence."""
        return self.lines


E = TypeVar("E", Pairs, Tagged)


@dataclass(frozen=True, slots=True)
class Splits(Generic[E]):
    """The train, dev and test parts of one task in one language."""

    train: E
    dev: E
    test: E


def fingerprint(*corpora: Pairs | Tagged | Sentences) -> str:
    """Hash the content of corpora: 16 hex digits that change when any text or label changes."""
    digest = hashlib.sha256()
    for corpus in corpora:
        content = [getattr(corpus, field.name) for field in fields(corpus)]
        digest.update(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())
    return digest.hexdigest()[:16]


def subset(size: int, fraction: float, rng: np.random.Generator) -> list[int]:
    """Draw ``ceil(fraction * size)`` row numbers without replacement, in ascending order."""
    count = int(np.ceil(fraction * size))
    return sorted(int(i) for i in rng.choice(size, size=count, replace=False))
