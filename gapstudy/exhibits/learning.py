"""Learning curves: did the models converge, and which epochs were chosen?

Paper: none; section 3.5 gives the training settings alone. Read from ``history.csv`` of every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.errors import StoreError
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.drawing import GREY, Drawing, figure
from gapstudy.exhibits.evidence import Evidence, seed_range
from gapstudy.exhibits.looks import Look, of_representations
from gapstudy.exhibits.marks import band, key_of_looks
from gapstudy.exhibits.text import NAMES, counted
from gapstudy.store import Run

__all__ = ["Curve", "compute", "curve_of"]

_NONE = (float("nan"), float("nan"))
_MEASURES = {"score": "development {metric} (%)", "loss": "training loss"}


@dataclass(frozen=True, slots=True)
class Curve:
    """The runs of one representation on one task, epoch by epoch.

    Attributes
    ----------
    metric : name of the score.
    epochs : those that at least half of the runs have.
    score, loss : (3, epochs): mean over seeds, least and greatest seed; a seed's value is its mean over languages.
    chosen : epoch -> how many runs chose it.
    seeds, runs : how many there are.
    """

    task: str
    representation: str
    metric: str
    epochs: tuple[int, ...]
    score: npt.NDArray[np.float64]
    loss: npt.NDArray[np.float64]
    chosen: dict[int, int]
    seeds: int
    runs: int


def compute(evidence: Evidence, folder: Path) -> Exhibit:
    """Compute a curve for each task and representation and draw them into ``folder``."""
    curves: list[Curve] = []
    missing: list[str] = []
    for task, spec in evidence.study.tasks.items():
        for name in spec.representations:
            made = curve_of(task, name, evidence.runs_of([task], [name]))
            curves += [made] if isinstance(made, Curve) else []
            missing += [f"{task}, {name}: {made}"] if isinstance(made, str) else []
    path = folder / "figures" / "learning.svg"
    if curves:
        _draw(evidence, path, curves)
    else:
        path.unlink(missing_ok=True)  # of an earlier report
    return Exhibit(
        key="learning",
        kind="figure",
        title="Learning curves",
        caption="Score on the development set and training loss by epoch: mean over languages and seeds, with the least and the greatest seed as "
        "a band. The larger a mark, the more runs chose that epoch.",
        method=f"A seed's value is the mean over the languages of the task whose run has the epoch; epochs that fewer than half of the runs reached are left out. Seeds: {seed_range(evidence.runs)} a cell. "
        "A run keeps the weights of its epoch with the highest development score.",
        alt=_alt(curves),
        signature=evidence.signature("band:least and greatest seed"),
        images=(Path("figures") / path.name,) if curves else (),
        data={
            f"{c.task}/{c.representation}": {"chosen": {str(k): v for k, v in c.chosen.items()}, "runs": c.runs}
            for c in curves
        },
        records=tuple(row for curve in curves for row in _records(curve)),
        missing=tuple(missing),
        runs=tuple(run.run_id for run in evidence.runs),
    )


def curve_of(task: str, representation: str, runs: Sequence[Run]) -> Curve | str:
    """Return the curve of some runs of one task and representation, or why there is none.

    Seeds that lack a language are left out, unless every seed does.
    """
    if not runs:
        return "no finished run"
    metric = str(runs[0].record.get("primary", ""))
    try:
        histories = [
            {round(row["epoch"]): (row[f"dev_{metric}"], row["train_loss"]) for row in run.history()} for run in runs
        ]
    except StoreError as error:
        return str(error)
    except KeyError as error:
        return f"the histories have no column {error.args[0]!r}"
    had = Counter(epoch for rows in histories for epoch in rows)
    epochs = sorted(epoch for epoch, count in had.items() if 2 * count >= len(runs))  # some may have stopped early
    if not epochs:
        return "no epoch is in half of the histories"
    values = {
        run.run_id: np.array([rows.get(e, _NONE) for e in epochs]).T for run, rows in zip(runs, histories, strict=True)
    }
    languages = {run.cell.language for run in runs}
    whole = [
        s for s in sorted({run.seed for run in runs}) if {r.cell.language for r in runs if r.seed == s} == languages
    ]
    groups = [[r for r in runs if r.seed == s] for s in whole] or [list(runs)]
    by_seed = np.ma.stack([_mean([values[r.run_id] for r in group]) for group in groups])  # (seeds, 2, epochs)
    summary = np.ma.stack([by_seed.mean(axis=0), by_seed.min(axis=0), by_seed.max(axis=0)]).filled(np.nan)
    chosen = Counter(int(run.record["best_epoch"]) for run in runs if "best_epoch" in run.record)
    return Curve(task, representation, metric, tuple(epochs), summary[:, 0], summary[:, 1], dict(sorted(chosen.items())),
                 len(groups), len(runs))  # fmt: skip


def _mean(arrays: Sequence[npt.NDArray[np.float64]]) -> Any:
    """Mean over what has a value, masked where nothing has."""
    return np.ma.masked_invalid(np.stack(arrays)).mean(axis=0)


def _draw(evidence: Evidence, path: Path, curves: Sequence[Curve]) -> None:
    """Draw a column a task: scores above, losses below."""
    tasks = list(dict.fromkeys(c.task for c in curves))
    looks = of_representations(evidence.study, dict.fromkeys(c.representation for c in curves))
    with figure(path, len(tasks), 2, height=3.6, margins=(0.45, 0.08, 0.38, 0.5), gaps=(0.5, 0.22)) as drawing:
        for k, (measure, text) in enumerate(_MEASURES.items()):
            for j, task in enumerate(tasks):
                axis, own = drawing.axes[k * len(tasks) + j], [c for c in curves if c.task == task]
                for curve in own:
                    _curve(drawing, axis, curve, looks[curve.representation], measure)
                _epochs_axis(axis, own, last=measure == "loss")
                if measure == "score":
                    axis.set_title(NAMES[task])
                axis.set_ylabel(text.format(metric=_spelt(own[0].metric)) if j == 0 or measure == "score" else "")
        key_of_looks(drawing, looks.values(), lines=True, extra=_key(), at=(0.01, 0.99))


def _curve(drawing: Drawing, axis: Any, curve: Curve, look: Look, measure: str) -> None:
    mean, low, high = getattr(curve, measure)
    if curve.seeds > 1:
        band(axis, curve.epochs, low, high, look)
    axis.plot(curve.epochs, mean, color=look.colour, linestyle=look.line, zorder=3)
    shares = np.array([curve.chosen.get(e, 0) / curve.runs for e in curve.epochs])
    marks = axis.scatter(curve.epochs, mean, s=5 + 50 * shares if measure == "score" else 8, color=look.colour,
                         marker=look.marker, linewidths=0.4, edgecolors="#222222", zorder=4)  # fmt: skip
    texts = (
        f"{curve.task}, {curve.representation}, epoch {e}: {'score' if measure == 'score' else 'loss'} {m:.3g} "
        f"(least {a:.3g}, greatest {b:.3g} of {counted(curve.seeds, 'seed')}), chosen by {curve.chosen.get(e, 0)} of {counted(curve.runs, 'run')}"
        for e, m, a, b in zip(curve.epochs, mean, low, high, strict=True)
    )
    drawing.value(marks, *texts)


def _epochs_axis(axis: Any, curves: Sequence[Curve], *, last: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    first, final = min(c.epochs[0] for c in curves), max(c.epochs[-1] for c in curves)
    axis.set_xlim(first - 0.3, final + 0.3)
    axis.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    axis.tick_params(axis="x", labelbottom=last)
    if last:
        axis.set_xlabel("epoch")
        axis.set_ylim(bottom=0.0)


def _spelt(metric: str) -> str:
    """Return the name of a metric as it is written.

    >>> _spelt("entity_f1"), _spelt("accuracy")
    ('entity F1', 'accuracy')
    """
    return metric.replace("_", " ").replace("f1", "F1")


def _key() -> list[Any]:
    from matplotlib.lines import Line2D

    return [
        Line2D(
            [],
            [],
            color=GREY,
            linestyle="none",
            marker="o",
            markersize=size,
            markeredgecolor="#222222",
            markeredgewidth=0.4,
            label=text,
        )
        for size, text in ((5.0**0.5, "chosen by no run"), (55.0**0.5, "by every run"))
    ]


def _records(curve: Curve) -> list[dict[str, Any]]:
    return [
        {"task": curve.task, "representation": curve.representation, "epoch": epoch, "metric": curve.metric,
         **{f"{name}_{part}": float(getattr(curve, name)[k, i]) for name in _MEASURES for k, part in enumerate(("mean", "least", "greatest"))},
         "seeds": curve.seeds, "runs": curve.runs, "chosen_by": curve.chosen.get(epoch, 0)}
        for i, epoch in enumerate(curve.epochs)
    ]  # fmt: skip


def _alt(curves: Sequence[Curve]) -> str:
    """Say where each curve begins and ends, and the epoch chosen most often."""
    told = [
        f"{c.task} {c.representation} from {c.score[0, 0]:.0f} to {c.score[0, -1]:.0f} (epoch {_most(c.chosen)} chosen most often)"
        for c in curves
    ]
    return f"Development scores from the first to the last epoch, with training losses below: {'; '.join(told)}."


def _most(chosen: Mapping[int, int]) -> int:
    return max(chosen, key=lambda epoch: (chosen[epoch], -epoch), default=0)
