"""Text stays text."""

from __future__ import annotations

import json
import subprocess

import pytest

from gapstudy.report import markup
from gapstudy.report.fallback import pandoc
from gapstudy.report.markup import attribute, clean, direction, html_text, literal, md, prose, typographic_minus

HOSTILE = (
    "<script>alert(1)</script>",
    "$x$ and $5 and $$y$$",
    "# heading",
    "@tbl-table1 and [@song2012]",
    "back\\slash \\alert{x} \\",
    "\"quotes\" and 'single'",
    "`code` ``` {=html}",
    "a|b|c and | a | b |",
    "{{< include /etc/passwd >}}",
    "![image](http://evil.example/x.png) [link](http://evil.example)",
    '#read("/etc/passwd") #import "x"',
    "::: {.callout-note}",
    "--- title: x ---",
    "*a*b* _c_ ~~d~~ ^e^ ~f~",
    "&lt;b&gt; &amp; &#60;",
    "1. list",
    "(iv) list",
    "- item",
    "+ item",
    "= heading",
    ": definition",
    "% title",
    "(@ex) example",
    "[^1]: foot [^1] ^[in]",
    "\\newcommand{\\x}{y}",
    "</td></table>",
    "<!-- comment -->",
    "http://auto.example/link",
)


def plain(markdown: str) -> str:
    """What pandoc prints for a piece of Markdown, as plain text, with its structure."""
    command = [str(pandoc()), "--from=markdown", "--to=json"]
    done = subprocess.run(command, input=markdown.encode(), capture_output=True, check=True)
    (block,) = json.loads(done.stdout)["blocks"]
    assert block["t"] == "Para"
    return "".join(_text(inline) for inline in block["c"])


def _text(inline: dict[str, object]) -> str:
    if inline["t"] in ("Space", "SoftBreak"):
        return " "
    assert inline["t"] == "Str", inline
    return str(inline["c"])


@pytest.mark.parametrize("text", HOSTILE)
def test_md_prints_every_sign_and_nothing_else(text: str) -> None:
    """Data becomes one paragraph of plain words, whatever signs it holds."""
    assert plain(md(text)).replace("\u00a0", " ") == text.replace("...", "…")


@pytest.mark.parametrize("text", HOSTILE)
def test_literal_survives_prose(text: str) -> None:
    """Data put into prose through `literal` is printed as it is, with references switched on as well."""
    assert plain(prose(f"x {literal(text)}", references=True)).replace("\u00a0", " ") == f"x {text}"


def test_prose_knows_its_small_markup() -> None:
    """Emphasis, strong words, formulas, code and references become Markdown; the rest is escaped."""
    text = "*a* **b** $x^2$ `c` @tbl-one [@kornblith2019; @song2012] 5*3*2 costs $5 and $6 [no](link)"

    expected = (
        "*a* **b** $x^2$ `c` @tbl-one\u00a0[@kornblith2019; @song2012] 5\\*3\\*2 costs \\$5 and \\$6 \\[no\\](link)"
    )
    assert prose(text, references=True) == expected


def test_captions_hold_no_references() -> None:
    """Where references are off, an at sign is an at sign."""
    assert prose("see @tbl-one and [@song2012]") == "see \\@tbl-one and \\[\\@song2012\\]"


def test_direction_overrides_are_shown_and_not_obeyed() -> None:
    """A right-to-left override cannot turn the rest of a line around."""
    assert clean("a\u202eb\u2066c") == "a[U+202E]b[U+2066]c"


def test_controls_and_half_characters_are_replaced() -> None:
    """Control characters and lone surrogates become the replacement character; line breaks become spaces."""
    assert clean("a\x00b\ud800c\n\td") == "a\ufffdb\ufffdc d"


def test_long_text_is_cut_and_says_so() -> None:
    """Ten thousand characters are cut to the limit, with the number of those left out."""
    assert clean("x" * 10_000) == "x" * markup.CLIP + " … [9,600 more characters]"


def test_html_has_no_tags_quotes_or_shortcodes() -> None:
    """HTML text can neither open a tag, nor leave an attribute, nor call a Quarto shortcode."""
    assert not set(html_text("<b a=\"1\" c='2'>{{< x >}}`")) & set("<>\"'{}`")


def test_attributes_hold_no_markdown() -> None:
    """An attribute value has no sign that Markdown or a shortcode could use."""
    assert not set(attribute('a"b\\c$d@e*f_g{h}[i]#j|k~l^m')) & set('"\\$@*_{}[]|~^')


def test_typst_markup_cannot_start_in_a_cell() -> None:
    """Signs that start a heading or list in Typst are held off by an invisible joiner."""
    assert html_text("= x") == "\u2060= x"
    assert html_text("+0.5") == "+0.5"


@pytest.mark.parametrize(("text", "expected"), [("-0.5", "−0.5"), ("[-0.9, -0.1]", "[−0.9, −0.1]"), ("a-1", "a-1")])
def test_minus_signs(text: str, expected: str) -> None:
    """Hyphens before numbers become minus signs, hyphens in words do not."""
    assert typographic_minus(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("یہ", "rtl"), ("(یہ) x", "rtl"), ("x یہ", "ltr"), ("12", "ltr")])
def test_direction_follows_the_first_letter(text: str, expected: str) -> None:
    """Direction is that of the first strong letter."""
    assert direction(text) == expected


def test_negative_numbers_of_prose_have_minus_signs() -> None:
    """In sentences, emphasis and intervals; not in code, formulas, dates, ids and compounds."""
    text = "*-0.78* [-0.9, -0.1] of `-1`, $-2$, 2026-11-22, xnli-3 and in-language"

    assert plain(prose(f"x {literal('a -5')}")).replace("\u00a0", " ") == "x a -5"
    assert prose(text) == "*−0.78* \\[−0.9, −0.1\\] of `-1`, $-2$, 2026-11-22, xnli-3 and in-language"
