"""The verdicts on the paper's claims: each word for what earns it, and nothing claimed without a test."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.contrasts import difference, difference_of_cka
from gapstudy.exhibits.every import compute_exhibits
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.verdict import Verdict, contrast, judged
from gapstudy.stats import Estimate, ResampledCka, cka_matrix, mean_rpd
from gapstudy.study import Study


def _claim(value: float, p: float | None, sign: int = -1) -> Verdict:
    estimate = Estimate(value, value - 1, value + 1, 0.95, 15, "made up", p)
    return Verdict(claim="a claim", about="something", sign=sign, printed="-1", estimate=estimate, digits=2)


# ---- the words --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "p", "sign", "word"),
    [
        pytest.param(-2.0, 0.001, -1, "supported", id="smaller-and-clear"),
        pytest.param(2.0, 0.001, -1, "contradicted", id="larger-and-clear"),
        pytest.param(2.0, 0.001, 1, "supported", id="larger-is-the-claim"),
        pytest.param(-2.0, 0.2, -1, "cannot tell", id="smaller-but-not-clear"),
        pytest.param(math.nan, None, -1, "not tested", id="no-test"),
        pytest.param(math.nan, math.nan, -1, "not tested", id="undefined"),
    ],
)
def test_a_verdict_needs_direction_and_evidence(value: float, p: float | None, sign: int, word: str) -> None:
    """Supported and contradicted need a corrected p below 1 - level; without a test there is no verdict."""
    assert judged([_claim(value, p, sign)], 0.95)[0].word == word


def test_verdicts_are_corrected_for_their_number() -> None:
    """What one claim alone would show, nine do not; claims that could not be tested do not count."""
    (alone,) = judged([_claim(-2.0, 0.02)], 0.95)
    among = judged([_claim(-2.0, 0.02), *[_claim(0.1, 0.6)] * 8], 0.95)
    beside = judged([_claim(-2.0, 0.02), *[_claim(math.nan, None)] * 8], 0.95)
    assert (alone.word, among[0].word, beside[0].word) == ("supported", "cannot tell", "supported")
    assert among[0].p_holm == pytest.approx(0.18)


# ---- the numbers ------------------------------------------------------------------------------------------
def _of(exhibit: Exhibit) -> dict[str, Verdict]:
    return {v.claim: v for v in exhibit.data["verdicts"]}


def test_claims_are_made_of_the_runs(full: Any) -> None:
    """Differences are phonemes less characters, of means over the seeds that both have; printed ones are the paper's."""
    found = _of(full.exhibits["verdicts"])
    evidence: Evidence = full.evidence
    gaps = [
        mean_rpd(evidence.scores("ner", r, ("eng", "kor", "fin"), range(5)).mean(axis=0))
        for r in ("character", "phoneme")
    ]
    ner = found["NER: smaller gap (mean RPD, %)"]
    assert ner.estimate.value == pytest.approx(gaps[1] - gaps[0])
    assert ner.printed == "−0.50"
    similar = [
        np.mean(
            [cka_matrix([evidence.vectors("ner", r, c, s, "input") for c in ("eng", "kor", "fin")], debiased=True)[
                np.triu_indices(3, 1)
            ] for s in range(5)]
        )
        for r in ("character", "phoneme")
    ]  # fmt: skip
    assert found["NER: more similar (debiased CKA)"].estimate.value == pytest.approx(similar[1] - similar[0])
    assert found["XNLI: smaller gap than characters (%)"].printed == "−4.76"
    assert found["XNLI: smaller gap than subwords (%)"].printed == "−5.31"
    assert found["XNLI: better beside eng (points)"].printed == "+0.36"
    within = full.exhibits["table3"].data["within"]["cka", "spearman"]
    assert found["Lower CKA with larger gaps (ρ)"].estimate == within


def test_the_p_of_a_gap_is_that_of_its_interval() -> None:
    """For the difference of means, a gap of one pair, it is the paired t test."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(50.0, 1.0, size=(2, 12, 1))
    found = difference([a, b], lambda means: float(means[0]), 0.9)
    peer = scipy_stats.ttest_rel(b[:, 0], a[:, 0])
    assert found.p_value == pytest.approx(peer.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(peer.confidence_interval(0.9)), rel=1e-9)


def test_what_one_seed_finds_is_not_tested(evidence_of: Callable[..., Evidence], wide: Study, tmp_path: Any) -> None:
    """Without a second seed there is a value, no interval, and no verdict on the gap."""
    found = _of(compute_exhibits(evidence_of(wide, seeds=1), tmp_path)["verdicts"])
    one = found["NER: smaller gap (mean RPD, %)"]
    assert math.isfinite(one.estimate.value)
    assert {v.word for v in found.values()} == {"not tested"}
    assert not any("ρ" in claim for claim in found)


def test_without_phonemes_there_is_no_claim(evidence_of: Callable[..., Evidence], wide: Study, tmp_path: Any) -> None:
    """The exhibit says what it needs; the report goes without."""
    study = wide.narrowed(tasks=("ner",), representations=("character",))
    assert contrast(evidence_of(study), "ner") is None
    exhibit = compute_exhibits(evidence_of(study), tmp_path)["verdicts"]
    assert exhibit.table is None
    assert exhibit.missing == ("it needs a phoneme representation beside another, and two languages",)


def test_subwords_stand_in_for_characters(full: Any) -> None:
    """Phonemes are compared with characters, and with subwords only where there are no characters."""
    evidence: Evidence = full.evidence
    assert contrast(evidence, "xnli") == ("character", "phoneme")
    study = evidence.study.narrowed(tasks=("xnli",), representations=("subword", "phoneme"))
    assert contrast(replace(evidence, study=study), "xnli") == ("subword", "phoneme")


def test_values_are_held_against_the_papers_own_contrast(
    evidence_of: Callable[..., Evidence], wide: Study, tmp_path: Any
) -> None:
    """With subwords as baseline the paper's values are those with subwords, and none where it prints none."""
    study = wide.narrowed(representations=("subword", "phoneme"))
    ner = wide.tasks["ner"].model_copy(update={"representations": ("subword", "phoneme")})
    study = study.model_copy(update={"tasks": {**study.tasks, "ner": ner}})
    found = _of(compute_exhibits(evidence_of(study, seeds=2), tmp_path)["verdicts"])
    assert found["XNLI: better beside eng (points)"].printed == "−3.76"
    assert found["NER: smaller gap (mean RPD, %)"].printed == "–"
    assert found["NER: better in other scripts (points)"].printed == "–"


def _cka(value: float, seed: int) -> ResampledCka:
    draws = np.random.default_rng(seed).normal(value, 0.01, size=500)
    return ResampledCka(value, draws, 200, debiased=True)


def test_cka_differences_count_seeds_and_sentences() -> None:
    """The variance is that of the mean over seeds plus that of half-samples; with equal seeds sentences alone remain."""
    a, b = [_cka(0.5, 1)] * 3, [_cka(0.5 + d, 2) for d in (0.0, 0.1, 0.2)]
    found = difference_of_cka(a, b, level=0.95)
    sentences = np.mean([y.draws - x.draws for x, y in zip(a, b, strict=True)], axis=0).var(ddof=1)
    half = scipy_stats.t.ppf(0.975, 2) * math.sqrt(0.01 / 3 + sentences)
    assert found.value == pytest.approx(0.1)
    assert (found.low, found.high) == pytest.approx((0.1 - half, 0.1 + half))
    alone = difference_of_cka(a, [_cka(0.6, 2)] * 3, level=0.95)
    assert (alone.high - alone.low) / 2 == pytest.approx(scipy_stats.t.ppf(0.975, 2) * math.sqrt(sentences))
    assert math.isnan(difference_of_cka(a[:1], b[:1], level=0.95).low)
