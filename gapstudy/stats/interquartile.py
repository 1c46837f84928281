"""A against B over languages and seeds: interquartile means.

Paper: none. A mean over languages is ruled by the easiest or hardest one; the mean of the middle half of all scores is
not. :mod:`gapstudy.stats.few_seeds` says which interval a difference has.

References
----------
Agarwal et al. (2021). Deep reinforcement learning at the edge of the statistical precipice. NeurIPS, arXiv:2108.13264.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gapstudy.stats.estimate import Estimate
from gapstudy.stats.few_seeds import BOOTSTRAP_SEEDS, checked, resampled_words, t_interval, welch
from gapstudy.stats.jackknife import jackknife_interval

__all__ = ["interquartile_difference", "interquartile_mean"]

Scores = npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]


def interquartile_mean(
    scores: Scores, *, joint: bool = False, n_resamples: int = 1000, level: float = 0.95, rng: np.random.Generator
) -> Estimate:
    """Mean of the middle half of all (seed, language) scores, with the stratified bootstrap.

    Parameters
    ----------
    scores : (n_seeds, n_languages), at least 2 seeds; the lowest and highest quarters (rounded down) are left out.
    joint, n_resamples, level, rng : as :func:`gapstudy.stats.probability_of_improvement`.

    Returns
    -------
    Estimate
        In the unit of the scores; percentile interval; ``n`` counts seeds.

    Raises
    ------
    ValueError
        If there are fewer than 2 seeds, a score is NaN, or an option is out of its range.
    """
    s, _ = checked(scores, scores, paired=True, n_resamples=n_resamples, level=level)
    draws = _middle(_resampled(s, _indices(s.shape, joint=joint, n_resamples=n_resamples, rng=rng)))
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    method = f"interquartile mean, {resampled_words(joint)}, {n_resamples} resamples"
    return Estimate(float(_middle(s[None])[0]), float(low), float(high), level, len(s), method)


def interquartile_difference(
    a: Scores,
    b: Scores,
    *,
    paired: bool = True,
    joint: bool = False,
    n_resamples: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Interquartile mean of A minus that of B; ``paired``: row s of both is the same seed.

    Parameters and errors are those of :func:`gapstudy.stats.probability_of_improvement`.

    Returns
    -------
    Estimate
        In the unit of the scores. With fewer than 10 seeds a t interval by the jackknife over seeds (Welch's degrees of
        freedom where they are not paired), with more a percentile interval; ``method`` says which.
    """
    first, second = checked(a, b, paired=paired, n_resamples=n_resamples, level=level)
    value, n = float(_middle(first[None])[0] - _middle(second[None])[0]), min(len(first), len(second))
    method = f"difference of interquartile means, {'paired' if paired else 'unpaired'} seeds"
    if n < BOOTSTRAP_SEEDS:
        low, high, words = _jackknifed(first, second, paired=paired, level=level)
        return Estimate(value, low, high, level, n, f"{method}, {words}")
    drawn = _indices(first.shape, joint=joint, n_resamples=n_resamples, rng=rng)
    others = drawn if paired else _indices(second.shape, joint=joint, n_resamples=n_resamples, rng=rng)
    draws = _middle(_resampled(first, drawn)) - _middle(_resampled(second, others))
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(
        value, float(low), float(high), level, n, f"{method}, {resampled_words(joint)}, {n_resamples} resamples"
    )


def _jackknifed(first: Float, second: Float, *, paired: bool, level: float) -> tuple[float, float, str]:
    """Interval of the difference of interquartile means over seeds, and what it is."""
    if paired:
        e = jackknife_interval(
            lambda s: float(np.diff(_middle(s.swapaxes(0, 1)))[0]), np.stack([second, first], axis=1), level=level
        )
        return e.low, e.high, e.method
    value, variances = 0.0, []
    for sign, scores in ((1.0, first), (-1.0, second)):
        n, value = len(scores), value + sign * float(_middle(scores[None])[0])
        left_out = [float(_middle(np.delete(scores, i, axis=0)[None])[0]) for i in range(n)]
        variances.append(((n - 1) * float(np.var(left_out)), n - 1))
    error, freedom = welch(variances)
    low, high = t_interval(value, error, freedom, level)
    return low, high, f"t interval by the jackknife over seeds, {freedom:.1f} degrees of freedom"


def _middle(tables: Float) -> Float:
    """(n,) mean of the middle half of each of n tables."""
    flat = np.sort(tables.reshape(len(tables), -1), axis=1)
    cut = flat.shape[1] // 4
    return np.asarray(flat[:, cut : flat.shape[1] - cut].mean(axis=1))


def _indices(
    shape: tuple[int, ...], *, joint: bool, n_resamples: int, rng: np.random.Generator
) -> npt.NDArray[np.intp]:
    """(n_resamples, n_seeds, n_languages) drawn seeds; the same for all languages where ``joint``."""
    seeds, languages = shape
    drawn = rng.integers(0, seeds, size=(n_resamples, seeds, 1 if joint else languages))
    return np.broadcast_to(drawn, (n_resamples, seeds, languages))


def _resampled(scores: Float, drawn: npt.NDArray[np.intp]) -> Float:
    return scores[drawn, np.arange(scores.shape[1])]
