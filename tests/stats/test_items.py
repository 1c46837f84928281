"""Tests of intervals over test items and of the split of a gap's variance into seeds and items."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from gapstudy.stats import gap_of, gap_variance, item_blocks, item_interval, mean_rpd, variance_split
from gapstudy.stats.crossed import crossed_components
from gapstudy.stats.items import item_scores, item_weights


def rng(seed: int = 0) -> np.random.Generator:
    """A generator."""
    return np.random.default_rng(seed)


def outcomes(seeds: int = 8, items: int = 200, languages: int = 2, seed: int = 0) -> list[Any]:
    """Booleans of languages whose items are hard together: 80 % right, and 8 points fewer in each further language."""
    r = rng(seed)
    hardness = r.random(items)
    return [(0.6 * hardness + 0.4 * r.random((seeds, items))) < 0.7 - 0.08 * k for k in range(languages)]


# ---- gaps ----------------------------------------------------------------------------------------------------
@given(st.lists(st.floats(1.0, 100.0), min_size=2, max_size=6))
def test_gap_of_is_the_mean_rpd(scores: list[float]) -> None:
    """The gap of one row is the mean RPD, and the absolute one the mean absolute difference over pairs."""
    assert gap_of(np.array([scores]))[0] == pytest.approx(mean_rpd(scores), abs=1e-9)
    n = len(scores)
    total = sum(abs(a - b) for a in scores for b in scores) / (n * (n - 1))
    assert gap_of(np.array([scores]), "absolute")[0] == pytest.approx(total, abs=1e-9)


def test_gap_of_zeros_is_not_a_number() -> None:
    """The RPD of two zeros is NaN in its row alone."""
    assert np.isnan(gap_of(np.array([[0.0, 0.0], [80.0, 60.0]]))).tolist() == [True, False]


# ---- items ---------------------------------------------------------------------------------------------------
def test_interval_of_a_difference_is_the_paired_one() -> None:
    """Items that are hard for both are drawn jointly: the interval of a difference is that of a paired t test."""
    a, b = outcomes(items=900)
    e = item_interval(lambda s: s[:, 0] - s[:, 1], [a, b], parallel=True, n_resamples=4000, rng=rng())
    d = 100.0 * (a.mean(axis=0) - b.mean(axis=0))
    expected = scipy_stats.ttest_1samp(d, 0.0).confidence_interval(0.95)
    assert e.value == pytest.approx(d.mean())
    assert (e.low, e.high) == pytest.approx((expected.low, expected.high), abs=0.12)
    assert (e.n, e.level, e.method) == (900, 0.95, "centred bootstrap over 900 parallel items, 4000 resamples")


def test_unpaired_sets_vary_apart() -> None:
    """Other items in each language give the sum of both variances, wider than that of parallel ones."""
    a, b = outcomes(items=900)
    options: dict[str, Any] = {"n_resamples": 3000, "rng": rng()}
    apart = item_interval(lambda s: s[:, 0] - s[:, 1], [a, b[:, :700]], parallel=False, **options)
    error = np.sqrt(sum(np.var(100 * x.mean(axis=0)) / x.shape[1] for x in (a, b[:, :700])))
    assert (apart.high - apart.low) / 2 == pytest.approx(1.96 * error, rel=0.06)
    assert apart.n == 700
    assert "unpaired" in apart.method


def test_blocks_of_resamples_are_all_there() -> None:
    """Weights made in blocks give as many resamples as one asked for, each a mean of the items."""
    scores = item_scores([np.arange(30_000) % 2], parallel=False, n_resamples=300, rng=rng())
    assert scores.shape == (300, 1)
    assert abs(scores.mean() - 50.0) < 0.1
    assert scores.std() == pytest.approx(50.0 / np.sqrt(30_000), rel=0.2)


def test_one_block_of_weights_is_held() -> None:
    """Memory is that of one block of 32 MB and what it is drawn from, however many resamples there are."""
    tracemalloc.start()
    try:
        sums = [float(w.sum()) for w in item_weights(40_000, 400, rng())]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(sums) == 4
    assert sum(sums) == pytest.approx(40_000.0)
    assert peak < 5 * 32 * 2**20  # all blocks at once are 128 MB of weights, and one is drawn in 4 arrays of its size
    assert peak - _peak_of(100) < 40 * 2**20


def _peak_of(n_resamples: int) -> int:
    """Memory of drawing as many resamples of 40,000 items."""
    tracemalloc.start()
    try:
        for _ in item_weights(40_000, n_resamples, rng()):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_nothing_varies_is_said() -> None:
    """Where every item is right there is no interval, over items or over both, and the method says why."""
    right = np.ones((3, 50), dtype=bool)
    e = item_interval(gap_of, [right, right], parallel=True, rng=rng())
    assert e.value == 0.0
    assert np.isnan([e.low, e.high]).all()
    assert e.method == "no interval: no draw of the 50 parallel items changes the value"
    both = gap_variance([right, right], parallel=True).both
    assert both.value == 0.0
    assert np.isnan([both.low, both.high]).all()
    assert both.method.startswith("no interval: to first order neither seeds nor items change the gap")


def test_some_undefined_resamples_are_left_out() -> None:
    """With two items right a few resamples have none: the interval rests on the others and says so."""
    few = np.arange(50) < 2
    e = item_interval(gap_of, [few, few[::-1]], parallel=False, within=(0.0, 200.0), rng=rng())
    assert 0.0 <= e.low <= e.value <= e.high <= 200.0
    assert "of them defined" in e.method


def test_uneven_blocks_are_shares() -> None:
    """Where the size does not divide, blocks are of equal length, cut an item by its share, and stay within [0, 1]."""
    assert item_blocks(np.array([1, 1, 1, 0, 0]), 2) == pytest.approx(np.array([[1.0, 0.2]]))
    assert item_blocks(np.ones((2, 47)), 20).max() <= 1.0


def test_interval_is_cut_and_deterministic() -> None:
    """It stays within the range of the statistic, and the same generator gives the same interval."""
    a, b = outcomes(items=60)
    runs = [item_interval(gap_of, [a, b], parallel=True, within=(0.0, 200.0), rng=rng(s)) for s in (0, 0, 1)]
    assert runs[0] == runs[1]
    assert runs[0].low != runs[2].low
    equal = item_interval(gap_of, [a, a[:, ::-1]], parallel=True, within=(0.0, 200.0), rng=rng())
    assert equal.low == 0.0


@given(st.integers(1, 12), st.integers(30, 80))
def test_blocks_keep_the_mean(size: int, items: int) -> None:
    """Blocks have the mean of their items, whatever divides."""
    right = rng(items).random((3, items)) < 0.9
    blocks = item_blocks(right, size)
    assert blocks.shape == (3, items // size)
    assert blocks.mean(axis=1) == pytest.approx(right.mean(axis=1))


# ---- sources -------------------------------------------------------------------------------------------------
def test_components_are_those_of_statsmodels() -> None:
    """Mean squares of rows and columns are those of statsmodels' analysis of variance."""
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    table = rng(3).normal(size=(6, 4)) + rng(4).normal(size=(6, 1)) * 2
    i, j = np.indices(table.shape)
    frame = pd.DataFrame({"y": table.ravel(), "row": i.ravel(), "column": j.ravel()})
    squares = anova_lm(ols("y ~ C(row) + C(column)", frame).fit())["mean_sq"]
    found = crossed_components(table)
    assert (found.row_square, found.column_square, found.rest) == pytest.approx(tuple(squares))
    assert found.rows == pytest.approx((squares.iloc[0] - squares.iloc[2]) / 4)
    assert found.columns == pytest.approx((squares.iloc[1] - squares.iloc[2]) / 6)


def test_components_find_the_truth() -> None:
    """A large table of known variances gives them back."""
    r = rng(1)
    table = 2.0 * r.normal(size=(300, 1)) + 3.0 * r.normal(size=(1, 400)) + r.normal(size=(300, 400))
    found = crossed_components(table)
    assert (found.rows, found.columns, found.rest) == pytest.approx((4.0, 9.0, 1.0), rel=0.15)
    assert sum(found.shares) == pytest.approx(1.0)


def test_variance_split_leaves_out_what_is_not_whole() -> None:
    """Clusters that lack a group are left out; shares are of clusters, groups and the rest."""
    y = np.array([1.0, 2.0, 3.0, 11.0, 12.0, 13.0, 99.0])
    found = variance_split(y, clusters=[0, 1, 2, 0, 1, 2, 3], groups=[*"aaabbb", "b"])
    assert (found.rows, found.columns, found.rest) == pytest.approx((1.0, 50.0, 0.0))
    assert found.shares == pytest.approx((1 / 51, 50 / 51, 0.0))
    assert np.isnan(crossed_components(np.ones((2, 2))).shares).all()


@pytest.mark.parametrize("kind", ["rpd", "absolute"])
def test_parts_add_up(kind: str) -> None:
    """Seed and rest are the variance over seeds, item and rest over S that over items: neither interval has both."""
    a, b = outcomes(seeds=10, items=300)
    parts = gap_variance([a, b], kind=kind, parallel=True)
    per_seed = 100.0 * (a.mean(axis=1) - b.mean(axis=1))
    if kind == "absolute":
        assert parts.seed + parts.rest == pytest.approx(per_seed.var(ddof=1))
        of_items = (100.0 * (a.mean(axis=0) - b.mean(axis=0))).var(ddof=1) / 300
        assert parts.item + parts.rest / 10 == pytest.approx(of_items)
    value = gap_of(100.0 * np.array([[a.mean(), b.mean()]]), kind)[0]
    assert parts.both.value == pytest.approx(value)
    assert parts.both.low < value < parts.both.high
    assert parts.deviation(1) > parts.deviation(100) > 0


def test_more_seeds_do_not_lower_the_part_of_the_items() -> None:
    """With shared items the deviation of a mean over very many seeds is that of the items."""
    parts = gap_variance(outcomes(seeds=12, items=150, languages=3), parallel=True)
    assert parts.deviation(10**9) == pytest.approx(np.sqrt(max(parts.item, 0.0)), rel=1e-3)
    assert (parts.n_seeds, parts.n_items) == (12, 150)


def test_interval_for_both_covers_new_seeds_and_items() -> None:
    """Over 200 studies drawn anew the 95 % interval covers the true difference in 90 to 99 %."""
    r, hits = rng(7), 0
    for _ in range(200):
        items, seeds = 0.5 * r.normal(size=(2, 1, 300)), 0.1 * r.normal(size=(2, 8, 1))
        right = r.normal(size=(2, 8, 300)) + items + seeds < np.array([1.0, 0.4])[:, None, None]
        both = gap_variance(list(right), kind="absolute", parallel=False).both
        spread = np.sqrt(1.0 + 0.25 + 0.01)
        truth = 100.0 * (scipy_stats.norm.cdf(1.0 / spread) - scipy_stats.norm.cdf(0.4 / spread))
        hits += both.low <= truth <= both.high
    assert 180 <= hits <= 198


def test_swapping_languages_changes_nothing() -> None:
    """The variance of a gap does not depend on the order of the languages, and scales for no parallel sets either."""
    a, b, c = outcomes(languages=3)
    for parallel in (True, False):
        one, other = (gap_variance(x, parallel=parallel) for x in ([a, b, c], [c, a, b]))
        assert (one.seed, one.item, one.rest) == pytest.approx((other.seed, other.item, other.rest))


# ---- errors --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gap_of(np.ones((2, 2)), "ratio"), "kind must be one of rpd, absolute; got 'ratio'"),
        (
            lambda: gap_of(np.array([[50.0, 40.0], [50.0, -1.0]])),
            "scores must hold scores >= 0 in percent, got -1 at 1, 1",
        ),
        (lambda: gap_of(np.array([[np.nan, 40.0]])), "scores must hold scores >= 0 in percent, got nan at 0, 0"),
        (
            lambda: gap_variance([np.full((2, 9), 1.4), np.ones((2, 9))], parallel=True),
            r"outcomes\[0\] must hold booleans",
        ),
        (
            lambda: item_interval(gap_of, [np.ones(9), np.full(9, 1.2)], parallel=True, rng=rng()),
            r"outcomes\[1\] must hold",
        ),
        (lambda: gap_of(np.ones(3)), r"scores must be two-dimensional .* got shape \(3,\)"),
        (lambda: item_interval(gap_of, [], parallel=True, rng=rng()), "outcomes must hold at least one array"),
        (
            lambda: item_interval(gap_of, [np.ones(5), np.ones(6)], parallel=True, rng=rng()),
            "parallel outcomes must have the same number of items, got 5, 6",
        ),
        (
            lambda: item_interval(gap_of, [np.zeros(5), np.zeros(5)], parallel=True, rng=rng()),
            r"the statistic is nan and undefined in 1000 of 1000 resamples; score 0: outcomes\[0\], outcomes\[1\]; test more",
        ),
        (
            lambda: item_interval(gap_of, [np.eye(1, 300)[0]] * 6 + [np.ones(300)], parallel=False, rng=rng()),
            r"score 0 or nearly: outcomes\[0\], .*, outcomes\[5\]; test more items, or take kind='absolute' for a gap",
        ),
        (lambda: item_blocks(np.ones(5), 0), "size must be at least 1 and leave 2 blocks, got 0 for 5 items"),
        (lambda: item_blocks(np.ones(5), 4), "size must be at least 1 and leave 2 blocks, got 4 for 5 items"),
        (lambda: item_blocks(np.full(5, 80.0), 1), "outcomes must hold booleans"),
        (lambda: item_blocks(np.ones(1), 1), r"outcomes must be \(n_seeds, n_items\) with at least 2 items"),
        (lambda: gap_variance([np.ones((3, 4))], parallel=True), "outcomes must hold at least 2 languages, got 1"),
        (
            lambda: gap_variance([np.ones((3, 4)), np.ones((2, 4))], parallel=True),
            "every language needs the same seeds, at least 2; got 3, 2",
        ),
        (
            lambda: gap_variance([np.ones((3, 4)), np.ones((3, 5))], parallel=True),
            "parallel outcomes must have the same number of items, got 4, 5",
        ),
        (lambda: gap_variance([np.zeros((3, 4))] * 2, parallel=True), "the RPD of two scores of 0 is undefined"),
        (lambda: crossed_components(np.ones((3, 1))), "table must have at least 2 columns"),
        (
            lambda: variance_split(np.ones(3), clusters=[0, 0, 1], groups=[0, 0, 1]),
            "a cluster has several points in one group",
        ),
        (
            lambda: variance_split(np.ones(3), clusters=[0, 1, 2], groups=[0, 0, 1]),
            "a split needs 2 clusters that have every one of 2 groups, got 0 with 2",
        ),
    ],
)
def test_errors(call: Any, message: str) -> None:
    """Wrong outcomes and options are errors that name them."""
    with pytest.raises(ValueError, match=message):
        call()
