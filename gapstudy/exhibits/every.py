"""Every exhibit, in the paper's order; what the runs do not allow is said in the exhibit's place."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

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
from gapstudy.store import write_atomically

__all__ = ["compute_exhibits"]

_LOG = logging.getLogger(__name__)
Kind = Literal["table", "figure"]


def compute_exhibits(evidence: Evidence, folder: Path) -> dict[str, Exhibit]:
    """Compute every exhibit, in the paper's order; figures are drawn into ``folder``."""
    one = partial(_attempt, evidence, folder)
    made = (
        one("figure1", "figure", lambda: figure1.compute(evidence)),
        one("table1", "table", lambda: table1.compute(evidence)),
        one("table2", "table", lambda: table2.compute(evidence)),
        one("comparison", "table", lambda: comparison.compute(evidence)),
        one("figure2", "figure", lambda: figure2.compute(evidence, folder)),
        one("cka-checks", "table", lambda: cka_checks.compute(evidence)),
        one("layers", "table", lambda: layers.compute(evidence)),
        one("layer-curves", "figure", lambda: layer_figure.compute(evidence, folder)),
        one("companions", "table", lambda: companions.compute(evidence)),
        one("figure3", "figure", lambda: figure3.compute(evidence, folder)),
        one("table3", "table", lambda: table3.compute(evidence)),
        one("gap-cka", "figure", lambda: gap_cka.compute(evidence, folder)),
        one("sensitivity", "table", lambda: sensitivity.compute(evidence)),
        one("variance", "table", lambda: variance.compute(evidence)),
        one("certificates", "table", lambda: certificates.compute(evidence)),
        one("theorem", "table", lambda: theorem.compute(evidence)),
        one("bound", "figure", lambda: bound_figure.compute(evidence, folder)),
        one("transport", "table", lambda: transport.compute(evidence)),
        one("reg-curve", "figure", lambda: reg_curve.compute(evidence, folder)),
        one("table4", "table", lambda: table4.compute(evidence)),
        one("g2p", "table", lambda: g2p.compute(evidence)),
        one("g2p-audit", "figure", lambda: g2p_figure.compute(evidence, folder)),
        one("table5", "table", lambda: table5.compute(evidence)),
        one("learning", "figure", lambda: learning.compute(evidence, folder)),
        one("paper-check", "table", lambda: paper_check.compute(evidence)),
    )
    found = {exhibit.key: exhibit for exhibit in made}
    return found | {"verdicts": one("verdicts", "table", lambda: verdicts.compute(evidence, found))}


def _attempt(evidence: Evidence, folder: Path, key: str, kind: Kind, compute: Callable[[], Exhibit]) -> Exhibit:
    """Return the exhibit, or one that says why the runs do not allow it: the others are worth having."""
    try:
        return _remembered(evidence, folder, key, compute)
    except (ValueError, StoreError) as error:
        _LOG.info("%s could not be computed", key, exc_info=True)
        return Exhibit(
            key=key,
            kind=kind,
            title=key.replace("-", " ").capitalize(),
            caption="The runs do not allow this exhibit.",
            signature=evidence.signature(),
            missing=(f"it could not be computed: {error}",),
        )


def _remembered(evidence: Evidence, folder: Path, key: str, compute: Callable[[], Exhibit]) -> Exhibit:
    """Return the exhibit, with its figures in ``folder``; what earlier reports made of the same content is used."""

    def made() -> tuple[Exhibit, dict[str, str]]:
        exhibit = compute()
        return exhibit, {str(image): (folder / image).read_text(encoding="utf-8") for image in exhibit.images}

    study = evidence.study.model_dump(mode="json", by_alias=True)
    exhibit, images = evidence.remember(f"exhibit {key}", evidence.runs, made, prepared=True, study=study)
    if not images:
        (folder / "figures" / f"{key}.svg").unlink(missing_ok=True)  # of an earlier report
    for image, drawing in images.items():
        with write_atomically(folder / image) as temporary:
            temporary.write_text(drawing, encoding="utf-8", newline="\n")
    return exhibit
