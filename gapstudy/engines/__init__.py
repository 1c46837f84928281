"""Engines: how jobs get to processes. Each calls the same ``perform(job)`` and yields the same outcomes."""

from __future__ import annotations

from gapstudy.engines.local import LocalEngine

__all__ = ["ENGINES", "LocalEngine", "start"]

ENGINES = ("local",)


def start(name: str, jobs: int, device: str) -> LocalEngine:
    """Return the engine called ``name`` (one of :data:`ENGINES`), with ``jobs`` processes (0: its default).

    Raises
    ------
    ValueError
        If there is no such engine.
    """
    if name not in ENGINES:
        msg = f"unknown engine {name!r}; valid: {', '.join(ENGINES)}"
        raise ValueError(msg)
    return LocalEngine(jobs, device)
