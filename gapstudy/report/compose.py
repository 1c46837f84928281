"""Exhibits and the words between them, in the paper's order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gapstudy import __version__
from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.evidence import Evidence
from gapstudy.languages import language
from gapstudy.report.abstract import abstract
from gapstudy.report.document import Report, Section
from gapstudy.report.markup import literal
from gapstudy.report.provenance import Circumstances, closing, day_stamp
from gapstudy.report.sections import claims_of, sections

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
        summary=(abstract(evidence, claims_of(evidence, exhibits)), *_verdicts(exhibits["verdicts"])),
        sections=tuple(sections(evidence, exhibits)),
        appendix=tuple(_appendix(evidence, exhibits)),
        closing=tuple(closing(evidence, around or Circumstances(excluded=excluded, stamp=day_stamp(made)))),
        runs=tuple(run.run_id for run in evidence.runs),
    )


def _verdicts(verdicts: Exhibit) -> tuple[Exhibit, ...]:
    """Return the claims of the paper and what became of them, where any could be judged."""
    return (verdicts,) if verdicts.table is not None else ()


_DATA = (
    "@tbl-table4 counts the examples of each corpus as this study read them, beside the paper’s counts: differences in size alone "
    "can make differences in scores."
)
_HYPER = (
    "@tbl-table5 lists what the models were trained with and what the paper selected; look for settings that favour one representation. "
    "@fig-learning shows how the models learnt, and which epochs were chosen."
)
_COMPARED = (
    "@tbl-comparison tests each representation against each other over the same seeds. The seed is the unit of every claim about a "
    "method; the last column says what the test set adds."
)
_SOURCES = "@tbl-variance says for each gap how much another seed and how much another test set would move it, and gives intervals for both."
_ASKED = (
    "@tbl-sensitivity repeats the question of @tbl-table3 by other methods: one pair at a time, linear instead of rank association, with "
    "{reference} performance held fixed, and with parts of the data left out. Answers that differ from the analysis of record deserve suspicion."
)
_BOUNDS = (
    "@tbl-certificates gives the observed gaps in error rate and what two sets of predictions alone certify about them; @tbl-theorem evaluates "
    "the right side of Theorem 4.1 in three spaces of hypotheses, from large to small."
)
_DISTANCES = (
    "A Sinkhorn distance [@cuturi2013] means nothing without its regularisation, which the paper does not give. "
    "@tbl-transport sets beside it the debiased divergence [@feydy2019], exact transport, two seeds of one language, and the "
    "comparison item by item that parallel test sets allow; @fig-reg-curve shows the distance over the regularisation."
)
_CHECKS = (
    "@tbl-cka-checks asks what the CKA values rest on, @fig-layer-curves and @tbl-layers follow them from the encoder to the fine-tuned model, and "
    "@tbl-companions asks whether other measures of similarity tell the same story."
)
_PHONEMES = (
    "Phonemes are only as good as their conversion. @fig-g2p-audit shows and @tbl-g2p counts, for every language, what the rules could not map and what the encoder "
    "does not know."
)
_PAPER = (
    "@tbl-paper-check holds the paper’s printed numbers against each other: what can be recomputed, which of its claims its own numbers bear out, and "
    "where its method leaves a question."
)


def _appendix(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> list[Section]:
    asked = _ASKED.format(reference=language(evidence.study.analysis.reference).name)
    contents = (
        ("data", "Data", _DATA, ("table4",)),
        ("hyper", "Hyper-parameters", _HYPER, ("learning", "table5")),
        ("contrasts", "Representations compared", _COMPARED, ("comparison",)),
        ("sources", "Where uncertainty comes from", _SOURCES, ("variance",)),
        ("asked", "The correlation asked in other ways", asked, ("sensitivity",)),
        ("bounds", "Certificates and bounds", _BOUNDS, ("certificates", "theorem")),
        ("transport", "Distances between outputs", _DISTANCES, ("transport", "reg-curve")),
        ("checks", "What the CKA values rest on", _CHECKS, ("cka-checks", "layer-curves", "layers", "companions")),
        ("g2p", "Phonemes", _PHONEMES, ("g2p-audit", "g2p")),
        ("paper", "The paper’s own numbers", _PAPER, ("paper-check",)),
    )
    parts = [Section(key=key, title=title, body=(text, *(exhibits[name] for name in names)))
             for key, title, text, names in contents]  # fmt: skip
    gaps = [f"{e.title}: {'; '.join(e.missing)}." for e in exhibits.values() if e.missing]
    if gaps:
        parts.append(Section(key="missing", title="What is missing", body=tuple(literal(line) for line in gaps)))
    return parts
