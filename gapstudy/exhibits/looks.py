"""Which colour, marker and line a representation or a language has, the same in every figure.

Okabe and Ito's colours, which colour-blind readers tell apart. Those of the three kinds of representation differ in
lightness by more than ten units of CIELAB as well, so that grey print keeps them apart; markers and lines say the
same a second time (``tests/exhibits/test_looks.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from gapstudy.languages import LANGUAGES
from gapstudy.study import Study

__all__ = ["KINDS", "PAPER", "Look", "of_languages", "of_representations"]


@dataclass(frozen=True, slots=True)
class Look:
    """How something is drawn: colour as ``#RRGGBB``, matplotlib's marker and line style, its name, and whether its marks are hollow."""

    colour: str
    marker: str
    line: Any = "-"
    name: str = ""
    hollow: bool = False


KINDS = {
    "subword": Look("#0072B2", "s", (0, (1.2, 1.2))),
    "character": Look("#E69F00", "^", (0, (4.5, 1.6))),
    "phoneme": Look("#009E73", "o", "-"),
}
"""Kind of representation -> its look."""

PAPER = Look("#222222", "D", "none", "printed in the paper", hollow=True)
"""The paper's printed values: hollow."""

_MORE = {"subword": "pP", "character": "v<", "phoneme": "Xh"}  # further representations of the same kind
_DARKER = 0.62

_LANGUAGES = {
    "eng": ("#0072B2", "o"), "fra": ("#CC79A7", "p"), "rus": ("#D55E00", "s"), "ita": ("#222222", "h"),
    "hun": ("#009E73", "X"), "ukr": ("#56B4E9", "P"), "kor": ("#009E73", "^"), "tur": ("#CC79A7", "*"),
    "fin": ("#56B4E9", "v"), "hin": ("#E69F00", "D"), "swa": ("#D55E00", "o"), "urd": ("#0072B2", "D"),
}  # fmt: skip
_PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#222222")
_MARKERS = "os^DvPXp*h<>"


def of_representations(study: Study, names: Iterable[str]) -> dict[str, Look]:
    """Return the look of each representation: that of its kind; a second one of a kind is darker, with its own marker."""
    looks: dict[str, Look] = {}
    seen: dict[str, int] = {}
    for name in study.used_representations():
        kind = study.representations[name].kind
        nth = seen[kind] = seen.get(kind, -1) + 1
        base = replace(KINDS[kind], name=name)
        more = _MORE[kind]
        looks[name] = (
            base if not nth else replace(base, colour=_darker(base.colour, nth), marker=more[(nth - 1) % len(more)])
        )
    return {name: looks[name] for name in names}


def of_languages(codes: Iterable[str]) -> dict[str, Look]:
    """Return the look of each language: the paper's twelve have their own, others take what no one else here has."""
    codes = list(codes)
    looks = {code: Look(*_LANGUAGES[code], name=code) for code in codes if code in LANGUAGES}
    taken = {(look.colour, look.marker) for look in looks.values()}
    free = ((_PALETTE[i % 7], _MARKERS[i % 12]) for i in range(7 * 12))  # 7 and 12 have no divisor in common
    for code in codes:
        if code not in looks:
            colour, marker = next((pair for pair in free if pair not in taken), (_PALETTE[-1], "."))
            looks[code] = Look(colour, marker, name=code)
    return {code: looks[code] for code in codes}


def _darker(colour: str, times: int) -> str:
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part * _DARKER**times):02X}" for part in parts)
