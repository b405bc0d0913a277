"""What each door imports, shown by processes; and that nothing installed has the names of our packages."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import lmsys_tui
from tests.doors import environment
from tests.shared_data import ROOT

HEAVY = (
    "textual",
    "rich",
    "sklearn",
    "fastembed",
    "datasets",
    "anthropic",
    "instructor",
    "hdbscan",
    "umap",
    "torch",
)
"""Never imported by a door that only tells or reads."""

LIGHT = ("pydantic", "peewee", "numpy", "sqlite3", "pyarrow", "usearch")
"""Not even these are needed to print the table."""

PACKAGES = ("lmsys_tui", "screens", "core", "db", "styles", "tests")


def imported(arguments: list[str], home: Path) -> set[str]:
    """The top-level modules in `sys.modules` after the program ran."""
    code = (
        "import sys\nfrom lmsys_tui.cli import main\n"
        f"code = main({arguments!r})\n"
        "sys.stderr.write('\\n' + ' '.join({name.split('.')[0] for name in sys.modules}))\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(home),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    [["--actions"], ["--actions", "--markdown"], ["--help"], ["--version"], ["do", "run.kmeans", "--help"]],
    ids=" ".join,
)
def test_telling_what_there_is_imports_next_to_nothing(arguments: list[str], tmp_path: Path) -> None:
    assert not imported(arguments, tmp_path) & {*HEAVY, *LIGHT}


@pytest.mark.parametrize(
    "action",
    [
        "data.status",
        "data.list",
        "data.rejects",
        "embed.list",
        "run.list",
        "run.show",
        "run.open run=@run",
        "summary.list",
        "summary.show cluster=0 prompt=true",
        "hierarchy.list",
        "node.open",
        "node.list depth=3",
        "cluster.list sort=coherence",
        "cluster.show cluster=0",
        "query.list cluster=0",
        "query.show query=1",
        "search.queries text=poem mode=text",
        "search.clusters text=poem mode=text",
        "run.compare b=@run",
        "run.moved b=@run",
        "hierarchy.compare b=@hierarchy",
        "eval.list",
        "trend.clusters period=day",
        "trend.show cluster=0",
        "trend.compare a=2025-03-01 b=2025-03-02..2025-03-31",
        "outlier.list kind=far",
        "outlier.list kind=duplicates",
        "actions.list",
        "actions.show action=run.list",
    ],
)
def test_reading_a_store_imports_nothing_heavy(action: str, fixture_workspace: Path, tmp_path: Path) -> None:
    arguments = ["do", *action.split(), "--workspace", str(fixture_workspace), "--read-only"]
    assert not imported(arguments, tmp_path) & set(HEAVY)


def test_no_distribution_ships_a_module_of_our_names() -> None:
    """The packages lie at the top level, where another `core` or `db` would shadow them."""
    ours = set(PACKAGES)
    shipped = {
        (name, distribution)
        for name, distributions in importlib.metadata.packages_distributions().items()
        if name in ours
        for distribution in distributions
    }
    assert {distribution for _, distribution in shipped} <= {"lmsys-tui"}
    for distribution in importlib.metadata.distributions():
        if distribution.metadata["Name"] == "lmsys-tui":
            continue
        tops = {str(file).split("/")[0].removesuffix(".py") for file in distribution.files or []}
        assert not tops & ours, distribution.metadata["Name"]


def test_tests_are_never_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(PACKAGES) - {"tests"}


def test_the_version_is_the_projects() -> None:
    assert lmsys_tui.__version__ == importlib.metadata.version("lmsys-tui")
