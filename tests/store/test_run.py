"""A finished run: what it tells, and what it says when its files are not what they were."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gapstudy.errors import StoreError
from gapstudy.store import Outputs, Run, State

if TYPE_CHECKING:
    from tests.store.conftest import Saved

FILES = ("embeddings.safetensors", "outputs.safetensors", "history.csv")


def _edit(saved: Saved, **changes: Any) -> None:
    record = json.loads(saved.paths.record.read_text(encoding="utf-8"))
    record |= changes
    saved.paths.record.write_text(json.dumps({k: v for k, v in record.items() if v is not ...}), encoding="utf-8")


def _states(saved: Saved) -> tuple[State, int]:
    """Return the state of the run and how many runs a selection gets."""
    return saved.store.state("demo", saved.spec.run_id), len(saved.store.select(study="demo"))


def test_a_run_tells_what_was_saved(saved: Saved) -> None:
    """Identity, scores, history, vectors and outputs come back as they were given."""
    run = Run.read(saved.paths.folder)
    rng = np.random.default_rng(3)
    assert (run.run_id, run.cell, run.seed) == (saved.spec.run_id, saved.spec.cell, 3)
    assert run.languages == ("swa",)
    assert (run.score(), run.score("swa", split="dev", metric="accuracy")) == (61.5, 59.0)
    assert run.history() == [{"epoch": 1.0, "dev_accuracy": 59.0}, {"epoch": 2.0, "dev_accuracy": 1 / 3}]
    for layer in ("input", "last"):
        np.testing.assert_array_equal(run.embeddings(layer), rng.normal(size=(3, 4)).astype(np.float32))
    outputs = run.outputs()
    np.testing.assert_array_equal(outputs.logits, rng.normal(size=(3, 2)).astype(np.float32))
    assert outputs.gold.tolist() == [0, 1, 1]
    assert outputs.gold.dtype == np.int64
    assert run.damage() == ""


def test_the_record_holds_the_whole_identity(saved: Saved) -> None:
    """run.json alone says what was trained: cell, seed, every setting, and the hash that names the folder."""
    record = json.loads(saved.paths.record.read_text(encoding="utf-8"))
    assert record["settings"] == saved.spec.settings
    assert record["cell_hash"] == saved.spec.cell_hash
    assert record["run_id"] == saved.paths.folder.name
    assert record["files"] == {name: (saved.paths.folder / name).stat().st_size for name in FILES}


@given(arrays(np.float32, (5, 3), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_probabilities_are_a_softmax(logits: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    """Rows lie in [0, 1] and sum to one, whatever the size of the logits; the largest logit has the largest share."""
    outputs = Outputs(logits, np.zeros(5, np.int64))
    shares = outputs.probabilities
    assert ((shares >= 0) & (shares <= 1)).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    rows = np.arange(5)
    assert (shares[rows, outputs.predictions] == shares.max(axis=1)).all()


def test_probabilities_are_those_of_scipy() -> None:
    """The softmax equals scipy's."""
    from scipy.special import softmax

    logits = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    found = Outputs(logits, np.zeros(20, np.int64)).probabilities
    np.testing.assert_allclose(found, softmax(logits.astype(float), axis=1), rtol=1e-12)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_a_truncated_file_is_damage(saved: Saved, name: str, kept: int) -> None:
    """Cut anywhere, the file is named, the run counts as damaged and no statistic gets it."""
    path = saved.paths.folder / name
    content = path.read_bytes()
    path.write_bytes(content[:kept])
    assert saved.run.damage() == f"{path} has {len(content[:kept])} bytes where {len(content)} were written"
    assert _states(saved) == (State.DAMAGED, 0)
    assert name in saved.store.damaged("demo")[saved.spec.run_id]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_damage(saved: Saved, name: str) -> None:
    """A file that was deleted is named, whatever the record says."""
    (saved.paths.folder / name).unlink()
    assert saved.run.damage() == f"{saved.paths.folder / name} is missing"
    assert _states(saved) == (State.DAMAGED, 0)
    _edit(saved, files={})
    assert _states(saved) == (State.DAMAGED, 0)


@pytest.mark.parametrize("name", ["embeddings.safetensors", "outputs.safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"\x00" * 4, b"\xff" * 600, b"PK\x03\x04 not safetensors"])
def test_a_truncated_safetensors_file_is_a_short_error(saved: Saved, name: str, content: bytes | None) -> None:
    """Reading arrays of a damaged or missing file names the file and says what to do, without a foreign traceback."""
    path = saved.paths.folder / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    read = saved.run.outputs if name.startswith("outputs") else lambda: saved.run.embeddings("last")
    with pytest.raises(StoreError, match=rf"{name}: .*; delete .* and run gapstudy train-seeds again") as caught:
        read()
    assert str(saved.paths.folder) in str(caught.value)
    assert caught.value.__cause__ is None


def test_arrays_that_were_not_saved_are_named(saved: Saved) -> None:
    """A layer or language that the file does not hold is an error that names it."""
    with pytest.raises(StoreError, match="swa/middle"):
        saved.run.embeddings("middle")
    with pytest.raises(StoreError, match="urd/test/logits"):
        saved.run.outputs("urd")


@pytest.mark.parametrize("content", [None, "epoch,dev\n1.0\n", "epoch\nx\n", b"\xff\xfe"])
def test_a_damaged_history_is_a_short_error(saved: Saved, content: str | bytes | None) -> None:
    """A history that is gone or holds no numbers names the file and says what to do."""
    saved.paths.history.unlink()
    if content is not None:
        saved.paths.history.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(StoreError, match=r"history\.csv: .*; delete .* and run gapstudy train-seeds again"):
        saved.run.history()


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", "null", "{}", '{"format": 1}', "\x00" * 100])
def test_a_broken_record_is_damage(saved: Saved, content: str) -> None:
    """A run.json that is not a record is an error that names it and the remedy, and the run counts as damaged."""
    saved.paths.record.write_text(content, encoding="utf-8")
    with pytest.raises(StoreError, match=r"run\.json .*; delete (it|the folder) and (run|train)"):
        Run.read(saved.paths.folder)
    assert _states(saved) == (State.DAMAGED, 0)
    assert "run.json" in saved.store.damaged("demo")[saved.spec.run_id]


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"format": ...},
        {"run_id": 7},
        {"cell": "xnli-phoneme-swa"},
        {"cell": {"task": "xnli"}},
        {"seed": "3"},
        {"metrics": []},
        {"primary": None},
        {"settings": ...},
        {"cell_hash": ...},
        {"files": 5},
    ],
    ids=str,
)
def test_a_record_of_another_format_is_damage(saved: Saved, changes: dict[str, Any]) -> None:
    """A record from another version, or edited by hand, says so instead of failing somewhere in the statistics."""
    _edit(saved, **changes)
    with pytest.raises(StoreError, match=r"run\.json is not a run record of format 1; delete the folder"):
        Run.read(saved.paths.folder)
    assert _states(saved) == (State.DAMAGED, 0)


def test_a_copied_folder_is_not_a_second_run(saved: Saved) -> None:
    """A copy of a run under another name is left out with its reason: it would count one seed twice."""
    copy = Path(f"{saved.paths.folder}-copy")
    shutil.copytree(saved.paths.folder, copy)
    assert [run.folder for run in saved.store.select(study="demo")] == [saved.paths.folder]
    assert saved.store.damaged("demo") == {
        copy.name: f"{copy} holds run {saved.spec.run_id}: a copied or renamed folder"
    }


def test_an_undamaged_run_is_not_called_damaged(saved: Saved) -> None:
    """What was saved and not touched is done, selected and not among the damaged."""
    assert _states(saved) == (State.DONE, 1)
    assert saved.store.damaged("demo") == {}
