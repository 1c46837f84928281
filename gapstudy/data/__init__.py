"""Corpora: embedded in the package, or in local files; see :func:`load_task` and :func:`load_parallel`.

Paper: sections 3.2, 3.4 and Table 4.
"""

from __future__ import annotations

from gapstudy.data.examples import LABELS, Pairs, Sentences, Splits, Tagged, fingerprint, subset
from gapstudy.data.load import load_parallel, load_task, load_text

__all__ = [
    "LABELS",
    "Pairs",
    "Sentences",
    "Splits",
    "Tagged",
    "fingerprint",
    "load_parallel",
    "load_task",
    "load_text",
    "subset",
]
