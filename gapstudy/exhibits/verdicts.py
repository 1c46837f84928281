"""The paper's claims at a glance: what it prints, what this study found, and whether that would survive a statistician.

Paper: abstract, sections 4.1 to 4.4. Each claim is one number with an interval and a p-value that respects how the data
came about (seeds are the units, sentences are shared, points of a seed depend on each other); Holm's method corrects for
the number of claims that could be tested.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.pairs import lacking
from gapstudy.exhibits.table1 import TOKEN_TASKS
from gapstudy.exhibits.text import counted, estimate_cell, p_value, words
from gapstudy.exhibits.token_claims import token_claims
from gapstudy.exhibits.verdict import CONTRADICTED, SUPPORTED, Verdict, contrast, judged
from gapstudy.exhibits.xnli_claims import bound_claim, correlation_claims, xnli_claims

__all__ = ["compute"]


def compute(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> Exhibit:
    """Judge each claim.

    Parameters
    ----------
    evidence : the runs.
    exhibits : Table 3, the bound and the certificates, as they were computed.
    """
    analysis = evidence.study.analysis
    found = judged(list(_claims(evidence, exhibits)), analysis.level)
    return Exhibit(
        key="verdicts",
        kind="table",
        numbered=False,
        title="The paper’s claims, and what this study can say of them",
        **words(
            _CAPTION.format(level=f"{100 * analysis.level:g}"),
            _METHOD.format(
                alpha=f"{1 - analysis.level:.2g}",
                tested=counted(sum(not math.isnan(v.p_holm) for v in found), "claim"),
            ),
            shown=bool(found),
        ),
        signature=evidence.signature(f"resamples:{analysis.resamples}", f"level:{analysis.level}", "p:holm"),
        table=_table(found) if found else None,
        data={"verdicts": found, "why": _why(evidence)},
        records=tuple(_record(v) for v in found),
        missing=() if found else (_why(evidence),),
        runs=tuple(run.run_id for run in evidence.runs) if found else (),
    )


_CAPTION = "Phonemes less characters (or subwords, where named), with {level} % intervals. *Supported* and *contradicted* need a corrected *p*."
_METHOD = "*p*: Holm’s method for {tested}, threshold {alpha}; the tests are in @sec-setup."


def _why(evidence: Evidence) -> str:
    """Say why a claim about two representations could not be judged, where one could not."""
    tasks = [task for task in evidence.study.tasks if contrast(evidence, task)]
    if not tasks:
        return "it needs a phoneme representation beside another, and two languages"
    if tasks == ["xnli"] and (absent := lacking(evidence)):
        return "; ".join(absent)
    return "no seed is finished in two languages under both representations"


def _claims(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> Iterator[Verdict]:
    for task in TOKEN_TASKS:
        if task in evidence.study.tasks and (names := contrast(evidence, task)):
            yield from token_claims(evidence, task, names)
    if "xnli" in evidence.study.tasks and (names := contrast(evidence, "xnli")):
        yield from xnli_claims(evidence, names)
    yield from correlation_claims(evidence, exhibits["table3"])
    yield from bound_claim(evidence, exhibits)


def _table(found: Sequence[Verdict]) -> Table:
    header = ((Head("Claim"), Head("Paper"), Head("This study"), Head("p (Holm)"), Head("Verdict")),)
    rows: list[tuple[Cell, ...]] = []
    for about in dict.fromkeys(v.about for v in found):
        rows += [(Cell(about, heading=True),), *_rows([v for v in found if v.about == about])]
    return Table(header=header, rows=tuple(rows), align="lrrrl")


def _rows(found: Sequence[Verdict]) -> list[tuple[Cell, ...]]:
    return [
        (
            Cell(v.claim, heading=True, note=v.remark),
            Cell(v.printed),
            estimate_cell(v.estimate, v.digits),
            Cell(p_value(v.p_holm)),
            Cell(v.word, best=v.word in {SUPPORTED, CONTRADICTED}),
        )
        for v in found
    ]


def _record(verdict: Verdict) -> dict[str, Any]:
    found = asdict(verdict.estimate)
    return {"claim": verdict.claim, "paper": verdict.printed, **found, "p_holm": verdict.p_holm, "verdict": verdict.word,
            "remark": verdict.remark}  # fmt: skip
