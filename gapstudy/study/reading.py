"""Read a study from TOML, and explain every problem at once with its path and the valid values."""

from __future__ import annotations

import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError

from gapstudy.errors import StudyFileError
from gapstudy.study.records import DataSource, Places
from gapstudy.study.study import Study

__all__ = ["PRESETS", "parse", "preset_text", "read"]

PRESETS = ("tiny", "local-xnli", "local-tokens", "paper-xnli", "paper-ner", "paper-pos")


def preset_text(name: str) -> str:
    """Return the TOML of a preset, comments and all."""
    return (files("gapstudy") / "studies" / f"{name}.toml").read_text(encoding="utf-8")


def parse(text: str, where: str, folder: Path | None) -> Study:
    """Turn TOML into a study; see :meth:`gapstudy.study.Study.parse`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyFileError(where, [f"not valid TOML: {error}"]) from None
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        raise StudyFileError(where, _explain(error, Study)) from None
    # a preset has no folder: its paths start with variables, or where the command is called
    start = folder or Path()
    data = {k: _absolute_source(s, start) for k, s in study.data.items()}
    models = {k: r.model_copy(update={"model": _absolute_folder(r.model, start)}) if r.place == "folder" else r
              for k, r in study.representations.items()}  # fmt: skip
    return study.model_copy(update={"data": data, "representations": models})


def read(name_or_path: str | Path) -> tuple[str, str, Path | None]:
    """Return the TOML text, the name for errors, and the folder that relative paths start from."""
    name = str(name_or_path)
    if name in PRESETS:
        return preset_text(name), name, None
    path = Path(name)
    if path.suffix != ".toml":
        raise StudyFileError(name, [f"unknown study; valid: {', '.join(PRESETS)}, or the path of a .toml file"])
    try:
        return path.read_text(encoding="utf-8-sig"), name, path.resolve().parent
    except FileNotFoundError:
        raise StudyFileError(name, ["no such study file; write one with: gapstudy init NAME"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyFileError(name, [f"cannot be read: {error}"]) from None


def _absolute_source(source: DataSource, folder: Path) -> DataSource:
    """Return a source whose local paths do not depend on where the command is called."""
    if source.source != "local":
        return source
    languages = {code: places.model_copy(update=_absolute(places, folder)) for code, places in source.languages.items()}
    return source.model_copy(update={**_absolute(source, folder), "languages": languages})


def _absolute(places: Places, folder: Path) -> dict[str, str]:
    return {key: _absolute_folder(value, folder) for key in Places.model_fields if (value := getattr(places, key))}


def _absolute_folder(path: str, folder: Path) -> str:
    return str(folder / Path(os.path.expandvars(path)).expanduser())


def _explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    problems: list[str] = []
    for item in error.errors():
        path = ".".join(str(part) for part in item["loc"] if part != "[key]") or "study"
        if item["type"] == "value_error" and not item["loc"]:
            problems.extend(str(item["ctx"]["error"]).splitlines())
        elif item["type"] == "extra_forbidden":
            problems.append(f"{path}: unknown key; valid here: {', '.join(_valid_keys(model, item['loc'][:-1]))}")
        else:
            message = item["msg"].removeprefix("Value error, ")
            # the input of a whole table would bury the message
            bare = item["type"] == "missing" or isinstance(item["input"], dict)
            shown = "" if bare else f" (got {str(item['input'])[:80]!r})"
            problems.append(f"{path}: {message}{shown}")
    return problems


def _valid_keys(model: Any, loc: tuple[int | str, ...]) -> list[str]:
    """Walk the annotations along ``loc`` to the record whose key was wrong."""
    named = False  # whether the next part is a name of the user's choice, as in [representations.NAME]
    for part in loc:
        if named or isinstance(part, int):
            named = False
            continue
        annotation = model.model_fields[part].annotation
        named, model = get_origin(annotation) is dict, _record_in(annotation)
    return [f.alias or n for n, f in model.model_fields.items()]


def _record_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := _record_in(inner)) is not None:
            return found
    return None
