"""gapstudy init: a study file that works as it is, and never in place of another."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gapstudy.study import PRESETS, Study, preset_text

Call = Callable[..., Any]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_new_study_is_the_preset_under_another_name(gapstudy: Call, here: Path, preset: str) -> None:
    """The file has the preset's comments and keys, only its name is new, and it loads."""
    said = gapstudy("init", "mine", "--preset", preset)
    assert said.code == 0
    assert said.out == "wrote mine.toml; edit it, then: gapstudy train-seeds --study mine.toml\n"
    made = (here / "mine.toml").read_text(encoding="utf-8").splitlines()
    changed = [line for line, old in zip(made, preset_text(preset).splitlines(), strict=True) if line != old]
    assert changed == ['name = "mine"']
    assert Study.load("mine.toml").name == "mine"


def test_the_embedded_study_is_the_default(gapstudy: Call, here: Path) -> None:
    """Without --preset it is tiny, ready for the other commands."""
    assert gapstudy("init", "mine").code == 0
    assert Study.load(here / "mine.toml").model_copy(update={"name": "tiny"}) == Study.load("tiny")
    assert "Study mine: none of 255 runs is begun" in gapstudy("status", "--study", "mine.toml").out


@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "folder"])
def test_nothing_is_overwritten(gapstudy: Call, here: Path, kind: str) -> None:
    """Whatever has the name already stays as it is, and the message says what to do."""
    path = here / "mine.toml"
    other = here / "other"
    if kind == "folder":
        path.mkdir()
    elif kind == "file":
        path.write_text("precious", encoding="utf-8")
    else:
        path.symlink_to(other)
        if kind == "link":
            other.write_text("precious", encoding="utf-8")
    said = gapstudy("init", "mine")
    assert said.code == 2
    assert said.message == "gapstudy: mine.toml: exists already; choose another NAME, or overwrite it with --force\n"
    assert kind in {"folder", "dangling link"} or path.read_text(encoding="utf-8") == "precious"
    assert kind != "dangling link" or not other.exists()


def test_force_overwrites(gapstudy: Call, here: Path) -> None:
    """--force, and nothing else, replaces the file."""
    (here / "mine.toml").write_text("precious", encoding="utf-8")
    assert gapstudy("init", "mine", "--force").code == 0
    assert Study.load("mine.toml").name == "mine"


@pytest.mark.parametrize("name", ["../mine", "/mine", "a/b", ".hidden", "", "a b", "x" * 65, 'q"', "new\nline", "é"])
def test_names_that_are_no_directory_names(gapstudy: Call, here: Path, name: str) -> None:
    """A name that would leave the folder, or be no folder of runs, is refused and nothing is written anywhere."""
    said = gapstudy("init", "--", name)
    assert said.code == 2
    assert re.search(r"is not a directory name; use letters, digits, '\.', '_', '-' \(at most 64\)", said.message)
    assert list(here.iterdir()) == []
    assert [p.name for p in here.parent.iterdir()] == ["here"]


def test_a_folder_that_cannot_be_written(gapstudy: Call, here: Path) -> None:
    """--force over a folder is a message about the place, not a traceback."""
    (here / "mine.toml").mkdir()
    said = gapstudy("init", "mine", "--force")
    assert said.code == 1
    assert said.message.startswith("gapstudy: mine.toml: Is a directory; ")
