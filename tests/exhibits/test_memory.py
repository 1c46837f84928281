"""What an earlier report computed is used as long as nothing that it rests on has changed."""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.exhibits import every
from gapstudy.exhibits import memory as module
from gapstudy.exhibits.base import Cell, Exhibit
from gapstudy.exhibits.every import compute_exhibits
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.memory import Memory
from gapstudy.exhibits.plain import from_text, to_text
from gapstudy.stats import Estimate
from gapstudy.store import Run, RunPaths
from gapstudy.study import Study

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
keys = st.text() | st.integers() | st.tuples(st.text(), st.text())
values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(keys, inner), max_leaves=20
)


# ---- plain values -------------------------------------------------------------------------------------------
@given(values)
def test_plain_values_come_back_exactly(value: Any) -> None:
    """Lists stay lists, tuples tuples, and keys of dictionaries what they were."""
    found = from_text(to_text(value))
    assert found == value
    assert to_text(found) == to_text(value)


def test_numbers_that_are_not_numbers_and_arrays_come_back() -> None:
    """NaN, infinity, arrays with their types and shapes, NumPy's scalars as Python's."""
    assert math.isnan(from_text(to_text(float("nan"))))
    assert from_text(to_text([math.inf, np.float32(0.1), np.int64(3), np.bool_(True)])) == [
        math.inf,
        float(np.float32(0.1)),
        3,
        True,
    ]
    array = np.array([[0.1, np.nan], [2.0, -0.0]], dtype=np.float32)
    found = from_text(to_text({"a": array}))["a"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, array)


def test_records_come_back_as_what_they_are() -> None:
    """Estimates, cells and paths inside anything."""
    one = {("a", 1): Estimate(0.1, 0.0, 0.2, 0.95, 3, "t"), "cell": (Cell("x", note="y"), Path("figures/a.svg"))}
    assert from_text(to_text(one)) == one


@dataclass(frozen=True)
class Foreign:
    """A record of somebody else's."""

    value: int


@pytest.mark.parametrize("value", [Foreign(1), object(), {1, 2}, b"bytes", 1j])
def test_anything_else_is_refused(value: Any) -> None:
    """What could not come back is an error when it is put in, not when it is needed."""
    with pytest.raises(TypeError, match="is not a plain value"):
        to_text([value])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"$record":["os","system",{}]}', id="foreign"),
        pytest.param('{"$record":["gapstudy.stats","mean_rpd",{}]}', id="no-record"),
        pytest.param('{"$record":["gapstudy.stats.estimate","Estimate",{"value":1}]}', id="other-fields"),
        pytest.param('{"$record":["gapstudy.nowhere","X",{}]}', id="no-module"),
        pytest.param('{"$tuple":', id="half"),
    ],
)
def test_text_of_anything_else_is_refused(text: str) -> None:
    """No code runs for a text that this package did not write."""
    with pytest.raises(ValueError, match=r"."):
        from_text(text)


# ---- the memory ---------------------------------------------------------------------------------------------
class _Counted:
    """A computation that counts how often it is made."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> tuple[int]:
        self.times += 1
        return (self.times,)


def test_what_was_computed_is_not_computed_again(tmp_path: Path) -> None:
    """Another process would find it too; anything else that it rests on makes another result."""
    compute, path = _Counted(), tmp_path / "folder" / "results.sqlite"
    assert Memory(path).result({"a": 1}, compute) == (1,)
    assert Memory(path).result({"a": 1}, compute) == (1,)
    assert Memory(path).result({"a": 2}, compute) == (2,)
    assert Memory(None).result({"a": 1}, compute) == (3,)


def test_other_code_makes_other_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of the package or of NumPy computes anew, and what nobody can ask for any more is deleted."""
    compute, path = _Counted(), tmp_path / "results.sqlite"
    Memory(path).result({"a": 1}, compute)
    monkeypatch.setattr(module, "_code", lambda: "other")
    assert Memory(path).result({"a": 1}, compute) == (2,)
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT code FROM results").fetchall() == [("other",)]


@pytest.mark.parametrize("content", [b"this is no database at all, whatever its name may say" * 40, None])
def test_a_memory_that_cannot_be_used_costs_time_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    """A damaged file, or a folder in its place: one warning that names it, and the results."""
    path = tmp_path / "results.sqlite"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    compute, memory = _Counted(), Memory(path)
    with caplog.at_level(logging.WARNING):
        assert memory.result({"a": 1}, compute) == (1,)
        assert memory.result({"a": 2}, compute) == (2,)
    assert [str(path) in record.message for record in caplog.records] == [True]


@pytest.mark.parametrize("damage", ["'{'", "''", "'{}'", "substr(value, 1, 30)", "replace(value, '[1]', '[3]')"])
def test_a_damaged_result_is_computed_again(damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One result that cannot be read, or of which a digit was changed, is replaced."""
    compute, path = _Counted(), tmp_path / "results.sqlite"
    Memory(path).result({"a": 1}, compute)
    with sqlite3.connect(path) as database:
        database.execute(f"UPDATE results SET value = {damage}")  # noqa: S608 - of this test
    with caplog.at_level(logging.WARNING):
        assert Memory(path).result({"a": 1}, compute) == (2,)
    assert "is damaged" in caplog.text
    assert Memory(path).result({"a": 1}, compute) == (2,)


# ---- what a result rests on ---------------------------------------------------------------------------------
@pytest.fixture
def remembering(wide: Study, evidence_of: Callable[..., Evidence], tmp_path: Path) -> Callable[[], Evidence]:
    """Evidence of two seeds of XNLI with a memory of the test's own, gathered anew by each call."""
    made = evidence_of(wide.narrowed(tasks=("xnli",), representations=("character",)), seeds=2)

    def again(**changes: Any) -> Evidence:
        runs = tuple(Run.read(run.folder) for run in made.runs)
        return replace(made, runs=runs, memory=Memory(tmp_path / "results.sqlite"), **changes)

    return again


def _asked(evidence: Evidence, compute: _Counted, **options: Any) -> int:
    return evidence.remember("a thing", evidence.runs, compute, **options)[0]


def test_a_result_rests_on_the_content_of_its_runs(remembering: Callable[..., Evidence]) -> None:
    """Vectors that were replaced by others of the same size, another option, or a run less: computed anew."""
    compute = _Counted()
    assert [_asked(remembering(), compute) for _ in range(2)] == [1, 1]
    assert _asked(remembering(), compute, layer="input") == 2
    evidence = remembering()
    assert _asked(replace(evidence, runs=evidence.runs[1:]), compute) == 3
    path = RunPaths(evidence.runs[0].folder).embeddings
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    assert _asked(remembering(), compute) == 4


def test_a_result_does_not_rest_on_dates_of_files(remembering: Callable[..., Evidence]) -> None:
    """A run that was copied or touched is the same run."""
    compute = _Counted()
    evidence = remembering()
    assert _asked(evidence, compute) == 1
    for run in evidence.runs:
        RunPaths(run.folder).embeddings.touch()
    assert _asked(remembering(), compute) == 1


def test_a_result_may_rest_on_what_was_prepared(remembering: Callable[..., Evidence]) -> None:
    """Only those that say so are computed anew when it changes."""
    compute = _Counted()
    assert _asked(remembering(), compute) == 1
    assert _asked(remembering(), compute, prepared=True) == 2
    other = {**remembering().prepared, "figure1": {}}
    assert _asked(remembering(prepared=other), compute) == 1
    assert _asked(remembering(prepared=other), compute, prepared=True) == 3


def test_a_second_report_computes_nothing(
    remembering: Callable[..., Evidence], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exhibits are equal, figures the same bytes in a new folder; a changed option computes anew."""
    first = compute_exhibits(remembering(), tmp_path / "one")

    def fail(*_arguments: object) -> Exhibit:
        pytest.fail("computed again")

    for module_ in vars(every).values():
        if hasattr(module_, "compute"):
            monkeypatch.setattr(module_, "compute", fail)
    assert to_text(compute_exhibits(remembering(), tmp_path / "two")) == to_text(first)
    figures = sorted(path.name for path in (tmp_path / "one" / "figures").iterdir())
    assert figures
    for name in figures:
        assert (tmp_path / "two" / "figures" / name).read_bytes() == (tmp_path / "one" / "figures" / name).read_bytes()
    evidence = remembering()
    analysis = evidence.study.analysis.model_copy(update={"resamples": 61})
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        compute_exhibits(
            replace(evidence, study=evidence.study.model_copy(update={"analysis": analysis})), tmp_path / "three"
        )


def test_seeds_that_were_added_cost_their_own_time_alone(
    wide: Study, evidence_of: Callable[..., Evidence], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the points of a pair only those of new seeds are computed."""
    from gapstudy.exhibits import pairs

    whole = replace(evidence_of(wide, seeds=3), memory=Memory(tmp_path / "results.sqlite"))
    part = replace(whole, runs=tuple(run for run in whole.runs if run.seed < 2))
    assert {p.seed for p in pairs.pair_points(part, "character")} == {0, 1}
    computed: list[int] = []
    points = pairs._points

    def counting(evidence: Evidence, representation: str, seed: int, codes: Any) -> Any:
        computed.append(seed)
        return points(evidence, representation, seed, codes)

    monkeypatch.setattr(pairs, "_points", counting)
    pairs.pair_points(whole, "character")
    assert set(computed) == {2}
