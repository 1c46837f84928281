"""Hostile names in a browser: text, wherever they come out, and never more."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gapstudy.report.markup import clean
from tests.browser.test_layout import OVERFLOWING
from tests.report.test_hostile import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_hostile_runs_or_overflows(visit: Visit, hostile_page: Path, width: int) -> None:
    """No script of a name has run, and not even ten thousand letters without a space leave the screen."""
    page = visit(hostile_page, width)

    assert page.evaluate("window.__pwned") == 0
    assert page.locator("img, iframe, object, embed").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OVERFLOWING) == []


def test_hostile_ids_are_listed_as_text(visit: Visit, hostile_page: Path) -> None:
    """The popover prints ids as they are, save for what `clean` replaces."""
    page = visit(hostile_page)

    page.locator("#tbl-one .gs-data a[href='#gs-runs']").click()

    assert page.locator(".gs-pop code").all_text_contents() == [clean(text) for text in HOSTILE]
    assert page.evaluate("window.__pwned") == 0


def test_hostile_tables_survive_the_page(visit: Visit, hostile_page: Path, tmp_path: Path) -> None:
    """A CSV that holds ends of scripts and comments comes out of the page with the bytes of its file."""
    page = visit(hostile_page, accept_downloads=True)

    with page.expect_download() as download:
        page.locator("#tbl-one .gs-data a").first.click()
    download.value.save_as(tmp_path / "one.csv")

    assert (tmp_path / "one.csv").read_bytes() == (hostile_page.parent / "tables" / "one.csv").read_bytes()
    with (tmp_path / "one.csv").open(encoding="utf-8", newline="") as lines:
        assert next(csv.DictReader(lines))["end"] == "</script><!--\u2028"


def test_the_page_may_run_its_own_script_alone(visit: Visit, hostile_page: Path) -> None:
    """What would be inserted later is refused by the policy of the page."""
    page = visit(hostile_page)
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content") or ""

    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert "http" not in policy
