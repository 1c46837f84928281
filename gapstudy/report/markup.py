"""Text that becomes Markdown or HTML without ever becoming markup by accident.

Three kinds of text reach the report, and each has one door:

* *data* (study names, model ids, sentences, paths): :func:`md` and :func:`html_text` make every character literal;
* *prose* written by this package (captions, paragraphs): :func:`prose` knows ``*emphasis*``, ``**strong**``,
  ``$mathematics$``, `` `code` ``, and, where asked for, ``@tbl-table1`` and ``[@song2012]``; all else is literal but
  for the hyphen of a negative number, which becomes a minus sign, and a backslash makes any sign literal, so that data
  inside prose is passed through :func:`literal` first;
* *numbers*: :func:`typographic_minus`.

No door lets raw HTML, raw Typst, Quarto shortcodes, links or images through.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata

__all__ = [
    "CLIP",
    "Markdown",
    "attribute",
    "clean",
    "direction",
    "html_text",
    "literal",
    "md",
    "prose",
    "typographic_minus",
    "yaml",
]

CLIP = 400
"""Longest piece of data that is printed whole; a longer one is cut and says how much was cut."""

# Explicit directional controls reorder what stands around them; they are shown, never obeyed.
_DIRECTIONAL = {code: f"[U+{code:04X}]" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_REPLACED = ("Cc", "Cs", "Cn")
_BREAKS = re.compile(r"[ \t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")  # not the figure, narrow and no-break spaces
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#$^~@|&\"']|(?<=-)-|(?<=\.)\.")
_LINE_START = re.compile(r"^([-+:%=]|\d+[.)]|\(?([A-Za-z#]|[ivxlcdmIVXLCDM]+)[.)](?= ))")
_TYPST_START = re.compile(r"(=+|[-+/]|\d+\.)(\s|$)")
_PROSE = re.compile(
    r"\\(?P<literal>[!-/:-@\[-`{-~])"
    r"|`(?P<code>[^`\n]{1,200})`"
    r"|\$(?P<math>(?=[^\s$])[^$\n]{0,200}?[^\s$\\])\$(?!\d)"
    r"|(?<!\w)\*\*(?P<strong>(?=[^\s*])(?:\\.|[^*\\\n]){1,2000}?(?<!\s))\*\*(?!\w)"
    r"|(?<!\w)\*(?P<emph>(?=[^\s*])(?:\\.|[^*\\\n]){1,2000}?(?<!\s))\*(?!\w)"
    r"|(?P<cite>\[-?@[A-Za-z][\w:-]*(?:; ?@[A-Za-z][\w:-]*)*\])"
    r"|(?<![\w.])(?P<ref>@[A-Za-z][\w-]*\w)"
)


class Markdown(str):
    """A string that is Markdown already; the template prints it as it stands and escapes every other string."""

    __slots__ = ()


def clean(text: str, *, limit: int = CLIP) -> str:
    """One line of printable text: no control characters, no obeyed direction overrides, no more than ``limit``."""
    line = _BREAKS.sub(" ", text.translate(_DIRECTIONAL)).strip(" ")
    safe = "".join("\ufffd" if unicodedata.category(sign) in _REPLACED else sign for sign in line)
    if len(safe) <= limit:
        return safe
    return f"{safe[:limit].rstrip()} … [{len(safe) - limit:,} more characters]"


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda match: "\\" + match.group(), text)


def _guard(markdown: str) -> str:
    """Stop a paragraph from starting as a list, heading or title block."""
    if _LINE_START.match(markdown) is None:
        return markdown
    position = re.search(r"[-+:%=.)]", markdown)
    at = position.start() if position else 0
    return f"{markdown[:at]}\\{markdown[at:]}"


def md(text: str, *, limit: int = CLIP) -> Markdown:
    """Return ``text`` as Markdown that prints exactly ``text``."""
    return Markdown(_guard(_escape(clean(text, limit=limit))))


def literal(text: str) -> str:
    r"""Return ``text`` for use inside prose: each sign that prose would read as markup is preceded by a backslash.

    >>> print(prose(f"*{literal('a*b')}* costs {literal('$5')}"))
    *a\*b* costs \$5
    """
    return re.sub(r"[\\*$`@\[]|-(?=\.?\d)", lambda match: "\\" + match.group(), clean(text))


def prose(text: str, *, references: bool = False, limit: int = 6000) -> Markdown:
    """Return the Markdown of a sentence or paragraph written in the small markup of this package.

    Parameters
    ----------
    text : the paragraph; see the head of this module for what it may hold.
    references : whether ``@tbl-…`` and ``[@key]`` are references (paragraphs) or text (captions).
    limit : longest text that is printed whole.
    """
    return Markdown(_guard(_prose(clean(text, limit=limit), references=references)))


def _prose(line: str, *, references: bool) -> str:
    pieces, end = [], 0
    for match in _PROSE.finditer(line):
        before = _plain(line[end : match.start()])
        if references and match.lastgroup == "cite" and before.endswith(" "):
            before = before[:-1] + "\u00a0"  # a citation does not begin a line
        pieces += [before, _piece(match, references=references)]
        end = match.end()
    return "".join([*pieces, _plain(line[end:])])


def _plain(text: str) -> str:
    """Words between the markup: their negative numbers get the sign that tables have."""
    return _escape(typographic_minus(text))


def _piece(match: re.Match[str], *, references: bool) -> str:
    kind, found = match.lastgroup, match.group()
    inner = match[kind] if kind else ""
    if kind == "literal":
        return "\\" + inner
    if kind == "math" or (references and kind in ("cite", "ref")):
        return found.replace("{{", "{ {")
    if kind == "code":
        return "`" + inner.replace("{{", "{ {") + "`"
    if kind in ("strong", "emph"):
        mark = "**" if kind == "strong" else "*"
        return mark + _prose(inner, references=references) + mark
    return _escape(found)


def html_text(text: str, *, limit: int = CLIP) -> str:
    """Return ``text`` for HTML: no tags, no quotes, and no braces that Quarto would read as a shortcode."""
    line = clean(text, limit=limit)
    # Pandoc passes the first signs of a cell to Typst as they are; a word joiner stops them from opening a list.
    joined = f"\u2060{line}" if _TYPST_START.match(line) else line
    escaped = html.escape(joined, quote=True)
    return escaped.replace("{", "&#123;").replace("}", "&#125;").replace("`", "&#96;")


def attribute(text: str, *, limit: int = 1000) -> Markdown:
    """Return ``text`` for a quoted attribute of a Markdown element; pandoc reads the entities back."""
    entities = html_text(text, limit=limit)
    return Markdown(re.sub(r"[\\$@*_\[\]#|~^]", lambda match: f"&#{ord(match.group())};", entities))


def yaml(text: str, *, limit: int = 200) -> Markdown:
    """Return ``text`` as a quoted YAML string that pandoc, which reads metadata as Markdown, prints as ``text``."""
    return Markdown(json.dumps(md(text, limit=limit), ensure_ascii=False))


def typographic_minus(text: str) -> str:
    """Print the hyphen of a negative number as a minus sign; leave other text alone.

    >>> typographic_minus("-0.78"), typographic_minus("[-0.9, -0.6]"), typographic_minus("in-language")
    ('−0.78', '[−0.9, −0.6]', 'in-language')
    """
    return re.sub(r"(?<![\w)])-(?=\.?\d)", "−", text)


def direction(text: str) -> str:
    """Return ``"rtl"`` or ``"ltr"``: the direction of the first strong letter (Unicode rule P2).

    >>> direction("یہ ایک جملہ ہے"), direction("12 words"), direction("")
    ('rtl', 'ltr', 'ltr')
    """
    strong = (unicodedata.bidirectional(sign) for sign in text)
    return "ltr" if next((kind for kind in strong if kind in ("L", "R", "AL")), "L") == "L" else "rtl"
