"""The paper's printed numbers: typed once more here, compared with the table they came from, and recomputed."""

from __future__ import annotations

import csv
import os
from itertools import combinations
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
from scipy import stats as scipy_stats

from gapstudy.exhibits.check import Check, check_paper
from gapstudy.exhibits.published import TABLE1, TABLE2, TABLE3, TABLE4, TABLE4_NOTES, TABLE5, TABLE5_SPACE


def ours() -> dict[tuple[str, str, str, str, str], float]:
    """Return Tables 1-3 as (exhibit, task, representation, language or pair, measure) -> number."""
    out: dict[tuple[str, str, str, str, str], float] = {}
    for (task, r), row in TABLE1.items():
        out |= {("table1", task, r, code, "f1_percent"): score for code, score in row["scores"].items()}
        whole = {"std_fraction": "std", "mean_rpd_percent": "mean_rpd", "mean_cka": "mean_cka"}
        out |= {("table1", task, r, "all", measure): row[key] for measure, key in whole.items()}
    for r, row in TABLE2.items():
        out |= {("table2", "xnli", r, code, "accuracy_percent"): score for code, score in row["scores"].items()}
        for code in ("swa", "urd"):
            gaps = zip(("rpd_percent", "abs_points"), row[code], strict=True)
            out |= {("table2", "xnli", r, f"eng-{code}", measure): gap for measure, gap in gaps}
    names = {"performance": "eng_performance", "sinkhorn": "sinkhorn", "cka": "cka"}
    for name, row3 in TABLE3.items():
        for measure, value in zip(("spearman_rho", "spearman_p", "kendall_tau", "kendall_p"), row3, strict=True):
            out["table3", "xnli", "phoneme", f"gap~{names[name]}", measure] = value
    return out


def test_every_number_is_the_transcribed_one(root: Path) -> None:
    """Tables 1-3 agree with the transcription of the paper beside the corpora, number by number, both ways."""
    data = Path(os.environ.get("GAPSTUDY_DATA", root.parent / "shared" / "data"))
    table = data.parent / "paper" / "tables.csv"
    if not table.parent.is_dir():
        pytest.skip(f"no transcription of the paper at {table.parent}")
    if not table.is_file():
        (pytest.fail if os.environ.get("GAPSTUDY_REQUIRE_ALL") == "1" else pytest.skip)(f"{table} is missing")

    with table.open(encoding="utf-8", newline="") as file:
        theirs = {
            (r["exhibit"], r["task"], r["representation"], r["language_or_pair"], r["measure"]): float(r["printed"])
            for r in csv.DictReader(file)
        }

    assert ours() == theirs


# Sums of the printed scores, added up from the paper by hand: a mistyped score changes one.
@pytest.mark.parametrize(
    ("key", "total"),
    [
        (("ner", "character"), 904.64),
        (("ner", "phoneme"), 894.84),
        (("pos", "character"), 902.28),
        (("pos", "phoneme"), 920.17),
    ],
)
def test_table1_adds_up(key: tuple[str, str], total: float) -> None:
    """The ten scores of each row of Table 1 sum to what the paper's do."""
    assert sum(TABLE1[key]["scores"].values()) == pytest.approx(total, abs=1e-9)
    assert len(TABLE1[key]["scores"]) == 10


@pytest.mark.parametrize(
    ("key", "rpd", "std"),
    [
        (("ner", "character"), 4.024, 0.0316),
        (("ner", "phoneme"), 3.525, 0.0273),
        (("pos", "character"), 8.774, 0.0692),
        (("pos", "phoneme"), 5.804, 0.0455),
    ],
)
def test_table1_recomputed(key: tuple[str, str], rpd: float, std: float) -> None:
    """From the printed scores, with nothing but the standard library: mean RPD, and Std. with ddof = 1."""
    scores = list(TABLE1[key]["scores"].values())

    assert mean(200 * abs(a - b) / (a + b) for a, b in combinations(scores, 2)) == pytest.approx(rpd, abs=6e-4)
    assert stdev(scores) / 100 == pytest.approx(std, abs=6e-5)


def test_table2_recomputed() -> None:
    """All of Table 2's gaps follow from its accuracies."""
    for row in TABLE2.values():
        a = row["scores"]["eng"]
        for code in ("swa", "urd"):
            b = row["scores"][code]
            assert row[code] == pytest.approx((200 * (a - b) / (a + b), a - b), abs=0.0051)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("performance", (0.111, 0.56, 0.104, 0.43)),
        ("sinkhorn", (0.681, 3.5e-5, 0.457, 2.0e-4)),
        ("cka", (-0.782, 3.4e-7, -0.577, 2.1e-6)),
    ],
)
def test_table3_is_as_printed_and_has_thirty_points(name: str, row: tuple[float, ...]) -> None:
    """The coefficients and p-values are those printed, and Student's t with n = 30 gives Spearman's p."""
    assert TABLE3[name] == row
    rho = row[0]
    t = rho * (28 / (1 - rho**2)) ** 0.5

    assert 2 * scipy_stats.t.sf(abs(t), 28) == pytest.approx(row[1], rel=0.05)


def test_tables4_and_5_as_printed() -> None:
    """The numbers of the appendix that are no round ones, and the search space without the two slips."""
    assert TABLE4["xnli", "urd"] == ("393k", "2.49k", "5.01k")
    assert TABLE4["ner", "hin"] == ("5k", "1k", "1k")
    assert TABLE4["pos", "hun"] == ("-", "0.4k", "0.4k")
    assert "eleven training sizes for ten languages" in TABLE4_NOTES["pos", "train"]
    assert "3e-6" in TABLE5["xnli", "phoneme"]["learning rate"]
    assert "3e-6" not in TABLE5_SPACE["xnli"]["learning rate"]
    assert "8e-5" in TABLE5["ner", "phoneme"]["learning rate"]
    assert "8e-5" not in TABLE5_SPACE["ner"]["learning rate"]


# ---- check-paper ------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """Return every check."""
    return check_paper()


def test_printed_numbers_that_differ(checks: list[Check]) -> None:
    """Four numbers differ: a spread printed with ddof = 0, a rounded count, and two rates outside the search space."""
    wrong = [c for c in checks if c.verdict == "differs"]

    assert [(c.where, c.what, c.printed) for c in wrong] == [
        ("Table 1", "NER phoneme: Std.", 0.0259),
        ("Table 4", "FLORES+ development-test sentences", 1200),
        ("Table 5", "XNLI, XPhoneBERT, swa and urd: learning rate", 3e-6),
        ("Table 5", "NER, XPhoneBERT, rus and ita: learning rate", 8e-5),
    ]
    assert wrong[0].recomputed == pytest.approx(0.0273, abs=6e-5)
    assert wrong[0].remark == "printed with ddof = 0 (0.0259); the other rows have ddof = 1"
    assert wrong[1].recomputed == 1012
    assert "not in the search space 3e-5" in wrong[3].remark


def test_every_number_that_can_be_is_recomputed(checks: list[Check]) -> None:
    """Eight gaps of Table 1, twelve of Table 2, three of section 4.2, six p-values of Table 3, four sizes, two rates."""
    counted: dict[str, int] = {}
    for c in checks:
        if c.kind == "number":
            counted[c.where] = counted.get(c.where, 0) + 1

    assert counted == {"Table 1": 8, "Table 2": 12, "Section 4.2": 3, "Table 3": 6, "Table 4": 4, "Table 5": 2}
    assert [c.what for c in checks if c.agrees and c.remark] == []


def test_text_numbers_recomputed(checks: list[Check]) -> None:
    """Section 4.2's 8.91, 2.05 and 5.47 are differences of accuracies in points, not in percent."""
    found = [(c.printed, c.recomputed) for c in checks if c.where == "Section 4.2" and c.kind == "number"]

    assert [p for p, _ in found] == [8.91, 2.05, 5.47]
    assert all(p == pytest.approx(r, abs=0.0051) for p, r in found)
    assert any(c.what == "unit" for c in checks)


def test_one_claim_does_not_hold(checks: list[Check]) -> None:
    """Of the claims in words one fails on the paper's own numbers: phonemes are behind characters in Urdu."""
    claims = [c for c in checks if c.kind == "claim"]

    assert len(claims) == 10
    (wrong,) = (c for c in claims if c.verdict == "does not hold")
    assert (wrong.where, wrong.what) == ("Abstract", "XNLI urd: phoneme ahead of character (points)")
    assert wrong.recomputed == pytest.approx(56.10 - 56.55)


def test_the_caption_of_table_3_does_not_give_its_p_values(checks: list[Check]) -> None:
    """With the caption's 45 models Spearman's p-values would be others, which are named."""
    slip = next(c for c in checks if c.what == "number of points")
    others = [2 * scipy_stats.t.sf(abs(r) * (43 / (1 - r**2)) ** 0.5, 43) for r in (0.111, 0.681, 0.782)]

    assert all(f"{p:.1e}" in slip.remark for p in others)


@pytest.mark.parametrize(
    "where", ["Table 1", "Section 4.3", "Table 3", "Table 4", "Table 5", "Eq. (2)", "Theorem 4.1", "Appendix A"]
)
def test_slips_that_are_no_numbers_are_named(checks: list[Check], where: str) -> None:
    """Each slip of method is listed under its place, with a remark and without numbers."""
    slips = [c for c in checks if c.where == where and c.agrees is None]

    assert slips
    assert all(c.remark and c.printed is None and c.recomputed is None for c in slips)


def test_kendalls_p_values_are_cut_not_rounded(checks: list[Check]) -> None:
    """Exactly 0.436 is printed as 0.43 and 2.6e-4 as 0.0002: the slip is named with both."""
    slip = next(c for c in checks if c.what == "Kendall's p")

    assert slip.remark == "cut rather than rounded: 0.436 as 0.43, 2.6e-04 as 0.0002"


# ---- the appendix -----------------------------------------------------------------------------------------
def test_appendix_has_the_rest_and_the_csv_all(full: Any, checks: list[Check]) -> None:
    """The table has what differs, fails or is a slip, each with its finding; the caption counts; the CSV has all."""
    exhibit = full.exhibits["paper-check"]
    rows = [row for row in exhibit.table.rows if len(row) > 1]

    assert [(row[0].text, row[1].text) for row in rows] == [
        (c.where, c.what)
        for c in sorted(checks, key=lambda c: ("number", "claim", "slip").index(c.kind))
        if c.agrees is not True
    ]
    assert rows[0][2].text.startswith("printed 0.0259, recomputed 0.0273: printed with ddof = 0")
    assert rows[1][2].text == "printed 1,200, recomputed 1,012: section 3.4 has 1,012 sentences"
    assert "margin -0.45" in rows[4][2].text
    assert all(row[2].text for row in rows)
    agree = sum(c.verdict == "agrees" for c in checks)
    assert (
        f"Of 35 printed numbers that can be recomputed from the paper and the sizes of its data sets {agree} agree"
        in exhibit.caption
    )
    assert "9 of 10 claims" in exhibit.caption
    assert [(r["where"], r["what"], r["verdict"]) for r in exhibit.records] == [
        (c.where, c.what, c.verdict) for c in checks
    ]
