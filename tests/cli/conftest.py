"""The command line as a user calls it: in this process for speed, and as a process of its own where that matters."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """What went to stderr, after checks that hold for every message: short, and no traceback."""
        assert "Traceback" not in self.err
        assert "internal error" not in self.err
        assert 0 < len(self.err.strip().splitlines()) <= 6
        return self.err


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to call commands in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def gapstudy(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Said]]:
    """Call a command through the real entry point: ``gapstudy("report", "--study", "x.toml").code``."""
    from gapstudy.cli import main

    assert Path.cwd() == here
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["gapstudy", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, out, err)

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def process(here: Path, cache_root: Path) -> Callable[..., Said]:
    """Call a command as a process of its own."""

    def call(*arguments: object, **environment: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "gapstudy", *map(str, arguments)],
            cwd=here, env={**os.environ, "GAPSTUDY_CACHE": str(cache_root), **environment},
            capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def micro_file(here: Path, micro_toml: str) -> Path:
    """The study of seconds as a file."""
    path = here / "micro.toml"
    path.write_text(micro_toml, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def finished(fabricate: Callable[..., Any], micro: Any) -> Path:
    """The runs folder of a finished study of seconds; read only."""
    return Path(fabricate(micro, seeds=2).store.root)


@pytest.fixture
def runs(finished: Path, here: Path) -> Path:
    """A copy of the finished runs to spoil."""
    return Path(shutil.copytree(finished, here / "runs"))


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return the content and the time of every file, to see that nothing was touched."""
    return {
        str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture(name="snapshot")
def _snapshot() -> Callable[[Path], dict[str, tuple[bytes, int]]]:
    return snapshot
