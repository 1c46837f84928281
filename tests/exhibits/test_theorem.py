"""Theorem 4.1 and the certificates: what bounds the gap, and where the theorem does not apply."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from scipy import stats as scipy_stats

from gapstudy.exhibits import certificates, theorem
from gapstudy.exhibits.evidence import Evidence
from gapstudy.pipeline import gather
from gapstudy.study import Study

SPACES = ("Sentence vectors (last layer, parallel corpus)", "Class probabilities (test sets)")


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
        "phoneme", "eng–urd", "0", "45", f"{line['gap'].value:.3f}", f"{line['certificate'].value:.3f}",
        f"{line['certificate'].high:.3f}",
    ]  # fmt: skip
    assert len(exhibit.records) == 30
    assert {r["seed"] for r in exhibit.records} == {0, 1, 2, 3, 4}
    assert exhibit.records[-1]["certificate_high"] == exhibit.data["seeds"][-1]["certificate"].high


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_caption_has_the_one_sided_confidence(
    evidence_of: Callable[..., Evidence], wide: Study, changed: Callable[..., Study], level: float
) -> None:
    """The upper end of a two-sided interval at 95 % is a bound at 97.5 %: the caption says which."""
    exhibit = certificates.compute(evidence_of(changed(wide, level=level), seeds=1))

    assert f"one-sided confidence {50 * (1 + level):g} %" in exhibit.caption
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
    """Both forms are half the divergence plus the complexity term of their constants."""
    lines = full.exhibits["theorem"].data["lines"]
    assert [(line["space"], line["n"], line["d"]) for line in lines[:2]] == [(SPACES[0], 40, 13), (SPACES[1], 45, 4)]
    assert len(lines) == 3 * 2 * 2

    for line in lines:
        n, d, half = line["n"], line["d"], max(0.0, line["divergence"].value) / 2
        complexity = 2 * math.sqrt((d * math.log(2 * n) + math.log(2 / 0.05)) / n)
        assert line["complexity"] == pytest.approx(complexity)
        assert line["paper"] == pytest.approx(half + complexity)
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
    assert len(rows) == 12

    for row in rows:
        for text in row[7:9]:
            assert text.startswith("(") == (float(text.strip("()")) >= 1)
    assert theorem._bracketed(0.994).text == "0.99"
    assert theorem._bracketed(1.0).text == "(1.00)"


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
    assert exhibit.notes == ()


def test_zero_shot_transfer_is_where_it_applies(fabricate: Callable[..., Any], wide: Study) -> None:
    """With one model for all languages the theorem applies, and pairs of seeds witness a divergence."""
    study = wide.model_copy(update={"protocol": "zero-shot"})
    evidence = gather(study, fabricate(study, seeds=3).store)[0]

    exhibit = theorem.compute(evidence)

    assert "One model serves every language here, so that the theorem applies." in exhibit.caption
    assert len(exhibit.notes) == 3 * 2
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
    assert [s["space"] for s in exhibit.data["lines"] if s["representation"] == "phoneme"] == [SPACES[0]]


@pytest.mark.parametrize("compute", [theorem.compute, certificates.compute])
def test_without_xnli_both_say_so(
    evidence_of: Callable[..., Evidence], wide: Study, compute: Callable[[Evidence], Any]
) -> None:
    """A study of token tasks has neither, with the reason."""
    exhibit = compute(evidence_of(wide.narrowed(tasks=("ner",)), seeds=1))

    assert exhibit.table is None
    assert exhibit.missing == ("the study has no task xnli",)
    assert "|runs:0|" in exhibit.signature
