"""Where corpora come from: the package, or local files by templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from gapstudy.data import Pairs, Tagged, load_parallel, load_task, load_text
from gapstudy.errors import DataError
from gapstudy.languages import LANGUAGES, TOKEN_TASK_LANGUAGES, XNLI_LANGUAGES
from gapstudy.study import DataSource

BUILTIN = DataSource()


@pytest.mark.parametrize(
    ("task", "languages", "kind"),
    [("xnli", XNLI_LANGUAGES, Pairs), ("ner", TOKEN_TASK_LANGUAGES, Tagged), ("pos", TOKEN_TASK_LANGUAGES, Tagged)],
)
def test_the_embedded_tasks_load_in_their_languages(task: str, languages: tuple[str, ...], kind: type) -> None:
    """Each task of the package has three parts in each of its languages and none in the others."""
    for code in languages:
        splits = load_task(task, code, BUILTIN)
        assert all(isinstance(part, kind) and len(part) for part in (splits.train, splits.dev, splits.test))
    for code in set(LANGUAGES) - set(languages):
        with pytest.raises(DataError, match=f"the embedded corpus '{task}' has no '{code}'; valid languages are those"):
            load_task(task, code, BUILTIN)


def test_the_embedded_text_loads_in_all_languages() -> None:
    """There is pre-training text and a parallel corpus in every language, and in no other."""
    parallel = load_parallel(tuple(LANGUAGES), BUILTIN)
    assert set(parallel) == set(LANGUAGES)
    assert all(len(load_text(code)) > len(parallel[code]) for code in LANGUAGES)
    with pytest.raises(DataError, match="the embedded corpus 'text' has no 'deu'"):
        load_text("deu")


@pytest.mark.parametrize("template", ["{code}.txt", "{iso1}.txt", "{flores}.txt", "{code}-{iso1}/{flores}.txt"])
def test_placeholders_name_the_language(tmp_path: Path, template: str) -> None:
    """A template is filled with the codes of the language."""
    for facts in (LANGUAGES["swa"], LANGUAGES["urd"]):
        path = tmp_path / template.format(code=facts.code, iso1=facts.iso1, flores=facts.flores)
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{facts.name}\n", encoding="utf-8")
    found = load_parallel(("swa", "urd"), DataSource(source="local", text=str(tmp_path / template)))
    assert {code: sentences.lines for code, sentences in found.items()} == {"swa": ("Swahili",), "urd": ("Urdu",)}


@pytest.mark.parametrize(
    "template", ["{lang}.txt", "{}.txt", "{0}.txt", "{code", "code}", "{code.x}", "{code[x]}", "{code!z}", "{code:9q}"]
)
def test_an_unknown_placeholder_is_told_with_the_valid_ones(template: str) -> None:
    """A template that cannot be filled is told with its key and what it may hold."""
    with pytest.raises(DataError, match=r"data\.parallel\.text: .* unknown placeholder; valid: \{code\}, \{iso1\}"):
        load_parallel(("eng",), DataSource(source="local", text=template))


@pytest.mark.parametrize("template", ["$GAPSTUDY_UNSET/x.txt", "/a/${GAPSTUDY_UNSET}/x.txt"])
def test_an_unset_variable_is_told_by_name(template: str) -> None:
    """A variable that the study's reader could not follow is told with its key, not as a missing file."""
    source = DataSource(source="local", train="/x", dev=template, test="/x")
    with pytest.raises(DataError, match=r"data\.ner\.dev: the environment variable GAPSTUDY_UNSET is not set; set it"):
        load_task("ner", "eng", source)


def test_a_missing_local_file_is_told_by_path(tmp_path: Path) -> None:
    """The filled path is in the message."""
    source = DataSource(source="local", text=str(tmp_path / "{code}.txt"))
    with pytest.raises(DataError, match=r"eng\.txt: cannot be read: No such file"):
        load_parallel(("eng",), source)


def test_a_parallel_corpus_has_as_many_rows_in_each_language(tmp_path: Path) -> None:
    """Files of different lengths are not parallel; the message counts them all."""
    for code, rows in (("eng", 3), ("swa", 3), ("urd", 2)):
        (tmp_path / f"{code}.txt").write_text("x\n" * rows, encoding="utf-8")
    source = DataSource(source="local", text=str(tmp_path / "{code}.txt"))
    assert len(load_parallel(("eng", "swa"), source)["swa"]) == 3
    with pytest.raises(DataError, match="the parallel corpus is not parallel: eng 3, swa 3, urd 2 rows"):
        load_parallel(("eng", "swa", "urd"), source)
