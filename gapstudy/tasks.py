"""The three tasks: their labels, metrics, and how logits become scores.

Paper: section 3.2. Scores are in percent. XNLI: accuracy. NER: entity-level micro F1 (exact span and type, seqeval)
beside token macro F1. POS: accuracy (which is micro F1, since each word has one label) beside macro F1. Both: macro
F1 over the characters of the running sentence, as taggers that read characters are often scored; it grows with the
share of long words and (NER) of blanks, and is comparable with neither of the others.
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


def scorer(
    task: str, gold: Sequence[int], sentence_lengths: Sequence[int], characters: Sequence[int] | None = None
) -> Callable[[Floats], dict[str, float]]:
    """Return a function from logits (items, classes) to every metric of ``task``, in percent.

    Parameters
    ----------
    task : "xnli", "ner" or "pos".
    gold : label indices, one an item: a pair, or a word in corpus order.
    sentence_lengths : words a sentence for tagged text (entities end with their sentence); empty for pairs.
    characters : code points of each written word (NFC), in corpus order, for ``char_macro_f1``; None takes every word
        as one character. Pairs have none.

    Raises
    ------
    ValueError
        If ``characters`` has another length than ``gold``.
    """
    truth = np.asarray(gold, np.int64)
    if task == "xnli":
        return lambda logits: {"accuracy": accuracy(truth, logits.argmax(axis=1))}
    written = np.ones(len(truth), np.int64) if characters is None else np.asarray(characters, np.int64)
    if len(written) != len(truth):
        msg = f"characters: {len(written)} counts for {len(truth)} words"
        raise ValueError(msg)
    between = sum(max(0, words - 1) for words in sentence_lengths) if task == "ner" else 0
    inside = _inside(task)

    def score(logits: Floats) -> dict[str, float]:
        predicted = logits.argmax(axis=1)
        by_character = char_macro_f1(truth, predicted, written, inside=inside, blanks=between)
        if task == "pos":
            own = {"accuracy": accuracy(truth, predicted), "macro_f1": macro_f1(truth, predicted)}
        else:
            own = {
                "entity_f1": entity_f1(truth, predicted, sentence_lengths),
                "token_macro_f1": macro_f1(truth, predicted),
            }
        return {**own, "char_macro_f1": by_character}

    return score


def _inside(task: str) -> Ints:
    """Return the label of a word's characters after the first, by the word's label: the I- form of a B- label."""
    names = LABELS[task]
    return np.array([names.index(f"I-{name[2:]}") if name.startswith("B-") else i for i, name in enumerate(names)])


def accuracy(truth: Ints, predicted: Ints) -> float:
    """Return the share of right labels, in percent."""
    return 100.0 * float((truth == predicted).mean())


def macro_f1(truth: Ints, predicted: Ints) -> float:
    """Return F1 averaged over the labels that occur in ``truth`` or ``predicted``, in percent."""
    return _macro_f1(_confusion(truth, predicted, np.ones(len(truth), np.int64), 1 + max(truth.max(), predicted.max())))


def char_macro_f1(truth: Ints, predicted: Ints, characters: Ints, *, inside: Ints, blanks: int) -> float:
    """Return macro F1 over the characters of the running sentences, in percent, by counting.

    Parameters
    ----------
    truth, predicted : (words,) label indices.
    characters : (words,) characters a word, taken as 1 at least.
    inside : (classes,) the label of a word's further characters, by the label of its first.
    blanks : positions between words, which have label 0 (O) on both sides.
    """
    classes = len(inside)
    counts = _confusion(truth, predicted, np.ones(len(truth), np.int64), classes)
    counts += _confusion(inside[truth], inside[predicted], np.maximum(characters - 1, 0), classes)
    counts[0, 0] += blanks
    return _macro_f1(counts)


def _confusion(truth: Ints, predicted: Ints, weights: Ints, classes: int) -> npt.NDArray[np.float64]:
    """Return (classes, classes) sums of ``weights`` by true and predicted label."""
    found = np.bincount(truth * classes + predicted, weights, classes * classes)  # exact: counts are below 2**53
    return np.asarray(found, np.float64).reshape(classes, classes)


def _macro_f1(confusion: npt.NDArray[np.float64]) -> float:
    """Return F1 averaged over the labels that occur on either side, in percent."""
    sizes = confusion.sum(axis=0) + confusion.sum(axis=1)
    seen = sizes > 0
    return 100.0 * float((2 * confusion.diagonal()[seen] / sizes[seen]).mean())


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
