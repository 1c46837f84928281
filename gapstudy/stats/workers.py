"""Threads for work that NumPy and BLAS do: blocks mapped over them, and BLAS held to one.

BLAS sums in another order on another number of threads; on one, and with blocks that do not depend on how many threads
share them, the numbers are the same to the bit everywhere on one machine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

__all__ = ["Workers", "cores", "one_blas_thread"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores(threads: int | None) -> int:
    """``threads`` if it is a possible number of them; None: as many as there are cores for this process."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        msg = f"threads must be >= 1, got {threads}"
        raise ValueError(msg)
    return threads


class Workers:
    """Maps a function over blocks, on threads where there are several blocks and threads."""

    def __init__(self, pool: ThreadPoolExecutor | None) -> None:
        self._pool = pool

    def map(self, function: Callable[[Item], Result], blocks: Sequence[Item]) -> list[Result]:
        """Results in the order of the blocks."""
        if self._pool is None or len(blocks) < 2:
            return [function(block) for block in blocks]
        return list(self._pool.map(function, blocks))


_lock = threading.Lock()
_users = 0
_limit: Any = None


@lru_cache(maxsize=1)
def _controller() -> Any:
    import scipy.linalg  # noqa: F401 (its BLAS must be loaded to be found)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """BLAS runs on one thread within; the first of several users sets it and the last puts back what was there."""
    global _users, _limit  # noqa: PLW0603 (BLAS's own setting is global)
    with _lock:
        _users += 1
        if _users == 1:
            _limit = _controller().limit(limits=1, user_api="blas")
            _limit.__enter__()
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _limit.__exit__(None, None, None)
                _limit = None
