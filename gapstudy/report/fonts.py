"""Which fonts a report needs, and whether every character of it has one.

Neither Typst nor a browser says when a glyph is missing: Hangul becomes boxes and Devanagari loses its conjuncts in
silence. So every character is looked up before anything is rendered.
"""

from __future__ import annotations

import html
import importlib.util
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gapstudy.errors import RenderError

__all__ = ["SERIF", "SOURCES", "Source", "assign", "available", "check_coverage", "prepare", "printable", "spell_out"]


@dataclass(frozen=True, slots=True)
class Source:
    """A font file and where it comes from.

    Attributes
    ----------
    family : name by which Typst and CSS know it.
    distribution : what to ``pip install`` when it is missing; empty for a font of the user.
    path : the file, TrueType or OpenType, variable or not.
    styles : CSS styles and weights to make of it.
    """

    family: str
    distribution: str
    path: Path
    styles: tuple[tuple[str, int], ...] = (("normal", 400),)


SERIF = "Gapstudy Serif"  # Noto Serif made a little narrower, hence not under its own name
_ITALIC = (("italic", 400),)
_UPRIGHT = (("normal", 400), ("normal", 700))
# Family, package on PyPI, module, file inside it, styles. The order is the order of fallback.
SOURCES = (
    (SERIF, "fontpkg-noto-serif", "fontpkg_noto_serif", "files/NotoSerif[wdth,wght].ttf", _UPRIGHT),
    (SERIF, "fontpkg-noto-serif", "fontpkg_noto_serif", "files/NotoSerif-Italic[wdth,wght].ttf", _ITALIC),
    # Arrows and operators, which Noto Serif lacks; matplotlib carries this font and the last two.
    ("DejaVu Serif", "matplotlib", "matplotlib", "mpl-data/fonts/ttf/DejaVuSerif.ttf", (("normal", 400),)),
    ("Noto Naskh Arabic", "pylopdf-fonts-ar", "pylopdf_fonts_ar", "NotoNaskhArabic-Variable.ttf", _UPRIGHT),
    (
        "Noto Sans Devanagari",
        "fontpkg-noto-sans-devanagari",
        "fontpkg_noto_sans_devanagari",
        "files/NotoSansDevanagari[wdth,wght].ttf",
        _UPRIGHT,
    ),
    ("Noto Serif KR", "pylopdf-fonts-ko", "pylopdf_fonts_ko", "NotoSerifKR-Regular.otf", (("normal", 400),)),
    ("STIXGeneral", "matplotlib", "matplotlib", "mpl-data/fonts/ttf/STIXGeneral.ttf", (("normal", 400),)),
    ("DejaVu Sans", "matplotlib", "matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf", (("normal", 400),)),
)
# What the template, pandoc's typography and Typst's hyphenation print beside the text itself.
_ALWAYS = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("\u00a0–—‘’“”…−×·•\u2007\u2008\u2009\u2010\u2011†§")
_IGNORED = frozenset("\u00ad\u034f\ufeff") | frozenset(map(chr, range(0xFE00, 0xFE10)))


def available(user_fonts: Path | None = None) -> tuple[Source, ...]:
    """Return the fonts that are installed, in the order of fallback, then those of the folder ``user_fonts``."""
    found = (_bundled(*row) for row in SOURCES)
    return (*(source for source in found if source), *_own(user_fonts))


def _bundled(
    family: str, distribution: str, module: str, file: str, styles: tuple[tuple[str, int], ...]
) -> Source | None:
    spec = importlib.util.find_spec(module)
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    paths = (Path(folder) / file for folder in folders)
    path = next((path for path in paths if path.is_file()), None)
    return Source(family, distribution, path, styles) if path else None


def _own(folder: Path | None) -> Iterator[Source]:
    if folder is None or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in (".ttf", ".otf"):
            yield Source(_family(path), "", path)


def _family(path: Path) -> str:
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(io.BytesIO(path.read_bytes())) as font:
            name = font["name"].getBestFamilyName()
    except (TTLibError, KeyError, OSError) as error:
        msg = f"{path}: not a TrueType or OpenType font ({error})"
        raise RenderError(msg) from error
    return str(name or path.stem)


@cache
def _characters(path: Path) -> frozenset[str]:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def printable(*texts: str) -> frozenset[str]:
    """Return the characters that need a glyph: entities read, controls and invisible format characters left out."""
    found = _ALWAYS.union(*texts, *map(html.unescape, texts)) - _IGNORED
    return frozenset(sign for sign in found if unicodedata.category(sign) not in ("Cc", "Cf", "Zl", "Zp", "Cs"))


def assign(characters: Iterable[str], sources: Iterable[Source]) -> dict[Source, frozenset[str]]:
    """Give each character to the first family that has it; every file of that family that has it gets it.

    Fonts that got nothing are left out; characters that no font has are in none of the values.
    """
    left, shares, families = frozenset(characters), {}, dict[str, frozenset[str]]()
    for source in sources:
        wanted = left | families.get(source.family, frozenset())
        shares[source] = wanted & _characters(source.path)
        families[source.family] = families.get(source.family, frozenset()) | shares[source]
        left -= shares[source]
    return {source: share for source, share in shares.items() if share}


def check_coverage(where: Path, characters: Iterable[str], shares: Mapping[Source, frozenset[str]]) -> None:
    """Raise :class:`RenderError` naming each character that no font has."""
    missing = sorted(frozenset(characters).difference(*shares.values()))
    if not missing:
        return
    names = ", ".join(f"U+{ord(sign):04X} {unicodedata.name(sign, 'unnamed')}" for sign in missing[:10])
    more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
    absent = sorted({row[1] for row in SOURCES if _bundled(*row) is None})
    install = f"pip install {' '.join(absent)}, or " if absent else ""
    msg = (
        f"{where}: no font has {names}{more}; {install}put a TTF or OTF font that has them into "
        f"{where.parent / 'fonts'} and render again, or take them out of the text"
    )
    raise RenderError(msg)


def spell_out(text: str, user_fonts: Path | None = None) -> str:
    """Return ``text`` with each character that no font has as its code point, so that strange data stops no report.

    Where one of the fonts that gapstudy brings is not installed, nothing is changed: :func:`check_coverage` names it.

    >>> spell_out("a\u1062b")
    'a⟨U+1062⟩b'
    """
    if any(_bundled(*row) is None for row in SOURCES):
        return text
    missing = printable(text).difference(*(_characters(source.path) for source in available(user_fonts)))
    return text.translate({ord(sign): f"⟨U+{ord(sign):04X}⟩" for sign in missing})


def prepare(source: Path) -> None:
    """Check the characters of a document and put the fonts that it needs into ``style/`` beside it."""
    from gapstudy.report.subset import write_fonts

    try:
        texts = [path.read_text(encoding="utf-8") for path in (source, source.parent / "style" / "references.bib")]
    except UnicodeDecodeError as error:
        msg = f"{source}: not UTF-8 text ({error.reason} at byte {error.start})"
        raise RenderError(msg) from error
    characters = printable(*texts)
    shares = assign(characters, available(source.parent / "fonts"))
    check_coverage(source, characters, shares)
    write_fonts(shares, source.parent / "style")
