"""The correlation of section 4.4 as a regression with the language pair fixed: mixed model, and least squares.

Paper: none. Both standardise x and y after taking out each pair's mean, so that the slope reads like a correlation.

* :func:`mixed_model`: pair fixed, seed random (statsmodels ``MixedLM``, REML). With two pairs and fifteen seeds it often
  ends at the edge of its parameter space; every warning that statsmodels gives is kept in the record. The normal
  quantiles of statsmodels reject a true null too often with few seeds (at 5 %, simulated: 13 % with 5 seeds and two
  pairs, 8 to 10 % with 15 seeds); t quantiles of (seeds - 2) degrees of freedom reject in 5 and 6 %, and in 1 % with
  5 seeds and three pairs.
* :func:`clustered_regression`: pair fixed, standard errors that let the points of a seed depend on each other, with t
  quantiles of (seeds - 1) degrees of freedom. It always exists, and stands beside the mixed model.

References
----------
Laird, Ware (1982). Random-effects models for longitudinal data. Biometrics 38(4), doi:10.2307/2529876.
Cameron, Miller (2015). A practitioner's guide to cluster-robust inference. J. Human Resources 50(2),
doi:10.3368/jhr.50.2.317.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gapstudy.stats.association import scores
from gapstudy.stats.checks import check_level, same_rows, vector
from gapstudy.stats.estimate import Estimate
from gapstudy.stats.layout import Labels, Layout, layout

__all__ = ["MixedModel", "clustered_regression", "mixed_model"]

Values = Sequence[float] | npt.NDArray[np.floating]
Float = npt.NDArray[np.float64]

# Correlations nearer to 1 than this are 1 but for rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class MixedModel:
    """A fitted mixed model.

    Attributes
    ----------
    slope : standardised slope with its Wald interval and p, by t with (seeds - 2) degrees of freedom; ends of NaN and
        no p where the fit gives no standard error.
    seed_share : variance of the random seed as a share of seed and residual variance, in [0, 1].
    converged : whether the optimiser said so **and** no warning was given.
    problems : what statsmodels warned of, one line each.
    """

    slope: Estimate
    seed_share: float
    converged: bool
    problems: tuple[str, ...]


def mixed_model(x: Values, y: Values, *, clusters: Labels, groups: Labels, level: float = 0.95) -> MixedModel:
    """Slope of y on x with groups (language pairs) fixed and clusters (seeds) random.

    Parameters
    ----------
    x, y : (n,) float columns; standardised within groups here.
    clusters, groups : (n,) labels of seed and language pair; at least 4 clusters, some with several points.
    level : nominal coverage, in (0, 1).

    Returns
    -------
    MixedModel

    Raises
    ------
    ValueError
        If a column is constant within every group, lengths or labels are wrong, no cluster has two points, there are
        too few points for the groups, or the model cannot be fitted at all.
    """
    check_level(level)
    a, b, points = _standardised(x, y, clusters, groups)
    if points.n_clusters == len(a):
        msg = "every cluster has one point: a random effect of the cluster cannot be told from noise"
        raise ValueError(msg)
    name = f"mixed model (REML, pair fixed, seed random), {points.n_clusters} seeds"
    if _perfect(a, b):
        return MixedModel(
            _without_interval(a, b, level, name), 0.0, False, ("the fit is perfect: no residual variance",)
        )
    from scipy.special import stdtr, stdtrit
    from statsmodels.regression.mixed_linear_model import MixedLM

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fit = MixedLM(b, _design(a, points), groups=points.cluster).fit(reml=True)
            value, error = float(fit.fe_params[0]), float(fit.bse_fe[0])
        except (np.linalg.LinAlgError, ValueError, ZeroDivisionError) as problem:
            msg = f"the mixed model cannot be fitted: {problem}"
            raise ValueError(msg) from problem
    of_seed, residual = float(np.asarray(fit.cov_re)[0, 0]), float(fit.scale)
    problems = tuple(dict.fromkeys(" ".join(str(w.message).split()) for w in caught))
    freedom = points.n_clusters - 2
    known = np.isfinite(error) and error > 0
    half = float(stdtrit(freedom, (1 + level) / 2)) * error if known else np.nan
    p_value = 2.0 * float(stdtr(freedom, -abs(value) / error)) if known else None
    slope = Estimate(value, value - half, value + half, level, len(a),
                     f"{name}, Wald interval, t of {freedom} degrees of freedom", p_value)  # fmt: skip
    total = of_seed + residual
    return MixedModel(slope, of_seed / total if total > 0 else 0.0, bool(fit.converged) and not problems, problems)


def clustered_regression(x: Values, y: Values, *, clusters: Labels, groups: Labels, level: float = 0.95) -> Estimate:
    """Slope of y on x with groups fixed, by least squares with cluster-robust standard errors.

    Parameters
    ----------
    x, y, clusters, groups, level : as :func:`mixed_model`.

    Returns
    -------
    Estimate
        The standardised slope, which is the within-group Pearson correlation; t interval and p with (clusters - 1)
        degrees of freedom. With few clusters these standard errors are too small: below about 20 read them as a check.
        Where the fit is perfect there is no error to estimate: ends of NaN and no p.

    Raises
    ------
    ValueError
        If a column is constant within every group, lengths or labels are wrong, or there are too few points for the
        groups.
    """
    check_level(level)
    a, b, points = _standardised(x, y, clusters, groups)
    if _perfect(a, b):
        return _without_interval(a, b, level, "least squares with pairs fixed")
    from statsmodels.regression.linear_model import OLS

    fit: Any = OLS(b, _design(a, points)).fit(
        cov_type="cluster", cov_kwds={"groups": points.cluster, "use_correction": True}, use_t=True
    )
    low, high = np.asarray(fit.conf_int(alpha=1 - level))[0]
    words = f"least squares with pairs fixed, errors clustered by seed, t of {points.n_clusters - 1} degrees of freedom"
    return Estimate(float(fit.params[0]), float(low), float(high), level, len(a), words, float(fit.pvalues[0]))


def _standardised(x: Values, y: Values, clusters: Labels, groups: Labels) -> tuple[Float, Float, Layout]:
    """Both columns centred within groups and scaled to a mean square of 1, and the layout."""
    columns = {"x": vector("x", x, at_least=4), "y": vector("y", y, at_least=4)}
    same_rows("x", columns["x"], "y", columns["y"])
    points = layout(len(columns["x"]), clusters, groups)
    if len(columns["x"]) <= points.n_groups + 1:
        msg = f"groups has {points.n_groups} different labels: a slope besides needs at least {points.n_groups + 2} points, got {len(columns['x'])}"
        raise ValueError(msg)
    out = []
    for name, column in columns.items():
        centred = scores("pearson", column, points.group, np.ones((1, len(column))))[0]
        if not centred.any():
            msg = f"{name} is constant within every group"
            raise ValueError(msg)
        out.append(centred / np.sqrt((centred**2).mean()))
    return out[0], out[1], points


def _perfect(a: Float, b: Float) -> bool:
    """Whether y lies on a line in x within each group, but for rounding; both are standardised."""
    return bool(1.0 - abs(float((a * b).mean())) <= _ROUNDING)


def _without_interval(a: Float, b: Float, level: float, name: str) -> Estimate:
    """The slope of a perfect fit, which has no error."""
    value = float(np.sign((a * b).sum()))
    return Estimate(value, np.nan, np.nan, level, len(a), f"{name}: no interval, the fit is perfect")


def _design(x: Float, points: Layout) -> Float:
    """(n, 1 + n_groups) columns: x, and one for each group."""
    return np.column_stack([x, points.group[:, None] == np.arange(points.n_groups)[None, :]]).astype(np.float64)
