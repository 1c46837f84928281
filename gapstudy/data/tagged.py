"""Tagged sentences: WikiAnn and Universal Dependencies in every form that they are published in; paper: section 3.2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gapstudy.data.examples import LABELS, Tagged
from gapstudy.data.files import Labels, TextFile, nfc, require, shown
from gapstudy.data.tables import Names, Table, open_any
from gapstudy.errors import DataError, MissingExtraError
from gapstudy.languages import Language, all_languages

__all__ = ["TAGGED_COLUMNS", "read_tagged"]

TAGGED_COLUMNS: dict[str, Names] = {
    "ner": {"tokens": ("tokens", "words"), "tags": ("ner_tags", "tags", "labels")},
    "pos": {"tokens": ("tokens", "words"), "tags": ("upos", "pos_tags", "tags", "labels")},
}
_NUMBERED = {"ner": LABELS["ner"], "pos": None}  # the hub's WikiAnn numbers its tags so; for UPOS there is no one order
_DOCUMENT = "-DOCSTART-"
_ID = re.compile(r"[0-9]+([-.][0-9]+)?")


def read_tagged(
    path: Path, task: str, *, language: Language | None = None, columns: Mapping[str, str] | None = None
) -> Tagged:
    """Read words and their tags, from whatever form the file has; words become NFC.

    - ``word<TAB>tag`` lines with a blank line after each sentence (XTREME). The tag follows the last tab, so a word
      may hold one.
    - The same with ``en:`` before each word (Rahimi et al. 2019), which is dropped where every word of the file has it.
    - Lines of the same number of columns, three or more parted by tabs or two or more by blanks: the word first, the
      tag last, ``-DOCSTART-`` lines skipped (CoNLL-2002, CoNLL-2003).
    - CoNLL-U: FORM and UPOS of each syntactic word. Multiword-token ranges and empty nodes are no words; MISC is never
      read. A form with blanks inside stays one word and keeps them: words are counted, never split again, and the
      blank is a character of the word like any other.
    - JSON lines and parquet with lists of tokens and of tags. Tags are names or, in NER, the hub's numbers (O, B-PER,
      I-PER, B-ORG, I-ORG, B-LOC, I-LOC); class names in the parquet file decide its numbers.

    Parameters
    ----------
    path : the file; gzip is undone.
    task : "ner" or "pos".
    language : whose prefix or rows to expect; None takes the prefix of any known language, and all rows.
    columns : our column names (``tokens``, ``tags``) to the file's, where they are others.

    Raises
    ------
    DataError
        If the file is missing, empty, malformed or not UTF-8, a line has no word or no tag, tokens and tags differ
        in number, or a tag is unknown (``_`` among them).
    """
    names, chosen = TAGGED_COLUMNS[task], columns or {}
    file = open_any(path, names, chosen, tuple(names), language)
    if isinstance(file, Table):
        tagged = _of_table(file, task, chosen)
    elif _is_conllu(file):
        tagged = _Sentences(Labels(task), file).of(_conllu(file))
    else:
        tagged = _Sentences(Labels(task), file).of(_without_prefix(list(_columns(file)), file, language))
    require(tagged.words, path, "sentences")
    return tagged


Row = tuple[int, str, str]  # line, word, tag; a word of "" ends a sentence


@dataclass(slots=True)
class _Sentences:
    """Collects rows into sentences."""

    labels: Labels
    file: TextFile
    words: list[tuple[str, ...]] = field(default_factory=list)
    tags: list[tuple[int, ...]] = field(default_factory=list)

    def of(self, rows: Iterator[Row]) -> Tagged:
        words: list[str] = []
        tags: list[int] = []
        known: dict[str, int] = {}
        for number, word, tag in rows:
            if not word:
                self._end(words, tags)
                words, tags = [], []
                continue
            index = known.get(tag)
            if index is None:
                index = known[tag] = self.labels.index(tag, self.file.place(number))
            words.append(nfc(word))
            tags.append(index)
        self._end(words, tags)
        return Tagged(tuple(self.words), tuple(self.tags))

    def _end(self, words: list[str], tags: list[int]) -> None:
        if words:
            self.words.append(tuple(words))
            self.tags.append(tuple(tags))


# ---- lines of columns ----------------------------------------------------------------------------------------
def _columns(file: TextFile) -> Iterator[Row]:
    """Yield the word and the tag of every line."""
    tabs = {line.count("\t") for line in file.lines if line.strip() and not line.startswith(_DOCUMENT)}
    split = _first_and_last("\t", max(tabs)) if len(tabs) == 1 and max(tabs) > 1 else _word_and_tag
    if tabs == {0}:
        first = next(line for line in file.lines if line.strip() and not line.startswith(_DOCUMENT))
        split = _first_and_last(" +", max(len(re.split(" +", first.strip(" "))) - 1, 1))
    for number, line in file.numbered():
        if line.startswith(_DOCUMENT):
            continue
        if not line.strip():
            yield number, "", ""
            continue
        word, tag = split(line)
        if not word or not tag:
            msg = f"{file.place(number)}: expected word, tab, tag; got {shown(line)}"
            raise DataError(msg)
        yield number, word, tag


def _word_and_tag(line: str) -> tuple[str, str]:
    word, _, tag = line.rpartition("\t")
    return word.strip(), tag.strip()


def _first_and_last(separator: str, count: int) -> Callable[[str], tuple[str, str]]:
    def split(line: str) -> tuple[str, str]:
        cells = re.split(separator, line.strip(" "))
        return (cells[0].strip(), cells[-1].strip()) if len(cells) == count + 1 else ("", "")

    return split


def _without_prefix(rows: list[Row], file: TextFile, language: Language | None) -> Iterator[Row]:
    """Drop ``en:`` before the words, where every word of the file has it; a colon elsewhere is part of its word."""
    words = [word for _, word, _ in rows if word]
    code, colon, _ = words[0].partition(":") if words else ("", "", "")
    if (
        not colon
        or code not in {facts.iso1 for facts in all_languages().values()}
        or not all(word.startswith(f"{code}:") for word in words)
    ):
        yield from rows
        return
    if language is not None and code != language.iso1:
        if len(words) > 1:
            msg = (
                f"{file.path}: every word is marked {code + ':'!r}, but {language.code} ({language.iso1}) was expected"
            )
            raise DataError(msg)
        yield from rows
        return
    for number, word, tag in rows:
        bare = word[len(code) + 1 :].strip()
        if word and not bare:
            msg = f"{file.place(number)}: expected a word after {code + ':'!r}; got {shown(word)}"
            raise DataError(msg)
        yield number, bare, tag


# ---- CoNLL-U -------------------------------------------------------------------------------------------------
def _is_conllu(file: TextFile) -> bool:
    if file.suffix == ".conllu":
        return True
    first = next((line for line in file.lines if line.strip() and not line.startswith("#")), "")
    cells = first.split("\t")
    return len(cells) == 10 and bool(_ID.fullmatch(cells[0]))


def _conllu(file: TextFile) -> Iterator[Row]:
    """Yield FORM and UPOS of each syntactic word.

    ``conllu`` reads the IDs. Its reading of whole lines is left out: it parts columns at two blanks as well, which forms
    may hold, keeps no line numbers, and takes five times as long over columns that nobody asks for.
    """
    try:
        from conllu.exceptions import ParseException
        from conllu.parser import parse_id_value
    except ImportError as error:
        raise MissingExtraError(error.name or "conllu", "train", f"reading {file.path.name}") from None
    last = 0
    for number, line in file.numbered():
        if not line.strip():
            yield number, "", ""
            last = 0
            continue
        if line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != 10:
            msg = f"{file.place(number)}: {len(cells)} columns where CoNLL-U has 10"
            raise DataError(msg)
        if cells[0] != str(last + 1):
            try:
                found = parse_id_value(cells[0])
            except ParseException as error:
                msg = f"{file.place(number)}: not CoNLL-U: {error}"
                raise DataError(msg) from None
            if isinstance(found, tuple):
                continue  # 3-4, a range that its words repeat; 8.1, a word that is not in the text
            msg = f"{file.place(number)}: not CoNLL-U: word {cells[0]} where word {last + 1} was expected"
            raise DataError(msg)
        last += 1
        form = cells[1].strip()
        if not form:
            msg = f"{file.place(number)}: a word without a form"
            raise DataError(msg)
        yield number, form, cells[3]


# ---- tables --------------------------------------------------------------------------------------------------
def _of_table(table: Table, task: str, chosen: Mapping[str, str]) -> Tagged:
    names = {column: table.name_of(column, TAGGED_COLUMNS[task], chosen) for column in ("tokens", "tags")}
    labels = Labels(task, table.classes.get(names["tags"], _NUMBERED[task]))
    words: list[tuple[str, ...]] = []
    tags: list[tuple[int, ...]] = []
    for row, (tokens, marks) in enumerate(zip(*(table.columns[name] for name in names.values()), strict=True)):
        place = table.place(row)
        _check_lists(tokens, marks, names, place)
        words.append(tuple(_word(token, names["tokens"], place) for token in tokens))
        tags.append(tuple(labels.index(mark, place) for mark in marks))
    return Tagged(tuple(words), tuple(tags))


def _check_lists(tokens: Any, marks: Any, names: Mapping[str, str], place: str) -> None:
    for name, value in ((names["tokens"], tokens), (names["tags"], marks)):
        if not isinstance(value, list):
            msg = f"{place}: {name!r} is {shown(value)}, not a list"
            raise DataError(msg)
    if len(tokens) != len(marks) or not tokens:
        msg = f"{place}: {len(tokens)} tokens and {len(marks)} tags; there must be as many, and at least one"
        raise DataError(msg)


def _word(token: Any, name: str, place: str) -> str:
    if not isinstance(token, str) or not (word := nfc(token)) or "\0" in word:
        msg = f"{place}: {name!r} holds {shown(token)}, which is no word"
        raise DataError(msg)
    return word
