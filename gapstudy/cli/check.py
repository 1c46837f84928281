"""``gapstudy check-paper``: the paper's printed numbers against recomputed ones."""

from __future__ import annotations

import click

from gapstudy.cli.options import debug_options, json_option

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
        click.echo(json.dumps([dataclasses.asdict(check) for check in found], ensure_ascii=False))
        return
    for check in found:
        mark = {True: "agrees", False: "DIFFERS", None: "note"}[check.agrees]
        numbers = "" if check.printed is None else f"  printed {check.printed:g}, recomputed {check.recomputed:.4g}"
        remark = f"  ({check.remark})" if check.remark else ""
        click.echo(f"{mark:8} {check.where}: {check.what}{numbers}{remark}")
    differing = sum(check.agrees is False for check in found)
    click.echo(f"{sum(check.agrees is True for check in found)} numbers agree, {differing} differ")
