"""Files that are whole or not there, and the folder of templates."""

from __future__ import annotations

from pathlib import Path

import gapstudy
from gapstudy.errors import RenderError

__all__ = ["replace_bytes", "replace_text", "templates"]


def replace_bytes(path: Path, data: bytes) -> Path:
    """Write beside ``path``, then rename, so that nobody meets half a file; one that holds the same stays.

    To put a file in the place of another makes some file systems wait for the disk.
    """
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.partial")
    beside.write_bytes(data)
    return beside.replace(path)


def replace_text(path: Path, text: str) -> Path:
    """Write UTF-8 text with Unix line ends, as :func:`replace_bytes` does."""
    return replace_bytes(path, text.encode("utf-8", "replace"))


def templates() -> Path:
    """Return the folder of templates: inside the installed package, else at the root of the checkout.

    Raises
    ------
    RenderError
        If neither is there.
    """
    package = Path(gapstudy.__file__).resolve().parent
    for folder in (package / "templates", package.parent / "templates"):
        if (folder / "report.qmd.j2").is_file():
            return folder
    msg = f"{package / 'templates'}: the report's templates are missing; install gapstudy again"
    raise RenderError(msg)
