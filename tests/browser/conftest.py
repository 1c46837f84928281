"""The report in headless Chromium: pages that may ask for nothing, log nothing and move nothing sideways.

Playwright brings no browser of its own here: the one on PATH is used, or the one that GAPSTUDY_CHROMIUM names.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.report import Report, Section, render, write
from tests.report.conftest import CODES, draw, example
from tests.report.test_hostile import HOSTILE, hostile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Locator, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HELP = "apt-get install chromium (or set GAPSTUDY_CHROMIUM) and pip install playwright axe-playwright-python"
WIDTHS = (360, 768, 1280, 1920)
RUNS = tuple(
    f"{task}-{name}-{code}-s{seed:02d}-0a1b2c3d"
    for task in ("ner", "pos")
    for name in ("character", "phoneme")
    for code in CODES
    for seed in range(3)
)


def chromium() -> str | None:
    """Return the browser to use, or None."""
    given = os.environ.get("GAPSTUDY_CHROMIUM")
    return given or next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests here; without one they are skipped, or fail where everything is required."""
    path = chromium()
    absent = [name for name in ("playwright", "axe_playwright_python") if importlib.util.find_spec(name) is None]
    if path is None or absent:
        message = f"no Chromium or no {' or '.join(absent) or 'driver'} to look at the page with: {HELP}"
        (pytest.fail if os.environ.get("GAPSTUDY_REQUIRE_ALL") == "1" else pytest.skip)(message)
    from playwright.sync_api import sync_playwright

    quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=[*quiet, "--disable-sync", "--disable-gpu"])
        yield started
        started.close()


@dataclass
class Visit:
    """What happened while a page was looked at."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def box_of(element: Locator) -> FloatRect:
    """Where an element is on the screen."""
    box = element.bounding_box()
    assert box is not None
    return box


def eventually(page: Page, condition: str) -> None:
    """Wait until a condition holds; Playwright's own way evaluates strings in the page, which its policy forbids."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never: {condition}")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a file; in the end nothing was asked of any network and nothing was complained of."""
    seen, contexts, files = Visit(), [], set()

    def opened(path: Path, width: int = 1280, height: int = 900, **options: Any) -> Page:
        options.setdefault("reduced_motion", "reduce")  # a page that still scrolls is missed by a click
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        files.add(path.as_uri())
        context.add_init_script("window.__pwned = 0; window.alert = () => { window.__pwned += 1; };")
        context.on("request", lambda request: seen.requests.append(request.url))
        page = context.new_page()
        page.on("console", lambda message: seen.complaints.append(message.text))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert {url for url in seen.requests if not url.startswith(("data:", "blob:"))} == files
    assert not seen.complaints


def _with_runs(block: Any) -> Any:
    """The example's exhibits with the runs that they would rest on; Table 1 says it number by number."""
    if not isinstance(block, Exhibit) or block.key not in {"table1", "table2", "figure3"}:
        return block
    if block.table is None or block.key != "table1":
        return replace(block, runs=RUNS[:30])
    rows = tuple(tuple(_own(row, cell, j) for j, cell in enumerate(row)) for row in block.table.rows)
    return replace(block, runs=RUNS, table=replace(block.table, rows=rows))


def _own(row: tuple[Cell, ...], cell: Cell, column: int) -> Cell:
    if not 0 < column <= len(CODES):
        return cell
    name = f"-{row[0].text.casefold()}-{CODES[column - 1]}-"
    return replace(cell, runs=tuple(run for run in RUNS if name in run))


def mixed() -> Exhibit:
    """Numbers of every form, rows that belong to others, rows of the paper, and no value at all."""
    texts = ("3.4e-07", "-0.5", "–", "< 0.001", "12", "1,204")
    rows: list[tuple[Cell, ...]] = [(Cell("First group", heading=True),)]
    for number, text in enumerate(texts):
        rows.append((Cell(f"row {number}", heading=True), Cell(text, "[-1.25, 2.5]"), Cell("word")))
        rows.append((Cell("items", heading=True), Cell(f"±{number}"), Cell("–")))
    rows += [(Cell("Second group", heading=True),), (Cell("b", heading=True), Cell("2"), Cell("y"))]
    rows += [(Cell("a", heading=True), Cell("1"), Cell("x")), (Cell("paper: a", heading=True), Cell("0.5"), Cell("x"))]
    header = ((Head("Name"), Head("Number"), Head("Word")),)
    return Exhibit(
        key="mixed", kind="table", title="Numbers of every form", caption="Sorted by value.", signature="",
        table=Table(header=header, rows=tuple(rows), align="lrl"), runs=RUNS[:1], records=({"a": "1,5", "b": 'x"y'},),
    )  # fmt: skip


DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 110" width="240pt" height="110pt">
<defs><clipPath id="clip"><path d="M 0 0 L 240 0 L 240 110 L 0 110 z"/></clipPath></defs>
<g id="figure_1"><g id="patch_1"><path d="M 0 0 L 240 0 L 240 110 L 0 110 z" style="fill: #ffffff"/></g>
<g id="axes_1"><g id="patch_2"><path d="M 9 9 L 230 9 L 230 100 L 9 100 z" style="fill: #ffffff"/></g>
<g id="line2d_1" clip-path="url(#clip)"><path d="M 9 100 L 230 100" style="fill: none; stroke: #444444"/></g>
<g id="text_1"><path d="M 20 5 h 30 v 3 h -30 z" style="fill: #222222"/></g>
{marks}</g></g></svg>"""


def drawing(folder: Path, name: str) -> Path:
    """Draw a grid of 3 x 2 values."""
    places = [(20 + 60 * (i % 3), 20 + 40 * (i // 3)) for i in range(6)]
    marks = "".join(
        f'<g id="{name}-value-{i}" class="gs-value"><title>{name} pair {i}: 0.{i} &lt;b&gt; [−0.1, 0.9]</title>'
        f'<path d="M {x} {y} h 20 v 15 h -20 z" style="fill: #0072b2"/></g>'
        for i, (x, y) in enumerate(places)
    )
    path = folder / "drawn" / f"{name}.svg"
    path.write_text(DRAWING.format(marks=marks), encoding="utf-8")
    return path


def _extra(folder: Path) -> Section:
    figures = tuple(
        Exhibit(key=name, kind="figure", title=f"Values {name}", caption="Six values.", signature="", runs=RUNS[:2],
                alt=f'A grid of "six" values & more, {name}.', images=(drawing(folder, name),))
        for name in ("grid-a", "grid-b")
    )  # fmt: skip
    return Section(key="extra", title="More", body=(mixed(), *figures))


def screen_report(folder: Path) -> Report:
    """The example with runs behind its numbers, a table of every kind of number, and figures with values."""
    report = example(draw(folder))
    sections = tuple(replace(part, body=tuple(map(_with_runs, part.body))) for part in report.sections)
    return replace(report, runs=RUNS, sections=sections, appendix=(*report.appendix, _extra(folder)))


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Path:
    """The page of :func:`screen_report`."""
    assert browser.is_connected()
    folder = tmp_path_factory.mktemp("screen")
    write(screen_report(folder), folder)
    render(folder, ["html"], quarto=False)
    return folder / "report.html"


@pytest.fixture(scope="session")
def hostile_page(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Path:
    """The hostile report with runs and tables of hostile names, and values of figures that say them."""
    assert browser.is_connected()
    folder = tmp_path_factory.mktemp("hostile-page")
    (folder / "drawn").mkdir()
    report = hostile()
    records = tuple(
        {"name": text.encode("utf-8", "replace").decode(), "end": "</script><!--\u2028"} for text in HOSTILE
    )

    def carrying(block: Any) -> Any:
        return replace(block, runs=HOSTILE, records=records) if isinstance(block, Exhibit) else block

    sections = tuple(replace(part, body=tuple(map(carrying, part.body))) for part in report.sections)
    write(replace(report, sections=sections), folder)
    render(folder, ["html"], quarto=False)
    return folder / "report.html"
