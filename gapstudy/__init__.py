"""gapstudy: how large is the gap between languages, and does the input representation explain it?

After Jung et al., *Mitigating the Linguistic Gap with Phonemic Representations for Robust Cross-lingual Transfer*.
Importing this package is light: it loads nothing heavy. Start from :mod:`gapstudy.study`, :mod:`gapstudy.stats`
and :mod:`gapstudy.store`.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
