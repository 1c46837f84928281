"""The study files that ship with the package."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from gapstudy.data import load_parallel, load_task
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


# ---- the paper's studies: Table 5 as it is printed, read off it here and not from the presets ----------------------
# (task, model) -> language -> learning rate; ISO 639-1 codes as in the paper
RATES = {
    ("xnli", "subword"): "en 5e-6, sw 5e-6, ur 5e-6",
    ("xnli", "character"): "en 5e-6, sw 1e-5, ur 1e-5",
    ("xnli", "phoneme"): "en 7e-6, sw 3e-6, ur 3e-6",
    ("ner", "character"): "en 5e-5, fr 5e-5, it 5e-5, hu 5e-5, ko 5e-5, tr 5e-5, ru 1e-4, uk 1e-4, fi 1e-4, hi 1e-4",
    ("ner", "phoneme"): "ru 8e-5, it 8e-5, en 5e-5, fr 5e-5, hu 5e-5, uk 5e-5, tr 5e-5, fi 5e-5, hi 5e-5, ko 1e-4",
    ("pos", "character"): "ru 5e-5, uk 5e-5, tr 5e-5, en 1e-4, fr 1e-4, fi 1e-4, hi 1e-4, it 3e-4, hu 3e-4, ko 3e-4",
    ("pos", "phoneme"): "en 5e-5, fr 1e-4, ru 1e-4, it 1e-4, hu 1e-4, uk 1e-4, ko 1e-4, tr 1e-4, fi 1e-4, hi 1e-4",
}
DECAYS = {
    "character": "en 0.1, sw 0.0, ur 0.01",
    "phoneme": "en 0.1, sw 0.0, ur 0.01",
    "subword": "en 0.01, sw 0.01, ur 0.01",
}
MODELS = {
    "subword": ("google-bert/bert-base-multilingual-cased", "3f076fdb1ab68d5b2880cb87a0886f315b8146f8"),
    "character": ("google/canine-c", "59de14c6de8e676db78de601ac4cb470b56d4d25"),
    "phoneme": ("vinai/xphonebert-base", "10244364dd88eee9e84d7bf1d8898e4b9df5182b"),
}  # fmt: skip


def _by_language(text: str) -> dict[str, float]:
    codes = {facts.iso1: code for code, facts in LANGUAGES.items()}
    pairs = (part.split() for part in text.split(", "))
    return {codes[iso1]: float(value) for iso1, value in pairs}


@pytest.mark.parametrize(("task", "representation"), RATES)
def test_the_papers_studies_use_table_5(task: str, representation: str) -> None:
    """Learning rate, weight decay, schedule, epochs and batch size of every language and model are those printed."""
    study = Study.load(f"paper-{task}")
    rates = _by_language(RATES[task, representation])
    assert set(rates) == set(study.tasks[task].languages) == set(study.languages)
    for code, rate in rates.items():
        hyper = study.tasks[task].hyper_of(representation, code)
        decay = _by_language(DECAYS[representation])[code] if task == "xnli" else 0.01
        flat = task == "xnli" and representation == "phoneme"  # "learning rate scheduling: False"
        assert (hyper.learning_rate, hyper.weight_decay, hyper.schedule) == (
            rate,
            decay,
            "constant" if flat else "cosine",
        )
        assert (hyper.batch_size, hyper.epochs) == (128, 20 if task == "xnli" else 30)


def test_the_papers_search_spaces() -> None:
    """The grids are those printed; that of XNLI has 40 points, those of the token tasks four."""
    xnli, ner, pos = (Study.load(f"paper-{task}").tasks[task].sweep for task in ("xnli", "ner", "pos"))
    assert xnli is not None
    assert xnli.learning_rates == (5e-6, 7e-6, 1e-5, 3e-5, 5e-5)
    assert xnli.weight_decays == (0.0, 1e-1, 1e-2, 1e-3)
    assert xnli.schedules == ("cosine", "constant")
    assert ner is not None
    assert (ner.learning_rates, ner.weight_decays, ner.schedules) == ((3e-5, 5e-5, 1e-4, 3e-4), (1e-2,), ())
    assert ner == pos


@pytest.mark.parametrize("task", ["xnli", "ner", "pos"])
def test_the_papers_encoders_and_layers(task: str) -> None:
    """The three encoders by id and commit; sentence vectors of the last layer for XNLI, of the input for token tasks."""
    study = Study.load(f"paper-{task}")
    assert {name: (r.model, r.revision) for name, r in study.representations.items()} == MODELS
    assert [r.kind for r in study.representations.values()] == ["subword", "character", "phoneme"]
    assert study.tasks[task].sentence_layer == ("last" if task == "xnli" else "input")
    assert study.protocol == "per-language"
    assert not study.demonstration


def test_table_3_is_45_runs() -> None:
    """15 seeds of the phoneme model in three languages, on a tenth of XNLI."""
    study = Study.load("paper-xnli")
    assert [cell.name for cell in study.cells()] == [f"xnli-phoneme-{code}" for code in XNLI_LANGUAGES]
    assert sum(study.seeds_of(cell.task, None) for cell in study.cells()) == 45
    assert study.tasks["xnli"].train_fraction == 0.1


def test_the_papers_token_tasks_have_table_1s_cells() -> None:
    """Ten languages by two models each; every language has a treebank of its own with all three parts."""
    for task in ("ner", "pos"):
        study = Study.load(f"paper-{task}")
        assert len(study.cells()) == 2 * 10
        assert set(study.languages) == set(TOKEN_TASK_LANGUAGES)
    places = Study.load("paper-pos").source("pos").languages
    assert set(places) == set(TOKEN_TASK_LANGUAGES)
    for code, files_of in places.items():
        parts = [files_of.train, files_of.dev, files_of.test]
        assert [path.rpartition("-")[2] for path in parts] == ["train.conllu", "dev.conllu", "test.conllu"]
        assert len({path.rpartition("-")[0] for path in parts}) == 1, code


@pytest.mark.parametrize(("task", "commented"), [("xnli", 2), ("ner", 2), ("pos", 1)])
def test_the_hubs_alternatives_are_complete(task: str, commented: int) -> None:
    """Where the comment signs are taken away from "From the hub", the study takes its data from there and is valid."""
    lines = preset_text(f"paper-{task}").splitlines()
    hub = 0
    for i, line in enumerate(lines):
        if line.startswith("# source = "):
            hub += 1
            first = max(k for k in range(i) if lines[k].startswith('source = "local"'))
            for k in range(first, i):
                lines[k] = ""
            while i < len(lines) and lines[i].startswith("# "):
                lines[i] = lines[i][2:]
                i += 1  # noqa: PLW2901
    assert hub == commented
    study = Study.parse("\n".join(lines), "hub.toml")
    assert [source.source for source in study.data.values()].count("hub") == commented


@pytest.mark.parametrize("name", ["paper-xnli", "paper-ner", "paper-pos"])
def test_the_papers_slips_are_named(name: str) -> None:
    """A preset says at its top what the paper leaves open or prints with a slip."""
    top = preset_text(name).partition("schema = 1")[0]
    assert "What the paper leaves open or prints with a slip" in top
    assert "1.2k FLORES+" in " ".join(top.replace("#", "").split())
    assert "search space" in top or name == "paper-pos"
    assert "Not given: maximal lengths" in top


def test_the_real_token_study_is_120_runs() -> None:
    """NER and POS in ten languages by three small encoders, two seeds; every language learns POS from 600 sentences."""
    study = Study.load("local-tokens")
    assert sum(study.seeds_of(cell.task, None) for cell in study.cells()) == 120
    assert {r.place for r in study.representations.values()} == {"small"}
    assert set(study.source("pos").languages) == set(TOKEN_TASK_LANGUAGES)
    assert all(places.train.endswith("[:600]") for places in study.source("pos").languages.values())


@pytest.mark.train
def test_the_real_token_study_can_be_read(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every corpus that it names is there, and of the size that it says."""
    monkeypatch.setenv("GAPSTUDY_DATA", str(corpora))
    study = Study.load("local-tokens")
    for code in study.languages:
        assert len(load_task("pos", code, study.source("pos"), splits=("train", "dev")).train) == 600
        assert len(load_task("ner", code, study.source("ner"), splits=("dev",)).dev) == 500
    assert {len(lines) for lines in load_parallel(study.languages, study.source("parallel")).values()} == {1012}
