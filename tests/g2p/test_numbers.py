"""Numbers are read as words of the language, in one way for all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.errors import MissingExtraError
from gapstudy.g2p import Phonemizer, arpabet
from gapstudy.g2p.numbers import _NUM2WORDS, LONGEST, _num2words, number_reader
from gapstudy.g2p.orthography import SCRIPTS
from gapstudy.languages import LANGUAGES, all_languages, language

pytestmark = pytest.mark.train

Say = Callable[..., tuple[str, ...]]


def _read(code: str, text: str) -> str:
    """The words of a text, blanks tidied."""
    reader = number_reader(language(code))
    assert reader is not None
    return " ".join(reader(text).split())


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        ("eng", "1998", "one thousand nine hundred and ninety eight"),
        ("eng", "15th", "fifteenth"),
        ("eng", "15the", "fifteen the"),
        ("eng", "1,000", "one thousand"),
        ("eng", "3.5", "three . five"),
        ("eng", "1.000", "one . zero zero zero"),
        ("eng", "12.05", "twelve . zero five"),
        ("eng", "007", "zero zero seven"),
        ("eng", "-5", "- five"),
        ("eng", "COVID-19", "COVID- nineteen"),
        ("eng", "XIV", "XIV"),
        ("eng", "1234567890123", "one two three four five six seven eight nine zero one two three"),
        ("fra", "1.000", "mille"),
        ("fra", "10 000", "dix mille"),
        ("fra", "2e", "deuxième"),
        ("fra", "1er", "premier"),
        ("tur", "70'lere", "yetmiş 'lere"),
        ("kor", "3월", "삼월"),
        ("kor", "6월", "유월"),
        ("kor", "10월", "시월"),
        ("kor", "16월", "십육월"),
        ("kor", "제3회", "제삼회"),
        ("kor", "1998년", "천구백구십팔년"),
        ("hin", "१२", "बारह"),
        ("hin", "1,23,456", "एक लाख तेईस हज़ार चार सौ छप्पन"),
        ("hin", "12345678", "एक करोड़ तेईस लाख पैंतालीस हज़ार छह सौ अठहत्तर"),
        ("urd", "۱۲۳", "ایک سو تئیس"),
        ("urd", "2016", "دو ہزار سولہ"),
        ("swa", "1998", "elfu moja mia tisa tisini na nane"),
        ("swa", "2500000", "milioni mbili elfu mia tano"),
        ("deu", "21", "einundzwanzig"),
        ("kaz", "21", "жиырма бір"),
    ],
)
def test_numbers_are_words(code: str, text: str, words: str) -> None:
    """Years, decimals, groups, ordinals, endings, dates and digits of other scripts read as documented."""
    assert _read(code, text) == words


@pytest.mark.parametrize("code", ["hin", "urd"])
def test_every_number_below_a_hundred_has_its_word(code: str) -> None:
    """Hindi and Urdu have a hundred different words, none missing."""
    reader = number_reader(language(code))
    assert reader is not None
    words = [reader.cardinal(value) for value in range(100)]
    assert len(set(words)) == 100
    assert not any(" " in word for word in words)


@pytest.mark.parametrize("code", sorted(row.code for row in all_languages().values() if row.iso1 in _NUM2WORDS))
def test_number_words_are_in_the_languages_script(code: str) -> None:
    """What num2words says, up to the longest number that is read, is letters of the script, without an exception."""
    facts = language(code)
    cardinal = _num2words(_NUM2WORDS[facts.iso1], "cardinal")
    import re

    own = re.compile(f"[{SCRIPTS[facts.script]}' ]+")
    for value in (0, 1, 7, 10, 13, 21, 99, 100, 456, 1000, 1998, 123_456, 10**6, 2 * 10**9 + 1, 10**LONGEST - 1):
        assert own.fullmatch(cardinal(value)), cardinal(value)


@settings(max_examples=60, deadline=None)
@given(
    code=st.sampled_from(sorted(LANGUAGES)),
    text=st.text(alphabet="0123456789.,'-/:% abx٣३۴٬٫\u00a0", min_size=1, max_size=24),
)
def test_no_digit_is_left(code: str, text: str) -> None:
    """Whatever stands between digits, no language of the study leaves one, and nothing raises."""
    assert not any(char.isdecimal() for char in _read(code, text))


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_number_sounds_as_its_word(say: Say, code: str) -> None:
    """The phones of 7 are those of the word for seven."""
    assert say(code, "7") == say(code, _read(code, "7"))
    assert not {"7", "1", "0"} & set(say(code, "1710"))


def test_a_language_without_number_words_keeps_its_digits() -> None:
    """Where neither num2words nor a table has words, each digit is a symbol, in 0-9."""
    assert number_reader(language("yor")) is None
    assert Phonemizer("yor").word("2016") == ("2", "0", "1", "6")
    assert Phonemizer("mya").word("၂၀၁၆") == ("2", "0", "1", "6")


def test_faithful_digits_stay(say: Say) -> None:
    """The faithful mode reads no number."""
    assert say("eng", "2016", mode="faithful") == ("2", "0", "1", "6")


def test_missing_num2words_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the error says what to install."""

    def missing(package: str) -> str:
        raise MissingExtraError(package, "train", "phoneme input")

    monkeypatch.setattr("gapstudy.g2p.numbers.package_version", missing)
    assert arpabet.package_version("num2words")
    with pytest.raises(MissingExtraError, match=r"num2words.*gapstudy\[train\]"):
        Phonemizer("fra")
