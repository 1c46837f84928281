"""The persistent cache: shared, append-only, never trusted blindly."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.errors import StoreError
from gapstudy.g2p.cache import PhoneCache, _line, _parse

NASTY = {
    "a\tb": ("x",),
    "new\nline": ("ˈθ", "ː"),
    '"q"': ('"',),
    "\u2028": ("�",),
    "\ud800": ("s",),
    "#": ("#",),
    "ہے": ("h", "eː"),
}


def _fill(path: Path, worker: int) -> None:
    """Write 500 words, half of which every worker writes, in 50 batches."""
    cache = PhoneCache(path, note="test")
    for batch in range(50):
        words = [f"w{batch}-{i}" if i % 2 else f"w{worker}-{batch}-{i}" for i in range(10)]
        cache.add({word: tuple(word) * 20 for word in words})


def test_words_are_found_again(tmp_path: Path) -> None:
    """A second cache on the same file holds what the first was given, awkward words too."""
    PhoneCache(tmp_path / "new" / "c.jsonl", note="x").add(NASTY)
    assert PhoneCache(tmp_path / "new" / "c.jsonl").known([*NASTY, "other"]) == NASTY


@given(st.text(), st.lists(st.text(min_size=1), min_size=1))
def test_every_line_reads_back(word: str, phones: list[str]) -> None:
    """A line is one line and gives its word and phones again."""
    line = _line(word, tuple(phones))
    assert line.count(b"\n") == 1
    assert _parse(line.rstrip(b"\n")) == (word, tuple(phones))


def test_four_processes_write_one_file(tmp_path: Path) -> None:
    """No line is lost or damaged when four processes append at once."""
    path = tmp_path / "c.jsonl"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_fill, args=(path, worker)) for worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    lines = [line for line in path.read_bytes().split(b"\n") if line and not line.startswith(b"# ")]
    parsed = [_parse(line) for line in lines]
    assert None not in parsed
    assert len(parsed) == 2000
    assert len({item[0] for item in parsed if item}) == 4 * 250 + 250


def test_one_cache_sees_what_another_wrote(tmp_path: Path) -> None:
    """Words appended by another process are taken over on a look."""
    mine, other = PhoneCache(tmp_path / "c"), PhoneCache(tmp_path / "c")
    other.add({"a": ("x",)})
    assert mine.known(["a"]) == {}
    mine.refresh()
    assert mine.known(["a"]) == {"a": ("x",)}


@pytest.mark.parametrize(
    "damage",
    [
        b'["w",["x"],"00000000"]\n',
        b'["w",["x"]',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b"null\n5\n[]\n{}\n",
        b'["w",[],"00000000"]\n',
        b'["w",[""],"00000000"]\n',
        b'["w",5,"x"]\n',
        b"\x00" * 64,
    ],
)
def test_damaged_lines_are_as_if_not_there(tmp_path: Path, damage: bytes) -> None:
    """Whatever stands in the file, good lines before and after it count and nothing crashes."""
    path = tmp_path / "c"
    path.write_bytes(_line("before", ("b",)) + damage)
    PhoneCache(path).add({"after": ("a",)})
    assert PhoneCache(path).known(["before", "w", "after"]) == {"before": ("b",), "after": ("a",)}


def test_every_truncation_is_survived(tmp_path: Path) -> None:
    """Cut at any byte, the file gives a part of the words and takes new ones."""
    path = tmp_path / "c"
    whole = b"".join(_line(word, phones) for word, phones in NASTY.items())
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        cache = PhoneCache(path)
        assert cache.known(NASTY).items() <= NASTY.items()
        cache.add({"new": ("n",)})
        assert PhoneCache(path).known(["new"]) == {"new": ("n",)}


def test_a_cache_without_a_path_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default keeps words in memory."""
    monkeypatch.chdir(tmp_path)
    cache = PhoneCache(None)
    cache.add({"a": ("x",)})
    cache.refresh()
    assert cache.known(["a"]) == {"a": ("x",)}
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """A folder that is a file, or a file that is a folder, is a short error with a way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot (read|write) the phoneme cache .*choose another"):
        PhoneCache(tmp_path / "file" / "c").add({"a": ("x",)})
    with pytest.raises(StoreError, match="cannot read the phoneme cache"):
        PhoneCache(tmp_path)
