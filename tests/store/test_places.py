"""Messages without the places of one machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gapstudy.store.places import is_local, last_part, without_places


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/ann/runs/tiny/x.json is gone", "x.json is gone"),
        ("see http://a.org/b, a/b, $DATA/c and 5/6", "see http://a.org/b, a/b, $DATA/c and 5/6"),
        ("No such file: '/srv/ann lee/x y/model.bin'", "No such file: 'model.bin'"),
        ('"C:\\Users\\ann lee\\a.bin" and D:\\ann\\b.bin', '"a.bin" and b.bin'),
        ("it is 'a/b' or '/'", "it is 'a/b' or '/'"),
        ("/srv/of ann/runs/tiny/r/run.json lacks it", "tiny/r/run.json lacks it"),
        ("/srv/of ann/runsome/x", "of ann/runsome/x"),
    ],
)
def test_no_place_stays(text: str, shown: str) -> None:
    """Absolute paths lose their folders, quoted ones also where these have spaces, and the folders that are named go."""
    assert without_places(text, "/srv/of ann/runs", "runs") == shown


def test_home_and_the_current_folder_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What begins with either loses it, spaces or not; a current folder that is gone is no error."""
    here = tmp_path / "ann lee's"
    here.mkdir()
    monkeypatch.chdir(here)
    assert without_places(f"{here}/a/c is gone") == "c is gone"
    here.rmdir()
    assert without_places("/x/y is gone") == "y is gone"


def test_places_of_any_system() -> None:
    """Paths of POSIX and of Windows are local, ids of the hub are not."""
    assert [is_local(place) for place in ("/a", r"C:\a", "org/a", "small")] == [True, True, False, False]
    assert [last_part(place) for place in ("/a/b/", r"C:\a\b", "/")] == ["b", "b", "folder"]
