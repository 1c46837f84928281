"""Plain values as JSON text and back, exactly: what the memory of the report keeps.

JSON knows neither tuples, nor dictionaries with other keys than strings, nor records; each becomes an object with one
key that says what it is (``{"$tuple": [...]}``). Only records of this package are made again, by their own constructor.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any

import numpy as np

__all__ = ["from_text", "to_text"]


def to_text(value: Any) -> str:
    """Return JSON text of plain values: numbers, strings, lists, tuples, dictionaries, arrays, paths, our records.

    Floats come back bit for bit, NaN and infinity included; NumPy's numbers come back as Python's.

    Raises
    ------
    TypeError
        If there is anything else in it.
    """
    return json.dumps(_encoded(value), ensure_ascii=False, separators=(",", ":"))


def from_text(text: str) -> Any:
    """Return what :func:`to_text` was given.

    Raises
    ------
    ValueError
        If the text is not what :func:`to_text` writes, or names a record that there is not.
    """
    try:
        return _decoded(json.loads(text))
    except (TypeError, KeyError, AttributeError, ImportError) as error:
        msg = f"not what was written ({type(error).__name__}: {error})"
        raise ValueError(msg) from error


def _encoded(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return None
    for plain in (bool, int, float, str):
        if isinstance(value, plain):
            return plain(value)
    for kind, (name, parts) in _ENCODERS.items():
        if isinstance(value, kind):
            return {name: parts(value)} if name else parts(value)
    if is_dataclass(value) and not isinstance(value, type) and _ours(type(value).__module__):
        content = {f.name: _encoded(getattr(value, f.name)) for f in fields(value)}
        return {"$record": [type(value).__module__, type(value).__name__, content]}
    msg = f"a {type(value).__name__} is not a plain value"
    raise TypeError(msg)


def _of_dict(value: Mapping[Any, Any]) -> Any:
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {key: _encoded(item) for key, item in value.items()}
    return {"$dict": [[_encoded(key), _encoded(item)] for key, item in value.items()]}


_ENCODERS: dict[Any, tuple[str, Callable[[Any], Any]]] = {
    list: ("", lambda value: [_encoded(item) for item in value]),
    tuple: ("$tuple", lambda value: [_encoded(item) for item in value]),
    dict: ("", _of_dict),
    PurePath: ("$path", str),
    np.ndarray: ("$array", lambda value: [value.dtype.str, list(value.shape), value.ravel().tolist()]),
}


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, content),) = value.items()
        if name in _DECODERS:
            return _DECODERS[name](content)
    return {key: _decoded(item) for key, item in value.items()}


def _record(content: list[Any]) -> Any:
    module, name, values = content
    if not _ours(module):
        msg = f"{module}.{name} is no record of this package"
        raise ValueError(msg)
    kind = getattr(import_module(module), name)
    if not is_dataclass(kind):
        msg = f"{module}.{name} is no record"
        raise ValueError(msg)
    return kind(**{key: _decoded(item) for key, item in values.items()})  # type: ignore[operator]


def _ours(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] == "gapstudy"


def _array(content: list[Any]) -> Any:
    dtype, shape, values = content
    return np.array(values, dtype=np.dtype(dtype)).reshape(shape)


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "$tuple": lambda content: tuple(_decoded(item) for item in content),
    "$dict": lambda content: {_decoded(key): _decoded(item) for key, item in content},
    "$path": Path,
    "$array": _array,
    "$record": _record,
}
