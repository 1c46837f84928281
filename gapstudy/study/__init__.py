"""The study file: one TOML file that says everything that can change a number.

``Study.load("tiny")`` or ``Study.load("my-study.toml")``; a run is a :class:`Cell` with a seed (:class:`RunSpec`).
"""

from __future__ import annotations

from gapstudy.study.cells import FORMAT, Cell, RunSpec, settings_hash
from gapstudy.study.reading import PRESETS, preset_text
from gapstudy.study.records import (
    METRICS,
    Analysis,
    DataSource,
    Hyper,
    Override,
    Places,
    Pretraining,
    Randomness,
    Representation,
    Sweep,
    Task,
)
from gapstudy.study.study import Study

__all__ = [
    "FORMAT",
    "METRICS",
    "PRESETS",
    "Analysis",
    "Cell",
    "DataSource",
    "Hyper",
    "Override",
    "Places",
    "Pretraining",
    "Randomness",
    "Representation",
    "RunSpec",
    "Study",
    "Sweep",
    "Task",
    "preset_text",
    "settings_hash",
]
