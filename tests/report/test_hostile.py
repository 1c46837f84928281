"""Hostile values in every place that data can reach: printed as text, never executed, never over the edge."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pypdf import PdfReader

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.report import Report, Section, literal, render, write
from gapstudy.report.markup import clean

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=http://evil.example/x.png onerror=alert(1)>",
    "$x$ and $5",
    "# heading",
    "@tbl-one and [@song2012]",
    "back\\slash \\",
    "\"quotes\" and 'single'",
    "```{=html} <script>alert(2)</script> ```",
    "a|b|c",
    "{{< include /etc/passwd >}}",
    "![image](http://evil.example/x.png)",
    '#read("/etc/passwd") #import "x"',
    "::: {.callout-note}",
    "</td></table>",
    "= heading in Typst",
    "- item in Typst",
    "\u202eright-to-left override",
    "nul \x00 and half \ud800",
    "x" * 10_000,
    "word " * 2_000,
    "یہ" * 3_000,
)


def table() -> Table:
    """Hostile heads, cells, intervals, notes and languages."""
    rows = [
        (Cell(text, heading=True, note=text), Cell(text, interval=text, best=True), Cell(text, lang=text))
        for text in HOSTILE
    ]
    header = ((Head(HOSTILE[0]), Head(HOSTILE[4], span=2)), (Head(HOSTILE[9]), Head(HOSTILE[2]), Head(HOSTILE[18])))
    return Table(header=header, rows=(*rows, (Cell(HOSTILE[7], heading=True),)), align="lrl")


def hostile() -> Report:
    """Hostile titles, paragraphs, captions, signatures, remarks, file contents and headings."""
    every = " ".join(HOSTILE)
    trusted = Exhibit(
        key="one",
        kind="table",
        title=HOSTILE[0],
        caption=" and ".join(literal(text) for text in HOSTILE),
        signature="|".join(HOSTILE),
        alt=HOSTILE[1],
        table=table(),
        missing=HOSTILE,
        notes=HOSTILE,
        records=({"a": HOSTILE[0]},),
    )
    careless = Exhibit(key="two", kind="figure", title=every, caption=every, signature=every)
    last = Exhibit(
        key="last",
        kind="table",
        numbered=False,
        title=every,
        caption=every,
        method=literal(every),  # it may refer and cite, so that data in it are escaped as in a paragraph
        signature=every,
        table=table(),
    )
    body: tuple[str | Exhibit, ...] = (*map(literal, HOSTILE), trusted, careless)
    sections = (
        Section(key="first", title=HOSTILE[0], body=body),
        *(Section(key=f"s{i}", title=text) for i, text in enumerate(HOSTILE)),
    )
    return Report(
        title=every, study=every, date=date(2026, 1, 2), version=HOSTILE[0], signature=every, banner=literal(every),
        summary=tuple(map(literal, HOSTILE)), sections=sections, appendix=(Section(key="a", title=every),),
        closing=(Section(key="b", title=every, body=(last,)),), runs=HOSTILE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hostile report, rendered."""
    path = tmp_path_factory.mktemp("hostile")
    write(hostile(), path)
    render(path, quarto=False)
    return path


def test_nothing_hostile_becomes_an_element(folder: Path, page: Any) -> None:
    """The HTML has no script but its own, no image, frame or handler, and no link but to itself and its tables."""
    html = page(folder / "report.html")
    tags = {tag for tag, _ in html.elements}
    attributes = {name for _, found in html.elements for name in found}

    assert [found.get("type", "") for found in html.all("script")] == ["application/json", ""]
    assert not tags & {"img", "iframe", "object", "embed", "link", "form", "base"}
    assert not {name for name in attributes if name.startswith("on")}
    assert all(found["href"].startswith("#") for found in html.all("a") if found["href"] != "tables/one.csv")


def test_nothing_hostile_becomes_a_reference(folder: Path, page: Any) -> None:
    """No value of data made a cross-reference or a citation."""
    html = page(folder / "report.html")

    assert not [found for found in html.all("a") if "quarto-xref" in found.get("class", "")]
    assert not [found for found in html.all("span") if "citation" in found.get("class", "")]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_text_is_printed(folder: Path, page: Any, number: int) -> None:
    """Each value can be read in the HTML as it was given, save for what `clean` replaces."""
    expected = " ".join(clean(HOSTILE[number]).split())

    assert page(folder / "report.html").text.count(expected) >= 3


def test_no_file_was_included(folder: Path) -> None:
    """Neither output holds the contents of a file that a value named."""
    words = "".join(sheet.extract_text() for sheet in PdfReader(folder / "report.pdf").pages)

    assert "root:" not in words
    assert "root:" not in (folder / "report.html").read_text(encoding="utf-8")


def test_the_pages_hold_all_text(folder: Path) -> None:
    """No line of the PDF starts beyond the margins, and the last rows of the long table are printed."""
    places: list[tuple[float, float]] = []

    def visit(text: str, outer: list[float], inner: list[float], *_: object) -> None:
        if text.strip():
            places.append(
                (
                    inner[4] * outer[0] + inner[5] * outer[2] + outer[4],
                    inner[4] * outer[1] + inner[5] * outer[3] + outer[5],
                )
            )

    reader = PdfReader(folder / "report.pdf")
    words = "".join(sheet.extract_text(visitor_text=visit) for sheet in reader.pages)
    width, height = (float(side) for side in reader.pages[0].mediabox[2:])
    assert all(20 < x < width - 20 and 20 < y < height - 20 for x, y in places if (x, y) != (0.0, 0.0))
    assert words.count("right-to-left override") >= 6


def test_captions_of_careless_code_break_nothing(folder: Path, page: Any) -> None:
    """A caption with unescaped data may lose emphasis or a formula, and no more."""
    text = page(folder / "report.html").text

    assert "Not available in this study." in text
    assert "[@song2012]" in text


def test_word_takes_it_as_text(folder: Path) -> None:
    """The Word document is well-formed, refers to nothing outside, and prints what it was given."""
    render(folder, ["docx"], quarto=False)

    with zipfile.ZipFile(folder / "report.docx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    body = ET.fromstring(parts["word/document.xml"])  # noqa: S314 - we made it
    words = "".join(body.itertext())
    links = b"".join(data for name, data in parts.items() if name.endswith(".rels"))
    assert words.count("<script>alert(1)</script>") >= 3
    assert "root:" not in words
    assert b"evil.example" not in links
    assert not [name for name in parts if name.startswith("word/media/")]
