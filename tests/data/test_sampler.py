"""What is drawn makes plain sense, and depends on the generator alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.data.grammar import meaning as m
from gapstudy.data.grammar.sampler import ALL, SEEN, Inventory, Sampler, needs_room, qualities

seeds = st.integers(0, 2**32 - 1)
FIELDS = Inventory.__dataclass_fields__


def draws(inventory: Inventory, seed: int, count: int = 40) -> list[m.Meaning]:
    """Plain and named meanings, in turn."""
    sampler = Sampler(inventory, np.random.default_rng(seed))
    return [sampler.plain() if i % 2 else sampler.named() for i in range(count)]


def phrases(meaning: m.Meaning) -> list[m.NounPhrase]:
    """The noun phrases of a meaning."""
    parts = [meaning.subject, meaning.obj if isinstance(meaning, m.Action) else None]
    return [part for part in parts if isinstance(part, m.NounPhrase)]


@given(seeds)
def test_the_same_seed_draws_the_same(seed: int) -> None:
    """Meanings come from the generator that is passed in and from nothing else."""
    assert draws(ALL, seed) == draws(ALL, seed)


def test_another_seed_draws_something_else() -> None:
    """Seeds differ, and 0 is one of them."""
    assert len({tuple(draws(ALL, seed)) for seed in range(5)}) == 5


@given(seeds)
def test_objects_are_those_of_their_verbs(seed: int) -> None:
    """A transitive verb has an indefinite object that makes sense of it, an intransitive one has none."""
    for action in draws(ALL, seed):
        if not isinstance(action, m.Action):
            continue
        if action.verb in m.INTRANSITIVE:
            assert action.obj is None
        else:
            assert action.obj is not None
            assert action.obj.noun in m.TRANSITIVE[action.verb]
            assert not action.obj.definite


@given(seeds)
def test_numbers_and_qualities_fit_their_nouns(seed: int) -> None:
    """Mass nouns are singular and uncounted, numerals stand with plurals, adjectives make sense of the noun."""
    for meaning in draws(ALL, seed):
        for phrase in phrases(meaning):
            assert phrase.number == "sg" or phrase.noun not in m.MASS
            assert phrase.numeral is None or (phrase.number == "pl" and phrase.numeral in m.NUMERALS)
            assert phrase.adjective is None or phrase.adjective in qualities(phrase.noun)
        if isinstance(meaning, m.Quality):
            assert meaning.adjective in qualities(meaning.subject.noun)
            assert meaning.subject.definite
            assert meaning.subject.adjective is None
            assert meaning.subject.numeral is None


@given(seeds)
def test_places_fit_their_verbs(seed: int) -> None:
    """One works at an organisation, lives in a city or country, and swims or builds a bridge where there is room."""
    for meaning in draws(ALL, seed):
        place = getattr(meaning, "place", None)
        if isinstance(place, m.Institution | m.Company):
            assert isinstance(meaning, m.Action)
            assert meaning.verb == "work"
        if isinstance(meaning, m.Action) and meaning.verb == "live":
            assert isinstance(place, m.City | m.Country)
        if isinstance(meaning, m.Action) and isinstance(place, m.Spot) and needs_room(meaning.verb, meaning.obj):
            assert place.noun in {"village", "city"}


@given(seeds)
def test_couples_are_two_people(seed: int) -> None:
    """Nobody is joined with a namesake."""
    for meaning in draws(ALL, seed):
        if isinstance(meaning.subject, m.Couple):
            assert meaning.subject.first.given != meaning.subject.second.given


@given(seeds)
def test_named_meanings_name_somebody_or_something(seed: int) -> None:
    """Every sentence of the NER corpus has an entity, and none of the POS corpus has."""
    entities = (m.Person, m.Couple, m.Institution, m.Company, m.City, m.Country)
    for i, meaning in enumerate(draws(ALL, seed)):
        found = [meaning.subject, getattr(meaning, "place", None)]
        assert any(isinstance(thing, entities) for thing in found) == (i % 2 == 0)


# ---- words kept for test ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("field", FIELDS)
def test_some_words_are_kept_for_test(field: str) -> None:
    """The training inventory is a proper part of the whole one, in every class of words and names."""
    seen, every = set(getattr(SEEN, field)), set(getattr(ALL, field))
    assert seen < every
    assert len(seen) >= len(every) / 2


def test_no_verb_needs_an_unseen_object() -> None:
    """Each verb has an object in the training inventory, so that none is borrowed from the test's."""
    assert [verb for verb, objects in m.TRANSITIVE.items() if not set(objects) & set(SEEN.things)] == []


@given(seeds)
def test_training_text_has_only_seen_words(seed: int) -> None:
    """Names, people and things of the training corpora come from the training inventory."""
    for meaning in draws(SEEN, seed):
        for phrase in phrases(meaning):
            assert phrase.noun in {*SEEN.people, *SEEN.things}
        for thing in (meaning.subject, getattr(meaning, "place", None)):
            match thing:
                case m.Person(given, family):
                    assert given in SEEN.given
                    assert family is None or family in SEEN.family
                case m.Institution(_, city):
                    assert city in SEEN.org_cities
                case m.Company(own):
                    assert own in SEEN.companies
                case m.City(city):
                    assert city in SEEN.cities
                case m.Country(code):
                    assert code in SEEN.countries


def test_inventories_agree_with_each_other() -> None:
    """Antonyms and hypernyms are words of the lexicon, antonyms of each other, and kinds stand above things."""
    assert all(m.ANTONYMS[m.ANTONYMS[a]] == a != m.ANTONYMS[a] for a in m.ANTONYMS)
    assert set(m.ANTONYMS) <= set(m.ADJECTIVES)
    nouns = {*m.PEOPLE, *m.THINGS, *m.ANIMALS, *m.FRUITS, *m.MASS}
    assert {*m.HYPERNYMS, *m.HYPERNYMS.values()} <= nouns
    assert not set(m.HYPERNYMS) & set(m.HYPERNYMS.values())
    assert {noun for objects in m.TRANSITIVE.values() for noun in objects} <= nouns
    assert set(m.ORG_CITIES) <= set(m.CITIES)
    assert set(m.GIVEN_NAMES) > m.WOMEN
    assert all(set(qualities(noun)) <= set(m.ADJECTIVES) and len(qualities(noun)) >= 2 for noun in nouns)
