"""Distances between outputs: the table of them and the curve over the regularisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from gapstudy import stats
from gapstudy.exhibits import pairs, reg_curve, transport
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.memory import Memory
from gapstudy.exhibits.pairs import pair_points
from gapstudy.stats import disagreement, exact_distance, sinkhorn_distance
from gapstudy.study import Study


def outputs(evidence: Evidence, representation: str, code: str, seed: int) -> Any:
    """Class probabilities of one run."""
    return evidence.outputs("xnli", representation, code, seed).probabilities


def line_of(full: Any, representation: str, code: str) -> dict[str, Any]:
    """The line of one pair."""
    lines = full.exhibits["transport"].data["lines"]
    return next(x for x in lines if (x["representation"], x["language"]) == (representation, code))


def test_each_number_is_what_it_says(full: Any) -> None:
    """Seed means with t intervals, exact transport and item-by-item measures of the first seed, floors of two seeds."""
    line = line_of(full, "phoneme", "urd")
    clouds = [[outputs(full.evidence, "phoneme", c, s) for s in range(5)] for c in ("eng", "urd")]
    plain, debiased = (
        [sinkhorn_distance(a, b, debiased=d) for a, b in zip(*clouds, strict=True)] for d in (False, True)
    )

    assert line["seeds"] == 5
    assert line["sinkhorn"].value == np.mean(plain)
    assert line["debiased"].value == np.mean(debiased)
    half = scipy_stats.t.ppf(0.975, 4) * scipy_stats.sem(plain)
    assert line["sinkhorn"].high - line["sinkhorn"].value == pytest.approx(half)
    assert line["exact"] == exact_distance(clouds[0][0], clouds[1][0])
    assert line["differ"] == disagreement(clouds[0][0], clouds[1][0]).rate
    assert line["jensen_shannon"] == disagreement(clouds[0][0], clouds[1][0]).jensen_shannon
    assert line["sinkhorn_floor"] == np.mean([sinkhorn_distance(c[0], c[1]) for c in clouds])
    assert line["debiased_floor"] == np.mean([sinkhorn_distance(c[0], c[1], debiased=True) for c in clouds])


def test_agrees_with_figure_3(full: Any) -> None:
    """The table's Sinkhorn distances are those that Figure 3 and Table 3 rest on."""
    points = [p.sinkhorn for p in pair_points(full.evidence, "subword") if p.language == "swa"]
    assert line_of(full, "subword", "swa")["sinkhorn"].value == pytest.approx(np.mean(points), rel=1e-12)


def test_method_states_how(full: Any) -> None:
    """The method has reg, cost, space, the kinds of intervals and the largest marginal error, and none is hidden."""
    exhibit = full.exhibits["transport"]
    for part in (
        "Outputs are probabilities",
        "the cost is euclidean",
        "reg 0.05",
        "95 % t intervals",
        "Clopper–Pearson",
        "summed marginal error is at most 1e-6",
    ):
        assert part in exhibit.method
    errors = [p["marginal_error"] for p in exhibit.data["pairs"]]
    assert f"the largest is {max(errors):.1e}." in exhibit.method
    assert len(errors) == 3 * (2 * 5 + 3)
    assert exhibit.notes == ()


def test_logits_and_options_of_the_study(
    evidence_of: Callable[..., Evidence], wide: Study, changed: Callable[..., Study]
) -> None:
    """The study's space, cost and reg decide the distances and are said."""
    study = changed(wide, sinkhorn_space="logits", sinkhorn_cost="sqeuclidean", sinkhorn_reg=1.0)
    evidence = evidence_of(study, seeds=2)
    exhibit = transport.compute(evidence)
    x, y = (evidence.outputs("xnli", "subword", c, 0).logits for c in ("eng", "swa"))

    assert "Outputs are logits, the cost is sqeuclidean." in exhibit.method
    assert exhibit.data["pairs"][0]["sinkhorn"] == sinkhorn_distance(x, y, reg=1.0, cost="sqeuclidean")


def test_says_what_is_missing(
    evidence_of: Callable[..., Evidence], wide: Study, rewrite: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One seed has no floor, unlike test sets no comparison by item, and large ones no exact distance."""
    evidence = evidence_of(wide, seeds=1)
    swahili = [r for r in evidence.runs if r.cell.language == "swa" and r.cell.task == "xnli"]
    rewrite(swahili, outputs=lambda arrays: {k: v[:-2] for k, v in arrays.items()})
    monkeypatch.setattr(transport, "EXACT_POINTS", 44)
    exhibit = transport.compute(evidence)

    assert "phoneme, eng–swa: a floor needs two seeds of each language" in exhibit.missing
    assert "phoneme, eng–swa: exact transport is computed for at most 44 points, there are 45" in exhibit.missing
    assert any(m.startswith("phoneme, eng–swa: the test sets are not parallel") for m in exhibit.missing)
    assert not any(m.startswith("phoneme, eng–urd: the test sets") for m in exhibit.missing)


def test_unconverged_is_named(full: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distance that did not converge is named with representation, pair, seeds, value and remedy, in both exhibits."""
    solve, curve = stats.sinkhorn_pairs, stats.reg_curve
    monkeypatch.setattr(pairs, "sinkhorn_pairs", lambda *a, **k: solve(*a, **k, tol=1e-15, max_iterations=2))
    monkeypatch.setattr(reg_curve, "reg_curve", lambda *a, **k: curve(*a, **k, tol=1e-15, max_iterations=2))

    notes = transport.compute(replace(full.evidence, memory=Memory(None))).notes
    assert notes[0].startswith("subword, eng (seed 0) – swa (seed 0): Sinkhorn stopped at a marginal error of ")
    assert "raise reg, max_iterations or tol" in notes[0]
    assert "is not converged (marginal error" in reg_curve.compute(full.evidence, full.folder / "other").notes[0]


# ---- curve ------------------------------------------------------------------------------------------------
def test_curve_falls_to_the_exact_value(full: Any) -> None:
    """Distances fall with the regularisation, never below the exact one; the study's own is that of the table."""
    exhibit = full.exhibits["reg-curve"]
    for representation in ("subword", "character", "phoneme"):
        own = [x for x in exhibit.data["lines"] if (x["representation"], x["language"]) == (representation, "swa")]
        values = [x["distance"] for x in sorted(own, key=lambda x: x["reg"])]
        assert values == sorted(values)
        assert values[0] >= own[0]["exact"]
        (study,) = (x for x in own if x["study"])
        x, y = (outputs(full.evidence, representation, c, 0) for c in ("eng", "swa"))
        assert study["distance"] == sinkhorn_distance(x, y)
    assert (full.folder / exhibit.images[0]).read_text("utf-8").startswith("<?xml")


def test_without_pairs_there_is_no_figure(evidence_of: Callable[..., Evidence], wide: Study, tmp_path: Path) -> None:
    """Without runs of a pair both say why, and an earlier report's figure is removed."""
    evidence = evidence_of(wide, seeds=1, keep=lambda cell, _: cell.language != "eng")
    stale = tmp_path / "figures" / "reg-curve.svg"
    stale.parent.mkdir()
    stale.write_text("old")

    exhibit = reg_curve.compute(evidence, tmp_path)
    assert exhibit.images == ()
    assert not stale.exists()
    assert exhibit.missing
    assert transport.compute(evidence).table is None
