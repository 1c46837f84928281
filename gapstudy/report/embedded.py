"""What the page carries beside its text: ids of runs, which numbers rest on which of them, and the tables as CSV.

Run ids are written once; a number refers to a set of runs by its position, a set to the ids by ranges of theirs
(``0-14,30``). All of it stands in one element that no browser executes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from gapstudy.report.document import Report
from gapstudy.report.markup import clean, html_text

__all__ = ["RunSets", "element", "ranges", "run_list"]

_UNSAFE = re.compile("[<>&`]")


@dataclass(frozen=True, slots=True)
class RunSets:
    """The runs of a report, and each set of them that an exhibit or a number rests on.

    Attributes
    ----------
    ids : run id -> its position.
    sets : positions of the runs of a set, ascending -> the position of the set.
    """

    ids: dict[str, int] = field(default_factory=dict)
    sets: dict[tuple[int, ...], int] = field(default_factory=dict)

    @classmethod
    def of(cls, report: Report) -> RunSets:
        """Collect the sets in the order of printing, so that the same report gives the same numbers."""
        found = cls({run: number for number, run in enumerate(dict.fromkeys(report.runs))})
        for runs in _sets(report):
            found.add(runs)
        return found

    def add(self, runs: Iterable[str]) -> int:
        """Return the position of a set, new or not."""
        positions = sorted({self.ids.setdefault(run, len(self.ids)) for run in runs})
        return self.sets.setdefault(tuple(positions), len(self.sets))


def _sets(report: Report) -> Iterator[tuple[str, ...]]:
    for exhibit in report.exhibits():
        cells = (cell for row in exhibit.table.rows for cell in row) if exhibit.table else ()
        yield from (runs for runs in (exhibit.runs, *(cell.runs for cell in cells)) if runs)


def ranges(positions: Iterable[int]) -> str:
    """Write ascending whole numbers as ranges.

    >>> ranges([0, 1, 2, 7, 9, 10])
    '0-2,7,9-10'
    """
    runs = groupby(enumerate(positions), lambda pair: pair[1] - pair[0])
    spans = ([number for _, number in group] for _, group in runs)
    return ",".join(str(span[0]) if len(span) == 1 else f"{span[0]}-{span[-1]}" for span in spans)


def element(report: Report, sets: RunSets, tables: Mapping[str, str]) -> str:
    """Return the element that the page's script reads.

    Parameters
    ----------
    report : whose exhibits are described.
    sets : of the same report.
    tables : key of an exhibit -> its CSV.
    """
    exhibits = {
        exhibit.key: {
            "title": clean(exhibit.title),
            **({"runs": sets.add(exhibit.runs)} if exhibit.runs else {}),
            **({"csv": tables[exhibit.key]} if exhibit.key in tables else {}),
        }
        for exhibit in report.exhibits()
    }
    content = {"runs": [clean(run) for run in sets.ids], "sets": list(map(ranges, sets.sets)), "exhibits": exhibits}
    # Inside <script> neither entities nor quotes protect: what could end or nest the element is a JSON escape.
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    safe = _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
    return f'<script type="application/json" id="gs-data">{safe}</script>\n'


def run_list(runs: Iterable[str]) -> str:
    """Return all run ids as a list that is closed at first: where links lead in a browser without scripts."""
    items = "".join(f"<li>{html_text(run)}</li>\n" for run in runs)
    if not items:
        return ""
    count = items.count("<li>")
    opening = f"<summary>{count:,} {'run' if count == 1 else 'runs'} of this report</summary>"
    return f'<details class="gs-runs">{opening}\n<ul id="gs-runs">\n{items}</ul>\n</details>\n'
