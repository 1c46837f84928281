"""Rendering with a real Quarto (1.5 or later), which brings its own pandoc and Typst."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gapstudy.errors import RenderError
from gapstudy.report.tools import call, check_references, timestamp

__all__ = ["Quarto"]

_TARGETS = {".pdf": "typst", ".html": "html", ".docx": "docx"}
_LOST = re.compile(r"<strong>\?@([\w-]+)</strong>")


@dataclass(frozen=True, slots=True)
class Quarto:
    """The executable."""

    executable: Path

    def version(self) -> str:
        """Return the name and version that the report mentions."""
        return f"Quarto {call([str(self.executable), '--version'], Path.cwd(), stamp=0)[0].strip()}"

    def make(self, source: Path, target: Path) -> None:
        """Render ``source`` to ``target``, an HTML or PDF file beside it.

        Raises
        ------
        RenderError
            If Quarto fails, ends well without a file, or leaves a reference open.
        """
        command = [
            str(self.executable),
            "render",
            source.name,
            "--to",
            _TARGETS[target.suffix],
            "--output",
            target.name,
        ]
        output, complaints = call(command, source.parent, stamp=timestamp(source))
        if not target.is_file():
            msg = f"{self.executable}: left no {target.name} for {source}"
            raise RenderError(msg)
        lost = _LOST.findall(target.read_text(encoding="utf-8")) if target.suffix == ".html" else []
        check_references(source, output, complaints, *(f"gapstudy: unresolved reference @{key}" for key in lost))
