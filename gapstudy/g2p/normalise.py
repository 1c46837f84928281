"""Two of the modes: one cleaned word to its phones.

Paper: section 3.1. ``faithful`` is what the paper's pipeline does: Epitran's output as it is, segmented. ``normalised``
repairs letters before Epitran and notation after it, and treats what is no letter of the language by rule
(``harmonised``, which fits the result to a vocabulary, is :mod:`gapstudy.g2p.harmonise`):

=============================== ====================================================================
in a word                       becomes
=============================== ====================================================================
letters of the script           Epitran, between the repairs of :mod:`gapstudy.g2p.orthography`
notation of the phones          one for each phone, for every language (:mod:`gapstudy.g2p.notation`)
digits of any script            number words of the language (:mod:`gapstudy.g2p.numbers`)
Latin letters in other scripts  the English chain (``LG전자``, ``USB``)
other scripts that can be read  as the language that stands for the script in :data:`READERS`
punctuation                     one symbol a mark, typographic variants as ASCII (:mod:`gapstudy.g2p.marks`)
apostrophes in or after words   silent, but for Swahili ng'; Ukrainian words are cut there
foreign diacritics, stress      dropped where the bare letter is one of the language's
any other character             its own symbol, counted as unmapped by the audit (Han, Hebrew, emoji)
=============================== ====================================================================

Han characters stay unmapped in Korean too: no package of their readings could be depended on (PyPI's ``hanja`` pins an
old PyYAML and needs pytest); in Korean treebanks 0.25 % of the words hold one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from gapstudy.g2p.asian import HINDI, KOREAN, URDU
from gapstudy.g2p.cyrillic import RUSSIAN, UKRAINIAN
from gapstudy.g2p.english import English
from gapstudy.g2p.greek import greek
from gapstudy.g2p.latin import ENGLISH, FINNISH, FRENCH, HUNGARIAN, ITALIAN, SWAHILI, TURKISH
from gapstudy.g2p.marks import plain, symbols
from gapstudy.g2p.notation import canonical
from gapstudy.g2p.orthography import SCRIPTS, LetterTable, Orthography, compiled, general, rewrite
from gapstudy.g2p.rules import EpitranRules, epitran_rules
from gapstudy.g2p.segmenting import segment

__all__ = [
    "ORTHOGRAPHIES",
    "READERS",
    "Convert",
    "Numbers",
    "english_normalised",
    "faithful",
    "faithful_english",
    "orthography_of",
    "rules_normalised",
]

Convert = Callable[[str], list[str]]
Numbers = Callable[[str], str]

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
# Whose rules read a script inside text of another: Epitran code (and language, where it has repairs of its own). Greek,
# for which Epitran has none, is read by :mod:`gapstudy.g2p.greek`.
READERS: dict[str, str] = {
    "Cyrl": "rus-Cyrl",
    "Arab": "ara-Arab",
    "Deva": "hin-Deva",
    "Hang": "kor-Hang",
    "Hira": "jpn-Hira",
    "Kana": "jpn-Kana",
    "Beng": "ben-Beng",
    "Guru": "pan-Guru",
    "Orya": "ori-Orya",
    "Taml": "tam-Taml",
    "Telu": "tel-Telu",
    "Knda": "kan-Knda",
    "Mlym": "mal-Mlym",
    "Sinh": "sin-Sinh",
    "Thai": "tha-Thai",
    "Laoo": "lao-Laoo",
    "Mymr": "mya-Mymr",
    "Geor": "kat-Geor",
    "Ethi": "amh-Ethi",
    "Khmr": "khm-Khmr",
    "Syrc": "aii-Syrc",
    "Goth": "got-Goth",
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


def orthography_of(language: str, script: str, rules: EpitranRules) -> Orthography:
    """Return the repairs of a language: its own table, or those that hold for any."""
    return ORTHOGRAPHIES.get(language) or general(script, rules.letters, rules.accents)


def _extra_letters(script: str, rules: EpitranRules | None) -> str:
    """Letters and marks of Epitran's map outside the blocks of the language's script, escaped."""
    inside = re.compile(f"[{SCRIPTS[script]}]")
    letters = sorted(rules.letters) if rules else []
    return re.escape("".join(c for c in letters if unicodedata.category(c)[0] in "LM" and not inside.match(c)))


def _runs(orthography: Orthography, rules: EpitranRules | None = None) -> re.Pattern[str]:
    """A word's stretches: of the language's script, of Latin letters in another, of other scripts, and other characters."""
    extra = "" if rules is None else _extra_letters(orthography.script, rules)
    own, latin, inside = SCRIPTS[orthography.script] + extra, SCRIPTS["Latn"], re.escape(orthography.inside)
    middle = f"(?:[{inside}]+[{own}]+)*[{inside}]?" if inside else ""
    lead = f"[{inside}]?" if orthography.script == "Latn" else ""
    others = "|".join(f"(?P<{script}>[{SCRIPTS[script]}]+)" for script in ("Grek", *READERS))
    return re.compile(
        rf"(?P<own>{lead}[{own}]+{middle})|(?P<latin>[{latin}]+(?:['’ʼ][{latin}]+)*)|{others}|(?P<other>.)", re.DOTALL
    )


@cache
def _reader(script: str) -> Convert:
    """What reads a stretch of a script inside text of another."""
    if script == "Grek":
        return lambda run: segment(greek(run))
    code = READERS[script]
    rules = epitran_rules(code)
    return _own(orthography_of(code.split("-", maxsplit=1)[0], script, rules), rules)


def _by_runs(runs: re.Pattern[str], own: Convert, latin: Convert, numbers: Numbers | None) -> Convert:
    """Convert a word stretch by stretch; a stretch that stays silent is left out."""

    def convert(word: str) -> list[str]:
        phones: list[str] = []
        marks = ""
        text = plain(word)
        for found in runs.finditer(numbers(text) if numbers else text):
            kind = found.lastgroup
            if kind == "other":
                marks += found[0]
                continue
            if marks:
                phones += symbols(marks)
                marks = ""
            phones += own(found[0]) if kind == "own" else latin(found[0]) if kind == "latin" else _foreign(found)
        return phones + symbols(marks) if marks else phones

    return convert


def _foreign(found: re.Match[str]) -> list[str]:
    """A stretch of another script, by the reader of the script; its characters where that says nothing."""
    return _reader(str(found.lastgroup))(found[0]) or symbols(found[0])


def english_normalised(english: English, numbers: Numbers | None) -> Convert:
    """English: every Latin-script stretch through the English chain."""

    def latin(run: str) -> list[str]:
        return list(english(run)) or symbols(run)

    return _by_runs(_runs(ENGLISH), latin, latin, numbers)


def _clean_ipa(ipa: str) -> list[str]:
    """Phones of repaired IPA: no tie bar at the end, and a modifier that has nothing before it stands alone."""
    ipa = _TIE_AT_END.sub("", canonical(ipa))
    body = ipa.lstrip("ʰʱʲʷˠːˑ")
    if body == ipa:
        return segment(ipa)
    return symbols(ipa[: len(ipa) - len(body)]) + segment(body)


def _own(orthography: Orthography, rules: EpitranRules) -> Convert:
    """A stretch of one language's own letters: repaired, through Epitran, its notation repaired."""
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

    return own


def rules_normalised(
    orthography: Orthography, rules: EpitranRules, english: English | None, numbers: Numbers | None
) -> Convert:
    """A rule language: letters repaired, Epitran, notation repaired; other stretches by their readers."""

    def latin(run: str) -> list[str]:
        return (list(english(run)) if english else []) or symbols(run)

    return _by_runs(_runs(orthography, rules), _own(orthography, rules), latin, numbers)
