"""Swahili: -na- present for what goes on and for lasting states, ha-...-i negation, agreement in every noun class.

The order is subject, verb, object, place, time; in a noun phrase: noun, adjective, numeral, then "-a" phrases
(magari mawili ya zamani). Nouns that look alike in both numbers show it elsewhere: a living object by the object
prefix (anawatafuta mbwa), a lifeless one by "kadhaa" in the plural (barua kadhaa), a subject by its concords. A
quality is said of "that" thing (Nyumba hizo ni kubwa): bare, the subject would be generic and often numberless.
"At" is the locative noun (shuleni), mjini + city, nchini + country, katika + organisation. The copulas ni, si and
yuko, hayuko are AUX, the connective -a is ADP.
"""

from __future__ import annotations

from typing import Any

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
    Person,
    Place,
    Quality,
    Spot,
    Subject,
)
from gapstudy.data.grammar.tokens import Token, name, phrase, sentence

__all__ = ["realise"]

_LEX = lexicon("swa")
_ALIVE = frozenset({*PEOPLE, *ANIMALS})  # not the fish that is food


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in Swahili."""
    match meaning:
        case Action():
            return sentence(_action(meaning))
        case Quality(subject, adjective, negated):
            copula = Token("si" if negated else "ni", "AUX")
            that = Token(_concord("that", _class(subject)), "DET")
            return sentence([*_noun_phrase(subject), that, copula, *_quality(adjective, subject)])
        case Located(subject, place, time, negated):
            be = Token(_concord("not_at" if negated else "at", _class(subject)), "AUX")
            return sentence([*_subject(subject), be, *_place(place), *time_phrase(time, _LEX)])
        case Identity(subject, noun, adjective):
            complement = _noun_phrase(NounPhrase(noun, adjective=adjective))
            return sentence([*_named(subject), Token("ni", "AUX"), *complement])


def _action(action: Action) -> list[Token]:
    obj = _noun_phrase(action.obj) if action.obj else []
    return [*_subject(action.subject), *_verb(action), *obj, *_place(action.place), *time_phrase(action.time, _LEX)]


def _verb(action: Action) -> list[Token]:
    forms: dict[str, Any] = _LEX["verbs"][action.verb]
    prefix = ""
    if action.obj:
        forms = forms.get(action.obj.noun, forms)
        prefix = _concord("object", _class(action.obj)) if action.obj.noun in _ALIVE else ""
    noun_class = _class(action.subject)
    if action.negated:
        form = _concord("not", noun_class) + prefix + forms["neg"]
    else:
        form = _concord("subject", noun_class) + "na" + prefix + forms["stem"]
    return [Token(form, "VERB"), *([Token(forms["noun"], "NOUN")] if "noun" in forms else [])]


def _class(subject: Subject) -> int:
    """Return the noun class that verbs and adjectives agree with."""
    match subject:
        case NounPhrase(noun, number):
            classes: list[int] = _LEX["nouns"][noun]["class"]
            return classes[0 if number == "sg" else 1]
        case Person():
            return 1
        case Couple():
            return 2
        case Institution(kind):
            head: int = _LEX["institutions"][kind]["class"]
            return head
        case Company():
            return 9


def _concord(kind: str, noun_class: int) -> str:
    form: str = _LEX["concord"][kind][noun_class - 1]
    return form


def _noun_phrase(np: NounPhrase) -> list[Token]:
    head = Token(_LEX["nouns"][np.noun][np.number], "NOUN")
    quality = _quality(np.adjective, np)
    linked = len(quality) > 1
    return [head, *([] if linked else quality), *_quantity(np), *(quality if linked else [])]


def _quality(adjective: str | None, np: NounPhrase) -> list[Token]:
    """Say an adjective as one agreeing word, or as a phrase with the connective -a (at least two words)."""
    if adjective is None:
        return []
    inflected = _LEX["adjectives"] | (_LEX["adjectives_alive"] if np.noun in _ALIVE else {})
    if adjective in inflected:
        forms = inflected[adjective]
        return [Token(forms[0 if len(forms) == 1 else _class(np) - 1], "ADJ")]
    linked = _LEX["linked"] | (_LEX["linked_place"] if np.noun in {"city", "country"} else {})
    return [Token(_concord("of", _class(np)), "ADP"), *phrase(linked[adjective])]


def _quantity(np: NounPhrase) -> list[Token]:
    if np.numeral:
        return [Token(_LEX["numerals"][str(np.numeral)][_class(np) // 2 - 1], "NUM")]
    noun = _LEX["nouns"][np.noun]
    hidden = np.number == "pl" and noun["sg"] == noun["pl"]
    return [Token("kadhaa", "DET")] if hidden and not np.definite and np.noun not in _ALIVE else []


def _subject(subject: Subject) -> list[Token]:
    return _noun_phrase(subject) if isinstance(subject, NounPhrase) else _named(subject)


def _named(thing: Named) -> list[Token]:
    return named(thing, _LEX, conjunction="na/CCONJ", institution=_institution)


def _institution(thing: Institution) -> list[Token]:
    return name(f"{_LEX['institutions'][thing.kind]['name']} {_LEX['cities'][thing.city]}", "ORG")


def _place(place: Place | None) -> list[Token]:
    match place:
        case None:
            return []
        case Spot(noun):
            return phrase(_LEX["places"][noun])
        case City():
            return [Token("mjini", "NOUN"), *_named(place)]
        case Country():
            return [Token("nchini", "NOUN"), *_named(place)]
        case Institution() | Company():
            return [Token("katika", "ADP"), *_named(place)]
