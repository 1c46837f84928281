"""Parallel sentences in every form that they are published in."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gapstudy.data import load_parallel
from gapstudy.data.readers import read_sentences
from gapstudy.errors import DataError
from gapstudy.languages import LANGUAGES
from gapstudy.study import DataSource

pytestmark = pytest.mark.train

Save = Callable[[str, str | bytes], Path]
Parquet = Callable[[dict[str, Any]], Path]
ENG, SWA = LANGUAGES["eng"], LANGUAGES["swa"]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write a file of some name and return its path."""

    def to_disk(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_disk


@pytest.fixture
def parquet(tmp_path: Path) -> Parquet:
    """Write a parquet file and return its path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def to_disk(columns: dict[str, Any]) -> Path:
        pq.write_table(pa.table(columns), tmp_path / "x.parquet")
        return tmp_path / "x.parquet"

    return to_disk


def test_real_ntrex_loses_its_carriage_returns(corpora: Path) -> None:
    """NTREX ends its lines in CR LF: no sentence keeps the CR, and all languages have the same 200."""
    languages = {
        code: {"text": str(corpora / "ntrex" / f"newstest2019-ref.{code}.txt")} for code in LANGUAGES if code != "eng"
    }
    source = DataSource(source="local", text=str(corpora / "ntrex" / "newstest2019-src.eng.txt"), languages=languages)  # type: ignore[arg-type]
    found = load_parallel(tuple(LANGUAGES), source)
    assert {len(sentences) for sentences in found.values()} == {200}
    assert not any("\r" in line for sentences in found.values() for line in sentences.lines)


@pytest.mark.parametrize("name", ["text", "sentence"])
def test_tables_with_a_column_of_text(save: Save, name: str) -> None:
    """CSV, TSV and JSON lines give their column of sentences, in the order of the file."""
    assert read_sentences(save("x.csv", f'{name},id\n"a, ""b""",2\nc,1\n')).lines == ('a, "b"', "c")
    assert read_sentences(save("x.tsv", f'id\t{name}\n2\t"a"\n1\tc\n')).lines == ('"a"', "c")
    rows = [{name: "a\u2028", "id": 2}, {name: "c\x1d.", "id": 1}]
    assert read_sentences(save("x.jsonl", "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))).lines == (
        "a",
        "c\x1d.",
    )
    assert read_sentences(save("x.txt", f"{name}\na\n")).lines == (name, "a")  # no table: a sentence like any other
    assert read_sentences(save("x.csv.gz", gzip.compress(f"{name}\na\n".encode()))).lines == ("a",)


def test_columns_that_the_study_file_names(save: Save, parquet: Parquet) -> None:
    """A column of another name is read where the study file names it, and the order of an id that it names is kept."""
    assert read_sentences(save("x.csv", "t\na\nb\n"), columns={"text": "t"}).lines == ("a", "b")
    assert read_sentences(save("x.csv", "t,n\na,10\nb,9\n"), columns={"text": "t", "id": "n"}).lines == ("b", "a")
    assert read_sentences(parquet({"t": ["a", "b"], "n": [2, 1]}), columns={"text": "t", "id": "n"}).lines == ("b", "a")
    with pytest.raises(
        DataError, match=r"x\.csv: no column 'text' or 'sentence'; it has 't' \(say which one with columns\.text\)"
    ):
        read_sentences(save("x.csv", "t\na\n"))
    with pytest.raises(DataError, match=r"x\.txt:1: the study file names columns, but this is no header with 't'"):
        read_sentences(save("x.txt", "a\nb\n"), columns={"text": "t"})


def test_flores_plus(parquet: Parquet, save: Save) -> None:
    """Rows stand in the order of their ids; of several languages in one file the language's own are taken."""
    columns = {
        "id": [10, 9, 9, 10],
        "iso_639_3": ["eng", "eng", "swh", "swh"],
        "iso_15924": ["Latn"] * 4,
        "text": ["b", "a", "A", "B"],
    }
    assert read_sentences(parquet(columns), language=ENG).lines == ("a", "b")
    assert read_sentences(parquet(columns), language=SWA).lines == ("A", "B")
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    assert read_sentences(save("dev.jsonl", lines), language=SWA).lines == ("A", "B")
    with pytest.raises(DataError, match=r"x\.parquet: holds nothing in urd .*; it holds eng_Latn, swh_Latn"):
        read_sentences(parquet(columns), language=LANGUAGES["urd"])
    with pytest.raises(DataError, match=r"x\.parquet, row 3: id 9 stands at row 2 already"):
        read_sentences(parquet(columns))
    assert read_sentences(parquet({"id": ["b", "a"], "text": ["x", "y"]})).lines == ("x", "y")  # no numbers, no order


def test_flores_200_on_the_hub(parquet: Parquet) -> None:
    """The hub's FLORES-200 has a column a language, or one called sentence."""
    columns = {"id": [1, 2], "sentence_eng_Latn": ["a", "b"], "sentence_swh_Latn": ["A", "B"]}
    assert read_sentences(parquet(columns), language=SWA).lines == ("A", "B")
    assert read_sentences(parquet({"id": [2, 1], "sentence": ["b", "a"]}), language=SWA).lines == ("a", "b")


def test_a_blank_sentence_in_a_table_is_an_error(save: Save, parquet: Parquet) -> None:
    """A row may not be skipped in tables either, and what is missing is no sentence."""
    with pytest.raises(DataError, match=r"x\.csv:3: blank sentence in a parallel corpus"):
        read_sentences(save("x.csv", "text,id\na,1\n ,2\n"))
    with pytest.raises(DataError, match=r"x\.parquet, row 2: 'text' is missing"):
        read_sentences(parquet({"text": ["a", None]}))
    with pytest.raises(DataError, match=r"x\.csv: holds no sentences"):
        read_sentences(save("x.csv", "text\n"))


def test_sentences_are_not_normalised(save: Save, parquet: Parquet) -> None:
    """Whatever form the file has, decomposed letters, marks and inner blanks stay as they are written."""
    text = "e\u0301 \u200f\u200d\u00a0.\u2028 x"
    for path in (save("x.txt", f" {text} \n"), save("x.csv", f'text\n" {text} "\n'), parquet({"text": [f" {text} "]})):
        assert read_sentences(path).lines == (text,)


def test_real_flores_is_the_same_as_parquet(corpora: Path, parquet: Parquet) -> None:
    """FLORES's Hindi and Korean, shuffled into FLORES+'s form, read back as they were."""
    for code in ("hin", "kor"):
        facts = LANGUAGES[code]
        real = read_sentences(corpora / "flores200" / "devtest" / f"{facts.flores}.devtest", language=facts)
        order = sorted(range(len(real)), key=lambda i: (i * 7919) % len(real))
        lang, script = facts.flores.split("_")
        columns = {
            "id": order,
            "text": [real.lines[i] for i in order],
            "iso_639_3": [lang] * len(order),
            "iso_15924": [script] * len(order),
        }
        assert read_sentences(parquet(columns), language=facts) == real
