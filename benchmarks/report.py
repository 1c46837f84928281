"""The stages of ``gapstudy report`` on a made-up study: nothing else makes this report, so there is no peer."""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fabricated import fabricate
from benchmarks.harness import Row, run
from gapstudy.store import RunStore
from gapstudy.study import Study

STAGES = {
    "gather": "runs listed and checked",
    "exhibits": "every statistic and figure",
    "write": "document, tables, results.json",
    "render-first": "PDF and HTML into a new folder, fonts made",
    "render-again": "the same folder and process, fonts there",
    "total": "all of these but the last: what the command does after its start",
}


def rows(quick: bool) -> Iterator[Row]:
    """Every stage, in the order in which the command goes through them."""
    rounds = 1 if quick else 3
    study = Study.load("tiny")
    if quick:
        kept = study.analysis.model_copy(update={"resamples": 50, "permutations": 19})
        study = study.narrowed(tasks=("xnli",)).model_copy(update={"analysis": kept})
    seeds = 5 if quick else None
    plan = [(seed, cell) for cell in study.cells() for seed in range(study.seeds_of(cell.task, seeds))]
    with tempfile.TemporaryDirectory() as folder:
        fabricate(study, Path(folder) / "runs", plan)
        taken = [_in_new_process(study, Path(folder), f"report{i}") for i in range(rounds)]
    size = f"{len(plan)} runs, {study.analysis.resamples} resamples"
    for stage, said in STAGES.items():
        seconds = [one[stage] for one in taken]
        note = f"{rounds} rounds, {min(seconds):.3g} to {max(seconds):.3g} s, each in a new process; no peer; {said}"
        yield Row(name=f"report-{stage}", size=size, ours_s=statistics.median(seconds), peer=None, peer_s=None,
                  ratio=None, note=note)  # fmt: skip


def _in_new_process(study: Study, folder: Path, name: str) -> dict[str, float]:
    """Take the time of the stages where nothing is in memory from before, as for the command."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_stages, study, folder / "runs", folder / name).result()


def _stages(study: Study, runs: Path, folder: Path) -> dict[str, float]:
    """Do what :func:`gapstudy.pipeline.make_report` does, with a clock at each stage."""
    from gapstudy import pipeline
    from gapstudy.exhibits.every import compute_exhibits
    from gapstudy.report import render, write
    from gapstudy.report.compose import compose
    from gapstudy.report.results import write_results

    today, store = date(2026, 1, 1), RunStore(runs)
    taken: dict[str, float] = {}

    def timed(stage: str, call: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = call()
        taken[stage] = time.perf_counter() - started
        return result

    evidence, excluded, _ = timed("gather", lambda: pipeline.gather(study, store))
    exhibits = timed("exhibits", lambda: compute_exhibits(evidence, folder))

    def written() -> None:
        write(compose(evidence, exhibits, excluded, today), folder)
        used = [one.run_id for one in evidence.runs]
        write_results(folder, study.name, list(exhibits.values()), made=today, excluded=excluded, runs=used)

    timed("write", written)
    timed("render-first", lambda: render(folder))
    total = sum(taken.values())
    timed("render-again", lambda: render(folder))
    return {**taken, "total": total}


if __name__ == "__main__":
    run(rows)
