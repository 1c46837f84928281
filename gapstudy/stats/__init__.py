"""The statistics: arrays and a generator in, floats or one frozen record out.

This layer imports NumPy, SciPy, POT, scikit-learn, statsmodels, threadpoolctl and :mod:`gapstudy.errors`, nothing else; all but
NumPy only when a function that needs them is called. Randomness comes through ``rng`` alone.

===================== ==================================================================================================
performance gap       :func:`rpd` :func:`pairwise_rpd` :func:`mean_rpd` :func:`spread` :func:`gap_of` :func:`gap_variance`
representations       :func:`cka` :func:`cka_matrix` :func:`cka_intervals` :func:`mean_cka` :func:`mean_cka_difference` :func:`cka_floor`
                      :func:`cka_null` :func:`cka_null_matrix` :func:`cka_influence` :func:`mean_cka_jackknife`
                      :func:`length_residual` :func:`symbol_counts`
companions of CKA     :func:`procrustes_similarity` :func:`procrustes_distance` :func:`procrustes_matrix` :func:`rsa`
                      :func:`rsa_matrix` :func:`rsa_p_values` :func:`anc` :func:`anc_matrix` :func:`retrieval`
                      :func:`retrieval_hits` :func:`mutual_neighbours` :func:`shuffled_alignment`
outputs               :func:`sinkhorn_distance` :func:`sinkhorn_pairs` :func:`reg_curve` :func:`transport`
                      :func:`exact_distance` :func:`disagreement`
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

from gapstudy.stats.alignment_null import NullDistribution, cka_floor, cka_null, shuffled_alignment
from gapstudy.stats.anc import anc, anc_matrix
from gapstudy.stats.bound import Bound, DivergenceBound, complexity_term, divergence_bound, points_until_below
from gapstudy.stats.certificates import disagreement_certificate, error_difference, error_gap, hoeffding_radius
from gapstudy.stats.cka import cka, cka_matrix
from gapstudy.stats.cka_jackknife import MeanCka, mean_cka_jackknife
from gapstudy.stats.cka_mean import ResampledCka, draws_of_mean, mean_cka, mean_cka_difference
from gapstudy.stats.cka_resampling import cka_intervals
from gapstudy.stats.classifier import classifier_test, proxy_a_distance
from gapstudy.stats.combined import combined_correlation
from gapstudy.stats.comparison import PairedComparison, paired_comparison
from gapstudy.stats.correlation import correlation, correlation_difference
from gapstudy.stats.crossed import Crossed, variance_split
from gapstudy.stats.dependent import compare_dependent, dependent_difference
from gapstudy.stats.disagreement import Disagreement, disagreement
from gapstudy.stats.divergence import WitnessDivergence, witness_divergence
from gapstudy.stats.effect import effect_size, welch_comparison
from gapstudy.stats.estimate import Estimate, EstimateMatrix
from gapstudy.stats.exact import exact_distance
from gapstudy.stats.gap_comparison import gap_difference
from gapstudy.stats.gaps import gap_of
from gapstudy.stats.improvement import cliffs_delta, probability_of_improvement
from gapstudy.stats.influence import Influence, cka_influence
from gapstudy.stats.interquartile import interquartile_difference, interquartile_mean
from gapstudy.stats.items import item_blocks, item_interval
from gapstudy.stats.jackknife import jackknife_interval
from gapstudy.stats.leave_out import LeftOut, leave_one_out
from gapstudy.stats.null_matrix import NullMatrix, cka_null_matrix
from gapstudy.stats.pairs import PairTransport, sinkhorn_pairs
from gapstudy.stats.partial import partial_correlation, swapped_reference
from gapstudy.stats.power import correlation_power, detectable_correlation, points_needed
from gapstudy.stats.power_difference import detectable_difference, difference_power, seeds_needed
from gapstudy.stats.power_simulation import simulated_power, simulated_seeds
from gapstudy.stats.procrustes import procrustes_distance, procrustes_matrix, procrustes_similarity
from gapstudy.stats.proportion import clopper_pearson
from gapstudy.stats.regcurve import RegCurve, reg_curve
from gapstudy.stats.regression import MixedModel, clustered_regression, mixed_model
from gapstudy.stats.regularised import Transport
from gapstudy.stats.resample import cluster_bootstrap, mean_interval
from gapstudy.stats.residual import length_residual
from gapstudy.stats.retrieval import Retrieval, mutual_neighbours, retrieval, retrieval_hits
from gapstudy.stats.rpd import mean_rpd, pairwise_rpd, rpd, spread
from gapstudy.stats.rsa import rsa, rsa_matrix, rsa_p_values
from gapstudy.stats.significance import holm, kendall_p_value, t_p_value
from gapstudy.stats.sinkhorn import sinkhorn_distance, transport
from gapstudy.stats.sources import GapVariance, gap_variance
from gapstudy.stats.symbols import symbol_counts

__all__ = [
    "Bound",
    "Crossed",
    "Disagreement",
    "DivergenceBound",
    "Estimate",
    "EstimateMatrix",
    "GapVariance",
    "Influence",
    "LeftOut",
    "MeanCka",
    "MixedModel",
    "NullDistribution",
    "NullMatrix",
    "PairTransport",
    "PairedComparison",
    "RegCurve",
    "ResampledCka",
    "Retrieval",
    "Transport",
    "WitnessDivergence",
    "anc",
    "anc_matrix",
    "cka",
    "cka_floor",
    "cka_influence",
    "cka_intervals",
    "cka_matrix",
    "cka_null",
    "cka_null_matrix",
    "classifier_test",
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
    "draws_of_mean",
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
    "mean_cka_difference",
    "mean_cka_jackknife",
    "mean_interval",
    "mean_rpd",
    "mixed_model",
    "mutual_neighbours",
    "paired_comparison",
    "pairwise_rpd",
    "partial_correlation",
    "points_needed",
    "points_until_below",
    "probability_of_improvement",
    "procrustes_distance",
    "procrustes_matrix",
    "procrustes_similarity",
    "proxy_a_distance",
    "reg_curve",
    "retrieval",
    "retrieval_hits",
    "rpd",
    "rsa",
    "rsa_matrix",
    "rsa_p_values",
    "seeds_needed",
    "shuffled_alignment",
    "simulated_power",
    "simulated_seeds",
    "sinkhorn_distance",
    "sinkhorn_pairs",
    "spread",
    "swapped_reference",
    "symbol_counts",
    "t_p_value",
    "transport",
    "variance_split",
    "welch_comparison",
    "witness_divergence",
]
