"""The grid of Table 5: what ``gapstudy sweep`` tries, and how it chooses.

Paper: appendix B (the best validation performance decides). A point is trained like any run, in a store of its own
below the study's (``runs/<study>/sweep``), so that no run of a sweep is taken for one of the study.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from gapstudy import __version__
from gapstudy.chosen import SWEPT, Choice, asked, own_hyper, prepared_for, read_chosen, write_chosen
from gapstudy.errors import DIVERGED, StudyFileError
from gapstudy.store import Run, RunStore, State
from gapstudy.study import Cell, Hyper, RunSpec, Study, Sweep

if TYPE_CHECKING:
    from gapstudy.prepared import Prepared

__all__ = ["FOLDER", "Point", "choose", "grid", "keep", "points", "store_of", "swept_cells"]

FOLDER = "sweep"
"""Name that the sweep's runs have in the study's folder."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a cell's grid: its hyper-parameters, and the runs (one a seed) that judge it."""

    cell: Cell
    hyper: Hyper
    specs: tuple[RunSpec, ...]

    @property
    def values(self) -> dict[str, float | str]:
        """The hyper-parameters that a grid may vary."""
        return {key: getattr(self.hyper, key) for key in SWEPT}


def store_of(store: RunStore, study: str) -> RunStore:
    """Return the store in which the sweep's runs of ``study`` are, under the name :data:`FOLDER`."""
    return RunStore(store.study(study).folder)


def swept_cells(study: Study, where: str) -> list[Cell]:
    """Return the cells whose task has a grid; ``where`` names the study file in the error.

    Raises
    ------
    StudyFileError
        If there is none, with what to write.
    """
    cells = [cell for cell in study.cells() if study.tasks[cell.task].sweep is not None]
    if not cells:
        task = next(iter(study.tasks))
        example = f"[tasks.{task}.sweep] with learning_rates = [1e-5, 3e-5], weight_decays = [0.0, 0.01], seeds = 1"
        raise StudyFileError(where, [f"there is no grid for {', '.join(study.tasks)}; write for example {example}"])
    return cells


def grid(sweep: Sweep, hyper: Hyper) -> list[Hyper]:
    """Return every point of ``sweep`` around ``hyper``: learning rates outermost, then decays, then schedules."""
    rates = sweep.learning_rates or (hyper.learning_rate,)
    decays = sweep.weight_decays or (hyper.weight_decay,)
    schedules = sweep.schedules or (hyper.schedule,)
    return [
        hyper.model_copy(update=dict(zip(SWEPT, values, strict=True))) for values in product(rates, decays, schedules)
    ]


def points(study: Study, ready: Prepared, cells: list[Cell]) -> list[Point]:
    """Return every point of every cell, cell by cell, so that a sweep that is stopped early has whole cells.

    ``study`` is as its file says: an earlier choice does not move the grid.
    """
    found: list[Point] = []
    for cell in cells:
        sweep = study.tasks[cell.task].sweep or Sweep()
        for hyper in grid(sweep, own_hyper(study, cell.name)):
            specs = (ready.trying(cell, hyper).spec(cell, seed) for seed in range(sweep.seeds))
            found.append(Point(cell, hyper, tuple(specs)))
    return found


def choose(study: Study, ready: Prepared, tried: list[Point], runs: RunStore) -> tuple[dict[str, Choice], list[str]]:
    """Return the choice of every cell whose runs are all finished, and the runs that are missing for the others.

    The best mean over seeds of the primary dev score at each run's best epoch decides; of equal ones the first of the
    grid. A point at which a run diverged is worse than any other. Test scores are not looked at.
    """
    chosen: dict[str, Choice] = {}
    missing: list[str] = []
    for cell in dict.fromkeys(point.cell for point in tried):
        own = [point for point in tried if point.cell == cell]
        lacking = [run_id for point in own for run_id in _unfinished(point, runs)]
        missing += lacking
        diverged = [spec.run_id for point in own for spec in point.specs if _diverged(spec, runs)]
        if len(diverged) == sum(len(point.specs) for point in own):
            missing += diverged
        elif not lacking:
            chosen[cell.name] = _best(study, ready, own, runs)
    return chosen, missing


def _unfinished(point: Point, runs: RunStore) -> Iterator[str]:
    for spec in point.specs:
        if runs.state(FOLDER, spec.run_id) is not State.DONE and not _diverged(spec, runs):
            yield spec.run_id


def _diverged(spec: RunSpec, runs: RunStore) -> bool:
    """Whether a run ended because its loss or outputs were no longer finite."""
    if runs.state(FOLDER, spec.run_id) is not State.FAILED:
        return False
    return DIVERGED in runs.study(FOLDER).run(spec.run_id).error.read_text(encoding="utf-8")


def _best(study: Study, ready: Prepared, own: list[Point], runs: RunStore) -> Choice:
    cell = own[0].cell
    scores = [[_dev(spec, runs) for spec in point.specs] for point in own]
    means = [None if None in row else sum(s for s in row if s is not None) / len(row) for row in scores]
    top = max(mean for mean in means if mean is not None)
    best = means.index(top)
    settings = ready.content["cells"][cell.name]["settings"]
    return Choice(
        values=own[best].values,
        dev=top,
        metric=settings["primary"],
        points=len(own),
        seeds=len(own[best].specs),
        grid=[{**point.values, "dev": mean, "dev_scores": row}
              for point, mean, row in zip(own, means, scores, strict=True)],
        asked=asked(study.tasks[cell.task], cell.representation, cell.language),
        prepared_for=prepared_for(settings),
        gapstudy=__version__,
    )  # fmt: skip


def _dev(spec: RunSpec, runs: RunStore) -> float | None:
    if _diverged(spec, runs):
        return None
    return Run.read(runs.study(FOLDER).run(spec.run_id).folder).score(split="dev")


def keep(store: RunStore, study: str, chosen: dict[str, Choice]) -> None:
    """Write choices to ``chosen.json``; those of other cells stay.

    Raises
    ------
    StoreError
        If there is such a file that cannot be read.
    """
    path = store.study(study).chosen
    write_chosen(path, {**read_chosen(path), **chosen})
