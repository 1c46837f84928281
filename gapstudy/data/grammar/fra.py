"""French: simple present, ne ... pas, elision, articles by gender.

Indefinite objects take un / une / des and the partitive (du pain, de l'eau); under negation all of them become
de / d' ("ne lit pas de livre"), and des is de before an adjective ("de nouveaux livres"). Professions stand
without an article ("Anna est professeure"). The shared part is in ``romance.py``.
"""

from __future__ import annotations

from gapstudy.data.grammar.lexicon import lexicon
from gapstudy.data.grammar.meaning import Meaning
from gapstudy.data.grammar.romance import Romance
from gapstudy.data.grammar.tokens import Token

__all__ = ["realise"]


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in French."""
    return _FRENCH.realise(meaning)


def _onset(word: str) -> str:
    # every h of the lexicon that an article, de or ne can meet is mute (homme, habite, Helsinki)
    return "vowel" if word[0].lower() in "aàâeéèêiîoôuh" else "plain"


def _negate(verb: Token) -> list[Token]:
    particle = "n'" if _onset(verb.form) == "vowel" else "ne"
    return [Token(particle, "ADV"), verb, Token("pas", "ADV")]


_FRENCH = Romance(
    lexicon=lexicon("fra"),
    onset=_onset,
    negate=_negate,
    conjunction=lambda _name: "et/CCONJ",
    bare_jobs=True,
)
