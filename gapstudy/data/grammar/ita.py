"""Italian: simple present, non before the verb, articles by gender and by the sound that follows (il / lo / l').

Indefinite objects take un / una, the plural and mass partitives dei, degli, delle, dell' ...; under negation the
partitive is dropped ("non legge libri", "non beve acqua") and the singular keeps its article ("non legge un libro").
Professions take the article ("Anna è una dottoressa"). The shared part is in ``romance.py``.
"""

from __future__ import annotations

from gapstudy.data.grammar.lexicon import lexicon
from gapstudy.data.grammar.meaning import Meaning
from gapstudy.data.grammar.romance import Romance
from gapstudy.data.grammar.tokens import Token

__all__ = ["realise"]


def realise(meaning: Meaning) -> tuple[Token, ...]:
    """Say ``meaning`` in Italian."""
    return _ITALIAN.realise(meaning)


def _onset(word: str) -> str:
    head = word.lower()
    if head[0] in "aeiou":
        return "vowel"
    # lo studente, lo scrittore: s and a consonant; z, gn, ps, x, y
    s_and_consonant = head[0] == "s" and head[1] not in "aeiouàèéìòù"
    return "impure" if s_and_consonant or head.startswith(("z", "gn", "ps", "x", "y")) else "plain"


def _conjunction(following: str) -> str:
    # "Anna ed Elena": d before the same vowel only
    return "ed/CCONJ" if following.startswith("E") else "e/CCONJ"


_ITALIAN = Romance(
    lexicon=lexicon("ita"),
    onset=_onset,
    negate=lambda verb: [Token("non", "ADV"), verb],
    conjunction=_conjunction,
    bare_jobs=False,
)
