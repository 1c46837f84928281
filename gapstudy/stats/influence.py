"""How much of a CKA value a few sentences make: leave-one-out values in closed form.

Paper: none. A few far-off points can decide linear CKA (Davari et al. 2023), so the value without each sentence, and
without the most influential ones together, stands beside it. The formulas are in :mod:`gapstudy.stats.cka_jackknife`.

References
----------
Davari, Horoi, Natik, Lajoie, Wolf, Belilovsky (2023). Reliability of CKA as a similarity measure in deep learning. ICLR,
arXiv:2210.16156.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import same_rows
from gapstudy.stats.cka import cka
from gapstudy.stats.cka_jackknife import cka_without_each
from gapstudy.stats.gram import centred
from gapstudy.stats.namespace import like

__all__ = ["Influence", "cka_influence"]

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """What sentences make of a CKA value.

    Attributes
    ----------
    value : CKA of all sentences.
    without : (n,) CKA without sentence i, of the other n - 1 (centred anew).
    trimmed : CKA without the most influential sentences, those whose absence lowers it most.
    removed : which sentences these are, the most influential first.
    """

    value: float
    without: Float
    trimmed: float
    removed: tuple[int, ...]


def cka_influence(x: Any, y: Any, *, debiased: bool = False, share: float = 0.01) -> Influence:
    """Leave-one-out values of CKA, and CKA without the most influential sentences.

    Parameters
    ----------
    x, y : (n_sentences, d) float arrays or torch tensors with parallel rows, n_sentences >= 8.
    debiased : which CKA.
    share : which share of the sentences to remove for ``trimmed``, in (0, 0.5]; at least one sentence.

    Raises
    ------
    ValueError
        As :func:`gapstudy.stats.cka`; also for ``share`` out of its range, or where nothing varies without a sentence.
    """
    if not 0.0 < share <= 0.5:
        msg = f"share must lie in (0, 0.5], got {share}"
        raise ValueError(msg)
    a, b = centred("x", x, rows=8), centred("y", y, rows=8)
    same_rows("x", a, "y", b)
    value, without = cka(x, y, debiased=debiased), cka_without_each([a, b], ("x", "y"), debiased=debiased)[0, 1]
    order = np.argsort(without, kind="stable")[: max(1, round(share * len(without)))]
    rest = like(a, np.delete(np.arange(len(without)), order))
    return Influence(value, without, cka(a[rest], b[rest], debiased=debiased), tuple(int(i) for i in order))
