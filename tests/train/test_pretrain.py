"""Pre-training: learned units, masking, and encoders that are the same bit for bit each time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.data import load_text
from gapstudy.errors import RunError, StudyFileError
from gapstudy.study import Pretraining

pytestmark = pytest.mark.train

KINDS = ("subword", "character", "phoneme")
WORDS = {
    "subword": ["the", "then", "there", "cat", "cats", "dog"] * 5,
    "character": ["the", " ", "кот", " ", "고양이"],
    "phoneme": ["ð ə", "\u2581", "k æ t", "\u2581", "ð ɛ ɹ"],
}


@pytest.fixture(scope="module")
def rows() -> list[list[int]]:
    """English sentences of the package as numbers of their characters."""
    lines = load_text("eng").lines[:300]
    common = {c: i for i, c in enumerate(sorted(set("".join(lines)))[:91], start=5)}
    return [[common.get(c, 1) for c in line] for line in lines]


def _pretrained(rows: list[list[int]], spec: Pretraining) -> tuple[Any, list[float]]:
    import torch

    from gapstudy.pretrain import pretrain

    losses: list[float] = []
    encoder = pretrain(rows, [0] * len(rows), spec, torch.device("cpu"), lambda _step, loss: losses.append(loss))
    return encoder, losses


def _bits(encoder: Any) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in encoder.state_dict().items()}


# ---- training ----------------------------------------------------------------------------------------------
def test_pretraining_is_the_same_bit_for_bit(rows: list[list[int]], size: Pretraining) -> None:
    """The same text and seed give the same weights and losses, whatever was drawn before."""
    import torch

    torch.rand(5)
    first, losses = _pretrained(rows, size)
    second, again = _pretrained(rows, size)
    assert _bits(first) == _bits(second)
    assert losses == again
    assert not first.training


def test_another_seed_gives_another_encoder(rows: list[list[int]], size: Pretraining) -> None:
    """The study's pre-training seed changes initialisation, examples and masks."""
    first, losses = _pretrained(rows, size)
    second, others = _pretrained(rows, size.model_copy(update={"seed": 1}))
    assert losses[0] != others[0]
    assert _bits(first)["embeddings.word_embeddings.weight"] != _bits(second)["embeddings.word_embeddings.weight"]


def test_pretraining_lowers_the_loss(rows: list[list[int]], size: Pretraining) -> None:
    """From about log(vocabulary) the loss falls below that of guessing by the frequency of units."""
    spec = size.model_copy(update={"steps": 200, "batch_size": 8, "learning_rate": 1e-2})
    _, losses = _pretrained(rows, spec)
    counts = np.bincount([unit for row in rows for unit in row])
    shares = counts[counts > 0] / counts.sum()
    assert losses[0] > 0.8 * np.log(spec.vocabulary_size)
    assert np.mean(losses[-20:]) < -(shares * np.log(shares)).sum()


def test_each_step_is_told_of(rows: list[list[int]], size: Pretraining) -> None:
    """The callback hears of every step, and there are as many as the study says; none leaves the fresh weights."""
    import torch

    from gapstudy.models import small_encoder
    from gapstudy.steps import Stream, stream_seed

    assert len(_pretrained(rows, size)[1]) == size.steps
    torch.manual_seed(stream_seed(size.seed, Stream.INIT))
    fresh = _bits(small_encoder(size))
    assert _bits(_pretrained(rows, size.model_copy(update={"steps": 0}))[0]) == fresh
    assert _bits(_pretrained(rows, size)[0]) != fresh


def test_pretraining_that_diverges_is_an_error(rows: list[list[int]], size: Pretraining) -> None:
    """A rate that is far too high is named with its step, rather than left to fail every run that follows."""
    with pytest.raises(
        RunError, match=r"the loss is (nan|inf) in step \d+ of pre-training; lower pretrain\.learning_rate"
    ):
        _pretrained(rows, size.model_copy(update={"learning_rate": 1e30}))


def test_a_rare_mask_still_masks_something(rows: list[list[int]], size: Pretraining) -> None:
    """With few units chosen a batch may have none by chance; the loss is a number all the same."""
    spec = size.model_copy(update={"mask": 1e-4, "batch_size": 1, "steps": 30})
    _, losses = _pretrained([row[:5] for row in rows], spec)
    assert np.isfinite(losses).all()


# ---- masking -----------------------------------------------------------------------------------------------
@given(st.floats(0.05, 0.95), st.integers(0, 1000))
def test_only_units_of_the_text_are_masked(share: float, seed: int) -> None:
    """Targets are the units that were there; every other position, and padding and special units, stay as they are."""
    from gapstudy.encode import CLS, PAD, SEP
    from gapstudy.pretrain import _mask

    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 96, (6, 30))
    masked, targets = _mask(ids, Pretraining(vocabulary_size=96, mask=share), rng)
    chosen = targets >= 0
    assert chosen.any()
    assert (targets[chosen] == ids[chosen]).all()
    assert (masked[~chosen] == ids[~chosen]).all()
    assert not (chosen & np.isin(ids, [PAD, CLS, SEP])).any()


def test_masks_are_those_of_bert() -> None:
    """Of the units the study's share is chosen; of those 80 % are masked, 10 % replaced, 10 % kept."""
    from gapstudy.encode import MASK, SPECIALS
    from gapstudy.pretrain import _mask

    rng = np.random.default_rng(0)
    ids = rng.integers(5, 2000, (400, 500))
    masked, targets = _mask(ids, Pretraining(vocabulary_size=2048, mask=0.3), rng)
    chosen = targets >= 0
    hidden, kept = masked == MASK, masked == ids
    replaced = chosen & ~hidden & ~kept
    assert chosen.mean() == pytest.approx(0.3, abs=0.005)
    assert hidden[chosen].mean() == pytest.approx(0.8, abs=0.01)
    assert kept[chosen].mean() == pytest.approx(0.1, abs=0.01)
    assert replaced[chosen].mean() == pytest.approx(0.1, abs=0.01)
    assert masked[replaced].min() >= len(SPECIALS)
    assert masked.max() < 2048


def test_examples_are_sentences_or_two_that_follow_each_other() -> None:
    """Half of the examples join a sentence and the next of the same language, with token types; none is too long."""
    from gapstudy.encode import CLS, MASK, SEP
    from gapstudy.pretrain import _batches

    sentences = [[10 + i] * 3 for i in range(20)]
    groups = [0] * 10 + [1] * 10
    spec = Pretraining(vocabulary_size=64, max_length=16, batch_size=50, mask=0.01)
    batches = _batches(sentences, groups, spec, np.random.default_rng(0))
    pairs = 0
    for _ in range(10):
        masked, types, attention, targets = next(batches)
        ids = np.where(targets >= 0, targets, masked)
        assert not (ids == MASK).any()
        for row, kinds, own in zip(ids, types, attention, strict=True):
            length = int(own.sum())
            assert (row[length:] == 0).all()
            units = row[:length].tolist()
            first = units[1] - 10
            second = [first + 1] if length == 9 else []
            assert units == [CLS, *sentences[first], SEP, *(u for s in second for u in [*sentences[s], SEP])]
            assert kinds[:length].tolist() == [0] * 5 + [1] * 4 * len(second)
            assert all(groups[s] == groups[first] for s in second)
            pairs += len(second)
    assert 0.4 < pairs / 500 < 0.55  # half of those whose next sentence is in the same language


# ---- units -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
def test_a_vocabulary_starts_with_the_special_units(kind: str) -> None:
    """[PAD] [UNK] [CLS] [SEP] [MASK] have the numbers 0 to 4 that the encoding counts on."""
    from gapstudy.encode import SPECIALS
    from gapstudy.pretrain import build_tokenizer

    tokenizer = build_tokenizer(kind, WORDS[kind], 64)
    assert [tokenizer.token_to_id(name) for name in SPECIALS] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("kind", KINDS)
def test_a_vocabulary_does_not_depend_on_the_order_of_the_text(kind: str) -> None:
    """Shuffled words give the same tokenizer: files may be read in any order."""
    from gapstudy.pretrain import build_tokenizer

    shuffled = np.random.default_rng(0).permutation(WORDS[kind]).tolist()
    assert build_tokenizer(kind, shuffled, 64).to_str() == build_tokenizer(kind, WORDS[kind], 64).to_str()


def test_a_vocabulary_is_the_same_in_every_process() -> None:
    """Hash randomisation does not reach the units, ties between equally frequent ones included."""
    script = (
        "import json; from gapstudy.data import load_text; from gapstudy.pretrain import build_tokenizer as build; "
        "lines = load_text('fin').lines[:400]; "
        "print(json.dumps([build(k, [w for l in lines for w in l.split()], 300).to_str() for k in ('subword', 'character')]))"
    )
    found = {
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    }
    assert len(found) == 1
    assert all(len(json.loads(text)["model"]["vocab"]) > 20 for text in json.loads(found.pop()))


@pytest.mark.parametrize("kind", ["character", "phoneme"])
def test_the_most_frequent_units_are_kept(kind: str) -> None:
    """Where the vocabulary is full, rare units become [UNK]; of equally frequent ones the first in code order stays."""
    from gapstudy.pretrain import build_tokenizer

    glue = " " if kind == "phoneme" else ""
    words = [glue.join("aaabbc"), glue.join("dab")]
    tokenizer = build_tokenizer(kind, words, 8)
    assert tokenizer.get_vocab_size() == 8
    assert tokenizer.encode(glue.join("abcd"), add_special_tokens=False).tokens == ["a", "b", "c", "[UNK]"]


def test_a_phone_of_several_letters_is_one_unit() -> None:
    """Phones are what blanks separate, and the word boundary is a unit."""
    from gapstudy.pretrain import build_tokenizer

    tokenizer = build_tokenizer("phoneme", ["t͡ʃ iː", "\u2581"], 64)
    found = tokenizer.encode(["iː t͡ʃ", "\u2581", "q"], is_pretokenized=True, add_special_tokens=False)
    assert found.tokens == ["iː", "t͡ʃ", "\u2581", "[UNK]"]
    assert found.word_ids == [0, 0, 1, 2]


def test_characters_are_code_points() -> None:
    """Every code point is a unit: blanks, combining marks and line ends too."""
    from gapstudy.pretrain import build_tokenizer

    text = "a\u0301 \n고"
    assert build_tokenizer("character", [text], 64).encode(text, add_special_tokens=False).tokens == list(text)


def test_an_alphabet_that_does_not_fit_is_an_error() -> None:
    """Too few rows for the letters of the text is a message about the study's key, not an index error later."""
    from gapstudy.pretrain import build_tokenizer

    words = " ".join(load_text("kor").lines).split()
    with pytest.raises(StudyFileError, match=r"pretrain\.vocabulary_size: 64 is too small: .* need \d+") as caught:
        build_tokenizer("subword", words, 64)
    least = int(str(caught.value).rsplit(" ", maxsplit=1)[-1])
    assert build_tokenizer("subword", words, least).get_vocab_size() == least


@pytest.mark.parametrize("kind", KINDS)
def test_no_vocabulary_is_larger_than_the_table(kind: str, size: Pretraining) -> None:
    """Every unit has a row in the embedding table."""
    from gapstudy.pretrain import build_tokenizer

    words: Callable[[str], list[str]] = lambda text: [" ".join(w) for w in text.split()]  # noqa: E731
    text = " ".join(load_text("eng").lines[:200])
    spelt = words(text) if kind == "phoneme" else text.split()
    assert build_tokenizer(kind, spelt, 200).get_vocab_size() <= 200
    assert size.vocabulary_size < 200
