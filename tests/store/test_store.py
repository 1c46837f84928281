"""The store: in what order a run is written, what state it is in, and how runs are selected."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gapstudy.store import Claim, Run, RunStore, State
from gapstudy.study import RunSpec, Study

if TYPE_CHECKING:
    from tests.store.conftest import Saved

# Saves a run and is killed before the file with the given number is renamed to its place.
KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {folder!r})
import conftest
from gapstudy.store import RunStore
from gapstudy.study import Cell, RunSpec
replace, left = Path.replace, [{files}]
def replace_or_die(path, target):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return replace(path, target)
Path.replace = replace_or_die
cell = Cell(task="xnli", representation="phoneme", language="swa")
conftest.save(RunStore({root!r}), RunSpec(cell=cell, seed=3, settings={{"hyper": {{"epochs": 2}}}}))
"""


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("damaged", [False, True], ids=["new", "damaged before"])
@pytest.mark.parametrize("files", range(4))
def test_a_kill_between_files_leaves_no_complete_run(
    tmp_path: Path, spec: RunSpec, save_again: Callable[[RunStore, RunSpec], Run], files: int, damaged: bool
) -> None:
    """Killed before any of its four files is in place, a run is not done, not selected, and can be saved again."""
    store = RunStore(tmp_path / "runs")
    paths = store.study("demo").run(spec.run_id)
    if damaged:
        save_again(store, spec)
        paths.outputs.write_bytes(b"")
    script = KILLED.format(folder=str(Path(__file__).parent), files=files, root=str(store.root))

    killed = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)

    assert (killed.returncode, killed.stderr) == (-9, "")
    assert not paths.record.exists()
    assert store.state("demo", spec.run_id) is State.MISSING
    assert store.select(study="demo") == ()
    save_again(store, spec)
    assert store.state("demo", spec.run_id) is State.DONE
    clean = save_again(RunStore(tmp_path / "clean"), spec)
    assert _bytes(paths.folder) == _bytes(clean.folder)


def test_the_record_is_the_last_file(
    tmp_path: Path, spec: RunSpec, save_again: Callable[[RunStore, RunSpec], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other file of a run is in its place before run.json is."""
    names: list[str] = []
    replace = Path.replace

    def record(path: Path, target: Path) -> Path:
        names.append(target.name)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", record)
    save_again(RunStore(tmp_path), spec)
    assert names[-1] == "run.json"
    assert sorted(names[:-1]) == ["embeddings.safetensors", "history.csv", "outputs.safetensors"]


def test_a_finished_run_keeps_only_its_files(saved: Saved, save_again: Callable[[RunStore, RunSpec], Run]) -> None:
    """The checkpoint, the error of an earlier try and what a killed process left half written go when a run is done."""
    saved.paths.checkpoint.parent.mkdir()
    saved.paths.checkpoint.write_bytes(b"x")
    saved.paths.error.write_text("it failed")
    (saved.paths.folder / ".outputs.safetensors.123.tmp").write_bytes(b"half")
    save_again(saved.store, saved.spec)
    assert sorted(p.name for p in saved.paths.folder.iterdir()) == [
        "embeddings.safetensors",
        "history.csv",
        "outputs.safetensors",
        "run.json",
    ]


def test_saving_twice_gives_the_same_bytes(saved: Saved, save_again: Callable[[RunStore, RunSpec], Run]) -> None:
    """A run's files depend on what was saved alone."""
    before = _bytes(saved.paths.folder)
    save_again(saved.store, saved.spec)
    assert _bytes(saved.paths.folder) == before


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def test_every_state_is_told_apart(
    tmp_path: Path, spec: RunSpec, save_again: Callable[[RunStore, RunSpec], Run]
) -> None:
    """A run goes from missing over running, failed and interrupted to done, and damage shows."""
    store = RunStore(tmp_path)
    paths = store.study("demo").run(spec.run_id)

    def state() -> State:
        return store.state("demo", spec.run_id)

    assert state() is State.MISSING
    claim = Claim.take(paths.claim)
    assert claim
    assert state() is State.RUNNING
    _touch(paths.checkpoint)
    assert state() is State.RUNNING
    claim.release()
    assert state() is State.INTERRUPTED
    store.fail("demo", spec.run_id, "the loss is nan\n\n")
    assert state() is State.FAILED
    assert paths.error.read_text() == "the loss is nan\n"
    Claim.take(paths.claim)
    assert state() is State.RUNNING  # it is being tried again
    save_again(store, spec)
    assert state() is State.DONE
    paths.embeddings.unlink()
    assert state() is State.DAMAGED


def test_a_dead_claim_is_not_running(saved: Saved) -> None:
    """A run whose process was killed is interrupted where it left a checkpoint, else missing."""
    saved.paths.record.unlink()
    saved.paths.claim.write_text('{"host": "gone.example", "pid": 1, "started": 1.0}')
    os.utime(saved.paths.claim, (0, 0))
    assert saved.store.state("demo", saved.spec.run_id) is State.MISSING
    _touch(saved.paths.checkpoint)
    assert saved.store.state("demo", saved.spec.run_id) is State.INTERRUPTED


@pytest.fixture(scope="session")
def finished(fabricate: Callable[..., Any], micro: Study) -> RunStore:
    """A store with the ten runs of the study of seconds, made up."""
    store: RunStore = fabricate(micro, seeds=2).store
    return store


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 10),
        ({"task": "xnli"}, 8),
        ({"task": "ner"}, 2),
        ({"task": "pos"}, 0),
        ({"representation": "phoneme"}, 4),
        ({"language": "eng"}, 5),
        ({"seed": 0}, 6),
        ({"seed": 1}, 4),
        ({"seed": 7}, 0),
        ({"task": "xnli", "representation": "subword", "language": "swa", "seed": 1}, 1),
        ({"task": "ner", "seed": 1}, 0),
    ],
    ids=str,
)
def test_selections_hold_what_was_asked_for(finished: RunStore, filters: dict[str, Any], count: int) -> None:
    """Each filter narrows the selection to the runs that have that value, seed 0 included; names order it."""
    runs = finished.select(study="micro", **filters)
    assert len(runs) == count
    assert [run.run_id for run in runs] == sorted(run.run_id for run in runs)
    for run in runs:
        facts = {"seed": run.seed, **{k: getattr(run.cell, k) for k in ("task", "representation", "language")}}
        assert filters.items() <= facts.items()


def test_an_unknown_study_or_an_empty_folder_has_no_runs(tmp_path: Path, finished: RunStore) -> None:
    """Where nothing was trained a selection is empty, and nothing is created by looking."""
    assert finished.select(study="other") == ()
    assert RunStore(tmp_path / "none").select(study="micro") == ()
    assert RunStore(tmp_path / "none").damaged("micro") == {}
    assert RunStore(tmp_path / "none").state("micro", "x") is State.MISSING
    assert list(tmp_path.iterdir()) == []


COLUMNS = [
    "run_id",
    "task",
    "representation",
    "language",
    "seed",
    "test_language",
    "split",
    "metric",
    "primary",
    "score",
]


def test_a_frame_has_a_row_for_each_score(finished: RunStore) -> None:
    """One row a run, test language, split and metric, in percent, with the columns that the documentation names."""
    frame = finished.to_frame(study="micro")
    assert list(frame.columns) == COLUMNS
    assert len(frame) == 8 * 2 + 2 * 2 * 3
    assert frame["score"].between(0, 100).all()
    one = frame[(frame["task"] == "ner") & (frame["language"] == "kor") & (frame["split"] == "test")]
    assert one.set_index("metric")["primary"].to_dict() == {
        "entity_f1": True,
        "token_macro_f1": False,
        "char_macro_f1": False,
    }
    run = finished.select(study="micro", task="ner", language="kor")[0]
    assert one.set_index("metric").loc["entity_f1", "score"] == run.score()


def test_a_frame_takes_filters_and_keeps_its_columns_when_empty(finished: RunStore) -> None:
    """Filters work as in select(), and a frame without rows has the same columns, so that scripts need no case for it."""
    assert set(finished.to_frame(study="micro", language="swa")["language"]) == {"swa"}
    empty = finished.to_frame(study="micro", task="pos")
    assert (list(empty.columns), len(empty)) == (COLUMNS, 0)


def test_nothing_here_needs_torch() -> None:
    """Reading runs loads neither torch nor transformers nor epitran."""
    script = "import sys, gapstudy.store; sys.exit(bool({'torch', 'transformers', 'epitran'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", script], check=True)
