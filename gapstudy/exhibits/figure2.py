"""Figure 2: linguistic gaps between languages, a heat map with two triangles between t-SNE panels.

Paper: Figure 2, section 4.3. Upper triangle: character; lower: phoneme. Darker is more similar.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.drawing import figure
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.table1 import TOKEN_TASKS
from gapstudy.exhibits.text import NAMES
from gapstudy.stats import cka_matrix

__all__ = ["compute"]

Matrix = npt.NDArray[np.float64]
_POINTS = 120  # sentences a language in a t-SNE panel
_MARKERS = "os^Dvp*X"


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
    matrices = {r: _mean_matrix(evidence, chosen, r) for r in (chosen.upper, chosen.lower)}
    languages = chosen.languages
    shown = tuple(c for c in evidence.study.analysis.tsne if c in languages) or languages[:5]
    with figure(path, 3, width=7.0, height=2.75, width_ratios=(1, 1.25, 1)) as (drawing, axes):
        handles = _tsne(axes[0], evidence, chosen.task, chosen.upper, shown)
        _heat(drawing, axes[1], matrices, languages)
        _tsne(axes[2], evidence, chosen.task, chosen.lower, shown)
        drawing.legend(handles, shown, loc="outside lower center", ncols=len(shown), markerscale=2.5)
    records = [
        {"task": chosen.task, "representation": r, "a": languages[i], "b": languages[j], "cka": float(m[i, j])}
        for r, m in matrices.items()
        for i in range(len(languages))
        for j in range(i + 1, len(languages))
    ]
    absent = [c for c in evidence.spec(chosen.task).languages if c not in languages]
    return _exhibit(
        evidence,
        chosen,
        images=(Path("figures") / path.name,),
        records=tuple(records),
        data={
            "task": chosen.task,
            "languages": list(languages),
            "seeds": chosen.seeds,
            **{r: m.tolist() for r, m in matrices.items()},
        },
        missing=(f"{chosen.task} has no runs of both representations in {', '.join(absent)}",) if absent else (),
    )


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


def _mean_matrix(evidence: Evidence, chosen: _Choice, representation: str) -> Matrix:
    """Debiased CKA of all pairs, averaged over the seeds that every language has (or the first seed of each)."""
    task, languages = chosen.task, chosen.languages
    layer = evidence.spec(task).sentence_layer
    sets = [[(c, s) for c in languages] for s in chosen.seeds[representation]] or [
        [(c, evidence.seeds(task, representation, (c,))[0]) for c in languages]
    ]
    matrices = [
        cka_matrix([evidence.vectors(task, representation, c, s, layer) for c, s in one], debiased=True) for one in sets
    ]
    mean: Matrix = np.mean(matrices, axis=0)
    return mean


def _heat(drawing: Any, axis: Any, matrices: dict[str, Matrix], languages: tuple[str, ...]) -> None:
    """Draw the first representation above the diagonal and the second below it."""
    (above, upper), (below, lower) = matrices.items()
    both = np.where(np.triu(np.ones_like(upper, bool), 1), upper, lower)
    np.fill_diagonal(both, np.nan)
    off = both[~np.eye(len(both), dtype=bool)]
    low, high = float(off.min()), float(off.max())
    room = max(0.15 * (high - low), 1e-6)  # so that neither end is white or black
    image = axis.imshow(both, cmap="Greys", vmin=low - room, vmax=high + room)
    axis.set_xticks(range(len(languages)), languages, rotation=90)
    axis.set_yticks(range(len(languages)), languages)
    axis.tick_params(length=0)
    axis.set_title(f"above: {above}, below: {below}")
    axis.grid(visible=False)
    drawing.colorbar(image, ax=axis, label="debiased CKA", shrink=0.85)


def _tsne(axis: Any, evidence: Evidence, task: str, representation: str, languages: tuple[str, ...]) -> list[Any]:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    layer = evidence.spec(task).sentence_layer
    blocks = []
    for code in languages:
        seed = evidence.seeds(task, representation, (code,))[0]
        blocks.append(evidence.vectors(task, representation, code, seed, layer)[:_POINTS])
    points = np.concatenate(blocks).astype(np.float64)
    perplexity = min(30.0, (len(points) - 1) / 3)
    state = int(evidence.rng(f"figure2/{representation}").integers(2**31))
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=state, max_iter=500, n_jobs=1)
    with threadpool_limits(limits=1):  # few points: threads that wait for one another take ten times as long
        flat = tsne.fit_transform(points)
    ends = np.cumsum([len(b) for b in blocks])
    handles = [
        axis.scatter(*part.T, s=5, marker=_MARKERS[i % len(_MARKERS)], linewidths=0, alpha=0.75)
        for i, part in enumerate(np.split(flat, ends[:-1]))
    ]
    axis.set_title(representation)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(visible=False)
    return handles


def _exhibit(evidence: Evidence, chosen: _Choice | None, **content: Any) -> Exhibit:
    layer = evidence.spec(chosen.task).sentence_layer if chosen else ""
    details = (f"task:{chosen.task}", f"layer:{layer}", chosen.upper, chosen.lower) if chosen else ()
    runs = evidence.runs_of([chosen.task], [chosen.upper, chosen.lower]) if chosen else []
    what = f"{NAMES[chosen.task]} models, {layer} layer" if chosen else "Token tasks"
    return Exhibit(
        key="figure2",
        kind="figure",
        title="Linguistic gaps between languages",
        caption=f"{what}. Centre: debiased linear CKA of sentence vectors between languages{_averaged(chosen)}; darker is more "
        f"similar. Left and right: t-SNE of the vectors of at most {_POINTS} sentences a language (its first seed); distances "
        "in it mean little.",
        alt="Heat map of similarity between languages for two representations, between two scatter plots.",
        signature=evidence.signature("cka:debiased", *details, runs=runs),
        **content,
    )


def _averaged(chosen: _Choice | None) -> str:
    """Say what each triangle averages over."""
    if chosen is None:
        return ""
    words = [
        f"{len(s)} seeds ({r})" if s else f"the first seed of each language ({r})" for r, s in chosen.seeds.items()
    ]
    return f", mean over {' and '.join(words)}"
