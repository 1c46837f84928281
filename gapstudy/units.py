"""Text as input units: subword pieces, characters, or phones, behind one interface.

Paper: section 3.1 (models), section 3.6 (preprocessing); Figure 1. A :class:`Spelling` turns words into the
strings that a tokenizer reads, with the separator that stands between words: nothing for subwords, a blank for
characters, and U+2581 for phones (XPhoneBERT's input form). Words keep their index, so that labels align exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gapstudy.study import Representation

if TYPE_CHECKING:
    from gapstudy.g2p.audit import Replacement

__all__ = ["WORD_BOUNDARY", "Characters", "Phones", "Spelling", "Subwords", "interleave", "spelling"]

WORD_BOUNDARY = "\u2581"


class Spelling(Protocol):
    """How one language's words are spelt for a tokenizer."""

    @property
    def separator(self) -> str | None:
        """What stands between two words, or None."""
        ...

    @property
    def provenance(self) -> str:
        """What did the spelling, with versions: recorded in every run."""
        ...

    @property
    def identity(self) -> str:
        """What decides the spelling, rules of our own included: caches are keyed by it."""
        ...

    def split(self, text: str) -> list[str]:
        """Return the words of a raw sentence."""
        ...

    def spell(self, words: Iterable[str]) -> dict[str, str]:
        """Return each distinct word as the tokenizer reads it."""
        ...


@dataclass(frozen=True, slots=True)
class Subwords:
    """Words as they are; the tokenizer's own rules cut them into pieces."""

    separator: str | None = None
    provenance: str = "orthography"
    identity: str = "orthography"

    def split(self, text: str) -> list[str]:
        """Return the blank-separated words."""
        return text.split()

    def spell(self, words: Iterable[str]) -> dict[str, str]:
        """Return words unchanged."""
        return {word: word for word in words}


@dataclass(frozen=True, slots=True)
class Characters:
    """Words as they are, with the blank between them a unit of its own; one unit a code point."""

    separator: str | None = " "
    provenance: str = "orthography"
    identity: str = "orthography"

    def split(self, text: str) -> list[str]:
        """Return the blank-separated words."""
        return text.split()

    def spell(self, words: Iterable[str]) -> dict[str, str]:
        """Return words unchanged."""
        return {word: word for word in words}


class Phones:
    """Words as blank-separated phones, through Epitran and segments."""

    separator: str | None = WORD_BOUNDARY

    def __init__(
        self,
        language: str,
        representation: Representation,
        cache: Path | None,
        vocabulary: frozenset[str] | None = None,
    ) -> None:
        """Prepare conversion for ``language``; nothing heavy is loaded until a new word is seen."""
        from gapstudy.g2p import Phonemizer

        fitted: dict[str, Any] = {"vocabulary": vocabulary} if representation.g2p == "harmonised" else {}
        self._phonemizer = Phonemizer(
            language, mode=representation.g2p, english=representation.english, cache_dir=cache, **fitted
        )
        self.provenance: str = self._phonemizer.backend
        self.identity: str = self._phonemizer.identity

    def split(self, text: str) -> list[str]:
        """Return the words and punctuation marks."""
        from gapstudy.g2p import split_words

        return split_words(text)

    def spell(self, words: Iterable[str]) -> dict[str, str]:
        """Return the phones of each distinct word, joined by blanks."""
        return {word: " ".join(phones) for word, phones in self._phonemizer.words(words).items()}

    def replacements(self, counts: Mapping[str, int]) -> tuple[Replacement, ...]:
        """Return what the mode ``harmonised`` put in the place of phones that the model lacks; nothing in other modes."""
        return self._phonemizer.replacements(counts) if self._phonemizer.mode == "harmonised" else ()


def spelling(
    representation: Representation,
    language: str,
    cache: Path | None = None,
    vocabulary: frozenset[str] | None = None,
) -> Spelling:
    """Return how ``representation`` spells ``language``.

    Parameters
    ----------
    cache : where pronunciations are kept.
    vocabulary : symbols of the model; the mode ``harmonised`` fits phones to it, the others do not look at it.
    """
    if representation.kind == "subword":
        return Subwords()
    return Characters() if representation.kind == "character" else Phones(language, representation, cache, vocabulary)


def interleave(words: Sequence[str], spelt: dict[str, str], separator: str | None) -> list[str]:
    """Return spelt words with the separator between them, as one pre-split input of a tokenizer."""
    if separator is None:
        return [spelt[word] for word in words]
    out = [separator] * (2 * len(words) - 1)
    out[::2] = [spelt[word] for word in words]
    return out
