"""A device that is short of memory: batches are cut, and the updates stay what they are."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from gapstudy.errors import RunError
from gapstudy.study import Hyper

if TYPE_CHECKING:
    from gapstudy.train import Fit

pytestmark = pytest.mark.train

Maker = Callable[..., Any]


@pytest.fixture(params=["xnli", "ner", "smoothed"])
def small_device(
    request: pytest.FixtureRequest, encoder: Maker, material: Maker, hyper: Hyper, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Fit]:
    """Fine-tune without dropout on a device that holds so many rows at once; torch's own error is raised beyond them."""
    import torch

    from gapstudy.models import TaskModel
    from gapstudy.train import fit

    smoothed = request.param == "smoothed"
    given = material("ner" if smoothed else request.param)
    calm = hyper.model_copy(update={"dropout": 0.0, "batch_size": 7, "label_smoothing": 0.2 * smoothed})
    forward = TaskModel.forward

    def run(rows: int, seen: list[int] | None = None) -> Fit:
        def limited(model: Any, ids: Any, *rest: Any) -> Any:
            if model.training:
                if len(ids) > rows:
                    message = "CUDA out of memory. Tried to allocate 1.00 GiB"
                    raise torch.OutOfMemoryError(message)
                if seen is not None:
                    seen.append(len(ids))
            return forward(model, ids, *rest)

        monkeypatch.setattr(TaskModel, "forward", limited)
        return fit(encoder(), given, calm, 3, device=torch.device("cpu"))

    return run


@pytest.mark.parametrize("rows", [4, 2, 1])
def test_batches_are_cut_and_the_updates_are_the_same(
    small_device: Callable[..., Fit], rows: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Done in parts that fit, a run ends in the same weights and losses to rounding, and says so once a halving."""
    whole = small_device(7)
    assert not caplog.records
    seen: list[int] = []
    with caplog.at_level(logging.WARNING):
        cut = small_device(rows, seen)
    assert max(seen) <= rows
    assert len(caplog.records) == {4: 1, 2: 2, 1: 3}[rows]
    assert "out of memory: batches are now done" in caplog.records[0].getMessage()
    for name, theirs in whole.model.state_dict().items():
        np.testing.assert_allclose(
            cut.model.state_dict()[name].numpy(), theirs.numpy(), rtol=2e-3, atol=2e-4, err_msg=name
        )
    losses = [[row["train_loss"] for row in found.history] for found in (cut, whole)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


def test_one_example_that_does_not_fit_is_an_error(small_device: Callable[..., Fit]) -> None:
    """Where even a single row is too much, the run fails with what to change."""
    with pytest.raises(RunError, match=r"one example of \d+ units does not fit the device's memory; lower hyper.max_l"):
        small_device(0)


def test_parts_of_a_batch_are_its_rows(material: Maker) -> None:
    """However finely it is cut, the parts hold every row once, in order, and none is empty."""
    import torch

    from gapstudy.batches import Padded

    data = Padded(material("ner").train, torch.device("cpu"))
    (batch,) = data.batches([np.arange(5)])
    for count in (1, 2, 3, 5, 8):
        parts = batch.parts(count)
        assert len(parts) == min(count, 5)
        assert min(len(part.ids) for part in parts) >= 1
        for name in ("ids", "types", "mask", "targets", "words"):
            assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(batch, name)), name
