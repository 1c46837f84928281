"""CKA averaged over pairs of languages and over seeds, with an interval over sentences.

Paper: Table 1, "Mean CKA". Every seed and pair shares the same resampled sentences, so that the interval is that of
the mean and not a mean of intervals.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level, check_resamples
from gapstudy.stats.cka_resampling import draw_weights, resampled_cka
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.gram import centred_all, inner_products, normalised

__all__ = ["mean_cka"]

Array = npt.NDArray[np.floating]


def mean_cka(
    features_by_seed: Sequence[Sequence[Array]],
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
        the same parallel sentences throughout; n_sentences >= 8.
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
        As :func:`gapstudy.stats.cka_intervals`; also for no seed, or fewer than two languages.
    """
    n_resamples, level = check_resamples(n_resamples), check_level(level)
    if not features_by_seed or len(features_by_seed[0]) < 2:
        msg = "features_by_seed needs at least one seed with at least two languages"
        raise ValueError(msg)
    stacks = [centred_all(features, rows=8) for features in features_by_seed]
    upper = np.triu_indices(len(stacks[0]), 1)
    weights = draw_weights(len(stacks[0][0]), n_resamples, debiased=debiased, rng=rng)
    values = [normalised(inner_products(s, debiased=debiased), debiased=debiased)[upper].mean() for s in stacks]
    draws = np.mean(
        [resampled_cka(s, weights, debiased=debiased)[:, upper[0], upper[1]].mean(axis=1) for s in stacks], axis=0
    )
    value = float(np.mean(values))
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    shift = 0.0 if debiased else value - float(draws.mean())
    kind = "half-samples" if debiased else "centred bootstrap"
    method = f"mean {'debiased' if debiased else 'plain'} CKA over pairs and {len(stacks)} seeds, {kind} of sentences"
    return Estimate(value, float(low) + shift, float(high) + shift, level, len(stacks[0][0]), method)
