"""Engines: how jobs get to processes. Each calls the same ``perform(job)`` and yields the same outcomes."""

from __future__ import annotations

from gapstudy.engines.local import LocalEngine
from gapstudy.job import pick_device

__all__ = ["ENGINES", "LocalEngine", "start"]

ENGINES = ("local",)


def start(name: str, jobs: int, device: str) -> LocalEngine:
    """Return the engine called ``name`` (one of :data:`ENGINES`), with ``jobs`` processes (0: its default).

    Raises
    ------
    ValueError
        If there is no such engine.
    GapStudyError
        If CUDA was asked for and there is none: told once, rather than by every run.
    """
    if name not in ENGINES:
        msg = f"unknown engine {name!r}; valid: {', '.join(ENGINES)}"
        raise ValueError(msg)
    if device == "cuda":
        pick_device(device)
    return LocalEngine(jobs, device)
