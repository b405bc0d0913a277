"""The tables of clusters and of the nodes of the tree; what is held back is one row that says how much it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from core.errors import ActionError
from core.export.files import ExportColumn, Row
from core.export.source import Source, Table, places
from core.lookup import HierarchyInfo
from core.report.hidden import plural
from core.report.shown import Branch, branches, description_of
from core.tree import all_nodes
from db.titles import DESCRIPTION_SQL, SUMMARY_JOIN
from db.workspace import Workspace

EXAMPLES = 3
"""Most central texts of a cluster that stand in its row."""
SMALL = "small"
"""The kind of a row that stands for all that is held back in one place."""

_CLUSTERS = (
    ExportColumn("cluster_id", "integer"), ExportColumn("kind"), ExportColumn("title"), ExportColumn("description"),
    ExportColumn("size", "integer"), ExportColumn("share", "number"), ExportColumn("users", "integer"),
    ExportColumn("coherence", "number"), ExportColumn("quality", "integer"), ExportColumn("phrases", "texts"),
    ExportColumn("tags", "texts"), ExportColumn("flags", "texts"), ExportColumn("notes"), ExportColumn("examples", "texts"),
    ExportColumn("path", "path"), ExportColumn("path_ids", "ids"),
)  # fmt: skip
_NODES = (
    ExportColumn("node_id"), ExportColumn("parent_id"), ExportColumn("level", "integer"), ExportColumn("kind"),
    ExportColumn("title"), ExportColumn("description"), ExportColumn("size", "integer"), ExportColumn("share", "number"),
    ExportColumn("coherence", "number"), ExportColumn("fit", "number"), ExportColumn("low_fit", "truth"),
    ExportColumn("cluster_id", "integer"), ExportColumn("children", "integer"),
)  # fmt: skip


def sizes(source: Source) -> dict[int, tuple[int, int]]:
    """(queries, users) of each cluster under the filter; a query of an unknown user counts as one of them."""
    return {
        cluster: (queries, users)
        for cluster, queries, users in source.workspace.rows(
            "SELECT a.cluster, count(*), count(DISTINCT v.user) + count(*) - count(v.user) FROM assignment a"
            " JOIN query q ON q.id = a.query_id JOIN conversation v ON v.id = q.conversation_id"
            f" WHERE a.run_id = :of_run AND {source.chosen.where} GROUP BY 1",
            source.parameters,
        )
    }


def example_texts(workspace: Workspace, ids: str, count: int) -> list[str]:
    """The first of the texts whose ids a JSON list holds, in its order."""
    wanted = json.loads(ids)[:count]
    marks = ",".join("?" * len(wanted))
    found = dict(workspace.rows(f"SELECT id, content FROM text WHERE id IN ({marks})", wanted))
    return [found[text] for text in wanted if text in found]


def _small_row(columns: Iterable[ExportColumn], queries: int, total: int, **fields: Any) -> Row:
    empty: Row = {c.name: [] if c.kind in ("texts", "path", "ids") else None for c in columns}
    return empty | {"kind": SMALL, "size": queries, "share": queries / total if total else 0.0} | fields


def _clusters(source: Source) -> Iterator[Row]:
    workspace, mask, hidden = source.workspace, source.redactor, source.hidden
    of_cluster, counted = places(source), sizes(source)
    total = sum(queries for queries, _ in counted.values())
    rows = workspace.rows(
        f"SELECT c.number, c.kind, {DESCRIPTION_SQL}, c.coherence, c.quality, coalesce(s.phrases, '[]'), c.tags, c.flags,"
        f" c.notes, c.central FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN} WHERE c.run_id = ?"
        " ORDER BY c.kind <> 'cluster', c.number",
        (source.run.id,),
    )
    for number, kind, description, coherence, quality, phrases, tags, flags, notes, central in rows:
        queries, users = counted.get(number, (0, 0))
        held = number in hidden.clusters
        if held and kind == "cluster":
            continue
        place = of_cluster[number]
        yield {
            "cluster_id": number,
            "kind": kind,
            "title": place.title,
            "description": mask.text(description_of(description, hidden)),
            "size": queries,
            "share": queries / total if total else 0.0,
            "users": users,
            "coherence": coherence,
            "quality": quality,
            "phrases": [mask.text(phrase) for phrase in json.loads(phrases)] * (not held),
            "tags": [mask.text(tag) for tag in json.loads(tags)] * (not held),
            "flags": [mask.text(flag) for flag in json.loads(flags)] * (not held),
            "notes": "" if held else mask.text(notes),
            "examples": _examples(source, central) if not held else [],
            "path": list(place.path),
            "path_ids": list(place.path_ids),
        }
    if hidden.small:
        yield _small_row(_CLUSTERS, hidden.queries, total, title=plural(hidden.small, "small cluster"))


def _examples(source: Source, central: str) -> list[str]:
    """Texts of the filter's queries alone are what a filtered export may hold."""
    if source.chosen.conditions:
        return []
    return [source.redactor.text(text) for text in example_texts(source.workspace, central, EXAMPLES)]


def _tree(source: Source) -> HierarchyInfo:
    if source.tree is None:
        raise ActionError(
            "no_hierarchy", "There is no tree yet.", "Build one: summary.create, then hierarchy.build."
        )
    return source.tree


def _nodes(source: Source) -> Iterator[Row]:
    """Depth first, as they stand in the tree; what is held back of a node comes after its other children."""
    root = branches(all_nodes(source.workspace, _tree(source)), source.hidden, source.redactor)
    total = root.node.size

    def walk(branch: Branch) -> Iterator[Row]:
        node = branch.node
        yield {
            "node_id": node.node,
            "parent_id": node.parent,
            "level": node.level,
            "kind": node.kind,
            "title": branch.title,
            "description": branch.description,
            "size": node.size,
            "share": node.share,
            "coherence": node.coherence,
            "fit": node.fit,
            "low_fit": node.low_fit,
            "cluster_id": node.cluster,
            "children": len(branch.children),
        }
        for child in branch.children:
            yield from walk(child)
        if branch.small:
            yield _small_row(
                _NODES,
                branch.queries,
                total,
                parent_id=node.node,
                level=node.level + 1,
                title=plural(branch.small, "small cluster"),
                low_fit=False,
                children=0,
            )

    yield from walk(root)


CLUSTERS = Table(lambda _: _CLUSTERS, _clusters)
HIERARCHY = Table(lambda _: _NODES, _nodes)
