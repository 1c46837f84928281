"""Checkpoints: an interrupted run goes on to the same bits, and a bad file costs time but never the result."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gapstudy.study import Hyper

if TYPE_CHECKING:
    from gapstudy.train import Fit

pytestmark = pytest.mark.train

Maker = Callable[..., Any]
EPOCHS = 4
STEPS = 4  # of an epoch: 14 examples in batches of 4


class StopError(Exception):
    """The process would end here."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the checkpoint goes."""
    return tmp_path / "checkpoint" / "state.safetensors"


@pytest.fixture(params=["xnli", "ner"])
def train(request: pytest.FixtureRequest, encoder: Maker, material: Maker, hyper: Hyper) -> Callable[..., Fit]:
    """Fine-tune one run; what is random (dropout, order, warm-up, decay) is on."""
    import torch

    from gapstudy.train import fit

    longer = hyper.model_copy(update={"epochs": EPOCHS, "weight_decay": 0.1})
    given = material(request.param)

    def run(checkpoint: Any = None, **options: Any) -> Fit:
        return fit(encoder(), given, longer, 7, device=torch.device("cpu"), checkpoint=checkpoint, **options)

    return run


def _result(fitted: Fit) -> tuple[int, str, dict[str, bytes]]:
    weights = {name: tensor.numpy().tobytes() for name, tensor in fitted.model.state_dict().items()}
    return fitted.best_epoch, json.dumps(fitted.history), weights


def _stopping(path: Path, after: int) -> Any:
    """A checkpoint whose process ends right after it was written for the given time."""
    from gapstudy.checkpoint import Checkpoint

    class Stopping(Checkpoint):
        written = 0

        def save(self, *args: Any) -> None:
            super().save(*args)
            self.written += 1
            if self.written == after:
                raise StopError

    return Stopping(path, "run", every=0)


def _checkpoint(path: Path, identity: str = "run", every: float = 0) -> Any:
    from gapstudy.checkpoint import Checkpoint

    return Checkpoint(path, identity, every)


@pytest.mark.parametrize("after", [1, 2, 3, 4, 5, 7, 8, 10, 15])
def test_a_run_that_was_interrupted_ends_with_the_same_bits(train: Callable[..., Fit], path: Path, after: int) -> None:
    """Stopped after any step and gone on, a run has the history, best epoch and weights of one that was not."""
    with pytest.raises(StopError):
        train(_stopping(path, after))
    epochs: list[int] = []
    resumed = train(_checkpoint(path), on_epoch=lambda epoch, _row: epochs.append(epoch))
    assert epochs == list(range(after // STEPS + 1, EPOCHS + 1))
    assert _result(resumed) == _result(train())


@pytest.mark.parametrize("steps", [1, 2, 6, 13])
def test_a_run_that_is_told_to_stop_stops_after_its_step(train: Callable[..., Fit], path: Path, steps: int) -> None:
    """It writes a checkpoint at once, however short ago the last one was, and the same call goes on to the same bits."""
    from gapstudy.errors import StoppedError

    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked == steps

    with pytest.raises(StoppedError):
        train(_checkpoint(path, every=1e6), stop=stop)
    assert asked == steps
    assert path.is_file()
    assert _result(train(_checkpoint(path, every=1e6))) == _result(train())


def test_the_time_of_all_sittings_is_counted(
    train: Callable[..., Fit], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seconds of a run that was stopped and gone on are those before and after, without the time between."""
    clock = iter(range(0, 10_000_000, 10))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    whole = train(_checkpoint(path.with_name("other")))
    with pytest.raises(StopError):
        train(_stopping(path, 6))
    for _ in range(500):
        next(clock)
    resumed = train(_checkpoint(path))
    assert resumed.seconds == pytest.approx(whole.seconds, rel=0.2)


def test_a_run_that_is_interrupted_again_and_again_ends_with_the_same_bits(
    train: Callable[..., Fit], path: Path
) -> None:
    """Stopped after each step and gone on each time, nothing is lost and no epoch is done twice."""
    epochs: list[int] = []
    for _ in range(EPOCHS * STEPS - 1):
        with pytest.raises(StopError):
            train(_stopping(path, 1), on_epoch=lambda epoch, _row: epochs.append(epoch))
    last = train(_checkpoint(path), on_epoch=lambda epoch, _row: epochs.append(epoch))
    assert epochs == list(range(1, EPOCHS + 1))
    assert _result(last) == _result(train())


def test_an_epoch_that_was_not_saved_is_done_again(train: Callable[..., Fit], path: Path) -> None:
    """A process that ends between an epoch and its checkpoint goes on from the checkpoint before, to the same bits."""

    def stop(epoch: int, _row: dict[str, float]) -> None:
        if epoch == 3:
            raise StopError

    with pytest.raises(StopError):
        train(_checkpoint(path), on_epoch=stop)
    epochs: list[int] = []
    resumed = train(_checkpoint(path), on_epoch=lambda epoch, _row: epochs.append(epoch))
    assert epochs == [3, 4]
    assert _result(resumed) == _result(train())


def test_writing_checkpoints_changes_no_result(train: Callable[..., Fit], path: Path) -> None:
    """With and without checkpoints a run has the same bits; the last step is not saved, for the run follows at once."""
    written = _stopping(path, EPOCHS * STEPS)  # never reached
    assert _result(train(written)) == _result(train())
    assert written.written == EPOCHS * STEPS - 1


@pytest.mark.parametrize(("every", "exists"), [(0.0, True), (1e6, False)])
def test_checkpoints_are_written_no_more_often_than_asked(
    train: Callable[..., Fit], path: Path, every: float, exists: bool
) -> None:
    """Between two writes lie at least ``every`` seconds, the start of the run counted as one."""
    train(_checkpoint(path, every=every))
    assert path.exists() is exists


def _rewritten(path: Path, metadata: dict[str, str] | None, drop: str = "", reshape: str = "") -> None:
    """Write the checkpoint anew with other metadata, or with tensors dropped or reshaped."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(path, "pt") as file:
        tensors = {k: file.get_tensor(k) for k in file.keys() if not drop or not k.startswith(drop)}  # noqa: SIM118
        metadata = file.metadata() if metadata is None else metadata
    save_file({k: v[:1].clone() if k.startswith(reshape or "?") else v for k, v in tensors.items()}, path, metadata)


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "empty": lambda path: path.write_bytes(b""),
    "no safetensors": lambda path: path.write_bytes(b"\x00" * 4096),
    "cut in the header": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "cut in the middle": lambda path: path.write_bytes(path.read_bytes()[:20_000]),
    "cut by a byte": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "a folder's name": lambda path: path.write_bytes(os.fsencode(path.parent)),
    "no metadata": lambda path: _rewritten(path, {}),
    "foreign metadata": lambda path: _rewritten(path, {"format": "pt"}),
    "metadata without keys": lambda path: _rewritten(path, {"progress": "{}"}),
    "metadata of another kind": lambda path: _rewritten(path, {"progress": "[1]"}),
    "no model": lambda path: _rewritten(path, None, drop="model/"),
    "no best model": lambda path: _rewritten(path, None, drop="best/"),
    "another shape": lambda path: _rewritten(path, None, reshape="model/head.weight"),
    "another best shape": lambda path: _rewritten(path, None, reshape="best/encoder.embeddings.word"),
}


@pytest.fixture
def interrupted(train: Callable[..., Fit], path: Path) -> Path:
    """The checkpoint of a run that was stopped after its second epoch."""
    with pytest.raises(StopError):
        train(_stopping(path, 2))
    return path


@pytest.mark.parametrize("train", ["xnli"], indirect=True)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_checkpoint_is_ignored_with_a_warning(
    train: Callable[..., Fit], interrupted: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is wrong with the file, the run starts anew, says so, and ends with the bits of a clean one."""
    DAMAGE[damage](interrupted)
    epochs: list[int] = []
    with caplog.at_level(logging.WARNING):
        found = train(_checkpoint(interrupted), on_epoch=lambda epoch, _row: epochs.append(epoch))
    assert epochs == list(range(1, EPOCHS + 1))
    assert [(r.levelname, "is damaged" in r.message, str(interrupted) in r.message) for r in caplog.records] == [
        ("WARNING", True, True)
    ]
    assert _result(found) == _result(train())


@pytest.mark.parametrize("train", ["xnli"], indirect=True)
def test_a_checkpoint_of_another_run_is_ignored_with_a_warning(
    train: Callable[..., Fit], interrupted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that was copied from another run is named as such and not used."""
    epochs: list[int] = []
    with caplog.at_level(logging.WARNING):
        found = train(_checkpoint(interrupted, "other"), on_epoch=lambda epoch, _row: epochs.append(epoch))
    assert epochs[0] == 1
    assert [record.message for record in caplog.records] == [f"{interrupted} belongs to run run; starting again"]
    assert _result(found) == _result(train())


@pytest.mark.parametrize("train", ["xnli"], indirect=True)
def test_a_good_checkpoint_is_used_without_a_word(
    train: Callable[..., Fit], interrupted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Going on is no reason for a warning, and neither is a missing checkpoint."""
    with caplog.at_level(logging.WARNING):
        train(_checkpoint(interrupted))
        interrupted.unlink()
        train(_checkpoint(interrupted))
    assert caplog.records == []


@pytest.mark.parametrize("train", ["xnli"], indirect=True)
def test_a_write_that_fails_leaves_the_checkpoint_before(
    train: Callable[..., Fit], interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk in the middle of a write costs that write: the file beside it still resumes the run."""
    import safetensors.torch

    def half(_tensors: Any, path: Path, _metadata: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    before = interrupted.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(safetensors.torch, "save_file", half)
        with pytest.raises(OSError, match="No space left"):
            train(_checkpoint(interrupted))
    assert interrupted.read_bytes() == before
    assert [path.name for path in interrupted.parent.iterdir()] == [interrupted.name]
    assert _result(train(_checkpoint(interrupted))) == _result(train())


@pytest.mark.parametrize("train", ["xnli"], indirect=True)
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_checkpoint_has_the_permissions_of_the_umask(train: Callable[..., Fit], path: Path, umask: int) -> None:
    """Whoever may read the other files of a run may resume it."""
    before = os.umask(umask)
    try:
        train(_checkpoint(path))
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    assert list(path.parent.iterdir()) == [path]
