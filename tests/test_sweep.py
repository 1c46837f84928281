"""The grid of a sweep, what it chooses, and when a choice holds; from runs made up without torch."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gapstudy import __version__
from gapstudy.chosen import Choice, Choices, read_chosen, settle, with_choices, write_chosen
from gapstudy.errors import StoreError, StudyFileError
from gapstudy.exhibits import table5
from gapstudy.pipeline import gather, make_report
from gapstudy.prepared import Prepared, prepared
from gapstudy.store import RunStore, read_json, write_json
from gapstudy.study import Hyper, Study, Sweep
from gapstudy.sweep import FOLDER, Point, choose, grid, keep, points, store_of, swept_cells

GRID = """[tasks.ner.sweep]
learning_rates = [1e-3, 3e-3]
schedules = ["cosine", "constant"]
seeds = 2
[representations.subword]"""
Dev = Callable[[Point, int], float]


@pytest.fixture(scope="module")
def toml(micro_toml: str) -> str:
    """The study of seconds with a grid of four points for its entity task."""
    return micro_toml.replace("[representations.subword]", GRID, 1)


@pytest.fixture(scope="module")
def study(toml: str) -> Study:
    """The same, read."""
    return Study.parse(toml, "micro.toml")


@pytest.fixture
def made(study: Study, fabricate: Callable[..., Any]) -> Any:
    """Its finished runs, made up, in a store of their own."""
    return fabricate(study, seeds=1)


@pytest.fixture
def tried(made: Any, study: Study) -> list[Point]:
    """Every point of its grids."""
    return points(study, Prepared(made.content), swept_cells(study, "micro.toml"))


@pytest.fixture
def train(made: Any, study: Study, tried: list[Point]) -> Callable[..., RunStore]:
    """Make up the sweep's runs: ``train(dev)`` with the dev score of each point and seed."""

    def make(dev: Dev, test: float = 50.0, skip: frozenset[str] = frozenset()) -> RunStore:
        runs = store_of(made.store, study.name)
        for point in tried:
            for spec in point.specs:
                if spec.run_id in skip:
                    continue
                scores = {"dev": {"entity_f1": dev(point, spec.seed)}, "test": {"entity_f1": test}}
                record = {"primary": "entity_f1", "metrics": {point.cell.language: scores}}
                runs.save(FOLDER, spec, record, history=[{"epoch": 1.0}], embeddings={}, outputs={})
        return runs

    return make


def _by_rate(point: Point, seed: int) -> float:
    return 1000 * point.hyper.learning_rate + seed


@pytest.fixture
def chosen(made: Any, study: Study, tried: list[Point], train: Callable[..., RunStore]) -> dict[str, Choice]:
    """A choice of both cells, kept beside the runs."""
    found, missing = choose(study, Prepared(made.content), tried, train(_by_rate))
    assert not missing
    keep(made.store, study.name, found)
    return found


# ---- the grid ------------------------------------------------------------------------------------------------
def test_a_grid_is_every_combination() -> None:
    """Learning rates outermost, then weight decays, then schedules; all else is the cell's own."""
    own = Hyper(epochs=7)
    sweep = Sweep(learning_rates=(1e-5, 3e-5), weight_decays=(0.0, 0.1), schedules=("cosine", "constant"))
    found = grid(sweep, own)
    assert [(h.learning_rate, h.weight_decay, h.schedule) for h in found] == [
        (rate, decay, schedule) for rate in (1e-5, 3e-5) for decay in (0.0, 0.1) for schedule in ("cosine", "constant")
    ]
    assert {h.epochs for h in found} == {7}


def test_a_list_that_is_left_out_keeps_the_cells_own_value() -> None:
    """Without learning rates the cell's own override is tried, not the default."""
    own = Hyper(learning_rate=8e-5, weight_decay=0.3)
    assert [(h.learning_rate, h.weight_decay) for h in grid(Sweep(weight_decays=(0.0, 0.1)), own)] == [
        (8e-5, 0.0), (8e-5, 0.1),
    ]  # fmt: skip


def test_points_go_cell_by_cell(study: Study, tried: list[Point]) -> None:
    """Only tasks with a grid are swept, one cell after the other, and every run has an identity of its own."""
    assert [point.cell.name for point in tried] == ["ner-character-eng"] * 4 + ["ner-character-kor"] * 4
    assert [[spec.seed for spec in point.specs] for point in tried] == [[0, 1]] * 8
    ids = [spec.run_id for point in tried for spec in point.specs]
    assert len(set(ids)) == len(ids)
    own = study.tasks["ner"].hyper
    assert tried[0].specs[0].settings["hyper"] == own.model_dump(mode="json")  # the study's own point is the first


def test_a_study_without_a_grid_is_told_what_to_write(micro: Study, study: Study) -> None:
    """The error names the file and shows the table; a study narrowed to tasks without a grid is one, too."""
    for given in (micro, study.narrowed(tasks=("xnli",))):
        with pytest.raises(
            StudyFileError, match=r"x.toml: there is no grid for xnli.*; write .*\[tasks.xnli.sweep\] with"
        ):
            swept_cells(given, "x.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learning_rates = [1e-3, 3e-3]\nschedules", "tasks.ner.sweep: an empty grid; give at least one of learning"),
        ("learning_rates = [1e-3, 1e-3]\n", r"tasks.ner.sweep.learning_rates: 0.001 is named twice"),
        (
            "rates = [1e-3]\n",
            "tasks.ner.sweep.rates: unknown key; valid here: learning_rates, weight_decays, schedules",
        ),
        ("learning_rates = [0.0]\n", "tasks.ner.sweep.learning_rates.0: .*greater than 0"),
        ('learning_rates = ["1e-3"]\n', "tasks.ner.sweep.learning_rates.0: .*number"),
    ],
)
def test_a_wrong_grid_is_told(toml: str, text: str, message: str) -> None:
    """Empty grids, values named twice, unknown keys and wrong types are errors with the key."""
    old = 'learning_rates = [1e-3, 3e-3]\nschedules = ["cosine", "constant"]\n'
    assert old in toml
    new = "" if "empty" in message else text
    with pytest.raises(StudyFileError, match=message):
        Study.parse(toml.replace(old, new), "x.toml")


# ---- the choice ----------------------------------------------------------------------------------------------
def test_the_best_mean_dev_score_is_chosen(chosen: dict[str, Choice], tried: list[Point]) -> None:
    """The mean over seeds decides, of equal points the first; the whole grid is kept with every score."""
    assert set(chosen) == {"ner-character-eng", "ner-character-kor"}
    choice = chosen["ner-character-eng"]
    assert choice.values == {"learning_rate": 3e-3, "weight_decay": 0.01, "schedule": "cosine"}
    assert (choice.dev, choice.metric, choice.points, choice.seeds) == (3.5, "entity_f1", 4, 2)
    assert choice.grid == [
        {**point.values, "dev": mean, "dev_scores": [mean - 0.5, mean + 0.5]}
        for point, mean in zip(tried[:4], (1.5, 1.5, 3.5, 3.5), strict=True)
    ]
    assert choice.gapstudy == __version__


def test_one_good_seed_does_not_make_a_good_point(
    made: Any, study: Study, tried: list[Point], train: Callable[..., RunStore]
) -> None:
    """A point whose best seed beats all others loses to one whose mean is higher."""
    scores = {(1e-3, "cosine"): (90.0, 0.0), (1e-3, "constant"): (50.0, 50.0)}
    runs = train(lambda p, seed: scores.get((p.hyper.learning_rate, p.hyper.schedule), (0.0, 0.0))[seed])
    found, _ = choose(study, Prepared(made.content), tried, runs)
    assert {(c.values["learning_rate"], c.values["schedule"]) for c in found.values()} == {(1e-3, "constant")}


def test_test_scores_do_not_matter(
    made: Any, study: Study, tried: list[Point], train: Callable[..., RunStore], chosen: dict[str, Choice]
) -> None:
    """Whatever the test sets say, the choice is the same to the last digit; without test scores, too."""
    for test in (0.0, 100.0):
        assert choose(study, Prepared(made.content), tried, train(_by_rate, test=test))[0] == chosen
    runs = store_of(made.store, study.name)
    for point in tried:
        path = runs.study(FOLDER).run(point.specs[0].run_id).record
        record = read_json(path)
        for scores in record["metrics"].values():
            del scores["test"]
        write_json(path, record)
    assert choose(study, Prepared(made.content), tried, runs)[0] == chosen


def test_a_cell_with_a_missing_run_gets_no_choice(
    made: Any, study: Study, tried: list[Point], train: Callable[..., RunStore]
) -> None:
    """The missing run is named, and the other cell is chosen."""
    lacking = tried[5].specs[1].run_id
    found, missing = choose(study, Prepared(made.content), tried, train(_by_rate, skip=frozenset({lacking})))
    assert set(found) == {"ner-character-eng"}
    assert missing == [lacking]


def test_a_diverged_point_is_the_worst_and_blocks_no_cell(
    made: Any, study: Study, tried: list[Point], train: Callable[..., RunStore]
) -> None:
    """A run that diverged is told in the grid and never chosen; a cell whose runs all did has no choice."""
    worst = max((p for p in tried if p.cell == tried[0].cell), key=lambda p: p.hyper.learning_rate)
    lost = frozenset(spec.run_id for spec in worst.specs)
    runs = train(_by_rate, skip=lost)
    for run_id in lost:
        runs.fail(FOLDER, run_id, "the loss is nan in epoch 2: the run diverged; lower its hyper.learning_rate")
    found, missing = choose(study, Prepared(made.content), tried, runs)
    assert not missing
    choice = found[worst.cell.name]
    assert choice.values != worst.values
    assert [point["dev"] for point in choice.grid if worst.values.items() <= point.items()] == [None]
    every = [spec.run_id for point in tried if point.cell == worst.cell for spec in point.specs]
    runs = train(_by_rate, skip=frozenset(every))
    for run_id in every:
        shutil.rmtree(runs.study(FOLDER).run(run_id).folder, ignore_errors=True)
        runs.fail(FOLDER, run_id, "the run diverged")
    found, missing = choose(study, Prepared(made.content), tried, runs)
    assert worst.cell.name not in found
    assert sorted(missing) == sorted(every)


def test_runs_of_a_sweep_are_none_of_the_study(
    made: Any, study: Study, chosen: dict[str, Choice], train: Callable[..., RunStore]
) -> None:
    """Neither selecting nor looking for damage finds them under the study; they have a name of their own."""
    runs = train(_by_rate)
    assert chosen
    before = {run.run_id for run in made.store.select(study=study.name)}
    assert len(before) == 6
    next(runs.study(FOLDER).folder.glob("*/history.csv")).unlink()
    assert {run.run_id for run in made.store.select(study=study.name)} == before
    assert made.store.damaged(study.name) == {}
    assert len(runs.select(study=FOLDER)) == 15


# ---- chosen.json ---------------------------------------------------------------------------------------------
def test_choices_are_read_back_and_others_stay(made: Any, study: Study, chosen: dict[str, Choice]) -> None:
    """What is written is what is read; a later sweep of one cell leaves the other's choice."""
    path = made.store.study(study.name).chosen
    assert read_chosen(path) == chosen
    other = replace(chosen["ner-character-kor"], dev=99.0)
    keep(made.store, study.name, {"ner-character-kor": other})
    assert read_chosen(path) == {**chosen, "ner-character-kor": other}


def test_without_a_file_there_are_no_choices(tmp_path: Path) -> None:
    """A study that was never swept has none."""
    assert read_chosen(tmp_path / "chosen.json") == {}


def _spoil(content: dict[str, Any], what: str) -> Any:
    cell = content["cells"]["ner-character-eng"]
    if what == "a list":
        return [content]
    if what == "format":
        return {**content, "format": 2}
    if what == "no cells":
        return {"format": 1}
    if what == "cell name":
        return {**content, "cells": {"ner": cell}}
    if what == "unknown schedule":
        cell["values"]["schedule"] = "stepwise"
    if what == "no learning rate":
        del cell["values"]["learning_rate"]
    if what == "dev is text":
        cell["dev"] = "good"
    if what == "no grid":
        del cell["grid"]
    return content


@pytest.mark.parametrize(
    "what",
    ["a list", "format", "no cells", "cell name", "unknown schedule", "no learning rate", "dev is text", "no grid"],
)
def test_a_file_of_another_form_is_refused(made: Any, study: Study, chosen: dict[str, Choice], what: str) -> None:
    """Another format, or an entry that was edited out of shape: the file is named with what to do."""
    path = made.store.study(study.name).chosen
    assert chosen
    write_json(path, _spoil(read_json(path), what))
    with pytest.raises(StoreError, match=r"chosen\.json is not what gapstudy sweep writes \(format 1\); delete it and"):
        read_chosen(path)
    with pytest.raises(StoreError, match=r"run gapstudy sweep again"):
        prepared(study, made.store)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """What is no JSON is named as such."""
    path = tmp_path / "chosen.json"
    path.write_text('{"format": 1, "ce', encoding="utf-8")
    with pytest.raises(StoreError, match=r"chosen\.json cannot be read \(.*\); delete it and run gapstudy sweep again"):
        read_chosen(path)


# ---- when a choice holds -------------------------------------------------------------------------------------
def test_a_choice_overrides_its_cell_alone(study: Study, chosen: dict[str, Choice]) -> None:
    """The chosen values go before every override of the file, in the one cell."""
    task = study.tasks["ner"]
    found = with_choices(study, {"ner-character-eng": chosen["ner-character-eng"]}).tasks["ner"]
    assert found.hyper_of("character", "eng") == task.hyper.model_copy(update={"learning_rate": 3e-3})
    assert found.hyper_of("character", "kor") == task.hyper
    assert with_choices(study, {}) == study


def test_choices_hold_for_the_study_that_was_swept(made: Any, study: Study, chosen: dict[str, Choice]) -> None:
    """Before and after it is prepared, and for a part of it."""
    assert settle(study, chosen) == settle(study, chosen, made.content["cells"]) == Choices(chosen, {})
    part = study.narrowed(tasks=("xnli",))
    assert settle(part, chosen, made.content["cells"]) == Choices()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("learning_rates = [1e-3, 3e-3]", "learning_rates = [1e-3, 5e-3]"),
        ("seeds = 2\n[representations", "seeds = 1\n[representations"),
        ("max_seeds = 1\ntrain_fraction = 0.1\n[tasks.ner.hyper]\nepochs = 2", "max_seeds = 1\n[tasks.ner.hyper]\nepochs = 3"),
        (GRID, "[representations.subword]"),
    ],
    ids=["grid", "seeds", "hyper", "no-grid"],
)  # fmt: skip
def test_a_choice_is_stale_when_the_file_asks_for_another(
    toml: str, chosen: dict[str, Choice], old: str, new: str
) -> None:
    """Another grid, other hyper-parameters around it, or no grid at all: not used, and the reason says which."""
    assert old in toml
    found = settle(Study.parse(toml.replace(old, new, 1), "x.toml"), chosen)
    assert found.used == {}
    assert set(found.stale) == set(chosen)
    assert all("grid or hyper-parameters have changed" in why for why in found.stale.values())


def test_a_choice_is_stale_when_the_data_are_others(made: Any, study: Study, chosen: dict[str, Choice]) -> None:
    """Of two cells the one whose settings differ is stale; hyper-parameters are no part of these."""
    cells = json.loads(json.dumps(made.content["cells"]))
    cells["ner-character-eng"]["settings"]["data"] = "others"
    cells["ner-character-kor"]["settings"]["hyper"]["learning_rate"] = 1.0
    found = settle(study, chosen, cells)
    assert set(found.used) == {"ner-character-kor"}
    assert "data, representation, pre-training or protocol have changed" in found.stale["ner-character-eng"]


def test_the_number_of_runs_and_the_analysis_make_nothing_stale(toml: str, chosen: dict[str, Choice]) -> None:
    """More seeds, other resamples and another description leave the choice as it is."""
    text = toml.replace("\nseeds = 2\nlang", "\nseeds = 9\nlang").replace("resamples = 60", "resamples = 70")
    assert text != toml
    assert settle(Study.parse(text, "x.toml"), chosen) == Choices(chosen, {})


# ---- what the other commands read ----------------------------------------------------------------------------
def test_a_later_choice_is_a_change(made: Any, study: Study, chosen: dict[str, Choice]) -> None:
    """Until the study is prepared again, chosen.json is what differs, and nothing is marked as chosen."""
    ready = prepared(study, made.store)
    assert ready.choices == Choices(chosen, {})
    assert ready.changes(study) == ("chosen.json",)
    assert ready.chosen_as_trained() == {}
    assert Prepared(made.content).changes(study) == ()


def test_a_choice_that_was_trained_is_no_change(
    fabricate: Callable[..., Any], study: Study, chosen: dict[str, Choice]
) -> None:
    """A study prepared with the choice is unchanged, narrowed or whole; Table 5 says what was chosen."""
    made = fabricate(with_choices(study, chosen), seeds=1)
    write_chosen(made.store.study(study.name).chosen, chosen)
    ready = prepared(study, made.store)
    assert ready.changes(study) == ready.changes(study.narrowed(tasks=("ner",))) == ()
    assert ready.chosen_as_trained() == chosen
    for part in (study, study.narrowed(tasks=("ner",))):
        exhibit = table5.compute(gather(part, made.store)[0])
        line = exhibit.data["ner/character"]
        assert line["learning rate"] == "0.003"
        assert line["chosen by sweep"] == "4 points x 2 seeds, dev 3.50 (eng), 3.50 (kor)"
        assert exhibit.table is not None
        notes = [cell.note for row in exhibit.table.rows for cell in row if cell.note.startswith("chosen")]
        assert notes == ["chosen by sweep: 4 points x 2 seeds, dev 3.50 (eng), 3.50 (kor)"]
    assert "chosen by sweep" not in table5.compute(gather(study, made.store)[0]).data["xnli/subword"]


def test_a_choice_of_the_studys_own_point_is_no_change(
    made: Any, study: Study, tried: list[Point], train: Callable[..., RunStore]
) -> None:
    """Where the sweep chose what the file has, the runs are the same and nothing is to be done; it is marked all the same."""
    found, _ = choose(study, Prepared(made.content), tried, train(lambda p, _: -p.hyper.learning_rate))
    keep(made.store, study.name, found)
    ready = prepared(study, made.store)
    assert ready.changes(study) == ()
    assert ready.chosen_as_trained() == found


def test_a_report_tells_stale_choices(
    fabricate: Callable[..., Any], toml: str, study: Study, chosen: dict[str, Choice], tmp_path: Path
) -> None:
    """The report shows what was trained and hands on which choices no longer hold."""
    made = fabricate(with_choices(study, chosen), seeds=1)
    write_chosen(made.store.study(study.name).chosen, chosen)
    edited = Study.parse(toml.replace("learning_rates = [1e-3, 3e-3]", "learning_rates = [1e-3]"), "x.toml")
    report = make_report(edited, made.store, tmp_path, ("html",))
    assert set(report.stale) == set(chosen)
    assert report.changed == ("tasks.ner.override",)
    assert report.excluded == {}


def test_trying_changes_one_cells_hyper_parameters(made: Any, study: Study) -> None:
    """What was prepared stays as it is but for the settings of the cell that is tried."""
    ready, cell = Prepared(made.content), study.cells()[-1]
    before = json.dumps(made.content, sort_keys=True)
    tried = ready.trying(cell, Hyper(learning_rate=0.5))
    assert tried.spec(cell, 0).settings["hyper"]["learning_rate"] == 0.5
    assert tried.spec(cell, 0).run_id != ready.spec(cell, 0).run_id
    assert all(tried.spec(other, 0) == ready.spec(other, 0) for other in study.cells()[:-1])
    assert json.dumps(made.content, sort_keys=True) == before
