"""Every language that Epitran has rules for converts, with the repairs that hold for any language."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable

import pytest

from gapstudy.g2p import Phonemizer
from gapstudy.g2p.audit import unmapped_characters
from gapstudy.g2p.rules import epitran_rules
from gapstudy.languages import LANGUAGES, all_languages

pytestmark = pytest.mark.train

OTHERS = sorted(code for code, row in all_languages().items() if row.epitran and code not in LANGUAGES)


def _own_words(code: str) -> list[str]:
    """Strings of the graphemes of Epitran's map, drawn as the code says."""
    draw = random.Random(code)  # noqa: S311  (words, not secrets)
    graphemes = sorted(epitran_rules(all_languages()[code].epitran)._map)
    words = ["".join(draw.choices(graphemes, k=draw.randint(1, 4))) for _ in range(40)]
    return [unicodedata.normalize("NFC", word) for word in words]


@pytest.mark.parametrize("code", OTHERS)
def test_its_own_letters_are_converted(code: str) -> None:
    """Strings of its graphemes have phones in both modes, most of them nothing but phones when normalised."""
    words = _own_words(code)
    assert all(Phonemizer(code, mode="faithful").words(words).values())
    phones = Phonemizer(code).words(words)
    unmapped = [word for word in phones if unmapped_characters(phones[word])]
    assert len(unmapped) <= 0.2 * len(phones), unmapped


@pytest.mark.slow
@pytest.mark.parametrize("code", OTHERS)
def test_output_equals_epitrans_own(code: str, epitran_of: Callable[[str], Callable[[str], str]]) -> None:
    """The fast way through Epitran's rules gives what Epitran gives, for every language."""
    ours, theirs = epitran_rules(all_languages()[code].epitran), epitran_of(code)
    assert [word for word in _own_words(code) if ours.ipa(word) != theirs(word)] == []


@pytest.mark.parametrize(
    ("code", "word", "phones"),
    [
        ("deu", "Straße", "ʃ t r aː s ə"),
        ("spa", "México", "m e k s i k o"),
        ("pol", "dzień", "d͡ʑ ɛ ɲ"),
    ],
)
def test_words_sound_as_they_should(code: str, word: str, phones: str) -> None:
    """A word of three common languages, as Epitran's rules have it."""
    assert " ".join(Phonemizer(code).word(word)) == phones


def test_letters_that_the_map_lacks_are_what_they_are_elsewhere() -> None:
    """Polish x and Spanish ç are read, foreign accents dropped, an unknown apostrophe is silent."""
    pol, spa = Phonemizer("pol"), Phonemizer("spa")
    assert pol.word("x") == pol.word("ks")
    assert spa.word("ô") == spa.word("o")
    assert spa.word("l’a") == spa.word("la")
