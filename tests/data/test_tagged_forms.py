"""Tagged sentences in every form that they are published in."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gapstudy.data import LABELS, Tagged
from gapstudy.data.readers import read_tagged
from gapstudy.errors import DataError, MissingExtraError
from gapstudy.languages import LANGUAGES

pytestmark = pytest.mark.train

Save = Callable[[str, str | bytes], Path]
ENG, FRA = LANGUAGES["eng"], LANGUAGES["fra"]
NER = {tag: i for i, tag in enumerate(LABELS["ner"])}
POS = {tag: i for i, tag in enumerate(LABELS["pos"])}
HUB_UPOS = ["NOUN", "PUNCT", "ADP", "NUM", "SYM", "SCONJ", "ADJ", "PART", "DET", "CCONJ", "PROPN", "PRON", "X", "_",
            "ADV", "INTJ", "VERB", "AUX"]  # fmt: skip


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write a file of some name and return its path."""

    def to_disk(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_disk


@pytest.mark.parametrize(("module", "name"), [("conllu", "x.conllu"), ("pyarrow", "x.parquet")])
def test_a_library_that_is_not_installed_is_named(
    save: Save, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    """Forms that need a library of the training extra say which one, and how to install it."""
    for part in (module, f"{module}.exceptions", f"{module}.parser", f"{module}.parquet"):
        monkeypatch.setitem(sys.modules, part, None)
    path = save(name, conllu("a/X") if module == "conllu" else b"PAR1")
    with pytest.raises(MissingExtraError, match=rf"reading {name} needs {module}.*pip install 'gapstudy\[train\]'"):
        read_tagged(path, "pos")


def conllu(*words: str, start: int = 1) -> str:
    """Lines of CoNLL-U from "form/UPOS", each word with a transliteration in MISC."""
    rows = [word.rpartition("/") for word in words]
    lines = [
        f"{i}\t{form}\tlemma\t{tag}\t_\t_\t0\troot\t_\tTranslit=x|SpaceAfter=No"
        for i, (form, _, tag) in enumerate(rows, start)
    ]
    return "".join(f"{line}\n" for line in lines)


# ---- Rahimi's WikiAnn ------------------------------------------------------------------------------------------------
def test_the_prefix_of_rahimis_files_is_dropped(save: Save) -> None:
    """The language before each word goes, at its first colon alone: what else holds a colon is the word's own."""
    content = "en:Star\tB-ORG\nen:Trek\tI-ORG\nen::\tO\n\nen:en:b\tO\nen:http://x\tO\n\n"
    expected = Tagged((("Star", "Trek", ":"), ("en:b", "http://x")), ((3, 4, 0), (0, 0)))
    assert read_tagged(save("train", content), "ner") == expected
    assert read_tagged(save("dev", content), "ner", language=ENG) == expected


def test_a_prefix_is_one_only_where_every_word_has_it(save: Save) -> None:
    """Where one word of the file has no prefix, what stands before the colons of the others is theirs."""
    content = "en:a\tO\nb\tO\nen:c\tO\n"
    assert read_tagged(save("x.tsv", content), "ner", language=ENG).words == (("en:a", "b", "en:c"),)
    for word in ("http:a", "xx:a", "a:b", "it:a"):  # no code of a language, or not of this one
        assert read_tagged(save("y.tsv", f"{word}\tO\n"), "ner", language=ENG).words == ((word,),)


def test_another_languages_prefix_is_an_error(save: Save) -> None:
    """A file whose words are all marked as another language's was named by mistake."""
    path = save("dev", "fr:le\tO\nfr:a:b\tO\n")
    assert read_tagged(path, "ner", language=FRA).words == (("le", "a:b"),)
    with pytest.raises(DataError, match=r"dev: every word is marked 'fr:', but eng \(en\) was expected"):
        read_tagged(path, "ner", language=ENG)
    with pytest.raises(DataError, match=r"dev:2: expected a word after 'en:'; got 'en:'"):
        read_tagged(save("dev", "en:a\tO\nen:\tO\n"), "ner", language=ENG)


@pytest.mark.parametrize("iso1", ["en", "fr", "ru", "it", "hu", "uk", "ko", "tr", "fi", "hi", "sw", "ur"])
def test_real_wikiann_in_rahimis_form(corpora: Path, iso1: str) -> None:
    """The sample of the original form reads as the same sentences as XTREME's form of them."""
    facts = next(f for f in LANGUAGES.values() if f.iso1 == iso1)
    sample = read_tagged(corpora / "wikiann" / "rahimi_layout_sample" / iso1 / "dev", "ner", language=facts)
    whole = read_tagged(corpora / "wikiann" / f"dev-{iso1}.tsv", "ner", language=facts)
    assert sample == whole.take(range(100))


# ---- CoNLL -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("separator", [" ", "   ", "\t"])
def test_conll_has_the_word_first_and_the_tag_last(save: Save, separator: str) -> None:
    """Columns in between are not read, and documents begin with lines that are no sentence."""
    lines = ["-DOCSTART- -X- O O", "", "EU NNP I-NP B-ORG", "rejects VBZ I-VP O", "", "Bonn NNP I-NP B-LOC"]
    path = save("eng.testa", "".join(line.replace(" ", separator) + "\n" for line in lines))
    assert read_tagged(path, "ner") == Tagged((("EU", "rejects"), ("Bonn",)), ((3, 0), (5,)))


@pytest.mark.parametrize("line", ["b NN", "b", "b NN X O"])
def test_a_line_of_another_width_is_told(save: Save, line: str) -> None:
    """All lines of a CoNLL file have as many columns as its first."""
    with pytest.raises(DataError, match=rf"x\.conll:2: expected word, tab, tag; got '{line}'"):
        read_tagged(save("x.conll", f"a NN O\n{line}\n"), "ner")


def test_no_break_spaces_part_no_columns(save: Save) -> None:
    """Only blanks and tabs do: a word may hold other spaces."""
    assert read_tagged(save("x.conll", "10\u00a0000 B-PER\nb O\n"), "ner").words == (("10\u00a0000", "b"),)


# ---- CoNLL-U ---------------------------------------------------------------------------------------------------------
def test_conllu_gives_syntactic_words(save: Save) -> None:
    """Ranges and empty nodes are no words, comments are not read, and what MISC says is nowhere."""
    content = (
        "\ufeff# newdoc\n# text = Il va au marché.\n# translit = x\n" + conllu("Il/PRON", "va/VERB")
        + "3-4\tau\t_\t_\t_\t_\t_\t_\t_\tTranslit=x\n" + conllu("à/ADP", "le/DET", start=3)
        + "4.1\tvide\tvide\tVERB\t_\t_\t_\t_\t_\t_\n" + conllu("marché/NOUN", "./PUNCT", start=5) + "\n\n" + conllu("#/SYM")
    )  # fmt: skip
    expected = (("Il", "va", "à", "le", "marché", "."), ("#",))
    for text in (content, content.replace("\n", "\r\n")):
        tagged = read_tagged(save("x.conllu", text), "pos")
        assert tagged.words == expected
        assert [LABELS["pos"][i] for i in tagged.tags[0]] == ["PRON", "VERB", "ADP", "DET", "NOUN", "PUNCT"]
    assert read_tagged(save("x.txt", content), "pos").words == expected  # told by its first line


@pytest.mark.parametrize(
    "form", ["10 000", "1  000", "10\u00a0000", "a\u2028b", "a\x1db", "a\x85b", "a\u200fb", "_", "#", "3-4"]
)
def test_a_form_is_one_word(save: Save, form: str) -> None:
    """A form with a blank inside, or with what other readers take for a line's end, stays one word with one tag."""
    tagged = read_tagged(save("x.conllu", conllu("a/X", f"{form}/NUM", "b/X")), "pos")
    assert tagged == Tagged((("a", form, "b"),), ((POS["X"], POS["NUM"], POS["X"]),))


def test_forms_become_nfc(save: Save) -> None:
    """Decomposed letters are composed, in CoNLL-U as in the other forms."""
    decomposed = unicodedata.normalize("NFD", "marché")
    assert read_tagged(save("x.conllu", conllu(f"{decomposed}/NOUN")), "pos").words == (("marché",),)
    line = json.dumps({"tokens": [decomposed], "tags": ["NOUN"]})
    assert read_tagged(save("x.jsonl", line), "pos").words == (("marché",),)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2\tb\tb\t_\t_\t_\t0\troot\t_\t_", "x.conllu:3: unknown label '_'; valid: ADJ"),
        ("2\tb\tb\tVB\t_\t_\t0\troot\t_\t_", "x.conllu:3: unknown label 'VB'"),
        ("2\tb\tb\tVERB\t_\t_\t0\troot\t_", "x.conllu:3: 9 columns where CoNLL-U has 10"),
        ("2 b b VERB", "x.conllu:3: 1 columns where CoNLL-U has 10"),
        ("x\tb\tb\tVERB\t_\t_\t0\troot\t_\t_", "x.conllu:3: not CoNLL-U: 'x' is not a valid ID"),
        ("4-2\tb\tb\tVERB\t_\t_\t0\troot\t_\t_", "x.conllu:3: not CoNLL-U: "),
        ("_\tb\tb\tVERB\t_\t_\t0\troot\t_\t_", "x.conllu:3: not CoNLL-U: word _ where word 2 was expected"),
        ("1\tb\tb\tVERB\t_\t_\t0\troot\t_\t_", "x.conllu:3: not CoNLL-U: word 1 where word 2 was expected"),
        ("2\t\tb\tVERB\t_\t_\t0\troot\t_\t_", "x.conllu:3: a word without a form"),
    ],
)
def test_what_is_wrong_with_conllu_is_told_with_its_line(save: Save, line: str, message: str) -> None:
    """Comments and ranges count as lines; unknown tags, missing columns and broken IDs are told there."""
    with pytest.raises(DataError, match=message.replace(".", "[.]")):
        read_tagged(save("x.conllu", "# text = a b\n" + conllu("a/X") + line + "\n"), "pos")


def test_conllu_that_is_not_utf8_or_empty(save: Save) -> None:
    """A byte that is no text is told with its line, also in a comment or MISC; comments alone are no corpus."""
    with pytest.raises(DataError, match=r"x\.conllu:1: not UTF-8 \(byte 0xe9"):
        read_tagged(save("x.conllu", b"# text = \xe9\n" + conllu("a/X").encode()), "pos")
    with pytest.raises(DataError, match=r"x\.conllu: holds no sentences"):
        read_tagged(save("x.conllu", "# newdoc\n\n"), "pos")


SIZES = {
    "UD_English-EWT/en_ewt-ud-dev": (2001, 25147), "UD_English-EWT/en_ewt-ud-test": (2077, 25094),
    "UD_French-GSD/fr_gsd-ud-dev": (1476, 35721), "UD_French-GSD/fr_gsd-ud-test": (416, 10018),
    "UD_Russian-GSD/ru_gsd-ud-test": (601, 11385), "UD_Italian-ISDT/it_isdt-ud-test": (482, 10417),
    "UD_Hungarian-Szeged/hu_szeged-ud-test": (449, 10448), "UD_Turkish-IMST/tr_imst-ud-train": (600, 7179),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_real_treebanks_have_the_sentences_and_words_of_their_readme(corpora: Path, name: str) -> None:
    """Ranges and empty nodes aside, sentences and words are those that the README counts."""
    tagged = read_tagged(corpora / "ud" / f"{name}.conllu", "pos")
    assert (len(tagged), sum(map(len, tagged.words))) == SIZES[name]


def test_every_real_treebank_is_read_as_its_library_reads_it(corpora: Path) -> None:
    """Each file agrees word for word and tag for tag with what ``conllu`` makes of it."""
    import conllu

    fields = ("id", "form", "lemma", "upos")
    for path in sorted((corpora / "ud").rglob("*.conllu")):
        with path.open(encoding="utf-8", newline="\n") as file:
            sentences = [[t for t in s if isinstance(t["id"], int)] for s in conllu.parse_incr(file, fields=fields)]
        tagged = read_tagged(path, "pos")
        assert tagged.words == tuple(tuple(unicodedata.normalize("NFC", t["form"]) for t in s) for s in sentences)
        assert tagged.tags == tuple(tuple(POS[t["upos"]] for t in s) for s in sentences)


def test_real_transliterations_are_not_read(corpora: Path) -> None:
    """Hindi-PUD spells every word in Latin letters in MISC; none of it is among the words."""
    tagged = read_tagged(corpora / "ud" / "UD_Hindi-PUD" / "hi_pud-ud-test.conllu", "pos")
    words = [word for sentence in tagged.words for word in sentence]
    assert sum(any("\u0900" <= c <= "\u097f" for c in word) for word in words) > 0.8 * len(words)
    assert not any("=" in word for word in words)


def test_real_french_numbers_are_one_word(corpora: Path) -> None:
    """French-GSD has numbers with a blank inside: each is one word with the tag NUM."""
    tagged = read_tagged(corpora / "ud" / "UD_French-GSD" / "fr_gsd-ud-dev.conllu", "pos")
    spaced = [
        (w, t)
        for ws, ts in zip(tagged.words, tagged.tags, strict=True)
        for w, t in zip(ws, ts, strict=True)
        if " " in w
    ]
    assert len(spaced) == 21
    assert sum(t == POS["NUM"] for _, t in spaced) > 15


def test_words_with_blanks_keep_their_label_when_they_are_encoded(corpora: Path) -> None:
    """Encoded as subwords or characters, a word with a blank inside has one label, on its first unit."""
    from gapstudy.coders import small_coder
    from gapstudy.encode import encode
    from gapstudy.pretrain import build_tokenizer
    from gapstudy.units import Characters, Subwords

    whole = read_tagged(corpora / "ud" / "UD_French-GSD" / "fr_gsd-ud-dev.conllu", "pos")
    part = whole.take([i for i, words in enumerate(whole.words) if any(" " in word for word in words)][:10])
    for speller, kind in ((Subwords(), "subword"), (Characters(), "character")):
        coder = small_coder(build_tokenizer(kind, [w for words in whole.words[:200] for w in words], 500))
        packed = encode(part, speller, coder, max_length=4096)
        assert packed.counts.tolist() == [len(words) for words in part.words]
        assert len(packed.positions) == len(packed.targets) == sum(map(len, part.words))
        assert packed.cut_words == 0


# ---- JSON lines and parquet ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["ner_tags", "tags", "labels"])
@pytest.mark.parametrize("numbers", [True, False])
def test_json_lines_with_tokens_and_tags(save: Save, name: str, numbers: bool) -> None:
    """Tags are names or the hub's numbers, under any of the usual names; other fields are not read."""
    tags: list[Any] = [1, 2, 0] if numbers else ["B-PER", "I-PER", "O"]
    line = json.dumps({"tokens": ["A", "B\u2028", "c:d"], name: tags, "langs": ["en"] * 3, "spans": ["PER: A B"]})
    assert read_tagged(save("x.jsonl", line + "\n"), "ner") == Tagged((("A", "B", "c:d"),), ((1, 2, 0),))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"tokens": ["a"], "tags": []}, "x.jsonl:1: 1 tokens and 0 tags; there must be as many, and at least one"),
        ({"tokens": [], "tags": []}, "x.jsonl:1: 0 tokens and 0 tags"),
        ({"tokens": "a b", "tags": [0, 0]}, "x.jsonl:1: 'tokens' is 'a b', not a list"),
        ({"tokens": ["a"], "tags": None}, "x.jsonl:1: 'tags' is None, not a list"),
        ({"tokens": ["a"], "tags": [7]}, "x.jsonl:1: unknown label 7; valid: O, B-PER"),
        ({"tokens": ["a"], "tags": [False]}, "x.jsonl:1: unknown label False"),
        ({"tokens": ["a"], "tags": ["B-MISC"]}, "x.jsonl:1: unknown label 'B-MISC'"),
        ({"tokens": [" "], "tags": [0]}, "x.jsonl:1: 'tokens' holds ' ', which is no word"),
        ({"tokens": [3], "tags": [0]}, "x.jsonl:1: 'tokens' holds 3, which is no word"),
        ({"tokens": ["a"]}, "x.jsonl: no column 'ner_tags' or 'tags' or 'labels'; it has 'tokens'"),
    ],
)
def test_what_is_wrong_with_lists_is_told_with_its_line(save: Save, row: dict[str, Any], message: str) -> None:
    """Lists of different length, values that are no lists, and entries that are no words or tags are told."""
    with pytest.raises(DataError, match=message.replace(".", "[.]")):
        read_tagged(save("x.jsonl", json.dumps(row)), "ner")


def test_the_hubs_parquet(tmp_path: Path) -> None:
    """WikiAnn's numbers are its documented order; class names in the file decide where it has them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "x.parquet"
    columns = {
        "tokens": [["A", "B"], ["c"]],
        "ner_tags": [[5, 6], [0]],
        "langs": [["en", "en"], ["en"]],
        "spans": [["LOC: A B"], []],
    }
    expected = Tagged((("A", "B"), ("c",)), ((NER["B-LOC"], NER["I-LOC"]), (NER["O"],)))
    pq.write_table(pa.table(columns), path)
    assert read_tagged(path, "ner", language=ENG) == expected
    turned = list(LABELS["ner"][::-1])
    for feature in ({"feature": {"names": turned, "_type": "ClassLabel"}, "_type": "Sequence"}, [{"names": turned}]):
        metadata = {"huggingface": json.dumps({"info": {"features": {"ner_tags": feature, "tokens": None}}})}
        backwards = pa.table({**columns, "ner_tags": [[1, 0], [6]]}).replace_schema_metadata(metadata)
        pq.write_table(backwards, path)
        assert read_tagged(path, "ner") == expected
    pq.write_table(pa.table({**columns, "ner_tags": [[5, 6], [9]]}), path)
    with pytest.raises(DataError, match=r"x\.parquet, row 2: unknown label 9"):
        read_tagged(path, "ner")
    pq.write_table(pa.table(columns).replace_schema_metadata({"huggingface": "{}"}), path)
    assert read_tagged(path, "ner") == expected


def test_numbered_upos_needs_names(tmp_path: Path) -> None:
    """UPOS has no one order: numbers are read by the names in the file, and are an error without them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "x.parquet"
    table = pa.table({"tokens": [["A", "b"]], "upos": [[0, 16]]})
    pq.write_table(table, path)
    with pytest.raises(DataError, match=r"x\.parquet, row 1: unknown label 0; valid: ADJ"):
        read_tagged(path, "pos")
    metadata = {"huggingface": json.dumps({"info": {"features": {"upos": {"feature": {"names": HUB_UPOS}}}}})}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    assert read_tagged(path, "pos").tags == ((POS["NOUN"], POS["VERB"]),)
    unknown = pa.table({"tokens": [["A"]], "upos": [[13]]}).replace_schema_metadata(metadata)
    pq.write_table(unknown, path)
    with pytest.raises(DataError, match=r"x\.parquet, row 1: unknown label 13"):
        read_tagged(path, "pos")


def test_bytes_in_parquet_lists_that_are_no_text(tmp_path: Path) -> None:
    """Tokens that are not UTF-8 are told with their row; NUL is no word."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "x.parquet"
    strings = pa.Array.from_buffers(pa.string(), 2, pa.array([b"a", b"\xe9"]).buffers())
    pq.write_table(pa.table({"tokens": pa.ListArray.from_arrays([0, 1, 2], strings), "ner_tags": [[0], [0]]}), path)
    with pytest.raises(DataError, match=r"x\.parquet, row 2: 'tokens' is not UTF-8"):
        read_tagged(path, "ner")
    pq.write_table(pa.table({"tokens": [["a\0"]], "ner_tags": [[0]]}), path)
    with pytest.raises(DataError, match=r"x\.parquet, row 1: 'tokens' holds 'a\\x00', which is no word"):
        read_tagged(path, "ner")


def test_real_wikiann_is_the_same_as_parquet_and_json(corpora: Path, tmp_path: Path, save: Save) -> None:
    """WikiAnn's Turkish test file, rewritten as lists, reads back as the very same sentences."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    real = read_tagged(corpora / "wikiann" / "test-tr.tsv", "ner")
    pq.write_table(pa.table({"tokens": real.words, "ner_tags": real.tags}), tmp_path / "x.parquet")
    assert read_tagged(tmp_path / "x.parquet", "ner") == real
    rows = zip(real.words, real.tags, strict=True)
    lines = "".join(json.dumps({"tokens": w, "ner_tags": [LABELS["ner"][t] for t in ts]}) + "\n" for w, ts in rows)
    assert read_tagged(save("x.jsonl", lines), "ner") == real
