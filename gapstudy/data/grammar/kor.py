"""Korean: plain written style, -고 있다 for what goes on, -는다 for "live" and for work at an institution or company.

Tokens are eojeol, as in UD Korean-GSD: a particle stays inside its noun. The subject is the topic (은/는), then
come time, place, object and verb. Numerals follow the noun with its counter (책 두 권을); a plural without a
numeral takes 들. Negation is -지 않다, and 없다 for "is not at". Tags are those of Korean-GSD (a common noun with
에 or 에서 is ADV, noun + 이다 is VERB, 있다/없다 "be at" are ADJ), except that names stay PROPN whatever follows.
"""

from __future__ import annotations

from dataclasses import replace

from gapstudy.data.grammar.common import Named, named, time_phrase
from gapstudy.data.grammar.lexicon import lexicon
from gapstudy.data.grammar.meaning import (
    ANIMALS,
    PEOPLE,
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
    Place,
    Quality,
    Spot,
    Subject,
)
from gapstudy.data.grammar.tokens import Token, name, phrase, sentence

__all__ = ["realise"]

_LEX = lexicon("kor")
_TOPIC, _OBJECT, _AND = ("은", "는"), ("을", "를"), ("과", "와")  # after a consonant, after a vowel
_ATTRIBUTE, _PREDICATE, _NEGATED = range(3)  # columns of the adjectives


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in Korean."""
    match meaning:
        case Action():
            return sentence(_action(meaning))
        case Quality(subject, adjective, negated):
            predicate = _adjective(adjective, subject.noun, _NEGATED if negated else _PREDICATE)
            return sentence([*_topic(subject), *predicate])
        case Located(subject, place, time, negated):
            be = Token("없다" if negated else "있다", "ADJ")
            return sentence([*_topic(subject), *time_phrase(time, _LEX), *_place(place, "에"), be])
        case Identity(subject, noun, adjective):
            attribute = _adjective(adjective, noun, _ATTRIBUTE)
            return sentence([*_marked(_named(subject), _TOPIC), *attribute, Token(f"{_form(noun)}이다", "VERB")])


def _action(action: Action) -> list[Token]:
    place = _place(action.place, "에" if action.verb == "live" else "에서")
    obj = _marked(_noun_phrase(action.obj), _OBJECT) if action.obj else []
    return [*_topic(action.subject), *time_phrase(action.time, _LEX), *place, *obj, *_verb(action)]


def _verb(action: Action) -> list[Token]:
    forms = _LEX["verbs"][action.verb]
    if action.verb == "live" or isinstance(action.place, Institution | Company):
        return phrase(f"{forms['ji']}/VERB 않는다/AUX" if action.negated else f"{forms['plain']}/VERB")
    going = forms.get(action.obj.noun, forms["go"]) if action.obj else forms["go"]
    return phrase(f"{going}/VERB 있지/AUX 않다/AUX" if action.negated else f"{going}/VERB 있다/AUX")


def _noun_phrase(np: NounPhrase) -> list[Token]:
    attribute = _adjective(np.adjective, np.noun, _ATTRIBUTE)
    if np.numeral:
        counted = [Token(_LEX["numerals"][str(np.numeral)], "NUM"), Token(_LEX["nouns"][np.noun]["counter"], "NOUN")]
        return [*attribute, Token(_form(np.noun), "NOUN"), *counted]
    return [*attribute, Token(_form(np.noun) + ("들" if np.number == "pl" else ""), "NOUN")]


def _form(noun: str) -> str:
    form: str = _LEX["nouns"][noun]["form"]
    return form


def _adjective(adjective: str | None, noun: str, column: int) -> list[Token]:
    if adjective is None:
        return []
    forms = dict(_LEX["adjectives"])
    if noun in {*PEOPLE, *ANIMALS}:
        forms |= _LEX["adjectives_alive"]
    elif noun in {"city", "country"}:
        forms |= _LEX["adjectives_place"]
    return phrase(forms[adjective][column])


def _topic(subject: Subject) -> list[Token]:
    return _marked(_noun_phrase(subject) if isinstance(subject, NounPhrase) else _named(subject), _TOPIC)


def _marked(tokens: list[Token], particle: tuple[str, str]) -> list[Token]:
    """Add a particle to the last token, in the form that its last syllable asks for."""
    *rest, last = tokens
    # Unicode orders the 28 finals (none first) within each Hangul syllable block
    has_final = (ord(last.form[-1]) - ord("가")) % 28 != 0
    return [*rest, replace(last, form=last.form + particle[0 if has_final else 1])]


def _named(thing: Named) -> list[Token]:
    if isinstance(thing, Couple):
        return [*_marked(_named(thing.first), _AND), *_named(thing.second)]
    return named(thing, _LEX, conjunction="", institution=_institution)


def _institution(thing: Institution) -> list[Token]:
    return name(f"{_LEX['cities'][thing.city]} {_LEX['institutions'][thing.kind]}/NOUN", "ORG")


def _place(place: Place | None, particle: str) -> list[Token]:
    match place:
        case None:
            return []
        case Spot(noun):
            return [Token(_LEX["places"][noun] + particle, "ADV")]
        case City() | Country() | Institution() | Company():
            return _marked(_named(place), (particle, particle))
