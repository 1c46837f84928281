"""What was prepared, read back: no torch is needed for it, nor for planning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gapstudy import pipeline
from gapstudy.errors import IncompleteStudyError, MissingExtraError, StoreError, StudyFileError
from gapstudy.pipeline import planned, require_training, states
from gapstudy.prepared import Prepared, prepared
from gapstudy.store import RunStore, State, write_json
from gapstudy.study import Cell, Study, settings_hash

LOCAL = '[data.xnli]\nsource = "local"\ntrain = "{code}.tsv"\ndev = "d.tsv"\ntest = "t.tsv"\n'
OVERRIDE = '[[tasks.xnli.override]]\nlanguage = "swa"\nlearning_rate = 2e-3\n'


@pytest.fixture(scope="module")
def was(fabricate: Callable[..., Any], micro: Study) -> Any:
    """The micro study with one seed, all of it finished but the Korean run."""
    return fabricate(micro, seeds=1, keep=lambda cell, _seed: cell.language != "kor")


@pytest.fixture
def ready(was: Any) -> Prepared:
    """What was prepared of it."""
    return Prepared(was.content)


@pytest.fixture
def edited(micro_toml: str) -> Callable[..., Study]:
    """Return the study with some text of its file replaced, and some added at the end."""

    def edit(*pairs: tuple[str, str], more: str = "") -> Study:
        text = micro_toml
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new, 1)
        return Study.parse(text + more, "edited.toml")

    return edit


@pytest.fixture
def without_ner(micro_toml: str) -> Study:
    """The study after its NER task was taken out of the file."""
    before, _, after = micro_toml.partition("[tasks.ner]")
    return Study.parse(before + "[representations.subword]" + after.partition("[representations.subword]")[2], "x.toml")


# ---- reading -----------------------------------------------------------------------------------------------
def test_what_was_prepared_is_read_back(was: Any, micro: Study) -> None:
    """The content of prepared.json is all there is to it."""
    assert prepared(micro, was.store) == Prepared(was.content)


def test_an_unprepared_study_says_what_to_run(micro: Study, tmp_path: Path) -> None:
    """Without prepared.json there are no runs, and the message names the command that makes them."""
    with pytest.raises(IncompleteStudyError, match=r"no runs of study 'micro' in .*; make them with: gapstudy train"):
        prepared(micro, RunStore(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"format": 0}, id="another-format"),
        pytest.param({"cells": None}, id="a-key-less"),
        pytest.param(None, id="no-mapping"),
    ],
)
def test_a_foreign_prepared_file_is_refused(was: Any, micro: Study, tmp_path: Path, change: Any) -> None:
    """Another format or missing parts: the message names the file and what to do."""
    store = RunStore(tmp_path)
    content = {k: v for k, v in {**was.content, **(change or {})}.items() if v is not None}
    write_json(store.study("micro").prepared, [] if change is None else content)
    with pytest.raises(StoreError, match=r"prepared\.json is not a prepared study of format 1; delete it and run"):
        prepared(micro, store)


def test_a_damaged_prepared_file_is_refused(micro: Study, tmp_path: Path) -> None:
    """What is no JSON is named as such."""
    path = RunStore(tmp_path).study("micro").prepared
    path.parent.mkdir()
    path.write_text('{"format": 1, "cells"', encoding="utf-8")
    with pytest.raises(StoreError, match=r"prepared\.json cannot be read \(.*\); delete it and run"):
        prepared(micro, RunStore(tmp_path))


# ---- runs and jobs -----------------------------------------------------------------------------------------
def test_a_spec_has_the_prepared_settings(ready: Prepared, micro: Study) -> None:
    """Cell, seed and settings make the identity; its hash is that of the cell."""
    for cell in micro.cells():
        spec = ready.spec(cell, 3)
        assert (spec.cell, spec.seed, spec.settings) == (cell, 3, ready.content["cells"][cell.name]["settings"])
        assert spec.cell_hash == ready.spec_hash(cell.name) == settings_hash(spec.settings)
        assert ready.has(cell)
    assert not ready.has(Cell(task="pos", representation="subword", language="eng"))


def test_a_job_has_what_the_cell_was_prepared_with(ready: Prepared, micro: Study, tmp_path: Path) -> None:
    """Encoder, arrays and spelling come from the cell; the store and the device from the caller."""
    cell = micro.cells()[0]
    found = {"encoder": "e1", "arrays": {"eng": {"parallel": "a1"}}, "spelling": "as written"}
    content = {**ready.content, "cells": {cell.name: {**ready.content["cells"][cell.name], **found}}}
    job = Prepared(content).job(RunStore(tmp_path), "micro", ready.spec(cell, 0), "cpu")
    assert (job.root, job.study, job.spec, job.device) == (str(tmp_path), "micro", ready.spec(cell, 0), "cpu")
    assert {"encoder": job.encoder, "arrays": job.arrays, "spelling": job.spelling} == found


def test_runs_are_planned_seed_by_seed(ready: Prepared, micro: Study) -> None:
    """Within a task all cells get a seed before any gets the next; tasks keep the order of the file."""
    specs = planned(micro, ready, 3)
    xnli = [c for c in micro.cells() if c.task == "xnli"]
    ner = [c for c in micro.cells() if c.task == "ner"]  # max_seeds = 1
    expected = [(cell, seed) for seed in range(3) for cell in xnli] + [(cell, 0) for cell in ner]
    assert [(s.cell, s.seed) for s in specs] == expected
    assert len({s.run_id for s in specs}) == len(specs)


def test_more_seeds_and_a_part_of_the_study_are_the_same_runs(ready: Prepared, micro: Study) -> None:
    """More seeds only add runs, a narrowed study only leaves some out, and no number means the study's own."""
    ids = [{s.run_id for s in planned(micro, ready, n)} for n in (1, 2, 5)]
    assert ids[0] < ids[1] < ids[2]
    assert {s.run_id for s in planned(micro, ready, None)} == ids[1]
    part = micro.narrowed(languages=("eng",))
    assert {s.run_id for s in planned(part, ready, 2)} == {name for name in ids[1] if "-eng-" in name}


def test_states_name_every_planned_run(was: Any, ready: Prepared, micro: Study) -> None:
    """What is there is done, what is not is missing."""
    found = states(planned(micro, ready, 2), was.store, "micro")
    assert len(found) == 10
    for name, state in found.items():
        assert state is (State.DONE if "-s00-" in name and "-kor-" not in name else State.MISSING)


def test_training_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a package of the extra nothing is begun, and the message is the command that mends it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "epitran" else name)
    with pytest.raises(MissingExtraError, match=r"needs epitran, .* pip install 'gapstudy\[train\]'"):
        require_training()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    require_training()
    assert pipeline.__all__


# ---- what changed since ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("old", "new", "more"),
    [
        pytest.param("", "", "", id="nothing"),
        pytest.param("A study of seconds", "Another", "", id="description"),
        pytest.param("demonstration = true", "demonstration = false", "", id="demonstration"),
        pytest.param("seeds = 2", "seeds = 7", "", id="seeds"),
        pytest.param("max_seeds = 1", "max_seeds = 9", "", id="max-seeds"),
        pytest.param("resamples = 60", "resamples = 99", "", id="analysis"),
        pytest.param('["eng", "swa"]\nrep', '["swa"]\nrep', "", id="fewer-languages"),
        pytest.param('["subword", "phoneme"]', '["phoneme"]', "", id="fewer-representations"),
        pytest.param('["subword", "phoneme"]', '["phoneme", "subword"]', "", id="another-order"),
        pytest.param("", "", '[data.xnli]\nsource = "builtin"\n', id="the-default-source-spelt-out"),
    ],
)
def test_what_training_ignores_is_no_change(
    ready: Prepared, edited: Callable[..., Study], old: str, new: str, more: str
) -> None:
    """Analysis, wording, numbers of seeds and a narrower study need no new runs."""
    assert ready.changes(edited((old, new), more=more)) == ()


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        pytest.param("epochs = 2", "epochs = 3", "tasks.xnli.hyper.epochs", id="hyper"),
        pytest.param("train_fraction = 0.1", "train_fraction = 0.2", "tasks.xnli.train_fraction", id="fraction"),
        pytest.param('"eng", "swa"]\nrep', '"eng", "swa", "kor"]\nrep', "tasks.xnli.languages", id="more-languages"),
        pytest.param('["character"]', '["character", "phoneme"]', "tasks.ner.representations", id="more-units"),
        pytest.param(
            "[representations.subword]", OVERRIDE + "[representations.subword]", "tasks.xnli.override", id="o"
        ),
        pytest.param('kind = "phoneme"', 'kind = "phoneme"\ng2p = "faithful"', "representations.phoneme.g2p", id="g2p"),
        pytest.param("steps = 2", "steps = 3", "pretrain.steps", id="pretrain"),
        pytest.param("seeds = 2", "seeds = 2\nseed = 1", "seed", id="seed"),
        pytest.param("seeds = 2", 'seeds = 2\nprotocol = "zero-shot"', "protocol", id="protocol"),
        pytest.param('"swa", "kor"]', '"swa", "kor", "fin"]', "languages", id="study-languages"),
    ],
)
def test_what_training_reads_is_a_change(
    ready: Prepared, edited: Callable[..., Study], old: str, new: str, path: str
) -> None:
    """The path of the key in the file is named, once."""
    assert ready.changes(edited((old, new))) == (path,)


def test_a_change_is_one_in_both_directions(fabricate: Callable[..., Any], edited: Callable[..., Study]) -> None:
    """What is taken out of the file since is a change like what is put in: overrides, sources of data, tasks."""
    pos = '[tasks.pos]\nlanguages = ["eng"]\nrepresentations = ["character"]\n'
    pos += "[tasks.pos.hyper]\nmax_length = 96\n"
    longer = edited(("[representations.subword]", OVERRIDE + "[representations.subword]"), more=LOCAL)
    shorter, with_pos = edited(), edited(more=pos)
    for was, now in ((longer, shorter), (shorter, longer)):
        changes = Prepared(fabricate(was, seeds=0).content).changes(now)
        assert sorted(changes) == ["data.xnli.source", "tasks.xnli.override"]
    assert Prepared(fabricate(with_pos, seeds=0).content).changes(shorter) == ()
    assert Prepared(fabricate(shorter, seeds=0).content).changes(with_pos) == ("tasks.pos",)


def test_where_a_corpus_is_is_no_change(fabricate: Callable[..., Any], edited: Callable[..., Study]) -> None:
    """The same data in another folder makes the same runs."""
    was, now = edited(more=LOCAL), edited(more=LOCAL.replace("{code}.tsv", "elsewhere.tsv"))
    assert Prepared(fabricate(was, seeds=0).content).changes(now) == ()


def test_a_task_left_out_is_no_change(ready: Prepared, without_ner: Study) -> None:
    """A report may show fewer tasks than were trained."""
    assert ready.changes(without_ner) == ()


# ---- the study as it was trained -----------------------------------------------------------------------------
def test_the_study_is_shown_as_it_was_trained(ready: Prepared, edited: Callable[..., Study], micro: Study) -> None:
    """Training options are those of then; analysis and description are those of now."""
    now = edited(("A study of seconds", "Another"), ("epochs = 2", "epochs = 9"), ("resamples = 60", "resamples = 70"))
    shown = ready.as_trained(now)
    assert shown.description.startswith("Another")
    assert shown.analysis == now.analysis
    assert shown.tasks == micro.tasks
    assert shown.pretrain == micro.pretrain


def test_the_study_unchanged_is_itself(ready: Prepared, micro: Study) -> None:
    """Writing and reading prepared.json loses nothing, and the order of the tasks is the file's."""
    shown = ready.as_trained(micro)
    assert shown == micro
    assert list(shown.tasks) == list(micro.tasks)


@pytest.mark.parametrize(
    "options",
    [
        {"tasks": ("ner",)},
        {"languages": ("swa",)},
        {"representations": ("phoneme",)},
        {"languages": ("eng",), "representations": ("character", "subword")},
    ],
)
def test_a_narrowed_study_shows_its_part(ready: Prepared, micro: Study, options: dict[str, tuple[str, ...]]) -> None:
    """Exactly the cells that are left in the study."""
    part = micro.narrowed(**options)
    assert ready.as_trained(part).cells() == part.cells()
    assert ready.as_trained(part).languages == micro.languages


def test_what_was_added_since_is_not_shown(ready: Prepared, edited: Callable[..., Study], micro: Study) -> None:
    """A language or representation that was never trained does not come into the report."""
    now = edited(('"eng", "swa"]\nrep', '"kor", "swa"]\nrep'), ('["character"]', '["character", "phoneme"]'))
    shown = ready.as_trained(now)
    assert shown.tasks["xnli"].languages == ("swa",)
    assert shown.tasks["ner"] == micro.tasks["ner"]


def test_nothing_left_is_said(ready: Prepared, micro: Study) -> None:
    """A study of which nothing was trained cannot be shown."""
    task = micro.tasks["xnli"].model_copy(update={"languages": ("kor",)})
    now = micro.model_copy(update={"tasks": {"xnli": task}})
    with pytest.raises(StudyFileError, match="nothing that was trained is left in the study; run gapstudy train-seeds"):
        ready.as_trained(now)


def test_a_spec_of_other_settings_is_another_run(ready: Prepared, micro: Study) -> None:
    """The run id changes with any setting."""
    spec = ready.spec(micro.cells()[0], 0)
    assert replace(spec, settings={**spec.settings, "format": 0}).run_id != spec.run_id
