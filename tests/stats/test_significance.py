"""Tests of p-values and of Holm's correction, with the paper's Table 3 as numbers of record."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest
from scipy import stats as scipy_stats

from gapstudy.stats import holm, kendall_p_value, t_p_value

# Table 3: Spearman's rho, its p recomputed with n = 30 and as printed; Kendall's tau, its p recomputed and printed.
TABLE3 = {
    "english-performance": (0.111, 0.559, 0.56, 0.104, 0.436, 0.43),
    "sinkhorn": (0.681, 3.4e-5, 3.5e-5, 0.457, 2.6e-4, 2.0e-4),
    "cka": (-0.782, 3.3e-7, 3.4e-7, -0.577, 2.1e-6, 2.1e-6),
}
N_PAPER = 30  # 15 seeds x 2 language pairs, not the "45 models" of the text


@pytest.mark.parametrize("row", TABLE3)
def test_table_3(row: str) -> None:
    """The p-values of Table 3 follow from its coefficients with 30 points, to the digits that its rounding leaves."""
    rho, rho_p, rho_printed, tau, tau_p, tau_printed = TABLE3[row]
    assert t_p_value(rho, N_PAPER) == pytest.approx(rho_p, rel=0.02)
    assert t_p_value(rho, N_PAPER) == pytest.approx(rho_printed, rel=0.04)
    assert kendall_p_value(tau, N_PAPER) == pytest.approx(tau_p, rel=0.02)
    assert kendall_p_value(tau, N_PAPER) == pytest.approx(tau_printed, rel=0.35)  # printed 0.0002 is 2.6e-4 cut off


def test_table_3_is_not_of_45_points() -> None:
    """With the 45 points that the text suggests, the printed p-values would be other ones."""
    assert t_p_value(0.681, 45) < 1e-6
    assert kendall_p_value(-0.577, 45) < 1e-7


@pytest.mark.parametrize("n", [4, 5, 12, 33])
def test_exact_kendall_is_scipy_s(n: int) -> None:
    """The exact p equals SciPy's for columns without ties."""
    rng = np.random.default_rng(n)
    for _ in range(5):
        x, y = rng.normal(size=n), rng.normal(size=n)
        theirs = scipy_stats.kendalltau(x, y, method="exact")
        assert kendall_p_value(float(theirs.statistic), n) == pytest.approx(float(theirs.pvalue), rel=1e-10)


def test_exact_kendall_by_enumeration() -> None:
    """For five points the p-value is the share of all 120 permutations that are at least as extreme."""
    taus = [float(scipy_stats.kendalltau(range(5), p).statistic) for p in itertools.permutations(range(5))]
    for tau in set(taus):
        share = np.mean([abs(t) >= abs(tau) - 1e-9 for t in taus])
        assert kendall_p_value(tau, 5) == pytest.approx(share)


@pytest.mark.parametrize("n", [3, 10, 30, 500])
def test_t_p_value_is_scipy_s(n: int) -> None:
    """The t p-value equals SciPy's for Pearson and Spearman."""
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=n), rng.normal(size=n)
    for theirs in (scipy_stats.pearsonr(x, y), scipy_stats.spearmanr(x, y)):
        assert t_p_value(float(theirs.statistic), n) == pytest.approx(float(theirs.pvalue), rel=1e-8)


def test_perfect_coefficients() -> None:
    """A perfect coefficient has the smallest p by t, never 0, and 2 / n! exactly."""
    assert t_p_value(1.0, 10) == t_p_value(-1.0, 10) == sys.float_info.min
    assert t_p_value(1.0 - 1e-16, 900) > 0.0
    assert kendall_p_value(-1.0, 4) == pytest.approx(2 / 24)
    assert kendall_p_value(0.0, 4) == 1.0


def test_holm_by_hand() -> None:
    """Holm multiplies the sorted p-values by m, m - 1, .. and never lets them fall."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.5]) == pytest.approx([1.0, 1.0])
    assert holm([0.2]) == pytest.approx([0.2])


def test_holm_is_statsmodels() -> None:
    """With ties and any order, corrected p-values are those of statsmodels."""
    from statsmodels.stats.multitest import multipletests

    for seed in range(20):
        p = np.round(np.random.default_rng(seed).random(7) ** 3, 2)
        assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_errors() -> None:
    """Values out of range are errors that name them."""
    with pytest.raises(ValueError, match=r"lies in \[-1, 1\], got 1.5"):
        t_p_value(1.5, 10)
    with pytest.raises(ValueError, match=r"lies in \[-1, 1\], got nan"):
        kendall_p_value(float("nan"), 10)
    with pytest.raises(ValueError, match="n must be at least 3, got 2"):
        kendall_p_value(0.5, 2)
    with pytest.raises(ValueError, match=r"p_values must lie in \[0, 1\], got 0.1 to 1.2"):
        holm([0.1, 1.2])
    with pytest.raises(ValueError, match="p_values has 1 NaN"):
        holm([0.1, float("nan")])
    with pytest.raises(ValueError, match="p_values must have at least 1 values, got 0"):
        holm([])
