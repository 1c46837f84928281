"""The paper's printed numbers against recomputed ones, each slip named.

Paper: Tables 1-5. Recomputed from the printed scores alone, so that differences of a unit in the last digit can come
from the paper's own rounding: a number agrees when it is within one and a half units of its last printed digit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gapstudy.exhibits.published import TABLE1, TABLE2, TABLE3
from gapstudy.stats import kendall_p_value, mean_rpd, rpd, spread, t_p_value

__all__ = ["Check", "check_paper"]


@dataclass(frozen=True, slots=True)
class Check:
    """One printed number.

    Attributes
    ----------
    where, what : exhibit and quantity.
    printed, recomputed : as numbers (None where nothing can be recomputed).
    agrees : whether they agree within the printed precision (None where nothing can be recomputed).
    remark : what explains a difference.
    """

    where: str
    what: str
    printed: float | None
    recomputed: float | None
    agrees: bool | None
    remark: str = ""


def check_paper() -> list[Check]:
    """Return every printed number that can be recomputed, in the paper's order, and the slips that are no numbers."""
    return [*_table1(), *_table2(), *_table3(), *_slips()]


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
            yield _check("Table 2", f"{representation}: eng-{code} absolute", (absolute, abs(reference - other)), 1e-2)


def _table3() -> Iterator[Check]:
    for name, (rho, rho_p, tau, tau_p) in TABLE3.items():
        yield _p_check(f"gap ~ {name}: Spearman's p, n = 30", rho_p, t_p_value(rho, 30))
        yield _p_check(f"gap ~ {name}: Kendall's p, n = 30", tau_p, kendall_p_value(tau, 30))


def _p_check(what: str, printed: float, recomputed: float) -> Check:
    """Compare p-values on a ratio scale: the coefficients are rounded to three digits."""
    agrees = 0.75 <= printed / recomputed <= 1.33
    return Check("Table 3", what, printed, recomputed, agrees)


def _slips() -> Iterator[Check]:
    at_45 = f"{t_p_value(TABLE3['cka'][0], 45):.1e}"
    slips = (
        ("Table 3", "number of points", f"the p-values are those of n = 30 (15 seeds x 2 pairs); with the caption's 45 models CKA's would be {at_45}"),
        ("Table 3", "independence", "30 points are treated as independent; two of a seed share the English model, two pairs are pooled"),
        ("Table 3", "Kendall's p", f"cut rather than rounded: {kendall_p_value(TABLE3['performance'][2], 30):.3f} as 0.43, {kendall_p_value(TABLE3['sinkhorn'][2], 30):.1e} as 0.0002"),
        ("Table 4", "FLORES+ sentences", "prints 1.2k where section 3.4 has 1,012"),
        ("Table 4", "UD training sizes", "prints 11 values for 10 languages"),
        ("Table 4", "WikiAnn development sizes", "prints 9 values for 10 languages"),
        ("Table 5", "XNLI, XPhoneBERT, swa and urd", "selects learning rate 3e-6, which is not in the search space"),
        ("Table 5", "NER, XPhoneBERT, rus and ita", "selects learning rate 8e-5, which is not in the search space"),
        ("Eq. (2)", "CKA", "prints a 2-norm; the measure is defined with the Frobenius norm on centred columns"),
        ("Theorem 4.1", "dimension", "plugs the dimension of H into a lemma about H delta H, whose dimension is up to 2d"),
        ("Theorem 4.1", "joint error", "drops the joint error by assuming one labelling function"),
        ("Appendix A", "selection", "evaluates on the development set, which is optimistic"),
    )  # fmt: skip
    for where, what, remark in slips:
        yield Check(where, what, None, None, None, remark)
