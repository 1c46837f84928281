"""Debiased CKA by layer as a picture: where fine-tuning brings the languages together, or apart.

Paper: none; the numbers are those of :mod:`gapstudy.exhibits.layers`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.drawing import GREY, Drawing, figure, label
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.layers import METHOD, LayerRow, layer_rows, runs_behind_layers
from gapstudy.exhibits.looks import Look, of_representations
from gapstudy.exhibits.marks import Pane, columns_at, estimate_mark, key_of_looks, told
from gapstudy.exhibits.text import NAMES, number
from gapstudy.stats import Estimate

__all__ = ["compute"]

_TIMES = {"before": "before fine-tuning", "after": "after it"}


def compute(evidence: Evidence, folder: Path) -> Exhibit:
    """Draw the rows of the table of layers into ``folder``, a panel a task."""
    rows, missing = layer_rows(evidence)
    path = folder / "figures" / "layer-curves.svg"
    if rows:
        _draw(evidence, path, rows)
    else:
        path.unlink(missing_ok=True)  # of an earlier report
    level = evidence.study.analysis.level
    return Exhibit(
        key="layer-curves",
        kind="figure",
        title="CKA by layer, before and after fine-tuning",
        caption="Mean debiased CKA over pairs of languages by layer: hollow marks before fine-tuning, filled marks after it.",
        method=METHOD.format(level=f"{100 * level:g}"),
        alt=_alt(rows),
        signature=evidence.signature("cka:debiased", f"level:{level}", "ci:jackknife"),
        images=(Path("figures") / path.name,) if rows else (),
        data={"rows": [f"{row.task}/{row.representation}/{row.layer}" for row in rows], "same-as": "layers"},
        records=tuple(
            {"task": row.task, "representation": row.representation, "layer": row.layer, "measure": name, "value": e.value,
             "low": e.low, "high": e.high}
            for row in rows for name, e in _both(row)
        ),
        missing=missing,
        runs=runs_behind_layers(evidence, rows),
    )  # fmt: skip


def _both(row: LayerRow) -> list[tuple[str, Estimate]]:
    return [(name, e) for name in _TIMES if (e := getattr(row, name)) is not None]


def _draw(evidence: Evidence, path: Path, rows: Sequence[LayerRow]) -> None:
    tasks = list(dict.fromkeys(row.task for row in rows))
    looks = of_representations(evidence.study, dict.fromkeys(row.representation for row in rows))
    ends = [end for row in rows for _, e in _both(row) for end in (e.value, e.low, e.high) if np.isfinite(end)]
    room = 0.06 * (max(ends) - min(ends)) or 0.05
    with figure(path, len(tasks), height=2.3, margins=(0.45, 0.06, 0.38, 0.5), gaps=(0.32, 0.0)) as drawing:
        for axis, task in zip(drawing.axes, tasks, strict=True):
            _panel(drawing, axis, [row for row in rows if row.task == task], looks)
            axis.set_title(NAMES[task])
            axis.set_ylim(min(ends) - room, max(ends) + room)
        drawing.axes[0].set_ylabel("mean debiased CKA")
        key_of_looks(drawing, looks.values(), lines=True, extra=_key(), at=(0.01, 0.99))


def _panel(drawing: Drawing, axis: Any, rows: Sequence[LayerRow], looks: Mapping[str, Look]) -> None:
    """Draw a line a representation through its layers, before and after."""
    pane, layers = Pane(drawing, axis), list(dict.fromkeys(row.layer for row in rows))
    names = list(dict.fromkeys(row.representation for row in rows))
    places = columns_at(2 * len(names), 0.66)
    for k, name in enumerate(names):
        own = {row.layer: row for row in rows if row.representation == name}
        for j, when in enumerate(_TIMES):
            line = [(i + places[2 * k + j], e) for i, layer in enumerate(layers)
                    if layer in own and (e := getattr(own[layer], when)) is not None]  # fmt: skip
            axis.plot([x for x, _ in line], [e.value for _, e in line], color=looks[name].colour, linewidth=0.9,
                      linestyle=looks[name].line, alpha=0.45 if when == "before" else 1.0, zorder=2)  # fmt: skip
            for x, e in line:
                who = f"{name}, layer {layers[round(x)]}, {_TIMES[when]}"
                estimate_mark(pane, x, e, looks[name], told(who, "mean CKA", e, 3, "sentence"),
                              hollow=when == "before", size=4.0)  # fmt: skip
    axis.set_xticks(range(len(layers)), [label(layer) for layer in layers])
    axis.set_xlim(-0.5, len(layers) - 0.5)
    axis.set_xlabel("layer")


def _key() -> list[Any]:
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=GREY, linestyle="none", marker="o", markersize=4.0, label=text, markeredgewidth=0.8,
               markerfacecolor="white" if name == "before" else GREY)
        for name, text in _TIMES.items()
    ]  # fmt: skip


def _alt(rows: Sequence[LayerRow]) -> str:
    """Say each row's values."""
    told = [
        f"{row.task} {row.representation} {row.layer} " + " to ".join(number(e.value, 2) for _, e in _both(row))
        for row in rows[:24]
    ]
    return f"Mean CKA by task, representation and layer, before to after fine-tuning: {'; '.join(told)}."
