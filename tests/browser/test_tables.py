"""Sorting, and the way from a number to its runs and its CSV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.conftest import RUNS, box_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
AT_FIRST = ["row 0", "items", "row 1", "items", "row 2", "items", "row 3", "items", "row 4", "items", "row 5", "items"]


def names(page: Page) -> list[str]:
    """First cells of the table of every kind of number."""
    return page.locator("#tbl-mixed tbody tr > :first-child").all_inner_texts()


def head(page: Page, name: str) -> str | None:
    """Click a head and return how the column is sorted."""
    column = page.locator("#tbl-mixed thead th", has_text=name)
    column.get_by_role("button").click()
    return column.get_attribute("aria-sort")


def test_numbers_sort_by_value_within_groups(visit: Visit, screen: Path) -> None:
    """Minus signs, exponents, bounds and thousands count; dashes are last; rows take what belongs to them along."""
    page = visit(screen)
    companions = [f"±{n}" for n in (1, 0, 3, 4, 5, 2)]

    assert head(page, "Number") == "ascending"
    found = names(page)
    assert found[0] == "First group"
    assert found[1:13:2] == ["row 1", "row 0", "row 3", "row 4", "row 5", "row 2"]
    assert found[2:13:2] == ["items"] * 6
    assert page.locator("#tbl-mixed tr[data-under] td:nth-child(2)").all_inner_texts() == companions
    assert found[13:] == ["Second group", "paper: a", "a", "b"]


def test_the_third_click_restores_the_order(visit: Visit, screen: Path) -> None:
    """Ascending, descending, and as it was; dashes are last both times."""
    page = visit(screen)

    head(page, "Number")
    assert head(page, "Number") == "descending"
    assert names(page)[1:13:2] == ["row 5", "row 4", "row 3", "row 0", "row 1", "row 2"]
    assert head(page, "Number") is None
    assert names(page) == ["First group", *AT_FIRST, "Second group", "b", "a", "paper: a"]


def test_words_sort_as_words_and_by_the_keyboard(visit: Visit, screen: Path) -> None:
    """A head is a button that Enter presses; another column gives up its order; it is said aloud."""
    page = visit(screen)
    head(page, "Number")

    page.locator("#tbl-mixed thead").get_by_role("button", name="Name").focus()
    page.keyboard.press("Enter")

    assert names(page)[-3:] == ["a", "b", "paper: a"]
    assert page.locator("#tbl-mixed [aria-sort]").all_inner_texts() == ["Name"]
    assert page.locator(".gs-said").inner_text() == "Sorted by Name, ascending."


def test_tables_that_cannot_be_sorted_have_no_buttons(visit: Visit, screen: Path) -> None:
    """Text and columns without a name are left alone."""
    page = visit(screen)

    assert page.locator("#fig-figure1 .gs-sort, #tbl-provenance .gs-sort").count() == 0
    assert page.locator("#tbl-table3 .gs-sort").count() == 4


def test_a_number_leads_to_its_own_runs(visit: Visit, screen: Path) -> None:
    """The value with its interval and place, the runs behind it alone, and the way back."""
    page = visit(screen)
    number = page.get_by_role("button", name="91.80", exact=True)

    number.click()
    box = page.get_by_role("dialog")
    text = box.inner_text()
    assert "Table 1. Performance across languages" in text
    assert "91.80 [91.2, 92.4]" in text
    assert "Named entity recognition · Character · Language, F1 (%), rus" in text
    assert "Rests on 6 runs" in text
    assert box.locator("code").all_inner_texts() == [run for run in RUNS if "-character-rus-" in run]
    page.keyboard.press("Escape")
    assert box.count() == 0
    assert number.evaluate("e => e === document.activeElement")


def test_numbers_without_runs_of_their_own_have_the_exhibits(visit: Visit, screen: Path) -> None:
    """Where a cell names no run, those of the table open; numbers that the paper prints open nothing."""
    page = visit(screen)

    page.locator("#tbl-table2").get_by_role("button", name="62.93", exact=True).click()
    assert "The whole table rests on 30 runs" in page.get_by_role("dialog").inner_text()
    page.mouse.click(5, 400)
    assert page.get_by_role("dialog").count() == 0
    assert page.locator("#tbl-mixed").get_by_role("button", name="0.5", exact=True).count() == 0
    assert page.locator("#tbl-mixed").get_by_role("button", name="12", exact=True).count() == 1
    assert page.locator("#tbl-table3 .gs-number").count() == 0


def test_ids_can_be_copied(visit: Visit, screen: Path) -> None:
    """All ids, one a line, or a selection of them where the browser refuses."""
    page = visit(screen)
    page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    page.locator("#tbl-table2 .gs-data").get_by_text("30 runs").click()

    page.get_by_role("button", name="Copy ids").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("window.copied").split("\n") == list(RUNS[:30])
    page.keyboard.press("Escape")
    page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('no'); }; }")
    page.locator("#tbl-table2 .gs-data").get_by_text("30 runs").click()
    page.get_by_role("button", name="Copy ids").click()
    page.get_by_role("button", name="Selected").wait_for()
    assert RUNS[29] in page.evaluate("String(getSelection())")


def test_a_mailed_page_hands_out_its_tables(visit: Visit, screen: Path, tmp_path: Path) -> None:
    """The CSV in the page has the bytes of the file beside it, from the line and from a number."""
    page = visit(screen, accept_downloads=True)
    expected = (screen.parent / "tables" / "mixed.csv").read_bytes()

    with page.expect_download() as first:
        page.locator("#tbl-mixed .gs-data").get_by_text("mixed.csv").click()
    page.get_by_role("button", name="12", exact=True).click()
    with page.expect_download() as second:
        page.get_by_role("dialog").get_by_text("mixed.csv").click()

    for number, download in enumerate((first.value, second.value)):
        assert download.suggested_filename == "mixed.csv"
        download.save_as(tmp_path / str(number))
        assert (tmp_path / str(number)).read_bytes() == expected


def test_a_table_is_one_stop_and_arrows_lead_through_it(visit: Visit, screen: Path) -> None:
    """One number of a table is reached by Tab; arrows, Home and End go on; Enter opens."""
    page = visit(screen)
    here = "document.activeElement.textContent"
    assert page.locator("#tbl-table2 .gs-number[tabindex='0']").count() == 1

    page.locator("#tbl-table2 .gs-number[tabindex='0']").focus()
    assert page.evaluate(here) == "80.80"
    walk = (("ArrowRight", "62.93"), ("ArrowDown", "59.72"), ("ArrowLeft", "75.02"), ("ArrowUp", "80.80"))
    for key, expected in (*walk, ("End", "19.23"), ("Home", "80.80")):
        page.keyboard.press(key)
        assert page.evaluate(here).replace("\u2007", "") == expected
    page.keyboard.press("Enter")
    assert page.get_by_role("dialog").evaluate("e => e === document.activeElement")


def test_the_popover_stays_on_the_screen(visit: Visit, screen: Path) -> None:
    """On a phone it is a sheet at the lower edge, elsewhere it stands beside its number."""
    for width in (360, 1280):
        page = visit(screen, width)
        page.locator("#tbl-table2 .gs-number").last.click()
        box = box_of(page.get_by_role("dialog"))
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 901
