"""Exhibits computed in several processes: the same numbers for any number of them, one after another where there is one.

Each process has one thread of BLAS and OpenMP, so that cores are not shared out twice, and the one that computes all
exhibits itself is held to one as well: BLAS sums in another order on another number of threads.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["Step", "Tell", "one_thread", "run_steps"]

_LOG = logging.getLogger(__name__)
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_POLL = 0.5  # seconds between a process's looks at whether its parent is there

T = TypeVar("T")
Tell = Callable[[int, int, tuple[str, ...]], None]
"""Told how many steps are done, of how many, and the keys of those under way."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to compute.

    Attributes
    ----------
    key : its name.
    after : keys of steps that come first, because they compute what this one reads from memory.
    long : whether it is begun before others that could begin as well.
    last : whether it comes after all others and is handed what they made.
    """

    key: str
    after: tuple[str, ...] = ()
    long: bool = False
    last: bool = False

    def ready(self, left: Collection[Step]) -> bool:
        """Whether it can begin while the steps ``left`` are not done."""
        others = {step.key for step in left if step is not self and not step.last}
        return not (others if self.last else others & set(self.after))


def run_steps(
    steps: Sequence[Step],
    compute: Callable[[Any, str, Mapping[str, T], Path | None], T],
    work: Any,
    found: dict[str, T],
    *,
    jobs: int,
    tell: Tell,
) -> None:
    """Put ``compute(work, key, found, turns)`` of each step into ``found``.

    Parameters
    ----------
    steps : what to do.
    compute : a function of a module; ``work`` and what it returns can be sent to another process. ``found`` holds
        what was made before where the step is ``last``; ``turns`` is a file by whose locks the processes can take turns,
        None where there is one.
    work : what every step is computed from.
    found : what is known already; added to.
    jobs : the most processes. 1, or a machine that cannot start any: all is done in this one.
    tell : told of progress.

    Raises
    ------
    Exception
        Whatever ``compute`` raises, with a note that names the step.
    """
    left, total = list(steps), len(steps)
    tell(0, total, ())
    if min(jobs, total) > 1:
        try:
            with _pool(min(jobs, total), compute, work) as pool:
                _in_processes(left, found, pool, jobs, lambda running: tell(total - len(left), total, running))
        except (BrokenProcessPool, OSError, ImportError, NotImplementedError) as error:
            if getattr(error, "__notes__", ()):  # of a step, not of starting a process
                raise
            _LOG.warning("the report goes on in one process: %s", error)
    if left:
        _here(
            left, found, lambda key: compute(work, key, found, None), lambda key: tell(total - len(left), total, (key,))
        )
    tell(total, total, ())


def _here(left: list[Step], found: dict[str, T], compute: Callable[[str], T], tell: Callable[[str], None]) -> None:
    """Do what is left one after another in this process."""
    with one_thread():
        while left:
            step = min((step for step in left if step.ready(left)), key=lambda step: not step.long)
            tell(step.key)
            with _named(step.key):
                found[step.key] = compute(step.key)
            left.remove(step)


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS runs on one thread within, and so do libraries with OpenMP that are first loaded within."""
    from gapstudy.stats.workers import one_blas_thread

    with _environment("OMP_NUM_THREADS"), one_blas_thread():
        yield


# ---- in the parent ----------------------------------------------------------------------------------------
def _in_processes(
    left: list[Step], found: dict[str, T], pool: ProcessPoolExecutor, jobs: int, tell: Callable[[tuple[str, ...]], None]
) -> None:
    """Hand steps to the pool as they become ready; ``left`` loses what is done, so that the rest can go on elsewhere."""
    running: dict[Future[T], Step] = {}
    while left:
        waiting = [step for step in left if step not in running.values()]
        for step in sorted((s for s in waiting if s.ready(left)), key=lambda s: not s.long):
            if len(running) < jobs:
                running[pool.submit(_work, step.key, found if step.last else {})] = step
        tell(tuple(step.key for step in running.values()))
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            step = running.pop(future)
            found[step.key] = future.result()
            left.remove(step)


@contextmanager
def _pool(size: int, compute: Callable[..., Any], work: Any) -> Iterator[ProcessPoolExecutor]:
    """Start processes of one thread each; they end with the block, at once when it is left by an error."""
    context = multiprocessing.get_context("spawn")  # fork would copy threads' locks
    level = logging.getLogger().getEffectiveLevel()
    with tempfile.TemporaryDirectory(prefix="gapstudy-") as folder:
        turns, started = Path(folder) / "turns", Path(folder) / "started"
        pool = ProcessPoolExecutor(size, context, _begin, (os.getpid(), level, compute, work, turns))
        try:
            with _environment(*_THREADS), _signals_held():
                for _ in range(size):  # each starts a process, here where it inherits this, for none has time for two
                    pool.submit(_wait, started)
            started.touch()
            yield pool
        except BaseException:
            for process in list((pool._processes or {}).values()):  # noqa: SLF001 - public from Python 3.14 on
                process.kill()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _environment(*names: str) -> Iterator[None]:
    """Set variables to 1 unless the user set them, and put back what was there."""
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: "1" for name, value in before.items() if value is None})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back while processes start, which inherit that until they are set up."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # starting it later would let Ctrl-C through again
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


# ---- in a process -----------------------------------------------------------------------------------------
_mine: tuple[Callable[..., Any], Any, Path] | None = None


def _begin(parent: int, level: int, compute: Callable[..., Any], work: Any, turns: Path) -> None:
    """Set up a process: Ctrl-C is the parent's business, and a process does not outlive its parent."""
    global _mine  # noqa: PLW0603 - what a pool's initializer is for
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    _mine = (compute, work, turns)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL)
    os._exit(1)


def _wait(started: Path) -> None:
    """Be busy until every process is started: the pool starts none while another has nothing to do."""
    while not started.exists():
        time.sleep(0.005)


def _work(key: str, found: Mapping[str, Any]) -> Any:
    assert _mine is not None  # noqa: S101 - _begin ran, or this process would not be
    compute, work, turns = _mine
    with _named(key), one_thread():  # also where the user's variables allow more: the bits are those of one process
        return compute(work, key, found, turns)


@contextmanager
def _named(key: str) -> Iterator[None]:
    """Say with an error which step it comes from, in whichever process."""
    try:
        yield
    except Exception as error:
        error.add_note(f"while computing {key}")
        raise
