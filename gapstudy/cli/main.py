"""The command group, and the one place where errors become exit codes.

0 done; 1 a run or a step failed; 2 wrong usage or study file; 130 interrupted.
"""

from __future__ import annotations

import logging
import signal
import sys
from types import FrameType
from typing import Any

import click

from gapstudy import __version__
from gapstudy.cli.check import check_paper
from gapstudy.cli.doctor import doctor
from gapstudy.cli.init import init
from gapstudy.cli.plan import plan
from gapstudy.cli.report import report
from gapstudy.cli.status import status
from gapstudy.cli.sweep import sweep
from gapstudy.cli.train import prepare, train_seeds
from gapstudy.errors import GapStudyError

__all__ = ["cli", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="gapstudy")
@click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks.")
@click.option("--verbose", is_flag=True, help="Say more.")
def cli(*, verbose: bool) -> None:
    """How large is the gap between languages, and does the input representation explain it?

    \b
    gapstudy train-seeds --n 15     train the embedded study (minutes on two cores)
    gapstudy report                 reports/tiny/report.pdf and report.html

    Every command works without options on the embedded study; --study takes a preset or a .toml file.
    Shell completion: eval "$(_GAPSTUDY_COMPLETE=bash_source gapstudy)" (or zsh_source, fish_source).
    """  # noqa: D301 - click reads the backspace as "keep these lines"
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )


for _command in (train_seeds, report, init, prepare, sweep, status, doctor, plan, check_paper):
    cli.add_command(_command)


def main() -> None:
    """Run the command line and exit with its code."""
    signal.signal(signal.SIGTERM, _interrupt)
    debug = "--debug" in sys.argv
    try:
        code = cli.main(prog_name="gapstudy", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except GapStudyError as error:
        _say(error, str(error), debug=debug)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo(f"\ninterrupted; go on with: {_again()}", err=True)
        code = 130
    except OSError as error:
        _say(error, _about(error), debug=debug)
        code = 1
    except Exception as error:  # noqa: BLE001 - the last resort: one line unless --debug
        how = "" if debug else "; run with gapstudy --debug ... for the traceback"
        where = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        _say(error, f"internal error{where}: {type(error).__name__}: {error}{how}", debug=debug)
        code = 1
    sys.exit(code)


def _interrupt(_signal: int, _frame: FrameType | None) -> Any:
    raise KeyboardInterrupt


def _say(error: Exception, text: str, *, debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exception(error)
    click.echo(f"gapstudy: {text}", err=True)


def _about(error: OSError) -> str:
    """Say which place cannot be read or written: no permission, a full disk, a file where a folder should be."""
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}; mend it, or choose other places with --runs, --reports or GAPSTUDY_CACHE"


def _again() -> str:
    import shlex

    return shlex.join(["gapstudy", *sys.argv[1:]])
