"""The mean gap over pairs of languages, of many rows of scores at once.

Paper: section 3.3 (RPD); :mod:`gapstudy.stats.rpd` has the gap of one pair and of one row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import choice

__all__ = ["KINDS", "gap_of", "not_negative"]

Float = npt.NDArray[np.float64]

KINDS = ("rpd", "absolute")


def gap_of(scores: npt.NDArray[np.floating], kind: str = "rpd") -> Float:
    """Mean gap over pairs of languages for each row of scores.

    Parameters
    ----------
    scores : (n_rows, n_languages) scores >= 0 in percent, n_languages >= 2.
    kind : "rpd" (relative percent difference) or "absolute" (percentage points).

    Returns
    -------
    (n_rows,) float array
        In percent (of the mean of both scores, or points); NaN where the RPD of two zeros enters.

    Raises
    ------
    ValueError
        If ``scores`` is no matrix of two or more columns, a score is negative or not finite, or ``kind`` is unknown.
    """
    choice("kind", kind, KINDS)
    s = np.asarray(scores, dtype=np.float64)
    if s.ndim != 2 or s.shape[1] < 2:
        msg = f"scores must be two-dimensional (n_rows, n_languages) with at least 2 languages, got shape {s.shape}"
        raise ValueError(msg)
    not_negative("scores", s)
    i, j = np.triu_indices(s.shape[1], 1)
    apart = np.abs(s[:, i] - s[:, j])
    if kind == "absolute":
        return np.asarray(apart.mean(axis=1))
    total = s[:, i] + s[:, j]
    return np.asarray(np.divide(200.0 * apart, total, out=np.full(total.shape, np.nan), where=total > 0).mean(axis=1))


def not_negative(name: str, scores: Float) -> None:
    """Complain unless every score is finite and at least 0.

    Raises
    ------
    ValueError
        If one is not, naming the argument and where it is.
    """
    bad = np.argwhere(~(np.isfinite(scores) & (scores >= 0.0)))
    if len(bad):
        where = tuple(int(i) for i in bad[0])
        msg = f"{name} must hold scores >= 0 in percent, got {scores[where]:g} at {', '.join(map(str, where))}"
        raise ValueError(msg)
