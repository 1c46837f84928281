"""Inference labels, against a second reading of what the sentences mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.data.grammar import realise
from gapstudy.data.grammar.inference import LABELS, Item, Label, draw_item, vary
from gapstudy.data.grammar.meaning import (
    ANTONYMS,
    HYPERNYMS,
    Action,
    Identity,
    Located,
    Meaning,
    NounPhrase,
    Person,
    Quality,
)
from gapstudy.data.grammar.sampler import ALL, Sampler, needs_room, qualities
from gapstudy.data.grammar.tokens import text
from gapstudy.languages import XNLI_LANGUAGES

seeds = st.integers(0, 2**32 - 1)
labels = st.sampled_from(LABELS)
COLOURS = {"white", "black", "red"}


# ---- the second reading -----------------------------------------------------------------------------------------
def is_a(noun: str, kind: str) -> bool:
    """Whether everything called ``noun`` is called ``kind``."""
    return kind in {noun, HYPERNYMS.get(noun)}


def covers(general: object, special: object) -> bool:
    """Whether what was left open, or said the same, covers ``special``."""
    return general is None or general == special


def thing_covers(general: NounPhrase | None, special: NounPhrase | None) -> bool:
    """Whether an object so described is also one that is described as ``general``."""
    if general is None or special is None:
        return general is special
    return (
        is_a(special.noun, general.noun)
        and special.number == general.number
        and covers(general.adjective, special.adjective)
        and covers(general.numeral, special.numeral)
    )


def makes_true(special: Meaning, general: Meaning) -> bool:
    """Whether the affirmation of ``special`` makes the affirmation of ``general`` true (polarity is not looked at)."""
    if isinstance(special, Action) and isinstance(general, Action):
        who = special.subject == general.subject or (
            isinstance(special.subject, NounPhrase)
            and isinstance(general.subject, NounPhrase)
            and not general.subject.definite
            and thing_covers(general.subject, special.subject)
        )
        what = special.verb == general.verb and thing_covers(general.obj, special.obj)
        return who and what and covers(general.place, special.place) and covers(general.time, special.time)
    assert isinstance(special, Located)
    assert isinstance(general, Located)
    return special.subject == general.subject and special.place == general.place and covers(general.time, special.time)


def of_qualities(premise: Quality, hypothesis: Quality) -> Label:
    """The relation of two statements about a quality of the same thing."""
    a, b = premise.adjective, hypothesis.adjective
    exclusive = ANTONYMS.get(a) == b or (a != b and {a, b} <= COLOURS)
    if a == b:
        return "entailment" if premise.negated == hypothesis.negated else "contradiction"
    if exclusive and not premise.negated:
        return "entailment" if hypothesis.negated else "contradiction"
    return "neutral"


def relation(premise: Meaning, hypothesis: Meaning) -> Label:
    """The label that holds between two statements, worked out from what they say."""
    if isinstance(premise, Quality) and isinstance(hypothesis, Quality):
        assert premise.subject == hypothesis.subject
        return of_qualities(premise, hypothesis)
    assert isinstance(premise, Action | Located)
    assert isinstance(hypothesis, Action | Located)
    # a denial follows from the denial of something weaker, and excludes everything stronger
    weaker, stronger = (premise, hypothesis) if premise.negated else (hypothesis, premise)
    if not makes_true(stronger, weaker):
        return "neutral"
    return "entailment" if premise.negated == hypothesis.negated else "contradiction"


def draw(seed: int, label: Label) -> Item:
    """One item of its own seed."""
    return draw_item(Sampler(ALL, np.random.default_rng(seed)), label)


# ---- claims -------------------------------------------------------------------------------------------------------
@given(seeds, labels)
def test_the_label_is_the_relation_that_holds(seed: int, label: Label) -> None:
    """The label an item was drawn for is the one that its two statements have on a second reading."""
    item = draw(seed, label)
    assert item.label == label
    assert relation(item.premise, item.hypothesis) == label


def test_ten_thousand_items_have_the_labels_they_were_drawn_for() -> None:
    """Rare draws are right as well: red and white exclude each other, kinds stand above things, denials turn round."""
    sampler = Sampler(ALL, np.random.default_rng(20241))
    items = [draw_item(sampler, LABELS[i % 3]) for i in range(9999)]
    assert [item for item in items if relation(item.premise, item.hypothesis) != item.label] == []


@given(seeds, labels)
def test_a_hypothesis_is_not_its_premise(seed: int, label: Label) -> None:
    """Premise and hypothesis are different statements and different texts in each language of XNLI."""
    item = draw(seed, label)
    assert item.premise != item.hypothesis
    for code in XNLI_LANGUAGES:
        assert text(realise(item.premise, code)) != text(realise(item.hypothesis, code))


@given(seeds)
def test_a_contradiction_denies_or_has_an_antonym(seed: int) -> None:
    """What contradicts has the other polarity, or says the opposite quality of the same thing."""
    item = draw(seed, "contradiction")
    assert not isinstance(item.premise, Identity)
    assert not isinstance(item.hypothesis, Identity)
    if item.premise.negated == item.hypothesis.negated:
        assert isinstance(item.premise, Quality)
        assert not item.premise.negated
        assert item.hypothesis == replace(item.premise, adjective=ANTONYMS[item.premise.adjective])


@given(seeds)
def test_entailment_turns_round_under_negation(seed: int) -> None:
    """Of an affirmation something weaker follows, of a denial something stronger, never the same strength."""
    item = draw(seed, "entailment")
    if isinstance(item.premise, Action) and isinstance(item.hypothesis, Action):
        assert item.premise.negated == item.hypothesis.negated
        up = makes_true(item.premise, item.hypothesis)
        down = makes_true(item.hypothesis, item.premise)
        assert (up, down) == ((False, True) if item.premise.negated else (True, False))


@given(seeds, labels)
def test_premise_and_hypothesis_are_about_the_same(seed: int, label: Label) -> None:
    """The subject is the same, or named by its kind in what follows from an affirmation."""
    item = draw(seed, label)
    if item.premise.subject != item.hypothesis.subject:
        assert isinstance(item.premise.subject, NounPhrase)
        assert item.hypothesis.subject == NounPhrase("person", item.premise.subject.number)
        assert isinstance(item.premise, Action)
        assert label == "entailment"
        assert not item.premise.negated


@pytest.mark.parametrize("label", LABELS)
def test_some_premises_are_denied(label: Label) -> None:
    """A denied premise, about one in ten, has every label, so that a denial alone tells nothing."""
    sampler = Sampler(ALL, np.random.default_rng(3))
    premises = [draw_item(sampler, label).premise for _ in range(2000)]
    denied = sum(not isinstance(p, Identity) and p.negated for p in premises) / len(premises)
    assert 0.05 < denied < 0.2


@given(seeds, labels)
def test_items_make_plain_sense(seed: int, label: Label) -> None:
    """Steps towards stronger or weaker statements never build a bridge in a kitchen or heat an apple."""
    item = draw(seed, label)
    for meaning in (item.premise, item.hypothesis):
        if isinstance(meaning, Action):
            if meaning.place and needs_room(meaning.verb, meaning.obj):
                assert getattr(meaning.place, "noun", None) in {"village", "city"}
            if meaning.obj and meaning.obj.adjective:
                assert meaning.obj.adjective in qualities(meaning.obj.noun)


@given(seeds)
def test_varied_statements_are_about_the_same_subject(seed: int) -> None:
    """The next sentence of a text is about whom the one before was about, and is said in every language."""
    sampler = Sampler(ALL, np.random.default_rng(seed))
    for meaning in (sampler.plain(), sampler.named(), sampler.quality(), sampler.located()):
        varied = vary(meaning, sampler)
        assert varied.subject == meaning.subject
        if isinstance(meaning, Identity) and isinstance(meaning.subject, Person):
            assert isinstance(varied, Action)
        else:
            assert type(varied) is type(meaning)
