"""Tests of the package as a whole: the contract's names and signatures, light imports, layers, documentation."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from gapstudy import stats

FILES = sorted(Path(stats.__file__).parent.glob("*.py"))
MODULES = [f"gapstudy.stats.{m.name}" for m in pkgutil.iter_modules(stats.__path__)]
ALLOWED = {"numpy", "scipy", "sklearn", "statsmodels", "threadpoolctl", "gapstudy"}

# What users call; the names after `...` may be followed by more keywords with defaults.
CONTRACT = {
    "rpd": ["a", "b"],
    "pairwise_rpd": ["scores"],
    "mean_rpd": ["scores"],
    "spread": ["scores"],
    "cka": ["x", "y", "debiased"],
    "cka_matrix": ["features", "debiased"],
    "cka_intervals": ["features", "debiased", "n_resamples", "level", "rng"],
    "cka_null": ["x", "y", "rng"],
    "sinkhorn_distance": ["x", "y", "reg", "cost", "debiased"],
    "correlation": ["x", "y", "method", "clusters", "groups", "n_resamples", "level", "rng"],
    "divergence_bound": ["divergence"],
}


@pytest.mark.parametrize("name", CONTRACT)
def test_contract(name: str) -> None:
    """Every function of the contract exists with its arguments; options are keyword-only, rng has no default."""
    parameters = inspect.signature(getattr(stats, name)).parameters
    assert set(CONTRACT[name]) <= set(parameters)
    assert name in stats.__all__
    for argument, parameter in parameters.items():
        if argument in {"debiased", "n_resamples", "level", "rng", "reg", "cost", "method", "clusters", "groups"}:
            assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        if argument == "rng":
            assert parameter.default is inspect.Parameter.empty


def test_defaults_of_the_contract() -> None:
    """The defaults that users rely on."""
    parameters = inspect.signature(stats.sinkhorn_distance).parameters
    assert (parameters["reg"].default, parameters["cost"].default, parameters["debiased"].default) == (
        0.05,
        "euclidean",
        False,
    )
    intervals = inspect.signature(stats.cka_intervals).parameters
    assert (intervals["n_resamples"].default, intervals["level"].default) == (1000, 0.95)
    assert inspect.signature(stats.correlation).parameters["method"].default == "spearman"


def test_all_is_what_there_is() -> None:
    """Every exported name exists, is documented, and is listed once."""
    assert len(set(stats.__all__)) == len(stats.__all__)
    for name in stats.__all__:
        assert inspect.getdoc(getattr(stats, name)), name


def test_import_is_light() -> None:
    """Importing the package loads NumPy and nothing else that is heavy."""
    code = "import sys, gapstudy.stats; print(sorted({m.split('.')[0] for m in sys.modules} & set(sys.argv[1:])))"
    heavy = ["scipy", "ot", "sklearn", "statsmodels", "pandas", "matplotlib", "torch", "pingouin", "jax"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_layers(file: Path) -> None:
    """The statistics import their few libraries, their own layer and the errors; and use no assert."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            top = name.split(".")[0]
            assert top in ALLOWED or top in sys.stdlib_module_names, name
            assert top not in {"logging", "pathlib"}, name
            if top == "gapstudy":
                assert name == "gapstudy.errors" or name.startswith("gapstudy.stats"), name


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_house_limits(file: Path) -> None:
    """Files have at most 200 lines, functions at most 50 of code."""
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            assert (node.end_lineno or 0) - first.lineno < 50, node.name


@pytest.mark.parametrize("module", MODULES)
def test_examples(module: str) -> None:
    """The examples in the documentation give what they print."""
    importlib.import_module(module)
    assert doctest.testmod(sys.modules[module]).failed == 0


def test_estimates_are_frozen() -> None:
    """Records cannot be changed after they were made, and have no further attributes."""
    e = stats.Estimate(1.0, 0.5, 1.5, 0.95, 10, "test")
    assert e.p_value is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        e.value = 2.0  # type: ignore[misc]
    assert not hasattr(e, "__dict__")
