"""Tokens and how they join."""

from __future__ import annotations

import pytest

from gapstudy.data.grammar.tokens import Token, name, phrase, sentence, text


def test_a_phrase_is_read_from_its_spec() -> None:
    """Forms and tags are parted at the last slash; a plus glues."""
    assert phrase("in/ADP the/DET +n't/PART 1/2/NUM") == [
        Token("in", "ADP"), Token("the", "DET"), Token("n't", "PART", glued=True), Token("1/2", "NUM"),
    ]  # fmt: skip
    assert phrase("") == []


@pytest.mark.parametrize("spec", ["in", "in/PREP", "/ADP", "in/adp", "in/", "in/ADP the"])
def test_a_malformed_spec_is_told(spec: str) -> None:
    """A lexicon entry with a slip in it is named, not realised."""
    with pytest.raises(ValueError, match=r"is not form/UPOS"):
        phrase(spec)


def test_a_name_is_one_entity() -> None:
    """The first token begins the entity and the others are inside; bare forms are proper nouns."""
    tokens = name("University/NOUN of/ADP Oslo", "ORG")
    assert [(t.form, t.upos, t.entity) for t in tokens] == [
        ("University", "NOUN", "B-ORG"), ("of", "ADP", "I-ORG"), ("Oslo", "PROPN", "I-ORG"),
    ]  # fmt: skip


def test_a_sentence_has_a_capital_and_a_stop() -> None:
    """The first letter becomes a capital where there are capitals, and the stop is glued on."""
    assert text(sentence(phrase("the/DET dog/NOUN"))) == "The dog."
    assert text(sentence(phrase("ил/NOUN"))) == "Ил."
    assert text(sentence(phrase("कुत्ता/NOUN"), stop="।")) == "कुत्ता।"
    assert text(sentence(phrase("iki/NUM"), upper=lambda c: "İ" if c == "i" else c.upper())) == "İki."
    assert sentence(phrase("a/X"))[-1] == Token(".", "PUNCT", glued=True)


def test_blanks_stand_between_words() -> None:
    """Every token but a glued one and the first has a blank before it."""
    assert text(phrase("+l'/DET +eau/NOUN est/AUX +,/PUNCT bonne/ADJ")) == "l'eau est, bonne"
    assert text([]) == ""
