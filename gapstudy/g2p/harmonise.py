"""Phones that a model does not know, replaced by the nearest that it knows.

Paper: section 3.1; XPhoneBERT gives every symbol outside its vocabulary the one unknown unit, so that a word of unknown
phones carries nothing. Used by the mode ``harmonised``, after everything that ``normalised`` does. A symbol outside the
vocabulary becomes, by the first of these that is possible:

1. a digit: the nearest digit of the vocabulary, the lower of two (``1`` is ``0`` where only 0, 2, 9 are known);
2. a mark: the first of :data:`MARKS` that the vocabulary has, then one by the mark's Unicode category;
3. a stressed phone: the phone without stress; tones in a row: the tones one by one;
4. a syllabic consonant: schwa and the consonant, where both are known;
5. a phone with a tie bar whose parts are known, and whose nearest phone differs by more than :data:`MINOR`: its parts
   (``b͡v`` is ``b v``); what panphon takes for several phones: each of them, replaced;
6. a phone that panphon's feature table knows, marks that it does not know set aside: the nearest phone of the
   vocabulary by panphon's weighted features (Mortensen et al. 2016, https://aclanthology.org/C16-1328); of several at one
   distance the one that shares most characters, then the shortest, then the first by code points.

What none of them maps (Han characters, pictures, letters that are no IPA) stays, unknown, for the audit to count.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

from gapstudy.g2p.segmenting import undisturbed

__all__ = ["MARKS", "MINOR", "Harmoniser", "vocabulary_name"]

# The weight of one of panphon's lighter features: voice and place have no more, manner has.
MINOR = 0.25
_SYLLABIC, _SCHWA = "\u0329", "ə"
_TIES = "\u0361\u035c"
_STRESS = "ˈˌ"
_TONES = frozenset("˥˦˧˨˩")
MARKS: dict[str, str] = {
    "_": "-",
    "=": "-:",
    "+": "&-",
    "$": "#*",
    "€": "$#*",
    "£": "$#*",
    "¥": "$#*",
    "₩": "$#*",
    "₹": "$#*",
    "₽": "$#*",
    "¢": "$#*",
    "№": "#*",
    "°": "*'",
    "§": "#*",
    "¶": "#*",
    "©": "*#",
    "®": "*#",
    "™": "*#",
    "\\": "/|",
    "`": "'\"",
    "´": "'",
    "^": "'*",
    "~": "-",
    "|": "/",
    "{": "([",
    "}": ")]",
    "[": "(",
    "]": ")",
    "<": "(",
    ">": ")",
    "&": "+,",
    "@": "#*",
    "#": "*",
    "%": "/",
    "*": ".",
    ";": ",:",
    ":": ";,",
    "!": ".",
    "?": ".",
    '"': "'",
    "'": '"',
    "-": ",",
    "/": "|,",
    "(": ",",
    ")": ",",
    "×": "*",
    "÷": "/",
    "±": "-",
    "†": "*",
    "‡": "*",
    "′": "'",
    "″": '"',
    "→": "-",
    "←": "-",
    "¬": "-",
    "¯": "-",
    "¨": '"',
    "¸": ",",
    "¦": "|",
}
_BY_CATEGORY = {
    "Pd": "-",
    "Ps": "([",
    "Pe": ")]",
    "Pi": "\"'",
    "Pf": "\"'",
    "Pc": "-",
    "Po": ".,*",
    "Sc": "#*",
    "Sm": "-*",
} | {"Sk": "'*"}


@cache
def _panphon() -> Any:
    """Panphon's feature table, read once a process (1-2 s)."""
    with undisturbed("panphon"):
        from panphon import FeatureTable

        return FeatureTable()


def vocabulary_name(vocabulary: Iterable[str]) -> str:
    """Return a hash of the symbols (NFD, order and repeats aside), for provenance and cache keys."""
    lines = "\n".join(sorted({unicodedata.normalize("NFD", symbol) for symbol in vocabulary}))
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Harmoniser:
    """Maps symbols into one vocabulary."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        """Keep the vocabulary (compared in NFD); panphon is loaded when a phone is first outside it."""
        self._vocabulary = frozenset(unicodedata.normalize("NFD", symbol) for symbol in vocabulary)
        self._known: dict[str, tuple[str, ...]] = {symbol: (symbol,) for symbol in self._vocabulary}
        self._vectors: list[tuple[str, tuple[int, ...]]] | None = None

    def __call__(self, phones: Iterable[str]) -> tuple[str, ...]:
        """Return the phones (NFD), each outside the vocabulary replaced where that is possible."""
        return tuple(symbol for phone in phones for symbol in self.replacement(phone))

    def replacement(self, symbol: str) -> tuple[str, ...]:
        """Return what stands for one symbol: itself where it is known or cannot be mapped."""
        found = self._known.get(symbol)
        if found is None:
            found = self._known[symbol] = self._found(symbol) or (symbol,)
        return found

    def _found(self, symbol: str) -> tuple[str, ...]:
        """What stands for a symbol outside the vocabulary; empty where nothing does."""
        head = symbol[0]
        if len(symbol) == 1 and head.isdecimal():
            return self._digit(unicodedata.decimal(head))
        if head in _STRESS:
            return self.replacement(symbol.lstrip(_STRESS)) if symbol.strip(_STRESS) else ()
        if set(symbol) <= _TONES:
            return tuple(symbol) if self._vocabulary.issuperset(symbol) else ()
        if unicodedata.category(head)[0] in "PS":
            return self._mark(head)
        return self._syllabic(symbol) or self._phone(symbol)

    def _syllabic(self, symbol: str) -> tuple[str, ...]:
        """Schwa and the consonant for a syllabic one."""
        parts = (_SCHWA, symbol.replace(_SYLLABIC, ""))
        return parts if _SYLLABIC in symbol and self._vocabulary.issuperset(parts) else ()

    def _digit(self, value: int) -> tuple[str, ...]:
        """The nearest digit."""
        digits = sorted(int(digit) for digit in "0123456789" if digit in self._vocabulary)
        return (str(min(digits, key=lambda digit: abs(digit - value))),) if digits else ()

    def _mark(self, mark: str) -> tuple[str, ...]:
        """The nearest mark, by table."""
        candidates = MARKS.get(mark, "") + _BY_CATEGORY.get(unicodedata.category(mark), "")
        return next(((other,) for other in candidates if other in self._vocabulary), ())

    def _phone(self, symbol: str) -> tuple[str, ...]:
        """The nearest phone by features, or the parts of an affricate or a double articulation."""
        segments = self._segments(symbol)
        if len(segments) > 1:
            return tuple(part for segment in segments for part in self.replacement(segment))
        if not segments:
            return ()
        distance, nearest = self._nearest(symbol, tuple(_panphon().fts(segments[0]).numeric()))
        parts = [part for part in symbol.replace(_TIES[1], _TIES[0]).split(_TIES[0]) if part]
        if len(parts) > 1 and distance > MINOR and self._vocabulary.issuperset(parts):
            return tuple(parts)
        return (nearest,) if nearest else ()

    @staticmethod
    def _segments(symbol: str) -> list[str]:
        """What panphon makes of a symbol without the marks that it does not know; nothing if it knows not all letters."""
        segments = [unicodedata.normalize("NFD", s) for s in _panphon().ipa_segs(symbol.replace("g", "ɡ"))]
        letters = [char for char in symbol.replace("g", "ɡ") if unicodedata.category(char) in {"Ll", "Lo", "Lu"}]
        known = [char for char in "".join(segments) if unicodedata.category(char) in {"Ll", "Lo", "Lu"}]
        return segments if known == letters else []

    def _candidates(self) -> list[tuple[str, tuple[int, ...]]]:
        """The phones of the vocabulary that panphon knows whole, unstressed, with their features."""
        if self._vectors is None:
            table = _panphon()
            phones = [symbol for symbol in sorted(self._vocabulary) if table.seg_known(symbol)]
            self._vectors = [(phone, tuple(table.fts(phone).numeric())) for phone in phones]
        return self._vectors

    def _nearest(self, symbol: str, features: tuple[int, ...]) -> tuple[float, str]:
        """The distance and name of the nearest phone; the name is empty where the vocabulary holds no phone."""
        weights = _panphon().weights

        def order(candidate: tuple[str, tuple[int, ...]]) -> tuple[float, int, int, str]:
            phone, values = candidate
            apart = sum(w * abs(a - b) for w, a, b in zip(weights, features, values, strict=False)) / 2
            return apart, -len(set(symbol) & set(phone)), len(phone), phone

        ranked = min((order(candidate) for candidate in self._candidates()), default=None)
        return (ranked[0], ranked[3]) if ranked else (0.0, "")
