"""Options that commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gapstudy.study import Study

__all__ = [
    "compute_options",
    "debug_options",
    "jobs_option",
    "json_option",
    "load_study",
    "names",
    "narrow_options",
    "reports_option",
    "study_options",
    "talk_options",
]

F = TypeVar("F", bound=Callable[..., Any])


def _together(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def names(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Split a comma-separated option."""
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())


def _jobs(text: str) -> Callable[[Any], Any]:
    return click.option("--jobs", default=0, show_default=True, type=click.IntRange(min=0), metavar="N", help=text)


study_options = _together(
    click.option("--study", default="tiny", show_default=True, metavar="NAME|FILE.toml", help="The study."),
    click.option("--runs", default="runs", show_default=True, type=click.Path(file_okay=False), help="Where runs are."),
)
narrow_options = _together(
    click.option("--tasks", callback=names, metavar="A,B", help="Only these tasks [default: all]."),
    click.option("--representations", callback=names, metavar="A,B", help="Only these representations [default: all]."),
    click.option("--languages", callback=names, metavar="A,B", help="Only these languages [default: all]."),
)
compute_options = _together(
    click.option(
        "--device",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "cpu", "cuda"]),
        help="Where to compute (auto: CUDA where there is one).",
    ),
    click.option(
        "--engine", default="local", show_default=True, type=click.Choice(["local"]), help="What hands out the work."
    ),
    _jobs("Worker processes (0: one a core; for runs on CUDA one)."),
)
jobs_option = _jobs("Processes that compute (0: one a core); the report is the same for any number.")
reports_option = click.option(
    "--reports", default="reports", show_default=True, type=click.Path(file_okay=False), help="Where reports go."
)


def _more(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        import logging

        logging.getLogger().setLevel(logging.INFO)


debug_options = _together(
    click.option("--verbose", is_flag=True, expose_value=False, callback=_more, help="Say more."),
    click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks."),
)
talk_options = _together(click.option("--quiet", is_flag=True, help="Print nothing but errors."), debug_options)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def load_study(
    study: str,
    *,
    tasks: tuple[str, ...] = (),
    representations: tuple[str, ...] = (),
    languages: tuple[str, ...] = (),
) -> tuple[Study, Study]:
    """Return the whole study and the part of it that was asked for."""
    from gapstudy.study import Study

    whole = Study.load(study)
    if not (tasks or representations or languages):
        return whole, whole
    return whole, whole.narrowed(tasks=tasks, representations=representations, languages=languages)
