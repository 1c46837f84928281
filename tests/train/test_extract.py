"""Sentence vectors, against direct computation one sentence at a time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gapstudy.data import Sentences

pytestmark = pytest.mark.train

Maker = Callable[..., Any]


@pytest.fixture
def sentences(builtin_task: Callable[[str, str], Any]) -> Any:
    """Eighty English sentences of very different lengths as characters, blanks between words included."""
    from gapstudy.coders import small_coder
    from gapstudy.encode import encode
    from gapstudy.pretrain import build_tokenizer
    from gapstudy.units import Characters

    texts = builtin_task("pos", "eng").train.texts()
    lines = tuple(text[: 3 + 7 * i % 90].strip() for i, text in enumerate(texts[:80]))
    tokenizer = build_tokenizer("character", [" ", *" ".join(texts).split()], 96)
    return encode(Sentences(lines), Characters(), small_coder(tokenizer), max_length=128)


def _vectors(encoder: Any, sentences: Any) -> dict[str, Any]:
    import torch

    from gapstudy.extract import sentence_vectors

    return sentence_vectors(encoder, sentences, torch.device("cpu"))


def test_vectors_are_means_over_the_sentences_own_units(encoder: Maker, sentences: Any) -> None:
    """Each row is the mean of a layer over the units between [CLS] and [SEP], the sentence computed by itself."""
    import torch

    model = encoder().eval()
    found = _vectors(model, sentences)
    assert {k: (v.shape, v.dtype) for k, v in found.items()} == dict.fromkeys(
        ("input", "last"), ((80, 16), np.dtype(np.float32))
    )
    for i in range(len(sentences)):
        ids = torch.from_numpy(sentences.ids[sentences.starts[i] : sentences.starts[i + 1]].astype(np.int64))[None]
        with torch.no_grad():
            out = model(input_ids=ids, output_hidden_states=True)
        own = slice(1, ids.shape[1] - 1)
        np.testing.assert_allclose(found["last"][i], out.last_hidden_state[0, own].mean(0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found["input"][i], out.hidden_states[0][0, own].mean(0), rtol=1e-4, atol=1e-5)


def test_the_input_layer_is_what_enters_the_first_block(encoder: Maker, sentences: Any) -> None:
    """The "input" layer is words + positions + types after LayerNorm, and not the bare embedding table."""
    import torch

    model = encoder().eval()
    entered: list[torch.Tensor] = []
    hook = model.encoder.layer[0].register_forward_pre_hook(lambda _module, inputs: entered.append(inputs[0]))
    found = _vectors(model, sentences)
    hook.remove()
    # LayerNorm with its first weights: every unit's vector has mean 0 and variance 1
    torch.testing.assert_close(entered[0].mean(-1), torch.zeros(entered[0].shape[:2]), atol=1e-4, rtol=0)
    torch.testing.assert_close(entered[0].var(-1, unbiased=False), torch.ones(entered[0].shape[:2]), atol=1e-3, rtol=0)
    shortest = int(np.argmin(sentences.lengths))  # sorted by length, so the first row of the first batch
    own = int(sentences.lengths[shortest]) - 1
    np.testing.assert_allclose(found["input"][shortest], entered[0][0, 1:own].mean(0), rtol=1e-4, atol=1e-5)


def test_both_layers_are_different_and_depend_on_the_sentence(encoder: Maker, sentences: Any) -> None:
    """Input and last layer are not the same numbers, and only sentences of the same units share a vector."""
    found = _vectors(encoder(), sentences)
    different = {tuple(sentences.ids[a:b]) for a, b in pairwise(sentences.starts)}
    assert not np.allclose(found["input"], found["last"])
    assert len(different) > 70  # cut to a few letters, some are the same
    assert len(np.unique(found["last"].round(4), axis=0)) == len(different)


def test_word_boundaries_count_as_units(encoder: Maker, builtin_task: Maker) -> None:
    """The blank between characters is a unit of the sentence: with and without it the input vectors differ."""
    from gapstudy.coders import small_coder
    from gapstudy.encode import encode
    from gapstudy.pretrain import build_tokenizer
    from gapstudy.units import Characters

    tokenizer = build_tokenizer("character", [" ", *" ".join(builtin_task("pos", "eng").train.texts()).split()], 96)
    both = encode(Sentences(("ab cd", "abcd")), Characters(), small_coder(tokenizer), max_length=32)
    assert both.lengths.tolist() == [7, 6]
    apart, joined = _vectors(encoder(), both)["input"]
    assert not np.allclose(apart, joined)


def test_a_sentence_without_units_has_a_zero_vector(encoder: Maker) -> None:
    """Where nothing but [CLS] and [SEP] is left there is no mean, and no NaN either."""
    from gapstudy.encode import CLS, SEP, Encoded

    none = np.empty(0, np.int32)
    zeros = np.zeros(2, np.int32)
    empty = Encoded(np.array([CLS, SEP], np.int32), zeros, zeros - 2, np.array([0, 2], np.int32), none, none, none)
    found = _vectors(encoder(), empty)
    assert not found["input"].any()
    assert not found["last"].any()


def test_vectors_do_not_depend_on_the_mode_of_the_model(encoder: Maker, sentences: Any) -> None:
    """A model that was left in training mode gives the same bits: extraction switches dropout off."""
    model = encoder()
    model.embeddings.dropout.p = 0.5
    training, evaluating = _vectors(model.train(), sentences), _vectors(model.eval(), sentences)
    assert all(training[layer].tobytes() == evaluating[layer].tobytes() for layer in training)


def test_pairs_have_no_sentence_vectors(encoder: Maker, encoded: Maker) -> None:
    """Two sentences in one sequence are refused, with what is valid."""
    with pytest.raises(ValueError, match="pairs have no sentence vectors; give plain or tagged sentences"):
        _vectors(encoder(), encoded("xnli"))
