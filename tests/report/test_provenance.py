"""Provenance: what is said of the runs and of the machine, the energy, the study file, and what is never said."""

from __future__ import annotations

import getpass
import json
import socket
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gapstudy import __version__
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.evidence import Evidence
from gapstudy.pipeline import gather
from gapstudy.report.document import Section
from gapstudy.report.power import CORE_WATTS, GIB_WATTS, gpu_watts, run_kwh
from gapstudy.report.provenance import Circumstances, closing, day_stamp, written_study
from gapstudy.report.results import Changes, changes_since
from gapstudy.report.studyfile import study_file
from gapstudy.report.tables import table_html
from gapstudy.store import Run
from gapstudy.store.places import without_places
from gapstudy.study import Study

FULL = {
    "gapstudy": "0.1.0", "python": "3.12.1", "torch": "2.13.0+cu129", "transformers": "5.2.1", "tokenizers": "0.22", "epitran": "1.35.3",
    "segments": "2.4.0", "g2p": "epitran:1.35.3|mode:normalised", "model": "bert-base-multilingual-cased@" + 40 * "a", "device": "cuda",
    "device_name": "NVIDIA H100 80GB HBM3", "cuda": "12.9", "cpu": "AMD EPYC 9554", "cores": 16, "threads": 1, "peak_mib": 2048,
    "system": "Linux 6.8 x86_64", "commit": 40 * "b", "changed_since_commit": True, "parameters": 177853440,
    "finished": "2026-03-01T10:00:00+00:00",
}  # fmt: skip


@pytest.fixture(scope="module")
def evidence(wide: Study, fabricate: Callable[..., Any]) -> Evidence:
    """Two seeds of the wide study, with provenance and settings of older versions: next to nothing."""
    return gather(wide, fabricate(wide, seeds=2).store)[0]


def _with(
    evidence: Evidence, made: dict[str, Any], settings: dict[str, Any] | None = None, **timings: float
) -> Evidence:
    """Return the evidence with other records."""
    runs = [
        Run(run.folder, {**run.record, "provenance": made, "settings": {**run.record["settings"], **(settings or {})},
                         "timings": {**run.record["timings"], **timings}})
        for run in evidence.runs
    ]  # fmt: skip
    return replace(evidence, runs=tuple(runs))


def _exhibits(sections: list[Section]) -> dict[str, Exhibit]:
    return {block.key: block for section in sections for block in section.body if isinstance(block, Exhibit)}


def _text(sections: list[Section]) -> str:
    """Everything that is printed and every line of the CSVs."""
    pieces: list[str] = []
    for section in sections:
        for block in section.body:
            if isinstance(block, Exhibit):
                pieces += [table_html(block.table) if block.table else "", *map(str, block.records), *block.missing]
            else:
                pieces.append(str(block))
    return "\n".join(pieces)


def _cells(exhibit: Exhibit) -> dict[str, list[str]]:
    assert exhibit.table is not None
    return {row[0].text: [cell.text for cell in row[1:]] for row in exhibit.table.rows if len(row) > 1}


# ---- the environment ---------------------------------------------------------------------------------------------
def test_what_older_runs_did_not_record_is_said(evidence: Evidence) -> None:
    """A record without the keys of this version is read, and what it lacks is "not recorded"."""
    sections = closing(evidence, Circumstances())
    rows = _cells(_exhibits(sections)["environment"])
    assert rows["gapstudy"] == [__version__]  # the report's, which comes second
    assert rows["not recorded"][0].startswith("Python, torch")
    assert rows["device"] == ["none"]
    assert rows["rendered by"] == ["not recorded"]
    assert [section.key for section in sections] == ["provenance", "fingerprints", "energy", "commands"]
    assert not any(exhibit.numbered for exhibit in _exhibits(sections).values())


def test_everything_that_was_recorded_is_printed(evidence: Evidence) -> None:
    """Versions, commit, processor, GPU, CUDA and encoder stand in the report; runs that differ are counted."""
    whole = _with(evidence, FULL)
    other = _with(evidence, {**FULL, "torch": "2.12.0", "changed_since_commit": False})
    mixed = replace(whole, runs=(*whole.runs[:-1], other.runs[-1]))
    sections = closing(mixed, Circumstances(engine="pandoc 3 + typst 0.15"))
    rows = _cells(_exhibits(sections)["environment"])
    n = len(mixed.runs)
    assert rows["torch"] == [f"2.13.0+cu129 ({n - 1} runs); 2.12.0 (1 run)"]
    assert rows["spelling of words"] == ["epitran:1.35.3, mode:normalised"]
    assert (rows["processor"], rows["CUDA"], rows["cores for the process"]) == (["AMD EPYC 9554"], ["12.9"], ["16"])
    assert rows["device"] == ["cuda NVIDIA H100 80GB HBM3"]
    assert rows["rendered by"] == ["pandoc 3 + typst 0.15"]
    text = _text(sections)
    assert f"0.1.0 (commit {10 * 'b'}, with changes) ({n - 1} runs); 0.1.0 (commit {10 * 'b'}) (1 run)" in text
    assert "177,853,440" in text
    assert "They were trained on 2026-03-01." in text


def test_fingerprints_are_short_in_print_and_whole_in_the_csv(evidence: Evidence) -> None:
    """A row a language; the CSV has a row a task and language, with the source of each corpus."""
    data = {"train": 16 * "1", "dev": 16 * "2", "test": {"eng": 16 * "3"}, "parallel": {"eng": 16 * "4"}}
    cells = {name: {"settings": {"data": data}} for name in evidence.prepared["cells"] if name.endswith("-eng")}
    known = replace(evidence, prepared={**evidence.prepared, "cells": {**evidence.prepared["cells"], **cells}})
    exhibit = _exhibits(closing(known, Circumstances()))["fingerprints"]
    one = [6 * digit for digit in "123"]
    assert _cells(exhibit)["eng"] == [*one, *one, *one, 6 * "4"]
    assert [row["task"] for row in exhibit.records] == ["xnli", "ner", "pos"]
    assert exhibit.records[0] == {"task": "xnli", "language": "eng", "train": 16 * "1", "dev": 16 * "2", "test": 16 * "3",
                                  "parallel": 16 * "4", "source": "builtin"}  # fmt: skip
    without = _exhibits(closing(evidence, Circumstances()))["fingerprints"]
    assert (without.table, without.missing) == (None, ("fingerprints of the data were not recorded",))


def test_without_runs_there_is_nothing_to_say(evidence: Evidence) -> None:
    """A report without a run has no such section."""
    assert closing(replace(evidence, runs=()), Circumstances()) == []


# ---- time and energy -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "watts"),
    [
        ("NVIDIA H100 80GB HBM3", 700), ("NVIDIA H100 PCIe", 350), ("NVIDIA H200", 700), ("NVIDIA A100-SXM4-40GB", 400),
        ("NVIDIA A100-PCIE-40GB", 250), ("NVIDIA A100 80GB PCIe", 300), ("Tesla V100-SXM2-16GB", 300), ("Tesla T4", 70),
        ("NVIDIA L4", 72), ("NVIDIA L40S", 350), ("NVIDIA GeForce RTX 3090", 350), ("NVIDIA GeForce RTX 4090 Laptop GPU", None),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", None), ("NVIDIA GeForce RTX 4080 SUPER", None), ("NVIDIA GeForce RTX 2080 Ti", 250), ("Some Other GPU", None), ("", None),
    ],
)  # fmt: skip
def test_board_powers(name: str, watts: float | None) -> None:
    """The usual cards have the power of their data sheets; others, and laptops' of nearly the same name, have none."""
    assert gpu_watts(name) == watts


def test_energy_of_a_run() -> None:
    """Hours times the power of busy cores, of the board and of the memory; None where the device's power is unknown."""
    assert run_kwh(2.0, device="cpu", name="x86_64") == pytest.approx(2 * CORE_WATTS / 1000)
    assert run_kwh(1.0, device="cpu", name="", threads=4, memory_gib=8) == pytest.approx((48 + 8 * GIB_WATTS) / 1000)
    assert run_kwh(2.0, device="cuda", name="Tesla T4", threads=64) == pytest.approx(2 * (70 + CORE_WATTS) / 1000)
    assert run_kwh(1.0, device="cuda", name="NVIDIA L4") == pytest.approx((12 + 72) / 1000)
    assert run_kwh(1.0, device="cuda", name="unheard of") is None
    assert run_kwh(1.0, device="none", name="") is None


def test_hours_and_energy_by_task_and_representation(evidence: Evidence) -> None:
    """Sums are right, what is assumed is said, and nothing pretends to be measured."""
    hour = _with(evidence, FULL, fit_seconds=3000.0, measure_seconds=600.0)
    sections = closing(hour, Circumstances())
    rows, n = _cells(_exhibits(sections)["runs"]), len(hour.runs)
    each = (12 + 700 + 2 * GIB_WATTS) / 1000
    assert rows["All"] == [str(n), "0", "–", f"{n:.2f}", f"{n * each:.2f}"]
    assert _exhibits(sections)["runs"].data["kwh"] == pytest.approx(n * each)
    text = _text(sections)
    assert "is an estimate and was not measured" in text
    assert "12 W for each busy processor core [@lannelongue2021]" in text
    assert "PUE is taken as 1.0" in text
    assert "memory counts 0.3725 W a GB" in text
    assert "Hours are training and evaluation of the runs" in text


def test_unknown_power_is_said_to_be_unknown(evidence: Evidence) -> None:
    """A device that no table has is named, its hours are counted and its energy is not."""
    sections = closing(_with(evidence, {**FULL, "device_name": "NVIDIA X9 *new*", "peak_mib": None}), Circumstances())
    n = len(evidence.runs)
    assert _cells(_exhibits(sections)["runs"])["All"][-1] == "unknown"
    text = _text(sections)
    assert f"The power of {n} runs on cuda NVIDIA X9 \\*new\\* is not known" in text
    assert "memory is not counted" in text
    assert "Hours are training of the runs" in text


def test_amounts_that_make_no_sense_count_nothing(evidence: Evidence) -> None:
    """Words, NaN and negative numbers in a record that somebody edited are no hours, no threads and no memory."""
    odd = {**FULL, "device": "cpu", "threads": "many", "peak_mib": float("nan"), "parameters": "big", "finished": None}
    sections = closing(_with(evidence, odd, fit_seconds=-5.0), Circumstances())
    assert _cells(_exhibits(sections)["runs"])["All"][-1] == "0.00"
    assert "memory is not counted" in _text(sections)
    assert "They were trained" not in _text(sections)


# ---- runs and what was left out -------------------------------------------------------------------------------------
def test_a_line_a_run(evidence: Evidence) -> None:
    """The CSV has every run once, with its score and content, and those left out with the reason."""
    around = Circumstances(excluded={"xnli-phoneme-swa-s04-3f9a12cd": "/Users/ann/runs/x/outputs.safetensors is missing", "copy": "no run"},
                           unfinished={"ner-character-fin-s03-00000000": "missing"})  # fmt: skip
    sections = closing(evidence, around)
    lines = _exhibits(sections)["runs"].records
    assert len(lines) == len({line["run_id"] for line in lines}) == len(evidence.runs) + 3
    assert len({tuple(line) for line in lines}) == 1
    run, line = evidence.runs[0], lines[0]
    assert (line["run_id"], line["task"], line["seed"]) == (run.run_id, run.cell.task, str(run.seed))
    assert (line["score"], line["fit_seconds"], line["sha256"]) == (run.score(), 1.5, run.content())
    assert {line["included"] for line in lines[:-3]} == {"yes"}
    left = [(line["task"], line["language"], line["seed"], line["included"], line["why_not"]) for line in lines[-3:]]
    assert left == [("xnli", "swa", "4", "no", "outputs.safetensors is missing"), ("", "", "", "no", "no run"),
                    ("ner", "fin", "3", "no", "missing")]  # fmt: skip
    assert "3 planned runs are not in it." in _text(sections)
    assert _cells(_exhibits(sections)["runs"])["All"][1] == "3"


def test_reasons_are_counted(evidence: Evidence) -> None:
    """Runs left out for one reason are one row with the first names, however many there are and however many reasons."""
    names = [f"xnli-subword-eng-s{i:02d}-3f9a12cd" for i in range(40)]
    excluded = {name: f"/data/{name}/outputs.safetensors is missing" for name in names[:20]}
    excluded |= {name: f"reason {i}" for i, name in enumerate(names[20:])}
    sections = closing(evidence, Circumstances(excluded=excluded))
    exhibit = _exhibits(sections)["left-out"]
    assert exhibit.table is not None
    rows = [[cell.text for cell in row] for row in exhibit.table.rows]
    assert rows[0] == ["20", "outputs.safetensors is missing", f"{', '.join(names[:3])} and 17 more (tables/runs.csv)"]
    assert len(rows) == 13
    assert rows[-1][:2] == ["9", "other reasons, see tables/runs.csv"]
    assert "40 runs of the study are not in the report:" in _text(sections)
    assert "Every planned run is finished and in the report." in _text(closing(evidence, Circumstances()))


def test_runs_that_serve_every_language_have_the_score_of_a_tested_one(evidence: Evidence) -> None:
    """A zero-shot run that was not tested on its own language shows the score of the first that it was tested on."""
    run = evidence.runs[0]
    metrics = {run.cell.language: {"dev": {"accuracy": 1.0}}, "urd": {"test": {run.record["primary"]: 42.0}}}
    other = replace(evidence, runs=(Run(run.folder, {**run.record, "metrics": metrics}),))
    assert _exhibits(closing(other, Circumstances()))["runs"].records[0]["score"] == 42.0


# ---- nothing of the machine ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/Users/ann/a b/run.json lacks", "a b/run.json lacks"),
        ("see /srv/x/run.json (bad)", "see run.json (bad)"),
        (r"C:\Users\ann\run.json lacks", "run.json lacks"),
        ("~/models/mine", "mine"),
        ("runs/tiny/x is missing", "runs/tiny/x is missing"),
        ("https://a.org/b/c and a/b and 3/4 and s/he", "https://a.org/b/c and a/b and 3/4 and s/he"),
        ("$HOME/x stays", "$HOME/x stays"),
    ],
)
def test_places_are_taken_out(text: str, left: str) -> None:
    """Of an absolute path the last part is left; relative ones, addresses and fractions stay."""
    assert without_places(text) == left


def test_no_place_user_or_host_is_printed(evidence: Evidence) -> None:
    """Whatever the records and errors say, no folder, user or host name is in print or in the CSVs."""
    home = str(Path.home() / "secret")
    made = {
        **FULL,
        "model": f"{home}/models/mine",
        "device_name": f"{home}/gpu",
        "cpu": f"{home}/cpu",
        "g2p": f"{home}/g2p",
    }
    folder = str(evidence.runs[0].folder)
    around = Circumstances(
        excluded={"a": f"{folder}/run.json lacks x"}, unfinished={"b": f"failed: {home}/cache/y is damaged"}
    )
    text = _text(closing(_with(evidence, made), around))
    assert "mine (local files)" in text
    assert "run.json lacks x" in text
    for secret in (home, folder, str(Path.cwd()), "secret"):
        assert secret not in text
    for secret in (socket.gethostname(), getpass.getuser()):
        assert len(secret) < 5 or secret not in text


# ---- the study as a file --------------------------------------------------------------------------------------------
def test_the_study_file_is_the_study(evidence: Evidence, wide: Study) -> None:
    """Read back, the file is the study that was trained, its tasks in their order, with the analysis of the report."""
    now = replace(
        evidence, study=wide.model_copy(update={"analysis": wide.analysis.model_copy(update={"resamples": 77})})
    )
    text = written_study(now).text
    read = Study.parse(text, "study.toml")
    assert read == now.study
    assert list(read.tasks) == list(wide.tasks)
    assert written_study(now).digest == written_study(now).digest != written_study(evidence).digest


@pytest.mark.parametrize("preset", ["tiny", "paper-xnli", "paper-ner", "paper-pos", "local-tokens"])
def test_presets_come_back_from_their_files(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Grids, overrides, data sets on the hub and places survive the trip."""
    monkeypatch.setenv("GAPSTUDY_DATA", "/srv/some/where")
    study = Study.load(preset)
    text = study_file(study.model_dump(mode="json", by_alias=True)).text
    assert "/srv" not in text
    assert Study.parse(text, "study.toml") == study


def test_hostile_words_come_back_from_the_study_file(wide: Study) -> None:
    """Quotes, backslashes, control characters and overrides of direction in a description are text, and nothing else."""
    hostile = "a\"b'c\\d\n[tasks]\t\x01\x7f\u202e<script>$#@ref" + 10_000 * "x"
    content = {**wide.model_dump(mode="json", by_alias=True), "description": hostile}
    assert Study.parse(study_file(content).text, "study.toml").description == hostile


def test_places_of_the_study_file_start_at_variables() -> None:
    """Local corpora and encoders keep the folders below the one they share, and lose those above."""
    content: dict[str, Any] = {
        "name": "a", "note": None,
        "data": {"xnli": {"source": "local", "train": "/Users/ann/corpora/xnli/train.tsv[:50]",
                          "languages": {"swa": {"train": "/Users/ann/corpora/own/{code}.tsv"}}},
                 "ner": {"source": "hub", "train": "/not/local"}},
        "representations": {"p": {"model": "/opt/x"}, "q": {"model": "org/model"}, "r": {"model": r"D:\models\x"}, "s": {"model": "small"}},
    }  # fmt: skip
    read = tomllib.loads(study_file(content).text)
    assert read["data"]["xnli"]["train"] == "$GAPSTUDY_DATA/xnli/train.tsv[:50]"
    assert read["data"]["xnli"]["languages"]["swa"]["train"] == "$GAPSTUDY_DATA/own/{code}.tsv"
    assert read["data"]["ner"]["train"] == "/not/local"
    models = {name: spec["model"] for name, spec in read["representations"].items()}
    assert models == {"p": "$GAPSTUDY_MODELS/1/x", "q": "org/model", "r": "$GAPSTUDY_MODELS/2/x", "s": "small"}
    assert "note" not in read
    assert "$GAPSTUDY_DATA is the folder that held the corpora" in study_file(content).text


def test_commands_make_it_again(evidence: Evidence, wide: Study) -> None:
    """The commands name the study file, the seeds, what the report was narrowed to, and the date."""
    made = _with(evidence, FULL)
    sections = closing(made, Circumstances(stamp=86400))
    text = _text(sections)
    assert "`pip install 'gapstudy[train]==0.1.0'`" in text
    assert "`gapstudy train-seeds --study study.toml --n 2`" in text
    assert "`SOURCE_DATE_EPOCH=86400 gapstudy report --study study.toml`" in text
    part = replace(made, study=wide.narrowed(tasks=("xnli",), languages=("eng", "swa")))
    text = _text(closing(part, Circumstances()))
    narrowed = "--tasks xnli --languages eng,swa"
    assert f"`gapstudy train-seeds --study study.toml --n 2 {narrowed}`" in text
    assert f"gapstudy report --study study.toml {narrowed}" in text
    assert day_stamp(date(2026, 11, 23)) == 1795392000


# ---- since the last report --------------------------------------------------------------------------------------------
def test_changes_since_a_report(tmp_path: Path) -> None:
    """Runs added, gone and changed are told by their content; a folder without such a report tells nothing."""
    from gapstudy.report.results import write_results

    a, b, c = (f"ner-phoneme-{code}-s00-1234abcd" for code in ("eng", "fra", "swa"))
    before, cells = {a: 64 * "1", b: 64 * "2", c: 64 * "3"}, {f"ner-phoneme-{code}" for code in ("eng", "fra", "swa")}
    assert changes_since(tmp_path, before, ()) is None
    write_results(tmp_path, "s", [], made=date(2026, 1, 2), excluded={}, runs=before)
    same = changes_since(tmp_path, before, cells)
    assert same == Changes("2026-01-02")
    assert not same
    assert str(same) == "since the report of 2026-01-02: no run added, gone or changed"
    changes = changes_since(tmp_path, {b: 64 * "2", c: 64 * "4", **{f"n{i}": "5" for i in range(5)}}, cells)
    assert changes == Changes("2026-01-02", added=("n0", "n1", "n2", "n3", "n4"), gone=(a,), changed=(c,))
    assert str(changes) == (
        f"since the report of 2026-01-02: 5 runs added (n0, n1, n2, …), 1 run gone ({a}), 1 run changed ({c})"
    )


def test_what_a_narrower_report_does_not_show_is_not_gone(tmp_path: Path) -> None:
    """Runs of cells that a narrowed report leaves away are neither gone nor changed; those of its own cells are."""
    from gapstudy.report.results import write_results

    runs = {f"{cell}-s0{seed}-1234abcd": 64 * "1" for cell in ("ner-phoneme-eng", "pos-phoneme-eng") for seed in (0, 1)}
    write_results(tmp_path, "s", [], made=date(2026, 1, 2), excluded={}, runs=runs)
    shown = {"ner-phoneme-eng-s00-1234abcd": 64 * "1"}
    changes = changes_since(tmp_path, shown, {"ner-phoneme-eng"})
    assert changes == Changes("2026-01-02", gone=("ner-phoneme-eng-s01-1234abcd",))


def test_results_beside_an_older_document_claim_no_runs(tmp_path: Path) -> None:
    """Where the document could not be made anew, results.json does not say that it is of these runs."""
    from gapstudy.report.results import write_results

    write_results(tmp_path, "s", [], made=date(2026, 1, 2), excluded={}, runs={"a": "1"}, rendered=False)
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["runs"] == ["a"]
    assert changes_since(tmp_path, {"a": "1"}, ()) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"date": "2026-01-01"}', '{"date": "2026-01-01", "contents": 3}'])
def test_a_report_of_another_version_tells_nothing(content: str, tmp_path: Path) -> None:
    """results.json that is damaged, or of a version that kept no contents, is no report to compare with."""
    (tmp_path / "results.json").write_text(content, encoding="utf-8")
    assert changes_since(tmp_path, {"a": "1"}, ()) is None
