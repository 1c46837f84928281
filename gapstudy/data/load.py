"""Load the corpora that a study names, one language at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from gapstudy.data.examples import Pairs, Sentences, Splits, Tagged
from gapstudy.data.pairs import PAIR_COLUMNS, read_pairs
from gapstudy.data.places import Place, builtin, find_place
from gapstudy.data.sentences import SENTENCE_COLUMNS, read_sentences
from gapstudy.data.tagged import TAGGED_COLUMNS, read_tagged
from gapstudy.errors import DataError
from gapstudy.study import DataSource

__all__ = ["load_parallel", "load_task", "load_text"]

_SPLITS = ("train", "dev", "test")


def load_task(
    task: str, language: str, source: DataSource, *, splits: Iterable[str] = _SPLITS
) -> Splits[Pairs] | Splits[Tagged]:
    """Load parts of ``task`` ("xnli", "ner", "pos") in ``language``; what a file is, its content says.

    Parameters
    ----------
    task : which task.
    language : a code of :data:`gapstudy.languages.LANGUAGES`.
    source : where its files are.
    splits : the parts that are needed, of "train", "dev" and "test"; the others are empty and their files not looked at.

    Raises
    ------
    DataError
        If a part is not named, a file is missing, malformed, or holds nothing; names the file and the line.
    HubError
        If files are on the hub and cannot be had.
    """
    _check_columns(task, source, PAIR_COLUMNS if task == "xnli" else TAGGED_COLUMNS[task])
    # every file is found, and downloaded, before the first is read
    places = {part: find_place(source, task, language, part) for part in _SPLITS if part in set(splits)}
    if task == "xnli":
        return Splits(*(_pairs(places[part], source) if part in places else Pairs((), (), ()) for part in _SPLITS))
    return Splits(*(_tagged(places[part], source, task) if part in places else Tagged((), ()) for part in _SPLITS))


def load_parallel(languages: tuple[str, ...], source: DataSource) -> dict[str, Sentences]:
    """Load the parallel corpus: row *i* means the same in every language.

    Raises
    ------
    DataError
        As :func:`load_task`, and if the languages have different numbers of rows.
    HubError
        As :func:`load_task`.
    """
    _check_columns("parallel", source, SENTENCE_COLUMNS)
    places = {code: find_place(source, "parallel", code, "text") for code in languages}
    corpus = {code: _sentences(place, source) for code, place in places.items()}
    sizes = {code: len(sentences) for code, sentences in corpus.items()}
    if len(set(sizes.values())) > 1:
        msg = f"the parallel corpus is not parallel: {', '.join(f'{c} {n}' for c, n in sizes.items())} rows"
        raise DataError(msg)
    return corpus


def load_text(language: str) -> Sentences:
    """Load the embedded monolingual text that the small encoders are pre-trained on."""
    return read_sentences(builtin("text", f"{language}.txt"))


def _pairs(place: Place, source: DataSource) -> Pairs:
    found = [read_pairs(path, language=place.language, columns=source.columns) for path in place.files]
    joined = Pairs(_end_to_end(p.premises for p in found), _end_to_end(p.hypotheses for p in found),
                   _end_to_end(p.labels for p in found))  # fmt: skip
    return joined if place.whole else joined.take(place.chosen(len(joined)))


def _tagged(place: Place, source: DataSource, task: str) -> Tagged:
    found = [read_tagged(path, task, language=place.language, columns=source.columns) for path in place.files]
    joined = Tagged(_end_to_end(t.words for t in found), _end_to_end(t.tags for t in found))
    return joined if place.whole else joined.take(place.chosen(len(joined)))


def _sentences(place: Place, source: DataSource) -> Sentences:
    found = [read_sentences(path, language=place.language, columns=source.columns) for path in place.files]
    lines = _end_to_end(sentences.lines for sentences in found)
    return Sentences(lines if place.whole else tuple(lines[i] for i in place.chosen(len(lines))))


def _end_to_end(parts: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(parts))


def _check_columns(corpus: str, source: DataSource, names: Iterable[str]) -> None:
    valid = (*names, "language")
    for column in source.columns:
        if column not in valid:
            msg = f"data.{corpus}.columns.{column}: unknown column; valid: {', '.join(valid)}"
            raise DataError(msg)
