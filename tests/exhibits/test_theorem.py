"""Theorem 4.1 and the certificates: what bounds the gap, and where the theorem does not apply."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from scipy import stats as scipy_stats

from gapstudy.exhibits import bound_figure, certificates, theorem
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import interval, p_value
from gapstudy.pipeline import gather
from gapstudy.study import Study

SPACES = (
    "Sentence vectors (last layer, parallel corpus)",
    "First 3 principal components of the sentence vectors",
    "Class probabilities (test sets)",
)


def predictions(evidence: Evidence, representation: str, code: str, seed: int) -> tuple[Any, Any]:
    """Read predicted and gold labels from the run's file."""
    run = evidence.run("xnli", representation, code, seed)
    assert run is not None
    arrays = load_file(run.folder / "outputs.safetensors")
    return arrays[f"{code}/test/logits"].argmax(axis=1), arrays[f"{code}/test/gold"]


# ---- certificates -----------------------------------------------------------------------------------------
def test_certificate_is_the_share_of_disagreement(full: Any) -> None:
    """For every seed and pair: the gap of the error rates, and the share of items with different predictions."""
    lines = full.exhibits["certificates"].data["seeds"]
    assert len(lines) == 3 * 2 * 5

    for line in lines:
        (a, gold), (b, _) = (
            predictions(full.evidence, line["representation"], c, line["seed"]) for c in ("eng", line["language"])
        )
        ends = scipy_stats.binomtest(int((a != b).sum()), 45).proportion_ci(0.95, "exact")
        assert line["gap"].value == pytest.approx(abs((a != gold).mean() - (b != gold).mean()))
        assert line["certificate"].value == pytest.approx((a != b).mean())
        assert (line["certificate"].low, line["certificate"].high) == pytest.approx((ends.low, ends.high))
        assert line["gap"].value <= line["certificate"].value


def test_gap_is_that_of_the_scores(full: Any) -> None:
    """The gap in error rate is the difference of the accuracies in the run records."""
    for line in full.exhibits["certificates"].data["seeds"]:
        a, b = (full.evidence.score("xnli", line["representation"], c, line["seed"]) for c in ("eng", line["language"]))
        assert 100 * line["gap"].value == pytest.approx(abs(a - b))


def test_table_shows_the_first_seed_and_the_csv_all(full: Any, printed: Callable[..., list[list[str]]]) -> None:
    """A row a representation and pair, of the first seed; every seed is in the records."""
    exhibit = full.exhibits["certificates"]
    line = next(s for s in exhibit.data["seeds"] if (s["representation"], s["language"]) == ("phoneme", "urd"))

    rows = printed(exhibit)

    assert len(rows) == 3 * 2
    assert rows[-1] == [
        "phoneme", "eng–urd", "0", "45", f"{line['gap'].value:.3f}", interval(line["gap"], 3), p_value(line["gap"].p_value),
        f"{2 * math.sqrt(math.log(4 / 0.05) / 90):.3f}", f"{line['certificate'].value:.3f}",
        interval(line["certificate"], 3),
        f"{line['certificate'].high:.3f}",
    ]  # fmt: skip
    assert len(exhibit.records) == 30
    assert {r["seed"] for r in exhibit.records} == {0, 1, 2, 3, 4}
    assert exhibit.records[-1]["mcnemar_p"] == exhibit.data["seeds"][-1]["gap"].p_value
    assert exhibit.records[-1]["certificate_high"] == exhibit.data["seeds"][-1]["certificate"].high


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_method_has_the_one_sided_confidence(
    evidence_of: Callable[..., Evidence], wide: Study, changed: Callable[..., Study], level: float
) -> None:
    """The upper end of a two-sided interval at 95 % is a bound at 97.5 %: the method says which."""
    exhibit = certificates.compute(evidence_of(changed(wide, level=level), seeds=1))

    assert f"one-sided confidence {50 * (1 + level):g} %" in exhibit.method
    assert exhibit.data["seeds"][0]["certificate"].level == level


def test_unlike_test_sets_have_no_certificate(
    evidence_of: Callable[..., Evidence], micro: Study, rewrite: Callable[..., None]
) -> None:
    """Where the labels differ row by row the test sets are not parallel: no certificate, and the pair is named."""
    evidence = evidence_of(micro, seeds=2)
    runs = [r for r in evidence.runs_of(["xnli"], ["phoneme"]) if r.cell.language == "swa"]
    rewrite(runs, outputs=lambda arrays: {k: v[::-1].copy() if "gold" in k else v for k, v in arrays.items()})

    exhibit = certificates.compute(evidence)

    assert {line["representation"] for line in exhibit.data["seeds"]} == {"subword"}
    assert exhibit.missing == ("phoneme, eng–swa: the test sets are not parallel, so that there is no certificate",)


# ---- the theorem ------------------------------------------------------------------------------------------
def test_right_side_by_hand(full: Any) -> None:
    """All forms are half the divergence plus the complexity term of their constants."""
    lines = full.exhibits["theorem"].data["lines"]
    sizes = [(line["space"], line["n"], line["d"]) for line in lines[:3]]
    assert sizes == [(SPACES[0], 40, 13), (SPACES[1], 40, 4), (SPACES[2], 45, 4)]
    assert len(lines) == 3 * 2 * 3

    for line in lines:
        n, d, half = line["n"], line["d"], max(0.0, line["divergence"].value) / 2
        complexity = 2 * math.sqrt((d * math.log(2 * n) + math.log(2 / 0.05)) / n)
        assert line["complexity"] == pytest.approx(complexity)
        assert line["paper"] == pytest.approx(half + complexity)
        assert line["corrected"] - half == pytest.approx((line["ben_david"] - half) / 2)
        assert line["ben_david"] == pytest.approx(
            half + 4 * math.sqrt((2 * d * math.log(2 * n) + math.log(2 / 0.05)) / n)
        )


def test_n_needed_is_the_first_that_says_something(full: Any) -> None:
    """At the sample size given the paper's form falls below 1, one item earlier it does not."""

    def bound(line: dict[str, Any], n: int) -> float:
        complexity = 2 * math.sqrt((line["d"] * math.log(2 * n) + math.log(2 / 0.05)) / n)
        return max(0.0, float(line["divergence"].value)) / 2 + complexity

    for line in full.exhibits["theorem"].data["lines"]:
        needed = line["n_informative"]
        assert bound(line, needed) < 1 <= bound(line, needed - 1)


def test_vacuous_bounds_are_in_brackets(full: Any, printed: Callable[..., list[list[str]]]) -> None:
    """A bound of 1 or more is printed in brackets, a smaller one is not."""
    rows = [row for row in printed(full.exhibits["theorem"]) if len(row) > 1]
    assert len(rows) == 18

    for row in rows:
        for text in row[8:10]:
            assert text.startswith("(") == (float(text.strip("()")) >= 1)
    assert theorem._bracketed(0.994, ()).text == "0.99"
    assert theorem._bracketed(1.0, ()).text == "(1.00)"


def test_an_unreachable_bound_is_never_informative(full: Any) -> None:
    """Where the divergence alone is 2, no sample size helps, and the cell says so."""
    line = full.exhibits["theorem"].data["lines"][0] | {"n_informative": None}

    assert theorem._bound_row(full.evidence, line)[-1].text == "never"


@pytest.mark.parametrize(("shift", "low", "high"), [(0.0, -1.0, 0.6), (20.0, 1.9, 2.0)])
def test_divergence_tells_languages_apart(
    evidence_of: Callable[..., Evidence], micro: Study, rewrite: Callable[..., None],
    *, shift: float, low: float, high: float,
) -> None:  # fmt: skip
    """Vectors that differ by noise have a divergence about 0, vectors far apart one of 2."""
    evidence = evidence_of(micro, seeds=1)
    swahili = [r for r in evidence.runs_of(["xnli"]) if r.cell.language == "swa"]
    rewrite(swahili, embeddings=lambda arrays: {k: v + np.float32(shift) for k, v in arrays.items()})

    lines = theorem.compute(evidence).data["lines"]

    for line in lines:
        if line["space"] == SPACES[0]:
            assert low <= line["divergence"].value <= high
            assert line["divergence"].low <= line["divergence"].value <= line["divergence"].high


def test_in_language_training_is_an_illustration(full: Any) -> None:
    """With a model a language the caption says that the theorem does not apply, and no seeds are its witnesses."""
    exhibit = full.exhibits["theorem"]

    assert "Here two models are compared, one a language, so that the theorem does not apply" in exhibit.caption
    assert not any("witness" in note for note in exhibit.notes)


def test_zero_shot_transfer_is_where_it_applies(fabricate: Callable[..., Any], wide: Study) -> None:
    """With one model for all languages the theorem applies, and pairs of seeds witness a divergence."""
    study = wide.model_copy(update={"protocol": "zero-shot"})
    evidence = gather(study, fabricate(study, seeds=3).store)[0]

    exhibit = theorem.compute(evidence)

    assert "One model serves every language here, so that the theorem applies." in exhibit.caption
    assert len(exhibit.notes) == 3 * 2 + 1
    said = next(note for note in exhibit.notes if note.startswith("phoneme, eng–swa: two of 3 seeds"))
    pairs = [
        2 * abs(float(np.mean(a[i] != a[j])) - float(np.mean(b[i] != b[j])))
        for a, b in [[[predictions(evidence, "phoneme", c, s)[0] for s in range(3)] for c in ("eng", "swa")]]
        for i, j in combinations(range(3), 2)
    ]
    assert f"at least {max(pairs):.3f}" in said


def test_one_model_serves_every_language_in_zero_shot(fabricate: Callable[..., Any], wide: Study) -> None:
    """In zero-shot transfer scores, vectors and outputs of a language come from the source's run."""
    study = wide.model_copy(update={"protocol": "zero-shot"})
    evidence = gather(study, fabricate(study, seeds=2).store)[0]

    assert {r.cell.language for r in evidence.runs} == {"eng"}
    assert evidence.run("xnli", "phoneme", "urd", 1) is evidence.run("xnli", "phoneme", "eng", 1)
    assert evidence.languages("xnli", "phoneme") == ("eng", "swa", "urd")
    right = [(p == gold).mean() for p, gold in (predictions(evidence, "phoneme", c, 0) for c in ("eng", "urd"))]
    scores = [evidence.score("xnli", "phoneme", c, 0) for c in ("eng", "urd")]
    assert scores == pytest.approx([100 * float(r) for r in right])
    assert scores[0] != scores[1]
    x, y = (evidence.vectors("xnli", "phoneme", c, 1, "last") for c in ("eng", "urd"))
    assert not np.array_equal(x, y)


def test_too_few_items_are_named(
    evidence_of: Callable[..., Evidence], micro: Study, rewrite: Callable[..., None]
) -> None:
    """A test set below ten items gives no cross-fitted estimate, which is said; the vectors' row stands."""
    evidence = evidence_of(micro, seeds=1)
    rewrite(evidence.runs_of(["xnli"], ["phoneme"]), outputs=lambda a: {k: v[:9] for k, v in a.items()})

    exhibit = theorem.compute(evidence)

    assert exhibit.missing == ("phoneme, eng–swa: fewer than 10 parallel sentences or items",)
    assert [s["space"] for s in exhibit.data["lines"] if s["representation"] == "phoneme"] == [*SPACES[:2]]


@pytest.mark.parametrize("compute", [theorem.compute, certificates.compute])
def test_without_xnli_both_say_so(
    evidence_of: Callable[..., Evidence], wide: Study, compute: Callable[[Evidence], Any]
) -> None:
    """A study of token tasks has neither, with the reason."""
    exhibit = compute(evidence_of(wide.narrowed(tasks=("ner",)), seeds=1))

    assert exhibit.table is None
    assert exhibit.missing == ("it needs XNLI, which is not among the tasks of this report",)
    assert "|runs:0|" in exhibit.signature


def test_components_are_those_of_both_languages(full: Any) -> None:
    """The small space is the scores on the first three principal components of both languages together."""
    from sklearn.decomposition import PCA

    x, y = (full.evidence.vectors("xnli", "phoneme", c, 0, "last").astype(float) for c in ("eng", "urd"))
    wanted = np.abs(PCA(3).fit_transform(np.concatenate([x, y])))

    assert np.abs(np.concatenate(theorem._components(x, y))) == pytest.approx(wanted, abs=1e-6)


def test_p_value_is_that_of_the_classifier_test(full: Any, row_of: Callable[..., tuple[Any, ...]]) -> None:
    """Each line carries the p-value of its classifier two-sample test, never below 1 / 200, and prints it."""
    exhibit = full.exhibits["theorem"]
    for line in exhibit.data["lines"]:
        assert 0.005 <= line["p_value"] <= 1.0
        assert line["p_value"] == line["divergence"].p_value
    first = exhibit.data["lines"][0]
    assert row_of(exhibit, first["representation"])[6].text == p_value(first["p_value"])


def test_label_shares_are_told(
    full: Any, evidence_of: Callable[..., Evidence], micro: Study, rewrite: Callable[..., None]
) -> None:
    """One note gives the labels' shares a language, and how far they are from the reference's."""
    (note,) = (n for n in full.exhibits["theorem"].notes if n.startswith("Shares"))
    assert "eng 0.333 0.333 0.333; swa" in note
    assert "at most 0.000 from eng's in total variation" in note

    evidence = evidence_of(micro, seeds=1)
    swahili = [r for r in evidence.runs_of(["xnli"]) if r.cell.language == "swa"]
    rewrite(swahili, outputs=lambda a: {k: np.zeros_like(v) if "gold" in k else v for k, v in a.items()})
    (note,) = (n for n in theorem.compute(evidence).notes if n.startswith("Shares"))
    assert "swa 1.000 0.000 0.000" in note
    assert "at most 0.667 from eng's" in note


# ---- the figure -------------------------------------------------------------------------------------------
def test_figure_draws_what_the_tables_hold(full: Any) -> None:
    """Gap, certificate and the paper's form of each space are those of the two tables; n needed those of the theorem."""
    exhibit = full.exhibits["bound"]
    first = next(s for s in full.exhibits["certificates"].data["seeds"] if s["language"] == "urd")
    of_first = [r for r in exhibit.records if (r["representation"], r["language"]) == (first["representation"], "urd")]

    assert [r["what"] for r in of_first] == ["observed gap", "certificate", *(f"bound, {space}" for space in SPACES)]
    assert (of_first[0]["value"], of_first[0]["high"]) == (first["gap"].value, first["gap"].high)
    assert of_first[1]["value"] == first["certificate"].high
    lines = [s for s in full.exhibits["theorem"].data["lines"] if s["language"] == "urd"][:3]
    assert [r["value"] for r in of_first[2:]] == [line["paper"] for line in lines]
    needed = {r["d"]: r["value"] for r in exhibit.records if r["what"].startswith("n at which")}
    assert tuple(needed) == bound_figure.DIMENSIONS
    for d, n in needed.items():
        at, before = (2 * math.sqrt((d * math.log(2 * m) + math.log(40)) / m) for m in (n, n - 1))
        assert at < 1 <= before
    assert "one hypothesis" in exhibit.method
    assert (full.folder / exhibit.images[0]).is_file()


def test_figure_without_xnli(evidence_of: Callable[..., Evidence], wide: Study, tmp_path: Path) -> None:
    """Without XNLI the figure says why, and an earlier drawing is removed."""
    old = tmp_path / "figures" / "bound.svg"
    old.parent.mkdir()
    old.touch()
    exhibit = bound_figure.compute(evidence_of(wide.narrowed(tasks=("ner",)), seeds=1), tmp_path)

    assert exhibit.images == ()
    assert exhibit.missing == ("it needs XNLI, which is not among the tasks of this report",)
    assert not old.exists()


def test_figure_of_zero_shot(fabricate: Callable[..., Any], micro: Study, tmp_path: Path) -> None:
    """In zero-shot transfer the figure's method says that the theorem applies."""
    study = micro.model_copy(update={"protocol": "zero-shot"})
    exhibit = bound_figure.compute(gather(study, fabricate(study, seeds=1).store)[0], tmp_path)

    assert "One model serves every language, so that the theorem applies." in exhibit.method
    assert (tmp_path / exhibit.images[0]).is_file()
