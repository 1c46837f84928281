"""Urdu: the grammar of :mod:`~gapstudy.data.grammar.hindustani` over an Urdu lexicon of its own.

The words are those of written Urdu, not respelt Hindi: درخت, کتاب, سرخ, مصنف, رقص کر, تلاش کر; nouns from Arabic keep
their learned plurals where these are the usual ones (اساتذہ, طلبہ, خطوط); cooked and uncooked rice is a plural (چاول).
"""

from __future__ import annotations

from gapstudy.data.grammar.hindustani import Hindustani
from gapstudy.data.grammar.meaning import Meaning
from gapstudy.data.grammar.tokens import Token

__all__ = ["realise"]

_URDU = Hindustani("urd")


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in Urdu."""
    return _URDU.realise(meaning)
