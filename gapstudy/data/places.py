"""Which files a corpus is in: the templates of the study file, filled for one language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from gapstudy.errors import DataError
from gapstudy.languages import Language
from gapstudy.languages import language as facts_of
from gapstudy.study import DataSource

__all__ = ["Place", "builtin", "find_place"]

_SLICE = re.compile(r"(.+)\[([0-9]*):([0-9]*)\]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one part of a corpus is in one language: files whose examples follow one another, and which of these.

    ``key`` is the key of the study file, ``template`` its value, for errors.
    """

    files: tuple[Path, ...]
    language: Language
    key: str
    template: str
    start: int = 0
    stop: int | None = None

    def chosen(self, size: int) -> range:
        """Return which of ``size`` examples are wanted.

        Raises
        ------
        DataError
            If there are none; names the number that there are.
        """
        wanted = range(size)[self.start : self.stop]
        if not wanted:
            msg = f"{self.key}: {self.template!r} takes nothing: there are {size} examples in {self._named()}"
            raise DataError(msg)
        return wanted

    @property
    def whole(self) -> bool:
        """Whether every example is wanted."""
        return self.start == 0 and self.stop is None

    def _named(self) -> str:
        return str(self.files[0]) if len(self.files) == 1 else f"{len(self.files)} files such as {self.files[0]}"


def find_place(source: DataSource, corpus: str, language: str, part: str) -> Place:
    """Return where ``part`` ("train", "dev", "test", "text") of a corpus is in one language.

    ``path[10:20]`` is cut as Python does, unless a file has that very name. Files on the hub are downloaded when they
    are not in the cache.

    Raises
    ------
    DataError
        If the source names no such part for the language, or its template cannot be filled.
    HubError
        If the files are on the hub and cannot be had.
    """
    facts, key = facts_of(language), f"data.{corpus}.{part}"
    if source.source == "builtin":
        name = f"{language}.txt" if part == "text" else f"{part}.{language}.tsv"
        return Place((builtin(corpus, name),), facts, key, name)
    template: str = getattr(source.places(language), part)
    if source.languages.get(language) and getattr(source.languages[language], part):
        key = f"data.{corpus}.languages.{language}.{part}"
    if not template:
        raise DataError(_missing(source, corpus, language, part))
    path = _filled(template, facts, key)
    found = _SLICE.fullmatch(path)
    if found is None or (source.source == "local" and Path(path).exists()):
        return Place(_files(source, path), facts, key, template)
    start, stop = int(found[2] or 0), int(found[3]) if found[3] else None
    return Place(_files(source, found[1]), facts, key, template, start, stop)


def _files(source: DataSource, path: str) -> tuple[Path, ...]:
    if source.source == "local":
        return (Path(path),)
    from gapstudy.hub import matching, snapshot

    folder = snapshot(source.dataset, kind="dataset", revision=source.revision, patterns=[path])
    return tuple(matching(folder, [path]))


def _filled(template: str, facts: Language, key: str) -> str:
    if unset := re.search(r"\$\{?(\w+)", template):
        msg = f"{key}: the environment variable {unset[1]} is not set; set it, or write the path out"
        raise DataError(msg)
    try:
        return template.format(code=facts.code, iso1=facts.iso1, flores=facts.flores)
    except (LookupError, ValueError, AttributeError, TypeError):
        msg = f"{key}: {template!r} has an unknown placeholder; valid: {{code}}, {{iso1}}, {{flores}}"
        raise DataError(msg) from None


def _missing(source: DataSource, corpus: str, language: str, part: str) -> str:
    places = source.places(language).model_dump()
    has = ", ".join(name for name, value in places.items() if value) or "nothing"
    others = [code for code in source.languages if getattr(source.places(code), part)]
    elsewhere = f"; {part} is there for {', '.join(others)}" if others else ""
    return (
        f"data.{corpus}.{part}: the corpus {corpus!r} has no {part} in {language}: name a file there, or in "
        f"data.{corpus}.languages.{language}.{part} (in {language} it has {has}{elsewhere})"
    )


def builtin(corpus: str, name: str) -> Path:
    """Return an embedded file.

    Raises
    ------
    DataError
        If the package does not have it.
    """
    with as_file(files("gapstudy") / "data" / "builtin" / corpus / name) as path:
        if not path.is_file():
            msg = f"the embedded corpus {corpus!r} has no {name.split('.')[-2]!r}; valid languages are those of 'tiny'"
            raise DataError(msg)
        return path
