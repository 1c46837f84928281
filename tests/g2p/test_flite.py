"""Flite: the library where it is installed, the program where it is on PATH, a clear error where neither is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gapstudy.errors import GapStudyError
from gapstudy.g2p import Phonemizer, flite

pytestmark = pytest.mark.train

PROGRAM = """#!/bin/sh
case "$1" in hello) echo "(hh ax0 l ow1)" ;; esac
"""


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Look for Flite anew before and after each test."""
    flite.find_flite.cache_clear()
    yield
    flite.find_flite.cache_clear()


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without libflite, and with an empty PATH folder."""
    monkeypatch.setattr(flite, "_LIBRARIES", ("no-such-flite",) * 3)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / name) if (tmp_path / name).exists() else None)
    return tmp_path


def test_the_library_reads_english() -> None:
    """The library in this process gives its lexicon's and its rules' pronunciations, and provenance says so."""
    if flite._load() is None:
        pytest.skip("libflite is not installed (Debian: apt-get install libflite1)")
    converter = Phonemizer("eng", english="flite")
    assert converter.word("hello") == ("h", "ə", "l", "o", "w")
    assert converter.word("teacher's") == ("t", "i", "t͡ʃ", "ɝ", "z")
    assert len(converter.word("gapstudy")) > 5
    assert converter.word("'") == ("'",)
    assert "english:flite-library" in converter.backend
    assert Phonemizer("eng", english="auto").backend == converter.backend


def test_the_program_is_asked_where_there_is_no_library(no_library: Path) -> None:
    """``lex_lookup`` on PATH is called through Epitran; what it cannot say goes through the dictionary chain."""
    program = no_library / "lex_lookup"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    converter = Phonemizer("eng", english="auto")
    assert "english:flite-program" in converter.backend
    assert converter.word("hello") == ("h", "ə", "l", "o", "w")
    assert converter.word("house") == Phonemizer("eng").word("house")


def test_without_flite_it_is_an_error_to_ask_for_it(no_library: Path) -> None:
    """The message says how to install it and what to use instead."""
    assert no_library.is_dir()
    with pytest.raises(GapStudyError, match=r"apt-get install libflite1.*cmudict"):
        Phonemizer("eng", english="flite")


def test_without_flite_auto_is_the_dictionary(no_library: Path) -> None:
    """``auto`` falls back to the default chain and says so."""
    assert no_library.is_dir()
    assert Phonemizer("eng", english="auto").backend == Phonemizer("eng").backend


def test_languages_that_use_no_english_do_not_ask_for_flite(no_library: Path) -> None:
    """French needs no Flite, nor does faithful Hindi; normalised Hindi does."""
    assert no_library.is_dir()
    assert "english" not in Phonemizer("fra", english="flite").backend
    assert "english" not in Phonemizer("hin", english="flite", mode="faithful").backend
    with pytest.raises(GapStudyError, match="libflite"):
        Phonemizer("hin", english="flite")
