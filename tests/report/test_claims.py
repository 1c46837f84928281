"""The paragraphs on the paper's claims: each outcome in its own words, never more than the numbers bear."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from gapstudy.exhibits.base import Exhibit
from gapstudy.exhibits.every import compute_exhibits
from gapstudy.exhibits.verdict import Part, Verdict, judged
from gapstudy.pipeline import gather
from gapstudy.report.abstract import abstract
from gapstudy.report.claims import Claims, closer_outputs, correlated, higher_cka, other_scripts, smaller_gap
from gapstudy.report.compose import compose
from gapstudy.report.review import power, questions
from gapstudy.report.sections import claims_of
from gapstudy.report.theory import bounded
from gapstudy.report.wording import allowed, frame, lead, seen
from gapstudy.stats import Estimate, difference_power
from gapstudy.study import Study

NAN = math.nan
KINDS = {"character": "characters", "phoneme": "phonemes", "subword": "subwords"}


def estimate(value: float, half: float, n: int = 15, p: float | None = None) -> Estimate:
    """An estimate with a symmetric interval; without one for a NaN half."""
    return Estimate(value, value - half, value + half, 0.95, n, "made up", p)


def verdict(key: Any, value: float, p: float | None, *, sign: int = -1, half: float = 1.0, **more: Any) -> Verdict:
    """A verdict on XNLI, not judged yet."""
    options: dict[str, Any] = {
        "task": "xnli",
        "names": ("character", "phoneme"),
        "sides": (10.0, 10.0 + value),
        "printed": "−0.50",
    }
    return Verdict(
        claim="a claim", about="it", sign=sign, estimate=estimate(value, half, more.pop("n", 15), p), digits=2, key=key,
        **(options | more),
    )  # fmt: skip


def claims(*verdicts: Verdict, exhibits: Mapping[str, Exhibit] | None = None, zero_shot: bool = False) -> Claims:
    """What the paragraphs are written from, with the verdicts judged."""
    return Claims(
        verdicts=judged(verdicts, 0.95),
        exhibits=exhibits or {},
        kinds=KINDS,
        reference="eng",
        zero_shot=zero_shot,
    )


OUTCOMES = [
    pytest.param(-3.0, 0.001, 1.0, "**Supported.**", id="supported"),
    pytest.param(3.0, 0.001, 1.0, "**Not supported: the opposite holds here.**", id="contradicted"),
    pytest.param(0.5, 0.4, 1.0, "**Cannot tell.**", id="cannot-tell"),
    pytest.param(0.5, None, NAN, "**Not tested.**", id="one-seed"),
    pytest.param(NAN, NAN, NAN, "**Not tested.**", id="undefined"),
]


# ---- each claim, each outcome ------------------------------------------------------------------------------
@pytest.mark.parametrize(("value", "p", "half", "opening"), OUTCOMES)
@pytest.mark.parametrize(
    ("key", "paragraph", "flip"),
    [
        ("gap", smaller_gap, 1),
        ("cka", higher_cka, -1),
        ("scripts", other_scripts, -1),
        ("resource", other_scripts, -1),
        ("outputs", closer_outputs, 1),
    ],
)
def test_a_paragraph_opens_with_its_verdict(
    key: str, paragraph: Callable[[Claims], str], flip: int, value: float, p: float | None, half: float, opening: str
) -> None:
    """The verdict comes first and in bold; the number, its interval, p and the paper's value follow."""
    n = 1 if p is None else 15
    text = paragraph(claims(verdict(key, flip * value, p, sign=-flip, half=half, n=n)))
    assert text.startswith(opening)
    assert "nan" not in text.lower().replace("phonem", "")
    if not math.isnan(half):
        assert f"[{flip * value - half:.2f}, {flip * value + half:.2f}]".replace("-", "−") in text
        assert "paper −0.50" in text


def test_what_is_open_says_what_is_still_possible_and_what_could_have_been_seen() -> None:
    """The interval is named as what the data allow; the difference with 80 % power is that of the paired t test."""
    one = verdict("gap", 0.5, 0.4)
    text = smaller_gap(claims(one))
    assert "The data still allow a difference from −0.50 to +1.50." in text
    deviation = (
        1.0 / 2.1447866879 * math.sqrt(15)
    )  # half the interval over the quantile of t with 14 degrees of freedom
    assert difference_power(seen(one) / deviation, 15) == pytest.approx(0.8, abs=1e-6)
    assert f"(points of RPD: {seen(one):.2f} on XNLI)" in power(claims(one))
    assert power(claims(verdict("gap", -3.0, 0.001))) == ""


def test_intervals_and_p_values_are_explained_once() -> None:
    """The level and the number of corrected claims are said where something was tested, else nothing."""
    assert (
        frame([verdict("gap", 0.5, 0.4)], 1)
        == "Intervals are at 95\u00a0%; *p* is corrected by Holm’s method [@holm1979] for 1 claim."
    )
    assert frame([], 0) == ""


def test_a_second_baseline_repeats_nothing() -> None:
    """Where phonemes meet two baselines of one task, the second is named with its own value and difference."""
    second = verdict("gap", -1.0, 0.4, names=("subword", "phoneme"), sides=(12.0, 11.0))
    text = smaller_gap(claims(verdict("gap", 1.0, 0.4), second))
    assert text.count("On XNLI the RPD") == 1
    assert "; against subwords, with 12.00\u00a0%, it is −1.00 [−2.00, 0.00] (*p* 0.80; paper −0.50)" in text


def test_an_interval_without_zero_is_not_enough() -> None:
    """Where the correction decides, the sentence says so instead of giving a range."""
    text = smaller_gap(claims(verdict("gap", -2.0, 0.03), *[verdict("spread", 0.1, 0.5)] * 3))
    assert text.startswith("**Cannot tell.**")
    assert "The interval excludes 0, but not after correction for 4 claims." in text
    assert "still allow" not in text


def test_mixed_outcomes_are_told_apart() -> None:
    """The opening names the tasks of each outcome, and what a task is compared with where there are several."""
    text = smaller_gap(
        claims(
            verdict("gap", -3.0, 0.001, task="ner"),
            verdict("gap", 0.2, 0.7, task="pos"),
            verdict("gap", 3.0, 0.001),
            verdict("gap", 0.1, 0.9, names=("subword", "phoneme")),
        )
    )
    assert text.startswith(
        "**Supported for NER; not supported for XNLI against characters: the opposite holds here; "
        "cannot tell for POS and XNLI against subwords.**"
    )


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (1, "One seed (XNLI) says nothing of another"),
        (2, "With 2 seeds (XNLI) the intervals rest on 1 degree of freedom"),
        (3, "With 3 seeds (XNLI) the intervals rest on 2 degrees of freedom"),
    ],
)
def test_few_seeds_are_a_caution(n: int, words: str) -> None:
    """Below five seeds the paragraph warns, in the right number; from five on it does not."""
    half = NAN if n == 1 else 1.0
    assert words in smaller_gap(claims(verdict("gap", 0.5, None if n == 1 else 0.4, half=half, n=n)))
    assert "degree" not in smaller_gap(claims(verdict("gap", 0.5, 0.4, n=5)))


def test_a_small_gap_among_low_scores_is_no_merit() -> None:
    """Where phonemes score lower beyond doubt, the paragraph on the gap says so; otherwise not."""
    line = {"task": "xnli", "a": "phoneme", "b": "character", "test": SimpleNamespace(difference=estimate(-4.0, 1.0))}
    exhibit = Exhibit(key="comparison", kind="table", title="", caption="", signature="", data={"comparisons": [line]})
    text = smaller_gap(claims(verdict("gap", -3.0, 0.001), exhibits={"comparison": exhibit}))
    assert "the mean score with phonemes is lower, the difference being −4.00 [−5.00, −3.00] on XNLI" in text
    line["test"] = SimpleNamespace(difference=estimate(-0.5, 1.0))
    assert "no merit" not in smaller_gap(claims(verdict("gap", -3.0, 0.001), exhibits={"comparison": exhibit}))


def test_scripts_are_told_from_languages_with_less_data() -> None:
    """Each language has its difference and the paper's; the other scripts are held against the major ones."""
    parts = (
        Part(language="kor", estimate=estimate(2.0, 1.0), printed=3.08),
        Part(language="hin", estimate=estimate(-1.0, 1.0), printed=0.55),
        Part(name="Latin and Cyrillic script", estimate=estimate(-4.0, 1.0), printed=-1.68),
    )
    text = other_scripts(claims(verdict("scripts", 0.5, 0.4, sign=1, task="ner", parts=parts)))
    assert "On NER the mean score in Korean and Hindi is" in text
    assert "+2.00 [1.00, 3.00] in Korean (paper +3.08) and −1.00 [−2.00, 0.00] in Hindi (paper +0.55)" in text
    assert (
        "In the languages in Latin and Cyrillic script the difference is −4.00 [−5.00, −3.00] (not corrected; paper −1.68)"
        in text
    )
    assert "On POS (not a claim of the paper) the mean score" in other_scripts(
        claims(verdict("scripts", 0.5, 0.4, task="pos", parts=parts))
    )


def test_cka_before_fine_tuning_is_said() -> None:
    """What was there before any training stands beside the difference, and what it is due to."""
    text = higher_cka(claims(verdict("cka", 0.5, 0.001, sign=1, before=0.4)))
    assert "before any fine-tuning the difference was +0.400" in text
    assert "due to input units and pre-training" in text
    assert "fine-tuning" not in higher_cka(claims(verdict("cka", 0.5, 0.001, sign=1)))


# ---- correlation -------------------------------------------------------------------------------------------
def table3(cka: float = -0.5, n: int = 30) -> Exhibit:
    """Table 3's data, as far as the paragraph reads them."""
    values = {name: estimate(v, 0.2, n) for name, v in (("cka", cka), ("sinkhorn", 0.3), ("performance", 0.1))}
    rows = {(name, "spearman"): e for name, e in values.items()}
    pooled = {key: replace(e, p_value=0.01) for key, e in rows.items()}
    data = {"points": {"seeds": list(range(15)), "pairs": ["swa", "urd"]}, "within": rows, "pooled": pooled}
    return Exhibit(key="table3", kind="table", title="", caption="", signature="", data=data)


def correlations(p: float, *, value: float = -0.5) -> Claims:
    """Verdicts on both correlations and both differences."""
    return claims(
        *(verdict("goes-with", v, p, sign=s, half=0.2, n=30, measure=m, names=())
          for m, v, s in (("cka", value, -1), ("sinkhorn", -value, 1))),
        *(verdict("rather", 0.2, 0.5, sign=1, half=0.4, n=30, measure=m, names=()) for m in ("cka", "sinkhorn")),
        exhibits={"table3": table3()},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("p", "value", "opening"),
    [
        (0.001, -0.5, "**Supported for CKA and S-Dist; cannot tell for “CKA rather than performance” and “S-Dist rather than performance”.**"),
        (0.001, 0.5, "**Not supported for CKA and S-Dist: the opposite holds here; cannot tell for “CKA"),
        (0.5, -0.5, "**Cannot tell.**"),
    ],
)  # fmt: skip
def test_a_correlation_and_the_difference_are_two_claims(p: float, value: float, opening: str) -> None:
    """That the gap goes with CKA does not make it go with CKA rather than with performance; pooled numbers come with a warning."""
    text = correlated(correlations(p, value=value))
    assert text.startswith(opening)
    assert "over 30 points of 15 seeds and 2 pairs" in text
    assert "count points that share a model as independent" in text
    assert "so that the two are correlated by construction" in text
    assert "with 15 seeds one of 0.68 within a single pair" in text


def test_without_correlations_the_reason_is_given() -> None:
    """Table 3 says what it lacks, and the paragraph repeats it."""
    lacking = Exhibit(key="table3", kind="table", title="", caption="", signature="", missing=("it needs XNLI",))
    text = correlated(claims(exhibits={"table3": lacking}))
    assert text == "**Not tested.** The gap goes with CKA and Sinkhorn distance: it needs XNLI."


# ---- the bound ---------------------------------------------------------------------------------------------
def with_bound(word: str, paper: float = 0.6) -> Claims:
    """One pair with a bound, a gap and a certificate."""
    line = {"representation": "phoneme", "language": "swa", "seed": 0, "space": "Class probabilities (test sets)", "paper": paper,
            "n_informative": None if paper > 1 else 100}  # fmt: skip
    gap = {
        "representation": "phoneme",
        "language": "swa",
        "seed": 0,
        "gap": estimate(0.1, 0.05),
        "certificate": estimate(0.3, 0.05),
    }
    exhibits = {
        key: Exhibit(key=key, kind="table", title="", caption="", signature="", data=data)
        for key, data in (("theorem", {"lines": [line]}), ("certificates", {"seeds": [gap]}))
    }
    return claims(verdict("bound", -0.5, None, half=NAN, word=word), exhibits=exhibits)


@pytest.mark.parametrize(
    ("word", "paper", "parts"),
    [
        ("not tested", 0.6, ("**Not tested.** Theorem 4.1 is about one model", "(not vacuous)")),
        ("supported", 0.6, ("**Supported.** One model serves every language", "estimated from below")),
        ("cannot tell", 1.2, ("**Cannot tell.** One model serves every language", "(vacuous in 1 of 1)", "leaves any gap possible")),
    ],
)  # fmt: skip
def test_the_bound_is_not_oversold(word: str, paper: float, parts: tuple[str, ...]) -> None:
    """Whether the theorem applies, whether it is vacuous, and what the certificate says; a bound makes no gap smaller."""
    text = bounded(with_bound(word, paper))
    for part in (
        *parts,
        "the gap in error rate is 0.100",
        "at most 0.350",
        "Nor does a smaller bound make a smaller gap",
    ):
        assert part in text


def test_without_pairs_there_is_no_bound() -> None:
    """The paragraph says why."""
    lacking = Exhibit(key="theorem", kind="table", title="", caption="", signature="", missing=("it needs XNLI",))
    assert bounded(claims(exhibits={"theorem": lacking})).startswith("**Not tested.** The gap is bounded")


@pytest.mark.parametrize("paragraph", [smaller_gap, higher_cka, other_scripts])
def test_nothing_to_judge_is_said(paragraph: Callable[[Claims], str]) -> None:
    """A claim without a verdict is not tested, with the reason, and not left out."""
    data = {"why": "it needs phonemes"}
    lacking = Exhibit(key="verdicts", kind="table", title="", caption="", signature="", data=data)
    assert paragraph(claims(exhibits={"verdicts": lacking})).startswith("**Not tested.** ")
    assert "it needs phonemes" in paragraph(claims(exhibits={"verdicts": lacking}))
    assert closer_outputs(claims()) == ""


def test_zero_shot_is_held_against_another_question() -> None:
    """The paper trains in-language; its values are not those of zero-shot transfer."""
    assert "of zero-shot transfer" in smaller_gap(claims(verdict("gap", 0.5, 0.4), zero_shot=True))
    assert "zero-shot" not in smaller_gap(claims(verdict("gap", 0.5, 0.4)))


def test_names_of_data_stay_literal() -> None:
    """A representation's name with markup in it is not obeyed."""
    text = smaller_gap(claims(verdict("gap", 0.5, 0.4, names=("a*b", "phoneme"))))
    assert r"a\*b" in text


def test_openings_of_equal_words_are_short() -> None:
    """One outcome needs no names; none at all is not tested."""
    assert lead([("NER", "supported"), ("POS", "supported")]) == "**Supported.**"
    assert lead([]) == "**Not tested.**"
    assert allowed([("NER", verdict("gap", 0.5, None, half=NAN))], 0) == []


@pytest.fixture(scope="module")
def full(wide: Study, fabricate: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Every exhibit of five seeds of the wide study."""
    evidence = gather(wide, fabricate(wide).store)[0]
    return SimpleNamespace(evidence=evidence, exhibits=compute_exhibits(evidence, tmp_path_factory.mktemp("exhibits")))


# ---- whole studies -----------------------------------------------------------------------------------------
_HOLES = re.compile(r"\bnan\b|\bNone\b|\{|\}|\(\s*\)|\s,|\b0 seeds|\b1 seeds|\b1 runs|\b1 pairs|  |\[\]|\.\.(?!\.)")


def words_of(evidence: Any, exhibits: Mapping[str, Exhibit]) -> list[str]:
    """Every paragraph, caption and method of a report."""
    report = compose(evidence, exhibits, {}, date(2026, 11, 23))
    blocks = [*report.summary, *(b for s in (*report.sections, *report.appendix) for b in s.body)]
    said = [b for b in blocks if isinstance(b, str)]
    for e in (e for e in report.exhibits() if e.kind == "table"):
        said += [e.caption, e.method, *e.notes, *e.missing]
    return [text for text in said if text]


STUDIES = [
    pytest.param({}, {}, id="whole"),
    pytest.param({"tasks": ("ner",)}, {}, id="one-task"),
    pytest.param({"tasks": ("xnli",), "representations": ("phoneme",)}, {}, id="one-representation"),
    pytest.param({"tasks": ("xnli",), "languages": ("swa", "urd")}, {}, id="no-reference"),
    pytest.param({}, {"seeds": 1}, id="one-seed"),
    pytest.param({}, {"seeds": 2}, id="two-seeds"),
    pytest.param({}, {"keep": lambda cell, seed: (cell.language, cell.representation, seed) == ("eng", "phoneme", 0)}, id="one-run"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("narrow", "options", "protocol"),
    [
        pytest.param(*study.values, protocol, id=f"{study.id}-{protocol}")
        for study in STUDIES
        for protocol in ("per-language", "zero-shot")
        if (study.id, protocol) != ("no-reference", "zero-shot")  # the source language would be left out
    ],
)
def test_every_sentence_of_a_study_is_whole(
    fabricate: Callable[..., Any], wide: Study, tmp_path: Any, narrow: dict[str, Any], options: dict[str, Any], protocol: str
) -> None:  # fmt: skip
    """Whatever is missing, no sentence holds a hole, a wrong number word or a template; each ends like one."""
    study = wide.model_copy(update={"protocol": protocol})
    study = study.narrowed(**narrow) if narrow else study
    evidence = gather(study, fabricate(study, **options).store)[0]
    exhibits = compute_exhibits(evidence, tmp_path)
    said = words_of(evidence, exhibits)
    for text in said:
        assert not _HOLES.search(text.replace("$2/2^S$", "")), text
    for exhibit in exhibits.values():
        if exhibit.kind == "table" and exhibit.table is None and exhibit.key not in {"layers", "g2p"}:
            assert exhibit.caption.count(". ") == 0
            assert exhibit.missing or exhibit.notes
            assert exhibit.method == ""


def test_the_abstract_counts_and_is_cautious(full: Any) -> None:
    """Runs, languages, gaps, verdicts and the caution stand in one paragraph of at most seven sentences."""
    text = abstract(full.evidence, claims_of(full.evidence, full.exhibits))
    runs = len(full.evidence.runs)
    assert f"{runs} finished runs" in text
    assert "5 languages with subword, character and phoneme input, 2 to 5 seeds a cell" in text
    assert f"Of {len(full.exhibits['verdicts'].data['verdicts'])} claims of the paper" in text
    assert "a claim that is left open is not refuted" in text
    assert text.endswith("none of this is evidence about languages.")


def test_a_reviewer_has_answers(full: Any) -> None:
    """Each question that the runs can answer has an answer with numbers from the exhibits."""
    said = questions(claims_of(full.evidence, full.exhibits), full.evidence.study)
    asked = [text.split("**")[1] for text in said]
    assert asked == [
        "Are the representations matched?",
        "Were they tuned alike?",
        "Is CKA above chance, and below what one language gives?",
        "Does the choice between plain and debiased CKA decide?",
        "Do seeds matter as much as languages?",
        "Could a difference have been seen?",
        "Are the test sets large enough?",
        "Is the correlation that of one pair?",
        "Is the bound vacuous?",
    ]
    lines = full.exhibits["cka-checks"].data
    above, pairs = sum(x["above"].value for x in lines.values()), sum(x["above"].n for x in lines.values())
    assert f"{above:g} of {pairs} pairs" in said[2]


def test_encoders_from_elsewhere_are_not_called_matched(full: Any) -> None:
    """Only encoders that the study made alike are."""
    study = full.evidence.study
    other = study.representations["phoneme"].model_copy(update={"model": "vinai/xphonebert-base"})
    mixed = study.model_copy(update={"representations": {**study.representations, "phoneme": other}})
    (matched, *_) = questions(claims_of(full.evidence, full.exhibits), mixed)
    assert matched.startswith("**Are the representations matched?** No")
    assert "vinai/xphonebert-base" in matched
