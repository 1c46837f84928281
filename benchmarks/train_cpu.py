"""Runs an hour on a CPU: gapstudy's engine against Hugging Face ``Trainer``, the same encoder, data and settings.

Ours is the whole job (train, choose the epoch, test, sentence vectors of the parallel corpus, all files written) in one
process a core; Trainer trains one seed after the other with all cores, as its users do, and predicts the test set. A
last row gives Trainer the same footing: one thread a run, and as many runs at once as there are cores at no loss.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.harness import Peer, Row, absent, against, run, same
from benchmarks.trainer import HEADROOM, Scores, available, compared, make, predict, train
from gapstudy.cache import cache_folder
from gapstudy.encode import Encoded
from gapstudy.engines.local import LocalEngine, cores
from gapstudy.job import Status
from gapstudy.models import TaskModel, load_encoder
from gapstudy.pipeline import prepare
from gapstudy.prepared import Prepared
from gapstudy.steps import Stream, stream_seed
from gapstudy.store import RunStore
from gapstudy.study import Cell, Hyper, Study
from gapstudy.tasks import accuracy
from gapstudy.train import evaluate

TINY = """
schema = 1
name = "train-cpu"
languages = ["eng"]
[tasks.xnli]
languages = ["eng"]
representations = ["phoneme"]
sentence_layer = "last"
[tasks.xnli.hyper]
epochs = {epochs}
batch_size = 16
learning_rate = 3e-3
warmup = 0.1
pooling = "mean"
max_length = 192
[representations.phoneme]
kind = "phoneme"
[pretrain]
steps = {steps}
"""
REAL = """
[data.xnli]
source = "local"
train = "$GAPSTUDY_DATA/xnli/multinli.train.en.tsv"
dev = "$GAPSTUDY_DATA/xnli/dev-en.tsv"
test = "$GAPSTUDY_DATA/xnli/test-en.tsv"
"""


def rows(quick: bool) -> Iterator[Row]:
    """The embedded corpus, and the real one where GAPSTUDY_DATA has it."""
    tiny = TINY.format(epochs=2 if quick else 4, steps=50 if quick else 1200)
    yield from study("embedded xnli", tiny, rounds=2 if quick else 7, judged=not quick)
    if not quick and (Path(os.environ.get("GAPSTUDY_DATA", "")) / "xnli").is_dir():
        real = TINY.format(epochs=2, steps=1200).replace(
            "[tasks.xnli.hyper]", "train_fraction = 0.1\n[tasks.xnli.hyper]"
        )
        yield from study("XNLI, 10 % of MultiNLI's slice", real + REAL, rounds=2, judged=True)


def study(what: str, toml: str, *, rounds: int, judged: bool) -> Iterator[Row]:
    """Prepare one study and compare runs an hour and, if ``judged``, what the models are worth."""
    if why := available():
        yield absent("train-cpu", what, "Trainer", why)
        return
    found = Study.parse(toml, "benchmarks/train_cpu.py")
    with tempfile.TemporaryDirectory() as folder, _cache(f"{folder}/cache"):
        store = RunStore(f"{folder}/runs")
        bench = _Bench(found, store, prepare(found, store, map, lambda _text: None), Path(folder))
        for row in bench.rows(what, rounds):
            yield bench.with_quality(row) if judged else replace(row, note=f"{row.note}; too little training to judge")


@contextmanager
def _cache(folder: str) -> Iterator[None]:
    """Keep what is prepared out of the user's cache."""
    before = os.environ.get("GAPSTUDY_CACHE")
    os.environ["GAPSTUDY_CACHE"] = folder
    try:
        yield
    finally:
        del os.environ["GAPSTUDY_CACHE"]
        if before is not None:
            os.environ["GAPSTUDY_CACHE"] = before


@dataclass(slots=True)
class _Bench:
    """One prepared study of one cell, and the scores that came out so far."""

    study: Study
    store: RunStore
    ready: Prepared
    folder: Path
    scores: dict[str, Scores] = field(default_factory=dict)

    def rows(self, what: str, rounds: int) -> Iterator[Row]:
        """Compare the models before training, and take turns."""
        part, at_once = self._part("train"), cores()
        size = (
            f"{what}: {len(part)} pairs of {part.lengths.mean():.0f} units, {self.hyper.epochs} epochs, "
            f"batch {self.hyper.batch_size}, encoder 2 x 64; a run"
        )
        self._check_start()
        with LocalEngine(jobs=at_once, device="cpu") as engine:
            ours = self._batch(engine, at_once)
            ours()  # starts the workers, which a study does once
            peers = [
                Peer(name=name, call=self._trainer(name, more, runs=at_once), scale=1.0 / at_once)
                for name, more in (("Trainer, defaults", {}), ("Trainer, bf16 + group_by_length", HEADROOM))
            ]
            name = "Trainer, defaults, one thread a run"
            note = f"one run timed, {at_once} at once assumed to take no longer"
            peers.append(
                Peer(name=name, call=self._trainer(name, {}, runs=1, threads=1), scale=1.0 / at_once, note=note)
            )
            yield from against("train-cpu", size, ours, peers, rounds=rounds, scale=1.0 / at_once)

    @property
    def cell(self) -> Cell:
        """The only cell."""
        return self.study.cells()[0]

    @property
    def hyper(self) -> Hyper:
        """Its settings."""
        return self.study.tasks["xnli"].hyper

    def _part(self, split: str) -> Encoded:
        key = self.ready.content["cells"][self.cell.name]["arrays"]["eng"][f"xnli/{split}"]
        return Encoded.load(cache_folder("encoded") / f"{key}.safetensors")

    def _model(self, seed: int) -> TaskModel:
        """Return the model with which gapstudy starts the run of ``seed``."""
        torch.manual_seed(stream_seed(seed, Stream.INIT))
        encoder = load_encoder(cache_folder("encoders") / self.ready.content["cells"][self.cell.name]["encoder"])
        return TaskModel(encoder, 3, dropout=self.hyper.dropout, pooling=self.hyper.pooling)

    def _made(self, seed: int, more: Mapping[str, Any]) -> Any:
        parts = self._part("train"), self._part("dev")
        return make(self._model(seed), *parts, self.hyper, seed, out=self.folder / "trainer", more=more)

    def _check_start(self) -> None:
        """The same seed starts from the same weights on both sides, and reads the dev set alike."""
        dev, cpu = self._part("dev"), torch.device("cpu")
        same(
            "logits before training", evaluate(self._model(0), dev, cpu), predict(self._made(0, {}), dev)[0], atol=1e-4
        )

    def _batch(self, engine: LocalEngine, size: int) -> Callable[[], object]:
        """Return a call that does the next ``size`` seeds at once."""
        seeds, scores = count(), self.scores.setdefault("ours", [])

        def call() -> None:
            specs = [self.ready.spec(self.cell, next(seeds)) for _ in range(size)]
            for outcome in engine.run([self.ready.job(self.store, self.study.name, spec, "cpu") for spec in specs]):
                if outcome.status is not Status.DONE:
                    msg = f"run {outcome.run_id}: {outcome.status}: {outcome.message}"
                    raise RuntimeError(msg)
            for spec in specs:
                (found,) = self.store.select(study=self.study.name, seed=spec.seed)
                scores.append((found.score(split="dev"), found.score()))

        return call

    def _trainer(
        self, name: str, more: Mapping[str, Any], *, runs: int, threads: int | None = None
    ) -> Callable[[], object]:
        """Return a call that trains the next ``runs`` seeds one after the other, with so many threads (all cores)."""
        seeds, scores, test = count(), self.scores.setdefault(name, []), self._part("test")

        def call() -> None:
            torch.set_num_threads(threads or cores())
            for _ in range(runs):
                trainer = self._made(next(seeds), more)
                best = train(trainer)
                logits, gold = predict(trainer, test)
                scores.append((best, accuracy(gold, logits.argmax(axis=1))))

        return call

    def with_quality(self, row: Row) -> Row:
        """Add what the models of both sides are worth."""
        hour = " and ".join(f"{3600 / seconds:.0f}" for seconds in (row.ours_s, row.peer_s) if seconds)
        quality = compared(self.scores["ours"], self.scores[str(row.peer)])
        return replace(row, note=f"{row.note}; runs an hour {hour}; {quality}")


if __name__ == "__main__":
    run(rows)
