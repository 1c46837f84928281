"""Repairs for the languages of the study written in Latin letters.

Paper: section 3.6 (languages). Each entry names a fact about Epitran 1.35's own tables.
"""

from __future__ import annotations

from gapstudy.g2p.orthography import STRAY, Orthography

__all__ = ["ENGLISH", "FINNISH", "FRENCH", "HUNGARIAN", "ITALIAN", "SWAHILI", "TURKISH"]

_SILENT_APOSTROPHES = ("['’ʼ‘＇]", "")
# Letters that no Unicode decomposition takes to a-z, roughly as they sound.
_FOREIGN = {"ß": "ss", "æ": "e", "œ": "e", "ø": "e", "ł": "l", "đ": "d", "ð": "d", "þ": "t", "ħ": "h", "ŋ": "n"} | {
    "ı": "i",
    "ə": "e",
}

ENGLISH = Orthography(script="Latn")

# Epitran works on decomposed text: its rules for e also take the e of ê, è, ë (which leaves ə̂), its oe the e of oé,
# its ou the u of où. The open vowel's own sign is in the map and safe from them; a blank cuts oé in two.
FRENCH = Orthography(
    script="Latn",
    letters=_FOREIGN
    | {"ê": "ɛ", "è": "ɛ", "ë": "ɛ", "ù": "u", "œ": "œ", "ø": "eu", "æ": "é", "ú": "ou", "ñ": "gn", "ə": "ə"},
    before=(_SILENT_APOSTROPHES, ("(?<=o)é", " é")),
    passes="y",
    after=(STRAY,),
)

# Epitran's Italian map has no k, w, x, y: they pass through and read as IPA [x], [y].
ITALIAN = Orthography(
    script="Latn",
    letters=_FOREIGN | {"x": "ks", "y": "i", "ø": "o", "œ": "e"},
    before=(_SILENT_APOSTROPHES,),
    passes="kw",
    after=(STRAY,),
)

# Only qu is in the map: a bare q passes through as IPA [q].
HUNGARIAN = Orthography(
    script="Latn",
    letters=_FOREIGN | {"ä": "e", "č": "cs", "ć": "cs", "š": "s", "ś": "s", "ž": "zs", "ø": "ö", "œ": "ö"},
    before=(_SILENT_APOSTROPHES, ("q(?!u)", "k")),
    after=(STRAY,),
)

# q, w and x are not in the map; I and İ are two letters, which str.lower does not know.
TURKISH = Orthography(
    script="Latn",
    letters=_FOREIGN
    | {"I": "ı", "İ": "i", "q": "k", "w": "v", "x": "ks", "ä": "e", "ø": "ö", "œ": "ö", "ı": "ı", "ə": "e"},
    before=(_SILENT_APOSTROPHES,),
)

# Long sounds come out with an ASCII colon, and g as the ASCII letter. ž is not in the map. On decomposed text aä and oö
# begin with the long vowels aa and oo: a blank cuts them in two. Two rules may each mark one n as dental.
FINNISH = Orthography(
    script="Latn",
    letters=_FOREIGN | {"ž": "ʒ", "ü": "y", "ø": "ö", "æ": "ä", "œ": "ö", "õ": "ö", "č": "ts"},
    before=(_SILENT_APOSTROPHES, ("(?<=a)ä|(?<=o)ö", r" \g<0>")),
    passes="ʒ",
    after=((":", "ː"), ("g", "ɡ"), ("\u032a+", "\u032a"), STRAY),
)

# c stands only in ch; q and x are not in the map. ng' is a letter of its own, in any spelling of the apostrophe.
SWAHILI = Orthography(
    script="Latn",
    letters=_FOREIGN | {"q": "k", "x": "ks"},
    before=(("['’ʼ‘＇]", "'"), ("(?<!ng)'", ""), ("c(?=[eiy])", "s"), ("c(?!h)", "k")),
)
