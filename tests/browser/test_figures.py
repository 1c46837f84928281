"""Values of figures: for the pointer, the finger and the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.conftest import box_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
FIRST = "grid-a pair 0: 0.0 <b> [−0.1, 0.9]"


def test_inlined_figures_keep_their_names_and_ids_apart(visit: Visit, screen: Path) -> None:
    """Each drawing has its text as its name, and no id twice in the page."""
    page = visit(screen)

    assert page.get_by_role("img", name='A grid of "six" values & more, grid-b.').count() == 1
    assert page.evaluate("(() => { const i = [...document.querySelectorAll('[id]')].map((e) => e.id); return i.length - new Set(i).size; })()") == 0  # fmt: skip
    assert page.locator("#fig-grid-a [clip-path]").get_attribute("clip-path") != page.locator(
        "#fig-grid-b [clip-path]"
    ).get_attribute("clip-path")


def test_pointing_shows_the_value(visit: Visit, screen: Path) -> None:
    """On the mark or near it; not far from it; the browser's own tooltip is not in the way."""
    page = visit(screen)
    mark, tip = page.locator("#fig-grid-a .gs-value").first, page.locator(".gs-tip")

    mark.scroll_into_view_if_needed()
    mark.hover()
    assert tip.inner_text() == FIRST
    assert page.locator(".gs-value title").count() == 0
    box = box_of(mark)
    page.mouse.move(box["x"] - 4, box["y"] - 4)
    assert tip.is_visible()
    page.mouse.move(box["x"] - 40, box["y"] - 40)
    assert tip.is_hidden()


def test_touching_shows_the_nearest_value(visit: Visit, screen: Path) -> None:
    """A finger need not hit the mark."""
    page = visit(screen, 360, has_touch=True)
    mark = page.locator("#fig-grid-a .gs-value").first
    mark.scroll_into_view_if_needed()
    box = box_of(mark)

    page.touchscreen.tap(box["x"] - 12, box["y"] + 5)

    assert page.locator(".gs-tip").inner_text() == FIRST


def test_arrows_go_through_the_values(visit: Visit, screen: Path) -> None:
    """A figure is one stop; arrows go on, down and back, and say the value; Escape closes."""
    page = visit(screen)
    tip = page.locator(".gs-tip")
    page.get_by_role("group", name="Values grid-a: 6 values").focus()

    for key, number in (
        ("ArrowRight", 0),
        ("ArrowRight", 1),
        ("ArrowDown", 4),
        ("ArrowLeft", 3),
        ("ArrowUp", 0),
        ("End", 5),
    ):
        page.keyboard.press(key)
        assert tip.inner_text().startswith(f"grid-a pair {number}:")
        assert page.locator(".gs-said").inner_text() == tip.inner_text()
    page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_without_script_titles_are_the_browsers(visit: Visit, screen: Path) -> None:
    """The titles are in the drawing, where every browser shows them."""
    page = visit(screen, java_script_enabled=False)

    assert page.locator("#fig-grid-b .gs-value > title").count() == 6


def test_a_caption_stands_next_to_what_it_describes(visit: Visit, screen: Path) -> None:
    """Picture, caption, then notes and data; a table has its caption above, its notes and data below."""
    page = visit(screen)
    places = """(id) => ["figcaption", "svg, table", ".gs-data"].map(
      (part) => document.querySelector(`#${id} :is(${part})`).getBoundingClientRect().top)"""

    caption, picture, data = page.evaluate(places, "fig-grid-a")
    assert picture < caption < data
    caption, table, data = page.evaluate(places, "tbl-table1")
    assert caption < table < data
    assert page.locator("figcaption").count() == page.locator("figure > figcaption").count()


def test_formulas_bring_their_font(visit: Visit, screen: Path) -> None:
    """A radical grows with what is under it on a machine without a font for mathematics."""
    page = visit(screen)

    assert page.evaluate("document.fonts.check('16px \"Gapstudy Math\"', '\u221a')")
    assert page.locator("math").first.evaluate("e => getComputedStyle(e).fontFamily").startswith('"Gapstudy Math"')
