"""`run.kmeans within=`: one node of a tree, or one cluster, clustered anew into children of its own, as one edit."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from core.curate.clusters import shown_title, subject
from core.curate.edit import Edit, editing
from core.curate.forest import INNER, Forest, Node
from core.curate.moves import make_cluster, move, new_number
from core.curate.naming import prepare
from core.curate.nodes import MAX_LEVEL, new_key
from core.curate.recluster import Cut, kept_numbers, read_members, recluster, same_members
from core.curate.refine_names import name_apart
from core.curate.refine_rows import Refined, RefinedCluster
from core.curate.rows import short
from core.curate.trees import part
from core.errors import ActionError
from core.lookup import RunInfo, check_cluster, find_hierarchy, find_run, unknown
from core.session import Session
from db import edit_moves
from db.titles import SUMMARY_JOIN, TITLE_SQL


@dataclass(frozen=True)
class Refinement:
    """What to refine: a node (`within`) of a tree, or a cluster by its number; and how."""

    run: str | None
    within: str | None
    hierarchy: str | None
    cluster: int | None
    k: int | None
    seed: int
    reason: str
    expect: int | None


@dataclass(frozen=True)
class _Place:
    """Where it happens; `tree` is the id of the tree, `node` the key there, `sources` the clusters below it."""

    run: RunInfo
    tree: int | None
    tree_name: str | None
    node: str | None
    title: str
    sources: tuple[int, ...]
    leaf: bool


def refine(session: Session, wanted: Refinement) -> Refined:
    """Cluster the texts of one node anew, into clusters that stand under it.

    A leaf gives way to a theme that takes its title; its heaviest part keeps the number, the tags, flags and notes of the old
    cluster. Of a theme all clusters are clustered together and stand right below it; one that shares more than half of its
    queries with an old one keeps its number and name. The rest are new, named without a model, each against the others. In
    other trees of the run new leaves stand beside the old ones. Clustering goes before the edit, which holds up other
    writers only as long as it takes to move the queries.

    Raises:
        ActionError: What `editing`, `subject` and `recluster` raise, `which_node`, `unknown_node`, `no_hierarchy`,
            `whole_run`, `not_a_cluster` or `too_deep`.
        Cancelled: Stopped; nothing is kept.
    """
    place = _find(session, wanted)
    _check_kind(place)
    members = read_members(session, place.run, place.sources)
    cut = recluster(session, place.run, members, wanted.k, wanted.seed)
    prepare(session, place.run.name, place.title)
    params = {
        "within": wanted.within, "cluster": wanted.cluster, "hierarchy": place.tree_name, "k": cut.k, "seed": wanted.seed,
    }  # fmt: skip
    with editing(session, "run.kmeans", place.run.name, params, wanted.reason, wanted.expect) as edit:
        place = _find(session, wanted)
        now = read_members(session, place.run, place.sources)
        if not same_members(members, now):
            cut = recluster(session, place.run, now, wanted.k, wanted.seed)
            edit.params["k"] = cut.k
        for number in place.sources:
            subject(edit, number)
        if place.node is not None:
            edit.fresh("node", [place.node], place.tree)
        numbers, made = _move(edit, place, cut)
        node = _hang(edit, place, numbers)
        name_apart(edit, numbers, numbers if place.leaf else made)
        edit.summary = f"Refined {place.node or f'cluster {place.sources[0]}'} {short(place.title)} into {cut.k} clusters."
    done = edit.done()
    return Refined(
        run=done.run, clusters=cut.k, noise=0, queries=cut.metrics["queries"], metrics=cut.metrics, reasons=cut.reasons,
        edit=done.edit, version=done.version, node=node, title=place.title, children=_children(edit, numbers, done.made),
        gone=done.gone, moved=done.moved, summary=done.summary, notes=done.notes,
    )  # fmt: skip


def _find(session: Session, wanted: Refinement) -> _Place:
    workspace = session.workspace
    run = find_run(workspace, wanted.run or session.view.run)
    if (wanted.within is None) == (wanted.cluster is None):
        raise ActionError(
            "which_node", "Say what to refine, in one way.", "within= a node, or cluster= a number."
        )
    name = wanted.hierarchy or workspace.value("SELECT name FROM hierarchy WHERE id = ?", (run.hierarchy,))
    if wanted.cluster is not None and name is None:
        check_cluster(workspace, run, wanted.cluster)
        return _Place(run, None, None, None, _title(session, run, wanted.cluster), (wanted.cluster,), True)
    tree = find_hierarchy(workspace, name)
    if tree.run_id != run.id:
        raise ActionError(
            "unknown_hierarchy", f"The tree {tree.name} belongs to another run than {run.name}.", ""
        )
    forest = Forest(workspace.raw, tree.id)
    if wanted.cluster is not None:
        check_cluster(workspace, run, wanted.cluster)
        node = forest.leaves[wanted.cluster]
    elif wanted.within in forest.nodes:
        node = forest.nodes[str(wanted.within)]
    else:
        raise unknown("node", wanted.within, sorted(forest.nodes)[:2000], "node.list shows them.")
    if node.kind == "root":
        raise ActionError(
            "whole_run", "The root is the whole run.", "run.kmeans without within= makes a new run of it."
        )
    leaves = [node] if node.cluster is not None else forest.under(node.key, forest.children())
    sources = tuple(leaf.cluster for leaf in leaves if leaf.cluster is not None)
    title = node.title if node.cluster is None else _title(session, run, node.cluster)
    return _Place(run, tree.id, tree.name, node.key, title, sources, node.kind not in INNER)


def _check_kind(place: _Place) -> None:
    (number, *more) = place.sources
    if number < 0 and not more:
        raise ActionError(
            "not_a_cluster",
            f"{place.title} is no cluster that can be refined.",
            "outlier.assign kind=noise to=new makes a cluster of the noise; query.move takes orphans to a cluster.",
        )


def _title(session: Session, run: RunInfo, cluster: int) -> str:
    return str(
        session.workspace.value(
            f"SELECT {TITLE_SQL} FROM cluster c JOIN run r ON r.id = c.run_id {SUMMARY_JOIN}"
            " WHERE c.run_id = ? AND c.number = ?",
            (run.id, cluster),
        )
    )


def _move(edit: Edit, place: _Place, cut: Cut) -> tuple[list[int], list[int]]:
    """Put every text where its label says: the numbers by label, and those that are new."""
    kept = kept_numbers(cut, place.sources)
    numbers: list[int] = []
    made: list[int] = []
    for label in range(cut.k):
        edit.session.control.progress("move", label, cut.k, "clusters")
        number = kept.get(label)
        if number is None:
            number = new_number(edit)
            make_cluster(edit, number)
            made.append(number)
        numbers.append(number)
        sources = edit_moves.choose(
            edit.connection,
            edit.run.id,
            number,
            "a.cluster IN (SELECT value FROM json_each(:sources)) AND a.query_id IN"
            " (SELECT id FROM query WHERE text_id IN (SELECT value FROM json_each(:texts)))",
            {
                "sources": json.dumps(place.sources),
                "texts": json.dumps(cut.texts[np.flatnonzero(cut.labels == label)].tolist()),
            },
        )
        if sources:
            origin = max(sources, key=lambda source: (sources[source], -source))
            move(edit, sources, number, {number: origin})
    left = edit.connection.execute(
        "SELECT coalesce(sum(size), 0) FROM cluster WHERE run_id = ?1 AND number IN (SELECT value FROM json_each(?2))"
        " AND number NOT IN (SELECT value FROM json_each(?3))",
        (edit.run.id, json.dumps(place.sources), json.dumps(numbers)),
    ).fetchone()[0]
    if left:
        edit.note(f"{left:,} queries stayed where they were: their texts have no vectors.")
    return numbers, made


def _hang(edit: Edit, place: _Place, numbers: list[int]) -> str | None:
    """The theme over the clusters: the node itself, or a new one in the place of a leaf."""
    if place.tree is None or place.node is None:
        return None
    forest = Forest(edit.connection, place.tree)
    key = place.node
    if place.leaf:
        old = forest.leaves[place.sources[0]]
        own = edit.connection.execute(
            "SELECT description FROM cluster WHERE run_id = ? AND number = ?", (edit.run.id, old.cluster)
        ).fetchone()[0]
        key = new_key(edit, place.tree)
        theme = Node(
            key, old.parent, old.position, old.level, "theme", None, place.title, own or "", old.fit, old.low_fit, None, 0,
        )  # fmt: skip
        forest.add(theme)
    for number in numbers:
        leaf = forest.leaves[number]
        if leaf.parent != key:
            forest.hang(leaf.key, key)
    forest.settle()
    deep = max(node.level for node in forest.nodes.values())
    if deep > MAX_LEVEL:
        raise ActionError(
            "too_deep",
            f"The tree would have {deep} levels, more than {MAX_LEVEL}.",
            "Put the node higher up.",
        )
    part(edit, forest, forest.dirty)
    forest.write()
    edit.nodes.append(key)
    return key


def _children(edit: Edit, numbers: list[int], made: tuple[int, ...]) -> tuple[RefinedCluster, ...]:
    rows = edit.session.workspace.rows(
        "SELECT number, size, texts, coherence FROM cluster WHERE run_id = ?"
        " AND number IN (SELECT value FROM json_each(?)) ORDER BY size DESC, number",
        (edit.run.id, json.dumps(numbers)),
    )
    return tuple(
        RefinedCluster(number, shown_title(edit, number), size, texts, coherence, number in made)
        for number, size, texts, coherence in rows
    )
