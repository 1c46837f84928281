"""The local engine: order, environment and deaths of worker processes."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from gapstudy.engines import ENGINES, LocalEngine, start
from gapstudy.engines.local import _perform, cores
from gapstudy.errors import DataError, RunError
from gapstudy.job import Job, Outcome, Status, perform
from gapstudy.prepared import Prepared
from gapstudy.store import Claim, RunStore, State
from gapstudy.study import RunSpec, Study

posix = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX's")


def _die_once(mark: str) -> str:
    """Kill this process, unless the mark of an earlier death is there; an empty one is no reason to die."""
    if mark and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return mark


def _raise(message: str) -> None:
    raise DataError(message)


def _ignores_interrupts(_: int) -> bool:
    os.kill(os.getpid(), signal.SIGINT)
    return signal.getsignal(signal.SIGINT) is signal.SIG_IGN


# ---- starting ----------------------------------------------------------------------------------------------
def test_jobs_default_to_the_cores() -> None:
    """As many workers as cores, one on CUDA, and what is asked for otherwise."""
    assert 1 <= cores() <= (os.cpu_count() or 1)
    assert LocalEngine().jobs == LocalEngine(0, "cpu").jobs == cores()
    assert LocalEngine(0, "cuda").jobs == 1
    assert LocalEngine(3, "cuda").jobs == LocalEngine(3).jobs == 3


def test_an_engine_is_found_by_name() -> None:
    """``start`` knows the engines of ENGINES and names them to who asks for another."""
    assert [start(name, 2, "cpu").jobs for name in ENGINES] == [2]
    with pytest.raises(ValueError, match="unknown engine 'slurp'; valid: local"):
        start("slurp", 1, "cpu")


def test_no_worker_is_started_without_work() -> None:
    """Entering and leaving an engine, or giving it nothing to do, starts no process."""
    with LocalEngine(2) as engine:
        assert list(engine.map(math.sqrt, [])) == []
        assert list(engine.run([])) == []
        assert multiprocessing.active_children() == []


# ---- map ---------------------------------------------------------------------------------------------------
def test_map_keeps_the_order() -> None:
    """Results come in the order of the items, however many workers there are, and the workers end after that."""
    with LocalEngine(2) as engine:
        assert list(engine.map(math.sqrt, [float(i * i) for i in range(30)])) == [float(i) for i in range(30)]
        assert 1 <= len(multiprocessing.active_children()) <= 2
    assert multiprocessing.active_children() == []


def test_workers_have_one_thread_and_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """They inherit that before they import anything; what the user has set stays, and the parent's is as it was."""
    names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    before = dict(os.environ)
    with LocalEngine(1) as engine:
        assert list(engine.map(os.getenv, names)) == ["1", "7", "1", "1", "1"]
    assert dict(os.environ) == before


@posix
def test_workers_leave_interrupts_to_the_parent() -> None:
    """A worker ignores SIGINT, which Ctrl-C sends to the whole group; the parent's own mask is as it was."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, set())
    with LocalEngine(1) as engine:
        assert list(engine.map(_ignores_interrupts, [0, 1])) == [True, True]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, set()) == mask


def test_an_error_of_the_function_is_the_caller_s() -> None:
    """It arrives as it was raised, and no worker stays."""
    with pytest.raises(DataError, match="no such corpus"), LocalEngine(2) as engine:
        list(engine.map(_raise, ["no such corpus"]))
    assert multiprocessing.active_children() == []


@posix
def test_map_goes_on_after_a_death(tmp_path: Path) -> None:
    """A killed worker costs no result: what was under way is done again, in order."""
    items = ["", str(tmp_path / "first"), "", str(tmp_path / "second"), ""]
    with LocalEngine(1) as engine:
        assert list(engine.map(_die_once, items)) == items
    assert sorted(p.name for p in tmp_path.iterdir()) == ["first", "second"]


def test_map_gives_up_when_no_worker_can_live() -> None:
    """Three deaths are enough to say so."""
    with pytest.raises(RunError, match="died 3 times before they had a result"), LocalEngine(1) as engine:
        list(engine.map(os._exit, [1]))


def test_a_script_without_a_main_guard_is_told(tmp_path: Path) -> None:
    """Spawned workers run such a script again and die; the error says what is missing, and the script ends."""
    script = tmp_path / "script.py"
    script.write_text(
        "import math\nfrom gapstudy.engines import LocalEngine\n"
        "with LocalEngine(1) as engine:\n    print(list(engine.map(math.sqrt, [4.0])))\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'started by a script without if __name__ == "__main__"?' in done.stderr
    assert done.stdout == ""


def _echo(connection: Connection) -> None:
    connection.send(connection.recv())


def test_other_children_of_the_caller_are_left_alone() -> None:
    """An engine that stops at once kills its own workers and nobody else's."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    own = context.Process(target=_echo, args=(there,))
    own.start()
    there.close()
    with pytest.raises(DataError, match="stop"), LocalEngine(1) as engine:
        list(engine.map(_raise, ["stop"]))
    here.send("still there?")
    assert here.recv() == "still there?"
    own.join()
    assert own.exitcode == 0


# ---- run: without training -----------------------------------------------------------------------------------
def _jobs(fabricated: Any, count: int) -> list[Job]:
    study, content = fabricated.study, fabricated.content
    settings = {cell: content["cells"][cell.name]["settings"] for cell in study.cells()}
    specs = [RunSpec(cell=cell, seed=0, settings=settings[cell]) for cell in study.cells()]
    root = str(fabricated.store.root)
    return [Job(root=root, study=study.name, spec=s, encoder="", arrays={}, spelling="") for s in specs[:count]]


def test_finished_runs_are_skipped(fabricate: Callable[..., Any], micro: Study) -> None:
    """A run that is done is an outcome without a score, and none of its files is touched."""
    made = fabricate(micro, seeds=1)
    files = sorted(made.store.root.rglob("*"))
    before = [(p, p.stat().st_mtime_ns) for p in files]
    jobs = _jobs(made, 3)
    with LocalEngine(2) as engine:
        outcomes = list(engine.run(jobs))
    assert {o.run_id: o.status for o in outcomes} == {job.spec.run_id: Status.SKIPPED for job in jobs}
    assert all(math.isnan(o.score) for o in outcomes)
    assert [(p, p.stat().st_mtime_ns) for p in sorted(made.store.root.rglob("*"))] == before


def test_a_run_of_another_process_is_waited_for(fabricate: Callable[..., Any], micro: Study) -> None:
    """The caller is told how many are left, and the run counts as soon as the other process has finished it."""
    made = fabricate(micro, seeds=1)
    job = _jobs(made, 1)[0]
    paths = made.store.study(micro.name).run(job.spec.run_id)
    record = paths.record.read_text(encoding="utf-8")
    paths.record.unlink()
    claim = Claim.take(paths.claim)  # this process is the other one
    assert claim
    counts: list[int] = []

    def finish(count: int) -> None:
        counts.append(count)
        paths.record.write_text(record, encoding="utf-8")
        claim.release()

    with LocalEngine(1) as engine:
        outcomes = list(engine.run([job], finish))
    assert counts == [1]
    assert outcomes == [Outcome(run_id=job.spec.run_id, status=Status.SKIPPED, score=outcomes[0].score)]


# ---- run: with training ----------------------------------------------------------------------------------------
@pytest.fixture
def jobs_of(prepared_micro: Prepared, micro: Study) -> Callable[[RunStore], list[Job]]:
    """Return the runs of seed 0 as jobs of a store; the last one is long enough to be hit in the middle."""
    from gapstudy.pipeline import planned

    def jobs(store: RunStore) -> list[Job]:
        *specs, last = planned(micro, prepared_micro, 1)
        longer = {**last.settings, "hyper": {**last.settings["hyper"], "epochs": 40}}
        specs.append(replace(last, settings=longer))
        return [prepared_micro.job(store, micro.name, spec, "cpu") for spec in specs]

    return jobs


def _bits(job: Job) -> list[bytes]:
    paths = RunStore(job.root).study(job.study).run(job.spec.run_id)
    return [path.read_bytes() for path in (paths.embeddings, paths.outputs, paths.history)]


@contextmanager
def _killing_the_workers_of(job: Job, times: int) -> Iterator[list[int]]:
    """Kill the processes that claim a run, as the system does when memory runs out, so many times."""
    claim, stop = RunStore(job.root).study(job.study).run(job.spec.run_id).claim, threading.Event()
    killed: list[int] = []

    def watch() -> None:
        while len(killed) < times and not stop.wait(0.005):
            with suppress(OSError, ValueError, KeyError):  # no claim, or one that is being written
                pid = int(json.loads(claim.read_text(encoding="utf-8"))["pid"])
                if pid not in killed:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield killed
    finally:
        stop.set()
        thread.join()


@posix
@pytest.mark.slow
@pytest.mark.train
def test_a_run_that_kills_its_worker_twice_is_given_up_alone(
    tmp_path: Path, jobs_of: Callable[[RunStore], list[Job]]
) -> None:
    """It fails with the reason in its error.txt, all others are done, and it can be done when nothing kills it."""
    store = RunStore(tmp_path)
    *others, bad = jobs_of(store)
    with _killing_the_workers_of(bad, 2) as killed, LocalEngine(2) as engine:
        outcomes = {o.run_id: o for o in engine.run([bad, *others])}
    assert len(killed) == 2
    assert outcomes.keys() == {job.spec.run_id for job in [bad, *others]}
    given_up = outcomes.pop(bad.spec.run_id)
    assert given_up.status is Status.FAILED
    assert "its worker process died twice" in given_up.message
    assert {o.status for o in outcomes.values()} == {Status.DONE}
    paths = store.study(bad.study).run(bad.spec.run_id)
    assert paths.error.read_text(encoding="utf-8") == given_up.message + "\n"
    assert not paths.claim.exists()
    assert store.state(bad.study, bad.spec.run_id) is State.FAILED
    assert perform(bad).status is Status.DONE
    assert not paths.error.exists()


@posix
@pytest.mark.slow
@pytest.mark.train
def test_one_death_fails_no_run(tmp_path: Path, jobs_of: Callable[[RunStore], list[Job]]) -> None:
    """A worker that is killed once costs time only; the numbers are those of runs in this very process."""
    hit, calm = jobs_of(RunStore(tmp_path / "hit"))[-3:], jobs_of(RunStore(tmp_path / "calm"))[-3:]
    with _killing_the_workers_of(hit[-1], 1) as killed, LocalEngine(1) as engine:
        outcomes = list(engine.run(hit[::-1]))
    assert len(killed) == 1
    assert [o.status for o in outcomes] == [Status.DONE] * 3
    assert [perform(job).status for job in calm] == [Status.DONE] * 3
    assert list(map(_bits, hit)) == list(map(_bits, calm))


@posix
@pytest.mark.slow
@pytest.mark.train
@pytest.mark.parametrize("how", ["interrupted", "terminated"])
def test_workers_end_their_step_and_leave_a_checkpoint(
    tmp_path: Path, jobs_of: Callable[[RunStore], list[Job]], how: str
) -> None:
    """An engine that is left by Ctrl-C, or whose worker is terminated, has a checkpoint of the step and no claim."""
    store, calm = RunStore(tmp_path / "hit"), RunStore(tmp_path / "calm")
    job = replace(jobs_of(store)[-1], checkpoint_every=1e6)  # no other checkpoint than that of the end
    paths = store.study(job.study).run(job.spec.run_id)

    def end(engine: LocalEngine) -> None:
        while store.state(job.study, job.spec.run_id) is not State.RUNNING:
            pass
        if how == "terminated":
            os.kill(int(json.loads(paths.claim.read_text(encoding="utf-8"))["pid"]), signal.SIGTERM)
        else:
            engine._stop(at_once=True)

    with LocalEngine(1) as engine, suppress(BrokenProcessPool, RunError):
        future = engine._workers(1).submit(_perform, job)
        end(engine)
        future.result()
    assert store.state(job.study, job.spec.run_id) is State.INTERRUPTED
    assert paths.checkpoint.is_file()
    assert not paths.claim.exists()
    assert perform(job).status is Status.DONE
    other = replace(job, root=str(calm.root))
    assert perform(other).status is Status.DONE
    assert _bits(job) == _bits(other)
