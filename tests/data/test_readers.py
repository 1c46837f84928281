"""The readers of file formats, with everything that real files hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.data import LABELS
from gapstudy.data.readers import read_pairs, read_sentences, read_tagged
from gapstudy.errors import DataError

Write = Callable[[str | bytes], Path]
INVISIBLE = ["\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u00ad", "\ufeff", "\ufffd", "\u2060"]
NOT_LINE_ENDS = ["\x1d", "\x1c", "\x1e", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\r"]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file and return its path."""

    def to_disk(content: str | bytes) -> Path:
        path = tmp_path / "corpus.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_disk


# ---- lines ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("character", NOT_LINE_ENDS)
def test_only_lf_ends_a_line(write: Write, character: str) -> None:
    """U+001D and the other characters at which str.splitlines breaks stay inside their line."""
    assert read_sentences(write(f"a{character}b\nc\n")).lines == (f"a{character}b", "c")
    assert read_pairs(write(f"a{character}b\tc\tneutral\n")).premises == (f"a{character}b",)
    assert read_tagged(write(f"a{character}b\tO\n"), "ner").words == ((f"a{character}b",),)


def test_crlf_and_lf_files_are_the_same(write: Write) -> None:
    """A carriage return before the line feed is part of the line end."""
    assert read_sentences(write("a\r\nb\r\n")).lines == ("a", "b")
    assert read_pairs(write("a\tb\tneutral\r\n")) == read_pairs(write("a\tb\tneutral\n"))
    assert read_tagged(write("a\tO\r\n\r\nb\tO\r\n"), "ner").words == (("a",), ("b",))


def test_a_byte_order_mark_is_dropped(write: Write) -> None:
    """A BOM at the start is no part of the first sentence, word or header; one inside a line stays."""
    assert read_sentences(write("\ufeffa\nb\ufeffc\n")).lines == ("a", "b\ufeffc")
    assert read_tagged(write("\ufeffa\tO\n"), "ner").words == (("a",),)
    assert len(read_pairs(write("\ufeffpremise\thypo\tlabel\na\tb\tneutral\n"))) == 1


def test_the_last_line_end_may_be_missing(write: Write) -> None:
    """A file counts the same lines with and without its last line end."""
    assert read_sentences(write("a\nb")) == read_sentences(write("a\nb\n"))
    assert read_tagged(write("a\tO\n\nb\tO"), "ner") == read_tagged(write("a\tO\n\nb\tO\n\n\n"), "ner")


@pytest.mark.parametrize("mark", INVISIBLE)
def test_invisible_characters_are_kept(write: Write, mark: str) -> None:
    """RLM, zero-width marks, soft hyphens and replacement characters are text; what to do with them is decided later."""
    assert read_sentences(write(f"x\n{mark}a{mark}b{mark}\n")).lines[1] == f"{mark}a{mark}b{mark}"
    assert read_pairs(write(f"a\t{mark}b\tneutral\nc{mark}\td\tneutral\n")).texts() == (
        "a",
        f"c{mark}",
        f"{mark}b",
        "d",
    )
    assert read_tagged(write(f"a{mark}b\tO\n"), "ner").words == ((f"a{mark}b",),)


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u3000", "\u2003"])
def test_outer_blanks_are_dropped_and_inner_ones_kept(write: Write, blank: str) -> None:
    """Blanks of any kind around a sentence or a column go, those inside stay."""
    assert read_sentences(write(f"{blank}a{blank}b{blank}\n")).lines == (f"a{blank}b",)
    assert read_pairs(write(f"{blank}a{blank}b\tc{blank}\t{blank}neutral{blank}\n")).texts() == (f"a{blank}b", "c")


def test_a_file_that_is_not_utf8_is_told_with_its_line(write: Write) -> None:
    """The message names the file, the line, the byte and where in the line it is."""
    path = write(b"a\tb\tneutral\n" + "é\tb\tneutral\n".encode("latin-1"))
    for read in (read_pairs, read_sentences):
        with pytest.raises(DataError, match=r"corpus\.txt:2: not UTF-8 \(byte 0xe9 at 0\)"):
            read(path)
    with pytest.raises(DataError, match=r"corpus\.txt:2: not UTF-8 \(byte 0xff at 3\)"):
        read_tagged(write(b"a\tO\nabc\xff\tO\n"), "ner")


@pytest.mark.parametrize("content", ["", "\n", "\r\n"])
def test_an_empty_file_is_an_error(write: Write, content: str) -> None:
    """A corpus without an example is told by name, whatever the reader."""
    with pytest.raises(DataError, match=r"corpus\.txt: holds no sentences"):
        read_tagged(write(content), "pos")
    with pytest.raises(DataError, match=r"corpus\.txt: holds no pairs|corpus\.txt:1: 1 columns"):
        read_pairs(write(content))
    with pytest.raises(DataError, match=r"corpus\.txt: holds no sentences|corpus\.txt:1: blank line"):
        read_sentences(write(content))


def test_a_header_alone_is_an_empty_file(write: Write) -> None:
    """A header is no example."""
    with pytest.raises(DataError, match=r"corpus\.txt: holds no pairs"):
        read_pairs(write("premise\thypo\tlabel\n"))


def test_a_missing_file_is_told_by_name(tmp_path: Path) -> None:
    """What cannot be opened is told with its path and the system's reason."""
    path = tmp_path / "gone.tsv"
    for read in (read_pairs, read_sentences, lambda p: read_tagged(p, "ner")):
        with pytest.raises(DataError, match=r"gone\.tsv: cannot be read: No such file or directory"):
            read(path)
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_sentences(tmp_path)


# ---- pairs ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("header", ["premise\thypo\tlabel", "premise\thypothesis\tlabel"])
def test_a_header_is_recognised_on_the_first_line_only(write: Write, header: str) -> None:
    """The header of the training files is skipped; further down it is a row with an unknown label."""
    assert read_pairs(write(f"{header}\na\tb\tneutral\n")).premises == ("a",)
    with pytest.raises(DataError, match=r"corpus\.txt:2: unknown label 'label'"):
        read_pairs(write(f"a\tb\tneutral\n{header}\n"))


def test_contradictory_is_contradiction(write: Write) -> None:
    """The training files' spelling of the third label is the test files' label."""
    pairs = read_pairs(write("a\tb\tcontradictory\nc\td\tcontradiction\ne\tf\tentailment\ng\th\tneutral\n"))
    assert [LABELS["xnli"][label] for label in pairs.labels] == [
        "contradiction", "contradiction", "entailment", "neutral",
    ]  # fmt: skip


def test_quotation_marks_are_text(write: Write) -> None:
    """Pairs have no quoting: a quotation mark neither opens a field nor is dropped."""
    pairs = read_pairs(write('"a\t""b""\tneutral\n"c"\td"\tneutral\n'))
    assert pairs.texts() == ('"a', '"c"', '""b""', 'd"')


@pytest.mark.parametrize(
    ("line", "columns"), [("a\tb", 2), ("a", 1), ("a\tb\tneutral\tx", 4), ("", 1), ("a\tb\tneutral\t", 4)]
)
def test_a_row_of_another_width_is_told_with_its_line(write: Write, line: str, columns: int) -> None:
    """Rows with too few or too many columns are neither guessed nor skipped."""
    with pytest.raises(DataError, match=rf"corpus\.txt:2: {columns} columns where premise, hypothesis, label were"):
        read_pairs(write(f"a\tb\tneutral\n{line}\nc\td\tneutral\n"))


@pytest.mark.parametrize("label", ["Neutral", "neutrals", "-", "0", "n/a", ""])
def test_an_unknown_label_is_told_with_the_valid_ones(write: Write, label: str) -> None:
    """Labels are exact; the message gives the line and the valid labels."""
    with pytest.raises(
        DataError, match=rf"corpus\.txt:3: unknown label '{label}'; valid: entailment, neutral, contradiction"
    ):
        read_pairs(write(f"a\tb\tneutral\nc\td\tneutral\ne\tf\t{label}\n"))


# ---- tagged words -------------------------------------------------------------------------------------------------
def test_sentences_are_parted_by_blank_lines(write: Write) -> None:
    """One or more blank lines end a sentence, and a line of blanks is blank."""
    tagged = read_tagged(write("\n\na\tB-PER\nb\tI-PER\n\n \n\t\nc\tO\n\n"), "ner")
    assert tagged.words == (("a", "b"), ("c",))
    assert tagged.tags == ((1, 2), (0,))


@pytest.mark.parametrize("word", ["'", "''", "**", "''Green", '"', "a:b", "#", "|", "a b"])
def test_words_of_every_kind(write: Write, word: str) -> None:
    """Quotation marks, wiki markup, colons and inner blanks are words or parts of them."""
    assert read_tagged(write(f"{word}\tO\n"), "ner").words == ((word,),)


def test_a_word_may_hold_a_tab(write: Write) -> None:
    """The tag is what follows the last tab, where other lines show that the file has two columns."""
    assert read_tagged(write("a\tb\tO\nc\tO\n"), "ner").words == (("a\tb", "c"),)


def test_words_become_nfc(write: Write) -> None:
    """Decomposed letters are composed, so that a word has one spelling."""
    decomposed = unicodedata.normalize("NFD", "Kovács")
    assert read_tagged(write(f"{decomposed}\tB-PER\n"), "ner").words == (("Kovács",),)


@pytest.mark.parametrize("line", ["word", "word O", "\tO", " \tO", "\u00a0\tO"])
def test_a_line_without_word_or_tag_is_told_with_its_line(write: Write, line: str) -> None:
    """A line that has no tab, or nothing before it, is malformed."""
    with pytest.raises(DataError, match=r"corpus\.txt:2: expected word, tab, tag; got '"):
        read_tagged(write(f"a\tO\n{line}\n"), "ner")


@pytest.mark.parametrize(
    ("task", "tag"), [("ner", "B-MISC"), ("ner", "PER"), ("ner", "NOUN"), ("pos", "_"), ("pos", "B-PER")]
)
def test_an_unknown_tag_is_told_with_the_valid_ones(write: Write, task: str, tag: str) -> None:
    """Tags are those of the task; the message lists them."""
    with pytest.raises(DataError, match=rf"corpus\.txt:1: unknown label '{tag}'; valid: {', '.join(LABELS[task])}"):
        read_tagged(write(f"a\t{tag}\n"), task)


@pytest.mark.parametrize("task", ["ner", "pos"])
def test_every_tag_of_a_task_is_read(write: Write, task: str) -> None:
    """A tag is stored as its index among the task's labels."""
    tagged = read_tagged(write("".join(f"w\t{tag}\n" for tag in LABELS[task])), task)
    assert tagged.tags == (tuple(range(len(LABELS[task]))),)


# ---- plain sentences ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("line", "read"),
    [
        ('"He said ""yes"" to me."', 'He said "yes" to me.'),
        ('"""Yes,"" he said."', '"Yes," he said.'),
        ('"He said ""yes"""', 'He said "yes"'),
        (' "He said ""yes"""  ', 'He said "yes"'),
        ('"He said ""yes"". "', 'He said "yes".'),
        ('"Yes", he said, "no"', '"Yes", he said, "no"'),  # plain quotation marks at both ends
        ('"Yes," he said.', '"Yes," he said.'),
        ('Operation ""Sea Lion""', 'Operation ""Sea Lion""'),  # not quoted as a whole
        ('"', '"'),
        ('""', '""'),
        ('"x"', '"x"'),
    ],
)
def test_lines_in_csv_quoting_are_unquoted(write: Write, line: str, read: str) -> None:
    """FLORES lines that are still CSV fields lose their quoting; lines with quotation marks of their own stay."""
    assert read_sentences(write(f"{line}\n")).lines == (read,)


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", "\r"])
def test_a_blank_line_in_a_parallel_corpus_is_an_error(write: Write, blank: str) -> None:
    """A row may not be skipped: from there on every row would mean something else."""
    with pytest.raises(DataError, match=r"corpus\.txt:2: blank line in a parallel corpus"):
        read_sentences(write(f"a\n{blank}\nb\n"))


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\t\r\0")).filter(lambda t: t.strip() == t)


@given(st.lists(text.filter(lambda t: t and not t.startswith(('"', "\ufeff"))), min_size=1))
def test_sentences_survive_the_file(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    """Any sentences without line feeds, outer blanks and quoting come back as they were written."""
    path = tmp_path_factory.mktemp("any") / "corpus.txt"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    assert read_sentences(path).lines == tuple(lines)


@given(st.lists(st.tuples(text, text, st.sampled_from(LABELS["xnli"])), min_size=1))
def test_pairs_survive_the_file(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]) -> None:
    """Any pairs without tabs, line feeds and outer blanks come back in order."""
    rows = [("a", "b", "neutral"), *rows]  # a first row that is no header and no BOM
    path = tmp_path_factory.mktemp("any") / "corpus.txt"
    path.write_bytes("".join("\t".join(row) + "\n" for row in rows).encode())
    pairs = read_pairs(path)
    assert list(zip(pairs.premises, pairs.hypotheses, (LABELS["xnli"][i] for i in pairs.labels), strict=True)) == rows
