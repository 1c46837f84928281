"""The two modes: one cleaned word to its phones.

Paper: section 3.1. ``faithful`` is what the paper's pipeline does: Epitran's output as it is, segmented. ``normalised``
repairs letters before Epitran and notation after it, and treats what is no letter of the language by rule:

=============================== ====================================================================
in a word                       becomes
=============================== ====================================================================
letters of the script           Epitran, between the repairs of :mod:`gapstudy.g2p.orthography`
Latin letters in other scripts  the English chain (``LG전자``, ``USB``)
digits of any script            one symbol a digit, 0-9
punctuation                     one symbol a mark, typographic variants as ASCII (:mod:`gapstudy.g2p.marks`)
apostrophes in or after words   silent, but for Swahili ng'; Ukrainian words are cut there
foreign diacritics, stress      dropped where the bare letter is one of the language's
any other character             its own symbol, counted as unmapped by the audit (Hanja, Greek, emoji)
=============================== ====================================================================
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from gapstudy.g2p.asian import HINDI, KOREAN, URDU
from gapstudy.g2p.cyrillic import RUSSIAN, UKRAINIAN
from gapstudy.g2p.english import English
from gapstudy.g2p.latin import ENGLISH, FINNISH, FRENCH, HUNGARIAN, ITALIAN, SWAHILI, TURKISH
from gapstudy.g2p.marks import plain, symbols
from gapstudy.g2p.orthography import SCRIPTS, LetterTable, Orthography, compiled, rewrite
from gapstudy.g2p.rules import EpitranRules
from gapstudy.g2p.segmenting import segment

__all__ = ["ORTHOGRAPHIES", "Convert", "english_normalised", "faithful", "faithful_english", "rules_normalised"]

Convert = Callable[[str], list[str]]

ORTHOGRAPHIES: dict[str, Orthography] = {
    "eng": ENGLISH,
    "fra": FRENCH,
    "rus": RUSSIAN,
    "ita": ITALIAN,
    "hun": HUNGARIAN,
    "ukr": UKRAINIAN,
    "kor": KOREAN,
    "tur": TURKISH,
    "fin": FINNISH,
    "hin": HINDI,
    "swa": SWAHILI,
    "urd": URDU,
}
_TIE_AT_END = re.compile("[\u035c\u0361]+$")
_ASCII_WORD = re.compile("[A-Za-z'’]+|[^A-Za-z'’]+")


def faithful(rules: EpitranRules) -> Convert:
    """Epitran's output, segmented."""
    return lambda word: segment(rules.ipa(word))


def faithful_english(english: English) -> Convert:
    """What Epitran's Flite class does: ASCII words are looked up, anything else passes through."""

    def convert(word: str) -> list[str]:
        parts = _ASCII_WORD.findall(word)
        return [phone for part in parts for phone in (english(part) if part.isascii() else ()) or segment(part)]

    return convert


def _runs(orthography: Orthography) -> re.Pattern[str]:
    """A word's stretches: of the language's script, of Latin letters in another script, and other characters."""
    own, latin, inside = SCRIPTS[orthography.script], SCRIPTS["Latn"], re.escape(orthography.inside)
    middle = f"(?:[{inside}]+[{own}]+)*[{inside}]?" if inside else ""
    lead = f"[{inside}]?" if orthography.script == "Latn" else ""
    return re.compile(
        rf"(?P<own>{lead}[{own}]+{middle})|(?P<latin>[{latin}]+(?:['’ʼ][{latin}]+)*)|(?P<other>.)", re.DOTALL
    )


def _by_runs(runs: re.Pattern[str], own: Convert, latin: Convert) -> Convert:
    """Convert a word stretch by stretch; a stretch that stays silent is left out."""

    def convert(word: str) -> list[str]:
        phones: list[str] = []
        marks = ""
        for found in runs.finditer(plain(word)):
            if found["other"]:
                marks += found["other"]
                continue
            phones += symbols(marks)
            phones += own(found[0]) if found["own"] else latin(found[0])
            marks = ""
        return phones + symbols(marks)

    return convert


def english_normalised(english: English) -> Convert:
    """English: every Latin-script stretch through the English chain."""

    def latin(run: str) -> list[str]:
        return list(english(run)) or symbols(run)

    return _by_runs(_runs(ENGLISH), latin, latin)


def _clean_ipa(ipa: str) -> list[str]:
    """Phones of repaired IPA: no tie bar at the end, and a modifier that has nothing before it stands alone."""
    ipa = _TIE_AT_END.sub("", ipa)
    body = ipa.lstrip("ʰʱʲʷˠːˑ")
    return symbols(ipa[: len(ipa) - len(body)]) + segment(body)


def rules_normalised(orthography: Orthography, rules: EpitranRules, english: English | None) -> Convert:
    """A rule language: letters repaired, Epitran, notation repaired; Latin stretches through the English chain."""
    known = frozenset(char for char in rules.letters if not "\u0300" <= char <= "\u036f") | set(orthography.passes)
    table = LetterTable(orthography, known)
    stretch = re.compile(f"(?P<known>[{re.escape(''.join(sorted(known)))}]+)|.", re.DOTALL)
    before, after = compiled(orthography.before), compiled(orthography.after)

    def own(run: str) -> list[str]:
        phones = []
        for found in stretch.finditer(rewrite(run.translate(table), before)):
            if found["known"]:
                phones += _clean_ipa(rewrite(unicodedata.normalize("NFD", rules.ipa(found[0])), after))
            else:
                phones += symbols(found[0])
        return phones

    def latin(run: str) -> list[str]:
        return (list(english(run)) if english else []) or symbols(run)

    return _by_runs(_runs(orthography), own, latin)
