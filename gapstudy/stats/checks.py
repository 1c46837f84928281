"""Checks of arguments: each error names the argument and the value that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.namespace import device_of, is_tensor, namespace, on_host, tensor_floats

__all__ = ["check_level", "check_resamples", "choice", "features", "labels", "matrix", "parallel", "same_rows",
           "vector"]  # fmt: skip

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.intp]


def vector(name: str, values: Any, *, at_least: int = 1) -> Float:
    """``values`` as a finite float64 vector of ``at_least`` elements."""
    out = _floats(name, values)
    if out.ndim != 1:
        msg = f"{name} must be one-dimensional, got shape {tuple(out.shape)}"
        raise ValueError(msg)
    if len(out) < at_least:
        msg = f"{name} must have at least {at_least} values, got {len(out)}"
        raise ValueError(msg)
    return out


def matrix(name: str, values: Any, *, rows: int = 1, tensors: bool = False) -> Float:
    """``values`` as a finite float64 matrix of at least ``rows`` rows and one column.

    With ``tensors`` a torch tensor stays one, on its device; without, it becomes a NumPy array.
    """
    out = _floats(name, values, tensors=tensors)
    if out.ndim != 2:
        msg = f"{name} must be two-dimensional (n, d), got shape {tuple(out.shape)}"
        raise ValueError(msg)
    if out.shape[0] < rows or out.shape[1] < 1:
        msg = f"{name} must have at least {rows} rows and 1 column, got shape {tuple(out.shape)}"
        raise ValueError(msg)
    return out


def features(name: str, values: Any, *, rows: int) -> Float:
    """A finite float64 matrix whose rows are not all the same; a tensor stays on its device."""
    out = matrix(name, values, rows=rows, tensors=True)
    if not (out != out[0]).any():
        msg = f"{name} has no variation: all its {len(out)} rows are equal"
        raise ValueError(msg)
    return out


def labels(name: str, values: Sequence[Any] | npt.NDArray[Any], n: int) -> Int:
    """``n`` hashable labels as integers 0..k-1, numbered in order of first appearance."""
    items = [value.item() if isinstance(value, np.generic) else value for value in values]
    if len(items) != n:
        msg = f"{name} must have one label a point ({n}), got {len(items)}"
        raise ValueError(msg)
    if any(item is None or item != item for item in items):  # noqa: PLR0124 (NaN is what differs from itself)
        msg = f"{name} has a missing label (None or NaN)"
        raise ValueError(msg)
    number: dict[Any, int] = {}
    return np.array([number.setdefault(item, len(number)) for item in items], dtype=np.intp)


def same_rows(name_a: str, a: npt.NDArray[Any], name_b: str, b: npt.NDArray[Any]) -> None:
    """Complain unless the two arrays have the same length and are in one place."""
    if device_of(a) != device_of(b):
        msg = f"{name_a} and {name_b} must be in one place: {name_a} is {device_of(a)} and {name_b} is {device_of(b)}"
        raise ValueError(msg)
    if len(a) != len(b):
        msg = f"{name_a} and {name_b} must be parallel: {name_a} has {len(a)} rows and {name_b} has {len(b)}"
        raise ValueError(msg)


def parallel(names: Sequence[str], features_: Sequence[Any], *, rows: int) -> list[Float]:
    """At least two finite matrices with the same rows, none with all rows equal; tensors stay on their device."""
    if len(features_) < 2:
        msg = f"features must hold at least 2 arrays, got {len(features_)}"
        raise ValueError(msg)
    out = [features(name, x, rows=rows) for name, x in zip(names, features_, strict=True)]
    for name, x in zip(names[1:], out[1:], strict=True):
        same_rows(names[0], out[0], name, x)
    return out


def check_level(level: float) -> float:
    """``level`` if it is a probability strictly between 0 and 1."""
    if not 0.0 < level < 1.0:
        msg = f"level must lie strictly between 0 and 1, got {level}"
        raise ValueError(msg)
    return float(level)


def check_resamples(n_resamples: int, *, at_least: int = 19) -> int:
    """``n_resamples`` if it is large enough for a p-value or an interval to mean something."""
    if n_resamples != int(n_resamples) or n_resamples < at_least:
        msg = f"n_resamples must be a whole number >= {at_least}, got {n_resamples}"
        raise ValueError(msg)
    return int(n_resamples)


def choice(name: str, value: str, valid: Sequence[str]) -> str:
    """``value`` if it is one of ``valid``."""
    if value not in valid:
        msg = f"{name} must be one of {', '.join(valid)}; got {value!r}"
        raise ValueError(msg)
    return value


def _floats(name: str, values: Any, *, tensors: bool = False) -> Float:
    """A finite float64 array; what cannot be one, or holds NaN or infinity, is an error that says where."""
    try:
        if not is_tensor(values):
            _check_kind(values)
        kept = tensor_floats(values) if is_tensor(values) else values
        out: Float = kept if tensors and is_tensor(values) else np.asarray(on_host(kept), dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{name} must hold numbers: {error}"
        raise ValueError(msg) from error
    finite = namespace(out).isfinite(out)
    if not finite.all():
        bad = np.argwhere(~on_host(finite))
        where = ", ".join(str(int(i)) for i in bad[0])
        msg = f"{name} has {len(bad)} NaN or infinite values, the first at position ({where})"
        raise ValueError(msg)
    return out


def _check_kind(values: Any) -> None:
    """Complain of what NumPy would turn into other numbers without a word: complex and masked values."""
    if np.ma.isMaskedArray(values) and np.ma.is_masked(values):
        msg = f"{int(np.ma.getmaskarray(values).sum())} masked values are none; leave those rows out or fill them in"
        raise TypeError(msg)
    kind = values.dtype if isinstance(values, np.ndarray) else np.asarray(values).dtype
    if kind.kind == "c":
        msg = f"complex numbers ({kind}) are not real"
        raise TypeError(msg)
