"""Every exhibit, in the paper's order; what the runs do not allow is said in the exhibit's place."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gapstudy.errors import StoreError
from gapstudy.exhibits import (
    bound_figure,
    certificates,
    cka_checks,
    companions,
    comparison,
    figure1,
    figure2,
    figure3,
    g2p,
    g2p_figure,
    gap_cka,
    layer_figure,
    layers,
    learning,
    paper_check,
    reg_curve,
    sensitivity,
    table1,
    table2,
    table3,
    table4,
    table5,
    theorem,
    transport,
    variance,
    verdicts,
)
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.plain import from_text, to_text
from gapstudy.exhibits.processes import Step, Tell, run_steps
from gapstudy.store import write_atomically
from gapstudy.store.places import without_places

__all__ = ["compute_exhibits"]

_LOG = logging.getLogger(__name__)
Kind = Literal["table", "figure"]
Found = Mapping[str, Exhibit]


@dataclass(frozen=True, slots=True)
class _Part:
    """An exhibit: what kind it is, what computes it, and when (see :class:`Step`)."""

    kind: Kind
    compute: Callable[[Evidence, Path, Found], Exhibit]
    after: tuple[str, ...] = ()
    long: bool = False
    last: bool = False


_POINTS = ("figure3",)  # computes the points of pairs and the transports, which others read from memory

# in the paper's order, which is that of results.json
_PARTS: dict[str, _Part] = {
    "figure1": _Part("figure", lambda evidence, _folder, _found: figure1.compute(evidence)),
    "table1": _Part("table", lambda evidence, _folder, _found: table1.compute(evidence), long=True),
    "table2": _Part("table", lambda evidence, _folder, _found: table2.compute(evidence)),
    "comparison": _Part("table", lambda evidence, _folder, _found: comparison.compute(evidence)),
    "figure2": _Part("figure", lambda evidence, folder, _found: figure2.compute(evidence, folder), long=True),
    "cka-checks": _Part("table", lambda evidence, _folder, _found: cka_checks.compute(evidence), long=True),
    "layers": _Part("table", lambda evidence, _folder, _found: layers.compute(evidence), after=("table1",)),
    "layer-curves": _Part(
        "figure", lambda evidence, folder, _found: layer_figure.compute(evidence, folder), after=("layers",)
    ),
    "companions": _Part("table", lambda evidence, _folder, _found: companions.compute(evidence), long=True),
    "figure3": _Part("figure", lambda evidence, folder, _found: figure3.compute(evidence, folder), long=True),
    "table3": _Part("table", lambda evidence, _folder, _found: table3.compute(evidence), after=_POINTS),
    "gap-cka": _Part("figure", lambda evidence, folder, _found: gap_cka.compute(evidence, folder), after=("table3",)),
    "sensitivity": _Part("table", lambda evidence, _folder, _found: sensitivity.compute(evidence), after=_POINTS),
    "variance": _Part("table", lambda evidence, _folder, _found: variance.compute(evidence)),
    "certificates": _Part("table", lambda evidence, _folder, _found: certificates.compute(evidence)),
    "theorem": _Part("table", lambda evidence, _folder, _found: theorem.compute(evidence)),
    "bound": _Part("figure", lambda evidence, folder, _found: bound_figure.compute(evidence, folder), long=True),
    "transport": _Part("table", lambda evidence, _folder, _found: transport.compute(evidence), after=_POINTS),
    "reg-curve": _Part("figure", lambda evidence, folder, _found: reg_curve.compute(evidence, folder), long=True),
    "table4": _Part("table", lambda evidence, _folder, _found: table4.compute(evidence)),
    "g2p": _Part("table", lambda evidence, _folder, _found: g2p.compute(evidence)),
    "g2p-audit": _Part("figure", lambda evidence, folder, _found: g2p_figure.compute(evidence, folder)),
    "table5": _Part("table", lambda evidence, _folder, _found: table5.compute(evidence)),
    "learning": _Part("figure", lambda evidence, folder, _found: learning.compute(evidence, folder)),
    "paper-check": _Part("table", lambda evidence, _folder, _found: paper_check.compute(evidence)),
    "verdicts": _Part("table", lambda evidence, _folder, found: verdicts.compute(evidence, found), last=True),
}


def _silent(_done: int, _total: int, _running: tuple[str, ...]) -> None:
    """Tell nobody."""


def compute_exhibits(evidence: Evidence, folder: Path, *, jobs: int = 1, tell: Tell = _silent) -> dict[str, Exhibit]:
    """Compute every exhibit, in the paper's order; figures are drawn into ``folder``.

    Parameters
    ----------
    jobs : the most processes; the numbers, and the bytes of figures, are the same for any.
    tell : told how many exhibits are computed, of how many, and which are under way; those of earlier reports are not
        counted.
    """
    found = dict(_recalled(evidence, folder))
    steps = [Step(key, p.after, p.long, p.last) for key, p in _PARTS.items() if key not in found]
    if steps:
        run_steps(steps, _one, (evidence, folder), found, jobs=jobs, tell=tell)
    return {key: found[key] for key in _PARTS}


def _one(work: tuple[Evidence, Path], key: str, found: Found, turns: Path | None) -> Exhibit:
    """Compute one exhibit, in whichever process."""
    evidence, folder = work
    evidence.memory.turns = turns
    return _attempt(evidence, folder, key, lambda: _PARTS[key].compute(evidence, folder, found))


def _attempt(evidence: Evidence, folder: Path, key: str, compute: Callable[[], Exhibit]) -> Exhibit:
    """Return the exhibit, or one that says why the runs do not allow it: the others are worth having."""
    try:
        return _remembered(evidence, folder, key, compute)
    except (ValueError, StoreError) as error:
        _LOG.info("%s could not be computed", key, exc_info=True)
        return Exhibit(
            key=key,
            kind=_PARTS[key].kind,
            title=key.replace("-", " ").capitalize(),
            caption="The runs do not allow this exhibit.",
            signature=evidence.signature(),
            missing=(f"it could not be computed: {without_places(str(error), evidence.parallel.parent)}",),
        )


def _remembered(evidence: Evidence, folder: Path, key: str, compute: Callable[[], Exhibit]) -> Exhibit:
    """Return the exhibit, with its figures in ``folder``, and remember both."""

    def made() -> tuple[Exhibit, dict[str, str]]:
        exhibit = _without_store(compute(), evidence.parallel.parent)
        return exhibit, {str(image): (folder / image).read_text(encoding="utf-8") for image in exhibit.images}

    exhibit, images = evidence.remember(f"exhibit {key}", evidence.runs, made, **_options(evidence))
    _put(images, key, folder)
    return exhibit


def _without_store(exhibit: Exhibit, store: Path) -> Exhibit:
    """Return the exhibit with files named by their place in the store: messages of errors have whole paths."""
    if str(store) not in repr(exhibit):
        return exhibit
    place = json.dumps(f"{store}{os.sep}", ensure_ascii=False)[1:-1]
    cleaned: Exhibit = from_text(to_text(exhibit).replace(place, ""))
    return cleaned


def _recalled(evidence: Evidence, folder: Path) -> Iterable[tuple[str, Exhibit]]:
    """Yield the exhibits that earlier reports computed of the same content, with their figures in ``folder``."""
    for key in _PARTS:
        try:
            known, found = evidence.recalled(f"exhibit {key}", evidence.runs, **_options(evidence))
        except StoreError:  # each exhibit says for itself that a run cannot be read
            return
        if known:
            exhibit, images = found
            _put(images, key, folder)
            yield key, exhibit


def _options(evidence: Evidence) -> dict[str, Any]:
    """Return what every exhibit rests on beside the runs."""
    return {"prepared": True, "study": evidence.study.model_dump(mode="json", by_alias=True)}


def _put(images: Mapping[str, str], key: str, folder: Path) -> None:
    if not images:
        (folder / "figures" / f"{key}.svg").unlink(missing_ok=True)  # of an earlier report
    for image, drawing in images.items():
        with write_atomically(folder / image) as temporary:
            temporary.write_text(drawing, encoding="utf-8", newline="\n")
