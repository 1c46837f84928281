"""How Figure 2 is drawn: cells, a bar of colours, and two clouds of sentences with one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.drawing import Drawing, figure, label
from gapstudy.exhibits.looks import of_languages
from gapstudy.exhibits.marks import blank, told
from gapstudy.stats import EstimateMatrix

__all__ = ["POINTS", "Panel", "draw", "luminance", "ramp"]

POINTS = 60
"""Sentences a language in a t-SNE panel."""

_PRINTED = 14  # languages up to which there is room for the values in the cells
_STEPS = 32  # of the bar of colours


@dataclass(frozen=True, slots=True)
class Panel:
    """One representation: its matrix of CKA, and the sentences of some languages on a plane."""

    name: str
    matrix: EstimateMatrix
    clouds: Mapping[str, npt.NDArray[np.float64]]


def draw(path: Path, panels: Mapping[str, Panel], languages: Sequence[str]) -> None:
    """Draw the first panel's matrix above the diagonal and the second's below it, and both clouds."""
    above, below = panels.values()
    with figure(
        path, 3, height=3.42, margins=(0.04, 0.04, 0.44, 0.36), gaps=(0.28, 0.0), ratios=(1.52, 2.62, 1.52)
    ) as drawing:
        left, centre, right = drawing.axes
        _heat(drawing, centre, above, below, languages)
        for axis, panel in ((left, above), (right, below)):
            _cloud(drawing, axis, panel)


def _heat(drawing: Drawing, axis: Any, above: Panel, below: Panel, languages: Sequence[str]) -> None:
    """Draw a cell a pair, with its value where it fits; the diagonal stays empty."""
    from matplotlib.collections import PolyCollection

    n = len(languages)
    cells = [(i, j, above if j > i else below) for i in range(n) for j in range(n) if i != j]
    values = np.array([panel.matrix.value[i, j] for i, j, panel in cells])
    low, high = _ends(values)
    colours = ramp((values - low) / (high - low))
    squares = PolyCollection(
        [_square(j, i) for i, j, _ in cells], facecolors=colours, edgecolors="white", linewidths=0.5
    )
    axis.add_collection(squares)
    texts = [
        told(f"{languages[i]}–{languages[j]}, {panel.name}", "CKA", panel.matrix.at(i, j), 3) for i, j, panel in cells
    ]
    drawing.value(squares, *texts)
    if n <= _PRINTED:
        size = min(6.0, 54.0 / n)
        for (i, j, _), value, colour in zip(cells, values, colours, strict=True):
            axis.text(j, i, _short(value), ha="center", va="center_baseline", fontsize=size, color=_on(colour))
    for k in range(n):
        axis.plot([k - 0.5, k + 0.5], [k - 0.5, k + 0.5], color="#C8C8C8", linewidth=0.5)
    _frame(axis, above.name, below.name, languages)
    _colour_bar(drawing, axis, low, high)


def _frame(axis: Any, above: str, below: str, languages: Sequence[str]) -> None:
    n = len(languages)
    axis.set_xlim(-0.5, n - 0.5)
    axis.set_ylim(n - 0.5, -0.5)
    axis.set_aspect("equal", anchor="N")
    size = min(6.5, 170.0 / n)
    axis.xaxis.tick_top()
    names = [label(code) for code in languages]
    axis.set_xticks(range(n), names, rotation=90 if n > 10 else 0, fontsize=size)
    axis.set_yticks(range(n), names, fontsize=size)
    axis.tick_params(length=0, pad=1.5)
    axis.grid(visible=False)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.set_title(f"above the diagonal: {label(above)}", loc="right")
    below_it = {"ha": "left", "va": "top", "fontsize": 7.5, "fontweight": "bold", "textcoords": "offset points"}
    axis.annotate(f"below: {label(below)}", (-0.5, n - 0.5), xytext=(0, -4), **below_it)


def _colour_bar(drawing: Drawing, axis: Any, low: float, high: float) -> None:
    """Draw the scale under the heat map."""
    from matplotlib.collections import PolyCollection

    box = axis.get_position()
    bar = drawing.figure.add_axes((box.x0 + 0.44 * box.width, 0.085, 0.55 * box.width, 0.022))
    edges = np.linspace(low, high, _STEPS + 1)
    strips = [[(a, 0), (b, 0), (b, 1), (a, 1)] for a, b in pairwise(edges)]
    colours = ramp(np.linspace(0, 1, _STEPS))
    bar.add_collection(PolyCollection(strips, facecolors=colours, edgecolors=colours, linewidths=0.3))
    bar.set_xlim(low, high)
    bar.set_ylim(0, 1)
    bar.set_yticks([])
    bar.grid(visible=False)
    bar.tick_params(length=2, labelsize=6.5, pad=1)
    bar.locator_params(axis="x", nbins=5)
    bar.set_xlabel("debiased CKA", fontsize=6.5, labelpad=1.5)


def _cloud(drawing: Drawing, axis: Any, panel: Panel) -> None:
    """Draw the sentences of each language, with the key of languages below."""
    looks = of_languages(panel.clouds)
    for code, points in panel.clouds.items():
        look = looks[code]
        dots = axis.scatter(*points.T, s=8, color=look.colour, marker=look.marker, linewidths=0, alpha=0.8,
                            label=label(code))  # fmt: skip
        drawing.value(dots, f"{code}, {panel.name}: {len(points)} sentences")
    blank(axis)
    axis.set_aspect("equal", adjustable="datalim")
    axis.set_box_aspect(1.5)
    axis.set_anchor("N")
    axis.margins(0.06)
    axis.set_title(f"t-SNE, {label(panel.name)}")
    axis.legend(loc="upper left", bbox_to_anchor=(0.0, -0.03), ncols=3, markerscale=1.3, handletextpad=0.0,
                columnspacing=0.8, handlelength=1.5, fontsize=6.5)  # fmt: skip


def _ends(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the scale, a little apart where all values are one."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = max(0.02 * (high - low), 5e-4)
    return low - room, high + room


def _square(x: int, y: int) -> list[tuple[float, float]]:
    return [(x - 0.5, y - 0.5), (x + 0.5, y - 0.5), (x + 0.5, y + 0.5), (x - 0.5, y + 0.5)]


def _short(value: float) -> str:
    """Return a CKA without the nought before its point.

    >>> _short(0.523), _short(-0.04), _short(1.0)
    ('.52', '−.04', '1.0')
    """
    text = f"{abs(value):.2f}"
    return ("−" if value < 0 and float(text) else "") + (text[1:] if text.startswith("0") else text[:3])


def ramp(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return colours, (n, 4), for shares from 0 (light) to 1 (dark).

    They lie on a straight line in CIELAB, so that equal steps of a value are equal steps to the eye, in lightness too:
    grey print loses nothing.
    """
    at = np.clip(np.asarray(shares, dtype=np.float64), 0.0, 1.0)[:, None]
    lab = np.array(_LIGHT) * (1.0 - at) + np.array(_DARK) * at
    middle = (lab[:, 0] + 16.0) / 116.0
    f = np.stack([middle + lab[:, 1] / 500.0, middle, middle - lab[:, 2] / 200.0], axis=1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * np.array([0.95047, 1.0, 1.08883])
    linear = np.clip(xyz @ _TO_RGB.T, 0.0, 1.0)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.concatenate([rgb, np.ones((len(rgb), 1))], axis=1)


_LIGHT, _DARK = (96.0, -1.5, -2.5), (20.0, 5.0, -30.0)  # L*, a*, b*
_TO_RGB = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)


def luminance(colour: npt.NDArray[np.float64]) -> float:
    """Return the relative luminance (WCAG 2) of an sRGB colour with parts in [0, 1]."""
    rgb = np.asarray(colour, dtype=np.float64)[:3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def _on(colour: npt.NDArray[np.float64]) -> str:
    """Return the ink with the better contrast on a colour: at least 4.5 to 1 whatever the colour."""
    return "black" if luminance(colour) > 0.179 else "white"
