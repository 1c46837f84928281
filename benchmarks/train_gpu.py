"""Fine-tuning an encoder of XPhoneBERT's shape on a GPU: ``gapstudy.train.fit`` against Hugging Face ``Trainer``.

Weights, units and labels are random (they decide nothing about speed); lengths are those of real English XNLI pairs in
phones. The floor is the work of the matrix products, padding not counted, at the bf16 rate that one large product has
on this device: the ratio of that row is the model FLOPs utilisation. Quality is compared by ``train_cpu.py``.
"""

from __future__ import annotations

import copy
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.harness import Peer, Row, absent, against, alternate, run, same
from benchmarks.trainer import HEADROOM, available, make, predict, train
from gapstudy.encode import PAD, SPECIALS, Encoded
from gapstudy.models import TaskModel
from gapstudy.study import Hyper
from gapstudy.tasks import scorer
from gapstudy.train import Material, evaluate, fit

# Deciles of the units of an English XNLI test pair as phones, word boundaries and special units included.
LENGTHS = (35, 80, 101, 117, 134, 148, 164, 181, 200, 224, 372)
XPHONEBERT = {"vocab_size": 1969, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
              "intermediate_size": 3072}  # fmt: skip


def rows(quick: bool) -> Iterator[Row]:
    """One epoch, where there is a CUDA device."""
    if not torch.cuda.is_available():
        yield absent("train-gpu", "XPhoneBERT-base shape", None, "no CUDA device was found")
    elif why := available():
        yield absent("train-gpu", "XPhoneBERT-base shape", "Trainer", why)
    else:
        bench = Bench(torch.device("cuda"), XPHONEBERT, pairs=1280 if quick else 6400, batch=128, matrix=8192)
        yield from bench.rows(rounds=1 if quick else 3)


@dataclass(frozen=True, slots=True)
class Bench:
    """One device, one shape (``RobertaConfig``), so many pairs in such batches; ``matrix`` rows measure the device."""

    device: torch.device
    shape: Mapping[str, int]
    pairs: int
    batch: int
    matrix: int

    def rows(self, rounds: int) -> Iterator[Row]:
        """Take turns over one epoch with one look at the dev set."""
        encoder, hyper = self._encoder(), Hyper(epochs=1, batch_size=self.batch, max_length=512)
        part, dev = self._part(self.pairs, 0), self._part(self.batch, 1)
        material = Material(part, dev, 3, scorer("xnli", dev.targets.tolist(), ()), "accuracy")

        def ours() -> None:
            fit(copy.deepcopy(encoder), material, hyper, 0, device=self.device)
            self._wait()

        with tempfile.TemporaryDirectory() as folder:

            def made(more: Mapping[str, Any]) -> Any:
                model = TaskModel(copy.deepcopy(encoder), 3, dropout=hyper.dropout, pooling=hyper.pooling)
                return make(model, part, dev, hyper, 0, out=Path(folder), more=more)

            def theirs(more: Mapping[str, Any]) -> Callable[[], object]:
                def call() -> None:
                    train(made(more))
                    self._wait()

                return call

            self._check_start(made({}), dev)
            memory = self._memory(ours)
            peers = [
                Peer(name="Trainer, defaults", call=theirs({})),
                Peer(name="Trainer, bf16 + group_by_length", call=theirs(HEADROOM)),
                self._floor(part),
            ]
            yield from against("train-gpu", self._size(part), ours, peers, rounds=rounds, note=memory)

    def _check_start(self, trainer: Any, dev: Encoded) -> None:
        """Both sides read the dev set alike before training."""
        logits = evaluate(trainer.model.model.to(self.device), dev, self.device)
        same("logits before training", logits, predict(trainer, dev)[0], atol=1e-3)

    def _size(self, part: Encoded) -> str:
        steps = -(-len(part) // self.batch)
        return f"XPhoneBERT-base shape, {steps} steps of {self.batch} pairs of {part.lengths.mean():.0f} units"

    def _encoder(self) -> Any:
        from transformers import RobertaConfig, RobertaModel

        torch.manual_seed(0)
        config = RobertaConfig(**self.shape, max_position_embeddings=514, type_vocab_size=1, pad_token_id=PAD)
        return RobertaModel(config, add_pooling_layer=False)

    def _part(self, pairs: int, seed: int) -> Encoded:
        """Draw random units in sequences of real lengths, with token types 0 as XPhoneBERT has them."""
        rng = np.random.default_rng(seed)
        lengths = np.interp(rng.random(pairs), np.linspace(0.0, 1.0, len(LENGTHS)), LENGTHS).astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        ids = rng.integers(len(SPECIALS), self.shape["vocab_size"], int(starts[-1])).astype(np.int32)
        none = np.empty(0, np.int32)
        return Encoded(ids, np.zeros_like(ids), np.full_like(ids, -2), starts,
                       rng.integers(0, 3, pairs).astype(np.int32), none, none)  # fmt: skip

    def _floor(self, part: Encoded) -> Peer:
        """The training's floating-point operations at the measured bf16 rate: one product, scaled to all of them."""
        width, inner, layers = (self.shape[k] for k in ("hidden_size", "intermediate_size", "num_hidden_layers"))
        lengths = part.lengths.astype(np.float64)
        forward = layers * (lengths * (8.0 * width**2 + 4.0 * width * inner) + 4.0 * lengths**2 * width)
        work = 3.0 * float(forward.sum())  # backward is twice forward
        a, b = (torch.randn(self.matrix, self.matrix, device=self.device, dtype=torch.bfloat16) for _ in "ab")

        def product() -> None:
            for _ in range(5):
                a @ b
            self._wait()

        product()
        rate = 10.0 * self.matrix**3 / min(alternate(5, product)[0])
        note = f"{work:.3g} floating-point operations, bf16 rate {rate / 1e12:.3g} TFLOP/s: the ratio is the MFU"
        return Peer(
            name="floor: FLOPs at the bf16 matrix rate", call=product, scale=work / (10.0 * self.matrix**3), note=note
        )

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def _memory(self, ours: Callable[[], object]) -> str:
        """Run ours once, so that what is made on first use is not timed, and say what it took."""
        if self.device.type != "cuda":
            ours()
            return ""
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(self.device)
        ours()
        name, peak = torch.cuda.get_device_name(self.device), torch.cuda.max_memory_allocated(self.device)
        return f"{name}, torch {torch.__version__}, peak {peak / 2**30:.1f} GiB of ours"


if __name__ == "__main__":
    run(rows)
