"""gapstudy status, doctor and check-paper: what they say is so, as text and as JSON, and they change nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
CELLS = ("xnli-subword-eng", "xnli-subword-swa", "xnli-phoneme-eng", "xnli-phoneme-swa", "ner-character-eng",
         "ner-character-kor")  # fmt: skip
STATES = ("done", "running", "interrupted", "failed", "damaged", "missing")


def _dead_process() -> int:
    """Return the id of a process that has ended."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def _claim(folder: Path, pid: int) -> None:
    import socket

    content = {"host": socket.gethostname(), "pid": pid, "started": 1.0}
    (folder / "claim.json").write_text(json.dumps(content), encoding="utf-8")


def _unfinish(run: Path) -> None:
    (run / "run.json").unlink()
    (run / "checkpoint").mkdir()
    (run / "checkpoint" / "state.safetensors").write_bytes(b"half")


def _run(runs: Path, start: str) -> Path:
    (found,) = (runs / "micro").glob(f"{start}-*")
    return found


@pytest.fixture
def status(gapstudy: Call, micro_file: Path, runs: Path) -> Callable[..., Any]:
    """Ask for the status of the copied runs as JSON."""
    assert runs.is_dir()
    return lambda *more: json.loads(gapstudy("status", "--study", micro_file, "--json", *more).out)


# ---- status ------------------------------------------------------------------------------------------------
def test_a_study_that_is_not_begun(gapstudy: Call, here: Path) -> None:
    """Where there are no runs at all, status says how many are planned and how to begin, and makes nothing."""
    said = gapstudy("status")
    assert said.code == 0
    assert said.out == "Study tiny: none of 255 runs is begun; begin with: gapstudy train-seeds\n"
    found = json.loads(gapstudy("status", "--json", "--n", "1", "--tasks", "xnli").out)
    assert (found["planned"], found["done"], found["cells"]) == (9, 0, [])
    (here / "runs").mkdir()
    assert gapstudy("status").out == said.out
    assert [p.name for p in here.rglob("*")] == ["runs"]


def test_a_finished_study(status: Call, gapstudy: Call, micro_file: Path) -> None:
    """Every cell is there with its counts; time spent is the sum of the runs', none is left."""
    found = status()
    assert (found["study"], found["planned"], found["done"]) == ("micro", 10, 10)
    assert [row["cell"] for row in found["cells"]] == list(CELLS)
    assert all(row["done"] == row["planned"] == (2 if row["cell"][0] == "x" else 1) for row in found["cells"])
    assert (found["fit_seconds_spent"], found["fit_seconds_left"]) == (15.0, 0)
    text = gapstudy("status", "--study", micro_file).out
    assert "Study micro: 10 of 10 runs are done" in text
    assert "0.2 minutes of training so far" in text or "0.3 minutes of training so far" in text
    assert "left" not in text


def test_every_state_is_told(status: Call, gapstudy: Call, micro_file: Path, runs: Path) -> None:
    """Running, interrupted (a killed run's claim is left), failed, damaged and missing runs are each counted as such."""
    from gapstudy.store.claims import Claim

    running, killed, failed, damaged, gone = (
        _run(runs, name)
        for name in ("xnli-subword-eng-s00", "xnli-subword-swa-s00", "xnli-phoneme-eng-s01", "ner-character-eng-s00",
                     "ner-character-kor-s00")
    )  # fmt: skip
    (running / "run.json").unlink()
    claim = Claim.take(running / "claim.json")
    _unfinish(killed)
    _claim(killed, _dead_process())
    (failed / "run.json").unlink()
    (failed / "error.txt").write_text("Traceback ...\nthe loss is nan in epoch 1\n", encoding="utf-8")
    embeddings = damaged / "embeddings.safetensors"
    embeddings.write_bytes(embeddings.read_bytes()[:-100])
    for path in [*gone.iterdir()]:
        path.unlink()
    gone.rmdir()

    found = status()
    counts = {state: sum(row[state] for row in found["cells"]) for state in STATES}
    assert counts == {"done": 5, "running": 1, "interrupted": 1, "failed": 1, "damaged": 1, "missing": 1}
    assert found["problems"][failed.name] == "the loss is nan in epoch 1"
    assert re.search(r"embeddings\.safetensors has \d+ bytes where \d+ were written", found["problems"][damaged.name])
    assert set(found["problems"]) == {failed.name, damaged.name}
    assert (found["done"], found["fit_seconds_spent"], found["fit_seconds_left"]) == (5, 7.5, 7.5)

    text = gapstudy("status", "--study", micro_file).out
    assert "5 of 10 runs are done" in text
    assert all(state in text for state in STATES)
    assert f"{failed.name}: the loss is nan in epoch 1" in text
    assert "left (over all processes)" in text
    assert claim is not None
    claim.release()


def test_status_touches_nothing(status: Call, runs: Path, snapshot: Call) -> None:
    """Looking changes no file and makes none, beside dead claims too."""
    killed = _run(runs, "xnli-subword-eng-s00")
    _unfinish(killed)
    _claim(killed, _dead_process())
    before = snapshot(runs.parent)
    status()
    assert snapshot(runs.parent) == before


@pytest.mark.parametrize(
    ("options", "planned"),
    [
        (["--n", "1"], 6), (["--n", "5"], 22), (["--tasks", "ner"], 2), (["--languages", "eng"], 5),
        (["--representations", "phoneme,character"], 6), (["--tasks", "xnli", "--languages", "swa", "--n", "1"], 2),
    ],
)  # fmt: skip
def test_status_can_be_narrowed(status: Call, options: list[str], planned: int) -> None:
    """Options narrow what is planned; max_seeds of a task holds whatever --n says."""
    assert status(*options)["planned"] == planned


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 99}'])
def test_a_damaged_prepared_file(gapstudy: Call, micro_file: Path, runs: Path, content: str) -> None:
    """What cannot be read is named with what to do; finished runs stay."""
    (runs / "micro" / "prepared.json").write_text(content, encoding="utf-8")
    for command in ("status", "report"):
        said = gapstudy(command, "--study", micro_file)
        assert said.code == 1
        assert re.search(r"prepared\.json .*; delete it and run gapstudy train-seeds again", said.message)
    assert len([*runs.glob("micro/*/run.json")]) == 10


def test_a_study_that_grew_since_it_was_prepared(gapstudy: Call, micro_file: Path, runs: Path) -> None:
    """A cell that the study file has and the preparation has not is missing, not an error."""
    assert runs.is_dir()
    text = micro_file.read_text(encoding="utf-8")
    micro_file.write_text(
        text.replace('["subword", "phoneme"]', '["subword", "phoneme", "character"]'), encoding="utf-8"
    )
    said = gapstudy("status", "--study", micro_file, "--json")
    assert said.code == 0
    found = json.loads(said.out)
    assert (found["planned"], found["done"]) == (14, 10)
    assert {row["cell"]: row["missing"] for row in found["cells"] if row["missing"]} == {
        "xnli-character-eng": 2, "xnli-character-swa": 2
    }  # fmt: skip
    assert found["changed"] == ["tasks.xnli.representations"]


def test_a_study_file_that_was_changed_is_told(gapstudy: Call, micro_file: Path, runs: Path) -> None:
    """Where hyper-parameters differ from those prepared, the counts are of what was prepared, and status says so."""
    assert runs.is_dir()
    assert "changed" not in gapstudy("status", "--study", micro_file).out
    text = micro_file.read_text(encoding="utf-8")
    micro_file.write_text(text.replace("epochs = 2", "epochs = 3", 1), encoding="utf-8")
    said = gapstudy("status", "--study", micro_file).out
    assert "10 of 10 runs are done" in said
    assert "the study file has changed since it was prepared (tasks.xnli.hyper.epochs)" in said


# ---- doctor ------------------------------------------------------------------------------------------------
def test_doctor_says_how_to_mend(gapstudy: Call, here: Path) -> None:
    """Each finding is ok, optional or missing; what is not ok says what to do; nothing is written."""
    said = gapstudy("doctor", "--json")
    found = json.loads(said.out)
    assert said.code == int(any(f["ok"] is False for f in found))
    assert all(f["mend"] for f in found if not f["ok"])
    assert {"Python", "torch", "Quarto", "Flite (English)", "font for Hangul", "disk for runs"} <= {
        f["what"] for f in found
    }
    assert not any(f["what"] == "hub" for f in found)
    text = gapstudy("doctor").out.splitlines()
    assert len(text) == len(found)
    assert all(line.split(None, 1)[0] in {"ok", "optional", "MISSING"} for line in text)
    assert list(here.iterdir()) == []


def test_doctor_without_training(gapstudy: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where torch is not installed doctor says so, how to get it, and ends with 1."""
    monkeypatch.setattr("gapstudy.doctor._version", lambda package: "" if package == "torch" else "1.0")
    said = gapstudy("doctor")
    assert said.code == 1
    assert "MISSING   torch: not installed; pip install 'gapstudy[train]' (the report does without it)" in said.out


def test_doctor_asks_the_hub_only_when_told(gapstudy: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that does not answer is an optional finding, and one that is no web address is never opened."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    (hub,) = (f for f in json.loads(gapstudy("doctor", "--hub", "--json").out) if f["what"] == "hub")
    assert hub["ok"] is None
    assert "does not answer" in hub["state"]
    monkeypatch.setenv("HF_ENDPOINT", "file:///etc")
    (hub,) = (f for f in json.loads(gapstudy("doctor", "--hub", "--json").out) if f["what"] == "hub")
    assert hub["mend"] == "set HF_ENDPOINT to an http(s) address"


# ---- check-paper -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("columns", [60, 80, 200])
def test_check_paper_fits_the_terminal(gapstudy: Call, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """No line is longer than the terminal is wide, from 66 columns on; nothing is lost by wrapping."""
    monkeypatch.setenv("COLUMNS", str(columns))
    narrow = gapstudy("check-paper").out
    assert max(map(len, narrow.splitlines())) <= max(columns, 66)
    monkeypatch.setenv("COLUMNS", "120")
    assert sorted(narrow.split()) == sorted(gapstudy("check-paper").out.split())


def test_check_paper_names_each_slip(gapstudy: Call) -> None:
    """Numbers in columns, what differs with its cause, slips apart; the counts of text and JSON add up."""
    said = gapstudy("check-paper")
    assert said.code == 0
    lines = said.out.splitlines()
    differing = [line for line in lines if "  DIFFERS" in line]
    assert len(differing) == 4
    assert differing[0].split() == ["NER", "phoneme:", "Std.", "0.0259", "0.02735", "DIFFERS"]
    below = lines[lines.index(differing[0]) + 1]
    assert below == "    printed with ddof = 0 (0.0259); the other rows have ddof = 1"
    (fails,) = (line for line in lines if "DOES NOT HOLD" in line)
    assert "-0.45" in fails
    slips = lines[lines.index("Slips of method") + 1 : -2]
    assert max(map(len, slips)) <= 120
    assert any(line.startswith("  Eq. (2), CKA: prints a 2-norm") for line in slips)
    agree = sum(line.endswith("  agrees") for line in lines)
    found = json.loads(gapstudy("check-paper", "--json").out)
    n_slips = sum(f["kind"] == "slip" for f in found)
    assert lines[-1] == f"{agree} numbers agree, 4 differ; 9 claims hold, 1 does not; {n_slips} slips of method"
    assert sum(line.startswith("  ") and not line.startswith("    ") for line in slips) == n_slips
    assert [f["agrees"] for f in found].count(False) == 5
    assert agree == sum(f["verdict"] == "agrees" for f in found)
