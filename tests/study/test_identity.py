"""A run's identity: it changes with what can change the result, and with nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.corpora import load_corpora
from gapstudy.prepare import _cell
from gapstudy.study import Cell, RunSpec, Study, settings_hash

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
Settings = dict[str, object]
Identities = Callable[[str], dict[str, str]]
Touched = Callable[[str, str], set[str]]


def run_ids(study: Study) -> dict[str, str]:
    """The identity of seed 7 of each cell of ``study``, from the settings that prepare writes."""
    corpora = load_corpora(study)
    arrays = {
        "keys": {},
        "encoder": "",
        "backend": "",
        "contents": defaultdict(str),
    }  # cache keys: no part of an identity
    encoded = {f"{r}/{c}": arrays for r in study.used_representations() for c in study.languages}
    with pytest.MonkeyPatch.context() as patch:  # no encoder is made here
        patch.setattr("gapstudy.prepare.content_of", lambda _key: "")
        return {
            cell.name: RunSpec(cell=cell, seed=7, settings=_cell(study, cell, corpora, encoded)["settings"]).run_id
            for cell in study.cells()
        }


@pytest.fixture(scope="module")
def identities() -> Identities:
    """Return the run ids of a study's TOML: ``identities(text)``."""
    return lambda text: run_ids(Study.parse(text, "x.toml"))


@pytest.fixture(scope="module")
def before(identities: Identities, micro_toml: str) -> dict[str, str]:
    """The run ids of the micro study as it is."""
    return identities(micro_toml)


@pytest.fixture(scope="module")
def touched(identities: Identities, before: dict[str, str], micro_toml: str) -> Touched:
    """Return the cells that another text in the study file makes others: ``touched(old, new)``."""

    def cells(old: str, new: str) -> set[str]:
        assert old in micro_toml
        return changed(before, identities(micro_toml.replace(old, new, 1)))

    return cells


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """The cells whose runs are others now."""
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}


XNLI = {"xnli-subword-eng", "xnli-subword-swa", "xnli-phoneme-eng", "xnli-phoneme-swa"}
NER = {"ner-character-eng", "ner-character-kor"}
PHONEME = {"xnli-phoneme-eng", "xnli-phoneme-swa"}


@pytest.mark.parametrize(
    ("old", "new", "cells"),
    [
        *[("[tasks.xnli.hyper]", f"[tasks.xnli.hyper]\n{line}", XNLI) for line in (
            "weight_decay = 0.5", 'schedule = "linear"', "warmup = 0.5", "gradient_clip = 0.5", "dropout = 0.5",
            'pooling = "mean"', "label_smoothing = 0.1", "patience = 2",
        )],
        ("epochs = 2", "epochs = 3", XNLI),
        ("batch_size = 16", "batch_size = 17", XNLI),
        ("learning_rate = 1e-3", "learning_rate = 2e-3", XNLI),
        ("max_length = 96\n[tasks.ner]", "max_length = 95\n[tasks.ner]", XNLI),
        ("train_fraction = 0.1", "train_fraction = 0.2", XNLI),
        ("max_seeds = 1", 'primary = "token_macro_f1"', NER),
        ("[tasks.ner]", '[[tasks.xnli.override]]\nlanguage = "swa"\nepochs = 9\n[tasks.ner]',
         {"xnli-subword-swa", "xnli-phoneme-swa"}),
        ('kind = "phoneme"', 'kind = "phoneme"\ng2p = "faithful"', PHONEME),
        ('kind = "phoneme"', 'kind = "phoneme"\nenglish = "flite"', PHONEME),
        ("schema = 1", "schema = 1\nseed = 1", XNLI | NER),  # another tenth of the training sets
        *[("[pretrain]", f"[pretrain]\n{line}", XNLI | NER) for line in (
            'text = "builtin"\nlayers = 3', "heads = 4", "learning_rate = 1e-4", "mask = 0.15", "seed = 3",
        )],
        ("vocabulary_size = 700", "vocabulary_size = 701", XNLI | NER),
        ("hidden_size = 16", "hidden_size = 32", XNLI | NER),
        ("intermediate_size = 16", "intermediate_size = 32", XNLI | NER),
        ("steps = 2", "steps = 3", XNLI | NER),
        ("batch_size = 4", "batch_size = 5", XNLI | NER),
        # the encoder's text is that of all languages of the study
        ('languages = ["eng", "swa", "kor"]', 'languages = ["eng", "swa", "kor", "urd"]', XNLI | NER),
    ],
)  # fmt: skip
def test_every_setting_that_changes_a_result_changes_the_identity(
    touched: Touched, old: str, new: str, cells: set[str]
) -> None:
    """A run of other settings is another run, and only the cells that the setting touches are others."""
    assert touched(old, new) == cells


def test_the_protocol_changes_the_identity(micro_toml: str, identities: Identities, before: dict[str, str]) -> None:
    """A model that is tested on all languages is not the run that is tested on its own."""
    after = identities(micro_toml.replace("schema = 1", 'schema = 1\nprotocol = "zero-shot"'))
    assert after.keys() == {"xnli-subword-eng", "xnli-phoneme-eng", "ner-character-eng"}
    assert not set(after.values()) & set(before.values())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "micro"', 'name = "other"'),
        ('description = "A study of seconds, for tests."', 'description = "x"'),
        ("demonstration = true", "demonstration = false"),
        ("seeds = 2", "seeds = 15"),
        ("max_seeds = 1", "max_seeds = 5"),
        ('sentence_layer = "last"', 'sentence_layer = "input"'),  # both are saved
        ("resamples = 60", "resamples = 500"),
        ("[analysis]", '[analysis]\nreference = "swa"\nsinkhorn_reg = 0.1\ncorrelate = "phoneme"'),
        ("[representations.subword]", '[representations.spare]\nkind = "subword"\n[representations.subword]'),
        ("[tasks.ner]", '[[tasks.xnli.override]]\nlanguage = "kor"\nepochs = 9\n[tasks.ner]'),  # fits no cell
        ("[analysis]", '[data.xnli]\nsource = "builtin"\n[analysis]'),
    ],
)
def test_what_cannot_change_a_result_leaves_the_identity(touched: Touched, old: str, new: str) -> None:
    """Names, numbers of seeds and everything the analysis does leave finished runs finished."""
    assert touched(old, new) == set()


def _local(micro_toml: str, folder: Path) -> str:
    """The micro study with XNLI read from a copy of the embedded corpus in ``folder``."""
    if not folder.exists():
        with as_file(files("gapstudy") / "data" / "builtin" / "xnli") as source:
            shutil.copytree(source, folder)
    paths = "".join(f'{split} = "{folder}/{split}.{{code}}.tsv"\n' for split in ("train", "dev", "test"))
    return f'{micro_toml}[data.xnli]\nsource = "local"\n{paths}'


def test_paths_leave_the_identity(
    micro_toml: str, identities: Identities, before: dict[str, str], tmp_path: Path
) -> None:
    """The same text read from elsewhere makes the same runs."""
    assert identities(_local(micro_toml, tmp_path / "here")) == identities(_local(micro_toml, tmp_path / "there"))
    assert identities(_local(micro_toml, tmp_path / "here")) == before


@pytest.mark.parametrize("split", ["dev", "test"])
def test_one_letter_of_the_data_changes_the_identity(
    micro_toml: str, identities: Identities, before: dict[str, str], tmp_path: Path, split: str
) -> None:
    """A run depends on every text that it reads, in its language only."""
    text = _local(micro_toml, tmp_path / "data")
    path = tmp_path / "data" / f"{split}.swa.tsv"
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace("a", "e", 1), encoding="utf-8")
    assert changed(before, identities(text)) == {"xnli-subword-swa", "xnli-phoneme-swa"}


# ---- the hash itself ------------------------------------------------------------------------------------------
@given(JSON, st.dictionaries(st.text(), JSON))
def test_the_hash_ignores_the_order_of_keys(value: object, settings: Settings) -> None:
    """Two equal settings have one hash, in whatever order they were made."""
    settings = {**settings, "x": value}
    shuffled = dict(reversed(settings.items()))
    assert settings_hash(settings) == settings_hash(shuffled)
    assert re.fullmatch("[0-9a-f]{8}", settings_hash(settings))


@given(st.dictionaries(st.text(), JSON), st.dictionaries(st.text(), JSON))
def test_different_settings_have_different_hashes(one: Settings, two: Settings) -> None:
    """What differs as JSON differs as a hash."""
    same = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    assert (settings_hash(one) == settings_hash(two)) == same


def test_the_hash_is_a_number_of_record() -> None:
    """Runs of earlier versions are found again, so the hash never changes (``sha256sum`` of the sorted JSON)."""
    assert settings_hash({"b": [1, 0.5, None], "a": "ə"}) == "a2688979"


def test_the_identity_is_the_same_in_another_process(micro_toml: str, before: dict[str, str], tmp_path: Path) -> None:
    """Neither the hash seed of Python nor anything of the machine's day is part of an identity."""
    script = tmp_path / "ids.py"
    script.write_text(
        "import importlib.util, json, sys\n"
        "spec = importlib.util.spec_from_file_location('identity', sys.argv[1])\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "from gapstudy.study import Study\n"
        "print(json.dumps(module.run_ids(Study.parse(sys.stdin.read(), 'x.toml'))))\n",
        encoding="utf-8",
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, str(script), __file__],
            input=micro_toml,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"},
        )
        assert json.loads(done.stdout) == before


def test_a_run_is_named_by_cell_seed_and_hash() -> None:
    """The directory of a run tells what it is; the seed is beside the hash, not in it."""
    cell = Cell(task="xnli", representation="phoneme", language="swa")
    specs = [RunSpec(cell=cell, seed=seed, settings={"a": 1}) for seed in (7, 12)]
    assert specs[0].cell_hash == specs[1].cell_hash == settings_hash({"a": 1})
    assert [s.run_id for s in specs] == [f"xnli-phoneme-swa-s{s:02d}-{settings_hash({'a': 1})}" for s in (7, 12)]
