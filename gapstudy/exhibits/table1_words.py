"""The words of Table 1: its caption, how its numbers came about, its headings.

Paper: Table 1.
"""

from __future__ import annotations

from typing import Any

from gapstudy.exhibits.evidence import Evidence, seed_range
from gapstudy.exhibits.outcomes import BLOCK
from gapstudy.exhibits.text import NAMES, Words, two_seeds, words
from gapstudy.study import METRICS

__all__ = ["heading", "other_metrics", "table_words"]

_CAPTION = (
    "Test scores by language, their spread (*Std.*, standard deviation of scores as fractions), their mean relative percent "
    "difference (*Mean RPD*), and the mean CKA between languages. Rows *paper* repeat the printed values: other corpora, other "
    "encoders, all ten languages. Bold: the better value, whatever its uncertainty."
)
_METHOD = (
    "Scores are means over seeds at the best development epoch, of the metric in the heading{companions}. *Std.* and *Mean RPD* are of "
    "these means, over the seeds that every language has, with {level} % t intervals by the jackknife over seeds [@efronstein1981], cut at 0; "
    "seed noise alone makes both positive.{two} *Mean CKA* is the paper's plain linear CKA of sentence vectors, mean over pairs and seeds, its "
    "interval by the jackknife over the {sentences} parallel sentences; *Debiased* is its unbiased form [@song2012], about 0 for unrelated vectors, with "
    "{resamples} half-samples of the sentences [@shaowu1989]. Rows *items*: half the width of the interval over test items, given "
    "these models (t for scores, centred bootstrap for gaps), where the score is an accuracy; items are blocks of {block} consecutive words, "
    "since runs do not store sentence boundaries. Bold is set where rows have the same languages."
)


def table_words(evidence: Evidence, tasks: list[str], data: dict[str, Any]) -> Words:
    """Return caption and method."""
    level = evidence.study.analysis.level
    method = _METHOD.format(
        resamples=f"{evidence.study.analysis.resamples:,}",
        level=f"{100 * level:g}",
        sentences=_sentences(data),
        companions=_companions(evidence, tasks),
        block=BLOCK,
        two=two_seeds(
            (len(x["seeds"]) for lines in data.values() for x in lines.values() if "seeds" in x), level=level
        ),
    )
    return words(_CAPTION, method, shown=bool(evidence.runs_of(tasks)))


_METRICS = {
    "entity_f1": "entity F1",
    "token_macro_f1": "macro F1 over words",
    "char_macro_f1": "macro F1 over characters",
    "macro_f1": "macro F1 over words",
    "accuracy": "accuracy = micro F1",
}


def _primary(evidence: Evidence, task: str) -> str:
    return evidence.spec(task).primary or METRICS[task][0]


def other_metrics(evidence: Evidence, task: str) -> list[str]:
    """Return the metrics of a task beside its primary one."""
    return [metric for metric in METRICS[task] if metric != _primary(evidence, task)]


def _companions(evidence: Evidence, tasks: list[str]) -> str:
    """Name the metrics that are not printed."""
    names = {task: " and ".join(_METRICS[metric] for metric in other_metrics(evidence, task)) for task in tasks}
    listed = "; ".join(f"{task.upper()}: {text}" for task, text in names.items())
    return f" (the CSV has the others; {listed}; and the development scores)" if listed else ""


def heading(evidence: Evidence, task: str) -> str:
    """Return the heading of a task: what the score is, and how many seeds a cell has."""
    metric = _METRICS[_primary(evidence, task)]
    seeds = seed_range(evidence.runs_of([task])).replace("-", " to ")
    return f"{NAMES[task]} ({metric}, %; {seeds} {'seed' if seeds == '1' else 'seeds'})"


def _sentences(data: dict[str, Any]) -> str:
    counts = {line["cka"].n for lines in data.values() for line in lines.values() if "cka" in line}
    return f"{max(counts):,}" if counts else "the"
