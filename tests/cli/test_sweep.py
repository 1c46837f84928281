"""gapstudy sweep as a process: what it trains, chooses and leaves, and what train-seeds makes of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
GRID = "[tasks.ner.sweep]\nlearning_rates = [1e-3, 5e-3]\nseeds = 1\n[representations.subword]"
NER = ("--tasks", "ner", "--jobs", "1")


@pytest.fixture(scope="session")
def swept_toml(micro_toml: str) -> str:
    """The study of seconds with a grid of two points."""
    return micro_toml.replace("[representations.subword]", GRID, 1)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, cache_root: Path, swept_toml: str) -> dict[str, Any]:
    """Sweep once: the folder, and what the command said."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "micro.toml").write_text(swept_toml, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "gapstudy", "sweep", "--study", "micro.toml", "--jobs", "1"],
        cwd=folder, env={**os.environ, "GAPSTUDY_CACHE": str(cache_root)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {"folder": folder, "code": done.returncode, "out": done.stdout, "err": done.stderr}


@pytest.fixture
def study_file(here: Path, swept_toml: str) -> Path:
    """The study with its grid as a file."""
    path = here / "micro.toml"
    path.write_text(swept_toml, encoding="utf-8")
    return path


@pytest.fixture
def runs(swept: dict[str, Any], here: Path) -> Path:
    """A copy of what the sweep left."""
    return Path(shutil.copytree(swept["folder"] / "runs", here / "runs"))


def _chosen(runs: Path) -> dict[str, Any]:
    cells: dict[str, Any] = json.loads((runs / "micro" / "chosen.json").read_text(encoding="utf-8"))["cells"]
    return cells


@pytest.mark.slow
@pytest.mark.train
def test_a_sweep_ends_with_a_table_of_its_choice(swept: dict[str, Any]) -> None:
    """A line a run without its test score, a table of what was chosen, where it is, and the next command."""
    assert swept["code"] == 0
    assert "4 runs to train in 1 process; 0 were finished before" in swept["err"]
    lines = [line for line in swept["err"].splitlines() if line.startswith("[")]
    assert [bool(re.fullmatch(r"\[\d/4\] ner-character-\w+-s00-[0-9a-f]{8}  done", line)) for line in lines] == [
        True
    ] * 4
    cells = _chosen(swept["folder"] / "runs")
    for name, cell in cells.items():
        assert cell["dev"] == max(point["dev"] for point in cell["grid"])
        assert [point["learning_rate"] for point in cell["grid"]] == [1e-3, 5e-3]
        row = next(line for line in swept["out"].splitlines() if line.strip().startswith(name))
        assert row.split() == [
            name, f"{cell['values']['learning_rate']:g}", "0.01", "cosine", "2", "1", "entity_f1", f"{cell['dev']:.2f}",
        ]  # fmt: skip
    assert set(cells) == {"ner-character-eng", "ner-character-kor"}
    assert swept["out"].splitlines()[-1] == "the choice is in runs/micro/chosen.json; now: gapstudy train-seeds"
    left = {path.name for path in (swept["folder"] / "runs" / "micro").iterdir()}
    assert left == {"chosen.json", "parallel.safetensors", "prepared.json", "sweep"}


@pytest.mark.slow
@pytest.mark.train
def test_train_seeds_uses_the_choice_and_says_so(process: Call, runs: Path, study_file: Path) -> None:
    """Its runs have the chosen hyper-parameters and are those of the sweep, bit for bit; status and --json say so."""
    before = json.loads(process("status", "--study", study_file, "--json").out)
    assert before["changed"] in (["chosen.json"], [])
    said = process("train-seeds", "--study", study_file, *NER, "--json")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    cells = _chosen(runs)
    assert {name: c["values"] for name, c in found["chosen"].items()} == {n: c["values"] for n, c in cells.items()}
    assert (found["planned"], found["stale"]) == (2, {})
    for run in found["runs"]:
        record, tried = (
            json.loads((folder / run["run_id"] / "run.json").read_text(encoding="utf-8"))
            for folder in (runs / "micro", runs / "micro" / "sweep")
        )
        choice = cells[run["run_id"].rsplit("-", 2)[0]]
        assert record["settings"]["hyper"].items() >= choice["values"].items()
        assert record["metrics"] == tried["metrics"]
        assert record["metrics"][record["cell"]["language"]]["dev"]["entity_f1"] == choice["dev"]
    after = json.loads(process("status", "--study", study_file, "--json").out)
    assert (after["changed"], after["done"], after["planned"]) == ([], 2, 10)
    text = process("status", "--study", study_file).out
    assert "hyper-parameters of 2 cells are those that gapstudy sweep chose (chosen.json)" in text


@pytest.mark.slow
@pytest.mark.train
def test_a_sweep_goes_on_where_it_was(process: Call, runs: Path, study_file: Path, swept: dict[str, Any]) -> None:
    """Finished runs are skipped, a lost one is trained again, and the choice is the same."""
    shutil.rmtree(next((runs / "micro" / "sweep").glob("ner-character-kor-*")))
    (runs / "micro" / "chosen.json").unlink()
    said = process("sweep", "--study", study_file, "--jobs", "1", "--json")
    found = json.loads(said.out)
    assert (said.code, said.err, found["planned"], len(found["runs"]), found["missing"]) == (0, "", 4, 1, [])
    assert found["runs"][0]["score"] is None
    assert found["chosen"] == _chosen(runs) == _chosen(swept["folder"] / "runs")


@pytest.mark.slow
@pytest.mark.train
def test_a_partial_sweep_chooses_for_whole_cells_only(
    process: Call, runs: Path, study_file: Path, cache_root: Path
) -> None:
    """With the Korean corpus of the cache spoilt: exit 1, its runs and its cell named, English chosen all the same."""
    for run in (runs / "micro" / "sweep").glob("ner-character-kor-*"):
        shutil.rmtree(run)
    (runs / "micro" / "chosen.json").unlink()
    prepared = json.loads((runs / "micro" / "prepared.json").read_text(encoding="utf-8"))
    key = prepared["cells"]["ner-character-kor"]["arrays"]["kor"]["ner/train"]
    path = cache_root / "encoded" / f"{key}.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    try:
        said = process("sweep", "--study", study_file, "--jobs", "1")
    finally:
        path.write_bytes(content)
    assert said.code == 1
    assert "Traceback" not in said.err
    failed = [line for line in said.err.splitlines() if line.startswith("failed: ner-character-kor-s00-")]
    assert len(failed) == 2
    assert all("is damaged" in line and "error.txt" in line for line in failed)
    assert said.err.splitlines()[-1] == (
        "nothing was chosen for ner-character-kor: every point of a grid must be finished"
    )
    assert set(_chosen(runs)) == {"ner-character-eng"}


@pytest.mark.slow
@pytest.mark.train
def test_a_stale_choice_is_told_and_not_used(process: Call, runs: Path, study_file: Path) -> None:
    """After an edit of the file, or of the data, train-seeds uses the file's own values and names each cell."""
    text = study_file.read_text(encoding="utf-8")
    own = text.replace("learning_rates = [1e-3, 5e-3]", "learning_rates = [5e-3]")
    study_file.write_text(own, encoding="utf-8")
    said = process("prepare", "--study", study_file, "--jobs", "1")
    assert said.code == 0
    assert "chose for ner-character-eng is not used: the study's grid or hyper-parameters have changed" in said.err
    study_file.write_text(text.replace("train_fraction = 0.1\n[tasks.ner.hyper]", "train_fraction = 0.2\n[tasks.ner.hyper]"),
                          encoding="utf-8")  # fmt: skip
    said = process("prepare", "--study", study_file, "--jobs", "1")
    assert said.code == 0
    assert "chose for ner-character-kor is not used: its data, representation, pre-training or protocol" in said.err
    prepared = json.loads((runs / "micro" / "prepared.json").read_text(encoding="utf-8"))
    rates = {n: c["settings"]["hyper"]["learning_rate"] for n, c in prepared["cells"].items() if n.startswith("ner")}
    assert rates == {"ner-character-eng": 1e-3, "ner-character-kor": 1e-3}
    assert prepared["study"]["tasks"]["ner"]["override"] == []
    status = json.loads(process("status", "--study", study_file, "--json").out)
    assert (set(status["stale"]), status["chosen"], status["changed"]) == (set(_chosen(runs)), {}, [])


def test_a_study_without_a_grid(gapstudy: Call, micro_file: Path, here: Path) -> None:
    """Wrong usage, with what to write; nothing is left behind."""
    said = gapstudy("sweep", "--study", micro_file)
    assert said.code == 2
    assert "there is no grid for xnli, ner; write for example [tasks.xnli.sweep] with learning_rates" in said.message
    assert [path.name for path in here.iterdir()] == ["micro.toml"]


@pytest.mark.train
def test_a_damaged_choice_is_told_before_the_work(gapstudy: Call, study_file: Path, here: Path) -> None:
    """chosen.json that cannot be read is named with what to do, by every command that reads it."""
    path = here / "runs" / "micro" / "chosen.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"format": 2}', encoding="utf-8")
    for command in ("sweep", "train-seeds", "prepare"):
        said = gapstudy(command, "--study", study_file, "--quiet")
        assert said.code == 1
        assert (
            "chosen.json is not what gapstudy sweep writes (format 1); delete it and run gapstudy sweep" in said.message
        )
