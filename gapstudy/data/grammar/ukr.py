"""Ukrainian: imperfective present, no copula, objects in the accusative but in the genitive after "не", в / у by euphony.

The preposition в / у and the first letter of "учитель / вчитель" follow the sounds around them, as the orthography of 2019
asks (section 23). The rest is in :mod:`~gapstudy.data.grammar.east_slavic`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gapstudy.data.grammar.east_slavic import EastSlavic
from gapstudy.data.grammar.lexicon import lexicon
from gapstudy.data.grammar.meaning import Meaning
from gapstudy.data.grammar.tokens import Token, sentence

__all__ = ["realise"]

_GRAMMAR = EastSlavic(lexicon("ukr"))
_ENDS_IN_VOWEL = re.compile(r"[аеиіоуяєюї]$")
_STARTS_WITH_VOWEL = re.compile(r"[аеиіоу]")  # я, є, ю, ї start with a consonant, [j]
_STARTS_WITH_V_OR_F = re.compile(r"([бгґджзйклмнпрстхцчшщ]ь?)?[вф]")


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in Ukrainian."""
    return sentence(_euphonic(_GRAMMAR.clause(meaning)))


def _euphonic(tokens: Sequence[Token]) -> list[Token]:
    """Choose в or у wherever the language leaves the choice to the ear."""
    return [replace(token, form=_alternant(tokens, i)) for i, token in enumerate(tokens)]


def _alternant(tokens: Sequence[Token], i: int) -> str:
    """Return the form of token ``i``: "в" keeps to vowels, "у" parts consonants and opens a sentence."""
    form = tokens[i].form
    after_vowel = i > 0 and _ENDS_IN_VOWEL.search(tokens[i - 1].form.lower()) is not None
    if form.startswith("учител") and after_vowel:
        return "в" + form[1:]
    if form != "в":
        return form
    word = next(t.form.lower() for t in tokens[i + 1 :] if t.upos != "PUNCT")
    consonantal = after_vowel and not _STARTS_WITH_V_OR_F.match(word)
    return "в" if consonantal or _STARTS_WITH_VOWEL.match(word) else "у"
