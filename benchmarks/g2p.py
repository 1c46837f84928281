"""Words to phones: ``Phonemizer`` against Epitran and segments called for one word after the other."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.harness import MismatchError, Peer, Row, against, run
from gapstudy.data import load_text
from gapstudy.data.readers import read_sentences
from gapstudy.g2p import Phonemizer, split_words
from gapstudy.languages import LANGUAGES

Phones = list[tuple[str, ...]]
WORDS = 2_000  # of running text, in the quick form


def rows(quick: bool) -> Iterator[Row]:
    """Running text of the eleven rule languages, as the paper's pipeline converts it (mode ``faithful``).

    The note has the rate of new word types in the mode ``normalised``, which nothing else can be held against.
    """
    for code in ("swa", "kor") if quick else [code for code in LANGUAGES if code != "eng"]:
        text, source = _text(code)
        words = [word for line in text for word in split_words(line)]
        yield from language(code, words[:WORDS] if quick else words, source, rounds=3)


def _text(code: str) -> tuple[tuple[str, ...], str]:
    """FLORES-200 devtest where GAPSTUDY_DATA has it, else the embedded text, whose vocabulary is small."""
    folder = Path(os.environ.get("GAPSTUDY_DATA", "")) / "flores200" / "devtest"
    if os.environ.get("GAPSTUDY_DATA") and folder.is_dir():
        return read_sentences(folder / f"{LANGUAGES[code].flores}.devtest").lines, "FLORES-200"
    return load_text(code).lines, "embedded text"


def language(code: str, words: list[str], source: str, *, rounds: int) -> Iterator[Row]:
    """The words of one language: without a cache, and with the one that an earlier process left."""
    by_word = _word_by_word(LANGUAGES[code].epitran)
    by_types = _by_types(code, words, None)
    different = _compared(words, by_types(), by_word(words))
    peers = [
        Peer(name="Epitran + segments, word by word", call=lambda: by_word(words), note=f"{different} words differ"),
        Peer(name="the same, each word type once", call=lambda: by_word(list(set(words)))),
    ]
    rate = _rate(code, sorted(set(words)))
    size = f"{code}, {len(words)} words of {source} ({len(set(words))} types)"
    yield from against(
        "g2p-new", size, by_types, peers, rounds=rounds, note=f"normalised: {rate:,.0f} new types a second"
    )
    with tempfile.TemporaryDirectory() as folder:
        cached = _by_types(code, words, Path(folder))
        cached()
        said = "the cache file is read, nothing converted"
        yield from against("g2p-cached", size, cached, peers[:1], rounds=rounds, note=said)


def _rate(code: str, types: list[str]) -> float:
    """New word types that one core converts in a second of its time, normalised; the best of three rounds."""
    seconds = []
    for _ in range(3):
        phonemizer = Phonemizer(code)
        phonemizer.word(types[0])
        start = time.process_time()
        phonemizer.words(types)
        seconds.append(time.process_time() - start)
    return len(types) / min(seconds)


def _by_types(code: str, words: list[str], cache: Path | None) -> Callable[[], Phones]:
    def call() -> Phones:
        known = Phonemizer(code, mode="faithful", cache_dir=cache).words(words)
        return [known[word] for word in words]

    return call


def _word_by_word(code: str) -> Callable[[list[str]], Phones]:
    """Epitran's and segments' own interfaces; making the objects (seconds) is not timed."""
    root, level = logging.getLogger(), logging.getLogger().level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import epitran
        from segments import Tokenizer

        transliterate, tokenizer = epitran.Epitran(code).transliterate, Tokenizer()
    root.setLevel(level)  # Epitran calls logging.basicConfig

    def phones(word: str) -> tuple[str, ...]:
        try:
            return tuple(tokenizer(transliterate(word), ipa=True).replace(" # ", " ").split())
        except IndexError:  # segments, on a tie bar at the end or a word of modifiers
            return ()

    return lambda words: [phones(word) for word in words]


def _compared(words: list[str], ours: Phones, theirs: Phones) -> int:
    """Count the word types on which the two differ; they may only where the peer fails or says nothing.

    Raises
    ------
    MismatchError
        Naming the first word on which both say something, and not the same.
    """
    differing = {word: pair for word, *pair in zip(words, ours, theirs, strict=True) if pair[0] != pair[1]}
    for word, (mine, other) in differing.items():
        if other:
            msg = f"{word!r} is {' '.join(mine)} here and {' '.join(other)} by Epitran and segments"
            raise MismatchError(msg)
    return len(differing)


if __name__ == "__main__":
    run(rows)
