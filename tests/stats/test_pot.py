"""Tests that the statistics import POT without torch, and that this check can fail."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

USE_ALL = """
import sys, numpy as np
from gapstudy import stats
rng = np.random.default_rng(0)
x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 3))
stats.sinkhorn_distance(x, y, reg=1.0); stats.exact_distance(x, y)
stats.cka_intervals([x, y], n_resamples=19, rng=rng); stats.cka_null(x, y, n_resamples=19, rng=rng)
stats.correlation(x[:, 0], y[:, 0], n_resamples=19, rng=rng); stats.holm([0.1, 0.2])
stats.proxy_a_distance(x, y, rng=rng); stats.detectable_correlation(15)
print(sorted({"torch", "jax", "tensorflow", "cupy", "matplotlib", "transformers"} & set(sys.modules)))
import os
print(sorted(name for name in os.environ if name.startswith("POT_")), os.environ.get("POT_BACKEND_DISABLE_JAX"))
"""


def run(code: str, **variables: str) -> list[str]:
    """Lines that a fresh interpreter prints."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("POT_")} | variables
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    return done.stdout.splitlines()


def test_statistics_never_load_torch() -> None:
    """Using every statistic loads no deep-learning framework and leaves the environment as it was."""
    assert run(USE_ALL) == ["[]", "[] None"]


def test_environment_is_restored() -> None:
    """A variable of POT that the user has set keeps its value."""
    code = "import os; from gapstudy.stats.pot import pot; pot(); print(os.environ['POT_BACKEND_DISABLE_JAX'])"
    assert run(code, POT_BACKEND_DISABLE_JAX="mine") == ["mine"]


@pytest.mark.slow
@pytest.mark.train
def test_the_check_can_fail() -> None:
    """Where torch is installed, importing POT plainly does load it."""
    assert run("import sys, ot; print('torch' in sys.modules)") == ["True"]
