"""Bags of symbols: features of a sentence that need no model, as a baseline beside every CKA.

Paper: none. Embedding-layer CKA that equals CKA of symbol counts says what the input units are, not what was learnt.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import vector

__all__ = ["symbol_counts"]


def symbol_counts(symbols: npt.NDArray[Any], starts: npt.NDArray[Any] | list[int]) -> npt.NDArray[np.float64]:
    """How often each symbol is in each sentence; give the result to :func:`gapstudy.stats.cka_matrix`.

    Parameters
    ----------
    symbols : (n_symbols,) the symbols of all sentences one after the other, in any type that sorts.
    starts : (n_sentences + 1,) whole numbers from 0 to n_symbols, never falling: sentence i is
        ``symbols[starts[i]:starts[i + 1]]``.

    Returns
    -------
    (n_sentences, n_kinds) float array
        A column a kind of symbol whose count varies over sentences, in the order of the symbols.

    Raises
    ------
    ValueError
        If ``starts`` does not fit, or every sentence has the same counts.

    Examples
    --------
    >>> symbol_counts(np.array(list("abbacc")), [0, 3, 4, 6])
    array([[1., 2., 0.],
           [1., 0., 0.],
           [0., 0., 2.]])
    """
    at = vector("starts", starts, at_least=2)
    if at[0] != 0 or at[-1] != len(symbols) or (np.diff(at) < 0).any() or (at % 1 != 0).any():
        msg = f"starts must be whole numbers that rise from 0 to the number of symbols ({len(symbols)})"
        raise ValueError(msg)
    n = len(at) - 1
    kinds, columns = np.unique(symbols, return_inverse=True)
    sentence = np.repeat(np.arange(n), np.diff(at).astype(np.intp))
    counts = np.bincount(sentence * len(kinds) + columns.ravel(), minlength=n * len(kinds)).reshape(n, len(kinds))
    varying = counts[:, (counts != counts[0]).any(axis=0)].astype(np.float64)
    if not varying.shape[1]:
        msg = f"symbols has no variation: all {n} sentences have the same counts"
        raise ValueError(msg)
    return varying
