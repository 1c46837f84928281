"""gapstudy report again: the same bytes, what changed since, what was altered, and dates."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gapstudy.store import read_json, write_json

Call = Callable[..., Any]
DAY = "1767225600"  # 2026-01-01
OTHER_DAY = "1767312000"


@pytest.fixture
def report(gapstudy: Call, micro_file: Path, runs: Path) -> Call:
    """Report on the copied runs, as HTML alone, which is quicker."""
    assert runs.is_dir()
    return lambda *more: gapstudy("report", "--study", micro_file, "--format", "html", *more)


@pytest.fixture
def status(gapstudy: Call, micro_file: Path, runs: Path) -> Call:
    """Status of the copied runs."""
    assert runs.is_dir()
    return lambda *more: gapstudy("status", "--study", micro_file, *more)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _run(runs: Path, start: str) -> Path:
    (found,) = (runs / "micro").glob(f"{start}-*")
    return found


def _alter(path: Path) -> None:
    """Flip a bit of a file after its run was finished."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    written = (path.parent / "run.json").stat().st_mtime_ns
    os.utime(path, ns=(written + 10**9, written + 10**9))


# ---- the same bytes --------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_second_report_is_the_same_bytes(
    process: Call, here: Path, micro_file: Path, runs: Path, tmp_path: Path
) -> None:
    """From the cache, from an empty one, by another number of processes, in another folder: one date, one report."""
    assert runs.is_dir()

    def made(reports: str, cache: str, *more: str, stamp: str = DAY) -> dict[str, bytes]:
        cached = {"GAPSTUDY_CACHE": str(tmp_path / cache), "SOURCE_DATE_EPOCH": stamp}
        said = process("report", "--study", micro_file, "--reports", reports, *more, **cached)
        assert (said.code, said.out.count("report.")) == (0, 2)
        assert "\r" not in said.err
        assert "computing" not in said.err  # progress is for terminals
        return _bytes(here / reports / "micro")

    first = made("one", "cold", "--jobs", "1")
    assert {"report.pdf", "report.html", "report.qmd", "results.json", "study.toml", "tables/runs.csv"} <= set(first)
    assert sum(name.endswith(".svg") for name in first) >= 2
    for again in (
        made("one", "cold"), made("one", "cold"), made("two", "empty", "--jobs", "2"), made("three", "emptier", "--jobs", "3"),
    ):  # fmt: skip
        assert [name for name in first if again.get(name) != first[name]] == []
        assert set(again) == set(first)
    later = made("one", "cold", stamp=OTHER_DAY)
    different = {name for name in first if later[name] != first[name]}
    assert different <= {"report.pdf", "report.html", "report.qmd", "results.json", "style/written.sha256"}
    for name in different & {"report.html", "report.qmd", "results.json"}:
        dated = later[name].decode().replace("2026-01-02", "2026-01-01").replace(OTHER_DAY, DAY)
        assert dated == first[name].decode()
    for content in first.values():
        assert str(here).encode() not in content


def test_the_study_file_beside_the_report_reports_the_same(report: Call, gapstudy: Call, here: Path) -> None:
    """The commands of the report work: study.toml, called as they say, finds the same runs and makes the same numbers."""
    before = report()
    written = here / "reports" / "micro" / "study.toml"
    said = gapstudy("report", "--study", written, "--format", "html", "--reports", "again")
    assert (said.code, said.err) == (before.code, before.err)
    assert said.code == 0
    first, again = (read_json(here / name / "micro" / "results.json") for name in ("reports", "again"))
    assert again == first
    assert (here / "again" / "micro" / "study.toml").read_bytes() == written.read_bytes()


# ---- dates -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("given", ["yesterday", "-1", "1.5", "99999999999", "²"])
def test_a_date_that_is_none_is_refused(report: Call, here: Path, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SOURCE_DATE_EPOCH that is no number of seconds is refused before anything is computed or written."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
    said = report()
    assert said.code == 2
    assert re.search(r"SOURCE_DATE_EPOCH='.*' is no date; give whole seconds since 1970-01-01", said.message)
    assert not (here / "reports").exists()


@pytest.mark.parametrize("given", ["", " ", f" {DAY}\n"])
def test_a_date_may_be_empty_or_spaced(report: Call, here: Path, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable is none; blanks round a number are nothing."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
    assert report().code == 0
    date = read_json(here / "reports" / "micro" / "results.json")["date"]
    assert (date == "2026-01-01") == bool(given.strip())


# ---- what changed since ------------------------------------------------------------------------------------------
def test_runs_that_changed_since_are_told(report: Call, status: Call, runs: Path) -> None:
    """Report names runs added, gone and changed since the last one, once; status says so before, with the command."""
    kept = _run(runs, "xnli-subword-swa-s01")
    away = shutil.move(kept, runs.parent / "away")
    assert "since the report of" not in report().err
    assert "since the report of" not in status().out
    unchanged = json.loads(status("--json").out)["since_report"]
    assert {key: unchanged[key] for key in ("added", "gone", "changed")} == {"added": [], "gone": [], "changed": []}

    shutil.move(away, kept)
    changed = _run(runs, "xnli-phoneme-eng-s00") / "run.json"
    record = read_json(changed)
    write_json(changed, {**record, "timings": {"fit_seconds": 99.0}})
    gone = _run(runs, "ner-character-kor-s00")
    shutil.rmtree(gone)

    told = (rf"since the report of \d{{4}}-\d\d-\d\d: 1 run added \({kept.name}\), 1 run gone \({gone.name}\), "
            rf"1 run changed \({changed.parent.name}\)")  # fmt: skip
    renew = r"; renew it with: gapstudy report --study \S*micro\.toml"
    assert re.search(told + renew, status().out)
    found = json.loads(status("--json").out)["since_report"]
    assert (found["added"], found["gone"], found["changed"]) == ([kept.name], [gone.name], [changed.parent.name])
    made = json.loads(report("--json").out)
    assert made["since"] == found
    assert made["unfinished"] == {gone.name: "missing"}
    assert json.loads(report("--json").out)["since"] == {**found, "added": [], "gone": [], "changed": []}
    assert "since the report of" not in report().err
    assert "since the report of" not in status().out


def test_what_changed_is_not_in_the_report(
    report: Call, here: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that was made after another one of fewer runs is the same bytes as one that was made at once."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DAY)
    kept = _run(runs, "xnli-subword-swa-s01")
    away = shutil.move(kept, runs.parent / "away")
    report()
    shutil.move(away, kept)
    assert "1 run added" in report().err
    report("--reports", "fresh")
    assert _bytes(here / "reports") == _bytes(here / "fresh")


def test_status_of_a_report_whose_runs_are_gone(report: Call, status: Call, runs: Path) -> None:
    """Where no run is left that could be reported, status says that they are gone."""
    assert report().code == 0
    for folder in (runs / "micro").iterdir():
        if folder.is_dir():
            (folder / "run.json").unlink()
    assert "10 runs gone" in status().out


# ---- what was altered ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["outputs.safetensors", "embeddings.safetensors", "history.csv"])
def test_a_file_that_was_altered_is_found(report: Call, status: Call, here: Path, runs: Path, name: str) -> None:
    """A file that is not what its run wrote keeps the run out of the report, which says why; status calls it damaged."""
    folder = _run(runs, "xnli-phoneme-swa-s01")
    _alter(folder / name)
    said = report()
    assert said.code == 0
    assert re.search(rf"left out {folder.name}: .*{re.escape(name)} was changed after the run was finished", said.err)
    assert json.loads(status("--json").out)["problems"][folder.name].endswith("run.json has the hash of")
    page = (here / "reports" / "micro" / "report.html").read_text(encoding="utf-8")
    assert "was changed after the run was finished" in page
    line = next(x for x in (here / "reports/micro/tables/runs.csv").read_text("utf-8").splitlines() if folder.name in x)
    assert ",no," in line


def test_what_failed_is_in_the_report_with_its_reason(report: Call, here: Path, runs: Path) -> None:
    """Failed and missing runs stand in the report with what is known of them, and no folder of the machine does."""
    failed, gone = _run(runs, "xnli-subword-eng-s00"), _run(runs, "xnli-subword-eng-s01")
    (failed / "run.json").unlink()
    (failed / "error.txt").write_text(f"Traceback\nloss is nan in {runs.resolve()}/x.py\n", encoding="utf-8")
    shutil.rmtree(gone)
    made = json.loads(report("--json").out)
    assert made["unfinished"] == {failed.name: f"failed: loss is nan in {runs.resolve()}/x.py", gone.name: "missing"}
    page = (here / "reports" / "micro" / "report.html").read_text(encoding="utf-8")
    assert "failed: loss is nan in x.py" in page
    assert failed.name in page
    for content in _bytes(here / "reports").values():
        assert str(here).encode() not in content


def test_an_error_of_an_exhibit_names_it(report: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is one line that says which exhibit was being computed."""
    from gapstudy.exhibits import table4

    def fail(*_arguments: object) -> None:
        msg = "no such thing"
        raise RuntimeError(msg)

    monkeypatch.setattr(table4, "compute", fail)
    monkeypatch.setenv("GAPSTUDY_CACHE", str(Path.cwd() / "cache"))
    said = report("--jobs", "1")
    assert said.code == 1
    assert "internal error (while computing table4): RuntimeError: no such thing" in said.err


# ---- progress --------------------------------------------------------------------------------------------------------
def test_progress_is_for_terminals(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What is being computed is said on a terminal alone, as it is, and not when told to be quiet."""
    from gapstudy.cli.progress import Working

    with Working(quiet=False) as working:
        working.say("computing [b]")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes it for a terminal
    with Working(quiet=False) as working:
        working.say("computing [b]")
    assert "computing [b]" in capsys.readouterr().err
    with Working(quiet=True) as working:
        working.say("computing")
    assert capsys.readouterr() == ("", "")
