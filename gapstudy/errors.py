"""The error tree: every problem a user can mend is one of these.

Wrong arguments to library functions raise ``ValueError`` instead; these are for studies, data, runs and
machines. The command line prints them in one or two lines and exits with :attr:`GapStudyError.exit_code`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

__all__ = [
    "ConvergenceWarning",
    "DataError",
    "GapStudyError",
    "HubError",
    "IncompleteStudyError",
    "MissingExtraError",
    "ModelError",
    "PseudoReplicationWarning",
    "RenderError",
    "RunError",
    "SettingError",
    "StoppedError",
    "StoreError",
    "StudyFileError",
]


class GapStudyError(Exception):
    """Base of all errors that name what is wrong, where, and what to do."""

    exit_code = 1


class StudyFileError(GapStudyError):
    """A study file with unknown keys, wrong types or impossible values; lists every problem at once."""

    exit_code = 2

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        """Keep the file (or preset) name and one line a problem."""
        self.where = where
        self.problems = tuple(problems)
        super().__init__(f"{where}: " + "\n  ".join(self.problems))

    def __reduce__(self) -> tuple[type[Self], tuple[str, tuple[str, ...]]]:
        """Travel between processes with both arguments."""
        return type(self), (self.where, self.problems)


class DataError(GapStudyError):
    """A corpus that is missing, malformed, or not parallel where it must be."""


class HubError(GapStudyError):
    """A model or data set on the hub that cannot be had: absent, gated, out of reach, or of a kind that is refused."""


class MissingExtraError(GapStudyError):
    """A command needs an optional part that is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        """Name the missing package, the extra that brings it, and what it is for."""
        self.package = package
        self.extra = extra
        self.purpose = purpose
        super().__init__(f"{purpose} needs {package}, which is not installed: pip install 'gapstudy[{extra}]'")

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, str]]:
        """Travel between processes with all three arguments."""
        return type(self), (self.package, self.extra, self.purpose)


class ModelError(GapStudyError):
    """An encoder that cannot be used: no weights, tokenizer or vocabulary, or ones that do not fit together."""


DIVERGED = "the run diverged"
"""What the message of a run says whose loss or outputs stopped being finite."""


class RunError(GapStudyError):
    """A training run that failed; the study goes on without it."""


class StoppedError(GapStudyError):
    """A training run was told to stop, did so between two steps, and can be gone on with; no command ends with it."""


class StoreError(GapStudyError):
    """A run directory that cannot be read: truncated, edited, or of an unknown format."""


class IncompleteStudyError(GapStudyError):
    """There are no runs, or too few, for what was asked; says which are missing."""

    def __init__(self, message: str, missing: Sequence[str] = ()) -> None:
        """Keep the names of the missing runs beside the message."""
        self.missing = tuple(missing)
        super().__init__(message)


class SettingError(GapStudyError):
    """An environment variable with a value that means nothing."""

    exit_code = 2


class RenderError(GapStudyError):
    """The report could not be rendered: a tool failed, a reference is unresolved, or a glyph has no font."""


class ConvergenceWarning(UserWarning):
    """An iterative solver stopped before its tolerance; the value is an estimate."""


class PseudoReplicationWarning(UserWarning):
    """A statistic pools observations that are not independent."""
