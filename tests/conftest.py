"""What several tests share."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import edit_steps
from tests.clio import generated
from tests.doors import Ran, built, copied, run_cli

# How long a test takes to make its data depends on what else the machine does.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes what the scripts print now as what they should print."""
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the expected output of the scripts"
    )


def pytest_configure() -> None:
    """Hear signals, also when started by a shell that ignores them (a background job, nohup): children inherit it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_DFL)


SLOW_WEIGHS = 40
"""A slow test counts as so many."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no process is left with one of them when the others are done."""
    weights: Counter[Path] = Counter()
    for item in items:
        weights[item.path] += 1 if item.get_closest_marker("slow") is None else SLOW_WEIGHS
    items.sort(key=lambda item: -weights[item.path])


@pytest.fixture(scope="session")
def fixture_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small workspace with everything in it, lexical vectors, six clusters and a tree; not to be changed."""
    return built(tmp_path_factory.mktemp("fixture") / "workspace")


@pytest.fixture(autouse=True)
def _untouched(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that writes into the shared workspace fails itself, not one that comes later."""
    yield
    if "fixture_workspace" in request.fixturenames:
        shared: Path = request.getfixturevalue("fixture_workspace")
        journal = shared / "session.jsonl"
        written = journal.exists()
        journal.unlink(missing_ok=True)
        assert not written, "the test wrote into the shared workspace"


@pytest.fixture
def own_workspace(fixture_workspace: Path, tmp_path: Path) -> Path:
    """A copy of the small workspace for one test."""
    return copied(fixture_workspace, tmp_path / "workspace")


@pytest.fixture(scope="session")
def sixty_clusters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with sixty named clusters of generated queries, lexical vectors and no tree; not to be changed."""
    return generated(tmp_path_factory.mktemp("sixty") / "workspace", 60)


@pytest.fixture
def own_sixty(sixty_clusters: Path, tmp_path: Path) -> Path:
    """A copy of the sixty clusters for one test."""
    return copied(sixty_clusters, tmp_path / "workspace")


@pytest.fixture(scope="session")
def edit_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small workspace for edits, with noise and two trees; not to be changed."""
    return edit_steps.build(tmp_path_factory.mktemp("edits") / "w")


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., Ran]:
    """Runs the program as a process whose home is empty."""
    home = tmp_path / "home"
    home.mkdir()

    def run(*arguments: str | Path, stdin: str = "", **variables: str) -> Ran:
        return run_cli(*arguments, home=home, stdin=stdin, variables=variables)

    return run
