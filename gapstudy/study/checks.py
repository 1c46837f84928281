"""Checks of a study that need more than one key; each yields one line a problem."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gapstudy.languages import all_languages, language
from gapstudy.study.records import METRICS, DataSource, Representation, Sweep, Task

if TYPE_CHECKING:
    from gapstudy.study.study import Study

__all__ = ["inconsistencies"]

_WORD = re.compile(r"[A-Za-z0-9_]{1,32}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def inconsistencies(study: Study) -> Iterator[str]:
    """Yield what does not fit together in ``study``, with the path of the key and the valid values."""
    if not _NAME.fullmatch(study.name):
        yield f"name: {study.name!r} is not a directory name; use letters, digits, '.', '_', '-' (at most 64)"
    yield from _twice("languages", study.languages)
    for name, representation in study.representations.items():
        yield from _representation_problems(name, representation)
    yield from _without_phonemes(study)
    for name, task in study.tasks.items():
        yield from _task_problems(study, name, task)
    for corpus, source in study.data.items():
        yield from _source_problems(corpus, source)
    if study.analysis.correlate and study.analysis.correlate not in study.representations:
        yield _not_a_representation("analysis.correlate", study.analysis.correlate, study)


def _representation_problems(name: str, representation: Representation) -> Iterator[str]:
    where = f"representations.{name}"
    if not _WORD.fullmatch(name):
        yield f"{where}: {name!r} names files; use letters, digits and '_' (at most 32)"
    if representation.place == "hub" and not representation.revision:
        yield (
            f"{where}.revision: missing; {representation.model!r} is taken from the hub, at a commit of 40 hexadecimal "
            "digits (or is it a folder? then begin it with './')"
        )
    if representation.place == "small" and representation.g2p == "harmonised":
        yield f"{where}.g2p: 'harmonised' fits phones to the vocabulary of a model; the small ones learn theirs from the text"


def _without_phonemes(study: Study) -> Iterator[str]:
    """Languages that Epitran cannot convert, where some task reads phonemes."""
    used = study.used_representations()
    spoken = next((name for name, representation in used.items() if representation.kind == "phoneme"), None)
    silent = [code for code in study.languages if spoken and not language(code).epitran]
    if silent:
        valid = ", ".join(code for code, facts in all_languages().items() if facts.epitran)
        yield (
            f"languages: {', '.join(f'{code} ({language(code).name})' for code in silent)}: Epitran has no rules, which "
            f"representations.{spoken} needs; valid: {valid}"
        )


def _task_problems(study: Study, name: str, task: Task) -> Iterator[str]:
    where = f"tasks.{name}"
    named = [("representations", r) for r in task.representations]
    named += [("override.representation", o.representation) for o in task.override if o.representation is not None]
    for key, representation in named:
        if representation not in study.representations:
            yield _not_a_representation(f"{where}.{key}", representation, study)
    for code in task.languages:
        if code not in study.languages:
            yield f"{where}.languages: {code!r} is not among the study's languages: {', '.join(study.languages)}"
    yield from _twice(f"{where}.languages", task.languages)
    yield from _twice(f"{where}.representations", task.representations)
    yield from _value_problems(study, name, task)
    yield from _grid_problems(f"tasks.{name}.sweep", task.sweep)


def _grid_problems(where: str, sweep: Sweep | None) -> Iterator[str]:
    if sweep is None:
        return
    lists = {key: getattr(sweep, key) for key in ("learning_rates", "weight_decays", "schedules")}
    if not any(lists.values()):
        yield f"{where}: an empty grid; give at least one of {', '.join(lists)}"
    for key, values in lists.items():
        yield from _twice(f"{where}.{key}", values)


def _value_problems(study: Study, name: str, task: Task) -> Iterator[str]:
    where, longest = f"tasks.{name}", study.pretrain.max_length
    if study.protocol == "zero-shot" and task.source_language not in task.languages:
        yield f"{where}.source_language: {task.source_language!r} is not one of its languages: {', '.join(task.languages)}"
    if task.primary and task.primary not in METRICS[name]:
        yield f"{where}.primary: {task.primary!r} is not a metric of {name}; valid: {', '.join(METRICS[name])}"
    known = study.representations
    small = [r for r in task.representations if r not in known or known[r].place == "small"]
    asked = max((task.hyper_of(r, code).max_length for r in small for code in task.languages), default=0)
    if asked > longest:
        yield f"{where}.hyper.max_length: {asked} exceeds pretrain.max_length {longest}"


def _source_problems(corpus: str, source: DataSource) -> Iterator[str]:
    needed = ("text",) if corpus == "parallel" else ("train", "dev", "test")
    if source.source != "builtin":
        for key in needed:
            if not getattr(source, key) and not any(getattr(p, key) for p in source.languages.values()):
                yield f'data.{corpus}.{key}: missing (source = "{source.source}" needs {", ".join(needed)})'
    if source.source == "hub":
        for key in ("dataset", "revision"):
            if not getattr(source, key):
                yield f'data.{corpus}.{key}: missing (source = "hub" needs dataset and revision)'


def _twice(where: str, names: Sequence[str | float]) -> Iterator[str]:
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield f"{where}: {name!r} is named twice"


def _not_a_representation(where: str, name: str, study: Study) -> str:
    return f"{where}: {name!r} is not one of [representations]: {', '.join(study.representations)}"
