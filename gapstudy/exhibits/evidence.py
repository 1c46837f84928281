"""What an exhibit is computed from: the finished runs of a prepared study, and what was prepared.

In the per-language protocol the model of a language is the one trained on it; in zero-shot transfer one model serves
every language. Exhibits ask here for "language L, seed s" and need not know which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import numpy as np
import numpy.typing as npt

from gapstudy import __version__
from gapstudy.exhibits.memory import Memory
from gapstudy.store import Outputs, Run, RunPaths, file_hash
from gapstudy.study import Study, Task, settings_hash

__all__ = ["Evidence", "seed_range", "unusable"]

Vectors = npt.NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Evidence:
    """The runs of a study, by task, representation, language and seed.

    Parameters
    ----------
    study : as prepared, perhaps narrowed.
    prepared : content of ``prepared.json``.
    runs : finished runs of the study whose settings are the prepared ones.
    parallel : ``parallel.safetensors``.
    memory : where results of earlier reports are; by default nowhere.
    """

    study: Study
    prepared: dict[str, Any]
    runs: Sequence[Run]
    parallel: Path
    memory: Memory = field(default_factory=lambda: Memory(None))
    _contents: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _index: dict[tuple[str, str, str, int], Run] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the runs."""
        index = {(r.cell.task, r.cell.representation, r.cell.language, r.seed): r for r in self.runs}
        object.__setattr__(self, "_index", index)

    # ---- which ------------------------------------------------------------------------------------------
    def run(self, task: str, representation: str, language: str, seed: int) -> Run | None:
        """Return the run whose model serves ``language``, or None."""
        trained = self.spec(task).source_language if self.study.protocol == "zero-shot" else language
        return self._index.get((task, representation, trained, seed))

    def seeds(self, task: str, representation: str, languages: Iterable[str]) -> list[int]:
        """Return the seeds for which every one of ``languages`` has a finished run."""
        wanted = tuple(languages)
        found = {seed for (t, r, _, seed) in self._index if (t, r) == (task, representation)}
        return sorted(s for s in found if all(self.run(task, representation, code, s) for code in wanted))

    def languages(self, task: str, representation: str) -> tuple[str, ...]:
        """Return the task's languages with at least one finished run, in the order of the study."""
        return tuple(c for c in self.spec(task).languages if self.seeds(task, representation, (c,)))

    def runs_of(self, tasks: Collection[str], representations: Collection[str] | None = None) -> list[Run]:
        """Return the runs of some tasks, perhaps of some representations only."""
        return [
            r
            for r in self.runs
            if r.cell.task in tasks and (representations is None or r.cell.representation in representations)
        ]

    def spec(self, task: str) -> Task:
        """Return the task's record."""
        return self.study.tasks[task]

    def run_ids(
        self, task: str, representation: str, languages: Iterable[str], seeds: Iterable[int] | None = None
    ) -> tuple[str, ...]:
        """Return the ids of the runs whose models serve some languages, each once (default: all finished seeds)."""
        found: dict[str, None] = {}
        for code in languages:
            for seed in self.seeds(task, representation, (code,)) if seeds is None else seeds:
                run = self.run(task, representation, code, seed)
                found |= {run.run_id: None} if run else {}
        return tuple(found)

    # ---- what -------------------------------------------------------------------------------------------
    def score(self, task: str, representation: str, language: str, seed: int, metric: str | None = None) -> float:
        """Return a test score in percent (default: the primary metric)."""
        return self._need(task, representation, language, seed).score(language, metric=metric)

    def scores(self, task: str, representation: str, languages: Sequence[str], seeds: Sequence[int]) -> Any:
        """Return primary test scores, (seeds, languages) float array in percent."""
        rows = [[self.score(task, representation, code, seed) for code in languages] for seed in seeds]
        return np.asarray(rows, dtype=np.float64).reshape(len(seeds), len(languages))

    def dev_scores(self, task: str, representation: str, language: str) -> list[float]:
        """Return the primary development scores of the runs trained on ``language``, in percent, at the chosen epochs."""
        runs = (
            self._index.get((task, representation, language, s)) for s in self.seeds(task, representation, (language,))
        )
        found = []
        for run in runs:
            with suppress(KeyError):
                found += [run.score(language, split="dev")] if run else []
        return found

    def vectors(self, task: str, representation: str, language: str, seed: int, layer: str) -> Vectors:
        """Return sentence vectors (sentences, d) of the parallel corpus."""
        return _vectors(self._need(task, representation, language, seed), layer, language)

    def outputs(self, task: str, representation: str, language: str, seed: int) -> Outputs:
        """Return logits and gold labels of the test set."""
        return self._need(task, representation, language, seed).outputs(language)

    def before(self, representation: str, language: str, what: str) -> npt.NDArray[Any] | None:
        """Return what was prepared of the parallel corpus ("ids", "starts", "input", "last"), or None."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.parallel, "numpy") as file:
                found: npt.NDArray[Any] = file.get_tensor(f"{representation}/{language}/{what}")
        except (OSError, SafetensorError):
            return None
        return found

    # ---- once ---------------------------------------------------------------------------------------------
    def remember(
        self, what: str, runs: Sequence[Run], compute: Callable[[], T], *, prepared: bool = False, **options: Any
    ) -> T:
        """Return what ``compute`` returns, from memory where it was computed before of the same content.

        Parameters
        ----------
        what : name of the result; what tells it from others of the same runs must be in it or in ``options``.
        runs : the runs that it rests on. ``prepared``: whether it also rests on what was prepared.
        compute : returns plain values.
        options : JSON-able; whatever else it depends on (the study's seed of resampling is always part of it).

        Raises
        ------
        StoreError
            If a run cannot be read.
        """
        return self.memory.result(self._rests_on(what, runs, prepared=prepared, **options), compute)

    def recalled(self, what: str, runs: Sequence[Run], *, prepared: bool = False, **options: Any) -> tuple[bool, Any]:
        """Return whether :meth:`remember` would compute nothing, and what it would return then.

        Raises
        ------
        StoreError
            If a run cannot be read.
        """
        return self.memory.recalled(self._rests_on(what, runs, prepared=prepared, **options))

    def _rests_on(self, what: str, runs: Sequence[Run], *, prepared: bool, **options: Any) -> dict[str, Any]:
        return {
            "what": what,
            "options": options,
            "seed": self.study.seed,
            "runs": sorted([run.run_id, self.content_of(run)] for run in runs),
            "prepared": self._prepared_content() if prepared else "",
        }

    def content_of(self, run: Run) -> str:
        """Return the hash of all that a run holds, taken once.

        Raises
        ------
        StoreError
            If a file of it cannot be read.
        """
        if run.run_id not in self._contents:
            self._contents[run.run_id] = run.content()
        return self._contents[run.run_id]

    def _prepared_content(self) -> str:
        if "" not in self._contents:
            parallel = file_hash(self.parallel) if self.parallel.is_file() else ""
            self._contents[""] = settings_hash({"prepared": self.prepared, "parallel": parallel})
        return self._contents[""]

    # ---- provenance ---------------------------------------------------------------------------------------
    def rng(self, name: str) -> np.random.Generator:
        """Return the generator of one exhibit: it depends on the study's seed and the exhibit's name alone."""
        return np.random.default_rng([self.study.seed, crc32(name.encode())])

    def signature(self, *details: str, runs: Sequence[Run] | None = None) -> str:
        """Return what could change an exhibit's numbers, in one line; ``runs`` are those it rests on (None: all).

        ``seeds`` counts the seeds of a cell (the fewest and the most), ``seed`` is that of resampling.
        """
        used = self.runs if runs is None else runs
        names = settings_hash({"runs": sorted(run.run_id for run in used)})
        return "|".join([f"study:{self.study.name}", f"runs:{len(used)}", f"seeds:{seed_range(used)}",
                         f"seed:{self.study.seed}", *details, f"gapstudy:{__version__}", f"runs-hash:{names}"])  # fmt: skip

    def prepared_signature(self, *details: str) -> str:
        """Return the signature of an exhibit that rests on what was prepared and on no run."""
        return "|".join([f"study:{self.study.name}", "from:prepared.json", *details, f"gapstudy:{__version__}"])

    def paper_signature(self) -> str:
        """Return the signature of an exhibit that rests on the paper's printed numbers alone."""
        return "|".join([f"study:{self.study.name}", "from:paper", f"gapstudy:{__version__}"])

    def absent(self, task: str, representation: str, languages: Iterable[str]) -> list[str]:
        """Return the languages without a single finished run."""
        return [c for c in languages if not self.seeds(task, representation, (c,))]

    def _need(self, task: str, representation: str, language: str, seed: int) -> Run:
        run = self.run(task, representation, language, seed)
        if run is None:
            msg = f"no finished run of {task}-{representation}-{language} with seed {seed}"
            raise KeyError(msg)
        return run


def unusable(run: Run, languages: Iterable[str], layer: str) -> str:
    """Return why the exhibits cannot use a run ("" when they can), as far as its record and file headers show."""
    from safetensors import SafetensorError, safe_open

    paths = RunPaths(run.folder)
    wanted = {paths.embeddings: [f"{c}/{layer}" for c in languages],
              paths.outputs: [f"{c}/test/{part}" for c in languages for part in ("logits", "gold")]}  # fmt: skip
    try:
        for code in languages:
            run.score(code)
        float(run.record["timings"]["fit_seconds"])
        dict(run.record["provenance"])
    except (KeyError, TypeError, ValueError) as error:
        return f"{paths.record} lacks something or is not as it was written ({type(error).__name__}: {error})"
    for path, keys in wanted.items():
        try:
            with safe_open(path, "numpy") as file:
                absent = sorted(set(keys) - set(file.keys()))
        except (OSError, SafetensorError) as error:
            return f"{path} cannot be read ({error})"
        if absent:
            return f"{path} lacks {', '.join(absent)}"
    return ""


def seed_range(runs: Iterable[Run]) -> str:
    """Return how many seeds the cells have: "15", or "2-15" where they differ.

    >>> seed_range([])
    '0'
    """
    counts = sorted(Counter(run.cell for run in runs).values()) or [0]
    return f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]}-{counts[-1]}"


@lru_cache(maxsize=64)  # a thousand runs must not be held at once: of a large encoder one is 3 MiB
def _read_vectors(folder: Path, layer: str, language: str, _stamp: float) -> Vectors:
    return Run.read(folder).embeddings(layer, language)


def _vectors(run: Run, layer: str, language: str) -> Vectors:
    """Read vectors once for all exhibits that need them."""
    return _read_vectors(run.folder, layer, language, (run.folder / "run.json").stat().st_mtime)
