"""English through Flite: the C library in this process, or its ``lex_lookup`` program.

Paper: section 3.1 (Epitran's English is Flite's lexicon and letter-to-sound rules). Debian's ``flite`` package has no
``lex_lookup``; its ``libflite1`` has the same function, which ctypes calls without starting a process a word.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import shutil
from collections.abc import Callable, Iterator
from functools import cache

from gapstudy.g2p.arpabet import arpa_to_ipa, plain_phone
from gapstudy.g2p.segmenting import segment, undisturbed

__all__ = ["find_flite"]

_LIBRARIES = ("flite", "flite_usenglish", "flite_cmulex")


def _load() -> tuple[ctypes.CDLL, ctypes.CDLL, str] | None:
    """Load libflite and its English lexicon, in the order in which they need each other; with the library's name."""
    names = [ctypes.util.find_library(name) for name in _LIBRARIES]
    try:
        flite, _, lexicon = (ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL) for name in names if name)
    except (OSError, ValueError):
        return None
    return flite, lexicon, str(names[0])


class _Library:
    """Flite's ``lex_lookup`` in this process."""

    def __init__(self, flite: ctypes.CDLL, lexicon: ctypes.CDLL, file: str) -> None:
        """Declare the five C functions used, and load the lexicon."""
        pointer = ctypes.c_void_p
        flite.lex_lookup.restype = flite.val_car.restype = flite.val_cdr.restype = pointer
        flite.lex_lookup.argtypes = [pointer, ctypes.c_char_p, ctypes.c_char_p, pointer]
        flite.val_car.argtypes = flite.val_cdr.argtypes = flite.val_string.argtypes = [pointer]
        flite.val_string.restype = ctypes.c_char_p
        flite.delete_val.argtypes = [pointer]
        flite.delete_val.restype = None
        lexicon.cmu_lex_init.restype = pointer
        flite.flite_init()
        self._flite, self._lexicon = flite, lexicon.cmu_lex_init()
        self.name = f"flite-library-{file}"

    def _cells(self, value: int | None) -> Iterator[str]:
        """Walk a C list of strings."""
        while value:
            yield self._flite.val_string(self._flite.val_car(value)).decode("ascii")
            value = self._flite.val_cdr(value)

    def __call__(self, word: str) -> tuple[str, ...]:
        """Return the IPA phones of a word of letters a-z and apostrophes; may be empty."""
        value = self._flite.lex_lookup(self._lexicon, word.encode("ascii"), None, None)
        arpa = list(self._cells(value))
        if value:
            self._flite.delete_val(value)
        return tuple(segment("".join(arpa_to_ipa()[plain_phone(phone)] for phone in arpa)))


class _Program:
    """Epitran's own class, which starts ``lex_lookup`` once a word."""

    name = "flite-program"

    def __init__(self) -> None:
        """Build Epitran's wrapper."""
        with undisturbed("epitran"):
            from epitran.flite import FliteLexLookup

            self._wrapper = FliteLexLookup()

    def __call__(self, word: str) -> tuple[str, ...]:
        """Return the IPA phones of a word of letters a-z and apostrophes; may be empty."""
        try:
            return tuple(segment(self._wrapper.english_g2p(word)))
        except KeyError:  # what Epitran raises where lex_lookup printed nothing
            return ()


@cache
def find_flite() -> Callable[[str], tuple[str, ...]] | None:
    """Return Flite's pronunciations as this machine has them, the library first, or None."""
    loaded = _load()
    if loaded is not None:
        return _Library(*loaded)
    return _Program() if shutil.which("lex_lookup") else None
