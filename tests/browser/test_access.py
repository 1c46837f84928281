"""Accessibility, by axe-core with all of its rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]


def violations(page: Page, within: list[str] | None = None, **options: Any) -> list[str]:
    """What axe-core finds in the page, or in some elements of it, with the first element of each."""
    from axe_playwright_python.sync_playwright import Axe

    context = {"include": [[selector] for selector in within]} if within else None
    found = Axe().run(page, context=context, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found]


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_axe_finds_nothing(visit: Visit, screen: Path, width: int, scheme: str) -> None:
    """No violation of any rule, contrast included, on phone and desk, in dark and light; nor in what opens."""
    page = visit(screen, width, color_scheme=scheme)
    assert violations(page) == []

    page.locator("#tbl-mixed .gs-sort").first.click()
    page.locator("#fig-grid-a .gs-values").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="91.80", exact=True).click()
    opened = [".gs-pop", "#tbl-mixed", "#fig-grid-a"]
    assert violations(page, opened) == []
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    colours = {"type": "rule", "values": ["color-contrast"]}
    assert violations(page, [*opened, "#tbl-table1", ".gs-bar"], runOnly=colours) == []


def test_axe_finds_nothing_in_the_contents_of_a_phone(visit: Visit, screen: Path) -> None:
    """Nor with the contents open over the text."""
    page = visit(screen, 360)
    page.get_by_role("button", name="Contents").click()
    assert page.locator(".gs-panel").is_visible()
    assert violations(page, [".gs-bar"]) == []


def test_axe_finds_nothing_without_script_but_for_landmarks(visit: Visit, screen: Path) -> None:
    """What is read before or without the script keeps every rule but that of landmarks, which the script makes."""
    page = visit(screen)
    source = screen.read_text(encoding="utf-8")
    bare = source[: source.rindex("<script>")] + "</body></html>"
    page.set_content(bare)

    off = {name: {"enabled": False} for name in ("region", "landmark-one-main")}
    assert violations(page, rules=off) == []
