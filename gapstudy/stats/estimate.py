"""The records that carry every estimate: a value never travels without its interval, level, n and method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Estimate", "EstimateMatrix"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number with its interval.

    Attributes
    ----------
    value : the estimate, in the unit its function documents.
    low, high : ends of the interval; not symmetric round ``value`` in general.
    level : nominal coverage of the interval, in (0, 1).
    n : how many points, items or clusters the estimate rests on (its function says which).
    method : how value, interval and p-value were made, in words that a caption can print.
    p_value : in (0, 1], or None where no test belongs to the estimate.
    """

    value: float
    low: float
    high: float
    level: float
    n: int
    method: str
    p_value: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EstimateMatrix:
    """A symmetric matrix of estimates, one for each pair of languages.

    Attributes
    ----------
    value, low, high : (n_languages, n_languages) float arrays.
    level : nominal coverage of each interval, in (0, 1); not corrected for the number of pairs.
    n : number of sentences.
    n_resamples : number of resamples behind the intervals.
    method : how they were made.
    """

    value: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    level: float
    n: int
    n_resamples: int
    method: str

    def at(self, i: int, j: int) -> Estimate:
        """The estimate of one pair."""
        value, low, high = (float(part[i, j]) for part in (self.value, self.low, self.high))
        return Estimate(value, low, high, self.level, self.n, self.method)
