"""Numbers read as words of the language, before its letters become phones.

Paper: none; XPhoneBERT's vocabulary has of the digits only 0, 2 and 9. Used by the mode ``normalised``, for every language
in the same way:

==================================== =====================================================================
in a word                            is read as
==================================== =====================================================================
digits of any script                 the cardinal of their value (``1998``, ``۱۲۳``, ``१२``), no year names
a leading zero, more than 12 digits  digit by digit (``007``)
groups of three (Indian: two)        one number, where the mark between is the language's (``1,000``; ``1.000``)
any other mark beside digits         stays a mark, each side a number (``3.5``, ``12.05``, ``-5``, ``COVID-19``)
``15th``, French ``2e``              the ordinal; other endings are read as they stand (``70'lere``)
Korean                               Sino-Korean, written together with what follows; June and October as said
Roman numerals                       letters
==================================== =====================================================================

The words are those of the package ``num2words``, and of the tables below for Hindi, Urdu and Swahili, which it lacks. A
language that neither has keeps its digits, 0-9, one symbol each.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from gapstudy.g2p.arpabet import package_version
from gapstudy.g2p.segmenting import undisturbed
from gapstudy.languages import Language

__all__ = ["LONGEST", "NumberReader", "number_reader", "numbers_name"]

LONGEST = 12
_DIGIT = re.compile(r"\d")
Cardinal = Callable[[int], str]

# ISO 639-1 -> what num2words calls it, where it counts to 10^12 in the script of ours (a test holds this to it; its
# Serbian is in Latin letters, its Amharic, Kannada and Telugu end earlier).
_NUM2WORDS = {
    code: code
    for code in [
        "ar",
        "az",
        "bn",
        "ca",
        "cs",
        "cy",
        "de",
        "en",
        "eo",
        "es",
        "fa",
        "fi",
        "fr",
        "hu",
        "id",
        "it",
        "ko",
        "lt",
        "lv",
        "nl",
        "pl",
        "pt",
        "ro",
        "ru",
        "sl",
        "sv",
        "tg",
        "th",
    ]
} | {"tr": "tr", "uk": "uk", "vi": "vi", "kk": "kz"}
_POINT_GROUPS = frozenset(
    [
        "de",
        "es",
        "fr",
        "hu",
        "id",
        "it",
        "nl",
        "pt",
        "ro",
        "ru",
        "sl",
        "sr",
        "sv",
        "tr",
        "uk",
        "vi",
        "az",
        "be",
        "ca",
        "cs",
        "da",
        "el",
        "fi",
        "hr",
        "kk",
        "lt",
        "lv",
        "pl",
    ]
)
_INDIAN = frozenset({"Deva", "Beng", "Guru", "Orya", "Taml", "Telu", "Knda", "Mlym"})
_ORDINAL_ENDINGS = {"en": "st|nd|rd|th", "fr": "ers?|res?|ères?|es?|èmes?|èmes?|ièmes?"}
_KOREAN_MONTHS = (("(?<![0-9])6(?=월)", "유"), ("(?<![0-9])10(?=월)", "시"))

# 0 to 99; both languages count to a hundred without a rule.
_HINDI = """शून्य एक दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस
बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस
चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ
साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उन्यासी
अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"""
_URDU = """صفر ایک دو تین چار پانچ چھ سات آٹھ نو دس گیارہ بارہ تیرہ چودہ پندرہ سولہ سترہ اٹھارہ انیس
بیس اکیس بائیس تئیس چوبیس پچیس چھبیس ستائیس اٹھائیس انتیس تیس اکتیس بتیس تینتیس چونتیس پینتیس چھتیس سینتیس اڑتیس انتالیس
چالیس اکتالیس بیالیس تینتالیس چوالیس پینتالیس چھیالیس سینتالیس اڑتالیس انچاس پچاس اکیاون باون ترپن چون پچپن چھپن ستاون اٹھاون انسٹھ
ساٹھ اکسٹھ باسٹھ ترسٹھ چونسٹھ پینسٹھ چھیاسٹھ سڑسٹھ اڑسٹھ انہتر ستر اکہتر بہتر تہتر چوہتر پچہتر چھہتر ستتر اٹھہتر اناسی
اسی اکیاسی بیاسی تراسی چوراسی پچاسی چھیاسی ستاسی اٹھاسی نواسی نوے اکانوے بانوے ترانوے چورانوے پچانوے چھیانوے ستانوے اٹھانوے ننانوے"""
_HINDI_POWERS = ((10**11, "खरब"), (10**9, "अरब"), (10**7, "करोड़"), (10**5, "लाख"), (1000, "हज़ार"), (100, "सौ"))
_URDU_POWERS = ((10**11, "کھرب"), (10**9, "ارب"), (10**7, "کروڑ"), (10**5, "لاکھ"), (1000, "ہزار"), (100, "سو"))
_SWAHILI = ["sifuri", "moja", "mbili", "tatu", "nne", "tano", "sita", "saba", "nane", "tisa"]
_SWAHILI_TENS = ["kumi", "ishirini", "thelathini", "arobaini", "hamsini", "sitini", "sabini", "themanini", "tisini"]
_SWAHILI_POWERS = ((10**9, "bilioni"), (10**6, "milioni"), (1000, "elfu"), (100, "mia"))


def _indian(words: str, powers: tuple[tuple[int, str], ...]) -> Cardinal:
    """Cardinals from a list of 0-99 and the powers, each preceded by how many."""
    small = words.split()

    def cardinal(value: int) -> str:
        if value < 100:
            return small[value]
        power, name = next(pair for pair in powers if pair[0] <= value)
        count, rest = divmod(value, power)
        return " ".join([cardinal(count), name, *([cardinal(rest)] if rest else [])])

    return cardinal


def _swahili(value: int) -> str:
    """Swahili cardinals: the power before how many, ``na`` between ten and unit."""
    if value < 10:
        return _SWAHILI[value]
    if value < 100:
        ten, unit = divmod(value, 10)
        return _SWAHILI_TENS[ten - 1] + (f" na {_SWAHILI[unit]}" if unit else "")
    power, name = next(pair for pair in _SWAHILI_POWERS if pair[0] <= value)
    count, rest = divmod(value, power)
    return " ".join([name, _swahili(count), *([_swahili(rest)] if rest else [])])


_OWN: dict[str, Cardinal] = {
    "hin": _indian(_HINDI, _HINDI_POWERS),
    "urd": _indian(_URDU, _URDU_POWERS),
    "swa": _swahili,
}


def _letters(text: str) -> str:
    """Number words without the hyphens and commas that some languages write in them."""
    return " ".join(re.sub("[-,\u2010\u2011]", " ", text).split())


def _num2words(name: str, to: str) -> Cardinal:
    """Cardinals or ordinals of the package num2words."""
    with undisturbed("num2words"):
        from num2words import num2words

    return lambda value: _letters(str(num2words(value, lang=name, to=to)))


def numbers_name(facts: Language) -> str:
    """Return what reads the numbers of a language, for provenance; empty where nothing does, or this module."""
    return f"num2words:{package_version('num2words')}" if facts.iso1 in _NUM2WORDS else ""


def _group_marks(facts: Language) -> str:
    """Marks that part the thousands, as the inside of a character class."""
    return "\\ \u00a0\u202f'’٬" + ("." if facts.iso1 in _POINT_GROUPS else ",")


@dataclass(frozen=True, slots=True)
class NumberReader:
    """Reads the numbers in a word.

    Attributes
    ----------
    cardinal, ordinal : value -> words; None where the language has none.
    numbers : pattern of numbers with their endings.
    glued : whether number words are written together with the letters beside them.
    months : rewrites before all else.
    """

    cardinal: Cardinal
    ordinal: Cardinal | None
    numbers: re.Pattern[str]
    glued: bool
    months: tuple[tuple[re.Pattern[str], str], ...]

    def _words(self, found: re.Match[str]) -> str:
        """The words of one number."""
        digits = re.sub("[^0-9]", "", found["number"])
        if len(digits) > LONGEST or (digits[0] == "0" and len(digits) > 1):
            spoken = " ".join(self.cardinal(int(digit)) for digit in digits) + (found["ending"] or "")
        elif found["ending"] and self.ordinal:
            spoken = self.ordinal(int(digits))
        else:
            spoken = self.cardinal(int(digits))
        return spoken if self.glued else f" {spoken} "

    def __call__(self, text: str) -> str:
        """Return the text with its digits (of any script) as words."""
        if not _DIGIT.search(text):
            return text
        text = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
        for pattern, month in self.months:
            text = pattern.sub(month, text)
        return self.numbers.sub(self._words, text)


@cache
def number_reader(facts: Language) -> NumberReader | None:
    """Return the reader of a language's numbers, or None where it has no number words here.

    Raises
    ------
    MissingExtraError
        If num2words is not installed.
    """
    name = _NUM2WORDS.get(facts.iso1)
    if name is None and facts.code not in _OWN:
        return None
    endings = _ORDINAL_ENDINGS.get(facts.iso1)
    marks, two = _group_marks(facts), facts.script in _INDIAN or facts.code == "urd"
    indian = "[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}(?![0-9])|" if two else ""
    groups = f"[1-9][0-9]{{0,2}}(?P<mark>[{marks}])[0-9]{{3}}(?:(?P=mark)[0-9]{{3}})*(?![0-9])"
    ending = rf"(?P<ending>(?:{endings})(?![^\W\d_]))?" if endings else "(?P<ending>(?!))?"
    korean = facts.code == "kor"
    return NumberReader(
        cardinal=cache(_num2words(name, "cardinal") if name else _OWN[facts.code]),
        ordinal=cache(_num2words(name, "ordinal")) if name and endings else None,
        numbers=re.compile(f"(?<![0-9])(?P<number>{indian}{groups}|[0-9]+){ending}"),
        glued=korean,
        months=tuple((re.compile(pattern), month) for pattern, month in _KOREAN_MONTHS) if korean else (),
    )
