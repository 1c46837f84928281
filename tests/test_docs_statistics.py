"""docs/statistics.md: every name exists, and its code runs on a study's runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gapstudy.stats
from gapstudy import errors
from gapstudy.study import Study


def test_names_exist(root: Path) -> None:
    """Each function that the page names is exported by gapstudy.stats, or is a warning, an option or a record's field."""
    text = (root / "docs" / "statistics.md").read_text(encoding="utf-8").split("## Numbers into arrays")[0]
    named = {match.group(1) for match in re.finditer(r"`([A-Za-z_]\w*)(?:\([^`]*\))?`", text)}
    elsewhere = {"reg", "rng", "clusters", "groups", *(n for n in dir(errors) if n.endswith("Warning"))}

    assert sorted(named - elsewhere - set(gapstudy.stats.__all__) - {"Estimate"}) == []
    assert len(named) > 40


def test_code_runs(root: Path, wide: Study, fabricate: Callable[..., Any], monkeypatch: Any, tmp_path: Path) -> None:
    """The example computes intervals and a permutation test of the vectors of a study."""
    text = (root / "docs" / "statistics.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    made = fabricate(wide.narrowed(tasks=("ner",), representations=("phoneme",)), seeds=1)
    (tmp_path / "runs").symlink_to(made.store.root)
    (made.store.root / "tiny").symlink_to(made.store.root / "wide")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}

    exec(code.group(1), names)  # noqa: S102 - our own page

    assert len(names["vectors"]) == 3
