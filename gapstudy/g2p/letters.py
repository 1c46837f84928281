"""English letter-to-sound rules at run time: for words that no dictionary holds.

Paper: section 3.1 (English goes through Flite there; this chain works from pip alone).

The model is a set of back-off windows in the manner of IGTree (Daelemans, van den Bosch & Weijters 1997) with the
last sounds as part of the window: each letter of a word asks the widest window first, and the first window that holds
a rule says which phones (0, 1 or more) the letter gives. :mod:`gapstudy.g2p.learn_letters` learns the rules from
CMUdict; ``letters.tsv`` beside this file holds them.

Known weakness: on held-out CMUdict words 60.7 % come out without any error and 90.7 % of the phones are right
(5,801 words, first pronunciation, stress not predicted, schwa and AH told apart; printed in the file's header).
CMUdict is rich in inflected forms of words that the rules did see; foreign names fare worse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

__all__ = ["EDGE", "SILENT", "LetterRules", "Level", "shipped_rules"]

EDGE = "#"
SILENT = "-"


@dataclass(frozen=True, slots=True)
class Level:
    """One width of window: letters to the left and right, and how many of the last letters' sounds."""

    left: int
    right: int
    previous: int

    def key(self, padded: str, at: int, sounds: str) -> str:
        """Return what the window shows at position ``at``: the last sounds, then the letters."""
        return sounds[len(sounds) - self.previous :] + padded[at - self.left : at + self.right + 1]


@dataclass(frozen=True, slots=True)
class LetterRules:
    """Rules by window, widest last; ``rules[i]`` maps what ``levels[i]`` shows to one-character phone codes."""

    levels: tuple[Level, ...]
    rules: tuple[dict[str, str], ...]
    phones: dict[str, str]

    @property
    def reach(self) -> int:
        """The widest view to either side, which is how many edge marks a word is padded with."""
        return max(max(level.left, level.right, level.previous) for level in self.levels)

    def codes(self, word: str) -> list[str]:
        """Return the phone codes of each letter of a word of letters a-z."""
        reach = self.reach
        padded = EDGE * reach + word + EDGE * reach
        steps = list(zip(self.levels, self.rules, strict=True))[::-1]
        sounds = EDGE * reach
        out = []
        for at in range(reach, reach + len(word)):
            code = next((rule for level, table in steps if (rule := table.get(level.key(padded, at, sounds)))), SILENT)
            sounds += code[-1]
            out.append(code)
        return out

    def __call__(self, word: str) -> tuple[str, ...]:
        """Return the ARPAbet phones (no stress) of a word of letters a-z; may be empty."""
        return tuple(self.phones[code] for code in "".join(self.codes(word)) if code != SILENT)


def _read(lines: Iterable[str]) -> LetterRules:
    """Read the text form: ``=phones`` once, then a ``=level`` line before the rules of each window."""
    levels: list[Level] = []
    rules: list[dict[str, str]] = []
    phones: dict[str, str] = {}
    for line in lines:
        head, *rest = line.rstrip("\n").split("\t")
        if not head or head.startswith("# "):
            continue
        if head == "=phones":
            phones = dict(pair.split("=") for pair in rest)
        elif head == "=level":
            levels.append(Level(*(int(number) for number in rest)))
            rules.append({})
        else:
            width = levels[-1].previous
            rules[-1].update((item[:width] + head, item[width:]) for item in rest[0].split(" "))
    return LetterRules(tuple(levels), tuple(rules), phones)


@cache
def shipped_rules() -> LetterRules:
    """Return the rules in ``letters.tsv``, read once a process (about 0.1 s)."""
    with resources.files("gapstudy.g2p").joinpath("letters.tsv").open(encoding="utf-8") as lines:
        return _read(lines)
