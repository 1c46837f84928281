"""What rests on the preparation alone: Figure 1, Tables 4 and 5, and the audit of phonemes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gapstudy.exhibits import figure1, g2p, table4, table5
from gapstudy.exhibits.evidence import Evidence
from gapstudy.study import DataSource, Places, Study


@pytest.fixture
def with_prepared(full: Any) -> Callable[..., Evidence]:
    """Return the wide evidence with other content of prepared.json, or another study."""

    def make(study: Study | None = None, **content: Any) -> Evidence:
        found: Evidence = replace(
            full.evidence, prepared={**full.evidence.prepared, **content}, study=study or full.evidence.study
        )
        return found

    return make


# ---- Figure 1 ---------------------------------------------------------------------------------------------
def test_figure1_has_script_and_phones_of_each_language(full: Any, printed: Callable[..., list[list[str]]]) -> None:
    """Each language and its script head the sentence as written and as the phoneme encoder reads it."""
    exhibit = full.exhibits["figure1"]

    assert [row[0] for row in printed(exhibit)] == [
        "English, Latin script", "orthography", "phonemes", "Korean, Hangul script", "orthography", "phonemes",
    ]  # fmt: skip
    assert "▁" in printed(exhibit)[2][1]
    assert [row[1].lang for row in exhibit.table.rows if len(row) > 1] == [
        "en-Latn",
        "en-fonipa",
        "ko-Hang",
        "ko-fonipa",
    ]
    assert "Korean: A sentence. Phones: ə" in exhibit.alt


def test_figure1_shows_the_first_phoneme_representation(with_prepared: Callable[..., Evidence]) -> None:
    """The phones are those of the phoneme representation, not of another one."""
    examples = {f"{r}/{c}": {"text": "A.", "units": r} for r in ("subword", "phoneme") for c in ("eng", "kor")}

    assert {v["units"] for v in figure1.compute(with_prepared(figure1=examples)).data.values()} == {"phoneme"}


def test_figure1_names_a_language_that_was_not_prepared(
    with_prepared: Callable[..., Evidence], wide: Study, changed: Callable[..., Study]
) -> None:
    """A language without a prepared sentence is named, and the others are shown."""
    exhibit = figure1.compute(with_prepared(changed(wide, figure1=("eng", "rus"))))

    assert exhibit.missing == ("no sentence of rus was prepared",)
    assert list(exhibit.data) == ["eng"]


def test_figure1_needs_phonemes(full: Any) -> None:
    """Without a phoneme representation there is nothing to show, and that is said once."""
    evidence = replace(full.evidence, study=full.evidence.study.narrowed(representations=("subword", "character")))

    exhibit = figure1.compute(evidence)

    assert exhibit.table is None
    assert exhibit.missing == ("the study has no phoneme representation",)
    assert "representation:none" in exhibit.signature


# ---- Table 4 ----------------------------------------------------------------------------------------------
def test_table4_joins_languages_with_equal_numbers(
    with_prepared: Callable[..., Evidence], printed: Callable[..., list[list[str]]]
) -> None:
    """Languages with the same counts here and in the paper share a row; Hindi's own paper counts keep it apart."""
    counts = [{"corpus": "ner", "language": c, "train": 1200, "used": 120, "dev": 18, "test": e, "source": "builtin"}
              for c, e in (("eng", 45), ("kor", 45), ("fin", 44), ("hin", 45))]  # fmt: skip

    rows = printed(table4.compute(with_prepared(table4=counts)))

    assert rows == [
        ["Named-entity recognition"],
        ["eng kor", "builtin", "1,200", "120", "18", "45", "20k", "10k", "10k"],
        ["fin", "builtin", "1,200", "120", "18", "44", "20k", "10k", "10k"],
        ["hin", "builtin", "1,200", "120", "18", "45", "5k", "1k", "1k"],
    ]


def test_table4_says_where_a_corpus_was_read(with_prepared: Callable[..., Evidence], wide: Study) -> None:
    """Files by their kinds, without compression and slice; a data set of the hub by its id and commit, whole in the data."""
    files = DataSource(source="local", train="a.conllu[:9]", dev="b.tsv.gz[3:]", test="c.conllu", languages={
        "fin": Places(train="train", dev="dev", test="test"),
    })  # fmt: skip
    commit = "0123456789abcdef" * 2 + "01234567"
    hub = DataSource(source="hub", dataset="a/b", revision=commit, train="x", dev="y", test="z")
    study = wide.model_copy(update={"data": {"pos": files, "ner": hub}})

    exhibit = table4.compute(with_prepared(study))

    sources = {(row["corpus"], row["language"]): row["source"] for row in exhibit.data["rows"]}
    assert sources["pos", "eng"] == "local, .conllu, .tsv"
    assert sources["pos", "fin"] == "local, files"
    assert sources["ner", "kor"] == f"a/b @ {commit}"
    assert sources["xnli", "swa"] == sources["parallel", "eng"] == "builtin"
    assert exhibit.table is not None
    assert {row[1].text for row in exhibit.table.rows if len(row) > 1} == {
        "local, .conllu, .tsv", "local, files", "a/b @ 01234567", "builtin",
    }  # fmt: skip


def test_table4_has_dashes_where_there_is_no_split(full: Any, printed: Callable[..., list[list[str]]]) -> None:
    """The parallel corpus has no training or development part; the paper's 1.2k sentences stand beside it."""
    rows = printed(full.exhibits["table4"])

    assert rows[0] == ["Parallel corpus"]
    assert rows[1] == ["eng kor fin", "builtin", "–", "–", "–", "40", "–", "1.2k", "–"]


def test_table4_leaves_out_tasks_that_are_not_shown(full: Any) -> None:
    """A report of one task counts the corpora of that task and the parallel one."""
    evidence = replace(full.evidence, study=full.evidence.study.narrowed(tasks=("ner",)))

    assert {row["corpus"] for row in table4.compute(evidence).records} == {"ner", "parallel"}


# ---- Table 5 ----------------------------------------------------------------------------------------------
def test_table5_groups_languages_by_value(full: Any) -> None:
    """An override of one language is printed with its languages, a common value without."""
    data = full.exhibits["table5"].data

    assert data["xnli/phoneme"]["learning rate"] == "1e-05 (eng, urd); 3e-06 (swa)"
    assert data["ner/phoneme"]["learning rate"] == "1e-05"
    assert data["xnli/subword"]["epochs"] == "20"


def test_table5_stands_beside_the_papers_selection(full: Any, row_of: Callable[..., Any]) -> None:
    """The printed selection is repeated, with a note where it lies outside the printed search space."""
    row = row_of(full.exhibits["table5"], "phoneme", "XNLI")

    assert [c.text for c in row[6:]] == ["7e-6 (eng), 3e-6 (swa, urd)", "0.1 (eng), 0.0 (swa), 0.01 (urd)", "constant"]
    assert [c.note for c in row[6:]] == ["3e-6 is not in the printed search space", "", ""]


def test_table5_reads_the_source_language_in_zero_shot(full: Any, wide: Study) -> None:
    """In zero-shot transfer the hyper-parameters are those of the source language alone."""
    evidence = replace(full.evidence, study=wide.model_copy(update={"protocol": "zero-shot"}))

    assert table5.compute(evidence).data["xnli/phoneme"]["learning rate"] == "1e-05"


def test_table5_marks_what_a_sweep_chose(with_prepared: Callable[..., Evidence], row_of: Callable[..., Any]) -> None:
    """Points, seeds and dev score of each language stand as a note at the learning rate, and in the data."""
    chosen = {
        f"ner-phoneme-{code}": {"values": {}, "metric": "entity_f1", "dev": dev, "points": points, "seeds": 1}
        for code, dev, points in (("eng", 71.234, 4), ("kor", 60.0, 4), ("fin", 50.0, 8))
    }

    exhibit = table5.compute(with_prepared(chosen=chosen))

    text = "4 points x 1 seed, dev 71.23 (eng), 60.00 (kor); 8 points x 1 seed, dev 50.00 (fin)"
    assert exhibit.data["ner/phoneme"]["chosen by sweep"] == text
    assert row_of(exhibit, "phoneme", "Named-entity")[1].note == f"chosen by sweep: {text}"
    assert row_of(exhibit, "character", "Named-entity")[1].note == ""


# ---- phonemes ---------------------------------------------------------------------------------------------
def audit(code: str, unmapped: dict[str, int], representation: str = "phoneme") -> dict[str, Any]:
    """Make up the audit of one language."""
    return {"language": code, "representation": representation, "backend": "rules", "types": 1234, "tokens": 5678,
            "unmapped": unmapped, "unknown_segments": 0.5, "unknown_words": 12.345,
            "offenders": [["ʘ", 8, ["a", "b"]], ["ǃ", 7, ["c"]]]}  # fmt: skip


def test_audit_lists_the_worst_characters_first(
    with_prepared: Callable[..., Evidence], printed: Callable[..., list[list[str]]]
) -> None:
    """Unknown shares, and at most four unknown symbols and unmapped characters, the most frequent first."""
    unmapped = {"b": 2, "a": 2, "z": 9, "c": 1, "d": 1, "e": 1, "f": 1}

    rows = printed(g2p.compute(with_prepared(g2p=[audit("eng", unmapped), audit("kor", {})])))

    assert rows[0] == ["eng", "1,234", "5,678", "0.50", "12.35", "20.0", "ʘ×8 ǃ×7", "z×9 a×2 b×2 c×1"]
    assert rows[1][-1] == "none"


def test_audit_of_two_phoneme_representations_has_headings(
    with_prepared: Callable[..., Evidence], printed: Callable[..., list[list[str]]]
) -> None:
    """With two phoneme representations each has its heading; languages without counts have dashes."""
    rows = printed(g2p.compute(with_prepared(g2p=[audit("eng", {}), audit("eng", {}, "faithful")])))

    assert [row[0] for row in rows] == ["phoneme", "eng", "faithful", "eng"]
    assert rows[3][5] == "–"


def test_audit_names_what_cannot_stand_in_a_line(
    with_prepared: Callable[..., Evidence], printed: Callable[..., list[list[str]]]
) -> None:
    """Letters from right to left would turn the line around, and marks would sit on the sign before: both by number."""
    rows = printed(g2p.compute(with_prepared(g2p=[audit("eng", {"א": 4, "\u064f": 3, "宗": 2})])))

    assert rows[0][-1] == "U+05D0×4 U+064F×3 宗×2"


def test_audit_says_what_was_replaced(with_prepared: Callable[..., Evidence]) -> None:
    """In the mode harmonised the commonest replacements stand under the table, by language."""
    row = audit("eng", {}) | {"replacements": [["ɹ̩", ["ɝ"], 9], ["ʘ", ["p", "k"], 2], ["☺", [], 1]]}

    assert g2p.compute(with_prepared(g2p=[row, audit("kor", {})])).notes == (
        "Back end: rules.",
        "Replaced in eng: ɹ̩ by ɝ (×9), ʘ by p k (×2), ☺ by nothing (×1).",
    )


def test_audit_needs_phonemes(with_prepared: Callable[..., Evidence]) -> None:
    """Without a phoneme representation there is no audit, and that is said."""
    exhibit = g2p.compute(with_prepared(g2p=[]))

    assert exhibit.table is None
    assert exhibit.missing == ("the study has no phoneme representation",)


def test_audit_names_the_back_end(full: Any) -> None:
    """What did the conversion is named under the table."""
    assert full.exhibits["g2p"].notes == ("Back end: made up.",)
