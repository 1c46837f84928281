"""The readers of corpus files: each takes whatever form the file has, and names the file and the line in errors."""

from __future__ import annotations

from gapstudy.data.pairs import read_pairs
from gapstudy.data.sentences import read_sentences
from gapstudy.data.tagged import read_tagged

__all__ = ["read_pairs", "read_sentences", "read_tagged"]
