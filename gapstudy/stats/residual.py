"""Taking sentence length out of features: a baseline beside every CKA.

Paper: none. Mean-pooled vectors carry sentence length, and parallel sentences have correlated lengths, so part of
any CKA between languages is length.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import matrix, same_rows, vector

__all__ = ["length_residual"]

# A column whose residual is this small a share of the column itself is length and rounding: it becomes 0.
_ROUNDING = 1e-12


def length_residual(
    features: npt.NDArray[np.floating], lengths: npt.NDArray[np.number] | list[int]
) -> npt.NDArray[np.float64]:
    """Residuals of every column after least squares on sentence length, with intercept.

    Parameters
    ----------
    features : (n_sentences, d) float array.
    lengths : (n_sentences,) the length of each sentence in any one unit (symbols, words); not all equal.

    Returns
    -------
    (n_sentences, d) float array
        Each column has mean 0 and correlation 0 with ``lengths``; a column that is a linear function of length is
        exactly 0.

    Raises
    ------
    ValueError
        If an argument is not finite, the lengths differ in number from the rows, or all lengths are equal.
    """
    x, length = matrix("features", features, rows=3), vector("lengths", lengths)
    same_rows("features", x, "lengths", length)
    if np.ptp(length) == 0:
        msg = f"lengths has no variation: all {len(length)} are {length[0]:g}"
        raise ValueError(msg)
    x = x - x.mean(axis=0)
    length = length - length.mean()
    length /= np.linalg.norm(length)
    residual = x - np.outer(length, length @ x)
    residual -= np.outer(length, length @ residual)  # once more: what rounding left of the first projection
    residual[:, np.linalg.norm(residual, axis=0) <= _ROUNDING * np.linalg.norm(x, axis=0)] = 0.0
    return np.asarray(residual)
