"""English: present progressive, articles, plural agreement; "lives" and jobs in the simple present.

Simple present is used for "live" and for "work" at an Institution or Company, as English does for lasting states.
"""

from __future__ import annotations

from gapstudy.data.grammar.common import Named, is_plural, named, time_phrase
from gapstudy.data.grammar.lexicon import lexicon
from gapstudy.data.grammar.meaning import (
    MASS,
    Action,
    City,
    Company,
    Country,
    Identity,
    Institution,
    Located,
    Meaning,
    NounPhrase,
    Place,
    Quality,
    Spot,
    Subject,
)
from gapstudy.data.grammar.tokens import Token, name, phrase, sentence

__all__ = ["realise"]

_LEX = lexicon("eng")


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in English."""
    match meaning:
        case Action():
            return sentence(_action(meaning))
        case Quality(subject, adjective, negated):
            plural = subject.number == "pl"
            return sentence([*_noun_phrase(subject), *_be(plural, negated), Token(_adjective(adjective), "ADJ")])
        case Located(subject, place, time, negated):
            be = _be(is_plural(subject), negated)
            return sentence([*_subject(subject), *be, *_place(place), *time_phrase(time, _LEX)])
        case Identity(subject, noun, adjective):
            phrase_ = NounPhrase(noun, adjective=adjective)
            return sentence([*_named(subject), *_be(plural=False, negated=False), *_noun_phrase(phrase_)])


def _action(action: Action) -> list[Token]:
    plural = is_plural(action.subject)
    lasting = action.verb == "live" or isinstance(action.place, Institution | Company)
    verb = _simple_present(action.verb, plural, action.negated) if lasting else [
        *_be(plural, action.negated), *phrase(_LEX["verbs"][action.verb]),
    ]  # fmt: skip
    obj = _noun_phrase(action.obj) if action.obj else []
    return [*_subject(action.subject), *verb, *obj, *_place(action.place), *time_phrase(action.time, _LEX)]


def _simple_present(verb: str, plural: bool, negated: bool) -> list[Token]:
    if negated:
        return [Token("do" if plural else "does", "AUX"), Token("not", "PART"), Token(verb, "VERB")]
    return [Token(verb if plural else f"{verb}s", "VERB")]


def _be(plural: bool, negated: bool) -> list[Token]:
    verb = Token("are" if plural else "is", "AUX")
    return [verb, Token("not", "PART")] if negated else [verb]


def _noun_phrase(np: NounPhrase) -> list[Token]:
    adjective = [Token(_adjective(np.adjective), "ADJ")] if np.adjective else []
    words = [*adjective, Token(_LEX["nouns"][np.noun][np.number], "NOUN")]
    if np.numeral:
        return [Token(_LEX["numerals"][str(np.numeral)], "NUM"), *words]
    if np.definite:
        return [Token("the", "DET"), *words]
    if np.number == "pl" or np.noun in MASS:
        return words
    return [Token("an" if words[0].form[0] in "aeiou" else "a", "DET"), *words]


def _subject(subject: Subject) -> list[Token]:
    return _noun_phrase(subject) if isinstance(subject, NounPhrase) else _named(subject)


def _named(thing: Named) -> list[Token]:
    return named(thing, _LEX, conjunction="and/CCONJ", institution=_institution)


def _institution(thing: Institution) -> list[Token]:
    article, rest = _LEX["institutions"][thing.kind].split(" ", 1)
    return [*phrase(article), *name(f"{rest} {_LEX['cities'][thing.city]}", "ORG")]


def _place(place: Place | None) -> list[Token]:
    match place:
        case None:
            return []
        case Spot(noun):
            return phrase(_LEX["places"][noun])
        case City() | Country():
            return [Token("in", "ADP"), *_named(place)]
        case Institution() | Company():
            return [Token("at", "ADP"), *_named(place)]


def _adjective(adjective: str) -> str:
    form: str = _LEX["adjectives"][adjective]
    return form
