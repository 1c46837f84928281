"""The local engine: one process a slot, each with one thread; by default as many as there are cores.

A worker that dies (killed, out of memory) costs the runs it held, which are tried once more; the others go on.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self, TypeVar

from gapstudy.job import Job, Outcome, Status, perform
from gapstudy.store import RunStore, State

__all__ = ["LocalEngine"]

A = TypeVar("A")
R = TypeVar("R")
_TRIES = 2
_POLL = 2.0  # seconds between looks at runs that another process has
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_OFFLINE = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


class LocalEngine:
    """A pool of worker processes; use it as a context manager.

    Parameters
    ----------
    jobs : worker processes; 0 means one a core (one in all on CUDA).
    device : "auto", "cpu" or "cuda"; only decides the default of ``jobs``.
    """

    def __init__(self, jobs: int = 0, device: str = "auto") -> None:
        self.jobs = jobs or (1 if device == "cuda" else cores())
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Return the engine; workers start when there is work."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers: after their work when all went well, at once otherwise."""
        self._stop(at_once=kind is not None)

    def map(self, function: Callable[[A], R], items: Sequence[A]) -> Iterator[R]:
        """Call ``function`` on each item in some worker; results in the order of the items."""
        if items:
            yield from self._workers().map(function, items)

    def run(self, jobs: Sequence[Job], waiting: Callable[[int], None] = lambda _count: None) -> Iterator[Outcome]:
        """Do every job and yield outcomes as they come.

        Jobs that another process has are looked at again when the others are done; ``waiting`` is told how many.
        """
        deaths: Counter[str] = Counter()
        left = list(jobs)
        while left:
            busy: list[Job] = []
            for job, outcome in self._pass(left, deaths):
                if outcome.status is Status.BUSY:
                    busy.append(job)
                else:
                    yield outcome
            left = busy
            if left:
                waiting(len(left))
                time.sleep(_POLL)

    def _pass(self, jobs: Sequence[Job], deaths: Counter[str]) -> Iterator[tuple[Job, Outcome]]:
        """Go through ``jobs`` once; a broken pool is replaced and the rest goes on."""
        left = {job.spec.run_id: job for job in jobs}
        while left:
            futures = {self._workers().submit(perform, job): job for job in left.values()}
            try:
                for job, outcome in _as_completed(futures):
                    del left[job.spec.run_id]
                    yield job, outcome
            except BrokenProcessPool:
                self._stop(at_once=True)
                yield from _bury(left, deaths)

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:
            for name in _ONE_THREAD:
                os.environ.setdefault(name, "1")
            os.environ.update(_OFFLINE)
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.jobs, context, _begin, (os.getpid(),))
        return self._pool

    def _stop(self, *, at_once: bool) -> None:
        if self._pool is None:
            return
        if at_once:
            for process in multiprocessing.active_children():
                process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


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


def _bury(left: dict[str, Job], deaths: Counter[str]) -> Iterator[tuple[Job, Outcome]]:
    """After a worker died: count it against the runs it held, and give up those that killed it too often."""
    for run_id, job in list(left.items()):
        store = RunStore(job.root)
        claim = store.study(job.study).run(run_id).claim
        if store.state(job.study, run_id) is State.DONE or not claim.is_file():
            continue
        deaths[run_id] += 1
        if deaths[run_id] >= _TRIES:
            message = f"its worker process died {_TRIES} times (killed, or out of memory?); try --jobs 1"
            store.fail(job.study, run_id, message)
            claim.unlink(missing_ok=True)
            del left[run_id]
            yield job, Outcome(run_id=run_id, status=Status.FAILED, message=message)


def _begin(parent: int) -> None:
    """Set up a worker: Ctrl-C is the parent's business, and a worker does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> Any:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
