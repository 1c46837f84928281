"""From computed exhibits to ``reports/<study>/``: a Quarto document that anyone can edit, then PDF, HTML and Word.

``write(report, directory)`` puts ``report.qmd`` and all it needs into a folder; ``render(directory)`` turns the folder
into ``report.pdf``, ``report.html`` and ``report.docx`` with Quarto where it is installed, and with pandoc and Typst
from PyPI where it is not. Nothing here computes a number.
"""

from __future__ import annotations

from gapstudy.report.document import Equation, Report, Section
from gapstudy.report.markup import literal
from gapstudy.report.render import Rendered, render
from gapstudy.report.write import Written, write

__all__ = ["Equation", "Rendered", "Report", "Section", "Written", "literal", "render", "write"]
