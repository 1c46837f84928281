"""Figure 3: performance gap, CKA and Sinkhorn distance on XNLI, for each representation and language pair.

Paper: Figure 3, sections 4.2 and 4.3. Dots are seeds; bars are t intervals of their mean, at the study's level.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.drawing import COLOURS, figure
from gapstudy.exhibits.evidence import Evidence, seed_range
from gapstudy.exhibits.pairs import PairPoint, lacking, pair_points, unconverged
from gapstudy.exhibits.text import seed_mean

__all__ = ["compute"]

_PANELS = (
    ("difference", "accuracy gap (points)"),
    ("debiased_cka", "debiased CKA"),
    ("sinkhorn", "Sinkhorn distance"),
)

_DRAWN = 3  # seeds from which on a bar is drawn: Student's t for two is 12.7 standard errors


def compute(evidence: Evidence, folder: Path) -> Exhibit:
    """Compute Figure 3 from the XNLI runs and draw it into ``folder``."""
    spec = evidence.study.tasks.get("xnli")
    names = spec.representations if spec else ()
    points = {r: found for r in names if (found := pair_points(evidence, r))}
    path = folder / "figures" / "figure3.svg"
    if not points:
        path.unlink(missing_ok=True)  # of an earlier report
        return _exhibit(evidence, missing=lacking(evidence))
    every = [p for found in points.values() for p in found]
    pairs = tuple(dict.fromkeys(p.language for p in every))
    summary: list[dict[str, Any]] = []
    with figure(path, 3, width=7.0, height=2.4) as (_drawing, axes):
        for axis, (measure, label) in zip(axes, _PANELS, strict=True):
            summary += _panel(axis, evidence, points, pairs, measure)
            axis.set_ylabel(label)
        axes[0].legend(loc="best", handletextpad=0.3)
    return _exhibit(
        evidence,
        images=(Path("figures") / path.name,),
        records=tuple(summary),
        data={"summary": summary, "points": [asdict(p) for p in every]},
        missing=lacking(evidence),
        notes=unconverged(evidence.study.analysis.reference, every),
    )


def _panel(
    axis: Any, evidence: Evidence, points: dict[str, tuple[PairPoint, ...]], pairs: tuple[str, ...], measure: str
) -> list[dict[str, Any]]:
    """Draw one measure: a group a pair, a column a representation."""
    reference, level = evidence.study.analysis.reference, evidence.study.analysis.level
    rng = np.random.default_rng(0)  # sideways jitter only
    rows = []
    for j, (representation, found) in enumerate(points.items()):
        kind = evidence.study.representations[representation].kind
        for i, pair in enumerate(pairs):
            values = np.array([getattr(p, measure) for p in found if p.language == pair])
            if not len(values):
                continue
            at = i + (j - (len(points) - 1) / 2) * 0.22
            axis.plot(
                at + rng.uniform(-0.05, 0.05, len(values)), values, ".", color=COLOURS[kind], alpha=0.35, markersize=4
            )
            mean = seed_mean(values.tolist(), level=level)
            bars = [[mean.value - mean.low], [mean.high - mean.value]]
            axis.errorbar(
                at, mean.value, yerr=None if mean.n < _DRAWN or np.isnan(mean.low) else bars, fmt="so^"[j % 3], color=COLOURS[kind],
                markersize=4, capsize=2, label=representation if i == 0 else None,
            )  # fmt: skip
            rows.append({"measure": measure, "representation": representation, "pair": f"{reference}-{pair}",
                         "value": mean.value, "low": mean.low, "high": mean.high, "seeds": mean.n})  # fmt: skip
    axis.set_xticks(range(len(pairs)), [f"{reference}–{pair}" for pair in pairs])
    axis.set_xlim(-0.5, len(pairs) - 0.5)
    return rows


def _exhibit(evidence: Evidence, **content: Any) -> Exhibit:
    analysis = evidence.study.analysis
    runs = evidence.runs_of(["xnli"])
    layer = evidence.spec("xnli").sentence_layer if "xnli" in evidence.study.tasks else "last"
    return Exhibit(
        key="figure3",
        kind="figure",
        title="XNLI: performance gap, CKA and Sinkhorn distance",
        caption=f"Left: absolute difference of test accuracy. Centre: debiased CKA of sentence vectors ({layer} layer). "
        f"Right: Sinkhorn distance of the outputs on the parallel test sets ({analysis.sinkhorn_space}, "
        f"{analysis.sinkhorn_cost} cost, reg {analysis.sinkhorn_reg}). Dots are seeds ({seed_range(runs)} a cell); bars are "
        f"{100 * analysis.level:g} % t intervals of their mean, where there are at least 3 (of two seeds the bar is longer than the panel; the CSV has it).",
        alt="Three panels of dots and bars by language pair, one colour a representation.",
        signature=evidence.signature(
            f"reg:{analysis.sinkhorn_reg}",
            f"cost:{analysis.sinkhorn_cost}",
            f"space:{analysis.sinkhorn_space}",
            runs=runs,
        ),
        **content,
    )
