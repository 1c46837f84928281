"""The audit's arithmetic, on numbers small enough to check by hand."""

from __future__ import annotations

import json

import pytest

from gapstudy.g2p import Offender, Replacement, audit
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


def test_the_record_is_json_in_percent() -> None:
    """The report's form: percentages, rows as lists, and the replacements of ``harmonised``."""
    made = (Replacement(symbol="k͡p", by=("k", "p"), tokens=4),)
    record = audit(COUNTS, PHONES, {"a", "b"}, replacements=made).as_record()
    assert json.loads(json.dumps(record)) == record
    assert record["unknown_words"] == pytest.approx(50.0)
    assert record["unknown_segments"] == pytest.approx(100 * 3 / 11)
    assert record["unknown_types"] == pytest.approx(100 * 2 / 3)
    assert record["unmapped_words"] == pytest.approx(100 / 3)
    assert record["offenders"] == [["韓", 2, ["韓a"]], ["t͡ɕ", 1, ["c"]]]
    assert record["unmapped"] == {"韓": 2}
    assert record["replacements"] == [["k͡p", ["k", "p"], 4]]
    assert (record["types"], record["tokens"], record["segments"]) == (3, 6, 11)


def test_without_a_vocabulary_the_record_has_no_shares() -> None:
    """What was not measured is None, not 0."""
    record = audit(COUNTS, PHONES).as_record()
    assert (record["unknown_words"], record["unknown_segments"], record["unknown_types"]) == (None, None, None)


def test_any_container_is_a_vocabulary() -> None:
    """A list, a dictionary or a set of symbols give one audit."""
    assert (
        audit(COUNTS, PHONES, ["a", "b"])
        == audit(COUNTS, PHONES, {"a": 0, "b": 1})
        == audit(COUNTS, PHONES, {"a", "b"})
    )
