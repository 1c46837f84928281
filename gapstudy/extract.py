"""Sentence vectors: the mean over a sentence's own units of one layer's output.

Paper: section 3.4 (input embedding layer), section 4.3 (last hidden layer for XNLI). The input layer is what enters
the first transformer block, LayerNorm included; layer "3" is the output of the third block. Padding and special units
([CLS], [SEP] and their like) are left out; word boundaries are units of the sentence and count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gapstudy.batches import Batch, Padded, in_groups, sorted_order
from gapstudy.encode import BOUNDARY, Encoded
from gapstudy.errors import RunError

__all__ = ["LAYERS", "sentence_vectors"]

LAYERS = ("input", "last")
_BATCH = 64


@torch.no_grad()
def sentence_vectors(
    encoder: Any, sentences: Encoded, device: torch.device, layers: Sequence[str] = LAYERS
) -> dict[str, npt.NDArray[np.float32]]:
    """Return (sentences, hidden size) float32 for each of ``layers``, rows in the order of the corpus.

    Parameters
    ----------
    layers : "input", "last", or the number of a block from "1" on.

    Raises
    ------
    RunError
        If the encoder has no such layer.
    ValueError
        If ``sentences`` are pairs.
    """
    encoder.eval()
    data = Padded(sentences, device)
    order = sorted_order(data.lengths, _BATCH)
    groups, pieces = in_groups(order, lambda rows: _means(encoder, data.batch(rows), layers))
    back = np.argsort(np.concatenate(groups), kind="stable")
    return {layer: torch.cat([p[layer] for p in pieces]).float().cpu().numpy()[back] for layer in layers}


def _means(encoder: Any, batch: Batch, layers: Sequence[str]) -> dict[str, Tensor]:
    """Return for each layer the means (batch, hidden size) over a sentence's own units."""
    out = encoder(input_ids=batch.ids, token_type_ids=batch.types, attention_mask=batch.mask, output_hidden_states=True)
    own = _own(batch).unsqueeze(-1)
    found: dict[str, Tensor] = {}
    for layer in layers:
        hidden = _layer(out, layer)
        weight = own.to(hidden.dtype)
        found[layer] = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1)
    return found


def _own(batch: Batch) -> Tensor:
    """Return (batch, length) booleans: units of the sentence itself."""
    if batch.words is None:
        msg = "sentences: pairs have no sentence vectors; give plain or tagged sentences"
        raise ValueError(msg)
    return batch.words >= BOUNDARY


def _layer(out: Any, name: str) -> Tensor:
    """Return (batch, length, hidden size) of one layer."""
    if name == "last":
        found: Tensor = out.last_hidden_state
        return found
    number = 0 if name == "input" else int(name)
    if number >= len(out.hidden_states):
        msg = f"the encoder has no layer {name}; valid: input, last, 1 to {len(out.hidden_states) - 1}"
        raise RunError(msg)
    chosen: Tensor = out.hidden_states[number]
    return chosen
