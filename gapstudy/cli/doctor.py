"""``gapstudy doctor``: what the machine has, and how to mend what it lacks."""

from __future__ import annotations

import click

from gapstudy.cli.options import debug_options, json_option

__all__ = ["doctor"]


@click.command()
@click.option("--runs", default="runs", show_default=True, type=click.Path(file_okay=False), help="Where runs are.")
@click.option("--hub", is_flag=True, help="Also ask the Hugging Face hub for an answer (uses the network).")
@json_option
@debug_options
def doctor(*, runs: str, hub: bool, as_json: bool) -> None:
    """Check the machine and say how to mend what is missing."""
    import dataclasses
    import json

    from gapstudy.doctor import examine

    found = examine(runs, hub=hub)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(f) for f in found], ensure_ascii=False))
    else:
        for finding in found:
            mark = {True: "ok", False: "MISSING", None: "optional"}[finding.ok]
            click.echo(f"{mark:9} {finding.what}: {finding.state}{'; ' + finding.mend if finding.mend else ''}")
    if any(finding.ok is False for finding in found):
        raise SystemExit(1)
