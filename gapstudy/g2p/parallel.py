"""New words converted in several processes.

Paper: none. Each process builds its own converter (1-2 s, for importing Epitran); results come back in the order asked.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gapstudy.g2p.phonemizer import Phonemizer

__all__ = ["Settings", "in_processes"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process needs to build the converter: the arguments of ``Phonemizer``."""

    language: str
    mode: str
    vocabulary: frozenset[str] | None
    english: str


@cache
def _converter(settings: Settings) -> Phonemizer:
    """The converter of this process."""
    from gapstudy.g2p.phonemizer import Phonemizer

    return Phonemizer(settings.language, mode=settings.mode, vocabulary=settings.vocabulary, english=settings.english)


def _convert(settings: Settings, words: list[str]) -> list[tuple[str, ...]]:
    """One batch, in a process of its own."""
    return list(_converter(settings).words(words).values())


def in_processes(
    settings: Settings, words: list[str], *, processes: int, batch: int
) -> Iterator[dict[str, tuple[str, ...]]]:
    """Yield word -> phones of each batch of different words, in their order."""
    batches = [words[start : start + batch] for start in range(0, len(words), batch)]
    # Fork would copy a process that may hold threads (torch's, tokenizers').
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(batches)), mp_context=context) as pool:
        for part, phones in zip(batches, pool.map(partial(_convert, settings), batches), strict=True):
            yield dict(zip(part, phones, strict=True))
