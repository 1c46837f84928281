"""What bounds the gap, in one picture: the observed gap, its certificate and Theorem 4.1 on one axis, and n needed.

Paper: Theorem 4.1 and section 4.4, where nothing is evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.certificates import certificate_lines, first_seeds
from gapstudy.exhibits.drawing import COLOURS, figure
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.pairs import lacking, runs_behind
from gapstudy.exhibits.theorem import COMPONENTS, bound_lines
from gapstudy.stats import complexity_term, points_until_below

__all__ = ["DIMENSIONS", "compute"]

DIMENSIONS = (4, 65, 769)
"""Linear heads on three classes or components, on vectors of 64 and of 768 dimensions."""

_SPACES = {
    "Sentence": ("o", "vectors"),
    "First": ("s", f"{COMPONENTS} components"),
    "Class": ("D", "class probabilities"),
}
_FLOOR = 1e-3  # the smallest gap that the logarithmic axis shows


def compute(evidence: Evidence, folder: Path) -> Exhibit:
    """Compute the figure from the XNLI runs (first seed of each pair) and draw it into ``folder``."""
    gaps, bounds = first_seeds(certificate_lines(evidence)), list(bound_lines(evidence))
    path = folder / "figures" / "bound.svg"
    delta = evidence.study.analysis.delta
    if not bounds:
        path.unlink(missing_ok=True)  # of an earlier report
        return _exhibit(evidence, bounds, missing=lacking(evidence))
    with figure(path, 2, width=7.0, height=2.9, gridspec_kw={"width_ratios": [1.25, 1.0]}) as (_drawing, (left, right)):
        _values(left, evidence, gaps, bounds)
        _curves(right, bounds, delta)
    records = (*_observed(gaps), *_bounds(bounds), *_needed(delta))
    return _exhibit(evidence, bounds, images=(Path("figures") / path.name,), records=records,
                    data={"values": [*_observed(gaps), *_bounds(bounds)], "n_needed": list(_needed(delta))},
                    missing=lacking(evidence))  # fmt: skip


def _values(axis: Any, evidence: Evidence, gaps: list[dict[str, Any]], bounds: list[dict[str, Any]]) -> None:
    """Draw a column a representation and pair: the gap with its interval, the certificate, the bounds."""
    columns = list(dict.fromkeys((line["representation"], line["language"]) for line in (*gaps, *bounds)))
    at = {column: i for i, column in enumerate(columns)}
    colours = {r: COLOURS[evidence.study.representations[r].kind] for r, _ in columns}
    axis.axhline(1.0, color="#3A3A3A", linewidth=0.8, linestyle="--")
    for line in gaps:
        x, gap, colour = at[line["representation"], line["language"]], line["gap"], colours[line["representation"]]
        axis.plot([x, x], [max(gap.low, _FLOOR), max(gap.high, _FLOOR)], "-", color=colour, linewidth=1.2)
        axis.plot(x, max(gap.value, _FLOOR), ".", color=colour, markersize=7)
        axis.plot(x, line["certificate"].high, marker="_", color=colour, markersize=11, markeredgewidth=1.6)
    for line in bounds:
        x, colour = at[line["representation"], line["language"]], colours[line["representation"]]
        marker, _ = _SPACES[line["space"].split()[0]]
        says = line["paper"] < 1
        axis.plot(x, line["paper"], marker, color=colour, markersize=4.5, markerfacecolor=colour if says else "white")
    axis.set_yscale("log")
    axis.set_ylim(bottom=_FLOOR / 1.4)
    axis.set_xlim(-0.6, len(columns) - 0.4)
    reference = evidence.study.analysis.reference
    axis.set_xticks(range(len(columns)), [f"{r}\n{reference}–{code}" for r, code in columns],
                    rotation=35 if len(columns) > 4 else 0, fontsize=6.5)  # fmt: skip
    axis.set_ylabel("gap in error rate")
    _legend(axis)


def _legend(axis: Any) -> None:
    """Explain the marks in grey: colours are representations."""
    grey = "#555555"
    marks = {"observed gap": {"marker": "."}, "certificate": {"marker": "_"}}
    marks |= {f"bound, {name}": {"marker": marker} for marker, name in _SPACES.values()}
    for label, style in marks.items():
        axis.plot([], [], color=grey, linestyle="none", label=label, **style)
    axis.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=6.5, handletextpad=0.2, columnspacing=0.9
    )


def _curves(axis: Any, bounds: list[dict[str, Any]], delta: float) -> None:
    """Draw the complexity term over n for some dimensions, and where this study stands."""
    sizes = np.unique(np.geomspace(100, 1e6, 120).astype(int))
    for d in DIMENSIONS:
        axis.plot(sizes, [complexity_term(int(n), d, delta=delta) for n in sizes], marker="", label=f"d = {d}")
    places = dict.fromkeys((line["n"], line["d"]) for line in bounds)
    for i, (n, d) in enumerate(places):
        axis.plot(n, complexity_term(n, d, delta=delta), "P", color="#3A3A3A", markersize=5, linestyle="none",
                  label="this study" if i == 0 else None)  # fmt: skip
    axis.axhline(1.0, color="#3A3A3A", linewidth=0.8, linestyle="--")
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel("n, sentences or items of each language")
    axis.set_ylabel("complexity term")
    axis.legend(loc="upper right", fontsize=6.5)


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
        caption=f"Left: observed gap in error rate on XNLI (first seed of each pair, {100 * analysis.level:g} % interval over items), the "
        f"certificate (the upper end of the share of items on which the two models disagree) and the right side of Theorem 4.1 (paper's form, δ = {analysis.delta}) in three spaces; hollow marks "
        f"are vacuous, at or above the dashed line at 1. Values below {_FLOOR:g} are drawn there. Right: the complexity term of the paper's form over n; it falls "
        f"below 1 from n = {needed}. {protocol}",
        alt="Left: a column a representation and pair with observed gap, certificate and bounds on a logarithmic axis. Right: falling curves of the complexity term over n, one a dimension.",
        signature=evidence.signature(
            f"delta:{analysis.delta}", f"level:{analysis.level}", "task:xnli", "folds:5", f"components:{COMPONENTS}",
            runs=runs_behind(evidence, bounds),
        ),
        **content,
    )  # fmt: skip
