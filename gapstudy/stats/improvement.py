"""A against B over languages and seeds: the probability of improvement.

Paper: none. A mean over languages is ruled by the easiest or hardest one; the probability that a run of A beats a run of
B is not. :mod:`gapstudy.stats.few_seeds` says which interval it has.

Percentiles of few seeds are short: for the difference of interquartile means a nominal 95 % interval covered 88 % with 5
seeds and 93 % with 15, for P(A > B) 93 and 95 % (simulated: four languages, unpaired).

References
----------
Bouthillier et al. (2021). Accounting for variance in machine learning benchmarks. MLSys, arXiv:2103.03098.
Agarwal et al. (2021). Deep reinforcement learning at the edge of the statistical precipice. NeurIPS, arXiv:2108.13264.
Cliff (1993). Dominance statistics. Psychological Bulletin 114(3), doi:10.1037/0033-2909.114.3.494.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gapstudy.stats.estimate import Estimate
from gapstudy.stats.few_seeds import BOOTSTRAP_SEEDS, checked, resampled_words, t_interval, welch

__all__ = ["cliffs_delta", "probability_of_improvement"]

Scores = npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]

# Standard errors of shares below this are rounding.
_ROUNDING = 1e-12


def probability_of_improvement(
    a: Scores,
    b: Scores,
    *,
    paired: bool = False,
    joint: bool = False,
    n_resamples: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """P(A > B), ties half: the chance that a run of A scores above a run of B, averaged over languages.

    Parameters
    ----------
    a, b : (n_seeds_a, n_languages) and (n_seeds_b, n_languages) scores, at least 2 seeds each.
    paired : compare runs of the same seed only (Bouthillier et al.); else every run of A with every run of B
        (Agarwal et al.).
    joint : resample a seed with all its languages (zero-shot transfer: one model serves them); else each language's
        seeds on their own.
    n_resamples : >= 19.
    level : nominal coverage, in (0, 1).
    rng : source of all draws.

    Returns
    -------
    Estimate
        In [0, 1]; 0.5 where neither is better. ``n`` counts seeds (the fewer). With fewer than 10 seeds a t interval over
        seeds, with more a percentile interval, cut to [0, 1]; where all seeds agree (A always wins) Clopper and Pearson's
        limits for as many comparisons as are independent: the seeds, in each language apart unless ``joint``.
        ``method`` says which.

    Raises
    ------
    ValueError
        If languages (or, paired, seeds) differ in number, there are fewer than 2 seeds, a score is NaN, or an option is
        out of its range.
    """
    first, second = checked(a, b, paired=paired, n_resamples=n_resamples, level=level)
    n = min(len(first), len(second))
    if paired:
        wins = (np.sign(first - second) + 1.0) / 2.0
        sides = [wins.mean(axis=1)]
    else:
        wins = (np.sign(first[:, None] - second[None, :]) + 1.0) / 2.0  # (n_seeds_a, n_seeds_b, n_languages)
        sides = [wins.mean(axis=(1, 2)), wins.mean(axis=(0, 2))]  # what each seed of A wins, and each of B loses
    value, (error, freedom) = float(wins.mean()), _standard_error(sides)
    if error <= _ROUNDING:
        comparisons = n if joint else n * wins.shape[-1]
        low, high = _binomial(value, comparisons, level)
        words = f"all seeds agree: Clopper-Pearson limits of {comparisons} comparisons"
    elif n < BOOTSTRAP_SEEDS:
        low, high = t_interval(value, error, freedom, level)
        words = f"t interval over seeds, {freedom:.1f} degrees of freedom"
    else:
        draws = _won(wins, first.shape, second.shape, paired=paired, joint=joint, n_resamples=n_resamples, rng=rng)
        low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
        words = f"{resampled_words(joint)}, {n_resamples} resamples"
    how = "runs of one seed" if paired else "every run with every run"
    return Estimate(value, max(0.0, float(low)), min(1.0, float(high)), level, n, f"P(A > B), {how}, {words}")


def cliffs_delta(
    a: Scores, b: Scores, *, n_resamples: int = 1000, level: float = 0.95, rng: np.random.Generator
) -> Estimate:
    """Cliff's delta, P(A > B) - P(A < B) over every pair of runs, averaged over languages: 2 P(A > B) - 1.

    Parameters and errors are those of :func:`probability_of_improvement`, unpaired.

    Returns
    -------
    Estimate
        In [-1, 1]; exchanging A and B changes its sign.
    """
    e = probability_of_improvement(a, b, n_resamples=n_resamples, level=level, rng=rng)
    value, low, high = (2.0 * v - 1.0 for v in (e.value, e.low, e.high))
    return Estimate(value, low, high, level, e.n, e.method.replace("P(A > B)", "Cliff's delta"))


def _won(
    wins: Float,
    of_a: tuple[int, ...],
    of_b: tuple[int, ...],
    *,
    paired: bool,
    joint: bool,
    n_resamples: int,
    rng: np.random.Generator,
) -> Float:
    """(n_resamples,) share of comparisons that A wins in resampled seeds."""
    a = _weights(of_a, joint=joint, n_resamples=n_resamples, rng=rng)
    if paired:
        return np.asarray(np.einsum("bsl,sl->b", a, wins) / wins.shape[1])
    b = _weights(of_b, joint=joint, n_resamples=n_resamples, rng=rng)
    per_language = [np.einsum("bs,bs->b", a[..., i] @ wins[..., i], b[..., i]) for i in range(wins.shape[2])]
    return np.asarray(np.mean(per_language, axis=0))


def _standard_error(sides: list[Float]) -> tuple[float, float]:
    """Standard error of a share from what each seed of each side contributes, and its degrees of freedom."""
    return welch([(float(side.var(ddof=1)) / len(side), len(side) - 1) for side in sides])


def _binomial(share: float, n: int, level: float) -> tuple[float, float]:
    """Clopper and Pearson's limits of a share of n comparisons, ties half."""
    from scipy.special import betaincinv

    won = share * n
    low = float(betaincinv(won, n - won + 1.0, (1 - level) / 2)) if share > 0 else 0.0
    high = float(betaincinv(won + 1.0, n - won, (1 + level) / 2)) if share < 1 else 1.0
    return low, high


def _weights(shape: tuple[int, ...], *, joint: bool, n_resamples: int, rng: np.random.Generator) -> Float:
    """(n_resamples, n_seeds, n_languages) share of each seed in each resample of a language."""
    seeds, languages = shape
    size = (n_resamples, 1 if joint else languages)
    counts = rng.multinomial(seeds, np.full(seeds, 1.0 / seeds), size=size) / seeds
    return np.broadcast_to(np.moveaxis(counts, 2, 1), (n_resamples, seeds, languages))
