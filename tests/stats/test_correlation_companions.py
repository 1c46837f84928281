"""Tests of what stands beside the correlation of record: dependent tests, partial, combined, left out, regressions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from gapstudy.stats import (
    clustered_regression,
    combined_correlation,
    compare_dependent,
    correlation,
    dependent_difference,
    leave_one_out,
    mixed_model,
    partial_correlation,
    swapped_reference,
)

Float = npt.NDArray[np.float64]
SEEDS, PAIRS = np.tile(np.arange(15), 2), np.repeat(["swa", "urd"], 15)
LABELS: dict[str, Any] = {"clusters": SEEDS, "groups": PAIRS}


def rng(seed: int = 0) -> np.random.Generator:
    """A generator."""
    return np.random.default_rng(seed)


def points(seed: int = 0, slope: float = 0.6) -> tuple[Float, Float, Float]:
    """x, y and a third column of 15 seeds x 2 pairs: y follows x, all share an effect of the seed, pairs lie apart."""
    r = rng(seed)
    shared = np.tile(r.normal(size=15), 2)
    x = r.normal(size=30) + shared
    return x, slope * x + r.normal(size=30) + 5.0 * (PAIRS == "urd"), 0.5 * x + shared + r.normal(size=30)


def centred(v: Float) -> Float:
    """The column without the means of its pairs."""
    return np.asarray(v - np.where(PAIRS == "swa", v[:15].mean(), v[15:].mean()))


# ---- two dependent correlations ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("coefficients", "n", "z"),
    [((0.5, 0.2, r12), 50, z) for r12, z in ((0.0, 1.62), (0.1, 1.70), (0.3, 1.91), (0.6, 2.50), (0.8, 3.50))]
    + [((0.7, 0.4, r12), 50, z) for r12, z in ((0.0, 2.03), (0.4, 2.47), (0.8, 4.05))]
    + [((0.63, -0.03, -0.19), 15, 1.68), ((0.3, 0.4, 0.5), 100, -1.0707)],
)
def test_meng_as_published(coefficients: tuple[float, float, float], n: int, z: float) -> None:
    """Z agrees with Meng et al. (1992), May and Hittner (1997) and Silver et al. (2006) to the digits printed."""
    e = dependent_difference(*coefficients, n, level=0.95)
    error = (e.high - e.low) / 2 / scipy_stats.norm.ppf(0.975)
    assert e.value / error == pytest.approx(z, abs=0.0051 if abs(z * 100 - round(z * 100)) < 1e-6 else 6e-5)
    assert e.p_value == pytest.approx(2 * scipy_stats.norm.sf(abs(e.value / error)))


@pytest.mark.parametrize(
    ("coefficients", "n", "z"), [((0.4, 0.5, 0.1), 103, -0.8887185), ((0.3, 0.4, 0.5), 100, -1.0718)]
)
def test_steiger_as_published(coefficients: tuple[float, float, float], n: int, z: float) -> None:
    """Z agrees with Steiger's case A (1980; unrounded covariance, as cocor 1.1 gives it) and Silver et al. (2006)."""
    e = dependent_difference(*coefficients, n, test="steiger")
    error = (e.high - e.low) / 2 / scipy_stats.norm.ppf(0.975)
    assert e.value / error == pytest.approx(z, abs=6e-5)


@pytest.mark.parametrize("test", ["meng", "steiger"])
def test_dependent_tests_have_their_level(test: str) -> None:
    """With equal correlations both reject at about 5 % of 1,000 samples of 40 normal points."""
    r, rejected = rng(1), 0
    mixing = np.linalg.cholesky(np.array([[1.0, 0.3, 0.5], [0.3, 1.0, 0.5], [0.5, 0.5, 1.0]]))
    for _ in range(1000):
        a, b, y = mixing @ r.normal(size=(3, 40))
        m = np.corrcoef([a, b, y])
        p = dependent_difference(float(m[0, 2]), float(m[1, 2]), float(m[0, 1]), 40, test=test).p_value
        rejected += p is not None and p <= 0.05
    assert 30 <= rejected <= 72


@given(st.integers(0, 50), st.sampled_from(["meng", "steiger"]))
def test_exchanging_columns_changes_the_sign(seed: int, test: str) -> None:
    """Turning a column round changes nothing, since coefficients are absolute; exchanging both changes the sign."""
    x, y, z = points(seed)
    one, other = (
        compare_dependent(x, z, y, groups=PAIRS, test=test),
        compare_dependent(z, -x, y, groups=PAIRS, test=test),
    )
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))
    assert one.n == 29


# ---- partial -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["spearman", "pearson"])
def test_partial_is_pingouins(method: str) -> None:
    """Without groups the coefficient is pingouin's partial correlation."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pingouin = pytest.importorskip("pingouin")
        x, y, z = points(2)
        frame = pd.DataFrame({"x": x, "y": y, "z": z})
        theirs = float(pingouin.partial_corr(frame, "x", "y", "z", method=method)["r"].iloc[0])
    e = partial_correlation(x, y, z, method=method, n_resamples=99, rng=rng())
    assert e.value == pytest.approx(theirs, abs=1e-9)


def test_partial_within_pairs_is_of_residuals() -> None:
    """Within pairs the Pearson form is the correlation of what is left of both after the pairs and the third column."""
    x, y, z = map(centred, points(3))
    left = [v - (v @ z) / (z @ z) * z for v in (x, y)]
    e = partial_correlation(*points(3), method="pearson", n_resamples=199, rng=rng(), **LABELS)
    assert e.value == pytest.approx(float(left[0] @ left[1]) / float(np.linalg.norm(left[0]) * np.linalg.norm(left[1])))
    assert e.low < e.value < e.high
    assert "partial pearson within 2 groups, bootstrap over 15 clusters" in e.method


def test_partial_removes_a_part_whole_correlation() -> None:
    """Where x goes with y only through the third column, the correlation is large and the partial one is not."""
    r = rng(5)
    z = r.normal(size=30)
    x, y = z + 0.3 * r.normal(size=30), z + 0.3 * r.normal(size=30)
    plain = correlation(x, y, n_resamples=199, rng=rng(), **LABELS)
    partial = partial_correlation(x, y, z, n_resamples=199, rng=rng(), **LABELS)
    assert plain.value > 0.7
    assert abs(partial.value) < 0.4
    assert partial.p_value is not None
    assert partial.p_value > 0.05


def test_partial_p_has_its_level() -> None:
    """With a true partial correlation of 0 and a shared third column it rejects at about 5 % of 400 samples."""
    r, rejected = rng(5), 0
    for _ in range(400):
        z = r.normal(size=30)
        x, y = z + r.normal(size=30), z + r.normal(size=30)
        p = partial_correlation(x, y, z, n_resamples=99, rng=r, **LABELS).p_value
        rejected += p is not None and p <= 0.05
    assert 8 <= rejected <= 34


@given(st.integers(0, 30))
def test_ranks_do_not_see_monotone_changes(seed: int) -> None:
    """The Spearman forms stay the same when a column is stretched monotonically."""
    x, y, z = points(seed)
    moved = np.exp(x), y**3, np.arctan(z)
    for name in ("partial", "combined", "lowest"):
        values = []
        for a, b, c in ((x, y, z), moved):
            if name == "partial":
                values.append(partial_correlation(a, b, c, n_resamples=19, rng=rng(), **LABELS).value)
            elif name == "combined":
                values.append(combined_correlation(a, b, n_resamples=19, rng=rng(), **LABELS).value)
            else:
                values.append(leave_one_out(a, b, out=SEEDS, groups=PAIRS).low[0])
        assert values[0] == pytest.approx(values[1], abs=1e-12)


def test_partial_says_what_is_permuted() -> None:
    """The words name groups and clusters where they are given, and points alone where they are not."""
    x, y, z = points()
    words = {
        "residuals of points permuted": {},
        "residuals of points permuted within groups": {"groups": PAIRS},
        "residuals of clusters permuted jointly over groups": LABELS,
    }
    for expected, labels in words.items():
        assert partial_correlation(x, y, z, n_resamples=19, rng=rng(), **labels).method.endswith(expected)


# ---- the swap ------------------------------------------------------------------------------------------------
def test_swap_tells_the_reference_run_from_the_other() -> None:
    """An association that lives in the reference score goes when its seeds are swapped; one in the other's stays."""
    r = rng(6)
    reference, other = np.tile(80 + 2 * r.normal(size=15), 2), 60 + 2 * r.normal(size=30)
    options: dict[str, Any] = {"n_resamples": 199, "rng": rng(), **LABELS}
    from_reference = swapped_reference(reference + 0.1 * r.normal(size=30), reference, other, **options)
    from_other = swapped_reference(-other, reference, other, **options)
    assert abs(from_reference.value) < 0.2
    assert from_other.value > 0.5
    assert from_reference.low < from_reference.value < from_reference.high
    assert from_reference.p_value is None


def test_swap_leaves_out_what_lacks_a_pair() -> None:
    """Seeds with one pair alone cannot be swapped and are left out."""
    r = rng(7)
    keep = np.arange(30) != 29
    e = swapped_reference(
        r.normal(size=29), 80 + r.normal(size=29), 60 + r.normal(size=29), clusters=SEEDS[keep], groups=PAIRS[keep], n_resamples=19, rng=rng()
    )  # fmt: skip
    assert e.n == 28


# ---- combined ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["spearman", "kendall", "pearson"])
def test_combined_is_fishers_mean(method: str) -> None:
    """The value is tanh of the mean z of the pairs' own coefficients as SciPy computes them."""
    x, y, _ = points(8)
    own: Any = {"spearman": scipy_stats.spearmanr, "kendall": scipy_stats.kendalltau, "pearson": scipy_stats.pearsonr}[
        method
    ]
    expected = np.tanh(np.mean([np.arctanh(own(x[p == PAIRS], y[p == PAIRS]).statistic) for p in ("swa", "urd")]))
    e = combined_correlation(x, y, method=method, n_resamples=199, rng=rng(), **LABELS)
    assert e.value == pytest.approx(expected)
    assert e.low < e.value < e.high
    assert e.method.startswith(f"{method} of 2 groups combined by Fisher's z, bootstrap over 15 clusters")


def test_combined_p_has_its_level() -> None:
    """Columns that share an effect of the seed over pairs are rejected at about 5 % of 300 samples."""
    r, rejected = rng(9), 0
    for _ in range(300):
        x, y = (np.tile(r.normal(size=15), 2) + r.normal(size=30) for _ in "xy")
        p = combined_correlation(x, y, n_resamples=99, rng=r, **LABELS).p_value
        rejected += p is not None and p <= 0.05
    assert 5 <= rejected <= 27


@pytest.mark.parametrize("method", ["spearman", "kendall", "pearson"])
def test_combined_does_not_clip_what_has_a_z(method: str) -> None:
    """A coefficient near 1 in small groups counts with its own z."""
    x = np.arange(20.0)
    y = x + 0.1 * np.sin(x)
    if method != "pearson":
        y[[4, 5, 14, 15]] = y[[5, 4, 15, 14]]
    own: Any = {"spearman": scipy_stats.spearmanr, "kendall": scipy_stats.kendalltau, "pearson": scipy_stats.pearsonr}
    r = [own[method](x[i : i + 10], y[i : i + 10]).statistic for i in (0, 10)]
    e = combined_correlation(x, y, groups=[0] * 10 + [1] * 10, method=method, n_resamples=99, rng=rng())
    assert e.value == pytest.approx(np.tanh(np.mean(np.arctanh(r))), rel=1e-12)
    assert method == "kendall" or min(r) > 1 - 1 / 20


@pytest.mark.parametrize("method", ["spearman", "pearson"])
def test_combined_says_how_many_are_one(method: str) -> None:
    """Coefficients of exactly 1 stay above every other one and below 1, and the method counts the resamples with one."""
    x = np.arange(10.0)
    e = combined_correlation(np.tile(x, 2), np.r_[x, x[::-1] % 7], groups=[0] * 10 + [1] * 10, method=method,
                             n_resamples=99, rng=rng())  # fmt: skip
    assert "a coefficient of 1 or -1 in 99 of 99 resamples" in e.method
    both = combined_correlation(np.tile(x, 2), np.tile(x, 2), groups=[0] * 10 + [1] * 10, method=method,
                                n_resamples=99, rng=rng())  # fmt: skip
    assert 0.998 < both.value < 1.0
    some = combined_correlation(*points(8)[:2], method=method, n_resamples=99, rng=rng(), **LABELS)
    assert "coefficient of 1" not in some.method


# ---- left out ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["spearman", "pearson"])
def test_only_pearson_has_expanded_tails(method: str) -> None:
    """Partial and combined Pearson correlations have BCa intervals with expanded tails, Spearman's the nominal ones."""
    x, y, z = points()
    options: dict[str, Any] = {"method": method, "clusters": SEEDS, "groups": PAIRS, "n_resamples": 199, "rng": rng()}
    for e in (partial_correlation(x, y, z, **options), combined_correlation(x, y, **options)):
        assert ("BCa interval with expanded tails" in e.method) == (method == "pearson")


def test_leave_one_out_recomputes() -> None:
    """Each value is the within-pair coefficient of the points that are left, and the ends name their seed."""
    x, y, _ = points(10)
    found = leave_one_out(x, y, out=SEEDS, groups=PAIRS)
    for seed in (0, 7):
        keep = seed != SEEDS
        alone = correlation(x[keep], y[keep], clusters=SEEDS[keep], groups=PAIRS[keep], n_resamples=19, rng=rng())
        assert found.without[seed] == pytest.approx(alone.value)
    assert found.low[0] == min(found.without.values())
    assert found.without[found.high[1]] == found.high[0]
    pairs = leave_one_out(x, y, out=PAIRS, groups=PAIRS)
    assert pairs.without["swa"] == pytest.approx(scipy_stats.spearmanr(x[15:], y[15:]).statistic)


def test_nothing_left_is_said() -> None:
    """Where what is left is constant or fewer than 4 points the value is NaN, and ends skip it."""
    found = leave_one_out([1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0], np.arange(8.0), out=[0, 0, 0, 0, 1, 1, 1, 1])
    assert np.isnan(found.without[1])
    assert found.high[0] == pytest.approx(1.0)
    assert found.high[1] == 0
    few = leave_one_out([1.0, 2.0, 4.0, 3.0], [1.0, 3.0, 2.0, 4.0], out=[0, 0, 1, 1])
    assert np.isnan(list(few.without.values())).all()
    none = leave_one_out([1.0, 1.0, 2.0, 2.0], [1.0, 2.0, 3.0, 4.0], out=[0, 0, 1, 1])
    assert np.isnan(none.low[0])
    assert none.low[1] is None


# ---- regressions ---------------------------------------------------------------------------------------------
def test_clustered_slope_is_the_within_pair_correlation() -> None:
    """The standardised slope is Pearson's r within pairs; its error is the sandwich, written out."""
    x, y, _ = points(11)
    a, b = (centred(v) / np.sqrt(np.mean(centred(v) ** 2)) for v in (x, y))
    slope = float(a @ b) / 30
    scores = np.array([a[s == SEEDS] @ (b - slope * a)[s == SEEDS] for s in range(15)])
    error = np.sqrt((scores**2).sum() * 15 / 14 * 29 / (30 - 3)) / 30
    e = clustered_regression(x, y, **LABELS)
    assert e.value == pytest.approx(correlation(x, y, method="pearson", n_resamples=19, rng=rng(), **LABELS).value)
    half = scipy_stats.t.ppf(0.975, 14) * error
    assert (e.low, e.high) == pytest.approx((slope - half, slope + half))
    assert e.p_value == pytest.approx(2 * scipy_stats.t.sf(abs(slope / error), 14))


def test_mixed_model_finds_slope_and_seed() -> None:
    """A strong effect of the seed and a slope are found; the fit says that it converged."""
    r = rng(12)
    seeds, pairs = np.tile(np.arange(60), 2), np.repeat(["swa", "urd"], 60)
    x = r.normal(size=120)
    y = 0.5 * x + np.tile(2.0 * r.normal(size=60), 2) + 0.5 * r.normal(size=120)
    model = mixed_model(x, y, clusters=seeds, groups=pairs)
    scale = float(np.std(x) / np.std(y))
    assert model.converged
    assert model.problems == ()
    assert model.slope.value == pytest.approx(0.5 * scale, abs=0.05)
    assert model.seed_share > 0.8
    assert model.slope.low < model.slope.value < model.slope.high


@pytest.mark.parametrize("n", [5, 15])
def test_mixed_model_by_t(n: int) -> None:
    """Interval and p are statsmodels' standard error with t of seeds - 2 degrees of freedom, and keep about the level."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    r, rejected, of = rng(11), 0, 60
    seeds, pairs = np.tile(np.arange(n), 2), np.repeat([0, 1], n)
    for _ in range(of):
        x, y = (np.tile(r.normal(size=n), 2) + r.normal(size=2 * n) for _ in range(2))
        slope = mixed_model(x, y, clusters=seeds, groups=pairs).slope
        rejected += slope.p_value is not None and slope.p_value <= 0.05
    assert rejected <= 7  # 5 % of 60 are 3; the normal quantiles reject 8
    a, b = (np.concatenate([v[:n] - v[:n].mean(), v[n:] - v[n:].mean()]) for v in (x, y))
    a, b = a / a.std(), b / b.std()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = MixedLM(b, np.column_stack([a, pairs == 0, pairs == 1]).astype(float), groups=seeds).fit(reml=True)
    half = scipy_stats.t.ppf(0.975, n - 2) * fit.bse_fe[0]
    assert (slope.low, slope.high) == pytest.approx((fit.fe_params[0] - half, fit.fe_params[0] + half))
    assert slope.p_value == pytest.approx(2 * scipy_stats.t.sf(abs(slope.value) / fit.bse_fe[0], n - 2))
    assert slope.method.endswith(f"Wald interval, t of {n - 2} degrees of freedom")


def test_perfect_fits_have_no_interval() -> None:
    """Where y lies on a line in x within each pair both regressions give the slope, no interval, no p and no warning."""
    x = np.arange(10.0)
    labels: dict[str, Any] = {"clusters": list(range(5)) * 2, "groups": [0] * 5 + [1] * 5}
    model = mixed_model(x, 3.0 - 2.0 * x, **labels)
    for e in (model.slope, clustered_regression(x, 3.0 - 2.0 * x, **labels)):
        assert (e.value, e.p_value) == (-1.0, None)
        assert np.isnan([e.low, e.high]).all()
        assert e.method.endswith("no interval, the fit is perfect")
    assert not model.converged
    assert model.problems == ("the fit is perfect: no residual variance",)


def test_mixed_model_says_what_went_wrong() -> None:
    """At the edge of its parameter space the warning of statsmodels is in the record and none escapes."""
    r = rng(0)
    x = r.normal(size=30)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        models = [mixed_model(x, r.normal(size=30), **LABELS) for _ in range(6)]
    troubled = [m for m in models if m.problems]
    assert troubled
    assert not any(m.converged for m in troubled)
    assert any("boundary" in line or "converge" in line for m in troubled for line in m.problems)


# ---- errors --------------------------------------------------------------------------------------------------
X, Y, Z = points()
FOUR = [1.0, 2.0, 4.0, 3.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dependent_difference(1.0, 0.2, 0.1, 20), "r1 must lie strictly between -1 and 1, got 1"),
        (lambda: dependent_difference(0.1, 0.2, 0.1, 3), "n must be at least 4, got 3"),
        (lambda: dependent_difference(0.9, -0.9, 0.9, 20), "no data has r1 = 0.9, r2 = -0.9 and r12 = 0.9"),
        (lambda: dependent_difference(0.1, 0.2, 0.1, 20, test="zou"), "test must be one of meng, steiger; got 'zou'"),
        (lambda: compare_dependent(np.ones(30), Z, Y), "x1 is constant within every group"),
        (lambda: compare_dependent(X, Z[:9], Y), "x2 and y must be parallel"),
        (lambda: compare_dependent(X, X, Y), r"x1 and x2 are the same column up to a line \(their correlation is 1\)"),
        (lambda: compare_dependent(X, Z, 3 * Z), r"x2 and y are the same column up to a line"),
        (lambda: partial_correlation(X, Y, X, rng=rng(), **LABELS), "x is determined by given"),
        (lambda: partial_correlation(X, Y, 1.0 * (PAIRS == "urd"), rng=rng(), **LABELS), "given is constant within"),
        (lambda: partial_correlation(X, Y, Z, method="kendall", rng=rng()), "method must be one of spearman, pearson"),
        (lambda: swapped_reference(X, Y[:9], Z, rng=rng(), **LABELS), "x and reference must be parallel"),
        (
            lambda: swapped_reference(X, X**2, X**2, level=1.5, rng=rng(), **LABELS),
            "level must lie strictly between 0 and",
        ),
        (
            lambda: swapped_reference(X, -(X**2), X**2, rng=rng(), **LABELS),
            "reference must hold scores >= 0 in percent",
        ),
        (lambda: swapped_reference(X, X**2, -(X**2), rng=rng(), **LABELS), "other must hold scores >= 0 in percent"),
        (
            lambda: swapped_reference(FOUR, FOUR, FOUR, clusters=[0, 1, 2, 3], groups=[0, 0, 1, 1], rng=rng()),
            "swapping needs 4 clusters with one point in every group, got 0",
        ),
        (
            lambda: swapped_reference(X, np.zeros(30), np.zeros(30), n_resamples=19, rng=rng(), **LABELS),
            "a swapped gap is undefined or constant",
        ),
        (
            lambda: combined_correlation(X[:17], Y[:17], groups=PAIRS[:17], rng=rng()),
            r"group 1 \(of 2\) needs 4 points and variation in x and y; it has 2 points",
        ),
        (lambda: leave_one_out(X, Y, out=np.zeros(30)), "out must have at least 2 different labels, got 1"),
        (lambda: leave_one_out(np.ones(30), Y, out=SEEDS), "x is constant: all 30 values are 1"),
        (lambda: leave_one_out(X, PAIRS == "urd", out=SEEDS, groups=PAIRS), "y is constant within every group"),
        (lambda: leave_one_out(X, Y, out=[[s] for s in SEEDS]), "out must hold hashable labels"),
        (
            lambda: clustered_regression(
                [1, 2, 3, 4, 5.0], [1, 3, 2, 4, 7.0], clusters=[0, 1, 2, 3, 0], groups=[0, 1, 2, 3, 3]
            ),
            "groups has 4 different labels: a slope besides needs at least 6 points, got 5",
        ),
        (lambda: clustered_regression(PAIRS == "urd", Y, **LABELS), "x is constant within every group"),
        (
            lambda: mixed_model(X[:15], Y[:15], clusters=SEEDS[:15], groups=PAIRS[:15]),
            "every cluster has one point: a random effect",
        ),
    ],
)
def test_errors(call: Any, message: str) -> None:
    """Wrong columns, labels and options are errors that name them."""
    with pytest.raises(ValueError, match=message):
        call()


def test_a_model_that_cannot_be_fitted_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What statsmodels cannot solve becomes an error that says so."""
    from statsmodels.regression import mixed_linear_model

    def fail(*_arguments: object, **_options: object) -> None:
        message = "Singular matrix"
        raise np.linalg.LinAlgError(message)

    monkeypatch.setattr(mixed_linear_model.MixedLM, "fit", fail)
    with pytest.raises(ValueError, match="the mixed model cannot be fitted: Singular matrix"):
        mixed_model(X, Y, **LABELS)
