"""The statistics: arrays and a generator in, floats or one frozen record out.

This layer imports NumPy, SciPy, POT, scikit-learn, statsmodels, threadpoolctl and :mod:`gapstudy.errors`, nothing else; all but
NumPy only when a function that needs them is called. Randomness comes through ``rng`` alone.

===================== ==================================================================================================
performance gap       :func:`rpd` :func:`pairwise_rpd` :func:`mean_rpd` :func:`spread`
representations       :func:`cka` :func:`cka_matrix` :func:`cka_intervals` :func:`mean_cka` :func:`cka_floor` :func:`cka_null`
                      :func:`length_residual`
outputs               :func:`sinkhorn_distance` :func:`sinkhorn_pairs` :func:`reg_curve` :func:`transport`
                      :func:`exact_distance` :func:`disagreement`
correlation           :func:`correlation` :func:`correlation_difference` :func:`holm` :func:`detectable_correlation`
                      :func:`correlation_power` :func:`points_needed`
the bound             :func:`divergence_bound` :func:`complexity_term` :func:`proxy_a_distance`
                      :func:`witness_divergence` :func:`disagreement_certificate` :func:`error_gap`
                      :func:`error_difference` :func:`hoeffding_radius`
intervals             :func:`mean_interval` :func:`jackknife_interval` :func:`cluster_bootstrap` :func:`clopper_pearson`
===================== ==================================================================================================
"""

from __future__ import annotations

from gapstudy.stats.alignment_null import NullDistribution, cka_floor, cka_null
from gapstudy.stats.bound import Bound, DivergenceBound, complexity_term, divergence_bound, points_until_below
from gapstudy.stats.certificates import disagreement_certificate, error_difference, error_gap, hoeffding_radius
from gapstudy.stats.cka import cka, cka_matrix
from gapstudy.stats.cka_mean import mean_cka
from gapstudy.stats.cka_resampling import cka_intervals
from gapstudy.stats.correlation import correlation, correlation_difference
from gapstudy.stats.disagreement import Disagreement, disagreement
from gapstudy.stats.divergence import WitnessDivergence, proxy_a_distance, witness_divergence
from gapstudy.stats.estimate import Estimate, EstimateMatrix
from gapstudy.stats.exact import exact_distance
from gapstudy.stats.jackknife import jackknife_interval
from gapstudy.stats.pairs import PairTransport, sinkhorn_pairs
from gapstudy.stats.power import correlation_power, detectable_correlation, points_needed
from gapstudy.stats.proportion import clopper_pearson
from gapstudy.stats.regcurve import RegCurve, reg_curve
from gapstudy.stats.regularised import Transport
from gapstudy.stats.resample import cluster_bootstrap, mean_interval
from gapstudy.stats.residual import length_residual
from gapstudy.stats.rpd import mean_rpd, pairwise_rpd, rpd, spread
from gapstudy.stats.significance import holm, kendall_p_value, t_p_value
from gapstudy.stats.sinkhorn import sinkhorn_distance, transport

__all__ = [
    "Bound",
    "Disagreement",
    "DivergenceBound",
    "Estimate",
    "EstimateMatrix",
    "NullDistribution",
    "PairTransport",
    "RegCurve",
    "Transport",
    "WitnessDivergence",
    "cka",
    "cka_floor",
    "cka_intervals",
    "cka_matrix",
    "cka_null",
    "clopper_pearson",
    "cluster_bootstrap",
    "complexity_term",
    "correlation",
    "correlation_difference",
    "correlation_power",
    "detectable_correlation",
    "disagreement",
    "disagreement_certificate",
    "divergence_bound",
    "error_difference",
    "error_gap",
    "exact_distance",
    "hoeffding_radius",
    "holm",
    "jackknife_interval",
    "kendall_p_value",
    "length_residual",
    "mean_cka",
    "mean_interval",
    "mean_rpd",
    "pairwise_rpd",
    "points_needed",
    "points_until_below",
    "proxy_a_distance",
    "reg_curve",
    "rpd",
    "sinkhorn_distance",
    "sinkhorn_pairs",
    "spread",
    "t_p_value",
    "transport",
    "witness_divergence",
]
