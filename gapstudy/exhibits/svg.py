"""The last step of a drawing: an SVG that can stand inside a page beside others, and whose marks carry their values.

matplotlib gives every file the same ids (``figure_1``, ``DejaVuSans-41``), so that two drawings inlined in one page
would take their letters and clip paths from one another: each id gets the exhibit's key in front. What has a value
becomes ``<g id="<key>-value-<n>" class="gs-value"><title>…</title>…</g>``, which browsers show when it is pointed at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree as ET

__all__ = ["finish", "plain_text"]

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_URL = re.compile(r"url\(#([^)]+)\)")
_LONG = re.compile(r"-?\d+\.\d{3,}")
_DECIMALS = {"d": 2, "x": 2, "y": 2, "width": 2, "height": 2, "transform": 6}
_SUPERFLUOUS, _HOLDERS = (f"{_SVG}metadata", f"{_SVG}style"), (f"{_SVG}g", f"{_SVG}defs")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_TITLE_LIMIT = 400

ET.register_namespace("", "http://www.w3.org/2000/svg")
ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")


def finish(text: str, key: str, values: Mapping[str, Sequence[str]]) -> str:
    """Return the SVG ``text`` of matplotlib with ids of its own, values to point at, and nothing superfluous.

    Parameters
    ----------
    text : SVG that matplotlib wrote.
    key : of the exhibit; comes before every id.
    values : id of a group of marks -> a text for each of its marks, or one for them all.

    Raises
    ------
    ValueError
        If a group has another number of marks than of texts, or was not drawn.
    """
    root = ET.fromstring(text)  # noqa: S314 - matplotlib wrote it; expat refuses what grows without bound
    _strip(root)
    _tell(root, key, values)
    for element in root.iter():
        _rename(element, f"{key}-")
        for name, digits in _DECIMALS.items():
            if name in element.attrib:
                element.set(name, _rounded(element.attrib[name], digits))
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def plain_text(text: str, limit: int = _TITLE_LIMIT) -> str:
    r"""Return one line without signs that control, hide or turn text; a longer one than ``limit`` is cut.

    >>> plain_text("a\u202eb  c", 40)
    'a\ufffdb c'
    """
    line = "".join("\ufffd" if unicodedata.category(c) in _HIDDEN else c for c in " ".join(text.split()))
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def _strip(root: ET.Element) -> None:
    """Drop metadata and blanks; the style sheet, which would rule the whole page, becomes attributes of the root."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in _SUPERFLUOUS or (child.tag in _HOLDERS and not len(child)):
                parent.remove(child)
        parent.text = parent.text if (parent.text or "").strip() else None
        parent.tail = "\n" if parent is not root else None
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")


def _tell(root: ET.Element, key: str, values: Mapping[str, Sequence[str]]) -> None:
    """Give marks their titles, numbered in the order of drawing."""
    groups = {element.get("id"): element for element in root.iter(f"{_SVG}g")}
    for name in values.keys() - groups.keys():
        msg = f"{key}: nothing was drawn for the values of {name}"
        raise ValueError(msg)
    number = 0
    for element in list(root.iter(f"{_SVG}g")):
        texts = values.get(element.get("id") or "", ())
        if len(texts) == 1:
            number += 1
            _title(element, number, texts[0])
            continue
        marks = list(_marks(element)) if texts else []
        if len(marks) != len(texts):
            msg = f"{key}: {len(texts)} values for {len(marks)} marks of {element.get('id')}"
            raise ValueError(msg)
        for (parent, mark), words in zip(marks, texts, strict=True):
            number += 1
            _title(_wrapped(parent, mark), number, words)


def _marks(group: ET.Element) -> Iterator[tuple[ET.Element, ET.Element]]:
    """Yield (parent, mark): uses of a marker, or paths where there is none."""
    found = [(p, e) for p in group.iter() if p.tag != f"{_SVG}defs" for e in p]
    uses = [(p, e) for p, e in found if e.tag == f"{_SVG}use"]
    yield from uses or [(p, e) for p, e in found if e.tag == f"{_SVG}path"]


def _wrapped(parent: ET.Element, mark: ET.Element) -> ET.Element:
    wrapper = ET.Element(f"{_SVG}g")
    parent[list(parent).index(mark)] = wrapper
    wrapper.append(mark)
    wrapper.tail = "\n"
    return wrapper


def _title(group: ET.Element, number: int, words: str) -> None:
    group.set("id", f"value-{number}")
    group.set("class", "gs-value")
    title = ET.Element(f"{_SVG}title")
    title.text = plain_text(words)
    group.insert(0, title)


def _rename(element: ET.Element, prefix: str) -> None:
    for name, value in element.attrib.items():
        if name == "id":
            element.set(name, prefix + value)
        elif name == _LINK and value.startswith("#"):
            element.set(name, f"#{prefix}{value[1:]}")
        elif "url(#" in value:
            element.set(name, _URL.sub(rf"url(#{prefix}\1)", value))


def _rounded(text: str, digits: int) -> str:
    return " ".join(_LONG.sub(lambda match: f"{float(match.group()):.{digits}f}".rstrip("0").rstrip("."), text).split())
