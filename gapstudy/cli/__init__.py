"""The command line: each command parses, calls the pipeline once, and says what came out."""

from __future__ import annotations

from gapstudy.cli.main import cli, main

__all__ = ["cli", "main"]
