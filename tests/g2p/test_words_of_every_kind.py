"""What is no letter of the language has a documented treatment, and no word is ever without a symbol."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.g2p import MODES, Phonemizer
from gapstudy.languages import LANGUAGES

pytestmark = pytest.mark.train

Say = Callable[..., tuple[str, ...]]
VOCABULARY = frozenset("aeioupbtdkmnlrsz.,-")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "word", [".", "...", "?", "2016", "3.5", "👍", "ъ", "\u200f", "", " ", "ʲ", "a͡", "\u0301", "#"]
)
def test_no_word_is_without_symbols(say: Say, word: str, language: str, mode: str) -> None:
    """Marks, digits, pictures, lone modifiers, invisible and empty words give symbols, none of them empty."""
    phones = say(language, word, mode=mode)
    assert phones
    assert all(phone and not phone.isspace() for phone in phones)


def test_punctuation_is_a_symbol_a_mark(say: Say) -> None:
    """Each mark stands for itself; typographic variants are written the plain way."""
    assert say("eng", "...") == (".", ".", ".")
    assert say("rus", "«") == ('"',)
    assert say("urd", "۔") == (".",)
    assert say("hin", "।") == (".",)
    assert say("urd", "،") == (",",)
    assert say("ukr", "—") == ("-",)


def test_faithful_punctuation_passes_as_it_is(say: Say) -> None:
    """The faithful mode rewrites no mark."""
    assert say("urd", "۔", mode="faithful") == ("۔",)
    assert say("rus", "«", mode="faithful") == ("«",)


@pytest.mark.parametrize("language", ["hin", "urd", "kor", "rus", "ukr"])
def test_latin_words_in_other_scripts_are_read_as_english(say: Say, language: str) -> None:
    """Normalised reads a Latin word as English does; faithful lets its characters pass."""
    assert say(language, "Windows") == say("eng", "Windows")
    assert say(language, "usb", mode="faithful") == ("u", "s", "b")


@pytest.mark.parametrize(
    ("language", "word", "reader"),
    [("eng", "Москва", "rus"), ("kor", "Москва", "rus"), ("rus", "한국", "kor"), ("fra", "नमस्ते", "hin")],
)
def test_words_of_other_scripts_are_read_by_the_language_of_the_script(
    say: Say, language: str, word: str, reader: str
) -> None:
    """A Cyrillic word in English is read as Russian, a Hangul word in Russian as Korean, and so on."""
    assert say(language, word) == say(reader, word)


@pytest.mark.parametrize(
    ("word", "phones"), [("λόγος", "l o ɣ o s"), ("ουρανός", "u r a n o s"), ("β", "v"), ("μίμημα", "m i m i m a")]
)
def test_greek_words_are_read_letter_by_letter(say: Say, word: str, phones: str) -> None:
    """Greek, which Epitran lacks, has sounds for its letters and digraphs in text of any language."""
    assert say("eng", word) == say("ukr", word) == tuple(phones.split())


def test_a_word_of_two_scripts_is_read_stretch_by_stretch(say: Say) -> None:
    """A Latin stretch before Hangul goes to English, the rest to Korean."""
    assert say("kor", "LG전자") == say("eng", "LG") + say("kor", "전자")


@pytest.mark.parametrize("language", ["kor", "fra", "eng"])
def test_han_characters_are_their_own_symbols(say: Say, language: str) -> None:
    """Hanja and other letters that no rule maps stay visible."""
    assert say(language, "韓國") == ("韓", "國")


@pytest.mark.parametrize("mark", ["\u200b", "\u200c", "\u200d", "\u200f", "\u00ad", "\ufeff"])
@pytest.mark.parametrize(("language", "word"), [("urd", "کیا"), ("hin", "नमस्ते"), ("fin", "talo"), ("eng", "house")])
def test_invisible_characters_change_nothing(say: Say, language: str, word: str, mark: str) -> None:
    """A zero-width mark, RLM, soft hyphen or BOM at any place leaves the phones as they are."""
    for place in range(len(word) + 1):
        assert say(language, word[:place] + mark + word[place:]) == say(language, word)


@pytest.mark.parametrize(
    ("language", "word"), [("fra", "élève"), ("rus", "йод"), ("kor", "한국"), ("hin", "क़लम"), ("urd", "آئے")]
)
@pytest.mark.parametrize("mode", MODES)
def test_the_form_of_the_text_does_not_matter(say: Say, language: str, word: str, mode: str) -> None:
    """Decomposed text gives the phones of composed text."""
    composed = say(language, unicodedata.normalize("NFC", word), mode=mode)
    assert say(language, unicodedata.normalize("NFD", word), mode=mode) == composed


@pytest.mark.parametrize(
    ("language", "word", "plain"), [("tur", "café", "cafe"), ("hun", "Muñoz", "munoz"), ("ita", "Škoda", "skoda")]
)
def test_foreign_diacritics_are_dropped(say: Say, language: str, word: str, plain: str) -> None:
    """A letter with a mark that the language lacks is read without it."""
    assert say(language, word) == say(language, plain)


def test_blanks_inside_a_token_are_no_symbols(say: Say) -> None:
    """Treebank tokens such as ``10 000`` lose their blank: faithful in digits, normalised as one number."""
    assert say("fra", "10\u00a0000", mode="faithful") == ("1", "0", "0", "0", "0")
    assert say("fra", "10\u00a0000") == say("fra", "dix") + say("fra", "mille")


@settings(max_examples=60, deadline=None)
@given(word=st.text(max_size=12), language=st.sampled_from(sorted(LANGUAGES)), mode=st.sampled_from(MODES))
def test_any_text_gives_nfd_symbols(word: str, language: str, mode: str) -> None:
    """Whatever the text, phones are there, are NFD and hold no blank."""
    vocabulary = VOCABULARY if mode == "harmonised" else None
    phones = Phonemizer(language, mode=mode, vocabulary=vocabulary).word(word)
    assert phones
    assert all(phone and phone == unicodedata.normalize("NFD", phone) and not phone.isspace() for phone in phones)
