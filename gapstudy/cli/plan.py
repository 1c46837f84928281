"""``gapstudy plan``: what a number of seeds can detect, before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gapstudy.cli.options import debug_options, json_option, load_study, study_options

if TYPE_CHECKING:
    from gapstudy.study import Study

__all__ = ["plan"]

_TABLE = (5, 10, 15, 20, 30, 50, 100)
_SIMULATIONS = 2000
_MOST_SIMULATED = 200  # seeds: beyond these a simulation takes minutes, and the formula is close


class _Inside(click.FloatRange):
    """A number strictly between two ends."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__(low, high, min_open=True, max_open=True)


@click.command()
@click.option("--n", "n", type=click.IntRange(min=4), metavar="N", help="Seeds [default: those of the study].")
@click.option(
    "--rho",
    type=_Inside(-1.0, 1.0),
    default=0.5,
    show_default=True,
    help="Spearman correlation to detect; its sign makes no difference.",
)
@click.option("--power", type=_Inside(0.0, 1.0), default=0.8, show_default=True, help="Wanted power.")
@click.option(
    "--pairs",
    type=click.IntRange(min=1, max=50),
    metavar="N",
    help="Language pairs with the reference [default: those of the study's XNLI].",
)
@click.option(
    "--difference",
    default="1",
    show_default=True,
    metavar="D",
    help="Paired difference of two representations: 1.5 in standard deviations of the differences, or 2pt in percentage points (needs finished runs).",
)
@click.option(
    "--level", type=_Inside(0.0, 0.5), default=0.05, show_default=True, help="Significance level of the tests."
)
@study_options
@json_option
@debug_options
def plan(
    *,
    n: int | None,
    rho: float,
    power: float,
    pairs: int | None,
    difference: str,
    level: float,
    study: str,
    runs: str,
    as_json: bool,
) -> None:
    """Say which correlation or difference the seeds can detect, and how many seeds a target needs."""
    import json

    if power <= level:
        msg = f"{power} must be above --level {level}"
        raise click.BadParameter(msg, param_hint="'--power'")
    if rho == 0.0:
        msg = "0 cannot be detected; give a correlation between -1 and 1 other than 0"
        raise click.BadParameter(msg, param_hint="'--rho'")
    whole, _ = load_study(study)
    seeds = n or max(whole.seeds_of("xnli", None) if "xnli" in whole.tasks else whole.seeds, 4)
    content: dict[str, Any] = {"study": whole.name, "seeds": seeds, "power": power, "level": level}
    content["correlation"] = _correlation(seeds, abs(rho), pairs or _pairs(whole), power, level)
    observed = _observed(whole, runs)
    content["difference"] = {**_difference(seeds, difference, observed, power, level), "observed": observed}
    content["table"] = list(_table(power, level))
    if as_json:
        click.echo(json.dumps(content, allow_nan=False))
    else:
        _show(content)


def _pairs(study: Study) -> int:
    """Language pairs with the reference that the study's XNLI has, 1 at least."""
    spec = study.tasks.get("xnli")
    codes = spec.languages if spec else ()
    return max(1, len(codes) - 1) if study.analysis.reference in codes else 1


def _correlation(seeds: int, rho: float, pairs: int, power: float, level: float) -> dict[str, Any]:
    """Power for the correlation: the formula for one pair, and the analysis of record simulated for all pairs."""
    import numpy as np

    from gapstudy.errors import GapStudyError
    from gapstudy.stats import (
        correlation_power,
        detectable_correlation,
        points_needed,
        simulated_power,
        simulated_seeds,
    )

    try:
        needed = points_needed(rho, power, level)
    except ValueError as error:
        raise GapStudyError(str(error)) from error
    found: dict[str, Any] = {"rho": rho, "pairs": pairs, "seeds_needed_one_pair": needed,
                             "power_one_pair": correlation_power(rho, seeds, level=level),
                             "detectable_one_pair": detectable_correlation(seeds, power, level)}  # fmt: skip
    if seeds <= _MOST_SIMULATED:
        simulated = simulated_power(
            rho, seeds, pairs=pairs, level=level, n_simulations=_SIMULATIONS, rng=np.random.default_rng([0, seeds])
        )
        found |= {
            "power": simulated.value,
            "power_low": simulated.low,
            "power_high": simulated.high,
            "simulated": simulated.method,
        }
    most = min(_MOST_SIMULATED, needed + 10)
    found["seeds_needed"] = simulated_seeds(rho, power=power, most=most, pairs=pairs, level=level)
    return found


def _difference(seeds: int, wanted: str, observed: list[dict[str, Any]], power: float, level: float) -> dict[str, Any]:
    """Power for a paired difference, in standard deviations of the differences and in points where runs show these."""
    from gapstudy.stats import detectable_difference, difference_power, seeds_needed

    spread = max((row["sd_difference"] for row in observed), default=None)
    size, points = _size(wanted, spread)
    detectable = detectable_difference(seeds, power, level)
    try:
        needed: int | None = seeds_needed(size, power, level)
    except ValueError:
        needed = None
    return {
        "dz": size,
        "points": points,
        "power": difference_power(size, seeds, level=level),
        "seeds_needed": needed,
        "detectable_dz": detectable,
        "detectable_points": None if spread is None else detectable * spread,
        "sd_points": spread,
    }


def _size(wanted: str, spread: float | None) -> tuple[float, float | None]:
    """Return ``--difference`` in standard deviations, and in points where they are known."""
    in_points = wanted.strip().endswith("pt")
    try:
        value = abs(float(wanted.strip().removesuffix("pt")))
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        msg = f"{wanted!r} is neither a number of standard deviations (0.8) nor of points (2pt), other than 0"
        raise click.BadParameter(msg, param_hint="'--difference'")
    if not in_points:
        return value, None if spread is None else value * spread
    if not spread:
        msg = f"{wanted!r} is in points, and no finished runs of two representations over 2 seeds show their spread; give standard deviations"
        raise click.BadParameter(msg, param_hint="'--difference'")
    return value / spread, value


def _observed(study: Study, runs: str) -> list[dict[str, Any]]:
    """Return the spread over seeds that finished runs show: of each representation's mean score, and of the differences."""
    from itertools import combinations

    import numpy as np

    from gapstudy.store import RunStore

    scores: dict[tuple[str, str], dict[int, dict[str, float]]] = {}
    for run in RunStore(runs).select(study=study.name):
        if run.cell.task in study.tasks:
            of_seed = scores.setdefault((run.cell.task, run.cell.representation), {}).setdefault(run.seed, {})
            for code in run.languages:  # one, or in zero-shot transfer every language that the model was tested on
                if "test" in run.record["metrics"][code]:
                    of_seed[code] = run.score(code)
    rows = []
    for ((task, b), first), ((other, a), second) in combinations(scores.items(), 2):
        if task != other:
            continue
        codes = {code for by_language in (*first.values(), *second.values()) for code in by_language}
        common = [s for s in first if s in second and set(first[s]) == set(second[s]) == codes]
        if len(common) >= 2:
            means = [[float(np.mean(list(x[s].values()))) for s in common] for x in (first, second)]
            gaps = np.subtract(means[1], means[0])
            rows.append({"task": task, "a": a, "b": b, "seeds": len(common), "sd_difference": float(gaps.std(ddof=1)),
                         "sd_a": float(np.std(means[1], ddof=1)), "sd_b": float(np.std(means[0], ddof=1))})  # fmt: skip
    return rows


def _table(power: float, level: float) -> Any:
    """Yield what numbers of seeds can detect, by formula."""
    from gapstudy.stats import correlation_power, detectable_correlation, detectable_difference, difference_power

    for n in _TABLE:
        yield {
            "seeds": n,
            "rho": detectable_correlation(n, power, level),
            "dz": detectable_difference(n, power, level),
            "power_rho_0.5": correlation_power(0.5, n, level=level),
            "power_dz_0.5": difference_power(0.5, n, level=level),
            "power_dz_1": difference_power(1.0, n, level=level),
        }


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _show(content: dict[str, Any]) -> None:
    from gapstudy.cli.progress import print_table

    n, power, c, d = content["seeds"], content["power"], content["correlation"], content["difference"]
    click.echo(f"Study {content['study']}: {n} seeds; tests at level {content['level']:g}, wanted power {power:.0%}")
    click.echo(
        f"Correlation of gap and representation (within-pair Spearman, seeds permuted jointly over {_counted(c['pairs'], 'pair')}):"
    )
    if "power" in c:
        click.echo(
            f"  rho = {c['rho']:g}: {n} seeds have power {c['power']:.0%} [{c['power_low']:.0%}, {c['power_high']:.0%}] ({c['simulated']})"
        )
    needed = f"about {c['seeds_needed']} seeds" if c["seeds_needed"] else f"more than {_MOST_SIMULATED} seeds"
    click.echo(f"  rho = {c['rho']:g} needs {needed} for power {power:.0%} (simulated)")
    click.echo(
        f"  one pair alone, by formula: power {c['power_one_pair']:.0%}; {c['seeds_needed_one_pair']} seeds needed; {n} seeds detect rho = {c['detectable_one_pair']:.2f}"
    )
    points = "" if d["points"] is None else f" ({d['points']:.2f} points)"
    click.echo("Difference of two representations, paired by seed (t test):")
    needed = f"{d['seeds_needed']} seeds" if d["seeds_needed"] else "more than a million seeds"
    click.echo(
        f"  {d['dz']:.3g} standard deviation{'' if d['dz'] == 1 else 's'} of the differences{points}: power {d['power']:.0%}; needs {needed}"
    )
    detected = "" if d["detectable_points"] is None else f" ({d['detectable_points']:.2f} points)"
    click.echo(f"  {n} seeds detect {d['detectable_dz']:.2f} standard deviations{detected}")
    if d["observed"]:
        rows = [
            {
                "task": r["task"],
                "A - B": f"{r['a']} - {r['b']}",
                "seeds": r["seeds"],
                "SD of differences": f"{r['sd_difference']:.2f}",
            }
            for r in d["observed"]
        ]
        print_table("Observed over seeds, points of the mean score; the widest is used above", rows)
    rows = [
        {"seeds": r["seeds"], "rho": f"{r['rho']:.2f}", "difference (SD)": f"{r['dz']:.2f}"} for r in content["table"]
    ]
    print_table(f"Detected with power {power:.0%} (one pair; paired t test)", rows)
