"""The real corpora, read whole: sizes, labels and hazards as their README files tell them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gapstudy.data import LABELS, Pairs, load_parallel, load_task
from gapstudy.data.readers import read_pairs, read_sentences, read_tagged
from gapstudy.languages import LANGUAGES, XNLI_LANGUAGES
from gapstudy.study import DataSource, Study

CODES = ("en", "fr", "ru", "it", "hu", "uk", "ko", "tr", "fi", "hi", "sw", "ur")


def labels(pairs: Pairs) -> dict[str, int]:
    """Count the labels by name."""
    return {LABELS["xnli"][label]: count for label, count in Counter(pairs.labels).items()}


def table(path: Path) -> dict[str, list[int]]:
    """The numbers of each row of a README's table, by file name."""
    rows = (line.strip("| ").split(" | ") for line in path.read_text(encoding="utf-8").split("\n"))
    numbers = re.compile(r"[\d,]+")
    return {row[0]: [int(c.replace(",", "")) for c in row if numbers.fullmatch(c)] for row in rows if len(row) > 4}


# ---- XNLI -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("iso1", ["en", "sw", "ur"])
def test_the_sizes_and_labels_of_xnli(corpora: Path, iso1: str) -> None:
    """Dev and test have 2,490 and 5,010 pairs with balanced labels, the slice of MultiNLI 15,001 under its header."""
    dev, test = (read_pairs(corpora / "xnli" / f"{split}-{iso1}.tsv") for split in ("dev", "test"))
    train = read_pairs(corpora / "xnli" / f"multinli.train.{iso1}.tsv")
    assert labels(dev) == dict.fromkeys(LABELS["xnli"], 830)
    assert labels(test) == dict.fromkeys(LABELS["xnli"], 1670)
    assert labels(train) == {"contradiction": 5504, "neutral": 4397, "entailment": 5100}
    assert all(train.premises)
    assert train.premises[0] != "premise"


def test_xnli_is_the_same_items_in_each_language(corpora: Path) -> None:
    """Row by row the labels of English, Swahili and Urdu agree, in every split."""
    for name in ("dev-{}", "test-{}", "multinli.train.{}"):
        found = {read_pairs(corpora / "xnli" / f"{name.format(iso1)}.tsv").labels for iso1 in ("en", "sw", "ur")}
        assert len(found) == 1


@pytest.mark.parametrize(
    ("name", "character", "count"),
    [
        ("dev-ur", "\u200f", 80),
        ("test-ur", "\u200f", 167),
        ("test-ur", "\ufffd", 3),
        ("test-en", "\ufffd", 3),
        ("multinli.train.en", "\u00ad", 68),
    ],
)
def test_what_is_invisible_in_xnli_is_kept(corpora: Path, name: str, character: str, count: int) -> None:
    """Right-to-left marks, replacement characters and soft hyphens come through the reader, each one."""
    assert "".join(read_pairs(corpora / "xnli" / f"{name}.tsv").texts()).count(character) == count


# ---- FLORES ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("split", "rows"), [("dev", 997), ("devtest", 1012)])
@pytest.mark.parametrize("code", LANGUAGES)
def test_flores_is_parallel(corpora: Path, split: str, rows: int, code: str) -> None:
    """Dev has 997 sentences and devtest 1,012 in all twelve languages, none blank, none with outer blanks."""
    lines = read_sentences(corpora / "flores200" / split / f"{LANGUAGES[code].flores}.{split}").lines
    assert len(lines) == rows
    assert all(line and line == line.strip() for line in lines)


@pytest.mark.parametrize(
    ("name", "quoted"), [("dev/kor_Hang", 69), ("devtest/kor_Hang", 58), ("dev/hun_Latn", 38), ("devtest/hun_Latn", 30)]
)
def test_flores_lines_in_csv_quoting_are_unquoted(corpora: Path, name: str, quoted: int) -> None:
    """The Korean and Hungarian lines that stand in CSV quoting are told, and none is left with doubled marks."""
    path = next((corpora / "flores200").glob(f"{name}.*"))
    raw = [line.strip() for line in path.read_text(encoding="utf-8").split("\n")]
    lines = read_sentences(path).lines
    assert sum(before != after for before, after in zip(raw, lines, strict=False)) == quoted
    assert not any('""' in line for line in lines)


def test_no_break_spaces_of_french_stay_inside(corpora: Path) -> None:
    """The no-break spaces before French punctuation are kept; those that end a line are outer blanks."""
    path = corpora / "flores200" / "devtest" / "fra_Latn.devtest"
    raw = path.read_text(encoding="utf-8")
    inner = sum(line.strip().count("\u00a0") for line in raw.split("\n"))
    assert raw.count("\u00a0") == 349
    assert sum(line.count("\u00a0") for line in read_sentences(path).lines) == inner > 250


# ---- two-column files ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("split", ["train", "dev", "test"])
@pytest.mark.parametrize("iso1", CODES)
def test_wikiann_has_the_sentences_tokens_and_entities_of_its_readme(corpora: Path, split: str, iso1: str) -> None:
    """Sentences, tokens and B- tags of each WikiAnn file are those that its README counts."""
    sizes = table(corpora / "wikiann" / "README.md")[f"{split}-{iso1}.tsv"]
    tagged = read_tagged(corpora / "wikiann" / f"{split}-{iso1}.tsv", "ner")
    begun = Counter(LABELS["ner"][tag] for tags in tagged.tags for tag in tags)
    found = [len(tagged), sum(map(len, tagged.words)), *(begun[f"B-{kind}"] for kind in ("PER", "ORG", "LOC"))]
    assert found == sizes
    assert [len(words) for words in tagged.words] == [len(tags) for tags in tagged.tags]


@pytest.mark.parametrize("name", ["train-fi", "train-uk", "dev-hi"])
def test_udpos_has_the_sentences_and_words_of_its_readme(corpora: Path, name: str) -> None:
    """Sentences and words of each XTREME POS file are those that its README counts."""
    tagged = read_tagged(corpora / "udpos_xtreme" / f"{name}.tsv", "pos")
    sizes = table(corpora / "udpos_xtreme" / "README.md")[f"{name}.tsv"]
    assert [len(tagged), sum(map(len, tagged.words))] == sizes


# ---- as a study names them ----------------------------------------------------------------------------------------
def test_the_preset_finds_the_real_corpora(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With GAPSTUDY_DATA set, the paths of the preset lead to XNLI and FLORES in all its languages."""
    monkeypatch.setenv("GAPSTUDY_DATA", str(corpora))
    study = Study.load("local-xnli")
    for code in XNLI_LANGUAGES:
        splits = load_task("xnli", code, study.source("xnli"))
        assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [15001, 2490, 5010]
    parallel = load_parallel(study.languages, study.source("parallel"))
    assert {code: len(sentences) for code, sentences in parallel.items()} == dict.fromkeys(XNLI_LANGUAGES, 1012)


def test_wikiann_loads_as_a_local_source(corpora: Path) -> None:
    """A study file can name WikiAnn by the two-letter placeholder."""
    places: dict[str, Any] = {
        split: str(corpora / "wikiann" / f"{split}-{{iso1}}.tsv") for split in ("train", "dev", "test")
    }
    splits = load_task("ner", "hin", DataSource(source="local", **places))
    assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [5000, 500, 500]
