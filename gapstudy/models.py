"""Encoders and task heads.

Paper: section 3.1. The small encoders are BERT-shaped (``transformers.BertModel``) and of equal size, whatever
their input units; they live in ordinary Hugging Face model folders (config.json, model.safetensors,
tokenizer.json). Any other Hugging Face encoder is read from its folder through :class:`External`. A task head is one
linear layer on the pooled sequence (XNLI) or on each word.
"""

from __future__ import annotations

import copy
import json
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gapstudy.attention import fuse_attention
from gapstudy.coders import read_config
from gapstudy.encode import Framing
from gapstudy.errors import ModelError
from gapstudy.study import Pretraining

__all__ = ["Canine", "External", "TaskModel", "load_encoder", "open_encoder", "save_encoder", "small_encoder"]

# CANINE is run on sequences padded to a multiple of _BUCKET with at least _SPARE units of padding.
_BUCKET, _SPARE = 64, 9


def small_encoder(spec: Pretraining) -> Any:
    """Build a BERT-shaped encoder with fresh weights from torch's current random state; dropout is off."""
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=spec.vocabulary_size,
        hidden_size=spec.hidden_size,
        num_hidden_layers=spec.layers,
        num_attention_heads=spec.heads,
        intermediate_size=spec.intermediate_size,
        max_position_embeddings=spec.max_length,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        # BERT's 0.02 suits 768 dimensions; the same variance of a layer's output needs more in fewer
        initializer_range=0.02 * (768 / spec.hidden_size) ** 0.5,
    )
    return BertModel(config, add_pooling_layer=False)


def save_encoder(encoder: Any, tokenizer: Any, folder: Path) -> None:
    """Write an encoder and its ``tokenizers.Tokenizer`` as a Hugging Face model folder."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    encoder.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    # safetensors makes private files; a shared cache needs what the user's umask gives
    shutil.copymode(folder / "tokenizer.json", folder / "model.safetensors")


def load_encoder(folder: Path) -> Any:
    """Return a fresh copy of the small encoder in ``folder``; the weights are read once a process."""
    return copy.deepcopy(_read_encoder(folder))


@lru_cache(maxsize=8)
def _read_encoder(folder: Path) -> Any:
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    config = BertConfig(**json.loads((folder / "config.json").read_text(encoding="utf-8")))
    encoder = BertModel(config, add_pooling_layer=False)
    encoder.load_state_dict(load_file(folder / "model.safetensors"))
    return encoder


# ---- encoders from elsewhere ------------------------------------------------------------------------------
def open_encoder(folder: Path, framing: Framing, key: str = "") -> External:
    """Return a fresh copy of the Hugging Face encoder in ``folder``; the weights are read once a process.

    Parameters
    ----------
    framing : of its coder (:func:`gapstudy.coders.load_coder`): the padding that positions must skip.
    key : changes with the content of the folder, so that what was read before is not taken for what is there now.

    Raises
    ------
    ModelError
        If its weights are missing, pickled, incomplete or not those of an encoder.
    """
    return copy.deepcopy(_opened(folder, framing, key))


@lru_cache(maxsize=3)
def _opened(folder: Path, framing: Framing, _key: str) -> External:
    config = read_config(folder)
    _require_safetensors(folder)
    if config.get("is_encoder_decoder"):
        msg = (
            f"{folder}: {config['model_type']!r} is an encoder with a decoder; valid: models that are an encoder alone"
        )
        raise ModelError(msg)
    model = _from_pretrained(folder)
    _check_positions(model, framing, folder)
    return Canine(fuse_attention(model)) if config["model_type"] == "canine" else External(model)


def _require_safetensors(folder: Path) -> None:
    if any(folder.glob("*.safetensors")):
        return
    pickled = sorted(p.name for pattern in ("*.bin", "*.pt", "*.pth") for p in folder.glob(pattern))
    why = f"only pickled ones ({', '.join(pickled)}), which are refused" if pickled else "none at all"
    msg = (
        f"{folder} has no weights as safetensors: {why}. Give a revision that has model.safetensors (the hub's "
        "conversion bot opens a pull request with it: the commit of refs/pr/N), or a folder with converted weights"
    )
    raise ModelError(msg)


def _from_pretrained(folder: Path) -> Any:
    """Read a model's weights; parts that the file lacks may only be the pooler, which is never used."""
    from transformers import AutoModel

    try:
        with _quiet():
            model, report = AutoModel.from_pretrained(
                str(folder), local_files_only=True, trust_remote_code=False, use_safetensors=True,
                dtype=torch.float32, output_loading_info=True,
            )  # fmt: skip
    except Exception as error:
        msg = f"{folder}: the weights cannot be read ({type(error).__name__}: {error})"
        raise ModelError(msg) from error
    missing = sorted(key for key in report["missing_keys"] if not key.startswith("pooler."))
    wrong = sorted(str(key) for key in report["mismatched_keys"])
    if missing or wrong:
        what = f"lack {len(missing)} parts such as {missing[0]}" if missing else f"have another shape: {wrong[0]}"
        msg = f"{folder}: the weights {what}; config.json and the weights are not of one model"
        raise ModelError(msg)
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from printing what this module checks itself."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _check_positions(model: Any, framing: Framing, folder: Path) -> None:
    """RoBERTa's positions begin after the id of padding: that id must be the one that batches are padded with."""
    table = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
    start = getattr(table, "padding_idx", None)
    if start is not None and start != framing.pad:
        msg = f"{folder}: positions begin after padding id {start}, but its vocabulary pads with {framing.pad}"
        raise ModelError(msg)


@dataclass(frozen=True, slots=True)
class Hidden:
    """What an encoder gives: (batch, length, hidden size) of the last layer, and of each from the embeddings on."""

    last_hidden_state: Tensor
    hidden_states: tuple[Tensor, ...] = ()


class External(nn.Module):
    """A Hugging Face encoder; models without token types are not given any."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self._typed = "token_type_ids" in signature(model.forward).parameters

    @property
    def config(self) -> Any:
        """The model's configuration."""
        return self.model.config

    def forward(
        self, input_ids: Tensor, token_type_ids: Tensor, attention_mask: Tensor, *, output_hidden_states: bool = False
    ) -> Any:
        """Return an object with ``last_hidden_state`` and, if asked for, ``hidden_states``."""
        types = {"token_type_ids": token_type_ids} if self._typed else {}
        return self.model(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=output_hidden_states, **types
        )


class Canine(External):
    """CANINE, made independent of what else is in a batch.

    Its output depends on how far a sequence is padded (transformers issue 16510): the last molecule is dropped and
    repeated, and windows of 128 characters that are all padding attend uniformly. So each sequence is padded to a
    length that is a function of its own length alone, and sequences of one such length are run together. This also
    keeps it from sequences of fewer than 4 characters, which its pooling cannot take.
    """

    def forward(
        self, input_ids: Tensor, token_type_ids: Tensor, attention_mask: Tensor, *, output_hidden_states: bool = False
    ) -> Hidden:
        """Return hidden states at every character; the deep layers' molecules are repeated over their characters."""
        width = input_ids.shape[1]
        lengths = attention_mask.sum(1)
        buckets = (lengths + _SPARE + _BUCKET - 1) // _BUCKET * _BUCKET
        rows, parts = [], []
        for size in sorted(set(buckets.tolist())):
            chosen = (buckets == size).nonzero(as_tuple=True)[0]
            inputs = [_resized(t[chosen], size) for t in (input_ids, token_type_ids, attention_mask)]
            out = super().forward(*inputs, output_hidden_states=output_hidden_states)
            states = (out.last_hidden_state, *_by_character(out.hidden_states, size)) if output_hidden_states else (
                out.last_hidden_state,)  # fmt: skip
            rows.append(chosen)
            parts.append([_resized(state, width) for state in states])
        back = torch.argsort(torch.cat(rows))
        joined = [torch.cat(pieces)[back] for pieces in zip(*parts, strict=True)]
        return Hidden(joined[0], tuple(joined[1:]))


def _resized(values: Tensor, length: int) -> Tensor:
    """Cut (batch, length, ...) to a length, or fill it up with zeros (CANINE's padding id, type and mask)."""
    have = values.shape[1]
    if have >= length:
        return values[:, :length]
    return torch.cat([values, values.new_zeros(values.shape[0], length - have, *values.shape[2:])], dim=1)


def _by_character(states: tuple[Tensor, ...], size: int) -> list[Tensor]:
    """Return the embeddings and every block's output at each character: the first block, the deep ones, the last.

    CANINE's list has two entries more, outputs of convolutions before the deep blocks and before the last one.
    """
    embeddings, first, _strided, *deep, _projected, last = states
    return [embeddings, first, *(_repeated(molecules, size) for molecules in deep), last]


def _repeated(molecules: Tensor, size: int) -> Tensor:
    """Give each character its molecule: the first stands for [CLS] alone, and the last for what is left."""
    rate = size // molecules.shape[1]
    own = molecules[:, 1:].repeat_interleave(rate, dim=1)
    return torch.cat([own, molecules[:, -1:].repeat_interleave(size - own.shape[1], dim=1)], dim=1)


class TaskModel(nn.Module):
    """An encoder with one linear head.

    Parameters
    ----------
    encoder : a ``transformers`` encoder with ``config.hidden_size``.
    classes : number of labels.
    dropout : before the head, in [0, 1).
    pooling : "cls", "mean" (over all but padding), "words" (no pooling: every position is classified) or "word-mean"
        (as "words", but the first position of a word has the mean over the word's units).
    """

    def __init__(self, encoder: Any, classes: int, *, dropout: float, pooling: str) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, classes)
        self.pooling = pooling
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor, words: Tensor | None = None) -> Tensor:
        """Return logits: (batch, classes), or (batch, length, classes) for "words" and "word-mean".

        ``ids``, ``types`` and ``mask`` are (batch, length) integers; ``mask`` is 1 on real units. ``words``, the column
        of the first unit of each unit's word (negative: none), is what "word-mean" needs.
        """
        hidden = self.encoder(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        if self.pooling == "cls":
            hidden = hidden[:, 0]
        elif self.pooling == "mean":
            weight = mask.unsqueeze(-1).to(hidden.dtype)
            hidden = (hidden * weight).sum(1) / weight.sum(1)
        elif self.pooling == "word-mean" and words is not None:
            hidden = _word_means(hidden, words)
        logits: Tensor = self.head(self.dropout(hidden))
        return logits


def _word_means(hidden: Tensor, words: Tensor) -> Tensor:
    """Give every unit of a word the mean over the word's units; units of no word keep their own."""
    size = words.shape[1]
    slots = torch.where(words >= 0, words, size)
    sums = hidden.new_zeros(hidden.shape[0], size + 1, hidden.shape[2])
    sums = sums.scatter_add(1, slots.unsqueeze(-1).expand_as(hidden), hidden)
    counts = hidden.new_zeros(hidden.shape[0], size + 1).scatter_add(1, slots, torch.ones_like(hidden[..., 0]))
    means = sums / counts.clamp(min=1).unsqueeze(-1)
    found = means.gather(1, slots.unsqueeze(-1).expand_as(hidden))
    return torch.where((words >= 0).unsqueeze(-1), found, hidden)
