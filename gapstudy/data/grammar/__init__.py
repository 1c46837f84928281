"""The grammar of the embedded corpora: one meaning, twelve languages.

``realise(meaning, language)`` says a :data:`~gapstudy.data.grammar.meaning.Meaning` in a language, from
hand-written lexicons (``lexicon/*.toml``) and a small hand-written grammar a language (``eng.py`` and its
neighbours). It is demonstration data: grammatical, parallel, in the true scripts, and nothing like the breadth
of real text. The corpora that ship in ``gapstudy/data/builtin`` are made from it by ``generate.py``.
"""

from __future__ import annotations

from importlib import import_module

from gapstudy.data.grammar.meaning import Meaning
from gapstudy.data.grammar.tokens import Token

__all__ = ["realise"]


def realise(meaning: Meaning, language: str) -> tuple[Token, ...]:
    """Say ``meaning`` in ``language`` (an ISO 639-3 code of the twelve) as tagged tokens."""
    module = import_module(f"gapstudy.data.grammar.{language}")
    tokens: tuple[Token, ...] = module.realise(meaning)
    return tokens
