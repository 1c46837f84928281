"""All text of a study, loaded once: tasks with their training fraction, the parallel corpus, pre-training text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from zlib import crc32

import numpy as np

from gapstudy.data import Pairs, Sentences, Splits, Tagged, fingerprint, load_parallel, load_task, load_text, subset
from gapstudy.errors import DataError
from gapstudy.study import Study

__all__ = ["Corpora", "load_corpora"]

Part = Pairs | Tagged | Sentences
_ALL = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Corpora:
    """The text of a study.

    Attributes
    ----------
    tasks : (task, language) -> train (after the fraction is taken, unless each run draws its own), dev and test.
        Where zero-shot transfer only tests a language, its train and dev are empty.
    full_sizes : (task, language) -> training examples before the fraction is taken.
    parallel : language -> sentences; row *i* means the same in every language.
    text : language -> pre-training text; empty where the study pre-trains no encoder.
    """

    tasks: dict[tuple[str, str], Splits[Pairs] | Splits[Tagged]]
    full_sizes: dict[tuple[str, str], int]
    parallel: dict[str, Sentences]
    text: dict[str, Sentences]

    def parts(self, language: str) -> dict[str, Part]:
        """Return every part in ``language`` that is not empty, by name: "xnli/train", ..., "parallel"."""
        found: dict[str, Part] = {}
        for (task, code), splits in self.tasks.items():
            if code == language:
                parts = {f"{task}/{split}": getattr(splits, split) for split in ("train", "dev", "test")}
                found |= {name: part for name, part in parts.items() if len(part)}
        if language in self.parallel:
            found["parallel"] = self.parallel[language]
        return found

    def text_fingerprint(self) -> dict[str, str]:
        """Return the fingerprint of the pre-training text of each language."""
        return {code: fingerprint(sentences) for code, sentences in self.text.items()}


def load_corpora(study: Study) -> Corpora:
    """Load every corpus that ``study`` names, and of each what it needs.

    Raises
    ------
    DataError
        If a corpus is missing or malformed, or test sets that must be parallel are not.
    HubError
        If a corpus is on the hub and cannot be had.
    """
    full = {
        (name, code): load_task(
            name, code, study.source(name), splits=_ALL if code in study.trained_on(name) else ("test",)
        )
        for name, task in study.tasks.items()
        for code in task.languages
    }
    _check_parallel_tests(full)
    tasks = {key: _with_fraction(study, key[0], splits) for key, splits in full.items()}
    sizes = {key: len(splits.train) for key, splits in full.items()}
    return Corpora(tasks, sizes, load_parallel(study.languages, study.source("parallel")), _text(study, full))


def _with_fraction(study: Study, task: str, splits: Splits[Pairs] | Splits[Tagged]) -> Splits[Pairs] | Splits[Tagged]:
    """Keep a share of the training set: the same rows in every language, and for every seed.

    Where each run draws its own share, all of it is kept.
    """
    fraction = study.tasks[task].train_fraction
    if fraction >= 1 or study.randomness.subset == "run" or not len(splits.train):
        return splits
    rng = np.random.default_rng([study.seed, crc32(f"subset/{task}".encode())])
    rows = subset(len(splits.train), fraction, rng)
    return replace(splits, train=splits.train.take(rows))  # type: ignore[arg-type]


def _text(study: Study, full: dict[tuple[str, str], Splits[Pairs] | Splits[Tagged]]) -> dict[str, Sentences]:
    """Return what the small encoders are pre-trained on, where the study has any.

    Training text is there for the languages that are trained on: in zero-shot transfer, the source alone.
    """
    if not any(representation.place == "small" for representation in study.used_representations().values()):
        return {}
    if study.pretrain.text == "builtin":
        return {code: load_text(code) for code in study.languages}
    found: dict[str, list[str]] = {}
    for (_, code), splits in full.items():
        if len(splits.train):
            found.setdefault(code, []).extend(_running(splits.train))
    missing = [code for code in study.languages if code not in found]
    if missing and study.protocol == "per-language":
        msg = f"pretrain.text = 'train' but no task has training text in {', '.join(missing)}; drop them from languages"
        raise DataError(msg)
    return {code: Sentences(tuple(lines)) for code, lines in found.items()}


def _running(part: Pairs | Tagged) -> tuple[str, ...]:
    """Return the sentences in an order where a hypothesis follows its premise."""
    if isinstance(part, Pairs):
        return tuple(chain.from_iterable(zip(part.premises, part.hypotheses, strict=True)))
    return part.texts()


def _check_parallel_tests(tasks: dict[tuple[str, str], Splits[Pairs] | Splits[Tagged]]) -> None:
    """XNLI's test sets are the same items in every language; everything paired later depends on that."""
    labels = {code: splits.test.labels for (task, code), splits in tasks.items() if task == "xnli"}  # type: ignore[union-attr]
    if len(set(labels.values())) > 1:
        sizes = ", ".join(f"{code} {len(values)}" for code, values in labels.items())
        msg = f"the xnli test sets are not parallel: their labels differ row by row ({sizes} items)"
        raise DataError(msg)
