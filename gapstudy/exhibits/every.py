"""Every exhibit, in the paper's order; what the runs do not allow is said in the exhibit's place."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from gapstudy.errors import StoreError
from gapstudy.exhibits import (
    bound_figure,
    certificates,
    cka_checks,
    figure1,
    figure2,
    figure3,
    g2p,
    paper_check,
    table1,
    table2,
    table3,
    table4,
    table5,
    theorem,
)
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.evidence import Evidence

__all__ = ["compute_exhibits"]

_LOG = logging.getLogger(__name__)
Kind = Literal["table", "figure"]


def compute_exhibits(evidence: Evidence, folder: Path) -> dict[str, Exhibit]:
    """Compute every exhibit, in the paper's order; figures are drawn into ``folder``."""
    made = (
        _attempt(evidence, "figure1", "figure", lambda: figure1.compute(evidence)),
        _attempt(evidence, "table1", "table", lambda: table1.compute(evidence)),
        _attempt(evidence, "table2", "table", lambda: table2.compute(evidence)),
        _attempt(evidence, "figure2", "figure", lambda: figure2.compute(evidence, folder)),
        _attempt(evidence, "cka-checks", "table", lambda: cka_checks.compute(evidence)),
        _attempt(evidence, "figure3", "figure", lambda: figure3.compute(evidence, folder)),
        _attempt(evidence, "table3", "table", lambda: table3.compute(evidence)),
        _attempt(evidence, "certificates", "table", lambda: certificates.compute(evidence)),
        _attempt(evidence, "theorem", "table", lambda: theorem.compute(evidence)),
        _attempt(evidence, "bound", "figure", lambda: bound_figure.compute(evidence, folder)),
        _attempt(evidence, "table4", "table", lambda: table4.compute(evidence)),
        _attempt(evidence, "g2p", "table", lambda: g2p.compute(evidence)),
        _attempt(evidence, "table5", "table", lambda: table5.compute(evidence)),
        _attempt(evidence, "paper-check", "table", lambda: paper_check.compute(evidence)),
    )
    return {exhibit.key: exhibit for exhibit in made}


def _attempt(evidence: Evidence, key: str, kind: Kind, compute: Callable[[], Exhibit]) -> Exhibit:
    """Return the exhibit, or one that says why the runs do not allow it: the others are worth having."""
    try:
        return compute()
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
