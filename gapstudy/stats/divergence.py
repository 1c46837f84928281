"""What the seeds themselves witness of the divergence of two languages, for the right side of Theorem 4.1.

Paper: section 4.4 and appendix C, Definition C.1; the paper estimates no divergence, it argues by CKA and Sinkhorn.

Both estimates, this one and :func:`gapstudy.stats.proxy_a_distance`, search less than the whole class of hypotheses, so that they approach the supremum **from below**: a
small value does not prove that the distributions are close.

References
----------
Ben-David et al. (2010). A theory of learning from different domains. Machine Learning 79,
doi:10.1007/s10994-009-5152-4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import same_rows

__all__ = ["WitnessDivergence", "witness_divergence"]

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WitnessDivergence:
    """The pair of trained hypotheses whose disagreement differs most between two languages.

    Attributes
    ----------
    value : 2 |P_A(h != h') - P_B(h != h')|, in [0, 2].
    pair : positions of h and h' among the seeds.
    in_a, in_b : P_A(h != h') and P_B(h != h').
    n_pairs : how many pairs were searched.
    """

    value: float
    pair: tuple[int, int]
    in_a: float
    in_b: float
    n_pairs: int


def witness_divergence(
    predictions_a: npt.NDArray[Any] | list[Any], predictions_b: npt.NDArray[Any] | list[Any]
) -> WitnessDivergence:
    """Lower bound on the empirical HdH-divergence from models that differ in nothing but their seeds.

    ``2 max |P_A(h != h') - P_B(h != h')|`` over pairs of seeds. The divergence is the same with the supremum over all
    pairs of hypotheses, so this is a **lower bound** on d_HdH of the two *samples* (not of their populations: the
    maximum of noisy differences is above its expectation).

    Parameters
    ----------
    predictions_a : (n_seeds, n_a) predicted labels of each seed's model on language A's test set; n_seeds >= 2.
    predictions_b : (n_seeds, n_b) predicted labels of **the same models** on language B's test set.

    Returns
    -------
    WitnessDivergence

    Raises
    ------
    ValueError
        If an argument is not a matrix of labels, is empty, has fewer than 2 seeds, or the seeds differ in number.
    """
    a, b = _labels("predictions_a", predictions_a), _labels("predictions_b", predictions_b)
    same_rows("predictions_a", a, "predictions_b", b)
    in_a, in_b = _disagreements(a), _disagreements(b)
    difference = np.abs(in_a - in_b)
    first, second = np.unravel_index(int(np.argmax(np.triu(difference, 1))), difference.shape)
    i, j = (int(first), int(second)) if first != second else (0, 1)
    return WitnessDivergence(
        float(2.0 * difference[i, j]), (i, j), float(in_a[i, j]), float(in_b[i, j]), math.comb(len(a), 2)
    )


def _labels(name: str, values: Any) -> npt.NDArray[Any]:
    """(n_seeds, n_items) labels."""
    out = np.asarray(values)
    if out.ndim != 2 or out.shape[0] < 2 or out.shape[1] < 1:
        msg = f"{name} must have shape (n_seeds >= 2, n_items >= 1), got {out.shape}"
        raise ValueError(msg)
    if out.dtype.kind == "f" and not np.isfinite(out).all():
        msg = f"{name} has NaN or infinite labels"
        raise ValueError(msg)
    return out


def _disagreements(predictions: npt.NDArray[Any]) -> Float:
    """(n_seeds, n_seeds) share of items on which each pair of models differs."""
    same = np.zeros((len(predictions), len(predictions)))
    for label in np.unique(predictions):
        chosen = (predictions == label).astype(np.float64)
        same += chosen @ chosen.T
    return np.asarray(1.0 - same / predictions.shape[1])
