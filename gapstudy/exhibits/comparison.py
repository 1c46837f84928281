"""Is one representation better than another, and does it leave a smaller gap? With the seed as the unit.

Paper: Tables 1 and 2 print the better value in bold and test nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from gapstudy.errors import StoreError
from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.outcomes import are_parallel, correctness, gold_of, in_blocks, why_no_items
from gapstudy.exhibits.text import MIN_SEEDS, NAMES, Words, estimate_cell, p_value, there_are, two_seeds, words
from gapstudy.stats import (
    Estimate,
    error_difference,
    gap_difference,
    holm,
    interquartile_difference,
    item_interval,
    paired_comparison,
    probability_of_improvement,
    welch_comparison,
)

__all__ = ["Contrast", "compare", "compute", "over_items"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Representation ``a`` against ``b`` on a task, over the languages and seeds that both have."""

    task: str
    a: str
    b: str
    languages: tuple[str, ...]
    seeds: tuple[int, ...]

    @property
    def name(self) -> str:
        """Name of the contrast, which also seeds its draws."""
        return f"comparison/{self.task}/{self.a}/{self.b}"


def compute(evidence: Evidence) -> Exhibit:
    """Compute every comparison of two representations of a task over the seeds and languages that both have."""
    analysis = evidence.study.analysis
    lines: list[dict[str, Any]] = []
    missing: list[str] = []
    for task, spec in evidence.study.tasks.items():
        for b, a in combinations(spec.representations, 2):
            languages, seeds = _shared(evidence, task, a, b)
            name = f"{task}: {a} and {b}"
            if not languages:
                missing.append(f"{name} have no language in which both have finished runs")
            elif len(seeds) < MIN_SEEDS:
                missing.append(
                    f"{name} need 2 seeds finished in every one of {', '.join(languages)}; {there_are(len(seeds))}"
                )
            else:
                line = compare(evidence, Contrast(task, a, b, languages, tuple(seeds)))
                missing += [f"{name}: {why}" for why in (line["no_gap"], line["items"].get("why")) if why]
                lines.append(line)
    _correct(lines)
    several = any(len(spec.representations) > 1 for spec in evidence.study.tasks.values())
    return Exhibit(
        key="comparison",
        kind="table",
        title="One representation against another",
        **_words(evidence, lines),
        signature=evidence.signature(
            f"resamples:{analysis.resamples}", "unit:seed", "p:holm", runs=evidence.runs_of(evidence.study.tasks)
        ),
        table=_table(lines) if lines else None,
        runs=_runs(lines),
        data={"comparisons": lines},
        records=tuple(_records(lines)),
        missing=tuple(missing) if several else ("no task of the study has two representations",),
        notes=_notes(lines),
    )


_CAPTION = (
    "Representation A less representation B over the seeds that both have, in scores and in gaps. A negative difference of gaps means that A "
    "leaves the smaller gap."
)
_METHOD = (
    "Runs are paired by seed, which decides the order of the training examples and all else that is random. *Score*: difference of the mean test score over languages, with "
    "{level} % t interval; *p* by exchanging A and B within seeds ({flips}).{two} *P(A > B)*: the chance that A's run beats B's of the same seed and "
    "language, ties half [@bouthillier2021]; *IQM*: difference of interquartile means over languages and seeds [@agarwal2021]; both with t "
    "intervals over seeds where there are fewer than ten, else with the stratified bootstrap, {unit}, {resamples} resamples. *Gap*: difference of "
    "the mean RPD over all pairs of languages (@tbl-table2 has pairs with the reference alone), t interval and *p* by the jackknife over seeds. Holm's "
    "method [@holm1979] corrects each *p* column for its {family}. *Items*: the difference of scores again, given the trained models, by the paired "
    "bootstrap of test items: whether another test set could turn it. The CSV adds the paired and Welch's t test [@welch1947], Wilcoxon's [@wilcoxon1945], dz "
    "(the difference in standard deviations), and McNemar's exact test by seed [@mcnemar1947]."
)


def _runs(lines: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(run_id for line in lines for run_id in line["runs"]))


def _words(evidence: Evidence, lines: list[dict[str, Any]]) -> Words:
    analysis = evidence.study.analysis
    exact = all(line["test"].exact for line in lines)
    joint = evidence.study.protocol == "zero-shot"
    method = _METHOD.format(
        level=f"{100 * analysis.level:g}",
        two=two_seeds((len(line["seeds"]) for line in lines), level=analysis.level),
        resamples=f"{analysis.resamples:,}",
        flips="every sign pattern counted, so p is at least $2/2^S$"
        if exact
        else f"{analysis.resamples:,} sign patterns",
        unit="seeds with all their languages" if joint else "seeds within each language",
        family=f"{len(lines)} rows" if len(lines) != 1 else "one row",
    )
    return words(_CAPTION, method, shown=bool(lines))


def _shared(evidence: Evidence, task: str, a: str, b: str) -> tuple[tuple[str, ...], list[int]]:
    """Return the languages that both have, and the seeds that both have in every one of them."""
    of_b = evidence.languages(task, b)
    languages = tuple(code for code in evidence.languages(task, a) if code in of_b)
    if not languages:
        return (), []
    return languages, sorted(set(evidence.seeds(task, a, languages)) & set(evidence.seeds(task, b, languages)))


def compare(evidence: Evidence, contrast: Contrast) -> dict[str, Any]:
    """Return one line: A against B in scores, in gaps and over items."""
    analysis, joint = evidence.study.analysis, evidence.study.protocol == "zero-shot"
    c = contrast
    of_a, of_b = (evidence.scores(c.task, r, c.languages, c.seeds) for r in (c.a, c.b))
    options: dict[str, Any] = {"n_resamples": analysis.resamples, "level": analysis.level}
    rng = evidence.rng(c.name)
    return {
        "task": c.task,
        "a": c.a,
        "b": c.b,
        "languages": list(c.languages),
        "seeds": list(c.seeds),
        "runs": [i for r in (c.a, c.b) for i in evidence.run_ids(c.task, r, c.languages, c.seeds)],
        "test": paired_comparison(of_a.mean(axis=1), of_b.mean(axis=1), rng=rng, **options),
        "unpaired": welch_comparison(of_a.mean(axis=1), of_b.mean(axis=1), level=analysis.level),
        "improvement": probability_of_improvement(of_a, of_b, paired=True, joint=joint, rng=rng, **options),
        "iqm": interquartile_difference(of_a, of_b, joint=joint, rng=rng, **options),
        **_gap(of_a, of_b, analysis.level),
        "items": over_items(evidence, c),
    }


def _gap(of_a: Any, of_b: Any, level: float) -> dict[str, Any]:
    """Return the difference of the gaps, or why there is none."""
    if of_a.shape[1] < 2:
        return {"gap": None, "no_gap": "a gap needs two languages that both have"}
    try:
        return {"gap": gap_difference(of_a, of_b, level=level), "no_gap": ""}
    except ValueError as error:
        return {"gap": None, "no_gap": f"the gap is not defined: {error}"}


def over_items(evidence: Evidence, contrast: Contrast) -> dict[str, Any]:
    """Return what test items say: the difference of scores with the paired bootstrap, and McNemar's p by seed.

    An empty record where the score is no mean over items; ``why`` where it is, and outputs do not allow it.
    """
    c, analysis = contrast, evidence.study.analysis
    if why_no_items(evidence, c.task):
        return {}
    try:
        unlike = [code for code in c.languages if not _same_items(evidence, c, code)]
        if unlike:
            return {"why": f"{c.a} and {c.b} were not tested on the same items in {', '.join(unlike)}"}
        of_a, of_b = ([correctness(evidence, c.task, r, code, c.seeds) for code in c.languages] for r in (c.a, c.b))
        difference = _difference(
            [in_blocks(c.task, x) for x in of_a],
            [in_blocks(c.task, x) for x in of_b],
            parallel=are_parallel(evidence, c.task, c.a, c.languages, c.seeds[0]),
            n_resamples=analysis.resamples,
            level=analysis.level,
            rng=evidence.rng(f"{c.name}/items"),
        )
    except (ValueError, StoreError) as error:
        return {"why": str(error)}
    if c.task != "xnli":  # the words of a sentence are not independent, and McNemar's test would take them so
        return {"difference": difference}
    seeds = range(len(c.seeds))
    p = [[error_difference(y[s], x[s]).p_value for x, y in zip(of_a, of_b, strict=True)] for s in seeds]
    return {"difference": difference, "mcnemar_p": p}


def _same_items(evidence: Evidence, c: Contrast, code: str) -> bool:
    """Whether both were tested on items with the same gold labels."""
    a, b = (gold_of(evidence, c.task, r, code, c.seeds[0]) for r in (c.a, c.b))
    return bool(np.array_equal(a, b))


def _difference(a: list[Any], b: list[Any], *, parallel: bool, **options: Any) -> Estimate:
    """Mean score of A minus that of B over languages; a language's items are drawn jointly for A and B."""
    if parallel:
        count = len(a)
        return item_interval(
            lambda s: s[:, :count].mean(axis=1) - s[:, count:].mean(axis=1), [*a, *b], parallel=True, **options
        )
    # unpaired languages: one column a language, of what A gets right and B does not, shifted into the range of scores
    shifted = [(x.mean(axis=0) - y.mean(axis=0) + 1.5) / 3.0 for x, y in zip(a, b, strict=True)]
    return item_interval(lambda s: 3.0 * s.mean(axis=1) - 150.0, shifted, parallel=False, **options)


def _correct(lines: list[dict[str, Any]]) -> None:
    """Add Holm's p to each line: the scores are one family, the gaps another."""
    families = {
        "score_holm": [line["test"].sign_flip_p for line in lines],
        "gap_holm": [_gap_p(line) for line in lines],
    }
    for name, values in families.items():
        tested = {i: p for i, p in enumerate(values) if p is not None}
        for i, p in zip(tested, holm(list(tested.values())) if tested else (), strict=True):
            lines[i][name] = float(p)


def _gap_p(line: dict[str, Any]) -> float | None:
    gap = line["gap"]
    return None if gap is None or gap.p_value is None or np.isnan(gap.p_value) else float(gap.p_value)


def _table(lines: list[dict[str, Any]]) -> Table:
    header = (
        (Head(""), Head(""), Head("Score ↑", 2), Head("", 2), Head("Gap (mean RPD) ↓", 2), Head("")),
        (Head("A − B"), Head("Seeds"), Head("points"), Head("p"), Head("P(A > B)"), Head("IQM, points"), Head("%"), Head("p"), Head("Items, points")),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for task in dict.fromkeys(line["task"] for line in lines):
        rows.append((Cell(NAMES[task], heading=True),))
        rows += [_row(line) for line in lines if line["task"] == task]
    return Table(header=header, rows=tuple(rows), align="lrrrrrrrr", small=True)


def _row(line: dict[str, Any]) -> tuple[Cell, ...]:
    items, runs = line["items"].get("difference"), tuple(line["runs"])
    return (
        Cell(f"{line['a']} − {line['b']}", heading=True),
        Cell(str(len(line["seeds"]))),
        estimate_cell(line["test"].difference, 2, runs=runs),
        Cell(p_value(line.get("score_holm")), runs=runs),
        estimate_cell(line["improvement"], 2, runs=runs),
        estimate_cell(line["iqm"], 2, runs=runs),
        estimate_cell(line["gap"], 2, runs=runs) if line["gap"] else Cell("–"),
        Cell(p_value(line.get("gap_holm")), runs=runs if line["gap"] else ()),
        estimate_cell(items, 2, runs=runs) if items else Cell("–"),
    )


def _notes(lines: list[dict[str, Any]]) -> tuple[str, ...]:
    """Say for XNLI in how many runs McNemar's test would call the difference significant: what one run would have said."""
    said = [
        f"{sum(p < 0.05 for row in found for p in row)} of {sum(map(len, found))} runs ({line['a']} − {line['b']})"
        for line in lines
        if (found := line["items"].get("mcnemar_p"))
    ]
    if not said:
        return ()
    text = (
        f"McNemar's exact test of one pair of models in one language, on XNLI, gives p < 0.05 in {', '.join(said)}; each speaks of "
        "its own two models alone."
    )
    return (text,)


def _records(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for line in lines:
        test = line["test"]
        named: dict[str, Estimate | None] = {
            "score": test.difference,
            "score_unpaired": line["unpaired"],
            "dz": test.dz,
            "p_improvement": line["improvement"],
            "iqm": line["iqm"],
            "gap": line["gap"],
            "items": line["items"].get("difference"),
        }
        more = {"score": (test.sign_flip_p, line.get("score_holm")), "gap": (None, line.get("gap_holm"))}
        base = {
            "task": line["task"],
            "a": line["a"],
            "b": line["b"],
            "seeds": len(line["seeds"]),
            "languages": " ".join(line["languages"]),
        }
        for measure, e in named.items():
            if e is not None:
                flips, adjusted = more.get(measure, (None, None))
                yield {**base, "measure": measure, "value": e.value, "low": e.low, "high": e.high, "level": e.level, "p_value": e.p_value,
                       "p_sign_flip": flips, "p_holm": adjusted, "n": e.n, "method": e.method}  # fmt: skip
        yield {**base, "measure": "wilcoxon", "value": test.correlation, "low": float("nan"), "high": float("nan"),
               "level": test.difference.level, "p_value": test.wilcoxon_p, "p_sign_flip": None, "p_holm": None,
               "n": len(line["seeds"]), "method": "Wilcoxon signed ranks; the value is the correlation of A and B over seeds"}  # fmt: skip
        yield from _mcnemar(line, base)


def _mcnemar(line: dict[str, Any], base: dict[str, Any]) -> Iterator[dict[str, Any]]:
    found = line["items"].get("mcnemar_p", [])
    for seed, row in zip(line["seeds"], found, strict=False):
        for code, p in zip(line["languages"], row, strict=True):
            yield {**base, "measure": f"mcnemar:{code}:{seed}", "value": float("nan"), "low": float("nan"), "high": float("nan"),
                   "level": line["test"].difference.level, "p_value": p, "p_sign_flip": None, "p_holm": None, "n": 1,
                   "method": "McNemar exact over items, given the two models of this seed"}  # fmt: skip
