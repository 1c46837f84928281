"""The peer of training: Hugging Face ``Trainer`` with its defaults, on the model, data and settings of a gapstudy run.

Beside what must be equal (batch size, epochs, rate, schedule, warm-up, weight decay, seed) every argument is Trainer's
default; nothing is logged or saved. The epoch with the best dev accuracy is kept in memory, as gapstudy does.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from benchmarks.harness import MismatchError
from gapstudy.encode import PAD, SPECIALS, Encoded
from gapstudy.models import TaskModel
from gapstudy.study import Hyper
from gapstudy.train import EVALUATION_BATCH

__all__ = ["HEADROOM", "Scores", "available", "compared", "make", "predict", "train"]

HEADROOM = {"bf16": True, "train_sampling_strategy": "group_by_length"}
"""What a user adds to the defaults when it should be faster."""
Scores = list[tuple[float, float]]
"""Dev accuracy at the best epoch and test accuracy, in percent, a run."""


def available() -> str:
    """Return what is missing for Trainer, "" where nothing is."""
    from importlib.util import find_spec

    return "" if find_spec("accelerate") else "accelerate is not installed; install the dependency group bench"


class _Rows(torch.utils.data.Dataset[dict[str, Any]]):
    """Packed sequences as the dictionaries of lists that Trainer reads."""

    def __init__(self, encoded: Encoded) -> None:
        self.rows = [
            {
                "input_ids": encoded.ids[a:b].tolist(),
                "token_type_ids": encoded.types[a:b].tolist(),
                "attention_mask": [1] * int(b - a),
                "labels": int(label),
            }
            for a, b, label in zip(encoded.starts, encoded.starts[1:], encoded.targets, strict=False)
        ]

    def __len__(self) -> int:
        """Count the sequences."""
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one sequence."""
        return self.rows[index]


class _Classifier(nn.Module):
    """The task model behind the names that Trainer uses."""

    def __init__(self, model: TaskModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: Tensor, token_type_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return logits, and the loss where there are labels."""
        logits = self.model(input_ids, token_type_ids, attention_mask)
        if labels is None:
            return {"logits": logits}
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


def make(
    model: TaskModel, train: Encoded, dev: Encoded, hyper: Hyper, seed: int, *, out: Path, more: Mapping[str, Any]
) -> Any:
    """Return a ``transformers.Trainer`` of a model.

    Parameters
    ----------
    model : a fresh model; training changes it.
    out : a folder Trainer may write to.
    more : further arguments of ``TrainingArguments``, for example :data:`HEADROOM`.
    """
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast, PrinterCallback, Trainer, TrainingArguments

    arguments = TrainingArguments(
        output_dir=str(out),
        per_device_train_batch_size=hyper.batch_size,
        per_device_eval_batch_size=EVALUATION_BATCH,
        num_train_epochs=hyper.epochs,
        learning_rate=hyper.learning_rate,
        weight_decay=hyper.weight_decay,
        lr_scheduler_type=hyper.schedule,
        warmup_steps=hyper.warmup,  # a share of the steps where it is below 1
        max_grad_norm=hyper.gradient_clip,
        eval_strategy="epoch",
        save_strategy="no",
        seed=seed,
        disable_tqdm=True,
        report_to="none",
        use_cpu=not torch.cuda.is_available(),
        **more,
    )
    vocabulary = {unit: i for i, unit in enumerate(SPECIALS)}  # the tokenizer only pads here
    padder = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(vocabulary, unk_token=SPECIALS[1])), pad_token=SPECIALS[PAD]
    )
    made = Trainer(
        model=_Classifier(model),
        args=arguments,
        train_dataset=_Rows(train),
        eval_dataset=_Rows(dev),
        processing_class=padder,
        compute_metrics=_accuracy,
    )
    made.remove_callback(PrinterCallback)
    return made


def _accuracy(predicted: Any) -> dict[str, float]:
    return {"accuracy": 100.0 * float((predicted.predictions.argmax(axis=1) == predicted.label_ids).mean())}


def train(trainer: Any) -> float:
    """Train, put back the weights of the epoch with the best dev accuracy, and return that accuracy in percent."""
    from transformers import TrainerCallback

    model = trainer.model

    class Best(TrainerCallback):  # type: ignore[misc, unused-ignore]
        """Keep the weights of the best epoch."""

        score, state = float("-inf"), model.state_dict()

        def on_evaluate(self, *_: Any, metrics: dict[str, float], **__: Any) -> None:
            """Look at one epoch."""
            if metrics["eval_accuracy"] > self.score:
                self.score = metrics["eval_accuracy"]
                self.state = {key: value.detach().clone() for key, value in model.state_dict().items()}

    best = Best()
    trainer.add_callback(best)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pinned memory without an accelerator
        trainer.train()
    model.load_state_dict(best.state)
    return best.score


def predict(trainer: Any, part: Encoded) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return the logits of a part, (sequences, classes), and its labels in the same order.

    That order is the corpus's only without ``group_by_length``, which reorders evaluation sets too.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = trainer.predict(_Rows(part))
    return found.predictions, found.label_ids.astype(np.int64)


def compared(ours: Scores, theirs: Scores) -> str:
    """Say what the models of both sides are worth.

    Raises
    ------
    MismatchError
        If the mean test accuracies differ by more than seeds do (four standard errors and five points).
    """
    sides = [np.asarray(scores, dtype=np.float64) for scores in (ours, theirs)]
    means, spreads = [s.mean(axis=0) for s in sides], [s[:, 1].std(ddof=1) for s in sides]
    noise = sum(spread**2 / len(s) for spread, s in zip(spreads, sides, strict=True)) ** 0.5
    if abs(means[0][1] - means[1][1]) > 5.0 + 4.0 * noise:
        msg = f"test accuracy is {means[0][1]:.1f} here and {means[1][1]:.1f} by Trainer: not the same training"
        raise MismatchError(msg)
    test = " and ".join(
        f"{mean[1]:.1f} (sd {spread:.1f}, {len(s)} seeds)"
        for mean, spread, s in zip(means, spreads, sides, strict=True)
    )
    return f"mean test accuracy {test}, at the best epoch on dev ({means[0][0]:.1f} and {means[1][0]:.1f})"
