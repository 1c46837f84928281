"""gapstudy report: from runs alone, on spoilt and partial studies too, without touching what is finished."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture
def report(gapstudy: Call, micro_file: Path, runs: Path) -> Call:
    """Report on the copied runs, as HTML alone, which is quicker."""
    assert runs.is_dir()
    return lambda *more: gapstudy("report", "--study", micro_file, "--format", "html", *more)


def _run(runs: Path, start: str) -> Path:
    (found,) = (runs / "micro").glob(f"{start}-*")
    return found


# ---- what cannot be reported -------------------------------------------------------------------------------
@pytest.mark.parametrize("where", ["nowhere", "empty"])
def test_no_runs(gapstudy: Call, here: Path, where: str) -> None:
    """Without runs there is nothing to report: the message says where it looked and how to make them."""
    if where == "empty":
        (here / "empty" / "tiny").mkdir(parents=True)
    before = sorted(here.rglob("*"))
    said = gapstudy("report", "--runs", where)
    assert said.code == 1
    assert (
        said.message
        == f"gapstudy: there are no runs of study 'tiny' in {where}; make them with: gapstudy train-seeds\n"
    )
    assert sorted(here.rglob("*")) == before


def test_only_prepared(report: Call, runs: Path) -> None:
    """A study that was prepared but of which no run is finished says so."""
    for folder in (runs / "micro").iterdir():
        if folder.is_dir():
            (folder / "run.json").unlink()
    said = report()
    assert said.code == 1
    assert re.search(
        r"no run of study 'micro' in runs is finished; train them with: gapstudy train-seeds", said.message
    )


def test_only_damaged_runs(report: Call, runs: Path) -> None:
    """Where every run is damaged, the first is named with what is wrong with it."""
    for path in (runs / "micro").glob("*/outputs.safetensors"):
        path.write_bytes(b"")
    said = report()
    assert said.code == 1
    assert re.search(r"is left out: .*outputs\.safetensors has 0 bytes where \d+ were written", said.message)


@pytest.mark.parametrize("obstacle", ["reports", "study folder"])
def test_a_report_that_cannot_be_written(report: Call, here: Path, runs: Path, snapshot: Call, obstacle: str) -> None:
    """A file where a folder should be is a message that names it and what to do; the runs stay as they are."""
    before = snapshot(runs)
    if obstacle == "reports":
        (here / "file").write_text("", encoding="utf-8")
        said = report("--reports", "file/reports")
    else:
        (here / "reports").mkdir()
        (here / "reports" / "micro").write_text("mine", encoding="utf-8")
        said = report()
        assert (here / "reports" / "micro").read_text(encoding="utf-8") == "mine"
    assert said.code == 1
    assert re.search(r"gapstudy: (file|reports/micro).*: (Not a directory|File exists); .*--reports", said.message)
    assert snapshot(runs) == before


# ---- what is reported all the same --------------------------------------------------------------------------
def test_a_whole_study(report: Call, here: Path, runs: Path, snapshot: Call) -> None:
    """What was rendered is named, what is incomplete is told, and no file of the runs is touched."""
    before = snapshot(runs)
    said = report()
    assert said.code == 0
    assert all(re.match(r"[\w-]+ is incomplete: \w", line) for line in said.err.splitlines())
    assert "table3 is incomplete: correlations need at least 4 seeds" in said.err
    assert said.out.splitlines()[-1] == "reports/micro/report.html"
    assert re.match(r"rendered by \S+", said.out)
    results = json.loads((here / "reports" / "micro" / "results.json").read_text(encoding="utf-8"))
    assert results["excluded"] == {}
    assert snapshot(runs) == before
    assert not list(here.rglob("report.pdf"))


def test_damaged_and_partial_runs_are_named(report: Call, here: Path, runs: Path) -> None:
    """A truncated file, a copied folder and a killed run are left out by name; the rest is reported, finished work untouched."""
    truncated, killed = _run(runs, "xnli-subword-eng-s00"), _run(runs, "xnli-phoneme-swa-s01")
    embeddings = truncated / "embeddings.safetensors"
    embeddings.write_bytes(embeddings.read_bytes()[:1000])
    (killed / "run.json").unlink()
    (killed / "claim.json").write_text('{"host": "elsewhere", "pid": 1, "started": 1}', encoding="utf-8")
    copied = runs / "micro" / "a-copy"
    shutil.copytree(_run(runs, "ner-character-eng-s00"), copied)
    said = report("--json")
    assert said.code == 0
    found = json.loads(said.out)
    assert set(found["excluded"]) == {truncated.name, "a-copy"}
    assert "has 1000 bytes where" in found["excluded"][truncated.name]
    assert "a copied or renamed folder" in found["excluded"]["a-copy"]
    assert found["missing"]
    assert all((here / path).stat().st_size > 0 for path in found["files"])
    assert (killed / "claim.json").is_file()


def test_a_broken_record_of_one_run(report: Call, runs: Path) -> None:
    """run.json that is no JSON, or of another kind, leaves its run out, said on stderr."""
    broken = {_run(runs, "xnli-subword-eng-s00"): "{", _run(runs, "xnli-subword-swa-s00"): '{"format": 99}'}
    for folder, text in broken.items():
        (folder / "run.json").write_text(text, encoding="utf-8")
    said = report("--quiet")
    assert said.code == 0
    assert said.out == ""
    assert all(f"left out {folder.name}: " in said.err for folder in broken)
    assert "Traceback" not in said.err


def test_a_file_that_lies_about_itself(report: Call, runs: Path) -> None:
    """A file of the right size with a spoilt header is found when it is read: its run is left out, or the message names it."""
    path = _run(runs, "xnli-subword-eng-s00") / "embeddings.safetensors"
    content = bytearray(path.read_bytes())
    content[:8] = b"\xff" * 8
    path.write_bytes(content)
    said = report()
    assert "Traceback" not in said.err
    assert "internal error" not in said.err
    assert path.parent.name in said.err


def test_a_changed_study_file_is_told(report: Call, micro_file: Path) -> None:
    """What was trained is shown, and the keys that differ are named."""
    text = micro_file.read_text(encoding="utf-8")
    micro_file.write_text(text.replace("epochs = 2", "epochs = 9"), encoding="utf-8")
    said = report()
    assert said.code == 0
    changed = "tasks.xnli.hyper.epochs, tasks.ner.hyper.epochs"
    assert f"the study file has changed since it was trained ({changed}); what was trained is shown" in said.err


def test_an_edited_document_is_kept(report: Call, here: Path) -> None:
    """report.qmd that a user has edited is kept beside the new one, and said."""
    assert report().code == 0
    document = here / "reports" / "micro" / "report.qmd"
    document.write_text(document.read_text(encoding="utf-8") + "\nMy own words.\n", encoding="utf-8")
    said = report()
    kept = re.search(r"your edited document was kept as (\S+)", said.err)
    assert kept
    assert "My own words." in (here / kept[1]).read_text(encoding="utf-8")
    assert "My own words." not in document.read_text(encoding="utf-8")


def test_one_task_alone(report: Call, here: Path) -> None:
    """--tasks narrows the report, and the PDF comes when it is asked for."""
    assert report("--tasks", "xnli", "--format", "pdf").code == 0
    assert (here / "reports" / "micro" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert not (here / "reports" / "micro" / "report.html").exists()


# ---- formats, and opening what was made --------------------------------------------------------------------
OPENER = """#!/bin/sh
printf '%s\\n' "$1" >> "$OPENED"
"""


@pytest.fixture
def opened(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the system's opener that writes down what it was given."""
    folder = here.parent / "opener"
    folder.mkdir()
    for name in ("xdg-open", "open"):
        (folder / name).write_text(OPENER, encoding="utf-8")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setenv("OPENED", str(folder / "opened.txt"))
    monkeypatch.setenv("DISPLAY", ":9")
    return folder / "opened.txt"


def _wait(path: Path) -> str:
    for _ in range(200):
        if path.is_file() and path.read_text(encoding="utf-8"):
            break
        time.sleep(0.05)
    return path.read_text(encoding="utf-8").strip()


# click leaves the opener running, as it should, and Python says so
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("more", [(), ("--quiet",), ("--json",)])
def test_open(report: Call, here: Path, opened: Path, more: tuple[str, ...]) -> None:
    """--open hands the first file, with its full path, to the system's opener, however much is printed."""
    said = report("--open", *more)

    assert said.code == 0
    assert _wait(opened) == str(here / "reports" / "micro" / "report.html")


def test_open_without_a_viewer(report: Call, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no viewer gets a plain message; the report was made all the same."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")

    said = report("--open")

    assert said.code == 0
    assert "no viewer could be started for reports/micro/report.html; open it yourself" in said.err
    assert (here / "reports" / "micro" / "report.html").is_file()


def test_formats_keep_their_order(gapstudy: Call, here: Path, micro_file: Path, runs: Path) -> None:
    """--format makes what was asked for, in the order asked for, and nothing else."""
    assert runs.is_dir()

    said = gapstudy("report", "--study", micro_file, "--format", "docx, html", "--json")

    files = [Path(path).name for path in json.loads(said.out)["files"]]
    assert files == ["report.docx", "report.html"]
    assert not (here / "reports" / "micro" / "report.pdf").exists()


def test_an_unknown_format(report: Call) -> None:
    """A format that there is not is refused with the list of those there are."""
    said = report("--format", "odt")

    assert said.code == 2
    assert "'odt' is not a comma-separated choice of pdf, html, docx" in said.err
