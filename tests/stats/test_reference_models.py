"""More values recorded from R: regression, power, paired tests, dependent correlations and the companions of CKA."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from gapstudy.stats import (
    compare_dependent,
    dependent_difference,
    detectable_difference,
    difference_power,
    mixed_model,
    paired_comparison,
    procrustes_distance,
    procrustes_similarity,
    rsa,
    seeds_needed,
    variance_split,
)

R: dict[str, Any] = json.loads((Path(__file__).parent / "reference" / "values.json").read_text("utf-8"))


def centred_by_pair(values: list[float], pair: list[str]) -> np.ndarray:
    """Values less the mean of their pair, and the length that standardisation takes."""
    v, labels = np.array(values), np.array(pair)
    for name in np.unique(labels):
        v[labels == name] -= v[labels == name].mean()
    return v


def test_mixed_model_is_that_of_lme() -> None:
    """Slope, standard error and share of the seed are those of nlme's lme (REML), but for our standardisation."""
    case = R["mixed_model"]
    ours = mixed_model(case["x"], case["y"], clusters=case["seed"], groups=case["pair"])
    x, y = (centred_by_pair(case[name], case["pair"]) for name in ("x", "y"))
    scale = math.sqrt(float((x**2).mean() / (y**2).mean()))  # slope in standard deviations within pairs
    assert ours.slope.value == pytest.approx(case["slope"] * scale, rel=1e-5)
    half = (ours.slope.high - ours.slope.low) / 2.0
    # statsmodels inverts the information of slope and variances together, lme that of the slope given the variances
    quantile = float(scipy_stats.t.ppf(0.975, len(set(case["seed"])) - 2))
    assert half == pytest.approx(quantile * case["slope_se"] * scale, rel=5e-3)
    share = case["sd_seed"] ** 2 / (case["sd_seed"] ** 2 + case["sd_rest"] ** 2)
    assert ours.seed_share == pytest.approx(share, rel=1e-4)


def test_variance_split_is_that_of_the_two_way_anova() -> None:
    """Mean squares and rest are those of R's anova of seed + pair."""
    case = R["two_way_anova"]
    split = variance_split(case["y"], clusters=case["seed"], groups=case["pair"])
    assert split.row_square == pytest.approx(case["sum_sq_seed"] / 11, rel=1e-10)
    assert split.column_square == pytest.approx(case["sum_sq_pair"] / 1, rel=1e-10)
    assert split.rest == pytest.approx(case["sum_sq_rest"] / 11, rel=1e-10)
    assert split.rows == pytest.approx((case["sum_sq_seed"] - case["sum_sq_rest"]) / 11 / 2, rel=1e-10)


@pytest.mark.parametrize("case", R["power_paired_t"], ids=lambda c: f"{c['n']} seeds")
def test_power_is_that_of_power_t_test(case: dict[str, float]) -> None:
    """Power of paired differences equals power.t.test's (strict: both tails)."""
    assert difference_power(case["dz"], int(case["n"])) == pytest.approx(case["power"], rel=1e-6)


def test_seeds_and_differences_are_those_of_power_t_test() -> None:
    """The seeds needed are power.t.test's number rounded up, the detectable difference is its delta."""
    needed, detectable = R["power_paired_t_n"], R["power_paired_t_detectable"]
    assert seeds_needed(needed["dz"], needed["power"]) == math.ceil(needed["n"]) == 34
    assert detectable_difference(detectable["n"], detectable["power"]) == pytest.approx(detectable["dz"], rel=1e-4)


def test_paired_tests_are_those_of_r() -> None:
    """The p-values of the paired t test and of Wilcoxon's exact signed ranks are R's."""
    case = R["paired"]
    c = paired_comparison(case["a"], case["b"], rng=np.random.default_rng(0))
    assert c.difference.p_value == pytest.approx(case["t_test"]["p"], rel=1e-9)
    assert (c.difference.low, c.difference.high) == pytest.approx((case["t_test"]["low"], case["t_test"]["high"]))
    assert c.wilcoxon_p == pytest.approx(case["wilcoxon"]["p"], rel=1e-9)


@pytest.mark.parametrize("test", ["meng", "steiger"])
def test_dependent_correlations_are_the_formulas(test: str) -> None:
    """Values of z and p equal the papers' equations as written out in R."""
    for case in R["meng_rosenthal_rubin" if test == "meng" else "steiger"]:
        e = dependent_difference(case["r1"], case["r2"], case["rx"], case["n"], test=test)
        half = (e.high - e.low) / 2.0
        assert 1.959963984540054 * e.value / half == pytest.approx(case["z"], rel=1e-9)
        assert e.p_value == pytest.approx(case["p"], rel=1e-9)


def test_dependent_correlations_from_columns() -> None:
    """Columns with the recorded coefficients, signs turned so that both rise with y, give the recorded p."""
    case = R["meng_rosenthal_rubin"][2]
    n, target = (
        case["n"],
        np.array([[1, case["rx"], case["r1"]], [case["rx"], 1, case["r2"]], [case["r1"], case["r2"], 1]]),
    )
    white, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(n, 4)) * [0, 1, 1, 1] + [[1, 0, 0, 0]])
    x1, x2, y = (white[:, 1:] @ np.linalg.cholesky(target).T).T
    assert compare_dependent(x1, -x2, y).p_value == pytest.approx(case["p"], rel=1e-9)


def test_procrustes_is_the_nuclear_norm() -> None:
    """Similarity is the nuclear norm of X'Y over the norms of centred X and Y, with R's singular values."""
    case = R["procrustes"]
    x, y = np.array(case["x"]), np.array(case["y"])
    similarity = case["nuclear_norm"] / (case["norm_x"] * case["norm_y"])
    assert procrustes_similarity(x, y) == pytest.approx(similarity, abs=1e-12)
    assert procrustes_distance(x, y) == pytest.approx(math.sqrt(2 - 2 * similarity), abs=1e-10)


def test_rsa_is_spearman_of_dist() -> None:
    """RSA of Euclidean distances is R's Spearman correlation of dist()."""
    case = R["rsa"]
    found = rsa(np.array(case["x"]), np.array(case["y"]), distance="euclidean")
    assert found == pytest.approx(case["spearman_of_euclidean_distances"], abs=1e-12)
