"""The audit of phonemes as a picture: how long a sentence becomes, how many phones a word has, what is unknown.

Paper: section 3.6 (Epitran and segments); the paper reports no audit. The numbers are those of ``prepared.json``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.drawing import GREY, INK, Drawing, figure, label
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.looks import KINDS, Look, of_representations
from gapstudy.exhibits.marks import Pane, columns_at, key_of_looks

__all__ = ["compute"]

_SHARES = {"unknown_segments": "phones", "unknown_words": "running words"}
Audits = Sequence[Mapping[str, Any]]


def compute(evidence: Evidence, folder: Path) -> Exhibit:
    """Draw the audit of what was prepared into ``folder``."""
    audits: Audits = evidence.prepared["g2p"]
    path = folder / "figures" / "g2p-audit.svg"
    if audits:
        _draw(evidence, path, audits)
    else:
        path.unlink(missing_ok=True)  # of an earlier report
    records = tuple(_record(evidence, row) for row in audits)
    return Exhibit(
        key="g2p-audit",
        kind="figure",
        title="Text and phonemes by language",
        caption="By language: units of a sentence in each representation, phones of a word, and the share of phones that the encoder does "
        "not know and of words that hold one.",
        method="Units of a sentence: means over the parallel corpus. Phones of a word: over the running words of all the study's text. "
        "A filled mark is the share of phones, a hollow one the share of running words.",
        alt=_alt(records),
        signature=evidence.prepared_signature(),
        images=(Path("figures") / path.name,) if audits else (),
        data={"rows": list(records)},
        records=records,
        missing=() if audits else ("the study has no phoneme representation",),
    )


def _ordered(evidence: Evidence) -> list[str]:
    """Return the representations, subwords first and phonemes last."""
    used = evidence.study.used_representations()
    return sorted(used, key=lambda name: list(KINDS).index(used[name].kind))


def _record(evidence: Evidence, audit: Mapping[str, Any]) -> dict[str, Any]:
    code = audit["language"]
    units = {f"units_{name}": _units(evidence, name, code) for name in _ordered(evidence)}
    shares = {name: _number(audit.get(name)) for name in _SHARES}
    return {
        "representation": audit["representation"],
        "language": code,
        "phones_per_word": _per_word(audit),
        **shares,
        **units,
    }


def _units(evidence: Evidence, representation: str, code: str) -> float:
    return _number(evidence.prepared["units"].get(f"{representation}/{code}", {}).get("mean_units"))


def _per_word(audit: Mapping[str, Any]) -> float:
    segments, tokens = _number(audit.get("segments")), _number(audit.get("tokens"))
    return segments / tokens if tokens > 0 else float("nan")


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _draw(evidence: Evidence, path: Path, audits: Audits) -> None:
    """Draw a row a language, in three panels."""
    codes = list(dict.fromkeys(row["language"] for row in audits))
    looks = of_representations(evidence.study, _ordered(evidence))
    spoken = {name: looks[name] for name in dict.fromkeys(row["representation"] for row in audits) if name in looks}
    height = min(0.95 + 0.155 * len(codes), 8.6)
    with figure(
        path, 3, height=height, margins=(0.4, 0.12, 0.38, 0.5), gaps=(0.22, 0.0), ratios=(1.35, 1, 1)
    ) as drawing:
        first, second, third = (Pane(drawing, axis) for axis in drawing.axes)
        for offset, (name, look) in zip(columns_at(len(looks), 0.5), looks.items(), strict=True):
            values = {code: _units(evidence, name, code) for code in codes}
            _dots(first, codes, _Series(values, look, offset, f"{name}, units a sentence", 1))
        offsets = columns_at(2 * len(spoken), 0.6)
        for k, (name, look) in enumerate(spoken.items()):
            own = {row["language"]: row for row in audits if row["representation"] == name}
            per_word = {code: _per_word(row) for code, row in own.items()}
            _dots(second, codes, _Series(per_word, look, columns_at(len(spoken))[k], f"{name}, phones a word"))
            for j, (share, of) in enumerate(_SHARES.items()):
                values = {code: _number(row.get(share)) for code, row in own.items()}
                what = f"{name}, unknown {of} (%)"
                _dots(third, codes, _Series(values, look, offsets[2 * k + j], what, hollow=j == 1))
        _rows(drawing, codes)
        key_of_looks(drawing, looks.values(), extra=_key(), at=(0.01, 0.99))


@dataclass(frozen=True, slots=True)
class _Series:
    """Values by language that share a look: how far below the middle of its row a mark stands, and what it is of."""

    values: Mapping[str, float]
    look: Look
    offset: float
    what: str
    digits: int = 2
    hollow: bool = False


def _dots(pane: Pane, codes: Sequence[str], series: _Series) -> None:
    values, look = series.values, series.look
    there = [(i, code) for i, code in enumerate(codes) if np.isfinite(values.get(code, np.nan))]
    if there:
        dots = pane.axis.scatter(
            [values[code] for _, code in there], [i + series.offset for i, _ in there], s=13, marker=look.marker,
            facecolors="white" if series.hollow else look.colour, edgecolors=look.colour if series.hollow else INK,
            linewidths=0.8 if series.hollow else 0.4, zorder=3, clip_on=False,
        )  # fmt: skip
        pane.value(dots, *(f"{code}, {series.what}: {values[code]:.{series.digits}f}" for _, code in there))


def _rows(drawing: Drawing, codes: Sequence[str]) -> None:
    titles = (("Length", "units a sentence"), ("Fertility", "phones a word"), ("Unknown", "%"))
    for axis, (title, unit) in zip(drawing.axes, titles, strict=True):
        axis.set_title(title)
        axis.set_xlabel(unit)
        axis.set_ylim(len(codes) - 0.4, -0.6)
        axis.set_yticks(range(len(codes)), [label(c) for c in codes] if axis is drawing.axes[0] else [""] * len(codes))
        axis.tick_params(axis="y", length=0)
        axis.grid(visible=True, axis="both")
        axis.set_xlim(0.0, max(1.06 * axis.get_xlim()[1], 1.0))
        axis.locator_params(axis="x", nbins=5)
    if not drawing.axes[2].collections:
        drawing.axes[2].text(
            0.5, 0.5, "not counted", transform=drawing.axes[2].transAxes, ha="center", va="center", color=GREY
        )
    elif not _any_unknown(drawing.axes[2]):
        drawing.axes[2].text(
            0.5, 0.5, "none", transform=drawing.axes[2].transAxes, ha="center", va="center", color=GREY
        )


def _any_unknown(axis: Any) -> bool:
    return any(float(dots.get_offsets()[:, 0].max()) > 0 for dots in axis.collections)


def _key() -> list[Any]:
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=GREY, linestyle="none", marker="o", markersize=3.8, label=text, markeredgewidth=0.8,
               markerfacecolor="white" if hollow else GREY)
        for text, hollow in (("unknown phones", False), ("words with one", True))
    ]  # fmt: skip


def _alt(records: Sequence[Mapping[str, Any]]) -> str:
    """Say the range of phones a word and the largest share of unknown phones, with their languages."""
    found = [row for row in records if np.isfinite(row["phones_per_word"])]
    parts = ["A row a language with units a sentence, phones a word and unknown shares."]
    if found:
        ends = sorted(found, key=lambda row: row["phones_per_word"])
        parts.append(
            f"Phones a word from {ends[0]['phones_per_word']:.1f} ({ends[0]['language']}) to {ends[-1]['phones_per_word']:.1f} ({ends[-1]['language']})."
        )
    if known := [row for row in records if np.isfinite(row["unknown_segments"])]:
        worst = max(known, key=lambda row: row["unknown_segments"])
        parts.append(f"At most {worst['unknown_segments']:.2f} % of phones are unknown ({worst['language']}).")
    return " ".join(parts)
