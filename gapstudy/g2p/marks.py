"""Marks that are no letters: punctuation, digits and compatibility characters, written one way.

Paper: section 3.1. Used by the mode ``normalised`` only; ``faithful`` lets all of them pass as Epitran does.

Typographic variants become the ASCII mark that they vary (XPhoneBERT's vocabulary, for one, has ``.`` ``,`` ``"``
``-`` but not ``۔`` ``،`` ``«`` ``—``); digits of any script become 0-9; half- and full-width forms, ligatures, Arabic
presentation forms and superscripts become the plain character (NFKC). One symbol a mark: ``...`` is three.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["plain", "symbols"]

_PUNCTUATION = str.maketrans(
    dict.fromkeys("“”„‟«»″〝〞「」『』《》〈〉", '"')
    | dict.fromkeys("‘’‚‛‹›′`´ʹ", "'")
    | dict.fromkeys("‐‑‒–—―−⸺⸻ー－", "-")
    | dict.fromkeys("،、，·・‧∙ㆍᆞ", ",")
    | dict.fromkeys("۔।॥॰。｡", ".")
    | dict.fromkeys("•●○◦▪■□▶►※", "*")
    | {
        "…": "...",
        "․": ".",
        "‥": "..",
        "⁄": "/",
        "؟": "?",
        "؛": ";",
        "٪": "%",
        "٫": ".",
        "٬": ",",
        "٭": "*",
        "¿": "?",
        "¡": "!",
    }
    | {"▁": "_", "【": "[", "】": "]", "〔": "[", "〕": "]", "～": "~", "〜": "~", "∼": "~"}
)
_COMPATIBLE = re.compile(
    "[ªº²³¹¼-¾ĳŀſ\u2070-\u209c\u2100-\u2101\u2103\u2109\u2121-\u2122\u212a-\u212b\u2150-\u217f\u2460-\u24ff"
    "\u3200-\u33ff\ufb00-\ufb06\ufb50-\ufd3d\ufd50-\ufdfb\ufe70-\ufefc\uff01-\uff9f\uffa1-\uffee]"
)


def plain(text: str) -> str:
    """Return the text with compatibility characters replaced by what they stand for."""
    return _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)


def _digit(char: str) -> str:
    """A digit of any script as 0-9; other characters as they are."""
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)


def symbols(text: str) -> list[str]:
    """Return marks, digits and unmapped characters as symbols of their own (NFD); combining marks stay attached."""
    out: list[str] = []
    for char in text.translate(_PUNCTUATION):
        if char.isspace():
            continue
        if out and unicodedata.category(char)[0] == "M":
            out[-1] += char
        else:
            out.append(_digit(char))
    return [unicodedata.normalize("NFD", symbol) for symbol in out]
