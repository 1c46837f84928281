"""All exhibits together: order, signatures, data for machines, and what happens when one cannot be computed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gapstudy import __version__
from gapstudy.exhibits.every import compute_exhibits
from gapstudy.exhibits.evidence import Evidence
from gapstudy.report.results import jsonable
from gapstudy.study import Study

KEYS = ("figure1", "table1", "table2", "comparison", "figure2", "cka-checks", "layers", "layer-curves", "companions", "figure3", "table3",
        "gap-cka", "sensitivity", "variance", "certificates", "theorem", "bound", "transport", "reg-curve", "table4", "g2p", "g2p-audit", "table5",
        "learning", "paper-check", "verdicts")  # fmt: skip
FIGURES = ("figure1", "figure2", "figure3", "reg-curve", "bound", "gap-cka", "layer-curves", "learning", "g2p-audit")
each = pytest.mark.parametrize("key", KEYS)


def test_every_exhibit_in_the_papers_order(full: Any) -> None:
    """Every exhibit is there, under its own key, and a complete study lacks none of its parts."""
    assert tuple(full.exhibits) == KEYS
    assert [e.key for e in full.exhibits.values()] == list(KEYS)
    assert {e.key: e.missing for e in full.exhibits.values() if e.missing} == {}


@each
def test_has_what_the_report_prints(full: Any, key: str) -> None:
    """Each has a title, a caption of whole sentences, the kind of its name, content, and rows for a CSV."""
    exhibit = full.exhibits[key]

    assert exhibit.kind == ("figure" if key in FIGURES else "table")
    assert exhibit.title
    assert exhibit.caption.rstrip().endswith(".")
    assert "{" not in exhibit.caption
    assert exhibit.table is not None or exhibit.images
    assert exhibit.records
    assert len({tuple(row) for row in exhibit.records}) == 1  # the same columns in every row
    assert bool(exhibit.alt) == (exhibit.kind == "figure")


@each
def test_signature_names_study_and_version(full: Any, key: str) -> None:
    """No number without its signature: study, version, and the runs (or that it rests on what was prepared)."""
    parts = full.exhibits[key].signature.split("|")

    assert parts[0] == "study:wide"
    assert f"gapstudy:{__version__}" in parts
    from_runs = key not in {"figure1", "table4", "table5", "g2p", "g2p-audit", "paper-check"}
    if key == "paper-check":
        assert "from:paper" in parts
        return
    assert any(p.startswith("runs-hash:") for p in parts) == from_runs
    assert ("from:prepared.json" in parts) != from_runs
    assert len(parts) == len(set(parts))


@pytest.mark.parametrize(
    ("key", "details"),
    [
        ("table1", {"runs:42", "seeds:2-5", "resamples:60", "gap:rpd", "layer:ner-input"}),
        ("table2", {"runs:45", "seeds:5", "gap:rpd"}),
        ("comparison", {"runs:87", "resamples:60", "unit:seed", "p:holm"}),
        ("sensitivity", {"runs:15", "resamples:60", "companions-of:table3"}),
        ("variance", {"runs:87", "gap:rpd", "sources:anova"}),
        ("figure2", {"runs:30", "task:ner", "layer:input", "character", "phoneme", "cka:debiased"}),
        ("figure3", {"runs:45", "reg:0.05", "cost:euclidean", "space:probabilities"}),
        ("table3", {"runs:15", "seeds:5", "resamples:60", "cka:plain", "reg:0.05"}),
        ("certificates", {"runs:45", "level:0.95", "task:xnli"}),
        ("theorem", {"runs:9", "seeds:1", "delta:0.05", "level:0.95", "folds:5"}),
        ("transport", {"runs:45", "seeds:5", "reg:0.05", "cost:euclidean", "space:probabilities", "level:0.95"}),
        ("reg-curve", {"runs:9", "seeds:1", "reg:0.05", "cost:euclidean", "space:probabilities"}),
        ("cka-checks", {"runs:87", "cka:linear", "ci:jackknife", "permutations:>=999"}),
        ("layers", {"runs:87", "cka:debiased", "ci:jackknife"}),
        ("layer-curves", {"runs:87", "cka:debiased", "ci:jackknife"}),
        ("gap-cka", {"runs:45", "resamples:60", "cka:plain", "gap:rpd"}),
        ("learning", {"runs:87", "seeds:2-5"}),
        ("companions", {"runs:87", "csls:10", "rsa:correlation"}),
        ("figure1", {"representation:phoneme", "g2p:made up"}),
    ],
)
def test_signature_says_what_could_change_the_numbers(full: Any, key: str, details: set[str]) -> None:
    """It counts the runs and seeds an exhibit rests on and has the options that enter it."""
    assert details <= set(full.exhibits[key].signature.split("|"))


@each
def test_data_is_json(full: Any, key: str) -> None:
    """What goes into results.json survives the trip without NaN."""
    content = jsonable(full.exhibits[key].data)

    assert content
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_computed_twice_is_the_same(full: Any, tmp_path: Path) -> None:
    """Two computations of the same runs agree in every number, word and byte of a figure."""
    again = compute_exhibits(full.evidence, tmp_path)

    assert {k: jsonable(e.data) for k, e in again.items()} == {k: jsonable(e.data) for k, e in full.exhibits.items()}
    for key, exhibit in again.items():
        assert (exhibit.caption, exhibit.signature) == (full.exhibits[key].caption, full.exhibits[key].signature)
        assert (exhibit.table, exhibit.notes) == (full.exhibits[key].table, full.exhibits[key].notes)
        for image in exhibit.images:
            assert (tmp_path / image).read_bytes() == (full.folder / image).read_bytes()


def test_the_studys_seed_moves_resampling_alone(full: Any, evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """Another study seed gives other intervals over sentences and the same values."""
    from gapstudy.exhibits import table1

    other = evidence_of(wide.model_copy(update={"seed": 1}))
    mine, theirs = (e["ner"]["phoneme"] for e in (full.exhibits["table1"].data, table1.compute(other).data))

    assert mine["debiased_cka"].value == theirs["debiased_cka"].value
    assert mine["debiased_cka"].low != theirs["debiased_cka"].low
    assert mine["mean_rpd"] == theirs["mean_rpd"]


def test_one_that_fails_leaves_the_others(
    evidence_of: Callable[..., Evidence], micro: Study, rewrite: Callable[..., None], tmp_path: Path
) -> None:
    """Sentence vectors of unequal length stop the exhibits that need them, which say why; the rest is computed."""
    evidence = evidence_of(micro)
    swahili = [r for r in evidence.runs if r.cell.language == "swa"]
    rewrite(swahili, embeddings=lambda arrays: {key: value[:30] for key, value in arrays.items()})

    exhibits = compute_exhibits(evidence, tmp_path)

    assert tuple(exhibits) == KEYS
    for key in ("cka-checks", "layers", "layer-curves", "companions", "figure3", "table3", "gap-cka", "sensitivity"):
        assert exhibits[key].table is None
        assert exhibits[key].missing[0].startswith("it could not be computed: ")
        assert "30" in exhibits[key].missing[0]
        assert exhibits[key].kind == ("figure" if key in FIGURES else "table")
    assert exhibits["table2"].missing == ()
    assert exhibits["table2"].table is not None


def test_a_damaged_file_is_named(evidence_of: Callable[..., Evidence], micro: Study, tmp_path: Path) -> None:
    """A file that breaks after the runs were gathered is named in the place of what needed it, but not where the store is."""
    evidence = evidence_of(micro)
    path = next(r.folder for r in evidence.runs if r.cell.language == "swa") / "outputs.safetensors"
    path.write_bytes(path.read_bytes()[:50])
    name = f"{path.parent.name}/{path.name}"

    exhibits = compute_exhibits(evidence, tmp_path)

    assert name in exhibits["figure3"].missing[0]
    assert exhibits["table2"].missing == ()
    assert exhibits["table2"].table is not None
    assert name in exhibits["table2"].notes[0]  # without intervals over items
    assert name in exhibits["variance"].missing[0]
    assert str(path.parent.parent) not in repr(exhibits)
