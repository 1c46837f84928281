"""Fine-tuning: the same seed gives the same bits, each source of chance its own stream, and the best epoch is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from gapstudy.errors import RunError
from gapstudy.study import Hyper, Randomness

if TYPE_CHECKING:
    from gapstudy.steps import Seeds, Stream
    from gapstudy.train import Fit, Material

pytestmark = pytest.mark.train

Maker = Callable[..., Any]
TASKS = ("xnli", "ner", "pos")


def _fit(encoder: Any, material: Material, hyper: Hyper, seed: int | Seeds = 0, **options: Any) -> Fit:
    import torch

    from gapstudy.train import fit

    return fit(encoder, material, hyper, seed, device=torch.device("cpu"), **options)


def _bits(model: Any) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize("task", TASKS)
def test_the_same_seed_gives_the_same_bits(task: str, encoder: Maker, material: Maker, hyper: Hyper) -> None:
    """Two fits with one seed agree in every weight and every number of the history, whatever was drawn in between."""
    import torch

    first = _fit(encoder(), material(task), hyper, seed=5)
    torch.rand(7)
    second = _fit(encoder(), material(task), hyper, seed=5)
    assert _bits(first.model) == _bits(second.model)
    assert (first.history, first.best_epoch) == (second.history, second.best_epoch)


@pytest.mark.parametrize("seed", [1, 2, 10_000])
def test_another_seed_gives_other_weights(seed: int, encoder: Maker, material: Maker, hyper: Hyper) -> None:
    """A seed changes the head's first weights, the order and the dropout, and so every trained matrix."""
    first, second = (_bits(_fit(encoder(), material("xnli"), hyper, seed=s).model) for s in (0, seed))
    unused = {name for name in first if first[name] == second[name]}
    assert not {name for name in unused if "layer" in name and "weight" in name}
    assert "head.weight" not in unused


def test_training_changes_the_encoder_and_the_head(encoder: Maker, material: Maker, hyper: Hyper) -> None:
    """Fine-tuning moves every matrix of the encoder, not only the head."""
    before, after = _bits(encoder()), _bits(_fit(encoder(), material("xnli"), hyper).model)
    matrices = [name for name in before if "layer." in name and name.endswith("dense.weight")]
    assert len(matrices) == 6
    assert all(before[name] != after[f"encoder.{name}"] for name in matrices)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """What a fit draws: the head's first weights, the order of each epoch, and what dropout leaves at its start."""
    import torch
    from torch import Tensor

    from gapstudy import steps, train
    from gapstudy.batches import epoch_order
    from gapstudy.models import TaskModel

    seen: dict[str, list[Any]] = {"INIT": [], "ORDER": [], "DROPOUT": []}

    class Watched(TaskModel):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            seen["INIT"].append(self.head.weight.detach().numpy().tobytes())

        def forward(self, *args: Any) -> Tensor:
            if self.training and len(seen["DROPOUT"]) < len(seen["ORDER"]):
                # what dropout would leave of ones, without disturbing what it draws next
                state = torch.get_rng_state()
                seen["DROPOUT"].append((self.dropout(torch.ones(64)) > 0).numpy().tobytes())
                torch.set_rng_state(state)
            logits: Tensor = super().forward(*args)
            return logits

    def order(*args: Any) -> Any:
        groups = epoch_order(*args)
        seen["ORDER"].append([group.tolist() for group in groups])
        return groups

    monkeypatch.setattr(train, "TaskModel", Watched)
    monkeypatch.setattr(steps, "epoch_order", order)
    return seen


@pytest.fixture
def draws(
    encoder: Maker, material: Maker, hyper: Hyper, watched: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], dict[str, Any]]:
    """Train one epoch with one stream (or none) seeded differently, and return what was drawn."""
    from gapstudy.steps import stream_seed

    def draw(stream: str) -> dict[str, Any]:
        def shifted(seed: int, which: Stream, *more: int) -> int:
            return stream_seed(seed + (which.name == stream), which, *more)

        for module in ("gapstudy.train", "gapstudy.steps"):
            monkeypatch.setattr(f"{module}.stream_seed", shifted)
        _fit(encoder(), material("xnli"), hyper.model_copy(update={"epochs": 1}))
        return {name: drawn.pop() for name, drawn in watched.items()}

    return draw


@pytest.mark.parametrize("stream", ["INIT", "ORDER", "DROPOUT"])
def test_each_source_of_chance_has_its_own_stream(stream: str, draws: Callable[[str], dict[str, Any]]) -> None:
    """Drawing one of initialisation, order and dropout from another seed changes that one and neither of the others."""
    before, after = draws("none"), draws(stream)
    assert {name for name in before if before[name] != after[name]} == {stream}


@pytest.mark.parametrize("free", ["init", "order", "dropout"])
def test_what_the_study_fixes_is_the_same_in_every_run(
    free: str, encoder: Maker, material: Maker, hyper: Hyper, watched: dict[str, list[Any]]
) -> None:
    """With two of initialisation, order and dropout fixed, two runs differ in the third alone; it is the run's own."""
    from gapstudy.steps import Seeds

    short = hyper.model_copy(update={"epochs": 1})
    fixed = Randomness.model_validate({name: 3 for name in ("init", "order", "dropout") if name != free})
    for seed in (0, 1):
        _fit(encoder(), material("xnli"), short, Seeds.of(seed, fixed))
    _fit(encoder(), material("xnli"), short, seed=1)
    assert {name for name, (a, b, _) in watched.items() if a != b} == {free.upper()}
    assert watched[free.upper()][1] == watched[free.upper()][2]


def test_seeds_are_the_runs_own_unless_they_are_fixed(encoder: Maker, material: Maker, hyper: Hyper) -> None:
    """A number for the seed and the same number for each of its parts give the same bits."""
    from gapstudy.steps import Seeds

    assert Seeds.of(5) == Seeds.of(5, Randomness()) == Seeds(5, 5, 5)
    first = _fit(encoder(), material("xnli"), hyper, seed=5)
    second = _fit(encoder(), material("xnli"), hyper, Seeds(5, 5, 5))
    assert _bits(first.model) == _bits(second.model)
    assert first.history == second.history


def test_a_runs_own_subset_depends_on_its_seed_alone() -> None:
    """As many rows as the study's subset has, ascending, without repeats, and others with another seed."""
    from gapstudy.data import subset
    from gapstudy.train import subset_rows

    rows = subset_rows(1001, 0.1, 4)
    assert rows == subset_rows(1001, 0.1, 4) == sorted(set(rows))
    assert len(rows) == len(subset(1001, 0.1, np.random.default_rng(0)))
    assert set(rows) <= set(range(1001))
    assert rows != subset_rows(1001, 0.1, 5)


def test_order_and_dropout_differ_between_epochs(
    encoder: Maker, material: Maker, hyper: Hyper, watched: dict[str, list[Any]]
) -> None:
    """Each epoch has an order and a dropout of its own, and every order visits each example once."""
    _fit(encoder(), material("xnli"), hyper)
    assert [sorted(chain.from_iterable(groups)) for groups in watched["ORDER"]] == [list(range(14))] * 3
    assert len({str(groups) for groups in watched["ORDER"]}) == 3
    assert len(set(watched["DROPOUT"])) == 3


def test_streams_epochs_and_steps_never_share_a_seed() -> None:
    """No two of (seed, stream, epoch, step) get the same seed, and none is beyond what torch takes."""
    from gapstudy.steps import Stream, stream_seed

    others = [stream for stream in Stream if stream is not Stream.DROPOUT]
    seeds = [stream_seed(seed, stream, epoch) for seed in range(50) for stream in others for epoch in range(20)]
    seeds += [stream_seed(seed, Stream.DROPOUT, *at) for seed in range(20) for at in product(range(20), range(20))]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def _scripted(material: Material, scores: list[float]) -> Material:
    """Judge epochs by a script instead of by what the model says."""
    queue: Iterator[float] = iter(scores)
    return replace(material, score=lambda _logits: {"accuracy": next(queue)})


@pytest.mark.parametrize(
    ("scores", "best"),
    [([1, 2, 3], 3), ([3, 2, 1], 1), ([1, 3, 3], 2), ([5, 5, 5], 1), ([0, 0, 0], 1), ([-1.0, float("nan"), -1.0], 1)],
)
def test_the_earliest_best_epoch_is_kept(
    scores: list[float], best: int, encoder: Maker, material: Maker, hyper: Hyper
) -> None:
    """Of equal dev scores the first counts, and the weights kept are those at the end of that epoch."""
    steady = hyper.model_copy(update={"schedule": "constant", "warmup": 0.0})
    found = _fit(encoder(), _scripted(material("xnli"), scores), steady)
    assert found.best_epoch == best
    assert [row["dev_accuracy"] for row in found.history] == pytest.approx(scores, nan_ok=True)
    # with a constant rate the first epochs do not depend on how many follow
    stopped = steady.model_copy(update={"epochs": best})
    alone = _fit(encoder(), _scripted(material("xnli"), list(range(best))), stopped)
    assert _bits(found.model) == _bits(alone.model)


@pytest.mark.parametrize(
    ("patience", "scores", "epochs"),
    [(1, [1, 2, 1, 3], 3), (1, [2, 2, 2, 2], 2), (2, [2, 1, 3, 0], 4), (2, [2, 1, 1, 3], 3), (0, [4, 3, 2, 1], 4)],
)
def test_training_ends_when_patience_does(
    patience: int, scores: list[float], epochs: int, encoder: Maker, material: Maker, hyper: Hyper
) -> None:
    """After so many epochs without a better dev score no other is begun; 0 waits for ever; the best epoch is kept."""
    waiting = hyper.model_copy(update={"epochs": 4, "patience": patience})
    found = _fit(encoder(), _scripted(material("xnli"), scores), waiting)
    assert len(found.history) == epochs
    assert found.best_epoch == 1 + int(np.argmax(scores[:epochs]))
    whole = _fit(encoder(), _scripted(material("xnli"), scores), waiting.model_copy(update={"patience": 0}))
    assert found.history == whole.history[:epochs]


def test_label_smoothing_is_that_of_the_definition(encoder: Maker, material: Maker, hyper: Hyper) -> None:
    """The first step's loss is the cross entropy to targets of which a share is spread over all labels."""
    import torch

    from gapstudy.batches import Padded
    from gapstudy.models import TaskModel
    from gapstudy.steps import Seeds, Steps
    from gapstudy.train import _optimiser

    given, share = material("xnli"), 0.3
    losses: list[torch.Tensor] = []
    for smoothing in (0.0, share):
        torch.manual_seed(5)
        model = TaskModel(encoder(), given.classes, dropout=0.0, pooling="cls")
        own = hyper.model_copy(update={"dropout": 0.0, "batch_size": 14, "label_smoothing": smoothing})
        data = Padded(given.train, torch.device("cpu"))
        with torch.no_grad():
            (batch,) = data.batches([np.arange(14)])
            logs = torch.log_softmax(model(batch.ids, batch.types, batch.mask, batch.words), -1)
        steps = Steps(model, _optimiser(model, own), data, own, Seeds.of(0))
        steps.epoch(0, losses)
        expected = -(1 - smoothing) * logs[torch.arange(14), batch.targets].mean() - smoothing * logs.mean()
        torch.testing.assert_close(losses.pop(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_the_history_tells_of_every_epoch(task: str, encoder: Maker, material: Maker, hyper: Hyper) -> None:
    """A row an epoch, numbered from 1, with the loss and every dev metric; the callback gets each when it is done."""
    from gapstudy.study import METRICS

    rows: list[tuple[int, dict[str, float]]] = []
    found = _fit(encoder(), material(task), hyper, on_epoch=lambda epoch, row: rows.append((epoch, row)))
    assert [epoch for epoch, _ in rows] == [1, 2, 3]
    assert [row for _, row in rows] == found.history
    assert [list(row) for row in found.history] == [["epoch", "train_loss", *(f"dev_{m}" for m in METRICS[task])]] * 3
    assert [row["epoch"] for row in found.history] == [1.0, 2.0, 3.0]


def test_the_kept_model_scores_what_the_history_says(encoder: Maker, material: Maker, hyper: Hyper) -> None:
    """Evaluating the model that fit returns gives the dev scores of the best epoch: dropout is off, weights are those."""
    import torch

    from gapstudy.train import evaluate

    given = material("pos")
    found = _fit(encoder(), given, hyper)
    scores = given.score(evaluate(found.model, given.dev, torch.device("cpu")))
    best = found.history[found.best_epoch - 1]
    assert {f"dev_{k}": v for k, v in scores.items()} == {k: v for k, v in best.items() if k.startswith("dev_")}
    assert not found.model.training


@pytest.mark.parametrize("task", TASKS)
def test_a_handful_of_examples_is_learnt_by_heart(task: str, encoder: Maker, material: Maker) -> None:
    """Judged by what it was trained on, a model gets everything right: labels, masks and gradients are in order."""
    hyper = Hyper(epochs=90, batch_size=7, learning_rate=5e-3, dropout=0.0, warmup=0.1, pooling="mean", max_length=128)
    found = _fit(encoder(), material(task, same=True), hyper)
    assert max(row[f"dev_{'entity_f1' if task == 'ner' else 'accuracy'}"] for row in found.history) == 100.0
    assert found.history[-1]["train_loss"] < 0.1 * found.history[0]["train_loss"]


def test_both_poolings_learn_and_differ(encoder: Maker, material: Maker, hyper: Hyper) -> None:
    """The head reads [CLS] or the mean, as the study says, and the two are not the same."""
    losses = [
        _fit(encoder(), material("xnli"), hyper.model_copy(update={"pooling": pooling})).history[-1]["train_loss"]
        for pooling in ("cls", "mean")
    ]
    assert losses[0] != losses[1]


@pytest.mark.parametrize("batch_size", [4, 14])
def test_a_diverged_run_is_an_error_that_names_the_epoch(
    batch_size: int, encoder: Maker, material: Maker, hyper: Hyper
) -> None:
    """A rate that is far too high ends the run in its first epoch, though NaN has an argmax and so a score.

    With one batch an epoch the loss is still finite, as it is computed before the step: then the outputs tell.
    """
    wild = hyper.model_copy(update={"learning_rate": 1e30, "batch_size": batch_size, "warmup": 0.0})
    what = "loss" if batch_size == 4 else "output"
    with pytest.raises(RunError, match=rf"the {what} is (nan|inf|-inf) in epoch 1: .*lower its hyper\.learning_rate"):
        _fit(encoder(), material("xnli"), wild)


def test_a_later_epoch_that_diverges_is_named(encoder: Maker, material: Maker, hyper: Hyper) -> None:
    """The epoch in the message is the one in which the loss stopped being finite."""
    spoilt = encoder()

    def spoil(epoch: int, _row: dict[str, float]) -> None:
        if epoch == 2:
            spoilt.embeddings.word_embeddings.weight.data.fill_(float("nan"))

    with pytest.raises(RunError, match="the loss is nan in epoch 3"):
        _fit(spoilt, material("xnli"), hyper, on_epoch=spoil)


def test_weight_decay_spares_biases_and_layer_norms(encoder: Maker, hyper: Hyper) -> None:
    """Every parameter is optimised once; matrices decay, vectors do not."""
    from gapstudy.models import TaskModel
    from gapstudy.train import _optimiser

    model = TaskModel(encoder(), 3, dropout=0.0, pooling="cls")
    groups = _optimiser(model, hyper.model_copy(update={"weight_decay": 0.3})).param_groups
    decay = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert sum(len(group["params"]) for group in groups) == len(decay) == len(list(model.parameters()))
    for name, parameter in model.named_parameters():
        spared = name.endswith("bias") or "LayerNorm" in name
        assert decay[id(parameter)] == (0.0 if spared else 0.3), name


def test_gradients_are_clipped(encoder: Maker, material: Maker, hyper: Hyper) -> None:
    """With gradients clipped to almost nothing the weights hardly move."""
    start = encoder().state_dict()["encoder.layer.0.output.dense.weight"]
    moved = []
    for clip in (1e-13, 1.0):
        steady = hyper.model_copy(update={"gradient_clip": clip, "weight_decay": 0.0})
        end = _fit(encoder(), material("xnli"), steady).model.state_dict()[
            "encoder.encoder.layer.0.output.dense.weight"
        ]
        moved.append(float((end - start).abs().max()))
    assert moved[0] < 1e-4 < moved[1]


def test_the_loss_ignores_padding_and_all_but_first_units() -> None:
    """The loss of tagged text is the mean over words: targets stand on first units and nowhere else."""
    import torch

    from gapstudy.batches import Padded
    from gapstudy.encode import IGNORED, Encoded

    def ints(*values: int) -> Any:
        return np.array(values, np.int32)

    packed = Encoded(
        ids=ints(2, 7, 8, 9, 3, 2, 7, 3),
        types=ints(*[0] * 8),
        words=ints(-2, 0, 0, 1, -2, -2, 0, -2),
        starts=ints(0, 5, 8),
        targets=ints(4, 5, 6),
        positions=ints(1, 3, 6),
        counts=ints(2, 1),
    )
    targets = Padded(packed, torch.device("cpu")).targets
    assert targets.tolist() == [[IGNORED, 4, IGNORED, 5, IGNORED], [IGNORED, 6, IGNORED, IGNORED, IGNORED]]
