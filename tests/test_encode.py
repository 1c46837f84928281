"""Encoding: every word keeps its units and its label, whatever the script, the length, or the text says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.coders import small_coder
from gapstudy.data import Pairs, Sentences, Tagged
from gapstudy.encode import CLS, PAD, SEP, SPECIALS, UNK, Encoded, _kept, encode
from gapstudy.study import Representation
from gapstudy.units import WORD_BOUNDARY, Spelling, spelling

pytestmark = pytest.mark.train

KINDS = ("subword", "character", "phoneme")
LANGUAGES = ("eng", "kor", "hin", "urd")
HOSTILE = (
    "[SEP]",
    "[CLS]",
    "[PAD]",
    "[MASK]",
    "##a",
    "▁",
    "a b",
    " ",
    "ⵣⵉⵏ",
    "👩‍👩‍👧",
    "e\u0301",
    "\u200b",
    "�",
    "x" * 300,
)
Made = tuple[Spelling, Any]  # a spelling and a coder
Make = Callable[[str, str], Made]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Make a spelling and a coder learned from embedded text: ``make("phoneme", "kor")``."""
    from gapstudy.data import load_text
    from gapstudy.pretrain import build_tokenizer
    from gapstudy.units import interleave

    made: dict[tuple[str, str], Made] = {}
    cache = tmp_path_factory.mktemp("g2p")

    def once(kind: str, language: str) -> Made:
        if (kind, language) not in made:
            speller = spelling(Representation.model_validate({"kind": kind}), language, cache)
            lines = [speller.split(line) for line in load_text(language).lines[:400]]
            spelt = speller.spell({word for words in lines for word in words})
            text = [unit for words in lines for unit in interleave(words, spelt, speller.separator)]
            made[kind, language] = speller, small_coder(build_tokenizer(kind, text, 700))
        return made[kind, language]

    return once


def _alone(word: str, speller: Spelling, tokenizer: Any) -> list[int]:
    """Return the units of a word encoded by itself."""
    ids: list[int] = tokenizer.tokenizer.encode(
        [speller.spell([word])[word]], is_pretokenized=True, add_special_tokens=False
    ).ids
    return ids


def _check_words(corpus: Tagged, found: Encoded, made: Made) -> None:
    """Check that every word has the units it has alone, between separators, and its label on its first unit."""
    speller, tokenizer = made
    apart = [] if speller.separator is None else [tokenizer.tokenizer.token_to_id(speller.separator)]
    flat = iter(found.positions.tolist())
    for words, (start, end) in zip(corpus.words, pairwise(found.starts), strict=True):
        expected: list[int] = []
        for i, word in enumerate(words):
            expected += apart if i else []
            units = _alone(word, speller, tokenizer)
            position = next(flat)
            assert position == (start + 1 + len(expected) if units else -1)
            own = np.flatnonzero(found.words[start:end] == i)
            assert own.tolist() == list(range(len(expected) + 1, len(expected) + 1 + len(units)))
            expected += units
        assert found.ids[start:end].tolist() == [CLS, *expected, SEP]
        assert found.words[start] == found.words[end - 1] == -2


# ---- words and labels --------------------------------------------------------------------------------------
@pytest.mark.parametrize("task", ["ner", "pos"])
@pytest.mark.parametrize("language", ["eng", "kor", "hin"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_word_of_real_text_keeps_its_units_and_its_label(
    kind: str, language: str, task: str, make: Make, builtin_task: Callable[[str, str], Any]
) -> None:
    """Words have the units they have alone, in order, with one separator between two; labels are those of the corpus."""
    corpus = builtin_task(task, language).test.take(range(40))
    speller, tokenizer = make(kind, language)
    found = encode(corpus, speller, tokenizer, max_length=1000)
    _check_words(corpus, found, (speller, tokenizer))
    assert found.targets.tolist() == [tag for tags in corpus.tags for tag in tags]
    assert found.counts.tolist() == [len(words) for words in corpus.words]
    assert found.cut_words == 0
    assert (found.ids == UNK).mean() < 0.2
    assert not found.types.any()


@pytest.mark.parametrize("kind", KINDS)
@given(
    sentences=st.lists(
        st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=9)), max_size=5), max_size=4
    )
)
def test_words_of_any_text_stay_aligned(kind: str, sentences: list[list[str]], make: Make) -> None:
    """Names of special units, unknown scripts, blanks and invisible characters inside words change no alignment."""
    speller, tokenizer = make(kind, "eng")
    corpus = Tagged(tuple(map(tuple, sentences)), tuple((0,) * len(words) for words in sentences))
    _check_words(corpus, encode(corpus, speller, tokenizer, max_length=5000), (speller, tokenizer))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SPECIALS)
def test_names_of_special_units_in_text_are_text(kind: str, name: str, make: Make) -> None:
    """A text that says "[SEP]" ends no sentence: between the ends no unit is special but for unknown ones."""
    speller, tokenizer = make(kind, "eng")
    for corpus in (Sentences((f"say {name} now",)), Tagged((("say", name, "now"),), ((0, 0, 0),))):
        ids = encode(corpus, speller, tokenizer, max_length=128).ids
        assert (ids[0], ids[-1]) == (CLS, SEP)
        assert not set(ids[1:-1].tolist()) & {PAD, CLS, SEP, SPECIALS.index("[MASK]")}


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_tokenizer_encodes_the_same(kind: str, make: Make, tmp_path: Path) -> None:
    """What is written to an encoder's folder and read back gives the same arrays."""
    from tokenizers import Tokenizer

    speller, tokenizer = make(kind, "eng")
    corpus = Sentences(("The [SEP] 고양이 naïve cat.", " ".join(HOSTILE)))
    tokenizer.tokenizer.save(str(tmp_path / "tokenizer.json"))
    again = encode(corpus, speller, small_coder(Tokenizer.from_file(str(tmp_path / "tokenizer.json"))), max_length=512)
    assert again.ids.tobytes() == encode(corpus, speller, tokenizer, max_length=512).ids.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_script_is_unknown_units(kind: str, make: Make) -> None:
    """Words in a script that was not learned are [UNK], each in its place, and are not lost."""
    speller, tokenizer = make(kind, "eng")
    found = encode(Tagged((("cat", "ⵣⵉⵏ", "cat"),), ((0, 0, 0),)), speller, tokenizer, max_length=64)
    units = [found.ids[found.words == i].tolist() for i in range(3)]
    assert set(units[1]) == {UNK}
    assert units[0] == units[2]
    assert UNK not in units[0]


def test_an_empty_word_has_a_place_but_no_units(make: Make) -> None:
    """The position of a word without units is -1, as of one that was cut off; its neighbours keep theirs."""
    for kind in ("subword", "character"):
        found = encode(Tagged((("ab", "", "ab"),), ((1, 2, 3),)), *make(kind, "eng"), max_length=64)
        assert found.positions[1] == -1
        assert found.words[found.positions[[0, 2]]].tolist() == [0, 2]
        assert found.targets.tolist() == [1, 2, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_sentences_without_words(kind: str, make: Make) -> None:
    """An empty line is [CLS] [SEP]; a corpus without lines is an empty one."""
    made = make(kind, "eng")
    assert encode(Sentences(("", "\u00a0", "a")), *made, max_length=16).ids[:4].tolist() == [CLS, SEP, CLS, SEP]
    for nothing in (Sentences(()), Tagged((), ()), Pairs((), (), ())):
        found = encode(nothing, *made, max_length=16)
        assert len(found) == 0
        assert found.starts.tolist() == [0]


# ---- pairs -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["eng", "urd"])
@pytest.mark.parametrize("kind", KINDS)
def test_pairs_are_both_sentences_in_order(
    kind: str, language: str, make: Make, builtin_task: Callable[[str, str], Any]
) -> None:
    """[CLS] premise [SEP] hypothesis [SEP], types 0 and 1, each half what the sentence is by itself."""
    corpus = builtin_task("xnli", language).test.take(range(30))
    made = make(kind, language)
    found = encode(corpus, *made, max_length=1000)
    halves = [encode(Sentences(lines), *made, max_length=1000) for lines in (corpus.premises, corpus.hypotheses)]
    for i in range(len(corpus)):
        own = slice(found.starts[i], found.starts[i + 1])
        first, second = (half.ids[half.starts[i] : half.starts[i + 1]].tolist() for half in halves)
        assert found.ids[own].tolist() == [*first, *second[1:]]
        assert found.types[own].tolist() == [0] * len(first) + [1] * (len(second) - 1)
    assert found.targets.tolist() == list(corpus.labels)
    assert len(found.positions) == len(found.counts) == 0


@given(st.integers(0, 60), st.integers(0, 60), st.integers(5, 40))
def test_the_longer_sentence_is_cut_first(a: int, b: int, room: int) -> None:
    """The rule is that of cutting one unit at a time from the longer sentence (the second on a tie)."""
    first, second = a, b
    while first + second > room:
        if first > second:
            first -= 1
        else:
            second -= 1
    assert _kept(a, b, room) == (first, second)


# ---- length ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("max_length", [8, 20, 47])
@pytest.mark.parametrize("kind", KINDS)
def test_cut_sentences_are_beginnings(
    kind: str, max_length: int, make: Make, builtin_task: Callable[[str, str], Any]
) -> None:
    """No sequence is longer than allowed; a cut one is the beginning of the whole, closed by [SEP]."""
    made = make(kind, "eng")
    corpus = builtin_task("pos", "eng").test.take(range(30))
    whole, cut = (encode(corpus, *made, max_length=n) for n in (1000, max_length))
    assert cut.lengths.max() == min(max_length, whole.lengths.max())
    for i in range(len(corpus)):
        long, short = (e.ids[e.starts[i] : e.starts[i + 1]].tolist() for e in (whole, cut))
        assert short == [*long[:-1][: max_length - 1], SEP]


@pytest.mark.parametrize("kind", KINDS)
def test_words_beyond_the_length_are_counted_and_keep_their_labels(
    kind: str, make: Make, builtin_task: Callable[[str, str], Any]
) -> None:
    """A word whose first unit was cut has no position, and still its label: test sets are never shortened."""
    made = make(kind, "eng")
    corpus = builtin_task("ner", "eng").test.take(range(30))
    whole, cut = (encode(corpus, *made, max_length=n) for n in (1000, 12))
    word = 0
    for i, count in enumerate(cut.counts):
        before = whole.positions[word : word + count] - whole.starts[i]
        after = cut.positions[word : word + count]
        kept = before < 11
        assert (after[kept] - cut.starts[i] == before[kept]).all()
        assert (after[~kept] == -1).all()
        word += count
    assert 0 < cut.cut_words == (cut.positions == -1).sum() < len(cut.targets)
    assert cut.targets.tolist() == whole.targets.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_a_pair_that_is_too_long_keeps_both_sentences(
    kind: str, make: Make, builtin_task: Callable[[str, str], Any]
) -> None:
    """Of cut pairs both halves are there, each a beginning, and the row is as long as allowed."""
    made = make(kind, "eng")
    corpus = builtin_task("xnli", "eng").test.take(range(30))
    whole, cut = (encode(corpus, *made, max_length=n) for n in (1000, 12))
    for i in range(len(corpus)):
        long, short = (e.ids[e.starts[i] : e.starts[i + 1]].tolist() for e in (whole, cut))
        assert len(short) == min(12, len(long))
        middle = short.index(SEP)
        assert short.count(SEP) == 2
        assert short[:middle] == long[:middle]
        second = long.index(SEP) + 1
        assert short[middle + 1 : -1] == long[second : second + len(short) - middle - 2]
        assert middle > 1
        assert len(short) - middle > 2


@pytest.mark.parametrize("task", ["xnli", "pos", "parallel"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_corpus_in_pieces_is_the_corpus(
    kind: str, task: str, make: Make, builtin_task: Callable[[str, str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many examples are encoded at a time, the arrays are the same; rows can be taken out of them again."""
    corpus = (
        Sentences(("one two", "", "three") * 5) if task == "parallel" else builtin_task(task, "eng").dev.take(range(17))
    )
    whole = encode(corpus, *make(kind, "eng"), max_length=20)
    monkeypatch.setattr("gapstudy.encode._AT_ONCE", 4)
    pieces = encode(corpus, *make(kind, "eng"), max_length=20)
    rows = [2, 9, 3]
    if not isinstance(corpus, Sentences):
        taken = encode(corpus.take(rows), *make(kind, "eng"), max_length=20)
        for name in set(Encoded.__slots__) - {"pad"}:
            assert getattr(whole.take(rows), name).tolist() == getattr(taken, name).tolist(), name
    for name in set(Encoded.__slots__) - {"pad"}:
        one, other = getattr(whole, name), getattr(pieces, name)
        assert (one.dtype, one.tolist()) == (other.dtype, other.tolist()), name


# ---- files -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("task", ["xnli", "pos", "parallel"])
def test_packed_arrays_survive_their_file(
    task: str, make: Make, builtin_task: Callable[[str, str], Any], tmp_path: Path
) -> None:
    """What is read back is what was written, empty columns included, as int32; nothing is left beside the file."""
    corpus = Sentences(("one two",)) if task == "parallel" else builtin_task(task, "eng").dev.take(range(9))
    found = encode(corpus, *make("character", "eng"), max_length=64)
    path = tmp_path / "deep" / "x.safetensors"
    found.save(path)
    again = Encoded.load(path)
    assert again.pad == found.pad
    for name in set(Encoded.__slots__) - {"pad"}:
        before, after = getattr(found, name), getattr(again, name)
        assert before.dtype == after.dtype == np.int32
        assert before.tobytes() == after.tobytes()
    assert [p.name for p in path.parent.iterdir()] == ["x.safetensors"]
    content = Encoded.content_of(path)
    found.take(range(len(found))[::-1]).save(path)
    assert Encoded.content_of(path) != content or len(found) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_units_of_all_representations_cover_their_text(language: str, make: Make) -> None:
    """In four scripts little of the text is unknown; phones have no letters of the script left."""
    from gapstudy.data import load_text

    text = Sentences(load_text(language).lines[400:500])
    for kind in KINDS:
        found = encode(text, *make(kind, language), max_length=1000)
        assert (found.ids == UNK).mean() < 0.05, kind
    speller, _ = make("phoneme", language)
    spelt = " ".join(speller.spell({w for line in text.lines for w in speller.split(line)}).values())
    assert WORD_BOUNDARY not in spelt
    assert not any(
        0x0600 <= ord(c) <= 0x06FF or 0x0900 <= ord(c) < 0x0964 or 0xAC00 <= ord(c) <= 0xD7A3
        for c in spelt
        if c.isalpha()
    )
