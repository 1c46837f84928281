"""Draw meanings: which subject does what to what, where and when, under the limits of plain sense.

Every draw comes from the ``numpy.random.Generator`` that is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from gapstudy.data.grammar import meaning as m

__all__ = ["ALL", "SEEN", "Inventory", "Sampler", "needs_room", "qualities"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Inventory:
    """The open-class words and names a corpus may use; training text uses :data:`SEEN`, test text :data:`ALL`."""

    people: Sequence[str]
    things: Sequence[str]
    given: Sequence[str]
    family: Sequence[str]
    countries: Sequence[str]
    cities: Sequence[str]
    org_cities: Sequence[str]
    companies: Sequence[str]
    places: Sequence[str]


def _keep(words: Sequence[str], every: int) -> tuple[str, ...]:
    """Drop each ``every``-th word, so that it is new to a model at test time."""
    return tuple(w for i, w in enumerate(words) if i % every != every - 1)


ALL = Inventory(
    people=m.PEOPLE[:-1],
    things=(*m.THINGS, *m.ANIMALS, *m.FRUITS, *m.MASS),
    given=m.GIVEN_NAMES,
    family=m.FAMILY_NAMES,
    countries=m.COUNTRIES,
    cities=tuple(m.CITIES),
    org_cities=m.ORG_CITIES,
    companies=m.COMPANIES,
    places=m.PLACES,
)
SEEN = Inventory(
    people=_keep(m.PEOPLE[:-1], 5),
    things=_keep(ALL.things, 5),
    given=_keep(m.GIVEN_NAMES, 3),
    family=_keep(m.FAMILY_NAMES, 3),
    countries=_keep(m.COUNTRIES, 3),
    cities=_keep(tuple(m.CITIES), 3),
    org_cities=_keep(m.ORG_CITIES, 4),
    companies=_keep(m.COMPANIES, 3),
    places=_keep(m.PLACES, 6),
)

_FIXED = {"house", "bridge", "tree", "boat", "car", "door", "window"}
_SLIGHT = {"shirt", "cup", "letter", "newspaper"}
_PRICED = ("hot", "cold", "expensive", "cheap")
_OF_THINGS = tuple(a for a in m.ADJECTIVES if a not in {"hot", "cold"})
_OF_KINDS: tuple[tuple[Sequence[str], tuple[str, ...]], ...] = (
    (m.FRUITS, ("red", "big", "small", "expensive", "cheap", "clean", "dirty")),
    (m.MASS, _PRICED),
    (m.ANIMALS, ("old", "big", "small", "white", "black", "beautiful", "dirty", "clean")),
    (m.PEOPLE, ("old", "beautiful")),
    (("tree",), ("old", "big", "small", "beautiful")),
    ((*_FIXED, *_SLIGHT), tuple(a for a in _OF_THINGS if a not in {"heavy", "light"})),
)


def qualities(noun: str) -> tuple[str, ...]:
    """Return the adjectives that make sense of ``noun``."""
    return next((adjectives for nouns, adjectives in _OF_KINDS if noun in nouns), _OF_THINGS)


_LARGE = {"house", "bridge", "boat", "car"}
_OUTDOORS = ("village", "city")


def needs_room(verb: str, obj: m.NounPhrase | None) -> bool:
    """Whether the action is not to be had in a kitchen: building, repairing or trading what is larger than it."""
    return verb == "swim" or (verb != "draw" and obj is not None and obj.noun in _LARGE)


class Sampler:
    """Draws meanings from an inventory with one generator."""

    def __init__(self, inventory: Inventory, rng: np.random.Generator) -> None:
        """Keep the inventory and the generator; the generator advances with every draw."""
        self.inventory = inventory
        self.rng = rng

    # ---- pieces ----------------------------------------------------------------------------------------
    def choose(self, options: Sequence[T]) -> T:
        """Draw one of ``options``, uniformly."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, probability: float) -> bool:
        """Draw True with ``probability``."""
        return bool(self.rng.random() < probability)

    def person(self) -> m.Person:
        """Draw a person; two of three have a family name."""
        given = self.choose(self.inventory.given)
        return m.Person(given, self.choose(self.inventory.family) if self.chance(2 / 3) else None)

    def couple(self) -> m.Couple:
        """Draw two people with different given names."""
        first, second = self.person(), self.person()
        while second.given == first.given:
            second = self.person()
        return m.Couple(first, second)

    def people(self) -> m.NounPhrase:
        """Draw a definite common-noun subject, plural one time in three."""
        return m.NounPhrase(self.choose(self.inventory.people), "pl" if self.chance(1 / 3) else "sg", definite=True)

    def institution(self) -> m.Institution:
        """Draw an institution."""
        return m.Institution(self.choose(m.ORG_KINDS), self.choose(self.inventory.org_cities))

    def company(self) -> m.Company:
        """Draw a company or world body."""
        return m.Company(self.choose(self.inventory.companies))

    def location(self) -> m.City | m.Country:
        """Draw a city or a country."""
        if self.chance(0.5):
            return m.City(self.choose(self.inventory.cities))
        return m.Country(self.choose(self.inventory.countries))

    def spot(self, *, outdoors: bool = False) -> m.Spot:
        """Draw a common place, on request one that has room for a bridge."""
        return m.Spot(self.choose(_OUTDOORS if outdoors else self.inventory.places))

    def time(self, probability: float) -> str | None:
        """Draw a time phrase, or none."""
        return self.choose(m.TIMES) if self.chance(probability) else None

    def thing(self, options: Sequence[str], adjective: float = 0.4) -> m.NounPhrase:
        """Draw an indefinite object among ``options`` that the inventory has (all of them if it has none)."""
        noun = self.choose([o for o in options if o in self.inventory.things] or list(options))
        quality = self.choose(qualities(noun)) if self.chance(adjective) else None
        if noun in m.MASS or self.chance(0.5):
            return m.NounPhrase(noun, adjective=quality)
        numeral = self.choose(m.NUMERALS) if self.chance(0.5) else None
        return m.NounPhrase(noun, "pl", adjective=quality, numeral=numeral)

    # ---- clauses ---------------------------------------------------------------------------------------
    def action(self, subject: m.Subject, *, where: float = 0.5, when: float = 0.3, negated: float = 0.15) -> m.Action:
        """Draw what ``subject`` does, at a common place if anywhere; the last three are probabilities."""
        obj = None
        if self.chance(0.25):
            verb = self.choose([v for v in m.INTRANSITIVE if v != "live"])
        else:
            verb = self.choose(tuple(m.TRANSITIVE))
            obj = self.thing(m.TRANSITIVE[verb])
        place = self.spot(outdoors=needs_room(verb, obj)) if self.chance(where) else None
        return m.Action(subject, verb, obj, place, self.time(when), self.chance(negated))

    def quality(self, negated: float = 0.25) -> m.Quality:
        """Draw a definite thing and a quality of it."""
        noun = self.choose([t for t in self.inventory.things if t not in {"food", "fruit", "animal"}])
        subject = m.NounPhrase(noun, "pl" if noun not in m.MASS and self.chance(1 / 3) else "sg", definite=True)
        return m.Quality(subject, self.choose(qualities(noun)), self.chance(negated))

    def located(self) -> m.Located:
        """Draw someone or some animal or thing at a common place."""
        movable = [t for t in self.inventory.things if t not in m.MASS and t not in _FIXED]
        noun = self.choose(self.inventory.people if self.chance(0.5) else movable)
        subject = m.NounPhrase(noun, "pl" if self.chance(1 / 3) else "sg", definite=True)
        return m.Located(subject, self.spot(), self.time(0.3), self.chance(0.2))

    def plain(self) -> m.Meaning:
        """Draw a sentence without names (the POS corpus)."""
        draw = self.rng.random()
        if draw < 0.65:
            return self.action(self.people())
        return self.quality() if draw < 0.85 else self.located()

    def named(self) -> m.Meaning:
        """Draw a sentence with at least one name (the NER corpus)."""
        makers: tuple[Callable[[], m.Meaning], ...] = (
            lambda: m.Action(self.person(), "live", None, self.location(), None, self.chance(0.15)),
            lambda: m.Action(self.person(), "work", None, self.organisation(), self.time(0.3), self.chance(0.15)),
            lambda: m.Action(self.couple(), "work", None, self.organisation(), self.time(0.3)),
            lambda: m.Located(self.couple() if self.chance(0.5) else self.person(), self.location(), self.time(0.4)),
            lambda: m.Identity(m.City(self.choose(self.inventory.cities)), "city", self._of_place()),
            lambda: m.Identity(m.Country(self.choose(self.inventory.countries)), "country", self._of_place()),
            lambda: m.Identity(self.person(), self.choose(self._jobs())),
            self._organisation_action,
            self._organisation_action,
            lambda: self.action(self.person(), when=0.2),
            lambda: self.action(self.couple(), when=0.2),
        )
        return self.choose(makers)()

    def organisation(self) -> m.Institution | m.Company:
        """Draw an institution or a company."""
        return self.institution() if self.chance(0.6) else self.company()

    def _of_place(self) -> str:
        return self.choose(("big", "small", "old", "beautiful", "cold", "hot"))

    def _jobs(self) -> list[str]:
        return [p for p in self.inventory.people if p not in {"child", "woman", "man", "neighbour"}]

    def _organisation_action(self) -> m.Action:
        verb = self.choose(("build", "buy", "sell", "repair"))
        obj = self.thing([t for t in m.TRANSITIVE[verb] if t in m.THINGS], adjective=0.3)
        place = self.location() if self.chance(0.7) else None
        return m.Action(self.organisation(), verb, obj, place, self.time(0.2), self.chance(0.1))
