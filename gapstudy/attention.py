"""Attention of CANINE by ``scaled_dot_product_attention``, which transformers' own code for it does not use.

The layers, their names and their weights stay what they are; only the product of queries, keys and values of all
layers but the first is computed by PyTorch's fused kernels, which never hold the matrix of probabilities. A test holds outputs and
gradients to those of transformers.

The first layer, which is local, keeps transformers' code. Its windows may hold nothing but padding; such rows attend
to all alike there, and the fused kernels' gradients of them are wrong (they rest on the logarithm of a sum that the
smallest number swallows). In the other layers every row has [CLS] to attend to.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["fuse_attention"]


def fuse_attention(canine: Any) -> Any:
    """Let all attention layers of a ``CanineModel`` but the local ones use PyTorch's fused attention; return the same model.

    Asked for probabilities (``output_attentions``), a layer computes them as transformers does.
    """
    plain, fused = _kinds()
    for module in canine.modules():
        if getattr(module, "local", None) is False and type(module.self) is plain:
            module.self.__class__ = fused
    return canine


@cache
def _kinds() -> tuple[type[nn.Module], type[nn.Module]]:
    """Return transformers' class of attention layers and ours, which has the same parameters."""
    from transformers.models.canine.modeling_canine import CanineSelfAttention

    class FusedSelfAttention(CanineSelfAttention):  # type: ignore[misc] # transformers has no types here
        def forward(
            self,
            from_tensor: Tensor,
            to_tensor: Tensor,
            attention_mask: Tensor | None = None,
            output_attentions: bool | None = False,
        ) -> tuple[Tensor, ...]:
            if output_attentions:
                found: tuple[Tensor, ...] = super().forward(from_tensor, to_tensor, attention_mask, output_attentions)
                return found
            shape = (len(from_tensor), -1, self.num_attention_heads, self.attention_head_size)
            parts = (self.query(from_tensor), self.key(to_tensor), self.value(to_tensor))
            query, key, value = (part.view(shape).transpose(1, 2) for part in parts)
            dropout = self.dropout.p if self.training else 0.0
            context = nn.functional.scaled_dot_product_attention(
                query, key, value, attn_mask=_added(attention_mask, query.dtype), dropout_p=dropout
            )
            return (context.transpose(1, 2).flatten(2),)

    return CanineSelfAttention, FusedSelfAttention


def _added(mask: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    """Return what is added to the scores, as transformers makes it: 1 becomes 0, and 0 the smallest number there is."""
    if mask is None:
        return None
    if mask.ndim == 3:
        mask = (1.0 - mask.to(dtype).unsqueeze(1)) * torch.finfo(dtype).min
    return mask.to(dtype)
