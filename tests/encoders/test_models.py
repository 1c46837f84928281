"""Encoders from model folders: the same vectors alone and in a batch, weights that are all there, and learning."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gapstudy.coders import load_coder
from gapstudy.data import LABELS, Sentences, Tagged
from gapstudy.encode import encode
from gapstudy.errors import ModelError, RunError
from gapstudy.study import Hyper
from gapstudy.units import Spelling
from tests.encoders.folders import edit_config, make_canine, rows_of

pytestmark = pytest.mark.train
KINDS = ("subword", "character", "phoneme")
Open = Callable[[Path, str], Any]
CLOSE: Any = {"rtol": 1e-4, "atol": 2e-5}


def _hidden(encoder: Any, batch: Any) -> Any:
    import torch

    with torch.no_grad():
        return encoder(input_ids=batch.ids, token_type_ids=batch.types, attention_mask=batch.mask).last_hidden_state


# ---- the same, whatever else is in the batch -----------------------------------------------------------------------
@pytest.mark.parametrize("corpus", ["xnli", "parallel"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_is_the_same_alone_and_in_a_batch(
    kind: str, corpus: str, folders: dict[str, Path], speller: Callable[[str], Spelling], corpora_of: dict[str, Any],
    encoder_in: Open,
) -> None:  # fmt: skip
    """Every unit's vector is the same when a sequence is read by itself as among shorter and longer ones."""
    encoded = encode(corpora_of[corpus], speller(kind), load_coder(folders[kind], kind), max_length=512)
    encoder = encoder_in(folders[kind], kind)
    together = _hidden(encoder, rows_of(encoded, range(len(encoded)))).numpy()
    for i, length in enumerate(encoded.lengths):
        alone = _hidden(encoder, rows_of(encoded, [i])).numpy()[0]
        assert len(alone) == length
        np.testing.assert_allclose(alone, together[i, :length], **CLOSE)


def test_canine_by_itself_depends_on_padding_and_here_does_not(folders: dict[str, Path], encoder_in: Open) -> None:
    """Transformers' own model changes a sentence's last vectors with its padding; lengths 4 to 130 are proof here."""
    import torch

    coder = load_coder(folders["character"], "character")
    lines = tuple("abcdefgh "[i % 9] * i for i in [*range(1, 40, 3), 118, 119, 120, 126, 128])
    encoded = encode(Sentences(lines), _Lines(), coder, max_length=512)
    encoder = encoder_in(folders["character"], "character")
    wide = rows_of(encoded, range(len(encoded)))
    together = _hidden(encoder, wide).numpy()
    changed = []
    for i, length in enumerate(encoded.lengths):
        one = rows_of(encoded, [i])
        np.testing.assert_allclose(_hidden(encoder, one).numpy()[0], together[i, :length], **CLOSE)
        if length >= 4:
            with torch.no_grad():
                raw = encoder.model(input_ids=one.ids, attention_mask=one.mask).last_hidden_state.numpy()[0]
            changed.append(float(np.abs(raw - together[i, :length]).max()))
    assert max(changed) > 0.01  # what the padding is for


class _Lines:
    """A whole line as one word."""

    separator: str | None = " "
    provenance = identity = ""

    def split(self, text: str) -> list[str]:
        return [text]

    def spell(self, words: Any) -> dict[str, str]:
        return {word: word for word in words}


def test_canine_is_transformers_canine_where_there_is_padding_enough(
    folders: dict[str, Path], speller: Callable[[str], Spelling], corpora_of: dict[str, Any], encoder_in: Open
) -> None:
    """On a sequence filled up to 128 characters, outputs and gradients are those of the model as it is."""
    import torch

    encoded = encode(
        corpora_of["xnli"], speller("character"), load_coder(folders["character"], "character"), max_length=119
    )
    batch = rows_of(encoded, [int(np.argmax(encoded.lengths))])
    encoder = encoder_in(folders["character"], "character")
    size = -(-(int(encoded.lengths.max()) + 9) // 64) * 64
    filled = [torch.nn.functional.pad(t, (0, size - t.shape[1])) for t in (batch.ids, batch.types, batch.mask)]
    theirs = encoder.model(input_ids=filled[0], token_type_ids=filled[1], attention_mask=filled[2]).last_hidden_state
    ours = encoder(input_ids=batch.ids, token_type_ids=batch.types, attention_mask=batch.mask).last_hidden_state
    assert torch.equal(ours, theirs[:, : ours.shape[1]])
    gradients = [torch.autograd.grad(out[:, : ours.shape[1]].square().sum(), encoder.model.parameters(), allow_unused=True)
                 for out in (ours, theirs)]  # fmt: skip
    for a, b in zip(*gradients, strict=True):
        assert (a is None and b is None) or torch.equal(a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_layers_are_per_unit_and_told_apart(
    kind: str,
    folders: dict[str, Path],
    speller: Callable[[str], Spelling],
    corpora_of: dict[str, Any],
    encoder_in: Open,
) -> None:
    """Input, numbered and last layers give one vector a sentence; the input layer is the embeddings' output."""
    import torch

    from gapstudy.extract import sentence_vectors

    encoded = encode(corpora_of["parallel"], speller(kind), load_coder(folders[kind], kind), max_length=512)
    encoder = encoder_in(folders[kind], kind)
    found = sentence_vectors(encoder, encoded, torch.device("cpu"), ("input", "1", "last"))
    assert {layer: rows.shape for layer, rows in found.items()} == dict.fromkeys(
        ("input", "1", "last"), (len(encoded), 32)
    )
    one = rows_of(encoded, [2])
    embed = encoder.model.char_embeddings if kind == "character" else encoder.model.embeddings
    with torch.no_grad():
        vectors = embed(input_ids=one.ids, token_type_ids=one.types)[0]
    own = (one.words >= -1)[0]
    np.testing.assert_allclose(found["input"][2], vectors[own].mean(0).numpy(), **CLOSE)
    assert not np.allclose(found["1"], found["last"], atol=1e-3)
    with pytest.raises(RunError, match="no layer 99; valid: input, last, 1 to"):
        sentence_vectors(encoder, encoded, torch.device("cpu"), ("99",))


def test_canines_deep_layers_stand_at_their_characters(
    folders: dict[str, Path], speller: Callable[[str], Spelling], corpora_of: dict[str, Any], encoder_in: Open
) -> None:
    """Layers are embeddings, the first block, the deep blocks by molecule as CANINE itself repeats them, and the last."""
    import torch

    encoded = encode(
        corpora_of["parallel"], speller("character"), load_coder(folders["character"], "character"), max_length=512
    )
    encoder = encoder_in(folders["character"], "character")
    batch = rows_of(encoded, [int(np.argmax(encoded.lengths))])
    size = -(-(int(encoded.lengths.max()) + 9) // 64) * 64
    filled = [torch.nn.functional.pad(t, (0, size - t.shape[1])) for t in (batch.ids, batch.types, batch.mask)]
    with torch.no_grad():
        ours = encoder(
            input_ids=batch.ids, token_type_ids=batch.types, attention_mask=batch.mask, output_hidden_states=True
        )
        own = encoder.model(
            input_ids=filled[0], token_type_ids=filled[1], attention_mask=filled[2], output_hidden_states=True
        )
        deep = [encoder.model._repeat_molecules(molecules, size) for molecules in own.hidden_states[3:-2]]
    expected = [own.hidden_states[0], own.hidden_states[1], *deep, own.last_hidden_state]
    assert len(ours.hidden_states) == len(expected) == 1 + 1 + encoder.config.num_hidden_layers + 1
    for mine, theirs in zip(ours.hidden_states, expected, strict=True):
        assert torch.equal(mine, theirs[:, : mine.shape[1]])


def test_the_mean_of_a_word_is_over_its_units_alone(
    folders: dict[str, Path], speller: Callable[[str], Spelling]
) -> None:
    """Each unit of a word gets the mean over the word's units, also beside words that the tokenizer makes nothing of."""
    import torch

    from gapstudy.models import _word_means

    words = ("\u200b", "\u200b", "\u200b", "\u200b", "\u200b", "naïve", "cat")
    encoded = encode(
        Tagged((words, ("the", "cat")), ((0,) * 7, (0, 1))),
        speller("subword"),
        load_coder(folders["subword"], "subword"),
        max_length=64,
    )
    assert encoded.positions[:7].tolist()[:5] == [-1] * 5
    batch = rows_of(encoded, [0, 1])
    assert int(batch.words.max()) < batch.ids.shape[1]
    hidden = torch.randn(*batch.ids.shape, 3, generator=torch.Generator().manual_seed(0))
    found = _word_means(hidden, batch.words)
    for sequence in range(2):
        numbers = encoded.words[encoded.starts[sequence] : encoded.starts[sequence + 1]]
        for at, number in enumerate(numbers):
            own = (
                hidden[sequence, : len(numbers)][torch.from_numpy(numbers == number)].mean(0)
                if number >= 0
                else hidden[sequence, at]
            )
            torch.testing.assert_close(found[sequence, at], own)


# ---- XPhoneBERT's positions ------------------------------------------------------------------------------------------
def test_positions_of_phones_begin_after_the_padding_id(
    folders: dict[str, Path], speller: Callable[[str], Spelling], corpora_of: dict[str, Any], encoder_in: Open
) -> None:
    """Units have positions 2, 3, ... and padding has 1, as in XPhoneBERT's pre-training; 512 units fit, no more."""
    import torch

    coder = load_coder(folders["phoneme"], "phoneme")
    encoder = encoder_in(folders["phoneme"], "phoneme")
    seen: list[Any] = []
    encoder.model.embeddings.position_embeddings.register_forward_pre_hook(lambda _m, args: seen.append(args[0]))
    encoded = encode(corpora_of["xnli"], speller("phoneme"), coder, max_length=512)
    batch = rows_of(encoded, [0, 1])
    _hidden(encoder, batch)
    for row, length in zip(seen[0].tolist(), encoded.lengths[:2], strict=True):
        assert row == [*range(2, 2 + length), *[1] * (len(row) - length)]
    full = encode(Sentences(("the cat " * 400,)), speller("phoneme"), coder, max_length=coder.framing.limit)
    assert full.lengths.tolist() == [512]
    assert _hidden(encoder, rows_of(full, [0])).shape == (1, 512, 32)
    assert torch.equal(seen[-1][0, -1], torch.tensor(513))


# ---- weights -----------------------------------------------------------------------------------------------------------
def _copy(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


def test_pickled_weights_are_refused_and_the_way_out_is_told(
    folders: dict[str, Path], tmp_path: Path, encoder_in: Open
) -> None:
    """A folder with pytorch_model.bin alone is not read; one with neither is told apart from it."""
    folder = _copy(folders["subword"], tmp_path / "m")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="no weights as safetensors: none at all"):
        encoder_in(folder, "subword")
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match=r"only pickled ones \(pytorch_model.bin\), which are refused.*refs/pr/N"):
        encoder_in(folder, "subword")


def test_weights_of_another_shape_or_with_parts_missing_are_told(
    folders: dict[str, Path], tmp_path: Path, encoder_in: Open
) -> None:
    """A config with more layers than the weights, or wider ones, is no model; a damaged file is told as such."""
    deeper = edit_config(_copy(folders["subword"], tmp_path / "a"), num_hidden_layers=3)
    with pytest.raises(ModelError, match=r"the weights lack \d+ parts such as encoder.layer.2"):
        encoder_in(deeper, "subword")
    wider = edit_config(_copy(folders["subword"], tmp_path / "b"), intermediate_size=128)
    with pytest.raises(ModelError, match=r"have another shape|cannot be read"):
        encoder_in(wider, "subword")
    damaged = _copy(folders["subword"], tmp_path / "c")
    (damaged / "model.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(ModelError, match="the weights cannot be read"):
        encoder_in(damaged, "subword")


def test_a_model_with_a_decoder_is_refused(folders: dict[str, Path], tmp_path: Path, encoder_in: Open) -> None:
    """Encoder-decoder models are named with what is valid."""
    folder = edit_config(_copy(folders["subword"], tmp_path / "m"), is_encoder_decoder=True)
    with pytest.raises(ModelError, match="valid: models that are an encoder alone"):
        encoder_in(folder, "subword")


def test_a_pooler_may_be_missing(folders: dict[str, Path], tmp_path: Path, encoder_in: Open) -> None:
    """The pooler is never used, so weights without one are whole."""
    from safetensors.torch import load_file, save_file

    folder = _copy(folders["subword"], tmp_path / "m")
    path = folder / "model.safetensors"
    kept = {k: v for k, v in load_file(path).items() if not k.startswith("pooler.")}
    save_file(kept, path, {"format": "pt"})
    assert encoder_in(folder, "subword").config.hidden_size == 32


# ---- learning -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("task", "words"), [("xnli", "first"), ("ner", "first"), ("ner", "all"), ("pos", "first"), ("pos", "mean")]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_handful_of_examples_is_learnt_by_heart(
    kind: str, task: str, words: str, folders: dict[str, Path], speller: Callable[[str], Spelling],
    corpora_of: dict[str, Any], encoder_in: Open,
) -> None:  # fmt: skip
    """Each kind of model fits a few examples of each task, whatever a word's label is read from."""
    import torch

    from gapstudy.job import _labelling
    from gapstudy.tasks import primary_metric, scorer
    from gapstudy.train import Material, fit

    encoded = encode(corpora_of[task], speller(kind), load_coder(folders[kind], kind), max_length=512)
    score = scorer(task, encoded.targets.tolist(), encoded.counts.tolist())
    labelling = _labelling(task) if words == "all" else None
    material = Material(
        encoded, encoded, len(LABELS[task]), score, primary_metric(task), words=words, labelling=labelling
    )
    hyper = Hyper(epochs=30, batch_size=3, learning_rate=4e-3, dropout=0.0, warmup=0.1, pooling="mean")
    encoder = encoder_in(folders[kind], kind)
    fitted = fit(encoder, material, hyper, 1, device=torch.device("cpu"))
    assert max(row[f"dev_{primary_metric(task)}"] for row in fitted.history) >= 95.0


def test_a_short_pair_of_characters_can_be_read(
    tmp_path: Path, encoder_in: Open, speller: Callable[[str], Spelling]
) -> None:
    """CANINE's pooling needs 4 characters; a sentence of one letter, or of none, has more than that here."""
    folder = make_canine(tmp_path / "c")
    encoded = encode(Sentences(("a", "")), speller("character"), load_coder(folder, "character"), max_length=64)
    assert encoded.lengths.tolist() == [3, 2]
    assert np.isfinite(_hidden(encoder_in(folder, "character"), rows_of(encoded, [0, 1])).numpy()).all()
