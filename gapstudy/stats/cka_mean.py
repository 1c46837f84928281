"""CKA averaged over pairs of languages and over seeds, with an interval over sentences.

Paper: Table 1, "Mean CKA". Every seed and pair shares the same resampled sentences, so that the interval is that of
the mean and not a mean of intervals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level, check_resamples
from gapstudy.stats.cka_resampling import draw_weights, resampled_cka
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.gram import centred_all, inner_products, normalised

__all__ = ["ResampledCka", "draws_of_mean", "mean_cka", "mean_cka_difference"]

Array = npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ResampledCka:
    """Mean CKA over pairs of languages for one seed, or its mean over seeds, and its resamples.

    Attributes
    ----------
    value : over all sentences.
    draws : (n_resamples,) the same over resampled sentences.
    n : number of sentences.
    debiased : which CKA.
    seeds : how many seeds it averages.
    """

    value: float
    draws: Float
    n: int
    debiased: bool
    seeds: int = 1

    def estimate(self, *, level: float = 0.95) -> Estimate:
        """Return value and interval over sentences; see :func:`gapstudy.stats.cka_intervals` for which interval."""
        low, high = np.quantile(self.draws, [(1 - level) / 2, (1 + level) / 2])
        shift = 0.0 if self.debiased else self.value - float(self.draws.mean())
        kind = "half-samples" if self.debiased else "centred bootstrap"
        name = "debiased" if self.debiased else "plain"
        method = f"mean {name} CKA over pairs and {self.seeds} seeds, {kind} of sentences"
        return Estimate(self.value, float(low) + shift, float(high) + shift, level, self.n, method)

    @staticmethod
    def over_seeds(parts: Iterable[ResampledCka]) -> ResampledCka:
        """Return the mean over seeds whose resamples are the same sentences.

        Raises
        ------
        ValueError
            If there is none, or they differ in sentences, resamples or kind.
        """
        found = list(parts)
        if not found:
            msg = "features_by_seed needs at least one seed"
            raise ValueError(msg)
        if len({(p.n, len(p.draws), p.debiased) for p in found}) > 1:
            msg = "seeds must have the same sentences, resamples and kind of CKA"
            raise ValueError(msg)
        value, draws = float(np.mean([p.value for p in found])), np.mean([p.draws for p in found], axis=0)
        return ResampledCka(value, draws, found[0].n, found[0].debiased, sum(p.seeds for p in found))


def draws_of_mean(
    features: Sequence[Array], *, debiased: bool = False, n_resamples: int = 1000, rng: np.random.Generator
) -> ResampledCka:
    """Mean CKA over the unordered pairs of languages of one seed, with its resamples.

    Generators in the same state resample the same sentences, so that seeds can be averaged and differences taken.

    Parameters
    ----------
    features : (n_sentences, d_i) float arrays, one a language (at least two), with parallel rows; n_sentences >= 8.
    debiased, n_resamples, rng : as :func:`mean_cka`.

    Raises
    ------
    ValueError
        As :func:`mean_cka`.
    """
    n_resamples = check_resamples(n_resamples)
    stack = centred_all(features, rows=8)
    upper = np.triu_indices(len(stack), 1)
    weights = draw_weights(len(stack[0]), n_resamples, debiased=debiased, rng=rng)
    value = float(normalised(inner_products(stack, debiased=debiased), debiased=debiased, features=stack)[upper].mean())
    draws = resampled_cka(stack, weights, debiased=debiased)[:, upper[0], upper[1]].mean(axis=1)
    return ResampledCka(value, np.asarray(draws), len(stack[0]), debiased)


def mean_cka(
    features_by_seed: Iterable[Sequence[Array]],
    *,
    debiased: bool = False,
    n_resamples: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Mean CKA over the unordered pairs of languages, averaged over seeds.

    Parameters
    ----------
    features_by_seed : one sequence a seed of (n_sentences, d_i) float arrays, one a language (at least two), with
        the same parallel sentences throughout; n_sentences >= 8. One seed is held at a time if it is an iterator.
    debiased : which CKA, and with it which interval: see :func:`gapstudy.stats.cka_intervals`.
    n_resamples : number of resamples, >= 19.
    level : nominal coverage, in (0, 1).
    rng : source of all draws.

    Returns
    -------
    Estimate
        ``n`` is the number of sentences. The interval is over sentences; seeds are averaged, not resampled.

    Raises
    ------
    ValueError
        As :func:`gapstudy.stats.cka_intervals`; also for no seed, fewer than two languages, or seeds with different
        sentences.
    """
    check_level(level)
    state = rng.bit_generator.state
    parts = []
    for features in features_by_seed:
        rng.bit_generator.state = state  # every seed has the same resampled sentences
        parts.append(draws_of_mean(features, debiased=debiased, n_resamples=n_resamples, rng=rng))
    return ResampledCka.over_seeds(parts).estimate(level=level)


def mean_cka_difference(a: ResampledCka, b: ResampledCka, *, level: float = 0.95) -> Estimate:
    """Difference ``b - a`` of two mean CKAs of the same resampled sentences, as of two representations.

    Parameters
    ----------
    a, b : debiased, from generators in the same state.
    level : nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        In [-2, 2]; percentiles over half-samples of the sentences, which both sides share; two-sided p by the normal
        approximation with the standard deviation of the half-samples. ``n`` is the number of sentences.

    Raises
    ------
    ValueError
        If one is not debiased (its half-samples have another bias), sentences or resamples differ in number, or
        ``level`` is outside (0, 1).
    """
    check_level(level)
    if not (a.debiased and b.debiased):
        msg = "a and b must be debiased: the bias of plain CKA differs between resamples and the whole"
        raise ValueError(msg)
    if (a.n, len(a.draws)) != (b.n, len(b.draws)):
        msg = f"a and b must have the same sentences and resamples, got {a.n} and {b.n}, {len(a.draws)} and {len(b.draws)}"
        raise ValueError(msg)
    from scipy.special import ndtr

    value, draws = b.value - a.value, b.draws - a.draws
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    error = float(draws.std(ddof=1))
    p_value = 2.0 * float(ndtr(-abs(value) / error)) if error > 0 else float(value == 0.0)
    method = "difference of mean debiased CKA, half-samples of shared sentences"
    return Estimate(value, float(low), float(high), level, a.n, method, p_value)
