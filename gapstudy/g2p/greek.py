"""Greek words inside text of other scripts: Epitran has no Greek.

Paper: none. Modern Greek letter by letter, with the digraphs (Holton, Mackridge & Philippaki-Warburton 2012); accents and
breathings are dropped. Meant for the stray word and for letters used as symbols, not for Greek text.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["greek"]

_SOUNDS = {"ου": "u", "αι": "e", "ει": "i", "οι": "i", "υι": "i", "μπ": "b", "ντ": "d", "γκ": "ɡ", "γγ": "ŋɡ"} | {
    "αυ": "av",
    "ευ": "ev",
    "τσ": "t͡s",
    "τζ": "d͡z",
}
_SOUNDS |= dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        [
            "a",
            "v",
            "ɣ",
            "ð",
            "e",
            "z",
            "i",
            "θ",
            "i",
            "k",
            "l",
            "m",
            "n",
            "ks",
            "o",
            "p",
            "r",
            "s",
            "s",
            "t",
            "i",
            "f",
            "x",
            "ps",
            "o",
        ],
        strict=True,
    )
)
_GRAPHEMES = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))


def greek(word: str) -> str:
    """Return the IPA of a Greek word; letters that Modern Greek has not stay as they are."""
    bare = unicodedata.normalize("NFD", word.lower())
    plain = "".join(char for char in bare if unicodedata.category(char) != "Mn")
    return _GRAPHEMES.sub(lambda found: _SOUNDS[found[0]], plain)
