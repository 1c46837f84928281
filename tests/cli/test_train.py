"""gapstudy train-seeds and prepare as processes: what is trained, skipped, repaired and resumed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.train

Call = Callable[..., Any]
NER = ("--tasks", "ner")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, cache_root: Path, micro_toml: str) -> dict[str, Any]:
    """Train the two entity runs of the study of seconds once: the folder, and what the command said."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "micro.toml").write_text(micro_toml, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "gapstudy", "train-seeds", "--study", "micro.toml", "--n", "1", *NER, "--jobs", "1"],
        cwd=folder, env={**os.environ, "GAPSTUDY_CACHE": str(cache_root)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {"folder": folder, "code": done.returncode, "out": done.stdout, "err": done.stderr}


@pytest.fixture
def runs(trained: dict[str, Any], here: Path) -> Path:
    """A copy of the trained runs to spoil, times kept."""
    return Path(shutil.copytree(trained["folder"] / "runs", here / "runs"))


@pytest.fixture
def train(process: Call, micro_file: Path) -> Call:
    """Train the entity runs again, as another process."""
    return lambda *more, **env: process(
        "train-seeds", "--study", micro_file, "--n", "1", *NER, "--jobs", "1", *more, **env
    )


def _run(runs: Path, language: str) -> Path:
    (found,) = (runs / "micro").glob(f"ner-character-{language}-s00-*")
    return found


@contextmanager
def _spoilt(path: Path) -> Iterator[None]:
    """Truncate a file, and mend it afterwards: the cache is shared by all tests."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    try:
        yield
    finally:
        path.write_bytes(content)


def _numbers(run: Path) -> dict[str, Any]:
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return {
        **{key: record[key] for key in ("run_id", "metrics", "best_epoch", "settings")},
        **{
            name: (run / name).read_bytes() for name in ("embeddings.safetensors", "outputs.safetensors", "history.csv")
        },
    }


# ---- what comes out ----------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_line_for_every_run_and_what_to_do_next(trained: dict[str, Any]) -> None:
    """Progress goes to stderr in plain lines (no terminal, no colours), the result to stdout, with the next command."""
    assert trained["code"] == 0
    assert trained["out"] == "2 of 2 runs are finished in runs/micro; now: gapstudy report\n"
    lines = trained["err"].splitlines()
    assert lines[:4] == ["pronouncing every word", "pre-training the small encoders", "encoding the corpora",
                         "2 runs to train in 1 process; 0 were finished before"]  # fmt: skip
    assert [bool(re.match(rf"\[{i}/2\] ner-character-\w+-s00-[0-9a-f]{{8}}\s+[\d.]+ %\s+[\d.]+ s$", line))
            for i, line in enumerate(lines[4:], start=1)] == [True, True]  # fmt: skip
    assert "\x1b" not in trained["err"] + trained["out"]


@pytest.mark.slow
def test_finished_runs_are_skipped_untouched(train: Call, runs: Path, snapshot: Call) -> None:
    """The same command again trains nothing and changes no byte and no time of any run."""
    before = {k: v for k, v in snapshot(runs).items() if "ner-character" in k}
    said = train()
    assert said.code == 0
    assert "0 runs to train in 1 process; 2 were finished before" in said.err
    assert {k: v for k, v in snapshot(runs).items() if "ner-character" in k} == before


@pytest.mark.slow
def test_json(train: Call, runs: Path) -> None:
    """--json prints one JSON object and nothing else."""
    shutil.rmtree(_run(runs, "kor"))
    said = train("--json")
    found = json.loads(said.out)
    assert (said.code, said.err, found["planned"]) == (0, "", 2)
    (run,) = found["runs"]
    assert run["run_id"] == _run(runs, "kor").name
    assert run["status"] == "done"
    assert 0 <= run["score"] <= 100


# ---- repair ------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_killed_and_damaged_runs_are_done_again(
    train: Call, runs: Path, trained: dict[str, Any], snapshot: Call
) -> None:
    """A dead claim is taken over and a truncated file trained anew, with the same numbers bit for bit; no trace is left."""
    import socket

    eng, kor = _run(runs, "eng"), _run(runs, "kor")
    (eng / "run.json").unlink()
    claim = {"host": socket.gethostname(), "pid": 2**22 + 1, "started": 1.0}
    (eng / "claim.json").write_text(json.dumps(claim), encoding="utf-8")
    embeddings = kor / "embeddings.safetensors"
    embeddings.write_bytes(embeddings.read_bytes()[:-1])
    said = train()
    assert said.code == 0
    assert re.search(rf"{kor.name} is damaged and will be trained again: .*bytes where", said.err)
    for run in (eng, kor):
        assert _numbers(run) == _numbers(trained["folder"] / "runs" / "micro" / run.name)
        assert sorted(p.name for p in run.iterdir()) == ["embeddings.safetensors", "history.csv", "outputs.safetensors",
                                                         "run.json"]  # fmt: skip
    assert snapshot(runs)


@pytest.mark.slow
def test_a_failing_run_is_named_and_the_others_are_finished(
    train: Call, runs: Path, trained: dict[str, Any], cache_root: Path
) -> None:
    """With one corpus of the cache spoilt its run fails: exit 1, the reason and where it is kept; the other is done.

    Once the cause is mended the same command does the rest, and --quiet prints nothing.
    """
    eng, kor = _run(runs, "eng"), _run(runs, "kor")
    for run in (eng, kor):
        shutil.rmtree(run)
    prepared = json.loads((runs / "micro" / "prepared.json").read_text(encoding="utf-8"))
    key = prepared["cells"]["ner-character-kor"]["arrays"]["kor"]["ner/train"]
    path = cache_root / "encoded" / f"{key}.safetensors"
    with _spoilt(path):
        said = train()
        assert said.code == 1
        assert "Traceback" not in said.err
        failed = said.err.splitlines()[-1]
        assert failed.startswith(f"failed: {kor.name}: {path} is damaged (")
        assert failed.endswith(f"delete it and run gapstudy train-seeds again (see runs/micro/{kor.name}/error.txt)")
        assert said.out == "1 of 2 runs are finished in runs/micro; now: gapstudy report\n"
        assert "is damaged" in (kor / "error.txt").read_text(encoding="utf-8")
        assert "Traceback" not in (kor / "error.txt").read_text(encoding="utf-8")
    assert _numbers(eng) == _numbers(trained["folder"] / "runs" / "micro" / eng.name)
    mended = train("--quiet")
    assert (mended.code, mended.out, mended.err) == (0, "", "")
    assert _numbers(kor) == _numbers(trained["folder"] / "runs" / "micro" / kor.name)
    assert not (kor / "error.txt").exists()


# ---- interruption ------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_study_says_how_to_go_on(
    here: Path, micro_file: Path, cache_root: Path, trained: dict[str, Any], sent: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM end with 130, without a traceback, and name the very command that goes on; then it does."""
    assert trained["code"] == 0
    arguments = ["train-seeds", "--study", micro_file.name, "--n", "1", *NER, "--jobs", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "gapstudy", *arguments], cwd=here, env={**os.environ, "GAPSTUDY_CACHE": str(cache_root)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as begun:  # fmt: skip
        assert begun.stderr is not None
        first = begun.stderr.readline()
        begun.send_signal(sent)
        out, err = begun.communicate(timeout=60)
    assert first == "pronouncing every word\n"
    assert begun.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert err.splitlines()[-1] == f"interrupted; go on with: gapstudy {' '.join(arguments)}"


# ---- prepare -----------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_prepare_prints_what_it_made(process: Call, trained: dict[str, Any], micro_file: Path, here: Path) -> None:
    """Table 4 and the phoneme audit, for people and as JSON; nothing is trained."""
    assert trained["code"] == 0
    said = process("prepare", "--study", micro_file, "--jobs", "1")
    assert said.code == 0
    assert "Table 4: examples as read" in said.out
    assert "Phonemes: what the conversion covers" in said.out
    assert re.search(r"^xnli\s+eng\s+\d+\s+\d+\s+\d+\s+\d+\s+builtin", said.out.replace("\n ", "\n"), re.MULTILINE)
    found = json.loads(process("prepare", "--study", micro_file, "--jobs", "1", "--json").out)
    assert {row["language"] for row in found["g2p"]} == {"eng", "swa", "kor"}
    assert {row["corpus"] for row in found["table4"]} == {"xnli", "ner", "parallel"}
    assert sorted(p.name for p in (here / "runs" / "micro").iterdir()) == ["parallel.safetensors", "prepared.json"]


@pytest.mark.parametrize("command", ["train-seeds", "prepare"])
def test_a_place_that_cannot_be_written_is_told_at_once(
    gapstudy: Call, micro_file: Path, here: Path, command: str
) -> None:
    """Runs that could not be written are a message before any work is done."""
    (here / "file").write_text("", encoding="utf-8")
    said = gapstudy(command, "--study", micro_file, "--runs", "file/runs", "--quiet")
    assert said.code == 1
    assert said.message.startswith(
        "gapstudy: file/runs/micro: Not a directory; mend it, or choose other places with --runs"
    )


def test_a_device_that_is_not_there(
    gapstudy: Call, micro_file: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--device cuda without CUDA is a message before any work is done."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    said = gapstudy("train-seeds", "--study", micro_file, "--device", "cuda", "--quiet")
    assert said.code == 1
    assert (
        said.message
        == "gapstudy: --device cuda: no CUDA device is available; use --device cpu, or see gapstudy doctor\n"
    )
    assert not (here / "runs").exists()


@pytest.mark.parametrize("command", ["train-seeds", "prepare"])
def test_training_that_is_not_installed(
    gapstudy: Call, micro_file: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Without the extra, what is missing and the command that brings it are named."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "torch" else object())
    said = gapstudy(command, "--study", micro_file)
    assert said.code == 1
    assert said.message == "gapstudy: training needs torch, which is not installed: pip install 'gapstudy[train]'\n"


def test_data_that_is_not_there(gapstudy: Call, micro_file: Path, here: Path) -> None:
    """A corpus that a study names and that is missing is told with its path, and which key."""
    text = micro_file.read_text(encoding="utf-8")
    table = '[data.parallel]\nsource = "local"\ntext = "{code}.txt"\n[analysis]'
    micro_file.write_text(text.replace("[analysis]", table), encoding="utf-8")
    said = gapstudy("prepare", "--study", micro_file, "--quiet")
    assert said.code == 1
    assert str(here / "eng.txt") in said.message
