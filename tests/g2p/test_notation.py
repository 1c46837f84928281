"""One notation for one phone."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.g2p import notation
from gapstudy.g2p.notation import canonical

IPA = "atdsʃʂɕʈɖɽɡgŋniʦ" + "ʲʰʷːˤʼ:'" + "\u0361\u035c\u032a\u0325\u030a\u0348\u0324\u0329\u030d\u0303"


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("t͈͡ɕ", "t͡ɕ͈"),
        ("ʈ͡ʂ", "t͡ʂ"),
        ("t͜s", "t͡s"),
        ("ʦʰ", "t͡sʰ"),
        ("ʂːʲ", "ʂʲː"),
        ("ɕːʲ", "ɕː"),
        ("t͡ɕʲ", "t͡ɕ"),
        ("kːʰ", "kʰː"),
        ("n̪̪", "n̪"),
        ("aːː", "aː"),
        ("ɑ:", "ɑː"),
        ("k'", "kʼ"),
        ("a'", "a"),
        ("b̤", "bʱ"),
        ("d͡ʒ̤", "d͡ʒʱ"),
        ("ŋ̥", "ŋ̊"),
        ("ɡ̊", "ɡ̊"),
        ("n̊", "n̥"),
        ("ŋ̍", "ŋ̩"),
        ("g", "ɡ"),
        ("ç", "ç"),
        ("t͡ʃʼ", "t͡ʃʼ"),
        ("ɑ̃ː", "ɑ̃ː"),
        ("한", "한"),
    ],
)
def test_variants_become_one(written: str, phone: str) -> None:
    """Tie bars, order and doubling of diacritics, rings, strokes and ASCII stand-ins have one form."""
    assert canonical(_nfd(written)) == _nfd(phone)


@given(st.text(alphabet=IPA, max_size=8))
def test_once_is_enough(ipa: str) -> None:
    """The canonical form is its own."""
    once = canonical(_nfd(ipa))
    assert once == _nfd(once)
    assert canonical(once) == once


@given(st.text(alphabet=IPA, max_size=8))
def test_the_quick_look_misses_nothing(ipa: str) -> None:
    """A string that the quick look lets pass is one that rewriting would not change."""
    text = _nfd(ipa)
    if not notation._ODD.search(text):
        assert _nfd(notation._PHONE.sub(notation._rewrite, text.translate(notation._SPELT))) == text
