"""The paper's preset from its name to a run: models from a hub, real corpora, the paper's epochs and batches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gapstudy.study import Study
from tests.encoders.folders import make_xphonebert
from tests.hubserver import Hub

pytestmark = [pytest.mark.train, pytest.mark.slow]


def _call(folder: Path, corpora: Path, hub: str, *arguments: str) -> str:
    env = {**os.environ, "GAPSTUDY_CACHE": str(folder / "cache"), "GAPSTUDY_DATA": str(corpora.resolve()),
           "HF_HOME": str(folder / "hf"), "HF_ENDPOINT": hub}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "gapstudy", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_papers_xnli_study_runs_by_its_name(corpora: Path, tmp_path: Path) -> None:
    """``--study paper-xnli`` takes XPhoneBERT from the hub at its commit, XNLI and FLORES-200 from files.

    The model on the hub has the real vocabulary and the real form, and random weights of a few dimensions.
    """
    model = Study.load("paper-xnli").representations["phoneme"]
    symbols = (corpora / "xphonebert" / "vocab.txt").read_text(encoding="utf-8").split()
    with Hub() as hub:
        hub.add("model", model.model, make_xphonebert(tmp_path / "model", symbols), commit=model.revision)
        arguments = ("train-seeds", "--study", "paper-xnli", "--n", "1", "--languages", "eng", "--json")
        outcome = json.loads(_call(tmp_path, corpora, hub.url, *arguments))
    folder = tmp_path / "runs" / "paper-xnli"
    prepared = json.loads((folder / "prepared.json").read_text(encoding="utf-8"))
    audits: dict[str, Any] = {row["language"]: row for row in prepared["g2p"]}
    # the paper's conversion: most Urdu words hold a phone that XPhoneBERT does not know (method: faithful)
    assert audits["urd"]["unknown_words"] > 60
    assert audits["swa"]["unknown_words"] < 3
    assert [run["status"] for run in outcome["runs"]] == ["done"]
    record = json.loads((folder / outcome["runs"][0]["run_id"] / "run.json").read_text(encoding="utf-8"))
    assert record["provenance"]["model"] == f"{model.model}@{model.revision}"
    hyper = record["settings"]["hyper"]
    assert (hyper["epochs"], hyper["batch_size"], hyper["learning_rate"]) == (20, 128, 7e-6)
