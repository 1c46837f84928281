"""The body of the report: the paper's results section, in its order, with the words between the exhibits."""

from __future__ import annotations

from collections.abc import Mapping

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.evidence import Evidence
from gapstudy.report.document import Equation, Section
from gapstudy.report.markup import literal

__all__ = ["sections"]

THEOREM = Equation(
    key="theorem",
    tex=r"\left|\varepsilon_{\mathcal{D}_A}(h,f)-\varepsilon_{\mathcal{D}_B}(h,f)\right| \le \tfrac{1}{2}\,"
    r"d_{\mathcal{H}\Delta\mathcal{H}}(\hat{\mathcal{D}}_A,\hat{\mathcal{D}}_B)"
    r"+2\sqrt{\frac{d\log(2n)+\log(2/\delta)}{n}}",
)
RPD = Equation(key="rpd", tex=r"\mathrm{RPD}(a,b)=\frac{|a-b|}{(a+b)/2}\times 100")
CKA = Equation(
    key="cka",
    tex=r"\mathrm{CKA}(X,Y)=\frac{\lVert X^{\top}Y\rVert_F^2}{\lVert X^{\top}X\rVert_F\,\lVert Y^{\top}Y\rVert_F}",
)


_SETUP = (
    "This report mirrors the tables and figures of Jung et al. [-@jung2024], computed from the runs of one study. "
    "{description} Protocol: {protocol}. @fig-figure1 shows what the encoders read; @tbl-table4 (appendix) counts the "
    "data, @tbl-table5 gives the hyper-parameters."
)
_PROTOCOLS = {
    "per-language": "in-language (one model for each task, representation, language and seed), as in the paper",
    "zero-shot": "zero-shot (one model of a source language, tested on every language)",
}
_BIAS = (
    "with column-centred features and the Frobenius norm (the paper prints a 2-norm). Plain CKA is biased upwards when "
    "there are not many more sentences than dimensions, so its unbiased form [@song2012; @nguyen2021] stands beside it "
    "in @tbl-table1 and @tbl-sensitivity, and alone in @fig-figure2 (by language pair) and @fig-figure3, where the paper has the plain one. "
    "@tbl-cka-checks says what the values rest on; @tbl-layers has the layers that were kept, "
    "before and after fine-tuning, and @tbl-companions other measures of similarity [@delfishel2022]."
)
_OUTPUTS = (
    "@fig-figure3 compares representations on XNLI: the gap, CKA, and the Sinkhorn distance [@cuturi2013] between the "
    "models' outputs on the parallel test sets."
)
_COMPARED = (
    "Bold is no test. @tbl-comparison (appendix) compares the representations of each task over the same seeds, in scores "
    "and in gaps, by tests, by the probability that one improves on the other [@bouthillier2021] and by interquartile means "
    "[@agarwal2021]. @tbl-variance (appendix) says how much of the uncertainty of a gap another seed, and how much another test "
    "set, would make."
)
_CORRELATED = (
    "@tbl-table3 correlates the gap with the linguistic gap and with reference performance; @tbl-sensitivity (appendix) "
    "asks the same in other ways."
)
_PAIRWISE = "@fig-gap-cka shows the points behind it, each pair with a line of its own."
_CERTIFICATE = (
    "On parallel test sets the gap has a certificate that needs no theory of divergences: it cannot exceed the share of "
    "items on which the two models disagree (@tbl-certificates). The paper's Theorem 4.1, after Ben-David et al. [-@bendavid2010], bounds "
    "the gap of *one* hypothesis on two domains,"
)
_BOUND = (
    "and @tbl-theorem evaluates it, with a cross-fitted proxy A-distance [@bendavid2006] for the divergence and the classifier "
    "two-sample test [@lopezpaz2017] of its being 0. Where the distributions of the labels differ, alike representations "
    "cannot close the gap [@zhao2019]; the table's note gives them. @fig-bound holds the observed gap against both."
)


def sections(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> list[Section]:
    """Return the sections of the body.

    Parameters
    ----------
    evidence : for the description of the study.
    exhibits : by key.
    """
    return [
        _setup(evidence, exhibits),
        Section(key="performance", title="Performance gap across languages"),
        Section(key="token", title="Token tasks", body=_token(exhibits), level=2),
        Section(
            key="xnli",
            title="XNLI",
            body=("@tbl-table2 gives accuracy on XNLI and the gap to the reference language.", exhibits["table2"]),
            level=2,
        ),
        Section(key="compared", title="Representations compared", body=(_COMPARED,), level=2),
        Section(key="linguistic", title="Linguistic gap of representations", body=_linguistic(exhibits)),
        Section(key="outputs", title="XNLI: gap, vectors and outputs", body=(_OUTPUTS, exhibits["figure3"]), level=2),
        Section(
            key="connecting",
            title="Connecting performance gap and linguistic gap",
            body=(
                _CORRELATED,
                exhibits["table3"],
                _PAIRWISE,
                exhibits["gap-cka"],
            ),
        ),
        Section(
            key="theory",
            title="Theory: what bounds the gap",
            body=(_CERTIFICATE, THEOREM, _BOUND, exhibits["bound"]),
        ),
    ]


def _setup(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> Section:
    description = literal(evidence.study.description)
    text = _SETUP.format(description=description, protocol=_PROTOCOLS[evidence.study.protocol])
    return Section(key="setup", title="Setup", body=(text, exhibits["figure1"]))


def _token(exhibits: Mapping[str, Exhibit]) -> tuple[str | Equation | Exhibit, ...]:
    return (
        "The performance gap of two languages is the relative percent difference of their scores:",
        RPD,
        "@tbl-table1 gives scores, their spread and the mean RPD over pairs.",
        exhibits["table1"],
    )


def _linguistic(exhibits: Mapping[str, Exhibit]) -> tuple[str | Equation | Exhibit, ...]:
    return (
        "The linguistic gap is measured by linear CKA [@kornblith2019] of sentence vectors of a parallel corpus,",
        CKA,
        _BIAS,
        exhibits["figure2"],
    )
