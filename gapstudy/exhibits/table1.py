"""Table 1: token tasks. Scores by language, their spread, mean RPD, and mean CKA between languages.

Paper: Table 1, sections 3.3 and 3.4. Beside the paper's plain CKA stands the debiased one with its interval.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.published import TABLE1
from gapstudy.exhibits.text import MIN_SEEDS, NAMES, estimate_cell, number, seed_mean
from gapstudy.stats import Estimate, cluster_bootstrap, mean_cka, mean_rpd, spread

__all__ = ["TOKEN_TASKS", "compute"]

TOKEN_TASKS = ("ner", "pos")


def compute(evidence: Evidence) -> Exhibit:
    """Compute Table 1 from the runs of the token tasks."""
    tasks = [task for task in TOKEN_TASKS if task in evidence.study.tasks]
    languages = tuple(dict.fromkeys(c for t in tasks for c in evidence.spec(t).languages))
    rows: list[tuple[Cell, ...]] = []
    data: dict[str, Any] = {}
    missing: list[str] = []
    for task in tasks:
        found = [_line(evidence, task, r) for r in evidence.spec(task).representations]
        missing += [f"{task}: {problem}" for line in found for problem in line["missing"]]
        data[task] = {line["representation"]: line for line in found}
        metric = evidence.spec(task).primary or {"ner": "entity F1", "pos": "accuracy = micro F1"}[task]
        rows.append((Cell(f"{NAMES[task]} ({metric.replace('_', ' ')}, %)", heading=True),))
        rows += _rows(found, languages)
        rows += [_paper_row(task, r, languages) for r in evidence.spec(task).representations if (task, r) in TABLE1]
    return Exhibit(
        key="table1",
        kind="table",
        title="Token tasks: scores, performance gap and linguistic gap",
        caption=_CAPTION.format(resamples=evidence.study.analysis.resamples, level=100 * evidence.study.analysis.level),
        signature=evidence.signature(f"resamples:{evidence.study.analysis.resamples}", "gap:rpd", "cka:linear"),
        table=Table(header=_header(languages), rows=tuple(rows), align="l" + "r" * (len(languages) + 4), small=True)
        if rows
        else None,
        data=data,
        records=tuple(_records(data)),
        missing=tuple(missing) or (() if tasks else ("the study has no token task (ner, pos)",)),
    )


_CAPTION = (
    "Test scores are means over seeds at the best development epoch. *Std.* is the sample standard deviation of the "
    "scores as fractions; *Mean RPD* the mean relative percent difference over pairs of languages, with a {level:.0f} % "
    "interval over seeds where there are enough; *Mean CKA* the paper's plain linear CKA of sentence vectors at the "
    "layer the study names, averaged over pairs and seeds; *Debiased* its unbiased form, which is about 0 for unrelated "
    "vectors, with an interval over sentences ({resamples} half-samples). Rows *paper* repeat the printed values: other "
    "corpora, other encoders."
)


def _header(languages: tuple[str, ...]) -> tuple[tuple[Head, ...], ...]:
    top = (Head(""), Head("Language", len(languages)), Head("Performance gap", 2), Head("Linguistic gap", 2))
    below = (Head("Method"), *(Head(code) for code in languages), Head("Std. ↓"), Head("Mean RPD ↓"),
             Head("Mean CKA ↑"), Head("Debiased ↑"))  # fmt: skip
    return top, below


def _line(evidence: Evidence, task: str, representation: str) -> dict[str, Any]:
    """Compute one row: scores where there are runs, gaps and CKA over the languages that have them."""
    spec = evidence.spec(task)
    languages = evidence.languages(task, representation)
    line: dict[str, Any] = {
        "task": task,
        "representation": representation,
        "scores": {c: _score(evidence, task, representation, c) for c in languages},
        "missing": [],
    }
    if absent := evidence.absent(task, representation, spec.languages):
        line["missing"].append(f"{representation} has no finished run in {', '.join(absent)}")
    seeds = evidence.seeds(task, representation, languages) if len(languages) > 1 else []
    if not seeds:
        line["missing"].append(f"{representation}: gaps need one seed that is finished in two languages")
        return line
    scores = evidence.scores(task, representation, languages, seeds)
    line |= {"seeds": seeds, "gap_languages": list(languages), **_gaps(evidence, task, representation, scores)}
    features = [[evidence.vectors(task, representation, c, s, spec.sentence_layer) for c in languages] for s in seeds]
    for name, debiased in (("cka", False), ("debiased_cka", True)):
        line[name] = mean_cka(
            features,
            debiased=debiased,
            n_resamples=evidence.study.analysis.resamples,
            level=evidence.study.analysis.level,
            rng=evidence.rng(f"table1/{task}/{representation}/{name}"),
        )
    return line


def _score(evidence: Evidence, task: str, representation: str, language: str) -> Estimate:
    values = [
        evidence.score(task, representation, language, s) for s in evidence.seeds(task, representation, (language,))
    ]
    return seed_mean(values, level=evidence.study.analysis.level)


def _gaps(evidence: Evidence, task: str, representation: str, scores: Any) -> dict[str, Estimate]:
    """Spread and mean RPD of the seed means, with intervals that resample seeds."""

    def interval(statistic: Any, name: str) -> Estimate:
        level, n = evidence.study.analysis.level, len(scores)
        if n < MIN_SEEDS:
            return Estimate(statistic(scores), np.nan, np.nan, level, n, "no interval: fewer than 3 seeds")
        rng = evidence.rng(f"table1/{task}/{representation}/{name}")
        resamples = evidence.study.analysis.resamples
        return cluster_bootstrap(statistic, [scores], method="percentile", n_resamples=resamples, level=level, rng=rng)

    return {
        "std": interval(lambda rows: spread(rows.mean(axis=0)), "std"),
        "mean_rpd": interval(lambda rows: mean_rpd(rows.mean(axis=0)), "rpd"),
    }


def _rows(lines: list[dict[str, Any]], languages: tuple[str, ...]) -> list[tuple[Cell, ...]]:
    """Print the rows of one task, the better of each column in bold."""
    best = {
        name: _best(lines, name, sign)
        for name, sign in (("std", -1), ("mean_rpd", -1), ("cka", 1), ("debiased_cka", 1))
    }
    rows = []
    for i, line in enumerate(lines):
        scores = [line["scores"].get(code) for code in languages]
        gaps = [
            estimate_cell(line[name], digits, best=best[name] == i) if name in line else Cell("–")
            for name, digits in (("std", 4), ("mean_rpd", 2), ("cka", 4), ("debiased_cka", 4))
        ]
        rows.append(
            (
                Cell(line["representation"], heading=True),
                *(Cell(number(s.value, 2)) if s else Cell("–") for s in scores),
                *gaps,
            )
        )
    return rows


def _best(lines: list[dict[str, Any]], name: str, sign: int) -> int:
    """Return the row whose value is best, -1 when there is nothing to compare."""
    values = [sign * line[name].value if name in line else -np.inf for line in lines]
    return int(np.argmax(values)) if sum(np.isfinite(values)) > 1 else -1


def _paper_row(task: str, representation: str, languages: tuple[str, ...]) -> tuple[Cell, ...]:
    printed = TABLE1[task, representation]
    scores = (Cell(number(printed["scores"][c], 2)) if c in printed["scores"] else Cell("–") for c in languages)
    gaps = (
        Cell(f"{printed['std']:.4f}"),
        Cell(f"{printed['mean_rpd']:.2f}"),
        Cell(f"{printed['mean_cka']:.4f}"),
        Cell("–"),
    )
    return (Cell(f"paper: {representation}", heading=True), *scores, *gaps)


def _records(data: dict[str, Any]) -> Any:
    for task, lines in data.items():
        for representation, line in lines.items():
            named = {
                **{f"score:{c}": e for c, e in line["scores"].items()},
                **{k: line[k] for k in ("std", "mean_rpd", "cka", "debiased_cka") if k in line},
            }
            for measure, e in named.items():
                yield {"task": task, "representation": representation, "measure": measure, "value": e.value,
                       "low": e.low, "high": e.high, "level": e.level, "n": e.n, "method": e.method}  # fmt: skip
