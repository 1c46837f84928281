"""Tests of which points are drawn, left out and permuted together."""

from __future__ import annotations

import numpy as np
import pytest

from gapstudy.stats.layout import layout

SEEDS = ["s0", "s1", "s2", "s3", "s4"]


def test_bootstrap_draws_whole_clusters() -> None:
    """Points of one cluster have the same weight, and the weights add up to the number of clusters drawn."""
    points = layout(10, SEEDS * 2, ["swa"] * 5 + ["urd"] * 5)
    weights = points.bootstrap_weights(200, np.random.default_rng(0))
    assert np.array_equal(weights[:, :5], weights[:, 5:])
    assert (weights[:, :5].sum(axis=1) == 5).all()
    assert weights.max() > 1


def test_bootstrap_keeps_group_sizes_without_clusters() -> None:
    """Where every cluster lies in one group, groups keep their sizes in every resample."""
    points = layout(9, None, [0] * 3 + [1] * 6)
    weights = points.bootstrap_weights(100, np.random.default_rng(0))
    assert (weights[:, :3].sum(axis=1) == 3).all()
    assert (weights[:, 3:].sum(axis=1) == 6).all()


def test_jackknife_leaves_one_cluster_out() -> None:
    """Row i has weight 0 for the points of cluster i and 1 for all others."""
    weights = layout(6, [0, 1, 2, 3, 0, 1], None).jackknife_weights()
    assert weights.shape == (4, 6)
    assert np.array_equal(weights[0], [0, 1, 1, 1, 0, 1])
    assert np.array_equal(weights[3], [1, 1, 1, 0, 1, 1])


def test_permutations_move_clusters_jointly() -> None:
    """Each point takes the x of its own group, and all points of a cluster that of one other cluster."""
    cluster = np.array([0, 1, 2, 3, 4, 4, 3, 2, 1, 0])
    group = np.array([0] * 5 + [1] * 5)
    points = layout(10, cluster, group)
    orders = points.permutations(500, np.random.default_rng(0))
    assert (group[orders] == group).all()
    taken = cluster[orders]
    assert np.array_equal(taken[:, :5], taken[:, 5:][:, ::-1])
    assert len(np.unique(taken[:, :5], axis=0)) > 100  # of 120


def test_permutations_are_uniform() -> None:
    """Every cluster takes every other's place equally often."""
    taken = layout(4, [0, 1, 2, 3], None).permutations(4000, np.random.default_rng(0))
    counts = np.stack([np.bincount(column, minlength=4) for column in taken.T])
    assert np.allclose(counts / 4000, 0.25, atol=0.04)


def test_incomplete_clusters_change_places_among_themselves() -> None:
    """A seed without one of the language pairs is exchanged only with seeds that lack it too."""
    cluster, group = [0, 1, 2, 3, 4, 0, 1, 2], [0, 0, 0, 0, 0, 1, 1, 1]
    taken = np.array(cluster)[layout(8, cluster, group).permutations(200, np.random.default_rng(0))]
    assert set(taken[:, :3].ravel()) == {0, 1, 2}
    assert set(taken[:, 3:5].ravel()) == {3, 4}


def test_labels_may_be_anything_hashable() -> None:
    """Strings, numbers, NumPy scalars and tuples are labels; equal ones are one cluster."""
    points = layout(5, np.array(["a", "b", "c", "d", "a"]), [1, 1.0, np.int64(1), (2, 3), (2, 3)])
    assert points.cluster.tolist() == [0, 1, 2, 3, 0]
    assert points.group.tolist() == [0, 0, 0, 1, 1]
    assert (points.n_clusters, points.n_groups) == (4, 2)


def test_errors() -> None:
    """Labels that are too few, missing, or leave nothing to permute are errors that name the argument."""
    with pytest.raises(ValueError, match=r"clusters must have one label a point \(5\), got 4"):
        layout(5, [1, 2, 3, 4], None)
    with pytest.raises(ValueError, match=r"groups has a missing label \(None or NaN\)"):
        layout(5, None, [1, 2, 3, 4, float("nan")])
    with pytest.raises(ValueError, match=r"clusters must hold hashable labels \(strings or numbers\): unhashable type"):
        layout(4, [[0], [1], [2], [3]], None)
    with pytest.raises(ValueError, match="clusters must have at least 4 different labels, got 3"):
        layout(6, [1, 2, 3, 1, 2, 3], None)
    with pytest.raises(ValueError, match="clusters cannot be permuted: no two of them"):
        layout(4, [1, 2, 3, 4], [1, 2, 3, 4]).permutations(5, np.random.default_rng(0))
