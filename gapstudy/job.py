"""One run from claim to ``run.json``: what an engine calls, the same under each of them."""

from __future__ import annotations

import os
import platform
import subprocess
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from gapstudy import __version__
from gapstudy.cache import cache_folder, read_cached
from gapstudy.errors import GapStudyError
from gapstudy.store import Claim, RunStore, State
from gapstudy.study import Hyper, RunSpec

__all__ = ["Job", "Outcome", "Status", "perform"]

_HEARTBEAT = 30.0  # seconds


class Status(StrEnum):
    """What came of a job."""

    DONE = "done"
    SKIPPED = "skipped"
    BUSY = "busy"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A run to be done: its spec, where it reads and writes, and the device.

    Attributes
    ----------
    root, study : the store's folder and the study's name.
    spec : the run's identity.
    encoder : cache key of the encoder.
    arrays : language -> corpus part -> cache key of its packed arrays.
    spelling : what spelt the training language, for provenance.
    device : "cpu", "cuda" or "auto".
    checkpoint_every : least seconds between checkpoints.
    """

    root: str
    study: str
    spec: RunSpec
    encoder: str
    arrays: dict[str, dict[str, str]]
    spelling: str
    device: str = "auto"
    checkpoint_every: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a job: its status, the primary test score (percent), seconds, and why it failed."""

    run_id: str
    status: Status
    score: float = float("nan")
    seconds: float = 0.0
    message: str = ""


def perform(job: Job) -> Outcome:
    """Train, evaluate, extract and save one run, unless it is done or another process has it.

    A failure is recorded in the run's ``error.txt`` and returned; only what ends the process itself is raised.
    """
    store, run_id = RunStore(job.root), job.spec.run_id
    if store.state(job.study, run_id) is State.DONE:
        return Outcome(run_id=run_id, status=Status.SKIPPED)
    claim = Claim.take(store.study(job.study).run(run_id).claim)
    if claim is None:
        return Outcome(run_id=run_id, status=Status.BUSY)
    try:
        if store.state(job.study, run_id) is State.DONE:  # finished between the two looks
            return Outcome(run_id=run_id, status=Status.SKIPPED)
        started = time.monotonic()
        with _beating(claim):
            score = _run(job, store)
        return Outcome(run_id=run_id, status=Status.DONE, score=score, seconds=time.monotonic() - started)
    except Exception as error:  # noqa: BLE001 - the study goes on; the reason is kept with the run
        known = isinstance(error, GapStudyError)
        store.fail(job.study, run_id, str(error) if known else traceback.format_exc())
        return Outcome(run_id=run_id, status=Status.FAILED, message=str(error) if known else repr(error))
    finally:
        claim.release()


def _run(job: Job, store: RunStore) -> float:
    import torch

    from gapstudy.checkpoint import Checkpoint
    from gapstudy.data import LABELS
    from gapstudy.encode import Encoded
    from gapstudy.extract import sentence_vectors
    from gapstudy.models import load_encoder
    from gapstudy.tasks import scorer
    from gapstudy.train import Material, evaluate, fit

    spec, settings, task = job.spec, job.spec.settings, job.spec.cell.task
    device = pick_device(job.device)
    if device.type == "cpu":
        torch.set_num_threads(1)  # one thread a run: the same numbers for any number of jobs
    torch.use_deterministic_algorithms(mode=True, warn_only=device.type != "cpu")

    def part(language: str, name: str) -> Encoded:
        return read_cached(cache_folder("encoded") / f"{job.arrays[language][name]}.safetensors", Encoded.load)

    def score_of(encoded: Encoded) -> Any:
        return scorer(task, encoded.targets.tolist(), encoded.counts.tolist())

    home = spec.cell.language
    dev = part(home, f"{task}/dev")
    material = Material(part(home, f"{task}/train"), dev, len(LABELS[task]), score_of(dev), settings["primary"])
    checkpoint = Checkpoint(store.study(job.study).run(spec.run_id).checkpoint, spec.run_id, job.checkpoint_every)
    fitted = fit(
        read_cached(cache_folder("encoders") / job.encoder, load_encoder),
        material,
        Hyper(**settings["hyper"]),
        spec.seed,
        device=device,
        checkpoint=checkpoint,
    )
    metrics: dict[str, dict[str, dict[str, float]]] = {}
    outputs: dict[str, Any] = {}
    vectors: dict[str, Any] = {}
    cut: dict[str, int] = {}
    best = fitted.history[fitted.best_epoch - 1]
    for language in settings["tested_on"]:
        test = part(language, f"{task}/test")
        logits = evaluate(fitted.model, test, device)
        metrics[language] = {"test": score_of(test)(logits)}
        outputs |= {f"{language}/test/logits": logits, f"{language}/test/gold": test.targets}
        cut[language] = test.cut_words
        for layer, rows in sentence_vectors(fitted.model.encoder, part(language, "parallel"), device).items():
            vectors[f"{language}/{layer}"] = rows
    metrics[home]["dev"] = {k.removeprefix("dev_"): v for k, v in best.items() if k.startswith("dev_")}
    record = {
        "metrics": metrics,
        "primary": settings["primary"],
        "units": dict.fromkeys(metrics[home]["test"], "percent"),
        "best_epoch": fitted.best_epoch,
        "cut_words": cut,
        "timings": {"fit_seconds": round(fitted.seconds, 3)},
        "provenance": provenance(job, device),
    }
    store.save(job.study, spec, record, history=fitted.history, embeddings=vectors, outputs=outputs)
    return metrics[home]["test"][settings["primary"]]


@contextmanager
def _beating(claim: Claim) -> Iterator[None]:
    """Keep the claim's heartbeat going while the run is trained, however long an epoch takes."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(_HEARTBEAT):
            claim.beat()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def pick_device(name: str) -> Any:
    """Return the torch device for "auto" (CUDA where there is one), "cpu" or "cuda".

    Raises
    ------
    GapStudyError
        If CUDA was asked for and there is none.
    """
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        msg = "--device cuda: no CUDA device is available; use --device cpu, or see gapstudy doctor"
        raise GapStudyError(msg)
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def provenance(job: Job, device: Any) -> dict[str, Any]:
    """Return what made a run: versions, device, commit, time. Nothing of it changes the run's identity."""
    import torch

    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    return {
        "gapstudy": __version__,
        "python": platform.python_version(),
        **{package: _version(package) for package in ("torch", "transformers", "tokenizers", "epitran", "segments")},
        "g2p": job.spelling,
        "device": device.type,
        "device_name": name,
        "commit": _commit(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _commit() -> str:
    """Return the git commit of the checkout that gapstudy runs from, "" when it is installed."""
    folder = Path(__file__).parent.parent
    if not (folder / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD"], capture_output=True, text=True, timeout=10, check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
