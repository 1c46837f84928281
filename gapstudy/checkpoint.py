"""What an interrupted run needs to go on exactly: one safetensors file, written beside and renamed.

It holds the weights, AdamW's moments and step, the best weights so far, and (as JSON in the file's metadata) the
history and the losses of a begun epoch. Between steps no other state exists: order and dropout are drawn anew from
(seed, epoch, step).
"""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Checkpoint", "Progress"]

_LOG = logging.getLogger(__name__)
_SHARE = 20.0  # a write that took a second is followed by none for as many seconds


@dataclass(slots=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    epoch, history : epochs done, and a row for each.
    best_epoch, best_score, best_state : the best of them, with its weights.
    losses : of the steps done of the epoch after these, one float32 number each.
    most : so many examples are done at once since memory was short; None: it never was.
    seconds : spent so far, in all sittings.
    """

    epoch: int
    history: list[dict[str, float]]
    best_epoch: int
    best_score: float
    best_state: dict[str, Tensor]
    losses: list[Tensor] = field(default_factory=list)
    most: int | None = None
    seconds: float = 0.0

    @classmethod
    def fresh(cls, model: nn.Module) -> Progress:
        """Return the progress of a run that has not begun."""
        return cls(0, [], 0, float("-inf"), _copy(model))

    def record(self, model: nn.Module, row: dict[str, float], score: float) -> None:
        """Add an epoch; keep its weights if its score is better than every earlier one."""
        self.epoch += 1
        self.losses.clear()
        self.history.append(row)
        if score > self.best_score:
            self.best_epoch, self.best_score, self.best_state = self.epoch, score, _copy(model)


class Checkpoint:
    """The checkpoint file of one run.

    Parameters
    ----------
    path : the file; its folder is made when it is first written.
    identity : the run id; a file with another one is ignored.
    every : least seconds between two writes (0: none is too soon). It changes no result, only what is redone. Where
        writing is slow, more time lies between: no more than a twentieth of it is spent on writing.
    """

    def __init__(self, path: Path, identity: str, every: float = 20.0) -> None:
        self.path = path
        self.identity = identity
        self.every = every
        self._last, self._took = time.monotonic(), 0.0

    def is_due(self) -> bool:
        """Whether the last write (or the start) was long enough ago."""
        wait = max(self.every, _SHARE * self._took) if self.every else 0.0
        return time.monotonic() - self._last >= wait

    def save(self, model: nn.Module, optimiser: torch.optim.Optimizer, progress: Progress) -> None:
        """Write the file."""
        from safetensors.torch import save_file

        began = time.monotonic()
        tensors = {f"model/{k}": v for k, v in model.state_dict().items()}
        tensors |= {f"best/{k}": v for k, v in progress.best_state.items()}
        for i, state in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{i}/{k}": v for k, v in state.items()}
        meta = {"epoch": progress.epoch, "history": progress.history, "best_epoch": progress.best_epoch,
                "best_score": progress.best_score, "losses": [float(x) for x in progress.losses],
                "most": progress.most, "seconds": progress.seconds, "identity": self.identity}  # fmt: skip
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            temporary.touch()
            mode = temporary.stat().st_mode  # what the user's umask gives; safetensors would make the file private
            save_file({k: v.contiguous() for k, v in tensors.items()}, temporary, {"progress": json.dumps(meta)})
            temporary.chmod(mode)
            temporary.replace(self.path)
        except BaseException:  # a full disk, above all, must not keep half a file
            temporary.unlink(missing_ok=True)
            raise
        self._last = time.monotonic()
        self._took = self._last - began

    def load(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> Progress:
        """Restore model and optimiser from the file; a missing, damaged or foreign one means a fresh start."""
        fresh = Progress.fresh(model)
        if not self.path.is_file():
            return fresh
        try:
            tensors, meta = _read(self.path)
            if meta["identity"] == self.identity:
                return _resume(model, optimiser, tensors, meta)
            _LOG.warning("%s belongs to run %s; starting again", self.path, meta["identity"])
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the run can be done from the start
            _LOG.warning("%s is damaged (%s); starting the run again", self.path, error)
            model.load_state_dict(fresh.best_state)
            optimiser.state.clear()
        return fresh


def _copy(model: nn.Module) -> dict[str, Tensor]:
    return {k: v.detach().clone() for k, v in model.state_dict().items()}


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return {k: file.get_tensor(k) for k in file.keys()}, json.loads(file.metadata()["progress"])  # noqa: SIM118


def _resume(
    model: nn.Module, optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor], meta: dict[str, Any]
) -> Progress:
    """Put what a checkpoint holds into model and optimiser, or raise whatever a wrong key or shape raises."""
    device = next(model.parameters()).device
    best = {k: v.to(device) for k, v in _part(tensors, "best/").items()}
    model.load_state_dict(best)  # checks every name and shape of the weights that are used last
    model.load_state_dict(_part(tensors, "model/"))
    _restore(optimiser, _part(tensors, "optimiser/"))
    losses = [torch.tensor(loss, dtype=torch.float32, device=device) for loss in meta["losses"]]
    return Progress(
        meta["epoch"],
        meta["history"],
        meta["best_epoch"],
        meta["best_score"],
        best,
        losses,
        meta.get("most"),
        float(meta["seconds"]),
    )


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _restore(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split("/")
        state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
