"""``gapstudy check-paper``: the paper's printed numbers against recomputed ones."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click

from gapstudy.cli.options import debug_options, json_option

if TYPE_CHECKING:
    from gapstudy.exhibits.check import Check

__all__ = ["check_paper"]


@click.command("check-paper")
@json_option
@debug_options
def check_paper(*, as_json: bool) -> None:
    """Compare the paper's printed numbers with recomputed ones, each slip named."""
    import dataclasses
    import json

    from gapstudy.exhibits.check import check_paper as checks

    found = checks()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(c) | {"verdict": c.verdict} for c in found], ensure_ascii=False))
        return
    slips = _slips(c for c in found if c.kind == "slip")
    for line in (*_compared(found), "", *slips, "", *textwrap.wrap(_counts(found), _width())):
        click.echo(line)


def _compared(checks: Sequence[Check]) -> Iterator[str]:
    """Numbers, then claims, in columns under the names of their exhibits; what does not fit is wrapped."""
    for kind, title in (("number", "Printed numbers"), ("claim", "Claims in words, on the paper's own numbers")):
        chosen = [c for c in checks if c.kind == kind]
        width = min(max(len(c.what) for c in chosen), _width() - _BESIDE)
        heads = ("printed", "recomputed") if kind == "number" else ("", "margin")
        yield from () if kind == "number" else ("",)
        yield f"{title:{width + 2}}  {heads[0]:>9}  {heads[1]:>10}"
        for where, group in groupby(chosen, key=lambda c: c.where):
            yield where
            for c in group:
                yield from _row(c, width)


def _row(check: Check, width: int) -> Iterator[str]:
    """One check: what, the numbers and the verdict in a line, what else there is to say below."""
    first, *rest = textwrap.wrap(check.what, width, subsequent_indent="  ", break_on_hyphens=False)
    mark = check.verdict.upper() if check.agrees is False else check.verdict
    yield f"  {first:{width}}  {_number(check.printed):>9}  {_number(check.recomputed):>10}  {mark}"
    yield from (f"  {line}" for line in rest)
    yield from textwrap.wrap(
        check.remark, _width(), initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
    )


_BESIDE = 40
"""Columns beside the name of a check: indent, two numbers, the verdict."""


def _width() -> int:
    return max(60, min(120, shutil.get_terminal_size((100, 24)).columns))


def _slips(checks: Iterable[Check]) -> Iterator[str]:
    """Slips of method, wrapped to the width of the terminal."""
    yield "Slips of method"
    for c in checks:
        text = f"{c.where}, {c.what}: {c.remark}"
        yield from textwrap.wrap(text, _width(), initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _counts(checks: Sequence[Check]) -> str:
    """The last line, which counts."""
    agree, differ, hold, fail, slip = (
        sum(c.verdict == verdict for c in checks) for verdict in ("agrees", "differs", "holds", "does not hold", "slip")
    )
    return f"{agree} numbers agree, {differ} differ; {hold} claims hold, {fail} does not; {slip} slips of method"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
