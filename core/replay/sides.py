"""Where the queries that two runs hold are in both, at the time of each edit of the old one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.compare.contingency import Ints
from core.compare.groupings import both
from core.errors import ActionError
from core.lookup import RunInfo
from core.replay.source import moves_of
from db.edits import EditRecord
from db.workspace import Workspace

LOWEST = -2
"""The lowest number of a cluster: that of the orphans."""


class Sides:
    """The clusters of the queries that both runs hold, by query.

    `old` begins as the algorithm left the old run and goes forward with its edits. `new` is the new run without what was
    replayed from the old one, and goes forward likewise: so a replay that is done again finds what the first one found.
    `live` is the new run as it is.

    Args:
        workspace: The store.
        old: The run whose edits are replayed.
        new: The run that gets them.
        edits: The edits of the old run that are in force, in their order.
        replayed: The edits of the new run that were replayed from the old one, in their order.

    Raises:
        ActionError: `nothing_shared`.
    """

    def __init__(
        self,
        workspace: Workspace,
        old: RunInfo,
        new: RunInfo,
        edits: list[EditRecord],
        replayed: list[EditRecord],
    ) -> None:
        found = both(workspace, old, new)
        if not len(found.queries):
            raise ActionError(
                "nothing_shared",
                f"{old.name} and {new.name} hold no query in common.",
                "Edits are carried over by the queries of the clusters.",
            )
        self.workspace = workspace
        self.queries = found.queries
        self.old, self.new, self.live = found.a, found.b, found.b.copy()
        for record in reversed(edits):
            self._set(self.old, record, forward=False)
        for record in reversed(replayed):
            self._set(self.new, record, forward=False)

    def places(self, queries: Ints) -> Ints:
        """Where some queries stand in the arrays; those that not both runs hold are left out."""
        at, known = self._find(queries)
        found: Ints = at[known]
        return found

    def _find(self, queries: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        at = np.minimum(np.searchsorted(self.queries, queries), len(self.queries) - 1)
        known: NDArray[np.bool_] = self.queries[at] == queries
        return at, known

    def pass_old(self, record: EditRecord) -> None:
        """Go on to after an edit of the old run."""
        self._set(self.old, record)

    def pass_new(self, record: EditRecord, fresh: bool) -> None:
        """Go on to after a replayed edit of the new run, which is `fresh` when it was done just now."""
        self._set(self.new, record)
        if fresh:
            self._set(self.live, record)

    def _set(self, clusters: Ints, record: EditRecord, forward: bool = True) -> None:
        if not record.moved:
            return
        moves = moves_of(self.workspace, record.id)
        here, there = (moves.before, moves.after) if forward else (moves.after, moves.before)
        at, known = self._find(moves.queries)
        # A query that was moved on by somebody else since stays where that put it.
        still: NDArray[np.bool_] = known & (clusters[at] == here)
        clusters[at[still]] = there[still]


def sizes(clusters: Ints) -> Ints:
    """How many queries are in each cluster, from the number `LOWEST` on."""
    return np.bincount(clusters - LOWEST, minlength=1 - LOWEST)
