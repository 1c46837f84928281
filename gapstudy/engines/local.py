"""The local engine: one process a slot, each with one thread; by default as many as there are cores.

When a worker dies (killed, out of memory), the pool dies with it. The runs that were under way are suspects: they
are done again after all others, one at a time, so that a worker that dies then condemns its own run and no other.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from gapstudy.errors import RunError, StoppedError
from gapstudy.job import Job, Outcome, Status, perform
from gapstudy.store import RunStore, State

__all__ = ["LocalEngine"]

A = TypeVar("A")
R = TypeVar("R")
_DEATHS = 3
_GRACE = 30.0  # seconds that workers have to end their step and write a checkpoint
_TERMINATED = 143  # exit code of a process that SIGTERM ended
_POLL = 2.0  # seconds between looks at runs that another process has
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_OFFLINE = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


class LocalEngine:
    """A pool of worker processes; use it as a context manager.

    Parameters
    ----------
    jobs : worker processes; 0 means one a core, and for runs on CUDA one in all.
    device : "auto", "cpu" or "cuda"; only decides the default of ``jobs``.
    """

    def __init__(self, jobs: int = 0, device: str = "auto") -> None:
        on_cuda = device == "cuda" or (device == "auto" and cuda_is_there())
        self.jobs = jobs or (1 if on_cuda else cores())
        self._preparing = jobs or cores()  # what is prepared is prepared on the processor
        self._pool: ProcessPoolExecutor | None = None
        self._size = 0

    def __enter__(self) -> Self:
        """Return the engine; workers start when there is work."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers: after their work when all went well, at once otherwise."""
        self._stop(at_once=kind is not None)

    def map(self, function: Callable[[A], R], items: Sequence[A]) -> Iterator[R]:
        """Call ``function`` on each item in some worker; results in the order of the items.

        Raises
        ------
        RunError
            If workers die again and again.
        """
        done = deaths = 0
        while done < len(items):
            try:
                with _starting():
                    results = self._workers(self._preparing).map(function, items[done:])
                for result in results:
                    done += 1
                    yield result
            except BrokenProcessPool:
                self._stop(at_once=True)
                deaths = _one_more(deaths)

    def run(self, jobs: Sequence[Job], waiting: Callable[[int], None] = lambda _count: None) -> Iterator[Outcome]:
        """Do every job and yield outcomes as they come.

        Jobs that another process has are looked at again when the others are done; ``waiting`` is told how many.

        Raises
        ------
        RunError
            If workers die again and again before they have a run.
        """
        suspects: set[str] = set()
        left = list(jobs)
        while left:
            busy: list[Job] = []
            for job, outcome in self._pass(left, suspects):
                if outcome.status is Status.BUSY:
                    busy.append(job)
                else:
                    yield outcome
            left = busy
            if left:
                waiting(len(left))
                time.sleep(_POLL)

    def _pass(self, jobs: Sequence[Job], suspects: set[str]) -> Iterator[tuple[Job, Outcome]]:
        """Go through ``jobs`` once, suspects last and alone; a broken pool is replaced and the rest goes on."""
        left = {job.spec.run_id: job for job in jobs}
        deaths = 0
        while left:
            batch = [job for run_id, job in left.items() if run_id not in suspects] or list(left.values())[:1]
            try:
                with _starting():
                    futures = {self._workers(self.jobs).submit(_perform, job): job for job in batch}
                for job, outcome in _as_completed(futures):
                    del left[job.spec.run_id]
                    yield job, outcome
            except BrokenProcessPool:
                self._stop(at_once=True)
                held = {job.spec.run_id for job in batch if job.spec.run_id in left and _was_held(job)}
                deaths = 0 if held else _one_more(deaths)
                for run_id in held & suspects:  # one at most: it was alone
                    yield left[run_id], _give_up(left.pop(run_id))
                suspects |= held

    def _workers(self, size: int) -> ProcessPoolExecutor:
        if self._size != size:
            self._stop(at_once=False)
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(size, context, _begin, (os.getpid(),))
            self._size = size
        return self._pool

    def _stop(self, *, at_once: bool) -> None:
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        if not at_once:
            pool.shutdown(wait=True, cancel_futures=True)
            return
        workers = list((pool._processes or {}).values())  # noqa: SLF001 - public from Python 3.14 on
        for worker in workers:
            worker.terminate()  # it ends its step, writes a checkpoint and goes
        too_late = threading.Timer(_GRACE, _kill, (workers,))
        too_late.daemon = True
        too_late.start()
        try:
            pool.shutdown(wait=True, cancel_futures=True)
        except KeyboardInterrupt:  # once more: no grace
            _kill(workers)
            raise
        finally:
            too_late.cancel()


def _kill(workers: Sequence[Any]) -> None:
    for worker in workers:
        worker.kill()


def cuda_is_there() -> bool:
    """Whether torch has a CUDA device; torch is only asked where there is a driver."""
    if not (shutil.which("nvidia-smi") or Path("/dev/nvidiactl").exists()):
        return False
    import torch

    return torch.cuda.is_available()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _as_completed(futures: dict[Future[Outcome], Job]) -> Iterator[tuple[Job, Outcome]]:
    """Yield in order of completion; finished futures are handed out before a broken one is raised."""
    left = set(futures)
    while left:
        done, left = wait(left, return_when=FIRST_COMPLETED)
        for future in sorted(done, key=lambda f: f.exception() is not None):
            yield futures[future], future.result()


def _was_held(job: Job) -> bool:
    """Whether a worker died over ``job``: its claim is there, but nobody is behind it."""
    store = RunStore(job.root)
    claimed = store.study(job.study).run(job.spec.run_id).claim.is_file()
    return claimed and store.state(job.study, job.spec.run_id) not in {State.DONE, State.RUNNING}


def _give_up(job: Job) -> Outcome:
    """Record that ``job`` killed its worker twice."""
    store, run_id = RunStore(job.root), job.spec.run_id
    message = "its worker process died twice, the second time with no other run beside it (killed, or out of memory?)"
    store.fail(job.study, run_id, message)
    store.study(job.study).run(run_id).claim.unlink(missing_ok=True)
    return Outcome(run_id=run_id, status=Status.FAILED, message=message)


def _one_more(deaths: int) -> int:
    """Count a death that no run is to blame for; too many mean that no worker can live."""
    if deaths + 1 == _DEATHS:
        msg = (
            f"worker processes died {_DEATHS} times before they had a result (killed, out of memory, "
            'or started by a script without if __name__ == "__main__"?)'
        )
        raise RunError(msg)
    return deaths + 1


@contextmanager
def _deferred() -> Iterator[None]:
    """Hold back what Python would do on SIGINT and SIGTERM until the block is done."""
    if threading.current_thread() is not threading.main_thread():  # Python calls handlers in the main thread alone
        yield
        return
    caught: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda found, _frame: caught.append(found))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)  # None: not one of Python's
        for signaled in caught[:1]:
            signal.raise_signal(signaled)


@contextmanager
def _starting() -> Iterator[None]:
    """What workers inherit while they are started, and the parent does not keep.

    One thread each, no network, and signals held back: Ctrl-C is the parent's business, SIGTERM waits till they run.
    """
    environment = {name: os.environ.get(name, "1") for name in _ONE_THREAD} | _OFFLINE
    before = {name: os.environ.get(name) for name in environment}
    masks = hasattr(signal, "pthread_sigmask")  # not on Windows
    if masks:
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # where it is not yet, starting it would let Ctrl-C through again
    # both: a parent that is interrupted half-way leaves a worker that cannot start, and says so with a traceback
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM}) if masks else set()
    os.environ.update(environment)
    try:
        with _deferred():  # the mask is this thread's: a signal that another thread takes is Python's all the same
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


class _Stop:
    """Whether this worker was told to end, and whether it has a run that must stop first."""

    asked = False
    busy = False

    @classmethod
    def ask(cls, _signal: int, _frame: FrameType | None) -> None:
        """End at once when there is no run, else when the run has stopped."""
        cls.asked = True
        if not cls.busy:
            os._exit(_TERMINATED)


def _perform(job: Job) -> Outcome:
    """Do a job in a worker; told to end, it stops the run between two steps and ends."""
    _Stop.busy = True
    try:
        outcome = perform(job, lambda: _Stop.asked)
    except StoppedError:
        os._exit(_TERMINATED)
    finally:
        _Stop.busy = False
    if _Stop.asked:  # the run was past its training and is finished; no other is begun
        os._exit(_TERMINATED)
    return outcome


def _begin(parent: int) -> None:
    """Set up a worker: Ctrl-C is the parent's business, and a worker does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _Stop.ask)
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> Any:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
