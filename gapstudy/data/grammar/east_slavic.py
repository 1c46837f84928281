"""What Russian and Ukrainian share: cases by hand-written form, counted nouns, no copula in the present.

Time comes first and the place last, the neutral order of both. "Is" at a place or of a quality is left unsaid; between
two nouns it is a dash. Only the accusative needs a rule: animate nouns (not feminine or neuter singular) take the form of
the genitive, other nouns that of the nominative. After 2 and 3 the noun and its adjective have forms of their own;
names of firms stand in guillemets (outside the entity), abbreviations do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from gapstudy.data.grammar.common import Named, are_women, is_plural, named, time_phrase
from gapstudy.data.grammar.meaning import (
    Action,
    City,
    Company,
    Country,
    Couple,
    Identity,
    Institution,
    Located,
    Meaning,
    NounPhrase,
    Person,
    Place,
    Quality,
    Spot,
    Subject,
)
from gapstudy.data.grammar.tokens import Token, name, phrase

__all__ = ["EastSlavic"]

Case = Literal["nom", "acc", "gen"]
_CLIMATE = {"hot": "hot_climate"}  # a hot country is not hot to the touch


@dataclass(frozen=True, slots=True)
class EastSlavic:
    """The shared grammar over the lexicon of one language."""

    lexicon: dict[str, Any]

    def clause(self, meaning: Meaning) -> list[Token]:
        """Say ``meaning``, without capital and full stop."""
        match meaning:
            case Action():
                return self._action(meaning)
            case Quality(subject, adjective, negated):
                column = _column(self.lexicon["nouns"][subject.noun], plural=subject.number == "pl")
                return [*self._noun_phrase(subject), *_not(negated), self._adjective(adjective, column)]
            case Located(subject, place, time, negated):
                return [*self._time(time), *self._subject(subject), *_not(negated), *self._place(place)]
            case Identity(subject, noun, adjective):
                dash = Token(self.lexicon["dash"], "PUNCT")
                return [*self._named(subject), dash, *self._predicate(subject, noun, adjective)]

    def _action(self, action: Action) -> list[Token]:
        verb = Token(self._verb(action)["pl" if is_plural(action.subject) else "sg"], "VERB")
        case: Case = self.lexicon["negated_object"] if action.negated else "acc"
        obj = self._noun_phrase(action.obj, case) if action.obj else []
        before = [*self._time(action.time), *self._subject(action.subject), *_not(action.negated)]
        return [*before, verb, *obj, *self._place(action.place)]

    def _verb(self, action: Action) -> dict[str, str]:
        own = self.lexicon["collocations"].get(action.verb, {})
        usual: dict[str, str] = self.lexicon["verbs"][action.verb]
        return own.get(action.obj.noun, usual) if action.obj else usual

    def _predicate(self, subject: City | Country | Person, noun: str, adjective: str | None) -> list[Token]:
        entry = self.lexicon["nouns"][noun]
        if isinstance(subject, Person):
            return [Token(entry.get("woman", entry["nom"]) if are_women(subject) else entry["nom"], "NOUN")]
        return self._noun_phrase(NounPhrase(noun, adjective=_CLIMATE.get(adjective or "", adjective)))

    # ---- noun phrases ----------------------------------------------------------------------------------
    def _noun_phrase(self, np: NounPhrase, case: Case = "nom") -> list[Token]:
        if np.numeral:
            return self._counted(np, np.numeral, case)
        entry = self.lexicon["nouns"][np.noun]
        plural = np.number == "pl"
        shape = _shape(entry, case, plural=plural)
        column = _column(entry, plural=plural)
        adjective = [self._adjective(np.adjective, column, shape)] if np.adjective else []
        if plural:
            return [*adjective, *_nouns(entry["pl_gen" if shape == "gen" else "pl"])]
        return [*adjective, *_nouns(entry[case])]

    def _counted(self, np: NounPhrase, numeral: int, case: Case) -> list[Token]:
        """Say a counted noun; only 2 and 3 tell animate accusatives from the nominative."""
        entry = self.lexicon["nouns"][np.noun]
        gender = entry["gender"]
        oblique = case == "gen" or (numeral < 5 and _shape(entry, case, plural=True) == "gen")
        paucal = numeral < 5 and not oblique
        form = self.lexicon["paucal_adjective"][gender] if paucal else "gen_pl"
        adjective = [Token(self.lexicon["adjectives"][np.adjective][form], "ADJ")] if np.adjective else []
        number = Token(self.lexicon["numerals"][str(numeral)]["gen" if oblique else gender], "NUM")
        noun = entry.get("two", entry["pl"]) if paucal else entry.get("five", entry["pl_gen"])
        return [number, *adjective, *_nouns(noun)]

    def _adjective(self, adjective: str, column: str, shape: Case = "nom") -> Token:
        forms = self.lexicon["adjectives"][adjective]
        if shape == "nom":
            return Token(forms[column], "ADJ")
        return Token(forms[f"{shape}_{'m' if column == 'n' else column}"], "ADJ")

    # ---- names and adverbials --------------------------------------------------------------------------
    def _subject(self, subject: Subject) -> list[Token]:
        return self._noun_phrase(subject) if isinstance(subject, NounPhrase) else self._named(subject)

    def _named(self, thing: Named) -> list[Token]:
        match thing:
            case Company(own):
                return _company(self.lexicon["companies"][own])
            case Person():
                thing = self._agreeing(thing)
            case Couple(first, second):
                thing = Couple(self._agreeing(first), self._agreeing(second))
        return named(thing, self.lexicon, conjunction=self.lexicon["conjunction"], institution=self._institution)

    def _agreeing(self, someone: Person) -> Person:
        """Give a woman the feminine family name where the lexicon has one."""
        feminine = f"{someone.family}_f"
        if are_women(someone) and feminine in self.lexicon["names"]:
            return replace(someone, family=feminine)
        return someone

    def _institution(self, thing: Institution, table: str = "institutions") -> list[Token]:
        return name(f"{self.lexicon[table][thing.kind]} {self.lexicon['cities'][thing.city]}", "ORG")

    def _place(self, place: Place | None) -> list[Token]:
        match place:
            case None:
                return []
            case Spot(noun):
                return phrase(self.lexicon["places"][noun])
            case City(key):
                return _location(self.lexicon["cities_in"][key])
            case Country(code):
                return _location(self.lexicon["countries_in"][code])
            case Institution():
                return [Token("в", "ADP"), *self._institution(place, "institutions_in")]
            case Company(own):
                return [Token("в", "ADP"), *_company(self.lexicon["companies_in"][own])]

    def _time(self, time: str | None) -> list[Token]:
        return time_phrase(time, self.lexicon)


def _column(entry: dict[str, Any], *, plural: bool) -> str:
    """Name the column of an adjective that agrees with a noun: its gender, or "pl"."""
    return "pl" if plural else str(entry["gender"])


def _shape(entry: dict[str, Any], case: Case, *, plural: bool) -> Case:
    """Name the case whose form the noun's modifiers (and its plural) take."""
    if case != "acc":
        return case
    if not plural and entry["gender"] == "f":
        return "acc"
    return "gen" if entry.get("animate") and (plural or entry["gender"] == "m") else "nom"


def _nouns(form: str) -> list[Token]:
    """Split a noun of one or two words."""
    return [Token(word, "NOUN") for word in form.split()]


def _not(negated: bool) -> list[Token]:
    return [Token("не", "PART")] if negated else []


def _location(spec: str) -> list[Token]:
    """Read "preposition Name" as an adposition and a LOC entity."""
    preposition, own = spec.split()
    return [Token(preposition, "ADP"), *name(own, "LOC")]


def _company(own: str) -> list[Token]:
    """Name a company: an abbreviation bare, any other name in guillemets."""
    if own.isupper():
        return name(own, "ORG")
    return [Token("«", "PUNCT"), *name(f"+{own}", "ORG"), Token("»", "PUNCT", glued=True)]
