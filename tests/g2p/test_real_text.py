"""Real text: Universal Dependencies and XNLI against XPhoneBERT's vocabulary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from gapstudy.g2p import Phonemizer, audit, split_words
from gapstudy.g2p.audit import unmapped_characters
from gapstudy.g2p.words import clean
from gapstudy.languages import LANGUAGES

pytestmark = pytest.mark.train

# Share of running words with an unknown phone, normalised: as measured in November 2026, rounded up. What is left are
# signs that the vocabulary lacks (_ = + $ °) and, in Korean, Han characters.
UNKNOWN_WORDS = {
    "eng": 0.003,
    "fra": 0.001,
    "rus": 0.001,
    "ita": 0.001,
    "hun": 0.001,
    "ukr": 0.002,
    "kor": 0.003,
    "tur": 0.001,
    "fin": 0.001,
    "hin": 0.001,
    "swa": 0.001,
    "urd": 0.001,
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_few_real_words_are_unknown(
    language: str, real_words: Callable[[str], Counter[str]], xphonebert: frozenset[str]
) -> None:
    """Normalised phones of real text stay as well covered as measured, and next to no letter is unmapped."""
    counts = real_words(language)
    result = audit(counts, Phonemizer(language).words(counts), xphonebert)
    assert result.unknown_words is not None
    assert result.unknown_words <= UNKNOWN_WORDS[language], result.offenders
    assert result.unmapped_words <= 0.003, result.unmapped


@pytest.mark.parametrize("language", LANGUAGES)
def test_harmonised_real_words_are_known(
    language: str, real_words: Callable[[str], Counter[str]], xphonebert: frozenset[str]
) -> None:
    """Harmonised, not one real word in two hundred holds an unknown phone: what is left are letters that nothing maps."""
    counts = real_words(language)
    phonemizer = Phonemizer(language, mode="harmonised", vocabulary=xphonebert)
    result = audit(counts, phonemizer.words(counts), xphonebert, replacements=phonemizer.replacements(counts))
    assert result.unknown_words is not None
    assert result.unknown_words <= 0.003, result.offenders
    left = {row.symbol for row in result.offenders}
    assert left == {symbol for symbol in left if unmapped_characters((symbol,))}
    assert all(row.symbol not in xphonebert and xphonebert.issuperset(row.by) for row in result.replacements)


def test_faithful_urdu_is_as_broken_as_reported(
    real_words: Callable[[str], Counter[str]], xphonebert: frozenset[str]
) -> None:
    """Without repairs most Urdu words hold an unknown phone: the reason for the mode ``normalised``."""
    counts = real_words("urd")
    result = audit(counts, Phonemizer("urd", mode="faithful").words(counts), xphonebert)
    assert result.unknown_words is not None
    assert result.unknown_words > 0.6


@pytest.mark.parametrize("language", LANGUAGES)
def test_real_lines_lose_nothing_in_splitting(language: str, corpora: Path) -> None:
    """Every FLORES line is its words and marks joined, blanks aside."""
    name = LANGUAGES[language].flores
    for line in (corpora / "flores200" / "devtest" / f"{name}.devtest").read_text(encoding="utf-8").split("\n"):
        words = split_words(line)
        assert all(words)
        assert "".join(words) == "".join(clean(line).split())
