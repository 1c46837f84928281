"""The text of a study: training fractions, pre-training text, and test sets that must be parallel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.corpora import load_corpora
from gapstudy.data import Pairs, Tagged, load_text, subset
from gapstudy.errors import DataError
from gapstudy.study import Study

Toml = Callable[..., Study]


@pytest.fixture(scope="module")
def study(micro_toml: str) -> Toml:
    """The study of seconds with some of its text replaced: ``study(("old", "new"), ...)``."""

    def make(*changes: tuple[str, str]) -> Study:
        text = micro_toml
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return Study.parse(text, "changed.toml")

    return make


def _rows(part: Any, whole: Any) -> list[int]:
    """Return where the examples of ``part`` stand in ``whole`` (the first place of equal ones)."""
    columns = ("premises", "hypotheses", "labels") if isinstance(whole, Pairs) else ("words", "tags")
    items = list(zip(*(getattr(whole, c) for c in columns), strict=True))
    return [items.index(item) for item in zip(*(getattr(part, c) for c in columns), strict=True)]


# ---- fractions ---------------------------------------------------------------------------------------------
@given(st.integers(1, 400), st.floats(0.001, 1), st.integers(0, 99))
def test_a_subset_is_a_share_without_repeats(size: int, fraction: float, seed: int) -> None:
    """The count is the ceiling of the share, never 0; rows ascend, and the generator alone decides them."""
    rows = subset(size, fraction, np.random.default_rng(seed))
    assert len(rows) == len(set(rows)) == int(np.ceil(fraction * size)) >= 1
    assert rows == sorted(rows)
    assert set(rows) <= set(range(size))
    assert rows == subset(size, fraction, np.random.default_rng(seed))


def test_the_fraction_is_the_same_rows_in_every_language(study: Toml) -> None:
    """Where training sets are parallel, 10 % of one language means what 10 % of another means; order is kept."""
    found, full = load_corpora(study()), load_corpora(study(("train_fraction = 0.1", "train_fraction = 1.0")))
    eng, swa = (found.tasks["xnli", code].train for code in ("eng", "swa"))
    assert isinstance(eng, Pairs)
    assert isinstance(swa, Pairs)
    assert eng.labels == swa.labels
    rows = _rows(eng, full.tasks["xnli", "eng"].train)
    assert rows == _rows(swa, full.tasks["xnli", "swa"].train)
    assert len(rows) == np.ceil(0.1 * len(full.tasks["xnli", "eng"].train))
    assert rows != list(range(len(rows)))


def test_dev_and_test_are_never_cut(study: Toml) -> None:
    """The fraction is of training examples alone, and their number before it is kept for Table 4."""
    found, full = load_corpora(study()), load_corpora(study(("train_fraction = 0.1", "train_fraction = 1.0")))
    for key, splits in found.tasks.items():
        assert splits.dev == full.tasks[key].dev
        assert splits.test == full.tasks[key].test
        assert len(splits.train) < found.full_sizes[key] == len(full.tasks[key].train)


def test_the_seed_of_the_study_decides_the_subset(study: Toml) -> None:
    """Another study seed draws other rows, the same one the same; seeds of runs have no say in it."""
    first, again, other = (
        load_corpora(study(("seeds = 2", f"seeds = {n}\nseed = {seed}"))) for n, seed in ((2, 0), (5, 0), (2, 1))
    )
    for key in first.tasks:
        assert first.tasks[key].train == again.tasks[key].train
        assert first.tasks[key].train != other.tasks[key].train


# ---- parts -------------------------------------------------------------------------------------------------
def test_every_part_of_a_language_has_a_name(study: Toml) -> None:
    """A language has the splits of its own tasks and its side of the parallel corpus, whose rows correspond."""
    corpora = load_corpora(study())
    splits = ("train", "dev", "test")
    assert set(corpora.parts("eng")) == {*(f"{t}/{s}" for t in ("xnli", "ner") for s in splits), "parallel"}
    assert set(corpora.parts("swa")) == {*(f"xnli/{s}" for s in splits), "parallel"}
    assert set(corpora.parts("fra")) == set()
    assert len({len(sentences) for sentences in corpora.parallel.values()}) == 1


ZERO_SHOT = ('name = "micro"', 'name = "micro"\nprotocol = "zero-shot"')


@pytest.mark.parametrize("protocol", ["per-language", "zero-shot"])
def test_both_protocols_read_the_same_text(study: Toml, protocol: str) -> None:
    """Zero-shot studies read the text of in-language ones, but for what their target languages do not need."""
    chosen = study(('name = "micro"', f'name = "micro"\nprotocol = "{protocol}"'))
    found, plain = load_corpora(chosen), load_corpora(study())
    trained = {(cell.task, cell.language) for cell in chosen.cells()}
    tested = {(t, c) for t, home in trained for c in chosen.evaluated_on(t, home)}
    assert tested == set(found.tasks) == set(plain.tasks)
    assert trained == (set(found.tasks) if protocol == "per-language" else {("xnli", "eng"), ("ner", "eng")})
    for key, splits in found.tasks.items():
        whole = plain.tasks[key]
        assert splits.test == whole.test
        assert (splits == whole) if key in trained else (len(splits.train) == len(splits.dev) == 0)
        assert found.full_sizes[key] == (plain.full_sizes[key] if key in trained else 0)


def test_targets_of_zero_shot_transfer_need_a_test_set_alone(study: Toml, tmp_path: Path) -> None:
    """A target without training and dev files loads, with empty parts that have no name among its parts."""
    chosen = _local(study, tmp_path, {"eng": ["neutral"], "swa": ["neutral"]}, ZERO_SHOT)
    for split in ("train", "dev"):
        (tmp_path / f"{split}.swa.tsv").unlink()
    corpora = load_corpora(chosen)
    assert set(corpora.parts("swa")) == {"xnli/test", "parallel"}
    assert set(corpora.parts("kor")) == {"ner/test", "parallel"}
    assert {"xnli/train", "xnli/dev", "xnli/test"} < set(corpora.parts("eng"))
    assert corpora.tasks["xnli", "swa"].train == corpora.tasks["xnli", "swa"].dev == Pairs((), (), ())
    assert corpora.tasks["ner", "kor"].train == corpora.tasks["ner", "kor"].dev == Tagged((), ())


def test_zero_shot_training_text_is_the_sources(study: Toml) -> None:
    """With text = "train" a zero-shot study pre-trains on what its source languages are trained on, and no more."""
    corpora = load_corpora(study(ZERO_SHOT, ("[pretrain]", '[pretrain]\ntext = "train"')))
    whole = load_corpora(study(("[pretrain]", '[pretrain]\ntext = "train"')))
    assert corpora.text == {"eng": whole.text["eng"]}


def test_a_subset_for_each_run_leaves_the_training_set_whole(study: Toml) -> None:
    """Where each run draws its own share, the whole training set is kept for it to draw from."""
    each = load_corpora(study(("[analysis]", '[randomness]\nsubset = "run"\n[analysis]')))
    whole = load_corpora(study(("train_fraction = 0.1", "train_fraction = 1.0")))
    assert each.tasks == whole.tasks
    assert each.full_sizes == whole.full_sizes


# ---- pre-training text -------------------------------------------------------------------------------------
def test_pretraining_text_is_the_packages_own(study: Toml) -> None:
    """Built-in text is there for every language of the study, and its fingerprints tell languages apart."""
    corpora = load_corpora(study())
    assert corpora.text == {code: load_text(code) for code in ("eng", "swa", "kor")}
    assert len(set(corpora.text_fingerprint().values())) == 3


def test_pretraining_text_from_training_sets(study: Toml) -> None:
    """With text = "train" it is every sentence of the whole training sets, a hypothesis after its premise."""
    train_text = ("[pretrain]", '[pretrain]\ntext = "train"')
    corpora = load_corpora(study(train_text))
    whole = load_corpora(study(train_text, ("train_fraction = 0.1", "train_fraction = 1.0")))
    assert corpora.text == whole.text  # the fraction is of labels
    pairs, tagged = (whole.tasks[task, "eng"].train for task in ("xnli", "ner"))
    assert isinstance(pairs, Pairs)
    assert isinstance(tagged, Tagged)
    lines = corpora.text["eng"].lines
    assert lines[: 2 * len(pairs) : 2] == pairs.premises
    assert lines[1 : 2 * len(pairs) : 2] == pairs.hypotheses
    assert lines[2 * len(pairs) :] == tagged.texts()


def test_without_small_encoders_there_is_no_pretraining_text(study: Toml) -> None:
    """Encoders that come ready-made need no text: none is loaded, not even where some would be missing."""
    ready = tuple(
        (f'kind = "{kind}"\n', f'kind = "{kind}"\nmodel = "./some-{kind}"\n')
        for kind in ("subword", "character", "phoneme")
    )
    assert load_corpora(study(*ready)).text == {}
    train = ("[pretrain]", '[pretrain]\ntext = "train"')
    lacking = ('"kor"]\n[tasks.xnli]', '"kor", "fin"]\n[tasks.xnli]')
    assert load_corpora(study(*ready, train, lacking)).text == {}
    assert load_corpora(study(*ready[:2])).text  # one small encoder is enough


def test_a_language_without_training_text_is_an_error(study: Toml) -> None:
    """A language that no task trains on has no such text: the message names the key and the language."""
    changed = study(
        ("[pretrain]", '[pretrain]\ntext = "train"'), ('"kor"]\n[tasks.xnli]', '"kor", "fin"]\n[tasks.xnli]')
    )
    with pytest.raises(DataError, match=r"pretrain\.text = 'train' but no task has training text in fin"):
        load_corpora(changed)


# ---- parallel test sets ------------------------------------------------------------------------------------
def _local(study: Toml, folder: Path, tests: dict[str, list[str]], *changes: tuple[str, str]) -> Study:
    for code, labels in tests.items():
        rows = [f"a premise {i}\ta hypothesis {i}\t{label}" for i, label in enumerate(labels)]
        for split in ("train", "dev", "test"):
            lines = rows if split == "test" else rows[:1]
            (folder / f"{split}.{code}.tsv").write_text(
                "\n".join(["premise\thypothesis\tlabel", *lines]) + "\n", encoding="utf-8"
            )
    paths = "\n".join(f'{split} = "{folder}/{split}.{{code}}.tsv"' for split in ("train", "dev", "test"))
    return study(("[analysis]", f'[data.xnli]\nsource = "local"\n{paths}\n[analysis]'), *changes)


def test_inference_tests_must_be_parallel(study: Toml, tmp_path: Path) -> None:
    """XNLI test sets whose labels differ row by row, or in number, are refused with the numbers of each language."""
    labels = ["entailment", "neutral", "contradiction"]
    found = load_corpora(_local(study, tmp_path, {"eng": labels, "swa": labels}))
    assert found.tasks["xnli", "eng"].test == found.tasks["xnli", "swa"].test
    for other in (labels[::-1], labels[:2]):
        changed = _local(study, tmp_path, {"eng": labels, "swa": other})
        with pytest.raises(DataError, match=rf"not parallel: .* \(eng 3, swa {len(other)} items\)"):
            load_corpora(changed)


def test_a_missing_corpus_is_named(study: Toml, tmp_path: Path) -> None:
    """A local file that is not there is an error with its path."""
    changed = _local(study, tmp_path, {"eng": ["neutral"], "swa": ["neutral"]})
    (tmp_path / "dev.swa.tsv").unlink()
    with pytest.raises(DataError, match=r"dev\.swa\.tsv"):
        load_corpora(changed)
