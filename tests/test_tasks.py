"""Scores, against scikit-learn and seqeval called by hand."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.data import LABELS
from gapstudy.study import METRICS
from gapstudy.tasks import accuracy, macro_f1, primary_metric, scorer

TASKS = [pytest.param(t, marks=[pytest.mark.train] if t == "ner" else []) for t in METRICS]  # seqeval is an extra


def _logits(labels: npt.ArrayLike, classes: int) -> npt.NDArray[np.float32]:
    """Make logits whose largest is at each label."""
    noise = np.random.default_rng(0).normal(size=(np.size(labels), classes))
    logits: npt.NDArray[np.float32] = (noise + 20 * np.eye(classes)[np.asarray(labels, int)]).astype(np.float32)
    return logits


@st.composite
def _tagged(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Draw sentence lengths, gold and predicted NER labels, ill-formed sequences included."""
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=6))
    total = sum(lengths)
    tags = st.lists(st.integers(0, len(LABELS["ner"]) - 1), min_size=total, max_size=total)
    return lengths, draw(tags), draw(tags)


@pytest.mark.parametrize("task", TASKS)
def test_every_metric_of_a_task_is_scored(task: str) -> None:
    """A scorer returns just the metrics that a study file can choose, and the first is the primary one."""
    gold = np.arange(12) % len(LABELS[task])
    found = scorer(task, gold.tolist(), [12])(_logits(gold, len(LABELS[task])))
    assert tuple(found) == METRICS[task]
    assert primary_metric(task) == METRICS[task][0]
    assert primary_metric(task, METRICS[task][-1]) == METRICS[task][-1]


def _written_out(task: str, labels: list[int], characters: list[int], lengths: list[int]) -> list[str]:
    """Label every character of the running sentences, one after another."""
    rest = iter(zip([LABELS[task][label] for label in labels], characters, strict=True))
    line: list[str] = []
    for words in lengths:
        for i in range(words):
            label, count = next(rest)
            line += ["O"] if i and task == "ner" else []
            line += [label, *[label.replace("B-", "I-")] * (count - 1)]
    return line


@pytest.mark.parametrize("task", ["pos", pytest.param("ner", marks=pytest.mark.train)])
@given(case=_tagged(), data=st.data())
def test_character_f1_is_that_of_the_sentence_written_out(
    task: str, case: tuple[list[int], list[int], list[int]], data: st.DataObject
) -> None:
    """Counting words by their length gives scikit-learn's macro F1 over every character and (NER) blank, one by one."""
    from sklearn.metrics import f1_score

    lengths, gold, predicted = case
    characters = data.draw(st.lists(st.integers(1, 9), min_size=len(gold), max_size=len(gold)))
    found = scorer(task, gold, lengths, characters)(_logits(predicted, len(LABELS[task])))
    out, guess = (_written_out(task, labels, characters, lengths) for labels in (gold, predicted))
    assert found["char_macro_f1"] == pytest.approx(100 * f1_score(out, guess, average="macro", zero_division=0))


def test_a_long_word_weighs_more_than_a_short_one() -> None:
    """One right word of nine characters and one wrong of one: nine tenths of the characters, half of the words."""
    found = scorer("pos", [3, 3], [2], [9, 1])(_logits([3, 4], 17))
    assert found["accuracy"] == 50.0
    assert found["char_macro_f1"] == pytest.approx(100 * (2 * 9 / 19 + 0) / 2)


@pytest.mark.parametrize("task", ["ner", "pos"])
def test_characters_of_other_words_are_refused(task: str) -> None:
    """As many counts as words, or the argument is named."""
    with pytest.raises(ValueError, match="characters: 3 counts for 2 words"):
        scorer(task, [0, 1], [2], [1, 2, 3])


@pytest.mark.parametrize("task", ["xnli", "pos"])
def test_perfect_and_hopeless_predictions(task: str) -> None:
    """Scores are percent: 100 where all is right, 0 where all is wrong."""
    gold = np.arange(9) % 3
    score = scorer(task, gold.tolist(), [9])
    assert set(score(_logits(gold, 3)).values()) == {100.0}
    assert set(score(_logits((gold + 1) % 3, 3)).values()) == {0.0}


@given(st.lists(st.tuples(st.integers(0, 16), st.integers(0, 16)), min_size=1, max_size=60))
def test_accuracy_and_macro_f1_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    """Labels that occur on one side only count, labels that occur on neither do not."""
    from sklearn.metrics import accuracy_score, f1_score

    truth, predicted = np.array(pairs).T
    found = scorer("pos", truth.tolist(), [len(truth)])(_logits(predicted, 17))
    assert found["accuracy"] == pytest.approx(100 * accuracy_score(truth, predicted))
    assert found["macro_f1"] == pytest.approx(100 * f1_score(truth, predicted, average="macro", zero_division=0))
    assert found["accuracy"] == accuracy(truth, predicted)
    assert found["macro_f1"] == found["char_macro_f1"] == macro_f1(truth, predicted)  # one character a word


@pytest.mark.train
@given(_tagged())
def test_entity_f1_is_that_of_seqeval(case: tuple[list[int], list[int], list[int]]) -> None:
    """Exact spans and types, micro-averaged, ill-formed predictions as seqeval reads them by default; no warning."""
    from seqeval.metrics import f1_score

    lengths, gold, predicted = case
    names = LABELS["ner"]
    cuts = np.concatenate([[0], np.cumsum(lengths)])
    split = [[[names[t] for t in row[a:b]] for a, b in pairwise(cuts)] for row in (gold, predicted)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = 100 * f1_score(*split, zero_division=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = scorer("ner", gold, lengths)(_logits(predicted, len(names)))
    assert found["entity_f1"] == pytest.approx(expected)
    assert found["token_macro_f1"] == pytest.approx(macro_f1(np.array(gold), np.array(predicted)))


@pytest.mark.train
def test_an_entity_ends_with_its_sentence() -> None:
    """B-PER | I-PER in two sentences are two entities; as one sentence they are one."""
    person = [LABELS["ner"].index(name) for name in ("B-PER", "I-PER")]
    wrong = [person[0], 0]
    assert scorer("ner", person, [1, 1])(_logits(wrong, 7))["entity_f1"] == pytest.approx(200 / 3)
    assert scorer("ner", person, [2])(_logits(wrong, 7))["entity_f1"] == 0.0


@pytest.mark.train
def test_text_without_entities_scores_nothing_rather_than_failing() -> None:
    """Where neither gold nor prediction has an entity, F1 is 0 by convention, without a warning."""
    found = scorer("ner", [0, 0, 0], [2, 1])(_logits([0, 0, 0], 7))
    assert found == {"entity_f1": 0.0, "token_macro_f1": 100.0, "char_macro_f1": 100.0}


def test_words_that_were_cut_off_count_as_the_first_label() -> None:
    """A word beyond the maximal length has logits of zero: it is scored (as the first label), never dropped."""
    logits = _logits([3, 3], 17)
    logits[1] = 0
    assert scorer("pos", [3, 3], [2])(logits)["accuracy"] == 50.0
    assert scorer("pos", [3, 0], [2])(logits)["accuracy"] == 100.0
