"""The steps of an epoch: their order, dropout, rate, and what is done when memory is short.

Every step has its own dropout, drawn from (seed, epoch, step), so that a run can stop and go on between any two steps
and ends in the same bits.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import torch
from torch import Tensor, nn

from gapstudy.batches import Padded, Rows, epoch_order, parts_of
from gapstudy.encode import IGNORED
from gapstudy.errors import RunError
from gapstudy.models import TaskModel
from gapstudy.study import Hyper, Randomness

__all__ = ["Seeds", "Steps", "Stream", "learning_rate", "stream_seed"]

_LOG = logging.getLogger(__name__)
_TOO_MUCH = (
    "one example of {units} units does not fit the device's memory; lower hyper.max_length, take a smaller encoder, or use "
    "--device cpu"
)


class Stream(IntEnum):
    """The separate sources of randomness of a run (Dodge et al. 2020, arXiv:2002.06305)."""

    INIT = 1
    ORDER = 2
    DROPOUT = 3
    SUBSET = 4
    PRETRAIN = 5


def stream_seed(seed: int, stream: Stream, *more: int) -> int:
    """Return a 63-bit seed of ``stream`` in the run with ``seed``; ``more`` tells epochs and steps apart."""
    state = np.random.SeedSequence([seed, int(stream), *more]).generate_state(1, np.uint64)[0]
    return int(state >> np.uint64(1))


@dataclass(frozen=True, slots=True)
class Seeds:
    """What the head's first weights, the order of the examples and dropout are drawn from; each has its own stream."""

    init: int
    order: int
    dropout: int

    @classmethod
    def of(cls, seed: int, randomness: Randomness | None = None) -> Seeds:
        """Return the seeds of the run with ``seed``: the run's own, or the number that ``randomness`` fixes.

        >>> Seeds.of(7, Randomness(init=0))
        Seeds(init=0, order=7, dropout=7)
        """
        fixed = randomness or Randomness()
        init, order, dropout = (seed if s == "run" else s for s in (fixed.init, fixed.order, fixed.dropout))
        return cls(init, order, dropout)


def learning_rate(hyper: Hyper, step: int, total: int) -> float:
    """Return the rate of ``step`` (from 0) of ``total``: a linear rise, then the schedule."""
    warmup = round(hyper.warmup * total)
    if step < warmup:
        return hyper.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(1, total - warmup)
    shape = {"constant": 1.0, "linear": 1.0 - done, "cosine": 0.5 * (1.0 + math.cos(math.pi * done))}
    return hyper.learning_rate * shape[hyper.schedule]


class Steps:
    """One epoch after another over the same training set.

    Parameters
    ----------
    model, optimiser : what is trained.
    data : the training set, on the device.
    hyper, seeds : how, and by which chance.

    Attributes
    ----------
    most : so many examples are done at once: all of a batch, halved whenever they do not fit the device's memory.
    overhead : what one more part of a batch costs, in units of padding.
    """

    def __init__(
        self, model: TaskModel, optimiser: torch.optim.Optimizer, data: Padded, hyper: Hyper, seeds: Seeds
    ) -> None:
        self.model, self.optimiser, self.data, self.hyper, self.seeds = model, optimiser, data, hyper, seeds
        self.most = hyper.batch_size
        self.overhead = _overhead(model.encoder.config.hidden_size, on_cuda=data.ids.is_cuda)

    def epoch(self, epoch: int, losses: list[Tensor], between: Callable[[], None] = lambda: None) -> float:
        """Do the steps of ``epoch`` (from 0) that are left and return the mean loss of its batches.

        Parameters
        ----------
        losses : of the steps that are done; each step adds its own, as a tensor on the device.
        between : called between two steps; it may raise, and the epoch can be gone on with.
        """
        self.model.train()
        rng = np.random.default_rng(stream_seed(self.seeds.order, Stream.ORDER, epoch))
        order = epoch_order(len(self.data), self.hyper.batch_size, rng)
        total, first, done = len(order) * self.hyper.epochs, epoch * len(order), len(losses)
        for step, rows in enumerate(order[done:], start=done):
            if step > done:
                between()
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate(self.hyper, first + step, total)
            losses.append(self._step(rows, stream_seed(self.seeds.dropout, Stream.DROPOUT, epoch, step)))
        return float(torch.stack(losses).mean())

    def _step(self, rows: Rows, seed: int) -> Tensor:
        parts = parts_of(rows, self.data.lengths, self.overhead)
        loss = self._gradients(parts, seed)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.hyper.gradient_clip)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return loss

    def _gradients(self, parts: list[Rows], seed: int) -> Tensor:
        """Leave the gradients of the batch's mean loss and return it; what does not fit memory is done in more parts."""
        while True:
            torch.manual_seed(seed)
            try:
                return self._in_parts([piece for part in parts for piece in _pieces(part, self.most)])
            except torch.OutOfMemoryError as error:
                if self.most == 1:
                    units = max(int(self.data.lengths[rows].max()) for rows in parts)
                    raise RunError(_TOO_MUCH.format(units=units)) from error
            self._halve(parts)  # here, where the error is gone and with it what its frames held

    def _in_parts(self, parts: list[Rows]) -> Tensor:
        """Add up the gradients of the parts: each label of the batch counts alike."""
        labels = max(1, sum(int(self.data.labels[rows].sum()) for rows in parts))
        losses = []
        for batch in self.data.batches(parts):
            logits = self.model(batch.ids, batch.types, batch.mask, batch.words)
            summed = nn.functional.cross_entropy(
                logits.flatten(0, -2), batch.targets.flatten(), ignore_index=IGNORED, reduction="sum",
                label_smoothing=self.hyper.label_smoothing,
            )  # fmt: skip
            loss = summed / labels
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
        return losses[0] if len(losses) == 1 else torch.stack(losses).sum()

    def _halve(self, parts: list[Rows]) -> None:
        """Forget the half-done gradients and do fewer at once from now on."""
        self.optimiser.zero_grad()
        self.most = -(-min(self.most, max(map(len, parts))) // 2)
        if self.data.ids.is_cuda:
            torch.cuda.empty_cache()
        _LOG.warning("out of memory: %d examples are now done at once, and their gradients added up", self.most)


def _overhead(hidden_size: int, *, on_cuda: bool) -> float:
    """Return what the calls of one more forward and backward pass cost, in units of padding.

    On one core 300 for 64 dimensions, measured with two layers (from 150 to 600 it makes no difference); the arithmetic
    of a unit grows with the square of the dimensions, the calls do not. For CUDA it is reckoned, not measured: 3 ms of
    launches against 0.7 microseconds a unit of a base encoder.
    """
    return 4000.0 if on_cuda else max(32.0, 300.0 * (64.0 / hidden_size) ** 2)


def _pieces(rows: Rows, most: int) -> list[Rows]:
    return [rows[start : start + most] for start in range(0, len(rows), most)]
