"""The documents tell the truth: links, commands, the paper map."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/real-data.md",
    "docs/simulations.md",
    "runs/README.md",
    "reports/LOG.md",
    "benchmarks/README.md",
)


def _commands(text: str) -> list[str]:
    """Return the command lines of the first code block."""
    block = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert block is not None
    return [
        line.split("   #")[0].strip() for line in block[1].splitlines() if line.strip() and not line.startswith("#")
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(root: Path, name: str) -> None:
    """Every relative link and picture of a document is a file of the checkout."""
    text = (root / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) + re.findall(r'src="([^"]+)"', text)

    missing = [t for t in targets if "://" not in t and not ((root / name).parent / t).exists()]

    assert missing == []


def test_readme_opens_with_two_commands(root: Path) -> None:
    """The README's first code block holds the main job and the tests, and nothing else."""
    commands = _commands((root / "README.md").read_text(encoding="utf-8"))

    assert len(commands) == 2
    assert "train-seeds --n 15" in commands[0]
    assert commands[0].endswith("gapstudy report")
    assert commands[1].endswith("nox")


def test_ci_runs_the_readmes_test_command(root: Path) -> None:
    """CI calls the README's second command to the letter."""
    command = _commands((root / "README.md").read_text(encoding="utf-8"))[1]

    assert command in (root / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_paper_map_names_only_files_that_exist(root: Path) -> None:
    """Every path in ARCHITECTURE.md's paper map is in the checkout."""
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.split("## Where the paper is")[1].split("\n## ")[0]
    paths = re.findall(r"`((?:gapstudy|tests)/[^`]+)`", section)

    assert [p for p in paths if not (root / p).exists()] == []
    assert len(paths) > 30


@pytest.mark.parametrize("part", [
    *(f"Table {n}" for n in range(1, 6)), *(f"Figure {n}" for n in range(1, 4)), "Theorem 4.1",
    *(f"3.{n} " for n in range(1, 7)), "4.3 ", "4.4 ",
])  # fmt: skip
def test_paper_map_covers_the_paper(root: Path, part: str) -> None:
    """Every table, figure, theorem and method section of the paper has a row in the map."""
    rows = [
        line for line in (root / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")
    ]

    assert any(row.startswith(f"| {part}") for row in rows)


def test_every_module_is_in_the_layer_table(root: Path) -> None:
    """Each top-level module of the package has a place in ARCHITECTURE.md's layers."""
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8").split("## Layers")[1].split("\n## ")[0]
    modules = {p.stem for p in (root / "gapstudy").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}

    assert sorted(m for m in modules if f"`{m}`" not in text and not m.startswith("_")) == []


def test_no_machine_path_is_committed(root: Path) -> None:
    """The project speaks of itself alone: no absolute path of a home or work folder in any tracked text."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files"], capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = [
        n for n in listed.stdout.splitlines() if Path(n).suffix in {".py", ".md", ".toml", ".j2", ".lua", ".css", ""}
    ]
    pattern = re.compile(r"/(?:work|root|home/\w+|tmp/[a-z])/")

    found = [
        n
        for n in names
        if (root / n).is_file() and pattern.search((root / n).read_text(encoding="utf-8", errors="ignore"))
    ]

    assert found == []
