"""The error tree."""

from __future__ import annotations

import pickle

import pytest

from gapstudy import errors
from gapstudy.errors import GapStudyError, IncompleteStudyError, MissingExtraError, StudyFileError

EXAMPLES: list[Exception] = [
    StudyFileError("x.toml", ["name: wrong", "seeds: wrong"]),
    MissingExtraError("torch", "train", "training"),
    IncompleteStudyError("no runs", ("a", "b")),
    IncompleteStudyError("no runs"),
    *[getattr(errors, name)("what, where, what to do") for name in errors.__all__
      if name not in {"StudyFileError", "MissingExtraError", "IncompleteStudyError"}],
]  # fmt: skip


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_travels_between_processes(error: Exception, protocol: int) -> None:
    """Worker processes hand errors back by pickle: type, message and data arrive."""
    back = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - our own bytes
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


def test_every_error_is_one_of_the_tree() -> None:
    """The command line catches one class, and everything the user can mend is below it; warnings are warnings."""
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert issubclass(kind, UserWarning if name.endswith("Warning") else GapStudyError)


def test_wrong_use_has_an_exit_code_of_its_own() -> None:
    """A study file or setting that is wrong exits with 2, whatever else fails with 1."""
    codes = {name: getattr(errors, name).exit_code for name in errors.__all__ if not name.endswith("Warning")}
    assert {codes.pop(name) for name in ("StudyFileError", "SettingError")} == {2}
    assert set(codes.values()) == {1}


def test_problems_are_a_line_each() -> None:
    """A study file's problems print below each other under the file's name."""
    assert str(StudyFileError("x.toml", ["a: wrong", "b: wrong"])) == "x.toml: a: wrong\n  b: wrong"


def test_a_missing_package_is_told_with_its_remedy() -> None:
    """What is not installed is told with what for and how to install it."""
    error = MissingExtraError("torch", "train", "training")
    assert str(error) == "training needs torch, which is not installed: pip install 'gapstudy[train]'"
