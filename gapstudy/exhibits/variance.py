"""Two sources of chance in a gap, kept apart: training seeds and test items.

Paper: none; Tables 1 and 2 print gaps without intervals. What an interval over seeds and one over items each leave out,
and an interval for both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from gapstudy.errors import StoreError
from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.outcomes import BLOCK, are_parallel, correctness, in_blocks, why_no_items
from gapstudy.exhibits.text import (
    MIN_SEEDS,
    NAMES,
    Words,
    estimate_cell,
    number,
    over_seeds,
    there_are,
    two_seeds,
    words,
)
from gapstudy.stats import GapVariance, gap_of, gap_variance, item_interval

__all__ = ["compute", "sources"]


def compute(evidence: Evidence) -> Exhibit:
    """Compute seed and item variance of the mean RPD of every task and representation whose score is an accuracy."""
    analysis = evidence.study.analysis
    lines: list[dict[str, Any]] = []
    missing: list[str] = []
    notes: list[str] = []
    for task, representation, languages in _asked(evidence):
        if why := why_no_items(evidence, task):
            notes.append(f"{NAMES[task]} has no line: {why}.")
            continue
        seeds = evidence.seeds(task, representation, languages)
        name = (
            f"{task}, {representation}, {'–'.join(languages) if len(languages) == 2 else f'{len(languages)} languages'}"
        )
        if len(seeds) < MIN_SEEDS:
            missing.append(f"{name}: needs 2 seeds finished in every language; {there_are(len(seeds))}")
            continue
        try:
            lines.append(sources(evidence, task, representation, languages, seeds))
        except (ValueError, StoreError) as error:
            missing.append(f"{name}: {error}")
    return Exhibit(
        key="variance",
        kind="table",
        title="Where the uncertainty of a gap comes from",
        **_words(evidence, lines),
        runs=tuple(dict.fromkeys(i for line in lines for i in line["runs"])),
        signature=evidence.signature(
            f"resamples:{analysis.resamples}", "gap:rpd", "sources:anova", runs=evidence.runs_of(evidence.study.tasks)
        ),
        table=_table(lines) if lines else None,
        data={"gaps": lines},
        records=tuple(_records(lines)),
        missing=tuple(missing) if lines or missing or notes else ("no task has runs in two languages",),
        notes=tuple(dict.fromkeys(notes)),
    )


_CAPTION = (
    "Mean RPD over pairs of the languages named, with what another *seed*, another test set of this size (*item*) and their interaction (*rest*) "
    "would do to the gap of one seed, and its intervals over seeds, over items and over both."
)
_METHOD = (
    "Standard deviations are from a two-way analysis of variance of the linearised gap (0 where the estimate is negative; the CSV keeps the "
    "sign). More seeds lower seed and rest, not item. {level} % intervals: over seeds with these items (jackknife), over items with these models "
    "(centred bootstrap, {resamples} resamples), and for new seeds and new items together, which is not the sum of the first two and never "
    "narrower than seeds alone make it.{two} Items are pairs of sentences, drawn jointly over languages where test sets are parallel; in token tasks "
    "blocks of {block} consecutive words, since sentence boundaries are not stored. Languages are the study's and are not resampled. What a seed "
    "decides: initialisation, order and dropout [@dodge2020]."
)


def _words(evidence: Evidence, lines: list[dict[str, Any]]) -> Words:
    analysis = evidence.study.analysis
    method = _METHOD.format(
        level=f"{100 * analysis.level:g}",
        resamples=f"{analysis.resamples:,}",
        block=BLOCK,
        two=two_seeds((line["parts"].n_seeds for line in lines), level=analysis.level),
    )
    return words(_CAPTION, method, shown=bool(lines))


def _asked(evidence: Evidence) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield what has a gap: XNLI by pair with the reference, token tasks over all languages that have runs."""
    reference = evidence.study.analysis.reference
    for task, spec in evidence.study.tasks.items():
        for representation in spec.representations:
            languages = evidence.languages(task, representation)
            if task == "xnli" and reference in languages:
                yield from ((task, representation, (reference, code)) for code in languages if code != reference)
            elif len(languages) > 1:
                yield task, representation, languages


def sources(
    evidence: Evidence, task: str, representation: str, languages: tuple[str, ...], seeds: list[int]
) -> dict[str, Any]:
    """Return one line: the gap with its three intervals, and its variance by source.

    Raises
    ------
    ValueError
        If outputs and recorded scores disagree, or the gap is undefined.
    """
    level = evidence.study.analysis.level
    right = [in_blocks(task, correctness(evidence, task, representation, code, seeds)) for code in languages]
    parallel = are_parallel(evidence, task, representation, languages, seeds[0])
    parts = gap_variance(right, parallel=parallel, level=level)
    over_items = item_interval(
        gap_of,
        right,
        parallel=parallel,
        n_resamples=evidence.study.analysis.resamples,
        level=level,
        within=(0.0, 200.0),
        rng=evidence.rng(f"variance/{task}/{representation}/{'-'.join(languages)}"),
    )
    scores = evidence.scores(task, representation, languages, seeds)
    of_seeds = over_seeds(
        lambda rows: float(gap_of(rows.mean(axis=0)[None])[0]), scores, level=level, within=(0.0, 200.0)
    )
    return {
        "task": task,
        "representation": representation,
        "languages": list(languages),
        "parallel": parallel,
        "runs": evidence.run_ids(task, representation, languages, seeds),
        "parts": parts,
        "seeds": of_seeds,
        "items": over_items,
    }


def _table(lines: list[dict[str, Any]]) -> Table:
    header = (
        (Head(""), Head("", 2), Head("Standard deviation, %", 3), Head("Mean RPD, %, and interval", 3)),
        (Head("Method"), Head("Seeds"), Head("Items"), Head("seed"), Head("item"), Head("rest"), Head("over seeds"), Head("over items"), Head("both")),
    )  # fmt: skip
    groups = list(dict.fromkeys(map(_group, lines)))
    rows: list[tuple[Cell, ...]] = []
    before = ""
    for line in sorted(lines, key=lambda line: groups.index(_group(line))):
        group = _group(line)
        if group != before:
            rows.append((Cell(group, heading=True),))
            before = group
        parts: GapVariance = line["parts"]
        deviations = (math.sqrt(max(v, 0.0)) for v in (parts.seed, parts.item, parts.rest))
        rows.append(
            (
                Cell(line["representation"], heading=True),
                Cell(str(parts.n_seeds)),
                Cell(f"{parts.n_items:,}"),
                *(Cell(number(v, 2), runs=tuple(line["runs"])) for v in deviations),
                *(estimate_cell(e, 2, runs=tuple(line["runs"])) for e in (line["seeds"], line["items"], parts.both)),
            )
        )
    return Table(header=header, rows=tuple(rows), align="lrrrrrrrr", small=True)


def _group(line: dict[str, Any]) -> str:
    codes = line["languages"]
    what = "–".join(codes) if len(codes) == 2 else f"{len(codes)} languages"
    items = "parallel test sets" if line["parallel"] else "each language's own test set"
    return f"{NAMES[line['task']]}, {what} ({items})"


def _records(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for line in lines:
        parts: GapVariance = line["parts"]
        for source, e in (("seeds", line["seeds"]), ("items", line["items"]), ("both", parts.both)):
            yield {"task": line["task"], "representation": line["representation"], "languages": " ".join(line["languages"]),
                   "interval": source, "value": e.value, "low": e.low, "high": e.high, "level": e.level, "method": e.method,
                   "seeds": parts.n_seeds, "items": parts.n_items, "variance_seed": parts.seed,
                   "variance_item": parts.item, "variance_rest": parts.rest}  # fmt: skip
