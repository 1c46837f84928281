"""One notation for one phone, whatever language's rules wrote it.

Paper: section 3.1; the IPA has several spellings of one sound, and Epitran's maps use them side by side. Used by the mode
``normalised``. The canonical form is that of Wiktionary's IPA, which XPhoneBERT was trained on, where it has one:

=========================================== ==============================================================
written                                     becomes
=========================================== ==============================================================
tie bar below, character tie, ligatures     tie bar above (``t͜s``, ``t⁀s``, ``ʦ`` are ``t͡s``)
ASCII ``g``, ``:`` after a sound            ``ɡ``, ``ː``
apostrophe after a consonant                ejective ``ʼ``
diacritics and modifiers twice              once (``ʲʲ``, ``ːː``)
diacritics in any order                     place, voice, tenseness, syllabicity; then what stands above
``ʲ ʷ ˠ ˤ``, ``ʰ ʱ ʼ``, ``ː ˑ`` in any order  in this order (``ʂːʲ`` is ``ʂʲː``)
tenseness on an affricate's first half      on its second (``t͈͡ɕ`` is ``t͡ɕ͈``)
retroflex stop in a retroflex affricate     alveolar stop (``ʈ͡ʂ`` is ``t͡ʂ``)
breathy dots under stops, affricates, flaps ``ʱ``
syllabic stroke above                       below
ring above or below                         below, above where a stroke of the letter or another mark is below
``ʲ`` on a palatal                          nothing (``t͡ɕʲ`` is ``t͡ɕ``)
=========================================== ==============================================================
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

__all__ = ["canonical"]

_SPELT = str.maketrans(
    {"\u035c": "\u0361", "⁀": "\u0361", "g": "ɡ", "ǝ": "ə", "ε": "ɛ", "γ": "ɣ", "\u030d": "\u0329"}
    | {"ʦ": "t\u0361s", "ʣ": "d\u0361z", "ʧ": "t\u0361ʃ", "ʤ": "d\u0361ʒ", "ʨ": "t\u0361ɕ", "ʥ": "d\u0361ʑ"}
)
_TIE = "\u0361"
_MARK = "[\u0300-\u035b\u035d-\u0360\u0362-\u036f]"
_SECONDARY, _RELEASE, _LENGTH = "ʲʷˠˤ", "ʰʱʼ", "ːˑ"
_TAIL = f"[{_SECONDARY}{_RELEASE}{_LENGTH}:'’]"
_LETTER = "[a-zæçðøħŋœɐ-ʯβθχǀ-ǃᶑƕþⱱ]"
_PHONE = re.compile(
    f"(?P<first>{_LETTER})(?P<under>{_MARK}*)(?:{_TIE}(?P<second>{_LETTER})(?P<over>{_MARK}*))?(?P<tail>{_TAIL}*)"
)
# Marks below in the order in which they are written; marks above follow as they stand.
_BELOW = "\u032a\u033a\u033b\u0320\u031f\u031d\u031e\u0325\u032c\u0330\u0348\u0329\u032f"
_DESCENDERS = frozenset("ɡjŋɲɳɰyɟçʝɥɻɽɱqpʒʑʐɣʃɖɭ")
_FORTIS, _BREATHY, _RING_BELOW, _RING_ABOVE = "\u0348", "\u0324", "\u0325", "\u030a"
_BREATHY_TAKES_H = frozenset("bdɖɟɡɢɽɾ")
_SAME_PLACE = {"ʈʂ": "t", "ɖʐ": "d"}
_PALATAL = frozenset("ɕʑɲʎjcɟʝ")
_VOWELS = frozenset("aeiouyæøœɐɑɒɔɘəɚɛɜɝɞɤɨɪɯɵɶʉʊʌʏ")


# What may need rewriting; most strings hold none of it.
_ODD = re.compile(
    f"[{''.join(chr(point) for point in _SPELT)}:'’\u0324\u0325\u030a]|{_MARK}[{_MARK[1:-1]}{_TIE}]|{_TAIL}{_TAIL}"
    f"|[ɕʑɲʎjcɟʝ]{_MARK}*ʲ|[ʈɖ]{_TIE}"
)


def _marks(letter: str, marks: str) -> str:
    """The diacritics of one letter: none twice, those below in order, rings where there is room."""
    kept = list(dict.fromkeys(marks))
    if _RING_BELOW in kept and _RING_ABOVE in kept:
        kept.remove(_RING_ABOVE)
    below = sorted((m for m in kept if m in _BELOW), key=_BELOW.index)
    above = [m for m in kept if m not in _BELOW]
    if _RING_BELOW in below and letter in _DESCENDERS:
        below.remove(_RING_BELOW)
        above.insert(0, _RING_ABOVE)
    elif _RING_ABOVE in above and not below and letter not in _DESCENDERS and letter not in _VOWELS:
        above.remove(_RING_ABOVE)
        below.append(_RING_BELOW)
    return "".join([*below, *above])


def _tail(tail: str, *, palatal: bool, vowel: bool) -> str:
    """The modifiers after a phone: secondary articulation, release, length, each once."""
    tail = tail.replace(":", "ː").replace("’", "'").replace("'", "" if vowel else "ʼ")
    order = _SECONDARY + _RELEASE + _LENGTH
    kept = sorted(dict.fromkeys(tail), key=order.index)
    return "".join(modifier for modifier in kept if not (palatal and modifier == "ʲ"))


def _rewrite(found: re.Match[str]) -> str:
    """One phone in its canonical form."""
    first, under, second, over, tail = found.group("first", "under", "second", "over", "tail")
    if _BREATHY in under + (over or "") and first in _BREATHY_TAKES_H:
        under, over, tail = under.replace(_BREATHY, ""), (over or "").replace(_BREATHY, ""), tail + "ʱ"
    if second and _FORTIS in under:
        under, over = under.replace(_FORTIS, ""), (over or "") + _FORTIS
    if second:
        first = _SAME_PLACE.get(first + second, first)
    last = second or first
    phone = first + _marks(first, under)
    if second:
        phone += _TIE + second + _marks(second, over)
    return phone + _tail(tail, palatal=last in _PALATAL, vowel=last in _VOWELS)


@cache
def _canonical_phone(phone: str) -> str:
    """One phone, worked out once."""
    return _PHONE.sub(_rewrite, phone)


def canonical(ipa: str) -> str:
    """Return an IPA string (NFD) with each phone in its canonical form (NFD); what is no IPA stays as it is.

    >>> canonical("t͈͡ɕʲːː")
    't͡ɕ͈ː'
    """
    if not _ODD.search(ipa):
        return ipa
    return unicodedata.normalize("NFD", _PHONE.sub(lambda found: _canonical_phone(found[0]), ipa.translate(_SPELT)))
