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

from gapstudy.batches import Batch, Padded, epoch_order
from gapstudy.encode import IGNORED
from gapstudy.errors import RunError
from gapstudy.models import TaskModel
from gapstudy.study import Hyper, Randomness

__all__ = ["Seeds", "Steps", "Stream", "learning_rate", "stream_seed"]

_LOG = logging.getLogger(__name__)


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
    parts : into how many parts a batch is cut: 1, doubled whenever a part does not fit the device's memory.
    """

    def __init__(
        self, model: TaskModel, optimiser: torch.optim.Optimizer, data: Padded, hyper: Hyper, seeds: Seeds
    ) -> None:
        self.model, self.optimiser, self.data, self.hyper, self.seeds = model, optimiser, data, hyper, seeds
        self.parts = 1

    def epoch(self, epoch: int, losses: list[Tensor], between: Callable[[], None] = lambda: None) -> float:
        """Do the steps of ``epoch`` (from 0) that are left and return the mean loss of its batches.

        Parameters
        ----------
        losses : of the steps that are done; each step adds its own, as a tensor on the device.
        between : called between two steps; it may raise, and the epoch can be gone on with.
        """
        self.model.train()
        rng = np.random.default_rng(stream_seed(self.seeds.order, Stream.ORDER, epoch))
        order = epoch_order(self.data.lengths, self.hyper.batch_size, rng)
        total, first, done = len(order) * self.hyper.epochs, epoch * len(order), len(losses)
        for step, batch in enumerate(self.data.batches(order[done:]), start=done):
            if step > done:
                between()
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate(self.hyper, first + step, total)
            losses.append(self._step(batch, stream_seed(self.seeds.dropout, Stream.DROPOUT, epoch, step)))
        return float(torch.stack(losses).mean())

    def _step(self, batch: Batch, seed: int) -> Tensor:
        loss = self._gradients(batch, seed)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.hyper.gradient_clip)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return loss

    def _gradients(self, batch: Batch, seed: int) -> Tensor:
        """Leave the gradients of the batch's mean loss and return it; what does not fit memory is done in parts."""
        while True:
            torch.manual_seed(seed)
            try:
                return self._in_parts(batch)
            except torch.OutOfMemoryError as error:
                self._halve(batch, error)

    def _in_parts(self, batch: Batch) -> Tensor:
        """Add up the gradients of the parts: each part's mean loss counts as much as it has labels."""
        labels = (batch.targets != IGNORED).sum()
        losses = []
        for part in batch.parts(self.parts):
            logits = self.model(part.ids, part.types, part.mask, part.words)
            reduction = "mean" if self.parts == 1 else "sum"
            loss = nn.functional.cross_entropy(
                logits.flatten(0, -2), part.targets.flatten(), ignore_index=IGNORED, reduction=reduction,
                label_smoothing=self.hyper.label_smoothing,
            )  # fmt: skip
            loss = loss if self.parts == 1 else loss / labels
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
        return losses[0] if self.parts == 1 else torch.stack(losses).sum()

    def _halve(self, batch: Batch, error: torch.OutOfMemoryError) -> None:
        """Forget the half-done gradients and cut batches finer from now on, or give up where one example is too much."""
        self.optimiser.zero_grad()
        if self.parts >= len(batch.ids):
            msg = (
                f"one example of {batch.ids.shape[1]} units does not fit the device's memory; lower hyper.max_length, "
                "take a smaller encoder, or use --device cpu"
            )
            raise RunError(msg) from error
        self.parts *= 2
        if batch.ids.is_cuda:
            torch.cuda.empty_cache()
        size = -(-self.hyper.batch_size // self.parts)
        _LOG.warning("out of memory: batches are now done %d at a time, their gradients added up; same updates", size)
