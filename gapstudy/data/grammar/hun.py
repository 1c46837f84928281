"""Hungarian: the object (or, without one, the place) stands right before the verb; negation puts the verb first.

Order: subject, time, then "egy könyvet olvas a könyvtárban" or "a kertben alszik"; negated "nem olvas könyvet a
könyvtárban", where the indefinite article goes. Verbs are in the indefinite conjugation, preverbs after the verb.
Counted nouns are singular and so is their verb; indefinite plural subjects are "néhány ember" for the same reason.
No copula for qualities and identities; "van" / "nincs" (VERB in UD Hungarian) for being somewhere.
Organisations bear the definite article; the one Hungarian family name comes first (Kovács Anna).
"""

from __future__ import annotations

from gapstudy.data.grammar.common import Named, are_women, is_plural, named, time_phrase
from gapstudy.data.grammar.lexicon import lexicon
from gapstudy.data.grammar.meaning import (
    MASS,
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
from gapstudy.data.grammar.tokens import Token, name, phrase, sentence
from gapstudy.data.grammar.wording import adjective_of, verb_with

__all__ = ["realise"]

_LEX = lexicon("hun")
_VOWELS = "aáeéiíoóöőuúüű"
_NOT = Token("nem", "ADV")


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in Hungarian."""
    match meaning:
        case Action():
            return sentence(_action(meaning))
        case Quality(subject, adjective, negated):
            form = adjective_of(_LEX, adjective, subject.noun)[_agreement(subject)]
            return sentence([*_noun_phrase(subject), *([_NOT] if negated else []), Token(form, "ADJ")])
        case Located(subject, place, time, negated):
            return sentence([*_subject(subject), *time_phrase(time, _LEX), *_being(subject, place, negated)])
        case Identity(subject, noun, adjective):
            return sentence([*_named(subject), *_identity(subject, noun, adjective)])


# ---- clauses -----------------------------------------------------------------------------------------------
def _action(action: Action) -> list[Token]:
    verb, *preverb = _verb(action)
    obj = _object(action.obj, negated=action.negated) if action.obj else []
    place = _place(action.place)
    if action.negated:
        core = [_NOT, verb, *preverb, *obj, *place]
    else:
        core = [*obj, verb, *preverb, *place] if obj else [*place, verb, *preverb]
    return [*_subject(action.subject), *time_phrase(action.time, _LEX), *core]


def _verb(action: Action) -> list[Token]:
    forms = verb_with(_LEX, action.verb, action.obj)
    verb = Token(forms[_agreement(action.subject)], "VERB")
    return [verb, Token(forms["preverb"], "ADV")] if "preverb" in forms else [verb]


def _being(subject: Subject, place: Place, negated: bool) -> list[Token]:
    verb = Token(_LEX["verbs"]["not_be" if negated else "be"][_agreement(subject)], "VERB")
    return [verb, *_place(place)] if negated else [*_place(place), verb]


def _agreement(subject: Subject) -> str:
    """Return the number of the predicate: counted nouns and those with "néhány" are singular."""
    quantified = isinstance(subject, NounPhrase) and (subject.numeral is not None or not subject.definite)
    return "pl" if is_plural(subject) and not quantified else "sg"


def _identity(subject: City | Country | Person, noun: str, adjective: str | None) -> list[Token]:
    if isinstance(subject, Person) and are_women(subject) and noun in _LEX["feminine"]:
        return [Token(_LEX["feminine"][noun], "NOUN")]
    words = _words(NounPhrase(noun, adjective=adjective), "sg")
    # a bare noun classes its subject (doctor, city); being somebody's neighbour is no such class
    return [Token("egy", "DET"), *words] if noun == "neighbour" else words


# ---- noun phrases ------------------------------------------------------------------------------------------
def _noun_phrase(np: NounPhrase) -> list[Token]:
    """Say a subject."""
    if np.numeral:
        return [_numeral(np.numeral), *_words(np, "sg")]
    if np.definite:
        return _with_article(_words(np, np.number))
    if np.noun in MASS:
        return _words(np, "sg")
    return [Token("egy" if np.number == "sg" else "néhány", "DET"), *_words(np, "sg")]


def _object(np: NounPhrase, *, negated: bool) -> list[Token]:
    if np.numeral:
        return [_numeral(np.numeral), *_words(np, "acc")]
    words = _words(np, "acc" if np.number == "sg" else "accpl")
    if np.number == "pl" or np.noun in MASS or negated:
        return words
    return [Token("egy", "DET"), *words]


def _numeral(number: int) -> Token:
    return Token(_LEX["numerals"][str(number)], "NUM")


def _words(np: NounPhrase, form: str) -> list[Token]:
    adjective = [Token(adjective_of(_LEX, np.adjective, np.noun)["attr"], "ADJ")] if np.adjective else []
    return [*adjective, Token(_LEX["nouns"][np.noun][form], "NOUN")]


def _with_article(words: list[Token]) -> list[Token]:
    return [Token("az" if words[0].form[0].lower() in _VOWELS else "a", "DET"), *words]


# ---- names and places --------------------------------------------------------------------------------------
def _subject(subject: Subject) -> list[Token]:
    return _noun_phrase(subject) if isinstance(subject, NounPhrase) else _named(subject)


def _named(thing: Named) -> list[Token]:
    match thing:
        case Person():
            thing = _in_order(thing)
        case Couple(first, second):
            thing = Couple(_in_order(first), _in_order(second))
    words = named(thing, _LEX, conjunction="és/CCONJ", institution=_institution)
    return _with_article(words) if isinstance(thing, Institution | Company) else words


def _in_order(person: Person) -> Person:
    """Exchange the two names where the family name comes first."""
    if person.family and person.family in _LEX["family_first"]:
        return Person(person.family, person.given)
    return person


def _institution(thing: Institution, form: str = "nom") -> list[Token]:
    return name(f"{_LEX['cities_of'][thing.city]}/ADJ {_LEX['institutions'][thing.kind][form]}/NOUN", "ORG")


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
            return _with_article(_institution(place, "at"))
        case Company(own):
            return _with_article(name(_LEX["companies_at"][own], "ORG"))
