"""A against B over languages and seeds: the probability of improvement, and interquartile means.

Paper: none. A mean over languages is ruled by the easiest or hardest one; the probability that a run of A beats a run of
B, and the mean of the middle half of all scores, are not. Both come with the stratified bootstrap: seeds are resampled
within each language, languages are not (they are the study's, not a sample).

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

from gapstudy.stats.checks import check_level, check_resamples, matrix
from gapstudy.stats.estimate import Estimate

__all__ = ["cliffs_delta", "interquartile_difference", "interquartile_mean", "probability_of_improvement"]

Scores = npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]


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
        In [0, 1]; 0.5 where neither is better. Percentile interval; ``n`` counts seeds (the fewer).

    Raises
    ------
    ValueError
        If languages (or, paired, seeds) differ in number, there are fewer than 2 seeds, a score is NaN, or an option is
        out of its range.
    """
    first, second = _checked(a, b, paired=paired, n_resamples=n_resamples, level=level)
    of_a = _weights(first.shape, joint=joint, n_resamples=n_resamples, rng=rng)
    if paired:
        wins = (np.sign(first - second) + 1.0) / 2.0
        value, draws = float(wins.mean()), np.einsum("bsl,sl->b", of_a, wins) / wins.shape[1]
    else:
        of_b = _weights(second.shape, joint=joint, n_resamples=n_resamples, rng=rng)
        wins = (np.sign(first[:, None] - second[None, :]) + 1.0) / 2.0  # (n_seeds_a, n_seeds_b, n_languages)
        value = float(wins.mean())
        per_language = [np.einsum("bs,bs->b", of_a[..., i] @ wins[..., i], of_b[..., i]) for i in range(wins.shape[2])]
        draws = np.mean(per_language, axis=0)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    how = "runs of one seed" if paired else "every run with every run"
    method = f"P(A > B), {how}, {_words(joint)}, {n_resamples} resamples"
    return Estimate(value, float(low), float(high), level, min(len(first), len(second)), method)


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


def interquartile_mean(
    scores: Scores, *, joint: bool = False, n_resamples: int = 1000, level: float = 0.95, rng: np.random.Generator
) -> Estimate:
    """Mean of the middle half of all (seed, language) scores, with the stratified bootstrap.

    Parameters
    ----------
    scores : (n_seeds, n_languages), at least 2 seeds; the lowest and highest quarters (rounded down) are left out.
    joint, n_resamples, level, rng : as :func:`probability_of_improvement`.

    Returns
    -------
    Estimate
        In the unit of the scores; percentile interval; ``n`` counts seeds.

    Raises
    ------
    ValueError
        If there are fewer than 2 seeds, a score is NaN, or an option is out of its range.
    """
    s, _ = _checked(scores, scores, paired=True, n_resamples=n_resamples, level=level)
    draws = _middle(_resampled(s, _indices(s.shape, joint=joint, n_resamples=n_resamples, rng=rng)))
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    method = f"interquartile mean, {_words(joint)}, {n_resamples} resamples"
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
    """Interquartile mean of A minus that of B; ``paired`` draws the same seeds for both.

    Parameters and errors are those of :func:`probability_of_improvement`.
    """
    first, second = _checked(a, b, paired=paired, n_resamples=n_resamples, level=level)
    drawn = _indices(first.shape, joint=joint, n_resamples=n_resamples, rng=rng)
    others = drawn if paired else _indices(second.shape, joint=joint, n_resamples=n_resamples, rng=rng)
    draws = _middle(_resampled(first, drawn)) - _middle(_resampled(second, others))
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    value = float(_middle(first[None])[0] - _middle(second[None])[0])
    method = f"difference of interquartile means, {'paired' if paired else 'unpaired'} seeds, {_words(joint)}, {n_resamples} resamples"
    return Estimate(value, float(low), float(high), level, min(len(first), len(second)), method)


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


def _weights(shape: tuple[int, ...], *, joint: bool, n_resamples: int, rng: np.random.Generator) -> Float:
    """(n_resamples, n_seeds, n_languages) share of each seed in each resample of a language."""
    seeds, languages = shape
    size = (n_resamples, 1 if joint else languages)
    counts = rng.multinomial(seeds, np.full(seeds, 1.0 / seeds), size=size) / seeds
    return np.broadcast_to(np.moveaxis(counts, 2, 1), (n_resamples, seeds, languages))


def _words(joint: bool) -> str:
    return "bootstrap over seeds" if joint else "stratified bootstrap (seeds within languages)"


def _checked(a: Scores, b: Scores, *, paired: bool, n_resamples: int, level: float) -> tuple[Float, Float]:
    check_level(level)
    check_resamples(n_resamples)
    first, second = matrix("a", a, rows=2), matrix("b", b, rows=2)
    if first.shape[1] != second.shape[1]:
        msg = f"a and b must have the same languages, got {first.shape[1]} and {second.shape[1]} columns"
        raise ValueError(msg)
    if paired and len(first) != len(second):
        msg = f"paired a and b must have the same seeds, got {len(first)} and {len(second)} rows"
        raise ValueError(msg)
    return first, second
