"""Which points belong to which cluster (seed) and group (language pair), and how they may be resampled or permuted.

Paper: section 4.4: 30 points are 15 seeds x 2 language pairs; the two points of a seed share the English model.

A bootstrap resample is a row of weights over points: how often the point's cluster was drawn. A permutation is a
row of indices: which point's x each point takes; a cluster's x values move together, each within its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import labels

__all__ = ["MIN_CLUSTERS", "Labels", "Layout", "layout", "numbered"]

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.intp]
Labels = Sequence[Any] | npt.NDArray[Any]

# With three clusters there are six permutations and hardly any resamples: no interval or p-value means anything.
MIN_CLUSTERS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Clusters and groups of n points.

    Attributes
    ----------
    cluster : (n,) cluster of each point, 0..n_clusters-1.
    group : (n,) group of each point, 0..n_groups-1.
    grouped, clustered : whether groups and clusters were given, not made up.
    """

    cluster: Int
    group: Int
    grouped: bool
    clustered: bool

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return int(self.cluster.max()) + 1

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(self.group.max()) + 1

    def members(self) -> list[Int]:
        """Points of each cluster, ordered by group and then by position."""
        order = np.lexsort((np.arange(len(self.group)), self.group, self.cluster))
        return np.split(order, np.cumsum(np.bincount(self.cluster))[:-1])

    def bootstrap_weights(self, n_resamples: int, rng: np.random.Generator) -> Float:
        """(n_resamples, n) times that each point's cluster was drawn.

        Clusters that lie in one group each are drawn group by group, so that the groups keep their sizes.
        """
        counts = np.zeros((n_resamples, self.n_clusters))
        for stratum in self._strata():
            size = len(stratum)
            counts[:, stratum] = rng.multinomial(size, np.full(size, 1.0 / size), size=n_resamples)
        return counts[:, self.cluster]

    def jackknife_weights(self) -> Float:
        """(n_clusters, n) 0 for the points of the cluster left out, 1 for all others."""
        return np.asarray(1.0 - (np.arange(self.n_clusters)[:, None] == self.cluster[None, :]))

    def permutations(self, n_resamples: int, rng: np.random.Generator) -> Int:
        """(n_resamples, n) random permutations: point i takes the x of point ``[b, i]``.

        Clusters change places only with clusters that have the same groups, jointly over these groups.

        Raises
        ------
        ValueError
            If no two clusters have the same groups.
        """
        out = np.tile(np.arange(len(self.cluster)), (n_resamples, 1))
        exchangeable = [np.stack(points) for points in self._alike() if len(points) > 1]
        if not exchangeable:
            msg = "clusters cannot be permuted: no two of them have points in the same groups"
            raise ValueError(msg)
        for points in exchangeable:  # (n_clusters_alike, n_points_of_each)
            orders = rng.permuted(np.tile(np.arange(len(points)), (n_resamples, 1)), axis=1)
            out[:, points.ravel()] = points[orders].reshape(n_resamples, -1)
        return out

    def _alike(self) -> Iterable[list[Int]]:
        """Clusters (as arrays of points) that have the same number of points in each group."""
        alike: dict[tuple[int, ...], list[Int]] = {}
        for points in self.members():
            alike.setdefault(tuple(self.group[points].tolist()), []).append(points)
        return alike.values()

    def _strata(self) -> list[Int]:
        """Clusters that are drawn together: those of one group where every cluster lies in one group, else all."""
        homes = [np.unique(self.group[points]) for points in self.members()]
        if any(len(home) > 1 for home in homes):
            return [np.arange(self.n_clusters)]
        home = np.concatenate(homes)
        return [np.flatnonzero(home == g) for g in range(self.n_groups)]


def numbered(name: str, values: Labels, n: int) -> Int:
    """``n`` hashable labels as integers 0..k-1, numbered in order of first appearance.

    Raises
    ------
    ValueError
        If the labels are not n, one is missing, or one is not hashable.
    """
    try:
        return labels(name, values, n)
    except TypeError as error:
        msg = f"{name} must hold hashable labels (strings or numbers): {error}"
        raise ValueError(msg) from error


def layout(n: int, clusters: Labels | None, groups: Labels | None) -> Layout:
    """The layout of n points; without clusters each point is its own, without groups all points are in one.

    Raises
    ------
    ValueError
        If the labels are not n, one is missing or not hashable, or there are fewer than 4 clusters.
    """
    cluster = np.arange(n) if clusters is None else numbered("clusters", clusters, n)
    group = np.zeros(n, dtype=np.intp) if groups is None else numbered("groups", groups, n)
    out = Layout(cluster, group, groups is not None, clusters is not None)
    if out.n_clusters < MIN_CLUSTERS:
        msg = f"clusters must have at least {MIN_CLUSTERS} different labels, got {out.n_clusters}"
        raise ValueError(msg)
    return out
