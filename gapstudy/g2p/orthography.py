"""What Epitran needs to be told about one language's letters, before and after its rules.

Paper: section 3.1; the repairs are gapstudy's own, so they belong to the mode ``normalised`` alone.

An :class:`Orthography` is data: letters that Epitran's map lacks and what they are worth in letters that it has (or
in IPA, which passes through Epitran untouched), then rewrites of the IPA where two notations stand for one phone.
The tables are in :mod:`gapstudy.g2p.latin`, :mod:`gapstudy.g2p.cyrillic` and :mod:`gapstudy.g2p.asian`; any other
language gets :func:`general`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gapstudy.g2p.words import APOSTROPHES

__all__ = ["SCRIPTS", "STRAY", "LetterTable", "Orthography", "Rewrites", "compiled", "general", "rewrite"]

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
    "Grek": f"\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u03ff\u1f00-\u1fff{_COMBINING}",
    "Syrc": "\u0710-\u074f",
    "Beng": "\u0980-\u09e3\u09f0-\u09f1",
    "Guru": "\u0a00-\u0a63\u0a70-\u0a7f",
    "Orya": "\u0b00-\u0b63\u0b71",
    "Taml": "\u0b80-\u0be3",
    "Telu": "\u0c00-\u0c63",
    "Knda": "\u0c80-\u0ce3",
    "Mlym": "\u0d00-\u0d63\u0d7a-\u0d7f",
    "Sinh": "\u0d80-\u0ddf\u0df2\u0df3",
    "Thai": "\u0e01-\u0e3a\u0e40-\u0e4e",
    "Laoo": "\u0e80-\u0ecf\u0edc-\u0edf",
    "Mymr": "\u1000-\u103f\u1050-\u108f",
    "Geor": "\u10a0-\u10fa\u10fc-\u10ff\u1c90-\u1cbf",
    "Ethi": "\u1200-\u135f\u1380-\u138f",
    "Khmr": "\u1780-\u17d3\u17d7\u17dc\u17dd",
    "Hira": "\u3041-\u309f",
    "Kana": "\u30a1-\u30fa\u30fc-\u30ff",
    "Goth": "\U00010330-\U0001034a",
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


# What Latin letters are worth that a language's map may lack, in letters that it may have.
_SUBSTITUTES = {
    "ß": "ss",
    "æ": "e",
    "œ": "e",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "t",
    "ħ": "h",
    "ŋ": "ng",
} | {
    "ı": "i",
    "ə": "e",
    "c": "k",
    "q": "k",
    "x": "ks",
    "y": "i",
    "w": "v",
}
_WESTERN = frozenset({"Latn", "Cyrl", "Grek"})


def general(script: str, letters: frozenset[str], accents: Iterable[str]) -> Orthography:
    """Return the repairs of a language that has no table of its own: those that hold for any language.

    An apostrophe that Epitran's map has is written as there, any other is silent; Latin letters that the map lacks are
    what they are elsewhere in Europe; foreign diacritics are dropped, as :class:`LetterTable` does for every language.

    Parameters
    ----------
    script : ISO 15924 code.
    letters : the characters of Epitran's map.
    accents : combining accents of those of its letters that have no composed form.
    """
    own = "".join(char for char in APOSTROPHES + "ʻʹ" if char in letters)
    foreign = "".join(char for char in APOSTROPHES if char not in own)
    substitutes = {
        letter: worth
        for letter, worth in _SUBSTITUTES.items()
        if script == "Latn" and letter not in letters and letters.issuperset(worth)
    }
    western = script in _WESTERN
    return Orthography(
        script=script,
        letters=substitutes,
        passes="".join(sorted(accents)),
        before=((f"[{foreign}]", own[:1]),) if western and foreign else (),
        inside=APOSTROPHES + "ʻʹ" if western else "",
    )
