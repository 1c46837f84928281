"""Table 2: XNLI accuracy and gaps to the reference language."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gapstudy.exhibits import table2
from gapstudy.exhibits.evidence import Evidence
from gapstudy.pipeline import gather
from gapstudy.study import Study


def test_cells_print_the_data(full: Any, row_of: Callable[..., Any]) -> None:
    """A row has the reference's accuracy, then accuracy and both gaps of each other language, with intervals."""
    exhibit = full.exhibits["table2"]
    line = exhibit.data["character"]
    row = row_of(exhibit, "character")
    expected = [line["scores"]["eng"]]
    for code in ("swa", "urd"):
        expected += [line["scores"][code], line["gaps"][code]["rel"], line["gaps"][code]["abs"]]

    assert [c.text for c in row[1:]] == [f"{e.value:.2f}" for e in expected]
    assert [c.interval for c in row[1:]] == [f"[{e.low:.2f}, {e.high:.2f}]" for e in expected]


@pytest.mark.parametrize("kind", ["rel", "abs"])
@pytest.mark.parametrize("code", ["swa", "urd"])
def test_bold_is_the_smallest_gap(full: Any, row_of: Callable[..., Any], code: str, kind: str) -> None:
    """In each gap column the smallest of the study's own rows is bold, and no accuracy is."""
    data = full.exhibits["table2"].data
    best = min(data, key=lambda r: data[r]["gaps"][code][kind].value)
    at = {"swa": 2, "urd": 5}[code] + {"rel": 1, "abs": 2}[kind]

    rows = {r: row_of(full.exhibits["table2"], r) for r in data}

    assert {r: row[at].best for r, row in rows.items()} == {r: r == best for r in data}
    assert not any(row[i].best for row in rows.values() for i in (1, 2, 5))


def test_the_papers_rows_repeat_its_numbers(full: Any, row_of: Callable[..., Any]) -> None:
    """Each representation of the paper has its printed row below."""
    assert [c.text for c in row_of(full.exhibits["table2"], "paper: phoneme")[1:]] == [
        "71.89", "60.88", "16.59", "11.01", "56.10", "24.67", "15.79",
    ]  # fmt: skip


def test_another_reference_has_no_paper_rows(
    evidence_of: Callable[..., Evidence], wide: Study, changed: Callable[..., Study]
) -> None:
    """The paper prints no gap to Swahili, so a study with that reference shows its own rows alone."""
    exhibit = table2.compute(evidence_of(changed(wide, reference="swa")))

    assert exhibit.table is not None
    assert [row[0].text for row in exhibit.table.rows] == ["subword", "items", "character", "items", "phoneme", "items"]
    assert exhibit.title == "XNLI: accuracy and performance gap to swa"
    assert "to swa" in exhibit.caption
    assert set(exhibit.data["phoneme"]["gaps"]) == {"eng", "urd"}


@pytest.mark.parametrize(("kind", "expected"), [("rel", 100 * 8 / 66), ("abs", 8.0)])
def test_gap_is_that_of_the_means(kind: str, expected: float) -> None:
    """The gap is of the seeds' means (70 and 62), so that seeds that differ in sign cancel."""
    scores = np.array([[68.0, 64.0], [72.0, 60.0]])

    assert table2.gap_to_reference(scores, kind) == pytest.approx(expected)
    assert table2.gap_to_reference(np.array([[60.0, 70.0], [70.0, 60.0]]), kind) == 0.0


def test_gaps_use_the_seeds_of_both_and_scores_all(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """A pair's gap rests on the seeds that both languages have; the pair beside it keeps all."""
    evidence = evidence_of(wide, keep=lambda c, seed: not (c.language == "swa" and seed > 2))

    line = table2.compute(evidence).data["phoneme"]

    assert {c: e.n for c, e in line["scores"].items()} == {"eng": 5, "swa": 3, "urd": 5}
    assert (line["gaps"]["swa"]["rel"].n, line["gaps"]["urd"]["rel"].n) == (3, 5)


@pytest.mark.parametrize(
    ("keep", "problem"),
    [
        (lambda c, _: c.language != "swa", "phoneme has no finished XNLI run in swa"),
        (lambda c, _: c.language != "eng", "phoneme has no finished XNLI run in eng"),
        (lambda c, s: (s == 0) == (c.language == "eng"), "phoneme: no seed is finished in eng and in swa or urd"),
    ],
    ids=["other", "reference", "seeds"],
)
def test_names_what_is_missing(
    evidence_of: Callable[..., Evidence], wide: Study, keep: Callable[..., bool], problem: str
) -> None:
    """A language without runs, a reference without runs, and seeds that do not meet are each named."""
    exhibit = table2.compute(evidence_of(wide, keep=lambda c, s: keep(c, s) and c.task == "xnli"))

    assert problem in exhibit.missing
    assert exhibit.table is not None
    assert all(math.isfinite(row["value"]) for row in exhibit.records)


def test_without_xnli_it_says_so(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """A study of token tasks alone has no Table 2, with the reason."""
    exhibit = table2.compute(evidence_of(wide.narrowed(tasks=("ner",))))

    assert exhibit.table is None
    assert exhibit.missing == ("it needs XNLI, which is not among the tasks of this report",)


@pytest.mark.parametrize(
    ("languages", "problem"),
    [
        (("swa", "urd"), "the reference language eng is not among the languages of xnli: swa, urd"),
        (("eng",), "xnli has no language beside the reference eng"),
    ],
)
def test_needs_the_reference_and_another(
    evidence_of: Callable[..., Evidence], wide: Study, languages: tuple[str, ...], problem: str
) -> None:
    """Narrowed to languages that make no pair, it says which is lacking."""
    exhibit = table2.compute(evidence_of(wide.narrowed(tasks=("xnli",), languages=languages)))

    assert exhibit.table is None
    assert exhibit.missing == (problem,)


def test_scores_of_zero_have_no_rpd(
    fabricate: Callable[..., Any], wide: Study, rewrite: Callable[..., None], row_of: Callable[..., Any]
) -> None:
    """Two accuracies of zero have an absolute gap of 0 and no relative one, which is named and never bold."""
    made = fabricate(wide.narrowed(tasks=("xnli",)))
    rewrite([r for r in made.store.select(study="wide") if r.cell.representation == "subword"], score=0.0)

    exhibit = table2.compute(gather(made.study, made.store)[0])

    row = row_of(exhibit, "subword")
    assert [row[i].text for i in (3, 4)] == ["–", "0.00"]
    assert not row[3].best
    assert row[4].best
    assert exhibit.missing[0].startswith("subword, eng–swa: RPD is undefined: ")


def test_a_gap_defined_but_for_one_seed_has_no_interval(
    fabricate: Callable[..., Any], wide: Study, rewrite: Callable[..., None]
) -> None:
    """Where only one seed is above zero, RPD is defined with it and not without: a value without interval."""
    made = fabricate(wide.narrowed(tasks=("xnli",), languages=("eng", "swa")))
    runs = made.store.select(study="wide")
    rewrite([r for r in runs if r.seed], score=0.0)
    rewrite([r for r in runs if not r.seed and r.cell.language == "swa"], score=0.0)

    gap = table2.compute(gather(made.study, made.store)[0]).data["phoneme"]["gaps"]["swa"]["rel"]

    assert gap.value == pytest.approx(200.0)
    assert math.isnan(gap.low)
    assert gap.method.startswith("no interval: ")


def test_intervals_stay_within_their_range(full: Any) -> None:
    """No interval of an absolute gap lies below 0, however noisy the seeds."""
    lows = [row["low"] for row in full.exhibits["table2"].records if row["measure"].startswith("gap_")]

    assert min(lows) == 0.0


@pytest.mark.parametrize("code", ["swa", "urd"])
def test_items_are_resampled_jointly(full: Any, code: str) -> None:
    """The interval over items is the centred bootstrap of parallel pairs, given models averaged over seeds."""
    line = full.exhibits["table2"].data["phoneme"]
    gap, over_items = line["gaps"][code]["abs"], line["items"]["gaps"][code]["abs"]
    right = [
        np.stack([o.predictions == o.gold for s in range(5) for o in [full.evidence.outputs("xnli", "phoneme", c, s)]])
        for c in ("eng", code)
    ]
    d = 100 * (right[0].mean(axis=0) - right[1].mean(axis=0))

    assert over_items.value == pytest.approx(gap.value)
    assert over_items.n == 45
    assert "parallel" in over_items.method
    draws = np.abs([d[np.random.default_rng(i).integers(0, 45, 45)].mean() for i in range(2000)])
    assert over_items.high - over_items.value == pytest.approx(np.quantile(draws, 0.975) - draws.mean(), rel=0.35)
    assert line["items"]["scores"][code].high > line["items"]["scores"][code].value


def test_items_stand_below_each_row(full: Any, row_of: Callable[..., Any]) -> None:
    """Below each representation a row has the longer half of each interval over items."""
    row = row_of(full.exhibits["table2"], "items")
    items = full.exhibits["table2"].data["subword"]["items"]
    e = items["gaps"]["swa"]["rel"]

    assert row[1].text == f"±{items['scores']['eng'].high - items['scores']['eng'].value:.2f}"
    assert row[3].text == f"±{max(e.high - e.value, e.value - e.low):.2f}"
