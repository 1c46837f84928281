"""The gap against CKA, pair by pair: what Table 3 correlates, before it becomes one number.

Paper: none; section 4.4 pools the pairs. A correlation of all points may come from the difference between two pairs
alone (Simpson's paradox), so each pair has its own line here, beside the pooled one.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gapstudy.errors import PseudoReplicationWarning
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.drawing import INK, Drawing, figure, label
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.looks import Look, of_languages
from gapstudy.exhibits.marks import key_of_looks
from gapstudy.exhibits.pairs import PairPoint, lacking, pair_points
from gapstudy.exhibits.text import interval, number
from gapstudy.stats import Estimate, correlation

__all__ = ["Association", "compute"]


_STYLES = ("-", (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)), (0, (3, 1)))  # of the lines of pairs, for grey print
_POOLED = (0, (7, 3))


@dataclass(frozen=True, slots=True)
class Association:
    """Spearman's correlation of gap and CKA of one representation, over all points and within pairs."""

    pooled: Estimate
    within: Estimate


def compute(evidence: Evidence, folder: Path) -> Exhibit:
    """Compute the scatter from the XNLI runs of every representation and draw it into ``folder``."""
    spec = evidence.study.tasks.get("xnli")
    found = {
        r: [p for p in pair_points(evidence, r) if not math.isnan(p.gap)]
        for r in (spec.representations if spec else ())
    }
    points = {r: own for r, own in found.items() if own}
    path = folder / "figures" / "gap-cka.svg"
    if not points:
        path.unlink(missing_ok=True)  # of an earlier report
        return _exhibit(evidence, missing=lacking(evidence))
    tried = {r: _association(evidence, own) for r, own in points.items()}
    known = {r: a for r, a in tried.items() if isinstance(a, Association)}
    _draw(evidence, path, points, known)
    return _exhibit(
        evidence,
        images=(Path("figures") / path.name,),
        data={"correlations": known, "points": sum(map(len, points.values()))},
        records=tuple(_records(points, known)),
        missing=(*lacking(evidence), *(f"{r}: no correlation: {a}" for r, a in tried.items() if isinstance(a, str))),
        alt=_alt(points, known),
    )


def _association(evidence: Evidence, points: Sequence[PairPoint]) -> Association | str:
    """Return both correlations, or why there are none. Within pairs with the very draws of Table 3."""
    analysis = evidence.study.analysis
    gap, similarity = np.array([p.gap for p in points]), np.array([p.cka for p in points])
    seeds, languages = [p.seed for p in points], [p.language for p in points]
    options: dict[str, Any] = {"method": "spearman", "n_resamples": analysis.resamples, "level": analysis.level}
    draws = evidence.rng("table3/cka/spearman")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PseudoReplicationWarning)  # that is what the figure shows
            correlation(similarity, gap, rng=draws, **options)  # Table 3 draws for its pooled row first
            pooled = correlation(similarity, gap, clusters=seeds, rng=evidence.rng("gap-cka/pooled"), **options)
        within = correlation(similarity, gap, clusters=seeds, groups=languages, rng=draws, **options)
    except ValueError as error:
        return str(error)
    return Association(pooled, within)


def _draw(
    evidence: Evidence, path: Path, points: Mapping[str, Sequence[PairPoint]], known: Mapping[str, Association]
) -> None:
    codes = [c for c in evidence.spec("xnli").languages if any(p.language == c for own in points.values() for p in own)]
    reference = evidence.study.analysis.reference
    looks = {
        code: replace(look, line=_STYLES[i % len(_STYLES)], name=f"{reference}–{code}")
        for i, (code, look) in enumerate(of_languages(codes).items())
    }
    keys = math.ceil((len(looks) + 1) / 6)
    highest = max(p.gap for own in points.values() for p in own)
    with figure(
        path, len(points), height=2.55 + 0.15 * keys, margins=(0.42, 0.08, 0.38, 0.58 + 0.15 * keys), gaps=(0.3, 0.0)
    ) as drawing:
        for axis, (name, own) in zip(drawing.axes, points.items(), strict=True):
            _panel(drawing, axis, reference, own, looks)
            axis.set_ylim(-0.03 * highest, 1.06 * highest or 1.0)
            axis.set_title(label(name), pad=22)
            axis.text(
                0.0,
                1.025,
                _said(known.get(name)),
                transform=axis.transAxes,
                fontsize=6.5,
                va="bottom",
                linespacing=1.25,
            )
        drawing.axes[0].set_ylabel("performance gap (RPD, %)")
        key_of_looks(drawing, looks.values(), lines=True, extra=_pooled_key(), at=(0.01, 0.99))


def _panel(drawing: Drawing, axis: Any, reference: str, points: Sequence[PairPoint], looks: Mapping[str, Look]) -> None:
    """Draw the points of each pair with their line, and the line of all points."""
    _line(axis, points, INK, _POOLED, 1.1)
    for code in dict.fromkeys(p.language for p in points):
        own, look = [p for p in points if p.language == code], looks[code]
        dots = axis.scatter([p.cka for p in own], [p.gap for p in own], s=15, color=look.colour, marker=look.marker,
                            linewidths=0, alpha=0.85, zorder=3)  # fmt: skip
        texts = (
            f"{reference}–{code}, {p.representation}, seed {p.seed}: CKA {p.cka:.3f}, gap {p.gap:.1f} %" for p in own
        )
        drawing.value(dots, *texts)
        _line(axis, own, look.colour, look.line, 1.3)
    axis.set_xlabel("CKA")
    axis.margins(x=0.06)
    axis.locator_params(axis="x", nbins=5)


def _line(axis: Any, points: Sequence[PairPoint], colour: str, style: Any, width: float) -> None:
    """Draw the least-squares line over the range of its points, where there is one."""
    x, y = np.array([p.cka for p in points]), np.array([p.gap for p in points])
    if len(x) < 3 or float(np.ptp(x)) <= 1e-9:
        return
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    ends = np.array([x.min(), x.max()])
    axis.plot(ends, y.mean() + slope * (ends - x.mean()), color=colour, linestyle=style, linewidth=width, zorder=2)


def _pooled_key() -> list[Any]:
    from matplotlib.lines import Line2D

    return [Line2D([], [], color=INK, linewidth=1.1, linestyle=_POOLED, label="all points")]


def _said(found: Association | None) -> str:
    """Return both correlations as two lines."""
    if found is None:
        return "no correlation"
    rows = (("all points", found.pooled), ("within pairs", found.within))
    return "\n".join(f"ρ {name}: {number(e.value, 2)} {interval(e, 2)}".replace("-", "−").rstrip() for name, e in rows)


def _records(points: Mapping[str, Sequence[PairPoint]], known: Mapping[str, Association]) -> Iterator[dict[str, Any]]:
    nan = float("nan")
    for name, own in points.items():
        for p in own:
            yield {"what": "point", "representation": name, "language": p.language, "seed": p.seed, "cka": p.cka, "gap": p.gap,
                   "value": nan, "low": nan, "high": nan, "n": nan}  # fmt: skip
    for name, found in known.items():
        for what, e in (("rho of all points", found.pooled), ("rho within pairs", found.within)):
            yield {"what": what, "representation": name, "language": "", "seed": nan, "cka": nan, "gap": nan,
                   "value": e.value, "low": e.low, "high": e.high, "n": e.n}  # fmt: skip


def _alt(points: Mapping[str, Sequence[PairPoint]], known: Mapping[str, Association]) -> str:
    """Say how many points each panel has, and both correlations."""
    parts = [
        f"{name}: {len(own)} points" + (f", {_said(known[name])}".replace("\n", ", ") if name in known else "")
        for name, own in points.items()
    ]
    return f"Scatter of the performance gap over CKA, a panel a representation. {'; '.join(parts)}."


def _exhibit(evidence: Evidence, **content: Any) -> Exhibit:
    analysis = evidence.study.analysis
    runs = evidence.runs_of(["xnli"])
    layer = evidence.spec("xnli").sentence_layer if "xnli" in evidence.study.tasks else "last"
    return Exhibit(
        key="gap-cka",
        kind="figure",
        title="Performance gap against CKA, pair by pair",
        caption="A point is one seed of one language pair on XNLI: its gap (RPD) and the CKA of its sentence vectors. Where the lines of the pairs "
        "do not go the way of the line of all points, the pooled correlation comes from the difference between pairs.",
        method=f"Plain CKA, {layer} layer, as in Table 3. Lines are least squares; ρ is Spearman's, with {100 * analysis.level:g} % intervals over "
        f"{analysis.resamples:,} resamples of whole seeds (BCa where defined). *Within pairs*: ranks within each pair.",
        signature=evidence.signature(
            f"resamples:{analysis.resamples}", "cka:plain", "gap:rpd", "ci:bca over seeds", runs=runs
        ),
        runs=tuple(run.run_id for run in runs),
        **{"alt": "Scatter of the performance gap over CKA."} | content,
    )
