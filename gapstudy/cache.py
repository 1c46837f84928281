"""Where what can be made again is kept: pronunciations, encoders, encoded corpora.

``GAPSTUDY_CACHE`` names the folder; by default it is the user's cache folder of the platform.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

__all__ = ["cache_folder", "digest"]


def cache_folder(kind: str) -> Path:
    """Return the folder of one kind of cached thing ("g2p", "encoders", "encoded"); it may not exist yet."""
    import platformdirs

    root = os.environ.get("GAPSTUDY_CACHE") or platformdirs.user_cache_dir("gapstudy", appauthor=False)
    return Path(root) / kind


def digest(content: Any) -> str:
    """Hash JSON-able content to 16 hex digits."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
