"""What bounds the gap, in one picture: the observed gap, its certificate and Theorem 4.1 on one axis, and n needed.

Paper: Theorem 4.1 and section 4.4, where nothing is evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.certificates import certificate_lines, first_seeds
from gapstudy.exhibits.drawing import GREY, INK, Drawing, figure, label
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.looks import Look, of_representations
from gapstudy.exhibits.marks import Pane, end_labels, estimate_mark, log_axis, told
from gapstudy.exhibits.pairs import lacking, runs_behind
from gapstudy.exhibits.theorem import COMPONENTS, bound_lines
from gapstudy.stats import complexity_term, points_until_below

__all__ = ["DIMENSIONS", "compute"]

DIMENSIONS = (4, 65, 769)
"""Linear heads on three classes or components, on vectors of 64 and of 768 dimensions."""

_SPACES = {
    "Sentence": ("D", "bound, vectors"),
    "First": ("X", f"bound, {COMPONENTS} components"),
    "Class": ("P", "bound, class probabilities"),
}
_DODGE = dict(zip(_SPACES, (0.33, 0.2, 0.07), strict=True))  # bounds may have one value
_FLOOR = 1e-3  # the smallest gap that the logarithmic axis shows
_ROWS = 24  # representations of pairs that fit a page

Line = Mapping[str, Any]
Row = tuple[str, str]  # other language, representation


def compute(evidence: Evidence, folder: Path) -> Exhibit:
    """Compute the figure from the XNLI runs (first seed of each pair) and draw it into ``folder``."""
    gaps, bounds = first_seeds(certificate_lines(evidence)), list(bound_lines(evidence))
    path = folder / "figures" / "bound.svg"
    delta = evidence.study.analysis.delta
    if not bounds:
        path.unlink(missing_ok=True)  # of an earlier report
        return _exhibit(evidence, bounds, missing=lacking(evidence))
    order = evidence.spec("xnli").languages
    every = sorted({_row_of(line): None for line in (*gaps, *bounds)}, key=lambda row: order.index(row[0]))
    _draw(evidence, path, every[:_ROWS], gaps, bounds)
    left_out = (
        [f"drawn are {_ROWS} of {len(every)} representations of pairs; the CSV has them all"] if every[_ROWS:] else []
    )
    records = (*_observed(gaps), *_bounds(bounds), *_needed(delta))
    return _exhibit(
        evidence, bounds, images=(Path("figures") / path.name,), records=records,
        data={"values": [*_observed(gaps), *_bounds(bounds)], "n_needed": list(_needed(delta))},
        missing=(*lacking(evidence), *left_out),
        alt=_alt(evidence, gaps, bounds),
    )  # fmt: skip


def _row_of(line: Line) -> Row:
    return line["language"], line["representation"]


def _draw(evidence: Evidence, path: Path, rows: list[Row], gaps: Sequence[Line], bounds: Sequence[Line]) -> None:
    looks = of_representations(evidence.study, dict.fromkeys(r for _, r in rows))
    reference, at = evidence.study.analysis.reference, {row: i for i, row in enumerate(rows)}
    height = max(2.5, 0.95 + 0.23 * len(rows))
    with figure(
        path, 2, height=height, margins=(1.05, 0.42, 0.38, 0.5), gaps=(0.52, 0.0), ratios=(1.5, 1.0)
    ) as drawing:
        left, right = (Pane(drawing, axis) for axis in drawing.axes)
        _axes(left.axis, reference, rows, highest=max(line["paper"] for line in bounds))
        for line in (*gaps, *bounds):
            row = _row_of(line)
            if row in at:
                who = f"{reference}–{row[0]}, {row[1]}"
                (_gap if "gap" in line else _bound)(left, line, at[row], looks[row[1]], who)
        tall = right.axis.get_position()
        share = min(1.0, 1.75 / (tall.height * height))  # curves need no more room where there are many rows
        right.axis.set_position((tall.x0, tall.y1 - share * tall.height, tall.width, share * tall.height))
        _curves(right, bounds, evidence.study.analysis.delta)
        _key(drawing)


def _gap(pane: Pane, line: Line, y: float, look: Look, who: str) -> None:
    """Draw the observed gap and its certificate in the upper half of a row."""
    gap, top = line["gap"], line["certificate"].high
    shown = replace(gap, value=max(gap.value, _FLOOR), low=max(gap.low, _FLOOR), high=max(gap.high, _FLOOR))
    estimate_mark(pane, y - 0.2, shown, look, told(who, "observed gap", gap, 3, "item"), across=True, size=4.2)
    mark = pane.axis.plot(max(top, _FLOOR), y - 0.2, marker="|", color=look.colour, markersize=8, markeredgewidth=1.8,
                          linestyle="none")  # fmt: skip
    pane.value(mark[0], f"{who}: certificate {top:.3f}")


def _bound(pane: Pane, line: Line, y: float, look: Look, who: str) -> None:
    """Draw the right side of the theorem in the lower half of a row, hollow where it says nothing."""
    space = line["space"].split()[0]
    marker, name = _SPACES[space]
    value = line["paper"]
    mark = pane.axis.plot(value, y + _DODGE[space], marker, color=look.colour, markersize=4.2, linestyle="none",
                          markerfacecolor="white" if value >= 1 else look.colour, markeredgewidth=0.8)  # fmt: skip
    pane.value(mark[0], f"{who}: {name} {value:.2f}, n = {line['n']:,}")


def _axes(axis: Any, reference: str, rows: list[Row], *, highest: float) -> None:
    """Prepare the left axes: rows, a logarithmic scale, and the part of it where a bound says nothing."""
    log_axis(axis.xaxis, _FLOOR / 1.5, max(10.0, 1.6 * highest))
    axis.axvspan(1.0, axis.get_xlim()[1], color="#EFEFEF", linewidth=0, zorder=0)
    axis.text(1.12, -0.62, "vacuous", fontsize=6.5, color=GREY, va="center", style="italic")
    axis.set_ylim(len(rows) - 0.45, -0.95)
    axis.set_yticks(range(len(rows)), [label(f"{r}, {reference}–{code}", 30) for code, r in rows])
    axis.tick_params(axis="y", length=0)
    axis.grid(visible=True, axis="x")
    axis.grid(visible=False, axis="y")
    for i in range(1, len(rows)):
        if rows[i][0] != rows[i - 1][0]:
            axis.axhline(i - 0.5, color="#BBBBBB", linewidth=0.6)
    axis.set_xlabel("gap in error rate (share of items)")
    axis.set_title("Observed gap, certificate, theorem")


def _key(drawing: Drawing) -> None:
    """Explain the marks in grey: colours are representations, named in the rows."""
    from matplotlib.lines import Line2D

    marks = [("o", "observed gap"), ("|", "certificate"), *_SPACES.values()]
    handles = [
        Line2D([], [], color=GREY, linestyle="none", marker=marker, markersize=7 if marker == "|" else 4.2, label=name,
               markeredgewidth=1.6 if marker == "|" else 0.6)
        for marker, name in marks
    ]  # fmt: skip
    handles.append(
        Line2D(
            [],
            [],
            color=GREY,
            linestyle="none",
            marker="D",
            markersize=4.2,
            markerfacecolor="white",
            label="hollow: 1 or more",
        )
    )
    drawing.figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.01, 0.99), ncols=6, fontsize=6.5,
                          handlelength=1.0, columnspacing=1.1)  # fmt: skip


def _curves(pane: Pane, bounds: Sequence[Line], delta: float) -> None:
    """Draw the complexity term over n for some dimensions, and where this study stands."""
    axis = pane.axis
    sizes = np.unique(np.geomspace(100, 1e6, 60).astype(int))
    log_axis(axis.xaxis, 100, 1e6)
    log_axis(axis.yaxis, 0.01, 30)
    axis.axhspan(1.0, 30, color="#EFEFEF", linewidth=0, zorder=0)
    ends = []
    for d, line in zip(DIMENSIONS, ("-", "--", ":"), strict=True):
        values = [complexity_term(int(n), d, delta=delta) for n in sizes]
        axis.plot(sizes, values, color=INK, linestyle=line, linewidth=1.0)
        ends.append((values[-1], f"d = {d}", INK))
    places = dict.fromkeys((line["n"], line["d"]) for line in bounds)
    for n, d in places:
        value = complexity_term(n, d, delta=delta)
        mark = axis.plot(
            n, value, "o", color="#D55E00", markersize=4.5, markeredgecolor="white", linestyle="none", zorder=5
        )
        pane.value(mark[0], f"this study: n = {n:,}, d = {d}: complexity term {value:.2f}")
    axis.set_xlabel("n, sentences or items a language")
    axis.set_title("Complexity (dots: this study)")
    end_labels(axis, float(sizes[-1]), ends)


def _alt(evidence: Evidence, gaps: Sequence[Line], bounds: Sequence[Line]) -> str:
    """Say the range of gaps, certificates and bounds, and how many bounds are vacuous."""
    vacuous = sum(line["paper"] >= 1 for line in bounds)
    parts = [f"A row a representation and pair with {evidence.study.analysis.reference}, on a logarithmic axis."]
    if gaps:
        observed, ceilings = [line["gap"].value for line in gaps], [line["certificate"].high for line in gaps]
        parts.append(
            f"Observed gaps from {min(observed):.3f} to {max(observed):.3f}, certificates from {min(ceilings):.3f} to {max(ceilings):.3f}."
        )
    values = [line["paper"] for line in bounds]
    parts.append(
        f"Bounds from {min(values):.2f} to {max(values):.2f}; {vacuous} of {len(bounds)} are 1 or more. Right: falling curves of the complexity term over n."
    )
    return " ".join(parts)


def _observed(gaps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for line in gaps:
        gap, n = line["gap"], line["gap"].n
        rows.append(_row("observed gap", line, value=gap.value, low=gap.low, high=gap.high, n=n))
        rows.append(_row("certificate", line, value=line["certificate"].high, n=n))
    return rows


def _bounds(bounds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_row(f"bound, {line['space']}", line, value=line["paper"], n=line["n"], d=line["d"]) for line in bounds]


def _needed(delta: float) -> list[dict[str, Any]]:
    """Return the n at which the complexity term alone falls below 1, for each dimension drawn."""
    what = "n at which the complexity term is below 1"
    return [_row(what, {}, value=points_until_below(1.0, d, delta=delta), d=d) for d in DIMENSIONS]


def _row(what: str, line: Mapping[str, Any], **numbers: Any) -> dict[str, Any]:
    nan = float("nan")
    whose = {"representation": line.get("representation", ""), "language": line.get("language", "")}
    return {"what": what, **whose, "seed": line.get("seed", nan), **dict.fromkeys(_NUMBERS, nan), **numbers}


_NUMBERS = ("value", "low", "high", "n", "d")


def _exhibit(evidence: Evidence, bounds: list[dict[str, Any]], **content: Any) -> Exhibit:
    analysis = evidence.study.analysis
    runs = runs_behind(evidence, bounds)
    needed = ", ".join(f"{points_until_below(1.0, d, delta=analysis.delta):,} for d = {d}" for d in DIMENSIONS)
    protocol = (
        "One model serves every language, so that the theorem applies."
        if evidence.study.protocol == "zero-shot"
        else "The theorem bounds one hypothesis on two domains; here two models are compared, so that its values are illustrations, while the certificate holds."
    )
    return Exhibit(
        key="bound",
        kind="figure",
        title="What bounds the gap",
        caption="Left: observed gap in error rate on XNLI, its certificate, and the right side of Theorem 4.1 in three spaces; bounds "
        "in the shaded part, at 1 or more, say nothing. Right: the complexity term of the theorem over the size of the sample.",
        method=f"First seed of each pair; bars are {100 * analysis.level:g} % intervals of the gap over items. The certificate is the upper end of the "
        f"share of items on which the two models disagree. The theorem's right side is the paper's form, δ = {analysis.delta}. Values below {_FLOOR:g} are "
        f"drawn there. The complexity term falls below 1 from n = {needed}. {protocol}",
        signature=evidence.signature(
            f"delta:{analysis.delta}", f"level:{analysis.level}", "task:xnli", "folds:5", f"components:{COMPONENTS}",
            runs=runs,
        ),
        runs=tuple(run.run_id for run in runs),
        **{"alt": "Observed gaps, certificates and bounds by representation and pair."} | content,
    )  # fmt: skip
