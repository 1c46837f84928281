"""How to write model folders in the forms that the hub has them, with random weights and a few dimensions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
PHONES = "n a t i s ə r l d k e o m u p ɪ ʃ b f z j ʊ ɛ v ɡ w ɑ h ŋ tʃ θ ð æ ɔ ʌ ɹ ɝ ʒ t͡ʃ d͡ʒ aː iː . , ? ! ' 0 2 9 ç c x y ɯ ø œ"
WORDS = ["the", "cat", "sat", "on", "a", "mat", "with", "two", "old", "dogs", "naïve", "고양이", "बिल्ली", "кошка"]
KINDS = {"subword": "mbert", "character": "canine", "phoneme": "xphonebert"}


def _save(model: Any, folder: Path) -> Path:
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    model.save_pretrained(folder)
    return folder


def make_mbert(folder: Path) -> Path:
    """Write a model of mBERT's kind: WordPiece in tokenizer.json and vocab.txt, 512 positions, two token types."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertModel, BertTokenizerFast

    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=names, show_progress=False)
    tokenizer.train_from_iterator([*WORDS, *"abcdefghijklmnopqrstuvwxyzA.,?!"], trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    torch.manual_seed(0)
    config = BertConfig(**SHAPE, vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=512)
    _save(BertModel(config), folder)
    BertTokenizerFast(tokenizer_object=tokenizer, do_lower_case=False).save_pretrained(folder)
    words = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (folder / "vocab.txt").write_text("\n".join(word for word, _ in words) + "\n", encoding="utf-8")
    return folder


def make_canine(folder: Path) -> Path:
    """Write a model of CANINE's kind."""
    import torch
    from transformers import CanineConfig, CanineModel, CanineTokenizer

    torch.manual_seed(0)
    config = CanineConfig(**SHAPE, num_hash_buckets=512, max_position_embeddings=2048)
    _save(CanineModel(config), folder)
    CanineTokenizer().save_pretrained(folder)
    return folder


def make_xphonebert(folder: Path, symbols: Sequence[str] = ()) -> Path:
    """Write a model of XPhoneBERT's kind: RoBERTa with 514 positions and one token type, phones in vocab.txt."""
    import torch
    from transformers import RobertaConfig, RobertaModel

    listed = symbols or ["<s>", "<pad>", "</s>", "<unk>", "▁", *PHONES.split(), "<mask>"]
    torch.manual_seed(0)
    config = RobertaConfig(**SHAPE, vocab_size=len(listed), max_position_embeddings=514, type_vocab_size=1,
                           pad_token_id=1, bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5)  # fmt: skip
    _save(RobertaModel(config), folder)
    (folder / "vocab.txt").write_text(" ".join(listed) + "\n", encoding="utf-8")
    return folder


MAKERS = {"mbert": make_mbert, "canine": make_canine, "xphonebert": make_xphonebert}


def rows_of(encoded: Any, at: Sequence[int], device: str = "cpu") -> Any:
    """Return the batch of some sequences, padded to the longest of them."""
    import torch

    from gapstudy.batches import Padded

    return next(iter(Padded(encoded, torch.device(device)).batches([np.asarray(at)])))


def edit_config(folder: Path, **changes: Any) -> Path:
    """Change keys of config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return folder
