"""CKA by layer, before and after fine-tuning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from gapstudy.exhibits import layers
from gapstudy.exhibits.evidence import Evidence
from gapstudy.stats import cka_matrix
from gapstudy.study import Study

TOKEN = ("eng", "kor", "fin")


def mean(features: list[Any]) -> float:
    """Mean debiased CKA over pairs."""
    matrix = cka_matrix([np.asarray(f, np.float64) for f in features], debiased=True)
    return float(matrix[np.triu_indices(len(matrix), 1)].mean())


@pytest.mark.parametrize("layer", ["input", "last"])
def test_values_are_those_of_the_files(full: Any, layer: str) -> None:
    """Before is what was prepared, after the first common seed, change their difference, all of one layer."""
    parallel = load_file(full.evidence.parallel)
    folders = {r.cell.language: r.folder for r in full.evidence.runs_of(["ner"], ["character"]) if r.seed == 0}

    found = full.exhibits["layers"].data[f"ner/character/{layer}"]

    after = mean([load_file(folders[c] / "embeddings.safetensors")[f"{c}/{layer}"] for c in TOKEN])
    before = mean([parallel[f"character/{c}/{layer}"] for c in TOKEN])
    assert found["after"].value == pytest.approx(after, rel=1e-9)
    assert found["before"].value == pytest.approx(before, rel=1e-9)
    assert found["change"].value == pytest.approx(after - before, abs=1e-12)
    assert all(found[k].low < found[k].value < found[k].high for k in ("before", "after", "change"))
    assert (found["seed"], found["languages"]) == (0, list(TOKEN))


def test_rows_are_in_the_order_of_depth(full: Any, printed: Callable[..., Any]) -> None:
    """Each representation has its layers from the input on, below the name of its task."""
    rows = printed(full.exhibits["layers"])

    assert rows[0] == ["XNLI"]
    assert [row[:2] for row in rows[1:4]] == [["subword", "input"], ["subword", "last"], ["character", "input"]]
    assert len(rows) == 3 + 2 * (3 + 2 + 2)


def test_layers_between_come_from_the_settings(evidence_of: Callable[..., Evidence], micro: Study) -> None:
    """A layer that a task names stands between input and last; one that the runs lack is named."""
    evidence = evidence_of(micro)
    for cell in evidence.prepared["cells"].values():
        cell["settings"]["layers"] = ["input", "last", "10", "2"]

    assert layers._layers(evidence, "xnli", "phoneme", "eng") == ["input", "2", "10", "last"]
    exhibit = layers.compute(evidence)
    assert "xnli: the runs of phoneme hold no vectors of layer 10" in exhibit.missing
    assert set(exhibit.data) >= {"xnli/phoneme/input", "xnli/phoneme/last"}


def test_without_the_prepared_corpus_there_is_no_before(evidence_of: Callable[..., Evidence], micro: Study) -> None:
    """When parallel.safetensors is gone, before and change are dashes, said once a representation."""
    evidence = evidence_of(micro)
    evidence.parallel.unlink()

    exhibit = layers.compute(evidence)

    assert exhibit.missing.count("xnli: phoneme lacks vectors before training") == 1
    assert exhibit.table is not None
    assert [cell.text == "–" for cell in exhibit.table.rows[1]] == [False, False, True, False, True]
    assert {row["measure"] for row in exhibit.records} == {"after"}


def test_names_what_has_no_common_seed(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """A representation without a seed in two languages has no row, and is named."""
    exhibit = layers.compute(evidence_of(wide, keep=lambda c, _: c.task == "ner" and c.language == "eng"))

    assert exhibit.table is None
    assert "ner: phoneme has no seed that is finished in two languages" in exhibit.missing
