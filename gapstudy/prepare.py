"""Everything before training, done once a study: text, pronunciations, encoders, packed arrays.

What it makes goes to the cache under content hashes; what the report needs of it goes to ``runs/<study>/``:
``prepared.json`` (the study, the settings of every cell, Table 4, Figure 1, the G2P audit) and
``parallel.safetensors`` (units of the parallel sentences and their vectors before fine-tuning).
"""

from __future__ import annotations

import logging
import math
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from gapstudy.cache import cache_folder, digest, read_cached
from gapstudy.corpora import Corpora, load_corpora
from gapstudy.data import fingerprint
from gapstudy.encode import Coder, Encoded, encode
from gapstudy.encoders import (
    coder_of,
    content_of,
    encoder_of,
    is_ready,
    model_folder,
    note_content,
    phones_known_to,
    register,
    vocabulary_of,
)
from gapstudy.errors import ModelError
from gapstudy.store import StudyPaths, write_arrays, write_json
from gapstudy.study import FORMAT, Cell, Representation, Study, Task
from gapstudy.tasks import primary_metric
from gapstudy.units import Phones, Spelling, spelling

__all__ = ["Mapper", "prepare", "serially"]

_LOG = logging.getLogger(__name__)
_LAYOUT = 3  # of packed arrays: raised when old ones can no longer be read
A = TypeVar("A")
R = TypeVar("R")
Mapper = Callable[[Callable[[A], R], Sequence[A]], Iterator[R]]
Say = Callable[[str], None]


def serially(function: Callable[[A], R], items: Sequence[A]) -> Iterator[R]:
    """Call ``function`` on each item in this process: the simplest :data:`Mapper`."""
    return map(function, items)


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of work for one process: a study, one of its representations, one language (or all).

    ``folder`` is that of the representation's model (None: a small encoder), ``encoder`` its key in the cache.
    """

    study: Study
    representation: str
    language: str = ""
    folder: Path | None = None
    encoder: str = ""

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
    _CORPORA.clear()  # files may have changed since this process last looked
    corpora = _corpora(study)
    parts = {name: _Part(study, name, folder=model_folder(r)) for name, r in study.used_representations().items()}
    say("pronouncing every word")
    spoken = [replace(p, language=code) for p in parts.values() if p.spec.kind == "phoneme" for code in study.languages]
    list(run_all(pronounce, spoken))
    if any(part.folder is None for part in parts.values()):
        say("pre-training the small encoders")
    # the longest first, so that no process waits for another at the end: subwords make the shortest sequences
    keys = dict(run_all(make_encoder, sorted(parts.values(), key=lambda part: part.spec.kind == "subword")))
    say("encoding the corpora")
    ready = [replace(p, language=code, encoder=keys[name]) for name, p in parts.items() for code in study.languages]
    encoded = {piece["name"]: piece for piece in run_all(encode_language, ready)}
    content = {
        "format": FORMAT,
        "study": study.model_dump(mode="json", by_alias=True),
        "cells": {cell.name: _cell(study, cell, corpora, encoded) for cell in study.cells()},
        "table4": table4(study, corpora),
        "figure1": {name: piece["example"] for name, piece in encoded.items()},
        "g2p": [piece["audit"] for piece in encoded.values() if piece["audit"]],
        "units": {name: piece["units"] for name, piece in encoded.items()},
    }
    write_arrays(paths.parallel, {k: v for piece in encoded.values() for k, v in piece["arrays"].items()})
    write_json(paths.prepared, content)
    return content


_CORPORA: dict[str, Corpora] = {}


def _corpora(study: Study) -> Corpora:
    """Load the corpora of a study once a process: one process does several languages and representations."""
    name = study.model_dump_json()
    if name not in _CORPORA:
        _CORPORA.clear()
        _CORPORA[name] = load_corpora(study)
    return _CORPORA[name]


# ---- pronunciations ---------------------------------------------------------------------------------------
def pronounce(part: _Part) -> None:
    """Fill the pronunciation cache for one language."""
    speller = _spelling(part)
    speller.spell(_word_counts(part, _corpora(part.study), speller))


def _audit(part: _Part, corpora: Corpora, speller: Spelling) -> dict[str, Any] | None:
    """Return what came out of the conversion, under the model's vocabulary; None where there is none."""
    if not isinstance(speller, Phones):
        return None
    from gapstudy.g2p import audit

    counts = _word_counts(part, corpora, speller)
    phones = {word: tuple(text.split(" ")) for word, text in speller.spell(counts).items()}
    known = vocabulary_of(part.encoder, part.spec.kind)
    found = audit(counts, phones, known, replacements=speller.replacements(counts))
    facts = {"language": part.language, "representation": part.representation, "backend": speller.provenance}
    return {**facts, "mode": part.spec.g2p, **found.as_record()}


def _word_counts(part: _Part, corpora: Corpora, speller: Spelling) -> Counter[str]:
    return Counter(word for words in _all_words(part, corpora, speller) for word in words)


def _all_words(part: _Part, corpora: Corpora, speller: Spelling) -> Iterator[Sequence[str]]:
    for name, corpus in _parts(part, corpora).items():
        if name.startswith(("ner/", "pos/")):
            yield from corpus.words
        else:
            yield from (speller.split(line) for line in corpus.texts())
    if part.folder is None and part.language in corpora.text:
        yield from (speller.split(line) for line in corpora.text[part.language].lines)


def _spelling(part: _Part) -> Spelling:
    known = phones_known_to(part.folder) if part.folder and part.spec.g2p == "harmonised" else None
    return spelling(part.spec, part.language, cache_folder("g2p"), known)


# ---- encoders ----------------------------------------------------------------------------------------------
def make_encoder(part: _Part) -> tuple[str, str]:
    """Return (representation, key): a model folder is noted in the cache, a small encoder pre-trained if it is new."""
    if part.folder:
        return part.representation, register(part.folder)
    corpora = _corpora(part.study)
    spellers = {code: spelling(part.spec, code, cache_folder("g2p")) for code in corpora.text}
    key = digest(
        {
            "representation": part.spec.model_dump(mode="json", include={"kind", "model", "g2p", "english"}),
            "pretrain": part.study.pretrain.model_dump(mode="json"),
            "text": corpora.text_fingerprint(),
            "spelling": {code: s.identity for code, s in spellers.items()},
            "torch": version("torch"),
            "tokenizers": version("tokenizers"),
            "format": FORMAT,
            "layout": 2,  # of the folder
        }
    )
    if not is_ready(key):
        _build_encoder(part, corpora, spellers, cache_folder("encoders") / key)
    return part.representation, key


def _build_encoder(part: _Part, corpora: Corpora, spellers: dict[str, Spelling], folder: Path) -> None:
    import torch

    from gapstudy.coders import small_coder
    from gapstudy.models import save_encoder
    from gapstudy.pretrain import build_tokenizer, pretrain

    torch.set_num_threads(1)  # one thread: the same encoder whatever else the machine does
    words: list[str] = []
    for code, sentences in corpora.text.items():
        words.extend(_spelt_tokens(sentences.lines, spellers[code]))
    tokenizer = build_tokenizer(part.spec.kind, words, part.study.pretrain.vocabulary_size)
    coder = small_coder(tokenizer)
    rows: list[list[int]] = []
    groups: list[int] = []
    for number, (code, sentences) in enumerate(corpora.text.items()):
        packed = encode(sentences, spellers[code], coder, max_length=part.study.pretrain.max_length)
        rows.extend(packed.ids[a + 1 : b - 1].tolist() for a, b in zip(packed.starts, packed.starts[1:], strict=False))
        groups.extend([number] * len(sentences))
    encoder = pretrain(rows, groups, part.study.pretrain, torch.device("cpu"))
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    temporary.mkdir(parents=True, exist_ok=True)
    save_encoder(encoder, tokenizer, temporary)
    note_content(temporary, rows, groups)
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
    corpora = _corpora(part.study)
    speller, coder = _spelling(part), coder_of(part.encoder, part.spec.kind)
    keys: dict[str, str] = {}
    contents: dict[str, str] = {}
    for name, corpus in _parts(part, corpora).items():
        limit = _max_length(part, name, coder)
        keys[name] = digest(
            {"encoder": part.encoder, "corpus": fingerprint(corpus), "max_length": limit, "layout": _LAYOUT,
             "kind": part.spec.kind, "spelling": speller.identity, "tokenizers": version("tokenizers")}
        )  # fmt: skip
        path = cache_folder("encoded") / f"{keys[name]}.safetensors"
        if not path.is_file():
            encode(corpus, speller, coder, max_length=limit).save(path)
        # whatever changes a unit, a label or a length changes the identity of the runs that read it
        contents[name] = read_cached(path, Encoded.content_of)
    units, arrays = _parallel(keys["parallel"], part, coder)
    return {
        "name": f"{part.representation}/{part.language}",
        "keys": keys,
        "contents": contents,
        "encoder": part.encoder,
        "backend": speller.provenance,
        "units": units,
        "audit": _audit(part, corpora, speller),
        "example": _example(corpora, part.language, speller),
        "arrays": {f"{part.representation}/{part.language}/{k}": v for k, v in arrays.items()},
    }


def _parts(part: _Part, corpora: Corpora) -> dict[str, Any]:
    """Return the corpora of a language that the representation is used for, by name."""
    tasks = part.study.tasks
    return {
        name: corpus
        for name, corpus in corpora.parts(part.language).items()
        if (task := name.split("/", maxsplit=1)[0]) not in tasks or part.representation in tasks[task].representations
    }


def _max_length(part: _Part, corpus: str, coder: Coder) -> int:
    """Return the units that a corpus is cut to.

    Raises
    ------
    ModelError
        If the study asks for more than the encoder reads.
    """
    study, limit = part.study, coder.framing.limit
    name = corpus.split("/", maxsplit=1)[0]
    if name not in study.tasks:  # parallel sentences: as long as the encoder reads
        return study.pretrain.max_length if part.folder is None else limit
    task = study.tasks[name]
    trained = task.source_language if study.protocol == "zero-shot" else part.language
    asked = task.hyper_of(part.representation, trained).max_length
    if part.folder is not None and asked > limit:
        msg = f"tasks.{name}.hyper.max_length: {asked} is more than the {limit} units that {part.folder} reads"
        raise ModelError(msg)
    return asked


def _parallel(key: str, part: _Part, coder: Coder) -> tuple[dict[str, float], dict[str, npt.NDArray[Any]]]:
    """Return facts and arrays of the encoded parallel corpus: units, and vectors before fine-tuning."""
    packed = read_cached(cache_folder("encoded") / f"{key}.safetensors", Encoded.load)
    vectors = _before_training(key, packed, part)
    own = int((packed.words >= -1).sum())  # not the special units
    unknown = int((packed.ids == coder.framing.unk).sum())
    facts = {
        "sentences": len(packed),
        "mean_units": own / len(packed),
        "unknown_percent": 100.0 * unknown / max(own, 1),
    }
    return facts, {"ids": packed.ids, "starts": packed.starts, **vectors}


def _before_training(key: str, packed: Encoded, part: _Part) -> dict[str, npt.NDArray[Any]]:
    """Return the encoder's own vectors of the parallel sentences; extracted once, for large encoders take long."""
    import torch
    from safetensors.numpy import load_file, save

    from gapstudy.extract import sentence_vectors

    layers = _layers(*part.study.tasks.values())
    path = cache_folder("vectors") / f"{digest([key, part.encoder, layers, version('torch')])}.safetensors"
    if not path.is_file():
        torch.set_num_threads(1)
        model = encoder_of(part.encoder, part.spec.kind)
        vectors = sentence_vectors(model, packed, torch.device("cpu"), layers)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        temporary.write_bytes(save({layer: np.ascontiguousarray(rows) for layer, rows in vectors.items()}))
        temporary.replace(path)
    found = read_cached(path, load_file)
    return {layer: found[layer] for layer in layers}


def _layers(*tasks: Task) -> tuple[str, ...]:
    """Return the layers whose sentence vectors are needed: input and last, and those that the tasks name."""
    return tuple(dict.fromkeys(("input", "last", *(task.sentence_layer for task in tasks))))


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
    task, representation = study.tasks[cell.task], study.representations[cell.representation]
    tested = study.evaluated_on(cell.task, cell.language)
    own = corpora.tasks[cell.task, cell.language]
    own_units = encoded[f"{cell.representation}/{cell.language}"]["contents"]
    settings = {
        "format": FORMAT,
        "protocol": study.protocol,
        "tested_on": list(tested),
        "primary": primary_metric(cell.task, task.primary),
        "hyper": task.hyper_of(cell.representation, cell.language).model_dump(mode="json"),
        "representation": _identity(
            cell.task, representation, encoded[f"{cell.representation}/{cell.language}"]["encoder"]
        ),
        **_origin(study, representation, corpora, encoded[f"{cell.representation}/{cell.language}"]["encoder"]),
        "randomness": study.randomness.model_dump(mode="json"),
        "subset": task.train_fraction if study.randomness.subset == "run" else 1.0,
        "layers": list(_layers(task)),
        "data": {
            "train": fingerprint(own.train),
            "dev": fingerprint(own.dev),
            "test": {code: fingerprint(corpora.tasks[cell.task, code].test) for code in tested},
            "parallel": {code: fingerprint(corpora.parallel[code]) for code in tested},
        },
        "units": {
            **{name: own_units[f"{cell.task}/{name}"] for name in ("train", "dev")},
            **{
                f"{name}/{code}": encoded[f"{cell.representation}/{code}"]["contents"][part]
                for name, part in (("test", f"{cell.task}/test"), ("parallel", "parallel"))
                for code in tested
            },
        },
    }
    pieces = {code: encoded[f"{cell.representation}/{code}"] for code in {*tested, cell.language}}
    arrays = {code: {k: v for k, v in piece["keys"].items() if k.startswith(cell.task) or k == "parallel"}
              for code, piece in pieces.items()}  # fmt: skip
    home = pieces[cell.language]
    model = f"{representation.model}@{representation.revision}" if representation.revision else representation.model
    facts = {"encoder": home["encoder"], "model": model, "arrays": arrays, "spelling": home["backend"]}
    return {"settings": settings, **facts}


def _identity(task: str, representation: Representation, encoder: str) -> dict[str, Any]:
    """Return what of a representation can change a run; what its model is, is in its key, not where it lies."""
    phones = {"g2p": representation.g2p, "english": representation.english} if representation.kind == "phoneme" else {}
    words = {} if task == "xnli" else {"words": representation.words}
    model = "small" if representation.place == "small" else encoder
    return {"kind": representation.kind, "model": model, **phones, **words}


def _origin(study: Study, representation: Representation, corpora: Corpora, encoder: str) -> Mapping[str, Any]:
    """Return what a small encoder was made from: options, text, and the units that the text became."""
    if representation.place != "small":
        return {}
    return {
        "pretrain": study.pretrain.model_dump(mode="json"),
        "pretrain_text": digest(corpora.text_fingerprint()),
        "pretrain_units": content_of(encoder),
    }


def _used(study: Study, task: str, loaded: int) -> int:
    """Return how many examples a run learns from."""
    drawn_by_runs = study.randomness.subset == "run"
    return math.ceil(study.tasks[task].train_fraction * loaded) if drawn_by_runs else loaded


def table4(study: Study, corpora: Corpora) -> list[dict[str, Any]]:
    """Count the examples of every corpus and language, as read (Table 4)."""
    rows = [
        {"corpus": task, "language": code, "train": corpora.full_sizes[task, code], "used": _used(study, task, len(splits.train)),
         "dev": len(splits.dev), "test": len(splits.test), "source": study.source(task).source}
        for (task, code), splits in corpora.tasks.items()
    ]  # fmt: skip
    rows += [
        {"corpus": "parallel", "language": code, "train": 0, "used": 0, "dev": 0, "test": len(sentences),
         "source": study.source("parallel").source}
        for code, sentences in corpora.parallel.items()
    ]  # fmt: skip
    return rows
