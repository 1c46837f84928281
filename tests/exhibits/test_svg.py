"""The last step of a drawing: ids of its own, values to point at, nothing that a page could stumble over."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gapstudy.exhibits.drawing import figure, label
from gapstudy.exhibits.svg import finish, plain_text

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
HOSTILE = "<script>alert('1')</script> & \"quoted\" ]]> --> $x$ \\ \u202eevil\u0000\x1b " + "x" * 10_000


def picture(folder: Path, name: str, texts: tuple[str, ...] = ("one", "two", "three")) -> ET.Element:
    """Draw three points, a clipped line and a name, and read the file."""
    path = folder / f"{name}.svg"
    with figure(path, height=1.5) as drawing:
        drawing.value(drawing.axes[0].scatter([1, 2, 3], [1, 2, 3]), *texts)
        drawing.value(drawing.axes[0].plot([1, 2], [3, 1], marker="o")[0], "a", "b")
        drawing.value(drawing.axes[0].plot(1.5, 1.5, "s")[0], "alone")
        drawing.axes[0].set_title("$not mathematics$ <b>")
    return ET.parse(path).getroot()  # noqa: S314 - gapstudy drew it


def test_every_mark_has_its_value(tmp_path: Path) -> None:
    """Marks become groups numbered in the order of drawing, each with its own title and one mark."""
    groups = [g for g in picture(tmp_path, "made-up").iter(f"{SVG}g") if g.get("class") == "gs-value"]

    assert [g.get("id") for g in groups] == [f"made-up-value-{i}" for i in range(1, 7)]
    assert [g[0].tag for g in groups] == [f"{SVG}title"] * 6
    assert sorted(g[0].text or "" for g in groups) == ["a", "alone", "b", "one", "three", "two"]
    assert all(len(list(g.iter(f"{SVG}use"))) == 1 for g in groups)


def test_ids_are_the_exhibits_own(tmp_path: Path) -> None:
    """Each id begins with the key, none is given twice, every reference finds its target, and two files share none."""
    roots = [picture(tmp_path, name) for name in ("first", "second")]
    ids = [[e.get("id") for e in root.iter() if e.get("id")] for root in roots]

    assert not set(ids[0]) & set(ids[1])
    for root, own, name in zip(roots, ids, ("first", "second"), strict=True):
        assert len(own) == len(set(own))
        assert all(str(i).startswith(f"{name}-") for i in own)
        links = {e.get(LINK, "")[1:] for e in root.iter() if e.get(LINK)}
        urls = {u for e in root.iter() for v in e.attrib.values() for u in re.findall(r"url\(#([^)]+)\)", v)}
        assert links
        assert urls
        assert links | urls <= set(own)


def test_nothing_reaches_out_of_the_picture(tmp_path: Path) -> None:
    """No style sheet, script, metadata, comment, document type or address is left in the file."""
    text = (picture(tmp_path, "plain"), (tmp_path / "plain.svg").read_text("utf-8"))[1]

    for word in ("<style", "<script", "<metadata", "<!--", "<!DOCTYPE", "<b>", "matplotlib.org"):
        assert word not in text
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_hostile_texts_are_text(tmp_path: Path) -> None:
    """Tags, quotes, controls and turned text in a value stay one line of text, cut to a length."""
    root = picture(tmp_path, "hostile", (HOSTILE, "", "\n\t"))
    titles = [t.text or "" for t in root.iter(f"{SVG}title")]

    (told,) = (t for t in titles if "script" in t)
    assert told.startswith("<script>alert('1')</script> & \"quoted\" ]]> --> $x$ \\ \ufffdevil\ufffd\ufffd xx")
    assert len(told) == 400
    assert not list(root.iter(f"{SVG}script"))


def test_no_number_of_values_is_guessed(tmp_path: Path) -> None:
    """Two texts for three marks are an error, as is a value of what was never drawn."""
    with pytest.raises(ValueError, match="wrong: 2 values for 3 marks of gs0"):
        picture(tmp_path, "wrong", ("one", "two"))
    with pytest.raises(ValueError, match="k: nothing was drawn for the values of gs7"):
        finish('<svg xmlns="http://www.w3.org/2000/svg"><g id="a"/></svg>', "k", {"gs7": ("x",)})
    assert not (tmp_path / "wrong.svg").exists()


def test_one_text_may_be_of_many_marks(tmp_path: Path) -> None:
    """A group of marks with one text shows it as a whole."""
    root = picture(tmp_path, "cloud", ("a cloud",))

    (group,) = (g for g in root.iter(f"{SVG}g") if g.get("class") == "gs-value" and g[0].text == "a cloud")
    assert len(list(group.iter(f"{SVG}use"))) == 3


def test_same_numbers_same_bytes_whatever_the_settings(tmp_path: Path) -> None:
    """Two drawings agree byte for byte, though the user's matplotlib is set otherwise, and leave those settings alone."""
    import matplotlib as mpl

    picture(tmp_path, "one")
    first = (tmp_path / "one.svg").read_bytes()
    with mpl.rc_context(
        {"font.family": "monospace", "axes.facecolor": "red", "lines.linewidth": 9.0, "svg.fonttype": "none"}
    ):
        picture(tmp_path, "one")
        assert mpl.rcParams["lines.linewidth"] == 9.0
    assert (tmp_path / "one.svg").read_bytes() == first


def test_pyplot_is_not_needed(tmp_path: Path) -> None:
    """Drawing goes without pyplot, whose figures are global and none of a report's business."""
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from gapstudy.exhibits.drawing import figure\n"
        f"with figure(Path({str(tmp_path / 'x.svg')!r}), height=1.0) as d: d.axes[0].plot([1, 2])\n"
        "print('matplotlib.pyplot' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("text", "limit", "plain"),
    [("a b", 9, "a b"), ("a\n b", 9, "a b"), ("abcdef", 4, "abc…"), ("\u2066x", 9, "\ufffdx")],
)
def test_plain_text(text: str, limit: int, plain: str) -> None:
    """One line, no hidden signs, never longer than asked."""
    assert plain_text(text, limit) == plain


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("phoneme", "phoneme"),
        ("eng–swa", "eng–swa"),
        ("한국어", "\ufffd" * 3),
        ("a\u202eb", "a\ufffdb"),
        ("x" * 30, "x" * 23 + "…"),
    ],
)
def test_labels_can_be_drawn(name: str, shown: str) -> None:
    """A label has signs of the font alone and a length that fits, so that drawing never warns of a missing glyph."""
    assert label(name) == shown
