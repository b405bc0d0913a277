"""What must hold in a store after every operation."""

from __future__ import annotations

from db import fts
from db.edit_moves import ABSENT
from db.workspace import Workspace

_CHECKS = {
    "every query that a run's dataset held when the run was made or updated has exactly one assignment": (
        "SELECT r.name, count(*) FROM run r JOIN query q ON q.dataset_id = r.dataset_id"
        " LEFT JOIN assignment a ON a.run_id = r.id AND a.query_id = q.id"
        " WHERE a.query_id IS NULL AND q.id < (SELECT max(b.query_id) FROM assignment b WHERE b.run_id = r.id)"
        " AND NOT EXISTS (SELECT 1 FROM edit_assignment m JOIN edit e ON e.id = m.edit_id WHERE m.query_id = q.id"
        f" AND m.cluster_before = {ABSENT} AND e.run_id = r.id AND e.undone_by IS NOT NULL)"
        " GROUP BY r.name"
    ),
    "a cluster's size is the number of its assignments": (
        "SELECT c.run_id, c.number FROM cluster c WHERE c.size <>"
        " (SELECT count(*) FROM assignment a WHERE a.run_id = c.run_id AND a.cluster = c.number)"
    ),
    "a cluster's texts are the distinct texts of its queries": (
        "SELECT c.run_id, c.number FROM cluster c WHERE c.texts <>"
        " (SELECT count(DISTINCT q.text_id) FROM assignment a JOIN query q ON q.id = a.query_id"
        "  WHERE a.run_id = c.run_id AND a.cluster = c.number)"
    ),
    "an assignment is to a cluster of its run": (
        "SELECT a.run_id, a.query_id FROM assignment a LEFT JOIN cluster c"
        " ON c.run_id = a.run_id AND c.number = a.cluster WHERE c.number IS NULL"
    ),
    "noise is noise": (
        "SELECT a.run_id, a.query_id FROM assignment a JOIN cluster c"
        " ON c.run_id = a.run_id AND c.number = a.cluster WHERE a.is_noise <> (c.kind = 'noise')"
    ),
    "each tree has one root, which holds every query of the run": (
        "SELECT h.name FROM hierarchy h WHERE (SELECT count(*) FROM node n WHERE n.hierarchy_id = h.id"
        " AND n.parent IS NULL AND n.kind = 'root' AND n.size ="
        " (SELECT count(*) FROM assignment a WHERE a.run_id = h.run_id)) <> 1"
    ),
    "each cluster of a run is exactly one leaf of each of its trees, with the same size": (
        "SELECT h.name, c.number FROM hierarchy h JOIN cluster c ON c.run_id = h.run_id WHERE 1 <>"
        " (SELECT count(*) FROM node n WHERE n.hierarchy_id = h.id AND n.cluster = c.number AND n.size = c.size)"
    ),
    "a leaf is a cluster, and a cluster is a leaf": (
        "SELECT n.hierarchy_id, n.\"key\" FROM node n WHERE n.kind <> 'root' AND (n.cluster IS NULL) ="
        ' NOT EXISTS (SELECT 1 FROM node k WHERE k.hierarchy_id = n.hierarchy_id AND k.parent = n."key")'
    ),
    "a node's size is the sum of its children's": (
        'SELECT n.hierarchy_id, n."key" FROM node n WHERE n.cluster IS NULL AND n.size <>'
        ' (SELECT coalesce(sum(k.size), 0) FROM node k WHERE k.hierarchy_id = n.hierarchy_id AND k.parent = n."key")'
    ),
    "a node is one level below its parent": (
        'SELECT n.hierarchy_id, n."key" FROM node n LEFT JOIN node p ON p.hierarchy_id = n.hierarchy_id'
        ' AND p."key" = n.parent WHERE n.parent IS NOT NULL AND (p."key" IS NULL OR n.level <> p.level + 1)'
    ),
    "no two siblings have the same title": (
        "SELECT n.hierarchy_id, n.parent, n.title FROM node n GROUP BY 1, 2, 3 HAVING count(*) > 1"
    ),
    "a dataset's count is the number of its conversations": (
        "SELECT d.name FROM dataset d WHERE d.conversations <>"
        " (SELECT count(*) FROM conversation v WHERE v.dataset_id = d.id)"
    ),
    "each conversation is one query": (
        "SELECT v.id FROM conversation v LEFT JOIN query q ON q.conversation_id = v.id WHERE q.id IS NULL"
    ),
    "each text is asked": (
        "SELECT t.id FROM text t WHERE NOT EXISTS (SELECT 1 FROM query q WHERE q.text_id = t.id)"
    ),
    "a facet's value is of a conversation of its dataset, and is there where it is known": (
        "SELECT f.facet_id, f.conversation_id FROM facet_value f JOIN facet c ON c.id = f.facet_id"
        " JOIN conversation v ON v.id = f.conversation_id"
        " WHERE v.dataset_id <> c.dataset_id OR (f.value IS NULL) = (f.status = 'known')"
    ),
    "a vector's row is in its file, once": (
        'SELECT v.space_id, v."row" FROM vector v JOIN space p ON p.id = v.space_id'
        ' GROUP BY 1, 2 HAVING count(*) > 1 OR v."row" >= max(p.texts)'
    ),
}


def violations(workspace: Workspace) -> list[str]:
    """Each broken rule with its first offender; empty when the store is sound."""
    found = []
    for rule, sql in _CHECKS.items():
        row = workspace.row(f"{sql} LIMIT 1")
        if row is not None:
            found.append(f"{rule}: {row}")
    if workspace.value("PRAGMA integrity_check") != "ok":
        found.append("SQLite's integrity check")
    if workspace.row("PRAGMA foreign_key_check") is not None:
        found.append("SQLite's foreign key check")
    if not fts.check(workspace):
        found.append("the full text index's integrity check")
    return found
