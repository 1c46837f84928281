"""The paper's printed numbers against recomputed ones, its claims in words, and its slips of method.

Paper: Tables 1-5, sections 4.1, 4.2 and 4.4. Recomputed from the printed scores alone, so that differences of a unit in
the last digit can come from the paper's own rounding: a number agrees when it is within one and a half units of its
last printed digit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gapstudy.exhibits.published import AHEAD, SIZES, TABLE1, TABLE2, TABLE3, TABLE5, TABLE5_SPACE
from gapstudy.stats import kendall_p_value, mean_rpd, rpd, spread, t_p_value

__all__ = ["Check", "check_paper"]


@dataclass(frozen=True, slots=True)
class Check:
    """One printed number, one claim in words, or one slip of method.

    Attributes
    ----------
    where, what : exhibit or section, and quantity.
    printed, recomputed : as numbers (None where there is nothing to print or to recompute).
    agrees : whether they agree within the printed precision, whether the claim holds on the paper's own numbers (None
        for a slip of method, where there is nothing to compare).
    remark : what explains a difference.
    kind : "number", "claim" or "slip".
    """

    where: str
    what: str
    printed: float | None
    recomputed: float | None
    agrees: bool | None
    remark: str = ""
    kind: Literal["number", "claim", "slip"] = "number"

    @property
    def verdict(self) -> str:
        """In a word or two: "agrees", "differs", "holds", "does not hold" or "slip"."""
        if self.agrees is None:
            return "slip"
        words = ("does not hold", "holds") if self.kind == "claim" else ("differs", "agrees")
        return words[self.agrees]


def check_paper() -> list[Check]:
    """Return every printed number that can be recomputed, in the paper's order, then its claims, then its slips."""
    return [*_table1(), *_table2(), *_section42(), *_table3(), *_table4(), *_table5(), *_claims(), *_slips()]


def _check(where: str, what: str, numbers: tuple[float, float], last_digit: float, remark: str = "") -> Check:
    printed, recomputed = numbers
    agrees = abs(printed - recomputed) <= 1.5 * last_digit
    return Check(where, what, printed, recomputed, agrees, "" if agrees else remark)


def _table1() -> Iterator[Check]:
    for (task, representation), row in TABLE1.items():
        scores, name = list(row["scores"].values()), f"{task.upper()} {representation}"
        population = spread(scores, ddof=0)
        remark = f"printed with ddof = 0 ({population:.4f}); the other rows have ddof = 1"
        yield _check("Table 1", f"{name}: Std.", (row["std"], spread(scores)), 1e-4, remark)
        yield _check("Table 1", f"{name}: mean RPD (%)", (row["mean_rpd"], mean_rpd(scores)), 1e-2)


def _table2() -> Iterator[Check]:
    for representation, row in TABLE2.items():
        reference = row["scores"]["eng"]
        for code in ("swa", "urd"):
            relative, absolute = row[code]
            other = row["scores"][code]
            yield _check(
                "Table 2", f"{representation}: eng-{code} relative (%)", (relative, rpd(reference, other)), 1e-2
            )
            yield _check(
                "Table 2", f"{representation}: eng-{code} absolute (points)", (absolute, abs(reference - other)), 1e-2
            )


def _section42() -> Iterator[Check]:
    for code, ahead in AHEAD.items():
        found = TABLE2["subword"]["scores"][code] - TABLE2["phoneme"]["scores"][code]
        yield _check("Section 4.2", f"{code}: subword ahead of phoneme (points)", (ahead, found), 1e-2)


def _table3() -> Iterator[Check]:
    for name, (rho, rho_p, tau, tau_p) in TABLE3.items():
        yield _p_check(f"gap ~ {name}: Spearman's p, n = 30", rho_p, t_p_value(rho, 30))
        yield _p_check(f"gap ~ {name}: Kendall's p, n = 30", tau_p, kendall_p_value(tau, 30))


def _p_check(what: str, printed: float, recomputed: float) -> Check:
    """Compare p-values on a ratio scale: the coefficients are rounded to three digits."""
    agrees = 0.75 <= printed / recomputed <= 1.33
    return Check("Table 3", what, printed, recomputed, agrees)


def _table4() -> Iterator[Check]:
    for what, (printed, actual, last_digit) in SIZES.items():
        yield _check("Table 4", what, (printed, actual), last_digit / 3, "section 3.4 has 1,012 sentences")


def _table5() -> Iterator[Check]:
    """Name each selected learning rate that the stated search space does not hold."""
    outside = (
        ("xnli", "phoneme", "XNLI, XPhoneBERT, swa and urd", "3e-6"),
        ("ner", "phoneme", "NER, XPhoneBERT, rus and ita", "8e-5"),
    )
    for task, representation, what, rate in outside:
        space = TABLE5_SPACE[task]["learning rate"]
        chosen = rate in TABLE5[task, representation]["learning rate"]
        agrees = not chosen or rate in space.split(", ")
        yield Check("Table 5", f"{what}: learning rate", float(rate), None, agrees, f"not in the search space {space}")


def _claims() -> Iterator[Check]:
    """What the paper says of its own numbers; the number is by how much the claim holds, negative where it does not."""
    ahead = "phoneme ahead of character (points)"
    for code, why in (("swa", ""), ("urd", "the abstract has it consistently ahead on low-resource languages")):
        yield _claim("Abstract", f"XNLI {code}: {ahead}", _ahead(TABLE2, "phoneme", "character", code), why)
    for code in ("kor", "hin"):
        scores = {r: TABLE1["ner", r]["scores"][code] for r in ("phoneme", "character")}
        yield _claim("Section 4.1", f"NER {code}: {ahead}", scores["phoneme"] - scores["character"])
    for task in ("ner", "pos"):
        character, phoneme = (list(TABLE1[task, r]["scores"].values()) for r in ("character", "phoneme"))
        name = f"{task.upper()}: phoneme has the smaller"
        yield _claim("Section 4.2", f"{name} spread", spread(character) - spread(phoneme))
        yield _claim("Section 4.2", f"{name} mean RPD (%)", mean_rpd(character) - mean_rpd(phoneme))
    for code in ("swa", "urd"):
        gaps = {r: rpd(row["scores"]["eng"], row["scores"][code]) for r, row in TABLE2.items()}
        least = min(gaps["subword"], gaps["character"])
        yield _claim("Section 4.2", f"XNLI eng-{code}: phoneme has the smallest RPD (%)", least - gaps["phoneme"])


def _ahead(table: dict[str, dict[str, dict[str, float]]], first: str, second: str, code: str) -> float:
    return table[first]["scores"][code] - table[second]["scores"][code]


def _claim(where: str, what: str, margin: float, remark: str = "") -> Check:
    return Check(where, what, None, margin, margin > 0, "" if margin > 0 else remark, "claim")


def _slips() -> Iterator[Check]:
    at_45 = ", ".join(f"{t_p_value(row[0], 45):.1e}" for row in TABLE3.values())
    below = [c for c in ("hun", "ukr", "tur", "fin")
             if TABLE1["ner", "phoneme"]["scores"][c] < TABLE1["ner", "character"]["scores"][c]]  # fmt: skip
    slips = (
        ("Table 1", "mean CKA", "equal for NER and POS to 0.001 (0.4584 and 0.4593; 0.7195 and 0.7204): of the input embeddings it may show tokens and length more than learning; plain CKA at n = 1,012, d = 768 is biased (0.43 for unrelated Gaussian features)"),
        ("Table 1", "languages with less data", f"NER with phonemes is behind characters in {len(below)} of the 4 with a Latin or Cyrillic script ({', '.join(below)})"),
        ("Section 4.2", "unit", "the differences of accuracies are printed as percent; they are percentage points"),
        ("Section 4.3", "outputs", "the text compares the logit space, the caption of Figure 3 the output probability space; neither the ground cost nor the regularisation of the Sinkhorn distance is given"),
        ("Table 3", "number of points", f"the p-values are those of n = 30 (15 seeds x 2 pairs); with the caption's 45 models Spearman's would be {at_45}"),
        ("Table 3", "independence", "30 points are treated as independent; two of a seed share the English model, two pairs are pooled"),
        ("Table 3", "the claim", "that CKA and S-Dist correlate more strongly than English performance is a difference of dependent correlations; it is not tested, and English performance, equal in both pairs, cannot make a difference between the pairs"),
        ("Table 3", "Kendall's p", f"cut rather than rounded: {kendall_p_value(TABLE3['performance'][2], 30):.3f} as 0.43, {kendall_p_value(TABLE3['sinkhorn'][2], 30):.1e} as 0.0002"),
        ("Table 4", "UD training sizes", "prints 11 values for 10 languages"),
        ("Table 4", "WikiAnn development sizes", "prints 9 values for 10 languages"),
        ("Table 5", "schedule", "XPhoneBERT on XNLI has no cosine schedule; section 3.5 says that it was used throughout"),
        ("Eq. (2)", "CKA", "prints a 2-norm; the measure is defined with the Frobenius norm on centred columns"),
        ("Theorem 4.1", "dimension", "plugs the dimension of H into a lemma about H delta H, whose dimension is up to 2d"),
        ("Theorem 4.1", "joint error", "drops the joint error by assuming one labelling function"),
        ("Theorem 4.1", "hypotheses", "bounds one hypothesis on two domains, for binary labels; the paper trains a model a language, for three classes and for tokens"),
        ("Appendix A", "selection", "evaluates on the development set, which is optimistic"),
        ("Appendix C", "proof", "is headed as that of Theorem B.2; the theorem is C.2"),
    )  # fmt: skip
    for where, what, remark in slips:
        yield Check(where, what, None, None, None, remark, "slip")
