"""Theorem 4.1: the bound on the performance gap, with its parts.

Paper: section 4.4, Theorem 4.1; appendix C. Certificates (:mod:`gapstudy.exhibits.certificates`) hold for any two models
on parallel test sets; the theorem bounds one hypothesis on two domains, so that with in-language training (two hypotheses) it is an illustration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.pairs import flat, lacking, pairs, runs_behind
from gapstudy.exhibits.text import interval, number, p_value, words
from gapstudy.stats import divergence_bound, proxy_a_distance, witness_divergence

__all__ = ["COMPONENTS", "MIN_ROWS", "bound_lines", "compute"]

MIN_ROWS = 10
"""Two sentences a fold of the cross-fitted classifier."""

COMPONENTS = 3
"""Principal components of the small class of hypotheses: as many dimensions as three classes have."""

SWAPS = 199
"""Refitted swaps of languages behind a p-value."""


def compute(evidence: Evidence) -> Exhibit:
    """Compute the bound of Theorem 4.1 for vectors, their principal components and class probabilities (first seed)."""
    delta = evidence.study.analysis.delta
    lines = list(bound_lines(evidence))
    zero_shot = evidence.study.protocol == "zero-shot"
    header = (
        (Head("", 4), Head("Proxy A-distance", 3), Head("Right side of the theorem", 3), Head("")),
        (Head("Method"), Head("Pair"), Head("n"), Head("d"), Head("estimate"), Head("interval"), Head("p"),
         Head("complexity"), Head("paper"), Head("Ben-David"), Head("n needed")),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for space in dict.fromkeys(line["space"] for line in lines):
        rows.append((Cell(space, heading=True),))
        rows += [_bound_row(evidence, line) for line in lines if line["space"] == space]
    return Exhibit(
        key="theorem",
        kind="table",
        title="The bound of Theorem 4.1",
        **words(
            _CAPTION.format(protocol=_APPLIES if zero_shot else _ILLUSTRATES),
            _METHOD.format(
                delta=delta, level=f"{100 * evidence.study.analysis.level:g}", seeds="" if zero_shot else _NO_WITNESS
            ),
            shown=bool(rows),
        ),
        runs=tuple(run.run_id for run in runs_behind(evidence, lines)),
        signature=evidence.signature(
            f"delta:{delta}",
            f"level:{evidence.study.analysis.level}",
            "task:xnli",
            "folds:5",
            f"swaps:{SWAPS}",
            f"components:{COMPONENTS}",
            runs=runs_behind(evidence, lines),
        ),
        table=Table(header=header, rows=tuple(rows), align="llrrrrrrrrr", small=True) if rows else None,
        data={"lines": lines},
        records=tuple(flat(lines, ("divergence",))),
        missing=(*lacking(evidence), *_too_small(evidence, lines)),
        notes=(*(_witness(evidence) if zero_shot else ()), *_labels(evidence)),
    )


_CAPTION = (
    "The right side of Theorem 4.1: half the divergence between two languages plus a complexity term, for three classes of hypotheses. Bounds of 1 or "
    "more say nothing (*vacuous*) and are in brackets. {protocol}"
)
_APPLIES = "One model serves every language here, so that the theorem applies."
_ILLUSTRATES = (
    "Here two models are compared, one a language, so that the theorem does not apply and the numbers illustrate it."
)
_NO_WITNESS = " The seeds’ own witness of the divergence needs one model for both languages, and is given in zero-shot studies alone."
_METHOD = (
    "First seed of each pair, confidence 1 − {delta}. The divergence is the proxy A-distance [@bendavid2006] of a linear classifier "
    "cross-fitted in 5 folds of sentences (0: the languages cannot be told apart, 2: always), which estimates it **from below** (a negative one counts as 0), "
    "so that the bounds printed are lower estimates of the true ones. Its {level} % interval [@clopperpearson1934] is over the *n* sentences or "
    "items, given the classifiers; *p* is that of the classifier two-sample test [@lopezpaz2017] (199 swaps of the languages within sentences, refitted). "
    "*d* counts features plus one; the components are of both languages together, chosen without labels. *n needed*: the sample size at which the paper's form "
    "would say something. The theorem is stated for binary labels; 0–1 error is used.{seeds} *Ben-David*: Theorem 2 of Ben-David et al. "
    "[-@bendavid2010], with 2d and the factor 4, without its joint-error term."
)


@lru_cache(maxsize=1)
def bound_lines(evidence: Evidence) -> tuple[dict[str, Any], ...]:
    """Return one line a representation, pair and space: divergence, parts of the bound, n needed (not to be changed)."""
    return tuple(line for r, code, seeds in pairs(evidence) for line in _lines_of(evidence, r, code, seeds[0]))


def _lines_of(evidence: Evidence, representation: str, code: str, seed: int) -> Iterator[dict[str, Any]]:
    for space, (x, y) in _spaces(evidence, representation, code, seed).items():
        if len(x) < MIN_ROWS or len(x) != len(y):
            continue
        rng = evidence.rng(f"theorem/{representation}/{code}/{space}")
        distance = proxy_a_distance(x, y, n_resamples=SWAPS, rng=rng, level=evidence.study.analysis.level)
        n, d = len(x), x.shape[1] + 1
        bound = divergence_bound(distance.value, n=n, d=d, delta=evidence.study.analysis.delta)
        yield {"representation": representation, "language": code, "seed": seed, "space": space, "n": n, "d": d,
               "divergence": distance, "p_value": distance.p_value, "complexity": bound.paper.complexity,
               "paper": bound.paper.value, "corrected": bound.corrected.value, "ben_david": bound.ben_david.value,
               "n_informative": bound.paper.n_informative}  # fmt: skip


def _spaces(evidence: Evidence, representation: str, code: str, seed: int) -> dict[str, Sequence[npt.NDArray[Any]]]:
    codes, layer = (evidence.study.analysis.reference, code), evidence.spec("xnli").sentence_layer
    vectors = [evidence.vectors("xnli", representation, c, seed, layer) for c in codes]
    outputs = [evidence.outputs("xnli", representation, c, seed).probabilities for c in codes]
    found: dict[str, Sequence[npt.NDArray[Any]]] = {f"Sentence vectors ({layer} layer, parallel corpus)": vectors}
    if vectors[0].shape == vectors[1].shape and min(vectors[0].shape) > COMPONENTS:
        found[f"First {COMPONENTS} principal components of the sentence vectors"] = _components(*vectors)
    return found | {"Class probabilities (test sets)": outputs}


def _components(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """Return both languages' scores on the first components of both together."""
    both = np.concatenate([x, y]).astype(np.float64)
    both -= both.mean(axis=0)
    _, axes = np.linalg.eigh(both.T @ both)  # eigenvalues ascend
    return np.split(both @ axes[:, ::-1][:, :COMPONENTS], [len(x)])


def _too_small(evidence: Evidence, lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Name the pairs that lack a space: vectors or outputs."""
    found = {(line["representation"], line["language"], line["space"].partition(" (")[0]) for line in lines}
    for representation, code, _ in pairs(evidence):
        if any((representation, code, space) not in found for space in ("Sentence vectors", "Class probabilities")):
            yield f"{representation}, {evidence.study.analysis.reference}–{code}: fewer than {MIN_ROWS} parallel sentences or items"


def _bound_row(evidence: Evidence, line: dict[str, Any]) -> tuple[Cell, ...]:
    needed, reference = line["n_informative"], evidence.study.analysis.reference
    runs = evidence.run_ids("xnli", line["representation"], (reference, line["language"]), [line["seed"]])
    return (
        Cell(line["representation"], heading=True),
        Cell(f"{reference}–{line['language']}"),
        Cell(f"{line['n']:,}"),
        Cell(str(line["d"])),
        Cell(number(line["divergence"].value, 2), runs=runs),
        Cell(interval(line["divergence"], 2), runs=runs),
        Cell(p_value(line["p_value"]), runs=runs),
        Cell(number(line["complexity"], 2)),
        _bracketed(line["paper"], runs),
        _bracketed(line["ben_david"], runs),
        Cell("never" if needed is None else f"{needed:,}"),
    )


def _bracketed(bound: float, runs: tuple[str, ...]) -> Cell:
    """Set a vacuous bound in brackets."""
    return Cell(f"({bound:.2f})" if bound >= 1 else f"{bound:.2f}", runs=runs)


def _witness(evidence: Evidence) -> Iterator[str]:
    """Say what the seeds themselves witness of the divergence, where one model serves both languages."""
    reference = evidence.study.analysis.reference
    for representation, code, seeds in pairs(evidence):
        if len(seeds) > 1:
            a, b = (
                [evidence.outputs("xnli", representation, c, s).predictions for s in seeds] for c in (reference, code)
            )
            found = witness_divergence(a, b)
            yield f"{representation}, {reference}–{code}: two of {len(seeds)} seeds witness a divergence of at least {found.value:.3f} between the test samples."


def _labels(evidence: Evidence) -> Iterator[str]:
    """Say how the labels of the test sets are distributed: where they differ, alike representations cannot help."""
    reference, shares = evidence.study.analysis.reference, dict[str, npt.NDArray[np.float64]]()
    for representation, code, seeds in pairs(evidence):
        for c in (reference, code):
            if c not in shares:
                outputs = evidence.outputs("xnli", representation, c, seeds[0])
                counts = np.bincount(outputs.gold, minlength=outputs.logits.shape[1])
                shares[c] = counts / counts.sum()
    if reference in shares:
        listed = "; ".join(f"{c} {' '.join(f'{share:.3f}' for share in found)}" for c, found in shares.items())
        apart = max(float(np.abs(found - shares[reference]).sum()) / 2 for found in shares.values())
        yield (
            f"Shares of the labels in the test sets: {listed}; at most {apart:.3f} from {reference}'s in total variation. "
            "Where they differ, even equal distributions of representations leave a gap (Zhao et al. 2019)."
        )
