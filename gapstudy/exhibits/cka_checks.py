"""Would the CKA values survive a statistician? Noise floor, permutation test, ceiling, and baselines without a model.

Paper: section 3.4 reports plain CKA alone. Each row is a mean over pairs of languages, with the first common seed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import NAMES, estimate_cell, number, p_value, words
from gapstudy.stats import (
    Estimate,
    MeanCka,
    cka_floor,
    cka_matrix,
    cka_null_matrix,
    length_residual,
    mean_cka_jackknife,
    symbol_counts,
)

__all__ = ["compute"]

_COLUMNS = {
    "plain": "plain", "floor": "noise floor", "debiased": "debiased", "above": "pairs above null", "p": "median p",
    "trimmed": "without 1 %", "ceiling": "two seeds", "before": "before training", "symbols": "bag of symbols",
    "length": "length removed",
}  # fmt: skip
_TRIMMED = 0.01  # share of the sentences that is left out
_FAMILY = 0.05  # chance of any false discovery among the pairs
_PERMUTATIONS = 999
_NONE = Estimate(math.nan, math.nan, math.nan, math.nan, 0, "not computed")
_Line = dict[str, Estimate]


def compute(evidence: Evidence) -> Exhibit:
    """Compute the checks for every task and representation that has runs in two languages."""
    rows: list[tuple[Cell, ...]] = []
    data: dict[str, _Line] = {}
    missing: list[str] = []
    known: dict[tuple[Any, ...], Estimate] = {}
    behind: dict[tuple[str, str], tuple[str, ...]] = {}
    for task, spec in evidence.study.tasks.items():
        found = {r: line for r in spec.representations if (line := _line(evidence, task, r, known))}
        missing += [
            f"{task}: {r} has no seed that is finished in all of its languages, and at least two"
            for r in spec.representations
            if r not in found
        ]
        missing += [f"{task}: {r} lacks {', '.join(gaps)}" for r, line in found.items() if (gaps := _undefined(line))]
        if found:
            rows.append((Cell(f"{NAMES[task]} ({spec.sentence_layer} layer)", heading=True),))
        for representation, line in found.items():
            first, two = _runs(evidence, task, representation)
            behind[task, representation] = tuple(dict.fromkeys((*first, *two)))
            runs = {key: two if key == "ceiling" else () if key in {"before", "symbols"} else first for key in _COLUMNS}
            rows.append((Cell(representation, heading=True), *(_cell(key, line[key], runs[key]) for key in _COLUMNS)))
            data[f"{task}/{representation}"] = line
    header = (
        (Head(""), Head("Plain CKA", 2), Head("Debiased CKA", 8)),
        (Head("Method"), *(Head(label) for label in _COLUMNS.values())),
    )
    return Exhibit(
        key="cka-checks",
        kind="table",
        title="What the CKA values rest on",
        **words(_CAPTION, _METHOD.format(level=f"{100 * evidence.study.analysis.level:g}"), shown=bool(rows)),
        runs=tuple(dict.fromkeys(i for ids in behind.values() for i in ids)),
        signature=evidence.signature(
            "cka:linear",
            f"level:{evidence.study.analysis.level}",
            "ci:jackknife",
            f"permutations:>={_PERMUTATIONS}",
        ),
        table=Table(header=header, rows=tuple(rows), align="l" + "r" * len(_COLUMNS), small=True) if rows else None,
        data=dict(data),
        records=tuple(
            {"cell": cell, "measure": k, "value": e.value, "low": e.low, "high": e.high, "n": e.n, "method": e.method}
            for cell, line in data.items()
            for k, e in line.items()
        ),
        missing=tuple(missing),
    )


_CAPTION = (
    "CKA between languages beside what it would be by chance, with two seeds of one language, before fine-tuning, from counts of symbols alone, and without "
    "sentence length. A value near its noise floor, or near that of symbols, says little about what was learnt."
)
_METHOD = (
    "Means over pairs of languages, first common seed alone (@tbl-table1 averages seeds, so that its values differ), with {level} % intervals by the jackknife "
    "over sentences, which hold for these trained models. *Noise floor*: exact mean of plain CKA over all ways to shuffle the alignment of sentences. *Pairs above "
    "null*: how many pairs beat shuffled sentences (permutation test, one-sided, Holm-corrected [@holm1979] at 5 % over the pairs of a row); *median p* of the "
    "pairs before correction. *Without 1 %*: without the 1 % of sentences whose absence lowers the mean most [@davari2023]. *Two seeds*: the same language under its "
    "first two seeds, mean over languages; pairs of languages share a seed and may lie above it. *Before training*: the encoder before fine-tuning. *Bag of symbols*: counts "
    "of the input units, no model at all. *Length removed*: sentence length regressed out of both sides."
)


def _runs(evidence: Evidence, task: str, representation: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the runs of the first common seed, and of the first two seeds of each language."""
    languages = evidence.languages(task, representation)
    first = evidence.run_ids(task, representation, languages, evidence.seeds(task, representation, languages)[:1])
    two = (
        evidence.run_ids(task, representation, (c,), evidence.seeds(task, representation, (c,))[:2]) for c in languages
    )
    return first, tuple(dict.fromkeys(i for ids in two for i in ids))


def _cell(key: str, estimate: Estimate, runs: tuple[str, ...]) -> Cell:
    if key == "above":
        return Cell("–" if math.isnan(estimate.value) else f"{estimate.value:g} of {estimate.n}", runs=runs)
    if key == "p":
        return Cell(p_value(estimate.value), runs=runs)
    return estimate_cell(estimate, 3, runs=runs) if estimate.n else Cell(number(estimate.value, 3), runs=runs)


def _undefined(line: _Line) -> list[str]:
    """Name the columns without a value."""
    return [label for key, label in _COLUMNS.items() if math.isnan(line[key].value)]


def _line(
    evidence: Evidence, task: str, representation: str, known: dict[tuple[Any, ...], Estimate] | None = None
) -> _Line | None:
    """Compute one row; ``known`` keeps what rows share, the baselines without a run."""
    languages, layer = evidence.languages(task, representation), evidence.spec(task).sentence_layer
    seeds = evidence.seeds(task, representation, languages) if len(languages) > 1 else []
    if not seeds:
        return None
    known = {} if known is None else known
    vectors = [evidence.vectors(task, representation, c, seeds[0], layer) for c in languages]
    mean = mean_cka_jackknife(vectors)
    level = evidence.study.analysis.level
    baselines = {"before": (representation, languages, layer), "symbols": (representation, languages, "")}
    for name, key in baselines.items():
        if (name, *key) not in known:
            known[name, *key] = _of(evidence, [_baseline(evidence, name, representation, c, layer) for c in languages])
    return {
        "plain": mean_cka_jackknife(vectors, debiased=False).estimate(level=level),
        "floor": _exact(float(_upper(cka_floor(vectors)).mean()), "exact mean over all permutations"),
        "debiased": mean.estimate(level=level),
        **_null(evidence, task, representation, vectors),
        "trimmed": _trimmed(mean, vectors),
        "ceiling": _ceiling(evidence, task, representation, languages, layer),
        **{name: known[name, *key] for name, key in baselines.items()},
        "length": _length_removed(evidence, representation, languages, vectors),
    }


def _null(evidence: Evidence, task: str, representation: str, vectors: Sequence[npt.NDArray[Any]]) -> _Line:
    """How many pairs are above the null after Holm's correction, and the median p; enough permutations for any to be."""
    pairs = len(vectors) * (len(vectors) - 1) // 2
    null = cka_null_matrix(
        vectors,
        debiased=True,
        n_resamples=max(_PERMUTATIONS, round(2 * pairs / _FAMILY)),
        rng=evidence.rng(f"cka-checks/{task}/{representation}"),
    )
    above = float((_upper(null.p_holm) <= _FAMILY).sum())
    method = f"{null.method}, {null.n_resamples:,} permutations"
    return {
        "above": Estimate(above, math.nan, math.nan, math.nan, pairs, f"pairs with Holm p <= {_FAMILY}; {method}"),
        "p": _exact(float(np.median(_upper(null.p_value))), f"median over pairs; {method}"),
    }


def _trimmed(mean: MeanCka, vectors: Sequence[npt.NDArray[Any]]) -> Estimate:
    """The mean without the sentences that make most of it: those left-out values that are smallest."""
    gone = np.argsort(mean.without, kind="stable")[: max(1, round(_TRIMMED * len(mean.without)))]
    rest = [np.delete(v, gone, axis=0) for v in vectors]
    return _exact(float(_upper(cka_matrix(rest, debiased=True)).mean()), f"without {len(gone)} sentences")


def _upper(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(matrix[np.triu_indices(len(matrix), 1)])


def _exact(value: float, method: str) -> Estimate:
    return Estimate(value, math.nan, math.nan, math.nan, 0, method)


def _of(evidence: Evidence, features: Sequence[npt.NDArray[Any] | None]) -> Estimate:
    present = [f for f in features if f is not None]
    if len(present) < len(features):
        return _NONE
    return mean_cka_jackknife(present).estimate(level=evidence.study.analysis.level)


def _ceiling(evidence: Evidence, task: str, representation: str, languages: Sequence[str], layer: str) -> Estimate:
    """Mean over languages of the CKA between its first two seeds."""
    seeds = {c: evidence.seeds(task, representation, (c,))[:2] for c in languages}
    both = [c for c in languages if len(seeds[c]) == 2]
    if not both:
        return _NONE
    features = [evidence.vectors(task, representation, c, s, layer) for c in both for s in seeds[c]]
    pairs = [(2 * i, 2 * i + 1) for i in range(len(both))]
    return mean_cka_jackknife(features, pairs=pairs).estimate(level=evidence.study.analysis.level)


def _baseline(evidence: Evidence, name: str, representation: str, language: str, layer: str) -> npt.NDArray[Any] | None:
    """Features that need no run: vectors before training, or counts of each unit in each sentence."""
    if name == "before":
        return evidence.before(representation, language, layer)
    ids, starts = (evidence.before(representation, language, what) for what in ("ids", "starts"))
    return None if ids is None or starts is None else symbol_counts(ids, starts)


def _length_removed(
    evidence: Evidence, representation: str, languages: Sequence[str], vectors: Sequence[npt.NDArray[Any]]
) -> Estimate:
    starts = [evidence.before(representation, c, "starts") for c in languages]
    lengths = [None if s is None else np.diff(s) for s in starts]
    return _of(evidence, [None if n is None else length_residual(v, n) for v, n in zip(vectors, lengths, strict=True)])
