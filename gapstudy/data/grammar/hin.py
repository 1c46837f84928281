"""Hindi: the grammar of :mod:`~gapstudy.data.grammar.hindustani` over the Devanagari lexicon.

The orthography is the careful one: nukta in loans (बाज़ार, ख़रीद, क़मीज़), chandrabindu (गाँव, महँगा), danda.
"""

from __future__ import annotations

from gapstudy.data.grammar.hindustani import Hindustani
from gapstudy.data.grammar.meaning import Meaning
from gapstudy.data.grammar.tokens import Token

__all__ = ["realise"]

_HINDI = Hindustani("hin")


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in Hindi."""
    return _HINDI.realise(meaning)
