"""``python -m simulations``: run the scenarios, print what came out, write ``docs/simulations.md``."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulations.scenario import Result, every, run
from simulations.summary import page, row

QUICK = 0.02


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every promise held, else 1."""
    parser = argparse.ArgumentParser(prog="simulations", description="coverage of intervals and level of tests")
    parser.add_argument("only", nargs="*", help="modules, or parts of names of scenarios (default: all)")
    parser.add_argument("--quick", action="store_true", help="few draws of each: does it run?")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--write", type=Path, help="where to write the summary (of a whole, full run)")
    options = parser.parse_args(arguments)
    if options.write and (options.quick or options.only):
        parser.error("--write needs the full run: leave out --quick and names")
    chosen = [
        (module, s)
        for module, scenarios in every().items()
        for s in scenarios
        if not options.only or any(word == module or word in s.name for word in options.only)
    ]
    begun, found = time.monotonic(), list[Result]()
    for results in run(chosen, factor=QUICK if options.quick else 1.0, jobs=options.jobs):
        found += results
        for result in results:
            print(_json(result) if options.json else row(result), flush=True)
    seconds = time.monotonic() - begun
    broken = [r for r in found if r.holds is False]
    print(f"{len(found)} claims, {len(broken)} broken, {seconds:.0f} s", file=sys.stderr)
    if options.write:
        options.write.write_text(page(found), encoding="utf-8")
    return 1 if broken and not options.quick else 0


def _json(result: Result) -> str:
    return json.dumps(_without_nan(dataclasses.asdict(result)), allow_nan=False)


def _without_nan(value: Any) -> Any:
    """The same with null for NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


if __name__ == "__main__":
    sys.exit(main())
