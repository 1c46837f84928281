"""How sure a gap is given the trained models: resampling test items, with the models as they are.

Paper: Tables 1 and 2 print gaps without intervals. Seeds and test items are two sources of chance: another seed gives
another model, another test set other items. Here the models stay and items are drawn anew; :mod:`gapstudy.stats.sources`
splits the variance. A resample is a row of multinomial weights, so that all of them are one matrix product.

The interval is centred (value + resampled quantiles - resampled mean), as for plain CKA: drawing items adds noise to
each score and noise widens absolute differences. Where scores are equal but for noise the gap has a kink, and no
interval round it covers 0 well (simulated at 320 items: 79 % for two equal languages, 3 % for ten).

References
----------
Berg-Kirkpatrick, Burkett, Klein (2012). An empirical investigation of statistical significance in NLP. EMNLP,
https://aclanthology.org/D12-1091 (paired bootstrap over test items).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level, check_resamples, choice
from gapstudy.stats.estimate import Estimate

__all__ = ["KINDS", "gap_of", "item_blocks", "item_interval", "item_scores", "item_weights", "outcomes_of"]

Float = npt.NDArray[np.float64]
Outcomes = Sequence[npt.NDArray[Any]]

KINDS = ("rpd", "absolute")

# Outcomes are 0 or 1; the mean over the items of a block that is larger than most is a little more.
_MOST = 1.5

# At most so many weights at a time (32 MB): bounds the memory for large test sets.
_BLOCK_FLOATS = 4 * 1024 * 1024


def gap_of(scores: npt.NDArray[np.floating], kind: str = "rpd") -> Float:
    """Mean gap over pairs of languages for each row of scores.

    Parameters
    ----------
    scores : (n_rows, n_languages) scores >= 0 in percent, n_languages >= 2.
    kind : "rpd" (relative percent difference) or "absolute" (percentage points).

    Returns
    -------
    (n_rows,) float array
        In percent (of the mean of both scores, or points); NaN where the RPD of two zeros enters.

    Raises
    ------
    ValueError
        If ``scores`` is no matrix of two or more columns, or ``kind`` is unknown.
    """
    choice("kind", kind, KINDS)
    s = np.asarray(scores, dtype=np.float64)
    if s.ndim != 2 or s.shape[1] < 2:
        msg = f"scores must be two-dimensional (n_rows, n_languages) with at least 2 languages, got shape {s.shape}"
        raise ValueError(msg)
    i, j = np.triu_indices(s.shape[1], 1)
    apart = np.abs(s[:, i] - s[:, j])
    if kind == "absolute":
        return np.asarray(apart.mean(axis=1))
    total = s[:, i] + s[:, j]
    return np.asarray(np.divide(200.0 * apart, total, out=np.full(total.shape, np.nan), where=total > 0).mean(axis=1))


def item_interval(
    statistic: Callable[[Float], Float],
    outcomes: Outcomes,
    *,
    parallel: bool,
    n_resamples: int = 1000,
    level: float = 0.95,
    within: tuple[float, float] = (-np.inf, np.inf),
    rng: np.random.Generator,
) -> Estimate:
    """A statistic of scores with an interval over test items, given the models.

    Parameters
    ----------
    statistic : maps (n_rows, n_languages) scores in percent to (n_rows,) values, for example :func:`gap_of`.
    outcomes : one array a language (or a language and representation): (n_seeds, n_items) or (n_items,) booleans,
        whether an item was predicted right; seeds are averaged.
    parallel : whether item i is the same in every array, so that items are drawn jointly; else each array's own.
    n_resamples : >= 19.
    level : nominal coverage, in (0, 1).
    within : range of the statistic; the interval is cut to it.
    rng : source of all draws.

    Returns
    -------
    Estimate
        In the unit of the statistic; ``n`` counts the items of the smallest test set.

    Raises
    ------
    ValueError
        If there are no outcomes, they are neither booleans nor shares, parallel ones differ in length, the statistic is not
        finite, or an option is out of its range.
    """
    check_level(level)
    check_resamples(n_resamples)
    means = [outcomes_of(f"outcomes[{i}]", o).mean(axis=0) for i, o in enumerate(outcomes)]
    if not means:
        msg = "outcomes must hold at least one array"
        raise ValueError(msg)
    value = float(statistic(np.array([[100.0 * m.mean() for m in means]]))[0])
    draws = np.asarray(statistic(item_scores(means, parallel=parallel, n_resamples=n_resamples, rng=rng)))
    if not (np.isfinite(value) and np.isfinite(draws).all()):
        msg = f"the statistic is {value} and undefined in {np.count_nonzero(~np.isfinite(draws))} of {len(draws)} resamples"
        raise ValueError(msg)
    tails = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2]) - draws.mean() + value
    low, high = (float(min(max(end, within[0]), within[1])) for end in tails)
    n = min(len(m) for m in means)
    kind = "parallel" if parallel else "unpaired"
    return Estimate(value, low, high, level, n, f"centred bootstrap over {n} {kind} items, {n_resamples} resamples")


def item_scores(means: Outcomes, *, parallel: bool, n_resamples: int, rng: np.random.Generator) -> Float:
    """(n_resamples, n_arrays) scores in percent of resampled items.

    Parameters
    ----------
    means : one (n_items,) array of outcomes averaged over seeds a language.
    parallel : whether the same items are drawn for all.
    n_resamples, rng : as :func:`item_interval`.

    Raises
    ------
    ValueError
        If parallel arrays differ in length.
    """
    if parallel:
        if len({len(m) for m in means}) > 1:
            msg = f"parallel outcomes must have the same number of items, got {', '.join(str(len(m)) for m in means)}"
            raise ValueError(msg)
        table = np.stack(means, axis=1)
        return np.concatenate([w @ table for w in item_weights(len(table), n_resamples, rng)])
    columns = [np.concatenate([w @ m for w in item_weights(len(m), n_resamples, rng)]) for m in means]
    return np.stack(columns, axis=1)


def item_weights(n_items: int, n_resamples: int, rng: np.random.Generator) -> list[Float]:
    """Blocks of (rows, n_items) weights that turn outcomes into resampled scores in percent; each row sums to 100."""
    blocks = -(-n_resamples * n_items // _BLOCK_FLOATS)
    sizes = [len(part) for part in np.array_split(np.arange(n_resamples), max(1, blocks))]
    return [_counts(n_items, size, rng) * (100.0 / n_items) for size in sizes]


def _counts(n_items: int, rows: int, rng: np.random.Generator) -> Float:
    """(rows, n_items) multinomial counts: each row is one resample of n_items items."""
    drawn = rng.integers(0, n_items, size=(rows, n_items)) + n_items * np.arange(rows)[:, None]
    return np.bincount(drawn.ravel(), minlength=rows * n_items).reshape(rows, n_items).astype(np.float64)


def outcomes_of(name: str, values: npt.NDArray[Any]) -> Float:
    """(n_seeds, n_items) outcomes as floats; one row where there is no axis of seeds."""
    out = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if out.ndim != 2 or out.shape[1] < 2 or len(out) < 1:
        msg = f"{name} must be (n_seeds, n_items) with at least 2 items, got shape {np.shape(values)}"
        raise ValueError(msg)
    if not (np.isfinite(out).all() and out.min() >= 0.0 and out.max() <= _MOST):
        msg = f"{name} must hold booleans (or shares of blocks): whether each item was predicted right"
        raise ValueError(msg)
    return out


def item_blocks(outcomes: npt.NDArray[Any], size: int) -> Float:
    """Outcomes of consecutive items taken together, for items that are not independent (the words of a sentence).

    Parameters
    ----------
    outcomes : (n_seeds, n_items) booleans, or (n_items,).
    size : items a block, >= 1; blocks differ by one item where the number does not divide.

    Returns
    -------
    (n_seeds, n_blocks) float array
        Whose mean is that of ``outcomes``: items predicted right in a block over the mean size of a block.

    Raises
    ------
    ValueError
        If ``outcomes`` is not of booleans, ``size`` is below 1, or there are fewer than 2 blocks.
    """
    table = outcomes_of("outcomes", outcomes)
    count = table.shape[1] // max(int(size), 1)
    if size < 1 or count < 2:
        msg = f"size must be at least 1 and leave 2 blocks, got {size} for {table.shape[1]} items"
        raise ValueError(msg)
    starts = np.round(np.arange(count) * table.shape[1] / count).astype(np.intp)
    return np.asarray(np.add.reduceat(table, starts, axis=1) * (count / table.shape[1]))
