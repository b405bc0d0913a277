"""Finding what a name stands for, with an error that helps when it stands for nothing."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import Any

from core.errors import ActionError
from db.workspace import Workspace


@dataclass(frozen=True)
class RunInfo:
    """A run's row, its JSON decoded; `summary_set` and `hierarchy` are the ids of the current ones."""

    id: int
    name: str
    label: str
    algorithm: str
    dataset_id: int
    dataset: str
    space_id: int
    space: str
    seed: int
    status: str
    summary_set: int | None
    hierarchy: int | None
    parameters: dict[str, Any]


@dataclass(frozen=True)
class HierarchyInfo:
    """A tree's row."""

    id: int
    name: str
    run_id: int
    summary_set_id: int
    levels: int


_RUN = (
    "SELECT r.id, r.name, r.label, r.algorithm, r.dataset_id, d.name, r.space_id, p.name, r.seed, r.status,"
    " r.summary_set, r.hierarchy, r.parameters FROM run r JOIN dataset d ON d.id = r.dataset_id"
    " JOIN space p ON p.id = r.space_id"
)


def unknown(kind: str, name: object, known: list[str], hint: str) -> ActionError:
    """The error for a name that stands for nothing."""
    close = difflib.get_close_matches(str(name), known, 3, 0.4)
    if not close and str(name):
        close = [one for one in known if one.casefold().startswith(str(name).casefold())][:3]
    return ActionError(f"unknown_{kind}", f"There is no {kind} {str(name)[:80]!r}.", hint, tuple(close))


def find_dataset(workspace: Workspace, name: str | None) -> tuple[int, str]:
    """The dataset of that name, else the newest: (id, name).

    Raises:
        ActionError: `no_data` or `unknown_dataset`.
    """
    rows = workspace.rows("SELECT id, name FROM dataset ORDER BY id DESC")
    if not rows:
        raise ActionError("no_data", "Nothing is loaded yet.", "Load a log: data.load source=sample.")
    if name is None:
        return rows[0][0], rows[0][1]
    for row in rows:
        if row[1] == name:
            return row[0], row[1]
    raise unknown("dataset", name, [row[1] for row in rows], "data.list shows them.")


def find_run(workspace: Workspace, name: str | None) -> RunInfo:
    """The run of that name.

    Raises:
        ActionError: `no_run` when none is named and there is none, `unknown_run` otherwise.
    """
    if name is None:
        raise ActionError(
            "no_run", "There is no run yet.", "Make one: embed.run, then run.kmeans or run.hdbscan."
        )
    row = workspace.row(f"{_RUN} WHERE r.name = ?", (name,))
    if row is None:
        names = [r[0] for r in workspace.rows("SELECT name FROM run ORDER BY id DESC LIMIT 500")]
        raise unknown("run", name, names, "run.list shows them.")
    fields = dict(zip(RunInfo.__dataclass_fields__, row, strict=True))
    return RunInfo(**fields | {"parameters": json.loads(row[-1])})


def find_hierarchy(workspace: Workspace, name: str | None) -> HierarchyInfo:
    """The tree of that name.

    Raises:
        ActionError: `no_hierarchy` or `unknown_hierarchy`.
    """
    if name is None:
        raise ActionError(
            "no_hierarchy", "There is no tree yet.", "Build one: summary.create, then hierarchy.build."
        )
    row = workspace.row(
        "SELECT id, name, run_id, summary_set_id, levels FROM hierarchy WHERE name = ?", (name,)
    )
    if row is None:
        names = [r[0] for r in workspace.rows("SELECT name FROM hierarchy ORDER BY id DESC LIMIT 500")]
        raise unknown("hierarchy", name, names, "hierarchy.list shows them.")
    return HierarchyInfo(*row)


def run_of(workspace: Workspace, tree: HierarchyInfo) -> RunInfo:
    """The run whose clusters a tree is made of."""
    return find_run(workspace, workspace.value("SELECT name FROM run WHERE id = ?", (tree.run_id,)))


def find_summary_set(workspace: Workspace, run: RunInfo, name: str | None) -> tuple[int, str]:
    """A set of names of a run, by its id or its newest use of an alias; the current one by default: (id, name).

    Raises:
        ActionError: `no_summary` or `unknown_summary_set`.
    """
    rows = workspace.rows(
        "SELECT id, name, alias FROM summary_set WHERE run_id = ? ORDER BY id DESC", (run.id,)
    )
    if name is None:
        found = [row for row in rows if row[0] == run.summary_set]
    else:
        # An alias may read as the id of another set, which must stay within reach.
        found = [row for row in rows if row[1] == name] or [row for row in rows if name and row[2] == name]
    if found:
        return found[0][0], found[0][1]
    if name is None:
        raise ActionError("no_summary", "The clusters have no names yet.", "Name them: summary.create.")
    raise unknown("summary_set", name, [r for row in rows for r in row[1:] if r], "summary.list shows them.")


def check_cluster(workspace: Workspace, run: RunInfo, cluster: int) -> None:
    """Raise `unknown_cluster` when the run has no cluster of that number."""
    if workspace.value("SELECT 1 FROM cluster WHERE run_id = ? AND number = ?", (run.id, cluster)) is None:
        count = workspace.value(
            "SELECT count(*) FROM cluster WHERE run_id = ? AND kind = 'cluster'", (run.id,)
        )
        raise ActionError(
            "unknown_cluster",
            f"The run {run.name} has no cluster {cluster}.",
            f"It has {count} clusters; cluster.list shows them.",
        )


def bad_cursor(after: str) -> ActionError:
    """The error for an `after=` that no page of the list gave."""
    return ActionError(
        "bad_cursor", f"after={after[:40]!r} is not a cursor of this list.", "Take it from the answer."
    )


def row_cursor(after: str | None) -> int | None:
    """The row id that an `after=` names.

    Raises:
        ActionError: `bad_cursor`.
    """
    if after is None:
        return None
    # SQLite's integers have at most 19 digits.
    if not (after.isascii() and after.isdecimal() and len(after) < 19):
        raise bad_cursor(after)
    return int(after)


def check_seed(seed: int) -> int:
    """`seed`, when every generator of random numbers that is used takes it: NumPy's and UMAP's.

    Raises:
        ActionError: `bad_seed`.
    """
    if not 0 <= seed < 2**32:
        raise ActionError("bad_seed", f"seed={seed} is not from 0 to {2**32 - 1}.", "Any number will do: 42.")
    return seed


def check_limit(limit: int) -> int:
    """`limit`, when it is from 1 to 1,000.

    Raises:
        ActionError: `bad_limit`.
    """
    if not 1 <= limit <= 1000:
        raise ActionError("bad_limit", f"limit={limit} is not from 1 to 1000.", "Page with after=.")
    return limit
