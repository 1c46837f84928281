"""How two languages' outputs differ item by item on a parallel test set.

Paper: none (section 4.3 compares clouds of outputs as sets). Where the test sets are parallel, pairing says more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import matrix, same_rows
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.proportion import clopper_pearson
from gapstudy.stats.resample import mean_interval

__all__ = ["Disagreement", "disagreement"]

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Paired differences between two sets of outputs.

    Attributes
    ----------
    rate : P(argmax differs), in [0, 1], with a Clopper-Pearson interval.
    jensen_shannon : mean Jensen-Shannon divergence per item **in bits** (base 2), in [0, 1], with a t interval.
    """

    rate: Estimate
    jensen_shannon: Estimate


def disagreement(p: npt.NDArray[np.floating], q: npt.NDArray[np.floating], *, level: float = 0.95) -> Disagreement:
    """Disagreement of two languages' outputs on parallel items.

    Parameters
    ----------
    p : (n_items, n_classes) float array, rows on the probability simplex.
    q : (n_items, n_classes) float array; row i is the same item in the other language.
    level : nominal coverage, in (0, 1).

    Returns
    -------
    Disagreement

    Raises
    ------
    ValueError
        If the shapes differ, there are fewer than 2 items, or a row is not a probability distribution.

    References
    ----------
    Lin (1991). Divergence measures based on the Shannon entropy. IEEE Trans. Inf. Theory 37(1), doi:10.1109/18.61115.
    """
    a, b = _simplex("p", p), _simplex("q", q)
    same_rows("p", a, "q", b)
    if a.shape[1] != b.shape[1]:
        msg = f"p and q must have the same number of classes, got {a.shape[1]} and {b.shape[1]}"
        raise ValueError(msg)
    differ = int(np.count_nonzero(a.argmax(axis=1) != b.argmax(axis=1)))
    bits = _entropy((a + b) / 2.0) - (_entropy(a) + _entropy(b)) / 2.0
    return Disagreement(clopper_pearson(differ, len(a), level=level), mean_interval(bits, level=level))


def _simplex(name: str, values: npt.NDArray[np.floating]) -> Float:
    """Rows checked to be distributions (to 1e-3, which allows float16 outputs) and made to sum to 1 exactly."""
    out = matrix(name, values, rows=2)
    total = out.sum(axis=1, keepdims=True)
    bad = (out < 0).any(axis=1) | (np.abs(total[:, 0] - 1.0) > 1e-3)
    if bad.any():
        where = int(np.argmax(bad))
        msg = (
            f"{name} must hold probabilities: row {where} has minimum {out[where].min():g} and sum {total[where, 0]:g}"
        )
        raise ValueError(msg)
    return np.asarray(out / total)


def _entropy(p: Float) -> Float:
    """Entropy of each row in bits, with 0 log 0 = 0."""
    return np.asarray(-(p * np.log2(np.where(p > 0, p, 1.0))).sum(axis=1))
