"""Sinkhorn distance over its regularisation, with exact transport as its limit.

Paper: section 4.3, which names no regularisation.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gapstudy.errors import ConvergenceWarning
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.drawing import GREY, INK, Drawing, figure, label
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.looks import Look, of_representations
from gapstudy.exhibits.marks import key_of_looks, log_axis
from gapstudy.exhibits.pairs import cloud, lacking, pairs, runs_behind
from gapstudy.exhibits.transport import EXACT_POINTS
from gapstudy.stats import exact_distance, reg_curve

__all__ = ["SHARES", "compute", "curves"]

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Regularisations as shares of the median cost."""

_PANELS = 4


def compute(evidence: Evidence, folder: Path) -> Exhibit:
    """Compute a curve for each representation of each pair (first seed) and draw them into ``folder``."""
    path = folder / "figures" / "reg-curve.svg"
    codes = tuple(dict.fromkeys(code for _, code, _ in pairs(evidence)))
    lines = [line for r, code, seeds in pairs(evidence) if code in codes[:_PANELS]
             for line in curves(evidence, r, code, seeds[0])]  # fmt: skip
    if lines:
        _draw(evidence, path, lines)
    else:
        path.unlink(missing_ok=True)  # of an earlier report
    a = evidence.study.analysis
    missing, runs = lacking(evidence), runs_behind(evidence, lines)
    if left := codes[_PANELS:]:
        missing = (*missing, f"curves are drawn for {_PANELS} pairs, not for {', '.join(left)}")
    error = max((line["marginal_error"] for line in lines), default=0.0)
    return Exhibit(
        key="reg-curve",
        kind="figure",
        title="Sinkhorn distance over regularisation",
        caption=f"Sinkhorn distance of the test-set outputs ({a.sinkhorn_space}, {a.sinkhorn_cost} cost) over its regularisation, first seed of "
        "each pair. Representations are comparable at one regularisation alone.",
        method=f"Marks: reg of {', '.join(f'{s:g}' for s in SHARES[:-1])} and {SHARES[-1]:g} times the median cost of each pair, and the study's own "
        f"{a.sinkhorn_reg:g} (grey line). Long dashes: exact transport, the limit of reg to 0. Largest marginal error: {error:.1e}.",
        alt=_alt(evidence, lines),
        signature=evidence.signature(
            f"reg:{a.sinkhorn_reg}",
            f"cost:{a.sinkhorn_cost}",
            f"space:{a.sinkhorn_space}",
            "task:xnli",
            runs=runs,
        ),
        runs=tuple(run.run_id for run in runs),
        images=(Path("figures") / path.name,) if lines else (),
        data={"lines": lines},
        records=tuple({k: float("nan") if v is None else v for k, v in line.items()} for line in lines),
        missing=missing,
        notes=tuple(
            f"{line['representation']}, {a.reference}–{line['language']}, reg {line['reg']:.3g}: {line['distance']:.4f} is not "
            f"converged (marginal error {line['marginal_error']:.1e})"
            for line in lines
            if not line["converged"]
        ),
    )


def curves(evidence: Evidence, representation: str, code: str, seed: int) -> list[dict[str, Any]]:
    """Return one line a regularisation: the shares of the median cost, and the study's own."""
    a = evidence.study.analysis
    x, y = (cloud(evidence, representation, c, seed) for c in (a.reference, code))
    exact = exact_distance(x, y, cost=a.sinkhorn_cost) if max(len(x), len(y)) <= EXACT_POINTS else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # ``converged`` says it
        curve = reg_curve(x, y, regs=SHARES, cost=a.sinkhorn_cost)
        own = reg_curve(x, y, regs=(a.sinkhorn_reg,), relative=False, cost=a.sinkhorn_cost)
    solved = [*zip(curve.regs, curve.solved, strict=True), (a.sinkhorn_reg, own.solved[0])]
    return [
        {"representation": representation, "language": code, "seed": seed, "reg": reg, "share": reg / curve.median_cost,
         "study": i == len(SHARES), "distance": s.cost, "exact": exact, "marginal_error": s.marginal_error, "converged": s.converged}
        for i, (reg, s) in enumerate(solved)
    ]  # fmt: skip


def _draw(evidence: Evidence, path: Path, lines: list[dict[str, Any]]) -> None:
    """Draw a panel a pair: a curve a representation, its limit dashed, and the study's own regularisation."""
    codes = tuple(dict.fromkeys(line["language"] for line in lines))
    looks = of_representations(evidence.study, dict.fromkeys(line["representation"] for line in lines))
    regs = [line["reg"] for line in lines]
    highest = max(max(line["distance"], line["exact"] or 0.0) for line in lines)
    with figure(path, len(codes), height=2.3, margins=(0.45, 0.1, 0.38, 0.5), gaps=(0.3, 0.0)) as drawing:
        for axis, code in zip(drawing.axes, codes, strict=True):
            log_axis(axis.xaxis, min(regs) / 1.3, max(regs) * 1.3)
            axis.set_ylim(0.0, 1.08 * highest or 1.0)
            _panel(drawing, axis, evidence, looks, [line for line in lines if line["language"] == code])
        drawing.axes[0].set_ylabel("Sinkhorn distance")
        key_of_looks(drawing, looks.values(), lines=True, extra=_further_keys(lines), at=(0.01, 0.99))


def _panel(
    drawing: Drawing, axis: Any, evidence: Evidence, looks: Mapping[str, Look], here: list[dict[str, Any]]
) -> None:
    own_reg, reference = evidence.study.analysis.sinkhorn_reg, evidence.study.analysis.reference
    axis.axvline(own_reg, color="#9A9A9A", linewidth=0.8, zorder=1)
    for name in dict.fromkeys(line["representation"] for line in here):
        look, own = looks[name], sorted((x for x in here if x["representation"] == name), key=lambda x: x["reg"])
        curve = axis.plot([x["reg"] for x in own], [x["distance"] for x in own], color=look.colour, linestyle=look.line,
                          marker=look.marker, markersize=3.6, markeredgecolor=INK, markeredgewidth=0.4)  # fmt: skip
        who = f"{reference}–{own[0]['language']}, {name}"
        texts = (
            f"{who}, reg {x['reg']:.3g}: {x['distance']:.4f}{'' if x['converged'] else ' (not converged)'}" for x in own
        )
        drawing.value(curve[0], *texts)
        if own[0]["exact"] is not None:
            axis.axhline(own[0]["exact"], color=look.colour, linewidth=0.7, linestyle=(0, (6, 3)), alpha=0.8)
    axis.set_title(label(f"{reference}–{here[0]['language']}"))
    axis.set_xlabel("regularisation reg")


def _further_keys(lines: list[dict[str, Any]]) -> list[Any]:
    from matplotlib.lines import Line2D

    keys = [Line2D([], [], color="#9A9A9A", linewidth=0.8, label="the study's reg")]
    exact = any(line["exact"] is not None for line in lines)
    return keys + (
        [Line2D([], [], color=GREY, linewidth=0.7, linestyle=(0, (6, 3)), label="exact transport")] if exact else []
    )


def _alt(evidence: Evidence, lines: list[dict[str, Any]]) -> str:
    """Say the distance at the study's regularisation and the exact one, for each curve."""
    reference = evidence.study.analysis.reference
    told = [
        f"{line['representation']} {reference}–{line['language']} {line['distance']:.3f}"
        + ("" if line["exact"] is None else f" (exact {line['exact']:.3f})")
        for line in lines
        if line["study"]
    ]
    return f"Curves that rise with the regularisation. Distance at the study's own: {', '.join(told)}."
