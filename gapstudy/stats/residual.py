"""Taking sentence length out of features: a baseline beside every CKA.

Paper: none. Mean-pooled vectors carry sentence length, and parallel sentences have correlated lengths, so part of
any CKA between languages is length.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import matrix, vector
from gapstudy.stats.namespace import like, namespace

__all__ = ["length_residual"]

# A column whose residual is this small a share of the column itself is length and rounding: it becomes 0.
_ROUNDING = 1e-12


def length_residual(features: Any, lengths: npt.NDArray[np.number] | list[int]) -> Any:
    """Residuals of every column after least squares on sentence length, with intercept.

    Parameters
    ----------
    features : (n_sentences, d) float array or torch tensor.
    lengths : (n_sentences,) the length of each sentence in any one unit (symbols, words); not all equal.

    Returns
    -------
    (n_sentences, d) float64 array, or tensor on the device of ``features``
        Each column has mean 0 and correlation 0 with ``lengths``; a column that is a linear function of length is
        exactly 0.

    Raises
    ------
    ValueError
        If an argument is not finite, the lengths differ in number from the rows, or all lengths are equal.
    """
    x, host = matrix("features", features, rows=3, tensors=True), vector("lengths", lengths)
    if len(x) != len(host):
        msg = f"features and lengths must be parallel: features has {len(x)} rows and lengths has {len(host)}"
        raise ValueError(msg)
    if np.ptp(host) == 0:
        msg = f"lengths has no variation: all {len(host)} are {host[0]:g}"
        raise ValueError(msg)
    host = host / np.abs(host).max()
    host -= host.mean()
    length = like(x, host / np.linalg.norm(host))
    x = x - x.mean(axis=0)
    residual = x - length[:, None] * (length @ x)
    residual -= length[:, None] * (length @ residual)  # once more: what rounding left of the first projection
    norm = namespace(x).linalg.norm
    residual[:, norm(residual, axis=0) <= _ROUNDING * norm(x, axis=0)] = 0.0
    return residual
