"""Drawing: one style, and SVG files that are the same bytes for the same numbers.

matplotlib's object-oriented interface without pyplot: nothing global is left behind but its settings, which are the
style's alone while a drawing is made, whatever the user's own are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path
from threading import RLock
from typing import Any

from gapstudy.exhibits.svg import finish, plain_text
from gapstudy.store import write_atomically

__all__ = ["GREY", "INK", "WIDTH", "Drawing", "figure", "label", "style_file"]

WIDTH = 6.3
"""Inches: the width of the printed page's text, so that letters are printed at their own size."""

INK, GREY = "#222222", "#6B6B6B"
_SETTINGS = RLock()  # matplotlib's settings are global


@dataclass(eq=False)
class Drawing:
    """A matplotlib figure, its axes row by row, and the texts that its marks show when they are pointed at."""

    figure: Any
    axes: list[Any]
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def value(self, artist: Any, *texts: str) -> Any:
        """Let ``artist`` show a text, or each of its marks its own, in the order in which they were given."""
        name = f"gs{len(self.values)}"
        artist.set_gid(name)
        self.values[name] = texts
        return artist


def style_file() -> Path:
    """Return the matplotlib style of the report: in the package when installed, in the checkout otherwise."""
    packaged = Path(str(files("gapstudy"))) / "templates" / "gapstudy.mplstyle"
    return packaged if packaged.is_file() else Path(str(files("gapstudy"))).parent / "templates" / "gapstudy.mplstyle"


@contextmanager
def figure(
    path: Path,
    columns: int = 1,
    rows: int = 1,
    *,
    height: float,
    width: float = WIDTH,
    margins: tuple[float, float, float, float] = (0.5, 0.08, 0.4, 0.25),
    gaps: tuple[float, float] = (0.5, 0.45),
    ratios: Sequence[float] = (),
) -> Iterator[Drawing]:
    """Yield a drawing, then write it to ``path`` as SVG; the stem of ``path`` is the exhibit's key.

    The file is written beside and renamed; it holds no date and no random identifiers. Axes are placed by hand: the
    solver of matplotlib's layouts takes longer than the drawing.

    Parameters
    ----------
    columns, rows : of axes.
    height, width : of the drawing, in inches.
    margins : inches left of, right of, below and above the axes.
    gaps : inches between columns and between rows.
    ratios : widths of the columns to one another; empty: equal ones.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with _SETTINGS, mpl.rc_context(_settings()):
        drawn = Figure(figsize=(width, height))
        drawing = Drawing(
            drawn,
            [drawn.add_axes(box) for box in _boxes(ratios or [1.0] * columns, rows, (width, height), margins, gaps)],
        )
        yield drawing
        buffer = StringIO()
        drawn.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        text = finish(buffer.getvalue(), path.stem, drawing.values)
    with write_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def label(text: str, limit: int = 24) -> str:
    """Return a name as it can be drawn: cut, and without signs that the font lacks."""
    return "".join(c if ord(c) in _glyphs() else "\ufffd" for c in plain_text(text, limit))


def _boxes(
    shares: Sequence[float],
    rows: int,
    size: tuple[float, float],
    margins: tuple[float, float, float, float],
    gaps: tuple[float, float],
) -> Iterator[tuple[float, float, float, float]]:
    """Yield (left, bottom, width, height) of each of the axes, in shares of the drawing, row by row."""
    (width, height), (left, right, below, above) = size, margins
    wide = width - left - right - gaps[0] * (len(shares) - 1)
    tall = (height - below - above - gaps[1] * (rows - 1)) / rows
    for row in range(rows):
        x = left
        for share in shares:
            part = wide * share / sum(shares)
            yield (x / width, (below + (rows - 1 - row) * (tall + gaps[1])) / height, part / width, tall / height)
            x += part + gaps[0]


@cache
def _settings() -> dict[str, Any]:
    """The report's style over matplotlib's own defaults, so that a user's settings change nothing."""
    import matplotlib as mpl

    defaults = {k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith(("backend", "keymap", "webagg"))}
    return defaults | dict(mpl.rc_params_from_file(style_file(), use_default_template=False))


@cache
def _glyphs() -> frozenset[int]:
    """The characters of the font that comes with matplotlib."""
    import matplotlib as mpl
    from matplotlib.font_manager import get_font

    return frozenset(get_font(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf").get_charmap())
