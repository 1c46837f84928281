"""A device that is short of memory: batches are cut, and the updates stay what they are."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
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
    assert "out of memory: 4 examples are now done at once" in caplog.records[0].getMessage()
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


@pytest.mark.parametrize("overhead", [0.0, 20.0, 1e9])
def test_parts_of_like_lengths_change_no_update(
    encoder: Maker, material: Maker, hyper: Hyper, overhead: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a batch is cut for its lengths, the weights and losses are those of the whole batch, to rounding."""
    import torch

    from gapstudy import steps
    from gapstudy.train import fit

    calm = hyper.model_copy(update={"dropout": 0.0, "batch_size": 7})

    def run(cost: float) -> Fit:
        monkeypatch.setattr(steps, "_overhead", lambda _size, **_on: cost)
        return fit(encoder(), material("ner"), calm, 3, device=torch.device("cpu"))

    whole, cut = run(1e12), run(overhead)
    for name, theirs in whole.model.state_dict().items():
        np.testing.assert_allclose(
            cut.model.state_dict()[name].numpy(), theirs.numpy(), rtol=2e-3, atol=2e-4, err_msg=name
        )
    assert [r["train_loss"] for r in cut.history] == pytest.approx([r["train_loss"] for r in whole.history], rel=1e-4)


def test_a_batch_without_any_label_has_no_loss_and_no_gradient(encoder: Maker, material: Maker, hyper: Hyper) -> None:
    """Sequences whose words have all been cut off give a loss of 0, not one that is not a number."""
    import torch

    from gapstudy.batches import Padded
    from gapstudy.encode import IGNORED
    from gapstudy.models import TaskModel
    from gapstudy.steps import Seeds, Steps
    from gapstudy.train import _optimiser

    given = material("ner")
    data = Padded(given.train, torch.device("cpu"))
    data.targets.fill_(IGNORED)
    data.labels[:] = 0
    model = TaskModel(encoder(), given.classes, dropout=0.0, pooling="words")
    assert Steps(model, _optimiser(model, hyper), data, hyper, Seeds.of(0)).epoch(0, []) == 0.0


@pytest.mark.parametrize("task", ["xnli", "ner"])
@pytest.mark.parametrize("rows", [5, 1])
def test_evaluation_and_vectors_are_halved_too(
    task: str, rows: int, encoder: Maker, material: Maker, hyper: Hyper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logits and sentence vectors come in the order of the corpus where only so many rows fit, and the same to rounding."""
    import torch

    from gapstudy.extract import sentence_vectors
    from gapstudy.models import TaskModel
    from gapstudy.train import evaluate

    given, device = material(task), torch.device("cpu")
    model = TaskModel(encoder(), given.classes, dropout=0.0, pooling=given.pooling(hyper.pooling))
    wide = evaluate(model, given.dev, device)
    vectors = sentence_vectors(model.encoder, given.dev, device) if task == "ner" else {}
    forward, seen = type(model.encoder).forward, list[int]()

    def limited(self: Any, input_ids: Any = None, *rest: Any, **named: Any) -> Any:
        if len(input_ids) > rows:
            message = "CUDA out of memory. Tried to allocate 1.00 GiB"
            raise torch.OutOfMemoryError(message)
        seen.append(len(input_ids))
        return forward(self, input_ids, *rest, **named)

    monkeypatch.setattr(type(model.encoder), "forward", limited)
    np.testing.assert_allclose(evaluate(model, given.dev, device), wide, rtol=1e-4, atol=1e-5)
    for layer, found in vectors.items():
        again = sentence_vectors(model.encoder, given.dev, device)[layer]
        np.testing.assert_allclose(again, found, rtol=1e-4, atol=1e-5, err_msg=layer)
    assert max(seen) <= rows


def test_a_single_row_that_does_not_fit_is_told() -> None:
    """Nothing is halved for ever: where one row is too much, torch's own error stands."""
    import torch

    from gapstudy.batches import in_groups

    def full(rows: Any) -> None:
        message = f"CUDA out of memory with {len(rows)}"
        raise torch.OutOfMemoryError(message)

    with pytest.raises(torch.OutOfMemoryError, match=r"with 1$"):
        in_groups([np.arange(4)], full)


def test_a_run_goes_on_with_the_parts_that_fitted(
    encoder: Maker, material: Maker, hyper: Hyper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was short of memory once and is gone on with later has the bits of one that never stopped."""
    import torch

    from gapstudy.checkpoint import Checkpoint
    from gapstudy.errors import StoppedError
    from gapstudy.models import TaskModel
    from gapstudy.train import fit

    given, calls, forward = material("ner"), [0], TaskModel.forward
    wild = hyper.model_copy(update={"dropout": 0.3, "batch_size": 7})

    def once(model: Any, *rest: Any) -> Any:
        calls[0] += model.training
        if model.training and calls[0] == 2:
            message = "CUDA out of memory. Tried to allocate 1.00 GiB"
            raise torch.OutOfMemoryError(message)
        return forward(model, *rest)

    monkeypatch.setattr(TaskModel, "forward", once)

    def run(checkpoint: Any = None, stop: Callable[[], bool] = lambda: False) -> Fit:
        return fit(encoder(), given, wild, 3, device=torch.device("cpu"), checkpoint=checkpoint, stop=stop)

    whole = run()
    calls[0] = 0
    path, asked = tmp_path / "state.safetensors", iter([False, False, True])
    with pytest.raises(StoppedError):
        run(Checkpoint(path, "run", 0), lambda: next(asked))
    resumed = run(Checkpoint(path, "run", 0))
    assert resumed.history == whole.history
    for name, theirs in whole.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], theirs), name
