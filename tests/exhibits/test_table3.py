"""Table 3 and the points it correlates; Figure 3, which shows the same points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import ot
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests

from gapstudy.exhibits import figure3, table3
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.memory import Memory
from gapstudy.exhibits.pairs import pair_points
from gapstudy.pipeline import gather
from gapstudy.stats import detectable_correlation, sinkhorn_pairs
from gapstudy.study import Study

MEASURES = ("performance", "sinkhorn", "cka")


# ---- the points -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("representation", ["subword", "phoneme"])
def test_a_point_a_seed_and_pair(full: Any, representation: str) -> None:
    """Points come by language and seed; English performance is equal in both pairs of a seed."""
    points = pair_points(full.evidence, representation)

    assert [(p.language, p.seed) for p in points] == list(product(("swa", "urd"), range(5)))
    assert [p.performance for p in points[:5]] == [p.performance for p in points[5:]]
    assert {p.representation for p in points} == {representation}


@pytest.mark.parametrize(("space", "cost", "reg"), [
    ("probabilities", "euclidean", 0.05), ("probabilities", "sqeuclidean", 0.1), ("logits", "euclidean", 0.5),
])  # fmt: skip
def test_sinkhorn_is_pots(
    evidence_of: Callable[..., Evidence],
    wide: Study,
    changed: Callable[..., Study],
    *,
    space: str,
    cost: str,
    reg: float,
) -> None:
    """The distance is POT's on the outputs that the study chose, with its cost and regularisation."""
    study = changed(wide.narrowed(tasks=("xnli",)), sinkhorn_space=space, sinkhorn_cost=cost, sinkhorn_reg=reg)
    evidence = evidence_of(study, seeds=2)

    point = next(p for p in pair_points(evidence, "phoneme") if (p.language, p.seed) == ("urd", 1))

    clouds = [evidence.outputs("xnli", "phoneme", c, 1).logits.astype(np.float64) for c in ("eng", "urd")]
    if space == "probabilities":
        clouds = [np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in clouds]
    ground = ot.dist(*clouds, metric=cost)
    plan = ot.sinkhorn([], [], ground, reg, stopThr=1e-10, numItermax=50_000)
    assert point.sinkhorn == pytest.approx(float((plan * ground).sum()), rel=1e-4)
    assert point.unconverged == ""


def test_points_are_computed_once(full: Any) -> None:
    """Table 3 and Figure 3 share the points of a representation."""
    assert pair_points(full.evidence, "phoneme") is pair_points(full.evidence, "phoneme")


# ---- Table 3 ----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def columns(full: Any) -> dict[str, Any]:
    """Gap and measures of the phoneme points: (2 pairs, 5 seeds) each."""
    points = pair_points(full.evidence, "phoneme")
    return {name: np.array([getattr(p, name) for p in points]).reshape(2, 5) for name in ("gap", *MEASURES)}


@pytest.mark.parametrize("name", MEASURES)
def test_pooled_is_the_papers_analysis(full: Any, columns: dict[str, Any], name: str) -> None:
    """The pooled rows are SciPy's Spearman and Kendall over all points, with their p-values."""
    pooled = full.exhibits["table3"].data["pooled"]
    x, y = columns[name].ravel(), columns["gap"].ravel()

    rho, tau = scipy_stats.spearmanr(x, y), scipy_stats.kendalltau(x, y)

    assert pooled[name, "spearman"].value == pytest.approx(rho.statistic, rel=1e-9)
    assert pooled[name, "spearman"].p_value == pytest.approx(rho.pvalue, rel=1e-9)
    assert pooled[name, "kendall"].value == pytest.approx(tau.statistic, rel=1e-9)
    assert pooled[name, "kendall"].p_value == pytest.approx(tau.pvalue, rel=1e-6)


@pytest.mark.parametrize("name", MEASURES)
def test_within_pairs_is_of_ranks_within_each_pair(full: Any, columns: dict[str, Any], name: str) -> None:
    """The analysis of record ranks inside each pair: Spearman of pair-centred ranks, Kendall over pairs of points."""
    within = full.exhibits["table3"].data["within"]
    x, y = columns[name], columns["gap"]

    a, b = (scipy_stats.rankdata(v, axis=1) - 3.0 for v in (x, y))
    signs = [[np.sign(v[g][:, None] - v[g]) for g in (0, 1)] for v in (x, y)]
    dot = {
        k: sum(float((p * q).sum()) for p, q in zip(signs[k[0]], signs[k[1]], strict=True))
        for k in ((0, 1), (0, 0), (1, 1))
    }

    assert within[name, "spearman"].value == pytest.approx((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))
    assert within[name, "kendall"].value == pytest.approx(dot[0, 1] / np.sqrt(dot[0, 0] * dot[1, 1]))
    assert (within[name, "spearman"].n, within[name, "spearman"].level) == (10, 0.95)


@pytest.mark.parametrize("name", MEASURES)
def test_p_within_pairs_permutes_seeds_jointly(
    evidence_of: Callable[..., Evidence], wide: Study, changed: Callable[..., Study], columns: dict[str, Any], name: str
) -> None:
    """The p-value is the share of the 120 joint orders of the five seeds that correlate as strongly."""
    study = changed(wide.narrowed(tasks=("xnli",), representations=("phoneme",)), resamples=4000)

    p_value = table3.compute(evidence_of(study)).data["within"][name, "spearman"].p_value

    a, b = (scipy_stats.rankdata(columns[v], axis=1) - 3.0 for v in (name, "gap"))
    every = np.array([(a[:, list(order)] * b).sum() for order in permutations(range(5))])
    exact = np.mean(np.abs(every - every.mean()) >= abs((a * b).sum() - every.mean()) - 1e-9)
    assert p_value == pytest.approx(exact, abs=5 * np.sqrt(0.25 / 4000))


@pytest.mark.parametrize("method", ["spearman", "kendall"])
def test_printed_p_values_are_holms(full: Any, row_of: Callable[..., Any], method: str) -> None:
    """The p-values within pairs are corrected over the column's three rows, as statsmodels does, and printed so."""
    within = full.exhibits["table3"].data["within"]
    raw = [within[name, method].p_value for name in MEASURES]

    adjusted = [within[f"holm:{name}", method] for name in MEASURES]

    assert adjusted == pytest.approx(multipletests(raw, method="holm")[1])
    at = {"spearman": 2, "kendall": 4}[method]
    cell = row_of(full.exhibits["table3"], "CKA", "Within pairs")[at].text
    assert float(cell) == pytest.approx(adjusted[2], rel=0.06)


@pytest.mark.parametrize("name", ["sinkhorn", "cka"])
def test_difference_is_of_absolute_correlations(full: Any, row_of: Callable[..., Any], name: str) -> None:
    """The claim is tested as |rho| of the measure less |rho| of English performance, both within pairs."""
    data = full.exhibits["table3"].data
    e = data["difference"][name, "spearman"]

    within = {n: abs(data["within"][n, "spearman"].value) for n in (name, "performance")}

    assert e.value == pytest.approx(within[name] - within["performance"])
    row = row_of(full.exhibits["table3"], {"sinkhorn": "S-Dist", "cka": "CKA"}[name], "Difference")
    assert row[1].text == f"{e.value:.3f}"
    assert [c.text for c in row[3:]] == ["–", "–"]


def test_the_papers_rows_repeat_its_numbers(full: Any, row_of: Callable[..., Any]) -> None:
    """The paper's coefficients and p-values stand beside the pooled ones."""
    assert [c.text for c in row_of(full.exhibits["table3"], "paper: CKA")[1:]] == [
        "-0.782", "3.4e-07", "-0.577", "2.1e-06",
    ]  # fmt: skip


def test_method_counts_and_its_power_is_computed(full: Any) -> None:
    """The method has the seeds, pairs, points, options, and the correlation that so many seeds detect."""
    caption = full.exhibits["table3"].method

    for words in (
        "Phoneme models: 5 seeds, pairs eng–swa, eng–urd, 10 points",
        "S-Dist on probabilities, euclidean cost, reg 0.05",
        "(last layer)",
        "95 % intervals from 60 resamples of whole seeds",
        f"a correlation of {detectable_correlation(5):.2f} within one pair",
    ):
        assert words in caption


@pytest.mark.parametrize(("choice", "expected"), [("", "phoneme"), ("subword", "subword"), ("character", "character")])
def test_correlates_the_chosen_representation(
    full: Any, changed: Callable[..., Study], wide: Study, choice: str, expected: str
) -> None:
    """The study chooses the representation; by default it is XNLI's phoneme one."""
    evidence = Evidence(
        changed(wide, correlate=choice), full.evidence.prepared, full.evidence.runs, full.evidence.parallel
    )

    assert table3.representation_of(evidence) == expected
    assert f"{expected.capitalize()} models: 5 seeds" in table3.compute(evidence).method


def test_without_phonemes_the_first_representation_is_taken(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """A study without a phoneme representation correlates the first it has."""
    study = wide.narrowed(tasks=("xnli",), representations=("subword", "character"))

    assert table3.representation_of(evidence_of(study, seeds=1)) == "subword"


def test_few_seeds_are_refused(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """Three seeds are too few for a correlation; the exhibit says how many are needed and there are."""
    exhibit = table3.compute(evidence_of(wide.narrowed(tasks=("xnli",)), seeds=3))

    assert exhibit.table is None
    assert exhibit.missing == ("correlations need at least 4 seeds finished in two languages; there are 3",)
    assert exhibit.method == ""
    assert exhibit.caption.count(".") == 1


def test_what_never_changes_is_named(fabricate: Callable[..., Any], wide: Study, rewrite: Callable[..., None]) -> None:
    """Equal accuracies in every run leave nothing to correlate, and the columns are named."""
    made = fabricate(wide.narrowed(tasks=("xnli",)))
    rewrite(made.store.select(study="wide"), score=50.0)

    exhibit = table3.compute(gather(made.study, made.store)[0])

    assert exhibit.table is None
    assert exhibit.missing == ("gap and performance are the same in every run, so nothing can be correlated",)


def test_points_without_a_gap_are_left_out_and_named(
    fabricate: Callable[..., Any], wide: Study, rewrite: Callable[..., None]
) -> None:
    """A seed whose accuracies are both zero has no RPD: it is no point, and a note names it."""
    made = fabricate(wide.narrowed(tasks=("xnli",), representations=("phoneme",)))
    rewrite([r for r in made.store.select(study="wide") if r.seed == 2 and r.cell.language != "urd"], score=0.0)

    exhibit = table3.compute(gather(made.study, made.store)[0])

    assert "9 points" in exhibit.method
    assert exhibit.notes == ("eng–swa, seed 2: left out, both accuracies are 0 and their RPD is undefined",)
    assert exhibit.data["pooled"]["cka", "spearman"].n == 9


def test_an_unfinished_pair_is_named(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """With one pair alone the correlations are those of that pair, and the other is named."""
    exhibit = table3.compute(evidence_of(wide, keep=lambda c, _: c.task == "xnli" and c.language != "urd"))

    assert exhibit.missing == ("phoneme has no finished XNLI run in urd",)
    assert "pair eng–swa, 5 points" in exhibit.method
    assert exhibit.data["within"]["cka", "spearman"].value == pytest.approx(
        exhibit.data["pooled"]["cka", "spearman"].value
    )


def test_what_did_not_converge_is_named(
    evidence_of: Callable[..., Evidence], wide: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Sinkhorn distance that stopped early is named with its pair, seed and value, in Table 3 and Figure 3."""
    study = wide.narrowed(tasks=("xnli",), representations=("phoneme",), languages=("eng", "swa"))
    monkeypatch.setattr("gapstudy.exhibits.pairs.sinkhorn_pairs", partial(sinkhorn_pairs, tol=1e-15, max_iterations=1))
    evidence = evidence_of(study, seeds=1)
    evidence = replace(evidence, memory=Memory(None))

    notes = figure3.compute(evidence, tmp_path).notes

    assert len(notes) == 1
    assert notes[0].startswith("phoneme, eng–swa, seed 0: Sinkhorn distance 0.")
    assert "not converged" in notes[0]
    assert table3.compute(evidence).notes == notes


# ---- Figure 3 ---------------------------------------------------------------------------------------------
PANELS = ("difference", "debiased_cka", "sinkhorn")


@pytest.mark.parametrize("measure", PANELS)
@pytest.mark.parametrize(("representation", "code"), [("subword", "swa"), ("phoneme", "urd")])
def test_bars_are_t_intervals_of_the_seeds(full: Any, measure: str, representation: str, code: str) -> None:
    """Each bar is the mean over seeds with Student's interval, as SciPy computes it from the points."""
    exhibit = full.exhibits["figure3"]
    values = [
        p[measure] for p in exhibit.data["points"] if (p["representation"], p["language"]) == (representation, code)
    ]

    row = next(
        r
        for r in exhibit.records
        if (r["measure"], r["representation"], r["pair"]) == (measure, representation, f"eng-{code}")
    )

    ends = scipy_stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (row["value"], row["low"], row["high"]) == pytest.approx((np.mean(values), ends.low, ends.high))
    assert row["seeds"] == 5


def test_draws_every_point(full: Any, drawn: Callable[[Path], Any]) -> None:
    """Three panels show, for each of three representations and two pairs, five seeds and one mean with its bar."""
    svg = drawn(full.folder / full.exhibits["figure3"].images[0])
    uses = list(svg.iter("{http://www.w3.org/2000/svg}use"))

    assert len(full.exhibits["figure3"].records) == 3 * 3 * 2
    assert len(full.exhibits["figure3"].data["points"]) == 3 * 2 * 5
    assert len(uses) >= 3 * 3 * 2 * (5 + 1)
    assert not list(svg.iter("{http://purl.org/dc/elements/1.1/}date"))


def test_few_seeds_have_dots_without_bars(evidence_of: Callable[..., Evidence], micro: Study, tmp_path: Path) -> None:
    """One seed has no interval, in the CSV it is NaN; that of two is in the CSV and not drawn."""
    one = figure3.compute(evidence_of(micro, seeds=1), tmp_path / "one")
    two = figure3.compute(evidence_of(micro, seeds=2), tmp_path / "two")

    assert all(np.isnan(row["low"]) and np.isfinite(row["value"]) for row in one.records)
    assert all(row["low"] <= row["value"] <= row["high"] for row in two.records)
    assert {row["seeds"] for row in two.records} == {2}
    bars = [
        (tmp_path / name / "figures" / "figure3.svg").read_text().count("LineCollection") for name in ("one", "two")
    ]
    assert bars[0] == bars[1]


def test_without_pairs_no_old_figure_stays(evidence_of: Callable[..., Evidence], wide: Study, tmp_path: Path) -> None:
    """A report without XNLI pairs removes the figure of an earlier one and says why."""
    old = tmp_path / "figures" / "figure3.svg"
    old.parent.mkdir()
    old.write_text("<svg/>", encoding="utf-8")

    exhibit = figure3.compute(evidence_of(wide.narrowed(tasks=("ner",))), tmp_path)

    assert not old.exists()
    assert exhibit.images == ()
    assert exhibit.missing == ("it needs XNLI, which is not among the tasks of this report",)


def test_caption_has_what_the_distance_means_nothing_without(full: Any) -> None:
    """Space, cost and regularisation, the layer and the number of seeds stand under the figure."""
    caption = full.exhibits["figure3"].method

    assert "(probabilities, euclidean cost, reg 0.05)" in caption
    assert "the last layer" in caption
    assert "5 a cell" in caption
