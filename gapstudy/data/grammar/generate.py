"""Make the corpora that ship in ``gapstudy/data/builtin``: ``python -m gapstudy.data.grammar.generate [FOLDER]``.

Seeded: the same code writes the same bytes, and a test holds the shipped files to that. Every corpus draws from
its own generator, spawned from :data:`SEED` by name, so that changing one leaves the others as they are.

* ``xnli/{train,dev,test}.{eng,swa,urd}.tsv``: premise, hypothesis, label; row *i* is the same item in each language.
* ``ner/``, ``pos/{train,dev,test}.{ten languages}.tsv``: word and tag; some words and names occur only in dev and test.
* ``parallel/{twelve languages}.txt``: the same sentences in every language.
* ``text/{twelve languages}.txt``: other sentences, a different draw a language, for pre-training; no sentence of the
  tagged or parallel corpora, nor of XNLI's dev and test sets, is among them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from zlib import crc32

import numpy as np

from gapstudy.data.grammar import realise
from gapstudy.data.grammar.inference import LABELS, Item, draw_item, vary
from gapstudy.data.grammar.meaning import Meaning
from gapstudy.data.grammar.sampler import ALL, SEEN, Inventory, Sampler
from gapstudy.data.grammar.tokens import Token, text
from gapstudy.languages import LANGUAGES, TOKEN_TASK_LANGUAGES, XNLI_LANGUAGES

__all__ = ["PARAGRAPH", "PARALLEL", "SEED", "SIZES", "TEXT", "corpora", "main"]

SEED = 20241
SIZES = {
    "xnli": {"train": 480, "dev": 180, "test": 450},
    "ner": {"train": 240, "dev": 80, "test": 200},
    "pos": {"train": 160, "dev": 60, "test": 160},
}
PARALLEL = 320
TEXT = 1200
PARAGRAPH = 4


def corpora() -> Iterator[tuple[str, str]]:
    """Yield (file name relative to the folder, content) of every shipped corpus file."""
    taken: set[Meaning] = set()  # what is said here is kept out of the pre-training text
    yield from _pairs(taken)
    yield from _tagged("ner", Sampler.named, lambda t: t.entity, taken)
    yield from _tagged("pos", Sampler.plain, lambda t: t.upos, taken)
    parallel = _distinct(_sampler("parallel", ALL), _mixed, PARALLEL, taken)
    taken.update(parallel)
    for code in LANGUAGES:
        yield f"parallel/{code}.txt", _lines(text(realise(m, code)) for m in parallel)
        yield f"text/{code}.txt", _lines(_running(code, taken))


def main(folder: str) -> None:
    """Write every corpus file under ``folder``."""
    for name, content in corpora():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")


def _sampler(name: str, inventory: Inventory) -> Sampler:
    return Sampler(inventory, np.random.default_rng([SEED, crc32(name.encode())]))


def _mixed(sampler: Sampler) -> Meaning:
    return sampler.plain() if sampler.chance(0.5) else sampler.named()


def _distinct(
    sampler: Sampler, draw: Callable[[Sampler], Meaning], count: int, taken: Iterable[Meaning] = ()
) -> list[Meaning]:
    """Draw ``count`` different meanings, none of them in ``taken``."""
    found = dict.fromkeys(taken)
    start = len(found)
    while len(found) < start + count:
        found.setdefault(draw(sampler))
    return list(found)[start:]


def _running(code: str, taken: Iterable[Meaning]) -> Iterator[str]:
    """Yield the pre-training text of a language: four lines at a time about the same thing, as running text has.

    A paragraph with a line that is said elsewhere, in whatever sense, is drawn again; so is one with the first line of
    another.
    """
    sampler = _sampler(f"text-{code}", ALL)
    said = {text(realise(m, code)) for m in taken}
    for _ in range(TEXT // PARAGRAPH):
        lines = _paragraph(code, sampler)
        while not said.isdisjoint(lines):
            lines = _paragraph(code, sampler)
        said.add(lines[0])
        yield from lines


def _paragraph(code: str, sampler: Sampler) -> list[str]:
    meanings = [_mixed(sampler)]
    while len(meanings) < PARAGRAPH:
        meanings.append(vary(meanings[-1], sampler))
    return [text(realise(m, code)) for m in meanings]


def _pairs(taken: set[Meaning]) -> Iterator[tuple[str, str]]:
    seen: set[tuple[Meaning, Meaning]] = set()
    for split, count in SIZES["xnli"].items():
        items = _items(_sampler(f"xnli-{split}", ALL), count, seen)
        if split != "train":
            taken.update(m for item in items for m in (item.premise, item.hypothesis))
        for code in XNLI_LANGUAGES:
            yield f"xnli/{split}.{code}.tsv", _lines(_row(item, code) for item in items)


def _items(sampler: Sampler, count: int, seen: set[tuple[Meaning, Meaning]]) -> list[Item]:
    """Draw ``count`` items, labels in equal numbers and random order, no pair twice over all splits."""
    labels = [LABELS[i % len(LABELS)] for i in range(count)]
    items = []
    for i in sampler.rng.permutation(count):
        item = draw_item(sampler, labels[i])
        while (item.premise, item.hypothesis) in seen:
            item = draw_item(sampler, labels[i])
        seen.add((item.premise, item.hypothesis))
        items.append(item)
    return items


def _row(item: Item, code: str) -> str:
    return "\t".join((text(realise(item.premise, code)), text(realise(item.hypothesis, code)), item.label))


def _tagged(
    corpus: str, draw: Callable[[Sampler], Meaning], tag: Callable[[Token], str], taken: set[Meaning]
) -> Iterator[tuple[str, str]]:
    for split, count in SIZES[corpus].items():
        sampler = _sampler(f"{corpus}-{split}", SEEN if split == "train" else ALL)
        meanings = _distinct(sampler, draw, count, taken)
        taken.update(meanings)
        for code in TOKEN_TASK_LANGUAGES:
            blocks = ("".join(f"{t.form}\t{tag(t)}\n" for t in realise(m, code)) for m in meanings)
            yield f"{corpus}/{split}.{code}.tsv", _lines(blocks)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parents[1] / "builtin"))
