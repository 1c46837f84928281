"""Messages without the places of one machine: where a file lies is nobody's business who reads a report."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath, PureWindowsPath

__all__ = ["is_local", "last_part", "without_places"]

_START = r"(?<![\w./\\:}~-])(?:[A-Za-z]:[\\/]|/|~/)"  # not the second half of a/b, of http://a/b, or of a $VARIABLE/b
_ABSOLUTE = re.compile(_START + r"(?:[^\s\"'()<>|,;:\\/]+[\\/])*([^\s\"'()<>|,;:\\/]+)")
_QUOTED = re.compile(r"([\"'])(?:[A-Za-z]:[\\/]|/|~/)(?:[^\"'\n]*[\\/])?([^\"'\n]+?)[\\/]?\1")  # these may hold spaces


def without_places(text: str, *folders: str | Path) -> str:
    """Return ``text`` with the last part of each absolute path alone.

    Parameters
    ----------
    folders : what is taken away from paths before that, so that what follows them stays. Of other places, the home and the
        current folder, or else quotes, tell where a path ends that has a space in it.

    >>> without_places("/Users/ann/runs/tiny/x/run.json lacks a key; see http://a.org/b and runs/tiny")
    'run.json lacks a key; see http://a.org/b and runs/tiny'
    >>> without_places("no such file: '/home/ann b/x y/z'; /data of c/d/e is gone", "/data of c")
    "no such file: 'z'; d/e is gone"
    """
    for folder in sorted(map(str, folders), key=len, reverse=True):
        text = re.sub(_edge(folder), "", text)
    for folder in _own():  # they may have spaces in their names
        text = re.sub(_edge(folder), "/-/", text)
    text = _QUOTED.sub(lambda match: f"{match[1]}{match[2]}{match[1]}", text)
    return _ABSOLUTE.sub(lambda match: match[1], text)


def _edge(folder: str) -> str:
    return rf"(?<![\w./\\-]){re.escape(folder.rstrip('/' + chr(92)))}[\\/]" if folder.strip("./\\") else r"(?!)"


def _own() -> tuple[str, ...]:
    try:
        return str(Path.home()), str(Path.cwd())
    except (OSError, RuntimeError):  # no home, or a current folder that is gone
        return ()


def is_local(place: str) -> bool:
    r"""Whether a place is absolute on some system.

    >>> is_local("/a/b"), is_local(r"C:\a"), is_local("org/model")
    (True, True, False)
    """
    return PurePosixPath(place).is_absolute() or PureWindowsPath(place).is_absolute()


def last_part(place: str) -> str:
    """Return the last part of a path of any system."""
    return re.split(r"[\\/]", place.rstrip("\\/"))[-1] or "folder"
