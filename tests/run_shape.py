"""What a person sees of a run, to compare it with another one whose clusters have other numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from core.session import Session
from db.titles import DESCRIPTION_SQL, SUMMARY_JOIN, TITLE_SQL


def members(session: Session, run: str) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = defaultdict(list)
    with session.workspace.connection():
        for query, cluster in session.workspace.rows(
            "SELECT a.query_id, a.cluster FROM assignment a JOIN run r ON r.id = a.run_id WHERE r.name = ? ORDER BY 1",
            (run,),
        ):
            found[cluster].append(query)
    return {cluster: tuple(queries) for cluster, queries in found.items()}


def plain(fact: Any) -> Any:
    """A text without the number of a cluster that has no name."""
    return re.sub(r"\bCluster \d+", "Cluster", fact) if isinstance(fact, str) else fact


def shape(session: Session, run: str) -> Any:
    """All that a person sees of a run, with the queries of a cluster in the place of its number."""
    of = members(session, run)
    with session.workspace.connection():
        rows = session.workspace.rows
        clusters = {
            of[number]: [plain(fact) for fact in facts]
            for number, *facts in rows(
                f"SELECT c.number, {TITLE_SQL}, {DESCRIPTION_SQL}, c.tags, c.flags, c.notes, c.quality, c.reviewed, c.size,"
                f" c.coherence FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN} WHERE r.name = ?",
                (run,),
            )
        }
        flags = rows(
            "SELECT query_id, flag FROM query_flag f JOIN run r ON r.id = f.run_id WHERE r.name = ? ORDER BY 1, 2",
            (run,),
        )
        trees = []
        for (tree,) in rows(
            "SELECT h.id FROM hierarchy h JOIN run r ON r.id = h.run_id WHERE r.name = ? ORDER BY h.id",
            (run,),
        ):
            below: dict[str | None, list[Any]] = defaultdict(list)
            for parent, *node in rows(
                'SELECT parent, "key", kind, cluster, title, description, size FROM node WHERE hierarchy_id = ?',
                (tree,),
            ):
                below[parent].append(node)

            def under(key: str | None, below: Any = below) -> Any:
                return sorted(
                    (
                        (kind, of.get(cluster), *map(plain, facts), under(own))
                        for own, kind, cluster, *facts in below[key]
                    ),
                    key=repr,
                )

            trees.append(under(None))
    return clusters, flags, trees
