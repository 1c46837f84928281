"""Shared by the tests of grapheme-to-phoneme conversion: converters built once, and the real corpora."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from gapstudy.g2p import Phonemizer, split_words
from gapstudy.languages import LANGUAGES

Say = Callable[..., tuple[str, ...]]
TREEBANKS = {
    "eng": "EWT",
    "fra": "GSD",
    "rus": "GSD",
    "ita": "ISDT",
    "hun": "Szeged",
    "ukr": "IU",
    "kor": "GSD",
    "tur": "IMST",
    "fin": "TDT",
    "hin": "PUD",
}


@cache
def _phonemizer(language: str, mode: str, english: str) -> Phonemizer:
    return Phonemizer(language, mode=mode, english=english)


@pytest.fixture(scope="session")
def say() -> Say:
    """Convert one word: ``say("fra", "école", mode="faithful")``."""

    def convert(language: str, word: str, *, mode: str = "normalised", english: str = "cmudict") -> tuple[str, ...]:
        return _phonemizer(language, mode, english).word(word)

    return convert


@pytest.fixture(scope="session")
def real_words(corpora: Path) -> Callable[[str], Counter[str]]:
    """Count the words of a language's real text: Universal Dependencies dev and test, XNLI for Swahili and Urdu."""

    @cache
    def count(language: str) -> Counter[str]:
        if language in TREEBANKS:
            return _treebank(corpora / "ud" / f"UD_{LANGUAGES[language].name}-{TREEBANKS[language]}")
        return _xnli(corpora / "xnli", LANGUAGES[language].iso1)

    return count


@pytest.fixture(scope="session")
def xphonebert(corpora: Path) -> frozenset[str]:
    """XPhoneBERT's symbols, in the form in which phones come (NFD)."""
    text = (corpora / "xphonebert" / "vocab.txt").read_text(encoding="utf-8")
    return frozenset(unicodedata.normalize("NFD", symbol) for symbol in text.split())


def _treebank(folder: Path) -> Counter[str]:
    """Forms of the token lines of dev and test."""
    files = sorted(path for path in folder.glob("*.conllu") if "train" not in path.name)
    rows = (line.split("\t") for path in files for line in path.read_text(encoding="utf-8").split("\n"))
    return Counter(row[1] for row in rows if len(row) == 10 and row[0].isdigit())


def _xnli(folder: Path, iso1: str) -> Counter[str]:
    """Words of premises and hypotheses of dev and test."""
    counts: Counter[str] = Counter()
    for part in ("dev", "test"):
        for line in (folder / f"{part}-{iso1}.tsv").read_text(encoding="utf-8").split("\n"):
            for sentence in line.split("\t")[:2]:
                counts.update(split_words(sentence))
    return counts
