"""The study: one frozen record that says everything that can change a number."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gapstudy.errors import StudyFileError
from gapstudy.study.cells import Cell
from gapstudy.study.checks import inconsistencies
from gapstudy.study.records import (
    Analysis,
    CorpusName,
    DataSource,
    Languages,
    Pretraining,
    Randomness,
    Record,
    Representation,
    Task,
    TaskName,
)

__all__ = ["Study"]


class Study(Record):
    """A whole study; see :meth:`load`."""

    schema_version: Literal[1] = Field(1, alias="schema")
    name: str
    description: str = ""
    demonstration: bool = False
    protocol: Literal["per-language", "zero-shot"] = "per-language"
    seed: int = Field(0, ge=0)
    seeds: int = Field(15, ge=1, description="seeds a cell when --n is not given")
    languages: Languages
    tasks: Annotated[dict[TaskName, Task], Field(min_length=1)]
    representations: Annotated[dict[str, Representation], Field(min_length=1)]
    pretrain: Pretraining = Pretraining()
    randomness: Randomness = Randomness()
    data: dict[CorpusName, DataSource] = Field(default_factory=dict)
    analysis: Analysis = Analysis()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if problems := list(inconsistencies(self)):
            raise ValueError("\n".join(problems))
        return self

    @classmethod
    def load(cls, name_or_path: str | Path) -> Study:
        """Read a preset by name or a TOML file by path.

        Raises
        ------
        StudyFileError
            If there is no such preset or file, the TOML is malformed, or any key or value is wrong; every
            problem is listed with its path in the file and the valid values.
        """
        from gapstudy.study.reading import read

        return cls.parse(*read(name_or_path))

    @classmethod
    def parse(cls, text: str, where: str, folder: Path | None = None) -> Study:
        """Read a study from TOML ``text``; ``where`` names it in errors, ``folder`` is where paths start.

        Raises
        ------
        StudyFileError
            As :meth:`load`.
        """
        from gapstudy.study.reading import parse

        return parse(text, where, folder)

    def narrowed(
        self,
        *,
        tasks: tuple[str, ...] = (),
        representations: tuple[str, ...] = (),
        languages: tuple[str, ...] = (),
    ) -> Study:
        """Return the study with only some tasks, representations or languages (empty: all).

        Raises
        ------
        StudyFileError
            If a name is not in the study, or nothing is left.
        """
        problems = [
            *_not_in("--tasks", tasks, self.tasks),
            *_not_in("--representations", representations, self.representations),
            *_not_in("--languages", languages, {c for t in self.tasks.values() for c in t.languages}),
        ]
        if problems:
            raise StudyFileError(self.name, problems)
        kept = {
            name: task.model_copy(
                update={
                    "languages": tuple(c for c in task.languages if not languages or c in languages),
                    "representations": tuple(
                        r for r in task.representations if not representations or r in representations
                    ),
                }
            )
            for name, task in self.tasks.items()
            if not tasks or name in tasks
        }
        kept = {name: task for name, task in kept.items() if task.languages and task.representations}
        if not kept:
            raise StudyFileError(self.name, ["no task is left after --tasks, --representations and --languages"])
        return self.model_copy(update={"tasks": kept})

    def source(self, corpus: str) -> DataSource:
        """Return where ``corpus`` ("xnli", "ner", "pos" or "parallel") comes from; the default is the package."""
        return self.data.get(corpus, DataSource())

    def used_representations(self) -> dict[str, Representation]:
        """Return the representations that some task uses, in the order of the file."""
        used = {r for task in self.tasks.values() for r in task.representations}
        return {name: spec for name, spec in self.representations.items() if name in used}

    def seeds_of(self, task: str, n: int | None) -> int:
        """Return how many seeds ``task`` gets when ``--n`` is ``n`` (None: the study's own number)."""
        asked = self.seeds if n is None else n
        cap = self.tasks[task].max_seeds
        return min(asked, cap) if cap else asked

    def cells(self) -> list[Cell]:
        """Return every (task, representation, language) of the study, in the order they are run."""
        return [
            Cell(task=name, representation=representation, language=language)
            for name, task in self.tasks.items()
            for representation in task.representations
            for language in self.trained_on(name)
        ]

    def trained_on(self, task: str) -> tuple[str, ...]:
        """Return the languages that models of ``task`` are trained on: all, or the source of zero-shot transfer."""
        spec = self.tasks[task]
        return (spec.source_language,) if self.protocol == "zero-shot" else spec.languages

    def evaluated_on(self, task: str, language: str) -> tuple[str, ...]:
        """Return the languages that a model of ``task`` trained on ``language`` is tested on."""
        return self.tasks[task].languages if self.protocol == "zero-shot" else (language,)


def _not_in(option: str, asked: tuple[str, ...], valid: Collection[str]) -> Iterator[str]:
    for name in asked:
        if name not in valid:
            yield f"{option}: {name!r} is not in this study; valid: {', '.join(sorted(valid))}"
