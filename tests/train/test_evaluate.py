"""Evaluation: logits in the order of the corpus, whatever the batches and their padding."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from gapstudy.encode import Encoded

pytestmark = pytest.mark.train

Maker = Callable[..., Any]
CLOSE: Any = {"rtol": 1e-4, "atol": 1e-5}


def _model(encoder: Any, pooling: str, classes: int = 5) -> Any:
    import torch

    from gapstudy.models import TaskModel

    torch.manual_seed(3)
    model = TaskModel(encoder, classes, dropout=0.5, pooling=pooling)
    torch.nn.init.normal_(model.head.weight)
    return model


def _evaluate(model: Any, encoded: Encoded) -> Any:
    import torch

    from gapstudy.train import evaluate

    return evaluate(model, encoded, torch.device("cpu"))


def _alone(model: Any, encoded: Encoded, sequence: int) -> Any:
    """Run one sequence by itself, without any padding."""
    import torch

    part = slice(int(encoded.starts[sequence]), int(encoded.starts[sequence + 1]))
    rows = [torch.from_numpy(column[part].astype(np.int64))[None] for column in (encoded.ids, encoded.types)]
    with torch.no_grad():
        return model.eval()(*rows, torch.ones_like(rows[0]))[0].numpy()


def _random(lengths: list[int], *, tagged: bool, seed: int = 0) -> Encoded:
    """Sequences of random units; of tagged ones every unit between the special ones is a word, the last is cut off."""
    from gapstudy.encode import CLS, SEP, Encoded

    rng = np.random.default_rng(seed)
    inner = [rng.integers(5, 96, n) for n in lengths]
    ids = np.concatenate([np.concatenate([[CLS], units, [SEP]]) for units in inner]).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum([n + 2 for n in lengths])]).astype(np.int32)
    positions: list[int] = []
    for start, n in zip(starts, lengths, strict=False):
        positions += [*range(int(start) + 1, int(start) + 1 + n), -1]
    counts = [n + 1 for n in lengths]
    none = np.empty(0, np.int32)
    return Encoded(
        ids=ids,
        types=(rng.random(len(ids)) < 0.5).astype(np.int32),
        words=np.zeros(len(ids), np.int32),
        starts=starts,
        targets=np.zeros(sum(counts) if tagged else len(lengths), np.int32),
        positions=np.array(positions, np.int32) if tagged else none,
        counts=np.array(counts, np.int32) if tagged else none,
    )


LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=80)
SETTINGS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SETTINGS
@given(lengths=LENGTHS, pooling=st.sampled_from(["cls", "mean"]))
def test_pairs_come_back_in_the_order_of_the_corpus(encoder: Maker, lengths: list[int], pooling: str) -> None:
    """Logits of a corpus of any lengths are those of its sequences one by one, row by row."""
    encoded = _random(lengths, tagged=False)
    model = _model(encoder(), pooling)
    expected = np.stack([_alone(model, encoded, i) for i in range(len(lengths))])
    np.testing.assert_allclose(_evaluate(model, encoded), expected, **CLOSE)


@SETTINGS
@given(lengths=LENGTHS)
def test_words_come_back_in_the_order_of_the_corpus(encoder: Maker, lengths: list[int]) -> None:
    """Every word has the logits of its first unit in its own sentence; a word that was cut off has zeros."""
    encoded = _random(lengths, tagged=True)
    model = _model(encoder(), "words")
    found = _evaluate(model, encoded)
    expected = np.concatenate(
        [np.vstack([_alone(model, encoded, i)[1:-1], np.zeros((1, 5), np.float32)]) for i in range(len(lengths))]
    )
    np.testing.assert_allclose(found, expected, **CLOSE)
    assert (found[encoded.positions < 0] == 0).all()


@pytest.mark.parametrize("task", ["ner", "pos"])
def test_words_of_real_sentences_have_their_own_logits(task: str, encoder: Maker, encoded: Maker) -> None:
    """In real text the logits of a word are those at its first unit, for sentences that are cut as well."""
    corpus = encoded(task, "test", 20, max_length=40)
    model = _model(encoder(), "words")
    found = _evaluate(model, corpus)
    assert len(found) == len(corpus.targets) == corpus.counts.sum()
    assert 0 < corpus.cut_words < len(found)
    word = 0
    for sentence, count in enumerate(corpus.counts):
        alone = _alone(model, corpus, sentence)
        for position in corpus.positions[word : word + count]:
            expected = alone[position - corpus.starts[sentence]] if position >= 0 else np.zeros(5)
            np.testing.assert_allclose(found[word], expected, **CLOSE)
            word += 1


@pytest.mark.parametrize("pooling", ["cls", "mean", "words"])
@pytest.mark.parametrize("extra", [1, 7, 64])
def test_padding_changes_nothing(encoder: Maker, pooling: str, extra: int) -> None:
    """However much padding is added, and whatever stands in it, the logits of the real units are the same."""
    import torch

    model = _model(encoder(), pooling).eval()
    torch.manual_seed(0)
    ids = torch.randint(5, 96, (3, 20))
    types, mask = torch.zeros_like(ids), torch.ones_like(ids)
    junk = torch.randint(0, 96, (3, extra))
    padded = (torch.cat([ids, junk], 1), torch.cat([types, junk % 2], 1), torch.cat([mask, torch.zeros_like(junk)], 1))
    with torch.no_grad():
        short, long = model(ids, types, mask), model(*padded)
    if pooling == "words":
        long = long[:, :20]
    np.testing.assert_allclose(long.numpy(), short.numpy(), **CLOSE)


def test_evaluation_is_repeatable_and_leaves_no_trace(encoder: Maker, encoded: Maker) -> None:
    """Twice the same bits: dropout is off, whatever mode the model was in; no weight and no gradient is touched."""
    model = _model(encoder(), "mean")
    before = {k: v.clone() for k, v in model.state_dict().items()}
    corpus = encoded("xnli")
    first = _evaluate(model.train(), corpus)
    assert first.tobytes() == _evaluate(model, corpus).tobytes()
    assert all(p.grad is None for p in model.parameters())
    assert all((before[k] == v).all() for k, v in model.state_dict().items())


def test_token_types_and_order_of_a_pair_matter(encoder: Maker, encoded: Maker) -> None:
    """A pair is not a bag: with the second sentence marked as the first, the logits are others."""
    from dataclasses import replace

    corpus = encoded("xnli")
    model = _model(encoder(), "mean")
    flat = replace(corpus, types=np.zeros_like(corpus.types))
    assert not np.allclose(_evaluate(model, corpus), _evaluate(model, flat), **CLOSE)


def test_poolings_are_what_they_are_called(encoder: Maker) -> None:
    """Cls reads the first unit, mean averages all real units, words classifies each: by hand, without dropout."""
    import torch

    ids = torch.tensor([[2, 9, 8, 3, 0]])
    types, mask = torch.zeros_like(ids), torch.tensor([[1, 1, 1, 1, 0]])
    for pooling in ("cls", "mean", "words"):
        model = _model(encoder(), pooling).eval()
        with torch.no_grad():
            hidden = model.encoder(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
            pooled = {"cls": hidden[:, 0], "mean": hidden[:, :4].mean(1), "words": hidden}[pooling]
            torch.testing.assert_close(model(ids, types, mask), pooled @ model.head.weight.T + model.head.bias)
