"""A second run, and a second tree, beside those of a workspace written by hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from core.session import Session
from db.models import Assignment, Cluster, Hierarchy, Node, Query, Run, Space, Summary, SummarySet
from tests.doors import NOW

RUN, TREE = "kmeans-7-beef", "tree-local-33cc"

AFTER = (
    "Python, functions and data",
    "Errors and merges",
    "SQL",
    "Mails to a boss",
    "Poems",
    "Physics and history",
    "Letters",
)
"""Titles of the clusters of the second run."""


def _place(cluster: int, at: int) -> int:
    """The cluster in the second run of the query that is the number `at` of its cluster in the first.

    0 grows by most of 2, which is gone; 3 is split into 3 and 6; 5 and 6 are merged; 4 is the same; the noise stays, and
    with it goes 7.
    """
    if cluster == 2:
        return 2 if at == 0 else 0
    if cluster == 3:
        return 6 if at % 3 == 0 else 3
    return {0: 0, 1: 1, 4: 4, 5: 5, 6: 5, 7: -1}.get(cluster, -1)


def second_run(folder: Path, titles: tuple[str, ...] = AFTER, *, tree: bool = True) -> Path:
    """Put a run of seven clusters beside the one of the workspace; it becomes the newest."""
    session = Session(folder, clock=lambda: NOW, actor="tester")
    with session.workspace.connection(), session.workspace.transaction():
        first = Run.select().order_by(Run.id).get()
        run = Run.create(
            name=RUN, label="", description="", algorithm="kmeans", parameters='{"k": 7}', seed=42,
            dataset=first.dataset_id, space=Space.select().get(), only="{}", status="done", reasons="[]", metrics="{}",
            code_version="1", created_at=NOW,
        )  # fmt: skip
        names = SummarySet.create(
            name="names-local-22bb", run=run, called="", model="local", prompt_hash="", parameters="{}", cost=0,
            status="done", created_at=NOW,
        )  # fmt: skip
        sizes = _assign(first, run)
        _describe(run, names, sizes, titles)
        run.summary_set = names.id
        if tree:
            run.hierarchy = _tree(run, names, sizes, titles)
        run.save()
    session.close()
    return folder


def _assign(first: Run, run: Run) -> Counter[int]:
    sizes: Counter[int] = Counter()
    seen: Counter[int] = Counter()
    rows = list(Assignment.select().where(Assignment.run == first).order_by(Assignment.query_id))
    for row in rows:
        to = _place(row.cluster, seen[row.cluster])
        seen[row.cluster] += 1
        sizes[to] += 1
        Assignment.create(
            run=run, query=Query.get_by_id(row.query_id), cluster=to, distance=0.1, is_noise=int(to < 0)
        )
    return sizes


def _describe(run: Run, names: SummarySet, sizes: Counter[int], titles: tuple[str, ...]) -> None:
    for number, size in sorted(sizes.items()):
        Cluster.create(
            run=run, number=number, kind="noise" if number < 0 else "cluster", size=size, texts=size, coherence=None,
            medoid=1, neighbours="[]", central="[]", boundary="[]", outside="[]", tags="[]", flags="[]", notes="",
        )  # fmt: skip
        if number >= 0:
            Summary.create(
                summary_set=names, cluster=number, title=titles[number], form="phrase", phrases=json.dumps([]),
                description="", phrase_shares="[]", cited="[]",
            )  # fmt: skip


def _tree(run: Run, names: SummarySet, sizes: Counter[int], titles: tuple[str, ...]) -> int:
    tree = Hierarchy.create(
        name=TREE, run=run, summary_set=names, method="local", parameters="{}", levels=2, created_at=NOW
    )

    def node(key: str, parent: str | None, at: int, kind: str, title: str, size: int, **more: object) -> None:
        level = 0 if parent is None else 1 if parent == "root" else 2
        Node.create(
            hierarchy=tree, key=key, parent=parent, position=at, kind=kind, title=title, size=size, level=level,
            description="", low_fit=0, **more,
        )  # fmt: skip

    node("root", None, 0, "root", "All queries", sum(sizes.values()))
    themes = {"Code": (0, 1, 2), "Writing": (3, 4, 6), "Knowledge": (5,)}
    for at, (theme, clusters) in enumerate(themes.items()):
        node(f"t{at}", "root", at, "theme", theme, sum(sizes[n] for n in clusters))
        for place, number in enumerate(clusters):
            node(f"c{number}", f"t{at}", place, "cluster", titles[number], sizes[number], cluster=number)
    if sizes[-1]:
        node("noise", "root", len(themes), "noise", "Noise", sizes[-1], cluster=-1)
    return int(tree.id)
