"""Agreement with labels that people gave, for the clusters and for each level of a tree, counted over queries."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.compare.agreement import purity, scores
from core.compare.contingency import Contingency, contingency
from core.errors import ActionError
from core.evaluate.figures import figure
from core.evaluate.rows import Measure
from core.lookup import RunInfo
from db.workspace import Workspace

COLUMNS = ("language", "model", "user")
"""Fields of a conversation that are not in its metadata."""
LOOKED = 2_000


@dataclass(frozen=True)
class Labelled:
    """How often each label stands with each cluster; `labels` by their number in `table`'s rows, clusters in its columns."""

    field: str
    labels: tuple[str, ...]
    table: Contingency
    without: int
    """Queries that have no label; they count nowhere."""


def read_labels(workspace: Workspace, run: RunInfo, field: str) -> Labelled:
    """The labels of a run's queries from a field of their conversations' metadata, a dotted path.

    Raises:
        ActionError: `unknown_label` when no query has the field.
    """
    value, values = _value(field)
    rows = workspace.rows(
        f"SELECT {value}, a.cluster, count(*) FROM assignment a JOIN query q ON q.id = a.query_id"
        " JOIN conversation v ON v.id = q.conversation_id WHERE a.run_id = :run GROUP BY 1, 2 ORDER BY 1, 2",
        values | {"run": run.id},
    )
    known = [(str(label), cluster, count) for label, cluster, count in rows if label not in (None, "")]
    if not known:
        fields = _fields(workspace, run)
        raise ActionError(
            "unknown_label",
            f"No query of {run.name} has a field {field[:80]!r} in its metadata.",
            f"There are: {', '.join(fields[:20])}." if fields else "The conversations have no metadata.",
            tuple(difflib.get_close_matches(field, fields, 3)),
        )
    labels = tuple(dict.fromkeys(label for label, _, _ in known))
    number = {label: at for at, label in enumerate(labels)}
    table = contingency(
        [number[label] for label, _, _ in known], [row[1] for row in known], [row[2] for row in known]
    )
    return Labelled(field, labels, table, sum(row[2] for row in rows) - table.total)


def _value(field: str) -> tuple[str, dict[str, str]]:
    """SQL for the field's value: the path into nested metadata, the same name flat, or a column of the conversation."""
    parts = [part.replace('"', "") for part in field.split(".")]
    nested = "$." + ".".join(f'"{part}"' for part in parts)
    flat = '$."' + ".".join(parts) + '"'
    column = f", v.{field}" if field in COLUMNS else ""
    sql = f"coalesce(v.metadata ->> :nested, v.metadata ->> :flat{column})"
    return sql, {"nested": nested, "flat": flat}


def _fields(workspace: Workspace, run: RunInfo) -> list[str]:
    """The fields of the first conversations, dotted."""
    found: dict[str, None] = {}
    for (text,) in workspace.rows(
        "SELECT metadata FROM conversation WHERE dataset_id = ? ORDER BY id LIMIT ?", (run.dataset_id, LOOKED)
    ):
        found.update(dict.fromkeys(_paths(json.loads(text))))
    return sorted(found) + list(COLUMNS)


def _paths(metadata: Mapping[str, object], before: str = "") -> list[str]:
    paths: list[str] = []
    for key, value in metadata.items():
        if isinstance(value, dict):
            paths += _paths(value, f"{before}{key}.")
        else:
            paths.append(f"{before}{key}")
    return paths


def label_scores(
    found: Labelled, scope: str, of_cluster: Mapping[int, str], rest: frozenset[str]
) -> list[Measure]:
    """NMI, AMI, ARI, V, purity and inverse purity of one grouping, with what is in no topic as classes and without.

    Args:
        found: Labels by cluster.
        scope: What the rows say they are of.
        of_cluster: The class of each cluster.
        rest: The classes that are no topic: noise, and what has no good parent.
    """
    classes = list(dict.fromkeys(of_cluster.values()))
    number = {name: at for at, name in enumerate(classes)}
    table = found.table
    columns = [number[of_cluster[label]] for label in table.column_labels[table.columns].tolist()]
    whole = contingency(table.rows, columns, table.counts)
    resting = np.array([classes[label] in rest for label in whole.column_labels.tolist()], dtype=bool)
    aside = int(whole.column_sums[resting].sum())
    note = f"Noise and the like ({aside} queries) as classes of their own."
    rows = _scores(whole, found.field, scope, note if aside else "Nothing is noise.")
    if not aside:
        return rows
    kept = whole.only(np.ones(len(whole.row_labels), dtype=bool), ~resting)
    if not kept.total:
        return rows
    return rows + _scores(kept, found.field, f"{scope}, noise left out", f"{aside} queries left out.")


def _scores(table: Contingency, field: str, scope: str, note: str) -> list[Measure]:
    got = scores(table)
    turned = contingency(table.columns, table.rows, table.counts)
    named = {
        "nmi": got.nmi,
        "ami": got.ami,
        "ari": got.ari,
        "v": got.v,
        "homogeneity": got.homogeneity,
        "completeness": got.completeness,
        "purity": purity(table),
        "inverse purity": purity(turned),
    }
    return [figure(f"{field}: {name}", scope, value, table.total, note) for name, value in named.items()]
