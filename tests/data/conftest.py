"""Shared by the tests of the embedded corpora: the files as shipped, and drawn meanings."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import as_file, files

import numpy as np
import pytest

from gapstudy.data.grammar.inference import LABELS, draw_item, vary
from gapstudy.data.grammar.meaning import Meaning
from gapstudy.data.grammar.sampler import ALL, Sampler

Draw = Callable[[int], list[Meaning]]


@pytest.fixture(scope="session")
def shipped() -> dict[str, bytes]:
    """Every embedded corpus file, by its name below ``gapstudy/data/builtin``."""
    with as_file(files("gapstudy") / "data" / "builtin") as folder:
        found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name.endswith((".txt", ".tsv"))}


@pytest.fixture(scope="session")
def drawn() -> Draw:
    """Draw meanings of every kind with a seed: ``drawn(seed)``; plain, named, of inference items, and varied."""

    def meanings(seed: int) -> list[Meaning]:
        sampler = Sampler(ALL, np.random.default_rng(seed))
        found: list[Meaning] = []
        for label in LABELS * 4:
            item = draw_item(sampler, label)
            found += [sampler.plain(), sampler.named(), item.premise, item.hypothesis]
            found += [vary(found[-4], sampler), vary(found[-4], sampler)]
        return list(dict.fromkeys(found))

    return meanings
