"""Mean CKA between languages for each seed, with what its interval needs, once for every exhibit that needs it.

Paper: section 3.4, Table 1. All representations and seeds share the resampled sentences, so that means over seeds and
differences between representations are those of the same sentences. Debiased CKA has the interval of record
(half-samples), plain CKA that of the jackknife, which covers its expectation better than a bootstrap
(docs/simulations.md). One seed is held in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.evidence import Evidence
from gapstudy.stats import MeanCka, ResampledCka, draws_of_mean, mean_cka_jackknife

__all__ = ["debiased_by_seed", "debiased_over_seeds", "plain_over_seeds"]

T = TypeVar("T")
Features = Sequence[npt.NDArray[np.float32]]


def plain_over_seeds(
    evidence: Evidence, task: str, representation: str, languages: Sequence[str], seeds: Sequence[int]
) -> MeanCka:
    """Return mean plain CKA over pairs of ``languages`` and over ``seeds``, at the layer that the study names."""

    def compute(features: Features) -> MeanCka:
        return mean_cka_jackknife(features, debiased=False)

    cells = ((task, representation, tuple(languages), seed) for seed in seeds)
    return MeanCka.over_seeds(_of_seed(evidence, cell, "plain", compute) for cell in cells)


def debiased_over_seeds(
    evidence: Evidence, task: str, representation: str, languages: Sequence[str], seeds: Sequence[int]
) -> ResampledCka:
    """Return mean debiased CKA over pairs of ``languages`` and over ``seeds``, at the layer that the study names."""
    return ResampledCka.over_seeds(debiased_by_seed(evidence, task, representation, languages, seeds))


def debiased_by_seed(
    evidence: Evidence, task: str, representation: str, languages: Sequence[str], seeds: Sequence[int]
) -> Iterator[ResampledCka]:
    """Yield mean debiased CKA over pairs of ``languages``, seed by seed."""
    resamples = evidence.study.analysis.resamples

    def compute(features: Features) -> ResampledCka:
        rng = evidence.rng(f"half-samples/{len(features[0])}")
        return draws_of_mean(features, debiased=True, n_resamples=resamples, rng=rng)

    cells = ((task, representation, tuple(languages), seed) for seed in seeds)
    return (_of_seed(evidence, cell, "debiased", compute, resamples=resamples) for cell in cells)


def _of_seed(
    evidence: Evidence,
    cell: tuple[str, str, tuple[str, ...], int],
    kind: str,
    compute: Callable[[Features], T],
    **options: Any,
) -> T:
    task, representation, languages, seed = cell
    layer = evidence.spec(task).sentence_layer
    runs = {run.run_id: run for code in languages if (run := evidence.run(task, representation, code, seed))}
    return evidence.remember(
        f"mean {kind} CKA of a seed",
        list(runs.values()),
        lambda: compute([evidence.vectors(task, representation, code, seed, layer) for code in languages]),
        languages=list(languages),
        layer=layer,
        **options,
    )
