"""Letter-to-sound rules: learned as documented, measured, shipped."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from gapstudy.g2p import learn_letters
from gapstudy.g2p.arpabet import dictionary
from gapstudy.g2p.letters import LetterRules, shipped_rules

pytestmark = pytest.mark.train

TOY = {
    "cat": ("K", "AE", "T"),
    "city": ("S", "IH", "T", "IY"),
    "cot": ("K", "AA", "T"),
    "cite": ("S", "AY", "T"),
    "tax": ("T", "AE", "K", "S"),
    "kit": ("K", "IH", "T"),
    "ax": ("AE", "K", "S"),
}


@pytest.fixture(scope="module")
def toy_rules() -> LetterRules:
    """Rules learned from a handful of words."""
    return learn_letters.grow(learn_letters.align_all(TOY))


def test_letters_are_aligned_to_none_one_or_two_phones() -> None:
    """A silent e takes nothing, an x takes two phones, and the pieces join to the pronunciation."""
    aligned = learn_letters.align_all(TOY)
    assert aligned["cite"][-1] == ()
    assert aligned["tax"][-1] == ("K", "S")
    assert all(tuple(phone for chunk in path for phone in chunk) == TOY[word] for word, path in aligned.items())


def test_words_with_too_many_phones_are_left_out() -> None:
    """More than two phones a letter cannot be aligned."""
    assert "w" not in learn_letters.align_all({**TOY, "w": ("D", "AH", "B", "AX", "L", "Y", "UW")})


def test_rules_recall_what_they_saw(toy_rules: LetterRules) -> None:
    """Context tells the two sounds of c apart."""
    assert {word: toy_rules(word) for word in TOY} == TOY
    assert learn_letters.accuracy(toy_rules, TOY) == (1.0, 1.0)


def test_learning_is_deterministic(toy_rules: LetterRules) -> None:
    """The order of the lexicon does not matter."""
    backwards = dict(reversed(TOY.items()))
    assert learn_letters.grow(learn_letters.align_all(backwards)) == toy_rules


def test_the_command_writes_a_file_that_reads_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is written is what was learned, sorted, with a header; what was measured is printed."""
    some = {word: phones for word, phones in dictionary().items() if word.startswith("zo")}
    monkeypatch.setattr(learn_letters, "dictionary", lambda: some)
    learn_letters.main(tmp_path / "letters.tsv")
    text = (tmp_path / "letters.tsv").read_text(encoding="utf-8")
    assert "held-out words" in capsys.readouterr().out
    assert text.startswith("# English letter-to-sound rules, made by")
    from gapstudy.g2p.letters import _read

    again = _read(text.splitlines(keepends=True))
    train = {w: p for w, p in some.items() if w.isalpha() and not learn_letters.held_out(w)}
    assert again == learn_letters.grow(learn_letters.align_all(train))


def test_the_shipped_rules_hold_their_accuracy() -> None:
    """On the 5,801 CMUdict words that they never saw, 60.7 % are without error and 90.7 % of the phones are right."""
    test = {w: p for w, p in dictionary().items() if w.isascii() and w.isalpha() and learn_letters.held_out(w)}
    words, phones = learn_letters.accuracy(shipped_rules(), test)
    assert words == pytest.approx(0.607, abs=0.01)
    assert phones == pytest.approx(0.907, abs=0.005)


def test_the_shipped_file_is_small_sorted_and_says_where_it_is_from() -> None:
    """Under 400 kB, with CMUdict's notice, the windows in order."""
    text = resources.files("gapstudy.g2p").joinpath("letters.tsv").read_text(encoding="utf-8")
    assert len(text.encode()) < 400_000
    assert "Carnegie Mellon University" in text
    for section in text.split("=level")[1:]:
        windows = [line.split("\t")[0] for line in section.splitlines()[1:]]
        assert windows == sorted(windows)
