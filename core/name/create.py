"""Naming the clusters of a run and keeping the names as a set of their own."""

from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import ActionError
from core.lookup import RunInfo, find_run
from core.name.describe import Counts
from core.name.naming import ClusterName, name_clusters
from core.rows import SummaryMade
from core.session import Session
from db.names import short_hash, take_name
from db.vectors import find_space
from db.workspace import Workspace

METHOD = "c-tf-idf-1"
"""Stands for the way of naming where a prompt's hash would stand; changes when names would come out differently."""


def create(session: Session, run: str | None, *, alias: str) -> SummaryMade:
    """Name all clusters of a run without a language model, and show these names from now on.

    Raises:
        ActionError: `no_run`, `unknown_run`, `bad_alias` or `alias_taken`.
    """
    workspace = session.workspace
    found = find_run(workspace, run)
    check_alias(workspace, found, alias)
    names = name_locally(session, found)
    vectors = title_vectors(session, found, [name.title for name in names])
    set_name = _save(workspace, found, alias, names, vectors)
    if session.view.run == found.name:
        session.go(summary_set=set_name)
    return SummaryMade(
        set_name, found.name, len(names), sum(name.title.startswith("Mixed:") for name in names)
    )


def name_locally(session: Session, run: RunInfo) -> Sequence[ClusterName]:
    """A name for each ordinary cluster of a run, by number, without a language model."""
    inputs = read_inputs(session.workspace, run)
    return name_clusters(
        inputs.texts,
        inputs.weights,
        inputs.labels,
        inputs.neighbours,
        inputs.coherence,
        inputs.central,
        counts=inputs.counts,
        mixtures=inputs.halves,
        seed=run.seed,
        control=session.control,
    )


@dataclass(frozen=True, eq=False)
class NamingInputs:
    """What naming looks at: n distinct texts of a run and its k ordinary clusters, numbered from 0."""

    texts: Sequence[str]
    weights: NDArray[np.float64]
    labels: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    coherence: NDArray[np.float64]
    central: Sequence[Sequence[int]]
    counts: Sequence[Counts]
    halves: dict[int, tuple[Sequence[int], Sequence[int]]]


def read_inputs(workspace: Workspace, run: RunInfo) -> NamingInputs:
    """The texts and clusters of a run; indices count the texts by their id."""
    members = workspace.rows(
        "SELECT t.id, t.content, count(*), min(a.cluster) FROM assignment a JOIN query q ON q.id = a.query_id"
        " JOIN text t ON t.id = q.text_id WHERE a.run_id = ? GROUP BY t.id ORDER BY t.id",
        (run.id,),
    )
    index = {text_id: i for i, (text_id, *_) in enumerate(members)}
    rows = workspace.rows(
        "SELECT number, coherence, neighbours, central, halves, size, texts FROM cluster"
        " WHERE run_id = ? AND kind = 'cluster' ORDER BY number",
        (run.id,),
    )
    place = {row[0]: i for i, row in enumerate(rows)}
    near = [[place[n] for n, _ in json.loads(row[2]) if n in place] for row in rows]
    width = max((len(row) for row in near), default=0)
    neighbours = np.full((len(rows), width), -1, dtype=np.int64)
    for i, row in enumerate(near):
        neighbours[i, : len(row)] = row
    languages = _counts(workspace, run, "language")
    models = _counts(workspace, run, "model")
    return NamingInputs(
        texts=[row[1] for row in members],
        weights=np.array([row[2] for row in members], dtype=np.float64),
        labels=np.array([place.get(row[3], -1) for row in members], dtype=np.int64),
        neighbours=neighbours,
        coherence=np.array([np.nan if row[1] is None else row[1] for row in rows], dtype=np.float64),
        central=[[index[t] for t in json.loads(row[3]) if t in index] for row in rows],
        counts=[Counts(row[5], row[6], languages.get(row[0], {}), models.get(row[0], {})) for row in rows],
        halves={
            i: ([index[t] for t in first if t in index], [index[t] for t in second if t in index])
            for i, row in enumerate(rows)
            if row[4]
            for first, second in [json.loads(row[4])]
        },
    )


def _counts(workspace: Workspace, run: RunInfo, column: str) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for cluster, value, count in workspace.rows(
        f"SELECT a.cluster, coalesce(v.{column}, ''), count(*) FROM assignment a JOIN query q ON q.id = a.query_id"
        " JOIN conversation v ON v.id = q.conversation_id WHERE a.run_id = ? GROUP BY 1, 2",
        (run.id,),
    ):
        found.setdefault(cluster, {})[value] = count
    return found


def title_vectors(session: Session, run: RunInfo, titles: Sequence[str]) -> Sequence[bytes | None]:
    """The titles' vectors in the run's space, float32; none where its model is not at hand."""
    from core.embed.space import embedder_of

    space = find_space(session.workspace, run.space)
    with contextlib.suppress(ActionError):
        if space is not None:
            table = embedder_of(session.workspace, space).embed(list(titles), session.control)
            return [row.astype("<f4").tobytes() for row in table]
    return [None] * len(titles)


def check_alias(workspace: Workspace, run: RunInfo, alias: str) -> None:
    """Raise `bad_alias` or `alias_taken` for a word that cannot stand for a new set of the run."""
    if len(alias) > 80:
        raise ActionError("bad_alias", "An alias has at most 80 characters.", "")
    if alias and workspace.value("SELECT 1 FROM summary_set WHERE run_id = ? AND alias = ?", (run.id, alias)):
        hint = f"Choose another; summary.resume set={shlex.quote(alias)} finishes those."
        raise ActionError("alias_taken", f"The run has names with the alias {alias!r} already.", hint)


def _save(
    workspace: Workspace,
    run: RunInfo,
    alias: str,
    names: Sequence[ClusterName],
    vectors: Sequence[bytes | None],
) -> str:
    numbers = [
        row[0]
        for row in workspace.rows(
            "SELECT number FROM cluster WHERE run_id = ? AND kind = 'cluster' ORDER BY number", (run.id,)
        )
    ]
    with workspace.transaction() as connection:
        name = take_name(connection, f"names-local-{short_hash(run.name, 'local', METHOD)}")
        set_id = connection.execute(
            "INSERT INTO summary_set (name, run_id, alias, model, prompt_hash, parameters, cost, status, created_at)"
            " VALUES (?, ?, ?, 'local', ?, '{}', 0, 'done', ?)",
            (name, run.id, alias, METHOD, workspace.clock()),
        ).lastrowid
        connection.executemany(
            "INSERT INTO summary (summary_set_id, cluster, title, description, form, phrases, phrase_shares, cited, vector)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, '[]', ?)",
            (
                (set_id, number, n.title, n.description, form_of(n.title), *phrases_of(n), vector)
                for number, n, vector in zip(numbers, names, vectors, strict=True)
            ),
        )
        connection.execute("UPDATE run SET summary_set = ? WHERE id = ?", (set_id, run.id))
    return name


def form_of(title: str) -> str:
    """`mixed`, `miscellaneous` or `topic`: what a title says of its cluster by how it opens."""
    head = title.partition(":")[0]
    return {"Mixed": "mixed", "Miscellaneous": "miscellaneous"}.get(head, "topic")


def phrases_of(name: ClusterName) -> tuple[str, str]:
    """A name's phrases and their shares, as JSON."""
    texts = json.dumps([phrase.text for phrase in name.phrases], ensure_ascii=False)
    return texts, json.dumps([round(phrase.share, 4) for phrase in name.phrases])
