"""Certificates for the performance gap that are not vacuous, for any two models on parallel test sets.

Paper: left side of Theorem 4.1, section 4.4; the certificate itself is not the paper's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.pairs import flat, lacking, pairs, runs_behind
from gapstudy.exhibits.text import interval, number, p_value, words
from gapstudy.stats import disagreement_certificate, error_gap, hoeffding_radius

__all__ = ["certificate_lines", "compute", "first_seeds"]


def compute(evidence: Evidence) -> Exhibit:
    """Compute the observed gap and its certificate for every representation and pair, one row a pair (first seed)."""
    reference, analysis = evidence.study.analysis.reference, evidence.study.analysis
    level = analysis.level
    lines = certificate_lines(evidence)
    unlike = (
        f"{representation}, {reference}–{code}: the test sets are not parallel, so that there is no certificate"
        for representation, code, seeds in pairs(evidence)
        if not _parallel(evidence, representation, code, seeds[0])
    )
    rows = [_row(evidence, line) for line in first_seeds(lines)]
    header = (
        (Head("", 4), Head("Observed gap", 4), Head("P(predictions differ)", 2), Head("")),
        (Head("Method"), Head("Pair"), Head("Seed"), Head("n"), Head("value"), Head("interval"), Head("McNemar p"),
         Head("Hoeffding ±"), Head("value"), Head("interval"), Head("Certificate ≤")),
    )  # fmt: skip
    return Exhibit(
        key="certificates",
        kind="table",
        title="Gaps in error rate, certified",
        **words(
            _CAPTION,
            _METHOD.format(level=f"{100 * level:g}", one_sided=f"{50 * (1 + level):g}", delta=analysis.delta),
            shown=bool(rows),
        ),
        runs=tuple(run.run_id for run in runs_behind(evidence, first_seeds(lines))),
        signature=evidence.signature(
            f"level:{level}", f"delta:{analysis.delta}", "task:xnli", runs=runs_behind(evidence, lines)
        ),
        table=Table(header=header, rows=tuple(rows), align="llrrrrrrrrr", small=True) if rows else None,
        data={"seeds": lines},
        records=tuple(
            {**row, "mcnemar_p": line["gap"].p_value}
            for row, line in zip(flat(lines, ("gap", "certificate")), lines, strict=True)
        ),
        missing=(*lacking(evidence), *unlike),
    )


def _row(evidence: Evidence, line: dict[str, Any]) -> tuple[Cell, ...]:
    reference, gap, share = evidence.study.analysis.reference, line["gap"], line["certificate"]
    runs = evidence.run_ids("xnli", line["representation"], (reference, line["language"]), [line["seed"]])
    values = (number(gap.value, 3), interval(gap, 3), p_value(gap.p_value), f"{line['hoeffding']:.3f}",
              number(share.value, 3), interval(share, 3), number(share.high, 3))  # fmt: skip
    return (
        Cell(line["representation"], heading=True),
        Cell(f"{reference}–{line['language']}"),
        Cell(str(line["seed"])),
        Cell(f"{gap.n:,}"),
        *(Cell(text, runs=runs) for text in values),
    )


_CAPTION = (
    "The observed gap in error rate of each language to the reference, and what two sets of predictions alone certify about it: on parallel test "
    "sets with shared labels it cannot exceed the share of items on which the predictions differ, whatever the models."
)
_METHOD = (
    "The first seed of each pair; the CSV has every seed. {level} % intervals over the *n* items, given the trained models: paired [@bonettprice2012] for the "
    "gap, exact [@clopperpearson1934] for the share; the certificate is its upper end, with one-sided confidence {one_sided} %. *p* is that of McNemar's "
    "exact test [@mcnemar1947]. *Hoeffding* [@hoeffding1963]: how far the observed gap can lie from the true one at confidence 1 − {delta}, whatever the "
    "distribution."
)


def certificate_lines(evidence: Evidence) -> list[dict[str, Any]]:
    """Return one line a representation, pair and seed, where the test sets are parallel."""
    return [
        line
        for representation, code, seeds in pairs(evidence)
        if _parallel(evidence, representation, code, seeds[0])
        for line in _certificate_lines(evidence, representation, code, seeds)
    ]


def first_seeds(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first line of each representation and pair."""
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for line in lines:
        first.setdefault((line["representation"], line["language"]), line)
    return list(first.values())


def _parallel(evidence: Evidence, representation: str, code: str, seed: int) -> bool:
    """Whether the two test sets have the same labels row by row."""
    reference = evidence.study.analysis.reference
    a, b = (evidence.outputs("xnli", representation, c, seed).gold for c in (reference, code))
    return bool(np.array_equal(a, b))


def _certificate_lines(
    evidence: Evidence, representation: str, code: str, seeds: list[int]
) -> Iterator[dict[str, Any]]:
    reference, level = evidence.study.analysis.reference, evidence.study.analysis.level
    for seed in seeds:
        a, b = (evidence.outputs("xnli", representation, c, seed) for c in (reference, code))
        yield {
            "representation": representation,
            "language": code,
            "seed": seed,
            "hoeffding": hoeffding_radius(len(a.gold), len(b.gold), delta=evidence.study.analysis.delta),
            "gap": error_gap(a.predictions == a.gold, b.predictions == b.gold, level=level),
            "certificate": disagreement_certificate(a.predictions, b.predictions, level=level),
        }
