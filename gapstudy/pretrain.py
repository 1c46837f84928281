"""Brief masked-language-model pre-training of the small encoders, the same for every representation.

Paper: section 6 asks for a controlled environment; here the three encoders have the same architecture, the same
number of parameters, the same text, steps and masking, and differ only in their input units. Masking is that of
Devlin et al. 2019 (of the chosen units 80 % are masked, 10 % replaced, 10 % kept); the study says how many are chosen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gapstudy.encode import CLS, MASK, PAD, SEP, SPECIALS
from gapstudy.errors import RunError, StudyFileError
from gapstudy.models import small_encoder
from gapstudy.steps import Stream, stream_seed
from gapstudy.study import Pretraining

__all__ = ["build_tokenizer", "pretrain"]

Ints = npt.NDArray[np.int64]
_WARMUP = 0.1
PAIRS = 0.5
_POOL = 16


def build_tokenizer(kind: str, spelt: Iterable[str], size: int) -> Any:
    """Learn the units of a representation from spelt words.

    Parameters
    ----------
    kind : "subword" (WordPiece, as mBERT), "character" (code points) or "phoneme" (blank-separated phones).
    spelt : word tokens as the spelling writes them, word boundaries included; order does not matter.
    size : rows of the embedding table; the vocabulary holds at most that many units, the most frequent ones.

    Raises
    ------
    StudyFileError
        If ``size`` cannot hold the alphabet that subwords are made of.
    """
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    if kind == "subword":
        tokenizer = Tokenizer(models.WordPiece(_pieces(spelt, size), unk_token=SPECIALS[1]))
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        return tokenizer
    units = Counter(unit for word in spelt for unit in (word.split(" ") if kind == "phoneme" else word))
    common = sorted(units, key=lambda unit: (-units[unit], unit))[: size - len(SPECIALS)]
    vocabulary = {unit: i for i, unit in enumerate((*SPECIALS, *common))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=SPECIALS[1]))
    if kind == "phoneme":
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    return tokenizer


def _pieces(spelt: Iterable[str], size: int) -> dict[str, int]:
    """Learn WordPiece units, the same in every process.

    The trainer of ``tokenizers`` numbers letters inside words ("##e") in the order of a randomised hash map, and
    among equally frequent pairs merges the lowest numbers first: units and numbers differed from one process to the
    next. So those letters are learned first, and handed over sorted, beside the special units, whose order it keeps.
    """
    words = sorted(spelt)
    letters = _learned(words, 0, SPECIALS)
    if (least := len(letters)) > size:
        key = "pretrain.vocabulary_size"
        raise StudyFileError(key, [f"{size} is too small: the subwords of this text need {least}"])
    return _learned(words, size, (*SPECIALS, *sorted(unit for unit in letters if unit.startswith("##"))))


def _learned(words: Sequence[str], size: int, first: Sequence[str]) -> dict[str, int]:
    """Run the WordPiece trainer: the units ``first``, the alphabet, and merges until there are ``size``."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token=SPECIALS[1]))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=list(first), show_progress=False)
    tokenizer.train_from_iterator(words, trainer)
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    return vocabulary


def pretrain(
    sentences: Sequence[Sequence[int]],
    groups: Sequence[int],
    spec: Pretraining,
    device: torch.device,
    on_step: Callable[[int, float], None] = lambda _step, _loss: None,
) -> Any:
    """Train a small encoder to fill masked units, and return it (in eval mode).

    Parameters
    ----------
    sentences : unit ids of each sentence, without special units.
    groups : the language of each sentence, as a number; half of the examples join a sentence and the next.
    on_step : called with the step (from 1) and its loss.

    Raises
    ------
    RunError
        If the loss stops being finite; the message names the step.
    """
    torch.manual_seed(stream_seed(spec.seed, Stream.INIT))
    rng = np.random.default_rng(stream_seed(spec.seed, Stream.PRETRAIN))
    encoder = small_encoder(spec).to(device)
    head = _MaskedHead(encoder).to(device)
    # the head's output weights are the encoder's embeddings: name each parameter once
    parameters = list({id(p): p for p in (*encoder.parameters(), *head.parameters())}.values())
    optimiser = torch.optim.AdamW(parameters, lr=spec.learning_rate, weight_decay=0.01, fused=True)
    encoder.train()
    batches = _batches(sentences, groups, spec, rng)
    for step, batch in zip(range(spec.steps), batches, strict=False):
        for group in optimiser.param_groups:
            group["lr"] = spec.learning_rate * _rate(step, spec.steps)
        ids, types, mask, targets = (torch.from_numpy(column).to(device) for column in batch)
        hidden = encoder(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        chosen = targets >= 0
        loss = nn.functional.cross_entropy(head(hidden[chosen]), targets[chosen])
        if not math.isfinite(value := float(loss.detach())):
            msg = f"the loss is {value} in step {step + 1} of pre-training; lower pretrain.learning_rate"
            raise RunError(msg)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        on_step(step + 1, value)
    return encoder.eval()


class _MaskedHead(nn.Module):
    """BERT's masked-unit head: dense, GELU, LayerNorm, and the embedding table as output weights."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        size = encoder.config.hidden_size
        self.transform = nn.Sequential(nn.Linear(size, size), nn.GELU(), nn.LayerNorm(size))
        self.table = encoder.get_input_embeddings().weight
        self.bias = nn.Parameter(torch.zeros(len(self.table)))

    def forward(self, hidden: Tensor) -> Tensor:
        """Return (units, vocabulary) logits of (units, hidden) vectors."""
        return nn.functional.linear(self.transform(hidden), self.table, self.bias)


def _rate(step: int, total: int) -> float:
    """Rise over the first tenth, then fall as a cosine."""
    warmup = max(1, round(_WARMUP * total))
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))


def _batches(
    sentences: Sequence[Sequence[int]], groups: Sequence[int], spec: Pretraining, rng: np.random.Generator
) -> Iterator[tuple[Ints, Ints, Ints, Ints]]:
    """Draw batches without end; those of one pool are sorted by length, so that little of them is padding."""
    while True:
        examples = []
        for i in rng.integers(len(sentences) - 1, size=spec.batch_size * _POOL):
            follows = groups[i] == groups[i + 1] and rng.random() < PAIRS
            examples.append(_example(sentences[i], sentences[i + 1] if follows else None, spec.max_length))
        examples.sort(key=lambda example: len(example[0]))
        for k in rng.permutation(_POOL):
            yield _masked(examples[k * spec.batch_size : (k + 1) * spec.batch_size], spec, rng)


def _masked(
    rows: Sequence[tuple[list[int], list[int]]], spec: Pretraining, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints, Ints]:
    """Pad and mask examples: ids, token types, attention mask, and targets (-1: not to be filled)."""
    width = max(len(ids) for ids, _ in rows)
    ids, types = np.full((len(rows), width), PAD), np.zeros((len(rows), width), np.int64)
    for r, (row_ids, row_types) in enumerate(rows):
        ids[r, : len(row_ids)], types[r, : len(row_ids)] = row_ids, row_types
    attention = (ids != PAD).astype(np.int64)
    masked, targets = _mask(ids, spec, rng)
    return masked, types, attention, targets


def _example(first: Sequence[int], second: Sequence[int] | None, max_length: int) -> tuple[list[int], list[int]]:
    ids = [CLS, *first, SEP][:max_length]
    types = [0] * len(ids)
    if second is not None:
        ids = [*ids, *second, SEP][:max_length]
        types += [1] * (len(ids) - len(types))
    return ids, types


def _mask(ids: Ints, spec: Pretraining, rng: np.random.Generator) -> tuple[Ints, Ints]:
    own = (ids != PAD) & (ids != CLS) & (ids != SEP)
    chosen = own & (rng.random(ids.shape) < spec.mask)
    if not chosen.any() and own.any():  # a mean over nothing is no loss
        chosen.flat[rng.choice(np.flatnonzero(own))] = True
    targets = np.where(chosen, ids, -1)
    how = rng.random(ids.shape)
    random_ids = rng.integers(len(SPECIALS), spec.vocabulary_size, size=ids.shape)
    masked = np.where(chosen & (how < 0.8), MASK, np.where(chosen & (how >= 0.9), random_ids, ids))
    return masked, targets
