"""Table 5: hyper-parameters, as this study used them and as the paper selected them.

Paper: appendix B, Table 5. Two printed selections lie outside the printed search space (3e-6 for XNLI with XPhoneBERT
in swa and urd; 8e-5 for NER with XPhoneBERT in rus and ita). What ``gapstudy sweep`` chose is marked as such.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.published import TABLE5, TABLE5_SPACE
from gapstudy.exhibits.text import NAMES, counted

__all__ = ["compute"]

_SHOWN = {"learning rate": "learning_rate", "weight decay": "weight_decay", "schedule": "schedule",
          "epochs": "epochs", "batch size": "batch_size"}  # fmt: skip
_CHOSEN = "chosen by sweep"
_PRINTED = ("learning rate", "weight decay", "schedule")
_OUTSIDE = {
    ("xnli", "phoneme", "learning rate"): "3e-6 is not in the printed search space",
    ("ner", "phoneme", "learning rate"): "8e-5 is not in the printed search space",
}


def compute(evidence: Evidence) -> Exhibit:
    """Compute Table 5 from the study as it was prepared."""
    used = {
        (task, r): {label: _used(evidence, task, r, key) for label, key in _SHOWN.items()} | _swept(evidence, task, r)
        for task, spec in evidence.study.tasks.items()
        for r in spec.representations
    }
    rows: list[tuple[Cell, ...]] = []
    for task in evidence.study.tasks:
        rows.append((Cell(NAMES[task], heading=True),))
        rows += [_row(task, r, line) for (t, r), line in used.items() if t == task]
    header = (
        (Head(""), Head("This study", len(_SHOWN)), Head("Paper: selected", len(_PRINTED))),
        (Head("Method"), *map(Head, _SHOWN), *map(Head, _PRINTED)),
    )
    return Exhibit(
        key="table5",
        kind="table",
        title="Hyper-parameters",
        caption="What the models of this study were trained with, beside what the paper selected, as printed.",
        method="Read from the study as it was prepared. Where a sweep chose, by the best mean development score (%) at the best epoch over "
        "its seeds, a footnote says so. The paper trains with batches of 128 for 20 epochs (XNLI) or 30 (NER, POS).",
        signature=evidence.prepared_signature(),
        notes=tuple(_space(task) for task in evidence.study.tasks),
        table=Table(header=header, rows=tuple(rows), align="l" * (1 + len(_SHOWN) + len(_PRINTED)), small=True),
        data={f"{task}/{r}": line for (task, r), line in used.items()},
        records=tuple(
            {"task": t, "representation": r, "name": k, "value": v}
            for (t, r), line in used.items()
            for k, v in line.items()
        ),
    )


def _used(evidence: Evidence, task: str, representation: str, key: str) -> str:
    """Return the value, or each value with the languages it holds for."""
    by_value: dict[Any, list[str]] = defaultdict(list)
    for code in evidence.study.trained_on(task):
        by_value[getattr(evidence.spec(task).hyper_of(representation, code), key)].append(code)
    if len(by_value) == 1:
        return _number(next(iter(by_value)))
    return "; ".join(f"{_number(value)} ({', '.join(codes)})" for value, codes in by_value.items())


def _swept(evidence: Evidence, task: str, representation: str) -> dict[str, str]:
    """Return what a sweep chose of one row, if anything: points of the grid, and the dev score of each language."""
    choices = evidence.prepared.get("chosen", {})
    by_size: dict[tuple[int, int], list[str]] = defaultdict(list)
    for code in evidence.study.trained_on(task):
        if choice := choices.get(f"{task}-{representation}-{code}"):
            by_size[choice["points"], choice["seeds"]].append(f"{choice['dev']:.2f} ({code})")
    if not by_size:
        return {}
    sizes = (
        f"{counted(points, 'point')} x {counted(seeds, 'seed')}, dev {', '.join(scores)}"
        for (points, seeds), scores in by_size.items()
    )
    return {_CHOSEN: "; ".join(sizes)}


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _row(task: str, representation: str, line: dict[str, str]) -> tuple[Cell, ...]:
    printed = TABLE5.get((task, representation), {})
    return (
        Cell(representation, heading=True),
        *(Cell(line[label], note=_mark(line) if label == "learning rate" else "") for label in _SHOWN),
        *(Cell(printed.get(label, "–"), note=_OUTSIDE.get((task, representation, label), "")) for label in _PRINTED),
    )


def _mark(line: dict[str, str]) -> str:
    return f"chosen by sweep: {line[_CHOSEN]}" if _CHOSEN in line else ""


def _space(task: str) -> str:
    listed = "; ".join(f"{label} {values}" for label, values in TABLE5_SPACE[task].items())
    return f"The paper's search space for {task.upper()}: {listed}."
