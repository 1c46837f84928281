"""What the report holds, as plain records: the template reads them and knows nothing else.

Text is written in the small markup of :func:`gapstudy.report.markup.prose`; values that come from data pass through
:func:`gapstudy.report.markup.literal` before they are put into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gapstudy.exhibits.base import Exhibit

__all__ = ["Equation", "Report", "Section"]

_KEY = re.compile(r"[a-z][a-z0-9-]*")


def _check_key(key: str, what: str) -> None:
    if _KEY.fullmatch(key) is None:
        msg = f"{what} key {key!r} must be lower-case letters, digits and hyphens: it names files and anchors"
        raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """A displayed formula: TeX of our own, never of data; ``@eq-<key>`` refers to it."""

    key: str
    tex: str

    def __post_init__(self) -> None:
        """Refuse a key that could not be an anchor."""
        _check_key(self.key, "equation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section; ``@sec-<key>`` refers to it (not to one of the appendix or the closing, which are unnumbered).

    Attributes
    ----------
    key : anchor, lower-case.
    title : plain text.
    body : paragraphs (prose, with references), displayed formulas and exhibits, in the order of reading.
    level : 1 for a section, 2 for a subsection.
    """

    key: str
    title: str
    body: tuple[str | Equation | Exhibit, ...] = ()
    level: int = 1

    def __post_init__(self) -> None:
        """Refuse keys that could not be anchors or file names."""
        _check_key(self.key, "section")
        for block in self.body:
            if isinstance(block, Exhibit):
                _check_key(block.key, "exhibit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is printed.

    Attributes
    ----------
    title, study : plain text.
    date : printed, and the creation date of the PDF unless SOURCE_DATE_EPOCH says otherwise.
    version : of gapstudy.
    signature : what could change the numbers, once for the whole report.
    banner : prose; a notice above everything (demonstration data); empty for none.
    summary : prose paragraphs, and exhibits without a number, before the contents.
    sections, appendix : the report; appendix sections are lettered.
    closing : sections printed last, unnumbered: what the report was made from, and by which commands.
    runs : ids of all runs of the report, for the links from numbers to them.
    """

    title: str
    study: str
    date: date
    version: str
    signature: str
    banner: str = ""
    summary: tuple[str | Exhibit, ...] = ()
    sections: tuple[Section, ...] = ()
    appendix: tuple[Section, ...] = ()
    closing: tuple[Section, ...] = ()
    runs: tuple[str, ...] = ()

    def exhibits(self) -> Iterator[Exhibit]:
        """Yield the exhibits in the order of printing."""
        sections = (*self.sections, *self.appendix, *self.closing)
        blocks = (*self.summary, *(block for section in sections for block in section.body))
        yield from (block for block in blocks if isinstance(block, Exhibit))
