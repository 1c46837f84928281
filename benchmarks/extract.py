"""Sentence vectors: ``sentence_vectors`` against the loop that Hugging Face's feature-extraction pipeline makes.

From text to one vector a sentence (the mean of the last layer over the sentence's own units) on both sides; ours gives
the input layer's vectors too. The encoder reads characters and has random weights. On a CPU both sides have one thread,
as every run of a study has (one process a core).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.harness import Peer, Row, against, run, same
from gapstudy.coders import small_coder
from gapstudy.data import Sentences, load_parallel
from gapstudy.encode import CLS, SEP, SPECIALS, encode
from gapstudy.extract import sentence_vectors
from gapstudy.job import pick_device
from gapstudy.models import small_encoder
from gapstudy.pretrain import build_tokenizer
from gapstudy.study import DataSource, Pretraining
from gapstudy.units import Characters

Vectors = npt.NDArray[np.float32]
SMALL = Pretraining()
BASE = Pretraining(hidden_size=768, layers=12, heads=12, intermediate_size=3072)


def rows(quick: bool) -> Iterator[Row]:
    """The embedded study's encoder, and one of BERT-base's shape."""
    torch.set_num_threads(1)
    lines = load_parallel(("eng",), DataSource())["eng"].lines
    yield from shape("2 x 64", SMALL, lines[:100] if quick else lines, rounds=3 if quick else 5)
    if not quick:
        yield from shape("12 x 768", BASE, lines[:96], rounds=3)


def shape(name: str, spec: Pretraining, lines: tuple[str, ...], *, rounds: int) -> Iterator[Row]:
    """One encoder on one corpus, against the pipeline's default batch of one and against batches of 64."""
    device = pick_device("auto")
    torch.manual_seed(0)
    encoder = small_encoder(spec).eval().to(device)
    tokenizer = build_tokenizer("character", lines, spec.vocabulary_size)
    corpus, spelling, coder = Sentences(lines), Characters(), small_coder(tokenizer)

    def ours() -> Vectors:
        encoded = encode(corpus, spelling, coder, max_length=spec.max_length)
        return sentence_vectors(encoder, encoded, device)["last"]

    pipe = _pipeline(encoder, tokenizer, spec.max_length, device)
    mine = ours()
    peers = []
    for batch in (1, 64):
        call = _loop(pipe, lines, batch)
        same(f"vectors by the pipeline, batch {batch}", mine, call(), atol=1e-4)
        peers.append(Peer(name=f"pipeline, batch_size={batch}", call=call))
    units = encode(corpus, spelling, coder, max_length=spec.max_length).lengths
    peers.append(_floor(spec, units, device))
    size = f"{len(lines)} sentences of {units.mean():.0f} characters, encoder {name}, {device.type}"
    yield from against("extract", size, ours, peers, rounds=rounds)


def _pipeline(encoder: Any, tokenizer: Any, max_length: int, device: torch.device) -> Any:
    from tokenizers import Tokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast, pipeline

    whole = Tokenizer.from_str(tokenizer.to_str())
    first, last = SPECIALS[CLS], SPECIALS[SEP]
    whole.post_processor = TemplateProcessing(f"{first} $A {last}", None, [(first, CLS), (last, SEP)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=whole, pad_token=SPECIALS[0], cls_token=first, sep_token=last, model_max_length=max_length
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pipeline("feature-extraction", model=encoder, tokenizer=fast, device=device, return_tensors=True)


def _loop(pipe: Any, lines: tuple[str, ...], batch: int) -> Callable[[], Vectors]:
    """Average the units of a sentence without [CLS] and [SEP]; of a padded batch only its own rows count."""
    texts = [" ".join(line.split()) for line in lines]

    def call() -> Vectors:
        hidden = pipe(texts, batch_size=batch)
        kept = (h[0, 1 : len(text) + 1] for h, text in zip(hidden, texts, strict=True))
        return np.stack([h.mean(dim=0).cpu().numpy() for h in kept])

    return call


def _floor(spec: Pretraining, units: npt.NDArray[np.int32], device: torch.device) -> Peer:
    """The encoder's matrix products at the float32 rate of one large product, padding not counted."""
    side = 1024
    a, b = (torch.randn(side, side, device=device) for _ in "ab")
    lengths, width = units.astype(np.float64), spec.hidden_size
    per_unit = 8.0 * width**2 + 4.0 * width * spec.intermediate_size
    work = spec.layers * float((lengths * per_unit + 4.0 * lengths**2 * width).sum())

    def product() -> None:
        for _ in range(5):
            a @ b
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    note = f"{work:.2g} floating-point operations at the rate of a float32 product of {side} x {side}"
    return Peer(name="floor: FLOPs at the matrix rate", call=product, scale=work / (10.0 * side**3), note=note)


if __name__ == "__main__":
    run(rows)
