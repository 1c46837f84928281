"""Is the gap between languages smaller with representation A than with B? The seed is the unit.

Paper: Tables 1 and 2 compare mean RPDs without a test.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import choice, matrix
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.gaps import KINDS, gap_of, not_negative
from gapstudy.stats.jackknife import jackknife_interval

__all__ = ["gap_difference"]

Scores = npt.NDArray[np.floating]

# Errors below this share of what a gap can be are rounding.
_ROUNDING = 1e-12


def gap_difference(a: Scores, b: Scores, *, kind: str = "rpd", level: float = 0.95) -> Estimate:
    """Mean gap over pairs of languages of A minus that of B, both of seed means; negative: A has the smaller gap.

    Parameters
    ----------
    a, b : (n_seeds, n_languages) scores in percent; row s of both is the same seed; at least 2 seeds and languages.
    kind : "rpd" (percent) or "absolute" (percentage points).
    level : nominal coverage, in (0, 1).

    Returns
    -------
    Estimate
        t interval and p by the jackknife over seeds, which leave a seed's runs of A and B together. Approximate where
        languages are equal but for noise: there a gap is positive by seed noise alone. Where seeds do not vary the
        interval has no width and there is no p, or p = 1 where the gaps are equal too.

    Raises
    ------
    ValueError
        If the tables differ in shape, have fewer than 2 seeds or languages, a score is negative, a gap is undefined, or
        an option is out of its range.
    """
    choice("kind", kind, KINDS)
    first, second = matrix("a", a, rows=2), matrix("b", b, rows=2)
    if first.shape != second.shape:
        msg = f"a and b must have the same seeds and languages, got shapes {first.shape} and {second.shape}"
        raise ValueError(msg)
    for name, table in (("a", first), ("b", second)):
        not_negative(name, table)

    def difference(rows: npt.NDArray[np.float64]) -> float:
        of_a, of_b = gap_of(rows.mean(axis=0), kind)
        return float(of_a - of_b)

    e = jackknife_interval(difference, np.stack([first, second], axis=1), level=level)
    method = f"difference of gaps, paired seeds, {e.method}"
    from scipy.special import stdtr, stdtrit

    error = (e.high - e.low) / 2 / float(stdtrit(e.n - 1, (1 + level) / 2))
    rounding = _ROUNDING * (200.0 if kind == "rpd" else float(max(first.max(), second.max())))
    if error <= rounding:
        p_value = 1.0 if abs(e.value) <= rounding else None
        return Estimate(e.value, e.value, e.value, level, e.n, f"{method}: no variation", p_value)
    p_value = 2.0 * float(stdtr(e.n - 1, -abs(e.value) / error))
    return Estimate(e.value, e.low, e.high, level, e.n, method, p_value)
