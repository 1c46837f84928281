"""The runs behind each number: those whose files it was computed from, and no others."""

from __future__ import annotations

from typing import Any

import pytest

TABLES = (
    "table1",
    "table2",
    "comparison",
    "variance",
    "cka-checks",
    "companions",
    "transport",
    "certificates",
    "theorem",
)


def ids(full: Any, task: str, representation: str, languages: tuple[str, ...], seeds: Any = None) -> set[str]:
    """Ids of the runs of some cells."""
    return set(full.evidence.run_ids(task, representation, languages, seeds))


def test_a_score_rests_on_its_cell_and_a_gap_on_its_languages(full: Any, row_of: Any) -> None:
    """A score names the runs of its language, a gap and a CKA those of all languages over their common seeds."""
    row = row_of(full.exhibits["table1"], "phoneme", "Named")
    assert set(row[2].runs) == ids(full, "ner", "phoneme", ("kor",))
    assert {frozenset(cell.runs) for cell in row[-4:]} == {
        frozenset(ids(full, "ner", "phoneme", ("eng", "kor", "fin")))
    }
    row = row_of(full.exhibits["table2"], "character")
    assert set(row[1].runs) == ids(full, "xnli", "character", ("eng",))
    assert set(row[3].runs) == ids(full, "xnli", "character", ("eng", "swa"))


def test_a_difference_rests_on_both_sides(full: Any, row_of: Any) -> None:
    """A comparison names the runs of both representations."""
    row = row_of(full.exhibits["comparison"], "phoneme − character", "Part-of-speech")
    sides = (ids(full, "pos", r, ("eng", "kor", "fin")) for r in ("phoneme", "character"))
    assert set(row[2].runs) == set.union(*sides)


def test_what_is_of_one_seed_names_that_seed(full: Any, row_of: Any) -> None:
    """CKA checks rest on the first common seed, the ceiling on the first two, baselines on no run; outputs on their pair."""
    row = row_of(full.exhibits["cka-checks"], "phoneme", "Named")
    languages = ("eng", "kor", "fin")
    assert set(row[1].runs) == ids(full, "ner", "phoneme", languages, [0])
    assert set(row[7].runs) == ids(full, "ner", "phoneme", languages, [0, 1])
    assert row[8].runs == row[9].runs == ()
    for key in ("certificates", "theorem"):
        row = next(
            r for r in full.exhibits[key].table.rows if len(r) > 1 and r[0].text == "phoneme" and r[1].text == "eng–urd"
        )
        assert set(row[5].runs) == ids(full, "xnli", "phoneme", ("eng", "urd"), [0])


@pytest.mark.parametrize("key", [*TABLES, "table3", "sensitivity", "verdicts"])
def test_an_exhibit_names_the_runs_of_its_cells(full: Any, key: str) -> None:
    """Every run of a cell is a run of the exhibit, each is there once, and each is finished."""
    exhibit = full.exhibits[key]
    known = {run.run_id for run in full.evidence.runs}
    assert exhibit.runs
    assert len(set(exhibit.runs)) == len(exhibit.runs)
    assert set(exhibit.runs) <= known
    cells = {run_id for row in exhibit.table.rows for cell in row for run_id in cell.runs}
    assert cells <= set(exhibit.runs)
    assert bool(cells) == (key in TABLES)


def test_the_papers_numbers_rest_on_no_run(full: Any) -> None:
    """Rows that repeat printed values name none."""
    rows = [r for key in ("table1", "table2") for r in full.exhibits[key].table.rows if r[0].text.startswith("paper")]
    assert rows
    assert not any(cell.runs for row in rows for cell in row)
