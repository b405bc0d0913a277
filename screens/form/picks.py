"""What a form offers where another cluster or theme must be named: the nearest first, then the biggest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from core.registry import Action
from core.rows import ClusterDetail, ClusterRow, NodeRow
from core.text import one_line
from screens.curate.subjects import TARGETS, Subject
from screens.widgets.pick import Pick

if TYPE_CHECKING:
    from screens.reading import Reading

PAGE = 1_000
MOST = 10_000
"""Clusters or nodes that a form offers at most."""

ORPHANS, NOISE = -2, -1


async def picks(
    reading: Reading, action: Action, subject: Subject, detail: ClusterDetail | None, tree: bool
) -> dict[str, tuple[Pick, ...]]:
    """By parameter of the action what it may be."""
    noun = action.id.split(".", 1)[0]
    found: dict[str, tuple[Pick, ...]] = {}
    for name in TARGETS.get(noun, ()):
        if name not in action.params:
            continue
        if noun == "node":
            found[name] = await _nodes(reading, action, subject) if tree else ()
        else:
            found[name] = await _clusters(reading, action, subject, detail)
    return found


async def _clusters(
    reading: Reading, action: Action, subject: Subject, detail: ClusterDetail | None
) -> tuple[Pick, ...]:
    rows: list[ClusterRow] = []
    after: str | None = None
    while len(rows) < MOST:
        page = await reading.dispatch(
            "cluster.list", {"limit": PAGE, **({} if after is None else {"after": after})}
        )
        rows += page.data
        after = page.after
        if after is None:
            break
    ordinary = {row.cluster: row for row in rows if row.kind == "cluster"}
    own = {subject.source} if action.id.startswith("query.") else {c.id for c in subject.clusters}
    several = len(subject.clusters) > 1
    if action.id == "cluster.merge" and several:
        own = set()
    near: list[tuple[int, str]] = []
    if subject.target is not None:
        near.append((subject.target, "offered"))
    if several and action.id == "cluster.merge":
        marked = sorted(subject.clusters, key=lambda c: -ordinary[int(c.id)].size if c.id in ordinary else 0)
        near += [(int(c.id), "marked") for c in marked]
    near += [(n.cluster, f"near {n.similarity:.2f}") for n in (detail.neighbours if detail else ())]
    places: dict[int, str] = {}
    for number, why in near:
        places.setdefault(number, why)
    listed = [(number, why) for number, why in places.items() if number in ordinary]
    listed += [(number, "") for number in ordinary if number not in places]
    offered = [
        Pick(str(number), ordinary[number].title, ordinary[number].size, why)
        for number, why in listed
        if number not in own
    ]
    return (*_before(action), *offered, *_behind(action, rows))


def _before(action: Action) -> Iterable[Pick]:
    """What stands first: a delete that names no cluster keeps the queries as orphans."""
    if action.id == "cluster.delete":
        yield Pick("", "orphans: can be put back", None, "")
    if action.id == "query.restore":
        yield Pick("", "where each came from", None, "")


def _behind(action: Action, rows: Sequence[ClusterRow]) -> Iterable[Pick]:
    if action.id == "query.move":
        yield Pick(str(ORPHANS), "out of all clusters (an orphan)", None, "")
    if action.id in ("query.move", "cluster.delete"):
        yield from (Pick(str(NOISE), row.title, row.size, "noise") for row in rows if row.kind == "noise")


async def _nodes(reading: Reading, action: Action, subject: Subject) -> tuple[Pick, ...]:
    found = [Pick("root", "All queries (the top)", None, "")]
    several = action.id == "node.merge" and len(subject.nodes) > 1
    own = set() if several else {node.id for node in subject.nodes}
    marked = {node.id for node in subject.nodes} if several else set()
    after: str | None = None
    read = 0
    while read < MOST:
        page = await reading.dispatch(
            "node.list", {"depth": 10, "limit": PAGE, **({} if after is None else {"after": after})}
        )
        rows: tuple[NodeRow, ...] = page.data
        found += [
            Pick(row.node, row.title, row.size, _why(row, row.node in marked))
            for row in rows
            if row.kind == "theme" and row.node not in own
        ]
        read += len(rows)
        after = page.after
        if after is None:
            break
    return tuple(sorted(found, key=lambda pick: pick.why != "marked"))


def _why(row: NodeRow, marked: bool) -> str:
    return "marked" if marked else "" if row.level == 1 else f"level {row.level}"


def matching(offered: Sequence[Pick], typed: str) -> list[Pick]:
    """Those whose number is typed, then those whose title has every word that is typed, in their own order."""
    words = typed.casefold().split()
    if not words:
        return list(offered)
    exact = [pick for pick in offered if pick.value == typed.strip()]
    start = typed.casefold().strip()

    def has(pick: Pick) -> bool:
        title = one_line(pick.title).casefold()
        return all(word in title or pick.value.startswith(word) for word in words)

    found = [pick for pick in offered if pick not in exact and has(pick)]
    begins = [pick for pick in found if one_line(pick.title).casefold().startswith(start)]
    return [*exact, *begins, *(pick for pick in found if pick not in begins)]
