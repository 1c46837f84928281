"""What Hungarian and Turkish share: words that depend on the word beside them.

Soup is drunk in Turkish, a letter is opened with a verb of its own in Hungarian, and "old" differs for people,
animals and things in both. The lexicons list such pairs in ``verbs_with`` (verb, then the object's noun) and
``adjectives_of`` (kind of noun, then adjective); whatever is not listed has its usual word.
"""

from __future__ import annotations

from typing import Any

from gapstudy.data.grammar.meaning import ANIMALS, PEOPLE, NounPhrase

__all__ = ["adjective_of", "verb_with"]


def verb_with(lexicon: dict[str, Any], verb: str, obj: NounPhrase | None) -> dict[str, str]:
    """Return the forms of ``verb`` as it is said of ``obj``."""
    special = lexicon["verbs_with"].get(verb, {})
    forms: dict[str, str] = special.get(obj.noun) if obj and obj.noun in special else lexicon["verbs"][verb]
    return forms


def adjective_of(lexicon: dict[str, Any], adjective: str, noun: str) -> dict[str, str]:
    """Return the forms of ``adjective`` as it is said of ``noun``."""
    kind = "person" if noun in PEOPLE else "animal" if noun in ANIMALS else noun
    special = lexicon["adjectives_of"].get(kind, {})
    forms: dict[str, str] = special[adjective] if adjective in special else lexicon["adjectives"][adjective]
    return forms
