"""How well phones cover real text: what no rule mapped, and what a model's vocabulary does not know.

Paper: none (the paper does not report it). On real Urdu 71 % of the words held a phone that XPhoneBERT does not know,
so this table stands beside every phoneme result.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Audit", "Offender", "Replacement", "audit", "unmapped_characters"]

# The letters and spacing modifiers of the IPA chart, with g, small capitals and ligatures that Epitran writes.
_IPA = frozenset(
    "abcdefghijklmnopqrstuvwxyzæçðøħŋœǀǁǂǃɐɑɒɓɔɕɖɗɘəɚɛɜɝɞɟɠɡɢɣɤɥɦɧɨɪɫɬɭɮɯɰɱɲɳɴɵɶɸɹɺɻɽɾʀʁʂʃʄʈʉʊʋʌʍʎʏʐʑʒʔʕʘʙʛʜʝʟʡʢ"
    "ʣʤʥʦʧʨβθχⱱʰʱʲʷʼˈˌːˑˠˤˡⁿᵐᵑʴ˞˥˦˧˨˩"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offender:
    """One symbol that the vocabulary lacks.

    Attributes
    ----------
    symbol : the phone or mark.
    tokens : how often it occurs in running text.
    words : up to three of the commonest words that hold it.
    """

    symbol: str
    tokens: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One symbol that the mode ``harmonised`` replaced (``Phonemizer.replacements``).

    Attributes
    ----------
    symbol : the phone or mark that the vocabulary lacks.
    by : what stands for it, symbols of the vocabulary.
    tokens : how often it occurs in running text.
    """

    symbol: str
    by: tuple[str, ...]
    tokens: int


def _percent(share: float | None) -> float | None:
    """A share in percent."""
    return None if share is None else 100 * share


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Coverage of one corpus in one language.

    Attributes
    ----------
    types, tokens : different and running words (marks count as words).
    segments : running phones and marks.
    unmapped : character -> occurrences in running text: neither IPA nor a mark nor a digit; commonest first.
    unmapped_words : share of running words with an unmapped character, in [0, 1].
    unknown_segments, unknown_words, unknown_types : shares in [0, 1] of running segments, running words and types that
        are, or hold, a symbol outside the vocabulary; None without a vocabulary.
    offenders : the unknown symbols, commonest first, at most 20.
    replacements : what ``harmonised`` replaced, commonest first; empty in the other modes.
    """

    types: int
    tokens: int
    segments: int
    unmapped: tuple[tuple[str, int], ...]
    unmapped_words: float
    unknown_segments: float | None
    unknown_words: float | None
    unknown_types: float | None
    offenders: tuple[Offender, ...]
    replacements: tuple[Replacement, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """Return the audit as JSON takes it: shares in percent (None without a vocabulary), rows as lists."""
        return {
            "types": self.types,
            "tokens": self.tokens,
            "segments": self.segments,
            "unmapped": dict(self.unmapped),
            "unmapped_words": _percent(self.unmapped_words),
            "unknown_segments": _percent(self.unknown_segments),
            "unknown_words": _percent(self.unknown_words),
            "unknown_types": _percent(self.unknown_types),
            "offenders": [[row.symbol, row.tokens, list(row.words)] for row in self.offenders],
            "replacements": [[row.symbol, list(row.by), row.tokens] for row in self.replacements],
        }


def unmapped_characters(phones: tuple[str, ...]) -> list[str]:
    """Return the letters, pictures and stray marks among the phones that are not IPA.

    Letters of the language that happen to be IPA letters too cannot be told from phones.
    """
    return [char for phone in phones for char in phone if _is_unmapped(char)]


def _is_unmapped(char: str) -> bool:
    """Whether a character is a letter, a combining mark or a picture outside the IPA."""
    if char in _IPA or "\u0300" <= char <= "\u036f":
        return False
    category = unicodedata.category(char)
    return category[0] in "LM" or category in {"So", "Co", "Cn", "Cs", "Nl", "No"}


def _shares(counts: Mapping[str, int], unknown: Mapping[str, int], segments: int) -> tuple[float, float, float]:
    """Unknown shares of segments, words and types; ``unknown`` counts the unknown symbols of each type."""
    bad = [word for word, count in unknown.items() if count]
    tokens = sum(counts.values())
    return (
        sum(counts[word] * unknown[word] for word in bad) / max(segments, 1),
        sum(counts[word] for word in bad) / max(tokens, 1),
        len(bad) / max(len(counts), 1),
    )


def _offenders(
    counts: Mapping[str, int], phones: Mapping[str, tuple[str, ...]], vocabulary: Container[str]
) -> tuple[Offender, ...]:
    """The commonest unknown symbols, each with words that hold it."""
    tokens: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        for symbol in phones[word]:
            if symbol not in vocabulary:
                tokens[symbol] += count
                seen = examples.setdefault(symbol, [])
                if len(seen) < 3 and word not in seen:
                    seen.append(word)
    worst = sorted(tokens.items(), key=lambda item: (-item[1], item[0]))[:20]
    return tuple(Offender(symbol=s, tokens=count, words=tuple(examples[s])) for s, count in worst)


def audit(
    counts: Mapping[str, int],
    phones: Mapping[str, tuple[str, ...]],
    vocabulary: Container[str] | None = None,
    *,
    replacements: tuple[Replacement, ...] = (),
) -> Audit:
    """Count what is unmapped and unknown in a corpus.

    Parameters
    ----------
    counts : word type -> occurrences in running text.
    phones : word type -> its phones, for every type in ``counts`` (``Phonemizer.words``).
    vocabulary : the model's symbols in NFD, or None.
    replacements : ``Phonemizer.replacements`` of the same counts, for the record.

    Raises
    ------
    ValueError
        If a type has no phones.
    """
    missing = [word for word in counts if not phones.get(word)]
    if missing:
        msg = f"no phones for {len(missing)} of {len(counts)} types, such as {missing[0]!r}"
        raise ValueError(msg)
    segments = sum(count * len(phones[word]) for word, count in counts.items())
    unmapped: Counter[str] = Counter()
    for word, count in counts.items():
        for char in unmapped_characters(phones[word]):
            unmapped[char] += count
    with_unmapped = sum(count for word, count in counts.items() if unmapped_characters(phones[word]))
    shares: tuple[float, float, float] | tuple[None, None, None] = (None, None, None)
    if vocabulary is not None:
        unknown = {word: sum(symbol not in vocabulary for symbol in phones[word]) for word in counts}
        shares = _shares(counts, unknown, segments)
    return Audit(
        types=len(counts),
        tokens=sum(counts.values()),
        segments=segments,
        unmapped=tuple(sorted(unmapped.items(), key=lambda item: (-item[1], item[0]))),
        unmapped_words=with_unmapped / max(sum(counts.values()), 1),
        unknown_segments=shares[0],
        unknown_words=shares[1],
        unknown_types=shares[2],
        offenders=() if vocabulary is None else _offenders(counts, phones, vocabulary),
        replacements=replacements,
    )
