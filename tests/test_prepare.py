"""Everything before training: what it makes, that it is made once, and what happens when it is damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gapstudy.cache import cache_folder, digest, read_cached
from gapstudy.encoders import content_of, note_content
from gapstudy.errors import RunError
from gapstudy.pipeline import planned
from gapstudy.prepared import Prepared, prepared
from gapstudy.store import RunStore, StudyPaths
from gapstudy.study import Study


def _quietly(study: Study, paths: StudyPaths) -> dict[str, Any]:
    from gapstudy.prepare import prepare

    return prepare(study, paths, say=lambda _text: None)


def _written(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def cache(prepared_micro: Prepared, cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the cache that a test may damage."""
    assert prepared_micro.content
    folder = tmp_path / "cache"
    shutil.copytree(cache_root, folder)
    monkeypatch.setenv("GAPSTUDY_CACHE", str(folder))
    return folder


@pytest.fixture
def small(micro: Study) -> Study:
    """One task of the study with one representation: its first cells only."""
    return micro.narrowed(tasks=("xnli",), representations=("subword",))


# ---- the cache itself ---------------------------------------------------------------------------------------
def test_the_cache_is_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GAPSTUDY_CACHE names it; without it, or empty, it is the user's cache folder."""
    monkeypatch.setenv("GAPSTUDY_CACHE", str(tmp_path))
    assert cache_folder("encoders") == tmp_path / "encoders"
    assert not cache_folder("encoders").exists()
    monkeypatch.setenv("GAPSTUDY_CACHE", "")
    empty = cache_folder("g2p")
    monkeypatch.delenv("GAPSTUDY_CACHE")
    assert cache_folder("g2p") == empty
    assert (empty.name, empty.parent.name) == ("g2p", "gapstudy")


def test_a_digest_is_of_the_content() -> None:
    """The order of keys is no content; anything else is. The value is fixed, for caches outlive versions."""
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": 1, "b": [1, 2]}) != digest({"a": 1, "b": [2, 1]})
    assert digest({"ə": None}) == "ffc8a31744e04962"


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("odd"), KeyError("key"), RuntimeError("torch says")])
def test_what_cannot_be_read_is_named_whatever_the_reason(tmp_path: Path, error: Exception) -> None:
    """Path, reason and remedy, with the cause behind it."""

    def read(_: Path) -> None:
        raise error

    with pytest.raises(RunError, match=r"thing is damaged \(.+\); delete it and run gapstudy train-seeds") as caught:
        read_cached(tmp_path / "thing", read)
    assert caught.value.__cause__ is error
    assert read_cached(tmp_path / "thing", str) == str(tmp_path / "thing")


# ---- what is made ---------------------------------------------------------------------------------------------
@pytest.mark.train
def test_a_study_is_prepared_once(prepared_micro: Prepared, micro: Study, cache_root: Path, tmp_path: Path) -> None:
    """A second time nothing is written to the cache, and what goes to the runs is the same to the byte."""
    before = _written(cache_root)
    stores = [RunStore(tmp_path / name).study("micro") for name in ("one", "two")]
    contents = [_quietly(micro, paths) for paths in stores]
    assert _written(cache_root) == before
    assert len(list((cache_root / "encoders").iterdir())) == len(micro.used_representations())
    assert contents[0] == contents[1]
    for one, two in zip(*(sorted(paths.folder.iterdir()) for paths in stores), strict=True):
        assert one.read_bytes() == two.read_bytes()
    assert {path.name for path in stores[0].folder.iterdir()} == {"prepared.json", "parallel.safetensors"}
    read = prepared(micro, RunStore(tmp_path / "one"))
    assert read.content == json.loads(json.dumps(prepared_micro.content))
    assert read.changes(micro) == ()
    assert read.as_trained(micro) == micro


@pytest.mark.train
def test_every_cell_has_what_its_runs_read(prepared_micro: Prepared, micro: Study, cache_root: Path) -> None:
    """For each planned run the encoder and all arrays are in the cache, as many sequences as Table 4 counts."""
    from gapstudy.encode import Encoded

    content = prepared_micro.content
    sizes = {(row["corpus"], row["language"]): row for row in content["table4"]}
    for spec in planned(micro, prepared_micro, 1):
        task, language = spec.cell.task, spec.cell.language
        cell, row = content["cells"][spec.cell.name], sizes[task, language]
        assert (cache_root / "encoders" / cell["encoder"] / "model.safetensors").is_file()
        assert cell["arrays"].keys() == {language}
        counts = {
            name: len(Encoded.load(cache_root / "encoded" / f"{key}.safetensors"))
            for name, key in cell["arrays"][language].items()
        }
        assert counts == {
            f"{task}/train": row["used"],
            f"{task}/dev": row["dev"],
            f"{task}/test": row["test"],
            "parallel": sizes["parallel", language]["test"],
        }
        assert row["used"] == round(0.1 * row["train"])


@pytest.mark.train
def test_the_report_gets_its_facts(prepared_micro: Prepared, micro: Study) -> None:
    """Table 4, Figure 1, units and the audit of pronunciations name every corpus, language and representation."""
    content = prepared_micro.content
    every = {f"{name}/{code}" for name in micro.representations for code in micro.languages}
    assert content["figure1"].keys() == content["units"].keys() == every
    assert {(row["corpus"], row["language"]) for row in content["table4"]} == {
        ("xnli", "eng"), ("xnli", "swa"), ("ner", "eng"), ("ner", "kor"),
        ("parallel", "eng"), ("parallel", "swa"), ("parallel", "kor"),
    }  # fmt: skip
    assert [(row["representation"], row["language"]) for row in content["g2p"]] == [
        ("phoneme", code) for code in micro.languages
    ]
    assert all(row["tokens"] >= row["types"] > 0 and row["backend"] for row in content["g2p"])
    assert all(0 <= facts["unknown_percent"] < 50 < facts["sentences"] for facts in content["units"].values())
    assert content["figure1"]["character/eng"]["text"] == content["figure1"]["phoneme/eng"]["text"]
    assert content["figure1"]["character/eng"]["units"] != content["figure1"]["phoneme/eng"]["units"]


@pytest.mark.train
def test_units_and_vectors_before_training_are_kept(prepared_micro: Prepared, micro: Study, tmp_path: Path) -> None:
    """parallel.safetensors has packed units and two layers for each representation and language."""
    from safetensors.numpy import load_file

    paths = RunStore(tmp_path).study("micro")
    content = _quietly(micro, paths)
    arrays = load_file(paths.parallel)
    for name, facts in content["units"].items():
        starts = arrays[f"{name}/starts"]
        assert len(starts) == facts["sentences"] + 1
        assert len(arrays[f"{name}/ids"]) == starts[-1]
        assert arrays[f"{name}/input"].shape == arrays[f"{name}/last"].shape == (facts["sentences"], 16)
    assert len(arrays) == 4 * len(content["units"])
    assert prepared_micro.content["units"] == content["units"]


# ---- identity -----------------------------------------------------------------------------------------------
def _ids(study: Study, folder: Path) -> dict[str, str]:
    store = RunStore(folder).study(study.name)
    return {name: Prepared(_quietly(study, store)).spec_hash(name) for name in (cell.name for cell in study.cells())}


@pytest.mark.train
@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        pytest.param(("resamples = 60", "resamples = 61"), set(), id="analysis"),
        pytest.param(("seeds = 2", "seeds = 3"), set(), id="seeds"),
        pytest.param(("of seconds", "of moments"), set(), id="description"),
        pytest.param(("epochs = 2", "epochs = 3"), {"xnli-subword-eng", "xnli-subword-swa"}, id="hyper"),
        pytest.param(
            ("[tasks.xnli.hyper]", '[[tasks.xnli.override]]\nlanguage = "swa"\nepochs = 3\n[tasks.xnli.hyper]'),
            {"xnli-subword-swa"},
            id="override",
        ),
        pytest.param(("fraction = 0.1", "fraction = 0.2"), {"xnli-subword-eng", "xnli-subword-swa"}, id="fraction"),
        pytest.param(("steps = 2", "steps = 1"), {"xnli-subword-eng", "xnli-subword-swa"}, id="pretraining"),
    ],
)
def test_an_identity_changes_with_what_can_change_the_numbers(
    small: Study, micro_toml: str, tmp_path: Path, edit: tuple[str, str], changed: set[str]
) -> None:
    """And with nothing else: not with the analysis, the wording, or where the runs are."""
    other = Study.parse(micro_toml.replace(*edit, 1), "other.toml")
    other = other.narrowed(tasks=("xnli",), representations=("subword",))
    assert other != small
    before, after = _ids(small, tmp_path / "before"), _ids(other, tmp_path / "after")
    assert before.keys() == after.keys() == {"xnli-subword-eng", "xnli-subword-swa"}
    assert {name for name in before if before[name] != after[name]} == changed


@pytest.mark.train
def test_units_of_the_pretraining_text_are_part_of_the_identity(micro: Study, cache: Path, tmp_path: Path) -> None:
    """Other units in the pre-training text alone make another encoder, and so other runs of every cell that uses it."""
    study = micro.narrowed(tasks=("ner",), representations=("character",))
    before = _ids(study, tmp_path / "before")
    key = prepared(study, RunStore(tmp_path / "before")).content["cells"]["ner-character-eng"]["encoder"]
    note_content(cache / "encoders" / key, [[5, 6], [7]], [0, 1])
    after = _ids(study, tmp_path / "after")
    assert all(before[name] != after[name] for name in before)


def test_the_hash_of_units_tells_rows_and_languages_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a sentence ends and whose it is are part of it; the same rows give the same hash."""
    monkeypatch.setenv("GAPSTUDY_CACHE", str(tmp_path))
    folder = cache_folder("encoders") / "key"
    folder.mkdir(parents=True)
    found = []
    for rows, groups in (
        ([[1, 2], [3]], [0, 0]),
        ([[1], [2, 3]], [0, 0]),
        ([[1, 2], [3]], [0, 1]),
        ([[1, 2], [3]], [0, 0]),
    ):
        note_content(folder, rows, groups)
        found.append(content_of("key"))
    assert found[0] == found[3]
    assert len(set(found)) == 3
    (folder / "pretrained-on.txt").unlink()
    with pytest.raises(RunError, match=r"pretrained-on\.txt is damaged .*; delete it"):
        content_of("key")


# ---- damage -------------------------------------------------------------------------------------------------
def _halve(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


@pytest.mark.train
@pytest.mark.parametrize(
    ("damage", "name"),
    [
        pytest.param(_halve, "tokenizer.json", id="half-a-tokenizer"),
        pytest.param(_halve, "model.safetensors", id="half-of-the-weights"),
        pytest.param(Path.unlink, "model.safetensors", id="no-weights"),
        pytest.param(_halve, "config.json", id="half-a-config"),
    ],
)
def test_a_damaged_encoder_is_named_and_made_again_once_it_is_deleted(
    small: Study, cache: Path, tmp_path: Path, damage: Callable[[Path], None], name: str
) -> None:
    """The message names the folder to delete; after that the same encoder is made."""
    before = _quietly(small, RunStore(tmp_path / "before").study("micro"))
    folder = cache / "encoders" / before["cells"]["xnli-subword-eng"]["encoder"]
    weights = (folder / "model.safetensors").read_bytes()
    _forget_encoders()
    shutil.rmtree(cache / "vectors")  # what was read of it before
    damage(folder / name)
    paths = RunStore(tmp_path / "after").study("micro")
    with pytest.raises(RunError, match=rf"{folder} is damaged \(.+\); delete it and run gapstudy train-seeds again"):
        _quietly(small, paths)
    assert not paths.folder.exists()
    shutil.rmtree(folder)
    assert _quietly(small, paths) == before
    assert (folder / "model.safetensors").read_bytes() == weights


def _forget_encoders() -> None:
    """Do as a new process does."""
    from gapstudy.models import _read_encoder

    _read_encoder.cache_clear()


@pytest.mark.train
def test_damaged_arrays_are_named_and_made_again_once_they_are_deleted(
    small: Study, cache: Path, tmp_path: Path
) -> None:
    """The message names the file to delete."""
    before = _quietly(small, RunStore(tmp_path / "before").study("micro"))
    key = before["cells"]["xnli-subword-swa"]["arrays"]["swa"]["parallel"]
    path = cache / "encoded" / f"{key}.safetensors"
    whole = path.read_bytes()
    _halve(path)
    with pytest.raises(RunError, match=rf"{path} is damaged \(.+\); delete it and run gapstudy train-seeds again"):
        _quietly(small, RunStore(tmp_path / "after").study("micro"))
    path.unlink()
    assert _quietly(small, RunStore(tmp_path / "after").study("micro")) == before
    assert path.read_bytes() == whole


def test_figure_1_shows_one_sentence_in_every_language() -> None:
    """The example is the same row of the parallel corpus in all languages, though words are fewer in some."""
    from gapstudy.corpora import load_corpora
    from gapstudy.prepare import _example
    from gapstudy.units import spelling

    study = Study.load("tiny")
    loaded = load_corpora(study)
    loaded_as = study.representations["character"]
    shown = {code: _example(loaded, code, spelling(loaded_as, code))["text"] for code in loaded.parallel}
    rows = {loaded.parallel[code].lines.index(text) for code, text in shown.items()}

    assert len(shown) == 12
    assert len(rows) == 1
