"""Statements about the gap of two error rates that are not vacuous: intervals and certificates from test sets.

Paper: left side of Theorem 4.1. These hold for any two models, also for one a language, and need no complexity term.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import check_level, same_rows
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.proportion import clopper_pearson

__all__ = ["disagreement_certificate", "error_difference", "error_gap", "hoeffding_radius"]

Outcomes = npt.NDArray[Any] | list[Any]
Bool = npt.NDArray[np.bool_]


def disagreement_certificate(predictions_a: Outcomes, predictions_b: Outcomes, *, level: float = 0.95) -> Estimate:
    """P(h_A(x_A) != h_B(x_B)) on parallel items: an upper bound on |eps_A - eps_B| for **any** two models.

    On a parallel test set with shared labels, an item counts for one error rate and not for the other only if the two
    predictions differ, so ``|eps_A - eps_B| <= P(h_A != h_B)``; it holds for the sample and for the population.

    Parameters
    ----------
    predictions_a, predictions_b : (n_items,) predicted labels, all text or all numbers; item i has the same gold label
        on both sides.
    level : nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        In [0, 1], Clopper-Pearson; ``high`` is the certificate, with one-sided confidence (1 + level) / 2.

    Raises
    ------
    ValueError
        If the arguments differ in length or are empty, a label is missing (None or NaN), or one side has text and the
        other numbers.
    """
    a, b = _vector("predictions_a", predictions_a), _vector("predictions_b", predictions_b)
    same_rows("predictions_a", a, "predictions_b", b)
    kinds = [_kind(name, side) for name, side in (("predictions_a", a), ("predictions_b", b))]
    if kinds[0] != kinds[1]:
        msg = f"predictions_a and predictions_b must be labels of one kind, got {kinds[0]} and {kinds[1]}"
        raise ValueError(msg)
    return clopper_pearson(int(np.count_nonzero(a != b)), len(a), level=level)


def error_difference(correct_a: Outcomes, correct_b: Outcomes, *, paired: bool = True, level: float = 0.95) -> Estimate:
    """Signed difference eps_A - eps_B of two 0-1 error rates with its interval.

    Parameters
    ----------
    correct_a, correct_b : (n,) booleans (or 0/1): whether each item was predicted right.
    paired : True for a parallel test set (row i is the same item): adjusted Wald interval for paired proportions
        (Bonett and Price 2012), exact McNemar p. False for two unrelated sets: Agresti and Caffo (2000), no p.
    level : nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        In [-1, 1], as a fraction (not in percentage points); ``n`` counts the items of A.

    Raises
    ------
    ValueError
        If an argument is not boolean, is empty, or the lengths of paired arguments differ.

    References
    ----------
    Bonett, Price (2012). Adjusted Wald confidence interval for a difference of binomial proportions based on paired
    data. J. Educ. Behav. Stat. 37(4), doi:10.3102/1076998611411915.
    Agresti, Caffo (2000). Simple and effective confidence intervals for proportions and differences of proportions.
    American Statistician 54(4), doi:10.1080/00031305.2000.10474560.
    """
    check_level(level)
    a, b = _outcomes("correct_a", correct_a), _outcomes("correct_b", correct_b)
    if paired:
        same_rows("correct_a", a, "correct_b", b)
    value = float(b.mean() - a.mean())
    centre, error, method, p_value = _paired(a, b) if paired else _unpaired(a, b)
    from scipy.special import ndtri

    half = float(ndtri((1.0 + level) / 2.0)) * error
    return Estimate(value, max(-1.0, centre - half), min(1.0, centre + half), level, len(a), method, p_value)


def error_gap(correct_a: Outcomes, correct_b: Outcomes, *, paired: bool = True, level: float = 0.95) -> Estimate:
    """|eps_A - eps_B| with its interval: the left side of Theorem 4.1, observed.

    Parameters and errors are those of :func:`error_difference`; the interval is that of the signed difference,
    folded at 0, which covers at least as often.

    Returns
    -------
    Estimate
        In [0, 1], as a fraction.
    """
    signed = error_difference(correct_a, correct_b, paired=paired, level=level)
    ends = (abs(signed.low), abs(signed.high))
    low = 0.0 if signed.low <= 0.0 <= signed.high else min(ends)
    return Estimate(abs(signed.value), low, max(ends), level, signed.n, f"absolute {signed.method}", signed.p_value)


def hoeffding_radius(n_a: int, n_b: int, *, delta: float = 0.05) -> float:
    """How far the observed gap of two error rates can lie from the true one, with probability >= 1 - delta.

    Hoeffding's inequality for each error rate at delta / 2, added up; for any models fixed before testing, paired
    or not: 0.042 for two test sets of 5,010 items.

    Parameters
    ----------
    n_a, n_b : numbers of independent test items, >= 1.
    delta : in (0, 1).

    Raises
    ------
    ValueError
        If an argument is out of its range.

    References
    ----------
    Hoeffding (1963). JASA 58(301), doi:10.1080/01621459.1963.10500830.
    """
    if min(n_a, n_b) < 1 or not 0.0 < delta < 1.0:
        msg = f"n_a and n_b must be >= 1 and delta in (0, 1), got {n_a}, {n_b} and {delta}"
        raise ValueError(msg)
    return sum(math.sqrt(math.log(4.0 / delta) / (2.0 * n)) for n in (n_a, n_b))


def _paired(a: Bool, b: Bool) -> tuple[float, float, str, float]:
    """Centre and standard error of eps_A - eps_B (one added to each discordant count), method, McNemar's exact p."""
    from scipy.special import bdtr

    only_a_wrong, only_b_wrong = int(np.count_nonzero(~a & b)), int(np.count_nonzero(a & ~b))
    p, q = ((count + 1) / (len(a) + 2) for count in (only_a_wrong, only_b_wrong))
    error = math.sqrt((p + q - (p - q) ** 2) / (len(a) + 2))
    discordant = only_a_wrong + only_b_wrong
    p_value = min(1.0, 2.0 * float(bdtr(min(only_a_wrong, only_b_wrong), discordant, 0.5))) if discordant else 1.0
    return p - q, error, "difference of paired error rates, Bonett-Price interval, exact McNemar p", p_value


def _unpaired(a: Bool, b: Bool) -> tuple[float, float, str, None]:
    """Centre and standard error of eps_A - eps_B with one error and one success added to each side."""
    rates = [(np.count_nonzero(~side) + 1) / (len(side) + 2) for side in (a, b)]
    error = math.sqrt(sum(p * (1 - p) / (len(side) + 2) for p, side in zip(rates, (a, b), strict=True)))
    return float(rates[0] - rates[1]), error, "difference of unpaired error rates, Agresti-Caffo interval", None


def _vector(name: str, values: Outcomes) -> npt.NDArray[Any]:
    """A non-empty one-dimensional array."""
    out = np.asarray(values)
    if out.ndim != 1 or len(out) == 0:
        msg = f"{name} must be a non-empty vector, got shape {out.shape}"
        raise ValueError(msg)
    return out


def _kind(name: str, values: npt.NDArray[Any]) -> str:
    """What the labels are: text, bytes or numbers; never equal where they differ in it."""
    if any(v is None or v != v for v in values.tolist()):  # noqa: PLR0124 (NaN is what differs from itself)
        msg = f"{name} has a missing label (None or NaN)"
        raise ValueError(msg)
    plain = np.asarray(values.tolist()) if values.dtype.kind == "O" else values
    kind = {"U": "text", "T": "text", "S": "bytes"}.get(
        plain.dtype.kind, "numbers" if plain.dtype.kind in "biuf" else ""
    )
    if not kind or (values.dtype.kind == "O" and len({isinstance(v, str) for v in values.tolist()}) > 1):
        msg = f"{name} must hold labels that are all text or all numbers, got dtype {values.dtype}"
        raise ValueError(msg)
    return kind


def _outcomes(name: str, values: Outcomes) -> Bool:
    """A vector of booleans, also from 0 and 1."""
    out = _vector(name, values)
    if not np.isin(out, (0, 1)).all():
        msg = f"{name} must be booleans (or 0 and 1): whether each item was predicted right"
        raise ValueError(msg)
    return out.astype(np.bool_)
