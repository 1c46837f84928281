"""The pages of the PDF as pictures: nothing outside the margins, no large blanks, letters joined."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typst
from numpy.typing import NDArray
from PIL import Image
from pypdf import PdfReader

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.report import Report, Section, fallback, fonts, render, write
from gapstudy.report.subset import write_fonts
from tests.report.conftest import draw, example, figure3, table1, table2, table3

CENTIMETRES = 29.7
TOP, FOOT, SIDE = 2.3, 2.2, 2.15  # of the area that text may fill, in centimetres
PROSE = (
    "What is compared is the same sentence in two languages, as the encoder reads it; the interval is that of the mean "
    "over seeds, and where it includes zero nothing is claimed. "
)


def ink(png: bytes) -> NDArray[np.bool_]:
    """Where a page is not white."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("L")) < 200


def long_table(key: str, rows: int) -> Exhibit:
    """A table over more than a page."""
    body = tuple(
        (Cell(f"pair {i}", heading=True), Cell(f"{i / 7:.2f}", "[0.1, 0.9]"), Cell("0.5")) for i in range(rows)
    )
    header = ((Head("Pair"), Head("Gap"), Head("CKA")),)
    table = Table(header=header, rows=body, align="lrr")
    return Exhibit(key=key, kind="table", title="Every pair", caption="All pairs.", signature="s:1", table=table)


def _numbers(columns: int) -> Exhibit:
    """A table with more numbers than fit the line."""
    header = ((Head("Method"), *(Head(f"Language {i}") for i in range(columns))),)
    row = (Cell("phoneme", heading=True), *(Cell("12.3456") for _ in range(columns)))
    table = Table(header=header, rows=(row,) * 3, align="l" + "r" * columns)
    return Exhibit(key="wide", kind="table", title="Wide", caption="Many columns.", signature="s:1", table=table)


def _exhibits(image: Path) -> Iterator[Exhibit]:
    sizes = (12, 35, 70, 20, 45, 25)
    kinds = (table1(), figure3(image), table2(), table3())
    for i, rows in enumerate(sizes):
        yield from (replace(exhibit, key=f"{exhibit.key}-{i}") for exhibit in kinds)
        yield long_table(f"long-{i}", rows)
    yield _numbers(18)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with many tables and figures of many heights, and a little text between them."""
    path = tmp_path_factory.mktemp("pages")
    image = draw(path)
    body = tuple(block for i, exhibit in enumerate(_exhibits(image)) for block in (PROSE * (i % 4 + 1), exhibit))
    parts = [body[i : i + 6] for i in range(0, len(body), 6)]
    sections = tuple(Section(key=f"s{i}", title=f"Part {i}", body=part) for i, part in enumerate(parts))
    report: Report = replace(example(image), sections=sections, appendix=(), closing=(), summary=(PROSE,))
    write(report, path)
    text = (path / "report.qmd").read_text(encoding="utf-8")
    assert "::: {#refs}" in text
    render(path, ["pdf"], quarto=False)
    return path


@pytest.fixture(scope="module")
def sheets(folder: Path) -> list[NDArray[np.bool_]]:
    """The pages."""
    return [ink(png) for png in fallback.pages(folder / "report.qmd", 60)]


def _rows(sheet: NDArray[np.bool_], start: float, end: float) -> NDArray[np.bool_]:
    scale = len(sheet) / CENTIMETRES
    return sheet[round(start * scale) : round(end * scale)]


def test_no_page_is_left_half_empty(sheets: list[NDArray[np.bool_]]) -> None:
    """No page but the last is blank for more than 35 % at its foot, or in one piece anywhere."""
    assert len(sheets) > 8
    for sheet in sheets[:-1]:
        body = np.asarray(_rows(sheet, TOP, CENTIMETRES - FOOT).any(axis=1))
        inked = np.flatnonzero(np.concatenate([[True], body, [True]]))
        assert np.diff(inked).max() / body.size < 0.35


def test_nothing_leaves_the_margins(sheets: list[NDArray[np.bool_]]) -> None:
    """No ink beside the text, not even of a table of 19 columns."""
    for sheet in sheets:
        edge = round(SIDE / 21.0 * sheet.shape[1])
        assert not sheet[:, :edge].any()
        assert not sheet[:, -edge:].any()


def test_long_tables_say_that_they_go_on(folder: Path) -> None:
    """Each page on which a table continues names it and repeats its head."""
    words = [sheet.extract_text() for sheet in PdfReader(folder / "report.pdf").pages]
    going_on = [text for text in words if "(continued)" in text]

    assert going_on
    assert any("Pair" in text and "pair 69" in text for text in going_on)


def test_every_exhibit_is_printed_once_and_in_order(folder: Path) -> None:
    """Pictures that float keep their order, and none is lost."""
    words = " ".join(sheet.extract_text() for sheet in PdfReader(folder / "report.pdf").pages).replace("\u00a0", " ")
    places = [words.rindex(f"Figure {i}. Gap") for i in range(1, 7)]

    assert places == sorted(places)
    assert all(f"Table {i}. " in words for i in range(1, 26))


def test_every_page_says_what_it_is_part_of(folder: Path) -> None:
    """Title and mark of demonstration data stand at the head of each page but the first, its number at the foot."""
    sheets = [sheet.extract_text() for sheet in PdfReader(folder / "report.pdf").pages]

    assert all("The linguistic gap and the performance gap" in text for text in sheets)
    assert all("Demonstration data" in text for text in sheets)
    assert all(f"{number} / {len(sheets)}" in text for number, text in enumerate(sheets, 1))


JOINED = (("پڑھ", "پ\u200cڑ\u200cھ"), ("क्ष", "क\u094d\u200cष"), ("글", "ㄱㅡㄹ"))


@pytest.mark.parametrize(("word", "apart"), JOINED, ids=["Urdu", "Hindi", "Korean"])
def test_letters_are_joined(tmp_path: Path, word: str, apart: str) -> None:
    """Urdu letters, Devanagari conjuncts and Hangul blocks look unlike their parts side by side."""
    text = f"{word} {apart}"
    write_fonts(fonts.assign(fonts.printable(text), fonts.available()), tmp_path)
    families = typst.Fonts(include_system_fonts=False, font_paths=[str(tmp_path / "fonts")])

    def drawn(piece: str) -> NDArray[np.bool_]:
        page = '#import "fonts.typ": gs-fonts\n#set page(width: auto, height: auto, margin: 3pt)\n'
        source = f"{page}#set text(font: gs-fonts, fallback: false)\n{piece}"
        png = typst.Compiler(source.encode(), root=str(tmp_path), font_paths=families).compile(format="png", ppi=100)
        assert isinstance(png, bytes)
        return ink(png)

    whole, pieces = drawn(word), drawn(apart)
    assert whole.any()
    assert whole.shape != pieces.shape or (whole != pieces).any()
    assert whole.shape[1] < pieces.shape[1]
