"""One run from claim to ``run.json``: what an engine calls, the same under each of them."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy import __version__
from gapstudy.cache import cache_folder, read_cached
from gapstudy.errors import GapStudyError, StoppedError
from gapstudy.store import Claim, RunStore, State
from gapstudy.study import Hyper, Randomness, RunSpec

if TYPE_CHECKING:
    from gapstudy.batches import Labelling
    from gapstudy.encode import Encoded
    from gapstudy.train import Fit

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
    model : the encoder as the study names it, for provenance: "small", a folder, or an id on the hub and its commit.
    device : "cpu", "cuda" or "auto".
    checkpoint_every : least seconds between checkpoints.
    """

    root: str
    study: str
    spec: RunSpec
    encoder: str
    arrays: dict[str, dict[str, str]]
    spelling: str
    model: str = "small"
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


def perform(job: Job, stop: Callable[[], bool] = lambda: False) -> Outcome:
    """Train, evaluate, extract and save one run, unless it is done or another process has it.

    A failure is recorded in the run's ``error.txt`` and returned; only what ends the process itself is raised.

    Parameters
    ----------
    stop : asked between two steps of training; once it says yes, the run is left with a checkpoint.

    Raises
    ------
    StoppedError
        If ``stop`` said so.
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
            score = _run(job, store, stop)
        return Outcome(run_id=run_id, status=Status.DONE, score=score, seconds=time.monotonic() - started)
    except StoppedError:
        raise
    except Exception as error:  # noqa: BLE001 - the study goes on; the reason is kept with the run
        known = isinstance(error, GapStudyError)
        store.fail(job.study, run_id, str(error) if known else traceback.format_exc())
        return Outcome(run_id=run_id, status=Status.FAILED, message=str(error) if known else repr(error))
    finally:
        claim.release()


def _run(job: Job, store: RunStore, stop: Callable[[], bool]) -> float:
    """Train, measure and save; return the primary test score, in percent."""
    import torch

    _changed()  # now, of the code that is loaded: the checkout may move on while the run is trained
    device = pick_device(job.device)
    if device.type == "cpu":
        torch.set_num_threads(1)  # one thread a run: the same numbers for any number of jobs
    torch.use_deterministic_algorithms(mode=True, warn_only=device.type != "cpu")
    home, settings = job.spec.cell.language, job.spec.settings
    fitted = _fit(job, store, device, stop)
    trained = time.monotonic()
    measured = _measure(job, fitted.model, device)
    best = fitted.history[fitted.best_epoch - 1]
    measured.metrics[home]["dev"] = {k.removeprefix("dev_"): v for k, v in best.items() if k.startswith("dev_")}
    record = {
        "metrics": measured.metrics,
        "primary": settings["primary"],
        "units": dict.fromkeys(measured.metrics[home]["test"], "percent"),
        "best_epoch": fitted.best_epoch,
        "cut_words": measured.cut_words,
        "timings": {"fit_seconds": round(fitted.seconds, 3), "measure_seconds": round(time.monotonic() - trained, 3)},
        "provenance": provenance(job, device)
        | {"parameters": sum(p.numel() for p in fitted.model.encoder.parameters())},
    }
    store.save(
        job.study, job.spec, record, history=fitted.history, embeddings=measured.vectors, outputs=measured.outputs
    )
    return measured.metrics[home]["test"][settings["primary"]]


def _fit(job: Job, store: RunStore, device: Any, stop: Callable[[], bool]) -> Fit:
    """Fine-tune the cell's encoder with the run's seed, from its checkpoint where there is one."""
    from gapstudy.checkpoint import Checkpoint
    from gapstudy.data import LABELS
    from gapstudy.encoders import encoder_of
    from gapstudy.steps import Seeds
    from gapstudy.train import Material, fit, subset_rows

    cell, settings = job.spec.cell, job.spec.settings
    train, dev = (_part(job, cell.language, f"{cell.task}/{name}") for name in ("train", "dev"))
    if settings["subset"] < 1.0:
        train = train.take(subset_rows(len(train), settings["subset"], job.spec.seed))
    words = settings["representation"].get("words", "first")
    path = store.study(job.study).run(job.spec.run_id).checkpoint
    return fit(
        encoder_of(job.encoder, settings["representation"]["kind"]),
        Material(
            train,
            dev,
            len(LABELS[cell.task]),
            _score_of(job, dev),
            settings["primary"],
            words=words,
            labelling=_labelling(cell.task) if words == "all" and len(train.positions) else None,
        ),
        Hyper(**settings["hyper"]),
        Seeds.of(job.spec.seed, Randomness(**settings["randomness"])),
        device=device,
        checkpoint=Checkpoint(path, job.spec.run_id, job.checkpoint_every),
        stop=stop,
    )


def _labelling(task: str) -> Labelling:
    """Label the units of a word after the first: the inside of the entity (NER), the same tag (POS)."""
    from gapstudy.batches import Labelling
    from gapstudy.data import LABELS
    from gapstudy.encode import IGNORED

    names = LABELS[task]
    following = tuple(names.index("I-" + name[2:]) if name.startswith("B-") else i for i, name in enumerate(names))
    return Labelling(following, between=names.index("O") if "O" in names else IGNORED)


@dataclass(frozen=True, slots=True)
class _Measured:
    """What a trained model does in the languages it is tested on: scores by language and part, and arrays by name."""

    metrics: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    vectors: dict[str, Any] = field(default_factory=dict)
    cut_words: dict[str, int] = field(default_factory=dict)


def _measure(job: Job, model: Any, device: Any) -> _Measured:
    """Test the model, and extract the vectors of the parallel sentences."""
    from gapstudy.extract import sentence_vectors
    from gapstudy.train import evaluate

    found = _Measured()
    for language in job.spec.settings["tested_on"]:
        test = _part(job, language, f"{job.spec.cell.task}/test")
        logits = evaluate(model, test, device)
        found.metrics[language] = {"test": _score_of(job, test)(logits)}
        found.outputs[f"{language}/test/logits"] = logits
        found.outputs[f"{language}/test/gold"] = test.targets
        found.cut_words[language] = test.cut_words
        parallel = _part(job, language, "parallel")
        for layer, rows in sentence_vectors(model.encoder, parallel, device, job.spec.settings["layers"]).items():
            found.vectors[f"{language}/{layer}"] = rows
    return found


def _part(job: Job, language: str, name: str) -> Encoded:
    """Read a packed corpus part from the cache."""
    from gapstudy.encode import Encoded

    return read_cached(cache_folder("encoded") / f"{job.arrays[language][name]}.safetensors", Encoded.load)


def _score_of(job: Job, encoded: Encoded) -> Callable[[Any], dict[str, float]]:
    """Return the function from logits to scores on ``encoded``."""
    from gapstudy.tasks import scorer

    characters = encoded.characters.tolist() if len(encoded.counts) else None
    return scorer(job.spec.cell.task, encoded.targets.tolist(), encoded.counts.tolist(), characters)


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
        "model": job.model,
        "device": device.type,
        "device_name": name,
        "cuda": str(torch.version.cuda or "") if device.type == "cuda" else "",
        "cpu": _processor(),
        "cores": _cores(),
        "threads": torch.get_num_threads(),
        "peak_mib": _peak_mib(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "commit": _commit(),
        "changed_since_commit": _changed(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


@cache
def _processor() -> str:
    """Return the processor's model name, "" where the system does not say; asked once a process."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
        if name or platform.system() != "Darwin":
            return name or platform.processor()
    except OSError:
        pass
    if platform.system() == "Darwin":
        with suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, timeout=10, check=False)  # fmt: skip
            return done.stdout.strip()
    return platform.processor()


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _peak_mib() -> int | None:
    """Return the most memory that this process ever held, over all of its runs, in MiB; None on Windows."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20)


@cache
def _changed() -> bool | None:
    """Whether files of the checkout that gapstudy runs from differ from its commit; None without a commit."""
    if not _commit():
        return None
    return bool(_git("status", "--porcelain", "--untracked-files=no", "--", "gapstudy"))


@cache
def _commit() -> str:
    """Return the git commit of the checkout that gapstudy runs from, "" when it is installed; asked once a process."""
    return _git("rev-parse", "--verify", "--quiet", "HEAD")


def _git(*arguments: str) -> str:
    """Return what git says of the checkout that gapstudy runs from, "" where it is none or git has nothing to say."""
    folder = Path(__file__).parent.parent
    if not (folder / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
