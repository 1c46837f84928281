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
from gapstudy.exhibits.text import interval, number, p_value
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
    rows = [
        (Cell(line["representation"], heading=True), Cell(f"{reference}–{line['language']}"), Cell(str(line["seed"])),
         Cell(f"{line['gap'].n:,}"), Cell(number(line["gap"].value, 3)), Cell(interval(line["gap"], 3)),
         Cell(p_value(line["gap"].p_value)), Cell(f"{line['hoeffding']:.3f}"),
         Cell(number(line["certificate"].value, 3)), Cell(interval(line["certificate"], 3)),
         Cell(number(line["certificate"].high, 3)))
        for line in first_seeds(lines)
    ]  # fmt: skip
    header = (
        (Head("", 4), Head("Observed gap", 4), Head("P(predictions differ)", 2), Head("")),
        (Head("Method"), Head("Pair"), Head("Seed"), Head("n"), Head("value"), Head("interval"), Head("McNemar p"),
         Head("Hoeffding ±"), Head("value"), Head("interval"), Head("Certificate ≤")),
    )  # fmt: skip
    return Exhibit(
        key="certificates",
        kind="table",
        title="Observed gap in error rate and a certificate for it",
        caption="On parallel test sets with shared labels the gap of two error rates cannot exceed the share of items on which "
        f"the two models disagree, whatever the models. {100 * level:g} % intervals over the *n* items (paired, Bonett–Price, for the gap; "
        f"Clopper–Pearson for the share), given the trained models; the certificate is the upper end, with one-sided confidence {50 * (1 + level):g} %. "
        f"*Hoeffding*: how far the observed gap can lie from the true one at confidence 1 − {analysis.delta}, whatever the distribution. "
        "The first seed of each pair; the CSV has every seed.",
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
