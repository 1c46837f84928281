"""Claims: one process a run, and no run is held by the dead."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from gapstudy.store import Claim
from gapstudy.store.claims import STALE, _started, _started_elsewhere

ROUNDS, PROCESSES = 150, 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a claim goes."""
    return tmp_path / "run" / "claim.json"


def _write(path: Path, content: Any, *, age: float = 0.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    then = time.time() - age
    os.utime(path, (then, then))


def _dead() -> dict[str, Any]:
    """The claim of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return {"host": socket.gethostname(), "pid": process.pid, "started": 1.0}


def test_a_run_is_claimed_once(path: Path) -> None:
    """While a living process has the claim nobody gets it, that process itself included."""
    assert Claim.take(path) == Claim(path)
    assert Claim.take(path) is None
    assert Claim.alive(path)


def test_a_released_run_can_be_claimed_again(path: Path) -> None:
    """Release leaves nothing behind, and may be repeated."""
    claim = Claim.take(path)
    assert claim
    claim.release()
    claim.release()
    assert list(path.parent.iterdir()) == []
    assert Claim.take(path)


def test_a_claim_of_a_living_process_is_respected(path: Path) -> None:
    """Another process's claim stands as long as that process lives, however old its heartbeat."""
    script = "import sys; from pathlib import Path; from gapstudy.store import Claim; Claim.take(Path(sys.argv[1])); "
    script += "print('claimed', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "claimed\n"
        os.utime(path, (0, 0))
        assert Claim.alive(path)
        assert Claim.take(path) is None
        process.kill()
        process.wait()
        assert not Claim.alive(path)
        assert Claim.take(path)


def test_a_process_that_ended_but_was_not_waited_for_is_dead(path: Path) -> None:
    """A zombie has a process id and a start time still, and works no more."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        _write(path, {"host": socket.gethostname(), "pid": process.pid, "started": _started(process.pid)})
        assert Claim.alive(path)
        process.kill()
        deadline = time.monotonic() + 10
        while Claim.alive(path) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert Path(f"/proc/{process.pid}/stat").exists()
        assert not Claim.alive(path)


def test_a_process_id_that_was_given_again_is_not_the_claimant(path: Path) -> None:
    """A living process with the same number but another start time does not keep the claim alive."""
    _write(path, {"host": socket.gethostname(), "pid": os.getpid(), "started": (_started(os.getpid()) or 0) - 1})
    assert not Claim.alive(path)
    assert Claim.take(path)


@pytest.mark.parametrize(("age", "alive"), [(0, True), (STALE - 60, True), (STALE + 60, False)])
def test_another_host_is_judged_by_its_heartbeat(path: Path, age: float, alive: bool) -> None:
    """Processes of other machines cannot be looked at; their claims are dead after ten minutes of silence."""
    _write(path, {"host": "another.example", "pid": os.getpid(), "started": 1.0}, age=age)
    assert Claim.alive(path) is alive
    assert (Claim.take(path) is None) is alive


def test_a_heartbeat_keeps_a_claim_of_another_host_alive(path: Path) -> None:
    """beat() makes an old claim young again."""
    _write(path, {"host": "another.example", "pid": 1, "started": 1.0}, age=STALE * 2)
    Claim(path).beat()
    assert Claim.alive(path)


def test_a_heartbeat_after_the_claim_is_gone_is_harmless(path: Path) -> None:
    """A run's folder that was deleted while it was trained is no error, and is not made again."""
    Claim(path).beat()
    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        '{"host": "',
        "5",
        "null",
        "[]",
        "{}",
        '{"host": "%s", "pid": 1}',
        '{"host": "%s", "pid": "x", "started": 1}',
        '{"host": "%s", "pid": 99999999, "started": null}',
    ],
)
def test_a_half_written_claim_counts_for_ten_seconds(path: Path, content: str) -> None:
    """A claim that cannot be read is being written; one that stays so was left by a crash and holds nobody up."""
    content = content.replace("%s", socket.gethostname())
    _write(path, content)
    assert Claim.alive(path)
    assert Claim.take(path) is None
    _write(path, content, age=60)
    assert not Claim.alive(path)
    assert Claim.take(path)


def test_the_age_of_a_process_is_known_without_proc() -> None:
    """psutil, which other systems need, is not asked about a process that /proc does not have."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("no /proc here")
    assert _started_elsewhere(99_999_999) is None
    assert _started(99_999_999) is None


def test_psutil_tells_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without /proc a living process has a start time that stays the same, and a dead one has none."""
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    mine = _started_elsewhere(os.getpid())
    assert mine is not None
    assert mine == _started_elsewhere(os.getpid())
    assert _started_elsewhere(99_999_999) is None


def _compete(path: Path, barrier: Barrier, wins: Any, number: int) -> None:
    """In each round all try to take the claim, which is free in even rounds and a dead process's in odd ones."""
    dead = {"host": socket.gethostname(), "pid": 99_999_999, "started": 1.0}
    for turn in range(ROUNDS):
        if number == 0 and turn % 2:
            path.write_text(json.dumps(dead), encoding="utf-8")
        barrier.wait(30)
        claim = Claim.take(path)
        barrier.wait(30)
        if claim:
            wins.put(turn)
            claim.release()
        barrier.wait(30)


def test_of_several_processes_exactly_one_wins(path: Path) -> None:
    """However many processes claim a free or a dead run at the same moment, one of them gets it."""
    path.parent.mkdir(parents=True)
    context = multiprocessing.get_context("spawn")
    barrier, wins = context.Barrier(PROCESSES), context.Queue()
    workers = [context.Process(target=_compete, args=(path, barrier, wins, i)) for i in range(PROCESSES)]
    for worker in workers:
        worker.start()
    won = Counter(wins.get(timeout=60) for _ in range(ROUNDS))
    for worker in workers:
        worker.join()
    assert won == dict.fromkeys(range(ROUNDS), 1)
    assert wins.empty()
    assert list(path.parent.iterdir()) == []
