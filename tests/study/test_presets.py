"""The study files that ship with the package."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files

import pytest

from gapstudy.languages import LANGUAGES, TOKEN_TASK_LANGUAGES, XNLI_LANGUAGES
from gapstudy.study import PRESETS, DataSource, Study, preset_text


def test_every_file_is_a_preset() -> None:
    """The presets are the files of the folder, no more and no fewer."""
    names = {entry.name.removesuffix(".toml") for entry in (files("gapstudy") / "studies").iterdir()}
    assert names - {"__pycache__"} == set(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_parses_and_bears_its_name(name: str) -> None:
    """Each preset is a valid study whose name is the one it is called by."""
    study = Study.load(name)
    assert study.name == name
    assert study == Study.parse(preset_text(name), name)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_json(name: str) -> None:
    """What prepare writes of a study reads back as the same study."""
    study = Study.load(name)
    assert Study.model_validate_json(study.model_dump_json(by_alias=True)) == study
    assert Study.model_validate(study.model_dump(mode="json", by_alias=True)) == study


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_commented(name: str) -> None:
    """A preset is copied to be edited, so it opens with what it is and explains its keys."""
    text = preset_text(name)
    assert text.startswith("# ")
    assert text.count("#") > 5


def test_tiny_is_the_main_job() -> None:
    """The embedded study has every task, representation and language of the paper, with 15 seeds for XNLI."""
    study = Study.load("tiny")
    assert study.demonstration
    assert study.protocol == "per-language"
    assert set(study.languages) == set(LANGUAGES)
    assert study.tasks["xnli"].languages == XNLI_LANGUAGES
    assert study.tasks["xnli"].representations == ("subword", "character", "phoneme")
    for task in ("ner", "pos"):
        assert set(study.tasks[task].languages) == set(TOKEN_TASK_LANGUAGES)
        assert study.tasks[task].representations == ("character", "phoneme")
    runs = Counter({cell.task: 0 for cell in study.cells()})
    for cell in study.cells():
        runs[cell.task] += study.seeds_of(cell.task, None)
    assert runs == {"xnli": 135, "ner": 60, "pos": 60}
    assert all(study.source(corpus) == DataSource() for corpus in ("xnli", "ner", "pos", "parallel"))


def test_the_real_study_has_the_shape_of_table_3() -> None:
    """The preset for real corpora trains 15 seeds in three languages on a tenth of the training set."""
    study = Study.load("local-xnli")
    assert not study.demonstration
    assert [cell.name for cell in study.cells()] == [f"xnli-phoneme-{code}" for code in XNLI_LANGUAGES]
    assert study.seeds_of("xnli", None) == 15
    assert study.tasks["xnli"].train_fraction == 0.1
    assert study.pretrain.text == "train"
    assert study.source("xnli").source == study.source("parallel").source == "local"
