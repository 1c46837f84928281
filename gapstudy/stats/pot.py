"""Imports POT (Python Optimal Transport) without the deep-learning frameworks that it would load.

``import ot`` imports torch, JAX, CuPy and TensorFlow where they are installed. The statistics must run where none
of them is, and must not pay seconds for them where they are; POT reads environment variables for that, set here
round the first import only and then restored. POT then has its NumPy backend alone for the rest of the process.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["pot"]

_VARIABLES = tuple(f"POT_BACKEND_DISABLE_{name}" for name in ("PYTORCH", "JAX", "CUPY", "TENSORFLOW"))


def pot() -> Any:
    """The module ``ot``, imported on the first call."""
    if "ot" in sys.modules:
        return sys.modules["ot"]
    with _variables_set():
        return importlib.import_module("ot")


@contextmanager
def _variables_set() -> Iterator[None]:
    """Set POT's variables and put back, on leaving, what was there before."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(dict.fromkeys(_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
