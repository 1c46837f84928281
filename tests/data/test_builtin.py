"""The embedded corpora as they ship."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from gapstudy.data import LABELS, Pairs, Tagged, load_parallel, load_task, load_text
from gapstudy.data.grammar import generate
from gapstudy.data.grammar.generate import PARAGRAPH, PARALLEL, SIZES, TEXT
from gapstudy.languages import LANGUAGES, TOKEN_TASK_LANGUAGES, XNLI_LANGUAGES
from gapstudy.study import DataSource

Shipped = dict[str, bytes]
SPLITS = ("train", "dev", "test")
SCRIPTS = {"Latn": "LATIN", "Cyrl": "CYRILLIC", "Hang": "HANGUL", "Deva": "DEVANAGARI", "Arab": "ARABIC"}


def squeezed(text: str) -> str:
    """A sentence without blanks, so that tagged words and running text can be compared."""
    return text.replace(" ", "")


def tagged(task: str, language: str, split: str) -> Tagged:
    """A part of an embedded tagged corpus."""
    part = getattr(load_task(task, language, DataSource()), split)
    assert isinstance(part, Tagged)
    return part


def pairs(language: str, split: str) -> Pairs:
    """A part of the embedded inference corpus."""
    part = getattr(load_task("xnli", language, DataSource()), split)
    assert isinstance(part, Pairs)
    return part


def sentences(content: bytes, name: str) -> Iterator[str]:
    """The text of a corpus file, labels and tags left out."""
    lines = content.decode().removesuffix("\n").split("\n")
    if name.startswith("xnli/"):
        yield from (column for line in lines for column in line.split("\t")[:2])
    else:
        yield from (line.split("\t")[0] for line in lines)


# ---- made by the generator ------------------------------------------------------------------------------------
def test_the_generator_writes_the_shipped_files(shipped: Shipped, tmp_path: Path) -> None:
    """The package's corpora are what its generator makes, byte for byte and file for file."""
    generate.main(str(tmp_path))
    made = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert made.keys() == shipped.keys()
    assert [name for name in made if made[name] != shipped[name]] == []


def test_there_is_a_file_for_every_corpus_and_language(shipped: Shipped) -> None:
    """XNLI in three languages, NER and POS in ten, parallel sentences and text in twelve."""
    assert set(shipped) == {
        *(f"xnli/{split}.{code}.tsv" for split in SPLITS for code in XNLI_LANGUAGES),
        *(f"{task}/{split}.{code}.tsv" for task in ("ner", "pos") for split in SPLITS for code in TOKEN_TASK_LANGUAGES),
        *(f"{corpus}/{code}.txt" for corpus in ("parallel", "text") for code in LANGUAGES),
    }


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_files_are_plain_utf8(shipped: Shipped, code: str) -> None:
    """UTF-8 in NFC with LF line ends, no BOM, no double or outer blanks, no invisible characters."""
    for name, content in shipped.items():
        if code not in name:
            continue
        text = content.decode("utf-8")
        assert unicodedata.is_normalized("NFC", text)
        assert not {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}} - {"\n", "\t"}
        for sentence in sentences(content, name):
            assert sentence == " ".join(sentence.split())


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_letter_is_of_the_languages_script(shipped: Shipped, code: str) -> None:
    """Letters and the marks on them are Latin, Cyrillic, Hangul, Devanagari or Arabic as the language is written."""
    letters: set[str] = set()
    for name, content in shipped.items():
        if code in name:
            letters |= {c for text in sentences(content, name) for c in text if unicodedata.category(c)[0] in "LM"}
    assert len(letters) > 25
    assert {c for c in letters if unicodedata.name(c).split()[0] != SCRIPTS[LANGUAGES[code].script]} == set()


@pytest.mark.parametrize(
    ("code", "foreign"),
    [
        ("rus", "іїєґІЇЄҐ"),
        ("ukr", "ыэъёЫЭЪЁ"),
        ("urd", "كيىهة"),  # Arabic's kaf, yeh, alef maksura, heh and teh marbuta have letters of their own in Urdu
        ("hun", "õûÕÛ"),
        ("tur", "âîû"),
    ],
)
def test_no_letter_is_of_a_neighbours_alphabet(shipped: Shipped, code: str, foreign: str) -> None:
    """Look-alikes and letters of related languages do not occur."""
    text = "".join(content.decode() for name, content in shipped.items() if code in name)
    assert {c for c in foreign if c in text} == set()


# ---- inference pairs ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("split", SPLITS)
def test_the_inference_items_are_the_same_in_each_language(split: str) -> None:
    """Row by row the labels of English, Swahili and Urdu agree, and they are balanced."""
    labels = {pairs(code, split).labels for code in XNLI_LANGUAGES}
    assert len(labels) == 1
    (row,) = labels
    assert Counter(row) == dict.fromkeys(range(3), SIZES["xnli"][split] // 3)


@pytest.mark.parametrize("code", XNLI_LANGUAGES)
def test_no_inference_item_occurs_twice(code: str) -> None:
    """No pair is in two parts or twice in one, and no premise is its own hypothesis, as text."""
    items = [item for split in SPLITS for item in zip(*(getattr(pairs(code, split), c) for c in ("premises", "hypotheses")), strict=True)]  # fmt: skip
    assert len(set(items)) == len(items) == sum(SIZES["xnli"].values())
    assert all(premise != hypothesis for premise, hypothesis in items)


@pytest.mark.parametrize("code", XNLI_LANGUAGES)
def test_equal_sentences_are_equal_in_each_language(code: str) -> None:
    """Where two English sentences of the test set are one, so are theirs in the other languages, and the reverse."""
    english, other = (pairs(c, "test").texts() for c in ("eng", code))
    assert len(set(zip(english, other, strict=True))) == len(set(other))
    assert len(set(english)) >= len(set(other))  # "the" and "a" are one in Swahili and Urdu


# ---- parallel sentences -----------------------------------------------------------------------------------------------
def test_the_parallel_corpus_has_300_rows_in_twelve_languages() -> None:
    """All languages have the same number of rows, at least 300."""
    corpus = load_parallel(tuple(LANGUAGES), DataSource())
    assert {len(part) for part in corpus.values()} == {PARALLEL}
    assert len(corpus) == 12
    assert PARALLEL >= 300


@pytest.mark.parametrize("code", LANGUAGES)
def test_parallel_sentences_are_all_different(code: str) -> None:
    """No sentence occurs twice within a language, so every row can be told from every other."""
    lines = load_parallel((code,), DataSource())[code].lines
    assert len(set(lines)) == len(lines)


# ---- tagged sentences -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", TOKEN_TASK_LANGUAGES)
def test_entity_tags_are_well_formed(code: str) -> None:
    """IOB2: an I- tag follows a B- or I- tag of its own type; all three types occur in every part."""
    for split in SPLITS:
        part = tagged("ner", code, split)
        assert len(part) == SIZES["ner"][split]
        names = [[LABELS["ner"][tag] for tag in tags] for tags in part.tags]
        for tags in names:
            for before, tag in zip(["O", *tags], tags, strict=False):
                assert not tag.startswith("I-") or before[1:] == tag[1:]
        assert {"B-PER", "B-ORG", "B-LOC"} <= {tag for tags in names for tag in tags}
        assert all(any(tag != "O" for tag in tags) for tags in names)


@pytest.mark.parametrize("code", TOKEN_TASK_LANGUAGES)
def test_the_same_entities_are_named_in_each_language(code: str) -> None:
    """Row by row a sentence names as many people, organisations and places as it does in English."""

    def kinds(language: str) -> list[Counter[str]]:
        rows = tagged("ner", language, "test").tags
        return [Counter(n for t in tags if (n := LABELS["ner"][t]).startswith("B-")) for tags in rows]

    assert kinds(code) == kinds("eng")


@pytest.mark.parametrize("code", TOKEN_TASK_LANGUAGES)
def test_parts_of_speech_are_well_formed(code: str) -> None:
    """A sentence has a predicate's word and ends in its punctuation mark; the open classes occur in every part."""
    for split in SPLITS:
        part = tagged("pos", code, split)
        assert len(part) == SIZES["pos"][split]
        for words, tags in zip(part.words, part.tags, strict=True):
            names = [LABELS["pos"][tag] for tag in tags]
            assert names[-1] == "PUNCT"
            assert words[-1] in ".।"
            assert "NOUN" in names
            assert names.count("PUNCT") == 1
        assert {"NOUN", "VERB", "ADJ", "PUNCT"} <= {LABELS["pos"][tag] for tags in part.tags for tag in tags}


@pytest.mark.parametrize("task", ["ner", "pos"])
@pytest.mark.parametrize("code", TOKEN_TASK_LANGUAGES)
def test_dev_and_test_hold_words_unseen_in_train(task: str, code: str) -> None:
    """A tagger that knows only the training words fails on some: at least one in fifteen word types of dev and test."""
    seen = {word for words in tagged(task, code, "train").words for word in words}
    for split in ("dev", "test"):
        types = {word for words in tagged(task, code, split).words for word in words}
        assert len(types - seen) >= len(types) / 15


@pytest.mark.parametrize("task", ["ner", "pos"])
@pytest.mark.parametrize("code", TOKEN_TASK_LANGUAGES)
def test_no_tagged_sentence_occurs_twice(task: str, code: str) -> None:
    """Train, dev and test share no sentence, and none has one twice."""
    rows = [words for split in SPLITS for words in tagged(task, code, split).words]
    assert len(set(rows)) == len(rows)


# ---- text to pre-train on -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", LANGUAGES)
def test_no_test_sentence_is_in_the_pre_training_text(code: str) -> None:
    """What the encoders have read holds no sentence of the parallel corpus, nor of any dev or test set."""
    read = {squeezed(line) for line in load_text(code).lines}
    held_out = set(load_parallel((code,), DataSource())[code].lines)
    for split in ("dev", "test"):
        if code in XNLI_LANGUAGES:
            held_out |= set(pairs(code, split).texts())
        if code in TOKEN_TASK_LANGUAGES:
            held_out |= {text for task in ("ner", "pos") for text in tagged(task, code, split).texts()}
    assert len(held_out) > 300
    assert read & {squeezed(text) for text in held_out} == set()


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pre_training_text_runs_on(code: str) -> None:
    """The text comes in paragraphs; lines repeat within one at most, and no paragraph starts as another does."""
    lines = load_text(code).lines
    assert len(lines) == TEXT
    firsts = lines[::PARAGRAPH]
    assert len(set(firsts)) == TEXT // PARAGRAPH
    assert len(set(lines)) > 0.85 * TEXT


def test_the_pre_training_text_differs_between_languages() -> None:
    """Each language has a draw of its own, so that the encoders cannot learn from row numbers: lengths do not agree."""
    counts = [tuple(len(line.split()) for line in load_text(code).lines) for code in ("hin", "urd", "rus", "ukr")]
    agree = sum(a == b for a, b in zip(counts[0], counts[1], strict=True)) / TEXT
    parallel = load_parallel(("hin", "urd"), DataSource())
    lengths = [[len(line.split()) for line in parallel[code].lines] for code in ("hin", "urd")]
    assert agree < 0.5 < sum(a == b for a, b in zip(*lengths, strict=True)) / PARALLEL
