"""The rendered report, looked into: PDF by pypdf, HTML by html.parser."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from gapstudy.errors import RenderError
from gapstudy.report import render


@pytest.fixture
def folder(rendered: Path, tmp_path: Path) -> Path:
    """A copy of the rendered example that a test may spoil."""
    return Path(shutil.copytree(rendered, tmp_path / "report"))


@pytest.fixture(scope="module")
def pdf(rendered: Path) -> PdfReader:
    """The PDF."""
    return PdfReader(rendered / "report.pdf")


@pytest.fixture(scope="module")
def words(pdf: PdfReader) -> str:
    """The text of the PDF with single spaces."""
    return " ".join("\n".join(sheet.extract_text() for sheet in pdf.pages).replace("\u00a0", " ").split())


def edit(folder: Path, old: str, new: str) -> None:
    """Edit the document as a user would."""
    path = folder / "report.qmd"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_captions_are_numbered_alike_in_both(rendered: Path, page: Any, words: str) -> None:
    """PDF and HTML count tables and figures in the same order, though pictures may move to the top of a page."""
    captions = re.compile(r"(?:Table|Figure) \d\. [A-Z]\w+")
    from_html = captions.findall(page(rendered / "report.html").text)

    assert sorted(from_html) == sorted(captions.findall(words))
    assert from_html[0] == "Figure 1. Orthographic"
    assert "Table 4. What" in from_html


def test_references_lead_somewhere(rendered: Path, page: Any) -> None:
    """Each cross-reference and citation is a link to an anchor that exists, with the right words."""
    html = page(rendered / "report.html")
    anchors = {attributes.get("id") for _, attributes in html.elements}
    links = {attributes.get("href", "") for attributes in html.all("a")}

    assert {"#tbl-table1", "#fig-figure3", "#eq-bound", "#sec-bound", "#ref-song2012"} <= links
    inside = {link for link in links if link.startswith("#")}
    assert {link.removeprefix("#") for link in inside} <= anchors
    outside = {link for link in links - inside if not link.startswith("https://doi.org/")}
    assert outside == {"tables/table1.csv", "tables/table2.csv"}
    assert "the last term of Equation 2 exceeds 1" in html.text
    assert "Section 3 gives the bound" in html.text
    assert "debiased after Song et al. (2012)" in html.text


def test_the_pdf_has_the_same_references(words: str) -> None:
    """The PDF prints the same words, and no reference is left open."""
    assert "the last term of Equation 2 exceeds 1" in words
    assert "debiased after Song et al. (2012)" in words
    assert "?@" not in words


def test_the_pdf_describes_itself(pdf: Any) -> None:
    """Title, author, creation date, bookmarks, language tags and A4 pages are there."""
    assert pdf.metadata is not None
    assert pdf.metadata.title == "The linguistic gap and the performance gap"
    assert pdf.metadata.author == "gapstudy 0.1.0"
    assert str(pdf.metadata.creation_date).startswith("2026-11-22")
    assert [entry.title for entry in pdf.outline if not isinstance(entry, list)][:3] == [
        "Summary",
        "Contents",
        "1 Setup",
    ]
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert [round(side) for side in pdf.pages[0].mediabox[2:]] == [595, 842]


def test_fonts_are_embedded_in_the_pdf(pdf: Any) -> None:
    """Every font of every page carries its file, and all scripts have theirs."""
    names = set()
    for sheet in pdf.pages:
        for font in sheet["/Resources"].get("/Font", {}).values():
            (inner,) = font.get_object()["/DescendantFonts"]
            descriptor = inner.get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)
            names.add(str(descriptor["/FontName"]).split("+")[1].removesuffix("-Identity-H"))
    assert {"GapstudySerif-Regular", "GapstudySerif-Bold", "NotoNaskhArabic-Regular"} <= names
    assert {"NotoSansDevanagari-Regular", "NotoSerifKR-Regular", "DejaVuSerif"} <= {
        name.replace("DejaVuSerif-Regular", "DejaVuSerif") for name in names
    }


def test_figures_are_vectors(pdf: Any) -> None:
    """No page holds a bitmap."""
    kinds = [
        item.get_object().get("/Subtype")
        for sheet in pdf.pages
        for item in sheet["/Resources"].get("/XObject", {}).values()
    ]

    assert "/Image" not in kinds


def test_nothing_is_loaded_from_anywhere(rendered: Path, page: Any) -> None:
    """Every source, style and script of the HTML is inside the file; its tables and DOIs are all that it links to."""
    html = page(rendered / "report.html")
    sources = [
        value
        for tag, attributes in html.elements
        for name in ("src", "href", "srcset")
        if (value := attributes.get(name)) and not (tag == "a" and value.startswith("https://doi.org/"))
    ]

    assert all(value.startswith(("#", "data:", "tables/")) for value in sources)
    assert [(found.get("src"), found.get("type")) for found in html.all("script")] == [
        (None, "application/json"),
        (None, None),
    ]
    assert not html.all("link")
    assert "@import" not in html.source
    assert all(target.startswith("data:") for target in re.findall(r"url\([\"']?([^\"')]+)", html.source))


def test_the_html_can_be_read_by_all(rendered: Path, page: Any) -> None:
    """Language, title, alternative texts, table heads and scroll boxes for the keyboard are there."""
    html = page(rendered / "report.html")

    assert html.all("html")[0]["lang"] == "en"
    assert html.all("svg")[0]["role"] == "img"
    assert html.all("svg")[0]["aria-label"].startswith('Three bar charts. "Phoneme" has')
    assert {"lang": "ur", "dir": "rtl"}.items() <= next(a for a in html.all("div") if a.get("lang") == "ur").items()
    assert all("scope" in attributes for attributes in html.all("th"))
    assert [a["tabindex"] for a in html.all("div") if a.get("class") == "gs-scroll"] == ["0"] * 5
    assert len(html.all("math")) >= 4


def test_missing_exhibits_are_printed_as_missing(words: str) -> None:
    """An exhibit that could not be computed keeps its number and says what is missing."""
    assert re.search(
        r"Not available in this study\. Figure \d+\. [^|]{1,400}Missing: ner-phoneme-hin: no finished run", words
    )
    assert "Figure 2. Linguistic gaps of all pairs" in words


def test_the_notice_stands_above_everything(rendered: Path, page: Any) -> None:
    """Demonstration data are called so before the summary."""
    text = page(rendered / "report.html").text

    assert 0 < text.index("they are not evidence about languages") < text.index("This report repeats")


def test_rendering_twice_gives_the_same_bytes(folder: Path) -> None:
    """PDF and HTML depend on the document alone."""
    before = [(folder / name).read_bytes() for name in ("report.pdf", "report.html")]

    shutil.rmtree(folder / "style" / "fonts")
    render(folder, quarto=False)

    assert [(folder / name).read_bytes() for name in ("report.pdf", "report.html")] == before


def test_source_date_epoch_sets_the_date(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The PDF is dated by SOURCE_DATE_EPOCH where it is set."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")

    render(folder, ["pdf"], quarto=False)

    metadata = PdfReader(folder / "report.pdf").metadata
    assert metadata is not None
    assert str(metadata.creation_date).startswith("1970-01-02")


def test_a_hand_edited_document_renders(folder: Path, page: Any) -> None:
    """Words, a section with a reference, a callout and a table of the user's own all come out."""
    edit(
        folder,
        "# References",
        "# My view {#sec-mine}\n\nSee @tbl-mine, [-@tbl-mine] and @sec-mine. Ω₂ ⇒ Ж\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n"
        ": My table {#tbl-mine}\n\n::: {.callout-tip title='Hint'}\nLook.\n:::\n\n# References",
    )

    result = render(folder, quarto=False)

    text = page(folder / "report.html").text
    assert "See Table 4, 4 and Section 4. Ω₂ ⇒ Ж" in text
    assert "Table 4. My table" in text
    assert "Table 5. What this report was made from" in text
    assert "Hint" in "".join(sheet.extract_text() for sheet in PdfReader(folder / "report.pdf").pages)
    assert result.engine.startswith("pandoc 3")
    assert result.paths == (folder / "report.pdf", folder / "report.html")


@pytest.mark.parametrize("form", ["pdf", "html"])
def test_unresolved_references_fail(folder: Path, form: str) -> None:
    """References to nothing are named, and the last good rendering stays."""
    before = (folder / f"report.{form}").read_bytes()
    edit(folder, "@tbl-table2", "@tbl-nowhere and @sec-none and [@nobody1999]")

    with pytest.raises(RenderError, match="unresolved reference @nobody1999, @sec-none, @tbl-nowhere"):
        render(folder, [form], quarto=False)

    assert (folder / f"report.{form}").read_bytes() == before
    assert not list(folder.glob("*partial*"))


def test_ambiguous_references_fail(folder: Path) -> None:
    """One anchor on two exhibits is an error."""
    edit(folder, "{#tbl-table2}", "{#tbl-table1}")
    edit(folder, "@tbl-table2", "@tbl-table1")

    with pytest.raises(RenderError, match="@tbl-table1 is defined more than once"):
        render(folder, quarto=False)


def test_characters_without_a_font_fail(folder: Path) -> None:
    """Rendering stops before boxes are printed."""
    edit(folder, "# References", "𒀀\n\n# References")

    with pytest.raises(RenderError, match=r"U\+12000 CUNEIFORM SIGN A"):
        render(folder, quarto=False)


def test_broken_documents_fail_with_the_reason(folder: Path) -> None:
    """What Typst or pandoc complain about reaches the user."""
    edit(folder, "#gs-contents()", "#no-such-function()")
    with pytest.raises(RenderError, match=r"Typst failed on .*report\.qmd: unknown variable: no-such-function"):
        render(folder, ["pdf"], quarto=False)

    edit(folder, "lang: en", "lang: [en")
    with pytest.raises(RenderError, match=r"pandoc failed on .*report\.qmd \(exit code \d+\): .*YAML"):
        render(folder, ["html"], quarto=False)


def test_text_in_another_encoding_is_refused(folder: Path) -> None:
    """A document saved in a legacy encoding is named, not guessed at."""
    (folder / "report.qmd").write_bytes("é".encode("latin-1"))

    with pytest.raises(RenderError, match=r"report\.qmd: not UTF-8 text"):
        render(folder, quarto=False)


@pytest.mark.parametrize(("formats", "named"), [(["odt"], "odt"), ([], "none"), (["pdf", "exe"], "exe")])
def test_unknown_formats_are_refused(rendered: Path, formats: list[str], named: str) -> None:
    """The error names the format and the valid ones."""
    with pytest.raises(RenderError, match=rf"unknown report format .*{named}.*valid: pdf, html, docx"):
        render(rendered, formats)


def test_a_folder_without_a_report_is_refused(tmp_path: Path) -> None:
    """There must be a document to render."""
    with pytest.raises(RenderError, match="there is no report to render"):
        render(tmp_path)


def _titles(outline: Any) -> list[str]:
    return [title for entry in outline for title in (_titles(entry) if isinstance(entry, list) else [entry.title])]


def test_exhibits_have_bookmarks(pdf: Any) -> None:
    """Tables and figures are in the outline of the PDF, with their numbers, below their sections."""
    titles = _titles(pdf.outline)

    assert "Table 1. Performance across languages" in titles
    assert "Figure 3. Gap, similarity and distance on XNLI" in titles
    assert titles.index("Figure 1. Orthographic and phonemic input") > titles.index("1 Setup")


def _alternatives(node: Any) -> list[str]:
    found = [str(node["/Alt"])] if "/Alt" in node else []
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        inner = child.get_object()
        if isinstance(inner, dict):
            found += _alternatives(inner)
    return found


def test_the_pdf_can_be_read_aloud(pdf: Any) -> None:
    """It claims PDF/UA-1, names its language and keywords, and describes each picture and formula."""
    root = pdf.trailer["/Root"]
    said = _alternatives(root["/StructTreeRoot"])

    assert b"<pdfuaid:part>1" in root["/Metadata"].get_data()
    assert root["/Lang"] == "en"
    assert "phonemes" in pdf.metadata.keywords
    assert "Study tiny" in pdf.metadata.subject
    assert any(text.startswith("Three bar charts.") for text in said)
    assert any("mathrm{RPD}" in text for text in said)


def test_a_picture_without_description_stops_no_pdf(folder: Path) -> None:
    """An edited document with a bare picture is rendered, without the claim of PDF/UA."""
    text = (folder / "report.qmd").read_text(encoding="utf-8")
    bare = '```{=typst}\n#image("figures/figure3.svg", width: 3cm)\n```\n\n# Setup'
    (folder / "report.qmd").write_text(text.replace("# Setup", bare, 1), encoding="utf-8")

    render(folder, ["pdf"], quarto=False)

    root: Any = PdfReader(folder / "report.pdf").trailer["/Root"]
    assert b"pdfuaid" not in root["/Metadata"].get_data()
