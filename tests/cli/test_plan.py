"""gapstudy plan: power before training, from nothing, from a study file, and from finished runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gapstudy.stats import correlation_power, detectable_difference, points_needed, seeds_needed
from gapstudy.store import RunStore

Call = Callable[..., Any]


@pytest.fixture
def planned(gapstudy: Call) -> Callable[..., Any]:
    """Ask for a plan as JSON."""

    def ask(*options: object) -> Any:
        said = gapstudy("plan", "--json", *options)
        assert said.code == 0, said.err
        return json.loads(said.out)

    return ask


def test_without_options(gapstudy: Call, here: Path) -> None:
    """With no options, runs or network it plans the embedded study, in text, and makes nothing."""
    said = gapstudy("plan")

    assert said.code == 0
    assert said.err == ""
    assert said.out.startswith("Study tiny: 15 seeds; tests at level 0.05, wanted power 80%\n")
    assert "15 seeds detect rho = 0.68" in said.out
    assert "15 seeds detect 0.78 standard deviations" in said.out
    assert list(here.iterdir()) == []


def test_numbers_are_those_of_the_library(planned: Call) -> None:
    """Formulas are the library's, with the options given, and the study is not needed for them."""
    found = planned("--n", 20, "--rho", 0.6, "--power", 0.9, "--level", 0.01, "--difference", 0.7, "--pairs", 1)

    c, d = found["correlation"], found["difference"]
    assert c["power_one_pair"] == pytest.approx(correlation_power(0.6, 20, level=0.01))
    assert c["seeds_needed_one_pair"] == points_needed(0.6, 0.9, 0.01)
    assert c["power_low"] < c["power"] < c["power_high"]
    assert c["power"] == pytest.approx(c["power_one_pair"], abs=0.06)
    assert c["seeds_needed"] == pytest.approx(c["seeds_needed_one_pair"], rel=0.15)
    assert d["seeds_needed"] == seeds_needed(0.7, 0.9, 0.01)
    assert d["detectable_dz"] == pytest.approx(detectable_difference(20, 0.9, 0.01))
    assert (found["seeds"], c["pairs"], d["points"], d["observed"]) == (20, 1, None, [])


def test_table_falls_with_seeds(planned: Call) -> None:
    """More seeds detect less, and have more power."""
    table = planned()["table"]

    for key, falls in (("rho", True), ("dz", True), ("power_rho_0.5", False), ("power_dz_1", False)):
        values = [row[key] for row in table]
        assert values == sorted(values, reverse=falls)


def test_same_plan_twice(planned: Call) -> None:
    """Simulations are seeded."""
    assert planned("--n", 12) == planned("--n", 12)


def test_reads_a_study_and_its_runs(planned: Call, wide: Any, fabricate: Callable[..., Any], here: Path) -> None:
    """A study file gives seeds and pairs; finished runs give the spread, in points, of every two representations."""
    made = fabricate(wide.narrowed(tasks=("xnli",)), seeds=5)
    text = """
schema = 1
name = "wide"
description = "As the one that was made up."
seeds = 5
languages = ["eng", "swa", "urd"]
[tasks.xnli]
languages = ["eng", "swa", "urd"]
representations = ["subword", "character", "phoneme"]
[representations.subword]
kind = "subword"
[representations.character]
kind = "character"
[representations.phoneme]
kind = "phoneme"
"""
    (here / "wide.toml").write_text(text, encoding="utf-8")

    found = planned("--study", "wide.toml", "--runs", made.store.root, "--difference", "2pt")

    scores: dict[str, dict[int, list[float]]] = {}
    for run in RunStore(made.store.root).select(study="wide"):
        scores.setdefault(run.cell.representation, {}).setdefault(run.seed, []).append(run.score())
    means = {r: np.array([np.mean(rows[s]) for s in range(5)]) for r, rows in scores.items()}
    observed = {(row["a"], row["b"]): row["sd_difference"] for row in found["difference"]["observed"]}
    assert len(observed) == 3
    for (a, b), spread in observed.items():
        assert spread == pytest.approx(np.std(means[a] - means[b], ddof=1))
    widest = max(observed.values())
    assert (found["seeds"], found["correlation"]["pairs"]) == (5, 2)
    assert found["difference"]["dz"] == pytest.approx(2.0 / widest)
    assert found["difference"]["detectable_points"] == pytest.approx(detectable_difference(5) * widest)


def test_shows_what_was_observed(gapstudy: Call, micro_file: Path, runs: Path) -> None:
    """In text the observed spread is a table, and differences are in points too."""
    said = gapstudy("plan", "--study", micro_file, "--n", 8, "--difference", "1.5")

    assert said.code == 0, said.err
    assert runs.is_dir()
    assert "8 seeds" in said.out
    assert "Observed over seeds" in said.out
    assert "points)" in said.out


def test_many_seeds_are_not_simulated(planned: Call) -> None:
    """Beyond what a simulation can do in a moment the formula answers alone; what needs more than 200 seeds is null."""
    found = planned("--n", 500, "--rho", 0.05)["correlation"]

    assert "power" not in found
    assert found["seeds_needed"] is None
    assert found["power_one_pair"] == pytest.approx(correlation_power(0.05, 500))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--n", 3), "3 is not in the range x>=4"),
        (("--rho", 1), "1.0 is not in the range -1.0<x<1.0"),
        (("--rho", 0), "0 cannot be detected"),
        (("--power", 1), "1.0 is not in the range 0.0<x<1.0"),
        (("--power", 0.04), "0.04 must be above --level 0.05"),
        (("--pairs", 0), "0 is not in the range 1<=x<=50"),
        (("--difference", "much"), "'much' is neither a number of standard deviations (0.8) nor of points (2pt)"),
        (("--difference", "0"), "'0' is neither a number"),
        (("--difference", "nan"), "'nan' is neither a number"),
        (("--difference", "2pt"), "'2pt' is in points, and no finished runs of two representations"),
        (("--study", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_wrong_usage(gapstudy: Call, options: tuple[object, ...], message: str) -> None:
    """Options that are out of range or cannot be read end with code 2 and name the value."""
    said = gapstudy("plan", *options)

    assert said.code == 2
    assert message in said.message


def test_a_correlation_no_number_of_seeds_detects(gapstudy: Call) -> None:
    """A target that a million seeds would not reach is said in one line, with code 1."""
    said = gapstudy("plan", "--rho", 0.001)

    assert said.code == 1
    assert said.message == "gapstudy: rho 0.001 cannot be detected with power 0.8 by 1000000 points\n"
