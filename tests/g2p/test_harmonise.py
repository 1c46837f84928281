"""Phones outside a vocabulary become the nearest inside it."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.g2p import Phonemizer, Replacement
from gapstudy.g2p.harmonise import Harmoniser, vocabulary_name

pytestmark = pytest.mark.train

WORDS = "a e i o u ə p b t d k ɡ f v s z ʃ ʒ x m n ŋ l ɾ ɹ j w t͡ʃ d͡ʒ ɪ ɛ ˥ ˦ 0 2 9 . , - # ' \" & ( ) /"
VOCABULARY = frozenset(WORDS.split())


@pytest.fixture(scope="module")
def fit() -> Harmoniser:
    """A harmoniser of the small vocabulary."""
    return Harmoniser(VOCABULARY)


@pytest.mark.parametrize(
    ("symbol", "by"),
    [
        ("a", "a"),
        ("aː", "a"),
        ("ĩ", "i"),
        ("tʰ", "t"),
        ("d̪", "d"),
        ("t͡ʃʼ", "t͡ʃ"),
        ("ʂ", "ʃ"),
        ("ɣ", "x"),
        ("ɲ", "ŋ"),
        ("k͡p", "k p"),
        ("b͡v", "b v"),
        ("n̩", "ə n"),
        ("ˈt", "t"),
        ("ˈtʰ", "t"),
        ("˥˦", "˥ ˦"),
        ("t͈", "t"),
        ("1", "0"),
        ("3", "2"),
        ("5", "2"),
        ("6", "9"),
        ("8", "9"),
        ("_", "-"),
        ("=", "-"),
        ("+", "&"),
        ("$", "#"),
        ("€", "#"),
        ("\\", "/"),
        ("«", '"'),
        ("〈", "("),
        ("‽", "."),
    ],
)
def test_unknown_symbols_have_their_replacement(fit: Harmoniser, symbol: str, by: str) -> None:
    """Length, nasality, aspiration, place, ties, stress, tones, digits and marks: each as the table says."""
    assert fit.replacement(unicodedata.normalize("NFD", symbol)) == tuple(by.split())


@pytest.mark.parametrize("symbol", ["韓", "👍", "ж", "ℵ", "�", "♥"])
def test_what_is_no_phone_and_no_mark_stays(fit: Harmoniser, symbol: str) -> None:
    """Han characters, pictures and letters that are no IPA are left for the audit to count."""
    assert fit.replacement(symbol) == (symbol,)


@given(st.text(alphabet="abdkpstzʃʂɕɖʈŋɲɾɹʁχħæøœyʏɯɨ\u0361\u0303\u032a\u0329ːʰʲʷʼˈ0189.-_=", min_size=1, max_size=4))
def test_replacements_are_in_the_vocabulary_and_always_the_same(symbol: str) -> None:
    """Anything replaced is replaced by known symbols, and by the same ones whatever the order of the vocabulary."""
    nfd = unicodedata.normalize("NFD", symbol)
    by = Harmoniser(VOCABULARY).replacement(nfd)
    assert by == Harmoniser(sorted(VOCABULARY, reverse=True)).replacement(nfd)
    assert by == (nfd,) or VOCABULARY.issuperset(by) or len(by) > 1


def test_a_vocabulary_without_phones_changes_no_phone() -> None:
    """Where nothing is near, symbols stay."""
    fit = Harmoniser({"."})
    assert fit(["a", "t͡s", "1", "("]) == ("a", "t͡s", "1", "(")


def test_the_form_of_the_vocabulary_does_not_matter() -> None:
    """NFC and NFD spellings of a vocabulary are one vocabulary."""
    composed, decomposed = ["ç", "ã"], [unicodedata.normalize("NFD", symbol) for symbol in ("ç", "ã")]
    assert vocabulary_name(composed) == vocabulary_name([*decomposed, decomposed[0]])
    assert Harmoniser(composed)(decomposed) == tuple(decomposed)


def test_replacements_are_reported_with_their_counts() -> None:
    """The audit can say what was replaced by what, and how often in running text; other modes replace nothing."""
    phonemizer = Phonemizer("fin", mode="harmonised", vocabulary=VOCABULARY)
    assert phonemizer.word("saa") == ("s", "a")
    rows = phonemizer.replacements({"saa": 3, "aa": 2, "sata": 7})
    assert rows[0].by == ("a",)
    assert sum(row.tokens for row in rows if "ː" in row.symbol) == 5
    assert all(VOCABULARY.issuperset(row.by) for row in rows)
    assert rows[0] == Replacement(symbol=rows[0].symbol, by=("a",), tokens=rows[0].tokens)
    assert Phonemizer("fin").replacements({"saa": 3}) == ()


def test_panphon_is_loaded_only_for_an_unknown_phone() -> None:
    """Words whose phones are all known, and digits and marks that are not, do not cost panphon's tables."""
    check = (
        "import sys; from gapstudy.g2p.harmonise import Harmoniser; fit = Harmoniser('a b . 0'.split());"
        "fit(['a', 'b', '1', '!']); assert 'panphon' not in sys.modules; fit(['e']); assert 'panphon' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", check], check=True)
