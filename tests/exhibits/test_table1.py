"""Table 1: token tasks. What the cells say, and what an incomplete study says instead."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gapstudy.exhibits import table1
from gapstudy.exhibits.evidence import Evidence
from gapstudy.languages import TOKEN_TASK_LANGUAGES
from gapstudy.study import Study


def test_cells_print_the_data(full: Any, row_of: Callable[..., Any]) -> None:
    """Scores have two decimals, Std. and CKA four, RPD two; gaps carry their intervals."""
    exhibit = full.exhibits["table1"]
    line = exhibit.data["ner"]["phoneme"]
    row = row_of(exhibit, "phoneme", "Named-entity")

    assert [c.text for c in row[1:4]] == [f"{line['scores'][c].value:.2f}" for c in ("eng", "kor", "fin")]
    for cell, (name, digits) in zip(
        row[4:], (("std", 4), ("mean_rpd", 2), ("cka", 4), ("debiased_cka", 4)), strict=True
    ):
        e = line[name]
        assert cell.text == f"{e.value:.{digits}f}"
        assert cell.interval == f"[{e.low:.{digits}f}, {e.high:.{digits}f}]"


def test_headings_name_task_metric_and_seeds(full: Any) -> None:
    """Each task has its heading, with what the score is and how many seeds a cell has."""
    headings = [row[0].text for row in full.exhibits["table1"].table.rows if len(row) == 1]

    assert headings == [
        "Named-entity recognition (entity F1, %; 5 seeds)",
        "Part-of-speech tagging (accuracy = micro F1, %; 2 seeds)",
    ]


def test_another_primary_metric_is_named(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """A study that chooses its metric sees that one in the heading."""
    pos = wide.tasks["pos"].model_copy(update={"primary": "macro_f1"})
    evidence = evidence_of(wide.model_copy(update={"tasks": {**wide.tasks, "pos": pos}}))

    table = table1.compute(evidence).table

    assert table is not None
    assert table.rows[5][0].text == "Part-of-speech tagging (macro F1 over words, %; 2 seeds)"


def test_the_other_metrics_are_beside_the_primary_one(full: Any) -> None:
    """The method names the metrics that are not printed, and results hold them with the same intervals."""
    exhibit = full.exhibits["table1"]
    assert "NER: macro F1 over words and macro F1 over characters" in exhibit.method
    assert "POS: macro F1 over words and macro F1 over characters" in exhibit.method
    found = exhibit.data["ner"]["character"]["companions"]["char_macro_f1"]["kor"]
    values = [full.evidence.score("ner", "character", "kor", seed, "char_macro_f1") for seed in range(5)]
    assert (found.value, found.n) == (pytest.approx(np.mean(values)), 5)
    assert found.low < found.value < found.high


def test_runs_without_the_other_metrics_are_shown_without_them(
    evidence_of: Callable[..., Evidence], wide: Study
) -> None:
    """Runs of an earlier version lack a metric: it is left out, and all else is there."""
    evidence = evidence_of(wide)
    for run in evidence.runs:
        for parts in run.record["metrics"].values():
            parts["test"].pop("char_macro_f1", None)

    exhibit = table1.compute(evidence)

    assert exhibit.data["ner"]["character"]["companions"]["char_macro_f1"] == {}
    assert set(exhibit.data["ner"]["character"]["companions"]["token_macro_f1"]) == {"eng", "kor", "fin"}
    assert exhibit.missing == ()


def test_three_representations_and_ten_languages(
    evidence_of: Callable[..., Evidence], wide: Study, printed: Callable[..., list[list[str]]]
) -> None:
    """The table of the paper's ten languages with all three representations: two seeds give means with intervals."""
    codes = TOKEN_TASK_LANGUAGES
    task = wide.tasks["ner"].model_copy(
        update={"languages": codes, "representations": ("subword", "character", "phoneme")}
    )
    study = wide.model_copy(update={"languages": codes, "tasks": {"ner": task}})

    exhibit = table1.compute(evidence_of(study, seeds=2))

    rows = printed(exhibit)
    assert [row[0] for row in rows[1:]] == ["subword", "character", "phoneme", "paper: character", "paper: phoneme"]
    assert all(text != "–" for row in rows[1:4] for text in row)
    for line in exhibit.data["ner"].values():
        assert line["mean_rpd"].low <= line["mean_rpd"].value <= line["mean_rpd"].high
        assert line["cka"].low < line["cka"].value < line["cka"].high


@pytest.mark.parametrize(("column", "sign"), [("std", -1), ("mean_rpd", -1), ("cka", 1), ("debiased_cka", 1)])
def test_bold_is_the_better_of_the_two(full: Any, row_of: Callable[..., Any], column: str, sign: int) -> None:
    """Small gaps and large CKA are bold, one a column and task."""
    at = 4 + ("std", "mean_rpd", "cka", "debiased_cka").index(column)
    lines = full.exhibits["table1"].data["ner"]
    best = max(lines, key=lambda r: sign * lines[r][column].value)

    bold = {r: row_of(full.exhibits["table1"], r, "Named-entity")[at].best for r in lines}

    assert bold == {r: r == best for r in lines}


def test_one_seed_has_no_interval_over_seeds(
    evidence_of: Callable[..., Evidence], wide: Study, row_of: Callable[..., Any]
) -> None:
    """With one seed gaps stand without interval and say so; CKA keeps its interval over sentences."""
    exhibit = table1.compute(evidence_of(wide, seeds=1))
    line = exhibit.data["pos"]["character"]
    row = row_of(exhibit, "character", "Part-of-speech")

    assert [cell.interval == "" for cell in row[4:]] == [True, True, False, False]
    assert line["mean_rpd"].method == "no interval: fewer than 2 seeds"
    assert line["scores"]["eng"].method == "no interval: fewer than 2 seeds"
    assert line["mean_rpd"].n == 1


def test_the_papers_rows_repeat_its_numbers(full: Any, row_of: Callable[..., Any]) -> None:
    """The printed values of the study's languages stand below, with a dash where the paper has none."""
    row = row_of(full.exhibits["table1"], "paper: phoneme", "Named-entity")

    assert [c.text for c in row[1:]] == ["83.61", "87.19", "89.23", "0.0259", "3.52", "0.7195", "–"]


def test_records_hold_every_number(full: Any) -> None:
    """The CSV has a row for each score by every metric and each gap, with interval, level, n and method."""
    records = full.exhibits["table1"].records

    assert (
        len(records) == 2 * 2 * (3 + 4) + 2 * 2 * 2 * 3 + 2 * (3 + 2) + 4 * 3
    )  # 2 more metrics in 3 languages; POS over items; development scores
    found = next(r for r in records if (r["task"], r["representation"], r["measure"]) == ("ner", "phoneme", "mean_rpd"))
    e = full.exhibits["table1"].data["ner"]["phoneme"]["mean_rpd"]
    assert (found["value"], found["low"], found["high"], found["level"], found["n"]) == (
        e.value, e.low, e.high, 0.95, 5,
    )  # fmt: skip
    assert "jackknife" in found["method"]


def test_a_language_without_runs_is_named(
    evidence_of: Callable[..., Evidence], wide: Study, row_of: Callable[..., Any]
) -> None:
    """Without phoneme runs in Korean the gap is that of two languages, named, and nothing is bold."""
    absent = {("ner", "phoneme", "kor")}
    evidence = evidence_of(wide, keep=lambda c, _: (c.task, c.representation, c.language) not in absent)

    exhibit = table1.compute(evidence)

    assert exhibit.missing == ("ner: phoneme has no finished run in kor",)
    assert exhibit.data["ner"]["phoneme"]["gap_languages"] == ["eng", "fin"]
    row = row_of(exhibit, "phoneme", "Named-entity")
    assert row[2].text == "–"
    assert not any(cell.best for name in ("phoneme", "character") for cell in row_of(exhibit, name, "Named-entity"))
    assert any(cell.best for name in ("phoneme", "character") for cell in row_of(exhibit, name, "Part-of-speech"))


def test_gaps_rest_on_the_seeds_that_every_language_has(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """A seed that one language lacks counts for the scores of the others and not for the gap."""
    evidence = evidence_of(wide, keep=lambda c, seed: not (c.language == "kor" and seed == 1))

    line = table1.compute(evidence).data["ner"]["character"]

    assert line["seeds"] == [0, 2, 3, 4]
    assert (line["scores"]["eng"].n, line["scores"]["kor"].n, line["mean_rpd"].n) == (5, 4, 4)
    assert "4 seeds" in line["cka"].method


def test_one_language_has_no_gap(evidence_of: Callable[..., Evidence], wide: Study, row_of: Callable[..., Any]) -> None:
    """One language alone prints its score, dashes for the gaps, and what they need."""
    evidence = evidence_of(wide, keep=lambda c, _: c.task == "ner" and c.language == "fin")

    exhibit = table1.compute(evidence)

    assert "ner: phoneme: gaps need finished runs in two languages" in exhibit.missing
    assert "ner: phoneme has no finished run in eng, kor" in exhibit.missing
    assert [c.text for c in row_of(exhibit, "phoneme", "Named-entity")[4:]] == ["–"] * 4
    assert row_of(exhibit, "phoneme", "Named-entity")[3].text != "–"


def test_no_common_seed_is_said(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """Languages whose seeds do not meet have no gap, and the reason names them."""
    evidence = evidence_of(wide, keep=lambda c, seed: (seed % 2 == 0) == (c.language == "eng"))

    assert (
        "ner: character: gaps need a seed that is finished in every one of eng, kor, fin"
        in table1.compute(evidence).missing
    )


def test_without_token_tasks_it_says_so(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """A study of XNLI alone has no Table 1, with the reason."""
    exhibit = table1.compute(evidence_of(wide.narrowed(tasks=("xnli",))))

    assert exhibit.table is None
    assert exhibit.missing == ("the study has no token task (ner, pos)",)


def test_scores_of_zero_have_no_rpd(wide: Study, rewrite: Callable[..., None], fabricate: Callable[..., Any]) -> None:
    """Where every score is zero the mean RPD is undefined: a dash, a reason, and no bold."""
    from gapstudy.pipeline import gather

    made = fabricate(wide.narrowed(tasks=("ner",)))
    rewrite([r for r in made.store.select(study="wide") if r.cell.representation == "phoneme"], score=0.0)

    exhibit = table1.compute(gather(made.study, made.store)[0])

    value = exhibit.data["ner"]["phoneme"]["mean_rpd"]
    assert math.isnan(value.value)
    assert any(line.startswith("ner: phoneme: mean RPD is undefined: ") for line in exhibit.missing)
    assert exhibit.data["ner"]["phoneme"]["std"].value == 0.0


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_the_level_is_the_studys(
    evidence_of: Callable[..., Evidence], wide: Study, changed: Callable[..., Study], level: float
) -> None:
    """Every interval has the study's level, and the method prints it."""
    exhibit = table1.compute(evidence_of(changed(wide, level=level)))

    assert {row["level"] for row in exhibit.records} == {level}
    assert f"{100 * level:g} % t intervals" in exhibit.method


def test_method_counts_sentences_and_resamples(full: Any) -> None:
    """The method has the number of parallel sentences and of resamples that were used."""
    caption = full.exhibits["table1"].method

    assert "jackknife over the 40 parallel sentences" in caption
    assert "60 half-samples of the sentences" in caption


def test_spread_is_of_seed_means(full: Any) -> None:
    """Std. is that of the means printed in the row, as fractions: not the mean of the seeds' spreads."""
    line = full.exhibits["table1"].data["ner"]["character"]

    means = [e.value / 100 for e in line["scores"].values()]

    assert line["std"].value == pytest.approx(np.std(means, ddof=1), rel=1e-12)


def test_items_of_an_accuracy_have_intervals(full: Any, row_of: Callable[..., Any]) -> None:
    """A POS row is followed by half-widths over blocks of words, whose score is the printed one; F1 says why it has none."""
    exhibit = full.exhibits["table1"]
    line = exhibit.data["pos"]["character"]
    items = line["items"]

    assert [cell.text for cell in row_of(exhibit, "items", "Part-of-speech")[1:4]] == [
        f"±{items['scores'][c].high - items['scores'][c].value:.2f}" for c in ("eng", "kor", "fin")
    ]
    assert items["mean_rpd"].value == pytest.approx(line["mean_rpd"].value)
    assert items["std"].value == pytest.approx(line["std"].value)
    assert items["mean_rpd"].n == 4  # 90 words in blocks of 22 and 23
    assert {c: e.value for c, e in items["scores"].items()} == pytest.approx(
        {c: e.value for c, e in line["scores"].items()}
    )
    assert "items" not in exhibit.data["ner"]["character"]
    (note,) = exhibit.notes
    assert note.startswith("Named-entity recognition: no intervals over items: entity F1 is no mean over words")


def test_outputs_that_contradict_the_score_give_no_items(
    fabricate: Callable[..., Any], wide: Study, rewrite: Callable[..., None]
) -> None:
    """Where a run's outputs do not give its recorded accuracy, there is no interval over items, and the run is named."""
    from gapstudy.pipeline import gather

    made = fabricate(wide.narrowed(tasks=("pos",)), seeds=2)
    rewrite([r for r in made.store.select(study="wide") if r.cell.representation == "phoneme"], score=50.0)

    notes = table1.compute(gather(made.study, made.store)[0]).notes

    assert len(notes) == 1
    assert notes[0].startswith(
        "Part-of-speech tagging, phoneme: no interval over items: pos-phoneme-eng, seed 0: the outputs give"
    )
