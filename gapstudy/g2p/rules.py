"""Epitran's rules for one language, applied to one word at a time without what makes Epitran slow.

Paper: section 3.1 (Epitran, Mortensen, Dalmia & Littell 2018).

``Epitran(code)`` spends 2-4 s on panphon's feature tables, which transliteration never uses, and
``general_trans`` formats a debug message at each character. Here Epitran's own parts (its map, its rule files through
``PrePostProcessor``, ``StripDiacritics``) are put together in the same order, and a rule that rewrites a string is asked
only where the word holds that string (Korean has 87 rules, of which one or two apply to a word); a test holds the output
equal to ``Epitran.transliterate`` on thousands of words of each language and on random strings.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib import resources

from gapstudy.g2p.segmenting import undisturbed

__all__ = ["JAMO", "EpitranRules", "epitran_rules"]

# Conjoining jamo, into which NFD takes Hangul syllables, and the compatibility jamo of Epitran's Korean map.
_CONJOINING = (*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A8, 0x11C3))
_COMPATIBLE = (
    "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
    "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
    "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
)
JAMO = dict(zip(_CONJOINING, _COMPATIBLE, strict=True))

_TONES = re.compile("[˩˨˧˦˥]")
_REWRITTEN = re.compile(r"\(\?P<a>(.*?)\)\(\?P<Y>")
_REGEX = re.compile(r"[\\^$.|?*+()\[\]{}]")
_SYLLABLE = re.compile("[\uac00-\ud7a3]")


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _read_map(code: str) -> dict[str, str]:
    """Return Epitran's table from graphemes to IPA (both NFD, without tones)."""
    with resources.files("epitran").joinpath(f"data/map/{code}.csv").open(encoding="utf-8") as rows:
        next(rows)
        return {_nfd(graph): _TONES.sub("", _nfd(phone)) for graph, phone in csv.reader(rows)}


def _required(rule: Callable[[str], str]) -> str:
    """The string without which a rule of Epitran changes nothing; empty where that cannot be told.

    Epitran compiles ``a -> b / X _ Y`` to ``(?P<X>...)(?P<a>...)(?P<Y>...)`` and keeps the pattern in a closure.
    """
    for cell in rule.__closure__ or ():
        found = _REWRITTEN.search(str(getattr(cell.cell_contents, "pattern", "")))
        if found and not _REGEX.search(found[1]):
            return found[1]
    return ""


def _cascade(code: str, side: str) -> Callable[[str], str]:
    """Epitran's rules before or after its map, in order, each asked only where it may apply."""
    from epitran.ppprocessor import PrePostProcessor

    rules = [(_required(rule), rule) for rule in PrePostProcessor(code, side, False).rules.rules]

    def process(word: str) -> str:
        for required, rule in rules:
            if required in word:
                word = rule(word)
        return word

    return process


class EpitranRules:
    """The rules of one Epitran code, such as ``swa-Latn``.

    Attributes
    ----------
    letters : characters (NFC and NFD) that Epitran's map holds; others pass through it as they are.
    accents : combining accents of letters in the map that Unicode has no composed form of.
    """

    def __init__(self, code: str) -> None:
        """Read and compile the rules (10-120 ms, and 1 s for the first import of Epitran)."""
        with undisturbed("epitran"):
            from epitran.stripdiacritics import StripDiacritics

            self._before, self._after = _cascade(code, "pre"), _cascade(code, "post")
        self._map = _read_map(code)
        # Epitran ignores case where it looks for graphemes and heeds it where it looks them up: what only a capital
        # stands for in the map passes through.
        capitals = any(graph != graph.lower() for graph in self._map)
        self._graphemes = re.compile("|".join(sorted(self._map, key=len, reverse=True)), re.IGNORECASE * capitals)
        stripper = StripDiacritics(code)
        self._strip = stripper.process if stripper.diacritics else None
        composed = unicodedata.normalize("NFC", " ".join(self._map))
        self.letters = frozenset("".join(self._map) + composed) - {" "}
        self.accents = frozenset(char for char in composed if "\u0300" <= char <= "\u036f")

    def ipa(self, word: str) -> str:
        """Return what ``Epitran(code).transliterate(word)`` returns (NFC; unmapped characters pass through)."""
        if _SYLLABLE.search(word):
            word = _nfd(word).translate(JAMO)
        word = _nfd(word.lower())
        if self._strip is not None:
            word = self._strip(word)
        mapped = self._graphemes.sub(lambda found: self._map.get(found[0], found[0]), self._before(word))
        return unicodedata.normalize("NFC", self._after(mapped))


@cache
def epitran_rules(code: str) -> EpitranRules:
    """Return the rules of an Epitran code, compiled once a process."""
    return EpitranRules(code)
