"""Where what can be made again is kept: pronunciations, encoders, encoded corpora, statistics.

``GAPSTUDY_CACHE`` names the folder; by default it is the user's cache folder of the platform.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from gapstudy.errors import RunError

__all__ = ["cache_folder", "digest", "read_cached"]

T = TypeVar("T")


def cache_folder(kind: str) -> Path:
    """Return the folder of one kind of cached thing ("g2p", "encoders", "encoded", "statistics"); it may not exist yet."""
    import platformdirs

    root = os.environ.get("GAPSTUDY_CACHE") or platformdirs.user_cache_dir("gapstudy", appauthor=False)
    return Path(root) / kind


def read_cached(path: Path, read: Callable[[Path], T]) -> T:
    """Return ``read(path)`` of something in the cache.

    Raises
    ------
    RunError
        If it cannot be read, whatever the reason; the message says what to delete.
    """
    try:
        return read(path)
    except Exception as error:
        msg = f"{path} is damaged ({error}); delete it and run gapstudy train-seeds again"
        raise RunError(msg) from error


def digest(content: Any) -> str:
    """Hash JSON-able content to 16 hex digits."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
