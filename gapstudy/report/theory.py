"""The paragraph on Theorem 4.1 and the certificate: does the bound hold, and does it say anything?

Paper: section 4.4, Theorem 4.1, appendix C.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gapstudy.exhibits.certificates import first_seeds
from gapstudy.exhibits.text import counted
from gapstudy.exhibits.verdict import OPEN, SUPPORTED
from gapstudy.report.claims import Claims
from gapstudy.report.markup import literal
from gapstudy.report.wording import PERCENT, lead, listed, one

__all__ = ["bounded"]

Line = Mapping[str, Any]


def bounded(claims: Claims) -> str:
    """Return the paragraph on the claim that the gap is bounded by the divergence between languages."""
    verdicts = claims.of("bound")
    lines: Sequence[Line] = claims.data("theorem").get("lines", ())
    certified = first_seeds(list(claims.data("certificates").get("seeds", ())))
    if not lines and not certified:
        exhibit = claims.exhibits.get("theorem")
        reasons = map(literal, exhibit.missing if exhibit else ())
        why = "; ".join(reasons) or "there is no pair of languages to compare"
        return f"**Not tested.** The gap is bounded by the divergence between languages: {why}."
    word = verdicts[0].word if verdicts else "not tested"
    sentences = [f"{lead([('', word)])} {_REASON.get(word, _TWO_MODELS)}"]
    if certified:
        sentences.append(_certificate(certified))
    if lines:
        sentences.append(_spaces(lines))
    if any(x["paper"] >= 1 for x in lines):
        sentences.append("A vacuous bound, 1 or more, leaves any gap possible.")
    sentences.append(
        "Nor does a smaller bound make a smaller gap: whether gaps follow the divergence is an empirical question, and "
        "@tbl-table3 is what this study can say of it."
    )
    return " ".join(sentences)


_TWO_MODELS = (
    "Theorem 4.1 is about one model on two languages, and here, as in the paper, each language has a model of its own: "
    "its values illustrate the theorem and do not test it."
)
_REASON = {
    SUPPORTED: "One model serves every language, so that Theorem 4.1 applies, and for every pair the gap’s interval lies below a "
    "bound on the outputs that is not vacuous. The divergence is estimated from below, so that the true bound is no smaller.",
    OPEN: "One model serves every language, so that Theorem 4.1 applies, but in some pair the bound on the outputs is vacuous or "
    "not above the gap’s interval; since the divergence is estimated from below, that contradicts nothing.",
}


def _certificate(lines: Sequence[Line]) -> str:
    """Say how large the gaps are and how tight the certificate is."""
    gaps = [abs(x["gap"].value) for x in lines]
    ends = [x["certificate"].high for x in lines]
    return (
        f"The certificate holds by arithmetic: over {_cases(lines)} the gap in error rate is {_range(gaps)}, and "
        f"at confidence {50 * (1 + lines[0]['certificate'].level):g}{PERCENT} it can be at most {_range(ends)} (@tbl-certificates)."
    )


def _spaces(lines: Sequence[Line]) -> str:
    """Say of each space in how many pairs the bound is vacuous."""
    parts = []
    for space in dict.fromkeys(x["space"] for x in lines):
        bounds = [x["paper"] for x in lines if x["space"] == space]
        vacuous = sum(b >= 1 for b in bounds)
        parts.append(
            f"{_range(bounds)} for {_name(space)} ({'not vacuous' if not vacuous else f'vacuous in {vacuous} of {len(bounds)}'})"
        )
    return f"The right side of the theorem is {listed(parts)}."


def _cases(lines: Sequence[Line]) -> str:
    names = {x["representation"] for x in lines}
    pairs = {x["language"] for x in lines}
    return f"{counted(len(names), 'representation')} and {counted(len(pairs), 'pair')} of languages (first seeds)"


def _name(space: str) -> str:
    name = space[0].lower() + space[1:].partition(" (")[0]
    return literal(f"the {name}" if name.startswith("first") else name)


def _range(values: Sequence[float]) -> str:
    low, high = one(min(values), 3), one(max(values), 3)
    return low if low == high else f"{low} to {high}"
