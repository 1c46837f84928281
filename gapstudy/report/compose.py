"""Exhibits and the words between them, in the paper's order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from gapstudy import __version__
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.text import counted, interval, number
from gapstudy.report.document import Report, Section
from gapstudy.report.markup import literal
from gapstudy.report.provenance import Circumstances, closing, day_stamp
from gapstudy.report.sections import sections

__all__ = ["compose"]

DEMONSTRATION = (
    "The corpora of this study were written for gapstudy and made from small hand-written grammars; its encoders are tiny. "
    "The numbers show that every part works. **They are not evidence about languages.**"
)


def compose(
    evidence: Evidence,
    exhibits: Mapping[str, Exhibit],
    excluded: Mapping[str, str],
    made: date,
    around: Circumstances | None = None,
) -> Report:
    """Return the report of a study, complete or partial.

    Parameters
    ----------
    evidence : what the exhibits were computed from.
    exhibits : by key.
    excluded : run folder -> why it is left out.
    made : the date to print.
    around : what the section on provenance says beside what the runs say (default: ``excluded`` and ``made`` alone).
    """
    study = evidence.study
    return Report(
        title="The gap between languages and the representation of their text",
        study=study.name,
        date=made,
        version=__version__,
        signature=evidence.signature(f"resamples:{study.analysis.resamples}", f"protocol:{study.protocol}"),
        banner=DEMONSTRATION if study.demonstration else "",
        summary=(*_summary(evidence, exhibits), *_verdicts(exhibits["verdicts"])),
        sections=tuple(sections(evidence, exhibits)),
        appendix=tuple(_appendix(exhibits)),
        closing=tuple(closing(evidence, around or Circumstances(excluded=excluded, stamp=day_stamp(made)))),
        runs=tuple(run.run_id for run in evidence.runs),
    )


def _summary(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> list[str]:
    """Say in a few sentences what came out; every number is read from the exhibits."""
    counts = Counter(r.cell.task for r in evidence.runs)
    runs = ", ".join(f"{n} {task.upper()}" for task, n in counts.items())
    paragraphs = [f"{counted(len(evidence.runs), 'finished run')} ({runs})."]
    for task, lines in exhibits["table1"].data.items():
        found = {r: x for r, x in lines.items() if "mean_rpd" in x}
        if len({tuple(x["gap_languages"]) for x in found.values()}) > 1:
            continue  # means over different languages are not to be compared
        said = _gap_sentence(task.upper(), "mean RPD over languages", {r: x["mean_rpd"] for r, x in found.items()})
        said += _cka_sentence({r: x["debiased_cka"] for r, x in found.items()})
        paragraphs.append(" ".join(said))
    lines = exhibits["table2"].data
    for code in dict.fromkeys(c for line in lines.values() for c in line["gaps"]):
        gaps = {r: line["gaps"][code]["rel"] for r, line in lines.items() if code in line["gaps"]}
        paragraphs += _gap_sentence("XNLI", f"RPD of {evidence.study.analysis.reference} and {code}", gaps)
    paragraphs += _correlation_sentence(exhibits["table3"])
    return [paragraph for paragraph in paragraphs if paragraph]


def _verdicts(verdicts: Exhibit) -> tuple[str | Exhibit, ...]:
    """Return the claims of the paper and what became of them, with a sentence that counts."""
    if verdicts.table is None:
        return ()
    words = Counter(v.word for v in verdicts.data["verdicts"])
    said = {"cannot tell": "on which it cannot tell"}
    counts = ", ".join(f"{n} {said.get(word, word)}" for word, n in words.most_common())
    total = counted(sum(words.values()), "claim")
    return (f"**What holds.** Of {total} of the paper, this study finds {counts}.", verdicts)


def _gap_sentence(task: str, what: str, gaps: Mapping[str, Any]) -> list[str]:
    if len(gaps) < 2:
        return []
    return [f"{task}: {what} is {_listed(gaps, 2)}."]


def _cka_sentence(values: Mapping[str, Any]) -> list[str]:
    return [f"Mean debiased CKA between languages is {_listed(values, 3)}."] if len(values) > 1 else []


def _listed(estimates: Mapping[str, Any], digits: int) -> str:
    parts = [
        f"{number(e.value, digits)} {interval(e, digits)} ({literal(r)})".replace("  ", " ")
        for r, e in estimates.items()
    ]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _correlation_sentence(table3: Exhibit) -> list[str]:
    if not table3.data:
        return []
    found = {name: table3.data["within"][name, "spearman"] for name in ("cka", "sinkhorn", "performance")}
    words = {"cka": "CKA", "sinkhorn": "Sinkhorn distance", "performance": "reference performance"}
    parts = [f"with {words[n]} {number(e.value, 2)} {interval(e, 2)}" for n, e in found.items()]
    n = found["cka"].n
    return [
        f"XNLI, one representation (@tbl-table3), {n} points within pairs of languages: rank correlation of the gap {', '.join(parts)}."
    ]


_DISTANCES = (
    "A Sinkhorn distance [@cuturi2013] means nothing without its regularisation, which the paper does not give. "
    "@tbl-transport sets beside it the debiased divergence [@feydy2019], exact transport, two seeds of one language, and the "
    "comparison item by item that parallel test sets allow; @fig-reg-curve shows the distance over the regularisation."
)


_LEARNING = "@fig-learning shows how the models learnt, and which epochs were chosen."
_LAYERS = "@fig-layer-curves draws what @tbl-layers lists."
_PHONEMES = "@fig-g2p-audit shows what conversion makes of each language; @tbl-g2p has the counts."


def _appendix(exhibits: Mapping[str, Exhibit]) -> list[Section]:
    parts = [
        Section(key="data", title="Data", body=(exhibits["table4"],)),
        Section(key="hyper", title="Hyper-parameters", body=(exhibits["table5"], _LEARNING, exhibits["learning"])),
        Section(key="contrasts", title="Representations compared", body=(exhibits["comparison"],)),
        Section(key="sources", title="Where uncertainty comes from", body=(exhibits["variance"],)),
        Section(key="asked", title="The correlation asked in other ways", body=(exhibits["sensitivity"],)),
        Section(key="bounds", title="Certificates and bounds", body=(exhibits["certificates"], exhibits["theorem"])),
        Section(
            key="transport",
            title="Distances between outputs",
            body=(_DISTANCES, exhibits["transport"], exhibits["reg-curve"]),
        ),
        Section(
            key="checks",
            title="What the CKA values rest on",
            body=(
                exhibits["cka-checks"],
                _LAYERS,
                exhibits["layer-curves"],
                exhibits["layers"],
                exhibits["companions"],
            ),
        ),
        Section(key="g2p", title="Phonemes", body=(_PHONEMES, exhibits["g2p-audit"], exhibits["g2p"])),
        Section(key="paper", title="The paper's own numbers", body=(exhibits["paper-check"],)),
    ]
    gaps = [f"{e.title}: {'; '.join(e.missing)}." for e in exhibits.values() if e.missing]
    if gaps:
        parts.append(Section(key="missing", title="What is missing", body=tuple(literal(line) for line in gaps)))
    return parts
