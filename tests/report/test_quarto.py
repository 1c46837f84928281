"""Rendering with Quarto: with a stand-in everywhere, with the real one where it is installed."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typst
from pypdf import PdfReader

from gapstudy.errors import RenderError
from gapstudy.report import Report, render, write

STAND_IN = """#!{python}
import os, sys
from pathlib import Path
if sys.argv[1] == "--version":
    sys.exit(print("1.8.25"))
_, _, source, _, target, _, output = sys.argv
print(os.environ["SOURCE_DATE_EPOCH"], target)
{act}
"""


def stand_in(folder: Path, act: str) -> Path:
    """An executable that takes Quarto's arguments and does as it is told."""
    path = folder / "quarto"
    path.write_text(STAND_IN.format(python=sys.executable, act=act), encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def folder(report: Report, tmp_path: Path) -> Path:
    """A report that is written but not rendered."""
    write(report, tmp_path / "report")
    return tmp_path / "report"


def test_quarto_is_called_for_each_format(folder: Path, tmp_path: Path) -> None:
    """HTML and Typst are rendered beside the report, renamed, and the engine is named with its version."""
    quarto = stand_in(tmp_path, "Path(output).write_text(target)")

    result = render(folder, quarto=quarto)

    assert result.engine == "Quarto 1.8.25"
    assert [path.name for path in result.paths] == ["report.pdf", "report.html"]
    assert [path.read_text(encoding="utf-8") for path in result.paths] == ["typst", "html"]


def test_quarto_on_path_is_preferred(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without being told, the renderer takes the Quarto that the user has."""
    stand_in(tmp_path, "Path(output).write_text(target)")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    assert render(folder, ["html"]).engine == "Quarto 1.8.25"


@pytest.mark.parametrize(
    ("act", "message"),
    [
        ("Path(output).touch(); sys.stderr.write('WARNING: Unable to resolve crossref @tbl-x\\n')", "reference @tbl-x"),
        ("Path(output).touch(); sys.stderr.write('[WARNING] Citeproc: citation who not found\\n')", "reference @who"),
        ("Path(output).write_text('<p><strong>?@fig-x</strong></p>')", "unresolved reference @fig-x"),
        ("sys.exit('ERROR: bad front matter')", r"quarto failed on .*\(exit code 1\): ERROR: bad front matter"),
        ("pass", r"left no report\.partial\.html"),
    ],
)
def test_what_quarto_only_mentions_fails(folder: Path, tmp_path: Path, act: str, message: str) -> None:
    """Unresolved references, failures and missing output are errors, and nothing half-made stays."""
    with pytest.raises(RenderError, match=message):
        render(folder, ["html"], quarto=stand_in(tmp_path, act))

    assert not list(folder.glob("report*.html"))


def test_a_quarto_that_cannot_start_is_named(folder: Path, tmp_path: Path) -> None:
    """A wrong path is an error with the path."""
    with pytest.raises(RenderError, match="nowhere/quarto: cannot be started"):
        render(folder, quarto=tmp_path / "nowhere" / "quarto")


WORD = """
import zipfile
with zipfile.ZipFile(output, "w") as archive:
    archive.writestr("word/document.xml", "<w:t>{text}</w:t>")
"""


def test_quarto_makes_word_documents(folder: Path, tmp_path: Path) -> None:
    """A Word document of Quarto is made with our styles beside it, and has no clock in it."""
    quarto = stand_in(tmp_path, WORD.format(text="all is well"))

    first, second = (render(folder, ["docx"], quarto=quarto).paths[0].read_bytes() for _ in range(2))

    assert first == second
    assert (folder / "style" / "reference.docx").is_file()
    assert (folder / "figures" / "figure3.png").is_file()


def test_references_lost_in_word_fail(folder: Path, tmp_path: Path) -> None:
    """A reference that Quarto left open in a Word document is an error, whether Quarto mentions it or not."""
    with pytest.raises(RenderError, match="unresolved reference @tbl-x"):
        render(folder, ["docx"], quarto=stand_in(tmp_path, WORD.format(text="?@tbl-x")))


# The forms in which Quarto 1.5 to 1.10 writes Typst: its definitions before the template, floats as figures with a kind of
# their own, references as #ref, callouts as a function with colours, raw HTML tables as tables in a code block.
DEFINITIONS = """
#let horizontalrule = line(start: (25%, 0%), end: (75%, 0%))
#show figure: it => if type(it.kind) == str and it.kind.starts-with("quarto-callout-") { it.body } else { it }
#let callout(body: [], title: "Callout", background_color: rgb("#dddddd"), icon: none, icon_color: black,
  body_background_color: white) = block(fill: background_color, width: 100%, inset: 8pt)[*#title* #body]
"""
BODY = """
= Setup <sec-setup>
See #ref(<tbl-a>, supplement: [Table]), #ref(<tbl-long>, supplement: [Table]), #ref(<fig-b>, supplement: [Figure]),
#ref(<eq-c>, supplement: [Equation]) and #ref(<sec-setup>, supplement: [Section]).
#block[
#callout(body: [A warning.], title: [Demonstration data], background_color: rgb("#f7dddc"),
  icon_color: rgb("#CC1914"), icon: none, body_background_color: white)
]
#gs-contents()
#figure([
#{set text(size: 8.6pt); table(columns: (30%, 70%), align: (left, right), inset: (x: 4pt, y: 3.2pt),
  table.header(table.cell(align: left)[Method], table.cell(align: right)[Gap]), table.hline(),
  table.cell(align: left)[phoneme], table.cell(align: right)[3.52])}
#block[
#set text(size: 0.85em); A remark.
]
], caption: figure.caption(
position: top,
[
#strong[A short one]. What it shows.
]),
kind: "quarto-float-tbl",
supplement: "Table",
)
<tbl-a>

#figure([
#box(image("figures/figure3.svg", width: 100%, alt: "Bars."))
], caption: figure.caption(separator: ". ", position: bottom, [#strong[A picture].]),
kind: "quarto-float-fig", supplement: "Figure", numbering: "1")
<fig-b>

#figure([
#table(columns: 2, table.header([Pair], [CKA]), ..range(200).map(i => [n#i]))
], caption: figure.caption(position: top, [#strong[A long one].]), kind: "quarto-float-tbl", supplement: "Table")
<tbl-long>

#math.equation(block: true, numbering: "(1)", [ $ x^2 $ ])<eq-c>
"""
SHOW = """#show: doc => article(title: [A title], subtitle: [Study tiny], authors: ([gapstudy 0.1.0],), date: [2026-11-22],
  signature: [study:tiny|runs:3], keywords: ([a], [b]), lang: "en", doc)
"""


def test_the_template_takes_quartos_markup(rendered: Path, tmp_path: Path) -> None:
    """Floats, references, callouts and tables as Quarto writes them are set by our template, tall tables over pages."""
    folder = Path(shutil.copytree(rendered, tmp_path / "report"))
    template = (folder / "style" / "typst-template.typ").read_text(encoding="utf-8")
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(folder / "style" / "fonts")])
    text = DEFINITIONS + template + SHOW + BODY

    pdf = typst.Compiler(text.encode(), root=str(folder), font_paths=fonts).compile(format="pdf", timestamp=0)

    assert isinstance(pdf, bytes)
    reader = PdfReader(io.BytesIO(pdf))
    words = " ".join(" ".join(sheet.extract_text() for sheet in reader.pages).replace("\u00a0", " ").split())
    assert "See Table 1, Table 2, Figure 1, Equation 1 and Section 1." in words
    assert "Table 2 (continued)" in words
    assert words.count("Pair CKA") >= 2
    assert "A warning." in words
    titles = re.findall(r"'/Title': '([^']*)'", str(reader.outline))
    assert [title for title in titles if title != "Contents"] == [
        "1 Setup",
        "Table 1. A short one",
        "Figure 1. A picture",
        "Table 2. A long one",
    ]


def lint(folder: Path, *, ignore: Sequence[str] = ()) -> list[str]:
    """Return what panache, a linter of Quarto documents, finds in a report: a line each."""
    (folder / "panache.toml").write_text(f"[lint]\nignore = {json.dumps(list(ignore))}\n", encoding="utf-8")
    program = Path(sysconfig.get_path("scripts")) / "panache"
    done = subprocess.run(
        [program, "lint", "--check", "--message-format", "short", "report.qmd"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    lines = (done.stdout + done.stderr).splitlines()
    return [line for line in lines if re.search(r"\b(error|warning)\b", line)]


def test_the_document_has_no_faults_of_syntax(folder: Path) -> None:
    """An independent reader of Quarto's syntax finds nothing wrong in front matter, divs, cross-references and citations.

    ``#gs-runs`` is an element of ``style/data.html``, which the page includes, and not of the document.
    """
    assert lint(folder, ignore=["undefined-anchor"]) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("@tbl-table1", "@tbl-nowhere", "tbl-nowhere"),
        ("@song2012", "@nobody2012", "nobody2012"),
        ("format:\n", "format: [\n", "yaml"),
    ],
)
def test_the_linter_would_find_them(folder: Path, old: str, new: str, rule: str) -> None:
    """References to nothing, citations that are not in the bibliography and broken front matter are found."""
    path = folder / "report.qmd"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert any(rule in line.lower() for line in lint(folder, ignore=["undefined-anchor"]))


@pytest.mark.skipif(shutil.which("quarto") is None, reason="Quarto is not installed; it is optional")
def test_the_real_quarto_renders_the_same_document(folder: Path, page: Any) -> None:
    """The unchanged document gives the same captions and references with Quarto."""
    result = render(folder)

    text = page(folder / "report.html").text
    assert result.engine.startswith("Quarto 1.")
    assert "Table 1" in text
    assert "the last term of Equation 2 exceeds 1" in text
