"""IPA strings to phones, by ``segments``; and importing it and Epitran without a trace.

Paper: section 3.1 (``segments.Tokenizer()(ipa, ipa=True)``, no profile, as in XPhoneBERT's own pre-processing).

Known deviations: ``segments`` raises ``IndexError`` for a trailing tie bar and for a word of modifier letters only;
such a word is cut into grapheme clusters here.
"""

from __future__ import annotations

import logging
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from gapstudy.errors import MissingExtraError

__all__ = ["segment", "undisturbed"]


@contextmanager
def undisturbed(package: str) -> Iterator[None]:
    """Import a package inside: logging and warnings stay as they were (Epitran calls ``logging.basicConfig``).

    Raises
    ------
    MissingExtraError
        If the package, or one that it needs, is not installed.
    """
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or package, "train", "phoneme input") from error
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@cache
def _tokenizer() -> Any:
    """Build the tokenizer once a process."""
    with undisturbed("segments"):
        from segments import Tokenizer
    return Tokenizer()


def segment(ipa: str) -> list[str]:
    """Return the phones of an IPA string (NFD, none empty); blanks part them and are no phones."""
    tokenizer = _tokenizer()
    phones: list[str] = []
    for part in unicodedata.normalize("NFD", ipa).split():
        clusters = tokenizer.grapheme_clusters(part)
        try:
            phones += tokenizer.combine_modifiers(clusters)
        except IndexError:
            phones += clusters
    return [sys.intern(phone) for phone in phones]
