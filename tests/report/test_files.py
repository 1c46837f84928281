"""Templates are found in a wheel and in a checkout; imports stay light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gapstudy
from gapstudy.errors import RenderError
from gapstudy.report.files import replace_text, templates


def installed(folder: Path, *names: str) -> str:
    """Make a package with these template folders; return what its ``__file__`` would be."""
    (folder / "gapstudy").mkdir()
    for name in names:
        (folder / name).mkdir()
        (folder / name / "report.qmd.j2").touch()
    return str(folder / "gapstudy" / "__init__.py")


def test_templates_of_this_checkout_are_complete() -> None:
    """All that a report is made of is in the one folder."""
    names = {str(path.relative_to(templates())) for path in templates().rglob("*") if path.is_file()}

    assert {"report.qmd.j2", "report.css", "references.bib", "filters/crossref.lua", "gapstudy.mplstyle"} <= names


def test_packaged_templates_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a wheel the templates are inside the package, and a folder beside it is not looked at."""
    monkeypatch.setattr(gapstudy, "__file__", installed(tmp_path, "templates", "gapstudy/templates"))

    assert templates() == tmp_path / "gapstudy" / "templates"


def test_a_checkout_has_them_at_its_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout they lie beside the package."""
    monkeypatch.setattr(gapstudy, "__file__", installed(tmp_path, "templates"))

    assert templates() == tmp_path / "templates"


def test_missing_templates_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation says so."""
    monkeypatch.setattr(gapstudy, "__file__", installed(tmp_path))

    with pytest.raises(RenderError, match="templates are missing"):
        templates()


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    """Nothing but the file itself is left, and signs that UTF-8 cannot hold do not stop it."""
    replace_text(tmp_path / "a" / "x.txt", "old")
    replace_text(tmp_path / "a" / "x.txt", "né\ud800")

    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.txt"]
    assert (tmp_path / "a" / "x.txt").read_bytes() == "né?".encode()


def test_importing_the_report_is_light() -> None:
    """Neither the tools of rendering nor those of training are loaded before they are needed."""
    heavy = "jinja2 typst pypandoc fontTools matplotlib pandas torch transformers epitran"
    code = f"import sys, gapstudy.report; print([m for m in {heavy!r}.split() if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "[]"
