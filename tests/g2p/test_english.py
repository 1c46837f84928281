"""English from pip alone: dictionary, endings, acronyms, letters."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.g2p.arpabet import arpa_to_ipa, dictionary, plain_phone
from gapstudy.g2p.english import English, arpa_of, ascii_letters

pytestmark = pytest.mark.train

Say = Callable[..., tuple[str, ...]]

WORDS = {
    "Hello": "h ə l ow",
    "teacher": "t i t͡ʃ ɝ",
    "church": "t͡ʃ ɝ t͡ʃ",
    "don't": "d ow n t",
    "don’t": "d ow n t",
    "n't": "ə n t",
    "'s": "z",
    "'tis": "t ɪ z",
    "well-known": "w ɛ l - n ow n",
}


@pytest.mark.parametrize("word", WORDS)
def test_words_of_the_dictionary(say: Say, word: str) -> None:
    """CMUdict's first pronunciation, in Epitran's IPA, diphthongs split by segments, schwa for unstressed AH."""
    assert say("eng", word) == tuple(WORDS[word].replace("ow", "o w").split())


@pytest.mark.parametrize(
    ("word", "stem", "ending"),
    [
        ("zorp's", "zorp", "S"),
        ("Blarg's", "blarg", "Z"),
        ("flumpus's", "flumpus", "AX Z"),
        ("teachers'", "teachers", ""),
        ("XQJ's", "XQJ", "Z"),
    ],
)
def test_possessives_follow_the_word(word: str, stem: str, ending: str) -> None:
    """The ending's voice follows the last phone of the word without it."""
    assert arpa_of(word) == (*arpa_of(stem), *ending.split())


def test_plurals_follow_the_dictionary() -> None:
    """A plural that CMUdict lacks is its singular and an ending."""
    missing = next(
        w for w in sorted(dictionary()) if w.isalpha() and f"{w}s" not in dictionary() and len(w) > 8 and w[-1] == "t"
    )
    assert arpa_of(f"{missing}s") == (*dictionary()[missing], "S")


@pytest.mark.parametrize(("word", "letters"), [("XNLI", "xnli"), ("PDFs", "pdf"), ("www", "www"), ("BRK", "brk")])
def test_acronyms_are_spelt(word: str, letters: str) -> None:
    """Capitals of up to five letters and short words without a vowel are read letter by letter."""
    names = tuple(phone for letter in letters for phone in dictionary()[f"{letter}."])
    assert arpa_of(word)[: len(names)] == names


@pytest.mark.parametrize("word", ["a" + "'" * 5000, "a" + "'s" * 5000, "''s", "'s'", "b'" * 5000])
def test_no_heap_of_apostrophes_is_too_high(word: str) -> None:
    """Apostrophes by the thousand, alone or with s, still give phones."""
    assert arpa_of(word)


def test_every_letter_has_a_name() -> None:
    """CMUdict holds the names of all 26 letters."""
    assert all(dictionary()[f"{letter}."] for letter in "abcdefghijklmnopqrstuvwxyz")


def test_capitals_that_are_words_are_read_as_words() -> None:
    """Shouting is not spelling."""
    assert arpa_of("HOUSE") == arpa_of("house")


@pytest.mark.parametrize(
    ("word", "plain"),
    [("Kovács", "Kovacs"), ("Yılmaz", "Yilmaz"), ("García", "Garcia"), ("Łódź", "Lodz"), ("straße", "strasse")],
)
def test_diacritics_are_stripped_before_the_lookup(say: Say, word: str, plain: str) -> None:
    """Names with foreign letters are read by their plain letters."""
    assert ascii_letters(word) == plain
    assert say("eng", word) == say("eng", plain)


def test_every_arpabet_symbol_of_cmudict_has_ipa() -> None:
    """Epitran's table covers CMUdict."""
    used = {phone for phones in dictionary().values() for phone in phones}
    assert used <= set(arpa_to_ipa())
    assert plain_phone("AH0") == "AX"
    assert plain_phone("AH1") == plain_phone("ah") == "AH"


@given(st.text(alphabet=st.sampled_from("abcdefghijklmnopqrstuvwxyzABCXYZ'’éßøł"), min_size=1, max_size=12))
def test_whatever_holds_a_letter_is_pronounced(text: str) -> None:
    """No word of Latin letters is without phones."""
    phones = English("cmudict")(text)
    assert phones or not ascii_letters(text).strip("'")
    assert all(phones)


def test_letters_without_a_latin_base_have_no_english(say: Say) -> None:
    """A click letter is its own symbol."""
    assert English("cmudict")("ʘ") == ()
    assert say("eng", "ʘ") == ("ʘ",)


def test_faithful_english_reads_ascii_only(say: Say) -> None:
    """As in Epitran's Flite class, other letters pass through, and r-coloured vowels keep Epitran's sign."""
    assert say("eng", "é", mode="faithful") == ("e\u0301",)
    assert say("eng", "teacher", mode="faithful")[-1] == "ɹ\u0329"
