"""Rendering the same document without Quarto: pandoc (``pypandoc_binary``), our Lua filter, and Typst as a wheel."""

from __future__ import annotations

import importlib.util
import shutil
from importlib.metadata import version
from pathlib import Path

from gapstudy.errors import RenderError
from gapstudy.report.files import replace_bytes
from gapstudy.report.tools import call, check_references, timestamp

__all__ = ["Fallback", "pandoc"]

_COMMON = ("--standalone", "--number-sections", "--lua-filter=style/crossref.lua", "--citeproc", "--wrap=none")
_HTML = (
    *("--to=html5", "--mathml", "--embed-resources", "--section-divs", "--toc", "--toc-depth=2"),
    *("--css=style/fonts.css", "--css=style/report.css", "--variable=toc-title:Contents"),
)
_TYPST = ("--to=typst", "--template=style/fallback.typ")


class Fallback:
    """Pandoc and Typst from PyPI; needs no configuration."""

    def version(self) -> str:
        """Return the names and versions that the report mentions."""
        first_line = call([str(pandoc()), "--version"], Path.cwd(), stamp=0)[0].split("\n", 1)[0]
        return f"{first_line} + typst {version('typst')}"

    def make(self, source: Path, target: Path) -> None:
        """Render ``source`` to ``target``, an HTML or PDF file beside it.

        Raises
        ------
        RenderError
            If a tool fails or a reference leads nowhere.
        """
        to_html = target.suffix == ".html"
        command = [str(pandoc()), "--from=markdown", *_COMMON, *(_HTML if to_html else _TYPST), "--", source.name]
        output, complaints = call(command, source.parent, stamp=timestamp(source))
        check_references(source, complaints)
        replace_bytes(target, output.encode() if to_html else _typst(output, source))


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


def _typst(text: str, source: Path) -> bytes:
    """Compile to PDF with the fonts beside the report and no others, so that every machine gives the same pages.

    The PDF keeps to PDF/UA-1 (ISO 14289-1). A document that somebody edited need not allow that, for example where a
    picture has no alternative text: it is tagged all the same, but makes no such claim.
    """
    import typst

    folder = source.parent
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(folder / "style" / "fonts")])
    stamp = timestamp(source)

    def compiled(**options: str) -> bytes:
        compiler = typst.Compiler(text.encode(), root=str(folder), font_paths=fonts)
        pdf = compiler.compile(format="pdf", timestamp=stamp, **options)
        return pdf if isinstance(pdf, bytes) else b""

    try:
        try:
            return compiled(pdf_standards="ua-1")
        except typst.TypstError as error:
            if "PDF/UA-1" not in f"{error.message} {error.diagnostic}":
                raise
            return compiled()
    except typst.TypstError as error:
        msg = f"Typst failed on {source}: {error.message} {error.diagnostic}"
        raise RenderError(msg) from error
