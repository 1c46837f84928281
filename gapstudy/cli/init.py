"""``gapstudy init``: write a commented study file to edit."""

from __future__ import annotations

from pathlib import Path

import click

from gapstudy.cli.options import debug_options

__all__ = ["init"]


@click.command()
@click.argument("name")
@click.option("--preset", default="tiny", show_default=True, metavar="PRESET", help="What to start from.")
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@debug_options
def init(*, name: str, preset: str, force: bool) -> None:
    """Write NAME.toml, a commented study file to edit."""
    import re

    from gapstudy.errors import StudyFileError
    from gapstudy.study import PRESETS, Study, preset_text

    if preset not in PRESETS:
        where = "--preset"
        raise StudyFileError(where, [f"unknown preset {preset!r}; valid: {', '.join(PRESETS)}"])
    text = re.sub(r'(?m)^name = ".*"$', lambda _: f'name = "{_escape(name)}"', preset_text(preset), count=1)
    Study.parse(text, name)  # refuses names that cannot be directories
    path = Path(f"{name}.toml")
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise StudyFileError(str(path), ["exists already; choose another NAME, or overwrite it with --force"]) from None
    click.echo(f"wrote {path}; edit it, then: gapstudy train-seeds --study {path}")


def _escape(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
