"""Which clusters and themes are too small to leave the machine (the threshold of Clio: Tamkin et al., 2024, section 2.1).

A cluster of few people may describe one of them. What is held back is its name, its description and its queries; how many
such clusters there are and how many queries they hold is still told, so that totals add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import ActionError
from core.lookup import HierarchyInfo, RunInfo
from db.search import Filter
from db.workspace import Workspace

APART = ("noise", "orphans")
"""Kinds that are no group of people's queries: with a threshold their texts stay here whatever their size."""


@dataclass(frozen=True)
class Threshold:
    """The fewest distinct users and conversations of a cluster that leaves the machine; 0: no threshold."""

    users: int = 0
    conversations: int = 0

    @property
    def set(self) -> bool:
        """Whether there is one."""
        return self.users > 1 or self.conversations > 1

    def passes(self, users: int, conversations: int) -> bool:
        """Whether a group of so many may leave."""
        return users >= self.users and conversations >= self.conversations


@dataclass(frozen=True)
class Group:
    """A node of the tree, or a cluster of a run without one; `users` counts a conversation of an unknown user as one."""

    key: str
    parent: str | None
    kind: str
    cluster: int | None
    users: int
    conversations: int


@dataclass(frozen=True)
class Hidden:
    """What is held back.

    `clusters` are numbers of clusters with their texts, `nodes` keys of nodes of the tree. `small` counts clusters and
    `queries` their queries, noise and orphans left out of both; `beyond` of them are held back only so that a
    difference of totals does not tell the size of one.
    """

    clusters: frozenset[int] = frozenset()
    nodes: frozenset[str] = frozenset()
    small: int = 0
    queries: int = 0
    beyond: int = 0
    apart: int = 0
    strict: bool = False
    """Whether there is a threshold."""

    @property
    def says(self) -> str:
        """In words; empty where nothing is held back."""
        if not self.small:
            return ""
        return f"{plural(self.small, 'small cluster')}, {plural(self.queries, 'query')}"

    @property
    def note(self) -> str:
        """What is left out and why, as sentences; empty where nothing is."""
        parts = []
        if self.small:
            parts.append(f"Left out for the threshold: {self.says}.")
        if self.beyond:
            parts.append(
                f"{plural(self.beyond, 'cluster')} of them would pass, and went along so that no difference of totals tells the"
                " size of a single cluster."
            )
        if self.apart:
            parts.append(
                f"{plural(self.apart, 'query')} of the noise and the orphans: under a threshold their texts do not leave, for no"
                " group vouches for them."
            )
        return " ".join(parts)


def plural(count: int, noun: str) -> str:
    """A count with its noun."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"


def read_threshold(min_users: int | None, min_conversations: int | None) -> Threshold:
    """The threshold that was asked for.

    Raises:
        ActionError: `bad_threshold`.
    """
    for name, value in (("min_users", min_users), ("min_conversations", min_conversations)):
        if value is not None and value < 0:
            raise ActionError("bad_threshold", f"{name}={value} is below 0.", "0 or nothing is no threshold.")
    return Threshold(min_users or 0, min_conversations or 0)


def find_hidden(
    workspace: Workspace,
    run: RunInfo,
    tree: HierarchyInfo | None,
    threshold: Threshold,
    chosen: Filter | None = None,
) -> Hidden:
    """What a threshold holds back of a run.

    Args:
        workspace: The store.
        run: The run.
        tree: Its tree, whose themes are held to the same threshold; `None` for clusters alone.
        threshold: The fewest users and conversations.
        chosen: Which queries leave; what is counted are those.
    """
    if not threshold.set:
        return Hidden()
    groups = _groups(workspace, run, tree, chosen or Filter())
    nodes, beyond = choose(groups, threshold)
    inside = [group for group in groups if group.cluster is not None]
    small = [group for group in inside if group.kind not in APART and group.key in nodes]
    apart = [group for group in inside if group.kind in APART]
    return Hidden(
        clusters=frozenset(g.cluster for g in (*small, *apart) if g.cluster is not None),
        nodes=nodes,
        small=len(small),
        queries=sum(group.conversations for group in small),
        beyond=len([group for group in small if group.key in beyond]),
        apart=sum(group.conversations for group in apart),
        strict=True,
    )


def choose(groups: Sequence[Group], threshold: Threshold) -> tuple[frozenset[str], frozenset[str]]:
    """The keys of the groups that are held back, and of those held back beyond the threshold.

    From the leaves up. A theme that is held back takes all below it along. Where just one child of a node would be held
    back, its size would be the node's less that of the others (complementary suppression, Willenborg and de Waal, 2001):
    the smallest of the others goes with it, and where there is no other, the node itself.
    """
    below: dict[str | None, list[Group]] = {}
    for group in groups:
        below.setdefault(group.parent, []).append(group)
    hidden: set[str] = set()
    beyond: set[str] = set()

    def hide(group: Group, why: set[str] | None) -> None:
        waiting = [group]
        while waiting:
            here = waiting.pop()
            if here.key not in hidden:
                hidden.add(here.key)
                if why is not None:
                    why.add(here.key)
            waiting += below.get(here.key, ())

    def settle(parent: Group | None, children: Sequence[Group]) -> None:
        ordinary = [child for child in children if _counts(child)]
        held = [child for child in ordinary if child.key in hidden]
        if len(held) != 1:
            return
        others = sorted(
            (child for child in ordinary if child.key not in hidden), key=lambda g: (g.conversations, g.key)
        )
        if others:
            hide(others[0], beyond)
        elif parent is not None and parent.parent is not None:
            hide(parent, beyond)

    for group in groups:
        if group.kind != "root" and _counts(group) and not threshold.passes(group.users, group.conversations):
            hide(group, None)
    for group in _upwards(groups, below):
        if group.key in below:
            settle(group, below[group.key])
    if groups and groups[0].kind != "root":
        settle(None, groups)
    return frozenset(hidden), frozenset(beyond)


def _counts(group: Group) -> bool:
    """Whether a group is held to the threshold; an empty one tells nothing."""
    return group.kind not in APART and group.conversations > 0


def _upwards(groups: Sequence[Group], below: dict[str | None, list[Group]]) -> list[Group]:
    """The groups, each after all that are below it."""
    order: list[Group] = []
    waiting = [group for group in groups if group.parent is None]
    while waiting:
        here = waiting.pop()
        order.append(here)
        waiting += below.get(here.key, ())
    return order[::-1]


_COUNTED = "count(DISTINCT v.user) + count(*) - count(v.user), count(*)"
_OF_QUERIES = (
    " FROM assignment a JOIN query q ON q.id = a.query_id JOIN conversation v ON v.id = q.conversation_id"
)


def _groups(workspace: Workspace, run: RunInfo, tree: HierarchyInfo | None, chosen: Filter) -> list[Group]:
    """The nodes of the tree, the root first, or the clusters; with the users and conversations that `chosen` leaves."""
    values = {**chosen.parameters, "of_run": run.id}
    if tree is None:
        counts = {
            number: (users, conversations)
            for number, users, conversations in workspace.rows(
                f"SELECT a.cluster, {_COUNTED}{_OF_QUERIES} WHERE a.run_id = :of_run AND {chosen.where} GROUP BY 1",
                values,
            )
        }
        return [
            Group(str(number), None, kind, number, *counts.get(number, (0, 0)))
            for number, kind in workspace.rows(
                "SELECT number, kind FROM cluster WHERE run_id = ? ORDER BY number", (run.id,)
            )
        ]
    found = {
        key: (users, conversations)
        for key, users, conversations in workspace.rows(
            "WITH RECURSIVE up (cluster, key, parent) AS ("
            " SELECT cluster, key, parent FROM node WHERE hierarchy_id = :tree AND cluster IS NOT NULL"
            " UNION ALL SELECT up.cluster, n.key, n.parent FROM up JOIN node n"
            " ON n.hierarchy_id = :tree AND n.key = up.parent)"
            f" SELECT up.key, {_COUNTED}{_OF_QUERIES} JOIN up ON up.cluster = a.cluster"
            f" WHERE a.run_id = :of_run AND {chosen.where} GROUP BY 1",
            {**values, "tree": tree.id},
        )
    }
    return [
        Group(key, parent, kind, cluster, *found.get(key, (0, 0)))
        for key, parent, kind, cluster in workspace.rows(
            "SELECT key, parent, kind, cluster FROM node WHERE hierarchy_id = ? ORDER BY parent IS NOT NULL, level, position, key",
            (tree.id,),
        )
    ]
