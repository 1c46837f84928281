"""Wrong usage and wrong study files: exit code 2, what and where and what is valid, and nothing done."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
STUDY_COMMANDS = ("report", "status", "train-seeds", "prepare")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], r"No such command 'nope'"),
        (["report", "--nope"], r"No such option '--nope'"),
        (["train-seeds", "--n", "0"], r"'--n': 0 is not in the range x>=1"),
        (["train-seeds", "--n", "-3"], r"'--n': -3 is not in the range"),
        (["train-seeds", "--n", "many"], r"'--n': 'many' is not a valid integer"),
        (["status", "--n", "0"], r"'--n': 0 is not in the range"),
        (["train-seeds", "--device", "tpu"], r"'tpu' is not one of 'auto', 'cpu', 'cuda'"),
        (["train-seeds", "--engine", "cloud"], r"'cloud' is not '?local"),
        (["train-seeds", "--jobs", "-1"], r"'--jobs': -1 is not in the range"),
        (["report", "--format", "doc"], r"'doc' is not a comma-separated choice of pdf, html"),
        (["report", "--format", ","], r"',' is not a comma-separated choice of pdf, html"),
        (["report", "--languages", "eng,tlh"], r"tiny: --languages: 'tlh' is not in this study; valid: eng, fin, fra"),
        (["status", "--tasks", "qa"], r"tiny: --tasks: 'qa' is not in this study; valid: ner, pos, xnli"),
        (["report", "--representations", "bytes"], r"--representations: 'bytes' .* valid: character, phoneme, subword"),
        (["report", "--tasks", "ner", "--languages", "swa"], r"no task is left after --tasks, --representations and"),
        (["report", "--tasks", "xnli", "--languages", "Eng"], r"--languages: 'Eng' is not in this study"),
        (["init"], r"Missing argument 'NAME'"),
        (["init", "x", "--preset", "huge"], r"--preset: unknown preset 'huge'; valid: tiny, local-xnli"),
    ],
)
def test_wrong_options(gapstudy: Call, here: Path, arguments: list[str], message: str) -> None:
    """A wrong option, command or name is told with the valid ones, before anything is written."""
    said = gapstudy(*arguments)
    assert said.code == 2
    assert re.search(message, said.message)
    assert said.out == ""
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("command", STUDY_COMMANDS)
@pytest.mark.parametrize(
    ("study", "message"),
    [
        ("nope", r"nope: unknown study; valid: tiny, local-xnli, .*, or the path of a \.toml file"),
        ("../tiny", r"\.\./tiny: unknown study"),
        ("nope.toml", r"nope\.toml: no such study file; write one with: gapstudy init NAME"),
        ("", r"unknown study"),
    ],
)
def test_an_unknown_study(gapstudy: Call, here: Path, command: str, study: str, message: str) -> None:
    """Every command that takes a study says which there are."""
    said = gapstudy(command, "--study", study)
    assert said.code == 2
    assert re.search(message, said.message)
    assert list(here.iterdir()) == []


BAD: dict[str, tuple[Callable[[str], str], list[str]]] = {
    "malformed": (lambda text: text + "\n[tasks.pos\n", [r"not valid TOML: .*line \d+"]),
    "empty": (lambda _text: "", [r"name: Field required", r"languages: Field required", r"tasks: Field required"]),
    "unknown keys": (
        lambda text: text.replace("epochs = 2", "epoch = 2").replace("seeds = 2", "seeds = 2\nsede = 1"),
        [r"sede: unknown key; valid here: schema, name", r"tasks\.xnli\.hyper\.epoch: unknown key; valid here: epochs"],
    ),
    "wrong types": (
        lambda text: text.replace("seeds = 2", 'seeds = "2"'),
        [r": seeds: .*integer \(got '2'\)"],
    ),
    "unknown language": (lambda text: text.replace('"kor"', '"klingon"'), [r"unknown language 'klingon'; valid: ISO 639-3 codes, nearest"]),
    "unknown task": (lambda text: text.replace("[tasks.ner", "[tasks.qa"), [r"unknown task 'qa'; valid: xnli, ner, pos"]),
    "unknown representation": (
        lambda text: text.replace('["character"]', '["bytes"]'),
        [r"tasks\.ner\.representations: 'bytes' is not one of \[representations\]: subword, character, phoneme"],
    ),
    "a name that leaves": (lambda text: text.replace('"micro"', '"../micro"'), [r"name: '\.\./micro' is not a directory"]),
    "a hidden name": (lambda text: text.replace('"micro"', '".."'), [r"name: '\.\.' is not a directory name"]),
    "an absolute name": (lambda text: text.replace('"micro"', '"/tmp/x"'), [r"name: '/tmp/x' is not a directory name"]),
    "no seeds": (lambda text: text.replace("\nseeds = 2", "\nseeds = 0"), [r"seeds: .*greater than or equal to 1"]),
}  # fmt: skip


@pytest.mark.parametrize("command", STUDY_COMMANDS)
@pytest.mark.parametrize("name", BAD)
def test_a_wrong_study_file(gapstudy: Call, here: Path, micro_toml: str, command: str, name: str) -> None:
    """Each problem of a study file is told with the file and the key; nothing is written, inside or outside."""
    spoil, messages = BAD[name]
    path = here / "wrong.toml"
    path.write_text(spoil(micro_toml), encoding="utf-8")
    said = gapstudy(command, "--study", path)
    assert said.code == 2
    assert said.message.startswith(f"gapstudy: {path}: ")
    assert all(re.search(message, said.message) for message in messages)
    assert [p.name for p in here.iterdir()] == ["wrong.toml"]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'name = "\xe9"'])
def test_a_study_file_that_is_not_text(gapstudy: Call, here: Path, content: bytes) -> None:
    """Bytes that are not UTF-8 are a message, and so is a folder with such a name."""
    (here / "bytes.toml").write_bytes(content)
    (here / "folder.toml").mkdir()
    for name in ("bytes.toml", "folder.toml"):
        said = gapstudy("status", "--study", name)
        assert said.code == 2
        assert re.search(rf"{name}: cannot be read", said.message)


def test_places_that_are_files(gapstudy: Call, here: Path) -> None:
    """--runs and --reports must be folders, or not be there yet."""
    (here / "file").write_text("", encoding="utf-8")
    for option in ("--runs", "--reports"):
        said = gapstudy("report", option, "file")
        assert said.code == 2
        assert re.search(rf"'{option}': Directory 'file' is a file", said.message)


@pytest.mark.parametrize("debug", [["--debug", "report"], ["report", "--debug"]])
def test_debug_shows_the_traceback(gapstudy: Call, debug: list[str]) -> None:
    """--debug, before or after the command, adds the traceback to the same message and keeps the code."""
    said = gapstudy(*debug, "--study", "nope")
    assert said.code == 2
    assert "Traceback" in said.err
    assert said.err.splitlines()[-1].startswith("gapstudy: nope: unknown study")


def test_an_unforeseen_error_is_one_line(gapstudy: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody thought of ends with code 1, its type, and how to see the traceback."""

    def broken(_study: str) -> None:
        raise ZeroDivisionError("by zero")  # noqa: EM101, TRY003

    monkeypatch.setattr("gapstudy.study.Study.load", broken)
    said = gapstudy("status")
    assert said.code == 1
    assert (
        said.err
        == "gapstudy: internal error: ZeroDivisionError: by zero; run with gapstudy --debug ... for the traceback\n"
    )


def test_wrong_usage_as_a_process(process: Call) -> None:
    """The exit codes are those of the process: 2 for wrong usage, 1 where there is nothing to report, 0 for help."""
    assert process("train-seeds", "--n", "0").code == 2
    assert process("report", "--study", "nope").code == 2
    empty = process("report")
    assert empty.code == 1
    assert "there are no runs of study 'tiny' in runs; make them with: gapstudy train-seeds" in empty.message
    assert process("--help").code == 0
