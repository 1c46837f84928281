"""Raw text to words: what is invisible, what is a word, what is a mark of its own.

Paper: section 3.1 (words are what Epitran turns into phones, one at a time; FLORES-200 and XNLI come as raw lines).

Rules, the same for every language:

* default-ignorable characters (zero-width joiners and spaces, RLM and LRM, soft hyphen, BOM, variation selectors,
  Hangul fillers) and control characters other than blanks are removed, then the text is NFC-normalised;
* blanks of every kind (NBSP, narrow and ideographic spaces, U+001D, line separators) part words;
* letters, digits and the marks on them make words; a hyphen *between* them stays inside (``well-known``), so does an
  apostrophe between Latin, Greek or Cyrillic letters (``don't``, ``п'ять``, ``ng'ombe``, ``Ankara'ya``; elsewhere it is
  a quotation mark), a point or comma between digits (``3.5``, ``1,000``) and the colon of Finnish endings (``EU:n``);
* an elided French or Italian article, pronoun or preposition is its own word with its apostrophe (``l'`` ``école``,
  ``dell'`` ``arte``), as in Universal Dependencies; the closed list is in this file, so that ``o'clock`` stays whole;
* everything else is a mark of its own, repeats of one mark together (``...``, ``--``): danda, ``۔``, ``،``, emoji.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

__all__ = ["APOSTROPHES", "clean", "split_words"]

APOSTROPHES = "'’ʼ‘＇"

# Default_Ignorable_Code_Point of Unicode, interlinear annotation marks, and controls that are not blanks.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]"
)
_ELIDED = (
    "l|d|j|m|t|s|n|c|v|qu|jusqu|lorsqu|puisqu|quoiqu|un|gl|dell|nell|all|dall|sull|coll|quell|quest|bell|sant|com|dov"
    "|quand|cos|anch|tutt|nient|nessun|qualcun|ciascun|mezz"
)
_VOWELS = "aeiouyhàáâäæèéêëìíîïòóôöœùúûü"
_ELISION = re.compile(rf"(?:{_ELIDED})['’ʼ](?=[{_VOWELS}])", re.IGNORECASE)


def clean(text: str) -> str:
    """Return the text without invisible characters, NFC-normalised."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def _ranges(points: list[int]) -> str:
    """Write sorted code points as the inside of a character class."""
    starts = [p for p, before in zip(points, [-2, *points], strict=False) if p != before + 1]
    ends = [p for p, after in zip(points, [*points[1:], -2], strict=True) if after != p + 1]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


@cache
def _token() -> re.Pattern[str]:
    r"""Compile the pattern of words and marks; ``re`` knows no class of combining marks, and ``\w`` holds none."""
    marks = _ranges([p for p in range(min(sys.maxunicode, 0x1FFFF)) if unicodedata.category(chr(p))[0] == "M"])
    letter = rf"(?:[^\W_]|[{marks}])"
    western = "[0-9A-Za-zÀ-ɏ\u0300-\u052fḀ-ỿ]"
    apostrophe = rf"(?<={western})[{APOSTROPHES}](?={western})"
    joint = rf"(?:{apostrophe}|[\-‐‑]|(?<=\d)[.,٫٬](?=\d)|(?<=[A-ZÅÄÖ0-9]):(?=[a-zåäö]))"
    return re.compile(rf"(?P<word>{letter}+(?:{joint}{letter}+)*)|(?P<mark>\S)(?P=mark)*")


def _elisions(word: str) -> list[str]:
    """Cut elided words off the front: ``qu'aujourd'hui`` gives ``qu'`` and ``aujourd'hui``."""
    parts = []
    while found := _ELISION.match(word):
        parts.append(found[0])
        word = word[found.end() :]
    return [*parts, word]


def split_words(text: str) -> list[str]:
    """Split raw text into words and marks; joined again they are the cleaned text without its blanks.

    Parameters
    ----------
    text : one sentence or line in any of the study's scripts.

    Returns
    -------
    Words and punctuation in the order of the text, NFC, none of them empty or invisible.
    """
    tokens = []
    for found in _token().finditer(clean(text)):
        tokens += _elisions(found[0]) if found["word"] else [found[0]]
    return tokens
