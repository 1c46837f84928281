"""Mean CKA between languages for each seed, with its resamples, once for every exhibit that needs them.

Paper: section 3.4, Table 1. All representations and seeds share the resampled sentences, so that means over seeds and
differences between representations are those of the same sentences.
"""

from __future__ import annotations

from collections.abc import Sequence

from gapstudy.exhibits.evidence import Evidence
from gapstudy.stats import ResampledCka, draws_of_mean

__all__ = ["cka_over_seeds"]


def cka_over_seeds(
    evidence: Evidence,
    task: str,
    representation: str,
    languages: Sequence[str],
    seeds: Sequence[int],
    *,
    debiased: bool,
) -> ResampledCka:
    """Return mean CKA over pairs of ``languages`` and over ``seeds``, at the layer that the study names for the task.

    One seed is held in memory at a time.
    """
    return ResampledCka.over_seeds(
        _of_seed(evidence, task, representation, languages, seed, debiased=debiased) for seed in seeds
    )


def _of_seed(
    evidence: Evidence, task: str, representation: str, languages: Sequence[str], seed: int, *, debiased: bool
) -> ResampledCka:
    layer, resamples = evidence.spec(task).sentence_layer, evidence.study.analysis.resamples

    def compute() -> ResampledCka:
        features = [evidence.vectors(task, representation, code, seed, layer) for code in languages]
        rng = evidence.rng(f"resampled sentences/{len(features[0])}/{debiased}")
        return draws_of_mean(features, debiased=debiased, n_resamples=resamples, rng=rng)

    runs = {run.run_id: run for code in languages if (run := evidence.run(task, representation, code, seed))}
    return evidence.remember(
        "mean CKA", list(runs.values()), compute,
        languages=list(languages), layer=layer, resamples=resamples, debiased=debiased,
    )  # fmt: skip
