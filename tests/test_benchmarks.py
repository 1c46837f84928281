"""The benchmarks: each runs and prints the rows it promises, and none compares times of different results."""

from __future__ import annotations

import ast
import importlib.util
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

ROOT = Path(__file__).parents[1]
KEYS = ["name", "size", "ours_s", "peer", "peer_s", "ratio", "note"]
TRAIN, SLOW = pytest.mark.train, pytest.mark.slow
MEASURED = {  # script -> names of its rows; those of trainers are below, for they need more than the tests do
    "cka": {"cka-intervals-plain", "cka-intervals-debiased", "cka-points-plain", "cka-points-debiased",
            "cka-growth-debiased", "cka-null-matrix", "cka-jackknife", "companion-procrustes", "companion-rsa",
            "companion-anc", "companion-retrieval"},
    "sinkhorn": {"sinkhorn", "sinkhorn-pairs", "sinkhorn-debiased", "exact-transport"},
    "resample": {"cluster-bootstrap-mean-rpd", "correlation-within-pairs-spearman", "correlation-within-pairs-kendall"},
    "g2p": {"g2p-new", "g2p-cached"},
    "extract": {"extract"},
    "store": {"store-select", "store-to-frame", "store-vectors", "store-save"},
    "report": {"report-gather", "report-exhibits", "report-write", "report-render-first", "report-render-again",
               "report-total", "report-second", "report-serial", "report-processes", "report-remembered",
               "scale-exhibits", "scale-processes", "scale-second"},
}  # fmt: skip
MARKS = {"cka": [SLOW], "sinkhorn": [SLOW], "resample": [SLOW], "g2p": [TRAIN, SLOW], "extract": [TRAIN, SLOW],
         "report": [SLOW]}  # fmt: skip


@pytest.fixture(autouse=True)
def checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``benchmarks`` importable, behind what is installed, and undo what its scripts do to the path."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT)])


def _rows(*command: str) -> list[dict[str, Any]]:
    """Run Python in the checkout on one thread and without the real corpora; return the rows it printed."""
    env = {key: value for key, value in os.environ.items() if key != "GAPSTUDY_DATA"}
    env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _check(row: dict[str, Any]) -> None:
    """A row has the contract's keys; it was measured, with positive seconds, or it says why not."""
    assert list(row) == KEYS
    assert row["size"]
    if row["ours_s"] is None:
        assert (row["peer_s"], row["ratio"]) == (None, None)
        assert re.match(r"not measured: \S", row["note"])
        return
    assert row["ours_s"] > 0
    assert re.search(r"\d+ rounds", row["note"])
    if row["peer"] is None:
        assert (row["peer_s"], row["ratio"]) == (None, None)
    else:
        assert row["peer_s"] > 0
        assert row["ratio"] == pytest.approx(row["peer_s"] / row["ours_s"])


# ---- scripts -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, [])) for name in MEASURED])
def test_a_script_prints_the_rows_it_promises(name: str) -> None:
    """The quick form of a benchmark exits with 0 and prints measured rows under all its names, as JSON alone."""
    rows = _rows("-m", f"benchmarks.{name}", "--quick", "--json")

    for row in rows:
        _check(row)
    assert {row["name"] for row in rows if row["ours_s"] is not None} == MEASURED[name]


@pytest.mark.train
@pytest.mark.slow  # where there is something to measure
@pytest.mark.parametrize("name", ["train_cpu", "train_gpu"])
def test_a_trainer_script_measures_or_says_what_is_missing(name: str) -> None:
    """The comparisons with Trainer exit with 0 and print measured rows, or one that names the missing part."""
    import torch

    missing = {
        "no CUDA device was found": name == "train_gpu" and not torch.cuda.is_available(),
        "accelerate is not installed": importlib.util.find_spec("accelerate") is None,
    }

    rows = _rows("-m", f"benchmarks.{name}", "--quick", "--json")

    for row in rows:
        _check(row)
    assert {row["name"] for row in rows} == {name.replace("_", "-")}
    why = next((text for text, is_so in missing.items() if is_so), None)
    if why is None:
        assert all(row["ours_s"] is not None for row in rows)
        assert len(rows) >= 2
    else:
        (row,) = rows
        assert why in row["note"]


def test_a_script_runs_as_a_file_too(tmp_path: Path) -> None:
    """``python benchmarks/NAME.py --json`` finds its neighbours from any folder, and none hides a real package."""
    script = ROOT / "benchmarks" / "resample.py"
    done = subprocess.run(
        [sys.executable, str(script), "--quick", "--json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert {json.loads(line)["name"] for line in done.stdout.splitlines()} == MEASURED["resample"]


def test_nox_and_the_readme_name_every_script() -> None:
    """The bench session runs every script that has a command line, and benchmarks/README.md has a section on each."""
    scripts = {p.stem for p in (ROOT / "benchmarks").glob("*.py") if "\n    run(rows)\n" in p.read_text("utf-8")}
    tree = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))
    (listed,) = [n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "BENCHMARKS"]
    readme = (ROOT / "benchmarks" / "README.md").read_text("utf-8")

    assert set(ast.literal_eval(listed)) == scripts == {*MEASURED, "train_cpu", "train_gpu"}
    assert [name for name in sorted(scripts) if f"`{name}`" not in readme] == []


# ---- results are compared before times ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ours", "theirs", "match"),
    [
        ([1.0, 2.0], [1.0, 2.1], r"it: ours and the peer's results differ by 0\.1 "),
        ([1.0, 2.0], [1.0], r"differ by nan \(shapes \(2,\) and \(1,\)\)"),
        ([1.0, math.nan], [1.0, math.nan], r"differ by nan"),
        (1.0, -1.0, r"differ by 2 "),
    ],
)
def test_different_results_are_an_error(ours: npt.ArrayLike, theirs: npt.ArrayLike, match: str) -> None:
    """Results that differ, in value or shape, or that are no numbers, stop a benchmark with the largest difference."""
    from benchmarks.harness import MismatchError, same

    with pytest.raises(MismatchError, match=match):
        same("it", ours, theirs, atol=0.05)


@pytest.mark.parametrize(("rtol", "atol", "ok"), [(0.01, 0.0, True), (0.0, 1.0, True), (0.001, 0.0, False)])
def test_results_agree_to_the_tolerance_that_is_named(rtol: float, atol: float, ok: bool) -> None:
    """Without a tolerance results must be equal; either tolerance allows what it says and no more."""
    from benchmarks.harness import MismatchError, same

    same("it", [1, 2], np.array([1.0, 2.0]))
    if ok:
        same("it", [100.0], [100.5], rtol=rtol, atol=atol)
    else:
        with pytest.raises(MismatchError, match=r"differ by 0\.5"):
            same("it", [100.0], [100.5], rtol=rtol, atol=atol)


def _features() -> list[npt.NDArray[np.float64]]:
    from benchmarks.cka import related

    return related(3, 20, 4)


def test_a_wrong_peer_stops_cka(monkeypatch: pytest.MonkeyPatch) -> None:
    """CKA is not timed beside a package that computes something else."""
    from benchmarks import cka
    from benchmarks.cka_peers import Package
    from benchmarks.harness import MismatchError

    def wrong(_features: Sequence[npt.NDArray[np.float64]], *, debiased: bool) -> Package:
        return Package("wrong", lambda: np.eye(3), 1e-8, f"debiased {debiased}")

    monkeypatch.setattr(cka, "PACKAGES", {"wrong": wrong})

    with pytest.raises(MismatchError, match="CKA by wrong"):
        list(cka.points(_features(), debiased=True, rounds=1))


def test_a_missing_peer_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is not installed leaves a row that says so, and the others are measured."""
    from benchmarks import cka

    def gone(_features: Sequence[npt.NDArray[np.float64]], *, debiased: bool) -> Any:
        message = f"No module named 'gone' ({debiased})"
        raise ImportError(message)

    monkeypatch.setattr(cka, "PACKAGES", {"gone": gone})

    first, second = cka.points(_features(), debiased=False, rounds=1)

    assert (first.peer, first.ours_s, first.peer_s, first.ratio) == ("gone", None, None, None)
    assert first.note.startswith("not measured: No module named 'gone'")
    assert second.ratio is not None


def test_numpy_peers_of_cka_compute_cka() -> None:
    """The two ways of resampling features that intervals are held against give CKA, plain and debiased."""
    from benchmarks import cka_peers
    from gapstudy.stats import cka_matrix

    for debiased in (False, True):
        expected = cka_matrix(_features(), debiased=debiased)
        x, y, _ = _features()
        np.testing.assert_allclose(cka_peers.of_all(_features(), debiased=debiased), expected, atol=1e-12)
        assert cka_peers.of_pair(x, y, debiased=debiased) == pytest.approx(expected[0, 1])


def test_a_wrong_distance_stops_sinkhorn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Sinkhorn distance that is not POT's is not timed."""
    from benchmarks import sinkhorn
    from benchmarks.harness import MismatchError

    monkeypatch.setattr(sinkhorn, "sinkhorn_distance", lambda *_args, **_options: 0.5)

    with pytest.raises(MismatchError, match="Sinkhorn distance in 3 classes"):
        list(sinkhorn.regularised(*sinkhorn.clouds(30, 3), reg=0.1, rounds=1))


def test_other_phones_stop_g2p() -> None:
    """Words on which the peer says nothing are counted, once a type; where both speak they must agree."""
    from benchmarks.g2p import _compared
    from benchmarks.harness import MismatchError

    words, ours = ["na", "x", "x"], [("n", "a"), ("k",), ("k",)]
    silent: list[tuple[str, ...]] = [("n", "a"), (), ()]

    assert _compared(words, ours, ours) == 0
    assert _compared(words, ours, silent) == 1
    with pytest.raises(MismatchError, match="'na' is n a here and n e by Epitran"):
        _compared(words, ours, [("n", "e"), (), ()])


@pytest.mark.train
def test_models_of_other_worth_stop_training() -> None:
    """Runs an hour are not compared when test accuracies differ by more than seeds explain."""
    from benchmarks.harness import MismatchError
    from benchmarks.trainer import compared

    good, bad = [(80.0, 79.0), (81.0, 80.0), (80.0, 81.0)], [(40.0, 40.0), (41.0, 41.0), (40.0, 42.0)]

    assert compared(good, good).startswith("mean test accuracy 80.0 (sd 1.0, 3 seeds) and 80.0")
    with pytest.raises(MismatchError, match=r"80\.0 here and 41\.0 by Trainer"):
        compared(good, bad)


@pytest.mark.train
@pytest.mark.filterwarnings("ignore")  # Trainer's own
def test_the_gpu_comparison_works_on_any_device() -> None:
    """On one processor core and in a tiny shape, both sides of the GPU comparison and its floor run."""
    pytest.importorskip("accelerate", reason="Trainer needs accelerate (dependency group bench)")
    import torch

    from benchmarks.train_gpu import Bench

    shape = {"vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": 16}  # fmt: skip

    rows = list(Bench(torch.device("cpu"), shape, pairs=16, batch=8, matrix=64).rows(rounds=1))

    assert [row.peer for row in rows] == [
        "Trainer, defaults", "Trainer, bf16 + group_by_length", "floor: FLOPs at the bf16 matrix rate",
    ]  # fmt: skip
    assert all(row.ratio is not None and row.ratio > 0 for row in rows)


# ---- the clock and the rows --------------------------------------------------------------------------------
def test_calls_take_turns() -> None:
    """Ours and every peer are called once a round, in the same order, and each call's seconds are kept."""
    from benchmarks.harness import alternate

    called: list[str] = []

    times = alternate(3, lambda: called.append("ours"), lambda: called.append("peer"))

    assert called == ["ours", "peer"] * 3
    assert [len(taken) for taken in times] == [3, 3]


def test_a_row_holds_medians_scaled_to_the_whole_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds are medians over rounds, those of a part scaled up; the ratio says how many times faster ours is."""
    from benchmarks.harness import Peer, against, alone

    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def lasting(*seconds: float) -> Any:
        left = iter(seconds)

        def call() -> None:
            now[0] += next(left)

        return call

    peer = Peer(name="other", call=lasting(1.0, 9.0, 2.0), scale=10.0, note="a tenth")
    (row,) = against("name", "size", lasting(4.0, 8.0, 6.0), [peer], rounds=3, note="said", scale=0.5)
    single = alone("name", "size", lasting(3.0, 1.0, 2.0), rounds=3)

    assert (row.ours_s, row.peer, row.peer_s) == (3.0, "other", 20.0)
    assert row.ratio == pytest.approx(20.0 / 3.0)
    assert row.note == "3 rounds, ratio 5.00 to 22.50; said; a tenth"
    assert (single.ours_s, single.peer, single.ratio, single.note) == (2.0, None, None, "3 rounds, 1 to 3 s")


def test_peak_memory_counts_numpy_arrays() -> None:
    """The peak is what was held at once: two arrays of 8 MiB one after the other are 8, together 16."""
    from benchmarks.harness import peak_mib

    def one() -> npt.NDArray[np.float64]:
        return np.ones(2**20)

    assert peak_mib(lambda: (one().sum(), one().sum())) == pytest.approx(8.0, abs=0.5)
    assert peak_mib(lambda: one() @ one()) == pytest.approx(16.0, abs=0.5)


def _one_row(_quick: bool) -> Iterator[Any]:
    from benchmarks.harness import absent

    print("a peer's chatter")  # noqa: T201 - what a peer might do
    yield absent("name", "size", "peer", "not there")


def test_json_is_alone_on_standard_output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json each line of standard output is a row with the contract's keys; chatter goes to standard error."""
    from benchmarks.harness import run
    from benchmarks.printing import Row

    monkeypatch.setattr(sys, "argv", ["name", "--json"])
    run(_one_row)

    out, err = capsys.readouterr()
    assert [list(json.loads(line)) for line in out.splitlines()] == [KEYS]
    assert [field.name for field in fields(Row)] == KEYS
    assert "chatter" in err


def test_a_table_has_a_line_and_a_note_a_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --json rows are an aligned Markdown table, with the numbered notes under it."""
    from benchmarks.harness import run

    monkeypatch.setattr(sys, "argv", ["name"])
    run(_one_row)

    lines = capsys.readouterr().out.splitlines()
    assert len({len(line) for line in lines[:3]}) == 1
    assert lines[2].split("|")[1:-1] == [" 1 ", " name ", " size ", " -       ", " peer ", " -       ", " -     "]
    assert lines[-1] == "1. name: not measured: not there"


def test_made_up_runs_are_whole(tmp_path: Path) -> None:
    """What the store and the report are timed on is a finished study: each run selected, its vectors readable."""
    from benchmarks.fabricated import fabricate
    from gapstudy.study import Study

    study = Study.load("tiny")
    plan = [(seed, cell) for cell, seed in zip(study.cells()[:3], count(), strict=False)]

    store = fabricate(study, tmp_path / "runs", plan)

    found = store.select(study=study.name)
    assert {(run.seed, run.cell) for run in found} == set(plan)
    assert {run.embeddings("last").shape[1] for run in found} == {64}
