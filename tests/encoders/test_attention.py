"""Fused attention of CANINE is CANINE's attention."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.encoders.folders import SHAPE

pytestmark = pytest.mark.train


def models(dropout: float = 0.0) -> tuple[Any, Any]:
    """A random CANINE as transformers has it, and a copy with fused attention."""
    import torch
    from transformers import CanineConfig, CanineModel

    from gapstudy.attention import fuse_attention

    torch.manual_seed(3)
    config = CanineConfig(
        **SHAPE, num_hash_buckets=512, max_position_embeddings=512, attention_probs_dropout_prob=dropout,
        hidden_dropout_prob=0.0,
    )  # fmt: skip
    plain = CanineModel(config).train()
    return plain, fuse_attention(copy.deepcopy(plain))


def batch(length: int) -> dict[str, Any]:
    """Three rows of other lengths: one full, one half padding, one with a whole window of padding where there is room."""
    import torch

    generator = torch.Generator().manual_seed(length)
    ids = torch.randint(1, 50_000, (3, length), generator=generator)
    mask = torch.zeros_like(ids)
    for row, own in enumerate((length, length // 2, max(4, length // 4))):
        mask[row, :own] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.zeros_like(ids)}


@pytest.mark.parametrize("length", [64, 128, 192, 320, 512])
def test_outputs_and_gradients_are_those_of_transformers(length: int) -> None:
    """Every layer's output and every weight's gradient agree to float32's rounding (gradients: of the largest), with padding."""
    import torch

    plain, fused = models()
    found = [model(**batch(length), output_hidden_states=True) for model in (plain, fused)]
    for theirs, ours in zip(found[0].hidden_states, found[1].hidden_states, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=2e-6)
    gradients = []
    for model, out in zip((plain, fused), found, strict=True):
        weight = torch.linspace(-1, 1, out.last_hidden_state.numel(), dtype=torch.float32)
        (out.last_hidden_state.flatten() * weight).sum().backward()
        gradients.append({name: p.grad for name, p in model.named_parameters()})
    assert gradients[0].keys() == gradients[1].keys()
    scale = max(float(g.abs().max()) for g in gradients[0].values() if g is not None)
    for name, theirs in gradients[0].items():
        ours = gradients[1][name]
        assert (theirs is None) == (ours is None), name
        if theirs is not None:
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=2e-6 * scale, msg=name)


def test_dropout_of_attention_is_kept() -> None:
    """In training the probabilities drop out: two passes differ, and one seed gives one result; never in evaluation."""
    import torch

    _, fused = models(dropout=0.5)
    with torch.no_grad():
        torch.manual_seed(1)
        first = fused(**batch(64)).last_hidden_state
        second = fused(**batch(64)).last_hidden_state
        torch.manual_seed(1)
        again = fused(**batch(64)).last_hidden_state
        fused.eval()
        calm = [fused(**batch(64)).last_hidden_state for _ in range(2)]
    assert not torch.allclose(first, second)
    assert torch.equal(first, again)
    assert torch.equal(*calm)


def test_probabilities_are_there_when_asked_for() -> None:
    """With output_attentions a layer returns what transformers returns."""
    import torch

    plain, fused = models()
    for model in (plain, fused):
        model.eval()
    with torch.no_grad():
        theirs, ours = (m(**batch(128), output_attentions=True).attentions for m in (plain, fused))
    assert len(theirs) == len(ours)
    for a, b in zip(theirs, ours, strict=True):
        for x, y in zip(a if isinstance(a, tuple) else (a,), b if isinstance(b, tuple) else (b,), strict=True):
            torch.testing.assert_close(x, y)


def test_weights_keep_their_names() -> None:
    """A fused model reads and writes the same state; all its layers are fused but the local one."""
    plain, fused = models()
    assert list(plain.state_dict()) == list(fused.state_dict())
    kinds = [type(m.self).__name__ for m in fused.modules() if hasattr(m, "local")]
    assert sorted(kinds) == ["CanineSelfAttention"] + ["FusedSelfAttention"] * (SHAPE["num_hidden_layers"] + 1)
