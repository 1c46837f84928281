"""Writing ``reports/<study>/``: the document, its tables as CSV, its style, bibliography and fonts."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gapstudy.errors import RenderError
from gapstudy.report.document import Report
from gapstudy.report.embedded import RunSets, element, run_list
from gapstudy.report.files import replace_bytes, replace_text, templates
from gapstudy.report.fonts import spell_out
from gapstudy.report.template import document

__all__ = ["Written", "write", "write_style"]

_STYLE = (
    "maths.css",
    "report.css",
    "report.js",
    "references.bib",
    "filters/crossref.lua",
    "filters/docx.lua",
    "typst/fallback.typ",
    "typst/typst-show.typ",
    "typst/typst-template.typ",
)


@dataclass(frozen=True, slots=True)
class Written:
    """What :func:`write` left: the document, and the copy of an edited one that it replaced, if there was one."""

    document: Path
    kept: Path | None = None


def write(report: Report, directory: Path) -> Written:
    """Write ``report.qmd`` and all it needs into ``directory``; every file is replaced whole.

    A ``report.qmd`` that somebody edited since it was written is renamed to ``report.edited-<n>.qmd`` first.

    Raises
    ------
    RenderError
        If an image of an exhibit does not exist, or two exhibits have the same key.
    """
    _check_exhibits(report)
    tables = {}
    for exhibit in report.exhibits():
        _write_records(exhibit.records, directory / "tables" / f"{exhibit.key}.csv")
        if exhibit.records:
            tables[exhibit.key] = _csv(exhibit.records)
        for image in exhibit.images:
            _bring(image, directory)
    write_style(directory)
    replace_text(_data(directory), element(report, RunSets.of(report), tables) + run_list(report.runs))
    text = spell_out(document(report), directory / "fonts")
    kept = _keep_edited(directory)
    replace_text(directory / "report.qmd", text)
    replace_text(_mark(directory), _digest(text.encode()) + "\n")
    return Written(directory / "report.qmd", kept)


def _check_exhibits(report: Report) -> None:
    keys = [exhibit.key for exhibit in report.exhibits()]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        msg = f"report on {report.study!r}: more than one exhibit is called {', '.join(twice)}"
        raise RenderError(msg)


def write_style(directory: Path) -> None:
    """Put style sheets, the script, the bibliography and the filter into ``directory/style``."""
    source = templates()
    for name in _STYLE:
        replace_bytes(directory / "style" / Path(name).name, (source / name).read_bytes())
    script = (source / "report.js").read_text(encoding="utf-8")
    replace_text(directory / "style" / "script.html", f"<script>{script}</script>\n")
    replace_text(directory / "style" / "head.html", _policy(script))
    if not _data(directory).is_file():
        replace_text(_data(directory), "")  # a document that was written by hand carries nothing


def _policy(script: str) -> str:
    """The page may load nothing and execute nothing but this script, whatever its text holds."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = "style-src 'unsafe-inline' data:; img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
    rules = f"default-src 'none'; script-src 'sha256-{digest}'; {allowed}"
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">\n'


def _data(directory: Path) -> Path:
    return directory / "style" / "data.html"


def _write_records(records: Sequence[Mapping[str, Any]], path: Path) -> None:
    if not records:
        path.unlink(missing_ok=True)  # an earlier report's
        return
    replace_text(path, _csv(records))


def _csv(records: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(key for record in records for key in record))
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return buffer.getvalue()


def _bring(image: Path, directory: Path) -> None:
    """Copy an image into ``figures/`` unless it is there; relative paths are relative to ``directory``."""
    source, target = directory / image, directory / "figures" / image.name
    if not source.is_file():
        msg = f"{source}: the figure does not exist; it must be drawn before the report is written"
        raise RenderError(msg)
    if source.resolve() != target.resolve():
        replace_bytes(target, source.read_bytes())


def _mark(directory: Path) -> Path:
    return directory / "style" / "written.sha256"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _keep_edited(directory: Path) -> Path | None:
    """Rename the document if it is not the one written last."""
    path, mark = directory / "report.qmd", _mark(directory)
    if not path.is_file():
        return None
    if mark.is_file() and mark.read_text(encoding="ascii").strip() == _digest(path.read_bytes()):
        return None
    number = 1
    while (kept := directory / f"report.edited-{number}.qmd").exists():
        number += 1
    return path.rename(kept)
