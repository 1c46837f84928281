"""Everything before training, done once a study: text, pronunciations, encoders, packed arrays.

What it makes goes to the cache under content hashes; what the report needs of it goes to ``runs/<study>/``:
``prepared.json`` (the study, the settings of every cell, Table 4, Figure 1, the G2P audit) and
``parallel.safetensors`` (units of the parallel sentences and their vectors before fine-tuning).
"""

from __future__ import annotations

import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy.typing as npt

from gapstudy.cache import cache_folder, digest, read_cached
from gapstudy.corpora import Corpora, load_corpora
from gapstudy.data import fingerprint
from gapstudy.store import StudyPaths, write_arrays, write_json
from gapstudy.study import FORMAT, Cell, Representation, Study
from gapstudy.tasks import primary_metric
from gapstudy.units import Spelling, spelling

__all__ = ["Mapper", "prepare", "serially"]

_LOG = logging.getLogger(__name__)
A = TypeVar("A")
R = TypeVar("R")
Mapper = Callable[[Callable[[A], R], Sequence[A]], Iterator[R]]
Say = Callable[[str], None]


def serially(function: Callable[[A], R], items: Sequence[A]) -> Iterator[R]:
    """Call ``function`` on each item in this process: the simplest :data:`Mapper`."""
    return map(function, items)


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of work for one process: a study, one of its representations, one language (or all)."""

    study: Study
    representation: str
    language: str = ""

    @property
    def spec(self) -> Representation:
        """The representation's record."""
        return self.study.representations[self.representation]


def prepare(
    study: Study, paths: StudyPaths, run_all: Mapper[Any, Any] = serially, say: Say = _LOG.info
) -> dict[str, Any]:
    """Do everything before training and return the content of ``prepared.json``.

    Parameters
    ----------
    study : the whole study, not narrowed to some tasks or languages: encoders are shared by all of them.
    paths : where the study's files go.
    run_all : how to call a function on many items (in several processes, say).
    say : told what is being done.

    Raises
    ------
    DataError
        If a corpus is missing or malformed.
    """
    corpora, used = load_corpora(study), study.used_representations()
    spoken = [name for name, r in used.items() if r.kind == "phoneme"]
    say("pronouncing every word")
    audits = list(run_all(pronounce, [_Part(study, name, code) for name in spoken for code in study.languages]))
    say("pre-training the small encoders")
    # the longest first, so that no process waits for another at the end: subwords make the shortest sequences
    names = sorted(used, key=lambda name: used[name].kind == "subword")
    list(run_all(make_encoder, [_Part(study, name) for name in names]))
    say("encoding the corpora")
    pieces = run_all(encode_language, [_Part(study, name, code) for name in used for code in study.languages])
    encoded = {piece["name"]: piece for piece in pieces}
    content = {
        "format": FORMAT,
        "study": study.model_dump(mode="json", by_alias=True),
        "cells": {cell.name: _cell(study, cell, corpora, encoded) for cell in study.cells()},
        "table4": table4(study, corpora),
        "figure1": {name: piece["example"] for name, piece in encoded.items()},
        "g2p": audits,
        "units": {name: piece["units"] for name, piece in encoded.items()},
    }
    write_arrays(paths.parallel, {k: v for piece in encoded.values() for k, v in piece["arrays"].items()})
    write_json(paths.prepared, content)
    return content


# ---- pronunciations ---------------------------------------------------------------------------------------
def pronounce(part: _Part) -> dict[str, Any]:
    """Fill the pronunciation cache for one language; return the audit of what came out."""
    from gapstudy.g2p import audit

    corpora = load_corpora(part.study)
    speller = _spelling(part)
    counts: Counter[str] = Counter(w for words in _all_words(corpora, part.language, speller) for w in words)
    spelt = speller.spell(counts)
    found = audit(counts, {word: tuple(phones.split(" ")) for word, phones in spelt.items()}, None)
    return {
        "language": part.language,
        "representation": part.representation,
        "backend": speller.provenance,
        "types": found.types,
        "tokens": found.tokens,
        "unmapped": dict(found.unmapped),
    }


def _all_words(corpora: Corpora, language: str, speller: Spelling) -> Iterator[Sequence[str]]:
    for name, corpus in corpora.parts(language).items():
        if name.startswith(("ner/", "pos/")):
            yield from corpus.words  # type: ignore[union-attr]
        else:
            yield from (speller.split(line) for line in corpus.texts())
    yield from (speller.split(line) for line in corpora.text[language].lines)


def _spelling(part: _Part) -> Spelling:
    return spelling(part.spec, part.language, cache_folder("g2p"))


# ---- encoders ----------------------------------------------------------------------------------------------
def make_encoder(part: _Part) -> tuple[str, str]:
    """Pre-train the encoder of one representation unless the cache has it; return (representation, key)."""
    corpora = load_corpora(part.study)
    spellers = {code: spelling(part.spec, code, cache_folder("g2p")) for code in corpora.text}
    key = digest(
        {
            "representation": part.spec.model_dump(mode="json"),
            "pretrain": part.study.pretrain.model_dump(mode="json"),
            "text": corpora.text_fingerprint(),
            "spelling": {code: s.provenance for code, s in spellers.items()},
            "torch": version("torch"),
            "tokenizers": version("tokenizers"),
            "format": FORMAT,
        }
    )
    folder = cache_folder("encoders") / key
    if not (folder / "tokenizer.json").is_file():
        _build_encoder(part, corpora, spellers, folder)
    return part.representation, key


def _build_encoder(part: _Part, corpora: Corpora, spellers: dict[str, Spelling], folder: Path) -> None:
    import torch

    from gapstudy.encode import encode
    from gapstudy.models import save_encoder
    from gapstudy.pretrain import build_tokenizer, pretrain

    torch.set_num_threads(1)  # one thread: the same encoder whatever else the machine does
    words: list[str] = []
    for code, sentences in corpora.text.items():
        words.extend(_spelt_tokens(sentences.lines, spellers[code]))
    tokenizer = build_tokenizer(part.spec.kind, words, part.study.pretrain.vocabulary_size)
    rows: list[list[int]] = []
    groups: list[int] = []
    for number, (code, sentences) in enumerate(corpora.text.items()):
        packed = encode(sentences, spellers[code], tokenizer, max_length=part.study.pretrain.max_length)
        rows.extend(packed.ids[a + 1 : b - 1].tolist() for a, b in zip(packed.starts, packed.starts[1:], strict=False))
        groups.extend([number] * len(sentences))
    encoder = pretrain(rows, groups, part.study.pretrain, torch.device("cpu"))
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    temporary.mkdir(parents=True, exist_ok=True)
    save_encoder(encoder, tokenizer, temporary)
    try:
        temporary.rename(folder)
    except OSError:  # another process was first; both made the same
        shutil.rmtree(temporary)


def _spelt_tokens(lines: Sequence[str], speller: Spelling) -> Iterator[str]:
    split = [speller.split(line) for line in lines]
    spelt = speller.spell({word for words in split for word in words})
    for words in split:
        for i, word in enumerate(words):
            if i and speller.separator:
                yield speller.separator
            yield spelt[word]


# ---- packed arrays -----------------------------------------------------------------------------------------
def encode_language(part: _Part) -> dict[str, Any]:
    """Encode every corpus of one language for one representation; return keys, and what the report needs."""
    from gapstudy.encode import encode
    from gapstudy.models import load_tokenizer

    corpora = load_corpora(part.study)
    _, encoder = make_encoder(part)
    speller = _spelling(part)
    tokenizer = read_cached(cache_folder("encoders") / encoder, load_tokenizer)
    keys: dict[str, str] = {}
    for name, corpus in corpora.parts(part.language).items():
        limit = _max_length(part.study, name)
        keys[name] = digest(
            {"encoder": encoder, "corpus": fingerprint(corpus), "max_length": limit, "spelling": speller.provenance}
        )
        path = cache_folder("encoded") / f"{keys[name]}.safetensors"
        if not path.is_file():
            encode(corpus, speller, tokenizer, max_length=limit).save(path)
    units, arrays = _parallel(keys["parallel"], encoder)
    return {
        "name": f"{part.representation}/{part.language}",
        "keys": keys,
        "encoder": encoder,
        "backend": speller.provenance,
        "units": units,
        "example": _example(corpora, part.language, speller),
        "arrays": {f"{part.representation}/{part.language}/{k}": v for k, v in arrays.items()},
    }


def _max_length(study: Study, corpus: str) -> int:
    task = corpus.split("/", maxsplit=1)[0]
    return study.tasks[task].hyper.max_length if task in study.tasks else study.pretrain.max_length


def _parallel(key: str, encoder: str) -> tuple[dict[str, float], dict[str, npt.NDArray[Any]]]:
    """Return facts and arrays of the encoded parallel corpus: units, and vectors before fine-tuning."""
    import torch

    from gapstudy.encode import UNK, Encoded
    from gapstudy.extract import sentence_vectors
    from gapstudy.models import load_encoder

    torch.set_num_threads(1)
    packed = read_cached(cache_folder("encoded") / f"{key}.safetensors", Encoded.load)
    model = read_cached(cache_folder("encoders") / encoder, load_encoder)
    vectors = sentence_vectors(model, packed, torch.device("cpu"))
    facts = {
        "sentences": len(packed),
        "mean_units": float(packed.lengths.mean()) - 2,
        "unknown_percent": 100.0 * float((packed.ids == UNK).mean()),
    }
    return facts, {"ids": packed.ids, "starts": packed.starts, **vectors}


def _example(corpora: Corpora, language: str, speller: Spelling) -> dict[str, str]:
    """Return a sentence of the parallel corpus as written and as its units (Figure 1), the same one in every language.

    It is the first that has four words or more in all of them, else the first.
    """
    rows = zip(*(sentences.lines for sentences in corpora.parallel.values()), strict=True)
    chosen = next((i for i, row in enumerate(rows) if all(len(line.split()) >= 4 for line in row)), 0)
    line = corpora.parallel[language].lines[chosen]
    words = speller.split(line)
    spelt = speller.spell(set(words))
    return {"text": line, "units": f" {speller.separator or ' '} ".join(spelt[word] for word in words)}


# ---- what the runs and the report need ----------------------------------------------------------------------
def _cell(study: Study, cell: Cell, corpora: Corpora, encoded: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the settings that identify the runs of a cell, and the cache keys of what they read."""
    task = study.tasks[cell.task]
    tested = study.evaluated_on(cell.task, cell.language)
    own = corpora.tasks[cell.task, cell.language]
    settings = {
        "format": FORMAT,
        "protocol": study.protocol,
        "tested_on": list(tested),
        "primary": primary_metric(cell.task, task.primary),
        "hyper": task.hyper_of(cell.representation, cell.language).model_dump(mode="json"),
        "representation": study.representations[cell.representation].model_dump(mode="json"),
        "pretrain": study.pretrain.model_dump(mode="json"),
        "pretrain_text": digest(corpora.text_fingerprint()),
        "data": {
            "train": fingerprint(own.train),
            "dev": fingerprint(own.dev),
            "test": {code: fingerprint(corpora.tasks[cell.task, code].test) for code in tested},
            "parallel": {code: fingerprint(corpora.parallel[code]) for code in tested},
        },
    }
    pieces = {code: encoded[f"{cell.representation}/{code}"] for code in {*tested, cell.language}}
    arrays = {code: {k: v for k, v in piece["keys"].items() if k.startswith(cell.task) or k == "parallel"}
              for code, piece in pieces.items()}  # fmt: skip
    home = pieces[cell.language]
    return {"settings": settings, "encoder": home["encoder"], "arrays": arrays, "spelling": home["backend"]}


def table4(study: Study, corpora: Corpora) -> list[dict[str, Any]]:
    """Count the examples of every corpus and language, as read (Table 4)."""
    rows = [
        {"corpus": task, "language": code, "train": corpora.full_sizes[task, code], "used": len(splits.train),
         "dev": len(splits.dev), "test": len(splits.test), "source": study.source(task).source}
        for (task, code), splits in corpora.tasks.items()
    ]  # fmt: skip
    rows += [
        {"corpus": "parallel", "language": code, "train": 0, "used": 0, "dev": 0, "test": len(sentences),
         "source": study.source("parallel").source}
        for code, sentences in corpora.parallel.items()
    ]  # fmt: skip
    return rows
