"""gapstudy train-seeds --dry-run: what would be done is told, and nothing is done."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture
def dry(gapstudy: Call, micro_file: Path) -> Call:
    """Ask what train-seeds would do."""
    return lambda *more: gapstudy("train-seeds", "--dry-run", "--study", micro_file, *more)


def test_before_anything_is_done(dry: Call, here: Path) -> None:
    """Every run is listed by cell and seed; time and room are unknown, with a way to learn them; no file is made."""
    before = sorted(here.rglob("*"))
    said = dry()
    assert said.code == 0
    assert "10 of 10 runs to train; nothing was done" in said.out
    assert "no run of xnli-subword, xnli-phoneme, ner-character is finished yet" in said.out
    assert "minutes of training" not in said.out
    found = json.loads(dry("--json", "--n", "1", "--tasks", "ner").out)
    assert found["to_train"] == ["ner-character-eng-s00", "ner-character-kor-s00"]
    assert found["kinds"] == [
        {"runs": "ner-character", "planned": 2, "finished": 0, "seconds": None, "size": None, "left": 2}
    ]
    assert sorted(here.rglob("*")) == before


def test_what_is_left_is_reckoned_from_what_is_finished(dry: Call, runs: Path, snapshot: Call) -> None:
    """Time and bytes of a kind's finished runs, times those that are left; run ids are the real ones."""
    gone = sorted((runs / "micro").glob("xnli-subword-*"))[1:]
    sizes = [sum(json.loads((p / "run.json").read_text())["files"].values()) for p in gone]
    for path in gone:
        shutil.rmtree(path)
    before = snapshot(runs)
    found = json.loads(dry("--json").out)
    assert set(found["to_train"]) == {path.name for path in gone}
    (row,) = [kind for kind in found["kinds"] if kind["runs"] == "xnli-subword"]
    assert (row["planned"], row["finished"], row["left"], row["seconds"]) == (4, 1, 3, 4.5)
    assert row["size"] == pytest.approx(sum(sizes), rel=0.1)
    text = dry("--jobs", "3").out
    assert "3 of 10 runs to train; nothing was done" in text
    assert "0.1 minutes of training, 0.0 with 3 at a time, and 0." in text
    assert snapshot(runs) == before


def test_a_finished_study_has_nothing_left(dry: Call, runs: Path) -> None:
    """No run to train, and no reckoning."""
    assert runs.is_dir()
    said = dry()
    assert "0 of 10 runs to train; nothing was done" in said.out
    assert "minutes" in said.out  # the column
    assert "by the runs that are finished" not in said.out


def test_more_seeds_than_are_finished(dry: Call, runs: Path) -> None:
    """Asked for one more seed, it lists that seed alone."""
    assert runs.is_dir()
    found = json.loads(dry("--json", "--n", "3", "--tasks", "xnli", "--representations", "subword").out)
    assert [name.rsplit("-", 1)[0] for name in found["to_train"]] == ["xnli-subword-eng-s02", "xnli-subword-swa-s02"]
