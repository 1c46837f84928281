"""The stages of ``gapstudy report`` on made-up studies: nothing else makes this report, so there is no peer.

``report-*`` is the embedded study; ``scale-*`` are studies of up to a thousand runs of the real sizes: sentence vectors of
768 features, 1,012 parallel sentences, 45 pairs of languages in each token cell, XNLI test sets of 5,010.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, Self

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fabricated import Sizes, fabricate
from benchmarks.harness import Row, run
from gapstudy.stats.workers import cores
from gapstudy.store import RunStore
from gapstudy.study import Study

STAGES = {
    "gather": "runs listed and checked",
    "serial": "every statistic and figure in one process, for comparison; not part of the total",
    "exhibits": "every statistic and figure, in as many processes as there are cores",
    "write": "document, tables, results.json",
    "render-first": "PDF and HTML into a new folder, fonts made",
    "render-again": "the same folder and process, fonts there",
    "total": "gather, exhibits, write, render-first: what the command does after its start",
    "second": "the whole once more in a new process, nothing changed",
}
_SCALE = """
schema = 1
name = "scale"
description = "As many runs as a group with a cluster makes."
demonstration = true
seeds = {seeds}
languages = {languages}
[tasks.xnli]
languages = {languages}
representations = ["subword", "character", "phoneme"]
sentence_layer = "input"
[tasks.ner]
languages = {languages}
representations = ["subword", "character", "phoneme"]
[representations.subword]
kind = "subword"
[representations.character]
kind = "character"
[representations.phoneme]
kind = "phoneme"
"""
_LANGUAGES = ("eng", "fra", "rus", "ita", "hun", "ukr", "kor", "tur", "fin", "swa")


def rows(quick: bool) -> Iterator[Row]:
    """The embedded study, then its growth to a thousand runs."""
    yield from embedded(quick)
    yield from scale(quick)


def embedded(quick: bool) -> Iterator[Row]:
    """Every stage, in the order in which the command goes through them."""
    rounds = 1 if quick else 3
    study = Study.load("tiny")
    if quick:
        kept = study.analysis.model_copy(update={"resamples": 50})
        study = study.narrowed(tasks=("xnli",)).model_copy(update={"analysis": kept})
    seeds = 5 if quick else None
    plan = [(seed, cell) for cell in study.cells() for seed in range(study.seeds_of(cell.task, seeds))]
    with tempfile.TemporaryDirectory() as folder:
        fabricate(study, Path(folder) / "runs", plan)
        taken = [_twice(study, Path(folder), f"report{i}") for i in range(rounds)]
    size = f"{len(plan)} runs, {study.analysis.resamples} resamples"
    for stage, said in STAGES.items():
        yield _row(f"report-{stage}", size, [one[stage] for one in taken], said)
    yield _against("report-processes", size, [(one["exhibits"], one["serial"]) for one in taken])
    yield _against("report-remembered", size, [(one["second"], one["total"]) for one in taken], "a first report")


def scale(quick: bool) -> Iterator[Row]:
    """Statistics and figures of 120, 480 and 1,020 runs, with the most memory that the process held."""
    languages = list(_LANGUAGES[:4] if quick else _LANGUAGES)
    sizes = Sizes(dim=32, sentences=100, items=200, words=200, layers=("input",))
    if not quick:
        sizes = Sizes(dim=768, sentences=1012, items=5010, words=5010, layers=("input",))
    for seeds in (2,) if quick else (2, 8, 17):
        study = Study.parse(_SCALE.format(seeds=seeds, languages=json.dumps(languages)), "scale.toml")
        plan = [(seed, cell) for cell in study.cells() for seed in range(seeds)]
        with tempfile.TemporaryDirectory() as folder:
            fabricate(study, Path(folder) / "runs", plan, sizes)
            taken = _twice(study, Path(folder), "report")
        pairs = len(languages) * (len(languages) - 1) // 2
        size = f"{len(plan)} runs, {pairs} pairs of languages, n={sizes.sentences}, d={sizes.dim}"
        peak = f"peak {taken['peak_mib']:.0f} MiB of all processes, {taken['serial_peak_mib']:.0f} of one alone"
        yield _row("scale-exhibits", size, [taken["exhibits"]], f"every statistic and figure; {peak}")
        yield _against("scale-processes", size, [(taken["exhibits"], taken["serial"])])
        yield _row("scale-second", size, [taken["second"]], "the whole report once more in a new process")


def _row(name: str, size: str, seconds: list[float], said: str) -> Row:
    note = f"{len(seconds)} rounds, {min(seconds):.3g} to {max(seconds):.3g} s, each in a new process; no peer; {said}"
    return Row(name=name, size=size, ours_s=statistics.median(seconds), peer=None, peer_s=None, ratio=None, note=note)


def _against(name: str, size: str, pairs: list[tuple[float, float]], peer: str = "one process") -> Row:
    """Return how many times faster one way is than another, which took turns with it."""
    ratios = [b / a for a, b in pairs]
    note = f"{len(pairs)} rounds, ratios {min(ratios):.2f} to {max(ratios):.2f}; {cores(None)} cores; the same bytes"
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Row(name=name, size=size, ours_s=ours, peer=peer, peer_s=theirs, ratio=statistics.median(ratios), note=note)


def _twice(study: Study, folder: Path, name: str) -> dict[str, float]:
    """Take the time of the stages where nothing is known from before, and of all of it where everything is."""
    serial = _in_new_process(study, folder, f"{name}-serial", 1)
    first = _in_new_process(study, folder, name, 0)
    again = _in_new_process(study, folder, name, 0)["total"]
    return {**first, "serial": serial["exhibits"], "serial_peak_mib": serial["peak_mib"], "second": again}


def _in_new_process(study: Study, folder: Path, name: str, jobs: int) -> dict[str, float]:
    """Take the time of the stages where nothing is in memory, as for the command."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_stages, study, folder, name, jobs).result()


def _stages(study: Study, folder: Path, name: str, jobs: int) -> dict[str, float]:
    """Do what :func:`gapstudy.pipeline.make_report` does, with a clock at each stage."""
    os.environ["GAPSTUDY_CACHE"] = str(folder / f"cache-{name}")
    from gapstudy import pipeline
    from gapstudy.exhibits.every import compute_exhibits
    from gapstudy.report import render, write
    from gapstudy.report.compose import compose
    from gapstudy.report.results import write_results

    today, store, target = date(2026, 1, 1), RunStore(folder / "runs"), folder / name
    taken: dict[str, float] = {}

    def timed(stage: str, call: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = call()
        taken[stage] = time.perf_counter() - started
        return result

    evidence, excluded, _ = timed("gather", lambda: pipeline.gather(study, store))
    with _Watched() as watched:
        exhibits = timed("exhibits", lambda: compute_exhibits(evidence, target, jobs=jobs or cores(None)))

    def written() -> None:
        write(compose(evidence, exhibits, excluded, today), target)
        used = {one.run_id: evidence.content_of(one) for one in evidence.runs}
        write_results(target, study.name, list(exhibits.values()), made=today, excluded=excluded, runs=used)

    timed("write", written)
    timed("render-first", lambda: render(target))
    total = sum(taken.values())
    timed("render-again", lambda: render(target))
    return {**taken, "total": total, "peak_mib": watched.peak_mib}


class _Watched:
    """The most memory that this process and those it started held at one time, looked at ten times a second."""

    def __init__(self) -> None:
        self.peak_mib = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop watching."""
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        this = psutil.Process()
        while not self._end.wait(0.1):
            held = 0
            for process in (this, *this.children(recursive=True)):
                with suppress(psutil.Error):
                    held += process.memory_info().rss
            self.peak_mib = max(self.peak_mib, held / 2**20)


if __name__ == "__main__":
    run(rows)
