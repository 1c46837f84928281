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

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level, check_resamples
from gapstudy.stats.estimate import Estimate

__all__ = ["item_blocks", "item_interval", "item_scores", "item_weights", "outcomes_of"]

Float = npt.NDArray[np.float64]
Outcomes = Sequence[npt.NDArray[Any]]

# Resampled values that differ by less than this share of the value (of 1 below 1) are equal but for rounding.
_ROUNDING = 1e-12

# At most so many weights at a time (32 MB): bounds the memory for large test sets.
_BLOCK_FLOATS = 4 * 1024 * 1024


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
    statistic : maps (n_rows, n_languages) scores in percent to (n_rows,) values, for example :func:`gapstudy.stats.gap_of`.
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
        In the unit of the statistic; ``n`` counts the items of the smallest test set. Without ends (NaN) where drawing
        items changes nothing, as where every item is right: what other items would do is not in the data.

    Raises
    ------
    ValueError
        If there are no outcomes, they are neither booleans nor shares, parallel ones differ in length, the statistic is
        undefined for the data or for more than half of the resamples, or an option is out of its range.
    """
    check_level(level)
    check_resamples(n_resamples)
    means = [outcomes_of(f"outcomes[{i}]", o).mean(axis=0) for i, o in enumerate(outcomes)]
    if not means:
        msg = "outcomes must hold at least one array"
        raise ValueError(msg)
    value = float(statistic(np.array([[100.0 * m.mean() for m in means]]))[0])
    draws = np.asarray(statistic(item_scores(means, parallel=parallel, n_resamples=n_resamples, rng=rng)))
    defined = draws[np.isfinite(draws)]
    if not np.isfinite(value) or 2 * len(defined) < len(draws):
        msg = f"the statistic is {value} and undefined in {len(draws) - len(defined)} of {len(draws)} resamples{_zeros(means)}"
        raise ValueError(msg)
    n = min(len(m) for m in means)
    kind = "parallel" if parallel else "unpaired"
    if float(np.ptp(defined)) <= _ROUNDING * max(1.0, abs(value)):
        method = f"no interval: no draw of the {n} {kind} items changes the value"
        return Estimate(value, np.nan, np.nan, level, n, method)
    tails = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2]) - defined.mean() + value
    low, high = (float(min(max(end, within[0]), within[1])) for end in tails)
    method = f"centred bootstrap over {n} {kind} items, {n_resamples} resamples"
    if len(defined) < len(draws):
        method += f", {len(defined)} of them defined"
    return Estimate(value, low, high, level, n, method)


def _zeros(means: Outcomes) -> str:
    """Which arrays have (almost) nothing right, and what to do, for an error."""
    least = min(float(m.sum()) for m in means)
    few = [f"outcomes[{i}]" for i, m in enumerate(means) if float(m.sum()) <= max(1.0, least)]
    word = "score 0 or nearly" if least > 0 else "score 0"
    return f"; {word}: {', '.join(few)}; test more items, or take kind='absolute' for a gap"


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


def item_weights(n_items: int, n_resamples: int, rng: np.random.Generator) -> Iterator[Float]:
    """Blocks of (rows, n_items) weights that turn outcomes into resampled scores in percent; each row sums to 100.

    One block is held at a time, drawn when it is asked for.
    """
    blocks = min(n_resamples, max(1, -(-n_resamples * n_items // _BLOCK_FLOATS)))
    for part in np.array_split(np.arange(n_resamples), blocks):
        weights = _counts(n_items, len(part), rng)
        weights *= 100.0 / n_items
        yield weights


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
    if not (np.isfinite(out).all() and out.min() >= 0.0 and out.max() <= 1.0):
        msg = f"{name} must hold booleans (or shares of blocks): whether each item was predicted right"
        raise ValueError(msg)
    return out


def item_blocks(outcomes: npt.NDArray[Any], size: int) -> Float:
    """Outcomes of consecutive items taken together, for items that are not independent (the words of a sentence).

    Parameters
    ----------
    outcomes : (n_seeds, n_items) booleans, or (n_items,).
    size : items a block, >= 1; a little more where the number does not divide: then blocks are of equal length still,
        and an item on the border of two counts for each by its share.

    Returns
    -------
    (n_seeds, n_blocks) float array
        In [0, 1], whose mean is that of ``outcomes``: the share of a block that was predicted right.

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
    length = table.shape[1] / count
    borders = np.arange(1, count) * length
    whole = borders.astype(np.intp)
    sums = np.pad(np.cumsum(table, axis=1), ((0, 0), (1, 0)))
    # what lies left of each border: whole items, and the share of the item that the border cuts
    inner = sums[:, whole] + (borders - whole) * table[:, whole]
    ends = np.concatenate([sums[:, :1], inner, sums[:, -1:]], axis=1)
    return np.asarray(np.clip(np.diff(ends, axis=1) / length, 0.0, 1.0))
