"""``python -m gapstudy`` is ``gapstudy``."""

from __future__ import annotations

from gapstudy.cli import main

if __name__ == "__main__":
    main()
