"""The statistics: arrays and a generator in, floats or one frozen record out.

This layer imports NumPy, SciPy, POT, scikit-learn, statsmodels and :mod:`gapstudy.errors`, nothing else; all but
NumPy only when a function that needs them is called. Randomness comes through ``rng`` alone.

===================== ==================================================================================================
performance gap       :func:`rpd` :func:`pairwise_rpd` :func:`mean_rpd` :func:`spread` :func:`gap_of` :func:`gap_variance`
representations       :func:`cka` :func:`cka_matrix` :func:`cka_intervals` :func:`mean_cka` :func:`cka_floor` :func:`cka_null`
                      :func:`length_residual`
outputs               :func:`sinkhorn_distance` :func:`transport` :func:`exact_distance` :func:`disagreement`
correlation           :func:`correlation` :func:`correlation_difference` :func:`holm`; beside them
                      :func:`combined_correlation` :func:`partial_correlation` :func:`swapped_reference`
                      :func:`leave_one_out` :func:`compare_dependent` :func:`dependent_difference` :func:`mixed_model`
                      :func:`clustered_regression` :func:`variance_split`
A against B           :func:`paired_comparison` :func:`welch_comparison` :func:`gap_difference`
                      :func:`probability_of_improvement` :func:`cliffs_delta` :func:`interquartile_mean`
                      :func:`interquartile_difference`
planning              :func:`correlation_power` :func:`detectable_correlation` :func:`points_needed`
                      :func:`difference_power` :func:`detectable_difference` :func:`seeds_needed`
                      :func:`simulated_power` :func:`simulated_seeds`
the bound             :func:`divergence_bound` :func:`complexity_term` :func:`proxy_a_distance`
                      :func:`witness_divergence` :func:`disagreement_certificate` :func:`error_gap`
                      :func:`error_difference` :func:`hoeffding_radius`
intervals             :func:`mean_interval` :func:`jackknife_interval` :func:`cluster_bootstrap` :func:`item_interval`
                      :func:`clopper_pearson`
===================== ==================================================================================================
"""

from __future__ import annotations

from gapstudy.stats.alignment_null import NullDistribution, cka_floor, cka_null
from gapstudy.stats.bound import Bound, DivergenceBound, complexity_term, divergence_bound, points_until_below
from gapstudy.stats.certificates import disagreement_certificate, error_difference, error_gap, hoeffding_radius
from gapstudy.stats.cka import cka, cka_matrix
from gapstudy.stats.cka_mean import mean_cka
from gapstudy.stats.cka_resampling import cka_intervals
from gapstudy.stats.combined import combined_correlation
from gapstudy.stats.comparison import PairedComparison, paired_comparison
from gapstudy.stats.correlation import correlation, correlation_difference
from gapstudy.stats.crossed import Crossed, variance_split
from gapstudy.stats.dependent import compare_dependent, dependent_difference
from gapstudy.stats.disagreement import Disagreement, disagreement
from gapstudy.stats.divergence import WitnessDivergence, proxy_a_distance, witness_divergence
from gapstudy.stats.effect import effect_size, welch_comparison
from gapstudy.stats.estimate import Estimate, EstimateMatrix
from gapstudy.stats.exact import exact_distance
from gapstudy.stats.gap_comparison import gap_difference
from gapstudy.stats.improvement import (
    cliffs_delta,
    interquartile_difference,
    interquartile_mean,
    probability_of_improvement,
)
from gapstudy.stats.items import gap_of, item_blocks, item_interval
from gapstudy.stats.jackknife import jackknife_interval
from gapstudy.stats.leave_out import LeftOut, leave_one_out
from gapstudy.stats.partial import partial_correlation, swapped_reference
from gapstudy.stats.power import correlation_power, detectable_correlation, points_needed
from gapstudy.stats.power_difference import detectable_difference, difference_power, seeds_needed
from gapstudy.stats.power_simulation import simulated_power, simulated_seeds
from gapstudy.stats.proportion import clopper_pearson
from gapstudy.stats.regression import MixedModel, clustered_regression, mixed_model
from gapstudy.stats.resample import cluster_bootstrap, mean_interval
from gapstudy.stats.residual import length_residual
from gapstudy.stats.rpd import mean_rpd, pairwise_rpd, rpd, spread
from gapstudy.stats.significance import holm, kendall_p_value, t_p_value
from gapstudy.stats.sinkhorn import Transport, sinkhorn_distance, transport
from gapstudy.stats.sources import GapVariance, gap_variance

__all__ = [
    "Bound",
    "Crossed",
    "Disagreement",
    "DivergenceBound",
    "Estimate",
    "EstimateMatrix",
    "GapVariance",
    "LeftOut",
    "MixedModel",
    "NullDistribution",
    "PairedComparison",
    "Transport",
    "WitnessDivergence",
    "cka",
    "cka_floor",
    "cka_intervals",
    "cka_matrix",
    "cka_null",
    "cliffs_delta",
    "clopper_pearson",
    "cluster_bootstrap",
    "clustered_regression",
    "combined_correlation",
    "compare_dependent",
    "complexity_term",
    "correlation",
    "correlation_difference",
    "correlation_power",
    "dependent_difference",
    "detectable_correlation",
    "detectable_difference",
    "difference_power",
    "disagreement",
    "disagreement_certificate",
    "divergence_bound",
    "effect_size",
    "error_difference",
    "error_gap",
    "exact_distance",
    "gap_difference",
    "gap_of",
    "gap_variance",
    "hoeffding_radius",
    "holm",
    "interquartile_difference",
    "interquartile_mean",
    "item_blocks",
    "item_interval",
    "jackknife_interval",
    "kendall_p_value",
    "leave_one_out",
    "length_residual",
    "mean_cka",
    "mean_interval",
    "mean_rpd",
    "mixed_model",
    "paired_comparison",
    "pairwise_rpd",
    "partial_correlation",
    "points_needed",
    "points_until_below",
    "probability_of_improvement",
    "proxy_a_distance",
    "rpd",
    "seeds_needed",
    "simulated_power",
    "simulated_seeds",
    "sinkhorn_distance",
    "spread",
    "swapped_reference",
    "t_p_value",
    "transport",
    "variance_split",
    "welch_comparison",
    "witness_divergence",
]
