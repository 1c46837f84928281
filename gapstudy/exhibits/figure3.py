"""Figure 3: performance gap, CKA and Sinkhorn distance on XNLI, for each representation and language pair.

Paper: Figure 3, sections 4.2 and 4.3. Dots are seeds; bars are t intervals of their mean, at the study's level. The
paper prints the gaps (Table 2), which stand as hollow marks beside ours; it prints no CKA and no Sinkhorn distance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.drawing import figure, label
from gapstudy.exhibits.evidence import Evidence, seed_range
from gapstudy.exhibits.looks import PAPER, Look, of_representations
from gapstudy.exhibits.marks import Pane, columns_at, estimate_mark, key_of_looks, paper_mark, seed_dots, told
from gapstudy.exhibits.pairs import PairPoint, lacking, pair_points, unconverged
from gapstudy.exhibits.published import TABLE2
from gapstudy.exhibits.text import number, seed_mean
from gapstudy.stats import Estimate

__all__ = ["compute"]

_PANELS = {
    "difference": ("Performance", "accuracy gap (points)", 1),
    "debiased_cka": ("Representations", "debiased CKA", 3),
    "sinkhorn": ("Outputs", "Sinkhorn distance", 3),
}
"""measure -> title, label of the axis, decimals."""

_DRAWN = 3  # seeds from which on a bar is drawn: Student's t for two is 12.7 standard errors
_SIDE_BY_SIDE = 4  # pairs up to which the three panels stand in one row

Points = Mapping[str, tuple[PairPoint, ...]]


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
    means = {key: seed_mean(values, level=evidence.study.analysis.level) for key, values in _values(points)}
    _draw(evidence, path, points, means)
    summary = [_record(evidence, *key, mean) for key, mean in means.items()]
    return _exhibit(
        evidence,
        images=(Path("figures") / path.name,),
        records=tuple(summary),
        data={"summary": summary, "points": [asdict(p) for p in every]},
        missing=lacking(evidence),
        notes=unconverged(evidence.study.analysis.reference, every),
        alt=_alt(evidence, means),
    )


Key = tuple[str, str, str]  # measure, representation, other language


def _values(points: Points) -> Iterator[tuple[Key, list[float]]]:
    for measure in _PANELS:
        for representation, found in points.items():
            for code in dict.fromkeys(p.language for p in found):
                yield (
                    (measure, representation, code),
                    [getattr(p, measure) for p in found if p.language == code],
                )


@dataclass(frozen=True, slots=True)
class _Content:
    """What the panels show."""

    reference: str
    points: Points
    means: Mapping[Key, Estimate]
    looks: Mapping[str, Look]
    kinds: Mapping[str, str]

    @property
    def codes(self) -> list[str]:
        """Return the other language of each pair."""
        return list(dict.fromkeys(code for _, _, code in self.means))


def _draw(evidence: Evidence, path: Path, points: Points, means: Mapping[Key, Estimate]) -> None:
    """Draw three panels in a row, or one above the other where there are many pairs."""
    study = evidence.study
    kinds = {r: study.representations[r].kind for r in points}
    content = _Content(study.analysis.reference, points, means, of_representations(study, points), kinds)
    wide = len(content.codes) <= _SIDE_BY_SIDE
    size: dict[str, Any] = {"columns": 3, "height": 2.35} if wide else {"rows": 3, "height": 5.65}
    with figure(path, **size, margins=(0.42, 0.06, 0.22 if wide else 0.5, 0.5), gaps=(0.5, 0.6)) as drawing:
        printed = 0
        for axis, (measure, (title, unit, _)) in zip(drawing.axes, _PANELS.items(), strict=True):
            axis.set_title(title)
            axis.set_ylabel(unit)
            _panel(Pane(drawing, axis), content, measure)
            printed += _printed(Pane(drawing, axis), content) if measure == "difference" else 0
            _pairs_axis(axis, content.reference, content.codes)
        key_of_looks(drawing, [*content.looks.values(), *([PAPER] if printed else [])], at=(0.01, 0.99))


def _panel(pane: Pane, content: _Content, measure: str) -> None:
    """Draw one measure: a group a pair, a column a representation."""
    _, what, digits = _PANELS[measure]
    for offset, (representation, found) in zip(columns_at(len(content.points)), content.points.items(), strict=True):
        look = content.looks[representation]
        for i, code in enumerate(content.codes):
            own = [p for p in found if p.language == code]
            if not own:
                continue
            who = f"{content.reference}–{code}, {representation}"
            texts = [f"{who}, seed {p.seed}: {what} {number(getattr(p, measure), digits)}" for p in own]
            seed_dots(pane, i + offset, [getattr(p, measure) for p in own], look, texts)
            mean = content.means[measure, representation, code]
            estimate_mark(pane, i + offset, mean, look, told(who, what, mean, digits), bar=mean.n >= _DRAWN)


def _printed(pane: Pane, content: _Content) -> int:
    """Draw the gaps that the paper prints for the same kinds and pairs; return how many there are."""
    if content.reference != "eng":
        return 0
    count = 0
    for offset, (name, look) in zip(columns_at(len(content.looks)), content.looks.items(), strict=True):
        kind = content.kinds[name]
        for i, code in enumerate(content.codes):
            if code in ("swa", "urd"):
                gap = TABLE2[kind][code][1]
                paper_mark(pane, i + offset + 0.095, gap, look, f"paper, Table 2: eng–{code}, {kind}: {gap:.2f} points")
                count += 1
    return count


def _pairs_axis(axis: Any, reference: str, codes: Sequence[str]) -> None:
    names = [label(f"{reference}–{code}") for code in codes]
    axis.set_xticks(range(len(codes)), names, rotation=90 if len(codes) > 12 else 0)
    axis.tick_params(axis="x", length=0)
    axis.set_xlim(-0.55, len(codes) - 0.45)


def _record(evidence: Evidence, measure: str, representation: str, code: str, mean: Estimate) -> dict[str, Any]:
    pair = f"{evidence.study.analysis.reference}-{code}"
    return {"measure": measure, "representation": representation, "pair": pair, "value": mean.value, "low": mean.low,
            "high": mean.high, "seeds": mean.n}  # fmt: skip


def _alt(evidence: Evidence, means: Mapping[Key, Estimate]) -> str:
    """Say the means of every panel."""
    reference = evidence.study.analysis.reference
    parts = []
    for measure, (title, unit, digits) in _PANELS.items():
        found = [(r, code, e) for (m, r, code), e in means.items() if m == measure]
        listed = ", ".join(f"{r} {reference}–{code} {number(e.value, digits)}" for r, code, e in found[:12])
        more = f" and {len(found) - 12} more" if len(found) > 12 else ""
        parts.append(f"{title}: {unit}, means over seeds: {listed}{more}.")
    return " ".join(parts)


def _exhibit(evidence: Evidence, **content: Any) -> Exhibit:
    analysis = evidence.study.analysis
    runs = evidence.runs_of(["xnli"])
    layer = evidence.spec("xnli").sentence_layer if "xnli" in evidence.study.tasks else "last"
    return Exhibit(
        key="figure3",
        kind="figure",
        title="XNLI: gap, CKA and Sinkhorn distance",
        caption="Absolute difference of test accuracy, debiased CKA of sentence vectors and Sinkhorn distance of the outputs, by "
        "language pair and representation. Small dots are seeds, large marks their means; "
        "hollow diamonds are the gaps that the paper prints in its Table 2.",
        method=f"CKA is of the {layer} layer; Sinkhorn distance of the outputs on the parallel test sets ({analysis.sinkhorn_space}, "
        f"{analysis.sinkhorn_cost} cost, reg {analysis.sinkhorn_reg}). Seeds: {seed_range(runs)} a cell; bars are "
        f"{100 * analysis.level:g} % t intervals of their mean, drawn from {_DRAWN} seeds on (of two the bar is longer than the panel; "
        "the CSV has it). The paper prints no CKA and no Sinkhorn distance on XNLI.",
        signature=evidence.signature(
            f"reg:{analysis.sinkhorn_reg}",
            f"cost:{analysis.sinkhorn_cost}",
            f"space:{analysis.sinkhorn_space}",
            runs=runs,
        ),
        runs=tuple(run.run_id for run in runs),
        **{"alt": "Three panels of dots and bars by language pair, one colour a representation."} | content,
    )
