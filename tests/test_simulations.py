"""The simulation suite runs, judges by what is promised, and its page is that of the scenarios."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def suite() -> Iterator[ModuleType]:
    """Import ``simulations`` from the checkout, behind what is installed."""
    sys.path.append(str(ROOT))
    import simulations.scenario

    yield simulations.scenario
    sys.path.remove(str(ROOT))


def _result(suite: ModuleType, outcomes: list[Any], **claim: Any) -> Any:
    claimed = suite.Claim(what="it", **claim)
    one = suite.Scenario(name="one", setting="some", draw=lambda _: outcomes[:1], claims=(claimed,))
    return suite.judge("cka", one, [[outcome] for outcome in outcomes])[0]


def test_shares_and_verdicts(suite: ModuleType) -> None:
    """An interval covers when its ends enclose the truth; a promise is kept when the binomial interval meets it."""
    hits = [(0.0, -1.0, 1.0)] * 95 + [(3.0, 2.0, 4.0)] * 5
    found = _result(suite, hits, share=(0.93, 0.97), truth=0.0)
    assert (found.share.value, found.holds, found.truth, found.width) == (0.95, True, 0.0, 2.0)
    assert found.mean == pytest.approx(0.15)
    assert _result(suite, hits, share=(0.0, 0.05), truth=0.0).holds is False
    assert _result(suite, hits, share=None, truth=0.0).holds is None
    assert _result(suite, hits, share=(0.93, 0.97)).truth == pytest.approx(0.15)
    assert _result(suite, [True] * 30 + [False] * 70, share=(0.0, 0.05)).holds is False
    assert _result(suite, [False] * 100, share=(0.0, 0.05)).share.value == 0.0


def test_names_are_unique(suite: ModuleType) -> None:
    """A scenario's name, which seeds its draws, is its own, and each of its claims is told from the others."""
    scenarios = [s for found in suite.every().values() for s in found]
    assert len({s.name for s in scenarios}) == len(scenarios)
    assert all(len({c.what for c in s.claims}) == len(s.claims) for s in scenarios)


def test_the_page_is_that_of_the_scenarios(suite: ModuleType) -> None:
    """docs/simulations.md has a line with the full number of draws for every claim, and no other line."""
    page = (ROOT / "docs" / "simulations.md").read_text("utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| claim")]
    wanted = [
        (c.what, s.setting, f"of {s.draws:,}") for found in suite.every().values() for s in found for c in s.claims
    ]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [(c[0], c[1], c[2][c[2].index("of ") :]) for c in cells] == wanted
    assert "not kept" not in page


def test_the_page_names_what_is_short(suite: ModuleType) -> None:
    """Intervals that nothing is promised of and that cover too seldom are listed first, tests and good ones are not."""
    from simulations.summary import page

    def found(low: float, **claim: Any) -> Any:
        return _result(suite, [(0.0, low, 1.0)] * 100, truth=0.0, **claim)

    short = found(0.5, share=None, remark="why")
    lines = page([short, found(-1.0, share=None), _result(suite, [False] * 100, share=None)]).splitlines()
    assert [line for line in lines if line.startswith("- ")] == ["- it (some): 0.0 %; why."]
    assert not [line for line in page([found(-1.0, share=(0.93, 1.0))]).splitlines() if line.startswith("- ")]


@pytest.mark.slow
def test_every_scenario_draws_and_the_processes_do_not_matter(suite: ModuleType) -> None:
    """Each scenario gives one outcome a claim, and the same ones in one process and in two."""
    chosen = [(module, s) for module, found in suite.every().items() for s in found]
    alone = [r for results in suite.run(chosen, factor=0.0, jobs=1) for r in results]
    assert all(r.share.n == 4 for r in alone)
    few = chosen[-2:]
    two = [r for results in suite.run(few, factor=0.0, jobs=2) for r in results]
    assert [r.share.value for r in two] == [r.share.value for r in alone[-len(two) :]]


@pytest.mark.slow
def test_a_slice_of_the_promises(suite: ModuleType) -> None:
    """A tenth of the draws of the cheap scenarios keeps every promise that the full suite keeps."""
    cheap = ("seeds 5", "spearman 15 0.3", "spearman 15 0.0", "pooled", "certificates 320 0.1", "debiased small n")
    chosen = [(module, s) for module, found in suite.every().items() for s in found if s.name in cheap]
    assert len(chosen) == len(cheap)
    broken = [r for results in suite.run(chosen, factor=0.1, jobs=1) for r in results if r.holds is False]
    assert not broken


def test_a_partial_run_is_not_written(suite: ModuleType, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The page is of a whole, full run only; names and --quick are refused with it."""
    from simulations.__main__ import main

    assert suite.SEED
    for extra in (["--quick"], ["gaps"]):
        with pytest.raises(SystemExit):
            main([*extra, "--write", str(tmp_path / "page.md")])
        assert "--write needs the full run" in capsys.readouterr().err


def test_one_scenario_by_name(suite: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """A name runs that scenario alone; every line has share, promise and data."""
    from simulations.__main__ import main

    assert suite.SEED
    assert main(["equal languages", "--quick", "--jobs", "1"]) == 0
    out = capsys.readouterr()
    assert "promised ≤ 50 %" in out.out
    assert "1 claims, 0 broken" in out.err
    assert np.isfinite(float(out.out.split("%")[0].split()[-1]))


def test_lines_of_json(suite: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json each claim is one line of strict JSON, null where there is no number."""
    from simulations.__main__ import main

    assert suite.SEED
    assert main(["paired 5 0.0", "--quick", "--jobs", "1", "--json"]) == 0

    def refuse(name: str) -> None:
        pytest.fail(f"{name} is no JSON")

    lines = [json.loads(line, parse_constant=refuse) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 5
    assert {line["scenario"] for line in lines} == {"paired 5 0.0"}
    assert lines[1]["claim"]["truth"] is None
