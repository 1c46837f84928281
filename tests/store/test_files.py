"""File names, and the one way a file is written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from gapstudy.errors import StoreError
from gapstudy.store import RunPaths, read_json, write_arrays, write_atomically, write_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Set the umask for one test."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_every_file_of_a_run_lies_in_its_folder_under_a_name_of_its_own(tmp_path: Path) -> None:
    """No two properties of RunPaths name the same file, and none leaves the run's folder."""
    paths = RunPaths(tmp_path / "run")
    names = [getattr(paths, name) for name, value in vars(RunPaths).items() if isinstance(value, property)]
    assert len(names) == len(set(names)) == 7
    assert all(path.is_relative_to(tmp_path / "run") for path in names)


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """Until the block ends the old content stands; afterwards the new content does, and nothing else is left."""
    path = tmp_path / "new" / "file"
    with write_atomically(path) as temporary:
        temporary.write_text("first")
        assert not path.exists()
    with write_atomically(path) as temporary:
        temporary.write_text("second")
        assert path.read_text() == "first"
    assert path.read_text() == "second"
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    """An exception in the middle leaves the old file and no temporary one."""
    path = tmp_path / "file"
    path.write_text("old")

    def attempt() -> None:
        with write_atomically(path) as temporary:
            temporary.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        attempt()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@given(JSON)
def test_json_reads_back(tmp_path_factory: pytest.TempPathFactory, content: object) -> None:
    """Any JSON value is the same after writing and reading."""
    path = tmp_path_factory.mktemp("json") / "x.json"
    write_json(path, content)
    assert read_json(path) == content


def test_json_does_not_depend_on_the_order_of_keys(tmp_path: Path) -> None:
    """Equal content gives equal bytes, in UTF-8 with LF, whatever order its keys were put in."""
    write_json(tmp_path / "a", {"ʃ": 1, "b": {"y": 2, "x": 3}})
    write_json(tmp_path / "b", {"b": {"x": 3, "y": 2}, "ʃ": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert "ʃ".encode() in (tmp_path / "a").read_bytes()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_refuses_what_is_not_json(tmp_path: Path, value: float) -> None:
    """NaN and infinity are refused before anything is written."""
    with pytest.raises(ValueError, match="Out of range float"):
        write_json(tmp_path / "x", {"score": value})
    assert list(tmp_path.iterdir()) == []


def test_arrays_read_back_bit_for_bit(tmp_path: Path) -> None:
    """Type, shape and bits survive, those of a strided view, of an empty array and of NaN too."""
    base = np.arange(24, dtype=np.float32).reshape(4, 6)
    base[1, 1] = np.nan
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "view": base[::2, ::-1],
        "empty": np.empty((0, 3), np.int32),
        "scalar": np.array(7, np.int64),
    }
    write_arrays(tmp_path / "a.safetensors", arrays)
    found = load_file(tmp_path / "a.safetensors")
    assert {k: (v.dtype, v.shape, v.tobytes()) for k, v in found.items()} == {
        k: (v.dtype, v.shape, v.tobytes()) for k, v in arrays.items()
    }


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077], indirect=True)
def test_permissions_are_those_of_the_umask(tmp_path: Path, umask: int) -> None:
    """A shared runs/ stays readable for those whom the user's umask lets in, and for nobody else."""
    write_json(tmp_path / "x.json", {})
    write_arrays(tmp_path / "x.safetensors", {"a": np.zeros(2)})
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(modes, 0o666 & ~umask)


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1', b"\xff\xfe", b"nan?"])
def test_broken_json_is_named_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    """A file that is not JSON is a short error with its path and what to do."""
    path = tmp_path / "prepared.json"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"prepared\.json cannot be read .*delete it and run gapstudy train-seeds"):
        read_json(path)


def test_a_missing_json_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is the same kind of error, not a bare FileNotFoundError."""
    with pytest.raises(StoreError, match=r"gone\.json cannot be read"):
        read_json(tmp_path / "gone.json")


def test_json_is_readable_for_people(tmp_path: Path) -> None:
    """One key a line and a final line end, so that ``less`` and ``diff`` work."""
    write_json(tmp_path / "x", {"a": 1, "b": [2]})
    text = (tmp_path / "x").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert len(text.splitlines()) > 3
    assert json.loads(text) == {"a": 1, "b": [2]}
