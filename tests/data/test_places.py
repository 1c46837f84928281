"""Which files a study file names, and which of their examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gapstudy.data import Pairs, Tagged, load_parallel, load_task
from gapstudy.errors import DataError
from gapstudy.study import DataSource, Places, Study


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """A folder with ten lines a language, ten pairs and ten tagged sentences."""
    for code in ("eng", "swa"):
        (tmp_path / f"{code}.txt").write_text("".join(f"{code} {i}\n" for i in range(10)), encoding="utf-8")
        pairs = "".join(f"p {i}\th {i}\tneutral\n" for i in range(10))
        (tmp_path / f"pairs.{code}.tsv").write_text(pairs, encoding="utf-8")
        (tmp_path / f"tags.{code}.tsv").write_text("".join(f"w{i}\tO\n\n" for i in range(10)), encoding="utf-8")
    return tmp_path


def parallel(folder: Path, template: str, **languages: str) -> dict[str, tuple[str, ...]]:
    """The lines of the parallel corpus by language."""
    own = {code: Places(text=str(folder / text)) for code, text in languages.items()}
    source = DataSource(source="local", text=str(folder / template), languages=own)
    return {code: sentences.lines for code, sentences in load_parallel(("eng", "swa"), source).items()}


@pytest.mark.parametrize(
    ("cut", "rows"),
    [("[2:4]", range(2, 4)), ("[:3]", range(3)), ("[8:]", range(8, 10)), ("[:]", range(10)), ("[9:99]", range(9, 10))],
)
def test_a_slice_takes_some_examples(numbers: Path, cut: str, rows: range) -> None:
    """It cuts sentences, pairs and tagged sentences as Python cuts lists, after placeholders are filled."""
    found = parallel(numbers, f"{{code}}.txt{cut}")
    assert found == {code: tuple(f"{code} {i}" for i in rows) for code in ("eng", "swa")}
    places: dict[str, Any] = dict.fromkeys(("train", "dev", "test"), f"{numbers}/pairs.{{code}}.tsv{cut}")
    pairs = load_task("xnli", "swa", DataSource(source="local", **places)).test
    assert isinstance(pairs, Pairs)
    assert pairs.premises == tuple(f"p {i}" for i in rows)
    places = dict.fromkeys(("train", "dev", "test"), f"{numbers}/tags.{{code}}.tsv{cut}")
    tagged = load_task("ner", "swa", DataSource(source="local", **places)).dev
    assert isinstance(tagged, Tagged)
    assert tagged.words == tuple((f"w{i}",) for i in rows)


@pytest.mark.parametrize("cut", ["[10:]", "[4:4]", "[5:2]", "[:0]"])
def test_a_slice_that_takes_nothing_is_an_error(numbers: Path, cut: str) -> None:
    """The message names the key, the template, the file and how many examples there are."""
    with pytest.raises(
        DataError, match=r"data\.parallel\.text: '.*' takes nothing: there are 10 examples in .*eng\.txt"
    ):
        parallel(numbers, f"{{code}}.txt{cut}")


def test_a_file_of_that_very_name_is_no_slice(numbers: Path) -> None:
    """A path that exists as it is written wins."""
    (numbers / "eng.txt[0:1]").write_text("another\n", encoding="utf-8")
    assert parallel(numbers, "{code}.txt[0:1]") == {"eng": ("another",), "swa": ("swa 0",)}


@pytest.mark.parametrize("cut", ["[-2:]", "[1:2:3]", "[1]", "[a:b]"])
def test_other_brackets_are_part_of_the_name(numbers: Path, cut: str) -> None:
    """What is no slice of two numbers is looked for as a file."""
    with pytest.raises(DataError, match=r"eng\.txt\[.*\]: cannot be read: No such file"):
        parallel(numbers, f"{{code}}.txt{cut}")


def test_one_language_can_have_files_of_its_own(numbers: Path) -> None:
    """A language that the study file lists apart is read from there, the others from the template."""
    assert parallel(numbers, "{code}.txt[0:2]", swa="{code}.txt[4:6]") == {
        "eng": ("eng 0", "eng 1"),
        "swa": ("swa 4", "swa 5"),
    }
    with pytest.raises(DataError, match=r"data\.parallel\.languages\.swa\.text: .* takes nothing"):
        parallel(numbers, "{code}.txt[0:2]", swa="{code}.txt[40:]")


def test_a_missing_split_is_told_with_its_key(numbers: Path) -> None:
    """The message names the corpus, the language, the key, what the language has, and who has the split."""
    path = f"{numbers}/tags.{{code}}.tsv"
    source = DataSource(source="local", test=path, languages={"eng": Places(train=path, dev=path)})
    assert len(load_task("ner", "eng", source).train) == 10
    message = (
        r"data\.ner\.train: the corpus 'ner' has no train in swa: name a file there, or in data\.ner\.languages\.swa\.train "
        r"\(in swa it has test; train is there for eng\)"
    )
    with pytest.raises(DataError, match=message):
        load_task("ner", "swa", source)
    with pytest.raises(DataError, match=r"data\.parallel\.text: .* has no text in eng.* \(in eng it has nothing\)"):
        load_parallel(("eng",), DataSource(source="local"))


def test_only_the_splits_that_are_asked_for_are_read(numbers: Path) -> None:
    """The others are empty, whether or not there are files for them."""
    source = DataSource(source="local", test=f"{numbers}/tags.{{code}}.tsv", train="/nowhere")
    found = load_task("ner", "swa", source, splits=("test",))
    assert found.train == found.dev == Tagged((), ())
    assert len(found.test) == 10
    pairs = load_task("xnli", "eng", DataSource(), splits=["dev"])
    assert pairs.train == pairs.test == Pairs((), (), ())
    assert len(pairs.dev)


def test_an_unknown_column_is_told_with_the_valid_ones(numbers: Path) -> None:
    """A misspelt column of ours is an error before any file is read."""
    for corpus, column, valid in (
        ("xnli", "premis", "premise, hypothesis, label, language"),
        ("pos", "token", "tokens, tags, language"),
    ):
        source = DataSource(source="local", train="/x", dev="/x", test="/x", columns={column: "x"})
        with pytest.raises(DataError, match=rf"data\.{corpus}\.columns\.{column}: unknown column; valid: {valid}"):
            load_task(corpus, "eng", source)
    with pytest.raises(DataError, match=r"data\.parallel\.columns\.texts: unknown column; valid: text, id, language"):
        load_parallel(("eng",), DataSource(source="local", text=str(numbers / "{code}.txt"), columns={"texts": "x"}))


def test_what_a_study_file_says_is_found(numbers: Path, micro_toml: str) -> None:
    """Slices, files by language and columns pass from the TOML to the loader, relative to its folder."""
    changed = micro_toml.replace(
        "[analysis]",
        '[data.parallel]\nsource = "local"\ntext = "{code}.txt[0:3]"\n'
        '[data.parallel.languages.kor]\ntext = "eng.txt[7:]"\n[analysis]',
    )
    study = Study.parse(changed, "x.toml", numbers)
    found = load_parallel(study.languages, study.source("parallel"))
    assert found["swa"].lines == ("swa 0", "swa 1", "swa 2")
    assert found["kor"].lines == ("eng 7", "eng 8", "eng 9")
