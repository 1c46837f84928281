"""Representations compared, the correlation asked in other ways, and the sources of variance."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests

from gapstudy.exhibits import comparison, sensitivity, variance
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.outcomes import correctness
from gapstudy.exhibits.pairs import pair_points
from gapstudy.pipeline import gather
from gapstudy.stats import Estimate, correlation, gap_of
from gapstudy.study import Study

XNLI = ("eng", "swa", "urd")


# ---- comparison ----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def contrasts(full: Any) -> dict[tuple[str, str, str], Any]:
    """The comparisons by task, A and B."""
    return {(c["task"], c["a"], c["b"]): c for c in full.exhibits["comparison"].data["comparisons"]}


def test_every_two_representations_of_a_task(contrasts: dict[Any, Any]) -> None:
    """Three of XNLI, one of each token task; the later of the study's order minus the earlier."""
    assert list(contrasts) == [
        ("xnli", "character", "subword"), ("xnli", "phoneme", "subword"), ("xnli", "phoneme", "character"),
        ("ner", "phoneme", "character"), ("pos", "phoneme", "character"),
    ]  # fmt: skip
    assert [len(c["seeds"]) for c in contrasts.values()] == [5, 5, 5, 5, 2]


def test_score_and_gap_by_hand(full: Any, contrasts: dict[Any, Any]) -> None:
    """Differences are of means over languages, paired by seed, and of the mean RPD over all pairs of seed means."""
    a, b = (full.evidence.scores("xnli", r, XNLI, range(5)) for r in ("phoneme", "subword"))
    line = contrasts["xnli", "phoneme", "subword"]
    theirs = scipy_stats.ttest_rel(a.mean(axis=1), b.mean(axis=1))
    exact = scipy_stats.permutation_test((a.mean(axis=1) - b.mean(axis=1),), np.mean, permutation_type="samples").pvalue

    assert line["test"].difference.value == pytest.approx(a.mean() - b.mean())
    assert line["test"].difference.p_value == pytest.approx(theirs.pvalue)
    assert line["test"].sign_flip_p == pytest.approx(exact)
    assert line["improvement"].value == pytest.approx(np.mean((a > b) + 0.5 * (a == b)))
    gaps = [gap_of(x.mean(axis=0)[None])[0] for x in (a, b)]
    assert line["gap"].value == pytest.approx(gaps[0] - gaps[1])
    assert line["items"]["difference"].value == pytest.approx(a.mean() - b.mean())


def test_holm_over_the_rows(contrasts: dict[Any, Any]) -> None:
    """p-values of scores are corrected for all rows, those of gaps apart from them, as statsmodels does."""
    for raw, adjusted in (
        ([c["test"].sign_flip_p for c in contrasts.values()], [c["score_holm"] for c in contrasts.values()]),
        ([c["gap"].p_value for c in contrasts.values()], [c["gap_holm"] for c in contrasts.values()]),
    ):
        assert adjusted == pytest.approx(list(multipletests(raw, method="holm")[1]))


def test_mcnemar_is_by_seed_and_language(full: Any, contrasts: dict[Any, Any]) -> None:
    """Each p is the exact binomial one of the discordant items of two runs; NER has none and POS no McNemar."""
    line = contrasts["xnli", "phoneme", "character"]
    a, b = (correctness(full.evidence, "xnli", r, "swa", [3])[0] for r in ("phoneme", "character"))
    expected = scipy_stats.binomtest(int((a & ~b).sum()), int((a != b).sum())).pvalue

    assert np.shape(line["items"]["mcnemar_p"]) == (5, 3)
    assert line["items"]["mcnemar_p"][3][1] == pytest.approx(expected)
    assert contrasts["ner", "phoneme", "character"]["items"] == {}
    assert set(contrasts["pos", "phoneme", "character"]["items"]) == {"difference"}
    assert "15 runs" in full.exhibits["comparison"].notes[0]


def test_comparison_prints_its_lines(full: Any, row_of: Callable[..., Any], contrasts: dict[Any, Any]) -> None:
    """A row has the difference with interval, Holm's p, P(A > B), IQM, the gap and the items."""
    row = row_of(full.exhibits["comparison"], "phoneme − character", "XNLI")
    line = contrasts["xnli", "phoneme", "character"]
    d, gap = line["test"].difference, line["gap"]

    assert row[1].text == "5"
    assert (row[2].text, row[2].interval) == (f"{d.value:.2f}", f"[{d.low:.2f}, {d.high:.2f}]")
    assert row[4].text == f"{line['improvement'].value:.2f}"
    assert row[6].text == f"{gap.value:.2f}"
    assert row_of(full.exhibits["comparison"], "phoneme − character", "Named")[8].text == "–"
    caption = full.exhibits["comparison"].method
    assert "for its 5 rows" in caption
    assert "seeds within each language, 60 resamples" in caption
    assert "t intervals over seeds where there are fewer than ten" in caption
    assert "every sign pattern counted" in caption


def test_what_cannot_be_compared_is_said(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """One seed, no common language, and one representation alone are each named."""
    few = comparison.compute(evidence_of(wide.narrowed(tasks=("ner",)), seeds=1))
    assert few.table is None
    assert few.missing == (
        "ner: phoneme and character need 2 seeds finished in every one of eng, kor, fin; there is 1",
    )
    apart = comparison.compute(
        evidence_of(
            wide.narrowed(tasks=("ner",)), keep=lambda c, _: (c.language == "eng") == (c.representation == "phoneme")
        )
    )
    assert apart.missing == ("ner: phoneme and character have no language in which both have finished runs",)
    alone = comparison.compute(evidence_of(wide.narrowed(tasks=("ner",), representations=("phoneme",))))
    assert alone.missing == ("no task of the study has two representations",)


def test_one_language_has_scores_and_no_gap(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """With one language in common the scores are compared and the gap is not."""
    exhibit = comparison.compute(evidence_of(wide.narrowed(tasks=("ner",)), keep=lambda c, _: c.language == "kor"))

    (line,) = exhibit.data["comparisons"]
    assert line["gap"] is None
    assert exhibit.missing == ("ner: phoneme and character: a gap needs two languages that both have",)
    assert exhibit.table is not None


def test_outputs_of_other_items_are_not_compared(
    fabricate: Callable[..., Any], wide: Study, rewrite: Callable[..., None]
) -> None:
    """Where two representations were tested on other items, or outputs contradict the score, items are left out."""
    made = fabricate(wide.narrowed(tasks=("xnli",), representations=("character", "phoneme"), languages=("eng", "swa")))
    runs = [
        r for r in made.store.select(study="wide") if (r.cell.representation, r.cell.language) == ("phoneme", "swa")
    ]
    rewrite(runs, outputs=lambda arrays: {k: (v[::-1].copy() if v.ndim == 1 else v) for k, v in arrays.items()})
    unlike = comparison.compute(gather(made.study, made.store)[0])
    assert unlike.missing == (
        "xnli: phoneme and character: phoneme and character were not tested on the same items in swa",
    )
    assert unlike.data["comparisons"][0]["gap"] is not None

    made = fabricate(wide.narrowed(tasks=("xnli",), representations=("character", "phoneme"), languages=("eng", "swa")))
    rewrite(made.store.select(study="wide"), score=50.0)
    exhibit = comparison.compute(gather(made.study, made.store)[0])
    assert "where 50.00 % is recorded" in exhibit.missing[0]
    assert exhibit.data["comparisons"][0]["test"].sign_flip_p == 1.0


def test_scores_of_zero_have_no_gap(fabricate: Callable[..., Any], wide: Study, rewrite: Callable[..., None]) -> None:
    """Where every score of one is zero its gap is undefined, and the line says so."""
    made = fabricate(wide.narrowed(tasks=("ner",)))
    rewrite([r for r in made.store.select(study="wide") if r.cell.representation == "phoneme"], score=0.0)

    exhibit = comparison.compute(gather(made.study, made.store)[0])

    assert exhibit.missing[0].startswith("ner: phoneme and character: the gap is not defined: ")


# ---- sensitivity ---------------------------------------------------------------------------------------------
LINES = ("Debiased CKA", "eng–swa alone", "eng–urd alone", "Pairs combined", "Pearson", "Least squares", "Mixed model", "Given eng score",
         "eng swapped", "Meng et al.", "Steiger", "Without a seed", "Without a pair", "Variance, %")  # fmt: skip


def test_every_analysis_has_its_line_and_its_sentence(full: Any) -> None:
    """There are fourteen analyses of two pairs, each with a row and a sentence on how to read it."""
    exhibit = full.exhibits["sensitivity"]

    assert tuple(exhibit.data) == LINES
    assert tuple(row[0].text for row in exhibit.table.rows) == LINES
    assert [note.split(": ")[0] for note in exhibit.notes] == list(LINES)
    assert "are 5 seeds × 2 pairs and **not 10 independent observations**" in exhibit.method


def test_lines_are_of_table_3s_points(full: Any) -> None:
    """One pair alone, the least-squares slope and the ranges follow from the points of Table 3."""
    points = pair_points(full.evidence, "phoneme")
    gap, cka = (np.array([getattr(p, name) for p in points]).reshape(2, 5) for name in ("gap", "cka"))
    data = full.exhibits["sensitivity"].data
    centred = [v - v.mean(axis=1, keepdims=True) for v in (gap, cka)]
    slope = (centred[0] * centred[1]).sum() / np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum())

    for i, name in enumerate(LINES[1:3]):
        assert data[name]["found"]["cka"].value == pytest.approx(scipy_stats.spearmanr(cka[i], gap[i]).statistic)
    assert data["Least squares"]["found"]["cka"].value == pytest.approx(slope)
    assert data["Pearson"]["found"]["cka"].value == pytest.approx(slope)
    left = data["Without a pair"]["found"]["cka"]
    assert left.without["swa"] == pytest.approx(scipy_stats.spearmanr(cka[1], gap[1]).statistic)
    assert left.value == pytest.approx(full.exhibits["table3"].data["within"]["cka", "spearman"].value)
    assert sum(data[LINES[-1]]["found"]["cka"]) == pytest.approx(1.0)


def test_part_whole_lines_leave_reference_performance_out(full: Any, row_of: Callable[..., Any]) -> None:
    """Reference performance is not held against itself: dashes, and Holm's p over the two that are left."""
    exhibit = full.exhibits["sensitivity"]
    row = row_of(exhibit, "Given eng score")
    found = exhibit.data["Given eng score"]

    assert [c.text for c in row[1:3]] == ["–", "–"]
    raw = [found["found"][m].p_value for m in ("sinkhorn", "cka")]
    assert list(found["p_holm"].values()) == pytest.approx(list(multipletests(raw, method="holm")[1]))
    assert exhibit.data["eng swapped"]["p_holm"] == {}


def test_one_pair_alone_has_fewer_lines(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """With one pair there is nothing to combine, split or leave out but seeds; the swap needs no second pair."""
    exhibit = sensitivity.compute(evidence_of(wide, keep=lambda c, _: c.task == "xnli" and c.language != "urd"))

    assert tuple(exhibit.data) == (LINES[0], *LINES[4:6], *LINES[7:12])
    assert exhibit.missing == ("phoneme has no finished XNLI run in urd",)


def test_few_seeds_and_constant_measures_are_said(
    evidence_of: Callable[..., Evidence], wide: Study, fabricate: Callable[..., Any], rewrite: Callable[..., None]
) -> None:
    """Three seeds are too few; equal scores leave every line undefined, each with its reason, and nothing fails."""
    few = sensitivity.compute(evidence_of(wide.narrowed(tasks=("xnli",)), seeds=3))
    assert few.table is None
    assert few.missing == ("needs at least 4 seeds finished in two languages; there are 3",)
    made = fabricate(wide.narrowed(tasks=("xnli",), representations=("phoneme",)))
    rewrite(made.store.select(study="wide"), score=50.0)
    constant = sensitivity.compute(gather(made.study, made.store)[0])
    assert any(line.startswith("Pearson, CKA: y is constant") for line in constant.missing)
    assert constant.table is not None


def test_a_line_of_no_p_values_has_no_holm() -> None:
    """Estimates without a p-value, or with an undefined one, are no family."""
    estimate = Estimate(0.1, 0.0, 0.2, 0.95, 9, "made up", math.nan)
    assert sensitivity.Line("x", "y", {"cka": estimate}).holm() == {}


# ---- variance ------------------------------------------------------------------------------------------------
def test_a_line_for_each_gap(full: Any) -> None:
    """XNLI has a line for each representation and pair, POS one for each representation, NER a reason."""
    exhibit = full.exhibits["variance"]

    assert [(x["task"], x["representation"], tuple(x["languages"])) for x in exhibit.data["gaps"]] == [
        *(("xnli", r, ("eng", code)) for r in ("subword", "character", "phoneme") for code in ("swa", "urd")),
        *(("pos", r, ("eng", "kor", "fin")) for r in ("character", "phoneme")),
    ]
    assert exhibit.notes[0].startswith("Named-entity recognition has no line: entity F1 is no mean over words")
    assert [x["parallel"] for x in exhibit.data["gaps"]] == [True] * 6 + [False] * 2


def test_intervals_agree_with_table_2(full: Any) -> None:
    """The value and the interval over seeds are Table 2's; that for both sources is no shorter than either component."""
    table2 = full.exhibits["table2"].data
    for line in full.exhibits["variance"].data["gaps"][:6]:
        e = table2[line["representation"]]["gaps"][line["languages"][1]]["rel"]
        assert (line["seeds"].value, line["seeds"].low, line["seeds"].high) == pytest.approx((e.value, e.low, e.high))
        assert line["items"].value == pytest.approx(e.value)
        assert line["parts"].both.value == pytest.approx(e.value)


def test_variance_prints_standard_deviations(full: Any, row_of: Callable[..., Any]) -> None:
    """Cells are square roots of the components, 0 where these are negative; the CSV keeps the sign."""
    exhibit = full.exhibits["variance"]
    line = exhibit.data["gaps"][0]
    row = row_of(exhibit, "subword", "XNLI, eng–swa")
    parts = [line["parts"].seed, line["parts"].item, line["parts"].rest]

    assert [c.text for c in row[3:6]] == [f"{math.sqrt(max(v, 0)):.2f}" for v in parts]
    assert exhibit.records[0]["variance_seed"] == parts[0]
    assert [r["interval"] for r in exhibit.records[:3]] == ["seeds", "items", "both"]


def test_one_seed_has_no_variance(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """One seed is too few, and each gap says so; without a gap there is a reason too."""
    exhibit = variance.compute(evidence_of(wide.narrowed(tasks=("pos",)), seeds=1))
    assert exhibit.table is None
    assert exhibit.missing[0] == "pos, character, 3 languages: needs 2 seeds finished in every language; there is 1"
    none = variance.compute(evidence_of(wide.narrowed(tasks=("pos",)), keep=lambda c, _: c.language == "kor"))
    assert none.missing == ("no task has runs in two languages",)


def test_interval_of_a_pair_uses_no_pooled_points(full: Any) -> None:
    """One pair alone is an analysis of as many points as seeds, without a warning of pseudo-replication."""
    found = full.exhibits["sensitivity"].data["eng–swa alone"]["found"]["cka"]
    assert found.n == 5
    points = [p for p in pair_points(full.evidence, "phoneme") if p.language == "swa"]
    again = correlation([p.cka for p in points], [p.gap for p in points], n_resamples=19, rng=np.random.default_rng(0))
    assert found.value == pytest.approx(again.value)


def test_zero_shot_draws_a_seed_with_all_its_languages(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """Where one model serves every language its seeds are taken whole, and every exhibit is there."""
    study = wide.narrowed(tasks=("xnli",)).model_copy(update={"protocol": "zero-shot"})
    evidence = evidence_of(study)

    exhibit = comparison.compute(evidence)

    assert "seeds with all their languages" in exhibit.method
    assert {c["improvement"].method.split(", ")[2] for c in exhibit.data["comparisons"]} == {"t interval over seeds"}
    for other in (variance.compute(evidence), sensitivity.compute(evidence)):
        assert other.table is not None
        assert other.missing == ()
