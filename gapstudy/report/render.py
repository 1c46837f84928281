"""``report.qmd`` → ``report.pdf``, ``.html`` and ``.docx``: Quarto where it is installed, else pandoc and Typst from PyPI."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gapstudy.errors import RenderError
from gapstudy.report import fallback, fonts, word
from gapstudy.report import quarto as real_quarto
from gapstudy.report.write import write_style

__all__ = ["DEFAULT_FORMATS", "FORMATS", "Rendered", "render"]

FORMATS = ("pdf", "html", "docx")
DEFAULT_FORMATS = ("pdf", "html")


@dataclass(frozen=True, slots=True)
class Rendered:
    """The finished files, in the order asked for, and what made them, with versions."""

    paths: tuple[Path, ...]
    engine: str


def render(
    report_dir: Path, formats: Iterable[str] = DEFAULT_FORMATS, quarto: str | Path | Literal[False] | None = None
) -> Rendered:
    """Render the ``report.qmd`` of a folder, as written by :func:`gapstudy.report.write` or edited since.

    Parameters
    ----------
    report_dir : folder of ``report.qmd``; the results are written beside it.
    formats : of ``pdf``, ``html`` and ``docx``.
    quarto : the Quarto executable; ``None`` looks on PATH, ``False`` uses pandoc and Typst in any case.

    Returns
    -------
    Rendered
        Paths and engine. With ``SOURCE_DATE_EPOCH`` set, or with the same date in the document, the same document
        gives the same bytes.

    Raises
    ------
    RenderError
        If a format is unknown, a character has no font, a tool fails, or a reference leads nowhere. Files of an
        earlier rendering are left as they were.
    """
    wanted = _formats(formats)
    source = Path(report_dir) / "report.qmd"
    if not source.is_file():
        msg = f"{source}: there is no report to render; write it first"
        raise RenderError(msg)
    write_style(source.parent)
    fonts.prepare(source)
    if "docx" in wanted:
        word.prepare(source, fallback.reference())
    found = shutil.which("quarto") if quarto is None else quarto
    engine = real_quarto.Quarto(Path(found)) if found else fallback.Fallback()
    partials = [source.with_name(f"report.partial.{name}") for name in wanted]
    try:
        with ThreadPoolExecutor() as pool:
            name = pool.submit(engine.version)
            list(pool.map(lambda partial: engine.make(source, partial), partials))
        paths = tuple(partial.replace(source.with_suffix(partial.suffix)) for partial in partials)
    finally:
        for partial in partials:
            partial.unlink(missing_ok=True)
    return Rendered(paths, name.result())


def _formats(formats: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(formats))
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        msg = f"unknown report format {', '.join(unknown) or '(none)'}; valid: {', '.join(FORMATS)}"
        raise RenderError(msg)
    return wanted
