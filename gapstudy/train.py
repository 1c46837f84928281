"""Fine-tune one run: ``train(spec) -> result``. Every seed is set here, and nothing but a checkpoint is written.

Paper: sections 3.4, 3.5 (AdamW, cosine schedule, best epoch on dev; the test score at that epoch). On one machine
the same seed gives the same numbers bit for bit, whether the run was interrupted or not: the order of an epoch and
the dropout of a step depend on their seed, the epoch and the step alone, and a checkpoint holds weights, optimiser
state, history and the losses of a begun epoch exactly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gapstudy.batches import Batch, Labelling, Padded, in_groups, sorted_order
from gapstudy.checkpoint import Checkpoint, Progress
from gapstudy.data import subset
from gapstudy.encode import Encoded
from gapstudy.errors import DIVERGED, RunError, StoppedError
from gapstudy.models import TaskModel
from gapstudy.steps import Seeds, Steps, Stream, stream_seed
from gapstudy.study import Hyper

__all__ = ["Fit", "Material", "evaluate", "fit", "subset_rows"]

Floats = npt.NDArray[np.float32]
EVALUATION_BATCH = 64
Scorer = Callable[[Floats], dict[str, float]]


def subset_rows(size: int, fraction: float, seed: int) -> list[int]:
    """Return which rows of a training set of ``size`` the run with ``seed`` learns from: as many as the study's subset.

    They are in ascending order, without repeats, and the same in every language.
    """
    return subset(size, fraction, np.random.default_rng(stream_seed(seed, Stream.SUBSET)))


@dataclass(frozen=True, slots=True)
class Fit:
    """What training leaves: the best model (in eval mode), its epoch, a row an epoch, and the seconds it took in all."""

    model: TaskModel
    best_epoch: int
    history: list[dict[str, float]]
    seconds: float


@dataclass(frozen=True, slots=True)
class Material:
    """What a run learns from, and how its epochs are judged.

    Attributes
    ----------
    train, dev : encoded parts; tagged text has ``positions``, pairs have none.
    classes : number of labels.
    score : from dev logits (pairs: (n, classes); words: (words, classes)) to metrics in percent.
    primary : the metric that chooses the epoch.
    words : what a word's label is read from: its "first" unit or the "mean" over its units.
    labelling : labels of all units of words for training; None: the first unit alone is trained.
    """

    train: Encoded
    dev: Encoded
    classes: int
    score: Scorer
    primary: str
    words: str = "first"
    labelling: Labelling | None = None

    @property
    def tagged(self) -> bool:
        """Whether every word has a label, not every sequence."""
        return len(self.train.positions) > 0

    def pooling(self, sequence: str) -> str:
        """Return how the head pools: ``sequence`` for pairs, by words for tagged text."""
        if not self.tagged:
            return sequence
        return "word-mean" if self.words == "mean" else "words"


def fit(
    encoder: Any,
    material: Material,
    hyper: Hyper,
    seed: int | Seeds,
    *,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
    on_epoch: Callable[[int, dict[str, float]], None] = lambda _epoch, _row: None,
    stop: Callable[[], bool] = lambda: False,
) -> Fit:
    """Fine-tune ``encoder`` with a fresh head and keep the epoch with the best dev score (the earliest if tied).

    Parameters
    ----------
    encoder : a fresh copy; it is changed.
    material : train and dev sets, and the metric.
    hyper : what training does.
    seed : of the run, or of its initialisation, order and dropout apart; each gets a stream of its own.
    device : where to train.
    checkpoint : where to save and resume, or None.
    on_epoch : called after each epoch with its number (from 1) and its history row.
    stop : asked between two steps; once it says yes, a checkpoint is written and the run ends there.

    Raises
    ------
    RunError
        If the loss or an output stops being finite (the message names the epoch), or one example is too much for the
        device's memory.
    StoppedError
        If ``stop`` said so; the same call goes on from the checkpoint.
    """
    seeds = Seeds.of(seed) if isinstance(seed, int) else seed
    torch.manual_seed(stream_seed(seeds.init, Stream.INIT))
    pooling = material.pooling(hyper.pooling)
    model = TaskModel(encoder, material.classes, dropout=hyper.dropout, pooling=pooling).to(device)
    steps = Steps(model, _optimiser(model, hyper), Padded(material.train, device, material.labelling), hyper, seeds)
    progress = checkpoint.load(model, steps.optimiser) if checkpoint else Progress.fresh(model)
    steps.most = progress.most or steps.most  # a batch cut in other parts has other dropout
    since = time.monotonic() - progress.seconds

    def between() -> None:
        progress.seconds = time.monotonic() - since
        progress.most = steps.most if steps.most < hyper.batch_size else None
        stopping = stop()
        if checkpoint and (stopping or checkpoint.is_due()):
            checkpoint.save(model, steps.optimiser, progress)
        if stopping:
            raise StoppedError

    for epoch in range(progress.epoch, hyper.epochs):
        loss = steps.epoch(epoch, progress.losses, between)
        _finite(np.array([loss], np.float32), "loss", epoch)
        scores = material.score(_finite(evaluate(model, material.dev, device), "output", epoch))
        row = {"epoch": epoch + 1.0, "train_loss": loss, **{f"dev_{name}": value for name, value in scores.items()}}
        progress.record(model, row, scores[material.primary])
        on_epoch(epoch + 1, row)
        if _is_over(progress, hyper):  # the run is as good as finished
            break
        between()
    model.load_state_dict(progress.best_state)
    return Fit(model.eval(), progress.best_epoch, progress.history, time.monotonic() - since)


def _is_over(progress: Progress, hyper: Hyper) -> bool:
    """Whether every epoch is done, or the dev score has not risen for as long as patience lasts."""
    waited = progress.epoch - progress.best_epoch
    return progress.epoch >= hyper.epochs or bool(hyper.patience and waited >= hyper.patience)


def _finite(values: Floats, what: str, epoch: int) -> Floats:
    """Return ``values``, or raise if the run diverged; scores alone would hide it, for NaN has an argmax too."""
    if not np.isfinite(values).all():
        found = values[~np.isfinite(values)].flat[0]
        msg = f"the {what} is {found} in epoch {epoch + 1}: {DIVERGED}; lower its hyper.learning_rate"
        raise RunError(msg)
    return values


def _optimiser(model: nn.Module, hyper: Hyper) -> torch.optim.AdamW:
    """AdamW without weight decay on biases and LayerNorm weights, as BERT is fine-tuned."""
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": hyper.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=hyper.learning_rate, fused=True)


@torch.no_grad()
def evaluate(model: TaskModel, encoded: Encoded, device: torch.device) -> Floats:
    """Return logits in the order of the corpus: (sequences, classes), or (words, classes) for tagged text.

    A word that was cut off by the maximal length has logits of zero.
    """
    model.eval()
    data = Padded(encoded, device)
    order, outputs = in_groups(
        sorted_order(data.lengths, EVALUATION_BATCH), lambda rows: _logits(model, data.batch(rows))
    )
    if len(encoded.positions) == 0:
        return _unsort(outputs, order)
    return _word_logits(outputs, order, encoded)


def _logits(model: TaskModel, batch: Batch) -> Tensor:
    logits: Tensor = model(batch.ids, batch.types, batch.mask, batch.words)
    return logits


def _unsort(outputs: Sequence[Tensor], order: list[npt.NDArray[np.int64]]) -> Floats:
    flat = torch.cat(list(outputs)).float().cpu().numpy()
    out = np.empty_like(flat)
    out[np.concatenate(order)] = flat
    return out


def _word_logits(outputs: Sequence[Tensor], order: list[npt.NDArray[np.int64]], encoded: Encoded) -> Floats:
    packed = np.zeros((len(encoded.ids), outputs[0].shape[-1]), np.float32)
    for rows, logits in zip(order, outputs, strict=True):
        values = logits.float().cpu().numpy()
        for row, sequence in enumerate(rows):
            start, stop = encoded.starts[sequence], encoded.starts[sequence + 1]
            packed[start:stop] = values[row, : stop - start]
    kept = encoded.positions >= 0
    out = np.zeros((len(kept), packed.shape[1]), np.float32)
    out[kept] = packed[encoded.positions[kept]]
    return out
