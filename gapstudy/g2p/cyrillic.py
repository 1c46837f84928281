"""Repairs for Russian and Ukrainian.

Paper: section 3.6 (languages). Each entry names a fact about Epitran 1.35's own tables.
"""

from __future__ import annotations

from gapstudy.g2p.orthography import STRAY, Orthography

__all__ = ["RUSSIAN", "UKRAINIAN"]

# Epitran palatalises t͡ɕ, which is palatal by its letter, and lengthens ʂʲ, which is only how a feminine noun in -шь is
# spelt: the soft sign after a husher is silent.
RUSSIAN = Orthography(
    script="Cyrl",
    letters={"і": "и", "ї": "йи", "є": "е", "ґ": "г", "ў": "у", "ѣ": "е", "ѳ": "ф", "ѵ": "и", "ј": "й"},
    before=(("['’ʼ‘＇]", ""), ("(?<=[жшщч])ь", "")),
    after=(("t͡ɕʲ", "t͡ɕ"), STRAY),
)

# The apostrophe parts a consonant from [j]: what follows it is read as at the start of a word, so the word is cut
# there. ʈ͡ʂ is a second notation of t͡ʂ.
UKRAINIAN = Orthography(
    script="Cyrl",
    letters={"ы": "и", "э": "е", "ё": "йо", "ъ": "", "ў": "у"},
    before=(("['’ʼ‘＇]", " "),),
    after=(("ʈ͡ʂ", "t͡ʂ"), STRAY),
)
