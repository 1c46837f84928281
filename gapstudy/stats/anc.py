"""Average neuron-wise correlation (ANC): do the same neurons answer alike to the same sentences in two languages?

Paper: none; proposed for cross-lingual similarity by Del and Fishel (2022), who find CKA a poor fit for it:

    ANC(X, Y) = 1/d sum_k |r(X_k, Y_k)|,   r Pearson's correlation over sentences, X_k the k-th neuron.

It needs a shared basis: the same d neurons, as in one model or in fine-tunings of one model. It is not 0 for unrelated
features but about ``sqrt(2 / (pi (n - 1)))``, 0.025 at n = 1,012; :func:`gapstudy.stats.shuffled_alignment` gives what
shuffled sentences have.

References
----------
Del, Fishel (2022). Cross-lingual similarity of multilingual representations revisited. AACL-IJCNLP, arXiv:2212.01924,
doi:10.18653/v1/2022.aacl-main.15.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import parallel
from gapstudy.stats.namespace import namespace, on_host

__all__ = ["anc", "anc_matrix"]

Float = npt.NDArray[np.float64]


def anc(x: Any, y: Any) -> float:
    """ANC of two sets of features of the same sentences.

    Parameters
    ----------
    x, y : (n_sentences, d) float arrays or torch tensors with parallel rows and the same d neurons; n_sentences >= 3.

    Returns
    -------
    float
        In [0, 1]. Invariant to scaling (of either sign) and translation of each neuron, not to rotation.

    Raises
    ------
    ValueError
        If an argument is not a finite matrix of at least 3 rows, shapes differ, or a neuron is constant.
    """
    a, b = _standardised(("x", "y"), (x, y))
    return _mean(a, b)


def anc_matrix(features: Sequence[Any]) -> Float:
    """ANC of all pairs of languages: (n_languages, n_languages), symmetric, diagonal 1.

    Parameters, range and errors as :func:`anc`, the errors naming the element (``features[2]``).
    """
    stack = _standardised([f"features[{i}]" for i in range(len(features))], features)
    out = np.eye(len(stack))
    for i, j in zip(*np.triu_indices(len(stack), 1), strict=True):
        out[i, j] = out[j, i] = _mean(stack[i], stack[j])
    return out


def _standardised(names: Sequence[str], features: Sequence[Any]) -> list[Any]:
    """Columns with mean 0 and norm 1."""
    checked = parallel(names, features, rows=3)
    widths = [x.shape[1] for x in checked]
    if len(set(widths)) > 1:
        msg = f"{names[0]} and the others must have the same neurons: got {', '.join(map(str, widths))} columns"
        raise ValueError(msg)
    out = []
    for name, x in zip(names, checked, strict=True):
        x = x / abs(x).max()  # noqa: PLW2901
        x = x - x.mean(axis=0)  # noqa: PLW2901
        norms = namespace(x).sqrt((x * x).sum(axis=0))
        dead = np.flatnonzero(on_host(norms) <= 1e-12)
        if len(dead):
            msg = f"{name} has {len(dead)} constant columns (the first: {dead[0]}), which have no correlation: drop them from both sides"
            raise ValueError(msg)
        out.append(x / norms)
    return out


def _mean(a: Any, b: Any) -> float:
    return min(1.0, float(abs((a * b).sum(axis=0)).mean()))
