"""How commands tell what a sweep chose, and what of it they do not use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gapstudy.chosen import Choices

__all__ = ["shown", "told"]


def shown(choices: Choices) -> dict[str, Any]:
    """Return the choices for --json: those in use without their grids, and why the others are not."""
    return {"chosen": {name: choice.summary() for name, choice in choices.used.items()}, "stale": choices.stale}


def told(choices: Choices) -> Iterator[str]:
    """Yield lines for people; none where nothing was chosen."""
    if choices.used:
        cells = "1 cell" if len(choices.used) == 1 else f"{len(choices.used)} cells"
        yield f"hyper-parameters of {cells} are those that gapstudy sweep chose (chosen.json)"
    for name, why in choices.stale.items():
        yield f"what gapstudy sweep chose for {name} is not used: {why}; choose again with: gapstudy sweep"
