"""Print sample sentences for proof-reading: ``python -m gapstudy.data.grammar LANG [N] [SEED]``."""

from __future__ import annotations

import sys

import numpy as np

from gapstudy.data.grammar import realise
from gapstudy.data.grammar.sampler import ALL, Sampler
from gapstudy.data.grammar.tokens import text


def main(language: str, count: int = 40, seed: int = 0) -> None:
    """Print ``count`` sentences in ``language`` under their English."""
    sampler = Sampler(ALL, np.random.default_rng(seed))
    for i in range(count):
        meaning = sampler.plain() if i % 2 else sampler.named()
        tokens = realise(meaning, language)
        tags = " ".join(f"{t.form}/{t.upos}{'' if t.entity == 'O' else '/' + t.entity}" for t in tokens)
        sys.stdout.write(f"{text(realise(meaning, 'eng'))}\n    {text(tokens)}\n    {tags}\n")


if __name__ == "__main__":
    main(sys.argv[1], *(int(a) for a in sys.argv[2:]))
