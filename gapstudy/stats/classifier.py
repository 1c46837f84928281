"""Can a classifier tell two languages' vectors apart? Proxy A-distance and the classifier two-sample test.

Paper: section 4.4 and appendix C, Definition C.1; the paper estimates no divergence, it argues by CKA and Sinkhorn.

Both rest on one cross-fitted linear classifier: ridge regression on the labels -1 and +1 (regularised Fisher
discriminant). The two versions of a sentence are always in the same fold: otherwise the classifier meets the twin of
a test sentence in training. On training data, identical distributions with d near n seem 1.2 apart.

The p-value swaps the two languages within sentences. That changes the labels and no row, and ridge regression is
linear in the labels, so that every swap is *refitted* exactly at the cost of one product of matrices. A sign test of
the held-out sentences without refitting is simpler and too liberal: the folds share training sentences, and it
rejected 6 to 8 % at a nominal 5 % (simulated).

References
----------
Ben-David, Blitzer, Crammer, Pereira (2006). Analysis of representations for domain adaptation. NIPS 19.
Lopez-Paz, Oquab (2017). Revisiting classifier two-sample tests. ICLR, arXiv:1610.06545.
Phipson, Smyth (2010). Permutation p-values should never be zero. SAGMB 9(1), doi:10.2202/1544-6115.1585.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level, check_resamples, matrix, same_rows
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.proportion import clopper_pearson

__all__ = ["classifier_test", "proxy_a_distance"]

Array = npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]

# L2 penalty on standardised features: that of a logistic regression with inverse strength C = 0.01, whose loss has the
# curvature 1/4 at 0. At n = 1,012 and d = 768 it found larger held-out distances (0.64) than the customary C = 1 (0.51).
_PENALTY = 400.0


def proxy_a_distance(
    x: Array, y: Array, *, n_resamples: int = 199, n_folds: int = 5, level: float = 0.95, rng: np.random.Generator
) -> Estimate:
    """Proxy A-distance ``2 (1 - 2 err)`` of a cross-fitted linear classifier that tells the two languages apart.

    Parameters
    ----------
    x, y : (n_sentences, d) float arrays with parallel rows, n_sentences >= 2 ``n_folds``.
    n_resamples : how many random swaps of the languages within sentences the p-value rests on, >= 19.
    n_folds : number of folds of sentences, >= 2.
    level : nominal coverage, in (0, 1).
    rng : draws the folds and the swaps.

    Returns
    -------
    Estimate
        In [-2, 2]: 0 where the languages cannot be told apart (slightly negative by chance, not clipped), 2 where
        they always can. The interval is Clopper-Pearson's on ``err`` with the sentence as unit, which is on the safe
        side; it is conditional on the fitted classifiers. ``n`` counts sentences; ``p_value`` is that of
        :func:`classifier_test`.

    Raises
    ------
    ValueError
        If an argument is not a finite matrix, shapes differ, or there are too few sentences, folds or resamples.
    """
    e = classifier_test(x, y, n_resamples=n_resamples, n_folds=n_folds, level=level, rng=rng)
    value, low, high = (4.0 * accuracy - 2.0 for accuracy in (e.value, e.low, e.high))
    return Estimate(value, low, high, level, e.n, f"proxy A-distance, {e.method}", e.p_value)


def classifier_test(
    x: Array, y: Array, *, n_resamples: int = 199, n_folds: int = 5, level: float = 0.95, rng: np.random.Generator
) -> Estimate:
    """Classifier two-sample test (C2ST): held-out accuracy of telling the two languages apart, with its p-value.

    The null hypothesis is that swapping the two languages within a sentence changes nothing. The permutation test is
    exact for it whatever the sentences share, since every swap is refitted.

    Parameters
    ----------
    x, y, n_resamples, n_folds, level, rng : as :func:`proxy_a_distance`.

    Returns
    -------
    Estimate
        Accuracy in [0, 1], 0.5 where nothing tells the languages apart. ``p_value`` is one-sided,
        (1 + swaps at least as accurate) / (1 + n_resamples). ``n`` counts sentences.

    Raises
    ------
    ValueError
        As :func:`proxy_a_distance`.
    """
    check_level(level)
    swaps = check_resamples(n_resamples)
    if n_folds < 2:
        msg = f"n_folds must be at least 2, got {n_folds}"
        raise ValueError(msg)
    a, b = matrix("x", x, rows=2 * n_folds), matrix("y", y, rows=2 * n_folds)
    same_rows("x", a, "y", b)
    if a.shape[1] != b.shape[1]:
        msg = f"x and y must have the same number of columns, got {a.shape[1]} and {b.shape[1]}"
        raise ValueError(msg)
    # in the range of floats when squared; standardised features do not depend on it
    largest = max(float(np.abs(a).max()), float(np.abs(b).max())) or 1.0
    a, b = a / largest, b / largest
    n = len(a)
    fold = rng.permutation(n) % n_folds
    signs = np.concatenate([np.ones((1, n)), rng.choice([-1.0, 1.0], size=(swaps, n))])
    right = sum(_held_out(a, b, fold == k, signs) for k in range(n_folds))
    e = clopper_pearson(float(right[0]) / 2.0, n, level=level)
    p_value = (1 + int(np.count_nonzero(right[1:] >= right[0]))) / (1 + swaps)
    return Estimate(e.value, e.low, e.high, level, n, _METHOD.format(n_folds=n_folds, swaps=swaps), p_value)


_METHOD = (
    "ridge classifier cross-fitted in {n_folds} folds of sentences, Clopper-Pearson interval, "
    "p by {swaps} swaps of the languages within sentences"
)


def _held_out(a: Float, b: Float, test: npt.NDArray[np.bool_], signs: Float) -> Any:
    """How many held-out rows the classifier of the other sentences puts right, for every row of ``signs``.

    A sign of -1 swaps the languages of a sentence, in training and in the test.
    """
    train = np.concatenate([a[~test], b[~test]])
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale[scale == 0.0] = 1.0
    z = (train - mean) / scale
    labels = np.concatenate([signs[:, ~test], -signs[:, ~test]], axis=1)  # A is +1, B is -1
    weights = np.linalg.solve(z.T @ z + _PENALTY * np.eye(z.shape[1]), z.T @ labels.T)
    in_a, in_b = (((side[test] - mean) / scale) @ weights for side in (a, b))
    own = signs[:, test].T
    # a score of exactly 0 (no feature varies) is half right, as a coin is
    return (1.0 + (np.sign(in_a * own) + np.sign(-in_b * own)) / 2.0).sum(axis=0)
