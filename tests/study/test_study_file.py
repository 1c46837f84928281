"""The study file: what is read, and how every problem in it is told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gapstudy.errors import StudyFileError
from gapstudy.study import (
    Analysis,
    DataSource,
    Hyper,
    Override,
    Pretraining,
    Representation,
    Study,
    Task,
)

Refuse = Callable[[str, str], tuple[str, ...]]


@pytest.fixture
def refuse(micro_toml: str) -> Refuse:
    """Return the problems of the micro study with one text replaced by another: ``refuse(old, new)``."""

    def problems(old: str, new: str) -> tuple[str, ...]:
        assert old in micro_toml
        with pytest.raises(StudyFileError, match=r"broken\.toml: ") as caught:
            Study.parse(micro_toml.replace(old, new, 1), "broken.toml")
        return caught.value.problems

    return problems


def valid(model: type[Study | Task | Hyper | Override | Representation | Pretraining | DataSource | Analysis]) -> str:
    """The keys of a record as a message lists them."""
    return "unknown key; valid here: " + ", ".join(f.alias or name for name, f in model.model_fields.items())


# ---- unknown keys -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("table", "path", "model"),
    [
        ("schema = 1", "stray", Study),
        ("[tasks.xnli]", "tasks.xnli.stray", Task),
        ("[tasks.xnli.hyper]", "tasks.xnli.hyper.stray", Hyper),
        ("[[tasks.xnli.override]]", "tasks.xnli.override.0.stray", Override),
        ("[representations.phoneme]", "representations.phoneme.stray", Representation),
        ("[pretrain]", "pretrain.stray", Pretraining),
        ("[data.xnli]", "data.xnli.stray", DataSource),
        ("[data.parallel]", "data.parallel.stray", DataSource),
        ("[analysis]", "analysis.stray", Analysis),
    ],
)
def test_an_unknown_key_is_named_with_the_valid_ones(
    micro_toml: str,
    table: str,
    path: str,
    model: type[Study | Task | Hyper | Override | Representation | Pretraining | DataSource | Analysis],
) -> None:
    """At every level an unknown key is told with its path and all keys that are valid there."""
    text = micro_toml if table in micro_toml else f"{micro_toml}{table}\n"
    with pytest.raises(StudyFileError, match="unknown key") as caught:
        Study.parse(text.replace(table, f"{table}\nstray = 1", 1), "x.toml")
    assert caught.value.problems == (f"{path}: {valid(model)}",)


@pytest.mark.parametrize("name", ["kind", "model", "g2p", "english", "train", "hyper"])
def test_a_representation_may_bear_the_name_of_a_key(refuse: Refuse, name: str) -> None:
    """The user's own names of tables are not taken for keys when the valid ones are looked up."""
    text = f'[representations.{name}]\nkind = "subword"\nstray = 1\n[representations.subword]'
    assert refuse("[representations.subword]", text) == (f"representations.{name}.stray: {valid(Representation)}",)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[tasks.ner]", "[tasks.mt]", "tasks.mt: unknown task 'mt'; valid: xnli, ner, pos"),
        ("[analysis]", "[data.flores]\n[analysis]",
         "data.flores: unknown corpus 'flores'; valid: xnli, ner, pos, parallel"),
        ('"swa", "kor"]', '"swa", "sw"]', "languages.2: unknown language 'sw'; valid: ISO 639-3 codes, nearest swa (Swahili)"),
        ('languages = ["eng", "swa"]', 'languages = ["swh"]',
         "tasks.xnli.languages.0: unknown language 'swh'; valid: ISO 639-3 codes, nearest swa (Swahili)"),
        ("[tasks.ner]", '[[tasks.xnli.override]]\nlanguage = "en"\n[tasks.ner]',
         "tasks.xnli.override.0.language: unknown language 'en'; valid: ISO 639-3 codes, nearest eng (English)"),
        ("[analysis]", '[analysis]\nreference = "English"',
         "analysis.reference: unknown language 'English'; valid: ISO 639-3 codes, nearest eng (English)"),
        ('["subword", "phoneme"]', '["subword", "bpe"]',
         "tasks.xnli.representations: 'bpe' is not one of [representations]: subword, character, phoneme"),
        ("[tasks.ner]", '[[tasks.xnli.override]]\nrepresentation = "bpe"\n[tasks.ner]',
         "tasks.xnli.override.representation: 'bpe' is not one of [representations]: subword, character, phoneme"),
        ("[analysis]", '[analysis]\ncorrelate = "bpe"',
         "analysis.correlate: 'bpe' is not one of [representations]: subword, character, phoneme"),
        ('kind = "phoneme"', 'kind = "phone"', "'subword', 'character' or 'phoneme'"),
        ('languages = ["eng", "swa"]', 'languages = ["eng", "urd"]',
         "tasks.xnli.languages: 'urd' is not among the study's languages: eng, swa, kor"),
        ("[tasks.ner]\n", '[tasks.ner]\nprimary = "accuracy"\n',
         "tasks.ner.primary: 'accuracy' is not a metric of ner; valid: entity_f1, token_macro_f1, char_macro_f1"),
        ("[pretrain]", '[pretrain]\ntext = "web"', "'builtin' or 'train'"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_told_with_the_valid_ones(refuse: Refuse, old: str, new: str, problem: str) -> None:
    """Tasks, corpora, languages, representations, metrics: what is not known is told with what is."""
    assert any(problem in line for line in refuse(old, new))


# ---- wrong types and values ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("seeds = 2", 'seeds = "2"', "seeds: Input should be a valid integer (got '2')"),
        ("seeds = 2", "seeds = true", "seeds: Input should be a valid integer (got 'True')"),
        ("seeds = 2", "seeds = 2.5", "seeds: Input should be a valid integer"),
        ("seeds = 2", "seeds = 1979-05-27", "seeds: Input should be a valid integer (got '1979-05-27')"),
        ("seeds = 2", "seeds = 0", "seeds: Input should be greater than or equal to 1 (got '0')"),
        ("seeds = 2", "seeds = 2\nseed = -1", "seed: Input should be greater than or equal to 0"),
        ("schema = 1", "schema = 2", "schema: Input should be 1"),
        ("demonstration = true", "demonstration = 1", "demonstration: Input should be a valid boolean"),
        ('name = "micro"', "name = 3", "name: Input should be a valid string"),
        ('name = "micro"', "", "name: Field required"),
        ('languages = ["eng", "swa", "kor"]', 'languages = "eng"', "languages: Input should be a valid"),
        ('languages = ["eng", "swa", "kor"]', "languages = []", "languages: Tuple should have at least 1 item"),
        ('languages = ["eng", "swa", "kor"]', 'languages = ["eng", "swa", "kor", 3]', "languages.3: Input should be"),
        ("learning_rate = 1e-3", 'learning_rate = "1e-3"', "tasks.xnli.hyper.learning_rate: Input should be a valid"),
        ("learning_rate = 1e-3", "learning_rate = 0", "learning_rate: Input should be greater than 0 (got '0')"),
        ("learning_rate = 1e-3", "learning_rate = nan", "learning_rate: Input should be a finite number"),
        ("learning_rate = 1e-3", "learning_rate = inf", "learning_rate: Input should be a finite number"),
        ("epochs = 2", "epochs = 0", "tasks.xnli.hyper.epochs: Input should be greater than or equal to 1"),
        ("train_fraction = 0.1", "train_fraction = 1.5", "tasks.xnli.train_fraction: Input should be less than or"),
        ("max_seeds = 1", "max_seeds = 0", "tasks.ner.max_seeds: Input should be greater than or equal to 1"),
        ("[tasks.xnli.hyper]", "[[tasks.xnli.hyper]]", "tasks.xnli.hyper: Input should be a valid dictionary"),
        ("[analysis]", "[data.xnli]\nsource = 'web'\n[analysis]", "data.xnli.source: Input should be 'builtin', 'local' or"),
        ("[analysis]", "[analysis]\nlevel = 1.0", "analysis.level: Input should be less than 1"),
        ("[analysis]", "[analysis]\nsinkhorn_reg = 0.0", "analysis.sinkhorn_reg: Input should be greater than 0"),
        ('tsne = ["eng", "kor"]', 'tsne = ["eng"]', "analysis.tsne: Tuple should have at least 2 items"),
        ("hidden_size = 16", "hidden_size = 17", "pretrain: hidden_size 17 is not a multiple of heads 2"),
        ("[pretrain]", "[pretrain]\nmask = 1.0", "pretrain.mask: Input should be less than 1"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_its_path(refuse: Refuse, old: str, new: str, problem: str) -> None:
    """A value of another type or out of range is refused, never converted, and named by its path."""
    (line,) = refuse(old, new)
    assert problem in line


def test_whole_numbers_are_numbers(micro_toml: str) -> None:
    """A learning rate may be written without a point."""
    study = Study.parse(micro_toml.replace("learning_rate = 1e-3", "learning_rate = 1", 1), "x.toml")
    assert study.tasks["xnli"].hyper.learning_rate == 1.0


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('languages = ["eng", "swa", "kor"]', 'languages = ["eng", "swa", "kor", "swa"]',
         "languages: 'swa' is named twice"),
        ('languages = ["eng", "swa"]', 'languages = ["eng", "eng", "swa"]',
         "tasks.xnli.languages: 'eng' is named twice"),
        ('["subword", "phoneme"]', '["phoneme", "subword", "phoneme"]',
         "tasks.xnli.representations: 'phoneme' is named twice"),
    ],
)  # fmt: skip
def test_nothing_is_named_twice(refuse: Refuse, old: str, new: str, problem: str) -> None:
    """A language or representation that is listed twice would be a pair with itself, so it is refused."""
    assert refuse(old, new) == (problem,)


def test_longer_than_the_encoder_is_refused(refuse: Refuse) -> None:
    """A task cannot read more units than the encoder has positions."""
    (line,) = refuse("max_length = 96", "max_length = 97")
    assert line == "tasks.xnli.hyper.max_length: 97 exceeds pretrain.max_length 96"


def test_zero_shot_needs_its_source(micro_toml: str) -> None:
    """The source language of zero-shot transfer must be one of the task's, in-language training does not ask."""
    text = micro_toml.replace('languages = ["eng", "swa"]', 'languages = ["swa"]', 1)
    assert Study.parse(text, "x.toml").protocol == "per-language"
    with pytest.raises(StudyFileError, match=r"tasks\.xnli\.source_language: 'eng' is not one of its languages: swa"):
        Study.parse(text.replace("schema = 1", 'schema = 1\nprotocol = "zero-shot"'), "x.toml")


@pytest.mark.parametrize(
    ("corpus", "given", "missing"),
    [
        ("xnli", {}, ["train", "dev", "test"]),
        ("xnli", {"train": "t.tsv", "test": "x.tsv"}, ["dev"]),
        ("parallel", {"train": "t.tsv"}, ["text"]),
    ],
)
def test_local_files_must_be_named(micro_toml: str, corpus: str, given: dict[str, str], missing: list[str]) -> None:
    """A local source without one of its paths is told which is missing."""
    lines = [f"[data.{corpus}]", 'source = "local"', *(f'{key} = "{path}"' for key, path in given.items())]
    with pytest.raises(StudyFileError, match=r'missing \(source = "local" needs ') as caught:
        Study.parse(micro_toml + "\n".join(lines), "x.toml")
    assert [problem.split(":")[0] for problem in caught.value.problems] == [f"data.{corpus}.{key}" for key in missing]


# ---- names ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["../x", "..", ".", "", "a/b", "/etc", "a\\\\b", "a b", ".hidden", "-x", "naïve", "a\\n", "x" * 65, "~"]
)
def test_a_name_that_is_no_directory_is_refused(refuse: Refuse, name: str) -> None:
    """A study's name becomes a directory, so it can neither climb nor hide nor hold blanks."""
    (line,) = refuse('name = "micro"', f'name = "{name}"')
    assert line.startswith("name: ")
    assert "is not a directory name; use letters, digits, '.', '_', '-' (at most 64)" in line


@pytest.mark.parametrize("name", ["a", "paper-xnli", "A.1_b-c", "x" * 64, "2024"])
def test_a_name_that_is_a_directory_is_taken(micro_toml: str, name: str) -> None:
    """Letters, digits, points, underscores and hyphens make a name."""
    assert Study.parse(micro_toml.replace("micro", name), "x.toml").name == name


@pytest.mark.parametrize("name", ["a/b", "../x", "a b", "x-y", "x" * 33])
def test_a_representation_names_files(refuse: Refuse, name: str) -> None:
    """A representation's name is part of file names and of run identities (where hyphens part), so it is a word."""
    text = f'[representations."{name}"]\nkind = "subword"\n[representations.subword]'
    assert refuse("[representations.subword]", text) == (
        f"representations.{name}: {name!r} names files; use letters, digits and '_' (at most 32)",
    )


# ---- all at once, and files that are none ----------------------------------------------------------------------
def test_all_wrong_keys_and_types_come_at_once(micro_toml: str) -> None:
    """Unknown keys, wrong types and unknown names anywhere in the file are one message, a line each."""
    text = micro_toml
    for old, new in (
        ("seeds = 2", 'seeds = "two"'),
        ("[tasks.ner]", "[tasks.ner]\nfrobnicate = 1"),
        ("epochs = 2", "epochs = -2"),
        ('"swa", "kor"]', '"swa", "klingon"]'),
        ("[pretrain]", "[pretrain]\nlayer = 3"),
    ):
        text = text.replace(old, new, 1)
    with pytest.raises(StudyFileError, match=r"^x\.toml: ") as caught:
        Study.parse(text, "x.toml")
    paths = [problem.split(":")[0] for problem in caught.value.problems]
    assert paths == ["seeds", "languages.2", "tasks.xnli.hyper.epochs", "tasks.ner.frobnicate", "pretrain.layer"]
    assert str(caught.value).count("\n") == len(paths) - 1


def test_all_contradictions_come_at_once(micro_toml: str) -> None:
    """Problems that need more than one key are listed together as well."""
    text = micro_toml.replace("micro", "../micro").replace('["subword", "phoneme"]', '["bpe"]')
    with pytest.raises(StudyFileError, match=r"^x\.toml: ") as caught:
        Study.parse(text.replace("max_length = 96", "max_length = 97", 1), "x.toml")
    paths = [problem.split(":")[0] for problem in caught.value.problems]
    assert paths == ["name", "tasks.xnli.representations", "tasks.xnli.hyper.max_length"]


def test_an_empty_file_is_told_what_it_needs() -> None:
    """Every required key of an empty file is named."""
    with pytest.raises(StudyFileError, match="Field required") as caught:
        Study.parse("", "empty.toml")
    assert [p.split(":")[0] for p in caught.value.problems] == ["name", "languages", "tasks", "representations"]


def test_malformed_toml_is_told_with_its_line() -> None:
    """A syntax error names the file, the line and the column."""
    with pytest.raises(StudyFileError, match=r"bad\.toml: not valid TOML: .*line 2, column 9"):
        Study.parse('name = "x"\nseeds = = 3\n', "bad.toml")


def test_a_key_given_twice_is_malformed(micro_toml: str) -> None:
    """TOML forbids a key twice; neither value is taken."""
    with pytest.raises(StudyFileError, match="not valid TOML: Cannot overwrite a value"):
        Study.parse(micro_toml.replace("seeds = 2", "seeds = 2\nseeds = 3"), "x.toml")


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    """A study in another encoding is refused by name."""
    path = tmp_path / "latin.toml"
    path.write_bytes('name = "é"'.encode("latin-1"))
    with pytest.raises(StudyFileError, match=r"latin\.toml: cannot be read: .*utf-8.*can't decode byte 0xe9"):
        Study.load(path)


def test_a_byte_order_mark_and_crlf_are_no_part_of_a_study(tmp_path: Path, micro_toml: str) -> None:
    """Files that Windows editors wrote give the same study."""
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + micro_toml.replace("\n", "\r\n").encode())
    assert Study.load(path) == Study.parse(micro_toml, "x.toml")


@pytest.mark.parametrize("name", ["nosuch", "nosuch.tml", "../tiny"])
def test_an_unknown_study_is_told_with_the_valid_ones(name: str) -> None:
    """A name that is neither a preset nor a TOML path is told with the presets."""
    with pytest.raises(
        StudyFileError, match=r"unknown study; valid: tiny, local-xnli, .*, or the path of a \.toml file"
    ):
        Study.load(name)


def test_a_missing_file_is_told_what_to_do(tmp_path: Path) -> None:
    """A path without a file points to the command that writes one."""
    with pytest.raises(StudyFileError, match=r"gone\.toml: no such study file; write one with: gapstudy init NAME"):
        Study.load(tmp_path / "gone.toml")


def test_a_directory_is_no_study(tmp_path: Path) -> None:
    """A directory that is called like a study file cannot be read."""
    (tmp_path / "x.toml").mkdir()
    with pytest.raises(StudyFileError, match=r"x\.toml: cannot be read: "):
        Study.load(tmp_path / "x.toml")


# ---- where data paths start --------------------------------------------------------------------------------------
def test_relative_paths_start_at_the_study_file(
    tmp_path: Path, micro_toml: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative data paths start at the study file, absolute ones and $VARIABLES are followed."""
    monkeypatch.setenv("CORPUS_HOME", str(tmp_path / "elsewhere"))
    source = 'source = "local"\ntrain = "a/train.{code}"\ndev = "/abs/dev.{iso1}"\ntest = "${CORPUS_HOME}/test.tsv"'
    path = tmp_path / "x.toml"
    path.write_text(f"{micro_toml}[data.xnli]\n{source}\n", encoding="utf-8")
    found = Study.load(path).source("xnli")
    assert found.train == str(tmp_path / "a" / "train.{code}")
    assert found.dev == "/abs/dev.{iso1}"
    assert found.test == str(tmp_path / "elsewhere" / "test.tsv")
    assert found.text == ""
    assert Study.load(path).source("parallel") == DataSource()


def test_variables_are_followed_in_presets_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The preset for local corpora reads the folder that GAPSTUDY_DATA names."""
    monkeypatch.setenv("GAPSTUDY_DATA", str(tmp_path))
    study = Study.load("local-xnli")
    assert study.source("xnli").dev == os.path.join(tmp_path, "xnli", "dev-{iso1}.tsv")  # noqa: PTH118 - a template
    assert study.source("parallel").text == str(tmp_path / "flores200" / "devtest" / "{flores}.devtest")


def test_a_language_without_rules_has_no_phonemes(micro_toml: str) -> None:
    """A language that Epitran cannot convert is refused beside phonemes, with those that it can; elsewhere it is fine."""
    text = micro_toml.replace('languages = ["eng", "swa", "kor"]', 'languages = ["eng", "swa", "kor", "dan"]', 1)
    with pytest.raises(
        StudyFileError, match=r"dan \(Danish\): Epitran has no rules, .*representations.phoneme.*valid: .*swa"
    ):
        Study.parse(text, "x.toml")
    assert "dan" in Study.parse(text.replace('["subword", "phoneme"]', '["subword"]'), "x.toml").languages


def test_the_longest_sequence_is_checked_where_it_is_overridden(micro_toml: str) -> None:
    """An override may not ask a small encoder for more than it reads, and may bring a task's length down for it."""
    longer = micro_toml.replace(
        "[tasks.ner]", '[[tasks.xnli.override]]\nlanguage = "swa"\nmax_length = 97\n[tasks.ner]', 1
    )
    with pytest.raises(StudyFileError, match=r"tasks\.xnli\.hyper\.max_length: 97 exceeds pretrain\.max_length 96"):
        Study.parse(longer, "x.toml")
    both = "".join(
        f'[[tasks.xnli.override]]\nrepresentation = "{r}"\nmax_length = 64\n' for r in ("subword", "phoneme")
    )
    shorter = micro_toml.replace("max_length = 96", "max_length = 256", 1).replace(
        "[tasks.ner]", f"{both}[tasks.ner]", 1
    )
    assert Study.parse(shorter, "x.toml").tasks["xnli"].hyper_of("phoneme", "eng").max_length == 64
