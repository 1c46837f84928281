"""Everything that is checked, as nox sessions; dependencies come from pyproject.toml.

``nox`` runs what a change needs (lint, types, tests, report). With ``CI`` set, the slow tests run too, and ``demo``
does the README's main job from an installed wheel.
"""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
CI = bool(os.environ.get("CI"))
nox.options.sessions = ["lint", "types", "tests", "report", *(["demo"] if CI else [])]
nox.options.reuse_venv = "yes"
nox.options.error_on_external_run = True
PROJECT = nox.project.load_toml("pyproject.toml")
CODE = ("gapstudy", "tests", "benchmarks", "simulations", "noxfile.py")
BENCHMARKS = ("cka", "sinkhorn", "resample", "g2p", "train_cpu", "train_gpu", "extract", "store", "report")


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group."""
    return list(nox.project.dependency_groups(PROJECT, name))


def marks() -> list[str]:
    """Leave slow tests to CI."""
    return [] if CI else ["-m", "not slow"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style with ruff: rules and format."""
    session.install(*group("lint"))
    session.run("ruff", "check", *CODE)
    session.run("ruff", "format", "--check", *CODE)


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy, strictly."""
    session.install(".[train]", "nox", *group("types"), *group("test"))
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test (without CI: those that are not slow)."""
    session.install(".[train]", *group("test"), *group("bench"))
    session.run("pytest", "-n", "2", *marks(), *session.posargs)


@nox.session
def report(session: nox.Session) -> None:
    """Run statistics and report where torch, transformers and epitran are not installed."""
    session.install(".", *group("test"))
    absent = "import importlib.util as u; print([m for m in ('torch', 'transformers', 'epitran') if u.find_spec(m)])"
    found = session.run("python", "-c", absent, silent=True)
    if found is None or found.strip() != "[]":
        session.error(f"this environment must not have {found}")
    extra = " and not slow" if not CI else ""
    session.run("pytest", "-n", "2", "-m", f"not train{extra}", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Do the main job as a new user would: wheel, fresh cache, fresh folder, 15 seeds, report."""
    session.install(".[train]")
    folder = Path(session.create_tmp()).resolve()
    env = {"GAPSTUDY_CACHE": str(folder / "cache")}
    session.chdir(folder)
    session.run("gapstudy", "train-seeds", "--n", "15", env=env)
    session.run("gapstudy", "report", env=env)
    session.run("gapstudy", "status", env=env)
    for name in ("report.pdf", "report.html", "results.json"):
        if not (folder / "reports" / "tiny" / name).stat().st_size:
            session.error(f"{name} is empty")


@nox.session
def bench(session: nox.Session) -> None:
    """Run the quick form of every benchmark; with names as arguments, only those."""
    session.install(".[train]", *group("bench"))
    for name in session.posargs or BENCHMARKS:
        session.run("python", "-m", f"benchmarks.{name}", "--quick", "--json")


@nox.session
def simulate(session: nox.Session) -> None:
    """Simulate coverage of intervals and level of tests; the whole run writes docs/simulations.md."""
    session.install(".")
    whole = [] if session.posargs else ["--write", "docs/simulations.md"]
    session.run("python", "-m", "simulations", *whole, *session.posargs)


PAGES = """
import sys
from pathlib import Path
from gapstudy.report.fallback import pages

source, target, numbers = Path(sys.argv[1]), Path(sys.argv[2]), map(int, sys.argv[3:])
pictures = pages(source, 100)
for number in numbers:
    (target / f"page-{number}.png").write_bytes(pictures[number - 1])
"""


@nox.session
def sample(session: nox.Session) -> None:
    """Make reports/sample anew from finished runs of tiny: ``nox -s sample -- runs 1 6`` (their folder, pages to show)."""
    runs, *numbers = session.posargs or ["runs"]
    session.install(".")
    folder, target = Path(session.create_tmp()).resolve() / "reports", Path("reports/sample")
    session.run("gapstudy", "report", "--runs", runs, "--reports", str(folder))
    for old in target.glob("page-*.png"):
        old.unlink()
    for name in ("report.pdf", "report.html"):
        (target / name).write_bytes((folder / "tiny" / name).read_bytes())
    session.run("python", "-c", PAGES, str(folder / "tiny" / "report.qmd"), str(target), *(numbers or ["1", "6"]))
