"""Drawing: the shared style, and SVG files that are the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

__all__ = ["COLOURS", "figure", "style_file"]

COLOURS = {"subword": "#0072B2", "character": "#D55E00", "phoneme": "#009E73"}
"""Okabe and Ito's colours, told apart by colour-blind readers; kinds of representation keep theirs everywhere."""


def style_file() -> Path:
    """Return the matplotlib style of the report: in the package when installed, in the checkout otherwise."""
    packaged = Path(str(files("gapstudy"))) / "templates" / "gapstudy.mplstyle"
    return packaged if packaged.is_file() else Path(str(files("gapstudy"))).parent / "templates" / "gapstudy.mplstyle"


@contextmanager
def figure(
    path: Path, columns: int, *, width: float = 6.8, height: float = 2.6, **options: Any
) -> Iterator[tuple[Any, Any]]:
    """Yield a matplotlib figure and its axes (a list of ``columns``), then write it to ``path`` as SVG.

    The file is written beside and renamed; it holds no date and no random identifiers.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    with plt.style.context(style_file()), mpl.rc_context({"svg.hashsalt": "gapstudy"}):
        drawing, axes = plt.subplots(
            1, columns, figsize=(width, height), squeeze=False, layout="constrained", **options
        )
        try:
            yield drawing, list(axes[0])
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}")
            drawing.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})
            temporary.replace(path)
        finally:
            plt.close(drawing)
