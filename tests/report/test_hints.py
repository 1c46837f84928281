"""What the page's script is told about tables, and that it stays in the page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.report import Report, Section, write
from gapstudy.report.embedded import RunSets, element, ranges, run_list
from gapstudy.report.hints import hints, value
from gapstudy.report.tables import table_html
from tests.report.test_hostile import HOSTILE, hostile


def table(*rows: tuple[Cell, ...], heads: tuple[str, ...] = ("Name", "x"), align: str = "lr") -> Table:
    """A table with one header row."""
    return Table(header=(tuple(map(Head, heads)),), rows=rows, align=align)


def row(name: str, *texts: str) -> tuple[Cell, ...]:
    """A row with its name."""
    return (Cell(name, heading=True), *map(Cell, texts))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("−0.78", -0.78), ("-0.5", -0.5), ("+.5", 0.5), ("< 0.001", 0.001), ("3.4e-07", 3.4e-7), ("5e-6 (eng)", 5e-6),
        ("39,632", 39632.0), ("±1.43", 1.43), ("(3.30)", 3.3), ("2 of 3", 2.0), ("393k", 393e3), ("−0", 0.0),
        ("−0.21 … −0.06", -0.21), ("1.25 %", 1.25), ("–", None), ("", None), ("never", None), ("7th", None),
        ("xnli-phoneme", None), ("[0.1, 0.2]", None), ("1e999", float("inf")),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_printed(text: str, expected: float | None) -> None:
    """Signs, bounds, powers, thousands and units count; words and dashes have no number."""
    assert value(text) == expected


def test_columns_can_be_sorted_where_two_rows_can_be_exchanged() -> None:
    """Not in tables of text, of one row a group, of one value, or with a head over several columns."""
    two = (row("a", "1"), row("b", "2"))

    assert hints(table(*two)).heads == (' data-sort="text"', ' data-sort="number"')
    assert hints(table(*two, heads=("", "x"))).heads == ("", ' data-sort="number"')
    assert hints(table(*two, align="ll")).heads == ("", "")
    assert hints(table(two[0], (Cell("group", heading=True),), two[1])).heads == ("", "")
    assert hints(table(two[0], row("items", "2"))).heads == ("", "")
    assert hints(table(row("a", "1"), row("b", "1"))).heads[1] == ""
    spanned = Table(header=((Head("Both", span=2),),), rows=two, align="lr")
    assert hints(spanned).heads == ("", "")


def test_rows_that_belong_to_others_say_so() -> None:
    """Items, shuffled sentences and rows without a name stay under the row above, where anything can be sorted."""
    rows = (row("a", "1"), row("items", "±2"), row("b", "3"), row("", "4"), row("sentences shuffled", "5"))

    assert [bool(hint) for hint in hints(table(*rows)).rows] == [False, True, False, True, True]
    assert hints(table(*rows, align="ll")).rows == ("",) * 5


def test_numbers_of_the_paper_rest_on_no_runs() -> None:
    """Rows and columns that are named after it get a value to sort by, and no way to runs."""
    rows = (row("a", "1", "2"), row("paper: a", "3", "4"))

    found = hints(table(*rows, heads=("Name", "Ours", "Paper"), align="lrr"), linked=True).cells

    assert found == (("", ' data-v="1" data-r=""', ' data-v="2"'), ("", ' data-v="3"', ' data-v="4"'))


def test_sets_of_runs_are_numbered_once() -> None:
    """Equal sets of runs are one set, whatever their order; a run that the report does not list is added."""
    cells = (Cell("1", runs=("b", "a")), Cell("2", runs=("a", "b", "a")), Cell("3", runs=("z",)))
    exhibit = Exhibit(
        key="t", kind="table", title="T", caption="", signature="", runs=("a",),
        table=table((Cell("x", heading=True), *cells), heads=("n", "p", "q", "r"), align="lrrr"),
    )  # fmt: skip
    report = _report(exhibit, runs=("a", "b", "c"))

    sets = RunSets.of(report)
    html = table_html(exhibit.table, sets, linked=True) if exhibit.table else ""

    assert re.findall(r'data-v="(\d)" data-r="(\d)"', html) == [("1", "1"), ("2", "1"), ("3", "2")]
    content = _content(element(report, sets, {}))
    assert content["runs"] == ["a", "b", "c", "z"]
    assert content["sets"] == ["0", "0-1", "3"]
    assert content["exhibits"]["t"]["runs"] == 0


def test_ranges_cover_what_they_are_given() -> None:
    """Neighbours become ranges; nothing becomes nothing."""
    assert ranges([]) == ""
    assert ranges([4]) == "4"
    assert ranges([0, 1, 3, 4, 5, 9]) == "0-1,3-5,9"


def test_embedded_data_cannot_end_its_element() -> None:
    """Whatever names and tables hold, the element has no sign of markup, and reads back as it was."""
    report = replace(hostile(), runs=HOSTILE)
    csv = "</script><script>alert(1)</script><!-- ` \u2028 & {{< include x >}}\n"

    text = element(report, RunSets.of(report), {"one": csv})

    inner = text.removeprefix('<script type="application/json" id="gs-data">').removesuffix("</script>\n")
    assert inner.isascii()
    assert not set(inner) & set("<>&`")
    assert json.loads(inner)["exhibits"]["one"]["csv"] == csv


def test_all_runs_are_listed_for_browsers_without_scripts() -> None:
    """The list is closed at first, counts, escapes, and is absent where there are no runs."""
    text = run_list(["a", "<b>"])

    assert "<summary>2 runs of this report</summary>" in text
    assert "<li>&lt;b&gt;</li>" in text
    assert run_list([]) == ""


def test_the_policy_allows_the_script_that_is_written(report: Report, tmp_path: Path) -> None:
    """The digest in the policy is that of the script's own text; nothing may be loaded."""
    write(report, tmp_path)

    script = (tmp_path / "style" / "script.html").read_text(encoding="utf-8")
    inner = script.removeprefix("<script>").removesuffix("</script>\n")
    digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
    policy = (tmp_path / "style" / "head.html").read_text(encoding="utf-8")
    assert f"default-src 'none'; script-src 'sha256-{digest}';" in policy
    assert "http:" not in policy.replace("http-equiv", "")
    assert "</" not in inner


def _report(*exhibits: Exhibit, runs: tuple[str, ...] = ()) -> Report:
    base = hostile()
    return replace(base, sections=(Section(key="s", title="S", body=exhibits),), closing=(), summary=(), runs=runs)


def _content(text: str) -> Any:
    return json.loads(text[text.index("{") : text.rindex("}") + 1])
