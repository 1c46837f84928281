"""The three tasks: their labels, metrics, and how logits become scores.

Paper: section 3.2. Scores are in percent. XNLI: accuracy. NER: entity-level micro F1 (exact span and type, seqeval)
beside token macro F1. POS: accuracy (which is micro F1, since each word has one label) beside macro F1.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from gapstudy.data import LABELS
from gapstudy.study import METRICS

__all__ = ["primary_metric", "scorer"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


def primary_metric(task: str, chosen: str = "") -> str:
    """Return the metric that chooses epochs and fills the tables: ``chosen``, or the task's first."""
    return chosen or METRICS[task][0]


def scorer(task: str, gold: Sequence[int], sentence_lengths: Sequence[int]) -> Callable[[Floats], dict[str, float]]:
    """Return a function from logits (items, classes) to every metric of ``task``, in percent.

    Parameters
    ----------
    task : "xnli", "ner" or "pos".
    gold : label indices, one an item: a pair, or a word in corpus order.
    sentence_lengths : words a sentence for tagged text (entities end with their sentence); empty for pairs.
    """
    truth = np.asarray(gold, np.int64)

    def score(logits: Floats) -> dict[str, float]:
        predicted = logits.argmax(axis=1)
        if task == "xnli":
            return {"accuracy": accuracy(truth, predicted)}
        if task == "pos":
            return {"accuracy": accuracy(truth, predicted), "macro_f1": macro_f1(truth, predicted)}
        return {
            "entity_f1": entity_f1(truth, predicted, sentence_lengths),
            "token_macro_f1": macro_f1(truth, predicted),
        }

    return score


def accuracy(truth: Ints, predicted: Ints) -> float:
    """Return the share of right labels, in percent."""
    return 100.0 * float((truth == predicted).mean())


def macro_f1(truth: Ints, predicted: Ints) -> float:
    """Return F1 averaged over the labels that occur in ``truth`` or ``predicted``, in percent."""
    labels = np.union1d(truth, predicted)
    hits = np.array([((truth == c) & (predicted == c)).sum() for c in labels])
    sizes = np.array([(truth == c).sum() + (predicted == c).sum() for c in labels])
    return 100.0 * float((2 * hits / sizes).mean())


def entity_f1(truth: Ints, predicted: Ints, sentence_lengths: Sequence[int]) -> float:
    """Return entity-level micro F1 in percent (exact span and type), as ``seqeval`` counts entities by default."""
    from seqeval.metrics import f1_score

    names = np.asarray(LABELS["ner"])
    cuts = np.cumsum(sentence_lengths)[:-1]
    gold, guess = (
        [list(part) for part in np.split(names[labels], cuts)] for labels in (truth, predicted)
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns when nothing is predicted; the score is 0 then
        return 100.0 * float(f1_score(gold, guess, zero_division=0))
