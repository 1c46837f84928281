"""Russian: imperfective present, no copula, objects in the accusative (also after "не"), counted forms 2-3 and 5.

The imperfective present is both "is reading" and "reads". The accusative after negation is the modern norm for concrete
objects and keeps singular and plural apart. The rest is in :mod:`~gapstudy.data.grammar.east_slavic`.
"""

from __future__ import annotations

from gapstudy.data.grammar.east_slavic import EastSlavic
from gapstudy.data.grammar.lexicon import lexicon
from gapstudy.data.grammar.meaning import Meaning
from gapstudy.data.grammar.tokens import Token, sentence

__all__ = ["realise"]

_GRAMMAR = EastSlavic(lexicon("rus"))


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in Russian."""
    return sentence(_GRAMMAR.clause(meaning))
