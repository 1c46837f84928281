"""Which encoder a run starts from: one that gapstudy pre-trained, or a Hugging Face model folder.

Paper: section 3.1. An encoder has a key in the cache, a hash of what it is. Under the key stands a small encoder itself,
or ``location.json``: where the model folder is, and what its files looked like when their content was hashed, so that a
folder that has changed since is not taken for the one that was prepared.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gapstudy.cache import cache_folder, digest, read_cached
from gapstudy.coders import load_coder, phone_vocabulary, read_config, unit_names
from gapstudy.encode import Coder
from gapstudy.errors import ModelError, RunError
from gapstudy.study import Representation

__all__ = [
    "coder_of",
    "content_of",
    "encoder_of",
    "is_ready",
    "model_folder",
    "note_content",
    "phones_known_to",
    "register",
    "vocabulary_of",
]

_CONTENT = "pretrained-on.txt"
_NEEDED = ("config.json", "*.safetensors")
_ALSO = (
    "*.safetensors.index.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt", "*.model",
)  # fmt: skip


def model_folder(representation: Representation) -> Path | None:
    """Return the folder of the representation's model; None for a small encoder. A model on the hub is downloaded.

    Raises
    ------
    ModelError
        If the folder is not that of a model.
    HubError
        If the model cannot be had from the hub.
    """
    if representation.place == "small":
        return None
    folder = Path(representation.model)
    if representation.place == "hub":
        from gapstudy.hub import snapshot

        folder = snapshot(
            representation.model, kind="model", revision=representation.revision, patterns=_NEEDED, optional=_ALSO
        )
    read_config(folder)
    return folder.resolve()


def register(folder: Path) -> str:
    """Hash the files of a model folder, and note in the cache where it is; return its key.

    Raises
    ------
    ModelError
        If a file cannot be read.
    """
    files = sorted({path for pattern in (*_NEEDED, *_ALSO) for path in folder.glob(pattern)})
    try:
        content = {path.name: _sha256(path) for path in files}
        looks = {path.name: _look(path) for path in files}
    except OSError as error:
        msg = f"{error.filename or folder} cannot be read: {error.strerror or error}"
        raise ModelError(msg) from None
    key = digest(content)
    home = cache_folder("encoders") / key
    home.mkdir(parents=True, exist_ok=True)
    temporary = home / f".location.{os.getpid()}.tmp"
    temporary.write_text(json.dumps({"folder": str(folder), "files": looks}), encoding="utf-8")
    temporary.replace(home / "location.json")
    return key


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _look(path: Path) -> list[int]:
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns]


def is_ready(key: str) -> bool:
    """Whether the cache has the small encoder with this key."""
    return (cache_folder("encoders") / key / "tokenizer.json").is_file()


def note_content(folder: Path, rows: Sequence[Sequence[int]], groups: Sequence[int]) -> None:
    """Leave beside a small encoder the hash of the units that it was pre-trained on.

    Parameters
    ----------
    folder : of the encoder.
    rows : unit ids of each sentence; ``groups`` : its language, as a number.
    """
    content = hashlib.sha256()
    for row, group in zip(rows, groups, strict=True):
        content.update(np.asarray([group, len(row), *row], dtype="<i8").tobytes())
    (folder / _CONTENT).write_text(content.hexdigest()[:16] + "\n", encoding="ascii")


def content_of(key: str) -> str:
    """Return the hash of the units that the small encoder with a key was pre-trained on.

    The key names what the units were made from, rules included; rules that change and make the same units make the
    same encoder.

    Raises
    ------
    RunError
        If the cache is damaged.
    """
    path = cache_folder("encoders") / key / _CONTENT
    return read_cached(path, lambda p: p.read_text(encoding="ascii").strip())


def coder_of(key: str, kind: str) -> Coder:
    """Return the units of the encoder with a key.

    Raises
    ------
    ModelError
        If its tokenizer or vocabulary is missing or does not fit.
    RunError
        If the cache is damaged, or the model folder has changed since it was prepared.
    """
    home = cache_folder("encoders") / key
    folder = _location(home)
    if folder is None:
        return read_cached(home, lambda path: load_coder(path, kind, small=True))
    return load_coder(folder, kind)


def encoder_of(key: str, kind: str) -> Any:
    """Return a fresh copy of the encoder with a key.

    Raises
    ------
    ModelError, RunError
        As :func:`coder_of`.
    """
    from gapstudy.models import load_encoder, open_encoder

    home = cache_folder("encoders") / key
    folder = _location(home)
    if folder is None:
        return read_cached(home, load_encoder)
    return open_encoder(folder, load_coder(folder, kind).framing, key)


def vocabulary_of(key: str, kind: str) -> frozenset[str] | None:
    """Return the phones that the encoder with a key knows; None where its units are no phones."""
    home = cache_folder("encoders") / key
    folder = _location(home)
    if folder is None:
        return read_cached(home, lambda path: unit_names(path, kind, small=True))
    return unit_names(folder, kind, small=False)


def phones_known_to(folder: Path) -> frozenset[str]:
    """Return the symbols of a phoneme model's vocabulary."""
    return frozenset(phone_vocabulary(folder))


def _location(home: Path) -> Path | None:
    """Return the model folder that a key stands for, None for a small encoder."""
    path = home / "location.json"
    if not path.is_file():
        return None
    found = read_cached(path, lambda p: json.loads(p.read_text(encoding="utf-8")))
    folder = Path(found["folder"])
    for name, look in found["files"].items():
        file = folder / name
        if not file.is_file() or _look(file) != look:
            msg = f"{file} has changed, moved or gone since the study was prepared; run the command again to take what is there now"
            raise RunError(msg)
    return folder
