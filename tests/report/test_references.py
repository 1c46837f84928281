"""The bibliography: every work is cited somewhere in the report, and every citation has its work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ENTRY = re.compile(r"^@(?P<kind>\w+)\{(?P<key>[\w:-]+),(?P<fields>.*?)^\}", re.MULTILINE | re.DOTALL)
CITED = re.compile(r"\[-?@[\w:-]+(?:; ?@[\w:-]+)*\]")


def entries(root: Path) -> list[re.Match[str]]:
    """The entries of the bibliography."""
    return list(ENTRY.finditer((root / "templates" / "references.bib").read_text(encoding="utf-8")))


def cited(root: Path) -> set[str]:
    """Keys that the modules of the report cite."""
    sources = [p for part in ("exhibits", "report") for p in (root / "gapstudy" / part).glob("*.py")]
    text = "\n".join(re.sub(r'"\s*\n\s*f?"', "", p.read_text(encoding="utf-8")) for p in sources)
    found = {key for citation in CITED.findall(text) for key in re.findall(r"@([\w:-]+)", citation)}
    return found - {"key"}  # of a docstring


def test_each_work_is_cited_and_each_citation_has_its_work(root: Path) -> None:
    """No entry is there for show, and none is missing."""
    keys = [entry["key"] for entry in entries(root)]
    assert len(keys) == len(set(keys))
    assert set(keys) == cited(root)


def test_entries_say_who_what_when_and_where(root: Path) -> None:
    """Each has authors, title, year and a place: journal, proceedings, number or address."""
    for entry in entries(root):
        fields = set(re.findall(r"^\s*(\w+)\s*=", entry["fields"], re.MULTILINE))
        assert {"author", "title", "year"} <= fields, entry["key"]
        assert fields & {"journal", "booktitle", "url", "note", "howpublished"}, entry["key"]


@pytest.mark.parametrize("key", ["jung2024", "efron1987", "holm1979", "bert2019", "epitran2018"])
def test_what_the_report_rests_on_is_there(root: Path, key: str) -> None:
    """The paper itself, the intervals, the correction, an encoder, the phonemes."""
    assert key in {entry["key"] for entry in entries(root)}
