"""Theorem 4.1: what can be said of the performance gap, certificates first.

Paper: section 4.4, Theorem 4.1; appendix C. Certificates hold for any two models on parallel test sets; the theorem
bounds one hypothesis on two domains, so that with in-language training (two hypotheses) it is an illustration.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import estimate_cell, interval, number
from gapstudy.stats import (
    Estimate,
    disagreement_certificate,
    divergence_bound,
    error_gap,
    proxy_a_distance,
    witness_divergence,
)

__all__ = ["certificates", "compute"]


def _pairs(evidence: Evidence) -> Iterator[tuple[str, str, list[int]]]:
    """Yield (representation, other language, seeds in common with the reference)."""
    spec, reference = evidence.study.tasks.get("xnli"), evidence.study.analysis.reference
    if spec is None or reference not in spec.languages:
        return
    for representation in spec.representations:
        for code in spec.languages:
            seeds = evidence.seeds("xnli", representation, (reference, code)) if code != reference else []
            if seeds:
                yield representation, code, seeds


def certificates(evidence: Evidence) -> Exhibit:
    """Compute the observed gap and its certificate for every representation and pair, one row a pair (first seed)."""
    reference, level = evidence.study.analysis.reference, evidence.study.analysis.level
    lines = [line for r, code, seeds in _pairs(evidence) for line in _certificate_lines(evidence, r, code, seeds)]
    first = {(line["representation"], line["language"]): line for line in reversed(lines)}
    rows = [
        (Cell(r, heading=True), Cell(f"{reference}–{code}"), Cell(str(line["seed"])),
         estimate_cell(line["gap"], 3), estimate_cell(line["certificate"], 3), Cell(number(line["certificate"].high, 3)))
        for (r, code), line in sorted(first.items(), key=lambda item: lines.index(item[1]))
    ]  # fmt: skip
    header = (
        (
            Head("Method"),
            Head("Pair"),
            Head("Seed"),
            Head("Observed gap"),
            Head("P(predictions differ)"),
            Head("Certificate ≤"),
        ),
    )
    return Exhibit(
        key="certificates",
        kind="table",
        title="Observed gap in error rate and a certificate for it",
        caption="On parallel test sets with shared labels the gap of two error rates cannot exceed the share of items on which "
        f"the two models disagree, whatever the models. {100 * level:.0f} % intervals over items (paired; Clopper–Pearson for the share); "
        "the certificate is its upper end. The first seed of each pair; the CSV has every seed.",
        signature=evidence.signature(f"level:{level}", "task:xnli"),
        table=Table(header=header, rows=tuple(rows), align="llrrrr") if rows else None,
        data={"seeds": lines},
        records=tuple(_flat(lines, ("gap", "certificate"))),
        missing=() if rows else ("it needs XNLI runs of the reference language and another, with a seed in common",),
    )


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


def compute(evidence: Evidence) -> Exhibit:
    """Compute the bound of Theorem 4.1 in two spaces: sentence vectors and class probabilities (first seed)."""
    delta = evidence.study.analysis.delta
    lines = [line for r, code, seeds in _pairs(evidence) for line in _bound_lines(evidence, r, code, seeds)]
    zero_shot = evidence.study.protocol == "zero-shot"
    header = (
        (Head("", 4), Head("Proxy A-distance", 2), Head("Right side of the theorem", 3), Head("")),
        (Head("Method"), Head("Pair"), Head("n"), Head("d"), Head("estimate"), Head("interval"), Head("complexity"),
         Head("paper"), Head("Ben-David"), Head("n needed")),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for space in dict.fromkeys(line["space"] for line in lines):
        rows.append((Cell(space, heading=True),))
        rows += [_bound_row(evidence, line) for line in lines if line["space"] == space]
    return Exhibit(
        key="theorem",
        kind="table",
        title="The bound of Theorem 4.1",
        caption=_CAPTION.format(
            delta=delta,
            protocol="One model serves every language here, so that the theorem applies."
            if zero_shot
            else "Here two models are compared, one a language, so that the theorem does not apply and the numbers illustrate it.",
        ),
        signature=evidence.signature(f"delta:{delta}", "task:xnli", "folds:5"),
        table=Table(header=header, rows=tuple(rows), align="llrrrrrrrr", small=True) if rows else None,
        data={"lines": lines},
        records=tuple(_flat(lines, ("divergence",))),
        missing=() if rows else ("it needs XNLI runs of the reference language and another, with a seed in common",),
        notes=tuple(_witness(evidence)) if zero_shot else (),
    )


_CAPTION = (
    "Half the divergence plus a complexity term, at confidence 1 − {delta}; the divergence is the proxy A-distance of a "
    "cross-fitted linear classifier (0: the languages cannot be told apart, 2: always), which estimates it from below. "
    "*d* counts features plus one. A bound of 1 or more says nothing (*vacuous*, in brackets); *n needed* is the sample size at which the paper's form would say something. {protocol} It is "
    "stated for binary labels; 0–1 error is used. *Ben-David*: Theorem 2 of 2010 with 2d and the factor 4, without its "
    "joint-error term."
)


def _bound_lines(evidence: Evidence, representation: str, code: str, seeds: list[int]) -> Iterator[dict[str, Any]]:
    reference, seed = evidence.study.analysis.reference, seeds[0]
    layer = evidence.spec("xnli").sentence_layer
    spaces: dict[str, list[npt.NDArray[Any]]] = {
        f"Sentence vectors ({layer} layer, parallel corpus)": [
            evidence.vectors("xnli", representation, c, seed, layer) for c in (reference, code)
        ],
        "Class probabilities (test sets)": [
            evidence.outputs("xnli", representation, c, seed).probabilities for c in (reference, code)
        ],
    }
    for space, (x, y) in spaces.items():
        if len(x) < 10:
            continue
        rng = evidence.rng(f"theorem/{representation}/{code}/{space}")
        distance = proxy_a_distance(x, y, rng=rng, level=evidence.study.analysis.level)
        n, d = len(x), x.shape[1] + 1
        bound = divergence_bound(distance.value, n=n, d=d, delta=evidence.study.analysis.delta)
        yield {"representation": representation, "language": code, "seed": seed, "space": space, "n": n, "d": d,
               "divergence": distance, "complexity": bound.paper.complexity, "paper": bound.paper.value,
               "ben_david": bound.ben_david.value, "n_informative": bound.paper.n_informative}  # fmt: skip


def _bound_row(evidence: Evidence, line: dict[str, Any]) -> tuple[Cell, ...]:
    needed = line["n_informative"]
    return (
        Cell(line["representation"], heading=True),
        Cell(f"{evidence.study.analysis.reference}–{line['language']}"),
        Cell(f"{line['n']:,}"),
        Cell(str(line["d"])),
        Cell(number(line["divergence"].value, 2)),
        Cell(interval(line["divergence"], 2)),
        Cell(number(line["complexity"], 2)),
        _bracketed(line["paper"]),
        _bracketed(line["ben_david"]),
        Cell("never" if needed is None else f"{needed:,}"),
    )


def _bracketed(bound: float) -> Cell:
    """Set a vacuous bound in brackets."""
    return Cell(f"({bound:.2f})" if bound >= 1 else f"{bound:.2f}")


def _witness(evidence: Evidence) -> Iterator[str]:
    """Say what the seeds themselves witness of the divergence, where one model serves both languages."""
    reference = evidence.study.analysis.reference
    for representation, code, seeds in _pairs(evidence):
        if len(seeds) > 1:
            a, b = (
                [evidence.outputs("xnli", representation, c, s).predictions for s in seeds] for c in (reference, code)
            )
            found = witness_divergence(a, b)
            yield f"{representation}, {reference}–{code}: two of {len(seeds)} seeds witness a divergence of at least {found.value:.3f}."


def _flat(lines: list[dict[str, Any]], estimates: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for line in lines:
        row = {k: v for k, v in line.items() if k not in estimates}
        for name in estimates:
            e: Estimate = line[name]
            row |= {name: e.value, f"{name}_low": e.low, f"{name}_high": e.high}
        yield {k: (float("nan") if v is None else v.item() if isinstance(v, np.generic) else v) for k, v in row.items()}
