"""NumPy by default, torch where tensors are given: the few operations in which the two differ.

Features may be NumPy arrays or torch tensors on any device. Tensors stay on their device, where everything that grows
with the features is computed; what comes out are Python floats and NumPy arrays all the same.

Policy for the type of numbers: float64 throughout, for NumPy and for tensors of whatever type, so that TF32 and other
shortened products never enter. On a device that has no float64 (Apple's ``mps``) it is float32, which keeps about four
digits. torch is never imported here: who holds a tensor has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["device_of", "fft", "is_tensor", "like", "namespace", "on_host", "tensor_floats", "zeros"]


def is_tensor(x: Any) -> bool:
    """Whether ``x`` is a torch tensor (or of a class derived from it)."""
    return any(kind.__module__ == "torch" and kind.__name__ == "Tensor" for kind in type(x).__mro__)


def namespace(x: Any) -> Any:
    """Return the module whose functions work on ``x``: ``torch`` for a tensor, else ``numpy``."""
    return sys.modules["torch"] if is_tensor(x) else np


def fft(x: Any) -> Any:
    """Return the module with ``rfft(x, n, axis)`` and ``irfft(x, n, axis)`` for ``x``; give the axis by position."""
    return namespace(x).fft


def device_of(x: Any) -> str:
    """Return "NumPy" or the tensor's device, for checks and messages."""
    return f"torch {x.device}" if is_tensor(x) else "NumPy"


def tensor_floats(x: Any) -> Any:
    """Return a tensor as float64 (float32 where its device has no float64), cut off from gradients.

    Raises
    ------
    TypeError
        For complex numbers.
    """
    torch = sys.modules["torch"]
    if x.is_complex():
        msg = "complex numbers are not features"
        raise TypeError(msg)
    return x.detach().to(torch.float32 if x.device.type == "mps" else torch.float64)


def on_host(x: Any) -> npt.NDArray[Any]:
    """Return a NumPy array with the numbers of ``x``: itself when it is one already."""
    return x.cpu().numpy() if is_tensor(x) else np.asarray(x)


def like(reference: Any, x: npt.NDArray[Any]) -> Any:
    """Return a NumPy array as it is, or on the device of ``reference`` (numbers with its type, indices as integers)."""
    if not is_tensor(reference):
        return x
    tensor = sys.modules["torch"].from_numpy(np.ascontiguousarray(x))
    return tensor.to(device=reference.device, dtype=reference.dtype if x.dtype.kind == "f" else None)


def zeros(reference: Any, shape: Sequence[int]) -> Any:
    """Return zeros of the type and on the device of ``reference``."""
    return reference.new_zeros(tuple(shape)) if is_tensor(reference) else np.zeros(tuple(shape))
