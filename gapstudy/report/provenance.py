"""The last section: what made the runs and the report, what was left out, what it took, and how to make it all again."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from gapstudy import __version__
from gapstudy.exhibits.evidence import Evidence
from gapstudy.report.accounts import left_out, method, runs_table
from gapstudy.report.circumstances import Circumstances, made_of
from gapstudy.report.document import Section
from gapstudy.report.environment import DATA, encoders, environment, fingerprints, said
from gapstudy.report.markup import literal
from gapstudy.report.studyfile import StudyFile, study_file

__all__ = ["Circumstances", "closing", "day_stamp", "engine", "written_study"]


def closing(evidence: Evidence, around: Circumstances) -> list[Section]:
    """Return the sections on what the report was made from; empty without runs."""
    if not evidence.runs:
        return []
    return [
        Section(key="provenance", title="Provenance", body=(said(evidence, around), environment(evidence, around))),
        Section(key="fingerprints", title="Data and encoders", level=2,
                body=(DATA, fingerprints(evidence), encoders(evidence))),
        Section(key="energy", title="Runs, time and energy", level=2,
                body=(runs_table(evidence, around), method(evidence.runs), *left_out(around))),
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


# ---- commands -----------------------------------------------------------------------------------------------
def _commands(evidence: Evidence, around: Circumstances) -> Iterator[str]:
    """Yield what to do to make the runs and this report again."""
    file = written_study(evidence)
    versions = Counter(str(made_of(run).get("gapstudy", "")) for run in evidence.runs)
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


def day_stamp(day: date) -> int:
    """Return the seconds since 1970 of a day's beginning (UTC).

    >>> day_stamp(date(1970, 1, 2))
    86400
    """
    return (day - date(1970, 1, 1)).days * 86400
