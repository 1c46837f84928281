"""Rendering with a real Quarto (1.5 or later), which brings its own pandoc and Typst."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from gapstudy.errors import RenderError
from gapstudy.report.files import replace_bytes
from gapstudy.report.tools import call, check_references, timestamp
from gapstudy.report.word import normalised

__all__ = ["Quarto"]

_TARGETS = {".pdf": "typst", ".html": "html", ".docx": "docx"}
_LOST_WORD = re.compile(r">\?@([\w-]+)<")
_LOST = re.compile(r"<strong>\?@([\w-]+)</strong>")


@dataclass(frozen=True, slots=True)
class Quarto:
    """The executable."""

    executable: Path

    def version(self) -> str:
        """Return the name and version that the report mentions."""
        return f"Quarto {call([str(self.executable), '--version'], Path.cwd(), stamp=0)[0].strip()}"

    def make(self, source: Path, target: Path) -> None:
        """Render ``source`` to ``target``, an HTML, PDF or Word file beside it.

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
        if target.suffix == ".docx":
            replace_bytes(target, normalised(target.read_bytes()))
        lost = _lost(target)
        check_references(source, output, complaints, *(f"gapstudy: unresolved reference @{key}" for key in lost))


def _lost(target: Path) -> list[str]:
    """References that Quarto printed as it found them; it may mention them or not. Of a PDF it does mention them."""
    if target.suffix == ".html":
        return _LOST.findall(target.read_text(encoding="utf-8"))
    if target.suffix == ".docx":
        with zipfile.ZipFile(target) as archive:
            return _LOST_WORD.findall(archive.read("word/document.xml").decode())
    return []
