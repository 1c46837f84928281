"""The units of an encoder: from spelt words to its ids, with the facts of each kind of model.

Paper: section 3.1 (mBERT, CANINE, XPhoneBERT). Each coder cuts a sentence word by word, so that the word of every unit
is known exactly:

* subwords: the model's own fast tokenizer, given words (``word_ids``); any Hugging Face model that has one;
* characters: code points, as CANINE reads them, the blank between words a unit of its own. CANINE's own tokenizer joins
  words without blanks and forgets the token types of pairs, so it is not asked;
* phones: a vocabulary of phones, one id a phone, U+2581 between words, as XPhoneBERT reads them. A phone is looked up
  as it comes (NFD), then composed (NFC): vocabularies hold one form or the other.

The folder of an encoder is that of a Hugging Face model. Pickled weights and remote code are refused.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gapstudy.encode import BOUNDARY, SPECIALS, Chunks, Coder, Framing
from gapstudy.errors import ModelError
from gapstudy.units import WORD_BOUNDARY, Spelling, interleave

__all__ = ["Characters", "Phones", "Subwords", "load_coder", "phone_vocabulary", "small_coder"]

_LONGEST = 2048  # CANINE's own tokenizer goes so far, though its position embeddings go to 16,384
_PRIVATE = range(0xE000, 0xE005)  # CANINE's special units are private code points; a text may hold them too
_REPLACEMENT = 0xFFFD
_CANINE = Framing(before=(0xE000,), between=(0xE001,), after=(0xE001,), second=1, pad=0, unk=-1, limit=_LONGEST)
_PHONE_SPECIALS = (("<s>", "</s>", "<pad>", "<unk>"), ("[CLS]", "[SEP]", "[PAD]", "[UNK]"))
_VOCABULARIES = ("vocab.txt", "vocab.json", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class Subwords:
    """Units of a ``tokenizers.Tokenizer`` that is given one word at a time."""

    tokenizer: Any
    framing: Framing

    def code(self, sentences: Sequence[Sequence[str]], spelling: Spelling) -> list[Chunks]:
        """Return unit ids and word indices."""
        step = 1 if spelling.separator is None else 2
        spelt = spelling.spell({word for words in sentences for word in words})
        inputs = [interleave(words, spelt, spelling.separator) for words in sentences]
        encodings = self.tokenizer.encode_batch(inputs, is_pretokenized=True, add_special_tokens=False)
        return [(e.ids, [BOUNDARY if w is None or w % step else w // step for w in e.word_ids]) for e in encodings]


@dataclass(frozen=True, slots=True)
class Characters:
    """Code points."""

    framing: Framing = _CANINE

    def code(self, sentences: Sequence[Sequence[str]], spelling: Spelling) -> list[Chunks]:
        """Return unit ids and word indices."""
        return _joined(sentences, spelling, _code_points)


@dataclass(frozen=True, slots=True)
class Phones:
    """Phones of a vocabulary."""

    vocabulary: dict[str, int]
    framing: Framing

    def code(self, sentences: Sequence[Sequence[str]], spelling: Spelling) -> list[Chunks]:
        """Return unit ids and word indices."""
        return _joined(sentences, spelling, lambda word: [self._id(phone) for phone in word.split(" ")])

    def _id(self, phone: str) -> int:
        found = self.vocabulary.get(phone)
        return self.vocabulary.get(unicodedata.normalize("NFC", phone), self.framing.unk) if found is None else found


def _code_points(word: str) -> list[int]:
    return [_REPLACEMENT if (point := ord(char)) in _PRIVATE else point for char in word]


def _joined(
    sentences: Sequence[Sequence[str]], spelling: Spelling, convert: Callable[[str], list[int]]
) -> list[Chunks]:
    """Convert each word type once, and join the words of each sentence with the separator."""
    spelt = spelling.spell({word for words in sentences for word in words})
    units = {word: convert(text) for word, text in spelt.items()}
    separator = [] if spelling.separator is None else convert(spelling.separator)
    chunks: list[Chunks] = []
    for words in sentences:
        ids: list[int] = []
        owners: list[int] = []
        for number, word in enumerate(words):
            if number:
                ids += separator
                owners += [BOUNDARY] * len(separator)
            ids += units[word]
            owners += [number] * len(units[word])
        chunks.append((ids, owners))
    return chunks


def small_coder(tokenizer: Any) -> Coder:
    """Return the coder of a small encoder, whose tokenizer's first five ids are ``SPECIALS``."""
    tokenizer.encode_special_tokens = True  # "[SEP]" in a text is a word like any other
    return Subwords(tokenizer, Framing())


def load_coder(folder: Path, kind: str, *, small: bool = False) -> Coder:
    """Return the coder of the encoder in ``folder``.

    Parameters
    ----------
    folder : a Hugging Face model folder.
    kind : "subword", "character" or "phoneme".
    small : whether it is one that gapstudy pre-trained itself.

    Raises
    ------
    ModelError
        If the folder has no tokenizer or vocabulary, or one that does not fit the model or the kind of input.
    """
    if small:
        from tokenizers import Tokenizer

        return small_coder(Tokenizer.from_file(str(folder / "tokenizer.json")))
    config = read_config(folder)
    if kind == "character":
        if config.get("model_type") != "canine":
            msg = f"{folder}: a character model is one of type 'canine'; this is {config.get('model_type')!r} (a subword model?)"
            raise ModelError(msg)
        return Characters()
    return _phones(folder, config) if kind == "phoneme" else _subwords(folder, config)


def read_config(folder: Path) -> dict[str, Any]:
    """Return a model's ``config.json``.

    Raises
    ------
    ModelError
        If there is none, it cannot be read, or the model needs code of its own.
    """
    path = folder / "config.json"
    if not folder.is_dir():
        msg = f"{folder}: no such model folder"
        raise ModelError(msg)
    if not path.is_file():
        msg = f"{folder} is not a model folder: it has no config.json"
        raise ModelError(msg)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read: {error}"
        raise ModelError(msg) from None
    if not isinstance(config, dict) or not config.get("model_type"):
        msg = f"{path} names no model_type"
        raise ModelError(msg)
    if config.get("auto_map"):
        msg = f"{path}: this model needs code from its own repository (auto_map), which is refused"
        raise ModelError(msg)
    return config


def _limit(config: dict[str, Any], pad: int) -> int:
    """Return the longest sequence; RoBERTa's positions start after the id of padding."""
    longest = config.get("max_position_embeddings") or config.get("n_positions") or _LONGEST
    if _positions_follow_padding(config):
        longest -= pad + 1
    return min(int(longest), _LONGEST)


def _positions_follow_padding(config: dict[str, Any]) -> bool:
    """Whether the first position is the id of padding plus one, as in RoBERTa and its kin."""
    return config["model_type"] in {
        "roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "roberta-prelayernorm", "xmod", "longformer", "mpnet",
        "data2vec-text", "ernie_m", "luke", "esm",
    }  # fmt: skip


# ---- phones -------------------------------------------------------------------------------------------------------
def phone_vocabulary(folder: Path) -> dict[str, int]:
    """Return the symbols of a phoneme model and their ids, from ``vocab.txt``, ``vocab.json`` or ``tokenizer.json``.

    Raises
    ------
    ModelError
        If there is none of them, or it cannot be read.
    """
    path = next((folder / name for name in _VOCABULARIES if (folder / name).is_file()), None)
    if path is None:
        msg = f"{folder} has no vocabulary: none of {', '.join(_VOCABULARIES)}"
        raise ModelError(msg)
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".txt":  # a symbol a line, or all of them in one
            lines = text.removesuffix("\n").split("\n")
            symbols = [line.rstrip("\r") for line in lines] if len(lines) > 1 else lines[0].split(" ")
            return {symbol: number for number, symbol in enumerate(symbols)}
        content = json.loads(text)
        found = content if path.name == "vocab.json" else content["model"]["vocab"]
        return {str(symbol): int(number) for symbol, number in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"{path} is not a vocabulary of phones: {type(error).__name__}: {error}"
        raise ModelError(msg) from None


def _phones(folder: Path, config: dict[str, Any]) -> Phones:
    vocabulary = phone_vocabulary(folder)
    if WORD_BOUNDARY not in vocabulary:
        msg = f"{folder}: its vocabulary has no {WORD_BOUNDARY!r} (U+2581) between words, so it is not one of phones"
        raise ModelError(msg)
    begin, end, pad, unk = next((names for names in _PHONE_SPECIALS if vocabulary.keys() >= set(names)), (None,) * 4)
    if begin is None or end is None or pad is None or unk is None:
        msg = f"{folder}: its vocabulary has neither {' '.join(_PHONE_SPECIALS[0])} nor {' '.join(_PHONE_SPECIALS[1])}"
        raise ModelError(msg)
    _fits(folder, max(vocabulary.values()), config)
    if _positions_follow_padding(config) and config.get("pad_token_id", 1) != vocabulary[pad]:
        msg = f"{folder}: config.json says pad_token_id {config.get('pad_token_id')}, its vocabulary says {vocabulary[pad]}"
        raise ModelError(msg)
    stop = (vocabulary[end],)
    robust = _positions_follow_padding(config)
    framing = Framing(
        before=(vocabulary[begin],),
        between=stop * 2 if robust else stop,  # "<s> A </s> </s> B </s>"
        after=stop,
        second=int(config.get("type_vocab_size", 1) > 1),
        pad=vocabulary[pad],
        unk=vocabulary[unk],
        limit=_limit(config, vocabulary[pad]),
    )
    special = {begin, end, pad, unk, "<mask>", "[MASK]"}
    return Phones({symbol: i for symbol, i in vocabulary.items() if symbol not in special}, framing)


def _fits(folder: Path, largest: int, config: dict[str, Any]) -> None:
    """Refuse a vocabulary with ids beyond the embedding table."""
    rows = config.get("vocab_size")
    if rows is not None and largest >= rows:
        msg = f"{folder}: the vocabulary does not fit the weights: its ids go to {largest}, the embeddings have {rows} rows"
        raise ModelError(msg)


# ---- subwords -----------------------------------------------------------------------------------------------------
def _subwords(folder: Path, config: dict[str, Any]) -> Subwords:
    wrapped = _auto_tokenizer(folder)
    tokenizer = wrapped.backend_tokenizer
    _fits(folder, max(tokenizer.get_vocab().values()), config)
    framing = _framing(folder, wrapped, config)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return Subwords(tokenizer, framing)


def _auto_tokenizer(folder: Path) -> Any:
    """Load a folder's fast tokenizer from its files alone."""
    import warnings

    from transformers import AutoTokenizer

    options = {"use_fast": True, "local_files_only": True, "trust_remote_code": False}
    tokenized = any((folder / name).is_file() for name in _TOKENIZERS)
    if not tokenized:
        msg = f"{folder} has no tokenizer: none of {', '.join(_TOKENIZERS)}"
        raise ModelError(msg)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:  # byte-level tokenizers need it to be given single words; others do not know it
                found = AutoTokenizer.from_pretrained(str(folder), add_prefix_space=True, **options)
            except TypeError:
                found = AutoTokenizer.from_pretrained(str(folder), **options)
    except Exception as error:
        why = str(error).strip().split("\n")[0]
        msg = f"{folder}: its tokenizer cannot be read ({type(error).__name__}: {why}); save it once as tokenizer.json"
        raise ModelError(msg) from error
    if not getattr(found, "is_fast", False):
        msg = f"{folder}: its tokenizer ({type(found).__name__}) is no fast one and cannot tell which word a unit belongs to"
        raise ModelError(msg)
    return found


_TOKENIZERS = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "sentencepiece.bpe.model",
    "spiece.model",
    "spm.model",
    "tokenizer.model",
)


def _framing(folder: Path, wrapped: Any, config: dict[str, Any]) -> Framing:
    """Find out what the tokenizer puts around sentences, by having it frame a word and a pair of words."""
    if wrapped.pad_token_id is None:
        msg = f"{folder}: its tokenizer has no padding token"
        raise ModelError(msg)
    tokenizer = wrapped.backend_tokenizer
    word = next(
        w for w in ("a", "1", ".", "▁") if tokenizer.encode([w], is_pretokenized=True, add_special_tokens=False).ids
    )
    single = tokenizer.encode([word], is_pretokenized=True)
    pair = tokenizer.encode([word], [word], is_pretokenized=True)
    before, after = _around(single.ids, single.sequence_ids)
    outer, end = _around(pair.ids, pair.sequence_ids)
    first_end = max(i for i, s in enumerate(pair.sequence_ids) if s == 0)
    second_start = min(i for i, s in enumerate(pair.sequence_ids) if s == 1)
    between = tuple(pair.ids[first_end + 1 : second_start])
    if (before, after) != (outer, end):
        msg = f"{folder}: its tokenizer frames pairs and single sentences differently, which is not supported"
        raise ModelError(msg)
    unk = wrapped.unk_token_id
    return Framing(
        before=before,
        between=between,
        after=after,
        # tokenizers of RoBERTa's kin give one type; those of BERT's kin give two, if the model has two
        second=int(config.get("type_vocab_size", 1) > 1 and max(pair.type_ids) > 0),
        pad=int(wrapped.pad_token_id),
        unk=-1 if unk is None else int(unk),
        limit=_limit(config, int(wrapped.pad_token_id)),
    )


def _around(ids: Sequence[int], sequences: Sequence[int | None]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the special ids before the first sentence and after the last."""
    own = [i for i, sequence in enumerate(sequences) if sequence is not None]
    return tuple(ids[: own[0]]), tuple(ids[own[-1] + 1 :])


def unit_names(folder: Path, kind: str, *, small: bool) -> frozenset[str] | None:
    """Return the phones that a phoneme model knows, for the audit; None for other kinds."""
    if kind != "phoneme":
        return None
    if small:
        from tokenizers import Tokenizer

        return frozenset(Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()) - set(SPECIALS)
    known = phone_vocabulary(folder)
    return frozenset(form for symbol in known for form in (symbol, unicodedata.normalize("NFD", symbol)))
