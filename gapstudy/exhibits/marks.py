"""What figures are made of: intervals with their estimates, dots of seeds, bands, keys, and labels that keep apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.drawing import INK, Drawing, label
from gapstudy.exhibits.looks import PAPER, Look
from gapstudy.exhibits.text import interval, number
from gapstudy.stats import Estimate

__all__ = [
    "Pane",
    "band",
    "blank",
    "columns_at",
    "end_labels",
    "estimate_mark",
    "jitter",
    "key_of_looks",
    "log_axis",
    "paper_mark",
    "seed_dots",
    "spread",
    "told",
]

_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Pane:
    """The axes that marks are drawn into, and the drawing that keeps their values."""

    drawing: Drawing
    axis: Any

    def value(self, artist: Any, *texts: str) -> None:
        """Let marks show their values."""
        self.drawing.value(artist, *texts)


def jitter(n: int, width: float) -> npt.NDArray[np.float64]:
    """Return ``n`` offsets in [-width / 2, width / 2] that lie far apart whatever ``n`` is (the golden ratio's sequence)."""
    places: npt.NDArray[np.float64] = np.arange(1, n + 1, dtype=np.float64) * _GOLDEN % 1.0
    return (places - 0.5) * width


def columns_at(n: int, room: float = 0.72) -> list[float]:
    """Return where ``n`` marks of a group stand side by side round 0, where groups are 1 apart."""
    step = min(room / max(n, 1), 0.26)
    return [(i - (n - 1) / 2) * step for i in range(n)]


def told(who: str, what: str, estimate: Estimate, digits: int, unit: str = "seed") -> str:
    """Return the text of a mark.

    >>> told("eng–swa, phoneme", "CKA", Estimate(0.5231, 0.49, 0.55, 0.95, 15, "t"), 2)
    'eng–swa, phoneme: CKA 0.52 [0.49, 0.55], 15 seeds'
    """
    ends = f" {interval(estimate, digits)}".rstrip()
    return (
        f"{who}: {what} {number(estimate.value, digits)}{ends}, {estimate.n:,} {unit}{'' if estimate.n == 1 else 's'}"
    )


def seed_dots(pane: Pane, at: float, values: Sequence[float], look: Look, texts: Sequence[str]) -> None:
    """Draw a faint dot a seed, spread sideways; values that are no numbers have none."""
    there = np.isfinite(values)
    if not there.any():
        return
    x = at + jitter(len(values), 0.14)
    dots = pane.axis.scatter(
        x[there],
        np.asarray(values, float)[there],
        s=7,
        color=look.colour,
        alpha=0.45,
        linewidths=0,
        marker="o",
        zorder=2,
    )
    pane.value(dots, *(text for text, ok in zip(texts, there, strict=True) if ok))


def estimate_mark(
    pane: Pane, at: float, estimate: Estimate, look: Look, text: str, *,
    across: bool = False, hollow: bool = False, bar: bool = True, size: float = 5.0,
) -> None:  # fmt: skip
    """Draw an estimate with its interval at ``at``: upright, or along the x axis (``across``).

    Without a value nothing is drawn, without an interval the mark alone; ``bar`` can leave the interval away.
    """
    if not np.isfinite(estimate.value):
        return
    if bar and np.isfinite(estimate.low) and np.isfinite(estimate.high):
        ends, places = [estimate.low, estimate.high], [at, at]
        pane.axis.plot(*((ends, places) if across else (places, ends)), "-", color=look.colour, linewidth=1.3, zorder=3)
    x, y = (estimate.value, at) if across else (at, estimate.value)
    mark = pane.axis.plot(x, y, linestyle="none", marker=look.marker, markersize=size, color=look.colour, zorder=4,
                          markerfacecolor="white" if hollow else look.colour,
                          markeredgecolor=look.colour if hollow else INK, markeredgewidth=1.0 if hollow else 0.5)  # fmt: skip
    pane.value(mark[0], text)


def paper_mark(pane: Pane, at: float, value: float, look: Look, text: str) -> None:
    """Draw a value that the paper prints: a hollow diamond in the colour of what it stands beside."""
    mark = pane.axis.plot(at, value, linestyle="none", marker=PAPER.marker, markersize=4.2, markerfacecolor="white",
                          markeredgecolor=look.colour, markeredgewidth=1.0, zorder=5)  # fmt: skip
    pane.value(mark[0], text)


def band(axis: Any, x: Sequence[float], low: Sequence[float], high: Sequence[float], look: Look) -> None:
    """Shade what lies between two curves."""
    axis.fill_between(x, low, high, color=look.colour, alpha=0.18, linewidth=0, zorder=1)


def key_of_looks(
    drawing: Drawing, looks: Iterable[Look], *, lines: bool = False, extra: Iterable[Any] = (), columns: int = 6,
    at: tuple[float, float] = (0.0, 1.0), loc: str = "upper left", size: float = 4.5,
) -> Any:  # fmt: skip
    """Draw one key for the whole drawing; ``lines``: with their line styles; ``extra``: further handles."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, linestyle=look.line if lines else "none", markersize=size,
               markerfacecolor="white" if look.hollow else look.colour, markeredgecolor=INK, markeredgewidth=0.5,
               label=label(look.name))
        for look in looks
    ]  # fmt: skip
    handles += list(extra)
    return drawing.figure.legend(handles=handles, loc=loc, bbox_to_anchor=at, ncols=max(1, min(columns, len(handles))))


def log_axis(axis: Any, low: float, high: float) -> None:
    """Make an ``xaxis`` or ``yaxis`` logarithmic from ``low`` to ``high``, with plain numbers at powers of ten."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    name = axis.axis_name
    getattr(axis.axes, f"set_{name}scale")("log")
    getattr(axis.axes, f"set_{name}lim")(low, high)
    powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    inside = [10.0**p for p in powers if low <= 10.0**p <= high]
    axis.set_major_locator(FixedLocator(inside))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _magnitude(value)))
    axis.set_minor_locator(
        FixedLocator([m * 10.0**p for p in powers for m in range(2, 10) if low <= m * 10.0**p <= high])
    )
    axis.set_minor_formatter(NullFormatter())


def _magnitude(value: float) -> str:
    """Return a power of ten in few signs.

    >>> [_magnitude(x) for x in (0.01, 10.0, 1e5, 1e6)]
    ['0.01', '10', '100k', '1M']
    """
    size, unit = next(((s, u) for s, u in ((1e6, "M"), (1e3, "k")) if value >= s), (1.0, ""))
    return f"{value / size:g}{unit}"


def end_labels(axis: Any, x: float, ends: Sequence[tuple[float, str, str]], points: float = 7.5) -> None:
    """Write (y, text, colour) beside the ends of curves at ``x``, pushed apart until no two letters touch."""
    if not ends:
        return
    ends = sorted(ends)
    to_display, back = axis.transData, axis.transData.inverted()
    heights = [float(to_display.transform((x, y))[1]) for y, _, _ in ends]
    step = points * axis.figure.dpi / 72
    for place, (_, text, colour) in zip(spread(heights, step), ends, strict=True):
        y = float(back.transform((0.0, place))[1])
        axis.annotate(label(text), (x, y), xytext=(4, 0), textcoords="offset points", va="center", ha="left",
                      fontsize=6.5, color=colour, annotation_clip=False)  # fmt: skip


def spread(places: Sequence[float], step: float) -> list[float]:
    """Return ascending places at least ``step`` apart whose groups keep the means they had.

    >>> spread([0.0, 1.0, 10.0], 2.0)
    [-0.5, 1.5, 10.0]
    """
    groups: list[list[float]] = []
    for place in places:
        groups.append([place])
        while len(groups) > 1 and _first(groups[-1], step) < _last(groups[-2], step) + step:
            groups[-2:] = [[*groups[-2], *groups[-1]]]
    return [at for group in groups for at in _placed(group, step)]


def _placed(group: Sequence[float], step: float) -> Iterator[float]:
    middle = sum(group) / len(group)
    yield from (middle + (i - (len(group) - 1) / 2) * step for i in range(len(group)))


def _first(group: Sequence[float], step: float) -> float:
    return next(_placed(group, step))


def _last(group: Sequence[float], step: float) -> float:
    return list(_placed(group, step))[-1]


def blank(axis: Any) -> None:
    """Leave the axes without ticks and grid, in a thin frame."""
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(visible=False)
    for spine in axis.spines.values():
        spine.set_visible(True)
        spine.set_color("#BBBBBB")
