"""Is representation A better than B? Tests whose unit is the seed.

Paper: Tables 1 and 2 put the better value in bold and test nothing. Two runs of one seed share the order of the
training examples and every other draw that the seed decides; where these matter the two scores move together and the
differences vary less, which is what pairing is for (``correlation`` says how much). Test items are no replication of
training: what an item-level test says holds for the models of one seed.

References
----------
Dror, Baumer, Shlomov, Reichart (2018). The hitchhiker's guide to testing statistical significance in NLP. ACL,
doi:10.18653/v1/P18-1128.
Phipson, Smyth (2010). Permutation p-values should never be zero. SAGMB 9(1), doi:10.2202/1544-6115.1585.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_resamples, same_rows, vector
from gapstudy.stats.effect import effect_size
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.resample import mean_interval

__all__ = ["EXACT_SIGN_FLIPS", "PairedComparison", "paired_comparison", "sign_flip_p"]

Values = Sequence[float] | npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]

EXACT_SIGN_FLIPS = 15
"""Up to so many seeds every one of the 2^S sign patterns is counted."""

# Sums that differ by less than this share of the largest are equal but for rounding.
_ROUNDING = 1e-12

# Differences are ranked after rounding to this share of the largest: 81.0 - 80.6 and 80.6 - 80.2 are equal but for it.
_RANKED = 1e-9


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """A against B over the same seeds.

    Attributes
    ----------
    difference : mean of A - B in the unit of the scores, t interval, p of the paired t test.
    wilcoxon_p : two-sided p of Wilcoxon's signed ranks (exact without ties up to 50 seeds).
    sign_flip_p : two-sided p of exchanging A and B within seeds; at least 2 / 2^S.
    exact : whether every sign pattern was counted.
    dz : mean difference in standard deviations **of the differences**, with its noncentral t interval.
    correlation : of A and B over seeds (Pearson): pairing gains where it is positive; NaN where one is constant.
    """

    difference: Estimate
    wilcoxon_p: float
    sign_flip_p: float
    exact: bool
    dz: Estimate
    correlation: float


def paired_comparison(
    a: Values, b: Values, *, level: float = 0.95, n_resamples: int = 9_999, rng: np.random.Generator
) -> PairedComparison:
    """Compare two columns of scores of the same seeds.

    Parameters
    ----------
    a, b : (n_seeds,) scores, value i of both from the same seed, n_seeds >= 2; any one unit.
    level : nominal coverage, in (0, 1).
    n_resamples : number of sign patterns drawn where there are too many to count, >= 19.
    rng : source of these draws.

    Returns
    -------
    PairedComparison
        Exchanging a and b changes the signs of ``difference`` and ``dz`` and nothing else.

    Raises
    ------
    ValueError
        If lengths differ, there are fewer than 2 seeds, a score is NaN, or an option is out of its range.
    """
    first, second = vector("a", a, at_least=2), vector("b", b, at_least=2)
    same_rows("a", first, "b", second)
    d = first - second
    p_flip, exact = sign_flip_p(d, n_resamples=n_resamples, rng=rng)
    constant = np.ptp(first) == 0 or np.ptp(second) == 0
    together = float("nan") if constant else float(np.corrcoef(first, second)[0, 1])
    return PairedComparison(_paired_t(d, level), _wilcoxon_p(d), p_flip, exact, effect_size(d, level=level), together)


def sign_flip_p(differences: Values, *, n_resamples: int = 9_999, rng: np.random.Generator) -> tuple[float, bool]:
    """Two-sided p of the mean under exchange of A and B within seeds, and whether every pattern was counted.

    Parameters
    ----------
    differences : (n_seeds,) A - B of each seed.
    n_resamples : patterns drawn when there are more than 15 seeds, >= 19.
    rng : source of the draws.

    Returns
    -------
    (p, exact) : p in (0, 1]; (1 + r) / (1 + n_resamples) where patterns are drawn.

    Raises
    ------
    ValueError
        If there are no differences, one is NaN, or ``n_resamples`` is too small.
    """
    d = vector("differences", differences)
    check_resamples(n_resamples)
    n, observed = len(d), abs(float(d.sum()))
    threshold = observed - _ROUNDING * float(np.abs(d).sum())
    if n <= EXACT_SIGN_FLIPS:
        sums = np.zeros(1)
        for value in d:
            sums = np.concatenate([sums + value, sums - value])
        return float(np.mean(np.abs(sums) >= threshold)), True
    signs = 2.0 * rng.integers(0, 2, size=(n_resamples, n)) - 1.0
    return (1 + int(np.count_nonzero(np.abs(signs @ d) >= threshold))) / (n_resamples + 1), False


def _paired_t(d: Float, level: float) -> Estimate:
    """Mean difference with t interval and p; no p where the differences are equal and not 0."""
    from scipy.special import stdtr

    mean = mean_interval(d, level=level)
    error = float(d.std(ddof=1)) / math.sqrt(len(d))
    method = "mean paired difference, t interval, paired t"
    if error <= _ROUNDING * float(np.abs(d).max()):
        return Estimate(mean.value, mean.value, mean.value, level, len(d), method, None if d.any() else 1.0)
    p_value = 2.0 * float(stdtr(len(d) - 1, -abs(mean.value) / error))
    return Estimate(mean.value, mean.low, mean.high, level, len(d), method, p_value)


def _wilcoxon_p(d: Float) -> float:
    """Two-sided p of the signed ranks, as SciPy's but that rounding makes no ranks; 1 where no pair differs."""
    if not d.any():
        return 1.0
    from scipy.stats import wilcoxon

    step = _RANKED * float(np.abs(d).max())
    return float(wilcoxon(np.round(d / step)).pvalue)
