"""Figure 2: linguistic gaps between languages, a heat map with two triangles between t-SNE panels.

Paper: Figure 2, section 4.3. Upper triangle: character; lower: phoneme. Darker is more similar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.figure2_drawing import POINTS, Panel, draw
from gapstudy.exhibits.table1 import TOKEN_TASKS
from gapstudy.exhibits.text import NAMES, seed_mean
from gapstudy.stats import Estimate, EstimateMatrix, cka_matrix

__all__ = ["compute"]

Matrix = npt.NDArray[np.float64]
_SHOWN = 5  # languages in the t-SNE panels where the study names none


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is drawn: a task, a representation for each triangle, their common languages, and the seeds of each mean."""

    task: str
    upper: str
    lower: str
    languages: tuple[str, ...]
    seeds: dict[str, list[int]]


def compute(evidence: Evidence, folder: Path) -> Exhibit:
    """Compute Figure 2 from the first token task that has runs, and draw it into ``folder``."""
    path = folder / "figures" / "figure2.svg"
    chosen = _find(evidence)
    if chosen is None:
        path.unlink(missing_ok=True)  # of an earlier report
        return _exhibit(
            evidence, None, missing=("it needs a token task with two representations and two languages in common",)
        )
    languages = chosen.languages
    shown = tuple(c for c in evidence.study.analysis.tsne if c in languages) or languages[:_SHOWN]
    matrices = {r: _matrix(evidence, chosen, r) for r in (chosen.upper, chosen.lower)}
    panels = {r: Panel(r, matrices[r], _flat(evidence, chosen.task, r, shown)) for r in matrices}
    draw(path, panels, languages)
    absent = [c for c in evidence.spec(chosen.task).languages if c not in languages]
    return _exhibit(
        evidence,
        chosen,
        images=(Path("figures") / path.name,),
        records=tuple(_records(chosen, matrices)),
        data={"task": chosen.task, "languages": list(languages), "seeds": chosen.seeds,
              **{r: m.value.tolist() for r, m in matrices.items()}},
        missing=(f"{chosen.task} has no runs of both representations in {', '.join(absent)}",) if absent else (),
        alt=_alt(chosen, matrices),
    )  # fmt: skip


def _find(evidence: Evidence) -> _Choice | None:
    """Return the task, the two representations (character before phoneme), and their common languages."""
    for task in TOKEN_TASKS:
        if task not in evidence.study.tasks:
            continue
        kinds = {r: evidence.study.representations[r].kind for r in evidence.spec(task).representations}
        order = sorted(kinds, key=lambda r: ("character", "subword", "phoneme").index(kinds[r]))
        for upper, lower in ((order[0], order[-1]),) if len(order) > 1 else ():
            common = tuple(c for c in evidence.spec(task).languages if _common(evidence, task, (upper, lower), c))
            if len(common) > 1:
                return _Choice(task, upper, lower, common, {r: evidence.seeds(task, r, common) for r in (upper, lower)})
    return None


def _common(evidence: Evidence, task: str, representations: tuple[str, str], language: str) -> bool:
    return all(evidence.seeds(task, r, (language,)) for r in representations)


def _matrix(evidence: Evidence, chosen: _Choice, representation: str) -> EstimateMatrix:
    """Debiased CKA of all pairs, averaged over the seeds that every language has (or the first seed of each)."""
    task, languages, level = chosen.task, chosen.languages, evidence.study.analysis.level
    layer = evidence.spec(task).sentence_layer
    sets = [[(c, s) for c in languages] for s in chosen.seeds[representation]] or [
        [(c, evidence.seeds(task, representation, (c,))[0]) for c in languages]
    ]
    each = np.array(
        [
            cka_matrix([evidence.vectors(task, representation, c, s, layer) for c, s in one], debiased=True)
            for one in sets
        ]
    )
    value = each.mean(axis=0)
    low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
    for i, j in zip(*np.triu_indices(len(languages), 1), strict=True):
        mean = seed_mean(each[:, i, j].tolist(), level=level)
        low[i, j] = low[j, i] = mean.low
        high[i, j] = high[j, i] = mean.high
    return EstimateMatrix(value, low, high, level, len(sets), 0, "mean over seeds; Student's t")


def _flat(evidence: Evidence, task: str, representation: str, languages: tuple[str, ...]) -> Mapping[str, Matrix]:
    """Return the t-SNE of the vectors of some languages, (points, 2) each."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    layer = evidence.spec(task).sentence_layer
    blocks = {}
    for code in languages:
        seed = evidence.seeds(task, representation, (code,))[0]
        blocks[code] = evidence.vectors(task, representation, code, seed, layer)[:POINTS]
    points = np.concatenate(list(blocks.values())).astype(np.float64)
    perplexity = min(30.0, (len(points) - 1) / 3)
    state = int(evidence.rng(f"figure2/{representation}").integers(2**31))
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=state, max_iter=500, n_jobs=1)
    with threadpool_limits(limits=1):  # few points: threads that wait for one another take ten times as long
        flat = tsne.fit_transform(points)
    ends = np.cumsum([len(block) for block in blocks.values()])
    return dict(zip(blocks, np.split(flat, ends[:-1]), strict=True))


def _records(chosen: _Choice, matrices: Mapping[str, EstimateMatrix]) -> list[dict[str, Any]]:
    return [
        {"task": chosen.task, "representation": r, "a": chosen.languages[i], "b": chosen.languages[j], "cka": e.value,
         "low": e.low, "high": e.high, "seeds": e.n}
        for r, m in matrices.items()
        for i, j in zip(*(x.tolist() for x in np.triu_indices(len(chosen.languages), 1)), strict=True)
        for e in [m.at(i, j)]
    ]  # fmt: skip


def _alt(chosen: _Choice, matrices: Mapping[str, EstimateMatrix]) -> str:
    """Say mean and range of each triangle, and the pairs at its ends."""
    parts = [
        f"Heat map of {len(chosen.languages)} by {len(chosen.languages)} languages between two t-SNE scatter plots."
    ]
    for name, where in ((chosen.upper, "above"), (chosen.lower, "below")):
        found = _pairs(chosen.languages, matrices[name])
        (least, a), (most, b) = found[0], found[-1]
        mean = np.mean([e.value for e, _ in found])
        parts.append(
            f"{name} ({where} the diagonal): mean CKA {mean:.2f}, from {least.value:.2f} ({a}) to {most.value:.2f} ({b})."
        )
    return " ".join(parts)


def _pairs(languages: tuple[str, ...], matrix: EstimateMatrix) -> list[tuple[Estimate, str]]:
    found = [(matrix.at(i, j), f"{languages[i]}–{languages[j]}") for i in range(len(languages)) for j in range(i)]
    return sorted(found, key=lambda pair: (pair[0].value, pair[1]))


def _exhibit(evidence: Evidence, chosen: _Choice | None, **content: Any) -> Exhibit:
    layer = evidence.spec(chosen.task).sentence_layer if chosen else ""
    details = (f"task:{chosen.task}", f"layer:{layer}", chosen.upper, chosen.lower) if chosen else ()
    runs = evidence.runs_of([chosen.task], [chosen.upper, chosen.lower]) if chosen else []
    what = f"{NAMES[chosen.task]} models, {layer} layer" if chosen else "Token tasks"
    return Exhibit(
        key="figure2",
        kind="figure",
        title="Linguistic gaps between languages",
        caption=f"{what}. Centre: debiased linear CKA of sentence vectors between languages; darker is more similar. "
        "Left and right: t-SNE of the vectors of some languages.",
        method=f"CKA{_averaged(chosen)}, with {100 * evidence.study.analysis.level:g} % t intervals over seeds in the CSV and, on screens, "
        f"on pointing at a cell. t-SNE: at most {POINTS} sentences a language of its first seed; distances in it mean little.",
        signature=evidence.signature("cka:debiased", *details, runs=runs),
        runs=tuple(run.run_id for run in runs),
        **{"alt": "Heat map of similarity between languages for two representations, between two scatter plots."}
        | content,
    )


def _averaged(chosen: _Choice | None) -> str:
    """Say what each triangle averages over."""
    if chosen is None:
        return ""
    words = [
        f"{len(s)} seeds ({r})" if s else f"the first seed of each language ({r})" for r, s in chosen.seeds.items()
    ]
    return f" is the mean over {' and '.join(words)}"
