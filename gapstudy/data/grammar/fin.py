"""Finnish: partitive objects, the negative verb, the time straight after the verb.

Objects are partitive, affirmative (ongoing action) and negated alike; with a numeral both it and the singular
noun are ("lukee kahta kirjaa"), while a counted subject is "kaksi kirjaa" with a singular verb. Negation is
"ei" / "eivät" and the connegative. A quality of a mass noun is partitive ("keitto on kuumaa"), of a plural
subject partitive plural. There are no articles; every place is said with a local case: the one of "where?", but
that of "from where?" with the verbs for buying and looking for ("ostaa torilta").
"""

from __future__ import annotations

from dataclasses import replace

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

_LEX = lexicon("fin")


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in Finnish."""
    match meaning:
        case Action():
            return sentence(_action(meaning))
        case Quality(subject, adjective, negated):
            be = _verb("be", "AUX", _agreement(subject), negated)
            return sentence([*_noun_phrase(subject), *be, _predicative(subject, adjective)])
        case Located(subject, place, time, negated):
            be = _verb("be", "AUX", _agreement(subject), negated)
            return sentence([*_subject(subject), *be, *time_phrase(time, _LEX), *_place(place)])
        case Identity(subject, noun, adjective):
            be = _verb("be", "AUX", "sg", negated=False)
            return sentence([*_named(subject), *be, *_noun_phrase(NounPhrase(noun, adjective=adjective))])


def _action(action: Action) -> list[Token]:
    verb = _verb(action.verb, "VERB", _agreement(action.subject), action.negated)
    obj = _noun_phrase(action.obj, partitive=True) if action.obj else []
    place = _place(action.place)
    if action.verb in _LEX["source_verbs"]:
        place = [*place[:-1], *map(_from, place[-1:])]
    return [*_subject(action.subject), *verb, *time_phrase(action.time, _LEX), *obj, *place]


def _from(token: Token) -> Token:
    """Turn "in" or "at" into "from": -ssa, -ssä, -lla, -llä become -sta, -stä, -lta, -ltä, without exception."""
    return replace(token, form=f"{token.form[:-2]}t{token.form[-1]}")


def _agreement(subject: Subject) -> str:
    """Return the number of the verb: counted subjects take the singular."""
    counted = isinstance(subject, NounPhrase) and subject.numeral is not None
    return "pl" if is_plural(subject) and not counted else "sg"


def _verb(verb: str, upos: str, number: str, negated: bool) -> list[Token]:
    forms = _LEX["verbs"][verb]
    if negated:
        return [Token(_LEX["verbs"]["not"][number], "AUX"), Token(forms["neg"], upos)]
    return [Token(forms[number], upos)]


def _noun_phrase(np: NounPhrase, *, partitive: bool = False) -> list[Token]:
    if np.numeral:
        numeral = _LEX["numerals"][str(np.numeral)]["part" if partitive else "nom"]
        return [Token(numeral, "NUM"), *_words(np, "part_sg")]
    return _words(np, f"part_{np.number}" if partitive else np.number)


def _words(np: NounPhrase, form: str) -> list[Token]:
    adjective = [Token(_LEX["adjectives"][np.adjective][form], "ADJ")] if np.adjective else []
    return [*adjective, Token(_LEX["nouns"][np.noun][form], "NOUN")]


def _predicative(subject: NounPhrase, adjective: str) -> Token:
    plural = _agreement(subject) == "pl"
    form = "part_pl" if plural else "part_sg" if subject.noun in MASS else "sg"
    return Token(_LEX["adjectives"][adjective][form], "ADJ")


def _subject(subject: Subject) -> list[Token]:
    return _noun_phrase(subject) if isinstance(subject, NounPhrase) else _named(subject)


def _named(thing: Named) -> list[Token]:
    return named(thing, _LEX, conjunction="ja/CCONJ", institution=_institution)


def _institution(thing: Institution, form: str = "nom") -> list[Token]:
    return name(f"{_LEX['cities_of'][thing.city]} {_LEX['institutions'][thing.kind][form]}/NOUN", "ORG")


def _place(place: Place | None) -> list[Token]:
    match place:
        case None:
            return []
        case Spot(noun):
            return phrase(_LEX["places"][noun])
        case City(key):
            return name(_LEX["cities_in"][key], "LOC")
        case Country(code):
            return name(_LEX["countries_in"][code], "LOC")
        case Institution():
            return _institution(place, "at")
        case Company(own):
            return name(_LEX["companies_at"][own], "ORG")
