"""The page fits every screen and the paper, in light and dark, with and without its script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import WIDTHS, box_of, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
OVERFLOWING = """() => [...document.querySelectorAll('body *')].filter((e) => {
  const box = e.getBoundingClientRect();
  const inside = e.closest('.gs-scroll, .gs-equation, .gs-said, svg, figure p, .gs-panel, .gs-here, sup');
  return box.width && !inside && (box.right > innerWidth + 1 || box.left < -1);
}).map((e) => e.outerHTML.slice(0, 90))"""
OVERLAPPING = """() => {
  const found = [...document.querySelectorAll('main h1, main h2, main p, main figcaption, main .gs-scroll, main .gs-equation, .gs-panel')];
  const boxes = found.filter((e) => e.offsetHeight && !e.closest('.gs-said')).map((e) => [e, e.getBoundingClientRect()]);
  const bad = [];
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (across > 1 && down > 1 && !a.contains(b) && !b.contains(a)) bad.push(a.outerHTML.slice(0, 60) + ' / ' + b.outerHTML.slice(0, 60));
  }));
  for (const row of document.querySelectorAll('table tr')) {
    const cells = [...row.querySelectorAll('.gs-number, .gs-sort, .gs-ci')].map((e) => [e, e.getBoundingClientRect()]);
    cells.forEach(([a, p], i) => cells.slice(i + 1).forEach(([b, q]) => {
      const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
      const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
      if (across > 1 && down > 2) bad.push(a.textContent + ' / ' + b.textContent);
    }));
  }
  return bad;
}"""


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_leaves_the_screen_or_lies_on_something_else(visit: Visit, screen: Path, width: int) -> None:
    """The body never scrolls sideways, and no two blocks or numbers overlap."""
    page = visit(screen, width)

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(OVERLAPPING) == []


@pytest.mark.parametrize("width", [360, 1920])
def test_a_page_without_script_is_whole(visit: Visit, screen: Path, width: int) -> None:
    """Without JavaScript text, tables, figures, links to the data and the list of runs are there, and nothing overflows."""
    page = visit(screen, width, java_script_enabled=False)

    text = page.locator("body").inner_text()
    assert "Performance across languages" in text
    assert page.locator("#tbl-table1 tbody tr").count() == 6
    assert page.locator("svg[role=img]").count() == 3
    assert page.locator('#tbl-table1 .gs-data a[href="tables/table1.csv"]').count() == 1
    page.locator('#tbl-table1 .gs-data a[href="#gs-runs"]').click()
    assert page.get_by_text("pos-phoneme-hin-s02-0a1b2c3d").is_visible()
    assert box_of(page.locator("body"))["width"] <= width


def test_wide_tables_hint_at_their_last_column(visit: Visit, screen: Path) -> None:
    """On a phone a word stands over Table 1 until its CKA column has been scrolled to; the names stay in sight."""
    page = visit(screen, 360)
    box, hint = page.locator("#tbl-table1 .gs-scroll"), page.locator("#tbl-table1 .gs-hint")

    assert hint.is_visible()
    box.evaluate("box => box.scrollTo(1e6, 0)")
    hint.wait_for(state="hidden")
    name = box_of(page.locator("#tbl-table1 tbody th").first)
    last = box_of(page.locator("#tbl-table1 tbody tr:nth-child(2) td").last)
    assert 0 <= name["x"] < 30
    assert name["width"] <= 0.36 * 360
    assert last["x"] + last["width"] <= 360


@pytest.mark.parametrize("width", [360, 1280])
def test_contents_list_sections_and_exhibits(visit: Visit, screen: Path, width: int) -> None:
    """Beside the text on wide screens, behind a button on narrow ones, sections and exhibits are linked."""
    page = visit(screen, width)
    contents, menu = page.locator(".gs-panel"), page.get_by_role("button", name="Contents")

    assert contents.is_visible() == (width == 1280)
    if width == 360:
        menu.click()
        assert menu.get_attribute("aria-expanded") == "true"
    assert contents.get_by_role("link", name="Table 1").is_visible()
    contents.get_by_role("link", name="Table 2").click()
    eventually(page, "Math.abs(document.querySelector('#tbl-table2').getBoundingClientRect().top) < 120")
    assert menu.is_visible() == contents.is_hidden()


def test_the_section_that_is_read_is_marked(visit: Visit, screen: Path) -> None:
    """Scrolling moves the mark in the contents."""
    page = visit(screen)

    page.evaluate(
        "document.documentElement.style.scrollBehavior = 'auto'; document.querySelector('#sec-bound').scrollIntoView()"
    )

    eventually(page, "document.querySelector('[aria-current]')?.hash === '#sec-bound'")
    assert page.locator("[aria-current]").count() == 1


def colour(page: Page, selector: str, name: str) -> Any:
    """The computed colour of the first element."""
    return page.eval_on_selector(selector, f"e => getComputedStyle(e).{name}")


def test_the_page_can_be_dark(visit: Visit, screen: Path) -> None:
    """It follows the reader's setting and the switch; ink and paper of figures follow, data colours do not."""
    page = visit(screen, color_scheme="dark")
    ink, paper = "svg [id*=text_1] path", "svg [id$=patch_2] path"

    dark = [colour(page, "body", "backgroundColor"), colour(page, paper, "fill")]
    assert dark[0] == dark[1] == "rgb(22, 24, 27)"
    assert colour(page, ink, "fill") == "rgb(228, 228, 224)"
    assert colour(page, ".gs-value path", "fill") == "rgb(0, 114, 178)"
    page.get_by_role("button", name="Dark colours").click()
    assert colour(page, "body", "backgroundColor") == "rgb(255, 255, 255)"
    assert colour(page, ink, "fill") == "rgb(34, 34, 34)"
    page.reload()
    assert colour(page, "body", "backgroundColor") == "rgb(255, 255, 255)"


def test_the_switch_works_where_nothing_can_be_stored(visit: Visit, screen: Path) -> None:
    """A page that may not store anything still has both looks."""
    page = visit(screen)
    page.context.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })")
    page.reload()

    page.get_by_role("button", name="Dark colours").click()

    assert colour(page, "body", "backgroundColor") == "rgb(22, 24, 27)"


def test_print_has_everything_and_no_controls(visit: Visit, screen: Path, tmp_path: Path) -> None:
    """On paper the bar and hints are gone, details are open, and colours are those of paper."""
    page = visit(screen, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert page.locator(".gs-bar").is_hidden()
    assert colour(page, "body", "backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#gs-runs li").last.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.gs-runs").get_attribute("open") is None
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    from pypdf import PdfReader

    sheets = PdfReader(tmp_path / "page.pdf").pages
    assert abs(float(sheets[0].mediabox.width) - 595) < 2
    assert "Performance across languages" in "".join(sheet.extract_text() for sheet in sheets)
