"""The hand-written lexicons: one TOML file a language, with whatever forms its grammar needs."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["lexicon"]


@cache
def lexicon(language: str) -> dict[str, Any]:
    """Read the lexicon of ``language`` (an ISO 639-3 code)."""
    return tomllib.loads((files(__name__) / f"{language}.toml").read_text(encoding="utf-8"))
