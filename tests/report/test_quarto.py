"""Rendering with Quarto: with a stand-in everywhere, with the real one where it is installed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

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


@pytest.mark.skipif(shutil.which("quarto") is None, reason="Quarto is not installed; it is optional")
def test_the_real_quarto_renders_the_same_document(folder: Path, page: Any) -> None:
    """The unchanged document gives the same captions and references with Quarto."""
    result = render(folder)

    text = page(folder / "report.html").text
    assert result.engine.startswith("Quarto 1.")
    assert "Table 1" in text
    assert "the last term of Equation 2 exceeds 1" in text
