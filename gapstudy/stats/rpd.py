"""Performance gap: the relative percentage difference of two scores.

Paper: section 3.3, eq. (1); Tables 1 and 2. Scores are percentages (0..100) throughout.

Known slip of the paper: the "Std." of NER-phoneme in Table 1 (0.0259) is the population standard deviation
(ddof = 0); the other three are sample standard deviations (ddof = 1), which gives 0.0273 there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import vector

__all__ = ["mean_rpd", "pairwise_rpd", "rpd", "spread"]

Scores = Sequence[float] | npt.NDArray[np.floating]


def rpd(a: float, b: float) -> float:
    """Relative percentage difference ``|a - b| / ((a + b) / 2) * 100`` of two scores.

    Parameters
    ----------
    a, b : scores >= 0 in any one unit (the paper: percent); not both zero.

    Returns
    -------
    float
        In percent, 0 (equal) .. 200 (one of them zero); symmetric and scale-free.

    Raises
    ------
    ValueError
        If a score is negative, NaN or infinite, or if both are zero (the ratio is undefined).

    References
    ----------
    Paper, section 3.3, eq. (1).

    Examples
    --------
    >>> round(rpd(80.80, 62.93), 2)
    24.87
    """
    pair = np.array([_score("a", a), _score("b", b)])
    if not pair.any():
        msg = "a and b are both zero: their RPD is undefined (0/0)"
        raise ValueError(msg)
    return float(pairwise_rpd(pair)[0, 1])


def pairwise_rpd(scores: Scores) -> npt.NDArray[np.float64]:
    """RPD of every pair of languages.

    Parameters
    ----------
    scores : (n_languages,) scores >= 0, one a language, in one unit (the paper: percent).

    Returns
    -------
    (n_languages, n_languages) float array
        Percent, in [0, 200], symmetric, zero diagonal.

    Raises
    ------
    ValueError
        If ``scores`` is not one-dimensional, has fewer than 2 values, a negative, NaN or infinite one, or more
        than one zero.
    """
    s = _scores(scores)
    if np.count_nonzero(s == 0) > 1:
        msg = f"scores has {np.count_nonzero(s == 0)} zeros: the RPD of two zero scores is undefined (0/0)"
        raise ValueError(msg)
    s = s / s.max()  # neither the sum of two huge scores nor that of two tiny ones leaves the range of floats
    total = s[:, None] + s[None, :]
    np.fill_diagonal(total, 1.0)
    return np.asarray(200.0 * np.abs(s[:, None] - s[None, :]) / total)


def mean_rpd(scores: Scores) -> float:
    """Mean RPD over the ``L (L - 1) / 2`` unordered pairs of languages ("Mean RPD" of Table 1).

    Parameters and errors are those of :func:`pairwise_rpd`.

    Returns
    -------
    float
        Percent, in [0, 200]; 0 if and only if all scores are equal.
    """
    pairs = pairwise_rpd(scores)
    return float(pairs[np.triu_indices(len(pairs), 1)].mean())


def spread(scores: Scores, *, ddof: int = 1) -> float:
    """Standard deviation of scores over languages, **as a fraction** ("Std." of Table 1).

    Parameters
    ----------
    scores : (n_languages,) scores in **percent**, 0..100.
    ddof : 1 for the sample standard deviation (the default, and three of the paper's four), 0 for the population's.

    Returns
    -------
    float
        ``std(scores / 100)``, in [0, 1]: scores 80 and 90 percent have a spread of 0.0707.

    Raises
    ------
    ValueError
        As :func:`pairwise_rpd`; also if a score is above 100 or if ``ddof`` is neither 0 nor 1.
    """
    s = _scores(scores)
    if s.max() > 100.0:
        msg = f"scores must be percentages (0..100), got {s.max():g}"
        raise ValueError(msg)
    if ddof not in {0, 1}:
        msg = f"ddof must be 0 or 1, got {ddof}"
        raise ValueError(msg)
    return float(np.std(s / 100.0, ddof=ddof))


def _score(name: str, value: float) -> float:
    """The score, or an error that names the argument and the value."""
    if not (np.isfinite(value) and value >= 0):
        msg = f"{name} must be a finite score >= 0, got {value}"
        raise ValueError(msg)
    return float(value)


def _scores(scores: Scores) -> npt.NDArray[np.float64]:
    """The scores as a checked float vector."""
    s = vector("scores", scores, at_least=2)
    if s.min() < 0:
        msg = f"scores must be >= 0, got {s.min():g} at position {int(s.argmin())}"
        raise ValueError(msg)
    return s
