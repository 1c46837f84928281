"""The body of the report: the paper's results section, in its order, with the words between the exhibits."""

from __future__ import annotations

from collections.abc import Mapping

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.table3 import representation_of
from gapstudy.languages import language
from gapstudy.report.claims import Claims, closer_outputs, correlated, higher_cka, other_scripts, smaller_gap
from gapstudy.report.document import Equation, Section
from gapstudy.report.markup import literal
from gapstudy.report.review import questions
from gapstudy.report.theory import bounded
from gapstudy.report.wording import frame, tested

__all__ = ["claims_of", "sections"]

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

Body = tuple[str | Equation | Exhibit, ...]

_SETUP = (
    "This report repeats the results section of Jung et al. [-@jung2024] on the runs of one study. {description} {protocol} "
    "The paper compares mBERT [@bert2019], CANINE [@canine2022] and XPhoneBERT [@xphonebert2023] on XNLI [@xnli2018], named "
    "entities [@wikiann2017; @rahimi2019] and parts of speech [@ud2021], with parallel sentences from FLORES [@flores2022]; its "
    "printed values stand beside this study’s throughout, and are of other corpora and encoders wherever this study names its own."
)
_INPUTS = (
    "What distinguishes the representations is what the encoder reads. @fig-figure1 shows one sentence as it is written and as "
    "phonemes, which Epitran [@epitran2018] derives from the spelling and segments [@segments] divides; @tbl-g2p (appendix) "
    "audits that conversion. @tbl-table4 (appendix) counts the examples, and @tbl-table5 (appendix) lists the "
    "hyper-parameters. Figures use colours that colour-blind readers can tell apart [@okabeito2008]."
)
_JUDGED = (
    "A paragraph on each claim of the paper opens with its verdict, in bold. A claim is *supported*, or its opposite holds, where the "
    "corrected *p* is below the threshold; otherwise the data *cannot tell*, and the interval says what they still allow. Gaps, spread and scores are of the seeds’ mean scores, "
    "over the seeds that both sides have, tested by the jackknife over seeds; CKA is for new seeds and new sentences (half-samples), "
    "Sinkhorn distance for the given test sets; correlations are within pairs of languages, with seeds resampled and permuted jointly "
    "over pairs. The bound, a theorem, has no *p*: it is supported where the gap’s interval lies below a bound under 1 in every pair. "
    "The paper prints no intervals: its scores are single runs, its CKA the plain one, its correlations of pooled points."
)
_PROTOCOLS = {
    "per-language": "Models are trained in-language, as in the paper: one for each task, representation, language and seed.",
    "zero-shot": "Models are trained zero-shot: one for each task, representation and seed, on a source language, tested on "
    "every language. The paper trains in-language, one model a language, so that its values answer another question.",
}
_GAP = "The performance gap of two languages is the relative percent difference (RPD) of their scores, which does not depend on their level:"
_TABLE1 = (
    "@tbl-table1 gives the test scores of the token tasks by language, and what the paper reads from them: the spread of scores, "
    "the mean RPD over pairs of languages, and, ahead of @sec-linguistic, the mean CKA. Scores are means over seeds; the intervals of "
    "the gaps are over seeds, and the rows *items* say what another test set could change."
)
_TABLE2 = (
    "@tbl-table2 gives accuracy on XNLI and the gap of each language to {reference}, relative and absolute. Compare the gaps down "
    "a column, with their intervals: bold marks the smallest and is no test."
)
_COMPARED = (
    "@tbl-comparison (appendix) compares the representations of each task over the same seeds, in scores and in gaps, by paired tests, by "
    "the probability that one improves on the other [@bouthillier2021] and by interquartile means [@agarwal2021]; @tbl-variance "
    "(appendix) separates what another seed from what another test set would change."
)
_MEASURED = (
    "The linguistic gap is measured by linear CKA [@kornblith2019] of the sentence vectors of a parallel corpus,"
)
_BIAS = (
    "with column-centred features and the Frobenius norm (the paper prints a 2-norm); a larger CKA is a smaller linguistic gap. "
    "Plain CKA is biased upwards when there are not many more sentences than features [@murphy2024], so that the report decides by its "
    "unbiased form [@song2012; @nguyen2021]: @tbl-table1 has both, @tbl-table3 the plain one as in the paper, the figures the unbiased one alone. "
    "@fig-figure2 shows it for every pair of "
    "languages, between t-SNE maps [@tsne2008] of the vectors of some: look for one triangle that is darker than the other."
)
_OUTPUTS = (
    "@fig-figure3 sets three views of XNLI beside each other for every pair with {reference}: the gap, the CKA of sentence vectors, "
    "and the Sinkhorn distance [@cuturi2013] between outputs on the parallel test sets. Where the paper is right, the representation "
    "with the smallest gap has the highest CKA and the smallest distance."
)
_RESTS = (
    "High CKA need not be learnt: it can come from input units, sentence length or a few sentences, and other measures may disagree "
    "[@davari2023]. @tbl-cka-checks (appendix) holds the values against chance, against two seeds of one language and against baselines without a "
    "model, @tbl-layers (appendix) follows them through layers and training, and @tbl-companions (appendix) gives other "
    "measures [@delfishel2022]."
)
_CORRELATED = (
    "Do gaps follow the linguistic gap? @tbl-table3 correlates the gap of {representation} models with CKA, with Sinkhorn distance and "
    "with {reference} performance: first pooled over pairs, as the paper does, then within pairs, which is the analysis of record, and "
    "last the difference that the claim is about. @tbl-sensitivity (appendix) asks the same in other ways."
)
_PAIRWISE = "@fig-gap-cka shows the points behind it, each pair with a line of its own."
_CERTIFICATE = (
    "On parallel test sets the gap has a certificate that needs no theory of divergences: it cannot exceed the share of items on "
    "which the predictions in the two languages differ (@tbl-certificates, appendix). The paper’s Theorem 4.1, after Ben-David et al. [-@bendavid2010], "
    "bounds the gap of *one* hypothesis on two domains,"
)
_BOUND = (
    "where the divergence is not known and is estimated by a cross-fitted proxy A-distance [@bendavid2006], with the classifier two-sample "
    "test [@lopezpaz2017] of its being 0 (@tbl-theorem, appendix). Where the distributions of the labels differ, alike representations cannot "
    "close the gap [@zhao2019]. @fig-bound holds the observed gaps against both bounds: marks above 1 say nothing."
)
_REVIEW = (
    "Some questions come with every comparison of this kind; the numbers of this report answer them as far as they can."
)


def claims_of(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> Claims:
    """Return what the paragraphs about the paper's claims are written from."""
    used = evidence.study.used_representations()
    kinds = [r.kind for r in used.values()]
    return Claims(
        verdicts=exhibits["verdicts"].data.get("verdicts", ()),
        exhibits=exhibits,
        kinds={name: f"{r.kind}s" if kinds.count(r.kind) == 1 else name for name, r in used.items()},
        reference=language(evidence.study.analysis.reference).name,
        zero_shot=evidence.study.protocol == "zero-shot",
    )


def sections(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> list[Section]:
    """Return the sections of the body.

    Parameters
    ----------
    evidence : for the description of the study.
    exhibits : by key.
    """
    claims = claims_of(evidence, exhibits)
    names = {"reference": claims.reference, "representation": literal(representation_of(evidence))}
    return [
        _setup(evidence, exhibits),
        Section(key="performance", title="Performance gap across languages"),
        Section(key="token", title="Token tasks", body=(_GAP, RPD, _TABLE1, exhibits["table1"]), level=2),
        Section(key="xnli", title="XNLI", body=(_TABLE2.format(**names), exhibits["table2"]), level=2),
        Section(
            key="gap-claim", title="Is the gap smaller with phonemes?", body=(smaller_gap(claims), _COMPARED), level=2
        ),
        Section(key="script-claim", title="Do phonemes help other scripts?", body=(other_scripts(claims),), level=2),
        Section(
            key="linguistic",
            title="Linguistic gap of representations",
            body=(_MEASURED, CKA, _BIAS, exhibits["figure2"], _OUTPUTS.format(**names), exhibits["figure3"]),
        ),
        Section(key="cka-claim", title="Are languages more alike with phonemes?", body=_alike(claims), level=2),
        Section(
            key="connecting",
            title="Connecting performance gap and linguistic gap",
            body=(_CORRELATED.format(**names), exhibits["table3"], _PAIRWISE, exhibits["gap-cka"], correlated(claims)),
        ),
        Section(
            key="theory",
            title="Theory: what bounds the gap",
            body=(_CERTIFICATE, THEOREM, _BOUND, exhibits["bound"], bounded(claims)),
        ),
        Section(key="review", title="What a reviewer would ask", body=(_REVIEW, *questions(claims, evidence.study))),
    ]


def _setup(evidence: Evidence, exhibits: Mapping[str, Exhibit]) -> Section:
    description = literal(evidence.study.description)
    text = _SETUP.format(description=description, protocol=_PROTOCOLS[evidence.study.protocol])
    judged = _judged(claims_of(evidence, exhibits))
    return Section(key="setup", title="Setup", body=(text, _INPUTS, *judged, exhibits["figure1"]))


def _judged(claims: Claims) -> tuple[str, ...]:
    """Say once how the paragraphs on claims are to be read, where any was tested."""
    said = frame(claims.verdicts, tested(claims.verdicts))
    return (f"{_JUDGED} {said}",) if said else ()


def _alike(claims: Claims) -> Body:
    paragraphs = (higher_cka(claims), closer_outputs(claims), _RESTS)
    return tuple(text for text in paragraphs if text)
