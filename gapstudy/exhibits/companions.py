"""Other measures of similarity beside CKA: do they tell the same story?

Paper: none; section 3.4 has CKA alone, whose authority for cross-lingual use (Del & Fishel 2022) proposes ANC instead.
Means over pairs of languages, first common seed; below each row the same with sentences shuffled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import NAMES, estimate_cell, number, words
from gapstudy.stats import (
    Estimate,
    anc_matrix,
    mean_cka_jackknife,
    mean_interval,
    procrustes_matrix,
    retrieval_hits,
    rsa_matrix,
)

__all__ = ["compute", "measures"]

_COLUMNS = {"debiased": "debiased CKA", "procrustes": "Procrustes", "rsa": "RSA", "anc": "ANC",
            "cosine": "cosine", "csls": "CSLS"}  # fmt: skip
_NEIGHBOURS = 10  # of CSLS
_MATRICES = {"procrustes": procrustes_matrix, "rsa": rsa_matrix, "anc": anc_matrix}
_Features = Sequence[npt.NDArray[Any]]


def compute(evidence: Evidence) -> Exhibit:
    """Compute the measures for every task and representation that has runs in two languages."""
    rows: list[tuple[Cell, ...]] = []
    data: dict[str, dict[str, dict[str, Estimate]]] = {}
    missing: list[str] = []
    for task, spec in evidence.study.tasks.items():
        found = {}
        for representation in spec.representations:
            line = _line(evidence, task, representation)
            if line is None:
                missing.append(f"{task}: {representation} has no seed that is finished in two languages")
            else:
                found[representation] = line
                undefined = [e.method for e in line["aligned"].values() if math.isnan(e.value)]
                missing += [f"{task}: {representation}: {why}" for why in undefined]
        if found:
            rows.append((Cell(f"{NAMES[task]} ({spec.sentence_layer} layer)", heading=True),))
        for representation, line in found.items():
            languages = evidence.languages(task, representation)
            seeds = evidence.seeds(task, representation, languages)[:1]
            runs = evidence.run_ids(task, representation, languages, seeds)
            rows += [
                _cells(representation, line["aligned"], runs),
                _cells("  sentences shuffled", line["shuffled"], runs),
            ]
            data[f"{task}/{representation}"] = line
    header = (
        (Head(""), Head("", 4), Head("Retrieval (%)", 2)),
        (Head("Method"), *(Head(label) for label in _COLUMNS.values())),
    )
    level = evidence.study.analysis.level
    return Exhibit(
        key="companions",
        kind="table",
        title="Other measures of similarity",
        **words(_CAPTION, _METHOD.format(level=f"{100 * level:g}"), shown=bool(rows)),
        runs=tuple(dict.fromkeys(i for row in rows for cell in row for i in cell.runs)),
        signature=evidence.signature(f"level:{level}", f"csls:{_NEIGHBOURS}", "rsa:correlation"),
        table=Table(header=header, rows=tuple(rows), align="lrrrrrr") if rows else None,
        data=dict(data),
        records=tuple(
            {"cell": cell, "sentences": state, "measure": k, "value": e.value, "low": e.low, "high": e.high, "n": e.n,
             "method": e.method}
            for cell, line in data.items() for state, values in line.items() for k, e in values.items()
        ),
        missing=tuple(missing),
    )  # fmt: skip


_CAPTION = (
    "Other measures of similarity between languages, each with what unrelated sentences give (*sentences shuffled*). Look for an order of representations that "
    "differs from that of CKA."
)
_METHOD = (
    "Means over pairs of languages, first common seed alone. *Procrustes*: similarity after the best rotation [@schonemann1966], in [0, 1]. *RSA* "
    "[@kriegeskorte2008]: Spearman correlation of the distances between sentences (1 – Pearson). *ANC* [@delfishel2022]: mean absolute correlation of each neuron with itself in "
    "the other language, which presumes a shared basis. *Retrieval*: how often the nearest vector in the other language, by cosine or CSLS [@csls2018] (10 neighbours), "
    "is that of the same sentence, mean of both directions. Intervals ({level} %, over sentences, for these trained models): jackknife for CKA; t interval of the "
    "share of pairs in which a sentence is found for retrieval, given the candidates; none for the others. *Sentences shuffled* is the mean over all alignments, for "
    "Procrustes and ANC that of one random alignment."
)


def measures(vectors: _Features, *, level: float) -> dict[str, Estimate]:
    """Return the means over pairs of every measure; one that is undefined is NaN, and its method says why."""
    found = {"debiased": mean_cka_jackknife(vectors).estimate(level=level)}
    found |= {name: _mean(vectors, name, "mean over pairs, no interval") for name in _MATRICES}
    for method in ("cosine", "csls"):
        try:
            found[method] = _retrieved(vectors, method, level)
        except ValueError as error:
            found[method] = _point(math.nan, f"retrieval by {_COLUMNS[method]} is undefined: {error}")
    return found


def _mean(vectors: _Features, name: str, method: str) -> Estimate:
    try:
        return _point(float(_MATRICES[name](vectors)[np.triu_indices(len(vectors), 1)].mean()), method)
    except ValueError as error:
        return _point(math.nan, f"{_COLUMNS[name]} is undefined: {error}")


def _retrieved(vectors: _Features, method: str, level: float) -> Estimate:
    """Per cent of sentences found, mean over pairs and directions; the interval is over sentences."""
    k = min(_NEIGHBOURS, len(vectors[0]))
    hits = [retrieval_hits(x, y, method=method, neighbours=k).mean(axis=0) for x, y in combinations(vectors, 2)]
    share = 100.0 * np.mean(hits, axis=0)
    if np.ptp(share) == 0.0:
        return Estimate(float(share[0]), math.nan, math.nan, level, len(share), "the same for every sentence")
    mean = mean_interval(share.tolist(), level=level)
    return Estimate(mean.value, max(0.0, mean.low), min(100.0, mean.high), level, len(share), mean.method)


def _line(evidence: Evidence, task: str, representation: str) -> dict[str, dict[str, Estimate]] | None:
    languages, layer = evidence.languages(task, representation), evidence.spec(task).sentence_layer
    seeds = evidence.seeds(task, representation, languages) if len(languages) > 1 else []
    if not seeds:
        return None
    vectors = [evidence.vectors(task, representation, c, seeds[0], layer) for c in languages]
    rng = evidence.rng(f"companions/{task}/{representation}")
    level = evidence.study.analysis.level
    return {
        "aligned": measures(vectors, level=level),
        "shuffled": _shuffled([rng.permutation(v) for v in vectors]),
    }


def _shuffled(vectors: _Features) -> dict[str, Estimate]:
    """What unrelated sentences give: exact means over all alignments, or the mean over pairs of one random alignment."""
    found = {key: _point(0.0, "exact mean over all permutations") for key in ("debiased", "rsa")}
    found |= {key: _point(100.0 / len(vectors[0]), "exact mean over all permutations") for key in ("cosine", "csls")}
    return found | {
        key: _mean(vectors, key, "mean over pairs of one random alignment") for key in ("procrustes", "anc")
    }


def _cells(name: str, line: dict[str, Estimate], runs: tuple[str, ...]) -> tuple[Cell, ...]:
    cells = []
    for key in _COLUMNS:
        digits = 1 if key in {"cosine", "csls"} else 3
        e = line[key]
        cells.append(estimate_cell(e, digits, runs=runs) if e.n else Cell(number(e.value, digits), runs=runs))
    return (Cell(name, heading=True), *cells)


def _point(value: float, method: str) -> Estimate:
    return Estimate(value, math.nan, math.nan, math.nan, 0, method)
