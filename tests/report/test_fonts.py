"""Every character has a font, or rendering does not start."""

from __future__ import annotations

import shutil
from pathlib import Path

import matplotlib as mpl
import pytest
from fontTools.ttLib import TTFont

from gapstudy.errors import RenderError
from gapstudy.report import fonts
from gapstudy.report.subset import write_fonts

SCRIPTS = "t͡ʃ ɡ̊ k͈ ɛ̝ ˥˩ Ґїє ğŞ 아이들 क्षत्रिय پڑھ ٹیچر ↓≤×−"


def shares(text: str) -> dict[fonts.Source, frozenset[str]]:
    """The fonts of a text."""
    return fonts.assign(fonts.printable(text), fonts.available())


def test_every_script_of_the_studies_is_covered() -> None:
    """Latin with IPA marks, Cyrillic, Hangul, Devanagari, Arabic script and arrows all have a font."""
    covered = frozenset[str]().union(*shares(SCRIPTS).values())

    assert fonts.printable(SCRIPTS) <= covered


def test_marks_come_from_the_font_of_their_letters() -> None:
    """A tie bar taken from another font than its letters would not sit on them."""
    (upright,) = [share for source, share in shares(SCRIPTS).items() if source.path.name == "NotoSerif[wdth,wght].ttf"]

    assert set("t͡ʃɡ̊k͈ɛ̝˥˩") <= upright


def test_invisible_characters_need_no_font() -> None:
    """Joiners, direction marks and line breaks are not looked up; entities are."""
    assert fonts.printable("\u200d\u200e\n\ufe0f") == fonts.printable("")
    assert "\u2007" in fonts.printable("&#x2007;")


def test_a_missing_character_is_named_with_the_remedy(tmp_path: Path) -> None:
    """The error gives code point, Unicode name and what to do."""
    source = tmp_path / "report.qmd"

    with pytest.raises(RenderError, match=r"no font has U\+12000 CUNEIFORM SIGN A; .*put a TTF or OTF font"):
        fonts.check_coverage(source, fonts.printable("𒀀"), shares("𒀀"))


def test_strange_data_is_spelt_out(tmp_path: Path) -> None:
    """A character without a font is printed as its code point, unless the user brought a font that has it."""
    assert fonts.spell_out("a 𒀀, پ 한") == "a ⟨U+12000⟩, پ 한"
    shutil.copy(Path(mpl.get_data_path(), "fonts", "ttf", "LastResortHE-Regular.ttf"), tmp_path)
    assert fonts.spell_out("a 𒀀", tmp_path) == "a 𒀀"


def test_nothing_is_spelt_out_for_want_of_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a font that gapstudy brings is not installed, the check names it; no script turns into code points."""
    monkeypatch.setattr(fonts, "SOURCES", (*fonts.SOURCES, ("None", "none", "no_such_module", "none.ttf", ())))
    assert fonts.spell_out("a 𒀀") == "a 𒀀"


def test_a_font_of_the_user_is_used_last(tmp_path: Path) -> None:
    """A font put into the folder covers what the others lack, and nothing else."""
    shutil.copy(Path(mpl.get_data_path(), "fonts", "ttf", "LastResortHE-Regular.ttf"), tmp_path)

    found = fonts.assign(fonts.printable("a 𒀀"), fonts.available(tmp_path))

    (own,) = [share for source, share in found.items() if not source.distribution]
    assert own == {"𒀀"}


def test_a_file_that_is_no_font_is_named(tmp_path: Path) -> None:
    """Rubbish in the font folder is an error with the file's name."""
    (tmp_path / "bad.ttf").write_bytes(b"no font")

    with pytest.raises(RenderError, match=r"bad\.ttf: not a TrueType or OpenType font"):
        fonts.available(tmp_path)


def test_files_are_static_named_and_small(tmp_path: Path) -> None:
    """Each weight is a font of its own, with its own name and no variation axes, and of the text's characters only."""
    write_fonts(shares("t͡ʃ"), tmp_path)

    with TTFont(tmp_path / "fonts" / "GapstudySerif-Bold.ttf") as bold:
        assert "fvar" not in bold
        assert bold["OS/2"].usWeightClass == 700
        assert bold["name"].getDebugName(6) == "GapstudySerif-Bold"
        assert len(bold.getBestCmap()) < 200


def test_the_style_sheet_holds_the_fonts(tmp_path: Path) -> None:
    """Browsers get the same fonts, inside the style sheet, for exactly the characters used."""
    write_fonts(shares("t͡ʃ"), tmp_path)

    css = (tmp_path / "fonts.css").read_text(encoding="utf-8")
    assert css.count("@font-face") == 3
    assert css.count("url(") == css.count('url("data:font/woff2;base64,') == 3
    assert "U+361" in css
    assert "U+416" not in css


def test_fonts_are_made_once(tmp_path: Path) -> None:
    """A second call for the same characters leaves the files alone, another character makes them anew."""
    write_fonts(shares("a"), tmp_path)
    (tmp_path / "fonts.typ").write_text("untouched", encoding="utf-8")
    write_fonts(shares("a"), tmp_path)
    assert (tmp_path / "fonts.typ").read_text(encoding="utf-8") == "untouched"

    write_fonts(shares("Ж"), tmp_path)

    assert (tmp_path / "fonts.typ").read_text(encoding="utf-8") == '#let gs-fonts = ("Gapstudy Serif",)\n'
