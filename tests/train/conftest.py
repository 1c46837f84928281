"""A handful of real examples as units, and encoders small enough to train in a fraction of a second."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from gapstudy.data import LABELS
from gapstudy.study import Hyper, Pretraining
from gapstudy.units import Characters

if TYPE_CHECKING:
    from gapstudy.encode import Encoded
    from gapstudy.train import Material

SIZE = Pretraining(
    vocabulary_size=96, hidden_size=16, layers=2, heads=2, intermediate_size=32, max_length=128, steps=5, batch_size=4
)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Train as runs do, with one thread."""
    with suppress(ImportError):
        import torch

        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def size() -> Pretraining:
    """The shape of the encoders of these tests."""
    return SIZE


@pytest.fixture(scope="session")
def hyper() -> Hyper:
    """Hyper-parameters of these tests: three epochs of several batches, with everything random switched on."""
    return Hyper(epochs=3, batch_size=4, learning_rate=3e-3, dropout=0.2, warmup=0.2, pooling="mean", max_length=128)


@pytest.fixture
def encoder() -> Callable[[], Any]:
    """Make an encoder with the same fresh weights at each call."""

    def make() -> Any:
        import torch

        from gapstudy.models import small_encoder

        torch.manual_seed(11)
        return small_encoder(SIZE)

    return make


@pytest.fixture(scope="session")
def encoded(builtin_task: Callable[[str, str], Any]) -> Callable[..., Encoded]:
    """Encode some examples of an embedded English corpus as characters: ``encoded("ner", "train", 8)``."""

    def make(task: str, split: str = "train", count: int = 14, *, max_length: int = 128) -> Encoded:
        from gapstudy.coders import small_coder
        from gapstudy.encode import encode
        from gapstudy.pretrain import build_tokenizer

        corpus = builtin_task(task, "eng")
        tokenizer = build_tokenizer("character", [" ", *" ".join(corpus.train.texts()).split()], SIZE.vocabulary_size)
        return encode(
            getattr(corpus, split).take(range(count)), Characters(), small_coder(tokenizer), max_length=max_length
        )

    return make


@pytest.fixture(scope="session")
def material(encoded: Callable[..., Encoded]) -> Callable[..., Material]:
    """Training material of a task: 14 examples to learn from and 6 others to judge by (or the same)."""

    def make(task: str, *, same: bool = False) -> Material:
        from gapstudy.tasks import primary_metric, scorer
        from gapstudy.train import Material

        train = encoded(task)
        dev = train if same else encoded(task, "dev", 6)
        score = scorer(task, dev.targets.tolist(), dev.counts.tolist())
        return Material(train, dev, len(LABELS[task]), score, primary_metric(task))

    return make
