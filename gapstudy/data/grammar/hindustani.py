"""What Hindi and Urdu share: one grammar, two lexicons (``lexicon/hin.toml``, ``lexicon/urd.toml``).

Order: subject, time, place, object, negation, verb. Actions are in the progressive (stem + रहा/رہا + है/ہے); "live"
and "work" at an Institution or Company are habitual (stem + ता/تا + है/ہے), and the negated habitual drops its है/ہے,
as is usual. The negation stands before the verb proper, after the noun of a compound verb (काम नहीं कर रहा है).
"repair" and "draw" take a genitive, so their object is oblique (पुराने पुल की मरम्मत). There are no articles: subjects
are bare; a singular object has एक/ایک (NUM, as both treebanks tag it), or under negation कोई/کوئی (oblique किसी/کسی);
plural and mass objects are bare. Verb, participle and adjective agree with the subject or noun in gender and
number; the plain (not the honorific plural) singular is used, so that number is visible. Place names, which are
uninflected, all take में/میں.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, assert_never

from gapstudy.data.grammar.common import Named, are_women, is_plural, named, time_phrase
from gapstudy.data.grammar.lexicon import lexicon
from gapstudy.data.grammar.meaning import (
    ANIMALS,
    MASS,
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

__all__ = ["Hindustani"]

Case = Literal["direct", "oblique"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What verbs and adjectives agree with."""

    feminine: bool
    plural: bool

    @property
    def key(self) -> str:
        """The lexicon's key of the agreeing form: m, mpl, f or fpl."""
        return f"{'f' if self.feminine else 'm'}{'pl' if self.plural else ''}"


class Hindustani:
    """The grammar over one lexicon."""

    def __init__(self, language: str) -> None:
        """Read the lexicon of ``language``, "hin" or "urd"."""
        self.lex: dict[str, Any] = lexicon(language)
        self.words: dict[str, str] = self.lex["words"]

    def realise(self, meaning: Meaning) -> tuple[Token, ...]:
        """Say ``meaning``."""
        return sentence(self._clause(meaning), stop=self.words["stop"])

    # ---- clauses ---------------------------------------------------------------------------------------
    def _clause(self, meaning: Meaning) -> list[Token]:
        match meaning:
            case Action():
                return self._action(meaning)
            case Quality(subject, adjective, negated):
                agreement = self._agreement(subject)
                predicate = [self._adjective(subject.noun, adjective, agreement)]
                return [*self._subject(subject), *predicate, *self._be(agreement.plural, negated)]
            case Located(subject, place, time, negated):
                be = self._be(self._agreement(subject).plural, negated)
                return [*self._subject(subject), *time_phrase(time, self.lex), *self._place(place), *be]
            case Identity():
                return [*self._subject(meaning.subject), *self._predicate(meaning), *self._be(plural=False)]
        assert_never(meaning)

    def _action(self, action: Action) -> list[Token]:
        verb = self.lex["verbs"][action.verb]
        case: Case = "oblique" if verb.get("genitive") else "direct"
        return [
            *self._subject(action.subject),
            *time_phrase(action.time, self.lex),
            *self._place(action.place),
            *(self._noun_phrase(action.obj, case, negated=action.negated) if action.obj else []),
            *phrase(verb.get("before", "")),
            *self._not(action.negated),
            *self._verb(action, phrase(verb["stem"])),
        ]

    def _verb(self, action: Action, stem: list[Token]) -> list[Token]:
        agreement = self._agreement(action.subject)
        if action.verb == "live" or isinstance(action.place, Institution | Company):
            return self._habitual(stem, agreement, action.negated)
        return [*stem, Token(self.lex["progressive"][agreement.key], "AUX"), *self._be(agreement.plural)]

    def _habitual(self, stem: list[Token], agreement: Agreement, negated: bool) -> list[Token]:
        *first, last = stem
        key = agreement.key
        if negated:  # without है the participle alone shows number: रहतीं
            return [*first, Token(last.form + self.lex["habitual_negated"][key], last.upos)]
        return [*first, Token(last.form + self.lex["habitual"][key], last.upos), *self._be(agreement.plural)]

    def _be(self, plural: bool, negated: bool = False) -> list[Token]:
        return [*self._not(negated), Token(self.words["are" if plural else "is"], "AUX")]

    def _not(self, negated: bool) -> list[Token]:
        return [Token(self.words["not"], "PART")] if negated else []

    # ---- noun phrases ----------------------------------------------------------------------------------
    def _noun_phrase(self, np: NounPhrase, case: Case = "direct", *, negated: bool = False) -> list[Token]:
        noun = self.lex["nouns"][np.noun]
        form = noun[np.number if case == "direct" else f"{np.number}_obl"]
        adjective = [self._adjective(np.noun, np.adjective, self._agreement(np), case)] if np.adjective else []
        return [*self._determiner(np, case, negated), *adjective, *_nouns(form)]

    def _determiner(self, np: NounPhrase, case: Case, negated: bool) -> list[Token]:
        if np.numeral:
            return [Token(self.lex["numerals"][str(np.numeral)], "NUM")]
        if np.definite or np.number == "pl" or np.noun in MASS:
            return []
        if negated:
            return [Token(self.words["any" if case == "direct" else "any_obl"], "DET")]
        return [Token(self.words["one"], "NUM")]

    def _adjective(self, noun: str, adjective: str, agreement: Agreement, case: Case = "direct") -> Token:
        living = adjective == "old" and noun in {*PEOPLE, *ANIMALS}
        forms = self.lex["adjectives"]["aged" if living else adjective]
        if isinstance(forms, str):
            return Token(forms, "ADJ")
        if agreement.feminine:
            return Token(forms["f"], "ADJ")
        return Token(forms["m_obl" if agreement.plural or case == "oblique" else "m"], "ADJ")

    def _predicate(self, identity: Identity) -> list[Token]:
        noun = self.lex["nouns"][identity.noun]
        if isinstance(identity.subject, Person) and are_women(identity.subject) and "woman" in noun:
            return [Token(self.words["one"], "NUM"), *_nouns(noun["woman"])]
        return self._noun_phrase(NounPhrase(identity.noun, adjective=identity.adjective))

    # ---- who and where ---------------------------------------------------------------------------------
    def _subject(self, subject: Subject | City | Country) -> list[Token]:
        return self._noun_phrase(subject) if isinstance(subject, NounPhrase) else self._named(subject)

    def _agreement(self, subject: Subject) -> Agreement:
        match subject:
            case NounPhrase():
                noun = self.lex["nouns"][subject.noun]
                return Agreement(noun["gender"] == "f", is_plural(subject) or bool(noun.get("plural_only")))
            case Person() | Couple():
                return Agreement(are_women(subject), is_plural(subject))
            case Institution(kind):
                return Agreement(self.lex["institutions"][kind]["gender"] == "f", plural=False)
            case Company(own):
                return Agreement(own in self.lex["feminine_companies"], plural=False)
        assert_never(subject)

    def _named(self, thing: Named) -> list[Token]:
        return named(thing, self.lex, conjunction=self.words["and"], institution=self._institution)

    def _institution(self, thing: Institution) -> list[Token]:
        return name(f"{self.lex['cities'][thing.city]} {self.lex['institutions'][thing.kind]['name']}", "ORG")

    def _place(self, place: Place | None) -> list[Token]:
        match place:
            case None:
                return []
            case Spot(noun):
                return phrase(self.lex["places"][noun])
            case _:
                return [*self._named(place), Token(self.words["in"], "ADP")]


def _nouns(form: str) -> list[Token]:
    """Split a noun's form: Urdu writes some nouns as two words (طالب علم)."""
    return [Token(word, "NOUN") for word in form.split()]
