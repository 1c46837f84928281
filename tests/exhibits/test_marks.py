"""The parts of figures: what is not a number is not drawn, dots and labels keep apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.exhibits.drawing import figure
from gapstudy.exhibits.looks import KINDS
from gapstudy.exhibits.marks import Pane, columns_at, estimate_mark, jitter, log_axis, seed_dots, spread, told
from gapstudy.stats import Estimate

NAN = float("nan")


def test_what_is_no_number_is_not_drawn(drawn: Callable[[Path], Any], tmp_path: Path) -> None:
    """NaN seeds have no dot, a NaN interval no bar, a NaN estimate no mark; the others keep their own texts."""
    path = tmp_path / "nan.svg"
    with figure(path, height=1.5) as drawing:
        pane = Pane(drawing, drawing.axes[0])
        seed_dots(pane, 0.0, [1.0, NAN, 3.0], KINDS["phoneme"], ["first", "second", "third"])
        seed_dots(pane, 0.0, [NAN], KINDS["phoneme"], ["nothing"])
        estimate_mark(pane, 1.0, Estimate(NAN, NAN, NAN, 0.95, 1, "none"), KINDS["phoneme"], "no estimate")
        before = len(drawing.axes[0].lines)
        estimate_mark(pane, 1.0, Estimate(2.0, NAN, NAN, 0.95, 1, "none"), KINDS["phoneme"], "no interval")
        assert len(drawing.axes[0].lines) == before + 1
        estimate_mark(pane, 1.0, Estimate(2.0, 1.0, 3.0, 0.95, 5, "t"), KINDS["phoneme"], "both")
        assert len(drawing.axes[0].lines) == before + 3

    titles = [t.text for t in drawn(path).iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["first", "third", "no interval", "both"]


@given(st.integers(1, 200))
def test_jitter_is_the_same_and_keeps_apart(n: int) -> None:
    """Offsets depend on their number alone, stay within the width, and no two are closer than a third of even steps."""
    offsets = jitter(n, 0.2)

    assert (offsets == jitter(n, 0.2)).all()
    assert np.abs(offsets).max() <= 0.1
    assert n == 1 or np.diff(np.sort(offsets)).min() >= 0.2 / n / 3


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20), st.floats(0.1, 20))
def test_labels_are_spread(places: list[float], step: float) -> None:
    """Spread places ascend by at least the step, keep their mean, and stay where they were when far enough apart."""
    places = sorted(places)
    found = spread(places, step)

    assert (np.diff(found) >= step - 1e-9).all()
    assert np.mean(found) == pytest.approx(np.mean(places), abs=1e-9)
    if (np.diff(places) >= step).all():
        assert found == pytest.approx(places)


def test_marks_of_a_group_stay_in_their_group() -> None:
    """However many, they lie round 0, evenly, and clear of the next group, which is 1 away."""
    for n in range(1, 12):
        places = columns_at(n)
        assert sum(places) == pytest.approx(0.0)
        assert max(places) - min(places) < 0.8


def test_told_counts_seeds() -> None:
    """The text of a mark has value, interval and number of seeds; without an interval it has none."""
    assert told("a", "CKA", Estimate(0.5, 0.4, 0.6, 0.95, 15, "t"), 2) == "a: CKA 0.50 [0.40, 0.60], 15 seeds"
    assert told("a", "CKA", Estimate(0.5, NAN, NAN, 0.95, 1, ""), 2) == "a: CKA 0.50, 1 seed"


def test_logarithmic_axes_have_plain_numbers(tmp_path: Path) -> None:
    """Powers of ten are written out, without mathematics, which data could use."""
    with figure(tmp_path / "log.svg", height=1.5) as drawing:
        axis = drawing.axes[0]
        log_axis(axis.xaxis, 0.005, 2e6)
        labels = [axis.xaxis.get_major_formatter()(x) for x in axis.xaxis.get_majorticklocs()]

    assert labels == ["0.01", "0.1", "1", "10", "100", "1k", "10k", "100k", "1M"]
