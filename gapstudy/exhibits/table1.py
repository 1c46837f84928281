"""Table 1: token tasks. Scores by language, their spread, mean RPD, and mean CKA between languages.

Paper: Table 1, sections 3.3 and 3.4. Beside the paper's plain CKA stands the debiased one with its interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from gapstudy.errors import StoreError
from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.outcomes import correctness, in_blocks, item_cell, why_no_items
from gapstudy.exhibits.published import TABLE1
from gapstudy.exhibits.similarity import debiased_over_seeds, plain_over_seeds
from gapstudy.exhibits.table1_words import heading, other_metrics, table_words
from gapstudy.exhibits.text import NAMES, estimate_cell, number, over_seeds, seed_mean
from gapstudy.stats import Estimate, gap_of, item_interval, mean_interval, mean_rpd, spread

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
        rows.append((Cell(heading(evidence, task), heading=True),))
        rows += _rows(found, languages)
        rows += [_paper_row(task, r, languages) for r in evidence.spec(task).representations if (task, r) in TABLE1]
    return Exhibit(
        key="table1",
        kind="table",
        title="Token tasks: scores and gaps",
        **table_words(evidence, tasks, data),
        signature=evidence.signature(
            f"resamples:{evidence.study.analysis.resamples}",
            "gap:rpd",
            "cka:linear",
            *(f"layer:{task}-{evidence.spec(task).sentence_layer}" for task in tasks),
            runs=evidence.runs_of(tasks),
        ),
        table=Table(header=_header(languages), rows=tuple(rows), align="l" + "r" * (len(languages) + 4), small=True)
        if evidence.runs_of(tasks)
        else None,
        runs=tuple(run.run_id for run in evidence.runs_of(tasks)),
        data=data,
        records=tuple(_records(data)),
        missing=tuple(missing) or (() if tasks else ("the study has no token task (ner, pos)",)),
        notes=tuple(_without_items(data)),
    )


def _without_items(data: dict[str, Any]) -> Iterator[str]:
    """Say of each task or row with gaps why it has no interval over items."""
    for task, lines in data.items():
        why = {r: line["no_items"] for r, line in lines.items() if "no_items" in line}
        if len(set(why.values())) == 1 and len(why) == sum("mean_rpd" in line for line in lines.values()):
            yield f"{NAMES[task]}: no intervals over items: {next(iter(why.values()))}."
        else:
            yield from (f"{NAMES[task]}, {r}: no interval over items: {reason}." for r, reason in why.items())


def _header(languages: tuple[str, ...]) -> tuple[tuple[Head, ...], ...]:
    top = (Head(""), Head("Score, %", len(languages)), Head("Performance gap", 2), Head("Linguistic gap", 2))
    below = (Head("Method"), *(Head(code) for code in languages), Head("Std. ↓"), Head("Mean RPD, % ↓"),
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
        "companions": {m: _companion(evidence, task, representation, m) for m in other_metrics(evidence, task)},
        "dev": _dev_scores(evidence, task, representation, languages),
        "missing": [],
        "runs": {c: evidence.run_ids(task, representation, (c,)) for c in languages},
        "gap_runs": (),
    }
    if absent := evidence.absent(task, representation, spec.languages):
        line["missing"].append(f"{representation} has no finished run in {', '.join(absent)}")
    seeds = evidence.seeds(task, representation, languages) if len(languages) > 1 else []
    if not seeds:
        line["missing"].append(_no_gap(representation, languages))
        return line
    scores = evidence.scores(task, representation, languages, seeds)
    line |= {"seeds": seeds, "gap_languages": list(languages), **_gaps(scores, evidence.study.analysis.level)}
    line["gap_runs"] = evidence.run_ids(task, representation, languages, seeds)
    line |= _items(evidence, task, representation, languages, seeds)
    if np.isnan(line["mean_rpd"].value):
        line["missing"].append(f"{representation}: mean RPD is {line['mean_rpd'].method}")
    for name, over_these in (("cka", plain_over_seeds), ("debiased_cka", debiased_over_seeds)):
        found = over_these(evidence, task, representation, languages, seeds)
        line[name] = found.estimate(level=evidence.study.analysis.level)
    return line


def _score(evidence: Evidence, task: str, representation: str, language: str, metric: str | None = None) -> Estimate:
    seeds = evidence.seeds(task, representation, (language,))
    values = [evidence.score(task, representation, language, s, metric) for s in seeds]
    return seed_mean(values, level=evidence.study.analysis.level)


def _dev_scores(evidence: Evidence, task: str, representation: str, languages: tuple[str, ...]) -> dict[str, Estimate]:
    """Return development scores at the chosen epochs, of the languages that models were chosen on."""
    found: dict[str, Estimate] = {}
    for code in languages:
        values = evidence.dev_scores(task, representation, code)
        if values:
            found[code] = seed_mean(values, level=evidence.study.analysis.level)
    return found


def _companion(evidence: Evidence, task: str, representation: str, metric: str) -> dict[str, Estimate]:
    """Return the scores by another metric, of the languages all of whose runs have it (older ones may not)."""
    found: dict[str, Estimate] = {}
    for code in evidence.languages(task, representation):
        with suppress(KeyError):
            found[code] = _score(evidence, task, representation, code, metric)
    return found


def _no_gap(representation: str, languages: tuple[str, ...]) -> str:
    if len(languages) < 2:
        return f"{representation}: gaps need finished runs in two languages"
    return f"{representation}: gaps need a seed that is finished in every one of {', '.join(languages)}"


def _gaps(scores: Any, level: float) -> dict[str, Estimate]:
    """Spread and mean RPD of the seed means."""
    return {
        "std": over_seeds(lambda rows: spread(rows.mean(axis=0)), scores, level=level, within=(0.0, 1.0)),
        "mean_rpd": over_seeds(lambda rows: mean_rpd(rows.mean(axis=0)), scores, level=level, within=(0.0, 200.0)),
    }


def _items(
    evidence: Evidence, task: str, representation: str, languages: tuple[str, ...], seeds: list[int]
) -> dict[str, Any]:
    """Return intervals over blocks of words of scores and gaps, given the models, or why there are none."""
    if why := why_no_items(evidence, task):
        return {"no_items": why}
    analysis = evidence.study.analysis
    options: dict[str, Any] = {"parallel": False, "n_resamples": analysis.resamples, "level": analysis.level}
    try:
        right = [in_blocks(task, correctness(evidence, task, representation, code, seeds)) for code in languages]
        gaps = {
            name: item_interval(
                statistic, right, within=within, rng=evidence.rng(f"table1/{task}/{representation}/items"), **options
            )
            for name, statistic, within in (("std", _spreads, (0.0, 1.0)), ("mean_rpd", gap_of, (0.0, 200.0)))
        }
    except (ValueError, StoreError) as error:
        return {"no_items": str(error)}
    scores = {
        c: mean_interval(100.0 * x.mean(axis=0), level=analysis.level) for c, x in zip(languages, right, strict=True)
    }
    return {"items": {**gaps, "scores": scores}}


def _spreads(scores: Any) -> Any:
    """Standard deviation over languages of each row, as a fraction."""
    return (scores / 100.0).std(axis=1, ddof=1)


def _item_row(line: dict[str, Any], languages: tuple[str, ...]) -> tuple[Cell, ...]:
    items, runs = line["items"], line["gap_runs"]
    scores = (item_cell(items["scores"].get(code), 2, line["runs"].get(code, ())) for code in languages)
    gaps = (item_cell(items["std"], 4, runs), item_cell(items["mean_rpd"], 2, runs))
    return (Cell("items", heading=True), *scores, *gaps, Cell("–"), Cell("–"))


def _rows(lines: list[dict[str, Any]], languages: tuple[str, ...]) -> list[tuple[Cell, ...]]:
    """Print the rows of one task, the better of each column in bold."""
    best = {
        name: _best(lines, name, sign)
        for name, sign in (("std", -1), ("mean_rpd", -1), ("cka", 1), ("debiased_cka", 1))
    }
    rows = []
    for i, line in enumerate(lines):
        scores = [(line["scores"].get(code), line["runs"].get(code, ())) for code in languages]
        gaps = [
            estimate_cell(line[name], digits, best=best[name] == i, runs=line["gap_runs"])
            if name in line
            else Cell("–")
            for name, digits in (("std", 4), ("mean_rpd", 2), ("cka", 4), ("debiased_cka", 4))
        ]
        rows.append(
            (
                Cell(line["representation"], heading=True),
                *(Cell(number(s.value, 2), runs=runs) if s else Cell("–") for s, runs in scores),
                *gaps,
            )
        )
        if "items" in line:
            rows.append(_item_row(line, languages))
    return rows


def _best(lines: list[dict[str, Any]], name: str, sign: int) -> int:
    """Return the row whose value is best, -1 when there is nothing to compare or rows have different languages."""
    values = {i: sign * line[name].value for i, line in enumerate(lines) if name in line}
    values = {i: value for i, value in values.items() if not np.isnan(value)}
    alike = {tuple(lines[i]["gap_languages"]) for i in values}
    return max(values, key=lambda i: values[i]) if len(values) > 1 and len(alike) == 1 else -1


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
                **{f"dev:{c}": e for c, e in line["dev"].items()},
                **{f"{metric}:{c}": e for metric, scores in line["companions"].items() for c, e in scores.items()},
                **{k: line[k] for k in ("std", "mean_rpd", "cka", "debiased_cka") if k in line},
            }
            if items := line.get("items"):
                named |= {f"score:{c}:items": e for c, e in items["scores"].items()}
                named |= {f"{k}:items": items[k] for k in ("std", "mean_rpd")}
            for measure, e in named.items():
                yield {"task": task, "representation": representation, "measure": measure, "value": e.value,
                       "low": e.low, "high": e.high, "level": e.level, "n": e.n, "method": e.method}  # fmt: skip
