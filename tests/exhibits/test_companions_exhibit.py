"""Other measures of similarity beside CKA."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from gapstudy import stats
from gapstudy.exhibits import companions
from gapstudy.exhibits.evidence import Evidence
from gapstudy.study import Study

TOKEN = ("eng", "kor", "fin")


@pytest.fixture(scope="module")
def vectors(full: Any) -> list[Any]:
    """Input-layer vectors of the first seed of the NER character runs, from their files."""
    folders = {r.cell.language: r.folder for r in full.evidence.runs_of(["ner"], ["character"]) if r.seed == 0}
    return [load_file(folders[c] / "embeddings.safetensors")[f"{c}/input"] for c in TOKEN]


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("debiased", lambda x, y: stats.cka(x, y, debiased=True)),
        ("procrustes", stats.procrustes_similarity),
        ("rsa", stats.rsa),
        ("anc", stats.anc),
        ("cosine", lambda x, y: 100 * stats.retrieval(x, y).mean),
        ("csls", lambda x, y: 100 * stats.retrieval(x, y, method="csls").mean),
    ],
)
def test_means_over_pairs(full: Any, vectors: list[Any], name: str, measure: Callable[[Any, Any], float]) -> None:
    """Each column is the mean over pairs of its measure."""
    expected = np.mean([measure(x, y) for x, y in combinations(vectors, 2)])

    assert full.exhibits["companions"].data["ner/character"]["aligned"][name].value == pytest.approx(expected, rel=1e-9)


def test_interval_of_retrieval_is_over_sentences(full: Any, vectors: list[Any]) -> None:
    """It is the t interval of how often each sentence is found, over pairs and directions."""
    hits = np.mean([stats.retrieval_hits(x, y).mean(axis=0) for x, y in combinations(vectors, 2)], axis=0)
    expected = stats.mean_interval((100 * hits).tolist())

    found = full.exhibits["companions"].data["ner/character"]["aligned"]["cosine"]

    assert (found.low, found.high) == pytest.approx((max(0, expected.low), min(100, expected.high)))
    assert found.n == 40


def test_shuffled_sentences_are_what_many_shuffles_give(full: Any, vectors: list[Any]) -> None:
    """The second line of each row is near the mean of each measure over random alignments."""
    line = full.exhibits["companions"].data["ner/character"]["shuffled"]
    rng = np.random.default_rng(0)
    draws = [companions.measures([rng.permutation(v) for v in vectors], level=0.95) for _ in range(60)]

    for name, estimate in line.items():
        values = [d[name].value for d in draws]
        slack = float(5 * np.std(values)) / (1.0 if name in {"procrustes", "anc"} else 60**0.5)
        assert estimate.value == pytest.approx(np.mean(values), abs=slack)


def test_rows_come_in_twos(full: Any, printed: Callable[..., Any]) -> None:
    """Below each representation stands the row of its shuffled sentences; retrieval is in per cent."""
    rows = printed(full.exhibits["companions"])

    assert [row[0] for row in rows[:3]] == ["XNLI (last layer)", "subword", "  sentences shuffled"]
    assert rows[2][-1] == "2.5"  # one of forty


def test_sentences_that_are_all_found_have_no_interval(
    evidence_of: Callable[..., Evidence], micro: Study, rewrite: Callable[..., None]
) -> None:
    """Equal vectors in both languages are found without exception, and a dead neuron leaves ANC alone undefined."""
    evidence = evidence_of(micro, seeds=1)
    x = np.random.default_rng(5).normal(size=(40, 6)).astype(np.float32)
    x[:, 2] = 1.0
    for run in evidence.runs_of(["xnli"]):
        rewrite([run], embeddings=lambda _, key=f"{run.cell.language}/last": {key: x})

    exhibit = companions.compute(evidence)

    line = exhibit.data["xnli/phoneme"]["aligned"]
    assert (line["cosine"].value, line["procrustes"].value) == (100.0, pytest.approx(1.0))
    assert np.isnan(line["cosine"].low)
    assert np.isnan(line["anc"].value)
    assert any("phoneme: ANC is undefined: features[0] has 1 constant columns" in why for why in exhibit.missing)


def test_names_what_has_no_common_seed(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """A representation without a seed in two languages has no row, and is named."""
    exhibit = companions.compute(evidence_of(wide, keep=lambda c, _: c.task == "ner" and c.language == "eng"))

    assert exhibit.table is None
    assert "ner: phoneme has no seed that is finished in two languages" in exhibit.missing


def test_a_row_of_zeros_leaves_retrieval_alone_undefined() -> None:
    """What one measure cannot take is said, and the others are computed."""
    x, y = np.random.default_rng(0).normal(size=(2, 20, 4))
    x[3] = 0.0

    found = companions.measures([x, y], level=0.95)

    assert np.isnan(found["cosine"].value)
    assert "retrieval by cosine is undefined: x has a row of zeros (3)" in found["cosine"].method
    assert found["procrustes"].value > 0
