"""Rendering the same document without Quarto: pandoc (``pypandoc_binary``), our Lua filter, and Typst as a wheel."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.errors import RenderError
from gapstudy.report.files import replace_bytes
from gapstudy.report.tools import call, check_references, timestamp
from gapstudy.report.word import normalised

if TYPE_CHECKING:
    from typst import Compiler

__all__ = ["Fallback", "pages", "pandoc", "reference"]

_COMMON = ("--standalone", "--number-sections", "--lua-filter=style/crossref.lua", "--citeproc", "--wrap=none")
_HTML = (
    *("--to=html5", "--mathml", "--embed-resources", "--section-divs", "--toc", "--toc-depth=2"),
    *("--css=style/fonts.css", "--css=style/maths.css", "--css=style/report.css", "--variable=toc-title:Contents"),
    *("--include-in-header=style/head.html", "--include-after-body=style/data.html"),
    "--include-after-body=style/script.html",
)
_TYPST = ("--to=typst", "--template=style/fallback.typ")
_DOCX = ("--to=docx", "--lua-filter=style/docx.lua", "--reference-doc=style/reference.docx")
_OPTIONS = {".html": _HTML, ".pdf": _TYPST, ".docx": _DOCX}


class Fallback:
    """Pandoc and Typst from PyPI; needs no configuration."""

    def version(self) -> str:
        """Return the names and versions that the report mentions."""
        first_line = call([str(pandoc()), "--version"], Path.cwd(), stamp=0)[0].split("\n", 1)[0]
        return f"{first_line} + typst {version('typst')}"

    def make(self, source: Path, target: Path) -> None:
        """Render ``source`` to ``target``, an HTML, PDF or Word file beside it.

        Raises
        ------
        RenderError
            If a tool fails or a reference leads nowhere.
        """
        command = [str(pandoc()), "--from=markdown", *_COMMON, *_OPTIONS[target.suffix], "--", source.name]
        if target.suffix == ".docx":
            command[-2:-2] = [f"--output={target.name}"]
        output, complaints = call(command, source.parent, stamp=timestamp(source))
        check_references(source, complaints)
        if target.suffix == ".pdf":
            replace_bytes(target, _typst(output, source))
        elif target.suffix == ".html":
            replace_bytes(target, output.encode())
        else:
            replace_bytes(target, normalised(target.read_bytes()))


def pandoc() -> Path:
    """The pandoc of the wheel, else one on PATH."""
    spec = importlib.util.find_spec("pypandoc")
    folders = (spec.submodule_search_locations if spec else None) or ()
    bundled = (Path(folder) / "files" / file for folder in folders for file in ("pandoc", "pandoc.exe"))
    found = next((path for path in bundled if path.is_file()), None) or shutil.which("pandoc")
    if found is None:
        msg = "neither Quarto nor pandoc is installed: pip install pypandoc_binary, or install Quarto"
        raise RenderError(msg)
    return Path(found)


def reference() -> bytes:
    """Return the Word document that pandoc takes its styles from when it is given none."""
    command = [str(pandoc()), "--print-default-data-file=reference.docx"]
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        msg = f"{command[0]}: cannot hand out its reference.docx ({error})"
        raise RenderError(msg) from error


def pages(source: Path, ppi: float = 100) -> list[bytes]:
    """Return the pages of a rendered report as PNG pictures of ``ppi`` pixels an inch.

    Raises
    ------
    RenderError
        If a tool fails; if the report was never rendered, its fonts are missing and that is Typst's complaint.
    """
    command = [str(pandoc()), "--from=markdown", *_COMMON, *_TYPST, "--", source.name]
    output, _ = call(command, source.parent, stamp=timestamp(source))
    made = _compiled(output, source, lambda typesetter: typesetter.compile(format="png", ppi=ppi))
    return made if isinstance(made, list) else [made]


def _typst(text: str, source: Path) -> bytes:
    """Compile to PDF, to PDF/UA-1 (ISO 14289-1) where the document allows it.

    A document that somebody edited need not, for example where a picture has no alternative text: it is tagged all the
    same, but makes no such claim.
    """
    stamp = timestamp(source)
    try:
        pdf = _compiled(text, source, lambda it: it.compile(format="pdf", timestamp=stamp, pdf_standards="ua-1"))
    except RenderError as error:
        if "PDF/UA-1" not in str(error):
            raise
        pdf = _compiled(text, source, lambda it: it.compile(format="pdf", timestamp=stamp))
    return pdf if isinstance(pdf, bytes) else b""


def _compiled(text: str, source: Path, compile_: Callable[[Compiler], Any]) -> Any:
    """Call Typst with the fonts beside the report and no others, so that every machine gives the same pages."""
    import typst

    folder = source.parent
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(folder / "style" / "fonts")])
    try:
        return compile_(typst.Compiler(text.encode(), root=str(folder), font_paths=fonts))
    except typst.TypstError as error:
        msg = f"Typst failed on {source}: {error.message} {error.diagnostic}"
        raise RenderError(msg) from error
