"""Encoders and task heads.

Paper: section 3.1. The small encoders are BERT-shaped (``transformers.BertModel``) and of equal size, whatever
their input units; they live in ordinary Hugging Face model folders (config.json, model.safetensors,
tokenizer.json). A task head is one linear layer on the pooled sequence (XNLI) or on each word's first unit.
"""

from __future__ import annotations

import copy
import json
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from gapstudy.study import Pretraining

__all__ = ["TaskModel", "load_encoder", "load_tokenizer", "save_encoder", "small_encoder"]


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


def load_tokenizer(folder: Path) -> Any:
    """Read the ``tokenizers.Tokenizer`` of a model folder."""
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def load_encoder(folder: Path) -> Any:
    """Return a fresh copy of the encoder in ``folder``; the weights are read once a process."""
    return copy.deepcopy(_read_encoder(folder))


@lru_cache(maxsize=8)
def _read_encoder(folder: Path) -> Any:
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    config = BertConfig(**json.loads((folder / "config.json").read_text(encoding="utf-8")))
    encoder = BertModel(config, add_pooling_layer=False)
    encoder.load_state_dict(load_file(folder / "model.safetensors"))
    return encoder


class TaskModel(nn.Module):
    """An encoder with one linear head.

    Parameters
    ----------
    encoder : a ``transformers`` encoder with ``config.hidden_size``.
    classes : number of labels.
    dropout : before the head, in [0, 1).
    pooling : "cls", "mean" (over all but padding) or "words" (no pooling: every position is classified).
    """

    def __init__(self, encoder: Any, classes: int, *, dropout: float, pooling: str) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, classes)
        self.pooling = pooling
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """Return logits: (batch, classes), or (batch, length, classes) for "words".

        ``ids``, ``types`` and ``mask`` are (batch, length) integers; ``mask`` is 1 on real units.
        """
        hidden = self.encoder(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        if self.pooling == "cls":
            hidden = hidden[:, 0]
        elif self.pooling == "mean":
            weight = mask.unsqueeze(-1).to(hidden.dtype)
            hidden = (hidden * weight).sum(1) / weight.sum(1)
        logits: Tensor = self.head(self.dropout(hidden))
        return logits
