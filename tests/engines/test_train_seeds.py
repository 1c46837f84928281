"""The real ``gapstudy train-seeds``, killed, interrupted, doubled and damaged: the same bits in the end."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from gapstudy.store import RunPaths, RunStore, State

pytestmark = [
    pytest.mark.train,
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups and their signals are POSIX's"),
]

T = TypeVar("T")
PLANNED = 10  # runs of the micro study


# ---- the command and what it leaves -------------------------------------------------------------------------
def until(look: Callable[[], T | None], what: str) -> T:
    """Look again and again until there is something to see; give up when there is no hope."""
    for _ in range(12_000):
        if seen := look():
            return seen
        time.sleep(0.02)
    pytest.fail(f"waited in vain: {what}")


class Command:
    """A running ``gapstudy``, leader of its own process group; its output goes to files, which outlive it."""

    def __init__(self, folder: Path, environment: dict[str, str], arguments: list[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._out, self._err = folder / "out.txt", folder / "err.txt"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gapstudy", *arguments],
                stdout=out,
                stderr=err,
                env=environment,
                start_new_session=True,
            )

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """Wait for something that the command must bring about before it ends."""

        def look_at_work() -> T | None:
            assert self.process.poll() is None, self.said
            return look()

        return until(look_at_work, what)

    def end(self) -> int:
        """Wait for the end and return the exit code."""
        until(lambda: self.process.poll() is not None, "the end of the command")
        return self.process.returncode

    def kill_all(self) -> None:
        """Kill the command and its workers, as ``kill -9`` of the process group does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def children(self) -> list[psutil.Process]:
        """Return the workers and what else it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    @property
    def said(self) -> str:
        """What came on stderr."""
        return self._err.read_text(encoding="utf-8")

    @property
    def printed(self) -> str:
        """What came on stdout."""
        return self._out.read_text(encoding="utf-8")


@dataclass
class Place:
    """A runs folder, a cache and a study file of one test."""

    folder: Path
    cache: Path
    toml: str
    commands: list[Command] = field(default_factory=list)

    @property
    def runs(self) -> Path:
        """The runs of the study."""
        return self.folder / "runs" / "micro"

    def start(self, *more: str, jobs: int = 1) -> Command:
        """Start ``train-seeds``."""
        study = self.folder / "micro.toml"
        study.parent.mkdir(parents=True, exist_ok=True)
        study.write_text(self.toml, encoding="utf-8")
        arguments = ["train-seeds", "--study", str(study), "--runs", str(self.folder / "runs")]
        return self.start_as([*arguments, "--device", "cpu", "--jobs", str(jobs), *more])

    def start_as(self, arguments: list[str]) -> Command:
        """Start ``gapstudy`` with these arguments."""
        environment = {**os.environ, "GAPSTUDY_CACHE": str(self.cache)}
        self.commands.append(Command(self.folder / f"command{len(self.commands)}", environment, arguments))
        return self.commands[-1]

    def train(self, *more: str, jobs: int = 1) -> Command:
        """Run ``train-seeds`` to its end."""
        command = self.start(*more, jobs=jobs)
        command.end()
        return command

    def finished(self) -> set[str]:
        """Return the names of the finished runs."""
        return {path.parent.name for path in self.runs.glob("*/run.json")}

    def more_than(self, count: int, command: Command) -> set[str]:
        """Wait until ``command`` has brought the finished runs above ``count``."""

        def look() -> set[str] | None:
            return found if len(found := self.finished()) > count else None

        return command.until(look, f"more than {count} finished runs")

    def catch_worker(self, command: Command) -> tuple[psutil.Process, str]:
        """Stop a worker in the middle of a run (its claim is there and stays); return it and the run's name."""

        def look() -> tuple[psutil.Process, str] | None:
            for claim in self.runs.glob("*/claim.json"):
                if worker := _stopped(claim):
                    return worker, claim.parent.name
            return None

        return command.until(look, "a worker at work")


def _owner(claim: Path) -> int | None:
    try:
        return int(json.loads(claim.read_text(encoding="utf-8"))["pid"])
    except (OSError, ValueError):  # released, or being written
        return None


def _stopped(claim: Path) -> psutil.Process | None:
    """Stop the worker behind a claim; let it go again if it was quicker and has left the run."""
    pid = _owner(claim)
    try:
        worker = psutil.Process(pid) if pid else None
        if worker is None or worker.status() == psutil.STATUS_ZOMBIE:
            return None
        worker.suspend()
        until(lambda: worker.status() in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}, "a stopped worker")
        if _owner(claim) == pid and not RunPaths(claim.parent).record.is_file():
            return worker
        worker.resume()
    except psutil.NoSuchProcess:
        pass
    return None


def gone(processes: list[psutil.Process]) -> None:
    """Wait until none of the processes runs."""
    for process in processes:
        until(partial(_is_gone, process), f"the end of process {process.pid}")


def _is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


FILES = {"run.json", "history.csv", "embeddings.safetensors", "outputs.safetensors"}


def bits(run: Path) -> dict[str, Any]:
    """Return all of a run that must not depend on how it came about: everything but times and provenance."""
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    del record["timings"], record["provenance"]
    arrays = {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in sorted(FILES - {"run.json"})}
    return {"record": record, **arrays}


def all_bits(runs: Path) -> dict[str, Any]:
    """Return the bits of every finished run, and of what was prepared."""
    prepared = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in runs.iterdir() if p.is_file()}
    return {p.parent.name: bits(p.parent) for p in runs.glob("*/run.json")} | prepared


def stamps(runs: Path, names: set[str]) -> dict[str, int]:
    """Return when each file of some runs was written."""
    return {str(p.relative_to(runs)): p.stat().st_mtime_ns for name in names for p in (runs / name).iterdir()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, micro_toml: str) -> Iterator[Callable[..., Place]]:
    """Make places to train in; they share a cache unless they ask for their own."""
    shared = tmp_path_factory.mktemp("cache")
    made: list[Place] = []

    def make(*, toml: str = micro_toml, own_cache: bool = False) -> Place:
        folder = tmp_path_factory.mktemp("place")
        made.append(Place(folder, folder / "cache" if own_cache else shared, toml))
        return made[-1]

    yield make
    for command in (command for place in made for command in place.commands):
        if command.process.poll() is None:
            command.kill_all()


@pytest.fixture(scope="module")
def uninterrupted(place: Callable[..., Place]) -> Place:
    """The study trained by one command in one process, with nothing in its way."""
    quiet = place()
    command = quiet.train(jobs=1)
    assert command.process.returncode == 0, command.said
    assert len(quiet.finished()) == PLANNED
    return quiet


# ---- kill -9 ---------------------------------------------------------------------------------------------------
@dataclass
class Killed:
    """What was seen of a study that was killed again and again."""

    place: Place
    caught: list[str] = field(default_factory=list)
    seen: list[dict[str, int]] = field(default_factory=list)
    after_worker: set[str] = field(default_factory=set)
    orphans: list[psutil.Process] = field(default_factory=list)

    def note(self, run: str = "") -> None:
        """Remember the run that was hit, and the files of the finished runs."""
        self.caught += [run] if run else []
        self.seen.append(stamps(self.place.runs, self.place.finished()))


@pytest.fixture(scope="module")
def killed(place: Callable[..., Place]) -> Killed:
    """A study with a cache of its own, killed at four points and then trained to its end."""
    here = place(own_cache=True)
    story = Killed(here)
    # while the encoders are made
    command = here.start()
    command.until(lambda: next((here.cache / "encoders").glob("*"), None), "an encoder in the making")
    command.kill_all()
    # a worker alone, then, when the command has gone on, the whole group
    command = here.start(jobs=2)
    here.more_than(0, command)
    worker, run = here.catch_worker(command)
    worker.kill()
    story.note(run)
    before = here.finished()
    here.more_than(len(before), command)
    story.after_worker = here.finished() - before
    _, run = here.catch_worker(command)
    command.kill_all()
    story.note(run)
    # the parent alone
    command = here.start()
    here.more_than(len(here.finished()), command)
    story.orphans = command.children()
    command.process.kill()
    command.end()
    gone(story.orphans)
    story.note()
    # the whole group a second time
    command = here.start()
    _, run = here.catch_worker(command)
    command.kill_all()
    story.note(run)
    assert len(here.finished()) < PLANNED, "the kills came too late to mean anything"
    # and to the end
    command = here.start()
    assert command.end() == 0, command.said
    return story


def test_a_killed_study_ends_in_the_same_bits(killed: Killed, uninterrupted: Place) -> None:
    """Scores, embeddings, outputs and preparation equal those of a study that nobody killed."""
    assert all_bits(killed.place.runs) == all_bits(uninterrupted.runs)


def test_what_was_finished_before_a_kill_is_not_done_again(killed: Killed) -> None:
    """No file of a finished run is written again by the commands that come after."""
    now = stamps(killed.place.runs, killed.place.finished())
    assert killed.seen[-1], "nothing was finished before the last kill"
    for seen in killed.seen:
        assert seen.items() <= now.items()


def test_the_runs_that_were_hit_are_finished_too(killed: Killed) -> None:
    """A run whose worker was killed in the middle is taken over from the dead."""
    assert len(killed.caught) == 3
    assert set(killed.caught) <= killed.place.finished()


def test_a_killed_worker_does_not_end_the_command(killed: Killed) -> None:
    """The same command starts another worker and goes on."""
    assert killed.after_worker


def test_workers_do_not_outlive_their_parent(killed: Killed) -> None:
    """When the parent alone is killed, its workers end by themselves."""
    assert killed.orphans
    assert all(map(_is_gone, killed.orphans))


def test_runs_that_are_finished_after_a_kill_have_nothing_left_of_it(killed: Killed) -> None:
    """No claim, checkpoint, error or half-written file stays in a run that the last command finished."""
    later = {run for run in killed.place.finished() if f"{run}/run.json" not in killed.seen[-1]}
    assert killed.caught[-1] in later
    for run in later:
        assert {path.name for path in (killed.place.runs / run).iterdir()} == FILES


# ---- signals ---------------------------------------------------------------------------------------------------
def interrupt(command: Command, number: int, *, group: bool) -> None:
    """Send a signal to a command (to its workers too); it must end as promised and leave no process."""
    children = command.children()
    (os.killpg if group else os.kill)(command.process.pid, number)
    assert command.end() == 130, command.said
    gone(children)
    *lines, last = command.said.splitlines()
    assert last.startswith("interrupted; go on with: gapstudy train-seeds --study ")
    known = ("pronouncing", "pre-training", "encoding", "10 runs to train", "[")
    assert [line for line in lines if line and not line.startswith(known)] == []


@pytest.mark.parametrize("group", [False, True], ids=["the-command", "its-group"])
def test_a_terminated_command_keeps_what_is_finished(
    place: Callable[..., Place], uninterrupted: Place, *, group: bool
) -> None:
    """SIGTERM in training: exit code 130, one line, no traceback, no worker left, and finished runs are whole."""
    here = place()
    command = here.start(jobs=2 if group else 1)
    here.more_than(0, command)
    interrupt(command, signal.SIGTERM, group=group)
    finished, reference = here.finished(), all_bits(uninterrupted.runs)
    assert 0 < len(finished) < PLANNED
    assert all(bits(here.runs / run) == reference[run] for run in finished)


def test_an_interrupted_study_goes_on_with_the_command_it_names(
    place: Callable[..., Place], uninterrupted: Place
) -> None:
    """Ctrl-C in training, then the command exactly as it was named: the same bits in the end, with two jobs or one."""
    here = place()
    command = here.start(jobs=2)
    here.more_than(0, command)
    _, run = here.catch_worker(command)
    interrupt(command, signal.SIGINT, group=True)
    finished = here.finished()
    assert run not in finished
    before = stamps(here.runs, finished)
    program, *arguments = shlex.split(command.said.splitlines()[-1].partition("go on with: ")[2])
    assert program == "gapstudy"
    again = here.start_as(arguments)
    assert again.end() == 0, again.said
    assert stamps(here.runs, finished) == before
    assert all_bits(here.runs) == all_bits(uninterrupted.runs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_preparation_can_be_interrupted(place: Callable[..., Place], number: int) -> None:
    """A signal while workers prepare ends the command in the same way."""
    command = place().start(jobs=2)
    command.until(lambda: "pronouncing" in command.said, "the preparation")
    command.until(lambda: len(command.children()) > 1, "workers")
    interrupt(command, number, group=True)


# ---- two commands, failures, damage ---------------------------------------------------------------------------
def test_two_commands_share_a_study(place: Callable[..., Place], uninterrupted: Place) -> None:
    """Started at the same time on the same runs, both succeed and every run is trained by one of them."""
    here = place()
    commands = [here.start("--json"), here.start("--json")]
    assert [command.end() for command in commands] == [0, 0], [command.said for command in commands]
    rows = [row for command in commands for row in json.loads(command.printed)["runs"]]
    trained = Counter(row["run_id"] for row in rows if row["status"] == "done")
    assert trained == dict.fromkeys(here.finished(), 1)
    assert {row["status"] for row in rows} <= {"done", "skipped"}
    assert all_bits(here.runs) == all_bits(uninterrupted.runs)


DIVERGING = '[[tasks.xnli.override]]\nrepresentation = "subword"\nlanguage = "swa"\nlearning_rate = 1e38\n'
PART = ("--tasks", "xnli", "--representations", "subword")


def test_a_run_that_diverges_fails_alone_and_can_be_mended(
    place: Callable[..., Place], uninterrupted: Place, micro_toml: str
) -> None:
    """It is named with the reason and its error.txt, the others finish; mended, with one more seed, all is well."""
    here = place(toml=micro_toml.replace("[tasks.xnli.hyper]", f"{DIVERGING}[tasks.xnli.hyper]"))
    command = here.train(*PART, "--n", "1")
    assert command.process.returncode == 1, command.said
    (bad,) = [path.parent for path in here.runs.glob("*/error.txt")]
    reason = (bad / "error.txt").read_text(encoding="utf-8").strip()
    assert "diverged" in reason
    assert f"failed: {bad.name}: {reason} (see {bad / 'error.txt'})" in command.said
    assert "Traceback" not in command.said
    (good,) = here.finished()
    assert bits(here.runs / good) == bits(uninterrupted.runs / good)
    before = stamps(here.runs, {good})
    here.toml = micro_toml
    command = here.train(*PART, "--n", "2")
    assert command.process.returncode == 0, command.said
    assert stamps(here.runs, {good}) == before
    wanted = {name for name in uninterrupted.finished() if name.startswith("xnli-subword-")}
    assert here.finished() == wanted
    assert all(bits(here.runs / name) == bits(uninterrupted.runs / name) for name in wanted)


def _truncate(run: Path) -> None:
    path = run / "outputs.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


DAMAGE: list[Callable[[Path], Any]] = [
    _truncate,
    lambda run: (run / "run.json").write_text('{"format": 1', encoding="utf-8"),
    lambda run: (run / "run.json").write_text("[]", encoding="utf-8"),
    lambda run: (run / "history.csv").unlink(),
]


def test_damaged_runs_are_trained_again_and_no_others(place: Callable[..., Place], uninterrupted: Place) -> None:
    """Truncated arrays, a broken run.json or a missing file: named, and trained again to the same bits."""
    here = place()
    shutil.copytree(uninterrupted.runs, here.runs)
    names = sorted(here.finished())
    damaged, whole = set(names[:: PLANNED // len(DAMAGE)][: len(DAMAGE)]), set(names)
    for name, damage in zip(sorted(damaged), DAMAGE, strict=True):
        damage(here.runs / name)
    store = RunStore(here.folder / "runs")
    assert {name for name in names if store.state("micro", name) is State.DAMAGED} == damaged
    before = stamps(here.runs, whole - damaged)
    command = here.train()
    assert command.process.returncode == 0, command.said
    assert all(f"{name} is damaged and will be trained again: " in command.said for name in damaged)
    assert f"{len(damaged)} runs to train in 1 process; {PLANNED - len(damaged)} were finished before" in command.said
    assert stamps(here.runs, whole - damaged) == before
    assert all_bits(here.runs) == all_bits(uninterrupted.runs)
