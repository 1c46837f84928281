"""Distances between outputs under one roof: Sinkhorn, debiased, exact, its floor, and item by item.

Paper: section 4.3, Figure 3 (right), which prints plain Sinkhorn distances of an unnamed regularisation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.pairs import Name, cloud, flat, lacking, pairs, runs_behind, transports
from gapstudy.exhibits.text import Words, estimate_cell, number, seed_mean, two_seeds, words
from gapstudy.stats import Estimate, PairTransport, disagreement, exact_distance

__all__ = ["EXACT_POINTS", "compute", "solved_pairs"]

EXACT_POINTS = 6_000
"""Largest test set for which exact transport is computed: its time grows faster than the square of it."""

_ESTIMATES = ("sinkhorn", "debiased", "differ", "jensen_shannon")


def compute(evidence: Evidence) -> Exhibit:
    """Compute every distance between the outputs of each representation's pairs."""
    found = [(r, c, seeds) for r, c, seeds in pairs(evidence)]
    names = dict.fromkeys(r for r, _, _ in found)
    solved = {r: solved_pairs(evidence, r, [(c, s) for name, c, s in found if name == r]) for r in names}
    lines = [_line(evidence, r, code, seeds, solved[r]) for r, code, seeds in found]
    header = (
        (Head("", 3), Head("Sinkhorn", 2), Head("Debiased", 2), Head("Exact"), Head("Item by item", 2)),
        tuple(map(Head, ("Method", "Pair", "n", "pair", "floor", "pair", "floor", "first seed", "P(differ)", "JS, bits"))),
    )  # fmt: skip
    seeds = [{"representation": r, "language": code, "seed": s} for r, code, every in found for s in every]
    analysis, behind = evidence.study.analysis, runs_behind(evidence, seeds)
    return Exhibit(
        key="transport",
        kind="table",
        title="Distances between outputs",
        **_words(evidence, lines, [p.solved.marginal_error for every in solved.values() for p in every.values()]),
        signature=evidence.signature(
            f"reg:{analysis.sinkhorn_reg}",
            f"cost:{analysis.sinkhorn_cost}",
            f"space:{analysis.sinkhorn_space}",
            f"level:{analysis.level}",
            "task:xnli",
            runs=behind,
        ),
        runs=tuple(run.run_id for run in behind),
        table=Table(header=header, rows=tuple(_row(evidence, x) for x in lines), align="llrrrrrrrr", small=True)
        if lines
        else None,
        data={"lines": lines, "pairs": list(_every_pair(solved))},
        records=tuple(flat(lines, _ESTIMATES)),
        missing=(*lacking(evidence), *_not_given(evidence, lines)),
        notes=tuple(f"{r}, {p.x[0]} (seed {p.x[1]}) – {p.y[0]} (seed {p.y[1]}): {p.trouble}"
                    for r, every in solved.items() for p in every.values() if p.trouble),
    )  # fmt: skip


_CAPTION = (
    "Distances between the outputs of two languages on the XNLI test sets, beside what two seeds of one language give (*floor*), exact transport, and the "
    "comparison item by item."
)
_METHOD = (
    "Outputs are {space}, the cost is {cost}. *Sinkhorn* [@cuturi2013]: transport cost at reg {reg:g}, whose size depends on reg and is above 0 for equal "
    "outputs; *debiased*: Sinkhorn divergence [@feydy2019] at the same reg, 0 for equal outputs; *exact*: optimal transport, the limit of reg to 0, of the first "
    "seed [@pot2021]. Means over the seeds in common with {level} % t intervals.{two} *Floor*: the same between the first two seeds of one language, mean of the two "
    "languages; a pair may lie below it, since both of its sides are of one seed. *Item by item*, on parallel test sets, first seed: the share of items with another prediction "
    "(Clopper–Pearson [@clopperpearson1934]) and the mean Jensen–Shannon divergence [@lin1991] (t), {level} % intervals over the *n* items. "
    "Solved until the summed marginal error is at most 1e-6; the largest is {error:.1e}."
)


def _words(evidence: Evidence, lines: Sequence[dict[str, Any]], errors: Iterable[float]) -> Words:
    a = evidence.study.analysis
    method = _METHOD.format(
        space=a.sinkhorn_space,
        cost=a.sinkhorn_cost,
        reg=a.sinkhorn_reg,
        level=f"{100 * a.level:g}",
        two=two_seeds((line["seeds"] for line in lines), level=a.level),
        error=max(errors, default=0.0),
    )
    return words(_CAPTION, method, shown=bool(lines))


def solved_pairs(
    evidence: Evidence, representation: str, wanted: Sequence[tuple[str, Sequence[int]]]
) -> dict[tuple[Name, Name], PairTransport[Name]]:
    """Solve what one representation needs: the reference with each language by seed, and two seeds of each language."""
    reference = evidence.study.analysis.reference
    seeds = sorted({seed for _, every in wanted for seed in every})
    of_seed = {s: tuple(((reference, s), (code, s)) for code, every in wanted if s in every) for s in seeds}
    floors = []
    for code in dict.fromkeys([reference, *(code for code, _ in wanted)]):
        first = evidence.seeds("xnli", representation, (code,))[:2]
        if len(first) == 2:
            floors.append(((code, first[0]), (code, first[1])))
    return {
        names: solved
        for asked in (*of_seed.values(), *((floor,) for floor in floors))
        for names, solved in zip(asked, transports(evidence, representation, asked), strict=True)
    }


def _line(
    evidence: Evidence, representation: str, code: str, seeds: list[int], solved: dict[tuple[Name, Name], PairTransport[Name]]
) -> dict[str, Any]:  # fmt: skip
    reference, level = evidence.study.analysis.reference, evidence.study.analysis.level
    by_seed = [solved[(reference, s), (code, s)] for s in seeds]
    floors = [p for (x, y), p in solved.items() if x[0] == y[0] and x[0] in {reference, code}]
    floors = floors if len(floors) == len({reference, code}) else []
    x, y = (cloud(evidence, representation, c, seeds[0]) for c in (reference, code))
    small = max(len(x), len(y)) <= EXACT_POINTS
    differ, shannon = _item_by_item(evidence, representation, code, seeds[0])
    return {
        "representation": representation,
        "language": code,
        "seeds": len(seeds),
        "n": len(x),
        "sinkhorn": seed_mean([p.solved.cost for p in by_seed], level=level),
        "sinkhorn_floor": _mean([p.solved.cost for p in floors]),
        "debiased": seed_mean([p.divergence for p in by_seed], level=level),
        "debiased_floor": _mean([p.divergence for p in floors]),
        "first_seed": seeds[0],
        "exact": exact_distance(x, y, cost=evidence.study.analysis.sinkhorn_cost) if small else None,
        "differ": differ,
        "jensen_shannon": shannon,
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _item_by_item(evidence: Evidence, representation: str, code: str, seed: int) -> tuple[Estimate, Estimate]:
    reference, level = evidence.study.analysis.reference, evidence.study.analysis.level
    a, b = (evidence.outputs("xnli", representation, c, seed) for c in (reference, code))
    if not np.array_equal(a.gold, b.gold) or len(a.gold) < 2:
        nothing = Estimate(np.nan, np.nan, np.nan, level, len(a.gold), "none: the test sets are not parallel")
        return nothing, nothing
    found = disagreement(a.probabilities, b.probabilities, level=level)
    return found.rate, found.jensen_shannon


def _row(evidence: Evidence, line: dict[str, Any]) -> tuple[Cell, ...]:
    reference, pair = evidence.study.analysis.reference, (evidence.study.analysis.reference, line["language"])
    name = line["representation"]
    shared = evidence.seeds("xnli", name, pair)
    seeds, first = (evidence.run_ids("xnli", name, pair, which) for which in (shared, shared[:1]))
    floor = tuple(i for c in pair for i in evidence.run_ids("xnli", name, (c,), evidence.seeds("xnli", name, (c,))[:2]))

    def plain(key: str, runs: tuple[str, ...]) -> Cell:
        return Cell(number(float("nan") if line[key] is None else line[key], 3), runs=runs)

    return (
        Cell(name, heading=True),
        Cell(f"{reference}–{line['language']}"),
        Cell(f"{line['n']:,}"),
        estimate_cell(line["sinkhorn"], 3, runs=seeds),
        plain("sinkhorn_floor", floor),
        estimate_cell(line["debiased"], 3, runs=seeds),
        plain("debiased_floor", floor),
        plain("exact", first),
        estimate_cell(line["differ"], 3, runs=first),
        estimate_cell(line["jensen_shannon"], 3, runs=first),
    )


def _not_given(evidence: Evidence, lines: Iterable[dict[str, Any]]) -> Iterator[str]:
    for line in lines:
        where = f"{line['representation']}, {evidence.study.analysis.reference}–{line['language']}"
        if line["sinkhorn_floor"] is None:
            yield f"{where}: a floor needs two seeds of each language"
        if line["exact"] is None:
            yield f"{where}: exact transport is computed for at most {EXACT_POINTS:,} points, there are {line['n']:,}"
        if np.isnan(line["differ"].value):
            yield f"{where}: the test sets are not parallel, so that they are not compared item by item"


def _every_pair(solved: dict[str, dict[tuple[Name, Name], PairTransport[Name]]]) -> Iterator[dict[str, Any]]:
    for representation, every in solved.items():
        for p in every.values():
            yield {"representation": representation, "x": p.x[0], "x_seed": p.x[1], "y": p.y[0], "y_seed": p.y[1],
                   "sinkhorn": p.solved.cost, "debiased": p.divergence, "marginal_error": p.solved.marginal_error,
                   "converged": p.solved.converged}  # fmt: skip
