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
from gapstudy.exhibits.text import estimate_cell, number
from gapstudy.stats import disagreement_certificate, error_gap

__all__ = ["compute"]


def compute(evidence: Evidence) -> Exhibit:
    """Compute the observed gap and its certificate for every representation and pair, one row a pair (first seed)."""
    reference, level = evidence.study.analysis.reference, evidence.study.analysis.level
    lines: list[dict[str, Any]] = []
    unlike: list[str] = []
    for representation, code, seeds in pairs(evidence):
        if _parallel(evidence, representation, code, seeds[0]):
            lines += _certificate_lines(evidence, representation, code, seeds)
        else:
            unlike.append(
                f"{representation}, {reference}–{code}: the test sets are not parallel, so that there is no certificate"
            )
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for line in lines:
        first.setdefault((line["representation"], line["language"]), line)
    rows = [
        (Cell(r, heading=True), Cell(f"{reference}–{code}"), Cell(str(line["seed"])), Cell(f"{line['gap'].n:,}"),
         estimate_cell(line["gap"], 3), estimate_cell(line["certificate"], 3), Cell(number(line["certificate"].high, 3)))
        for (r, code), line in first.items()
    ]  # fmt: skip
    names = ("Method", "Pair", "Seed", "n", "Observed gap", "P(predictions differ)", "Certificate ≤")
    return Exhibit(
        key="certificates",
        kind="table",
        title="Observed gap in error rate and a certificate for it",
        caption="On parallel test sets with shared labels the gap of two error rates cannot exceed the share of items on which "
        f"the two models disagree, whatever the models. {100 * level:g} % intervals over the *n* items (paired; Clopper–Pearson "
        f"for the share), given the trained models; the certificate is the upper end, with one-sided confidence {50 * (1 + level):g} %. "
        "The first seed of each pair; the CSV has every seed.",
        signature=evidence.signature(f"level:{level}", "task:xnli", runs=runs_behind(evidence, lines)),
        table=Table(header=(tuple(map(Head, names)),), rows=tuple(rows), align="llrrrrr") if rows else None,
        data={"seeds": lines},
        records=tuple(flat(lines, ("gap", "certificate"))),
        missing=(*lacking(evidence), *unlike),
    )


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
            "gap": error_gap(a.predictions == a.gold, b.predictions == b.gold, level=level),
            "certificate": disagreement_certificate(a.predictions, b.predictions, level=level),
        }
