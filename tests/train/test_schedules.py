"""Learning rates, against closed forms and against the schedulers of torch and transformers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.study import Hyper

pytestmark = pytest.mark.train

PEAK = 2e-3
SCHEDULES = ("cosine", "linear", "constant")


def _rates(total: int, schedule: str, warmup: float = 0.0) -> list[float]:
    from gapstudy.steps import learning_rate

    hyper = Hyper.model_validate({"schedule": schedule, "warmup": warmup, "learning_rate": PEAK})
    return [learning_rate(hyper, step, total) for step in range(total)]


def _scheduled(make: Callable[[Any], Any], total: int) -> list[float]:
    """Return the rates that a scheduler sets before each of ``total`` steps."""
    import torch

    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    scheduler = make(optimiser)
    rates = []
    for _ in range(total):
        rates.append(float(optimiser.param_groups[0]["lr"]))
        optimiser.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize(
    ("schedule", "closed"),
    [
        ("constant", lambda _done: 1.0),
        ("linear", lambda done: 1 - done),
        ("cosine", lambda done: (1 + math.cos(math.pi * done)) / 2),
    ],
)
def test_rates_follow_their_closed_forms(schedule: str, closed: Callable[[float], float]) -> None:
    """Without warm-up, step t of T has the peak times 1, 1 - t/T or (1 + cos(pi t/T))/2."""
    assert _rates(10, schedule) == pytest.approx([PEAK * closed(t / 10) for t in range(10)], rel=1e-12)


def test_rates_without_warmup_are_those_of_torch() -> None:
    """Cosine is CosineAnnealingLR to zero, linear is LinearLR to zero."""
    from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR

    assert _rates(37, "cosine") == pytest.approx(_scheduled(lambda o: CosineAnnealingLR(o, 37), 37), rel=1e-6)
    linear = _scheduled(lambda o: LinearLR(o, start_factor=1.0, end_factor=0.0, total_iters=37), 37)
    assert _rates(37, "linear") == pytest.approx(linear, rel=1e-6)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_rates_after_warmup_are_those_of_transformers(schedule: str) -> None:
    """After the warm-up each schedule is that of transformers; in it ours is one step ahead, so no step has rate 0."""
    from transformers import get_scheduler

    name = "constant_with_warmup" if schedule == "constant" else schedule
    theirs = _scheduled(lambda o: get_scheduler(name, o, num_warmup_steps=8, num_training_steps=40), 40)
    ours = _rates(40, schedule, 0.2)
    assert ours[8:] == pytest.approx(theirs[8:], rel=1e-9)
    assert ours[:8] == pytest.approx(theirs[1:9], rel=1e-9)
    assert theirs[0] == 0.0


@given(st.integers(1, 400), st.sampled_from(SCHEDULES), st.floats(0, 0.99))
def test_rates_rise_to_the_peak_and_never_again(total: int, schedule: str, warmup: float) -> None:
    """Every rate lies in (0, peak]; they rise to exactly the peak at the end of the warm-up and never after it."""
    rates = _rates(total, schedule, warmup)
    assert all(0 < rate <= PEAK for rate in rates)
    top = max(0, round(warmup * total) - 1)
    assert rates[top] == PEAK
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


@pytest.mark.parametrize("total", [1, 2, 10, 30, 1200])
def test_the_rate_of_pretraining_is_a_cosine_after_a_tenth(total: int) -> None:
    """Pre-training rises over a tenth of its steps and falls as transformers' cosine does."""
    from transformers import get_cosine_schedule_with_warmup

    from gapstudy.pretrain import _rate

    warmup = max(1, round(total / 10))
    theirs = _scheduled(lambda o: get_cosine_schedule_with_warmup(o, warmup, total), total + 1)
    ours = [PEAK * _rate(step, total) for step in range(total)]
    assert ours[:warmup] == pytest.approx(theirs[1 : warmup + 1], rel=1e-9)
    assert ours[warmup:] == pytest.approx(theirs[warmup:total], rel=1e-9)
