"""What French and Italian share: articles by gender, number and the sound that follows, agreement, word order.

Both use the simple present throughout (Italian "sta leggendo" would clash with "on Monday" and "at night").
Adjectives of newness, age, size and beauty stand before the noun, the others after it. The language modules add
their negation, their sound classes and their "and"; everything else that differs is a table of the lexicon.

A *slot* is gender and number together ("m_sg"); an *onset* is the class of a word's first sound ("plain", "vowel",
Italian also "impure"), which decides le / l' and il / lo / l'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from gapstudy.data.grammar import meaning as m
from gapstudy.data.grammar.common import Named, are_women, is_plural, named, time_phrase
from gapstudy.data.grammar.tokens import Token, name, phrase, sentence

__all__ = ["Romance"]


@dataclass(frozen=True, slots=True)
class Romance:
    """One language: its lexicon and the few things that a table cannot say."""

    lexicon: dict[str, Any]
    onset: Callable[[str], str]  # of the word that follows an article
    negate: Callable[[Token], list[Token]]  # the verb with its negation
    conjunction: Callable[[str], str]  # "and" before that name, as form/UPOS
    bare_jobs: bool  # "Anna est médecin", not "Anna è una dottoressa"

    # ---- clauses ---------------------------------------------------------------------------------------
    def realise(self, meaning: m.Meaning) -> tuple[Token, ...]:
        """Say ``meaning``."""
        match meaning:
            case m.Action():
                clause = self._action(meaning)
            case m.Quality():
                clause = self._quality(meaning)
            case m.Located():
                clause = self._located(meaning)
            case m.Identity():
                clause = self._identity(meaning)
        return sentence(_glue(clause))

    def _action(self, action: m.Action) -> list[Token]:
        forms = self.lexicon["verbs"][action.verb]
        verb = Token(forms["pl" if is_plural(action.subject) else "sg"], "VERB")
        return [
            *self._subject(action.subject),
            *(self.negate(verb) if action.negated else [verb]),
            *(self._noun_phrase(action.obj, negated=action.negated) if action.obj else []),
            *self._place(action.place, self._spots(action)),
            *time_phrase(action.time, self.lexicon),
        ]

    def _spots(self, action: m.Action) -> str:
        # the table of common places: motion verbs have their own, and so has French "propre" (propre à: peculiar to)
        adjective = action.obj.adjective if action.obj else None
        own: str | None = self.lexicon["places_after"].get(adjective)
        return own or self.lexicon["verbs"][action.verb].get("places", "places")

    def _quality(self, quality: m.Quality) -> list[Token]:
        subject = quality.subject
        be = self._be(is_plural(subject), quality.negated)
        return [*self._noun_phrase(subject), *be, *phrase(self._predicate(quality.adjective, subject))]

    def _located(self, located: m.Located) -> list[Token]:
        be = self._be(is_plural(located.subject), located.negated)
        where = [*self._place(located.place), *time_phrase(located.time, self.lexicon)]
        return [*self._subject(located.subject), *be, *where]

    def _identity(self, identity: m.Identity) -> list[Token]:
        subject, noun = identity.subject, identity.noun
        if isinstance(subject, m.Person):
            what = self._job(noun, woman=are_women(subject))
        else:
            what = self._noun_phrase(m.NounPhrase(noun, adjective=identity.adjective))
        return [*self._named(subject), *self._be(plural=False, negated=False), *what]

    def _be(self, plural: bool, negated: bool) -> list[Token]:
        verb = Token(self.lexicon["copula"]["pl" if plural else "sg"], "AUX")
        return self.negate(verb) if negated else [verb]

    # ---- noun phrases ----------------------------------------------------------------------------------
    def _noun_phrase(self, np: m.NounPhrase, *, negated: bool = False) -> list[Token]:
        slot = self._slot(np)
        numeral = [Token(self.lexicon["numerals"][str(np.numeral)], "NUM")] if np.numeral else []
        words = [*numeral, *self._modified(np, slot)]
        kind = self._article_kind(np, negated)
        return [*self._article(kind, slot, words[0].form), *words] if kind else words

    def _slot(self, np: m.NounPhrase) -> str:
        return f"{self.lexicon['nouns'][np.noun]['gender']}_{np.number}"

    def _modified(self, np: m.NounPhrase, slot: str) -> list[Token]:
        form: str = self.lexicon["nouns"][np.noun][np.number]
        noun = [Token(form, "NOUN")]
        if np.adjective is None:
            return noun
        plain = self.lexicon["adjectives"][np.adjective][slot]
        fronted = self.lexicon["prenominal"].get(np.adjective)
        if fronted is None:
            return [*noun, *phrase(plain)]
        return [*phrase(fronted.get(slot, {}).get(self.onset(form), plain)), *noun]

    def _article_kind(self, np: m.NounPhrase, negated: bool) -> str | None:
        articles = self.lexicon["articles"]
        mass = np.noun in m.MASS
        if np.definite or np.numeral:
            return "definite" if np.definite else None
        if negated:
            return "negated_mass" if mass and "negated_mass" in articles else "negated"
        fronted = np.number == "pl" and np.adjective in self.lexicon["prenominal"] and "fronted" in articles
        return "partitive" if mass else "fronted" if fronted else "indefinite"

    def _article(self, kind: str, slot: str, following: str) -> list[Token]:
        forms = self.lexicon["articles"][kind][slot]
        return phrase(forms.get(self.onset(following), forms["plain"]))

    def _predicate(self, adjective: str, subject: m.NounPhrase) -> str:
        forms = self.lexicon.get("predicates", {}).get(adjective)
        if forms is None or subject.noun in forms["not_of"]:
            forms = self.lexicon["adjectives"][adjective]
        form: str = forms[self._slot(subject)]
        return form

    def _job(self, noun: str, *, woman: bool) -> list[Token]:
        forms = self.lexicon["nouns"][noun]
        form = forms["f" if woman else "sg"]
        article = [] if self.bare_jobs else self._article("indefinite", "f_sg" if woman else "m_sg", form)
        return [*article, Token(form, "NOUN")]

    # ---- names -----------------------------------------------------------------------------------------
    def _subject(self, subject: m.Subject) -> list[Token]:
        return self._noun_phrase(subject) if isinstance(subject, m.NounPhrase) else self._named(subject)

    def _named(self, thing: Named) -> list[Token]:
        return [*phrase(self._name_article(thing)), *self._bare_name(thing)]

    def _name_article(self, thing: Named) -> str:
        article: str = ""
        match thing:
            case m.Institution(kind):
                article = self.lexicon["institutions"][kind]["article"]
            case m.Company(own):
                article = self.lexicon["company_articles"].get(own, "")
            case m.Country(code):
                article = self.lexicon["country_articles"][code]
        return article

    def _bare_name(self, thing: Named) -> list[Token]:
        if isinstance(thing, m.City):
            # "Le Caire": the article is part of the name (LOC), but a DET
            *article, own = self.lexicon["cities"][thing.name].split()
            return name(" ".join([*(f"{a}/DET" for a in article), own]), "LOC")
        linked = self.conjunction(thing.second.given) if isinstance(thing, m.Couple) else ""
        return named(thing, self.lexicon, conjunction=linked, institution=self._institution)

    def _institution(self, thing: m.Institution) -> list[Token]:
        city = self.lexicon["cities"][thing.city]
        of = self.lexicon["of"]
        noun = self.lexicon["institutions"][thing.kind]["noun"]
        return name(f"{noun} {of.get(self.onset(city), of['plain'])} {city}", "ORG")

    # ---- places ----------------------------------------------------------------------------------------
    def _place(self, place: m.Place | None, spots: str = "places") -> list[Token]:
        match place:
            case None:
                return []
            case m.Spot(noun):
                return phrase(self.lexicon[spots][noun])
            case m.City(key):
                return _in_location(self.lexicon["in_cities"][key])
            case m.Country(code):
                return _in_location(self.lexicon["in_countries"][code])
            case m.Institution(kind):
                return [*phrase(self.lexicon["institutions"][kind]["at"]), *self._bare_name(place)]
            case m.Company(own):
                return [*phrase(self.lexicon["at_companies"][own]), *self._bare_name(place)]


def _in_location(spec: str) -> list[Token]:
    preposition, own = spec.split(maxsplit=1)
    return [Token(preposition, "ADP"), *name(own, "LOC")]


def _glue(tokens: Iterable[Token]) -> list[Token]:
    """Join to a word that ends in an apostrophe the word that follows it: l' + école."""
    glued: list[Token] = []
    for token in tokens:
        after = bool(glued) and glued[-1].form.endswith("'")
        glued.append(replace(token, glued=after))
    return glued
