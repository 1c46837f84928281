"""Pairs of sentences with a label, in every form that XNLI and MultiNLI are published in; paper: section 3.2."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gapstudy.data.examples import LABELS, Pairs
from gapstudy.data.files import Labels, TextFile, require
from gapstudy.data.tables import Names, Table, open_any
from gapstudy.errors import DataError
from gapstudy.languages import Language

__all__ = ["PAIR_COLUMNS", "read_pairs"]

PAIR_COLUMNS: Names = {
    "premise": ("premise", "sentence1"),
    "hypothesis": ("hypothesis", "hypo", "sentence2"),
    "label": ("label", "gold_label"),
}
_NO_GOLD = "-"  # MultiNLI's mark where the annotators did not agree


def read_pairs(path: Path, *, language: Language | None = None, columns: Mapping[str, str] | None = None) -> Pairs:
    """Read premises, hypotheses and labels, from whatever form the file has; the text is not normalised.

    - Three tab-separated columns without a header and without quoting (XTREME).
    - Tab-separated under a header, without quoting: XNLI-MT (``premise hypo label``, ``contradictory``), MultiNLI and
      the original XNLI (``gold_label``, ``sentence1``, ``sentence2``).
    - CSV (RFC 4180) and JSON lines with these names; labels also as the hub's numbers: 0 entailment, 1 neutral,
      2 contradiction.
    - The hub's parquet, with texts or with translations into many languages; its own class names decide the numbers.

    Where rows say which language they are in, those of ``language`` are taken. Rows whose ``gold_label`` is ``-`` are
    skipped: annotators of MultiNLI did not agree on them. XNLI's dev and test sets have none.

    Parameters
    ----------
    path : the file; gzip is undone.
    language : whose rows or translations to take; None takes all.
    columns : our column names to the file's, where they are others.

    Raises
    ------
    DataError
        If the file is missing, empty, malformed or not UTF-8, or a row has the wrong width or an unknown label.
    """
    chosen = columns or {}
    file = open_any(path, PAIR_COLUMNS, chosen, tuple(PAIR_COLUMNS), language)
    pairs = _of_table(file, language, chosen) if isinstance(file, Table) else _of_lines(file)
    require(pairs.labels, path, "pairs")
    return pairs


def _of_table(table: Table, language: Language | None, chosen: Mapping[str, str]) -> Pairs:
    names = {column: table.name_of(column, PAIR_COLUMNS, chosen) for column in PAIR_COLUMNS}
    gold = names["label"]
    if gold == "gold_label" and _NO_GOLD in table.columns[gold]:
        table = table.take([row for row, label in enumerate(table.columns[gold]) if label != _NO_GOLD])
    labels = Labels("xnli", table.classes.get(gold, LABELS["xnli"]) if table.kind != "tsv" else None)
    return Pairs(
        tuple(table.texts(names["premise"], language)),
        tuple(table.texts(names["hypothesis"], language)),
        tuple(labels.indices(table.columns[gold], table.place)),
    )


def _of_lines(file: TextFile) -> Pairs:
    rows: list[tuple[str, ...]] = []
    for number, line in file.numbered():
        cells = line.split("\t")
        if len(cells) != 3:
            msg = f"{file.place(number)}: {len(cells)} columns where premise, hypothesis, label were expected"
            raise DataError(msg)
        rows.append(tuple(cell.strip() for cell in cells))
    premises, hypotheses, labels = zip(*rows, strict=True) if rows else ((), (), ())
    return Pairs(premises, hypotheses, tuple(Labels("xnli").indices(labels, lambda row: file.place(row + 1))))
