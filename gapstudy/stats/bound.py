"""The bound on the performance gap (Theorem 4.1), in the paper's form and in that of its sources.

Paper: section 4.4, Theorem 4.1; appendix C, Theorem C.2 and Lemma C.3.

Three forms of ``|eps_A(h) - eps_B(h)| <= d_HdH / 2 + complexity``, at probability >= 1 - delta:

paper       ``2 sqrt((d ln(2n) + ln(2/delta)) / n)``. The paper plugs H's dimension d into a lemma about HdH.
corrected   ``2 sqrt((2d ln(2n) + ln(2/delta)) / n)``. The same lemma (Ben-David et al. 2010, Lemma 1: 4 sqrt(..) on d
            itself, halved) with the dimension 2d that Ben-David et al. use for HdH.
ben_david   ``4 sqrt((2d ln(2n) + ln(2/delta)) / n) + lambda``, as printed in their Theorem 2, which keeps the 4 although
            the divergence is halved, so that it is looser than its lemma requires; lambda is the error of the best
            joint hypothesis, which the paper drops by assuming one labelling function.

What was checked: the constant 4, the 2d, ln(2m') and ln(2/delta) of Theorem 2 agree in four independent written
summaries of Ben-David et al. (2010) and with the paper's own restatement of Lemma 1 (Lemma C.3); the earlier NIPS 2007
version (Blitzer et al.) has ln(4/delta), as two of them say. The original article was not at hand, and
VC(HdH) <= 2d is taken from it.

The theorem bounds **one** hypothesis on two domains, for binary labels and 0-1 loss: it applies to the zero-shot
protocol. In-language training compares two hypotheses, and there it is an illustration only.

References
----------
Ben-David, Blitzer, Crammer, Kulesza, Pereira, Vaughan (2010). A theory of learning from different domains. Machine
Learning 79, doi:10.1007/s10994-009-5152-4. Blitzer, Crammer, Kulesza, Pereira, Wortman (2007). Learning bounds for
domain adaptation. NIPS 20.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gapstudy.stats.estimate import Estimate

__all__ = ["Bound", "DivergenceBound", "complexity_term", "divergence_bound", "points_until_below"]

# factor before the square root, and how many times d stands under it
_FORMS = {"paper": (2.0, 1.0), "corrected": (2.0, 2.0), "ben_david": (4.0, 2.0)}


@dataclass(frozen=True, slots=True)
class Bound:
    """One form of the bound.

    Attributes
    ----------
    form : "paper", "corrected" or "ben_david".
    complexity : the complexity term, > 0.
    value : divergence term + complexity (+ joint error in the ben_david form).
    vacuous : whether ``value`` >= 1: it then says nothing, since no two error rates differ by more than 1.
    n_complexity_below_one : the sample size at which the complexity term alone falls below 1.
    n_informative : the sample size at which ``value`` falls below 1 for this divergence; None if it never does.
    """

    form: str
    complexity: float
    value: float
    vacuous: bool
    n_complexity_below_one: int
    n_informative: int | None


@dataclass(frozen=True, slots=True)
class DivergenceBound:
    """Theorem 4.1 with its parts.

    Attributes
    ----------
    gap : the observed |eps_A - eps_B| with its interval, or None; compare it with ``value`` of the three forms.
    divergence : the estimate of d_HdH that was given, in [0, 2] (negative by chance when cross-fitted).
    divergence_term : half of it, not below 0.
    n : size of each sample. d : dimension of H. delta : 1 - confidence. joint_error : lambda.
    paper, corrected, ben_david : the three forms.
    """

    gap: Estimate | None
    divergence: float
    divergence_term: float
    n: int
    d: int
    delta: float
    joint_error: float
    paper: Bound
    corrected: Bound
    ben_david: Bound


def divergence_bound(
    divergence: float,
    *,
    n: int,
    d: int,
    delta: float = 0.05,
    joint_error: float = 0.0,
    gap: Estimate | None = None,
) -> DivergenceBound:
    """Theorem 4.1 and the Ben-David form for an estimated divergence.

    Parameters
    ----------
    divergence : estimate of d_HdH of the two empirical distributions, <= 2; for example
        :func:`gapstudy.stats.proxy_a_distance` or :func:`gapstudy.stats.witness_divergence`, both of which estimate
        it from below. A negative estimate (cross-fitting) counts as 0 in the bound.
    n : number of unlabelled points from each language, >= 1.
    d : VC or pseudo-dimension of the hypothesis class, >= 1: number of features + 1 for a linear head.
    delta : the bound holds with probability >= 1 - delta, in (0, 1).
    joint_error : lambda, the summed error of the best joint hypothesis, in [0, 2]; only in the Ben-David form.
    gap : the observed gap, from :func:`gapstudy.stats.error_gap`, to travel with the bound.

    Returns
    -------
    DivergenceBound

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    if not -2.0 <= divergence <= 2.0:
        msg = f"divergence must lie in [-2, 2] (a negative one counts as 0), got {divergence}"
        raise ValueError(msg)
    if not 0.0 <= joint_error <= 2.0:
        msg = f"joint_error must lie in [0, 2], got {joint_error}"
        raise ValueError(msg)
    half = max(0.0, divergence) / 2.0
    forms = {form: _bound(form, half + (joint_error if form == "ben_david" else 0.0), n, d, delta) for form in _FORMS}
    return DivergenceBound(gap, divergence, half, n, d, delta, joint_error, **forms)


def complexity_term(n: int, d: int, *, delta: float = 0.05, form: str = "paper") -> float:
    """The complexity term of one form of the bound; falls with n, rises with d and with 1 / delta.

    Parameters
    ----------
    n, d, delta : as :func:`divergence_bound`.
    form : "paper", "corrected" or "ben_david".

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    if form not in _FORMS:
        msg = f"form must be one of {', '.join(_FORMS)}; got {form!r}"
        raise ValueError(msg)
    for name, value in (("n", n), ("d", d)):
        if value < 1:
            msg = f"{name} must be at least 1, got {value}"
            raise ValueError(msg)
    if not 0.0 < delta < 1.0:
        msg = f"delta must lie strictly between 0 and 1, got {delta}"
        raise ValueError(msg)
    factor, times = _FORMS[form]
    return factor * math.sqrt((times * d * math.log(2 * n) + math.log(2 / delta)) / n)


def points_until_below(limit: float, d: int, *, delta: float = 0.05, form: str = "paper") -> int | None:
    """The smallest n whose complexity term is below ``limit``; None if ``limit`` <= 0 (it never is).

    Parameters
    ----------
    limit : in the unit of error rates.
    d, delta, form : as :func:`complexity_term`.
    """
    return None if limit <= 0.0 else _first_below(limit, d, delta, form)


def _first_below(limit: float, d: int, delta: float, form: str) -> int:
    """The smallest n whose complexity term is below ``limit`` > 0; the term falls with n, so bisection finds it."""
    low, high = 0, 1
    while complexity_term(high, d, delta=delta, form=form) >= limit:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        below = complexity_term(middle, d, delta=delta, form=form) < limit
        low, high = (low, middle) if below else (middle, high)
    return high


def _bound(form: str, other_terms: float, n: int, d: int, delta: float) -> Bound:
    """One form, from the sum of its terms that do not depend on n."""
    complexity = complexity_term(n, d, delta=delta, form=form)
    below_one = _first_below(1.0, d, delta, form)
    informative = points_until_below(1.0 - other_terms, d, delta=delta, form=form)
    value = other_terms + complexity
    return Bound(form, complexity, value, value >= 1.0, below_one, informative)
