"""From runs/ to the report: what is gathered, what is left out, what is said, and numbers recomputed by hand."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import ot
import pytest
from safetensors.numpy import load_file
from scipy import stats as scipy_stats

from gapstudy import __version__
from gapstudy.errors import IncompleteStudyError, StoreError, StudyFileError
from gapstudy.pipeline import Made, gather, make_report, planned, prepare, states
from gapstudy.prepared import prepared
from gapstudy.store import RunStore, State, read_json, write_arrays, write_json
from gapstudy.store.places import without_places
from gapstudy.study import Study, settings_hash

KEYS = ["figure1", "table1", "table2", "comparison", "figure2", "cka-checks", "layers", "layer-curves", "companions", "figure3", "table3",
        "gap-cka", "sensitivity", "variance", "certificates", "theorem", "bound", "transport", "reg-curve",
        "table4", "g2p", "g2p-audit", "table5", "learning", "paper-check", "verdicts"]  # fmt: skip


@pytest.fixture(scope="module")
def made(wide: Study, fabricate: Callable[..., Any]) -> Any:
    """The wide study, its runs made up. Tests that change runs make up their own."""
    return fabricate(wide)


@pytest.fixture(scope="module")
def report(made: Any, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A whole report of the wide study (HTML; tests/report renders both formats)."""
    return make_report(made.study, made.store, tmp_path_factory.mktemp("reports"), ("html",))


@pytest.fixture(scope="module")
def results(report: Made) -> dict[str, Any]:
    """The content of results.json."""
    content: dict[str, Any] = json.loads((report.folder / "results.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture
def small(micro: Study, fabricate: Callable[..., Any]) -> Any:
    """Two seeds of the micro study, for tests that break them."""
    return fabricate(micro, seeds=2)


def folder_of(made: Any, start: str) -> Path:
    """Return the folder of the first run whose name starts so."""
    found = [p for p in sorted(made.store.study(made.study.name).folder.iterdir()) if p.name.startswith(start)]
    return Path(found[0])


def edited(toml: str, *changes: tuple[str, str]) -> Study:
    """Return the micro study with its file changed."""
    for old, new in changes:
        assert old in toml
        toml = toml.replace(old, new)
    return Study.parse(toml, "micro.toml")


# ---- planned ----------------------------------------------------------------------------------------------
def test_planned_runs_go_seed_by_seed(made: Any) -> None:
    """Tasks come in the order of the file, whole seeds within each, and a task's cap on seeds holds."""
    specs = planned(made.study, prepared(made.study, made.store), 3)

    assert [s.cell.task for s in specs] == ["xnli"] * 27 + ["ner"] * 18 + ["pos"] * 12
    assert [s.seed for s in specs] == [0] * 9 + [1] * 9 + [2] * 9 + [0] * 6 + [1] * 6 + [2] * 6 + [0] * 6 + [1] * 6
    assert len({s.run_id for s in specs}) == len(specs)


def test_states_of_planned_runs(small: Any) -> None:
    """A finished run is done, a truncated one damaged, and one that was never begun missing."""
    study = small.study
    specs = planned(study, prepared(study, small.store), 3)
    broken = folder_of(small, "xnli-phoneme-swa-s01")
    (broken / "outputs.safetensors").write_bytes(b"short")

    found = states(specs, small.store, study.name)

    assert found[broken.name] == State.DAMAGED
    assert {i for i, s in found.items() if s == State.MISSING} == {s.run_id for s in specs if s.seed == 2}
    assert sum(s == State.DONE for s in found.values()) == 2 * 4 + 2 - 1


# ---- gather -----------------------------------------------------------------------------------------------
def test_gathers_every_finished_run(made: Any) -> None:
    """All runs of the prepared settings are evidence; nothing is left out and nothing has changed."""
    evidence, excluded, changed = gather(made.study, made.store)

    assert len(evidence.runs) == 5 * 9 + 5 * 6 + 2 * 6
    assert (excluded, changed) == ({}, ())
    assert evidence.study == made.study


def truncate(folder: Path) -> None:
    """Cut the last bytes of a file."""
    path = folder / "outputs.safetensors"
    path.write_bytes(path.read_bytes()[:-8])


def lose(folder: Path) -> None:
    """Delete a file."""
    (folder / "embeddings.safetensors").unlink()


def scramble(folder: Path) -> None:
    """Spoil the record."""
    (folder / "run.json").write_text("{", encoding="utf-8")


def garble(folder: Path) -> None:
    """Replace a file by one of the same size that is none."""
    path = folder / "embeddings.safetensors"
    path.write_bytes(b"\xff" * path.stat().st_size)
    record = read_json(folder / "run.json")
    write_json(folder / "run.json", {**record, "sha256": {}})  # of a version that wrote none


def thin(folder: Path) -> None:
    """Take the layer that the study reads out of the vectors, and record the new size."""
    path = folder / "embeddings.safetensors"
    write_arrays(path, {key: value for key, value in load_file(path).items() if not key.endswith("/last")})
    record = read_json(folder / "run.json")
    record["files"][path.name] = path.stat().st_size
    write_json(folder / "run.json", record)


def unscored(folder: Path) -> None:
    """Take the test score out of the record."""
    record = read_json(folder / "run.json")
    record["metrics"][record["cell"]["language"]].pop("test")
    write_json(folder / "run.json", record)


def resettled(folder: Path) -> None:
    """Make the record that of other settings."""
    record = read_json(folder / "run.json")
    settings = {**record["settings"], "primary": "another"}
    write_json(folder / "run.json", {**record, "settings": settings, "cell_hash": settings_hash(settings)})


def tampered(folder: Path) -> None:
    """Change a setting in the record, after the fact."""
    record = read_json(folder / "run.json")
    write_json(folder / "run.json", {**record, "settings": {**record["settings"], "primary": "another"}})


def rewritten(folder: Path) -> None:
    """Change one number of the outputs after the run was finished."""
    path = folder / "outputs.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    _later(path)


def _later(path: Path) -> None:
    """Give a file a time after that of its record, however coarse the clock of the file system is."""
    written = (path.parent / "run.json").stat().st_mtime_ns
    os.utime(path, ns=(written + 10**9, written + 10**9))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (truncate, r"outputs\.safetensors has \d+ bytes where \d+ were written"),
        (lose, r"embeddings\.safetensors is missing"),
        (scramble, r"run\.json"),
        (garble, r"embeddings\.safetensors cannot be read"),
        (thin, r"embeddings\.safetensors lacks swa/last$"),
        (unscored, r"run\.json lacks something"),
        (
            rewritten,
            r"outputs\.safetensors was changed after the run was finished: it is not what run\.json has the hash of",
        ),
        (tampered, r"run\.json was changed after the run was finished: its settings are not those of its cell_hash"),
        (resettled, "it was trained with other settings or data than the study was prepared with"),
    ],
)
def test_a_run_that_cannot_be_used_is_named(small: Any, spoil: Callable[[Path], None], reason: str) -> None:
    """Whatever is wrong with a run, it is left out with its name and the reason, and the others are used."""
    folder = folder_of(small, "xnli-phoneme-swa-s01")
    spoil(folder)

    evidence, excluded, _ = gather(small.study, small.store)

    assert list(excluded) == [folder.name]
    assert re.search(reason, excluded[folder.name])
    assert len(evidence.runs) == 2 * 4 + 2 - 1


def test_a_copied_run_counts_once(small: Any) -> None:
    """A folder copied under another name is left out: one run is no two."""
    folder = folder_of(small, "xnli-phoneme-swa-s00")
    shutil.copytree(folder, folder.with_name("a copy"))

    evidence, excluded, _ = gather(small.study, small.store)

    assert list(excluded) == ["a copy"]
    assert len(evidence.runs) == 10


def test_an_unfinished_run_is_no_evidence(small: Any) -> None:
    """A folder without run.json is not finished: it is neither used nor an error."""
    (folder_of(small, "xnli-phoneme-swa-s00") / "run.json").unlink()

    evidence, excluded, _ = gather(small.study, small.store)

    assert excluded == {}
    assert len(evidence.runs) == 9


def test_nothing_prepared_says_how_to_begin(micro: Study, tmp_path: Path) -> None:
    """An empty runs folder is an error that names it and the command."""
    with pytest.raises(IncompleteStudyError, match=r"no runs of study 'micro' in .*; make them with: gapstudy train"):
        gather(micro, RunStore(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_prepared_without_runs_says_so(micro: Study, fabricate: Callable[..., Any]) -> None:
    """A study that was prepared and not trained has nothing to report."""
    made = fabricate(micro, keep=lambda _cell, _seed: False)

    with pytest.raises(IncompleteStudyError, match=r"no run of study 'micro' in .* is finished"):
        gather(micro, made.store)


def test_only_unusable_runs_name_the_first(micro: Study, fabricate: Callable[..., Any]) -> None:
    """When every run had to be left out the error says why, by the first of them."""
    made = fabricate(micro, seeds=1, keep=lambda cell, _: cell.task == "ner" and cell.language == "eng")
    folder = folder_of(made, "ner-")
    truncate(folder)

    with pytest.raises(IncompleteStudyError, match=f"; {folder.name} is left out: .*outputs.safetensors has"):
        gather(micro, made.store)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 99}', '{"format": 1}'])
def test_a_spoilt_preparation_is_named(small: Any, text: str) -> None:
    """prepared.json that is torn, of another format, or incomplete is an error with its path."""
    small.store.study("micro").prepared.write_text(text, encoding="utf-8")

    with pytest.raises(StoreError, match=r"prepared\.json"):
        gather(small.study, small.store)


# ---- what changed since -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("learning_rate = 1e-3", "learning_rate = 2e-3", "tasks.xnli.hyper.learning_rate"),
        ("steps = 2", "steps = 3", "pretrain.steps"),
        ('kind = "phoneme"', 'kind = "phoneme"\ng2p = "faithful"', "representations.phoneme.g2p"),
        ("train_fraction = 0.1", "train_fraction = 0.2", "tasks.xnli.train_fraction"),
        ('languages = ["eng", "kor"]', 'languages = ["eng", "kor", "swa"]', "tasks.ner.languages"),
        ('representations = ["subword", "phoneme"]', 'representations = ["subword", "character"]',
         "tasks.xnli.representations"),
        ("schema = 1", 'schema = 1\nprotocol = "zero-shot"', "protocol"),
    ],
)  # fmt: skip
def test_changed_settings_are_named(small: Any, micro_toml: str, old: str, new: str, key: str) -> None:
    """A key of the study file that would train other runs is named, and what was trained is what is shown."""
    study = edited(micro_toml, (old, new))

    evidence, _, changed = gather(study, small.store)

    assert key in changed
    assert evidence.study.pretrain == small.study.pretrain
    assert evidence.study.protocol == "per-language"
    assert evidence.spec("xnli").hyper == small.study.tasks["xnli"].hyper
    assert set(evidence.spec("ner").languages) <= {"eng", "kor"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("resamples = 60", "resamples = 77"),
        ("A study of seconds", "Another description"),
        ("max_seeds = 1", "max_seeds = 9"),
        ("seeds = 2", "seeds = 7"),
        ('languages = ["eng", "kor"]', 'languages = ["kor"]'),
        ('representations = ["subword", "phoneme"]', 'representations = ["phoneme"]'),
    ],
)
def test_what_needs_no_training_is_no_change(small: Any, micro_toml: str, old: str, new: str) -> None:
    """Analysis, description, numbers of seeds and fewer languages are taken from the file as it is now."""
    evidence, excluded, changed = gather(edited(micro_toml, (old, new)), small.store)

    assert (changed, excluded) == ((), {})
    assert evidence.study.analysis.resamples == (77 if "77" in new else 60)
    assert evidence.spec("ner").languages == (("kor",) if new == 'languages = ["kor"]' else ("eng", "kor"))


def test_a_narrowed_study_uses_its_runs_alone(made: Any) -> None:
    """Narrowed by task, representation and language, only those runs are evidence, and none is called excluded."""
    study = made.study.narrowed(tasks=("xnli",), representations=("phoneme",), languages=("eng", "urd"))

    evidence, excluded, changed = gather(study, made.store)

    assert {(r.cell.task, r.cell.representation, r.cell.language) for r in evidence.runs} == {
        ("xnli", "phoneme", "eng"), ("xnli", "phoneme", "urd"),
    }  # fmt: skip
    assert (excluded, changed) == ({}, ())


def test_damaged_runs_of_what_is_narrowed_away_are_not_named(small: Any) -> None:
    """Runs that a narrowed report would not have used are no gap in it."""
    broken = folder_of(small, "ner-")
    (broken / "run.json").write_text("{", encoding="utf-8")
    assert set(gather(small.study, small.store)[1]) == {broken.name}
    assert gather(small.study.narrowed(tasks=("xnli",)), small.store)[1] == {}


def test_a_file_with_nothing_that_was_trained_is_an_error(small: Any, micro_toml: str) -> None:
    """A study file whose cells were never trained is an error that says so."""
    study = edited(micro_toml, ('["eng", "swa"]', '["kor"]'), ('["eng", "kor"]\nrep', '["swa"]\nrep'))

    with pytest.raises(StudyFileError, match="nothing that was trained is left in the study"):
        gather(study, small.store)


# ---- the report -------------------------------------------------------------------------------------------
def test_report_has_every_part(report: Made, made: Any) -> None:
    """A complete study leaves the document, its rendering, results, a CSV an exhibit, and two figures."""
    files = {str(p.relative_to(report.folder)) for p in report.folder.rglob("*") if p.is_file()}

    assert report.folder.name == "wide"
    assert {p.name for p in report.paths} == {"report.html"}
    assert {"report.qmd", "report.html", "results.json"} <= files
    assert {f"tables/{key}.csv" for key in KEYS} <= files
    assert {"figures/figure2.svg", "figures/figure3.svg"} <= files
    assert (report.missing, report.excluded, report.changed, report.kept) == ({}, {}, (), None)
    assert not [f for f in files if Path(f).name.startswith(".")]
    assert len(made.store.select(study="wide")) == 87  # the runs are as they were


def test_results_hold_everything(results: dict[str, Any], made: Any) -> None:
    """results.json has study, version, date, runs, exclusions, and each exhibit with title, signature and data."""
    assert (results["study"], results["gapstudy"], results["excluded"]) == ("wide", __version__, {})
    assert len(results["date"]) == 10
    assert sorted(results["runs"]) == sorted(r.run_id for r in made.store.select(study="wide"))
    assert list(results["exhibits"]) == KEYS
    for exhibit in results["exhibits"].values():
        assert set(exhibit) == {"title", "signature", "missing", "data"}
        assert exhibit["data"]


def test_report_prints_the_signatures_and_captions(report: Made, results: dict[str, Any]) -> None:
    """Each exhibit's signature in results.json is in the document, below its caption."""
    text = (report.folder / "report.qmd").read_text(encoding="utf-8")

    for key, exhibit in results["exhibits"].items():
        assert exhibit["signature"].split("|")[-1] in text, key
        assert f"-{key}}}" in text or key == "verdicts"  # which has no number


@pytest.mark.parametrize(("key", "rows"), [
    ("table1", 28 + 24 + 10 + 12), ("table2", 2 * 3 * (3 + 4) + 9), ("table3", 3 * 2 * 2 + 2), ("figure2", 6), ("figure3", 18),
    ("certificates", 30), ("theorem", 18), ("transport", 6), ("reg-curve", 36), ("cka-checks", 7 * 10), ("layers", 7 * 2 * 3), ("layer-curves", 7 * 2 * 2), ("gap-cka", 30 + 3 * 2), ("learning", 7 * 3), ("g2p-audit", 5), ("companions", 7 * 2 * 6), ("figure1", 2),
])  # fmt: skip
def test_csv_has_a_row_for_each_number(report: Made, key: str, rows: int) -> None:
    """The CSVs are rectangular and as long as the study makes them."""
    with (report.folder / "tables" / f"{key}.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))

    assert len(found) == rows
    assert all(None not in row and None not in row.values() for row in found)


def test_csv_and_results_agree(report: Made, results: dict[str, Any]) -> None:
    """A number in a CSV is to the last digit that of results.json."""
    with (report.folder / "tables" / "table2.csv").open(encoding="utf-8", newline="") as file:
        found = {(r["representation"], r["measure"]): r for r in csv.DictReader(file)}

    e = results["exhibits"]["table2"]["data"]["phoneme"]["gaps"]["urd"]["rel"]

    row = found["phoneme", "gap_rel:urd"]
    assert [float(row[k]) for k in ("value", "low", "high")] == [e["value"], e["low"], e["high"]]


def test_two_reports_of_the_same_runs_are_equal(
    made: Any, report: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Document, numbers, tables and figures are the same bytes a second time, on the same date."""
    date = json.loads((report.folder / "results.json").read_text(encoding="utf-8"))["date"]
    seconds = int(np.datetime64(date, "s").astype(int))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(seconds))

    again = make_report(made.study, made.store, tmp_path, ("html",))

    for path in [p for p in report.folder.rglob("*") if p.suffix in {".qmd", ".json", ".csv", ".svg", ".html"}]:
        assert (again.folder / path.relative_to(report.folder)).read_bytes() == path.read_bytes(), path.name


def test_the_order_of_the_runs_is_nothing(made: Any, wide: Study, tmp_path: Path, results: dict[str, Any]) -> None:
    """The same runs in another folder, written in another order, give the same numbers."""
    from gapstudy.exhibits import table1, table3
    from gapstudy.report.results import jsonable

    source, target = made.store.study("wide").folder, tmp_path / "wide"
    target.mkdir()
    for path in sorted(source.iterdir(), reverse=True):
        (shutil.copytree if path.is_dir() else shutil.copy)(path, target / path.name)

    evidence = gather(wide, RunStore(tmp_path))[0]

    assert jsonable(table1.compute(evidence).data) == results["exhibits"]["table1"]["data"]
    assert jsonable(table3.compute(evidence).data) == results["exhibits"]["table3"]["data"]


def test_date_is_the_one_asked_for(small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SOURCE_DATE_EPOCH dates the report."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")

    made = make_report(small.study, small.store, tmp_path, ("html",))

    assert json.loads((made.folder / "results.json").read_text(encoding="utf-8"))["date"] == "1970-01-02"


def test_signature_changes_with_the_runs(made: Any, report: Made) -> None:
    """One run fewer is another hash in the exhibits that rest on it, and the same in those that do not."""
    full, _, _ = gather(made.study, made.store)
    fewer = type(full)(
        full.study, full.prepared, [r for r in full.runs if r.run_id != full.runs[0].run_id], full.parallel
    )
    assert full.runs[0].cell.task == "ner"

    assert full.signature() != fewer.signature()
    assert full.signature(runs=full.runs_of(["ner"])) != fewer.signature(runs=fewer.runs_of(["ner"]))
    assert full.signature(runs=full.runs_of(["xnli"])) == fewer.signature(runs=fewer.runs_of(["xnli"]))
    assert report.folder.is_dir()


def test_signature_changes_with_the_settings(micro: Study, fabricate: Callable[..., Any], micro_toml: str) -> None:
    """Runs of another learning rate have other names and so another hash."""
    hashes = []
    for study in (micro, edited(micro_toml, ("learning_rate = 1e-3", "learning_rate = 2e-3"))):
        evidence = gather(study, fabricate(study, seeds=1).store)[0]
        hashes.append(evidence.signature().rsplit(":", 1)[1])

    assert hashes[0] != hashes[1]


def test_an_unfinished_study_says_what_is_missing(micro: Study, fabricate: Callable[..., Any], tmp_path: Path) -> None:
    """With one seed of some cells the report is made, and names each gap in results, in the document, to the caller."""
    done = {"xnli-phoneme-eng", "xnli-subword-eng", "xnli-subword-swa", "ner-character-kor"}
    made = fabricate(micro, seeds=1, keep=lambda cell, _: cell.name in done)

    report = make_report(micro, made.store, tmp_path, ("html",))

    assert report.missing["table2"] == ("phoneme has no finished XNLI run in swa",)
    assert report.missing["table1"][0] == "ner: character has no finished run in eng"
    assert report.missing["table3"] == ("phoneme has no finished XNLI run in swa",)
    assert "figure3" in report.missing
    assert "figure1" not in report.missing
    results = json.loads((report.folder / "results.json").read_text(encoding="utf-8"))
    assert {k: tuple(e["missing"]) for k, e in results["exhibits"].items() if e["missing"]} == report.missing
    text = (report.folder / "report.html").read_text(encoding="utf-8")
    assert "phoneme has no finished XNLI run in swa" in text
    assert "What is missing" in text
    assert "?@" not in text


def test_left_out_runs_are_in_the_report(small: Any, tmp_path: Path) -> None:
    """A damaged run is named with its reason in results.json, in the document and to the caller."""
    folder = folder_of(small, "xnli-subword-swa-s01")
    truncate(folder)

    report = make_report(small.study, small.store, tmp_path, ("html",))

    assert list(report.excluded) == [folder.name]
    results = json.loads((report.folder / "results.json").read_text(encoding="utf-8"))
    assert results["excluded"] == {folder.name: without_places(report.excluded[folder.name], small.store.root)}
    assert folder.name not in results["runs"]
    assert folder.name in (report.folder / "report.html").read_text(encoding="utf-8")
    assert folder.is_dir()


def test_changed_settings_are_handed_on(small: Any, micro_toml: str, tmp_path: Path) -> None:
    """What the file says differently than was trained is handed to the caller, and the trained value is shown."""
    study = edited(micro_toml, ("learning_rate = 1e-3", "learning_rate = 2e-3"))

    report = make_report(study, small.store, tmp_path, ("html",))

    assert report.changed == ("tasks.xnli.hyper.learning_rate", "tasks.ner.hyper.learning_rate")
    results = json.loads((report.folder / "results.json").read_text(encoding="utf-8"))
    assert results["exhibits"]["table5"]["data"]["xnli/phoneme"]["learning rate"] == "0.001"


def test_an_edited_document_is_kept(small: Any, tmp_path: Path) -> None:
    """A report.qmd that was edited is kept under another name before the new one is written; an untouched one not."""
    first = make_report(small.study, small.store, tmp_path, ("html",))
    untouched = make_report(small.study, small.store, tmp_path, ("html",))
    (first.folder / "report.qmd").write_text("my words", encoding="utf-8")

    edited_report = make_report(small.study, small.store, tmp_path, ("html",))

    assert (first.kept, untouched.kept) == (None, None)
    assert edited_report.kept is not None
    assert edited_report.kept.read_text(encoding="utf-8") == "my words"


def test_an_earlier_reports_tables_do_not_stay(made: Any, tmp_path: Path) -> None:
    """What a narrowed report no longer has is gone from its folder."""
    make_report(made.study, made.store, tmp_path, ("html",))

    report = make_report(made.study.narrowed(tasks=("ner",)), made.store, tmp_path, ("html",))

    assert not (report.folder / "tables" / "table2.csv").exists()
    assert not (report.folder / "figures" / "figure3.svg").exists()
    assert (report.folder / "figures" / "figure2.svg").exists()


def test_an_empty_runs_folder_leaves_no_report(micro: Study, tmp_path: Path) -> None:
    """Without runs there is an error, and no folder of a report that says nothing."""
    with pytest.raises(IncompleteStudyError, match="no runs of study 'micro'"):
        make_report(micro, RunStore(tmp_path / "runs"), tmp_path / "reports")

    assert not (tmp_path / "reports").exists()


@pytest.mark.slow
@pytest.mark.train
def test_prepare_returns_what_is_read_back(micro: Study, cache_root: Path, tmp_path: Path) -> None:
    """What prepare returns is what a later command reads from the store; every cell is there, and the cache is used."""
    pytest.importorskip("torch")
    from gapstudy.prepare import serially

    store = RunStore(tmp_path)

    ready = prepare(micro, store, serially, lambda _line: None)

    assert prepared(micro, store).content == json.loads(json.dumps(ready.content))
    assert all(ready.has(cell) for cell in micro.cells())
    assert [s.seed for s in planned(micro, ready, 1)] == [0] * len(micro.cells())
    assert any(cache_root.iterdir())


# ---- the numbers, from the files, by hand -----------------------------------------------------------------
@pytest.fixture(scope="module")
def files(made: Any) -> dict[tuple[str, str, str, int], tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """(task, representation, language, seed) -> run.json, embeddings and outputs, read without gapstudy."""
    out = {}
    for path in made.store.study("wide").folder.glob("*/run.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        cell = record["cell"]
        key = (cell["task"], cell["representation"], cell["language"], record["seed"])
        parts = (load_file(path.with_name(f"{name}.safetensors")) for name in ("embeddings", "outputs"))
        out[key] = (record, *parts)
    return out


def score(files: Any, *key: Any) -> float:
    """Return the primary test score of a run."""
    record = files[key][0]
    return float(record["metrics"][key[2]]["test"][record["primary"]])


def jackknife(statistic: Callable[[Any], float], scores: Any) -> tuple[float, float]:
    """Return the half-width's ends of the t interval about the statistic, from Tukey's pseudo-values."""
    n = len(scores)
    pseudo = [n * statistic(scores) - (n - 1) * statistic(np.delete(scores, i, axis=0)) for i in range(n)]
    half = scipy_stats.t.ppf(0.975, n - 1) * np.std(pseudo, ddof=1) / np.sqrt(n)
    return statistic(scores) - half, statistic(scores) + half


def mean_rpd(means: Any) -> float:
    """Mean relative percent difference over pairs."""
    return float(np.mean([200 * abs(a - b) / (a + b) for a, b in combinations(means, 2)]))


def linear_cka(x: Any, y: Any) -> float:
    """Kornblith et al.'s linear CKA."""
    x, y = (v.astype(np.float64) - v.astype(np.float64).mean(axis=0) for v in (x, y))
    return float(np.sum((x.T @ y) ** 2) / np.sqrt(np.sum((x.T @ x) ** 2) * np.sum((y.T @ y) ** 2)))


@pytest.mark.parametrize("representation", ["character", "phoneme"])
@pytest.mark.parametrize(("task", "seeds"), [("ner", 5), ("pos", 2)])
def test_table1_by_hand(results: dict[str, Any], files: Any, task: str, seeds: int, representation: str) -> None:
    """Scores, Std., mean RPD with its interval, and mean CKA follow from run.json and embeddings."""
    line = results["exhibits"]["table1"]["data"][task][representation]
    codes = ("eng", "kor", "fin")
    scores = np.array([[score(files, task, representation, c, s) for c in codes] for s in range(seeds)])
    means = scores.mean(axis=0)

    assert [line["scores"][c]["value"] for c in codes] == pytest.approx(list(means))
    assert line["std"]["value"] == pytest.approx(np.std(means / 100, ddof=1))
    assert line["mean_rpd"]["value"] == pytest.approx(mean_rpd(means))
    low, high = jackknife(lambda rows: mean_rpd(rows.mean(axis=0)), scores)
    assert (line["mean_rpd"]["low"], line["mean_rpd"]["high"]) == pytest.approx((max(low, 0.0), min(high, 200.0)))
    ends = scipy_stats.ttest_1samp(scores[:, 1], 0).confidence_interval(0.95)
    assert (line["scores"]["kor"]["low"], line["scores"]["kor"]["high"]) == pytest.approx((ends.low, ends.high))
    values = [
        linear_cka(*(files[task, representation, c, s][1][f"{c}/input"] for c in pair))
        for s in range(seeds)
        for pair in combinations(codes, 2)
    ]
    assert line["cka"]["value"] == pytest.approx(np.mean(values), rel=1e-6)
    assert line["cka"]["low"] < line["cka"]["value"] < line["cka"]["high"]
    assert line["debiased_cka"]["low"] < line["debiased_cka"]["value"] < line["debiased_cka"]["high"]


@pytest.mark.parametrize("representation", ["subword", "character", "phoneme"])
@pytest.mark.parametrize("code", ["swa", "urd"])
def test_table2_by_hand(results: dict[str, Any], files: Any, representation: str, code: str) -> None:
    """Accuracy is that of logits and gold labels, and both gaps are of the means, with jackknife intervals."""
    line = results["exhibits"]["table2"]["data"][representation]
    accuracy = np.array([
        [100 * np.mean(o[f"{c}/test/logits"].argmax(1) == o[f"{c}/test/gold"])
         for c in ("eng", code) for o in [files["xnli", representation, c, s][2]]] for s in range(5)
    ])  # fmt: skip

    def relative(rows: Any) -> float:
        a, b = rows.mean(axis=0)
        return float(200 * abs(a - b) / (a + b))

    def absolute(rows: Any) -> float:
        return float(abs(np.diff(rows.mean(axis=0))[0]))

    assert [line["scores"][c]["value"] for c in ("eng", code)] == pytest.approx(list(accuracy.mean(axis=0)))
    for kind, statistic, most in (("rel", relative, 200.0), ("abs", absolute, 100.0)):
        e = line["gaps"][code][kind]
        low, high = jackknife(statistic, accuracy)
        assert e["value"] == pytest.approx(statistic(accuracy))
        assert (e["low"], e["high"]) == pytest.approx((max(0.0, low), min(most, high)))
        assert (e["n"], e["level"]) == (5, 0.95)


def test_table3_by_hand(results: dict[str, Any], files: Any) -> None:
    """The pooled coefficients are SciPy's of the points, made from run.json, vectors and outputs with POT."""
    columns: dict[str, list[float]] = {"gap": [], "performance": [], "sinkhorn": [], "cka": []}
    for code in ("swa", "urd"):
        for seed in range(5):
            a, b = (score(files, "xnli", "phoneme", c, seed) for c in ("eng", code))
            vectors = [files["xnli", "phoneme", c, seed][1][f"{c}/last"] for c in ("eng", code)]
            logits = [
                files["xnli", "phoneme", c, seed][2][f"{c}/test/logits"].astype(np.float64) for c in ("eng", code)
            ]
            clouds = [np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in logits]
            columns["gap"].append(200 * abs(a - b) / (a + b))
            columns["performance"].append(a)
            columns["sinkhorn"].append(
                float(ot.bregman.empirical_sinkhorn2(*clouds, reg=0.05, metric="euclidean", stopThr=1e-9))
            )
            columns["cka"].append(linear_cka(*vectors))

    data = results["exhibits"]["table3"]["data"]

    for name in ("performance", "sinkhorn", "cka"):
        rho, tau = (f(columns[name], columns["gap"]) for f in (scipy_stats.spearmanr, scipy_stats.kendalltau))
        assert data["pooled"][f"{name}/spearman"]["value"] == pytest.approx(rho.statistic)
        assert data["pooled"][f"{name}/spearman"]["p_value"] == pytest.approx(rho.pvalue)
        assert data["pooled"][f"{name}/kendall"]["value"] == pytest.approx(tau.statistic)
        assert data["within"][f"{name}/spearman"]["n"] == 10


def test_figure3_points_by_hand(results: dict[str, Any], files: Any) -> None:
    """Every point of Figure 3 has the difference of the accuracies and the CKA of the vectors at its layer."""
    for p in results["exhibits"]["figure3"]["data"]["points"]:
        pair = [("xnli", p["representation"], c, p["seed"]) for c in ("eng", p["language"])]
        assert p["difference"] == pytest.approx(abs(score(files, *pair[0]) - score(files, *pair[1])))
        assert p["cka"] == pytest.approx(linear_cka(*(files[k][1][f"{k[2]}/last"] for k in pair)), rel=1e-6)
