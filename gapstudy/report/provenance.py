"""The last section: what made the runs and the report, what was left out, what it took, and how to make it all again."""

from __future__ import annotations

import math
import platform
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gapstudy import __version__
from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import NAMES, counted
from gapstudy.report.document import Section
from gapstudy.report.markup import literal
from gapstudy.report.power import CORE_WATTS, run_kwh
from gapstudy.report.studyfile import StudyFile, is_local, last_part, study_file, without_places
from gapstudy.store import Run

__all__ = ["Circumstances", "closing", "day_stamp", "engine", "written_study"]

_NONE = "not recorded"
_SHOWN = 12
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PACKAGES = ("numpy", "scipy", "pot", "scikit-learn", "statsmodels", "pandas", "matplotlib", "pydantic", "safetensors",
             "jinja2")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a report rests on beside its evidence.

    Attributes
    ----------
    excluded : run folder -> why a finished run is left out.
    unfinished : id of a planned run that is not finished -> what has become of it.
    engine : what renders the report, with versions; "" where that is not known.
    stamp : SOURCE_DATE_EPOCH that gives the same dates.
    """

    excluded: Mapping[str, str] = field(default_factory=dict)
    unfinished: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    stamp: int = 0


def closing(evidence: Evidence, around: Circumstances) -> list[Section]:
    """Return the sections on what the report was made from; empty without runs."""
    if not evidence.runs:
        return []
    return [
        Section(key="provenance", title="Provenance", body=(_said(evidence, around), _environment(evidence, around))),
        Section(key="fingerprints", title="Data and encoders", level=2,
                body=(_DATA, _fingerprints(evidence), _encoders(evidence))),
        Section(key="energy", title="Runs, time and energy", level=2,
                body=(_runs(evidence, around), _method(evidence.runs), *_left_out(around))),
        Section(key="commands", title="To make it again", level=2, body=tuple(_commands(evidence, around))),
    ]  # fmt: skip


def written_study(evidence: Evidence) -> StudyFile:
    """Return the study as it was trained, with the analysis of this report, as a file."""
    was, now = evidence.prepared["study"], evidence.study.model_dump(mode="json", by_alias=True)
    order = [name for name in now["tasks"] if name in was["tasks"]]
    tasks = {name: was["tasks"][name] for name in [*order, *(set(was["tasks"]) - set(order))]}
    return study_file({**was, "tasks": tasks, "analysis": now["analysis"], "description": now["description"]})


def engine() -> str:
    """Return the name and version of what will render the report, "" where there is nothing (rendering says so)."""
    import shutil
    from pathlib import Path

    from gapstudy.errors import RenderError
    from gapstudy.report.fallback import Fallback
    from gapstudy.report.quarto import Quarto

    found = shutil.which("quarto")
    try:
        return Quarto(Path(found)).version() if found else Fallback().version()
    except RenderError:
        return ""


# ---- environment --------------------------------------------------------------------------------------------
_DATA = (
    "Fingerprints are hashes of what a corpus holds, whatever file it came in: here their first 6 digits, in "
    "`tables/fingerprints.csv` the whole."
)


def _said(evidence: Evidence, around: Circumstances) -> str:
    days = sorted({day for run in evidence.runs if _DAY.fullmatch(day := str(_made(run).get("finished", ""))[:10])})
    when = f" They were trained {_span(days)}." if days else ""
    others = len(around.excluded) + len(around.unfinished)
    left = f" {counted(others, 'planned run')} {'is' if others == 1 else 'are'} not in it." if others else ""
    return (
        f"This report rests on {counted(len(evidence.runs), 'run')}, listed one a line in `tables/runs.csv`.{when}{left} "
        "Where runs differ, the number of each kind stands behind it."
    )


def _span(days: Sequence[str]) -> str:
    return f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"


def _made(run: Run) -> dict[str, Any]:
    return dict(run.record.get("provenance", {}))


def _of(key: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda made: str(made.get(key, "") or "")


def _code(made: Mapping[str, Any]) -> str:
    """Return the version of gapstudy, with the commit of a checkout and whether that was changed."""
    commit, changed = str(made.get("commit", "") or ""), made.get("changed_since_commit")
    state = ", with changes" if changed is True else ""
    return f"{made.get('gapstudy', '')}" + (f" (commit {commit[:10]}{state})" if commit else "")


def _device(made: Mapping[str, Any]) -> str:
    return " ".join(str(made[key]) for key in ("device", "device_name") if made.get(key))


_TRAINING: tuple[tuple[str, str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("gapstudy", "gapstudy", _code),
    ("python", "Python", _of("python")),
    ("torch", "torch", _of("torch")),
    ("transformers", "transformers", _of("transformers")),
    ("tokenizers", "tokenizers", _of("tokenizers")),
    ("epitran", "epitran", _of("epitran")),
    ("segments", "segments", _of("segments")),
    ("g2p", "spelling of words", lambda made: str(made.get("g2p", "") or "").replace("|", ", ")),
    ("system", "system", _of("system")),
    ("cpu", "processor", _of("cpu")),
    ("cores", "cores for the process", _of("cores")),
    ("threads", "threads a run", _of("threads")),
    ("device", "device", _device),
    ("cuda", "CUDA", _of("cuda")),
)


def _environment(evidence: Evidence, around: Circumstances) -> Exhibit:
    rows: list[tuple[Cell, ...]] = [(Cell("Training", heading=True),)]
    records, silent = [], []
    for key, name, value in _TRAINING:
        counts = _counts(evidence, value)
        records += [{"of": "training", "what": key, "value": v, "runs": n} for v, n in counts.items()]
        if set(counts) == {_NONE}:
            silent.append(name)
        else:
            rows.append((Cell(name, heading=True), Cell(_kinds(counts))))
    if silent:
        rows.append((Cell(_NONE, heading=True), Cell(", ".join(silent))))
    rows.append((Cell("This report", heading=True),))
    for name, text in _own(around):
        rows.append((Cell(name, heading=True), Cell(text)))
        records.append({"of": "report", "what": name, "value": text, "runs": ""})
    return _listed(
        "environment", "Environment", (("What",), ("Value",)), rows, "ll", records=records,
        data={"training": {key: _counts(evidence, value) for key, _, value in _TRAINING}, "report": dict(_own(around))},
    )  # fmt: skip


def _counts(evidence: Evidence, value: Callable[[Mapping[str, Any]], str]) -> dict[str, int]:
    counts = Counter(without_places(value(_made(run))) or _NONE for run in evidence.runs)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _kinds(counts: Mapping[str, int]) -> str:
    """Say what there is, with how often where it is not everywhere the same."""
    if len(counts) == 1:
        return next(iter(counts))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{value} ({counted(n, 'run')})" for value, n in ranked[:_SHOWN]]
    return "; ".join([*shown, f"and {len(ranked) - _SHOWN} others"] if len(ranked) > _SHOWN else shown)


def _own(around: Circumstances) -> Iterator[tuple[str, str]]:
    yield "gapstudy", __version__
    yield "Python", platform.python_version()
    yield "system", f"{platform.system()} {platform.machine()}"
    yield "statistics", ", ".join(f"{name} {_version(name)}" for name in _PACKAGES[:5])
    yield "files and figures", ", ".join(f"{name} {_version(name)}" for name in _PACKAGES[5:])
    yield "rendered by", around.engine or _NONE


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


# ---- data and encoders ----------------------------------------------------------------------------------------
_SHORT = 6
_PARTS = ("train", "dev", "test", "parallel")


def _fingerprints(evidence: Evidence) -> Exhibit:
    """Hashes of the corpora, as the settings of the cells have them: a row a language."""
    found = _digests(evidence)
    sources = {(row["corpus"], row["language"]): str(row.get("source", "")) for row in evidence.prepared["table4"]}
    tasks = [name for name in evidence.study.tasks if any(task == name for task, _ in found)]
    rows = []
    for code in [c for c in evidence.study.languages if any(language == c for _, language in found)]:
        of = [found.get((task, code), {}) for task in tasks]
        parallel = next((parts["parallel"] for parts in of if "parallel" in parts), "–")
        digests = [parts.get(part, "–") for parts in of for part in _PARTS[:3]]
        rows.append((Cell(code, heading=True), *(Cell(digest[:_SHORT]) for digest in (*digests, parallel))))
    spans = (Head(""), *(Head(task.upper(), 3) for task in tasks), Head(""))
    names = (Head("Language"), *(Head(part.capitalize()) for _ in tasks for part in _PARTS[:3]), Head("Parallel"))
    return Exhibit(
        key="fingerprints", kind="table", numbered=False, title="Data", caption="", signature="",
        table=Table(header=(spans, names), rows=tuple(rows), align="l" * len(names), small=True) if rows else None,
        records=tuple({"task": task, "language": code, **{part: parts.get(part, "") for part in _PARTS},
                       "source": sources.get((task, code), "")} for (task, code), parts in found.items()),
        missing=() if rows else ("fingerprints of the data were not recorded",),
    )  # fmt: skip


def _digests(evidence: Evidence) -> dict[tuple[str, str], dict[str, str]]:
    """Return (task, language) -> part -> hash; whatever the representation, the text is the same."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for cell in evidence.study.cells():
        data = evidence.prepared["cells"].get(cell.name, {}).get("settings", {}).get("data", {})
        for part in (part for part in _PARTS if part in data):
            of = data[part] if isinstance(data[part], Mapping) else {cell.language: data[part]}
            for code, digest in of.items():
                found.setdefault((cell.task, code), {})[part] = str(digest)
    return found


def _encoders(evidence: Evidence) -> Exhibit:
    """What each representation was read by."""
    rows: list[tuple[Cell, ...]] = []
    records = []
    for name, spec in evidence.study.used_representations().items():
        runs = [run for run in evidence.runs if run.cell.representation == name]
        models = Counter(_model(run) for run in runs)
        sizes = Counter(_parameters(run) for run in runs)
        contents = Counter(_content(run) for run in runs)
        rows.append((Cell(name, heading=True), Cell(spec.kind), Cell(_kinds(models) if runs else "–"),
                     Cell(_kinds(contents) if runs else "–"), Cell(_kinds(sizes) if runs else "–")))  # fmt: skip
        records += [{"representation": name, "kind": spec.kind, "model": _model(run), "content": _content(run),
                     "parameters": _parameters(run)} for run in runs]  # fmt: skip
    unique = [dict(pairs) for pairs in dict.fromkeys(tuple(record.items()) for record in records)]
    header = (("Representation",), ("Units",), ("Encoder",), ("Content",), ("Parameters",))
    return _listed("encoders", "Encoders", header, rows, "lllll", records=unique)


def _model(run: Run) -> str:
    """Return the encoder's id and commit; of a folder, its last part."""
    model = str(_made(run).get("model", "") or "")
    return f"{last_part(model)} (local files)" if is_local(model) else model or _NONE


def _content(run: Run) -> str:
    """Return the hash of the encoder's files, or of what a small one was pre-trained on."""
    settings = run.record.get("settings", {})
    model = str(settings.get("representation", {}).get("model", "") or "")
    if model not in {"", "small"}:
        return model[:16]
    text = str(settings.get("pretrain_text", "") or "")
    return f"from text {text[:8]}" if text else _NONE


def _parameters(run: Run) -> str:
    count = _made(run).get("parameters")
    return f"{count:,}" if isinstance(count, int) else _NONE


# ---- runs, time and energy ----------------------------------------------------------------------------------
_METHOD = (
    f"*Energy* is an estimate and was not measured: hours × {CORE_WATTS:g} W for each busy processor core [@lannelongue2021], "
    "and on a GPU its board power by the data sheet as well [@lacoste2019], both in full for the whole time; {memory}. "
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
    made = _made(run)
    return run_kwh(
        _hours(run),
        device=str(made.get("device", "")),
        name=str(made.get("device_name", "")),
        threads=_amount(made.get("threads")) or 1.0,
        memory_gib=_amount(made.get("peak_mib")) / 1024.0,
    )


def _runs(evidence: Evidence, around: Circumstances) -> Exhibit:
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
    return _listed(
        "runs", "Runs, time and energy", header, rows, "lrrrrr",
        records=list(_lines(evidence, around)),
        data={"kwh": total_kwh, "hours": sum(map(_hours, evidence.runs)), "of_unknown_power": _unknown(evidence.runs)},
    )  # fmt: skip


def _groups(evidence: Evidence) -> list[tuple[str, str]]:
    return [(name, r) for name, task in evidence.study.tasks.items() for r in task.representations]


def _amounts(runs: Sequence[Run], others: int, scale: float) -> tuple[Cell, ...]:
    hours = {"cpu": 0.0, "cuda": 0.0}
    for run in runs:
        device = str(_made(run).get("device", ""))
        if device in hours:
            hours[device] += _hours(run)
    known = [kwh for run in runs if (kwh := _kwh(run)) is not None]
    energy = f"{scale * sum(known):.2f}" if known else "unknown" if runs else "–"
    return (Cell(str(len(runs))), Cell(str(others)), *(Cell(f"{h:.2f}" if h else "–") for h in hours.values()),
            Cell(energy))  # fmt: skip


def _unknown(runs: Sequence[Run]) -> int:
    return sum(_kwh(run) is None for run in runs)


def _method(runs: Sequence[Run]) -> str:
    measured = sum("measure_seconds" in run.record.get("timings", {}) for run in runs)
    remembered = sum(_amount(_made(run).get("peak_mib")) > 0 for run in runs)
    unknown = _unknown(runs)
    names = sorted({without_places(_device(_made(run))) or _NONE for run in runs if _kwh(run) is None})
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
        made, kwh = _made(run), _kwh(run)
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


def _left_out(around: Circumstances) -> tuple[str | Exhibit, ...]:
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
        for why, names in ranked[:_SHOWN]
    ]  # fmt: skip
    rest = ranked[_SHOWN:]
    if rest:
        names = [name for _, some in rest for name in some]
        rows.append(
            (Cell(str(len(names)), heading=True), Cell("other reasons, see tables/runs.csv"), Cell(_some(names)))
        )
    header = (("Runs",), ("Why they are not in the report",), ("Which",))
    exhibit = _listed(
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


# ---- commands -----------------------------------------------------------------------------------------------
def _commands(evidence: Evidence, around: Circumstances) -> Iterator[str]:
    """Yield what to do to make the runs and this report again."""
    file = written_study(evidence)
    versions = Counter(str(_made(run).get("gapstudy", "")) for run in evidence.runs)
    release = next((v for v, _ in versions.most_common() if v and v[0].isdigit()), __version__)
    narrow = list(_narrowed(evidence))
    seeds = 1 + max(run.seed for run in evidence.runs)
    train = ["gapstudy", "train-seeds", "--study", "study.toml", "--n", str(seeds), *narrow]
    report = ["gapstudy", "report", "--study", "study.toml", *narrow]
    yield (
        f"`study.toml` beside this report is the study as it was trained (SHA-256 `{file.digest}`…). In its folder, with "
        "Python 3.11 or later:"
    )
    yield f"`pip install 'gapstudy[train]=={release}'`"
    yield _command(train)
    yield _command(report, f"SOURCE_DATE_EPOCH={around.stamp} ")
    yield (
        "The second trains what is not in `runs/` yet, and the third computes every number from there. With the versions "
        "above, on a machine of the same kind, the numbers are the same; the date that the third begins with makes the "
        "files of the report the same bytes as well, from the same runs."
    )
    if any("$GAPSTUDY_" in line for line in file.text.splitlines() if not line.startswith("#")):
        yield "Corpora or encoders were local files: `study.toml` says at its head which folders to name."


def _command(words: Sequence[str], before: str = "") -> str:
    text = before + shlex.join(words)
    return f"`{text}`" if len(text) <= 200 and "`" not in text else literal(text)


def _narrowed(evidence: Evidence) -> Iterator[str]:
    """Yield the options by which the report shows less than was trained."""
    was, now = evidence.prepared["study"]["tasks"], evidence.study.tasks
    for option, of_was, of_now in (
        ("--tasks", list(was), list(now)),
        ("--representations", _all(t["representations"] for t in was.values()), _all(t.representations for t in now.values())),
        ("--languages", _all(t["languages"] for t in was.values()), _all(t.languages for t in now.values())),
    ):  # fmt: skip
        if set(of_now) < set(of_was):
            yield from (option, ",".join(of_now))


def _all(lists: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(item for one in lists for item in one))


# ---- as exhibits --------------------------------------------------------------------------------------------
def _listed(
    key: str,
    title: str,
    header: Sequence[tuple[str]],
    rows: Sequence[tuple[Cell, ...]],
    align: str,
    **more: Any,
) -> Exhibit:
    """Return a table without a number."""
    table = Table(header=(tuple(Head(*text) for text in header),), rows=tuple(rows), align=align, small=len(align) > 3)
    more["records"] = tuple(more.get("records", ()))
    return Exhibit(
        key=key,
        kind="table",
        numbered=False,
        title=title,
        caption="",
        signature="",
        table=table if rows else None,
        **more,
    )


def day_stamp(day: date) -> int:
    """Return the seconds since 1970 of a day's beginning (UTC).

    >>> day_stamp(date(1970, 1, 2))
    86400
    """
    return (day - date(1970, 1, 1)).days * 86400
