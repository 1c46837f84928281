"""Model folders of every kind, a handful of examples, and encoders that are opened as runs open them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gapstudy.data import Pairs, Sentences, Tagged
from gapstudy.study import Representation
from gapstudy.units import Spelling, spelling
from tests.encoders.folders import KINDS, MAKERS, WORDS


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Train as runs do, with one thread."""
    with suppress(ImportError):
        import torch

        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One model folder of each kind of input: subword, character, phoneme."""
    root = tmp_path_factory.mktemp("models")
    return {kind: MAKERS[name](root / name) for kind, name in KINDS.items()}


@pytest.fixture(scope="session")
def speller(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Spelling]:
    """Return how a kind of input spells English."""
    cache = tmp_path_factory.mktemp("g2p")
    return lambda kind: spelling(Representation.model_validate({"kind": kind}), "eng", cache)


@pytest.fixture(scope="session")
def corpora_of() -> dict[str, Any]:
    """A handful of pairs, tagged sentences and plain sentences of very different lengths."""
    words = tuple(tuple(WORDS[(i * 5 + j * j) % 10] for j in range(1 + i * 3 % 8)) for i in range(6))
    lines = tuple(" ".join(row) for row in words)
    # one word has one label, so that a model can learn it by heart
    names, tags = (tuple(tuple(sum(map(ord, w)) % n for w in row) for row in words) for n in (7, 17))
    return {
        "xnli": Pairs(lines, tuple(reversed(lines)), (0, 1, 2, 0, 1, 2)),
        "ner": Tagged(words, names),
        "pos": Tagged(words, tags),
        "parallel": Sentences((*lines, "a", "the cat " * 30)),
    }


@pytest.fixture(scope="session")
def encoder_in() -> Callable[[Path, str], Any]:
    """Open the encoder in a folder, in eval mode."""

    def opened(folder: Path, kind: str) -> Any:
        from gapstudy.coders import load_coder
        from gapstudy.models import open_encoder

        return open_encoder(folder, load_coder(folder, kind).framing).eval()

    return opened
