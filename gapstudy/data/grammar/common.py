"""What the language modules share: number of a subject, named things, fixed phrases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gapstudy.data.grammar.meaning import (
    WOMEN,
    City,
    Company,
    Country,
    Couple,
    Institution,
    NounPhrase,
    Person,
    Subject,
)
from gapstudy.data.grammar.tokens import Token, name, phrase

__all__ = ["Named", "are_women", "is_plural", "named", "person", "time_phrase"]

Named = Person | Couple | Institution | Company | City | Country


def is_plural(subject: Subject) -> bool:
    """Whether the verb of ``subject`` is plural: plural noun phrases and couples."""
    return isinstance(subject, Couple) or (isinstance(subject, NounPhrase) and subject.number == "pl")


def are_women(someone: Person | Couple) -> bool:
    """Whether everyone named is a woman; a mixed couple agrees as masculine."""
    people = (someone.first, someone.second) if isinstance(someone, Couple) else (someone,)
    return all(p.given in WOMEN for p in people)


def person(someone: Person, lexicon: dict[str, Any]) -> list[Token]:
    """Name a person (PER) in the spelling of ``lexicon["names"]`` (absent: the spelling of meaning.py)."""
    words = [someone.given, someone.family] if someone.family else [someone.given]
    return name(" ".join(lexicon["names"].get(word, word) for word in words), "PER")


def named(
    thing: Named, lexicon: dict[str, Any], *, conjunction: str, institution: Callable[[Institution], list[Token]]
) -> list[Token]:
    """Name a thing in its citation form (nominative).

    ``conjunction`` is "and" as form/UPOS; ``institution`` builds the tokens of "(the) University of Oslo".
    """
    match thing:
        case Person():
            return person(thing, lexicon)
        case Couple(first, second):
            return [*person(first, lexicon), *phrase(conjunction), *person(second, lexicon)]
        case Institution():
            return institution(thing)
        case Company(own):
            return name(lexicon["companies"].get(own, own), "ORG")
        case City(key):
            return name(lexicon["cities"][key], "LOC")
        case Country(code):
            return name(lexicon["countries"][code], "LOC")


def time_phrase(time: str | None, lexicon: dict[str, Any]) -> list[Token]:
    """Say when, or nothing."""
    return phrase(lexicon["times"][time]) if time else []
