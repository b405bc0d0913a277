"""Random edits for tests: numbers that are turned into an action on whatever is there."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ActionError
from core.session import Session
from db.dump import canonical_dump
from tests.doors import NOW

TOPICS = {
    "code": "python function list sort error loop class import debug string",
    "food": "bake bread oven flour cake soup rice recipe butter sugar",
    "verse": "poem rain love rhyme haiku snow sea moon verse song",
    "sums": "integral derivative sum solve equation matrix proof limit root prime",
    "trips": "train ticket visa hotel lyon paris flight museum beach map",
}
STRAYS = ("asdf", "zzz qqq", "你好", "hello hello", "12345")

Step = tuple[str, int, int, int]
Params = dict[str, Any]


def build(folder: Path) -> Path:
    """A small run by density, with noise, names and two trees, in the lexical space."""
    chance = random.Random(3)
    rows: list[dict[str, Any]] = []
    for words in TOPICS.values():
        for _ in range(9):
            text = " ".join(chance.sample(words.split(), 4))
            rows += [
                {"text": text, "language": chance.choice(("English", "German")), "model": chance.choice("ab")}
            ] * (chance.choice((1, 1, 1, 2)))
    rows += [{"text": text, "language": "English", "model": "a"} for text in STRAYS]
    log = folder.with_suffix(".jsonl")
    log.write_text(
        "".join(json.dumps({"id": str(i), **row}) + "\n" for i, row in enumerate(rows)), encoding="utf-8"
    )
    session = opened(folder)
    for action, params in (
        ("data.load", {"source": str(log)}),
        ("embed.run", {"model": "lexical"}),
        ("run.hdbscan", {"min_cluster_size": 3, "min_samples": 1, "reduce": "none"}),
        ("summary.create", {}),
        ("hierarchy.build", {"levels": 2, "width": 2}),
        ("hierarchy.build", {"levels": 3, "width": 3}),
    ):
        session.dispatch(action, params)
    session.close()
    return folder


def opened(folder: Path, actor: str = "ann") -> Session:
    """A session under a fixed clock."""
    return Session(folder, clock=lambda: NOW, actor=actor)


def dump(session: Session) -> list[str]:
    """The store as text."""
    with session.workspace.connection():
        return list(canonical_dump(session.workspace))


def searches(session: Session) -> list[Any]:
    """What searches by words and by meaning find."""
    found: list[Any] = []
    for text in ("poem rain", "python", "bread", "renamed"):
        for mode in ("text", "vector"):
            for action in ("search.clusters", "search.queries"):
                result = session.dispatch(action, {"text": text, "mode": mode, "limit": 60})
                found.append((action, text, mode, result.data, result.total))
    return found


@dataclass(frozen=True)
class State:
    """What there is to edit."""

    clusters: tuple[int, ...]
    queries: tuple[int, ...]
    orphans: tuple[int, ...]
    nodes: tuple[str, ...]
    themes: tuple[str, ...]
    of: dict[int, tuple[int, ...]]


def state(session: Session) -> State:
    with session.workspace.connection():
        rows = session.workspace.rows
        run = session.workspace.value("SELECT id FROM run WHERE name = ?", (session.view.run,))
        of: dict[int, list[int]] = {}
        for query, cluster in rows(
            "SELECT query_id, cluster FROM assignment WHERE run_id = ? ORDER BY 1", (run,)
        ):
            of.setdefault(cluster, []).append(query)
        nodes = rows(
            "SELECT n.key, n.kind FROM node n JOIN hierarchy h ON h.id = n.hierarchy_id WHERE h.name = ? ORDER BY 1",
            (session.view.hierarchy,),
        )
    return State(
        tuple(sorted(number for number in of if number >= 0)),
        tuple(sorted(query for part in of.values() for query in part)),
        tuple(of.get(-2, ())),
        tuple(key for key, kind in nodes if kind not in ("root",)),
        tuple(key for key, kind in nodes if kind in ("theme", "no_parent", "root")),
        {number: tuple(part) for number, part in of.items()},
    )


def pick(items: tuple[Any, ...], number: int) -> Any:
    return items[number % len(items)]


def some(items: tuple[int, ...], number: int, most: int) -> str:
    """A few of some numbers, as a list."""
    chance = random.Random(number)
    return ",".join(map(str, chance.sample(items, min(len(items), 1 + number % most))))


MAKERS: dict[str, Callable[[State, int, int, int], Params | None]] = {
    "cluster.rename": lambda s, a, b, c: {"cluster": pick(s.clusters, a), "title": f"Renamed {b % 12}" if c % 4 else ""},
    "cluster.merge": lambda s, a, b, c: {"cluster": pick((*s.clusters, -1) if c % 5 == 0 else s.clusters, a), "into": pick(s.clusters, b)},
    "cluster.delete": lambda s, a, b, c: {"cluster": pick(s.clusters, a), **({"orphan": True} if c % 2 else {"to": pick(s.clusters, b)})},
    "query.move": lambda s, a, b, _: {"query": some(s.queries, a, 5), "to": pick((*s.clusters, -2, -1), b)},
    "query.restore": lambda s, a, b, c: {"query": some(s.orphans, a, 3), **({"to": pick(s.clusters, b)} if c % 3 == 0 else {})} if s.orphans else None,
    "cluster.split": lambda s, a, b, c: {"cluster": (n := pick((*s.clusters, *([-1] if -1 in s.of else [])), a)), **({"queries": some(s.of[n], b, 6)} if c % 2 or n < 0 else {}), **({"title": f"Renamed {b % 12}"} if c % 5 == 0 else {})},
    "cluster.describe": lambda s, a, b, c: {"cluster": pick(s.clusters, a), "description": f"About {b}." if c % 4 else ""},
    "cluster.tag": lambda s, a, b, c: {"cluster": pick(s.clusters, a), "add": f"t{b % 3}", "remove": f"t{c % 3}" if c % 2 else ""},
    "cluster.quality": lambda s, a, b, _: {"cluster": pick(s.clusters, a), "coherence": pick(("1", "5", "low", "high", "none"), b)},
    "cluster.flag": lambda s, a, b, c: {"cluster": pick(s.clusters, a), "flag": f"f{b % 2}", "remove": c % 3 == 0},
    "cluster.note": lambda s, a, b, c: {"cluster": pick(s.clusters, a), "text": f"note {b % 3}", "append": c % 2 == 0},
    "node.move": lambda s, a, b, _: {"node": pick(s.nodes, a), "to": pick(s.themes, b)},
    "node.rename": lambda s, a, b, _: {"node": pick(s.nodes, a), "title": f"Renamed {b % 12}"},
    "node.describe": lambda s, a, b, c: {"node": pick(s.nodes, a), "description": f"All of {b}." if c % 3 else ""},
    "node.create": lambda s, a, b, c: {"parent": pick(s.themes, a), "title": f"Renamed {b % 12}", "children": f"{pick(s.nodes, b)},{pick(s.nodes, c)}"},
    "node.merge": lambda s, a, b, _: {"node": pick(s.nodes, a), "into": pick(s.themes, b)},
    "query.flag": lambda s, a, b, c: {"query": some(s.queries, a, 3), "flag": f"f{b % 2}", "remove": c % 3 == 0},
}  # fmt: skip
"""For each kind of edit, parameters from three numbers; some are refused, as people's are."""


KINDS: dict[str, Params] = {
    "cluster.rename": {"cluster": 0, "title": "Killed"},
    "cluster.describe": {"cluster": 0, "description": "Killed."},
    "cluster.tag": {"cluster": 0, "add": "killed"},
    "cluster.quality": {"cluster": 0, "coherence": "low"},
    "cluster.flag": {"cluster": 0, "flag": "killed"},
    "cluster.note": {"cluster": 0, "text": "killed"},
    "cluster.merge": {"cluster": 1, "into": 0},
    "cluster.split": {"cluster": 0},
    "cluster.delete": {"cluster": 1, "orphan": True},
    "query.move": {"from_cluster": 2, "language": "German", "to": 0},
    "query.restore": {"query": "all"},
    "query.flag": {"query": "1,2,3", "flag": "killed"},
    "node.move": {"node": "c0", "to": "root"},
    "node.rename": {"node": "t1", "title": "Killed theme"},
    "node.describe": {"node": "t1", "description": "Killed."},
    "node.create": {"title": "Killed together", "children": "c0,c1"},
    "node.merge": {"node": "t1", "into": "root"},
}
"""An edit of each kind that changes something in the small run."""


def ask(session: Session, action: str, **params: Any) -> Any:
    """The data of an action that succeeds."""
    return session.dispatch(action, params).data


def params_of(session: Session, step: Step) -> Params | None:
    kind, a, b, c = step
    return MAKERS[kind](state(session), a, b, c)


def do(session: Session, step: Step) -> int | None:
    """Do one edit: its id; `None` where it was refused or changed nothing."""
    params = params_of(session, step)
    if params is None:
        return None
    try:
        edit: int | None = session.dispatch(step[0], params).data.edit
    except ActionError as error:
        if error.code not in REFUSALS:
            raise
        return None
    return edit


REFUSALS = {
    "last_cluster", "same_cluster", "title_taken", "unknown_cluster", "origin_gone", "not_a_cluster", "circle",
    "split_all", "not_a_theme", "same_node", "bad_split", "fixed_node", "too_deep", "bad_word",
}  # fmt: skip
