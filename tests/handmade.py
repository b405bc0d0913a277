"""A workspace written by hand, so that pictures of the screens change only when the screens do."""

from __future__ import annotations

import json
from pathlib import Path

from core.session import Session
from db.models import Assignment, Cluster, Hierarchy, Node, Query, Run, Space, Summary, SummarySet, Text
from tests.doors import NOW

Themes = dict[str, dict[str, tuple[str, ...]]]
"""Titles of themes, titles of their clusters, their queries; a query `3x ...` is asked three times."""

USUAL: Themes = {
    "Writing and debugging code": {
        "Write Python functions": (
            "6x write a python function that reverses a string",
            "3x python function to check whether a number is prime",
            "merge two dictionaries in python",
            "read a csv file with pandas and drop empty rows",
            "explain list comprehensions with an example",
            "Schreibe eine Python-Funktion, die Primzahlen ausgibt",
        ),
        "Fix error messages": (
            "4x TypeError: 'NoneType' object is not subscriptable",
            "why do I get segmentation fault in this C program",
            "npm ERR! code ERESOLVE unable to resolve dependency tree",
            "2x how do I fix a merge conflict",
        ),
        "SQL queries and joins": (
            "3x select the second highest salary",
            "difference between inner join and left join",
            "window function for a running total",
        ),
    },
    "Drafting letters and texts": {
        "Formal e-mails": (
            "5x write an email to my boss asking for two days off",
            "polite reminder for an unpaid invoice",
            "Rédige une lettre de motivation pour un stage",
            "2x apology email to a customer whose parcel is late",
        ),
        "Poems and songs": (
            "4x write a poem about autumn",
            "write a short song for my daughter's birthday",
            "haiku about rain",
            "写一首关于月亮的诗",
        ),
    },
    "Explaining the world": {
        "Physics for beginners": (
            "2x why is the sky blue",
            "explain black holes to a child",
            "what is entropy",
        ),
        "History questions": (
            "who was the first emperor of Rome",
            "2x causes of the first world war",
        ),
    },
    "Playing roles": {
        "Role play as a character": (
            "2x act as a pirate and greet me",
            "you are a wizard in a medieval tavern",
            "pretend to be my grandmother",
        ),
    },
}

NOISE = ("asdf", "1", "hello", "...")

MODELS = ("vicuna-13b", "koala-13b", "gpt-4", "claude-1")


def _language(text: str) -> str:
    if any("\u4e00" <= letter <= "\u9fff" for letter in text):
        return "Chinese"
    return "German" if "Schreibe" in text else "French" if "Rédige" in text else "English"


def handmade(
    folder: Path,
    themes: Themes = USUAL,
    noise: tuple[str, ...] = NOISE,
    *,
    label: str = "",
    tree: bool = True,
) -> Path:
    """A workspace with these themes, clusters and queries; every number in it follows from them."""
    log = folder.with_name(folder.name + ".jsonl")
    groups = [(title, texts) for clusters in themes.values() for title, texts in clusters.items()]
    asked: list[tuple[str, int]] = []
    for number, (_, texts) in [*enumerate(groups), (-1, ("", noise))]:
        for text in texts:
            times, words = (int(text[0]), text[3:]) if text[1:3] == "x " and text[0].isdigit() else (1, text)
            asked += [(words, number)] * times
    with log.open("w", encoding="utf-8") as file:
        for n, (words, _) in enumerate(asked):
            turns = [
                {"role": "user", "content": words},
                {"role": "assistant", "content": f"Here is an answer.\n\nIt is number {n}."},
            ]
            row = {
                "conversation_id": f"c{n:04}", "model": MODELS[n * 7 % 11 % 4], "language": _language(words),
                "conversation": turns, "tstamp": 1_690_000_000 + n * 3600,
            }  # fmt: skip
            file.write(json.dumps(row) + "\n")
    session = Session(folder, clock=lambda: NOW, actor="tester")
    session.dispatch("data.load", {"source": str(log), "name": "chats"})
    with session.workspace.connection(), session.workspace.transaction():
        _store(themes, [number for _, number in asked], [title for title, _ in groups], label, tree)
    session.close()
    log.unlink()
    return folder


def _store(themes: Themes, clusters: list[int], titles: list[str], label: str, tree: bool) -> None:
    queries = list(Query.select().order_by(Query.id))
    by_cluster = {
        n: [q for q, c in zip(queries, clusters, strict=True) if c == n] for n in (-1, *range(len(titles)))
    }
    space = Space.create(
        name="by-hand", model="by-hand", origin="", revision="1", dim=4, dtype="float16", texts=Text.select().count(),
        checksum=0, created_at=NOW,
    )  # fmt: skip
    run = Run.create(
        name=f"kmeans-{len(titles)}-3f9a", label=label, description="", algorithm="kmeans",
        parameters=json.dumps({"k": len(titles)}), seed=42, dataset=queries[0].dataset_id, space=space, only="{}", status="done",
        reasons=json.dumps([f"k={len(titles)}: as many as were asked for."]), metrics=json.dumps({"inertia": 12.5}),
        code_version="1", created_at=NOW,
    )  # fmt: skip
    names = SummarySet.create(
        name="names-local-11aa", run=run, called="", model="local", prompt_hash="", parameters="{}", cost=0, status="done",
        created_at=NOW,
    )  # fmt: skip
    for number, members in by_cluster.items():
        if not members:
            continue
        texts = list(dict.fromkeys(query.text_id for query in members))
        others = [q.text_id for n, qs in by_cluster.items() if n not in (number, -1) for q in qs[:1]][:3]
        near = [
            [n, round(0.8 - 0.1 * i, 2)] for i, n in enumerate(n for n in range(len(titles)) if n != number)
        ][:3]
        Cluster.create(
            run=run, number=number, kind="noise" if number < 0 else "cluster", size=len(members), texts=len(texts),
            coherence=None if number < 0 else (0.45, 0.2, 0.05, 0.33)[number % 4], medoid=texts[0],
            neighbours=json.dumps(near if number >= 0 else []), central=json.dumps(texts[:3]),
            boundary=json.dumps(texts[-2:]), outside=json.dumps(others if number >= 0 else []), tags="[]", flags="[]", notes="",
        )  # fmt: skip
        for n, query in enumerate(members):
            Assignment.create(
                run=run, query=query, cluster=number, distance=n / 100, is_noise=int(number < 0)
            )
        if number >= 0:
            Summary.create(
                summary_set=names, cluster=number, title=titles[number], form="phrase", phrases=json.dumps(titles[number].lower().split()),
                description=f"Users ask for {titles[number][0].lower()}{titles[number][1:]}.", phrase_shares="[]", cited="[]",
            )  # fmt: skip
    run.summary_set = names.id
    if tree:
        run.hierarchy = _tree(run, names, themes, {n: len(qs) for n, qs in by_cluster.items()})
    run.save()


def _tree(run: Run, names: SummarySet, themes: Themes, sizes: dict[int, int]) -> int:
    hierarchy = Hierarchy.create(
        name="tree-local-22bb",
        run=run,
        summary_set=names,
        method="local",
        parameters="{}",
        levels=2,
        created_at=NOW,
    )

    def node(
        key: str, parent: str | None, position: int, kind: str, title: str, size: int, **more: object
    ) -> None:
        level = 0 if parent is None else 1 if parent == "root" else 2
        values = {
            "key": key,
            "parent": parent,
            "position": position,
            "kind": kind,
            "title": title,
            "size": size,
        }
        Node.create(
            **{"hierarchy": hierarchy, "level": level, "description": "", "low_fit": 0, **values, **more}
        )

    node("root", None, 0, "root", "All queries", sum(sizes.values()))
    number = 0
    for at, (theme, clusters) in enumerate(themes.items()):
        inside = range(number, number + len(clusters))
        words = f"{len(clusters)} clusters: {', '.join(clusters)}."
        node(f"t{at}", "root", at, "theme", theme, sum(sizes[n] for n in inside), description=words)
        for position, (title, n) in enumerate(zip(clusters, inside, strict=True)):
            coherence = (0.45, 0.2, 0.05, 0.33)[n % 4]
            low = int(n % 5 == 4)
            node(
                f"c{n}",
                f"t{at}",
                position,
                "cluster",
                title,
                sizes[n],
                cluster=n,
                coherence=coherence,
                low_fit=low,
            )
        number += len(clusters)
    if sizes[-1]:
        node("noise", "root", len(themes), "noise", "Noise", sizes[-1], cluster=-1)
    return int(hierarchy.id)
