"""Turkish: subject, time, place, object, verb; the present in -yor and its negative in -mIyor.

Indefinite objects are nominative: "bir kitap", "yeni bir kitap", "kitaplar", "iki kitap"; negation drops "bir"
("kitap okumuyor"). The verb stays singular after plural subjects, which is right for people, animals and things
alike. Qualities, identities and being somewhere have no copula, negated with "değil" (AUX in UD Turkish).
"""

from __future__ import annotations

from gapstudy.data.grammar.common import Named, named, time_phrase
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
    Person,
    Place,
    Quality,
    Spot,
    Subject,
)
from gapstudy.data.grammar.tokens import Token, name, phrase, sentence
from gapstudy.data.grammar.wording import adjective_of, verb_with

__all__ = ["realise"]

_LEX = lexicon("tur")
_A = Token("bir", "DET")
_NOT = Token("değil", "AUX")


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in Turkish."""
    return sentence(_clause(meaning), upper=_upper)


def _upper(letter: str) -> str:
    return "İ" if letter == "i" else letter.upper()


def _clause(meaning: Meaning) -> list[Token]:
    match meaning:
        case Action():
            return _action(meaning)
        case Quality(subject, adjective, negated):
            predicate = Token(adjective_of(_LEX, adjective, subject.noun)["form"], "ADJ")
            return [*_noun_phrase(subject, adjective), predicate, *([_NOT] if negated else [])]
        case Located(subject, place, time, negated):
            where = [*time_phrase(time, _LEX), *_place(place)]
            return [*_subject(subject), *where, *([_NOT] if negated else [])]
        case Identity(subject, noun, adjective):
            return [*_named(subject), *_identity(subject, noun, adjective)]


def _action(action: Action) -> list[Token]:
    verb = verb_with(_LEX, action.verb, action.obj)["neg" if action.negated else "pos"]
    obj = _noun_phrase(action.obj, action.verb, article=not action.negated) if action.obj else []
    where = [*time_phrase(action.time, _LEX), *_place(action.place)]
    return [*_subject(action.subject, action.verb), *where, *obj, *phrase(verb)]


def _identity(subject: City | Country | Person, noun: str, adjective: str | None) -> list[Token]:
    # jobs stand bare ("Anna doktor"); being somebody's neighbour is no job
    bare = isinstance(subject, Person) and noun != "neighbour"
    return _noun_phrase(NounPhrase(noun, adjective=adjective), "be", article=not bare)


def _noun_phrase(np: NounPhrase, word: str, *, article: bool = True) -> list[Token]:
    """Say a noun phrase beside ``word``, the verb or adjective of its clause; ``article`` allows "bir"."""
    adjective = [Token(adjective_of(_LEX, np.adjective, np.noun)["form"], "ADJ")] if np.adjective else []
    noun = Token(_noun(np, word), "NOUN")
    if np.numeral:
        return [Token(_LEX["numerals"][str(np.numeral)], "NUM"), *adjective, noun]
    one = np.number == "sg" and np.noun not in MASS and not np.definite
    return [*adjective, *([_A] if one and article else []), noun]


def _noun(np: NounPhrase, word: str) -> str:
    forms = _LEX["nouns"][np.noun]
    form: str = forms["pl" if np.number == "pl" and not np.numeral else "sg"]
    special: dict[str, str] = _LEX["nouns_with"].get(word, {})
    return special.get(np.noun, form)


def _subject(subject: Subject, word: str = "be") -> list[Token]:
    return _noun_phrase(subject, word) if isinstance(subject, NounPhrase) else _named(subject)


def _named(thing: Named) -> list[Token]:
    return named(thing, _LEX, conjunction="ve/CCONJ", institution=_institution)


def _institution(thing: Institution, form: str = "nom") -> list[Token]:
    return name(f"{_LEX['cities'][thing.city]} {_LEX['institutions'][thing.kind][form]}/NOUN", "ORG")


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
