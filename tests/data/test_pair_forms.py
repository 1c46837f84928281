"""Inference pairs in every form that they are published in."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gapstudy.data import Pairs
from gapstudy.data.readers import read_pairs
from gapstudy.errors import DataError
from gapstudy.languages import LANGUAGES

pytestmark = pytest.mark.train

Save = Callable[[str, str | bytes], Path]
ENG, URD = LANGUAGES["eng"], LANGUAGES["urd"]
XNLI = [
    "language", "gold_label", "sentence1_binary_parse", "sentence2_binary_parse", "sentence1_parse", "sentence2_parse",
    "sentence1", "sentence2", "promptID", "pairID", "genre", "label1", "label2", "label3", "label4", "label5",
    "sentence1_tokenized", "sentence2_tokenized", "match",
]  # fmt: skip
MULTINLI = XNLI[1:-3]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write a file of some name and return its path."""

    def to_disk(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_disk


def tsv(header: list[str], *rows: dict[str, str]) -> str:
    """A headed file; cells that a row does not give are empty."""
    return "".join("\t".join(cells) + "\n" for cells in (header, *([row.get(c, "") for c in header] for row in rows)))


def jsonl(*rows: Any) -> str:
    """One JSON value a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def row(language: str, label: str, premise: str, hypothesis: str) -> dict[str, str]:
    """A row of the original XNLI."""
    return {
        "language": language,
        "gold_label": label,
        "sentence1": premise,
        "sentence2": hypothesis,
        "label1": "neutral",
    }


TWO = Pairs(("p 1", "p 2"), ("h 1", "h 2"), (1, 2))


# ---- tab-separated, headed -------------------------------------------------------------------------------------------
def test_the_original_xnli_holds_fifteen_languages(save: Save) -> None:
    """Of the nineteen columns the sentences and the gold label are read, of the rows those in the language."""
    content = tsv(
        XNLI,
        row("bg", "neutral", "друг", "език"),
        row("en", "neutral", "p 1", "h 1"),
        row("ur", "neutral", "ا", "ب"),
        row("en", "contradiction", "p 2", "h 2"),
    )
    path = save("xnli.dev.tsv", content)
    assert read_pairs(path, language=ENG) == TWO
    assert read_pairs(path, language=URD) == Pairs(("ا",), ("ب",), (1,))
    assert len(read_pairs(path)) == 4
    with pytest.raises(DataError, match=r"xnli\.dev\.tsv: holds nothing in swa \(sw, swh_Latn\); it holds bg, en, ur"):
        read_pairs(path, language=LANGUAGES["swa"])


def test_pairs_without_a_gold_label_are_skipped(save: Save) -> None:
    """MultiNLI marks pairs on which its annotators did not agree with "-"; under any other name "-" is unknown."""
    rows = [row("", "neutral", "p 1", "h 1"), row("", "-", "x", "y"), row("", "contradiction", "p 2", "h 2")]
    assert read_pairs(save("multinli.txt", tsv(MULTINLI, *rows))) == TWO
    assert read_pairs(save("multinli.jsonl", jsonl(*rows))) == TWO
    with pytest.raises(DataError, match=r"m\.tsv:3: unknown label '-'; valid: entailment"):
        read_pairs(save("m.tsv", "premise\thypothesis\tlabel\np\th\tneutral\np\th\t-\n"))
    with pytest.raises(DataError, match=r"all\.jsonl: holds no pairs"):
        read_pairs(save("all.jsonl", jsonl(rows[1])))


def test_multinlis_training_rows_may_lack_annotators(save: Save) -> None:
    """Cells may be missing at the end of a row where the header counts annotators, and nowhere else."""
    whole = tsv(MULTINLI, row("", "neutral", "p 1", "h 1"), row("", "contradiction", "p 2", "h 2"))
    assert read_pairs(save("m.txt", whole.replace("neutral\t\t\t\t\n", "neutral\n"))) == TWO
    with pytest.raises(DataError, match=r"short\.txt:2: 9 columns where the header has 15"):
        read_pairs(save("short.txt", tsv(MULTINLI) + "neutral" + "\t" * 8 + "\n"))
    with pytest.raises(DataError, match=r"long\.txt:2: 16 columns where the header has 15"):
        read_pairs(save("long.txt", tsv(MULTINLI) + "neutral" + "\t" * 15 + "\n"))
    with pytest.raises(DataError, match=r"xnli\.tsv:3: 18 columns where the header has 19"):
        read_pairs(save("xnli.tsv", tsv(XNLI, row("en", "neutral", "p", "h")) + "\t" * 17 + "\n"))


def test_a_header_says_where_the_columns_are(save: Save) -> None:
    """Columns are read by their names, in any order, quotation marks are text, and lines end at LF alone."""
    path = save("x.tsv", '\ufefflabel\thypothesis\tid\tpremise\r\nneutral\t"h\u2028\x1d\x85"\t1\t"p\r\n')
    assert read_pairs(path) == Pairs(('"p',), ('"h\u2028\x1d\x85"',), (1,))


def test_a_header_that_names_a_column_twice_is_an_error(save: Save) -> None:
    """It cannot be known which of the two is meant."""
    with pytest.raises(DataError, match=r"x\.tsv:1: the header names 'premise' twice"):
        read_pairs(save("x.tsv", "premise\thypothesis\tlabel\tpremise\na\tb\tneutral\tc\n"))
    with pytest.raises(DataError, match=r"x\.csv:1: the header names 'label' twice"):
        read_pairs(save("x.csv", "premise,hypothesis,label,label\na,b,neutral,c\n"))
    with pytest.raises(DataError, match=r"x\.jsonl:1: the header names 'label' twice"):
        read_pairs(save("x.jsonl", '{"premise": "a", "hypothesis": "b", "label": 0, "label": 1}\n'))


# ---- CSV and JSON lines ----------------------------------------------------------------------------------------------
def test_csv_is_read_with_its_quoting(save: Save) -> None:
    """Commas, doubled marks and line ends inside quotation marks are text, as RFC 4180 says; numbers are the hub's."""
    content = 'premise,hypothesis,label\r\n"a, b","say ""x""",neutral\r\n"two\nlines",c,2\r\n\r\n'
    assert read_pairs(save("x.csv", content)) == Pairs(("a, b", "two\nlines"), ('say "x"', "c"), (1, 2))
    assert read_pairs(save("x.data", content)) == read_pairs(save("x.csv", content))  # the header tells


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('premise,hypothesis,label\n"a\nb",c,neutral\nd,e\n', "x.csv:4: 2 columns where the header has 3"),
        ('premise,hypothesis,label\n"a\nb",c,new\n', "x.csv:2: unknown label 'new'"),
        ('premise,hypothesis,label\na,"b,neutral\n', "x.csv:2: not CSV: unexpected end of data"),
        ('premise,hypothesis,label\n\n"a"b,c,neutral\n', "x.csv:2: 0 columns where the header has 3"),
        ('premise,hypothesis,label\n"a"b,c,neutral\n', "x.csv:2: not CSV: ',' expected after '\"'"),
        (
            "sentence_a,sentence_b,label\na,b,neutral\n",
            "x.csv: no column 'premise' or 'sentence1'; it has 'sentence_a'",
        ),
        ("premise,hypothesis,label\n", "x.csv: holds no pairs"),
        ("", "x.csv: no column 'premise' or 'sentence1'; it has none"),
    ],
)
def test_what_is_wrong_with_csv_is_told_with_its_line(save: Save, content: str, message: str) -> None:
    """The line is the one on which the row starts, whatever line ends are quoted before it."""
    with pytest.raises(DataError, match=f".*{message.replace('.', '[.]')}"):
        read_pairs(save("x.csv", content))


def test_json_lines_have_either_names(save: Save) -> None:
    """Both MultiNLI's field names and plain ones are read, labels as names or numbers, in files of any extension."""
    plain = jsonl(
        {"premise": "p 1", "hypothesis": "h 1", "label": "neutral"}, {"premise": "p 2", "hypothesis": "h 2", "label": 2}
    )
    assert read_pairs(save("x.jsonl", plain)) == TWO
    assert read_pairs(save("x.txt", "\ufeff" + plain.replace("\n", "\r\n"))) == TWO
    original = jsonl(
        row("en", "neutral", "p 1", "h 1"), row("fr", "neutral", "x", "y"), row("en", "contradiction", "p 2", "h 2")
    )
    assert read_pairs(save("y.jsonl", original), language=ENG) == TWO


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"premise": "p"', "x.jsonl:2: not JSON: "),
        ("[1]", r"x.jsonl:2: expected one JSON object a line; got \[1\]"),
        ('{"premise": "p", "hypothesis": "h"}', "x.jsonl:2: unknown label None"),
        ('{"hypothesis": "h", "label": 0}', "x.jsonl:2: 'premise' is missing"),
        ('{"premise": 7, "hypothesis": "h", "label": 0}', "x.jsonl:2: 'premise' is 7, not a text"),
        ('{"premise": "p", "hypothesis": "h", "label": true}', "x.jsonl:2: unknown label True"),
        ('{"premise": "p", "hypothesis": "h", "label": 3}', "x.jsonl:2: unknown label 3"),
        ('{"premise": "p", "hypothesis": "h", "label": -1}', "x.jsonl:2: unknown label -1"),
        ('{"premise": "p", "hypothesis": "h", "label": [0]}', r"x.jsonl:2: unknown label \[0\]"),
        (r'{"premise": "\ud800", "hypothesis": "h", "label": 0}', "x.jsonl:2: holds an escape that is no character"),
        (r'{"premise": "p\u0000", "hypothesis": "h", "label": 0}', "x.jsonl:2: holds an escape that is no character"),
    ],
)
def test_what_is_wrong_with_json_is_told_with_its_line(save: Save, line: str, message: str) -> None:
    """Values that are no text or no label, broken lines and escapes that are no characters are told one by one."""
    with pytest.raises(DataError, match=message):
        read_pairs(save("x.jsonl", '{"premise": "p", "hypothesis": "h", "label": 0}\n' + line + "\n"))


def test_bytes_that_are_no_text_are_told_with_their_line(save: Save) -> None:
    """Neither Latin-1 nor NUL passes, in tables as in lines; UTF-16 is told by its first byte."""
    with pytest.raises(DataError, match=r"x\.csv:2: not UTF-8 \(byte 0xe9 at 1\)"):
        read_pairs(save("x.csv", "premise,hypothesis,label\ncé,b,neutral\n".encode("latin-1")))
    with pytest.raises(DataError, match=r"x\.jsonl:1: not UTF-8 \(byte 0xe9"):
        read_pairs(save("x.jsonl", '{"premise": "é"}\n'.encode("latin-1")))
    with pytest.raises(DataError, match=r"x\.tsv:2: holds a NUL byte"):
        read_pairs(save("x.tsv", "a\tb\tneutral\na\0\tb\tneutral\n"))
    with pytest.raises(DataError, match=r"x\.tsv:1: not UTF-8 \(byte 0xff at 0\)"):
        read_pairs(save("x.tsv", "a\tb\tneutral\n".encode("utf-16")))


def test_lines_that_only_begin_like_a_table_are_lines(save: Save) -> None:
    """A brace or a quotation mark at the start of a file makes it neither JSON nor CSV."""
    for start in ("{", '{"a": 1', '"'):
        assert read_pairs(save("x.txt", f"{start}\tb\tneutral\n")).premises == (start,)
    with pytest.raises(DataError, match=r"x\.txt:1: 1 columns where premise, hypothesis, label were expected"):
        read_pairs(save("x.txt", '"premise,hypothesis,label\n'))


# ---- names of columns ------------------------------------------------------------------------------------------------
def test_the_study_file_can_name_the_columns(save: Save) -> None:
    """Ours to theirs, in every headed form; a file that has no such header is an error, not read by position."""
    columns = {"premise": "a", "hypothesis": "b", "label": "gold"}
    assert read_pairs(save("x.tsv", "gold\ta\tb\nneutral\tp 1\th 1\ncontradiction\tp 2\th 2\n"), columns=columns) == TWO
    assert read_pairs(save("x.csv", "a,b,gold\np 1,h 1,1\np 2,h 2,2\n"), columns=columns) == TWO
    assert read_pairs(save("x.jsonl", jsonl({"a": "p 1", "b": "h 1", "gold": 1}, {"a": "p 2", "b": "h 2", "gold": 2})),
                      columns=columns) == TWO  # fmt: skip
    with pytest.raises(
        DataError, match=r"y\.tsv:1: the study file names columns, but this is no header with 'a', 'b', 'gold'"
    ):
        read_pairs(save("y.tsv", "p\th\tneutral\n"), columns=columns)
    with pytest.raises(
        DataError, match=r"y\.csv: no column 'a'; it has 'premise', 'b', 'gold' \(say which .*columns\.premise"
    ):
        read_pairs(save("y.csv", "premise,b,gold\np,h,1\n"), columns=columns)
    there = {**columns, "language": "where"}
    rows = "where,a,b,gold\nur,x,y,1\nen,p 1,h 1,1\nen,p 2,h 2,2\n"
    assert read_pairs(save("z.csv", rows), columns=there, language=ENG) == TWO


# ---- gzip ------------------------------------------------------------------------------------------------------------
def test_compressed_files_are_told_by_their_first_bytes(save: Save) -> None:
    """A gzip file reads like the file in it, with or without .gz in its name; a damaged one is an error."""
    zipped = gzip.compress(b"p 1\th 1\tneutral\np 2\th 2\tcontradiction\n")
    assert read_pairs(save("x.tsv.gz", zipped)) == read_pairs(save("x.tsv", zipped)) == TWO
    assert read_pairs(save("x.csv.gz", gzip.compress(b"premise,hypothesis,label\np 1,h 1,1\np 2,h 2,2\n"))) == TWO
    for damaged in (zipped[:-9], zipped[:12] + b"\xff\xff" + zipped[14:]):
        with pytest.raises(DataError, match=r"x\.tsv\.gz: damaged gzip file: "):
            read_pairs(save("x.tsv.gz", damaged))


# ---- parquet ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def parquet(tmp_path: Path) -> Callable[..., Path]:
    """Write a parquet file: ``parquet({"premise": [...]}, names={"label": [...]})`` with the hub's class names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def to_disk(columns: dict[str, Any], names: dict[str, list[str]] | None = None) -> Path:
        table = columns if isinstance(columns, pa.Table) else pa.table(columns)
        if names:
            features = {c: {"names": n, "_type": "ClassLabel"} for c, n in names.items()}
            table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
        pq.write_table(table, tmp_path / "x.parquet")
        return tmp_path / "x.parquet"

    return to_disk


HUB = {"premise": ["p 1", "p 2"], "hypothesis": ["h 1", "h 2"], "label": [1, 2]}


def test_the_hubs_parquet(parquet: Callable[..., Path]) -> None:
    """Texts and numbered labels are read; class names in the file decide what a number means."""
    assert read_pairs(parquet(HUB)) == TWO
    assert read_pairs(parquet(HUB, {"label": ["entailment", "neutral", "contradiction"]})) == TWO
    turned = {**HUB, "label": [1, 0]}
    assert read_pairs(parquet(turned, {"label": ["contradiction", "neutral", "entailment"]})) == TWO
    with pytest.raises(DataError, match=r"x\.parquet, row 2: unknown label 2"):
        read_pairs(parquet(HUB, {"label": ["contradiction", "neutral"]}))


def test_translations_into_all_languages(parquet: Callable[..., Path]) -> None:
    """Premises by language and lists of translations, as in the hub's all_languages, give the language's own text."""
    found = parquet(
        {
            "premise": [{"en": "p 1", "ur": "ا"}, {"en": "p 2", "ur": "ب"}],
            "hypothesis": [{"language": ["ur", "en"], "translation": ["پ", "h 1"]},
                           {"language": ["en", "ur"], "translation": ["h 2", "ت"]}],
            "label": [1, 2],
        }
    )  # fmt: skip
    assert read_pairs(found, language=ENG) == TWO
    assert read_pairs(found, language=URD) == Pairs(("ا", "ب"), ("پ", "ت"), (1, 2))
    with pytest.raises(DataError, match=r"x\.parquet, row 1: 'premise' is missing"):
        read_pairs(found, language=LANGUAGES["swa"])
    with pytest.raises(DataError, match=r"x\.parquet, row 1: 'premise' is \{'en': 'p 1', .*, not a text"):
        read_pairs(found)


def test_translations_in_json_lines(save: Save) -> None:
    """JSON lines hold translations as parquet does; a row that lacks the language is told."""
    whole = {
        "premise": {"en": "p 1"},
        "hypothesis": {"language": ["ur", "en"], "translation": ["ا", "h 1"]},
        "label": 1,
    }
    lacking = {**whole, "hypothesis": {"language": ["ur"], "translation": ["ا"]}}
    assert read_pairs(save("x.jsonl", jsonl(whole)), language=ENG) == Pairs(("p 1",), ("h 1",), (1,))
    with pytest.raises(DataError, match=r"x\.jsonl:2: 'hypothesis' is missing"):
        read_pairs(save("x.jsonl", jsonl(whole, lacking)), language=ENG)


def test_what_is_wrong_with_parquet_is_told_with_its_row(parquet: Callable[..., Path], save: Save) -> None:
    """Missing values, labels and columns, and bytes that are no text, are told by file and row."""
    import pyarrow as pa

    with pytest.raises(DataError, match=r"x\.parquet, row 2: 'premise' is missing"):
        read_pairs(parquet({**HUB, "premise": ["a", None]}))
    with pytest.raises(DataError, match=r"x\.parquet, row 2: unknown label -1; valid"):
        read_pairs(parquet({**HUB, "label": [0, -1]}))
    with pytest.raises(
        DataError, match=r"x\.parquet: no column 'label' or 'gold_label'; it has 'premise', 'hypothesis', 'y'"
    ):
        read_pairs(parquet({"premise": ["a"], "hypothesis": ["b"], "y": [0]}))
    latin = pa.Array.from_buffers(
        pa.string(), 2, pa.array([b"a", b"\xe9"]).buffers()
    )  # fmt: skip
    with pytest.raises(DataError, match=r"x\.parquet, row 2: 'hypothesis' is not UTF-8"):
        read_pairs(parquet({**HUB, "hypothesis": latin}))
    with pytest.raises(DataError, match=r"x\.parquet, row 2: 'premise' is not UTF-8"):
        read_pairs(parquet({**HUB, "premise": [b"a", b"\xe9"]}))
    with pytest.raises(DataError, match=r"x\.parquet, row 1: 'premise' holds a NUL character"):
        read_pairs(parquet({**HUB, "premise": ["a\0", "b"]}))
    with pytest.raises(DataError, match=r"x\.parquet: holds no pairs"):
        read_pairs(parquet({"premise": pa.array([], pa.string()), "hypothesis": pa.array([], pa.string()),
                            "label": pa.array([], pa.int64())}))  # fmt: skip
    with pytest.raises(DataError, match=r"x\.parquet: not a parquet file that can be read: "):
        read_pairs(save("x.parquet", b"PAR1 and no more"))
    twice = pa.table([["a"], ["b"], [0], ["c"]], names=["premise", "hypothesis", "label", "premise"])
    with pytest.raises(DataError, match=r"x\.parquet: the header names 'premise' twice"):
        read_pairs(parquet(twice))


def test_binary_columns_are_text_in_utf8(parquet: Callable[..., Path]) -> None:
    """Columns that were written as bytes are read as the text they are, outer blanks dropped as everywhere."""
    found = read_pairs(parquet({**HUB, "premise": ["ا ".encode(), b" b"]}))
    assert found.premises == ("ا", "b")


# ---- the real files, in the other forms ------------------------------------------------------------------------------
def test_real_pairs_are_the_same_in_every_form(corpora: Path, save: Save, parquet: Callable[..., Path]) -> None:
    """XNLI's Urdu test set, rewritten as the other forms, reads back as the very same pairs."""
    real = read_pairs(corpora / "xnli" / "test-ur.tsv")
    names = ("entailment", "neutral", "contradiction")
    triples = list(zip(*(real.premises, real.hypotheses, [names[i] for i in real.labels]), strict=True))
    rows = [row("ur", label, p, h) for p, h, label in triples]
    assert read_pairs(save("x.tsv", tsv(XNLI, *rows)), language=URD) == real
    assert read_pairs(save("x.jsonl", jsonl(*rows)), language=URD) == real
    columns = {"premise": real.premises, "hypothesis": real.hypotheses, "label": real.labels}
    assert read_pairs(parquet(columns), language=URD) == real
    quoted = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\r\n"
                     for cells in (("premise", "hypothesis", "label"), *triples))  # fmt: skip
    assert read_pairs(save("x.csv", quoted)) == real
