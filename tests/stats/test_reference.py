"""Values recorded from R (``reference/record.R``): the same inputs give the same numbers here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gapstudy.stats import (
    cka,
    cka_floor,
    clopper_pearson,
    correlation,
    error_difference,
    holm,
    kendall_p_value,
    mean_interval,
    mean_rpd,
    spread,
    t_p_value,
)
from gapstudy.stats.resample import resampling_interval

R: dict[str, Any] = json.loads((Path(__file__).parent / "reference" / "values.json").read_text("utf-8"))


def rng() -> np.random.Generator:
    """A generator: point estimates and textbook p-values do not depend on it."""
    return np.random.default_rng(0)


@pytest.mark.parametrize("data", ["small", "thirty", "ties"])
@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_correlations_are_those_of_cor_test(data: str, method: str) -> None:
    """Coefficients equal cor.test's with and without ties; p-values too, Spearman's being the t form."""
    case = R["correlation"][data]
    e = correlation(case["x"], case["y"], method=method, n_resamples=19, rng=rng())
    assert e.value == pytest.approx(case[method]["estimate"], abs=1e-12)
    p = case["spearman_t_p"] if method == "spearman" else case[method]["p"]
    assert e.p_value == pytest.approx(p, rel=1e-9)


def test_p_values_from_coefficients() -> None:
    """The helpers that Table 3 is checked with give R's p-values from the coefficient and n alone."""
    case = R["correlation"]["thirty"]
    assert kendall_p_value(case["kendall"]["estimate"], 30) == pytest.approx(case["kendall"]["p"], rel=1e-9)
    assert t_p_value(case["pearson"]["estimate"], 30) == pytest.approx(case["pearson"]["p"], rel=1e-9)


def test_spearman_by_t_is_near_the_exact_one() -> None:
    """At 12 and 30 points the t form of Spearman's p is within an eighth of R's exact (Edgeworth) one."""
    for data in ("small", "thirty"):
        case = R["correlation"][data]
        assert case["spearman_t_p"] == pytest.approx(case["spearman"]["p"], rel=0.125)


def test_holm_is_p_adjust() -> None:
    """Holm's correction equals p.adjust."""
    assert holm(R["p_adjust"]["p"]) == pytest.approx(R["p_adjust"]["holm"], rel=1e-12)


def test_clopper_pearson_is_binom_test() -> None:
    """Intervals of proportions equal binom.test's at three levels, ends at 0 and 1 included."""
    for case in (one for several in R["clopper_pearson"] for one in several):
        e = clopper_pearson(case["successes"], case["n"], level=case["level"])
        assert (e.low, e.high) == pytest.approx((case["low"], case["high"]), abs=1e-12)


def test_mcnemar_is_the_exact_binomial_test() -> None:
    """The p-value of a paired difference of error rates is binom.test's of the discordant items."""
    for case in R["mcnemar_exact"]:
        i, j = case["only_a_wrong"], case["only_b_wrong"]
        a = np.r_[np.zeros(i), np.ones(j), np.ones(100)]
        b = np.r_[np.ones(i), np.zeros(j), np.ones(100)]
        assert error_difference(a, b).p_value == pytest.approx(case["p"], rel=1e-10)


def test_means_are_those_of_t_test() -> None:
    """Mean and paired difference over seeds have t.test's intervals."""
    case = R["paired"]
    for values, wanted in (
        (case["a"], case["mean"]),
        (np.subtract(case["a"], case["b"]), {"value": case["t_test"]["difference"], **case["t_test"]}),
    ):
        e = mean_interval(values)
        assert (e.value, e.low, e.high) == pytest.approx((wanted["value"], wanted["low"], wanted["high"]), abs=1e-10)


def test_quantiles_are_type_7() -> None:
    """The quantiles of percentile intervals are R's default, type 7."""
    case = R["quantile_type7"]
    assert np.quantile(case["x"], case["probs"]) == pytest.approx(case["value"], abs=1e-12)


def test_bca_is_that_of_boot() -> None:
    """From the same resamples, BCa and percentile ends are those of boot.ci but for how quantiles are interpolated."""
    case = R["bca"]
    data: npt.NDArray[np.float64] = np.array(case["data"])
    left_out = [np.delete(data, i) for i in range(len(data))]
    jackknife = np.array([d.mean() / d.std(ddof=1) for d in left_out])
    draws = np.array(case["draws"])
    low, high, words = resampling_interval(case["value"], draws, jackknife, level=0.95)
    assert words == "BCa interval"
    assert (low, high) == pytest.approx(case["bca"], rel=1e-2)
    low, high, _ = resampling_interval(case["value"], draws, None, level=0.95)
    assert (low, high) == pytest.approx(case["percentile"], rel=1e-2)
    assert case["bca"][0] < case["percentile"][0] - 0.01  # the two are told apart


def test_cka_is_matrix_algebra() -> None:
    """Plain and debiased CKA and the floor equal the formulas written out in R with n x n matrices."""
    case = R["cka"]
    x, y = np.array(case["x"]), np.array(case["y"])
    assert cka(x, y) == pytest.approx(case["plain"], abs=1e-12)
    assert cka(x, y, debiased=True) == pytest.approx(case["debiased"], abs=1e-12)
    assert cka_floor([x, y])[0, 1] == pytest.approx(case["floor"], abs=1e-12)


def test_debiased_cka_is_the_u_statistic() -> None:
    """HSIC_1 is the average over all ordered quadruples of distinct sentences, as its definition says."""
    case = R["cka"]
    x, y = np.array(case["x"])[:8], np.array(case["y"])[:8]
    assert cka(x, y, debiased=True) == pytest.approx(case["debiased_first_8"], abs=1e-12)


def test_gap_statistics() -> None:
    """Mean RPD and spread of Table 1's second row are R's (the paper prints 0.0259 for the latter)."""
    case = R["rpd"]
    assert mean_rpd(case["scores"]) == pytest.approx(case["mean_rpd"], rel=1e-12)
    assert spread(case["scores"]) == pytest.approx(case["sd_fraction"], rel=1e-12)


def test_record_says_what_made_it() -> None:
    """The recorded values name the version of R and of its packages, and so does the README beside them."""
    readme = (Path(__file__).parent / "reference" / "README.md").read_text("utf-8")
    assert R["made_by"]["R"].removeprefix("R version ").split()[0] in readme
    assert R["made_by"]["nlme"].replace(".162", "-162") in readme
