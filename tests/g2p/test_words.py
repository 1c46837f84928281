"""Raw text to words, in every script of the study."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.g2p import split_words
from gapstudy.g2p.words import clean

SENTENCES = {
    "eng": ("I don't know the well-known 3.5%!", ["I", "don't", "know", "the", "well-known", "3.5", "%", "!"]),
    "fra": ("L’école d'été qu'aujourd'hui.", ["L’", "école", "d'", "été", "qu'", "aujourd'hui", "."]),
    "rus": ("Это «мир», и я…", ["Это", "«", "мир", "»", ",", "и", "я", "…"]),
    "ita": ("C'è l'acqua dell'isola, po' di", ["C'", "è", "l'", "acqua", "dell'", "isola", ",", "po", "'", "di"]),
    "hun": ("„Kovács” – mondta.", ["„", "Kovács", "”", "–", "mondta", "."]),
    "ukr": ("П’ять м'ячів у сім’ї.", ["П’ять", "м'ячів", "у", "сім’ї", "."]),
    "kor": ("한국은 '봄'이다.", ["한국은", "'", "봄", "'", "이다", "."]),
    "tur": ("Ankara'ya İstanbul’dan 1.000 TL.", ["Ankara'ya", "İstanbul’dan", "1.000", "TL", "."]),
    "fin": ("EU:n linja-auto: 10:30", ["EU:n", "linja-auto", ":", "10", ":", "30"]),
    "hin": ("वह हिंदी में पढ़ता है।", ["वह", "हिंदी", "में", "पढ़ता", "है", "।"]),
    "swa": ("Ng'ombe wangu, ng’ambo?", ["Ng'ombe", "wangu", ",", "ng’ambo", "?"]),
    "urd": ("میں نے کہا، ہاں۔", ["میں", "نے", "کہا", "،", "ہاں", "۔"]),
}


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_of_each_language(language: str) -> None:
    """Words and marks are parted in each script as documented."""
    text, words = SENTENCES[language]
    assert split_words(text) == words


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\u3000", "\u2009", "\x1d", "\u2028", "\t", "\r\n", "\x85"])
def test_every_kind_of_blank_parts_words(blank: str) -> None:
    """No-break, narrow, ideographic and control blanks part words and are no words."""
    assert split_words(f"{blank}a{blank}b{blank}") == ["a", "b"]


@pytest.mark.parametrize(
    "mark", ["\u200b", "\u200c", "\u200d", "\u200f", "\u200e", "\u00ad", "\ufeff", "\u2060", "\ufe0f"]
)
def test_invisible_characters_are_neither_words_nor_in_words(mark: str) -> None:
    """Zero-width marks, RLM, soft hyphens and BOMs vanish wherever they stand."""
    assert split_words(f"{mark}a{mark}b {mark} c{mark}") == ["ab", "c"]


def test_repeats_of_one_mark_stay_together() -> None:
    """Dots and dashes come as one mark, different marks apart."""
    assert split_words("so... (wait) -- what?!") == ["so", "...", "(", "wait", ")", "--", "what", "?", "!"]


@pytest.mark.parametrize(
    "word", ["o'clock", "O'Brien", "y'all", "rock'n'roll", "aujourd'hui", "quelqu'un", "don’t", "п’ять", "1990's"]
)
def test_only_elided_words_are_cut(word: str) -> None:
    """Apostrophes inside other words stay."""
    assert split_words(word) == [word]


def test_decomposed_text_gives_composed_words() -> None:
    """Words come in NFC whatever the input's form."""
    assert split_words("e\u0301cole") == ["école"]


def test_emoji_and_symbols_are_marks_of_their_own() -> None:
    """A picture is a mark, and its variation selector goes."""
    assert split_words("ok👍❤\ufe0f 5€") == ["ok", "👍", "❤", "5", "€"]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.text("ab' ’-.:1२कि़न्اَں한é\u0301\u200bl'd"))
def test_tokens_joined_are_the_text_without_blanks(text: str) -> None:
    """Nothing but blanks and documented invisible characters is lost, and no token is empty."""
    tokens = split_words(text)
    assert all(tokens)
    assert "".join(tokens) == "".join(clean(text).split())


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """The cleaned text is a fixed point."""
    assert clean(clean(text)) == clean(text)
