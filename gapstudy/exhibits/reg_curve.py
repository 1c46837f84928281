"""Sinkhorn distance over its regularisation, with exact transport as its limit.

Paper: section 4.3, which names no regularisation.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from gapstudy.errors import ConvergenceWarning
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.drawing import COLOURS, figure
from gapstudy.exhibits.evidence import Evidence
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
    missing = lacking(evidence)
    if left := codes[_PANELS:]:
        missing = (*missing, f"curves are drawn for {_PANELS} pairs, not for {', '.join(left)}")
    error = max((line["marginal_error"] for line in lines), default=0.0)
    return Exhibit(
        key="reg-curve",
        kind="figure",
        title="Sinkhorn distance over regularisation",
        caption=f"Sinkhorn distance of the test-set outputs ({a.sinkhorn_space}, {a.sinkhorn_cost} cost), first seed of each pair. "
        f"Dots: reg of {', '.join(f'{s:g}' for s in SHARES[:-1])} and {SHARES[-1]:g} times the median cost; large dots: the study's reg, "
        f"{a.sinkhorn_reg:g}. Dashed: exact transport, the limit of reg to 0. Representations are comparable at one reg alone. "
        f"Largest marginal error: {error:.1e}.",
        alt="A panel a language pair; curves by representation rise with the regularisation from dashed lines.",
        signature=evidence.signature(
            f"reg:{a.sinkhorn_reg}",
            f"cost:{a.sinkhorn_cost}",
            f"space:{a.sinkhorn_space}",
            "task:xnli",
            runs=runs_behind(evidence, lines),
        ),
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
    codes = tuple(dict.fromkeys(line["language"] for line in lines))
    reference = evidence.study.analysis.reference
    with figure(path, len(codes), width=min(7.0, 1.2 + 2.4 * len(codes)), height=2.4, sharey=True) as (_drawing, axes):
        for axis, code in zip(axes, codes, strict=True):
            here = [line for line in lines if line["language"] == code]
            for representation in dict.fromkeys(line["representation"] for line in here):
                own = sorted((x for x in here if x["representation"] == representation), key=lambda x: x["reg"])
                colour = COLOURS[evidence.study.representations[representation].kind]
                regs, values = [x["reg"] for x in own], [x["distance"] for x in own]
                axis.plot(regs, values, "-", marker=".", color=colour, markersize=4, label=representation)
                axis.plot(*next((x["reg"], x["distance"]) for x in own if x["study"]), "o", color=colour, markersize=5)
                if own[0]["exact"] is not None:
                    axis.axhline(own[0]["exact"], linestyle="--", linewidth=0.8, color=colour)
            axis.set_xscale("log")
            axis.set_title(f"{reference}–{code}")
            axis.set_xlabel("reg")
        axes[0].set_ylim(bottom=0.0)
        axes[0].set_ylabel("Sinkhorn distance")
        axes[0].legend(loc="best", handletextpad=0.3)
