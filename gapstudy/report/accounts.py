"""The accounts of a study: its runs with time and energy, a line each, and those that are not in the report."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from gapstudy.exhibits.base import Cell, Exhibit
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import NAMES, counted
from gapstudy.report.circumstances import NOT_RECORDED, SHOWN, Circumstances, device_of, listed, made_of
from gapstudy.report.markup import literal
from gapstudy.report.power import CORE_WATTS, run_kwh
from gapstudy.store import Run
from gapstudy.store.places import without_places

__all__ = ["left_out", "method", "runs_table"]

_METHOD = (
    f"*Energy* is an estimate and was not measured: hours × {CORE_WATTS:g} W for each busy processor core [@lannelongue2021], "
    "and on a GPU its board power by the data sheet beside one core [@lacoste2019], both in full for the whole time; {memory}. "
    "PUE is taken as 1.0: cooling is not counted. Hours are {what} of the runs in this report; preparation, "
    "pre-training of encoders, failed and repeated runs, and the statistics are not in them.{unknown}"
)


def _hours(run: Run) -> float:
    timings = run.record.get("timings", {})
    return sum(_amount(timings.get(key)) for key in ("fit_seconds", "measure_seconds")) / 3600.0


def _amount(value: Any) -> float:
    """Return a number that is more than 0, else 0: what a record holds was perhaps never written, or edited."""
    good = isinstance(value, int | float) and math.isfinite(value) and value > 0
    return float(value) if good else 0.0


def _kwh(run: Run) -> float | None:
    made = made_of(run)
    return run_kwh(
        _hours(run),
        device=str(made.get("device", "")),
        name=str(made.get("device_name", "")),
        threads=_amount(made.get("threads")) or 1.0,
        memory_gib=_amount(made.get("peak_mib")) / 1024.0,
    )


def runs_table(evidence: Evidence, around: Circumstances) -> Exhibit:
    """Count runs, hours and energy by task and representation; its CSV has a line a run."""
    others = Counter(_cell_of(run_id)[:2] for run_id in (*around.excluded, *around.unfinished))
    groups: dict[tuple[str, str], list[Run]] = {key: [] for key in _groups(evidence)}
    for run in evidence.runs:
        groups.setdefault((run.cell.task, run.cell.representation), []).append(run)
    total_kwh = sum(kwh for run in evidence.runs if (kwh := _kwh(run)) is not None)
    unit, scale = ("kWh", 1.0) if total_kwh >= 0.1 else ("Wh", 1000.0)
    rows: list[tuple[Cell, ...]] = []
    for task in dict.fromkeys(task for task, _ in groups):
        rows.append((Cell(NAMES.get(task, task), heading=True),))
        rows += [
            (Cell(name, heading=True), *_amounts(runs, others[task, name], scale))
            for (t, name), runs in groups.items()
            if t == task
        ]
    rows.append((Cell("All", heading=True), *_amounts(evidence.runs, sum(others.values()), scale)))
    header = (("",), ("Runs",), ("Left out",), ("CPU hours",), ("GPU hours",), (f"Energy ({unit})",))
    return listed(
        "runs", "Runs, time and energy", header, rows, "lrrrrr",
        records=list(_lines(evidence, around)),
        data={"kwh": total_kwh, "hours": sum(map(_hours, evidence.runs)), "of_unknown_power": _unknown(evidence.runs)},
    )  # fmt: skip


def _groups(evidence: Evidence) -> list[tuple[str, str]]:
    return [(name, r) for name, task in evidence.study.tasks.items() for r in task.representations]


def _amounts(runs: Sequence[Run], others: int, scale: float) -> tuple[Cell, ...]:
    hours = {"cpu": 0.0, "cuda": 0.0}
    for run in runs:
        device = str(made_of(run).get("device", ""))
        if device in hours:
            hours[device] += _hours(run)
    known = [kwh for run in runs if (kwh := _kwh(run)) is not None]
    energy = f"{scale * sum(known):.2f}" if known else "unknown" if runs else "–"
    return (Cell(str(len(runs))), Cell(str(others)), *(Cell(f"{h:.2f}" if h else "–") for h in hours.values()),
            Cell(energy))  # fmt: skip


def _unknown(runs: Sequence[Run]) -> int:
    return sum(_kwh(run) is None for run in runs)


def method(runs: Sequence[Run]) -> str:
    """Return what the estimate of the energy assumes, and what it does not count."""
    measured = sum("measure_seconds" in run.record.get("timings", {}) for run in runs)
    remembered = sum(_amount(made_of(run).get("peak_mib")) > 0 for run in runs)
    unknown = _unknown(runs)
    names = sorted({without_places(device_of(made_of(run))) or NOT_RECORDED for run in runs if _kwh(run) is None})
    return _METHOD.format(
        memory="memory counts 0.3725 W a GB, by the most that the process held"
        if remembered == len(runs)
        else "memory is not counted, for how much was used was not recorded" + (" of every run" if remembered else ""),
        what="training and evaluation" if measured == len(runs) else "training",
        unknown=f" The power of {counted(unknown, 'run')} on {literal(', '.join(names[:4]))} is not known, and their energy not counted."
        if unknown
        else "",
    )


def _lines(evidence: Evidence, around: Circumstances) -> Iterator[dict[str, Any]]:
    """Yield a record a run: those of the report, those left out and those that are not finished."""
    for run in evidence.runs:
        made, kwh = made_of(run), _kwh(run)
        timings = run.record.get("timings", {})
        yield {
            **_line(run.run_id, (run.cell.task, run.cell.representation, run.cell.language, str(run.seed))),
            "metric": run.record["primary"], "score": run.score(_scored(run)), "best_epoch": run.record.get("best_epoch", ""),
            "fit_seconds": timings.get("fit_seconds", ""), "measure_seconds": timings.get("measure_seconds", ""),
            "device": made.get("device", ""), "device_name": without_places(str(made.get("device_name", ""))),
            "kwh_estimate": "" if kwh is None else f"{kwh:.6g}", "finished": made.get("finished", ""),
            "gapstudy": made.get("gapstudy", ""), "commit": made.get("commit", ""),
            "sha256": evidence.content_of(run), "included": "yes", "why_not": "",
        }  # fmt: skip
    empty = dict.fromkeys(("metric", "score", "best_epoch", "fit_seconds", "measure_seconds", "device", "device_name",
                           "kwh_estimate", "finished", "gapstudy", "commit", "sha256"), "")  # fmt: skip
    for run_id, why in {**around.excluded, **around.unfinished}.items():
        yield {**_line(run_id, _cell_of(run_id)), **empty, "included": "no", "why_not": without_places(why)}


def _scored(run: Run) -> str:
    """Return the language whose score is shown: the run's own, or the first that it was tested on."""
    tested = [code for code, splits in run.record["metrics"].items() if "test" in splits]
    return run.cell.language if run.cell.language in tested else tested[0]


def _line(run_id: str, cell: Sequence[str]) -> dict[str, str]:
    return {"run_id": run_id, **dict(zip(("task", "representation", "language", "seed"), cell, strict=True))}


def _cell_of(run_id: str) -> tuple[str, str, str, str]:
    """Take the name of a run apart; a folder with another name has no cell.

    >>> _cell_of("xnli-phoneme-swa-s07-3f9a12cd")
    ('xnli', 'phoneme', 'swa', '7')
    """
    parts = run_id.split("-")
    if len(parts) == 5 and parts[3][:1] == "s" and parts[3][1:].isdecimal():
        return parts[0], parts[1], parts[2], str(int(parts[3][1:]))
    return "", "", "", ""


def left_out(around: Circumstances) -> tuple[str | Exhibit, ...]:
    """Return the runs that are not in the report, with the reason; the first of each reason where there are many."""
    every = {**around.excluded, **around.unfinished}
    if not every:
        return ("Every planned run is finished and in the report.",)
    reasons: dict[str, list[str]] = {}
    for run_id, why in every.items():
        reasons.setdefault(without_places(why).replace(run_id, "it"), []).append(run_id)
    ranked = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    rows = [
        (Cell(str(len(names)), heading=True), Cell(why), Cell(_some(names)))
        for why, names in ranked[:SHOWN]
    ]  # fmt: skip
    rest = ranked[SHOWN:]
    if rest:
        names = [name for _, some in rest for name in some]
        rows.append(
            (Cell(str(len(names)), heading=True), Cell("other reasons, see tables/runs.csv"), Cell(_some(names)))
        )
    header = (("Runs",), ("Why they are not in the report",), ("Which",))
    exhibit = listed(
        "left-out",
        "Runs that are not in the report",
        header,
        rows,
        "lll",
        data={"runs": {run_id: without_places(why) for run_id, why in every.items()}},
    )
    return (
        f"{counted(len(every), 'run')} of the study {'is' if len(every) == 1 else 'are'} not in the report:",
        exhibit,
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more (tables/runs.csv)"
