"""What `write` leaves in a folder."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from gapstudy.errors import RenderError
from gapstudy.exhibits.base import Exhibit
from gapstudy.report import Equation, Report, Section, write


def test_the_folder_is_complete(report: Report, tmp_path: Path) -> None:
    """Document, tables, figures, style, bibliography and filter lie beside each other."""
    written = write(report, tmp_path / "out")

    files = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written.document == tmp_path / "out" / "report.qmd"
    assert {"report.qmd", "tables/table1.csv", "figures/figure3.svg", "style/report.css"} <= files
    assert {"style/references.bib", "style/crossref.lua", "style/typst-template.typ", "style/typst-show.typ"} <= files


def test_records_become_csv(report: Report, tmp_path: Path) -> None:
    """Every key of any record is a column; absent values are empty."""
    write(report, tmp_path)

    with (tmp_path / "tables" / "table2.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows == [
        {"method": "Subword", "eng": "80.8", "swa": ""},
        {"method": "Phoneme", "eng": "71.89", "swa": "60.88"},
    ]


def test_writing_twice_gives_the_same_bytes(report: Report, tmp_path: Path) -> None:
    """The document depends on the report alone."""
    first = write(report, tmp_path / "a").document.read_bytes()

    assert write(report, tmp_path / "b").document.read_bytes() == first


def test_an_edited_document_is_kept(report: Report, tmp_path: Path) -> None:
    """What somebody wrote into report.qmd survives under another name; an unedited one is replaced."""
    document = write(report, tmp_path).document
    assert write(report, tmp_path).kept is None
    document.write_text("my own words", encoding="utf-8")

    kept = write(report, tmp_path).kept

    assert kept == tmp_path / "report.edited-1.qmd"
    assert kept.read_text(encoding="utf-8") == "my own words"
    assert "my own words" not in document.read_text(encoding="utf-8")


def test_nothing_executes_while_rendering(report: Report, tmp_path: Path) -> None:
    """The document asks for the markdown engine and holds no code cell."""
    text = write(report, tmp_path).document.read_text(encoding="utf-8")

    assert "\nengine: markdown\n" in text
    assert "```{python}" not in text


def test_a_missing_figure_is_named(report: Report, tmp_path: Path) -> None:
    """An image that was not drawn is an error that names the file."""
    exhibit = Exhibit(key="f", kind="figure", title="F", caption="F.", signature="s", images=(Path("figures/no.svg"),))
    section = Section(key="s", title="S", body=(exhibit,))

    with pytest.raises(RenderError, match=r"figures/no\.svg: the figure does not exist"):
        write(replace(report, sections=(section,)), tmp_path)


def test_keys_are_unique(report: Report, tmp_path: Path) -> None:
    """Two exhibits of one name would overwrite each other's files."""
    with pytest.raises(RenderError, match=r"more than one exhibit is called .*figure1, .*table1"):
        write(replace(report, appendix=report.sections), tmp_path)


@pytest.mark.parametrize("key", ["", "../x", "Table 1", "a b", "x\n"])
def test_keys_name_files_and_anchors(key: str) -> None:
    """Keys that could leave the folder or break an anchor are refused."""
    exhibit = Exhibit(key=key, kind="table", title="T", caption="T.", signature="s")
    with pytest.raises(ValueError, match="exhibit key"):
        Section(key="s", title="S", body=(exhibit,))
    with pytest.raises(ValueError, match="section key"):
        Section(key=key, title="S")
    with pytest.raises(ValueError, match="equation key"):
        Equation(key=key, tex="x")
