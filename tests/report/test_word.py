"""The Word document, taken apart: real tables, pictures, references, formulas, properties; the same bytes each time."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from gapstudy.errors import RenderError
from gapstudy.report import fallback, render, word

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"


def xml(data: bytes) -> ET.Element:
    """A part of the document, which we made ourselves."""
    return ET.fromstring(data)  # noqa: S314


@pytest.fixture(scope="module")
def folder(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, rendered for Word."""
    path = tmp_path_factory.mktemp("word") / "report"
    shutil.copytree(rendered, path)
    render(path, ["docx"], quarto=False)
    return path


@pytest.fixture(scope="module")
def parts(folder: Path) -> dict[str, bytes]:
    """The files inside."""
    with zipfile.ZipFile(folder / "report.docx") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def body(parts: dict[str, bytes]) -> ET.Element:
    """The text."""
    return xml(parts["word/document.xml"])


def text_of(element: ET.Element) -> str:
    """All words of an element."""
    return "".join(found.text or "" for found in element.iter(f"{W}t")).replace("\u00a0", " ")


def table(body: ET.Element, words: str) -> ET.Element:
    """The table that has these words."""
    return next(found for found in body.iter(f"{W}tbl") if words in text_of(found))


def test_tables_are_word_tables(body: ET.Element) -> None:
    """Two header rows repeat on each page, spans are spans, numbers are flush right, and no row breaks."""
    rows = list(table(body, "Performance gap").iter(f"{W}tr"))

    assert [row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows[:4]] == [True, True, False, False]
    assert [found.get(f"{W}val") for found in rows[0].iter(f"{W}gridSpan")] == ["10", "2"]
    assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)
    sides = [found.get(f"{W}val") for found in rows[3].iter(f"{W}jc")]
    assert sides == ["left"] + ["right"] * 13


def test_tables_fit_the_page(body: ET.Element) -> None:
    """No table is wider than the line, and no column is without width."""
    for found in body.iter(f"{W}tbl"):
        widths = [int(column.get(f"{W}w", "0")) for column in found.iter(f"{W}gridCol")]
        width = found.find(f"{W}tblPr/{W}tblW")
        assert width is not None
        assert min(widths) > 0
        assert int(width.get(f"{W}w", "0")) <= 5000


def test_intervals_are_small_and_the_best_is_bold(body: ET.Element) -> None:
    """Each interval has the style of intervals, each best value is bold."""
    runs = list(table(body, "Performance gap").iter(f"{W}r"))
    small = [run for run in runs if (run.find(f"{W}rPr/{W}rStyle")) is not None]
    bold = {text_of(run).strip() for run in runs if run.find(f"{W}rPr/{W}b") is not None}

    assert len([run for run in small if text_of(run).startswith("[")]) == 4 * 13
    assert bold == {"3.52", "0.7195", "5.80", "0.7204"}


def test_sentences_keep_their_direction(body: ET.Element) -> None:
    """Urdu is set from right to left, its cell too."""
    urdu = next(found for found in body.iter(f"{W}p") if "ٹیچر" in text_of(found))

    assert urdu.find(f"{W}pPr/{W}bidi") is not None
    assert urdu.find(f"{W}r/{W}rPr/{W}rtl") is not None


def test_captions_are_numbered_as_in_html(body: ET.Element, rendered: Path, page: Any) -> None:
    """Word and HTML have the same captions in the same order, and the same references."""
    captions = re.compile(r"(?:Table|Figure) \d\. [A-Z]\w+")
    words = " ".join(map(text_of, body.iter(f"{W}p")))

    assert captions.findall(words) == captions.findall(page(rendered / "report.html").text)
    assert "the last term of Equation 2 exceeds 1" in words
    assert "debiased after Song et al. (2012)" in words
    assert "?@" not in words


def test_references_lead_to_bookmarks(body: ET.Element) -> None:
    """Each link inside the document has its bookmark."""
    bookmarks = {found.get(f"{W}name") for found in body.iter(f"{W}bookmarkStart")}
    anchors = {found.get(f"{W}anchor") for found in body.iter(f"{W}hyperlink")} - {None}

    assert {"tbl-table1", "fig-figure3", "eq-bound", "sec-bound", "ref-song2012"} <= anchors
    assert anchors <= bookmarks


def test_pictures_are_sharp_and_described(parts: dict[str, bytes], body: ET.Element) -> None:
    """Figures are PNG of 200 pixels an inch or more, with their alternative texts, and no SVG is left."""
    pictures = [name for name in parts if name.startswith("word/media/")]
    described = [found.get("descr", "") for found in body.iter(f"{PICTURE}docPr")]
    extents = [int(found.get("cx", "0")) / 914_400 for found in body.iter(f"{PICTURE}extent")]

    assert [Path(name).suffix for name in pictures] == [".png"]
    assert Image.open(io.BytesIO(parts[pictures[0]])).width / extents[0] >= 200
    assert described[0].startswith("Three bar charts.")


def test_formulas_are_native(body: ET.Element, parts: dict[str, bytes]) -> None:
    """Displayed and inline formulas are Office mathematics, the former numbered."""
    assert parts["word/document.xml"].count(b"<m:oMath>") >= 4
    (numbered,) = [p for p in body.iter(f"{W}p") if text_of(p) == "(2)"]
    assert numbered.find(f"{W}pPr/{W}pStyle").get(f"{W}val") == "Equation"  # type: ignore[union-attr]


def test_the_document_describes_itself(parts: dict[str, bytes], body: ET.Element) -> None:
    """Title, author, keywords, language and date are properties; callout and bibliography have their styles."""
    core = parts["docProps/core.xml"].decode()
    styles = {found.get(f"{W}val") for found in body.iter(f"{W}pStyle")}

    for expected in ("The linguistic gap", "gapstudy 0.1.0", "phonemes", "2026-11-22T00:00:00Z", ">en<"):
        assert expected in core
    assert {"Callout", "Bibliography", "TableCaption", "ImageCaption", "ExhibitNotes", "TableText"} <= styles
    defined = {found.get(f"{W}styleId") for found in xml(parts["word/styles.xml"])}
    assert styles <= defined


def test_every_part_is_well_formed(parts: dict[str, bytes]) -> None:
    """Word opens no file of which one part is not XML."""
    for name, data in parts.items():
        if name.endswith((".xml", ".rels")):
            assert len(xml(data)) >= 0


def test_pages_have_numbers_and_measures(parts: dict[str, bytes], body: ET.Element) -> None:
    """A4 with a footer that counts pages."""
    size = next(body.iter(f"{W}pgSz"))

    assert (size.get(f"{W}w"), size.get(f"{W}h")) == ("11906", "16838")
    assert b"NUMPAGES" in parts["word/footer1.xml"]


def test_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """The document, its styles and its pictures have no clock in them, in all three formats."""
    again = Path(shutil.copytree(folder, tmp_path / "again"))
    (again / "figures" / "figure3.png").unlink()

    render(again, ["docx"], quarto=False)

    for name in ("report.docx", "style/reference.docx", "figures/figure3.png"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_an_open_reference_fails_word_too(folder: Path, tmp_path: Path) -> None:
    """A reference that leads nowhere is an error, and the earlier document stays."""
    spoilt = Path(shutil.copytree(folder, tmp_path / "spoilt"))
    source = spoilt / "report.qmd"
    source.write_text(source.read_text(encoding="utf-8").replace("@tbl-table3", "@tbl-nowhere"), encoding="utf-8")

    with pytest.raises(RenderError, match="unresolved reference @tbl-nowhere"):
        render(spoilt, ["docx"], quarto=False)

    assert (spoilt / "report.docx").read_bytes() == (folder / "report.docx").read_bytes()


def test_a_broken_picture_is_named(folder: Path, tmp_path: Path) -> None:
    """An SVG that cannot be drawn is an error with its name."""
    spoilt = Path(shutil.copytree(folder, tmp_path / "spoilt"))
    (spoilt / "figures" / "figure3.svg").write_text("no picture", encoding="utf-8")
    (spoilt / "figures" / "figure3.png").unlink()

    with pytest.raises(RenderError, match=r"figure3\.svg: cannot be drawn as PNG"):
        render(spoilt, ["docx"], quarto=False)


def test_a_pandoc_without_its_document_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pandoc cannot hand out its reference document, the error says so."""
    monkeypatch.setattr(fallback, "pandoc", lambda: Path("/bin/false"))

    with pytest.raises(RenderError, match=r"cannot hand out its reference\.docx"):
        fallback.reference()


def test_the_style_document_is_reproducible() -> None:
    """reference.docx is made from pandoc's and is the same each time."""
    default = fallback.reference()

    assert word.reference(default) == word.reference(default) != default
