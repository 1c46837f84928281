"""What the runs and the report were made with: versions, machines, corpora by their fingerprints, and encoders."""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gapstudy import __version__
from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import counted
from gapstudy.report.circumstances import NOT_RECORDED, Circumstances, device_of, kinds, listed, made_of
from gapstudy.store import Run
from gapstudy.store.places import is_local, last_part, without_places

__all__ = ["DATA", "encoders", "environment", "fingerprints", "said"]

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PACKAGES = ("numpy", "scipy", "pot", "scikit-learn", "statsmodels", "pandas", "matplotlib", "pydantic", "safetensors",
             "jinja2")  # fmt: skip

DATA = (
    "Fingerprints are hashes of what a corpus holds, whatever file it came in: here their first 6 digits, in "
    "`tables/fingerprints.csv` the whole."
)


def said(evidence: Evidence, around: Circumstances) -> str:
    """Return in a few sentences how many runs the report rests on, and when they were trained."""
    days = sorted({day for run in evidence.runs if _DAY.fullmatch(day := str(made_of(run).get("finished", ""))[:10])})
    when = f" They were trained {_span(days)}." if days else ""
    others = len(around.excluded) + len(around.unfinished)
    left = f" {counted(others, 'planned run')} {'is' if others == 1 else 'are'} not in it." if others else ""
    return (
        f"This report rests on {counted(len(evidence.runs), 'run')}, listed one a line in `tables/runs.csv`.{when}{left} "
        "Where runs differ, the number of each kind stands behind it."
    )


def _span(days: Sequence[str]) -> str:
    return f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"


def _of(key: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda made: str(made.get(key, "") or "")


def _code(made: Mapping[str, Any]) -> str:
    """Return the version of gapstudy, with the commit of a checkout and whether that was changed."""
    commit, changed = str(made.get("commit", "") or ""), made.get("changed_since_commit")
    state = ", with changes" if changed is True else ""
    return f"{made.get('gapstudy', '')}" + (f" (commit {commit[:10]}{state})" if commit else "")


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
    ("device", "device", device_of),
    ("cuda", "CUDA", _of("cuda")),
)


def environment(evidence: Evidence, around: Circumstances) -> Exhibit:
    """Return versions and machines, of the runs (counted where they differ) and of this report."""
    rows: list[tuple[Cell, ...]] = [(Cell("Training", heading=True),)]
    records, silent = [], []
    for key, name, value in _TRAINING:
        counts = _counts(evidence, value)
        records += [{"of": "training", "what": key, "value": v, "runs": n} for v, n in counts.items()]
        if set(counts) == {NOT_RECORDED}:
            silent.append(name)
        else:
            rows.append((Cell(name, heading=True), Cell(kinds(counts))))
    if silent:
        rows.append((Cell(NOT_RECORDED, heading=True), Cell(", ".join(silent))))
    rows.append((Cell("This report", heading=True),))
    for name, text in _own(around):
        rows.append((Cell(name, heading=True), Cell(text)))
        records.append({"of": "report", "what": name, "value": text, "runs": ""})
    return listed(
        "environment", "Environment", (("What",), ("Value",)), rows, "ll", records=records,
        data={"training": {key: _counts(evidence, value) for key, _, value in _TRAINING}, "report": dict(_own(around))},
    )  # fmt: skip


def _counts(evidence: Evidence, value: Callable[[Mapping[str, Any]], str]) -> dict[str, int]:
    counts = Counter[str]()
    for said_by_run, count in Counter(value(made_of(run)) for run in evidence.runs).items():
        counts[without_places(said_by_run) or NOT_RECORDED] += count
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _own(around: Circumstances) -> Iterator[tuple[str, str]]:
    yield "gapstudy", __version__
    yield "Python", platform.python_version()
    yield "system", f"{platform.system()} {platform.machine()}"
    yield "statistics", ", ".join(f"{name} {_version(name)}" for name in _PACKAGES[:5])
    yield "files and figures", ", ".join(f"{name} {_version(name)}" for name in _PACKAGES[5:])
    yield "rendered by", around.engine or NOT_RECORDED


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


# ---- data and encoders ----------------------------------------------------------------------------------------
_SHORT = 6
_PARTS = ("train", "dev", "test", "parallel")


def fingerprints(evidence: Evidence) -> Exhibit:
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


def encoders(evidence: Evidence) -> Exhibit:
    """What each representation was read by."""
    rows: list[tuple[Cell, ...]] = []
    records = []
    for name, spec in evidence.study.used_representations().items():
        runs = [run for run in evidence.runs if run.cell.representation == name]
        models = Counter(_model(run) for run in runs)
        sizes = Counter(_parameters(run) for run in runs)
        contents = Counter(_content(run) for run in runs)
        rows.append((Cell(name, heading=True), Cell(spec.kind), Cell(kinds(models) if runs else "–"),
                     Cell(kinds(contents) if runs else "–"), Cell(kinds(sizes) if runs else "–")))  # fmt: skip
        records += [{"representation": name, "kind": spec.kind, "model": _model(run), "content": _content(run),
                     "parameters": _parameters(run)} for run in runs]  # fmt: skip
    unique = [dict(pairs) for pairs in dict.fromkeys(tuple(record.items()) for record in records)]
    header = (("Representation",), ("Units",), ("Encoder",), ("Content",), ("Parameters",))
    return listed("encoders", "Encoders", header, rows, "lllll", records=unique)


def _model(run: Run) -> str:
    """Return the encoder's id and commit; of a folder, its last part."""
    model = str(made_of(run).get("model", "") or "")
    return f"{last_part(model)} (local files)" if is_local(model) else model or NOT_RECORDED


def _content(run: Run) -> str:
    """Return the hash of the encoder's files, or of what a small one was pre-trained on."""
    settings = run.record.get("settings", {})
    model = str(settings.get("representation", {}).get("model", "") or "")
    if model not in {"", "small"}:
        return model[:16]
    text = str(settings.get("pretrain_text", "") or "")
    return f"from text {text[:8]}" if text else NOT_RECORDED


def _parameters(run: Run) -> str:
    count = made_of(run).get("parameters")
    return f"{count:,}" if isinstance(count, int) else NOT_RECORDED
