"""Sentence vectors: the mean over a sentence's own units of one layer's output.

Paper: section 3.4 (input embedding layer), section 4.3 (last hidden layer for XNLI). The input layer is what enters
the first transformer block, LayerNorm included. Padding, [CLS] and [SEP] are left out; word boundaries are units of
the sentence and count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gapstudy.batches import Padded, sorted_order
from gapstudy.encode import CLS, SEP, Encoded

__all__ = ["LAYERS", "sentence_vectors"]

LAYERS = ("input", "last")
_BATCH = 64


@torch.no_grad()
def sentence_vectors(encoder: Any, sentences: Encoded, device: torch.device) -> dict[str, npt.NDArray[np.float32]]:
    """Return (sentences, hidden size) float32 for each of :data:`LAYERS`, rows in the order of the corpus."""
    encoder.eval()
    data = Padded(sentences, device)
    order = sorted_order(data.lengths, _BATCH)
    pieces: dict[str, list[Tensor]] = {layer: [] for layer in LAYERS}
    for batch in data.batches(order):
        out = encoder(
            input_ids=batch.ids, token_type_ids=batch.types, attention_mask=batch.mask, output_hidden_states=True
        )
        own = ((batch.mask == 1) & (batch.ids != CLS) & (batch.ids != SEP)).unsqueeze(-1)
        for layer, hidden in zip(LAYERS, (out.hidden_states[0], out.last_hidden_state), strict=True):
            weight = own.to(hidden.dtype)
            pieces[layer].append((hidden * weight).sum(1) / weight.sum(1).clamp(min=1))
    back = np.argsort(np.concatenate(order), kind="stable")
    return {layer: torch.cat(rows).float().cpu().numpy()[back] for layer, rows in pieces.items()}
