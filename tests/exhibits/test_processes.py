"""Steps in several processes: order, the same results for any number, errors by name, nothing left behind."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from gapstudy.errors import StoreError
from gapstudy.exhibits import processes
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.every import compute_exhibits
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.memory import Memory
from gapstudy.exhibits.plain import to_text
from gapstudy.exhibits.processes import Step, one_thread, run_steps
from gapstudy.study import Study

posix = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX's")
Told = list[tuple[int, int, tuple[str, ...]]]


def _note(work: str, key: str, found: Mapping[str, Any], turns: Path | None) -> dict[str, Any]:
    """Say where and when a step was done, and what it was handed."""
    began = time.time()
    time.sleep(0.05)
    return {"work": work, "key": key, "found": sorted(found), "turns": turns is not None, "pid": os.getpid(),
            "threads": os.environ.get("OMP_NUM_THREADS"), "began": began, "ended": time.time()}  # fmt: skip


def _fail(work: str, key: str, _found: Mapping[str, Any], _turns: Path | None) -> int:
    if key == work:
        msg = "spoilt"
        raise KeyError(msg)
    return 1


def _stop(work: str, key: str, _found: Mapping[str, Any], _turns: Path | None) -> int:
    """Kill the process, unless it is the one whose id is ``work``."""
    if key == "b" and os.getpid() != int(work):
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def _full(_work: str, key: str, _found: Mapping[str, Any], _turns: Path | None) -> int:
    raise OSError(28, "No space left on device", key)


def _share(work: str, _key: str, _found: Mapping[str, Any], turns: Path | None) -> int:
    """Compute one thing that every step needs, from the memory ``work``; a row of ``made`` is each computation."""
    memory = Memory(Path(work))
    memory.turns = turns

    def compute() -> tuple[int]:
        with (Path(work).parent / "made").open("a", encoding="ascii") as file:
            file.write("x")
        time.sleep(0.4)
        return (7,)

    return memory.result({"shared": 1}, compute)[0]


def _run(steps: list[Step], compute: Callable[..., Any], work: Any, jobs: int) -> tuple[dict[str, Any], Told]:
    found: dict[str, Any] = {}
    told: Told = []
    run_steps(steps, compute, work, found, jobs=jobs, tell=lambda *what: told.append(what))
    return found, told


# ---- order ---------------------------------------------------------------------------------------------------
STEPS = [Step("a"), Step("b", after=("d",)), Step("c", last=True), Step("d", long=True)]


@pytest.mark.parametrize("jobs", [1, 2, 9])
def test_steps_keep_their_order(jobs: int) -> None:
    """A step begins when those before it are done, long ones first, the last after all others, which it is handed."""
    found, told = _run(STEPS, _note, "here", jobs)
    assert found.keys() == {"a", "b", "c", "d"}
    assert found["b"]["began"] >= found["d"]["ended"]
    assert found["c"]["began"] >= max(found[key]["ended"] for key in "abd")
    assert found["c"]["found"] == ["a", "b", "d"]
    assert {found[key]["work"] for key in found} == {"here"}
    assert told[0] == (0, 4, ())
    assert told[-1] == (4, 4, ())
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    if jobs == 1:
        assert [running for _, _, running in told[1:-1]] == [("d",), ("a",), ("b",), ("c",)]
        assert {one["pid"] for one in found.values()} == {os.getpid()}


def test_a_process_has_one_thread_and_takes_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that share the cores have one thread each, unless the user says otherwise; the parent keeps its own."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    found, _ = _run([Step("a"), Step("b")], _note, "", 2)
    assert {one["threads"] for one in found.values()} == {"1"}
    assert all(one["turns"] and one["pid"] != os.getpid() for one in found.values())
    assert "OMP_NUM_THREADS" not in os.environ
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert {one["threads"] for one in _run([Step("a"), Step("b")], _note, "", 2)[0].values()} == {"3"}


def _threads(_work: str, _key: str, _found: Mapping[str, Any], _turns: Path | None) -> tuple[int, str | None, int]:
    """Say which process this is, what it inherited, and how many threads BLAS has in it."""
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    time.sleep(0.2)
    most = max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
    return os.getpid(), os.environ.get("OPENBLAS_NUM_THREADS"), most


@pytest.mark.parametrize("allowed", [None, "2"])
def test_every_process_is_held_to_one_thread(allowed: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with work that takes long to send, and where the user's variables allow more, BLAS sums as in one process."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if allowed:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", allowed)
    found, _ = _run([Step(key) for key in "abcdef"], _threads, 1_000_000 * "x", 3)
    assert len({pid for pid, _, _ in found.values()}) == 3
    assert {(inherited, most) for _, inherited, most in found.values()} == {(allowed or "1", 1)}


def test_one_process_is_held_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that computes everything itself sums in the order of one thread, too, and gets its threads back."""
    from threadpoolctl import threadpool_info

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    def blas() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with one_thread():
        assert blas() == {1}
        assert os.environ["OMP_NUM_THREADS"] == "1"
    before = blas()
    with one_thread():
        pass
    assert blas() == before
    assert "OMP_NUM_THREADS" not in os.environ


# ---- errors --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_names_its_step(jobs: int) -> None:
    """Whatever goes wrong in whichever process, the error says of what, and nothing goes on."""
    with pytest.raises(KeyError, match="spoilt") as caught:
        _run([Step("a"), Step("b"), Step("c")], _fail, "b", jobs)
    assert caught.value.__notes__ == ["while computing b"]


def test_a_full_disk_is_no_reason_to_compute_again(caplog: pytest.LogCaptureFixture) -> None:
    """An error of the system in a step is that step's, and not taken for a machine without processes."""
    with pytest.raises(OSError, match="No space left"):
        _run([Step("a"), Step("b")], _full, "", 2)
    assert caplog.text == ""


@posix
def test_a_killed_process_is_replaced_by_this_one(caplog: pytest.LogCaptureFixture) -> None:
    """Where a process dies (out of memory), the steps that are left are done in this one, and that is said."""
    with caplog.at_level(logging.WARNING):
        found, told = _run([Step("a"), Step("b"), Step("c", last=True)], _stop, str(os.getpid()), 2)
    assert found.keys() == {"a", "b", "c"}
    assert found["b"] == found["c"] == os.getpid()
    assert "goes on in one process" in caplog.text
    assert told[-1] == (3, 3, ())


@pytest.mark.parametrize("error", [OSError("no semaphores"), NotImplementedError(), ImportError("no _multiprocessing")])
def test_a_machine_without_processes(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where no process can be started, everything is done in this one."""

    def refuse(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(processes, "ProcessPoolExecutor", refuse)
    found, _ = _run(STEPS, _note, "", 2)
    assert {one["pid"] for one in found.values()} == {os.getpid()}
    assert "goes on in one process" in caplog.text


@posix
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(how: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C ends the processes and their folder, and they do not outlive a parent that is killed either."""
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent("""
        import os, sys, time
        from pathlib import Path
        from gapstudy.exhibits.processes import Step, run_steps

        def wait(work, key, found, turns):
            Path(work, str(os.getpid())).touch()
            time.sleep(60)

        if __name__ == "__main__":
            run_steps([Step("a"), Step("b")], wait, sys.argv[1], {}, jobs=2, tell=lambda *what: None)
    """), encoding="utf-8")  # fmt: skip
    marks, temporary = tmp_path / "marks", tmp_path / "temporary"
    marks.mkdir()
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(Path(processes.__file__).parents[2])}
    parent = subprocess.Popen(
        [sys.executable, str(script), str(marks)], env=environment, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        _until(lambda: len(list(marks.iterdir())) == 2)
        workers = [psutil.Process(int(mark.name)) for mark in marks.iterdir()]
        parent.send_signal(how)
        parent.communicate(timeout=30)
        _until(lambda: not any(w.is_running() and w.status() != psutil.STATUS_ZOMBIE for w in workers))
        if how == signal.SIGINT:
            assert [p.name for p in temporary.iterdir() if p.name.startswith("gapstudy-")] == []
    finally:
        parent.kill()


def _until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    pytest.fail("it did not come true in 30 seconds")


# ---- what steps share ----------------------------------------------------------------------------------------
@posix
def test_what_two_processes_need_is_computed_once(tmp_path: Path) -> None:
    """A process waits for what another is computing, and reads it."""
    found, _ = _run([Step("a"), Step("b"), Step("c")], _share, str(tmp_path / "results.sqlite"), 3)
    assert found == {"a": 7, "b": 7, "c": 7}
    assert (tmp_path / "made").read_text(encoding="ascii") == "x"


@pytest.fixture(scope="module")
def serial(wide: Study, evidence_of: Callable[..., Evidence], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Evidence of the wide study, its exhibits computed in this process, and where their figures are."""
    folder = tmp_path_factory.mktemp("serial")
    evidence = replace(evidence_of(wide, seeds=3), memory=Memory(folder / "results.sqlite"))
    return evidence, compute_exhibits(evidence, folder), folder


@pytest.mark.parametrize("jobs", [2, 3])
def test_any_number_of_processes_makes_the_same_exhibits(serial: Any, jobs: int, tmp_path: Path) -> None:
    """Numbers to the bit, words, and bytes of figures do not depend on how many processes computed them."""
    evidence, first, folder = serial
    found = compute_exhibits(replace(evidence, memory=Memory(tmp_path / "results.sqlite")), tmp_path, jobs=jobs)
    assert list(found) == list(first)
    assert to_text(found) == to_text(first)
    assert _figures(tmp_path) == _figures(folder) != {}


def test_what_is_known_starts_no_process(serial: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second report reads everything in this process; where one exhibit is lost, that one alone is computed, here."""
    evidence, first, folder = serial
    monkeypatch.setattr(processes, "ProcessPoolExecutor", lambda *_arguments: pytest.fail("a process was started"))
    told: Told = []
    assert to_text(compute_exhibits(evidence, tmp_path, jobs=2, tell=lambda *what: told.append(what))) == to_text(first)
    assert told == []
    with closing(sqlite3.connect(folder / "results.sqlite")) as database, database:
        rows = database.execute("SELECT key, value FROM results").fetchall()
        (key,) = [key for key, value in rows if _is_exhibit(value, "table4")]
        database.execute("DELETE FROM results WHERE key = ?", (key,))
    again = compute_exhibits(evidence, tmp_path, jobs=2, tell=lambda *what: told.append(what))
    assert to_text(again) == to_text(first)
    assert told == [(0, 1, ()), (0, 1, ("table4",)), (1, 1, ())]


def _is_exhibit(value: str, key: str) -> bool:
    content = json.loads(value.partition(" ")[2])
    record = content.get("$tuple", [{}])[0] if isinstance(content, dict) else {}
    return isinstance(record, dict) and record.get("$record", ["", "", {}])[2].get("key") == key


def _figures(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "figures").iterdir()}


def test_a_run_that_cannot_be_read_is_each_exhibits_matter(
    serial: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that becomes unreadable after it was gathered leaves exhibits that say so, and no error."""
    evidence = replace(serial[0], memory=Memory(tmp_path / "results.sqlite"))

    def gone(*_arguments: object) -> str:
        msg = "it is gone"
        raise StoreError(msg)

    monkeypatch.setattr(type(evidence), "content_of", gone)
    found: dict[str, Exhibit] = compute_exhibits(evidence, tmp_path)
    assert {e.missing for e in found.values()} == {("it could not be computed: it is gone",)}
