"""The audit's arithmetic, on numbers small enough to check by hand."""

from __future__ import annotations

import pytest

from gapstudy.g2p import Offender, audit
from gapstudy.g2p.audit import unmapped_characters

COUNTS = {"ab": 3, "c": 1, "韓a": 2}
PHONES = {"ab": ("a", "b"), "c": ("t͡ɕ",), "韓a": ("韓", "a")}


def test_shares_are_of_running_text() -> None:
    """Segments and words count as often as they occur, types once."""
    result = audit(COUNTS, PHONES, {"a", "b"})
    assert (result.types, result.tokens, result.segments) == (3, 6, 3 * 2 + 1 + 2 * 2)
    assert result.unknown_segments == pytest.approx((1 + 2) / 11)
    assert result.unknown_words == pytest.approx((1 + 2) / 6)
    assert result.unknown_types == pytest.approx(2 / 3)


def test_offenders_are_the_commonest_unknown_symbols() -> None:
    """Each is named with how often it occurs and in which words."""
    result = audit(COUNTS, PHONES, {"a", "b"})
    assert result.offenders == (
        Offender(symbol="韓", tokens=2, words=("韓a",)),
        Offender(symbol="t͡ɕ", tokens=1, words=("c",)),
    )


def test_unmapped_characters_are_counted() -> None:
    """Letters outside the IPA are unmapped whatever the vocabulary."""
    result = audit(COUNTS, PHONES)
    assert result.unmapped == (("韓", 2),)
    assert result.unmapped_words == pytest.approx(2 / 6)
    assert (result.unknown_segments, result.unknown_words, result.unknown_types) == (None, None, None)
    assert result.offenders == ()


@pytest.mark.parametrize("symbol", ["t͡ʃʰ", "ɑ̃ː", "ŋ", "ˈθ", "ʈ͡ʂ", ".", "5", "?", "$", "k͈", "χ"])
def test_ipa_marks_and_digits_are_not_unmapped(symbol: str) -> None:
    """Phones, punctuation and digits have their place."""
    assert unmapped_characters((symbol,)) == []


@pytest.mark.parametrize("symbol", ["ک", "ж", "한", "韓", "👍", "ि", "�", "Ж"])
def test_letters_of_other_scripts_and_pictures_are_unmapped(symbol: str) -> None:
    """What only passes through is counted."""
    assert unmapped_characters((symbol,)) == list(symbol)


def test_no_words_are_no_shares() -> None:
    """An empty corpus has zeros, not a division by zero."""
    result = audit({}, {}, {"a"})
    assert (result.tokens, result.unknown_words, result.unmapped_words) == (0, 0.0, 0.0)


def test_a_type_without_phones_is_an_error() -> None:
    """Phones of another corpus are noticed."""
    with pytest.raises(ValueError, match=r"no phones for 1 of 2 types, such as 'b'"):
        audit({"a": 1, "b": 1}, {"a": ("a",)}, None)
