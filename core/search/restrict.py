"""What the fields of a query stand for in the store."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import cast, get_args

from core.errors import ActionError
from core.facets.where import bound, condition
from core.lookup import HierarchyInfo, RunInfo, check_cluster, find_hierarchy, unknown
from core.search.language import Part, Restriction
from core.tree import node
from db.columns import Condition, Operator, Test, cluster_column, log_column
from db.marks import Kind, Marked, Not
from db.search import clusters_under
from db.titles import ORPHANS
from db.workspace import Workspace

_KINDS = {"noise": -1, "orphan": ORPHANS}
_OF_RUN = ("in", "cluster", "is", "has", "flag", "tag")


@dataclass(frozen=True)
class Restricted:
    """The clusters that are left, where they are restricted, and the other tests."""

    clusters: tuple[int, ...] | None
    tests: tuple[Test, ...]


def needs_run(groups: tuple[tuple[Part, ...], ...]) -> bool:
    """Whether a restriction is about the clusters of a run."""
    return any(what.field in _OF_RUN for what in map(_restriction, [g[0] for g in groups]))


def restrict(
    workspace: Workspace, dataset: int, run: RunInfo | None, groups: tuple[tuple[Part, ...], ...]
) -> Restricted:
    """The fields of a query: of each group one value or more must hold.

    Raises:
        ActionError: `no_hierarchy`, `unknown_node`, `unknown_cluster`, `unknown_value`, `unknown_facet`, `bad_window`,
            `bad_search` or `bad_where`.
    """
    clusters: tuple[int, ...] | None = None
    tests: list[Test] = []
    for group in groups:
        wanted = [_restriction(part) for part in group]
        field, excluded = wanted[0].field, group[0].excluded
        if field in ("in", "cluster", "is"):
            assert run is not None
            numbers = {n for what in wanted for n in _clusters(workspace, run, what)}
            if excluded:
                tests.append(Condition(cluster_column(run.id), "!=", tuple(sorted(numbers))))
            else:
                clusters = tuple(sorted(numbers if clusters is None else numbers & set(clusters)))
        elif field in ("has", "flag", "tag"):
            assert run is not None
            tests += [_opposite(test, excluded) for test in _marks(run, field, [w.value for w in wanted])]
        else:
            tests.append(_opposite(_test(workspace, dataset, run, wanted), excluded))
    return Restricted(clusters, tuple(tests))


def _restriction(part: Part) -> Restriction:
    assert isinstance(part.what, Restriction)
    return part.what


def _opposite(test: Test, excluded: bool) -> Test:
    return Not(test) if excluded else test


def _clusters(workspace: Workspace, run: RunInfo, what: Restriction) -> tuple[int, ...]:
    _only_equal(what)
    if what.field == "in":
        tree = tree_of(workspace, run)
        return clusters_under(workspace, tree.id, node(workspace, tree, what.value).node)
    if what.field == "is":
        return (_KINDS[_one_of("is", what.value, tuple(_KINDS))],)
    if not re.fullmatch(r"-?\d{1,9}", what.value, re.ASCII):
        rows = workspace.rows(
            "SELECT number FROM cluster WHERE run_id = ? ORDER BY size DESC LIMIT 2000", (run.id,)
        )
        raise unknown(
            "cluster",
            what.value,
            [str(row[0]) for row in rows],
            "cluster: takes a number; cluster.list shows them.",
        )
    check_cluster(workspace, run, int(what.value))
    return (int(what.value),)


def _marks(run: RunInfo, field: str, values: list[str]) -> list[Test]:
    if field != "has":
        return [Marked(cast(Kind, field), run.id, tuple(values))]
    kinds = {_one_of("has", value, get_args(Kind)) for value in values}
    if len(kinds) > 1:
        raise ActionError("bad_search", "OR does not join values of has:.", "Search for one after the other.")
    return [Marked(cast(Kind, kind), run.id, None) for kind in kinds]


def _test(workspace: Workspace, dataset: int, run: RunInfo | None, wanted: list[Restriction]) -> Test:
    first = wanted[0]
    if len(wanted) > 1 and (first.field in ("after", "before") or any(w.operator != "=" for w in wanted)):
        raise ActionError(
            "bad_search",
            f"OR joins values of {first.field}:, not comparisons.",
            "Search for one after the other.",
        )
    if first.field in ("after", "before"):
        _only_equal(first)
        operator: Operator = ">=" if first.field == "after" else "<"
        return Condition(log_column("day"), operator, (bound("day", operator, first.value, first.field),))
    values = [what.value for what in wanted]
    return condition(workspace, dataset, run, first.field, first.operator, [] if values == [""] else values)


def _one_of(field: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        close = tuple(difflib.get_close_matches(value, known, 3, 0.4))
        raise ActionError(
            "unknown_value",
            f"{field}:{value[:40]} is not known.",
            f'{field}: takes {", ".join(known)}; as text: "{field}:{value[:40]}".',
            close,
        )
    return value


def _only_equal(what: Restriction) -> None:
    if what.operator != "=":
        raise ActionError("bad_search", f"{what.field}: does not compare.", f"Write {what.field}:VALUE.")


def tree_of(workspace: Workspace, run: RunInfo) -> HierarchyInfo:
    """The current tree of a run.

    Raises:
        ActionError: `no_hierarchy`.
    """
    name = workspace.value("SELECT name FROM hierarchy WHERE id = ?", (run.hierarchy,))
    return find_hierarchy(workspace, name)
