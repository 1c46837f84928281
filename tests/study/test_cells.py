"""What is trained and tested: hyper-parameters of a cell, cells of a study, narrowed studies."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gapstudy.errors import StudyFileError
from gapstudy.study import Cell, Hyper, Override, Study, Task

BASE = Hyper(epochs=7, learning_rate=1e-3, weight_decay=0.1, schedule="constant")


def task(*overrides: Override) -> Task:
    """A task with ``overrides``."""
    return Task(languages=("eng", "swa"), representations=("character", "phoneme"), hyper=BASE, override=overrides)


# ---- overrides (Table 5) ------------------------------------------------------------------------------------
def test_without_overrides_every_cell_has_the_hyper_parameters_of_its_task() -> None:
    """No override, no change."""
    assert all(task().hyper_of(r, c) == BASE for r, c in product(("character", "phoneme"), ("eng", "swa")))


@pytest.mark.parametrize(
    ("representation", "language", "matches"),
    [
        ("phoneme", None, {("phoneme", "eng"), ("phoneme", "swa")}),
        (None, "swa", {("character", "swa"), ("phoneme", "swa")}),
        ("phoneme", "swa", {("phoneme", "swa")}),
        (None, None, set(product(("character", "phoneme"), ("eng", "swa")))),
    ],
)
def test_an_override_changes_the_cells_it_names(
    representation: str | None, language: str | None, matches: set[tuple[str, str]]
) -> None:
    """An override holds where its representation and its language fit; what it does not name fits all."""
    changed = task(Override(representation=representation, language=language, learning_rate=3e-6))
    found = {
        cell
        for cell in product(("character", "phoneme"), ("eng", "swa"))
        if changed.hyper_of(*cell).learning_rate == 3e-6
    }
    assert found == matches


def test_an_override_changes_only_what_it_sets() -> None:
    """The other hyper-parameters stay the task's."""
    changed = task(Override(language="swa", weight_decay=0.0)).hyper_of("phoneme", "swa")
    assert changed == BASE.model_copy(update={"weight_decay": 0.0})


def test_later_overrides_win() -> None:
    """Overrides are applied in the order of the file, so the last that fits has the word, key by key."""
    general = Override(representation="phoneme", learning_rate=1e-5, epochs=3)
    special = Override(representation="phoneme", language="swa", learning_rate=8e-5)
    assert task(general, special).hyper_of("phoneme", "swa").learning_rate == 8e-5
    assert task(special, general).hyper_of("phoneme", "swa").learning_rate == 1e-5
    assert task(general, special).hyper_of("phoneme", "swa").epochs == 3
    assert task(general, special).hyper_of("phoneme", "eng").learning_rate == 1e-5


def test_every_key_of_an_override_is_a_hyper_parameter() -> None:
    """What an override can set is what training reads."""
    keys = set(Override.model_fields) - {"representation", "language"}
    assert keys <= set(Hyper.model_fields)
    values = Override(
        learning_rate=1.0, weight_decay=2.0, schedule="linear", epochs=4, batch_size=8, max_length=16
    ).values()
    assert values == {
        "learning_rate": 1.0,
        "weight_decay": 2.0,
        "schedule": "linear",
        "epochs": 4,
        "batch_size": 8,
        "max_length": 16,
    }
    assert set(values) == keys


def test_overrides_are_read_from_toml(micro_toml: str) -> None:
    """The order of [[tasks.NAME.override]] tables is kept."""
    tables = "".join(
        f'[[tasks.xnli.override]]\nlanguage = "{code}"\nlearning_rate = {rate}\n'
        for code, rate in (("swa", 0.5), ("eng", 0.25), ("swa", 0.125))
    )
    study = Study.parse(micro_toml.replace("[tasks.ner]", f"{tables}[tasks.ner]", 1), "x.toml")
    rates = {code: study.tasks["xnli"].hyper_of("phoneme", code).learning_rate for code in ("eng", "swa")}
    assert rates == {"eng": 0.25, "swa": 0.125}


# ---- cells ------------------------------------------------------------------------------------------------------
def test_in_language_every_language_has_its_model(micro: Study) -> None:
    """In-language, a cell is each task, representation and language, tested on its own language."""
    assert [cell.name for cell in micro.cells()] == [
        "xnli-subword-eng", "xnli-subword-swa", "xnli-phoneme-eng", "xnli-phoneme-swa",
        "ner-character-eng", "ner-character-kor",
    ]  # fmt: skip
    for cell in micro.cells():
        assert micro.evaluated_on(cell.task, cell.language) == (cell.language,)
    assert micro.trained_on("xnli") == ("eng", "swa")


def test_zero_shot_trains_on_the_source_and_tests_on_all(micro_toml: str) -> None:
    """Zero-shot, a model is trained on each task's source language and tested on all of the task's."""
    text = micro_toml.replace("schema = 1", 'schema = 1\nprotocol = "zero-shot"')
    study = Study.parse(text.replace("[tasks.ner]", '[tasks.ner]\nsource_language = "kor"'), "x.toml")
    assert [cell.name for cell in study.cells()] == ["xnli-subword-eng", "xnli-phoneme-eng", "ner-character-kor"]
    assert study.trained_on("ner") == ("kor",)
    assert study.evaluated_on("xnli", "eng") == ("eng", "swa")
    assert study.evaluated_on("ner", "kor") == ("eng", "kor")


def test_seeds_are_capped_by_the_task(micro: Study) -> None:
    """--n asks, the study's own number answers when it is silent, and max_seeds caps either."""
    assert micro.seeds_of("xnli", None) == micro.seeds == 2
    assert micro.seeds_of("xnli", 15) == 15
    assert micro.seeds_of("ner", None) == micro.seeds_of("ner", 15) == 1


def test_only_used_representations_are_prepared(micro: Study) -> None:
    """A representation that no task uses is not prepared; the order is the file's."""
    assert list(micro.used_representations()) == ["subword", "character", "phoneme"]
    assert list(micro.narrowed(tasks=("xnli",)).used_representations()) == ["subword", "phoneme"]


def test_a_corpus_that_is_not_named_is_embedded(micro: Study) -> None:
    """Without [data] everything comes from the package."""
    assert micro.data == {}
    assert micro.source("parallel").source == "builtin"


# ---- narrowed studies ----------------------------------------------------------------------------------------
def test_narrowing_by_nothing_changes_nothing(micro: Study) -> None:
    """Empty choices mean all."""
    assert micro.narrowed() == micro


@pytest.mark.parametrize(
    ("tasks", "representations", "languages", "cells"),
    [
        (("ner",), (), (), {"ner-character-eng", "ner-character-kor"}),
        ((), ("phoneme",), (), {"xnli-phoneme-eng", "xnli-phoneme-swa"}),
        ((), (), ("eng",), {"xnli-subword-eng", "xnli-phoneme-eng", "ner-character-eng"}),
        ((), (), ("kor",), {"ner-character-kor"}),
        (("xnli",), ("subword",), ("swa",), {"xnli-subword-swa"}),
    ],
)
def test_narrowing_keeps_what_was_asked_for(
    micro: Study, tasks: tuple[str, ...], representations: tuple[str, ...], languages: tuple[str, ...], cells: set[str]
) -> None:
    """A narrowed study has the cells that fit every choice, and tasks without any are gone."""
    narrow = micro.narrowed(tasks=tasks, representations=representations, languages=languages)
    assert {cell.name for cell in narrow.cells()} == cells
    assert narrow.languages == micro.languages
    assert micro.tasks["xnli"].languages == ("eng", "swa")  # the whole study is as it was


@given(st.data())
def test_narrowed_cells_are_those_of_the_whole_that_fit(data: st.DataObject) -> None:
    """For any choice that leaves something, the cells are the whole study's filtered, in its order."""
    whole = Study.load("tiny")
    cells = whole.cells()
    chosen = data.draw(st.sampled_from(cells))

    def some(own: str, every: set[str]) -> tuple[str, ...]:
        others = data.draw(st.sets(st.sampled_from(sorted(every)), max_size=3))
        return data.draw(st.sampled_from([(), tuple(sorted({own, *others}))]))

    tasks = some(chosen.task, {c.task for c in cells})
    representations = some(chosen.representation, {c.representation for c in cells})
    languages = some(chosen.language, {c.language for c in cells})
    narrow = whole.narrowed(tasks=tasks, representations=representations, languages=languages)
    assert narrow.cells() == [
        c
        for c in cells
        if (not tasks or c.task in tasks)
        and (not representations or c.representation in representations)
        and (not languages or c.language in languages)
    ]
    assert chosen in narrow.cells()


def test_every_unknown_choice_is_told_at_once(micro: Study) -> None:
    """Names that the study has not are refused together, each with the option and the valid ones."""
    with pytest.raises(StudyFileError, match="is not in this study; valid: ") as caught:
        micro.narrowed(tasks=("pos",), representations=("bpe", "subword"), languages=("urd", "xx"))
    assert caught.value.problems == (
        "--tasks: 'pos' is not in this study; valid: ner, xnli",
        "--representations: 'bpe' is not in this study; valid: character, phoneme, subword",
        "--languages: 'urd' is not in this study; valid: eng, kor, swa",
        "--languages: 'xx' is not in this study; valid: eng, kor, swa",
    )


def test_a_language_of_no_task_is_not_a_choice(micro_toml: str) -> None:
    """A language that is only in the parallel corpus trains nothing, so it cannot be asked for."""
    study = Study.parse(micro_toml.replace('languages = ["eng", "kor"]', 'languages = ["eng"]', 1), "x.toml")
    with pytest.raises(StudyFileError, match="--languages: 'kor' is not in this study; valid: eng, swa"):
        study.narrowed(languages=("kor",))


def test_nothing_left_is_an_error(micro: Study) -> None:
    """Choices that exclude each other are told so."""
    with pytest.raises(StudyFileError, match="no task is left after --tasks, --representations and --languages"):
        micro.narrowed(tasks=("xnli",), languages=("kor",))


# ---- frozen -----------------------------------------------------------------------------------------------------
def test_a_study_cannot_be_changed(micro: Study) -> None:
    """A study says what was done, so it is frozen, down to its parts."""
    with pytest.raises(ValidationError, match="frozen"):
        micro.seed = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        micro.tasks["xnli"].hyper.epochs = 3  # type: ignore[misc]


def test_cells_are_ordered_and_named() -> None:
    """A cell is a key: it hashes, sorts and prints."""
    a, b = (Cell(task="ner", representation="phoneme", language=code) for code in ("eng", "hin"))
    assert a < b
    assert len({a, b, Cell(task="ner", representation="phoneme", language="eng")}) == 2
    assert b.name == "ner-phoneme-hin"
