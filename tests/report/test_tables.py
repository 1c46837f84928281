"""Tables keep their structure, and their decimals stand below each other."""

from __future__ import annotations

import pytest

from gapstudy.exhibits.base import Cell, Head, Table
from gapstudy.report.columns import column_widths
from gapstudy.report.tables import align_decimals, footnotes, table_html


def table(*rows: tuple[Cell, ...], align: str = "lrr", small: bool = False) -> Table:
    """A table with a spanning head over its last columns."""
    header = ((Head(""), Head("Scores", span=len(align) - 1)), (Head("Name"), *(Head(f"s{j}") for j in align[1:])))
    return Table(header=header, rows=rows, align=align, small=small)


def test_decimals_are_padded_with_spaces_as_wide_as_digits() -> None:
    """Shorter numbers get figure spaces, whole numbers a point space too, words nothing."""
    assert align_decimals(["1.25", "−3.5", "7", "n/a"]) == ["1.25", "−3.5\u2007", "7\u2008\u2007\u2007", "n/a"]


def test_spanning_heads_have_a_scope_and_a_rule() -> None:
    """A head over several columns says so to readers of any kind."""
    html = table_html(table((Cell("a", heading=True), Cell("1"), Cell("2"))))

    assert '<th colspan="2" scope="colgroup"' in html
    assert 'class="gs-span"' in html
    assert '<th scope="row"' in html


def test_best_values_are_strong_and_intervals_small() -> None:
    """The best cell is bold; its interval is not, and has the true minus sign."""
    html = table_html(table((Cell("a"), Cell("-1.5", "[-2.0, -1.0]", best=True), Cell("2"))))

    assert "<strong>−1.5</strong>" in html
    assert '<span class="gs-ci" data-typst:text:size="0.8em">[−2.0,\u00a0−1.0]</span>' in html


def test_intervals_of_small_tables_are_stacked() -> None:
    """In a small table the interval stands in lines of its own."""
    html = table_html(table((Cell("a"), Cell("1", "[0, 2]"), Cell("2")), small=True))

    assert '1<br><span class="gs-ci" data-typst:text:size="0.8em">[0, <br>2]</span>' in html


def test_group_headings_span_the_table_and_are_ruled_off() -> None:
    """A row of one heading cell spans all columns; the first needs no rule, the second gets one."""
    group, row = (Cell("G", heading=True),), (Cell("a"), Cell("1"), Cell("2"))

    html = table_html(table(group, row, group, row))

    assert html.count('<td colspan="3"') == 2
    assert html.count("(top: 0.4pt") == 1


def test_the_same_note_has_one_mark() -> None:
    """Footnotes are marked a, b, … in order of reading, and equal ones share a mark."""
    rows = ((Cell("a", note="x"), Cell("1", note="y"), Cell("2", note="x")),)

    assert footnotes(table(*rows)) == {"x": "a", "y": "b"}
    assert table_html(table(*rows)).count("<sup>a</sup>") == 2


def test_text_in_a_right_to_left_language_says_so() -> None:
    """Urdu carries language and direction, for browsers and for Typst."""
    html = table_html(table((Cell("a"), Cell("بچے", lang="ur"), Cell("2")), align="llr"))

    assert '<div lang="ur" dir="rtl" data-typst:text:dir="rtl">بچے</div>' in html


@pytest.mark.parametrize("lang", ['ur"><script>', "123", "", "x" * 50])
def test_a_hostile_language_tag_is_dropped(lang: str) -> None:
    """Only what looks like a language tag becomes an attribute."""
    assert "lang=" not in table_html(table((Cell("a"), Cell("b", lang=lang), Cell("c")), align="lll"))


def test_columns_of_text_share_the_line() -> None:
    """Short columns get what they need and long ones the rest, and all fit the line."""
    rows = tuple((Cell("eng"), Cell("word " * 60), Cell("word " * 30)) for _ in range(2))

    first, second, third = column_widths(table(*rows, align="lll"))

    assert first < 10 < second
    assert second == third
    assert first + second + third <= 100


def test_columns_of_numbers_set_their_own_widths() -> None:
    """Plain tables of numbers are left to Typst and the browser."""
    assert column_widths(table((Cell("a"), Cell("1"), Cell("2")))) == ()


@pytest.mark.parametrize("row", [(Cell("a"), Cell("b")), (Cell("a"), Cell("b"), Cell("c"), Cell("d"))])
def test_rows_that_do_not_fit_are_refused(row: tuple[Cell, ...]) -> None:
    """A row must fill the columns or be a heading alone."""
    with pytest.raises(ValueError, match=r"table of 3 columns \(align 'lrr'\) does not fit row 1"):
        table_html(table(row))
