"""Small static fonts beside a report: the characters it uses and no more, as files for Typst and as CSS for browsers.

Typst before 0.15 knows no variable fonts, and Quarto brings its own Typst, so each weight becomes a file of its own.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gapstudy.report.files import replace_bytes, replace_text
from gapstudy.report.fonts import SERIF, Source

__all__ = ["write_fonts"]

_FORMAT = 1  # raise it when the making of the files changes
_WIDTHS = {SERIF: 90.0}  # on the wdth axis, in percent
_JOINERS = frozenset(" \u200c\u200d\u25cc")
_STYLE_NAMES = {
    ("normal", 400): "Regular",
    ("normal", 700): "Bold",
    ("italic", 400): "Italic",
    ("italic", 700): "BoldItalic",
}


@dataclass(frozen=True, slots=True)
class _Face:
    """One static font: its family, style, weight, the characters it is for, and the file."""

    family: str
    style: str
    weight: int
    characters: frozenset[str]
    data: bytes
    woff2: bytes

    @property
    def file(self) -> str:
        """File name, for example ``NotoNaskhArabic-Bold.ttf``."""
        name = "".join(letter for letter in self.family if letter.isalnum())
        return f"{name}-{_STYLE_NAMES[self.style, self.weight]}.ttf"


def write_fonts(shares: Mapping[Source, frozenset[str]], style: Path) -> None:
    """Write ``fonts/*.ttf``, ``fonts.css`` and ``fonts.typ`` into ``style``, unless they are there for these shares."""
    key = _key(shares)
    record = style / "fonts" / "made.json"
    if record.is_file() and record.read_text(encoding="utf-8") == key and (style / "fonts.css").is_file():
        return
    faces = [face for source, share in shares.items() for face in _faces(source, share)]
    (style / "fonts").mkdir(parents=True, exist_ok=True)
    for old in (style / "fonts").glob("*.ttf"):
        old.unlink()
    for face in faces:
        replace_bytes(style / "fonts" / face.file, face.data)
    families = list(dict.fromkeys(source.family for source in shares))
    replace_text(style / "fonts.css", _css(faces, families))
    replace_text(style / "fonts.typ", f"#let gs-fonts = ({', '.join(map(json.dumps, families))},)\n")
    replace_text(record, key)


def _key(shares: Mapping[Source, frozenset[str]]) -> str:
    parts = [
        (source.family, source.path.name, source.path.stat().st_size, source.styles, "".join(sorted(share)))
        for source, share in shares.items()
    ]
    return json.dumps({"made": hashlib.sha256(json.dumps([_FORMAT, parts]).encode()).hexdigest()}) + "\n"


@cache
def _faces(source: Source, share: frozenset[str]) -> tuple[_Face, ...]:
    faces = []
    small = _subset(source.path, share | _JOINERS)
    for style, weight in source.styles:
        font = _instance(small, weight, _WIDTHS.get(source.family, 100.0))
        _name(font, source.family, _STYLE_NAMES[style, weight])
        data = _saved(font)
        faces.append(_Face(source.family, style, weight, share, data, _woff2(data)))
    return tuple(faces)


def _subset(path: Path, characters: frozenset[str]) -> bytes:
    from fontTools import subset
    from fontTools.ttLib import TTFont

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = subset.Options(hinting=False, notdef_outline=True, name_IDs=["*"], recalc_timestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(sign) for sign in characters])
    with TTFont(path, lazy=True, recalcTimestamp=False) as font:
        subsetter.subset(font)
        return _saved(font)


def _instance(data: bytes, weight: int, width: float) -> Any:
    """The font at one weight and width, all other axes at their default."""
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = TTFont(io.BytesIO(data), recalcTimestamp=False)
    if "fvar" not in font:
        return font
    axes = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
    chosen = {tag: value for tag, value in (("wght", weight), ("wdth", width)) if tag in axes}
    font = instancer.instantiateVariableFont(font, axes | chosen, inplace=True)
    font["OS/2"].usWidthClass = 5  # the narrow cut is the normal one of its family
    return font


def _name(font: Any, family: str, style: str) -> None:
    """Name the instance after what it is: PDF viewers and Typst both read the name table."""
    table = font["name"]
    postscript = "".join(letter for letter in family if letter.isalnum())
    names = {1: family, 2: style, 4: f"{family} {style}", 6: f"{postscript}-{style}"}
    for number in (16, 17, 25):
        table.removeNames(nameID=number)
    for number, text in names.items():
        table.removeNames(nameID=number)
        table.setName(text, number, 3, 1, 0x409)


def _saved(font: Any) -> bytes:
    buffer = io.BytesIO()
    font.save(buffer, reorderTables=None)
    return buffer.getvalue()


def _woff2(data: bytes) -> bytes:
    from fontTools.ttLib import woff2

    buffer = io.BytesIO()
    woff2.compress(io.BytesIO(data), buffer)
    return buffer.getvalue()


def _css(faces: Iterable[_Face], families: Iterable[str]) -> str:
    stack = ", ".join(f'"{family}"' for family in families)
    return "\n".join([f":root {{ --gs-serif: {stack}, Georgia, serif; }}", *map(_font_face, faces), ""])


def _font_face(face: _Face) -> str:
    data = base64.b64encode(face.woff2).decode()
    codes = ", ".join(f"U+{ord(sign):X}" for sign in sorted(face.characters))
    return (
        f'@font-face {{ font-family: "{face.family}"; font-style: {face.style}; font-weight: {face.weight}; '
        f'src: url("data:font/woff2;base64,{data}") format("woff2"); unicode-range: {codes}; }}'
    )
