"""One run from claim to run.json, in this process: what every engine calls."""

from __future__ import annotations

import json
import os
import pickle
import platform
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gapstudy import __version__
from gapstudy.errors import GapStudyError, StoppedError
from gapstudy.job import Job, Status, perform
from gapstudy.prepared import Prepared
from gapstudy.store import Claim, Run, RunPaths, RunStore, State
from gapstudy.study import Cell, RunSpec, Study

JobOf = Callable[..., Job]
EPOCHS = 4
CELLS = ["xnli-phoneme-swa", "ner-character-kor"]
FILES = {"run.json", "history.csv", "embeddings.safetensors", "outputs.safetensors"}


@pytest.fixture
def job_of(prepared_micro: Prepared, tmp_path: Path) -> JobOf:
    """Make a job of a cell: ``job_of("xnli-phoneme-swa")``, in a store of its own if it is given a name."""

    def make(name: str = CELLS[0], *, store: str = "runs", seed: int = 0, **hyper: Any) -> Job:
        task, representation, language = name.split("-")
        spec = prepared_micro.spec(Cell(task=task, representation=representation, language=language), seed)
        settings = {**spec.settings, "hyper": {**spec.settings["hyper"], **hyper}}
        job = prepared_micro.job(RunStore(tmp_path / store), "micro", spec, "cpu")
        return replace(job, spec=replace(spec, settings=settings))

    return make


def _paths(job: Job) -> RunPaths:
    return RunStore(job.root).study(job.study).run(job.spec.run_id)


def _bits(job: Job) -> dict[str, Any]:
    """All of a run but what tells when and where it was made."""
    paths = _paths(job)
    record = json.loads(paths.record.read_text(encoding="utf-8"))
    del record["timings"], record["provenance"]
    arrays = {path.name: path.read_bytes() for path in (paths.embeddings, paths.outputs, paths.history)}
    return {"record": record, **arrays}


# ---- without training ---------------------------------------------------------------------------------------
def _plain(tmp_path: Path, study: Study) -> Job:
    spec = RunSpec(cell=study.cells()[0], seed=0, settings={})
    return Job(root=str(tmp_path), study=study.name, spec=spec, encoder="", arrays={}, spelling="")


def test_a_run_of_a_living_process_is_left_to_it(tmp_path: Path, micro: Study) -> None:
    """Busy is an outcome; the claim of the other stays."""
    job = _plain(tmp_path, micro)
    claim = Claim.take(_paths(job).claim)
    assert claim
    assert perform(job).status is Status.BUSY
    assert Claim.alive(claim.path)
    assert RunStore(job.root).state(job.study, job.spec.run_id) is State.RUNNING


def test_a_finished_run_is_skipped_without_a_claim(fabricate: Callable[..., Any], micro: Study) -> None:
    """Nothing is written, not even for a moment."""
    made = fabricate(micro, seeds=1)
    spec = RunSpec(cell=micro.cells()[0], seed=0, settings=made.content["cells"][micro.cells()[0].name]["settings"])
    job = Job(root=str(made.store.root), study="micro", spec=spec, encoder="", arrays={}, spelling="")
    folder = _paths(job).folder
    before = folder.stat().st_mtime_ns
    outcome = perform(job)
    assert (outcome.run_id, outcome.status) == (spec.run_id, Status.SKIPPED)
    assert folder.stat().st_mtime_ns == before


def test_a_claim_beats_while_its_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat renews the claim's time, and stops with the run; a claim that was taken away does no harm."""
    from gapstudy import job

    monkeypatch.setattr(job, "_HEARTBEAT", 0.005)
    claim, threads = Claim.take(tmp_path / "claim.json"), threading.active_count()
    assert claim
    with job._beating(claim):
        os.utime(claim.path, (1, 1))
        assert _becomes(lambda: claim.path.stat().st_mtime > 1)
        claim.release()
        turns = iter(range(50))
        assert _becomes(lambda: next(turns, None) is None)  # some more beats, without a file
        assert threading.active_count() == threads + 1
    assert threading.active_count() == threads
    assert not claim.path.exists()


def _becomes(condition: Callable[[], bool]) -> bool:
    for _ in range(2000):
        if condition():
            return True
        time.sleep(0.005)
    return False


# ---- a run that goes well ------------------------------------------------------------------------------------
@pytest.mark.train
@pytest.mark.parametrize("cell", CELLS)
def test_a_run_leaves_a_whole_record(job_of: JobOf, prepared_micro: Prepared, cell: str) -> None:
    """Scores follow from the outputs, the best epoch from the history, and nothing but the run's files is left."""
    job = job_of(cell, epochs=EPOCHS)
    outcome = perform(job)
    assert (outcome.run_id, outcome.status, outcome.message) == (job.spec.run_id, Status.DONE, "")
    assert {path.name for path in _paths(job).folder.iterdir()} == FILES
    run, task, language = Run.read(_paths(job).folder), job.spec.cell.task, job.spec.cell.language
    assert run.damage() == ""
    assert outcome.score == run.score()
    outputs, table4 = run.outputs(), prepared_micro.content["table4"]
    (tests,) = [row["test"] for row in table4 if (row["corpus"], row["language"]) == (task, language)]
    right = 100.0 * float((outputs.predictions == outputs.gold).mean())
    if task == "xnli":
        assert run.score() == pytest.approx(right, abs=1e-9)
        assert outputs.logits.shape == (tests, 3)
    history = run.history()
    dev = [row[f"dev_{run.record['primary']}"] for row in history]
    assert [row["epoch"] for row in history] == [1.0, 2.0, 3.0, 4.0]
    assert run.record["best_epoch"] == 1 + int(np.argmax(dev))
    assert run.score(split="dev") == max(dev)
    (sentences,) = [row["test"] for row in table4 if (row["corpus"], row["language"]) == ("parallel", language)]
    assert {run.embeddings(layer).shape for layer in ("input", "last")} == {(sentences, 16)}


@pytest.mark.train
def test_a_run_says_what_made_it(job_of: JobOf) -> None:
    """Versions, device, machine, commit and what spelt the words are in the record, and change no identity."""
    import torch

    job = job_of()
    assert perform(job).status is Status.DONE
    record = Run.read(_paths(job).folder).record
    made = record["provenance"]
    assert (made["threads"], made["cuda"]) == (1, "")
    assert 1 <= made["cores"] <= (os.cpu_count() or 1)
    assert made["peak_mib"] is None or 50 < made["peak_mib"] < 2**20
    assert made["system"].startswith(platform.system())
    assert isinstance(made["cpu"], str)
    assert made["changed_since_commit"] in ({True, False} if made["commit"] else {None})
    assert 1000 < made["parameters"] < 10**6
    assert record["timings"]["measure_seconds"] > 0
    assert socket.gethostname() not in set(made.values())
    assert (made["gapstudy"], made["torch"], made["device"]) == (__version__, torch.__version__, "cpu")
    assert made["g2p"] == job.spelling != ""
    assert made["commit"] == "" or len(bytes.fromhex(made["commit"])) == 20
    assert {"python", "transformers", "tokenizers", "epitran", "segments", "device_name", "finished"} < made.keys()
    assert "absent" not in made.values()


@pytest.mark.train
def test_a_seed_decides_the_bits(job_of: JobOf) -> None:
    """The same seed gives the same run, whatever ran before it in the process; another seed another one."""
    jobs = [job_of(store="a"), job_of(store="a", seed=1), job_of(store="b")]
    assert [perform(job).status for job in jobs] == [Status.DONE] * 3
    first, other, again = map(_bits, jobs)
    assert first == again
    assert first["embeddings.safetensors"] != other["embeddings.safetensors"]


@pytest.mark.train
def test_zero_shot_runs_are_tested_on_every_language(prepared_micro: Prepared, micro: Study, tmp_path: Path) -> None:
    """Scores, outputs and vectors for each language of the task; the dev score is that of the source alone."""
    from gapstudy.prepare import prepare

    study = micro.narrowed(tasks=("xnli",), representations=("subword",))
    study = study.model_copy(update={"protocol": "zero-shot"})
    store = RunStore(tmp_path)
    ready = Prepared(prepare(study, store.study("micro"), say=lambda _text: None))
    (spec,) = [ready.spec(cell, 0) for cell in study.cells()]
    assert perform(ready.job(store, "micro", spec, "cpu")).status is Status.DONE
    (run,) = store.select(study="micro")
    assert run.languages == ("eng", "swa")
    assert {code: set(splits) for code, splits in run.record["metrics"].items()} == {
        "eng": {"dev", "test"},
        "swa": {"test"},
    }
    assert (run.outputs("eng").gold == run.outputs("swa").gold).all()
    assert (run.outputs("eng").logits != run.outputs("swa").logits).any()
    for layer in ("input", "last"):
        assert run.embeddings(layer, "eng").shape == run.embeddings(layer, "swa").shape
    inside = micro.cells()[0]
    assert spec.cell == inside
    assert spec.run_id != prepared_micro.spec(inside, 0).run_id


# ---- a run that goes on ----------------------------------------------------------------------------------------
DYING = """
import os, pickle, signal, sys
from pathlib import Path
from gapstudy.checkpoint import Checkpoint
from gapstudy.job import perform

save, left = Checkpoint.save, int(sys.argv[2])

def save_and_die(self, *arguments):
    global left
    save(self, *arguments)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

Checkpoint.save = save_and_die
perform(pickle.loads(Path(sys.argv[1]).read_bytes()))
"""


@pytest.mark.train
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX's")
def test_a_run_killed_twice_goes_on_to_the_same_bits(job_of: JobOf, tmp_path: Path) -> None:
    """Killed after a step in its first epoch and again in a later one, it does the rest and ends as if nothing had been."""
    job, calm = replace(job_of(epochs=EPOCHS), checkpoint_every=0.0), job_of(store="calm", epochs=EPOCHS)
    paths, pickled = _paths(job), tmp_path / "job.pickle"
    pickled.write_bytes(pickle.dumps(job))
    reached = []
    for writes in (1, 9):
        done = subprocess.run(
            [sys.executable, "-c", DYING, str(pickled), str(writes)], check=False, capture_output=True
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        reached.append(_progress(paths.checkpoint))
        assert {path.name for path in paths.folder.iterdir()} == {"checkpoint", "claim.json"}
        assert RunStore(job.root).state(job.study, job.spec.run_id) is State.INTERRUPTED
    assert reached[0] == (0, 1)
    assert reached[1] > (0, 9)
    assert perform(job).status is perform(calm).status is Status.DONE
    assert _bits(job) == _bits(calm)
    assert {path.name for path in paths.folder.iterdir()} == FILES


def _progress(checkpoint: Path) -> tuple[int, int]:
    """Return the epochs done and the steps of the epoch after them."""
    from safetensors import safe_open

    with safe_open(checkpoint, "pt") as file:
        found = json.loads(file.metadata()["progress"])
        return int(found["epoch"]), len(found["losses"])


@pytest.mark.train
def test_a_run_that_is_stopped_leaves_a_checkpoint_and_no_claim(job_of: JobOf) -> None:
    """It ends with StoppedError after its step, counts as interrupted, and goes on from there to the same bits."""
    job, calm = job_of(epochs=EPOCHS), job_of(store="calm", epochs=EPOCHS)
    asked = iter([False, True])
    with pytest.raises(StoppedError):
        perform(job, lambda: next(asked))
    paths = _paths(job)
    assert {path.name for path in paths.folder.iterdir()} == {"checkpoint"}
    assert _progress(paths.checkpoint) == (0, 2)
    assert RunStore(job.root).state(job.study, job.spec.run_id) is State.INTERRUPTED
    assert perform(job).status is perform(calm).status is Status.DONE
    assert _bits(job) == _bits(calm)


@pytest.mark.train
def test_a_run_goes_on_from_its_checkpoint_and_not_from_its_start(
    job_of: JobOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failure in the third epoch only the third and the fourth are done; error.txt and checkpoint go."""
    from gapstudy.steps import Steps

    job, calm = replace(job_of(epochs=EPOCHS), checkpoint_every=0.0), job_of(store="calm", epochs=EPOCHS)
    real, epochs = Steps.epoch, []

    def counted(steps: Any, epoch: int, *rest: Any) -> float:
        epochs.append(epoch)
        if epochs == [0, 1, 2]:
            message = "the lights went out"
            raise OSError(message)
        return real(steps, epoch, *rest)

    monkeypatch.setattr(Steps, "epoch", counted)
    outcome = perform(job)
    assert (outcome.status, outcome.message) == (Status.FAILED, "OSError('the lights went out')")
    assert _paths(job).checkpoint.is_file()
    assert perform(job).status is Status.DONE
    assert epochs == [0, 1, 2, 2, 3]
    assert {path.name for path in _paths(job).folder.iterdir()} == FILES
    assert perform(calm).status is Status.DONE
    assert _bits(job) == _bits(calm)


# ---- a run that fails ------------------------------------------------------------------------------------------
def _failed(job: Job) -> tuple[str, str]:
    """Perform a job that must fail; return the outcome's message and error.txt."""
    outcome, paths = perform(job), _paths(job)
    assert outcome.status is Status.FAILED
    assert np.isnan(outcome.score)
    assert {path.name for path in paths.folder.iterdir()} == {"error.txt"}
    assert RunStore(job.root).state(job.study, job.spec.run_id) is State.FAILED
    return outcome.message, paths.error.read_text(encoding="utf-8")


@pytest.mark.train
def test_divergence_is_a_failure_with_advice(job_of: JobOf) -> None:
    """An absurd learning rate: the message says what happened, where, and what to change; no traceback."""
    message, kept = _failed(job_of(learning_rate=1e38, gradient_clip=1e30))
    assert "in epoch 1: the run diverged; lower its hyper.learning_rate" in message
    assert kept == message + "\n"


@pytest.mark.train
def test_an_unforeseen_error_keeps_its_traceback(job_of: JobOf) -> None:
    """The outcome names the error; error.txt says where it came from."""
    message, kept = _failed(replace(job_of(), arrays={}))
    assert message == "KeyError('swa')"
    assert kept.startswith("Traceback (most recent call last):")
    assert kept.endswith("KeyError: 'swa'\n")


@pytest.mark.train
@pytest.mark.parametrize("part", ["xnli/train", "xnli/test", "parallel", "encoder"])
def test_a_damaged_cache_is_named(
    job_of: JobOf, cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """A truncated file of the cache fails the run with its path and what to do; without it nothing is wrong."""
    import shutil

    job, cache = job_of(), tmp_path / "cache"
    shutil.copytree(cache_root, cache)
    monkeypatch.setenv("GAPSTUDY_CACHE", str(cache))
    if part == "encoder":
        named = cache / "encoders" / job.encoder
        damaged = named / "model.safetensors"
    else:
        named = damaged = cache / "encoded" / f"{job.arrays['swa'][part]}.safetensors"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    message, _ = _failed(job)
    assert message.startswith(f"{named} is damaged (")
    assert message.endswith("); delete it and run gapstudy train-seeds again")
    damaged.write_bytes(whole)
    assert perform(job).status is Status.DONE


@pytest.mark.train
def test_a_device_that_is_not_there_is_a_clear_failure(job_of: JobOf) -> None:
    """``--device cuda`` without CUDA says so; "auto" and "cpu" do without."""
    import torch

    from gapstudy.job import pick_device

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    message, _ = _failed(replace(job_of(), device="cuda"))
    assert message == "--device cuda: no CUDA device is available; use --device cpu, or see gapstudy doctor"
    with pytest.raises(GapStudyError, match="no CUDA device is available"):
        pick_device("cuda")
    assert pick_device("auto").type == pick_device("cpu").type == "cpu"


@pytest.mark.train
def test_an_interrupt_is_no_failure(job_of: JobOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends the process passes through; the claim is given up and no error.txt is left."""
    job = job_of()

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gapstudy.train.fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        perform(job)
    assert list(_paths(job).folder.iterdir()) == []
    assert RunStore(job.root).state(job.study, job.spec.run_id) is State.MISSING


def test_the_commit_is_that_of_the_loaded_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout that moves on while runs are trained does not change the commit that they name."""
    from gapstudy import job

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    git("init")
    git("commit", "--allow-empty", "-m", "first")
    first = git("rev-parse", "HEAD")
    monkeypatch.setattr(job, "__file__", str(tmp_path / "gapstudy" / "job.py"))
    job._commit.cache_clear()
    try:
        assert job._commit() == first
        git("commit", "--allow-empty", "-m", "second")
        assert job._commit() == first != git("rev-parse", "HEAD")
    finally:
        job._commit.cache_clear()


def test_a_changed_checkout_is_told_from_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit whose package files were changed is not the code that ran, and the record says so; no commit, no claim."""
    from gapstudy import job

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], capture_output=True, check=True)

    def asked() -> bool | None:
        job._commit.cache_clear()
        job._changed.cache_clear()
        return job._changed()

    monkeypatch.setattr(job, "__file__", str(tmp_path / "gapstudy" / "job.py"))
    file = tmp_path / "gapstudy" / "job.py"
    file.parent.mkdir()
    file.write_text("", encoding="utf-8")
    try:
        assert asked() is None
        git("init")
        git("add", ".")
        git("commit", "-m", "first")
        (tmp_path / "notes.txt").write_text("untracked", encoding="utf-8")
        assert asked() is False
        file.write_text("pass\n", encoding="utf-8")
        assert asked() is True
    finally:
        job._commit.cache_clear()
        job._changed.cache_clear()


def test_the_processor_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model comes from the system; one that does not say leaves an empty name and no error."""
    from gapstudy import job

    real = Path.read_text
    for text, name in (("flags: x\nmodel name\t: A 9000\n", "A 9000"), ("flags: x\n", platform.processor())):

        def read(path: Path, *arguments: Any, text: str = text, **options: Any) -> str:
            return text if str(path) == "/proc/cpuinfo" else real(path, *arguments, **options)

        monkeypatch.setattr(Path, "read_text", read)
        job._processor.cache_clear()
        monkeypatch.setattr(platform, "system", lambda: "Linux")
        assert job._processor() == name
    job._processor.cache_clear()
