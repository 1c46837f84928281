"""What Epitran needs to be told about one language's letters, before and after its rules.

Paper: section 3.1; the repairs are gapstudy's own, so they belong to the mode ``normalised`` alone.

An :class:`Orthography` is data: letters that Epitran's map lacks and what they are worth in letters that it has (or
in IPA, which passes through Epitran untouched), then rewrites of the IPA where two notations stand for one phone.
The tables are in :mod:`gapstudy.g2p.latin`, :mod:`gapstudy.g2p.cyrillic` and :mod:`gapstudy.g2p.asian`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from gapstudy.g2p.words import APOSTROPHES

__all__ = ["SCRIPTS", "STRAY", "LetterTable", "Orthography", "Rewrites", "compiled", "rewrite"]

Rewrites = tuple[tuple[str, str], ...]
Compiled = tuple[tuple[re.Pattern[str], str], ...]

_COMBINING = "\u0300-\u036f"
# Letters and marks of each script, as the inside of a character class.
SCRIPTS: dict[str, str] = {
    "Latn": f"A-Za-zÀ-ÖØ-öø-ʯᴀ-ᶿḀ-ỿⱠ-Ɀꜰ-ꟿ{_COMBINING}",
    "Cyrl": f"\u0400-\u052f\u1c80-\u1c8f{_COMBINING}",
    "Arab": "\u0610-\u061a\u0620-\u065f\u066e-\u06d3\u06d5-\u06dc\u06df-\u06e8\u06ea-\u06ef\u06fa-\u06ff\u0750-\u077f",
    "Deva": "\u0900-\u0963\u0971-\u097f",
    "Hang": "\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e",
}

# Epitran's rules take the base letter of é, й, ŏ ... for the letter itself where a longer grapheme ends in it; the
# accent that is left over is no phonetic sign (none of these is one in Epitran's maps for Latin and Cyrillic).
STRAY = ("[\u0300-\u0302\u0306-\u0308\u030a-\u030c\u0327]", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Orthography:
    """Repairs of one language.

    Attributes
    ----------
    script : ISO 15924 code, a key of :data:`SCRIPTS`.
    letters : letter -> letters or IPA that go to Epitran in its place; capitals only where lower case is not obvious.
    before : regular expressions over the letters, applied in order after ``letters``.
    passes : characters that may pass Epitran's map unmapped (IPA that ``letters`` or ``before`` put in).
    after : regular expressions over the IPA (NFD), applied in order: one notation for one phone.
    inside : characters that belong to a word when they stand between or after its letters.
    notation : English phone -> phone, where Latin words go through the English chain.
    """

    script: str
    letters: Mapping[str, str] = field(default_factory=dict)
    before: Rewrites = ()
    passes: str = ""
    after: Rewrites = ()
    inside: str = APOSTROPHES
    notation: Mapping[str, str] = field(default_factory=lambda: {"ɹ̩": "ɝ"})


def compiled(rewrites: Rewrites) -> Compiled:
    """Compile rewrites once."""
    return tuple((re.compile(pattern), replacement) for pattern, replacement in rewrites)


def rewrite(text: str, rules: Compiled) -> str:
    """Apply compiled rewrites in order."""
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


class LetterTable(dict[int, str]):
    """A table for ``str.translate`` that works out each letter when it first meets it.

    A letter is, in this order: what the orthography says; itself, if Epitran knows it; its lower case; what its
    canonical decomposition is worth (Turkish ``é`` is ``e``, a Hangul syllable is its jamo); itself, unmapped.
    Combining accents on their own (Russian stress marks) are dropped.
    """

    def __init__(self, orthography: Orthography, known: frozenset[str]) -> None:
        """Start from the orthography's letters; ``known`` are the characters that may go to Epitran."""
        super().__init__({ord(letter): worth for letter, worth in orthography.letters.items()})
        self._known = known

    def _worth(self, char: str) -> str:
        """What a character is worth that no table holds."""
        if char in self._known:
            return char
        if "\u0300" <= char <= "\u036f":
            return ""
        low = char.lower()
        if low != char:
            return low.translate(self)
        parts = unicodedata.normalize("NFD", char)
        worth = parts.translate(self) if parts != char else ""
        return worth if worth and self._known.issuperset(worth) else char

    def __missing__(self, point: int) -> str:
        """Work a character out and remember it."""
        self[point] = self._worth(chr(point))
        return self[point]
