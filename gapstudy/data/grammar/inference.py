"""Premise and hypothesis with a known label, derived from meanings by monotonicity.

In an affirmative clause, leaving out a place, a time, an adjective or a numeral, or naming the kind instead of the
thing (apple, fruit), makes a weaker statement that follows; the reverse makes a stronger one that need not. Under
negation the directions change places (Van Benthem 1986, *Essays in Logical Semantics*, monotonicity calculus;
MacCartney and Manning 2007, doi:10.3115/1654536.1654575). Contradictions deny a weaker statement, or assert the
opposite quality. Words: entailment, neutral, contradiction as in XNLI.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from gapstudy.data.grammar.meaning import (
    ANTONYMS,
    HYPERNYMS,
    MASS,
    NUMERALS,
    TIMES,
    TRANSITIVE,
    Action,
    Identity,
    Located,
    Meaning,
    NounPhrase,
    Person,
    Quality,
)
from gapstudy.data.grammar.sampler import Sampler, needs_room, qualities

__all__ = ["LABELS", "Item", "draw_item", "vary"]

Label = Literal["entailment", "neutral", "contradiction"]
LABELS: tuple[Label, ...] = ("entailment", "neutral", "contradiction")
Step = Callable[[Any, Sampler], Any]
NEGATED_PREMISES = 0.1
_COLOURS = frozenset({"white", "black", "red"})  # each excludes the others
_OF_PLACES = ("big", "small", "old", "beautiful", "cold", "hot")


@dataclass(frozen=True, slots=True)
class Item:
    """One inference item: two meanings and the label that holds between them."""

    premise: Meaning
    hypothesis: Meaning
    label: Label


def draw_item(sampler: Sampler, label: Label) -> Item:
    """Draw an item with ``label``; about one premise in ten is negated."""
    draw = sampler.rng.random()
    if draw < 0.7:
        return _from_action(sampler, label)
    return _from_quality(sampler, label) if draw < 0.85 else _from_located(sampler, label)


def vary(meaning: Meaning, sampler: Sampler) -> Meaning:
    """Return another statement about the same subject, as the next sentence of a text might be."""
    if isinstance(meaning, Action):
        return _walk(meaning, sampler, (*_WEAKER, *_STRONGER, _deny), int(sampler.rng.integers(1, 4)))
    if isinstance(meaning, Quality):
        return replace(meaning, adjective=sampler.choose(qualities(meaning.subject.noun)))
    if isinstance(meaning, Located):
        return replace(meaning, negated=not meaning.negated, time=sampler.choose(TIMES))
    return _vary_identity(meaning, sampler)


def _vary_identity(meaning: Identity, sampler: Sampler) -> Meaning:
    if isinstance(meaning.subject, Person):
        return Action(meaning.subject, "work", None, sampler.organisation(), sampler.time(0.3))
    return replace(meaning, adjective=sampler.choose(_OF_PLACES))


def _deny(action: Action, _: Sampler) -> Action:
    return replace(action, negated=not action.negated)


def _from_action(sampler: Sampler, label: Label) -> Item:
    negated = sampler.chance(NEGATED_PREMISES)
    base = sampler.action(sampler.people(), where=0.6, when=0.5, negated=0.0)
    if label == "contradiction":
        # deny something weaker than was said, or assert something stronger than was denied
        changed = _walk(base, sampler, _STRONGER if negated else _WEAKER, int(sampler.rng.integers(3)))
        return Item(replace(base, negated=negated), replace(changed, negated=not negated), label)
    weaker = (label == "entailment") != negated
    base = _with_room(base, sampler, weaker=weaker)
    # of a negated clause the subject stays: "a person is not ..." follows from anybody's not doing it
    steps = (*_WEAKER, _kind_of_subject) if weaker and not negated else _WEAKER if weaker else _STRONGER
    changed = _walk(base, sampler, steps, int(sampler.rng.integers(1, 3)))
    return Item(replace(base, negated=negated), replace(changed, negated=negated), label)


def _from_quality(sampler: Sampler, label: Label) -> Item:
    premise = sampler.quality(negated=0.0)
    while premise.adjective not in ANTONYMS:
        premise = sampler.quality(negated=0.0)
    opposite = replace(premise, adjective=ANTONYMS[premise.adjective])
    if label == "entailment":  # hot: so, not cold
        return Item(premise, replace(opposite, negated=True), label)
    if label == "neutral":  # not hot: perhaps cold, perhaps not; or another quality altogether
        if sampler.chance(0.5):
            return Item(replace(premise, negated=True), opposite, label)
        kin = _COLOURS if premise.adjective in _COLOURS else {premise.adjective, opposite.adjective}
        others = [a for a in qualities(premise.subject.noun) if a not in kin]
        return Item(premise, replace(premise, adjective=sampler.choose(others)), label)
    denied = replace(premise, negated=True)
    pairs = ((premise, opposite), (premise, denied), (denied, premise))
    first, second = pairs[int(sampler.rng.integers(3))]
    return Item(first, second, label)


def _from_located(sampler: Sampler, label: Label) -> Item:
    negated = sampler.chance(NEGATED_PREMISES)
    timed = replace(sampler.located(), negated=negated, time=sampler.choose(TIMES))
    bare = replace(timed, time=None)
    if label == "contradiction":
        first, second = (timed, replace(bare, negated=True)) if not negated else (bare, replace(timed, negated=False))
        return Item(first, second, label)
    weaker_follows = (label == "entailment") != negated
    return Item(timed, bare, label) if weaker_follows else Item(bare, timed, label)


# ---- steps that make an action weaker or stronger ----------------------------------------------------------
def _with_room(action: Action, sampler: Sampler, *, weaker: bool) -> Action:
    """Add a place when there is nothing to leave out, or free the time when there is nothing to add."""
    if weaker and action.place is None and action.time is None:
        return replace(action, place=sampler.spot(outdoors=needs_room(action.verb, action.obj)))
    if not weaker and action.place and action.time:
        return replace(action, time=None)
    return action


def _walk(action: Action, sampler: Sampler, steps: tuple[Step, ...], count: int) -> Action:
    """Take ``count`` steps, each drawn among those that are possible (fewer when none is left)."""
    for _ in range(count):
        if possible := [new for step in steps if (new := step(action, sampler)) is not None]:
            action = sampler.choose(possible)
    return action


def _drop_place(action: Action, _: Sampler) -> Action | None:
    return replace(action, place=None) if action.place else None


def _drop_time(action: Action, _: Sampler) -> Action | None:
    return replace(action, time=None) if action.time else None


def _drop_adjective(action: Action, _: Sampler) -> Action | None:
    obj = action.obj
    return replace(action, obj=replace(obj, adjective=None)) if obj and obj.adjective else None


def _drop_numeral(action: Action, _: Sampler) -> Action | None:
    obj = action.obj
    return replace(action, obj=replace(obj, numeral=None)) if obj and obj.numeral else None


def _kind_of_object(action: Action, _: Sampler) -> Action | None:
    obj = action.obj
    if obj is None or obj.noun not in HYPERNYMS or obj.adjective:
        return None
    kind = HYPERNYMS[obj.noun]
    return replace(action, obj=replace(obj, noun=kind)) if kind in TRANSITIVE[action.verb] else None


def _kind_of_subject(action: Action, _: Sampler) -> Action | None:
    subject = action.subject
    if not isinstance(subject, NounPhrase) or subject.noun not in HYPERNYMS:
        return None
    return replace(action, subject=NounPhrase("person", subject.number))


def _add_place(action: Action, sampler: Sampler) -> Action | None:
    return (
        replace(action, place=sampler.spot(outdoors=needs_room(action.verb, action.obj)))
        if action.place is None
        else None
    )


def _add_time(action: Action, sampler: Sampler) -> Action | None:
    return replace(action, time=sampler.choose(TIMES)) if action.time is None else None


def _add_adjective(action: Action, sampler: Sampler) -> Action | None:
    obj = action.obj
    if obj is None or obj.adjective:
        return None
    return replace(action, obj=replace(obj, adjective=sampler.choose(qualities(obj.noun))))


def _add_numeral(action: Action, sampler: Sampler) -> Action | None:
    obj = action.obj
    if obj is None or obj.number == "sg" or obj.numeral or obj.noun in MASS:
        return None
    return replace(action, obj=replace(obj, numeral=sampler.choose(NUMERALS)))


_WEAKER: tuple[Step, ...] = (_drop_place, _drop_time, _drop_adjective, _drop_numeral, _kind_of_object)
_STRONGER: tuple[Step, ...] = (_add_place, _add_time, _add_adjective, _add_numeral)
