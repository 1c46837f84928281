"""A study of encoders from model folders and from the hub, from prepare to runs and the report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gapstudy.cache import cache_folder
from gapstudy.errors import ModelError, RunError, StudyFileError
from gapstudy.job import Job, Status, perform
from gapstudy.prepared import Prepared
from gapstudy.store import Run, RunStore
from gapstudy.study import Study
from tests.encoders.folders import edit_config
from tests.hubserver import Hub

pytestmark = pytest.mark.train

STUDY = """
schema = 1
name = "borrowed"
seeds = 2
languages = ["eng", "kor"]
[tasks.xnli]
languages = ["eng"]
representations = ["subword", "character", "phoneme"]
train_fraction = 0.05
sentence_layer = "last"
[tasks.xnli.hyper]
epochs = 1
batch_size = 16
learning_rate = 1e-3
max_length = 128
[tasks.ner]
languages = ["eng", "kor"]
representations = ["subword", "character", "phoneme"]
train_fraction = 0.05
sentence_layer = "1"
[tasks.ner.hyper]
epochs = 2
batch_size = 8
learning_rate = 1e-3
max_length = 128
[representations.subword]
kind = "subword"
model = "./subword"
[representations.character]
kind = "character"
model = "./character"
words = "all"
[representations.phoneme]
kind = "phoneme"
model = "./phoneme"
words = "mean"
[analysis]
resamples = 60
figure1 = ["eng", "kor"]
tsne = ["eng", "kor"]
"""


def _prepare(study: Study, store: RunStore) -> Prepared:
    from gapstudy.prepare import prepare

    return Prepared(prepare(study, store.study(study.name), say=lambda _text: None))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that no other test counts the encoders of; pronunciations are shared within it."""
    monkeypatch.setenv("GAPSTUDY_CACHE", str(tmp_path_factory.getbasetemp() / "borrowed-cache"))


@pytest.fixture
def home(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A folder with the study file's models beside it."""
    for kind, folder in folders.items():
        shutil.copytree(folder, tmp_path / "home" / kind)
    return tmp_path / "home"


@pytest.fixture
def study_in(home: Path) -> Callable[..., Study]:
    """Read the study with some text replaced."""

    def read(*changes: tuple[str, str]) -> Study:
        text = STUDY
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return Study.parse(text, "borrowed.toml", home)

    return read


def _jobs(ready: Prepared, store: RunStore, study: Study) -> list[Job]:
    specs = [ready.spec(cell, 0) for cell in study.cells()]
    return [ready.job(store, study.name, spec, "cpu") for spec in specs]


@pytest.mark.slow
def test_every_task_runs_with_every_encoder_and_is_reported(study_in: Callable[..., Study], tmp_path: Path) -> None:
    """Nine cells train to the end; metrics, vectors of the chosen layer and the report are there."""
    from gapstudy.pipeline import make_report

    study, store = study_in(), RunStore(tmp_path / "runs")
    ready = _prepare(study, store)
    for job in _jobs(ready, store, study):
        outcome = perform(job)
        assert outcome.status is Status.DONE, outcome.message
        run = Run.read(store.study(study.name).run(job.spec.run_id).folder)
        code = run.cell.language
        assert run.embeddings("last", code).shape[1] == 32
        if run.cell.task == "ner":
            assert set(run.record["metrics"][code]["test"]) == {"entity_f1", "token_macro_f1", "char_macro_f1"}
            assert run.embeddings("1", code).shape == run.embeddings("last", code).shape
    audits = {(a["representation"], a["language"]): a for a in ready.content["g2p"]}
    assert set(audits) == {("phoneme", "eng"), ("phoneme", "kor")}
    assert audits["phoneme", "kor"]["unknown_words"] > audits["phoneme", "eng"]["unknown_words"] >= 0
    made = make_report(study, store, tmp_path / "reports", ("html",))
    assert made.paths[0].stat().st_size > 100_000
    assert not made.excluded


def test_paths_are_no_part_of_a_run_and_weights_are(study_in: Callable[..., Study], home: Path, tmp_path: Path) -> None:
    """The same model in another folder gives the same run ids; other weights, tokenizers or settings give others."""
    narrow = ('representations = ["subword", "character", "phoneme"]', 'representations = ["subword"]')
    store = RunStore(tmp_path / "runs")

    def ids(study: Study) -> list[str]:
        return [job.spec.run_id for job in _jobs(_prepare(study, store), store, study)]

    first = ids(study_in(narrow))
    shutil.move(home / "subword", home / "elsewhere")
    assert ids(study_in(narrow, ("./subword", "./elsewhere"))) == first
    with (home / "elsewhere" / "vocab.txt").open("a", encoding="utf-8") as file:
        file.write("\n")
    other = ids(study_in(narrow, ("./subword", "./elsewhere")))
    assert not set(other) & set(first)


def test_a_model_that_changes_after_prepare_is_not_trained(
    study_in: Callable[..., Study], home: Path, tmp_path: Path
) -> None:
    """A run whose model folder is no longer what was hashed fails and says so."""
    study, store = (
        study_in(('representations = ["subword", "character", "phoneme"]', 'representations = ["subword"]')),
        RunStore(tmp_path / "runs"),
    )
    job = _jobs(_prepare(study, store), store, study)[0]
    edit_config(home / "subword", layer_norm_eps=1e-3)
    outcome = perform(job)
    assert outcome.status is Status.FAILED
    assert "config.json has changed, moved or gone since the study was prepared" in outcome.message


def test_a_longer_sequence_than_the_model_reads_is_refused(study_in: Callable[..., Study], tmp_path: Path) -> None:
    """max_length beyond the model's positions is an error with the key of the study file."""
    study = study_in(
        ('representations = ["subword", "character", "phoneme"]', 'representations = ["phoneme"]'),
        ("max_length = 128", "max_length = 600"),
    )
    with pytest.raises(ModelError, match=r"tasks.xnli.hyper.max_length: 600 is more than the 512 units"):
        _prepare(study, RunStore(tmp_path / "runs"))


def test_a_subset_of_its_own_is_drawn_by_each_run(study_in: Callable[..., Study], tmp_path: Path) -> None:
    """With subset = "run" two seeds learn from different rows; with "study" from the same ones, encoded alone."""
    from gapstudy.encode import Encoded
    from gapstudy.job import _part

    narrow = ('representations = ["subword", "character", "phoneme"]', 'representations = ["subword"]')
    store = RunStore(tmp_path / "runs")
    sizes: dict[str, int] = {}
    for subset in ("study", "run"):
        study = study_in(narrow, ("[analysis]", f'[randomness]\nsubset = "{subset}"\norder = 3\n[analysis]'))
        job = _jobs(_prepare(study, store), store, study)[0]
        part = _part(job, "eng", "xnli/train")
        assert isinstance(part, Encoded)
        sizes[subset] = len(part)
        assert perform(job).status is Status.DONE
        again = replace(job, spec=replace(job.spec, seed=1))
        assert perform(again).status is Status.DONE
    assert sizes["run"] == 20 * sizes["study"]


def test_harmonised_phones_are_those_of_the_model(study_in: Callable[..., Study], tmp_path: Path) -> None:
    """With g2p = "harmonised" hardly a word of the study holds a phone that the model lacks, and what was put in is told."""
    narrow = ('representations = ["subword", "character", "phoneme"]', 'representations = ["phoneme"]')
    found = {}
    for mode in ("normalised", "harmonised"):
        study = study_in(narrow, ('words = "mean"', f'words = "mean"\ng2p = "{mode}"'))
        content = _prepare(study, RunStore(tmp_path / mode)).content
        found[mode] = {audit["language"]: audit for audit in content["g2p"]}
    assert found["normalised"]["kor"]["unknown_words"] > 20
    assert found["harmonised"]["kor"]["unknown_words"] < 0.5
    assert found["harmonised"]["kor"]["replacements"]
    assert not found["normalised"]["kor"]["replacements"]
    assert content["cells"]["ner-phoneme-kor"]["model"] == study.representations["phoneme"].model


# ---- the hub ------------------------------------------------------------------------------------------------------
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_a_model_on_the_hub_is_taken_at_its_commit(
    folders: dict[str, Path],
    study_in: Callable[..., Study],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same runs come of a model on the hub as of its folder; a second time no request is made; other files stay there."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    narrow = ('representations = ["subword", "character", "phoneme"]', 'representations = ["subword"]')
    store = RunStore(tmp_path / "runs")
    local = study_in(narrow)
    shutil.copytree(folders["subword"], tmp_path / "published")
    (tmp_path / "published" / "pytorch_model.bin").write_bytes(b"x" * 1000)
    (tmp_path / "published" / "modeling.py").write_text("raise SystemExit")
    with Hub() as hub:
        hub.add("model", "someone/model", tmp_path / "published", commit=COMMIT)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        study = study_in(narrow, ('model = "./subword"', f'model = "someone/model"\nrevision = "{COMMIT}"'))
        first = [j.spec.run_id for j in _jobs(_prepare(study, store), store, study)]
        assert not any("pytorch_model.bin" in str(r) or "modeling.py" in str(r) for r in hub.requests)
        asked = len(hub.requests)
        assert asked
        jobs = _jobs(_prepare(study, store), store, study)
        assert [j.spec.run_id for j in jobs] == first
        assert len(hub.requests) == asked
    assert first == [j.spec.run_id for j in _jobs(_prepare(local, store), store, local)]
    assert perform(jobs[0]).status is Status.DONE


def test_a_model_on_the_hub_needs_a_commit(study_in: Callable[..., Study]) -> None:
    """A branch is no revision, and a missing one is told with the way out."""
    with pytest.raises(StudyFileError, match="'main' is not a commit"):
        study_in(('model = "./subword"', 'model = "someone/model"\nrevision = "main"'))
    with pytest.raises(StudyFileError, match=r"representations\.subword\.revision: missing"):
        study_in(('model = "./subword"', 'model = "someone/model"'))


def test_a_damaged_location_is_told(study_in: Callable[..., Study]) -> None:
    """What the cache says of a model folder is checked like everything else there."""
    from gapstudy.encoders import coder_of, register

    study = study_in()
    key = register(Path(study.representations["subword"].model))
    path = cache_folder("encoders") / key / "location.json"
    path.write_text("{")
    with pytest.raises(RunError, match=r"location\.json is damaged"):
        coder_of(key, "subword")
    path.unlink()
