"""Filling ``report.qmd.j2``: each value is escaped unless a filter below has made Markdown of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gapstudy.exhibits.base import Exhibit
from gapstudy.report import markup
from gapstudy.report.document import Report
from gapstudy.report.embedded import RunSets
from gapstudy.report.files import templates
from gapstudy.report.markup import CLIP, Markdown, attribute, md, prose
from gapstudy.report.tables import footnotes, table_html

__all__ = ["anchor", "document"]


def document(report: Report) -> str:
    """Return the text of ``report.qmd``."""
    import jinja2

    sets = RunSets.of(report)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()),
        autoescape=False,  # noqa: S701 - Markdown, not HTML: `finalize` escapes for Markdown instead
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        comment_start_string="<#",  # the usual "{#" opens an anchor in Quarto
        comment_end_string="#>",
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "anchor": anchor,
        "attribute": attribute,
        "figure": _figure,
        "made": Markdown,
        "prose": lambda text, references: prose(text, references=references),
        "remarks": _remarks,
        "runs": _runs,
        "signature": _signature,
        "table": lambda exhibit: _table(exhibit, sets),
        "tex": _tex,
        "title": _title,
        "yaml": lambda text, limit=200: markup.yaml(text, limit=limit),
    }
    return environment.get_template("report.qmd.j2").render(report=report)


def _finalize(value: Any) -> Any:
    """Escape what no filter has dealt with; macros return strings whose parts have been here already."""
    return value if isinstance(value, Markdown | int) else md(str(value))


def anchor(exhibit: Exhibit) -> Markdown:
    """Return ``tbl-<key>`` or ``fig-<key>``: what paragraphs refer to with ``@``."""
    return Markdown(f"{'tbl' if exhibit.kind == 'table' else 'fig'}-{exhibit.key}")


def _figure(image: Path) -> Markdown:
    return attribute(image.name)


def _table(exhibit: Exhibit, sets: RunSets) -> Markdown:
    """The raw table in a box that scrolls on narrow screens and can be reached with the keyboard."""
    if exhibit.table is None:
        return Markdown("")
    box = f'::: {{.gs-scroll role="region" tabindex="0" aria-label="{attribute(exhibit.title)}"}}'
    html = table_html(exhibit.table, sets, linked=bool(exhibit.runs))
    return Markdown(f"{box}\n\n```{{=html}}\n{html}\n```\n:::")


def _runs(exhibit: Exhibit) -> Markdown:
    """How many runs an exhibit rests on, as a link to their ids."""
    count = len(set(exhibit.runs))
    return Markdown(f"[{count:,} {'run' if count == 1 else 'runs'}](#gs-runs)")


def _remarks(exhibit: Exhibit) -> list[Markdown]:
    """What stands under an exhibit: footnotes, what is missing, remarks, the method, the signature.

    One without a number has no caption of its own: its words stand here too.
    """
    marks = footnotes(exhibit.table) if exhibit.table else {}
    notes = [f"^{mark}^\u202f{prose(text, limit=CLIP)}" for text, mark in marks.items()]
    missing = [Markdown(f"*Missing:* {prose(line, limit=CLIP)}") for line in exhibit.missing]
    footnote = [Markdown("; ".join(notes))] if notes else []
    caption = [prose(exhibit.caption)] if exhibit.caption and not exhibit.numbered else []
    method = [prose(exhibit.method, references=True)] if exhibit.method else []  # ours alone: it may cite
    said = [*footnote, *missing, *map(prose, exhibit.notes), *caption, *method]
    if not exhibit.signature:
        return said
    last = said.pop() if said else Markdown("")
    return [*said, Markdown(f"{last} {_signature(exhibit.signature)}".strip())]


def _title(title: str) -> Markdown:
    return md(title.strip().rstrip("."))


def _signature(signature: str) -> Markdown:
    text = md(signature.replace("|", " | "), limit=800)
    return Markdown(f'[{text}]{{.gs-signature typst:text:size="0.85em" typst:text:fill="luma(35%)"}}')


def _tex(tex: str) -> Markdown:
    """A formula as one paragraph: a blank line or a dollar sign would end it."""
    lines = (line.strip() for line in tex.replace("$", "").splitlines())
    return Markdown("\n".join(line for line in lines if line))
