"""Load the corpora that a study names, one language at a time."""

from __future__ import annotations

import re
from importlib.resources import as_file, files
from pathlib import Path

from gapstudy.data.examples import Pairs, Sentences, Splits, Tagged
from gapstudy.data.readers import read_pairs, read_sentences, read_tagged
from gapstudy.errors import DataError
from gapstudy.languages import language as facts_of
from gapstudy.study import DataSource

__all__ = ["load_parallel", "load_task", "load_text"]


def load_task(task: str, language: str, source: DataSource) -> Splits[Pairs] | Splits[Tagged]:
    """Load train, dev and test of ``task`` ("xnli", "ner", "pos") in ``language``.

    Raises
    ------
    DataError
        If a file is missing, malformed, or holds nothing; the message names the file and the line.
    """
    paths = [_path(source, task, language, split) for split in ("train", "dev", "test")]
    if task == "xnli":
        return Splits(*(read_pairs(path) for path in paths))
    return Splits(*(read_tagged(path, task) for path in paths))


def load_parallel(languages: tuple[str, ...], source: DataSource) -> dict[str, Sentences]:
    """Load the parallel corpus: row *i* means the same in every language.

    Raises
    ------
    DataError
        As :func:`load_task`, and if the languages have different numbers of rows.
    """
    corpus = {code: read_sentences(_path(source, "parallel", code, "text")) for code in languages}
    sizes = {code: len(sentences) for code, sentences in corpus.items()}
    if len(set(sizes.values())) > 1:
        msg = f"the parallel corpus is not parallel: {', '.join(f'{c} {n}' for c, n in sizes.items())} rows"
        raise DataError(msg)
    return corpus


def load_text(language: str) -> Sentences:
    """Load the embedded monolingual text that the small encoders are pre-trained on."""
    return read_sentences(_builtin("text", f"{language}.txt"))


def _path(source: DataSource, corpus: str, language: str, part: str) -> Path:
    if source.source == "builtin":
        name = f"{language}.txt" if part == "text" else f"{part}.{language}.tsv"
        return _builtin(corpus, name)
    facts = facts_of(language)
    template: str = getattr(source, part)
    if unset := re.search(r"\$\{?(\w+)", template):
        msg = f"data.{corpus}.{part}: the environment variable {unset[1]} is not set; set it, or write the path out"
        raise DataError(msg)
    try:
        return Path(template.format(code=facts.code, iso1=facts.iso1, flores=facts.flores))
    except (LookupError, ValueError, AttributeError, TypeError):
        msg = f"data.{corpus}.{part}: {template!r} has an unknown placeholder; valid: {{code}}, {{iso1}}, {{flores}}"
        raise DataError(msg) from None


def _builtin(corpus: str, name: str) -> Path:
    with as_file(files("gapstudy") / "data" / "builtin" / corpus / name) as path:
        if not path.is_file():
            msg = f"the embedded corpus {corpus!r} has no {name.split('.')[-2]!r}; valid languages are those of 'tiny'"
            raise DataError(msg)
        return path
