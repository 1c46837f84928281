"""The summary of a run: one line a claim, and the page of the documentation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from simulations.scenario import AS_CLAIMED, MODULES, SEED, Result

__all__ = ["page", "row"]

HEADINGS = {
    "cka": "Linear CKA",
    "similarity": "CKA of several pairs, and its companions",
    "gaps": "Performance gap",
    "items": "Performance gap over test items",
    "representations": "One representation against another",
    "correlations": "Correlations of gap and linguistic gap",
    "regressions": "Correlations asked in other ways",
    "outputs": "Sinkhorn distance and certificates",
    "theory": "Divergence",
}

HEAD = """# Simulations: do the intervals cover, do the tests keep their level?

Written by `nox -s simulate` (seed {seed}, {draws:,} draws in all). Each line is one claim about data with a known truth: the share of
draws in which a nominal 95 % interval covered, or a test at 5 % rejected, with the exact 95 % interval of that share
(its binomial error). *Promised* is what theory says; where it says nothing there is a dash, and the remark says why.
**{verdict}** A promise counts as kept where the binomial interval meets the promised range.

How to add one: append a `Scenario` to `SCENARIOS` of a module in `simulations/` (its name seeds its draws), then run
`nox -s simulate -- NAME`, and the whole for this page. `--quick` makes a fiftieth of the draws.
"""

SHORT = "Intervals that nothing is promised of, and that cover less than 93 %: read them with that in mind.\n"


def row(result: Result) -> str:
    """Return one line for a terminal."""
    mark = {True: "ok  ", False: "FAIL", None: "-   "}[result.holds]
    share = f"{_share(result):>24}"
    return f"{mark} {share}  promised {_promised(result):<11} {result.claim.what} ({result.setting})"


def page(results: Sequence[Result]) -> str:
    """Return the page of the documentation."""
    broken = sum(r.holds is False for r in results)
    kept = sum(r.holds is True for r in results)
    verdict = f"{kept} of {kept + broken} promises are kept."
    draws = sum({r.scenario: r.share.n for r in results}.values())
    lines = [HEAD.format(seed=SEED, draws=draws, verdict=verdict)]
    short = [r for r in results if r.holds is None and not math.isnan(r.truth) and r.share.value < AS_CLAIMED[0]]
    if short:
        lines += [
            SHORT,
            *(f"- {r.claim.what} ({r.setting}): {100 * r.share.value:.1f} %; {r.claim.remark}." for r in short),
            "",
        ]
    for module in MODULES:
        lines += [
            f"## {HEADINGS[module]}",
            "",
            "| claim | data | share | promised | truth | mean | width | |",
            "|" + "---|" * 8,
        ]
        lines += [_line(r) for r in results if r.group == module]
        lines.append("")
    return "\n".join(lines)


def _line(r: Result) -> str:
    remark = r.claim.remark if r.holds is not False else f"**not kept**; {r.claim.remark}".rstrip("; ")
    numbers = [_number(v) for v in (r.truth, r.mean, r.width)]
    return "| " + " | ".join([r.claim.what, r.setting, _share(r), _promised(r), *numbers, remark]) + " |"


def _share(r: Result) -> str:
    e = r.share
    return f"{100 * e.value:.1f} % [{100 * e.low:.1f}, {100 * e.high:.1f}] of {e.n:,}"


def _promised(r: Result) -> str:
    if r.claim.share is None:
        return "–"
    low, high = (f"{100 * end:g}" for end in r.claim.share)
    return f"≥ {low} %" if high == "100" else f"≤ {high} %" if low == "0" else f"{low}–{high} %"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"
