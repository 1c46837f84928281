"""The study of a report as a file that trains it again, without the places of one machine in it."""

from __future__ import annotations

import hashlib
import os.path
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from gapstudy.store.places import is_local, last_part

__all__ = ["StudyFile", "study_file"]

_PATHS = ("train", "dev", "test", "text")
_HEAD = (
    "# The study of this report as it was trained, all values spelt out. Train and report it again with:\n"
    "#   gapstudy train-seeds --study study.toml\n"
    "#   gapstudy report --study study.toml\n"
)
_LOCAL = "# ${name} is the folder that held the {what}: set it, or edit the paths.\n"


class StudyFile:
    """Text of a study file; ``digest`` are the first 16 hex digits of its SHA-256."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def study_file(study: Mapping[str, Any]) -> StudyFile:
    """Return a study as TOML.

    Parameters
    ----------
    study : as ``prepared.json`` holds it: JSON values, places absolute. Local places start from $GAPSTUDY_DATA and
        $GAPSTUDY_MODELS in the text, so that it names no folder, user or machine.
    """
    import tomli_w

    data, models = _local_data(study), _local_models(study)
    content = dict(study)
    if data:
        content["data"] = _mapped(study["data"], _shortened(data, "GAPSTUDY_DATA"))
    if models:
        short = _shortened(models, "GAPSTUDY_MODELS")
        content["representations"] = {
            name: {**spec, "model": short.get(spec["model"], spec["model"])}
            for name, spec in study["representations"].items()
        }
    head = _HEAD
    head += _LOCAL.format(name="GAPSTUDY_DATA", what="corpora") if data else ""
    head += _LOCAL.format(name="GAPSTUDY_MODELS", what="encoders") if models else ""
    return StudyFile(f"{head}\n{tomli_w.dumps(_without_empty(content))}")


def _local_data(study: Mapping[str, Any]) -> list[str]:
    found = [
        places[key]
        for source in study.get("data", {}).values()
        if source.get("source") == "local"
        for places in (source, *source.get("languages", {}).values())
        for key in _PATHS
        if places.get(key)
    ]
    return list(dict.fromkeys(place for place in found if is_local(place)))


def _local_models(study: Mapping[str, Any]) -> list[str]:
    models = [spec["model"] for spec in study.get("representations", {}).values() if spec.get("model")]
    return list(dict.fromkeys(model for model in models if is_local(model)))


def _shortened(places: list[str], variable: str) -> dict[str, str]:
    """Return place -> ``$VARIABLE/`` and what follows the folder that all places share.

    Where they share no more than a home folder or a disk, what follows it would tell of the machine: then the last part
    alone is kept.
    """
    shared = ""
    if all(PurePosixPath(place).is_absolute() for place in places):
        shared = os.path.commonpath([os.path.dirname(place) for place in places])  # noqa: PTH120 - may hold [10:20]
    short = {place: place[len(shared) :].lstrip("/") if shared.count("/") > 2 else last_part(place) for place in places}
    if len(set(short.values())) < len(short):  # two files of one name
        short = {place: f"{i}/{last_part(place)}" for i, place in enumerate(places, start=1)}
    return {place: f"${variable}/{rest}" for place, rest in short.items()}


def _mapped(value: Any, places: Mapping[str, str]) -> Any:
    """Return JSON with some strings replaced."""
    if isinstance(value, Mapping):
        return {key: _mapped(item, places) for key, item in value.items()}
    return places.get(value, value) if isinstance(value, str) else value


def _without_empty(value: Any) -> Any:
    """Return JSON without what is null, for which TOML has no word, or empty, which is every such key's default."""
    if isinstance(value, Mapping):
        return dict(_present(value))
    return [_without_empty(item) for item in value] if isinstance(value, list | tuple) else value


def _present(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    # simple values before tables, as people write them
    items = sorted(value.items(), key=lambda item: isinstance(item[1], Mapping))
    yield from ((key, _without_empty(item)) for key, item in items if item not in (None, "", [], {}))
