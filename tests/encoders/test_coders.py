"""The units of mBERT, CANINE, XPhoneBERT and other models: exactly what each of them was trained to read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.coders import Characters, Phones, load_coder, phone_vocabulary, unit_names
from gapstudy.data import Pairs, Sentences, Tagged
from gapstudy.encode import IGNORED, Framing, encode
from gapstudy.errors import ModelError
from gapstudy.units import Spelling
from tests.encoders.folders import SHAPE, WORDS, edit_config, make_xphonebert

pytestmark = pytest.mark.train
KINDS = ("subword", "character", "phoneme")


# ---- against the models' own tokenizers ----------------------------------------------------------------------------
def test_subwords_are_those_of_the_models_own_tokenizer(
    folders: dict[str, Path], speller: Callable[[str], Spelling], corpora_of: dict[str, Any]
) -> None:
    """Ids, token types and word indices of sentences and pairs are what AutoTokenizer gives for split words."""
    from transformers import AutoTokenizer

    own = AutoTokenizer.from_pretrained(folders["subword"])
    coder = load_coder(folders["subword"], "subword")
    pairs, tagged = corpora_of["xnli"], corpora_of["ner"]
    found = encode(pairs, speller("subword"), coder, max_length=512)
    for i, (premise, hypothesis) in enumerate(zip(pairs.premises, pairs.hypotheses, strict=True)):
        theirs = own(premise.split(), hypothesis.split(), is_split_into_words=True, return_token_type_ids=True)
        at = slice(found.starts[i], found.starts[i + 1])
        assert found.ids[at].tolist() == theirs["input_ids"]
        assert found.types[at].tolist() == theirs["token_type_ids"]
    found = encode(tagged, speller("subword"), coder, max_length=512)
    for i, words in enumerate(tagged.words):
        theirs = own(list(words), is_split_into_words=True)
        at = slice(found.starts[i], found.starts[i + 1])
        assert found.ids[at].tolist() == theirs["input_ids"]
        assert [w if w >= 0 else None for w in found.words[at].tolist()] == theirs.word_ids()


@pytest.mark.parametrize("family", ["roberta", "xlm-roberta", "distilbert"])
def test_other_families_are_framed_as_they_frame_themselves(
    family: str, tmp_path: Path, speller: Callable[[str], Spelling], corpora_of: dict[str, Any]
) -> None:
    """Byte-level BPE, SentencePiece unigrams and models without token types: ids are those of their own tokenizers."""
    from transformers import AutoTokenizer

    folder = _other(family, tmp_path / family)
    own = AutoTokenizer.from_pretrained(folder, **({"add_prefix_space": True} if family == "roberta" else {}))
    coder = load_coder(folder, "subword")
    pairs = corpora_of["xnli"]
    found = encode(pairs, speller("subword"), coder, max_length=200)
    assert not found.types.any() or family == "distilbert"
    for i, (premise, hypothesis) in enumerate(zip(pairs.premises, pairs.hypotheses, strict=True)):
        theirs = own(premise.split(), hypothesis.split(), is_split_into_words=True)["input_ids"]
        assert found.ids[found.starts[i] : found.starts[i + 1]].tolist() == theirs
    assert coder.framing.pad == own.pad_token_id
    assert coder.framing.limit == 256 - (2 if "roberta" in family else 0)


def _other(family: str, folder: Path) -> Path:
    """Write a model of another family."""
    import transformers as t
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    small = {"max_position_embeddings": 256}
    if family == "distilbert":
        names = [
            "[PAD]",
            "[UNK]",
            "[CLS]",
            "[SEP]",
            "[MASK]",
            *"abcdefghijklmnopqrstuvwxyz",
            *map("##{}".format, "abcdefghijklmnopqrstuvwxyz"),
        ]
        tokenizer = Tokenizer(models.WordPiece({n: i for i, n in enumerate(names)}, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        config: Any = t.DistilBertConfig(dim=32, n_layers=1, n_heads=2, hidden_dim=64, vocab_size=len(names), **small)
        fast = t.PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            pad_token="[PAD]",
            unk_token="[UNK]",
            cls_token="[CLS]",
            sep_token="[SEP]",
            mask_token="[MASK]",
        )
        t.DistilBertModel(config).save_pretrained(folder)
        fast.save_pretrained(folder)
        return folder
    names = ["<s>", "<pad>", "</s>", "<unk>"]
    special = {
        "bos_token": "<s>",
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "cls_token": "<s>",
        "sep_token": "</s>",
    }
    if family == "roberta":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
        trainer: Any = trainers.BpeTrainer(
            vocab_size=320,
            special_tokens=names,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(WORDS * 3, trainer)
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=True)
        config = t.RobertaConfig(
            **SHAPE, vocab_size=tokenizer.get_vocab_size(), type_vocab_size=1, pad_token_id=1, **small
        )
        model: Any = t.RobertaModel(config)
        fast = t.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
    else:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=names, unk_token="<unk>", show_progress=False)
        tokenizer.train_from_iterator(WORDS * 3, trainer)
        tokenizer.post_processor = processors.TemplateProcessing(
            "<s> $A </s>", "<s> $A </s> </s> $B </s>", [("<s>", 0), ("</s>", 2)]
        )
        config = t.XLMRobertaConfig(
            **SHAPE, vocab_size=tokenizer.get_vocab_size(), type_vocab_size=1, pad_token_id=1, **small
        )
        model = t.XLMRobertaModel(config)
        fast = t.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def test_characters_are_those_of_canines_tokenizer(
    folders: dict[str, Path], speller: Callable[[str], Spelling], corpora_of: dict[str, Any]
) -> None:
    """Ids are CanineTokenizer's, blanks between words kept; the second sentence of a pair has token type 1."""
    from transformers import CanineTokenizer

    own = CanineTokenizer.from_pretrained(folders["character"])
    coder = load_coder(folders["character"], "character")
    pairs = corpora_of["xnli"]
    found = encode(pairs, speller("character"), coder, max_length=2048)
    for i, (premise, hypothesis) in enumerate(zip(pairs.premises, pairs.hypotheses, strict=True)):
        at = slice(found.starts[i], found.starts[i + 1])
        assert found.ids[at].tolist() == own(premise, hypothesis)["input_ids"]
        assert found.types[at].tolist() == [0] * (len(premise) + 2) + [1] * (len(hypothesis) + 1)
    words = encode(corpora_of["ner"], speller("character"), coder, max_length=2048)
    first = corpora_of["ner"].words[1]
    line = " ".join(first)
    assert words.ids[words.starts[1] : words.starts[2]].tolist() == own(line)["input_ids"]
    assert words.positions[words.counts[0] : words.counts[:2].sum()].tolist() == [
        int(words.starts[1]) + 1 + len(" ".join(first[:i])) + (i > 0) for i in range(len(first))
    ]


def test_private_characters_of_a_text_are_not_canines_special_units() -> None:
    """A text that holds U+E000 to U+E004 has U+FFFD in their place."""
    ((ids, words),) = Characters().code([["a\ue000b", "\ue001"]], _Plain())
    assert ids == [ord("a"), 0xFFFD, ord("b"), ord(" "), 0xFFFD]
    assert words == [0, 0, 0, -1, 1]


class _Plain:
    """Words as they are, parted by blanks."""

    separator: str | None = " "
    provenance = identity = ""

    def split(self, text: str) -> list[str]:
        return text.split(" ")

    def spell(self, words: Any) -> dict[str, str]:
        return {word: word for word in words}


def test_phones_are_framed_as_xphonebert_reads_them(
    folders: dict[str, Path], speller: Callable[[str], Spelling]
) -> None:
    """Phones between "<s>" and "</s>", U+2581 between words and not at the ends, two "</s>" in a pair, one token type."""
    coder = load_coder(folders["phoneme"], "phoneme")
    names = {i: symbol for symbol, i in phone_vocabulary(folders["phoneme"]).items()}

    def shown(corpus: Any) -> str:
        found = encode(corpus, speller("phoneme"), coder, max_length=512)
        assert not found.types.any()
        return " ".join(names[i] for i in found.ids.tolist())

    assert shown(Sentences(("the cat .",))) == "<s> ð ə ▁ k æ t ▁ . </s>"
    assert shown(Pairs(("a cat",), ("the mat",), (0,))) == "<s> ə ▁ k æ t </s> </s> ð ə ▁ m æ t </s>"
    assert coder.framing == Framing(before=(0,), between=(2, 2), after=(2,), second=0, pad=1, unk=3, limit=512)


def test_a_vocabulary_may_have_a_symbol_a_line_or_all_in_one(tmp_path: Path) -> None:
    """Ids are line numbers, as a model's own tokenizer counts them, whatever other blanks a symbol is made of."""
    symbols = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "\u3000", "b"]
    for separator, kept in (("\n", symbols), ("\r\n", symbols), (" ", symbols)):
        (tmp_path / "vocab.txt").write_bytes((separator.join(kept) + "\n").encode())
        assert phone_vocabulary(tmp_path) == {symbol: i for i, symbol in enumerate(kept)}


def test_phones_are_found_composed_and_decomposed() -> None:
    """Whichever form a vocabulary has of a phone, the other is found in it too."""
    composed, decomposed = "ç", "ç"
    framing = Framing(unk=0)
    for listed in (composed, decomposed):
        ((ids, _),) = Phones({listed: 7, "▁": 1}, framing).code([[decomposed]], _Plain())
        assert ids == [7], listed
    assert Phones({"▁": 1}, framing).code([["ʘ"]], _Plain())[0][0] == [0]


@pytest.mark.parametrize("kind", KINDS)
@given(
    words=st.lists(
        st.sampled_from(["cat", "the", "a", "naïve", "고양이", "[SEP]", "<s>", "</s>", "x" * 40, "2", "?"]),
        min_size=1,
        max_size=9,
    )
)
def test_labels_come_back_through_the_units(
    kind: str, words: list[str], folders: dict[str, Path], speller: Callable[[str], Spelling]
) -> None:
    """The unit at a word's position belongs to that word and to no other, in order, and has the word's label."""
    import torch

    from gapstudy.batches import Padded

    coder = load_coder(folders[kind], kind)
    corpus = Tagged((tuple(words),), (tuple(i % 7 for i in range(len(words))),))
    found = encode(corpus, speller(kind), coder, max_length=512)
    kept = found.positions[found.positions >= 0]
    assert np.all(np.diff(kept) > 0)
    assert found.words[kept].tolist() == np.flatnonzero(found.positions >= 0).tolist()
    special = [*coder.framing.before, *coder.framing.between, *coder.framing.after]
    assert not set(found.ids[found.words >= -1].tolist()) & set(special)
    targets = Padded(found, torch.device("cpu")).targets[0]
    assert targets[targets != IGNORED].tolist() == found.targets[found.positions >= 0].tolist()


def test_the_real_vocabulary_reads_real_phones(
    corpora: Path, tmp_path: Path, speller: Callable[[str], Spelling]
) -> None:
    """A folder with XPhoneBERT's own vocabulary codes English sentences with hardly an unknown phone."""
    symbols = (corpora / "xphonebert" / "vocab.txt").read_text(encoding="utf-8").split()
    coder = load_coder(make_xphonebert(tmp_path / "x", symbols), "phoneme")
    lines = (corpora / "flores200" / "devtest" / "eng_Latn.devtest").read_text(encoding="utf-8").split("\n")[:60]
    found = encode(Sentences(tuple(lines)), speller("phoneme"), coder, max_length=512)
    assert coder.framing.unk == 3
    assert (found.ids == 3).mean() < 0.02
    known = unit_names(tmp_path / "x", "phoneme", small=False)
    assert known is not None
    assert {"ð", "▁", "t͡ʃ"} - known <= {"t͡ʃ"}


# ---- what does not fit -----------------------------------------------------------------------------------------
def _copy(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


def _without_tokenizer(folder: Path) -> None:
    for path in folder.iterdir():
        if "vocab" in path.name or "token" in path.name:
            path.unlink()


WRONG: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "no folder": ("subword", shutil.rmtree, "no such model folder"),
    "no config": ("subword", lambda f: (f / "config.json").unlink(), "it has no config.json"),
    "damaged config": ("subword", lambda f: (f / "config.json").write_text("{"), "cannot be read"),
    "config without a type": ("subword", lambda f: (f / "config.json").write_text("{}"), "names no model_type"),
    "remote code": ("subword", lambda f: edit_config(f, auto_map={"AutoModel": "x.py"}), "code from its own repository"),
    "no tokenizer": ("subword", _without_tokenizer, "has no tokenizer: none of tokenizer.json, vocab.txt"),
    "damaged tokenizer": ("subword", lambda f: [p.write_text("{") for p in f.glob("tokenizer*.json")], "cannot be read"),
    "fewer embeddings": ("subword", lambda f: edit_config(f, vocab_size=50), "does not fit the weights: its ids go to"),
    "another kind": ("character", lambda f: edit_config(f, model_type="bert"), "a character model is one of type 'canine'"),
    "no vocabulary": ("phoneme", lambda f: (f / "vocab.txt").unlink(), "has no vocabulary: none of vocab.txt"),
    "words for phones": ("phoneme", lambda f: (f / "vocab.txt").write_text("<s> <pad> </s> <unk> the cat"), "no '▁'"),
    "no special units": ("phoneme", lambda f: (f / "vocab.txt").write_text("▁ a b c"), "has neither <s> </s>"),
    "more phones than rows": ("phoneme", lambda f: edit_config(f, vocab_size=9), "the embeddings have 9 rows"),
    "another padding": ("phoneme", lambda f: edit_config(f, pad_token_id=0), "pad_token_id 0, its vocabulary says 1"),
    "not UTF-8": ("phoneme", lambda f: (f / "vocab.txt").write_bytes(b"\xff\xfe\xff"), "is not a vocabulary of phones"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_folder_that_does_not_fit_is_told(case: str, folders: dict[str, Path], tmp_path: Path) -> None:
    """What is wrong with a model folder is said in one line with its path."""
    kind, spoil, message = WRONG[case]
    folder = _copy(folders[kind], tmp_path / "model")
    spoil(folder)
    with pytest.raises(ModelError, match=message) as caught:
        load_coder(folder, kind)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)
