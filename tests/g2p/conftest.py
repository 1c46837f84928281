"""Shared by the tests of grapheme-to-phoneme conversion: converters built once, and the real corpora."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from gapstudy.g2p import Phonemizer, split_words
from gapstudy.g2p.segmenting import undisturbed
from gapstudy.languages import LANGUAGES, TOKEN_TASK_LANGUAGES
from gapstudy.languages import language as facts_of

Say = Callable[..., tuple[str, ...]]


# A vocabulary without long vowels, with few marks and the digits that XPhoneBERT has: for ``harmonised`` without its file.
SMALL = frozenset(
    [
        "a",
        "e",
        "i",
        "o",
        "u",
        "ə",
        "ɛ",
        "ɔ",
        "y",
        "p",
        "b",
        "t",
        "d",
        "k",
        "ɡ",
        "f",
        "v",
        "s",
        "z",
        "ʃ",
        "ʒ",
        "x",
        "h",
        "m",
        "n",
        "ŋ",
        "ɲ",
        "l",
        "r",
        "ɾ",
        "ɹ",
        "j",
        "w",
        "θ",
        "ð",
        "t͡ʃ",
        "d͡ʒ",
        "t͡s",
        "0",
        "2",
        "9",
        ".",
        ",",
        "-",
        '"',
        "'",
    ]
)


@cache
def _phonemizer(language: str, mode: str, english: str) -> Phonemizer:
    return Phonemizer(language, mode=mode, english=english, vocabulary=SMALL if mode == "harmonised" else None)


@pytest.fixture(scope="session")
def small() -> frozenset[str]:
    """A small vocabulary, for ``harmonised``."""
    return SMALL


@pytest.fixture(scope="session")
def say() -> Say:
    """Convert one word: ``say("fra", "école", mode="faithful")``."""

    def convert(language: str, word: str, *, mode: str = "normalised", english: str = "cmudict") -> tuple[str, ...]:
        return _phonemizer(language, mode, english).word(word)

    return convert


@pytest.fixture(scope="session")
def epitran_of() -> Callable[[str], Callable[[str], str]]:
    """Epitran's own ``transliterate`` of a language, sharing one panphon table so that building takes no time."""
    with undisturbed("epitran"):
        import epitran.simple
        import panphon

        table = panphon.FeatureTable()

    def build(language: str) -> Callable[[str], str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(epitran.simple.panphon, "FeatureTable", lambda: table)
            return epitran.simple.SimpleEpitran(facts_of(language).epitran).transliterate  # type: ignore[no-any-return]

    return build


@pytest.fixture(scope="session")
def real_words(corpora: Path) -> Callable[[str], Counter[str]]:
    """Count the words of a language's real text.

    Dev and test of every treebank of Universal Dependencies, and XTREME's Hindi; XNLI, WikiAnn and FLORES-200 for Swahili
    and Urdu.
    """

    @cache
    def count(language: str) -> Counter[str]:
        facts = LANGUAGES[language]
        if language not in TOKEN_TASK_LANGUAGES:
            return _xnli(corpora / "xnli", facts.iso1) + _wikiann(corpora, facts.iso1) + _flores(corpora, facts.flores)
        counts: Counter[str] = Counter()
        for folder in sorted((corpora / "ud").glob(f"UD_{facts.name}-*")):
            counts += _treebank(folder)
        return counts + _xtreme(corpora / "udpos_xtreme" / f"dev-{facts.iso1}.tsv")

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


def _wikiann(corpora: Path, iso1: str) -> Counter[str]:
    """Words of dev and test."""
    counts: Counter[str] = Counter()
    for part in ("dev", "test"):
        for line in (corpora / "wikiann" / f"{part}-{iso1}.tsv").read_text(encoding="utf-8").split("\n"):
            counts.update(word for word in [line.split("\t")[0].partition(":")[2]] if word)
    return counts


def _flores(corpora: Path, name: str) -> Counter[str]:
    """Words of dev and devtest."""
    counts: Counter[str] = Counter()
    for part in ("dev", "devtest"):
        for line in (corpora / "flores200" / part / f"{name}.{part}").read_text(encoding="utf-8").split("\n"):
            counts.update(split_words(line))
    return counts


def _xtreme(file: Path) -> Counter[str]:
    """Words of XTREME's part-of-speech file, if there is one."""
    lines = file.read_text(encoding="utf-8").split("\n") if file.is_file() else []
    return Counter(line.split("\t")[0] for line in lines if line.strip())
